//! Which fields of the wire each detector cannot do without, and what therefore rests when a source does not fill them.
//!
//! A test of the program holds the names against detection's own catalogue.

use crate::mapping::Mapping;
use crate::report::Report;
use serde::Serialize;

/// One detector and what it needs: of each group, one field.
#[derive(Debug)]
pub struct Needs {
    /// The detector, with its version.
    pub detector: &'static str,
    /// Of each group one must be filled.
    pub groups: &'static [&'static [&'static str]],
    /// It sees more with these.
    pub better: &'static [&'static str],
}

const PLACE: [&str; 1] = ["access.ip"];
const KEY: [&str; 1] = ["access.key"];
const VERDICT: [&str; 1] = ["access.verdict"];

/// Every detector.
pub const ALL: &[Needs] = &[
    Needs {
        detector: "key.activity@1",
        groups: &[&KEY],
        better: &["access.effect", "access.ip", "access.agent"],
    },
    Needs {
        detector: "key.unfamiliar_properties@1",
        groups: &[&KEY, &PLACE],
        better: &["access.agent", "access.ja4"],
    },
    Needs { detector: "key.first_seen_network@1", groups: &[&KEY, &PLACE], better: &["access.agent"] },
    Needs {
        detector: "key.concurrent_origins@1",
        groups: &[&KEY, &PLACE, &VERDICT],
        better: &["access.agent", "key.allowlist"],
    },
    Needs {
        detector: "key.auth_failure_burst@1",
        groups: &[&KEY, &PLACE, &VERDICT, &["access.reason"], &["key.allowlist"]],
        better: &["access.agent", "access.skew_ms"],
    },
    Needs {
        detector: "key.policy_violation@1",
        groups: &[
            &KEY,
            &["access.effect", "access.scope"],
            &["key.scopes", "key.purpose", "key.vendor", "key.allowlist", "key.mandate.markets"],
        ],
        better: &["access.market", "key.expires", "delegation.delegation"],
    },
    Needs {
        detector: "operator.fanout@1",
        groups: &[
            &KEY,
            &PLACE,
            &VERDICT,
            &["key.account", "access.account"],
            &["account.customer"],
            &["key.allowlist"],
        ],
        better: &["session.ip", "network.class"],
    },
    Needs {
        detector: "operator.co_change@1",
        groups: &[&KEY, &PLACE, &["key.account", "access.account"], &["account.customer"]],
        better: &["access.agent", "access.market"],
    },
];

/// What a source does for one detector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// The detector.
    pub detector: &'static str,
    /// What it is left with.
    #[serde(flatten)]
    pub state: State,
}

/// What a detector is left with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// This source gives all it needs.
    Fed,
    /// Another source has to give these as well, one of each group.
    Waits {
        /// Groups of fields, of line types this mapping does not make.
        also: Vec<&'static [&'static str]>,
    },
    /// It rests: this source should fill these and never did.
    Rests {
        /// Groups of fields that were never filled.
        never: Vec<&'static [&'static str]>,
    },
}

/// What a run's lines do for each detector.
#[must_use]
pub fn coverage(mapping: &Mapping, report: &Report) -> Vec<Coverage> {
    let makes = |field: &str| mapping.types().any(|word| field.split('.').next() == Some(word));
    let filled = |field: &str| report.filled.get(field).is_some_and(|count| count > 0);
    let state = |needs: &Needs| {
        let open = || needs.groups.iter().copied().filter(|group| !group.iter().any(|field| filled(field)));
        let never: Vec<_> = open().filter(|group| group.iter().all(|field| makes(field))).collect();
        let also: Vec<_> = open().collect();
        if !never.is_empty() {
            State::Rests { never }
        } else if also.is_empty() {
            State::Fed
        } else {
            State::Waits { also }
        }
    };
    ALL.iter().map(|needs| Coverage { detector: needs.detector, state: state(needs) }).collect()
}

//! What a detector may say: signals about its key, facts for policy, uses of shared things, and when to be asked again.

use crate::mark::Mark;
use serde::{Deserialize, Serialize};
use sumun_model::finding::Family;
use sumun_model::{Baseline, Cause, EventId, Fact, Hard, KeyId, Prefix, Timestamp, Value};

/// A finding before it has id, time and points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raw {
    /// Reason code; has an entry in `sumun_model::because`.
    pub code: String,
    /// What is believed.
    pub cause: Cause,
    /// ln P(x|misuse) / P(x|clean), thousandths; clipped to −2000..=4000 by the engine. 0: told, weighs nothing.
    pub llr_milli: i32,
    /// What was measured.
    pub values: Vec<(String, Value)>,
    /// Compared with what.
    pub baseline: Option<Baseline>,
    /// Causing events, oldest first; the engine adds the line at hand and keeps the latest 32.
    pub evidence: Vec<EventId>,
    /// Hard evidence that it is, if policy takes it so.
    pub hard: Option<Hard>,
}

/// What stage one tells the link stage: a key used, registered or changed something that others may share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Link {
    /// An allowed, validly signed request from an address (at most one per key and address in ten minutes).
    Use {
        /// From where: IPv4 /32, IPv6 /64.
        origin: Prefix,
        /// The program's mark.
        client: Mark,
    },
    /// An address was registered on a key's allowlist and **proved** (a registration without proof links nobody).
    Registration {
        /// Which.
        prefix: Prefix,
    },
    /// A session of the owner himself (web, app) from an address: evidence of an office or household.
    OwnerSession {
        /// From where.
        origin: Prefix,
    },
    /// A key changed something that others may change with it.
    Change {
        /// What.
        change: Change,
    },
}

/// What a key may do together with others (detectors.md B7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Change {
    /// Fell silent (told by a timer, dated back to the last request).
    Stopped,
    /// Began again after silence.
    Resumed,
    /// Another client version.
    Upgraded {
        /// To which.
        client: Mark,
    },
    /// Another market became its main one.
    SwitchedMarket {
        /// Which.
        market: Mark,
    },
    /// Another address.
    Moved {
        /// To which network operator.
        network: Mark,
    },
}

/// Where a detector puts what it says. The engine stamps and orders it.
#[derive(Debug, Default)]
pub struct Emit {
    pub(crate) signals: Vec<Raw>,
    pub(crate) facts: Vec<(&'static str, Fact)>,
    pub(crate) links: Vec<Link>,
    pub(crate) wakes: Vec<Timestamp>,
}

impl Emit {
    /// A finding about the key at hand.
    pub fn signal(&mut self, raw: Raw) {
        self.signals.push(raw);
    }

    /// A typed feature of the key, named like `key.returns_30m`; replaces what was said before. Say it when it changes, not with every line.
    pub fn fact(&mut self, name: &'static str, value: Fact) {
        self.facts.push((name, value));
    }

    /// Tells the link stage.
    pub fn link(&mut self, link: Link) {
        self.links.push(link);
    }

    /// Asks to be woken at the first whole second at or after this instant. One wake per detector and key is kept: the earliest.
    pub fn wake_at(&mut self, at: Timestamp) {
        self.wakes.push(at);
    }

    /// Nothing was said.
    pub(crate) fn is_empty(&self) -> bool {
        self.signals.is_empty() && self.facts.is_empty() && self.links.is_empty() && self.wakes.is_empty()
    }

    /// Forgets what was said.
    pub(crate) fn clear(&mut self) {
        self.signals.clear();
        self.facts.clear();
        self.links.clear();
        self.wakes.clear();
    }

    /// What was said so far, for a detector's own tests.
    #[must_use]
    pub fn said(&self) -> &[Raw] {
        &self.signals
    }

    /// The links told so far, for tests.
    #[must_use]
    pub fn linked(&self) -> &[Link] {
        &self.links
    }

    /// The facts told so far, for tests.
    #[must_use]
    pub fn facts(&self) -> &[(&'static str, Fact)] {
        &self.facts
    }
}

/// What the link stage says: about one key, or a cluster of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkSignal {
    /// Which detector, such as `operator.fanout@1`.
    pub detector: &'static str,
    /// Its family.
    pub family: Family,
    /// Members, sorted; one: about that key alone.
    pub members: Vec<KeyId>,
    /// The key whose line caused it; its account's partition emits it.
    pub by: KeyId,
    /// What is said; its strength applies to every member in `weights`, else to all alike.
    pub raw: Raw,
    /// Members' own strengths in thousandths, where they differ: whoever is exonerated stands with 0 or less.
    pub weights: Vec<(KeyId, i32)>,
}

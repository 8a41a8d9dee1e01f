//! The ramp: how far refusals are enforced, for which keys and routes (ADR 0022).
//!
//! A [`Ramp`] is an ordered list of rules and a default. Verdicts are computed as always; the [`Stage`] of a request decides
//! which of its refusals hold. Pure: a key's place within a percentage follows from its id alone, so that it is the same on
//! every gate and after every restart.
//!
//! Never here: who may change a ramp (`govern`), what a gate does with one (`gate`).

use crate::words::words;
use crate::{Effect, Reason, Segment};
use serde::{Deserialize, Serialize};

/// Rules in one ramp: every segment × effect, and as many routes again.
pub const RULES_MAX: usize = 64;
/// Longest route pattern, in characters.
pub const ROUTE_CHARS_MAX: usize = 256;

words! {
    /// What is enforced, from nothing to everything.
    pub enum Stage ("stage") {
        /// The exchange's own gateway decides; what is seen here is only recorded.
        Tap = "tap",
        /// Everything is decided and recorded, and nothing is refused.
        Shadow = "shadow",
        /// What credentials and addresses earn is refused.
        Allowlist = "allowlist",
        /// Everything is refused that should be.
        Ladder = "ladder",
    }
}

impl Stage {
    /// Whether a refusal for this reason holds.
    #[must_use]
    pub const fn enforces(self, reason: Reason) -> bool {
        match self {
            Self::Tap | Self::Shadow => false,
            Self::Allowlist => matches!(
                reason,
                Reason::MalformedCredentials
                    | Reason::BodyTooLarge
                    | Reason::UnknownKey
                    | Reason::TooManyFailures
                    | Reason::SignatureInvalid
                    | Reason::TimestampOutOfWindow
                    | Reason::Replayed
                    | Reason::KeyNotActive
                    | Reason::KeyExpired
                    | Reason::AddressNotAllowed
                    | Reason::ClientNotAllowed
            ),
            Self::Ladder => true,
        }
    }

    /// Whether any refusal holds.
    #[must_use]
    pub const fn enforces_any(self) -> bool {
        matches!(self, Self::Allowlist | Self::Ladder)
    }
}

words! {
    /// What becomes of a request of a key that has ended, where its stage refuses nothing.
    pub enum Ends ("treatment of ended keys") {
        /// Refused at every stage: an end that a gate acknowledged is not taken back by stepping back.
        Refused = "refused",
        /// Recorded like any other refusal. For a venue whose own gateway still keeps ended keys out.
        Recorded = "recorded",
    }
}

/// One rule. What it leaves out, it does not ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a rule with `stage` and what it is for")]
pub struct Rule {
    /// Keys of this segment. One of unknown segment is in none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<Segment>,
    /// Requests with this effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// Requests to routes of this pattern, as records name routes: `*` stands for any characters, none among them. An unknown
    /// route has no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// So many of a hundred keys, by a fixed hash of the key's id. More keys never leave out those before. A request without a
    /// known key is in no share below 100.
    #[serde(default = "whole", skip_serializing_if = "is_whole")]
    pub percent: u8,
    /// What is enforced then.
    pub stage: Stage,
}

const fn whole() -> u8 {
    100
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_whole(percent: &u8) -> bool {
    *percent == whole()
}

/// Rules in order; the first that fits decides. Keys outside a rule's share go on to the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a ramp with `rules`, `default` and `ends`")]
pub struct Ramp {
    /// What holds where no rule fits.
    #[serde(default = "ladder")]
    pub default: Stage,
    /// What becomes of ended keys where nothing else is refused.
    #[serde(default = "refused")]
    pub ends: Ends,
    /// The rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
}

const fn ladder() -> Stage {
    Stage::Ladder
}

const fn refused() -> Ends {
    Ends::Refused
}

impl Default for Ramp {
    /// As if there were none: everything is enforced.
    fn default() -> Self {
        Self { default: Stage::Ladder, ends: Ends::Refused, rules: Vec::new() }
    }
}

/// What a ramp asks of a request.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Segment of the key, if both are known.
    pub segment: Option<Segment>,
    /// The key's place, from [`share`]; none if no key is known.
    pub share: Option<u8>,
    /// What the request would do.
    pub effect: Effect,
    /// Its route, as records name it.
    pub route: Option<&'a str>,
}

impl Rule {
    fn fits(&self, asked: Asked<'_>) -> bool {
        self.segment.is_none_or(|segment| asked.segment == Some(segment))
            && self.effect.is_none_or(|effect| asked.effect == effect)
            && (self.percent >= 100 || asked.share.is_some_and(|share| share < self.percent))
            && self
                .route
                .as_deref()
                .is_none_or(|pattern| asked.route.is_some_and(|route| matches(pattern, route)))
    }
}

/// A ramp that may not come into force.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RampError {
    /// Too long.
    #[error("the ramp has {0} rules, at most {RULES_MAX} are allowed; put rules of the same stage together")]
    Rules(usize),
    /// Not a share.
    #[error("rule {rule}: `percent` is {percent}, it must be from 1 to 100")]
    Percent {
        /// Which, from 1.
        rule: usize,
        /// What it says.
        percent: u8,
    },
    /// Not a route.
    #[error(
        "rule {rule}: `route` must be 1 to {ROUTE_CHARS_MAX} printable characters beginning with `/` or `*`"
    )]
    Route {
        /// Which, from 1.
        rule: usize,
    },
    /// Never reached.
    #[error(
        "rule {rule} is never reached: rule {by} takes every request that it would; put it before, or take it out"
    )]
    Unreached {
        /// Which, from 1.
        rule: usize,
        /// The one before it.
        by: usize,
    },
    /// Ended keys would live again beside keys that are refused.
    #[error(
        "`ends = \"recorded\"` is for a ramp that refuses nothing at all, and this one has a stage that does"
    )]
    Ends,
}

impl Ramp {
    /// The stage of a request.
    #[must_use]
    pub fn stage(&self, asked: Asked<'_>) -> Stage {
        self.rules.iter().find(|rule| rule.fits(asked)).map_or(self.default, |rule| rule.stage)
    }

    /// Whether anything at all is refused by some stage of it.
    #[must_use]
    pub fn enforces_any(&self) -> bool {
        self.default.enforces_any() || self.rules.iter().any(|rule| rule.stage.enforces_any())
    }

    /// This ramp after one step back for everybody: nothing is refused but what has ended, if that was refused before.
    #[must_use]
    pub fn stepped_back(&self, to: Stage) -> Self {
        let to = if to.enforces_any() { Stage::Shadow } else { to };
        Self { default: to, ends: self.ends, rules: Vec::new() }
    }

    /// Looks it over.
    ///
    /// # Errors
    /// What keeps it out of force.
    pub fn check(&self) -> Result<(), RampError> {
        if self.rules.len() > RULES_MAX {
            return Err(RampError::Rules(self.rules.len()));
        }
        for (at, rule) in self.rules.iter().enumerate() {
            let number = at + 1;
            if !(1..=100).contains(&rule.percent) {
                return Err(RampError::Percent { rule: number, percent: rule.percent });
            }
            if rule.route.as_deref().is_some_and(|route| !is_pattern(route)) {
                return Err(RampError::Route { rule: number });
            }
            let before = self.rules.iter().take(at);
            if let Some(by) = before.into_iter().position(|earlier| earlier.covers(rule)) {
                return Err(RampError::Unreached { rule: number, by: by + 1 });
            }
        }
        if self.ends == Ends::Recorded && self.enforces_any() {
            return Err(RampError::Ends);
        }
        Ok(())
    }
}

impl Rule {
    /// Whether it takes whatever the other would, as far as that can be seen without comparing patterns.
    fn covers(&self, other: &Self) -> bool {
        self.segment.is_none_or(|segment| other.segment == Some(segment))
            && self.effect.is_none_or(|effect| other.effect == Some(effect))
            && self.percent >= other.percent
            && self.route.as_ref().is_none_or(|route| other.route.as_ref() == Some(route))
    }
}

fn is_pattern(route: &str) -> bool {
    route.starts_with(['/', '*'])
        && route.chars().count() <= ROUTE_CHARS_MAX
        && route.chars().all(|c| c.is_ascii_graphic())
}

/// Whether a route is of a pattern, in which `*` stands for any characters.
fn matches(pattern: &str, route: &str) -> bool {
    let (mut pattern, mut route) = (pattern.as_bytes(), route.as_bytes());
    // Where to go on if what stands behind the last `*` does not fit: one character later.
    let mut again: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern.split_first(), route.split_first()) {
            (Some((b'*', rest)), _) => {
                again = Some((rest, route));
                pattern = rest;
            }
            (Some((wanted, rest)), Some((found, others))) if wanted == found => {
                (pattern, route) = (rest, others);
            }
            (None, None) => return true,
            _ => {
                let Some((rest, from)) = again else { return false };
                let Some((_, later)) = from.split_first() else { return false };
                again = Some((rest, later));
                (pattern, route) = (rest, later);
            }
        }
    }
}

/// A key's place from 0 to 99: FNV-1a over the id's bytes, its bits mixed, modulo 100. Fixed for ever: another hash would move
/// keys between stages with an upgrade.
#[must_use]
pub fn share(key: &str) -> u8 {
    let mut hash = key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^= hash >> 33;
    (hash % 100) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(toml: &str) -> Ramp {
        serde_json::from_str(toml).unwrap()
    }

    fn asked(segment: Option<Segment>, share: u8, effect: Effect, route: &str) -> Asked<'_> {
        Asked { segment, share: Some(share), effect, route: Some(route) }
    }

    #[test]
    fn the_first_rule_that_fits_decides_and_keys_outside_its_share_go_on() {
        let ramp = read(
            r#"{"default":"shadow","rules":[
                {"effect":"cancel","stage":"shadow"},
                {"segment":"retail","effect":"order","route":"/v1/orders*","percent":25,"stage":"ladder"},
                {"segment":"retail","stage":"allowlist"}]}"#,
        );
        assert_eq!(ramp.check(), Ok(()));
        let retail = Some(Segment::Retail);
        let rows = [
            (asked(retail, 0, Effect::Cancel, "/v1/order"), Stage::Shadow),
            (asked(retail, 24, Effect::Order, "/v1/orders"), Stage::Ladder),
            (asked(retail, 25, Effect::Order, "/v1/orders"), Stage::Allowlist),
            (asked(retail, 24, Effect::Order, "/v2/orders"), Stage::Allowlist),
            (asked(Some(Segment::Broker), 0, Effect::Order, "/v1/orders"), Stage::Shadow),
            (asked(None, 0, Effect::Order, "/v1/orders"), Stage::Shadow),
        ];
        for (asked, stage) in rows {
            assert_eq!(ramp.stage(asked), stage, "{asked:?}");
        }
        let nobody = Asked { share: None, ..asked(retail, 0, Effect::Order, "/v1/orders") };
        assert_eq!(ramp.stage(nobody), Stage::Allowlist, "no key is in no share");
        assert_eq!(Ramp::default().stage(nobody), Stage::Ladder);
    }

    /// Every reason at every stage; what is not listed for `allowlist` is Sumun's own doing.
    #[test]
    fn what_each_stage_enforces() {
        for &reason in Reason::ALL {
            assert!(!Stage::Tap.enforces(reason) && !Stage::Shadow.enforces(reason), "{reason}");
            assert!(Stage::Ladder.enforces(reason), "{reason}");
        }
        let earned: Vec<&str> =
            Reason::ALL.iter().filter(|r| Stage::Allowlist.enforces(**r)).map(|r| r.as_str()).collect();
        assert_eq!(
            earned,
            [
                "malformed_credentials",
                "body_too_large",
                "unknown_key",
                "too_many_failures",
                "signature_invalid",
                "timestamp_out_of_window",
                "replayed",
                "key_not_active",
                "key_expired",
                "address_not_allowed",
                "client_not_allowed"
            ]
        );
    }

    #[test]
    fn what_may_not_come_into_force() {
        let rows = [
            (r#"{"rules":[{"percent":0,"stage":"shadow"}]}"#, RampError::Percent { rule: 1, percent: 0 }),
            (r#"{"rules":[{"percent":101,"stage":"shadow"}]}"#, RampError::Percent { rule: 1, percent: 101 }),
            (r#"{"rules":[{"route":"orders","stage":"shadow"}]}"#, RampError::Route { rule: 1 }),
            (
                r#"{"rules":[{"effect":"order","stage":"shadow"},{"effect":"order","percent":5,"stage":"ladder"}]}"#,
                RampError::Unreached { rule: 2, by: 1 },
            ),
            (r#"{"default":"allowlist","ends":"recorded"}"#, RampError::Ends),
        ];
        for (text, error) in rows {
            assert_eq!(read(text).check(), Err(error), "{text}");
        }
        assert!(serde_json::from_str::<Ramp>(r#"{"rules":[{"stage":"on"}]}"#).is_err());
        assert!(serde_json::from_str::<Ramp>(r#"{"rule":[]}"#).is_err());
        let pure = read(r#"{"default":"tap","ends":"recorded"}"#);
        assert_eq!(pure.check(), Ok(()));
        assert_eq!(pure.stepped_back(Stage::Shadow).ends, Ends::Recorded);
        assert_eq!(Ramp::default().stepped_back(Stage::Ladder).default, Stage::Shadow);
    }

    #[test]
    fn places_are_fixed_and_spread() {
        // Pinned: another hash would move keys between stages.
        let pinned: Vec<u8> = ["K1", "K2", "3f1c", "k_7Q", ""].iter().map(|key| share(key)).collect();
        assert_eq!(pinned, PINNED);
        let mut counts = [0_u32; 100];
        for number in 0..100_000 {
            counts[usize::from(share(&format!("K{number}")))] += 1;
        }
        assert!(counts.iter().all(|count| (800..1_200).contains(count)), "{counts:?}");
    }

    proptest! {
        /// A larger share holds everybody a smaller one holds.
        #[test]
        fn a_share_only_grows(key in "[a-z0-9]{1,20}", low in 1..=100_u8, high in 1..=100_u8) {
            let (low, high) = (low.min(high), low.max(high));
            prop_assert!(share(&key) >= low || share(&key) < high);
        }

        /// Against the plain meaning of a pattern: parts in order, the first at the beginning, the last at the end.
        #[test]
        fn a_pattern_matches_as_a_regular_expression_would(pattern in "[/ab*]{0,8}", route in "[/ab]{0,10}") {
            let naive = {
                let parts: Vec<&str> = pattern.split('*').collect();
                if parts.len() == 1 {
                    pattern == route
                } else {
                    let (first, last) = (parts[0], parts[parts.len() - 1]);
                    let mut rest = route.strip_prefix(first);
                    for part in &parts[1..parts.len() - 1] {
                        rest = rest.and_then(|rest| rest.find(part).map(|at| &rest[at + part.len()..]));
                    }
                    rest.is_some_and(|rest| rest.ends_with(last))
                }
            };
            prop_assert_eq!(matches(&pattern, &route), naive);
        }
    }

    const PINNED: [u8; 5] = [95, 83, 85, 42, 42];
}

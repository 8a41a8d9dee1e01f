//! Every check of a decision whose outcome could be computed, beyond the first failure.

use crate::words::{UnknownWord, words};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

words! {
    /// A check by name (WIRE 3), in the gate's order.
    pub enum Check ("check") {
        /// The signature holds.
        Signature = "signature",
        /// The client's time lies in the window.
        Clock = "clock",
        /// The nonce is new.
        Replay = "replay",
        /// State and measures let the effect pass.
        Status = "status",
        /// The source address is registered.
        Address = "address",
        /// The client is registered.
        Client = "client",
        /// The route is known.
        Route = "route",
        /// The scope is granted.
        Scope = "scope",
        /// Time-limited rights still run.
        Grant = "grant",
        /// The account is the key's own.
        Account = "account",
        /// The market is in the mandate.
        Market = "market",
        /// The operator is approved.
        Operator = "operator",
        /// A required confirmation was given.
        Confirmation = "confirmation",
        /// No halt is in force.
        Halt = "halt",
        /// Within rates.
        Rate = "rate",
        /// Within the mandate's limits.
        Limit = "limit",
        /// The key table is fresh enough for the effect.
        TableAge = "table_age",
    }
}

words! {
    /// What came of a check.
    pub enum CheckOutcome ("check outcome") {
        /// It held.
        Pass = "pass",
        /// It did not.
        Fail = "fail",
        /// It could not be computed, or has no rule.
        NotRun = "not_run",
    }
}

/// The outcomes of one decision: two bits a check, absent unless set.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Checks(u64);

impl Checks {
    /// Nothing checked yet.
    pub const NONE: Self = Self(0);

    /// Notes an outcome; a later one for the same check replaces it.
    pub fn set(&mut self, check: Check, outcome: CheckOutcome) {
        let shift = 2 * check as u64;
        self.0 = self.0 & !(0b11 << shift) | (outcome as u64 + 1) << shift;
    }

    /// Notes `pass` or `fail` and hands the outcome back.
    pub fn note(&mut self, check: Check, held: bool) -> bool {
        self.set(check, if held { CheckOutcome::Pass } else { CheckOutcome::Fail });
        held
    }

    /// The outcome, if noted.
    #[must_use]
    pub fn get(self, check: Check) -> Option<CheckOutcome> {
        match self.0 >> (2 * check as u64) & 0b11 {
            1 => Some(CheckOutcome::Pass),
            2 => Some(CheckOutcome::Fail),
            3 => Some(CheckOutcome::NotRun),
            _ => None,
        }
    }

    /// Noted outcomes in the gate's order.
    pub fn iter(self) -> impl Iterator<Item = (Check, CheckOutcome)> {
        Check::ALL.iter().filter_map(move |c| self.get(*c).map(|o| (*c, o)))
    }
}

impl fmt::Debug for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(c, o)| (c.as_str(), o.as_str()))).finish()
    }
}

impl Serialize for Checks {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut map = s.serialize_map(None)?;
        for (check, outcome) in self.iter() {
            map.serialize_entry(check.as_str(), outcome.as_str())?;
        }
        map.end()
    }
}

/// The name of a check as a line has it; a wrong one is told behind its outcome.
struct Name(Result<Check, UnknownWord>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        crate::text::mapped(d, |text| Self(text.parse()))
    }
}

impl<'de> Deserialize<'de> for Checks {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Map;
        impl<'de> de::Visitor<'de> for Map {
            type Value = Checks;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of check outcomes")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Checks, A::Error> {
                let mut checks = Checks::NONE;
                while let Some((name, outcome)) = map.next_entry::<Name, CheckOutcome>()? {
                    let check = name.0.map_err(de::Error::custom)?;
                    if checks.get(check).is_some() {
                        return Err(de::Error::custom(format!("check `{check}` is repeated")));
                    }
                    checks.set(check, outcome);
                }
                Ok(checks)
            }
        }
        d.deserialize_map(Map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_travel_both_ways() {
        let mut checks = Checks::NONE;
        checks.set(Check::TableAge, CheckOutcome::NotRun);
        checks.note(Check::Address, false);
        checks.note(Check::Signature, true);
        checks.note(Check::Signature, true);
        let text = serde_json::to_string(&checks).unwrap();
        assert_eq!(text, r#"{"signature":"pass","address":"fail","table_age":"not_run"}"#);
        assert_eq!(serde_json::from_str::<Checks>(&text).unwrap(), checks);
        assert!(serde_json::from_str::<Checks>(r#"{"clock":"pass","clock":"fail"}"#).is_err());
        assert!(serde_json::from_str::<Checks>(r#"{"weather":"pass"}"#).is_err());
    }
}

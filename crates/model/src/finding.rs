//! Findings: what detection and policy say, one JSON object per line (WIRE 5).
//!
//! Keys are written in the order of the contract, nulls too. Never here: how a finding comes about, or its words for
//! people ([`crate::because`]).

use crate::key::Measure;
use crate::words::words;
use crate::{AccountId, EventId, KeyId, MarketId, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Points in milli-nats: thousandths of a natural-log likelihood ratio, already weighted (WIRE 4).
pub type MilliNats = i64;

/// Most evidence ids a finding carries: the latest ones, oldest first (WIRE 4).
pub const EVIDENCE_MAX: usize = 32;

words! {
    /// A family of detectors that look at the same fact and so must not be added up freely (detectors.md 3).
    pub enum Family ("family") {
        /// Where it came from.
        Origin = "origin",
        /// With which program.
        Client = "client",
        /// The key's own life.
        Lifecycle = "lifecycle",
        /// Signatures and refusals.
        Auth = "auth",
        /// Habits of use.
        Behaviour = "behaviour",
        /// One operator behind several keys.
        Operator = "operator",
        /// Acting together.
        Coordination = "coordination",
        /// Harm to a market.
        Market = "market",
        /// A rule on record was broken.
        Policy = "policy",
    }
}

impl Family {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// Its place in [`Family::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

words! {
    /// What is believed to have happened.
    pub enum Cause ("cause") {
        /// The owner let another use it.
        Lent = "lent",
        /// The owner sold it.
        Sold = "sold",
        /// The secret is in other hands without the owner's will.
        Leaked = "leaked",
        /// A delegation goes beyond its record.
        OverDelegated = "over_delegated",
        /// A delegation on record explains it.
        DocumentedDelegation = "documented_delegation",
        /// Keys act as one.
        Coordinated = "coordinated",
        /// Many run the same published program.
        CopiedCode = "copied_code",
        /// A market was harmed.
        MarketAbuse = "market_abuse",
        /// Not told.
        Unknown = "unknown",
    }
}

words! {
    /// Whether a measure begins or ends.
    pub enum Phase ("phase") {
        /// It begins.
        Enter = "enter",
        /// It ends.
        Leave = "leave",
    }
}

words! {
    /// Who acts.
    pub enum Mode ("mode") {
        /// Policy acts by itself.
        Act = "act",
        /// Policy asks people.
        Propose = "propose",
    }
}

words! {
    /// Which of a key's two totals.
    pub enum ScoreKind ("score") {
        /// Somebody else than the person on record controls it.
        Sharing = "sharing",
        /// It harms a market.
        Market = "market",
    }
}

/// A finding's id: the first 16 bytes of a SHA-256, written in hex (WIRE 4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FindingId([u8; 16]);

/// Text that is not a finding's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a finding's id: 32 lower-case hexadecimal digits")]
pub struct FindingIdError(String);

impl FindingId {
    /// Of these bytes.
    #[must_use]
    pub const fn of(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FindingId({self})")
    }
}

impl FromStr for FindingId {
    type Err = FindingIdError;
    fn from_str(s: &str) -> Result<Self, FindingIdError> {
        let wrong = || FindingIdError(s.chars().take(64).collect());
        let digits = s.as_bytes();
        if digits.len() != 32 || !digits.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(wrong());
        }
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for FindingId {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FindingId {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        crate::text::parsed(d)
    }
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Subject {
    /// One key.
    Key {
        /// Which.
        key: KeyId,
        /// Whose.
        account: AccountId,
    },
    /// Keys believed to have one operator.
    Cluster {
        /// Id of the signal that first named it.
        cluster: FindingId,
        /// Its keys, sorted.
        members: Vec<KeyId>,
    },
    /// One account.
    Account {
        /// Which.
        account: AccountId,
    },
    /// One market.
    Market {
        /// Which.
        market: MarketId,
    },
}

/// A number or word that a signal measured. Fractions are decimal strings (WIRE 4), so no number is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A whole number.
    Int(i64),
    /// A word, an address, or a fraction such as `0.25`.
    Text(String),
    /// Several words.
    List(Vec<String>),
}

impl From<i64> for Value {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}
impl From<u32> for Value {
    fn from(n: u32) -> Self {
        Self::Int(i64::from(n))
    }
}
impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl Value {
    /// Thousandths as a decimal string: `1250` is `1.25`.
    #[must_use]
    pub fn milli(thousandths: i64) -> Self {
        let (sign, n) = if thousandths < 0 {
            ("-", thousandths.unsigned_abs())
        } else {
            ("", thousandths.unsigned_abs())
        };
        let text = format!("{sign}{}.{:03}", n / 1000, n % 1000);
        Self::Text(text.trim_end_matches('0').trim_end_matches('.').to_owned())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(n) => n.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::List(words) => f.write_str(&words.join(", ")),
        }
    }
}

/// What a signal was compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// Sessions of use it holds.
    pub sessions: u32,
}

/// A detector's finding with its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// Its id.
    pub id: FindingId,
    /// Engine time of emission.
    pub ts: Timestamp,
    /// Detector and version, such as `key.concurrent_origins@1`.
    pub detector: String,
    /// About what.
    pub subject: Subject,
    /// What is believed.
    pub cause: Cause,
    /// 1000 · α · llr, before the family rule.
    pub points: MilliNats,
    /// Reason code, stable; see [`crate::because`].
    pub code: String,
    /// What was measured, sorted by name.
    pub values: BTreeMap<String, Value>,
    /// Compared with what; null: nothing to compare with existed.
    pub baseline: Option<Baseline>,
    /// Ids of the latest causing events, oldest first, at most [`EVIDENCE_MAX`].
    pub evidence: Vec<EventId>,
    /// Why, in the language asked for.
    pub because: String,
}

/// One family's part of a total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// Which family.
    pub family: Family,
    /// Its points now.
    pub points: MilliNats,
}

/// A posterior in ten-thousandths, written as a string of four decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Risk(pub u16);

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:04}", self.0 / 10_000, self.0 % 10_000)
    }
}

impl Serialize for Risk {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Risk {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(d)?;
        let wrong = || de::Error::custom(format!("`{text}` is not a probability of four decimals"));
        let (whole, fraction) = text.split_once('.').ok_or_else(wrong)?;
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.len() != 1 || fraction.len() != 4 || !digits(whole) || !digits(fraction) {
            return Err(wrong());
        }
        let whole: u16 = whole.parse().map_err(|_| wrong())?;
        let fraction: u16 = fraction.parse().map_err(|_| wrong())?;
        let risk = whole.saturating_mul(10_000).saturating_add(fraction);
        if risk > 10_000 { Err(wrong()) } else { Ok(Self(risk)) }
    }
}

/// A measure that begins or ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasureFinding {
    /// Its id.
    pub id: FindingId,
    /// Engine time of emission.
    pub ts: Timestamp,
    /// On which key.
    pub key: KeyId,
    /// Whose.
    pub account: AccountId,
    /// Of which cluster it is a member's part, if of one.
    pub cluster: Option<FindingId>,
    /// Which measure.
    pub measure: Measure,
    /// Begins or ends.
    pub phase: Phase,
    /// By policy itself, or asked of people.
    pub mode: Mode,
    /// By which total.
    pub score: ScoreKind,
    /// That total.
    pub points: MilliNats,
    /// Its terms, in the order of [`Family::ALL`]; they add up to `points`.
    pub terms: Vec<Term>,
    /// The model's posterior.
    pub risk: Risk,
    /// Signals relied on, oldest first.
    pub signals: Vec<FindingId>,
    /// Policy id and version, such as `default@3`.
    pub policy: String,
    /// Why a lesser measure would not do, in the language asked for.
    pub lesser: String,
    /// Why, in the language asked for.
    pub because: String,
}

/// One line of findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Finding {
    /// A detector's.
    Signal(Box<Signal>),
    /// Policy's.
    Measure(Box<MeasureFinding>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousandths_read_as_people_write_them() {
        for (n, text) in [(0, "0"), (1250, "1.25"), (-5, "-0.005"), (2000, "2"), (120_000, "120")] {
            assert_eq!(Value::milli(n).to_string(), text);
        }
    }

    #[test]
    fn a_signal_is_written_in_the_order_of_the_contract() {
        let signal = Signal {
            id: FindingId::of([0xab; 16]),
            ts: Timestamp::from_millis(0),
            detector: "key.concurrent_origins@1".into(),
            subject: Subject::Key { key: "K1".parse().unwrap(), account: "A1".parse().unwrap() },
            cause: Cause::Lent,
            points: 3200,
            code: "returns_between_origins".into(),
            values: BTreeMap::from([("returns".into(), Value::Int(4))]),
            baseline: None,
            evidence: vec!["a1".parse().unwrap()],
            because: "x".into(),
        };
        let text = serde_json::to_string(&Finding::Signal(Box::new(signal.clone()))).unwrap();
        insta::assert_snapshot!(text, @r#"{"type":"signal","id":"abababababababababababababababab","ts":"1970-01-01T00:00:00.000000Z","detector":"key.concurrent_origins@1","subject":{"key":"K1","account":"A1"},"cause":"lent","points":3200,"code":"returns_between_origins","values":{"returns":4},"baseline":null,"evidence":["a1"],"because":"x"}"#);
        assert_eq!(serde_json::from_str::<Finding>(&text).unwrap(), Finding::Signal(Box::new(signal)));
    }

    #[test]
    fn a_risk_has_four_decimals() {
        assert_eq!(serde_json::to_string(&Risk(6195)).unwrap(), "\"0.6195\"");
        assert_eq!(serde_json::from_str::<Risk>("\"1.0000\"").unwrap(), Risk(10_000));
        for bad in ["\"1.0001\"", "\"0.1\"", "\"-0.1000\"", "\"00.1000\""] {
            assert!(serde_json::from_str::<Risk>(bad).is_err(), "{bad}");
        }
    }
}

//! The vocabulary of Sumun: what every other crate speaks.
//!
//! Start with [`wire`] for the lines that travel, [`reason`] for why a request is refused, [`key`] for what a key
//! is, [`finding`] and [`assessment`] for what detection says.
//!
//! Never here: IO, a clock, randomness, async, or a rule of any exchange. Text enters through `FromStr` or
//! serde and is parsed once; after that a value is what its type says.

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

pub mod assessment;
pub mod because;
pub mod check;
pub mod code;
pub mod decimal;
pub mod effect;
pub mod finding;
pub mod id;
pub mod key;
pub mod moment;
pub mod position;
pub mod prefix;
pub mod ramp;
pub mod reason;
pub mod scope;
pub mod score;
pub mod secret;
mod text;
pub mod time;
pub mod visible;
pub mod wire;
mod words;

pub use assessment::{Act, ActKind, Assessment, ClusterOf, Fact, Hard};
pub use because::Lang;
pub use check::{Check, CheckOutcome, Checks};
pub use code::CodeMark;
pub use decimal::Decimal;
pub use effect::Effect;
pub use finding::{
    Baseline, Cause, Family, Finding, FindingId, MeasureFinding, MilliNats, Mode, Phase, Risk, ScoreKind,
    Signal, Subject, Term, Value,
};
pub use id::{
    AccountId, CustomerId, DelegationId, EventId, GateId, KeyId, MarketId, OperatorId, OrderId, PersonId,
    VendorId,
};
pub use key::{ExpiryCause, KeyState, Mandate, Measure, Purpose, Segment};
pub use prefix::Prefix;
pub use ramp::{Ramp, Stage};
pub use reason::Reason;
pub use scope::{Scope, ScopeSet};
pub use score::{Evidence, Weights};
pub use secret::ApiSecret;
pub use time::{Date, Timestamp};

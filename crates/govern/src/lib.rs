//! Use cases of the control plane: load → plan (a value) → lint → execute.
//!
//! Start with [`actor`] for who may act, [`plan`] for what every use case makes, [`refusal`] for how one says no. Rules are
//! pure functions of loaded rows, a request, an instant and draws; the `Govern` service loads, plans and executes.
//!
//! Never here: HTTP, SQL text. Reading a clock or drawing randomness goes through [`world::World`].

pub mod actor;
pub mod actuator;
pub mod approvals;
pub mod call;
pub mod campaigns;
pub mod canary;
pub mod cases;
pub mod detection;
pub mod drift;
pub mod gates;
pub mod govern;
pub mod imports;
pub mod keys;
pub mod lint;
pub mod measures;
pub mod notices;
pub mod overview;
pub mod owner;
pub mod parties;
pub mod plan;
pub mod policies;
mod proposal;
pub mod ramp;
pub mod record;
pub mod refusal;
mod row;
pub mod staff;
pub mod tasks;
pub mod venue;
pub mod warned;
pub mod world;

pub use actor::{Actor, Role};
pub use call::{Call, Done, PlanView, Planned};
pub use govern::Govern;
pub use plan::Plan;
pub use refusal::{Refusal, RefusalKind};
pub use venue::Venue;
pub use world::World;

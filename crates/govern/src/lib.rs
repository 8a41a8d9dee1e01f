//! Use cases of the control plane: load → plan (a value) → lint → execute.
//!
//! Start with [`actor`] for who may act, [`plan`] for what every use case makes, [`refusal`] for how one says no. Rules are
//! pure functions of loaded rows, a request, an instant and draws; the `Govern` service loads, plans and executes.
//!
//! Never here: HTTP, SQL text. Reading a clock or drawing randomness goes through [`world::World`].

pub mod actor;
pub mod plan;
pub mod refusal;
pub mod world;

pub use actor::{Actor, Role};
pub use plan::Plan;
pub use refusal::{Refusal, RefusalKind};
pub use world::World;

//! How each exchange speaks: reads and verifies a signed request, maps a route to scope and effect, parses what a
//! client asks of a private stream, and renders a refusal the exchange's own client libraries understand.
//!
//! Start at [`Dialect`], the one door: [`Dialect::credential`] reads who claims to call, [`Dialect::verify`] proves
//! it and binds the parameters received, [`Dialect::route`] says what the call would do, [`Dialect::refusal`] says
//! no. What an exchange publishes (routes, stream types, errors) is data under `data/`, read once.
//!
//! Never here: sockets, a clock, stored keys, a replay memory, or a decision. Everything that arrives is hostile:
//! what this crate cannot read in exactly one way it refuses, because the exchange behind it might read the other.

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod dialect;
pub mod explain;
mod json;
mod key;
mod params;
mod refusal;
mod rejection;
mod request;
mod route;
mod stream;
mod upbit;
pub mod vectors;

pub use dialect::{Credential, Dialect, UnknownDialect};
pub use key::{Algorithm, MacKey};
pub use params::{AmbiguousMarket, Param, Params};
pub use refusal::{ClientBehaviour, Refusal, StreamRefusal, remaining_req};
pub use rejection::{Ambiguity, CanonicalForm, Malformed, Rejection, Verified};
pub use request::RawRequest;
pub use route::Route;
pub use stream::{AskKind, ClientMessage, MessageError, StreamAsk};

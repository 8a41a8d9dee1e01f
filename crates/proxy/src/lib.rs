//! The inline reverse proxy around the gate: HTTP/1.1 and WebSocket in, HTTP/1.1 and WebSocket out.
//!
//! Life of a request: [`server`] accepts → [`service`] reads head and body and asks [`sumun_gate::Gate::decide`] →
//! the decision is written down (`admission`, into a [`sink`]) → [`forward`] sends it on, which takes a [`sumun_gate::Permit`], or
//! [`refuse`] answers in the exchange's own words. A WebSocket goes through [`websocket`], and every open one is
//! in [`streams`] so that a change of the key table can end it; [`epoch`] tells when no request decided before a change
//! still awaits forwarding. [`decide_service`] gives the same decision to a
//! gateway that forwards by itself, [`fronts`] to nginx and Envoy; [`admin`] is for operators.
//!
//! Never here: deciding anything. Never read from here: a file. What is recorded leaves through [`EventSink`].

pub mod admin;
mod admission;
mod body;
pub mod client_address;
pub mod clock;
mod complain;
pub mod config;
pub mod decide_service;
pub mod epoch;
pub mod forward;
pub mod fronts;
pub mod head;
pub mod metrics;
mod preface;
pub mod record;
pub mod refuse;
pub mod server;
pub mod service;
pub mod sink;
mod sources;
pub mod stall;
pub mod streams;
pub mod websocket;

pub use clock::SystemClock;
pub use config::{ProxyConfig, Timeouts, UpstreamHost};
pub use fronts::FrontToken;
pub use server::{Running, ServeError};
pub use service::Proxy;
pub use sink::{EventSink, Outcome, RecordingUnavailable, Ticket};

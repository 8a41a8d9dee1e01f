//! A mock exchange that speaks Upbit's REST and WebSocket well enough for real client libraries to trade on it.
//!
//! Start at [`MockExchange::start`], which serves on two listeners: the exchange itself, and a control listener with what
//! was received, a reset and a delay. [`venue`] is the exchange without HTTP: balances, a price-time book, orders and
//! transfers, as plain functions of their inputs. [`assertion`] is how it vouches for a customer to Sumun. [`http`] puts Upbit's routes, field names and errors around it, one file
//! per group of endpoints.
//!
//! [`population`] is apart from all that: seeded worlds of honest and dishonest users, as lines of the wire. [`exports`] writes them as
//! an exchange would hand them over: tables and access logs, with their truth.
//!
//! It never guards anything. It takes an access key at its word unless asked to `verify`, keeps everything in memory, and
//! shows each request it received to whoever asks on the control listener: it stands *behind* the gate, in tests and in
//! the demo, and no product role may depend on it.

pub mod assertion;
mod clock;
pub mod config;
pub mod exports;
pub mod http;
pub mod population;
mod server;
pub mod venue;

pub use config::Config;
pub use server::{Handle, MockExchange, StartError};

//! REST with OpenAPI, sign-in, roles, and the key feed.
//!
//! Start with [`access`] (who may call what), then `api` (how a request becomes a call of `govern`), then one file of
//! `resources`. A handler parses, calls one use case, and shows what came of it. Beside the requests stand `feed_stream` (one
//! gate's stream) and `tasks` (what falls due, notices that leave).
//!
//! Never here: a business rule, SQL text, or a handler without a row in the table of rights.

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

pub mod access;
mod answer;
mod api;
mod asked;
mod assertion;
mod authenticate;
pub mod browsers;
mod client_address;
mod console_files;
mod cookie;
mod document;
mod encoding;
pub mod events;
mod feed_stream;
mod gates;
mod identity_callback;
mod line_stream;
mod live;
pub mod metrics;
mod news;
mod operation;
mod origin;
mod overview;
mod owner_front;
mod parameter;
pub mod problem;
mod readiness;
mod resources;
mod room;
mod serve;
mod server;
pub mod shadow;
mod strict;
mod tasks;
pub mod text;
mod turns;
mod verdicts;
mod view;
mod writable;
mod write_deadline;
mod written;

pub use serve::{Running, serve, serve_owners};
pub use server::{Server, openapi, owner_router, router};
pub use tasks::notices::{MailError, MailOptions, Mailer};

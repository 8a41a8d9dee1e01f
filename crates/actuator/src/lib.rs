//! Acting at an exchange that keeps its own gateway and key database (R194, ADR 0025): what is called, in which order, when again, and
//! what its answer means.
//!
//! [`Target`] is what should be true of a key there. [`Actuator::parse`] reads the file in which an exchange's calls are described, with
//! every mistake named by its place; [`Actuator::call`] makes one call of it. [`Action::judge`] reads an answer. [`Desk`] holds what is
//! to be done: one call a key at a time, the newest intent only. [`Retry`] says when again. [`webhook`] is the second form, a signed
//! message of a key's state.
//!
//! Never here: a socket, a clock, a file, randomness. They come in as arguments. What was intended and what was answered is kept by
//! `govern`.

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod answer;
mod call;
mod desk;
mod file;
mod problem;
mod retry;
mod secret;
mod target;
mod template;
pub mod webhook;

pub use answer::{Expect, Said};
pub use call::{Call, Facts, HeaderText, RenderError};
pub use desk::{Desk, Due, SLOTS_MAX};
pub use file::{Action, Actuator, LogRules, Method, SecretSource, Webhook};
pub use problem::Problem;
pub use retry::Retry;
pub use secret::Secrets;
pub use target::{ActionName, Target, reason};
pub use template::{FACTS, Fact, Piece, Template, TemplateError};

//! The tests, one file per story.

mod edits;
mod refusals;
mod shadow;
mod stopping;
mod theft;
mod trade;
mod websocket;

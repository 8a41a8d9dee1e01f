//! The tests, one file per story.

mod trade;

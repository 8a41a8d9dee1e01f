//! What the console asks of a control plane with a million keys: every list and page, through the real routes, in this process.
//!
//! [`record`] makes the rows, [`serve`] the server over them, [`pages`] asks. The baseline is the same database read by a bare
//! statement through an index: a page of rows, or one. [`live`] is the other question: whether a `sumun serve` that many watch
//! grows. Never here: whether an answer is right; that is the server's tests.

pub mod live;
pub mod pages;
pub mod record;
pub mod serve;

pub use pages::measure;

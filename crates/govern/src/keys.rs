//! Keys: from the request of an owner to the registry of dead ids.
//!
//! Start with [`machine`] for what may be done when, [`rules`] for what a key may be, [`steps`] for who must agree, [`row`] for what is kept. Every use
//! case is a file: [`request`], [`grant`], [`issue`], [`change`], [`rotate`], [`measures`], [`end`], [`exposure`], [`due`].
//! All of them write through [`write`], which adds what every change of a key must bring along: the registry of dead ids, the
//! gates' record, the owner's notice. [`lint`] looks at the result.
//!
//! Never here: a secret in anything that is kept. It passes once, from [`issue`] to the owner.

pub mod access;
pub mod activity;
pub mod asked;
pub mod capability;
pub mod change;
pub mod due;
pub mod end;
pub mod exposure;
pub mod feed_record;
pub mod follow;
pub mod grant;
pub mod ground;
pub mod issue;
pub mod lint;
pub mod machine;
pub mod measures;
pub mod read;
pub mod request;
pub mod rotate;
pub mod row;
pub mod rules;
pub mod search;
pub mod steps;
pub mod view;
pub mod write;

pub use machine::Action;
pub use row::{KeyRow, Scheme};
pub use view::{KeyAnswer, KeyView};

#[cfg(test)]
mod tests;

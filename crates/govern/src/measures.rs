//! Measures: what was taken or proposed against a suspicion, by whom, on what grounds, and when it held at every gate.
//!
//! Start with [`row`] for what is kept, [`said`] for its words, [`rules`] for those of rules. Measures begin and end in `detection` (the ladder's) and `keys::measures` (staff's own);
//! [`effect`] fills in when gates obeyed. [`read`] shows them to those who look into suspicions, and to nobody else.
//!
//! Never here: whether a report was filed; nothing of a measure depends on it (L3).

pub mod effect;
pub mod read;
pub mod row;
pub mod rules;
pub mod said;
pub(crate) mod staff;

pub use row::{MeasureBody, MeasureRow, MeasureState, SUSPEND};

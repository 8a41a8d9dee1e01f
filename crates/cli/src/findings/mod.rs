//! What every command that makes findings shares: policy, parameters and data files read once ([`Setup`]), lines read and parsed
//! ([`input`]), networks looked up in files ([`data`]), what is wrong with parameters ([`detectors`]), the ladder as detection's judge ([`LadderJudge`], of `assess`), what a log says of the policy in
//! force ([`in_log`]), and findings written ([`print`]).
//!
//! Used by `sumun replay`, `evaluate`, `explain` and the live role. Never here: a rule; see `detect` and `policy`.

pub mod data;
pub(crate) mod detectors;
pub mod in_log;
pub mod input;
pub mod print;
mod setup;
pub mod told;

pub use setup::{DATA_NONE, Reading, Setup};
pub(crate) use setup::{DEFAULT_TEXT, Data, network_data};
pub use sumun_assess::LadderJudge;

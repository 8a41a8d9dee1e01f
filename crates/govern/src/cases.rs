//! Cases: the one file on a suspicion. One per subject, `key:K1` or `cluster:<id>`, until it is closed.
//!
//! Start with [`row`] for what is kept and [`playbook`] for what must be done. [`docket`] collects what a change tells cases;
//! [`work`] is what people do in one, [`plan`] decides about all its members at once, [`read`] shows it.
//!
//! Never here: whether a report was filed as anything that shows outside (L3): a case is for those inside only.

pub(crate) mod cut;
pub(crate) mod docket;
pub mod plan;
pub mod playbook;
mod rank;
pub mod read;
pub mod row;
pub mod work;

pub use playbook::{PlaybookStep, StepState};
pub use row::{CaseOutcome, CaseRow, CaseState, Member, MemberState};

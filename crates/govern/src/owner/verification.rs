//! Renewed verification (R9, R196): identity by the exchange's word, control by a test; opened by the measure that asks for it.
//!
//! [`open`] adds one to the plan of that measure, once; it ends when both are proved, when the test failed twice, at its due time, or
//! with the measure. Steps of the test are in [`test`], what owners see of it in [`view`]; identity comes in by [`super::identity`].

mod judge;
mod seed;
pub mod test;
mod view;

pub use view::{StepView, TestView, VerificationView};

use super::control::{FAILURES_MAX, Test};
use super::{put_facts, rewritten, sees, system, tell};
use crate::actor::Actor;
use crate::govern::{Govern, change, facts, not_found};
use crate::plan::Plan;
use crate::refusal::Refusal;
use crate::row;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sumun_model::Timestamp;
use sumun_store::records::Filter;
use sumun_store::tables::VERIFICATIONS;
use sumun_store::{Image, RowWrite};

/// Where a verification stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerificationState {
    /// Identity or control is outstanding.
    Open,
    /// Both are proved.
    Proved,
    /// The control test failed twice.
    Failed,
    /// Its time ran out; two persons decide.
    TimedOut,
    /// The measure that asked for it ended.
    Closed,
}

/// Where one of its two halves stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Half {
    /// Not yet.
    #[default]
    Outstanding,
    /// Shown.
    Passed,
    /// Tried, and not shown.
    Failed,
}

/// What is known of identity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Identity {
    /// Where it stands.
    pub state: Half,
    /// How the exchange verified it.
    pub method: Option<String>,
    /// When.
    pub at_us: Option<i64>,
    /// Hex SHA-256 of the callback's `jti`: the evidence, by name.
    pub evidence: Option<String>,
}

/// A renewed verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// Its id.
    pub verification: String,
    /// Of which key; after a rotation on the way, the new one.
    pub key: String,
    /// Of which account.
    pub account: String,
    /// Of which customer.
    pub customer: String,
    /// The case it belongs to. The owner never reads it.
    pub case_id: Option<String>,
    /// Where it stands.
    pub state: VerificationState,
    /// Identity.
    pub identity: Identity,
    /// Tests of control, in order.
    pub tests: Vec<Test>,
    /// When it was opened.
    pub opened_us: i64,
    /// When its time runs out.
    pub until_us: Option<i64>,
    /// When the clock next asks something.
    pub next_due_us: Option<i64>,
    /// Tests that failed.
    pub failures: i64,
    /// The row's version.
    pub version: i64,
}

impl Verification {
    /// Reads a row.
    ///
    /// # Errors
    /// `row_unreadable`.
    pub fn of(image: &Image) -> Result<Self, Refusal> {
        row::typed(&VERIFICATIONS, image)
    }

    /// The keys whose requests it looks at: the present one, and those it replaced on the way.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let replaced =
            self.tests.iter().flat_map(|test| &test.steps).filter_map(|step| step.seen.old.as_deref());
        std::iter::once(self.key.as_str()).chain(replaced)
    }

    /// The test that is going on.
    #[must_use]
    pub fn running(&self) -> Option<usize> {
        self.tests.iter().position(|test| test.state == super::control::TestState::Open)
    }

    /// Whether control is shown.
    #[must_use]
    pub fn control(&self) -> Half {
        match self.tests.last().map(|test| test.state) {
            _ if self.tests.iter().any(|test| test.state == super::control::TestState::Passed) => {
                Half::Passed
            }
            _ if self.failures >= FAILURES_MAX => Half::Failed,
            _ => Half::Outstanding,
        }
    }

    /// Where it stands by its halves, while it is open.
    fn settled(&mut self) {
        if self.state != VerificationState::Open {
            return;
        }
        self.state = match (self.identity.state, self.control()) {
            (_, Half::Failed) => VerificationState::Failed,
            (Half::Passed, Half::Passed) => VerificationState::Proved,
            _ => VerificationState::Open,
        };
        let test = self.running().and_then(|index| self.tests.get(index)?.next_due());
        let dues = [test.map(Timestamp::as_micros), self.until_us];
        self.next_due_us = match self.state {
            VerificationState::Open => dues.into_iter().flatten().min(),
            _ => None,
        };
    }

    /// The write that puts it in its place, where it stands and what is due following from the rest.
    pub(super) fn next_write(&mut self) -> RowWrite {
        self.settled();
        let before = self.version;
        self.version += 1;
        rewritten(&VERIFICATIONS, self, before)
    }

    /// The facts every entry about it holds.
    pub(super) fn facts(&self, plan: &mut Plan) {
        put_facts(
            &mut plan.change.facts,
            [
                ("verification", json!(self.verification)),
                ("key", json!(self.key)),
                ("account", json!(self.account)),
                ("customer", json!(self.customer)),
                ("case_id", json!(self.case_id)),
                ("state", json!(self.state)),
            ],
        );
    }

    /// A plan that says this of it and writes it.
    pub(super) fn planned(
        &mut self,
        class: &'static str,
        title: String,
        actor: &Actor,
        now: Timestamp,
    ) -> Plan {
        let write = self.next_write();
        let change = change(class, now, facts(actor));
        let mut plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change };
        plan.change.writes.push(write);
        self.facts(&mut plan);
        plan
    }
}

/// What is known where a verification is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// Of which key.
    pub key: &'a str,
    /// Of which account.
    pub account: &'a str,
    /// Of which customer.
    pub customer: &'a str,
    /// The case it belongs to.
    pub case_id: Option<&'a str>,
    /// When its time runs out.
    pub until: Option<Timestamp>,
}

/// Opens a verification in the plan of the measure that asks for it, with the notice to its owner; gives its id. If one is open for the
/// key already, that one stays as it is.
///
/// # Errors
/// The store's.
pub async fn open(
    govern: &Govern,
    plan: &mut Plan,
    asking: Asking<'_>,
    now: Timestamp,
) -> Result<String, Refusal> {
    if let Some(open) = govern.open_verification(asking.key).await? {
        return Ok(open.verification);
    }
    let mut verification = Verification {
        verification: govern.new_id("V"),
        key: asking.key.to_owned(),
        account: asking.account.to_owned(),
        customer: asking.customer.to_owned(),
        case_id: asking.case_id.map(str::to_owned),
        state: VerificationState::Open,
        identity: Identity::default(),
        tests: Vec::new(),
        opened_us: now.as_micros(),
        until_us: asking.until.map(Timestamp::as_micros),
        next_due_us: None,
        failures: 0,
        version: 1,
    };
    verification.settled();
    plan.change.writes.push(super::made(&VERIFICATIONS, &verification));
    put_facts(&mut plan.change.facts, [("verification", json!(verification.verification))]);
    tell::verification(plan, "verification.opened", &verification, now);
    Ok(verification.verification)
}

/// Closes the open verification of a key, if there is one, in the plan of whatever ends the measure that asked for it.
///
/// # Errors
/// The store's.
pub async fn close(govern: &Govern, plan: &mut Plan, key: &str, now: Timestamp) -> Result<(), Refusal> {
    if let Some(mut found) = govern.open_verification(key).await? {
        for test in &mut found.tests {
            test.void(now);
        }
        found.state = VerificationState::Closed;
        found.next_due_us = None;
        plan.change.writes.push(found.next_write());
        put_facts(&mut plan.change.facts, [("verification", json!(found.verification))]);
    }
    Ok(())
}

impl Govern {
    /// The open verification of a key.
    pub(crate) async fn open_verification(&self, key: &str) -> Result<Option<Verification>, Refusal> {
        let open = vec![("key", json!(key)), ("state", json!(VerificationState::Open))];
        let rows = self.rows_where(&VERIFICATIONS, open, None, 1).await?;
        rows.first().map(Verification::of).transpose()
    }

    pub(super) async fn verification_loaded(&self, actor: &Actor, id: &str) -> Result<Verification, Refusal> {
        let found = Verification::of(&self.row_or_not_found(&VERIFICATIONS, "verification", id).await?)?;
        if sees(actor, &found.customer) { Ok(found) } else { Err(not_found("verification", id)) }
    }

    /// Verifications: a customer's own, or all for staff.
    ///
    /// # Errors
    /// The store's.
    pub async fn verifications(
        &self,
        actor: &Actor,
        page: Filter,
        (key, state): (Option<&str>, Option<&str>),
    ) -> Result<Vec<VerificationView>, Refusal> {
        let rows = self.owned_rows(actor, &VERIFICATIONS, page, &[("key", key), ("state", state)]).await?;
        rows.iter()
            .map(|row| Verification::of(row).map(|found| VerificationView::of(&found, actor)))
            .collect()
    }

    /// One verification, with what is to be done now.
    ///
    /// # Errors
    /// `not_found`, the store's.
    pub async fn verification(&self, actor: &Actor, id: &str) -> Result<VerificationView, Refusal> {
        Ok(VerificationView::of(&self.verification_loaded(actor, id).await?, actor))
    }

    /// The plan by which its time runs out.
    pub(super) fn verification_timed_out(&self, found: &mut Verification, now: Timestamp) -> Plan {
        for test in &mut found.tests {
            test.void(now);
        }
        found.state = VerificationState::TimedOut;
        found.next_due_us = None;
        let title = format!("the time of verification {} is over", found.verification);
        let mut plan = found.planned("verification.timed_out", title, &system("clock"), now);
        tell::verification(&mut plan, "verification.timed_out", found, now);
        plan
    }
}

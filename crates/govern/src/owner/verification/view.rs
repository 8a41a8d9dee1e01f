//! A verification as its owner sees it: what is done, what to do now, by when, what is next, how to object.

use super::{Half, Verification, VerificationState};
use crate::actor::Actor;
use crate::keys::access::inside;
use crate::notices::NoticeText;
use crate::owner::control::{Draw, Kind, Step, StepState, Test, TestState, Why};
use crate::owner::texts::{Said, of_notice, said};
use serde::{Deserialize, Serialize};
use sumun_model::Timestamp;

/// One step of a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepView {
    /// What it asks for.
    pub kind: Kind,
    /// Where it stands.
    pub state: String,
    /// Why it failed.
    pub why: Option<Why>,
    /// Commitment to its draw.
    pub commitment: String,
    /// Whoever does not know the draw passes at most once in so many.
    pub one_in: String,
    /// Its draw, once shown.
    pub draw: Option<serde_json::Value>,
    /// The salt of its commitment, once shown.
    pub salt: Option<String>,
    /// The present window: from.
    pub from: Option<Timestamp>,
    /// The present window: until.
    pub until: Option<Timestamp>,
}

/// One test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestView {
    /// Which, from 1.
    pub number: u32,
    /// Where it stands.
    pub state: TestState,
    /// Joined commitment to its draws.
    pub commitment: String,
    /// By luck one in so many passes.
    pub one_in: String,
    /// When its draws were committed.
    pub committed_us: i64,
    /// When it ended.
    pub ended_us: Option<i64>,
    /// Its steps.
    pub steps: Vec<StepView>,
}

/// A verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerificationView {
    /// Its id.
    pub verification: String,
    /// Of which key.
    pub key: String,
    /// Of which account.
    pub account: String,
    /// Of which customer.
    pub customer: String,
    /// The case it belongs to; for those who look into suspicions.
    pub case_id: Option<String>,
    /// Where it stands.
    pub state: VerificationState,
    /// Identity.
    pub identity: Half,
    /// How the exchange verified it.
    pub method: Option<String>,
    /// When.
    pub identity_at_us: Option<i64>,
    /// Control.
    pub control: Half,
    /// When it was opened.
    pub opened_us: i64,
    /// When its time runs out.
    pub until_us: Option<i64>,
    /// Tests that failed.
    pub failures: i64,
    /// Its tests.
    pub tests: Vec<TestView>,
    /// What to do now, in words.
    pub say: Vec<Said>,
    /// The row's version.
    pub version: i64,
}

fn step(step: &Step) -> StepView {
    let (state, why) = match step.state {
        StepState::Hidden => ("hidden", None),
        StepState::Running => ("running", None),
        StepState::Passed => ("passed", None),
        StepState::Failed(why) => ("failed", Some(why)),
    };
    let window = step.window();
    StepView {
        kind: step.kind,
        state: state.to_owned(),
        why,
        commitment: step.commitment.clone(),
        one_in: step.one_in.to_string(),
        draw: step.shown.as_ref().and_then(|opened| serde_json::to_value(&opened.draw).ok()),
        salt: step.shown.as_ref().map(|opened| opened.salt.clone()),
        from: window.map(|(from, _)| from),
        until: window.map(|(_, until)| until),
    }
}

fn test(test: &Test) -> TestView {
    TestView {
        number: test.number,
        state: test.state,
        commitment: test.commitment.clone(),
        one_in: test.one_in.clone(),
        committed_us: test.committed_us,
        ended_us: test.ended_us,
        steps: test.steps.iter().map(step).collect(),
    }
}

/// What a running step asks for.
#[must_use]
fn asked(step: &Step) -> Option<Said> {
    let (from, until) = step.window()?;
    let (from, until) = (("from", from.to_string()), ("until", until.to_string()));
    Some(match &step.shown.as_ref()?.draw {
        Draw::StopAndStart { slot_s, grace_s, .. } => {
            let (stop, start) = step.silence()?;
            let every = slot_s.saturating_sub(*grace_s).to_string();
            let values =
                [from, until, ("stop", stop.to_string()), ("start", start.to_string()), ("every", every)];
            said("control.stop_and_start", &values)
        }
        Draw::Code { code, .. } => said("control.code", &[until, ("code", code.clone())]),
        Draw::RotateAndWatch { .. } if step.seen.rotated_us.is_none() => said("control.rotate", &[until]),
        Draw::RotateAndWatch { .. } => said("control.first_use", &[from, until]),
    })
}

/// Why a step failed, as a code of the texts.
const fn failed(why: Why) -> &'static str {
    match why {
        Why::NotSilent => "control.not_silent",
        Why::NotInUse => "control.not_in_use",
        Why::NoCode => "control.no_code",
        Why::TooManyCodes => "control.too_many_codes",
        Why::NotRotated => "control.not_rotated",
        Why::UsedEarly => "control.used_early",
        Why::NotUsedInTime => "control.not_used_in_time",
        Why::UsedElsewhere => "control.used_elsewhere",
        Why::OldStillUsed => "control.old_still_used",
    }
}

impl Verification {
    /// How it stands and what is outstanding, as sentences that a notice may carry: no draw among them.
    #[must_use]
    pub(in crate::owner) fn sentences(&self) -> Vec<NoticeText> {
        let text = NoticeText::new;
        let time = |us: i64| Timestamp::from_micros(us).to_string();
        let mut all = Vec::new();
        if let Some(last) = self.tests.last() {
            all.extend(last.steps.iter().filter_map(|step| match step.state {
                StepState::Failed(why) => Some(text(failed(why))),
                _ => None,
            }));
            if last.state == TestState::Void && self.state == VerificationState::Open {
                all.push(text("control.void"));
            }
        }
        match self.state {
            VerificationState::Open => {}
            VerificationState::Proved => all.push(text("verification.proved").with("key", self.key.as_str())),
            VerificationState::Failed => all.push(text("verification.failed").with("key", self.key.as_str())),
            VerificationState::TimedOut => all.push(text("verification.timed_out")),
            VerificationState::Closed => all.push(text("verification.closed")),
        }
        if self.state != VerificationState::Open {
            return all;
        }
        all.insert(0, text("verification.open").with("key", self.key.as_str()));
        let at = self.identity.at_us.map(time).unwrap_or_default();
        match self.identity.state {
            Half::Outstanding => all.push(text("verification.identity")),
            Half::Passed => all.push(text("verification.identity_passed").with("at", at)),
            Half::Failed => all.push(text("verification.identity_failed").with("at", at)),
        }
        let passed = self.tests.iter().find(|test| test.state == TestState::Passed);
        match passed {
            Some(test) => {
                let at = test.ended_us.map(time).unwrap_or_default();
                all.push(text("verification.control_passed").with("at", at));
            }
            None => all.push(text("verification.control")),
        }
        if self.failures > 0 && passed.is_none() {
            all.push(text("verification.once_more"));
        }
        all.extend(self.until_us.map(|until| text("verification.until").with("until", time(until))));
        all
    }

    /// What the running test asks for now, draws shown included.
    fn now(&self) -> Vec<Said> {
        let Some(test) = self.running().and_then(|index| self.tests.get(index)) else { return Vec::new() };
        let committed = [
            ("steps", test.steps.len().to_string()),
            ("commitment", test.commitment.clone()),
            ("one_in", test.one_in.clone()),
        ];
        let mut all = vec![said("control.committed", &committed)];
        let done = test.steps.iter().zip(1..).filter(|(step, _)| step.state == StepState::Passed);
        all.extend(done.map(|(_, number)| said("control.step_passed", &[("step", number.to_string())])));
        match test.running().and_then(|index| test.steps.get(index)) {
            Some(step) => all.extend(asked(step)),
            None => all.push(said("control.ready", &[])),
        }
        all
    }
}

impl VerificationView {
    /// As this principal sees it.
    #[must_use]
    pub fn of(found: &Verification, actor: &Actor) -> Self {
        let mut say: Vec<Said> = found.sentences().iter().map(|text| of_notice(text, &found.key)).collect();
        say.extend(found.now());
        say.push(said("how_to_object", &[]));
        Self {
            verification: found.verification.clone(),
            key: found.key.clone(),
            account: found.account.clone(),
            customer: found.customer.clone(),
            case_id: found.case_id.clone().filter(|_| inside(actor)),
            state: found.state,
            identity: found.identity.state,
            method: found.identity.method.clone(),
            identity_at_us: found.identity.at_us,
            control: found.control(),
            opened_us: found.opened_us,
            until_us: found.until_us,
            failures: found.failures,
            tests: found.tests.iter().map(test).collect(),
            say,
            version: found.version,
        }
    }
}

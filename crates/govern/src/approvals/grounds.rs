//! On what a measure rests that waits for people, as whoever decides reads it first: why it is asked, what was found, how far the owner
//! came in his re-verification, and what he objects that nobody has answered yet.
//!
//! Pure reading. What the decision does stands in [`crate::detection`] and [`crate::keys`]; what is frozen stays in the approval.

use super::Approval;
use crate::actor::Actor;
use crate::detection::{frozen, signal};
use crate::govern::{Govern, store_refusal};
use crate::keys::access::inside;
use crate::keys::capability::Sentence;
use crate::measures::MeasureState;
use crate::measures::rules::rule_said;
use crate::measures::said::reason_said;
use crate::owner::control::FAILURES_MAX;
use crate::owner::objections::ObjectionView;
use crate::owner::verification::{Half, Verification, VerificationState};
use crate::plan::Plan;
use crate::proposal::KEY_MEASURE;
use crate::refusal::Refusal;
use crate::{row, warned};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use sumun_model::finding::Signal;
use sumun_model::{FindingId, Measure};
use sumun_store::tables::{OBJECTIONS, SIGNALS, VERIFICATIONS};

/// Signals shown of those relied on: the latest. The measure names all.
const SIGNALS_MAX: usize = 20;
/// Objections looked at.
const OBJECTIONS_MAX: usize = 1_000;
/// Objections shown: the latest.
const SHOWN_MAX: usize = 10;
/// Re-verifications of one key looked at.
const VERIFICATIONS_MAX: usize = 100;

/// How far the owner came in his re-verification. Times are microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reverified {
    /// Which.
    pub verification: String,
    /// Where it stands.
    pub state: VerificationState,
    /// Identity.
    pub identity: Half,
    /// When the exchange said so.
    pub identity_at_us: Option<i64>,
    /// Control.
    pub control: Half,
    /// Control tests begun.
    pub tests: usize,
    /// Control tests failed.
    pub failures: i64,
    /// How many more may fail: with the last the key ends.
    pub tries_left: i64,
    /// When its time runs out, or ran out.
    pub due_us: Option<i64>,
}

/// On what it rests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grounds {
    /// On which key.
    pub key: String,
    /// Which measure.
    pub measure: String,
    /// In which case; none where staff proposed it by hand and no measure is in force.
    pub case_id: Option<String>,
    /// The rule of policy that proposed it, or the ladder's own; none where staff did.
    pub rule: Option<String>,
    /// What that rule says, in words.
    pub rule_said: Option<Sentence>,
    /// Why it is asked.
    pub because: Sentence,
    /// Why a lesser measure would not do.
    pub lesser: Sentence,
    /// What was found and is relied on, the latest, oldest first.
    pub signals: Vec<Signal>,
    /// His last re-verification, if there was one.
    pub reverification: Option<Reverified>,
    /// His objections that nobody has answered yet, the newest first.
    pub objections: Vec<ObjectionView>,
    /// Whether agreeing tells the owner.
    pub owner_told: bool,
}

impl Reverified {
    fn of(found: &Verification) -> Self {
        Self {
            verification: found.verification.clone(),
            state: found.state,
            identity: found.identity.state,
            identity_at_us: found.identity.at_us,
            control: found.control(),
            tests: found.tests.len(),
            failures: found.failures,
            tries_left: (FAILURES_MAX - found.failures).max(0),
            due_us: found.until_us,
        }
    }
}

impl Govern {
    /// On what an approval about a key's measure rests; none for any other, and for nobody outside.
    ///
    /// # Errors
    /// The store's, `row_unreadable`.
    pub async fn approval_grounds(
        &self,
        actor: &Actor,
        approval: &Approval,
    ) -> Result<Option<Grounds>, Refusal> {
        if !inside(actor) {
            return Ok(None);
        }
        let text = |name: &str| approval.request.get(name).and_then(Value::as_str).unwrap_or_default();
        let mut grounds = match approval.action.as_str() {
            KEY_MEASURE => {
                let frozen = frozen(approval)?;
                Grounds {
                    measure: frozen.measure.as_str().to_owned(),
                    case_id: Some(frozen.case_id),
                    because: reason_said(&frozen.body.why),
                    lesser: reason_said(&frozen.body.lesser),
                    rule_said: frozen.body.rule.as_deref().and_then(|rule| rule_said(rule, &frozen.body.why)),
                    rule: frozen.body.rule,
                    signals: self.latest_signals(&frozen.body.signals).await?,
                    reverification: None,
                    objections: Vec::new(),
                    owner_told: frozen.measure > Measure::Monitor,
                    key: frozen.key,
                }
            }
            "key.expire" => {
                let open = self.measures_of(text("key"), MeasureState::InForce).await?.pop();
                let found = open.as_ref().map_or(&[][..], |open| open.body.signals.as_slice());
                let own = |name: &str| Sentence { ko: text(name).to_owned(), en: text(name).to_owned() };
                Grounds {
                    key: text("key").to_owned(),
                    measure: Measure::Expire.as_str().to_owned(),
                    rule: None,
                    rule_said: None,
                    because: own("reason"),
                    lesser: own("lesser"),
                    signals: self.latest_signals(found).await?,
                    case_id: open.map(|open| open.case_id),
                    reverification: None,
                    objections: Vec::new(),
                    owner_told: true,
                }
            }
            _ => return Ok(None),
        };
        grounds.reverification = self.last_reverified(&grounds.key).await?;
        grounds.objections = self.open_objections(approval, &grounds.key, grounds.case_id.as_deref()).await?;
        Ok(Some(grounds))
    }

    /// The latest of these signals, oldest first.
    pub(crate) async fn latest_signals(&self, ids: &[FindingId]) -> Result<Vec<Signal>, Refusal> {
        let from = ids.len().saturating_sub(SIGNALS_MAX);
        let ids: Vec<String> = ids.iter().skip(from).map(ToString::to_string).collect();
        let rows = self.store.get_many(&SIGNALS, &ids).await.map_err(store_refusal)?;
        let mut found: Vec<Signal> = rows.iter().filter_map(signal::of).collect();
        found.sort_by_key(|signal| (signal.ts, signal.id));
        Ok(found)
    }

    async fn last_reverified(&self, key: &str) -> Result<Option<Reverified>, Refusal> {
        let equals = vec![("key", json!(key))];
        let rows = self.rows_where(&VERIFICATIONS, equals, None, VERIFICATIONS_MAX).await?;
        let all = rows.iter().map(Verification::of).collect::<Result<Vec<_>, _>>()?;
        Ok(all.iter().max_by_key(|found| found.opened_us).map(Reverified::of))
    }

    /// The customer's objections about this key or in this case that no end of a case has answered, the newest first.
    async fn open_objections(
        &self,
        approval: &Approval,
        key: &str,
        case_id: Option<&str>,
    ) -> Result<Vec<ObjectionView>, Refusal> {
        let Some(customer) = &approval.customer else { return Ok(Vec::new()) };
        let his = vec![("customer", json!(customer))];
        let mut rows = self.rows_where(&OBJECTIONS, his, None, OBJECTIONS_MAX).await?;
        rows.retain(|row| {
            row::text(row, "key") == key || case_id.is_some_and(|id| row::text(row, "case_id") == id)
        });
        let mut found = BTreeMap::new();
        for row in &rows {
            let shown = self.objection_shown(row).await?;
            if shown.decided_us.is_none() {
                found.insert((std::cmp::Reverse(shown.at_us), shown.objection.clone()), shown);
            }
        }
        Ok(found.into_values().take(SHOWN_MAX).collect())
    }

    /// What whoever agrees should know beforehand: that its owner is told, and that an objection of his waits for an answer.
    pub(super) async fn mind_before_agreeing(
        &self,
        actor: &Actor,
        approval: &Approval,
        plan: &mut Plan,
    ) -> Result<(), Refusal> {
        let Some(grounds) = self.approval_grounds(actor, approval).await? else { return Ok(()) };
        if !grounds.objections.is_empty() {
            plan.warnings.push(warned::OBJECTION_OPEN.en.to_owned());
        }
        if grounds.owner_told {
            plan.warnings.push(warned::OWNER_TOLD.en.to_owned());
        }
        Ok(())
    }
}

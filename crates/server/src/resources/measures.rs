//! Measures, signals, and where a key stands: what was found and what followed, for those inside.

use super::keys::SentenceView;
use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::overview::milliseconds;
use crate::parameter::{Kind, Parameter};
use crate::problem::Problem;
use crate::view::{page, view};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use sumun_govern::measures::MeasureRow;
use sumun_govern::measures::read::MeasureFilter;
use sumun_govern::measures::rules::rule_said;
use sumun_govern::measures::said::{reason_said, signal_said};
use sumun_model::Timestamp;
use sumun_model::finding::Signal;
use sumun_store::tables::{MEASURES, SIGNALS};
use utoipa::ToSchema;

/// A measure.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct MeasureView {
    /// Its id.
    pub measure_id: String,
    /// On which key.
    pub key: String,
    /// Of which account.
    pub account: String,
    /// In which case.
    pub case_id: String,
    /// `monitor`, `warn`, `hold`, `reverify`, `expire`, or `suspend` for a suspension by staff.
    pub measure: String,
    /// `act`: by policy or staff at once; `propose`: asked of people.
    pub mode: String,
    /// `proposed`, `in_force`, `ended`, `refused` or `withdrawn`. Where `key_ended` is said, a measure that is `in_force` holds nothing: it waits for the
    /// customer's next key, which takes it over. A forced end is in force for ever.
    pub state: String,
    /// When its key ended; null while it lives. Nothing is held on an ended key.
    #[serde(default)]
    #[schema(format = DateTime)]
    pub key_ended: Option<String>,
    /// Who decided it.
    pub by: String,
    /// The approval that it waits for, or rests on.
    pub approval: Option<String>,
    /// Since when.
    #[schema(format = DateTime)]
    pub began: String,
    /// Until when at the latest.
    #[schema(format = DateTime)]
    pub until: Option<String>,
    /// When it ended.
    #[schema(format = DateTime)]
    pub ended: Option<String>,
    /// When every gate had obeyed.
    #[schema(format = DateTime)]
    pub effect: Option<String>,
    /// From the newest signal it relies on to `effect`, milliseconds; null until then, and where nothing was found.
    #[serde(default)]
    pub suspicion_to_effect_ms: Option<f64>,
    /// From the decision, of policy or of the last person needed, to `effect`, milliseconds; null until then.
    #[serde(default)]
    pub decision_to_effect_ms: Option<f64>,
    /// What it rests on: signals, baselines, policy, why, why not a lesser one, when each gate obeyed.
    pub body: Value,
    /// The rule it rests on, in words; null where there is none, as for staff's own.
    #[serde(default)]
    pub rule_said: Option<SentenceView>,
    /// Why, in words.
    #[serde(default)]
    pub because: Option<SentenceView>,
    /// Why a lesser measure would not do, in words.
    #[serde(default)]
    pub lesser: Option<SentenceView>,
    /// Why it ended, in words.
    #[serde(default)]
    pub ended_because: Option<SentenceView>,
    /// Version of the row.
    pub version: i64,
}

/// A signal.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct SignalView {
    /// Its id.
    pub id: String,
    /// Engine time.
    #[schema(format = DateTime)]
    pub ts: String,
    /// Detector and version.
    pub detector: String,
    /// About what.
    pub subject: Value,
    /// What is believed.
    pub cause: String,
    /// Points in thousandths.
    pub points: i64,
    /// Reason code.
    pub code: String,
    /// What was found, in words.
    #[serde(default)]
    pub said: Option<SentenceView>,
    /// What was measured.
    pub values: Value,
    /// Compared with what; null: there was nothing to compare with.
    pub baseline: Option<Value>,
    /// Ids of the latest causing events.
    pub evidence: Vec<String>,
}

/// Where a key stands on the ladder, and what is known of it.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct StandingView {
    /// The key.
    pub key: String,
    /// Its account.
    pub account: String,
    /// Whose account it is.
    pub customer: Option<String>,
    /// The measure in force.
    pub measure: Option<String>,
    /// What detection last said of it: evidence, hard evidence, facts, cluster.
    pub assessment: Value,
    /// What policy remembers.
    pub standing: Value,
    /// Why it stands there, by the policy in force at this moment: both totals term by term with their evidence, and every rule
    /// with its parts, met or not. Null without a policy.
    #[serde(default)]
    pub explained: Value,
    /// The last place of the event log that was taken in; -1 before any.
    pub position: i64,
    /// When the clock next asks something.
    #[schema(format = DateTime)]
    pub next_due: Option<String>,
    /// Version of the row.
    pub version: i64,
}

const NARROW: [Parameter; 4] = [
    Parameter {
        name: "state",
        kind: Kind::OneOf(&["proposed", "in_force", "ended", "refused", "withdrawn"]),
        required: false,
        about: "Only in this state.",
    },
    Parameter { name: "key", kind: Kind::Id, required: false, about: "Only on this key." },
    Parameter { name: "account", kind: Kind::Id, required: false, about: "Only of this account." },
    Parameter { name: "case", kind: Kind::Id, required: false, about: "Only in this case." },
];

const SIGNALS_OF: [Parameter; 3] = [
    Parameter {
        name: "case",
        kind: Kind::Id,
        required: false,
        about: "Only those a case names, its latest.",
    },
    Parameter { name: "key", kind: Kind::Id, required: false, about: "Only about this key." },
    Parameter { name: "account", kind: Kind::Id, required: false, about: "Only about this account." },
];

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::MEASURE_LIST, "measures", "Measures · 조치 목록")
            .query(&NARROW)
            .lists::<MeasureView>(),
        list,
    );
    api.add(
        operation(&access::MEASURE_GET, "measures", "One measure · 조치 조회")
            .gives::<MeasureView>(StatusCode::OK, "The measure.")
            .versioned(),
        async |asked: Asked| {
            let govern = &asked.server.govern;
            let row = govern.measure(asked.actor()?, asked.path("measure")?).await?;
            let ended = govern.keys_ended(std::slice::from_ref(&row)).await?;
            let shown = shown(&row, &ended)?;
            Ok(Answer::ok(&shown)?.version(shown.version))
        },
    );
    api.add(
        operation(&access::KEY_STANDING, "measures", "Where a key stands, and why · 키 위험 상태")
            .gives::<StandingView>(StatusCode::OK, "Where it stands.")
            .versioned(),
        async |asked: Asked| {
            let key = asked.path("key")?;
            let (row, why) = asked.server.govern.key_explained(asked.actor()?, key).await?;
            let shown = StandingView { explained: view(&why)?, ..view(&row)? };
            Ok(Answer::ok(&shown)?.version(shown.version))
        },
    );
    api.add(
        operation(&access::SIGNAL_LIST, "measures", "What detection found · 탐지 신호 목록")
            .query(&SIGNALS_OF)
            .lists::<SignalView>(),
        signals,
    );
}

/// A measure with its reasons in words, and when its key ended.
pub(super) fn shown(row: &MeasureRow, ended: &BTreeMap<String, Timestamp>) -> Result<MeasureView, Problem> {
    let rule = row.body.rule.as_deref();
    Ok(MeasureView {
        key_ended: ended.get(&row.key).map(ToString::to_string),
        rule_said: rule.and_then(|rule| rule_said(rule, &row.body.why)).map(Into::into),
        because: Some(reason_said(&row.body.why).into()),
        lesser: Some(reason_said(&row.body.lesser).into()),
        ended_because: row.end_said().map(Into::into),
        suspicion_to_effect_ms: row.suspicion_to_effect_us().map(milliseconds),
        decision_to_effect_ms: row.decision_to_effect_us().map(milliseconds),
        ..view(row)?
    })
}

/// A signal with what it found in words.
pub(super) fn found(signal: &Signal) -> Result<SignalView, Problem> {
    Ok(SignalView { said: Some(signal_said(signal).into()), ..view(signal)? })
}

async fn list(asked: Asked) -> Result<Answer, Problem> {
    let wanted = asked.page_of(&MEASURES).await?;
    let narrow = |name: &str| asked.query(name).map(str::to_owned);
    let filter = MeasureFilter {
        key: narrow("key"),
        account: narrow("account"),
        case_id: narrow("case"),
        state: narrow("state"),
        after: wanted.after,
        limit: wanted.limit,
    };
    let govern = &asked.server.govern;
    let measures = govern.measures(asked.actor()?, &filter).await?;
    let ended = govern.keys_ended(&measures).await?;
    let views = measures.iter().map(|row| shown(row, &ended)).collect::<Result<Vec<_>, _>>()?;
    Answer::ok(&page(views, asked.limit(), |last| last.measure_id.clone()))
}

async fn signals(asked: Asked) -> Result<Answer, Problem> {
    let wanted = asked.page_of(&SIGNALS).await?;
    let (key, account) = (asked.query("key"), asked.query("account"));
    let govern = &asked.server.govern;
    let found = match asked.query("case") {
        Some(case) => govern.case_signals(asked.actor()?, case, wanted.after, wanted.limit).await?,
        None => govern.signals(asked.actor()?, key, account, wanted.after, wanted.limit).await?,
    };
    let views = found.iter().map(self::found).collect::<Result<Vec<_>, _>>()?;
    Answer::ok(&page(views, asked.limit(), |last| last.id.clone()))
}

//! What every governed write answers: the result, the plan as people see it, and its place in the ledger.

use crate::answer::Answer;
use crate::problem::Problem;
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use sumun_govern::Done;
use sumun_govern::warned::{self, Warned};
use utoipa::ToSchema;

/// What was planned, for people.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PlanView {
    /// One line: what is done, to what.
    #[schema(example = "expire key K1")]
    pub title: String,
    /// The class of the ledger entry.
    #[schema(example = "key.expired")]
    pub class: String,
    /// What changes.
    pub effects: Vec<EffectView>,
    /// What is allowed but unwise, and what should be known beforehand.
    pub warnings: Vec<String>,
    /// Those of the warnings that have words in both languages.
    #[serde(default)]
    pub said: Vec<WarnedView>,
}

/// A warning in words.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct WarnedView {
    /// Its code.
    #[schema(example = "owner_told")]
    pub code: String,
    /// Korean.
    pub ko: String,
    /// English: as it stands among the warnings.
    pub en: String,
}

impl From<Warned> for WarnedView {
    fn from(warned: Warned) -> Self {
        Self { code: warned.code.to_owned(), ko: warned.ko.to_owned(), en: warned.en.to_owned() }
    }
}

/// One thing a plan changes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EffectView {
    /// Of what.
    #[schema(example = "key:K1")]
    pub subject: String,
    /// Which field.
    #[schema(example = "state")]
    pub field: String,
    /// As it was; `null` if it is new.
    #[schema(example = "active")]
    pub before: Value,
    /// As it will be.
    #[schema(example = "expired")]
    pub after: Value,
}

/// A change's place in the ledger.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EntryView {
    /// Index of its entry, from 0.
    pub entry: u64,
    /// Feed version it was given, if gates learn of it.
    pub feed_version: Option<u64>,
    /// When it was sequenced.
    #[schema(format = DateTime)]
    pub sequenced: String,
    /// The signed checkpoint that covers it.
    pub checkpoint: String,
}

#[derive(Serialize)]
struct Written<T> {
    result: T,
    plan: Option<PlanView>,
    ledger: Option<EntryView>,
    repeated: bool,
}

/// The answer to a governed write. `view` turns the use case's value into what is shown.
pub(crate) fn written<T, V: Serialize>(
    status: StatusCode,
    done: Done<T>,
    view: impl FnOnce(T) -> Result<V, Problem>,
) -> Result<Answer, Problem> {
    let dry_run = done.committed.is_none() && !done.repeated;
    let plan = (!done.repeated).then(|| PlanView {
        title: done.plan.title,
        class: done.plan.class,
        effects: done
            .plan
            .effects
            .into_iter()
            .map(|effect| EffectView {
                subject: effect.subject,
                field: effect.field,
                before: effect.before,
                after: effect.after,
            })
            .collect(),
        said: done.plan.warnings.iter().filter_map(|warning| warned::said(warning)).map(Into::into).collect(),
        warnings: done.plan.warnings,
    });
    let ledger = done.committed.map(|committed| EntryView {
        entry: committed.entry,
        feed_version: committed.feed_version,
        sequenced: committed.sequenced.to_string(),
        checkpoint: committed.checkpoint.to_string(),
    });
    let written = Written { result: view(done.value)?, plan, ledger, repeated: done.repeated };
    // A plan that was only shown has made nothing.
    Answer::json(if dry_run { StatusCode::OK } else { status }, &written)
}

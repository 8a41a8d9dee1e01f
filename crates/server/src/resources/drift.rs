//! Where the record and an exchange disagree about a key: both values, whose word counts, since when.

use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::{Asked, cursor_unknown};
use crate::operation::operation;
use crate::parameter::{Kind, Parameter};
use crate::problem::Problem;
use crate::view::page;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sumun_govern::drift;
use sumun_model::Timestamp;
use utoipa::ToSchema;

const KIND: Parameter = Parameter {
    name: "kind",
    kind: Kind::OneOf(&[
        "dead_here_alive_there",
        "alive_here_dead_there",
        "differs",
        "unknown_here",
        "unknown_there",
    ]),
    required: false,
    about: "Only this kind.",
};

/// One disagreement.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({ "drift": "1-K1", "key": "K1", "kind": "dead_here_alive_there", "attribute": "state", "here": "expired",
    "there": "active", "authority": "dead", "source": "exchange", "since": "2026-11-02T00:20:00.000000Z" }))]
pub(crate) struct DriftItemView {
    /// Its id, for paging: `after` of what stands behind it. The worst stand first.
    pub drift: String,
    /// Of which key.
    pub key: String,
    /// `dead_here_alive_there`, `alive_here_dead_there`, `differs`, `unknown_here` or `unknown_there`; the first is the worst.
    pub kind: String,
    /// `state`, `scopes`, `allowlist`, `expires`, `application` or `account`.
    pub attribute: String,
    /// As it is here; null if it is not.
    #[schema(value_type = Option<Value>)]
    pub here: Value,
    /// As it is there; null if it is not, `gone` if a whole snapshot came without it.
    #[schema(value_type = Option<Value>)]
    pub there: Value,
    /// Whose word counts: `exchange`, `sumun`, `dead`: whichever says that it is dead, or `neither`, of the account, which never changes.
    pub authority: String,
    /// Who told.
    pub source: Option<String>,
    /// Since when it is known.
    #[schema(value_type = crate::text::Instant)]
    pub since: Timestamp,
}

impl DriftItemView {
    fn of(view: drift::DriftView) -> Self {
        let drift::DriftView { drift, key, since, what } = view;
        let authority = match what.authority {
            drift::compare::Right::Exchange => "exchange",
            drift::compare::Right::Sumun => "sumun",
            drift::compare::Right::Dead => "dead",
            drift::compare::Right::Neither => "neither",
        };
        Self {
            drift,
            key,
            kind: what.kind.as_str().to_owned(),
            attribute: what.attribute.as_str().to_owned(),
            here: what.here,
            there: what.there,
            authority: authority.to_owned(),
            source: what.source,
            since,
        }
    }
}

/// What a look found.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ReconciledView {
    /// Keys looked at.
    pub keys: u64,
    /// Drifts that stand.
    pub stand: u64,
    /// Of them, those that appeared.
    pub appeared: u64,
    /// Drifts that are gone.
    pub gone: u64,
    /// Keys dead here and alive there.
    pub worst: u64,
}

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::DRIFT_LIST, "imports", "Where record and exchange disagree · 거래소와의 불일치")
            .about("The worst first: keys that have ended here and are still served there.")
            .query(&[KIND])
            .lists::<DriftItemView>(),
        async |asked: Asked| -> Result<_, Problem> {
            let wanted = asked.page();
            // What stood there may be gone since: only its form tells.
            if wanted.after.as_deref().is_some_and(|after| !drift::reconcile::is_id(after)) {
                return Err(cursor_unknown());
            }
            let govern = &asked.server.govern;
            let found = govern
                .drifts(asked.actor()?, asked.query("kind"), wanted.after.as_deref(), wanted.limit)
                .await?;
            let views = found.into_iter().map(DriftItemView::of).collect();
            Answer::ok(&page(views, asked.limit(), |last: &DriftItemView| last.drift.clone()))
        },
    );
    api.add(
        operation(&access::DRIFT_LOOK, "imports", "Compare now · 지금 비교")
            .about("As happens every minute by itself where something changed. Nothing is decided by it: what is found is told.")
            .gives::<ReconciledView>(StatusCode::OK, "Both sides were compared."),
        async |asked: Asked| -> Result<_, Problem> {
            let found = crate::tasks::drift::look(&asked.server).await?;
            let drift::reconcile::Reconciled { keys, stand, appeared, gone, worst } = found;
            Answer::ok(&ReconciledView { keys, stand, appeared, gone, worst })
        },
    );
}

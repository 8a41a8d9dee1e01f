//! What should be true of keys at an exchange that keeps its own gateway, what it answered, and what its log says: the receipts of tap mode.

use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::parameter::{Kind, Parameter};
use crate::problem::Problem;
use crate::text::{Id, Reason};
use crate::view::page;
use crate::written::written;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use sumun_govern::actuator::{ActuationRow, at};
use sumun_model::Timestamp;
use utoipa::ToSchema;

const NARROW: [Parameter; 2] = [
    Parameter {
        name: "state",
        kind: Kind::OneOf(&["waiting", "failed", "acknowledged", "confirmed", "alive"]),
        required: false,
        about: "Only in this state.",
    },
    Parameter { name: "key", kind: Kind::Id, required: false, about: "Only of this key." },
];

/// A request that succeeded after the cut.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct AliveView {
    /// The event's id.
    pub event: String,
    /// Who told of it.
    pub source: String,
    /// When it was, by his clock.
    #[schema(value_type = crate::text::Instant)]
    pub at: Timestamp,
    /// `read`, `cancel`, `order` or `transfer`; null if nobody knows.
    pub effect: Option<String>,
}

/// What should be true of a key at a destination, and what is known of it.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({ "actuation": "exchange:K1", "destination": "exchange", "key": "K1", "target": "held", "action": "hold",
    "state": "confirmed", "intent": 1, "reason": "hold", "measure": "hold", "intended": "2026-11-02T00:20:00.000000Z",
    "sent": "2026-11-02T00:20:00.100000Z", "acknowledged": "2026-11-02T00:20:00.300000Z", "took_ms": 300, "status": 200,
    "answer": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "already": false, "holds": "held", "failures": 0,
    "cause": null, "last_access": "2026-11-02T00:19:58.000000Z", "silent_until": "2026-11-02T00:20:40.000000Z", "alive": null,
    "version": 3 }))]
pub(crate) struct ActuationView {
    /// Destination and key.
    pub actuation: String,
    /// Who is told: the exchange's key API, or a webhook by its name.
    pub destination: String,
    /// Of which key.
    pub key: String,
    /// What should be true: `live`, `held`, `suspended` or `ended`.
    pub target: String,
    /// What brings it there: `restore`, `hold`, `suspend` or `expire`.
    pub action: String,
    /// `waiting`; `failed`: somebody was told, and it may still be tried; `acknowledged` by the destination; `confirmed`: the exchange's own
    /// log was silent about the key afterwards; `alive`: it was not.
    pub state: String,
    /// Number of the intent: it rises with each, and the newest wins.
    pub intent: i64,
    /// Why, as one word.
    pub reason: String,
    /// The measure in force when it was intended.
    pub measure: Option<String>,
    /// When it was intended.
    #[schema(value_type = crate::text::Instant)]
    pub intended: Timestamp,
    /// When the call began that was acknowledged.
    #[schema(value_type = Option<crate::text::Instant>)]
    pub sent: Option<Timestamp>,
    /// When it was acknowledged.
    #[schema(value_type = Option<crate::text::Instant>)]
    pub acknowledged: Option<Timestamp>,
    /// From the intent to its acknowledgement, milliseconds.
    pub took_ms: Option<i64>,
    /// Status of the answer.
    pub status: Option<u16>,
    /// Hex SHA-256 of the answer's body.
    pub answer: Option<String>,
    /// It was so before.
    pub already: bool,
    /// What the destination acknowledged last, whatever waits; null: nothing yet.
    pub holds: Option<String>,
    /// How often it failed before somebody was told.
    pub failures: u32,
    /// Why it failed.
    pub cause: Option<String>,
    /// The last request that the exchange let through, by its own log.
    #[schema(value_type = Option<crate::text::Instant>)]
    pub last_access: Option<Timestamp>,
    /// Up to when that log was silent when this was written down.
    #[schema(value_type = Option<crate::text::Instant>)]
    pub silent_until: Option<Timestamp>,
    /// The first request that succeeded after the cut.
    pub alive: Option<AliveView>,
    /// Version of the row.
    pub version: i64,
}

impl ActuationView {
    /// `used` is when the key was last let through, as far as logs say by now: what is not in the receipt yet.
    fn of(row: ActuationRow, used: Option<i64>) -> Self {
        let body = row.body;
        let last_us = if row.state.is_open() { used } else { body.last_access_us };
        Self {
            took_ms: row.acknowledged_us.map(|at| (at - row.intended_us) / 1_000),
            actuation: row.actuation,
            destination: row.destination,
            key: row.key,
            target: row.target.as_str().to_owned(),
            action: row.target.action().as_str().to_owned(),
            state: row.state.as_str().to_owned(),
            intent: row.intent,
            reason: body.reason,
            measure: body.measure,
            intended: Timestamp::from_micros(row.intended_us),
            sent: at(body.sent_us),
            acknowledged: at(row.acknowledged_us),
            status: body.status,
            answer: body.answer,
            already: body.already,
            holds: body.holds.map(|holds| holds.target.as_str().to_owned()),
            failures: body.failures,
            cause: body.cause,
            last_access: at(last_us),
            silent_until: at(body.silent_until_us),
            alive: body.alive.map(|alive| AliveView {
                event: alive.event,
                source: alive.source,
                at: Timestamp::from_micros(alive.at_us),
                effect: alive.effect,
            }),
            version: row.version,
        }
    }
}

/// Why it is asked once more, and of whom.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskAgainBody {
    /// Why, in own words.
    pub reason: Reason,
    /// Only this destination; all who were told of the key if it is left out.
    pub destination: Option<Id>,
}

/// What is asked once more.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct AskedAgainView {
    /// Each destination and key.
    pub actuations: Vec<String>,
}

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::ACTUATION_LIST, "actuator", "What the exchange was told to do · 거래소 조치 목록")
            .about(
                "One item a key and destination: the newest intent, its acknowledgement, and what the exchange's own log says. A key that was \
                 never cut has none.",
            )
            .query(&NARROW)
            .lists::<ActuationView>(),
        list,
    );
    api.add(
        operation(&access::ACTUATION_RETRY, "actuator", "Ask the exchange again · 거래소에 다시 요청")
            .about("As a new intent with a number and an idempotency key of its own, whatever came of the one before.")
            .takes::<AskAgainBody>()
            .writes::<AskedAgainView>(StatusCode::OK, "It is asked again."),
        async |asked: Asked| {
            let body: AskAgainBody = asked.body()?;
            let destination = body.destination.as_ref().map(|destination| destination.as_str());
            let (govern, key) = (&asked.server.govern, asked.path("key")?);
            let how = (destination, body.reason.as_str());
            let done = govern.retry_actuation(asked.actor()?, key, how, &asked.call).await?;
            written(StatusCode::OK, done, |actuations| Ok(AskedAgainView { actuations }))
        },
    );
}

async fn list(asked: Asked) -> Result<Answer, Problem> {
    let wanted = asked.page();
    let govern = &asked.server.govern;
    let narrow = (asked.query("key"), asked.query("state"));
    let rows = govern.actuations(asked.actor()?, narrow, wanted.after, wanted.limit).await?;
    let open: Vec<String> =
        rows.iter().filter(|row| row.state.is_open()).map(|row| row.key.clone()).collect();
    let used = if open.is_empty() { BTreeMap::new() } else { govern.last_uses(&open).await? };
    let views = rows.into_iter().map(|row| {
        let used = used.get(&row.key).copied();
        ActuationView::of(row, used)
    });
    Answer::ok(&page(views.collect(), asked.limit(), |last: &ActuationView| last.actuation.clone()))
}

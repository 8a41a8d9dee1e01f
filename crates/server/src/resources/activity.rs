//! What a key did, from where and with what: its baseline against now.

use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::events::History;
use crate::operation::operation;
use crate::problem::Problem;
use crate::view::view;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a route does.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EffectWord {
    /// Looks at something.
    Read,
    /// Takes a resting order away.
    Cancel,
    /// Places or changes an order.
    Order,
    /// Moves assets, or is unknown.
    Transfer,
}

/// An address a key was used from.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ActivitySourceView {
    /// The address.
    #[schema(example = "203.0.113.7")]
    pub address: String,
    /// Its network: who runs it, or its number; null if nobody knows.
    pub network: Option<String>,
    /// The network's country, two letters, if known.
    pub country: Option<String>,
    /// First seen, as far as remembered.
    #[schema(format = DateTime)]
    pub first: String,
    /// Last seen.
    #[schema(format = DateTime)]
    pub last: String,
    /// Requests that went through.
    pub uses: u64,
    /// Validly signed requests that were refused.
    pub refused: u64,
    /// Whether it is in effect in the key's allowlist now.
    pub registered: bool,
    /// When its registration was proved, if it was.
    #[schema(format = DateTime)]
    pub proved: Option<String>,
}

/// A client a key was used with.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ActivityClientView {
    /// What it calls itself, cut to 48 bytes.
    pub client: String,
    /// First seen, as far as remembered.
    #[schema(format = DateTime)]
    pub first: String,
    /// Last seen.
    #[schema(format = DateTime)]
    pub last: String,
    /// Requests that went through.
    pub uses: u64,
}

/// A route a key was used for.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ActivityRouteView {
    /// Method and route.
    #[schema(example = "POST /v1/orders")]
    pub route: String,
    /// What it does, if known.
    pub effect: Option<EffectWord>,
    /// Last seen.
    #[schema(format = DateTime)]
    pub last: String,
    /// Requests that went through.
    pub uses: u64,
}

/// What was seen within the day that ends now, or that ended with the key.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct RecentActivityView {
    /// When that day began.
    #[schema(format = DateTime)]
    pub since: String,
    /// Requests that went through, to a twenty-fourth of the day.
    pub uses: u64,
    /// How many addresses it was signed from, refused or not; of those remembered.
    pub sources: u64,
    /// With which clients.
    pub clients: Vec<String>,
    /// From which networks, where they are known.
    pub networks: Vec<String>,
}

/// What was known before that day. Of an ended key, to staff, from before the first measure of the case in which it ended: who came later is not
/// how it was used.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct BaselineActivityView {
    /// Since when something is known; null: nothing was known before that day, and there is nothing to compare with.
    #[schema(format = DateTime)]
    pub since: Option<String>,
    /// Requests that went through on a day, on average; at least 1 if there were any.
    pub uses_day: u64,
    /// How many addresses it was signed from; of those remembered.
    pub sources: u64,
    /// With which clients.
    pub clients: Vec<String>,
    /// From which networks, where they are known.
    pub networks: Vec<String>,
}

/// What a key did. Only validly signed requests count; a bad signature touches nothing here.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ActivityView {
    /// The key.
    #[schema(example = "K1")]
    pub key: String,
    /// The earliest request listed here; null: none is. With `history`, the key may have been used before.
    #[schema(format = DateTime)]
    pub since: Option<String>,
    /// When a request last went through.
    #[schema(format = DateTime)]
    pub last_used: Option<String>,
    /// Requests that went through.
    pub uses: u64,
    /// Validly signed requests that were refused.
    pub refused: u64,
    /// How long a day is here, seconds: 86400, unless the policy in force compresses days.
    pub day_s: u32,
    /// The addresses, the latest first; 16 at most.
    #[schema(max_items = 16)]
    pub sources: Vec<ActivitySourceView>,
    /// The clients, the latest first; 8 at most.
    #[schema(max_items = 8)]
    pub clients: Vec<ActivityClientView>,
    /// The routes, the latest first; 16 at most.
    #[schema(max_items = 16)]
    pub routes: Vec<ActivityRouteView>,
    /// Uses by the hour of the venue's day, all days together: 24 numbers.
    #[schema(min_items = 24, max_items = 24)]
    pub hours: Vec<u64>,
    /// Within the last day; of an ended key, the last before its end.
    pub recent: RecentActivityView,
    /// Before it.
    pub baseline: BaselineActivityView,
    /// What was back-filled from past logs: detection knows it, and nothing of it is listed or counted here. Null: nothing was.
    pub history: Option<BackfilledActivityView>,
}

/// Past logs that detection was given before it went on with the event log.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct BackfilledActivityView {
    /// When the first of their lines happened; null if it was not noted.
    #[schema(format = DateTime)]
    pub from: Option<String>,
    /// When the last of them happened.
    #[schema(format = DateTime)]
    pub to: String,
}

impl BackfilledActivityView {
    fn of(asked: &Asked) -> Option<Self> {
        let History { from, to } = asked.server.events.as_ref()?.log.standing().detecting?.history?;
        Some(Self { from: from.map(|from| from.to_string()), to: to.to_string() })
    }
}

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::KEY_ACTIVITY, "keys", "What a key did · 키 사용 기록")
            .about(
                "A bounded record, a few seconds behind the gates: made of the event log, not of the ledger.",
            )
            .gives::<ActivityView>(StatusCode::OK, "What it did."),
        async |asked: Asked| -> Result<_, Problem> {
            let activity = asked.server.govern.key_activity(asked.actor()?, asked.path("key")?).await?;
            let mut shown = view::<ActivityView>(&activity)?;
            shown.history = BackfilledActivityView::of(&asked);
            Answer::ok(&shown)
        },
    );
}

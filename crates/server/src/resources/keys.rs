//! Keys: asked for, looked at, and what happened to them in order.

use super::ledger::ENTRIES;
use super::shapes::{AllowlistEntry, Limits, PurposeWord, ScopeWord};
use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::parameter::{Kind, Parameter};
use crate::problem::Problem;
use crate::text::{Id, Instant, Line, PublicKey};
use crate::view::{page, view};
use crate::written::written;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sumun_govern::keys::capability::Sentence;
use sumun_govern::keys::read::KeyFilter;
use sumun_govern::keys::request::KeyRequest;
use utoipa::ToSchema;

/// How a key's requests are signed.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SchemeWord {
    /// A shared secret, issued here.
    Hs256,
    /// The owner's own signing key; only its public half is held here.
    Ed25519,
}

/// A key that is asked for.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "account": "A1", "purpose": "own_bot", "application": "bot", "scopes": ["read", "trade"],
    "allowlist": ["203.0.113.7/32"], "expires": "2027-06-01T00:00:00Z", "terms": "2026-05" }))]
pub(crate) struct KeyRequestBody {
    /// The account it shall belong to.
    pub account: Id,
    /// What for; every key has a purpose.
    #[serde(default)]
    pub purpose: Option<PurposeWord>,
    /// The one application it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub application: Option<Line>,
    /// Who drives it; the account's owner if not said.
    #[serde(default)]
    pub operator: Option<Id>,
    /// Whose tool it is for.
    #[serde(default)]
    pub vendor: Option<Id>,
    /// What it may do; reading if not said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(min_items = 1, max_items = 12)]
    pub scopes: Vec<ScopeWord>,
    /// Whence.
    #[serde(default)]
    #[schema(max_items = 64)]
    pub allowlist: Vec<AllowlistEntry>,
    /// Until when; every key has an end.
    #[serde(default)]
    pub expires: Option<Instant>,
    /// When its rights to trade end by themselves while the rest lives on.
    #[serde(default)]
    pub trade_until: Option<Instant>,
    /// When its rights to move assets end by themselves while the rest lives on.
    #[serde(default)]
    pub transfer_until: Option<Instant>,
    /// Limits on its orders.
    #[serde(default)]
    pub mandate: Limits,
    /// How its requests are signed; `hs256` if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub scheme: Option<SchemeWord>,
    /// For `ed25519`: 32 bytes, base64url without padding.
    #[serde(default)]
    pub public_key: Option<PublicKey>,
    /// The key whose place it shall take; measures and baseline follow.
    #[serde(default)]
    pub replaces: Option<Id>,
    /// Version of the terms that were read and accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub terms: Option<Line>,
}

/// Where a key stands.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KeyStateWord {
    /// Asked for.
    Requested,
    /// Lives.
    Active,
    /// Cut for the time being: only `cancel` passes.
    Suspended,
    /// Ended, for ever.
    Expired,
    /// Refused, for ever.
    Rejected,
}

/// Rights that are granted together.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct GrantView {
    /// Which: `read`, `trade` or `transfer`.
    pub step: String,
    /// The approval it waits for, or was granted by.
    pub approval: Option<String>,
    /// Whether it is granted.
    pub granted: bool,
    /// When it ends by itself.
    #[serde(default)]
    #[schema(format = DateTime)]
    pub until: Option<String>,
}

/// A key. Never its secret, nor a digest of it.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct KeyView {
    /// Its id.
    #[schema(example = "K1")]
    pub key: String,
    /// Its account.
    #[schema(example = "A1")]
    pub account: String,
    /// Where it stands.
    pub state: KeyStateWord,
    /// The measure in force; an owner does not see `monitor`. A key that has ended is under none but its forced end.
    pub measure: Option<String>,
    /// Under which measure it stood when it ended, if it has ended and a lesser one was in force.
    #[serde(default)]
    pub measure_at_end: Option<String>,
    /// Why it ended.
    pub cause: Option<String>,
    /// What it may do.
    pub scopes: Vec<ScopeWord>,
    /// Whence.
    pub allowlist: Vec<AllowlistEntry>,
    /// What for.
    pub purpose: PurposeWord,
    /// The one application.
    pub application: String,
    /// Who drives it.
    pub operator: String,
    /// Whose tool.
    pub vendor: Option<String>,
    /// How its requests are signed.
    pub scheme: SchemeWord,
    /// The owner's public key.
    pub public_key: Option<String>,
    /// Made at.
    #[schema(format = DateTime)]
    pub created: String,
    /// Ends at, rotation included.
    #[schema(format = DateTime)]
    pub expires: String,
    /// Should be rotated by then.
    #[schema(format = DateTime)]
    pub rotate_by: Option<String>,
    /// The key whose place it took.
    pub replaces: Option<String>,
    /// What it was approved to do.
    pub mandate: Limits,
    /// Version of the terms accepted; null where none were, such as of a key that was imported.
    #[schema(required)]
    pub terms: Option<String>,
    /// When they were.
    #[schema(required, format = DateTime)]
    pub terms_accepted: Option<String>,
    /// Who asked for it.
    pub requested_by: String,
    /// Its steps, and which are granted.
    pub approvals: Vec<GrantView>,
    /// Why it is suspended, held or ended; for staff.
    pub reason: Option<String>,
    /// Who reviews its hold; for staff.
    pub review_by: Option<String>,
    /// By when the hold is reviewed.
    #[schema(format = DateTime)]
    pub review_due: Option<String>,
    /// The enrolment campaign under which it reads and cancels only, until its owner registers who uses it; null for none.
    #[serde(default)]
    #[schema(required)]
    pub campaign: Option<String>,
    /// When a request with it last went through, as far as the event log was read. Null: never; null too in the answer of a write.
    #[serde(default)]
    #[schema(format = DateTime)]
    pub last_used: Option<String>,
    /// Version of the row.
    pub version: i64,
}

/// The key, and what now waits for somebody.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct KeyAnswerView {
    /// The key as it stands.
    pub key: KeyView,
    /// Approvals that must be given before what was asked for holds.
    pub waits_for: Vec<String>,
}

/// One thing that happened to a key.
#[derive(Serialize, ToSchema)]
pub(crate) struct TimelineView {
    /// Index of the ledger entry.
    pub index: u64,
    /// What happened.
    #[schema(example = "key.issued")]
    pub class: String,
    /// When it was sequenced.
    #[schema(format = DateTime)]
    pub at: String,
    /// Who did it; a customer sees `staff` for staff.
    pub actor: Option<String>,
    /// Why; for staff.
    pub reason: Option<String>,
    /// The facts; for staff.
    pub facts: Option<Value>,
    /// Whether the facts were erased since.
    pub erased: bool,
    /// Where it left the key, if it changed the key.
    pub state: Option<String>,
    /// By which cause it ended the key, if it did, whatever the entry is called: `natural`, `owner`, `rotated`, `forced` or `leaked`.
    #[schema(required)]
    pub ended: Option<String>,
    /// Under which measure it left the key; for staff.
    pub measure: Option<String>,
}

/// A page of what happened to a key.
#[derive(Serialize, ToSchema)]
pub(crate) struct TimelinePage {
    /// In order.
    pub items: Vec<TimelineView>,
    /// `after` of the next page; null at the end.
    pub next: Option<String>,
}

/// What a key may do, in words.
#[derive(Serialize, ToSchema)]
pub(crate) struct CapabilityView {
    /// The key.
    pub key: String,
    /// One thing each.
    pub sentences: Vec<SentenceView>,
}

/// A sentence in both languages.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct SentenceView {
    /// Korean.
    pub ko: String,
    /// English.
    pub en: String,
}

impl From<Sentence> for SentenceView {
    fn from(said: Sentence) -> Self {
        Self { ko: said.ko, en: said.en }
    }
}

const NARROW: [Parameter; 4] = [
    Parameter {
        name: "q",
        kind: Kind::Line,
        required: false,
        about: "Only those whose id, account or application begins with this text; those whose id does come first.",
    },
    Parameter {
        name: "measure",
        kind: Kind::OneOf(&["monitor", "warn", "hold", "reverify", "expire"]),
        required: false,
        about: "Only those under this measure, as whoever asks sees it.",
    },
    Parameter { name: "account", kind: Kind::Id, required: false, about: "Only of this account." },
    Parameter {
        name: "state",
        kind: Kind::OneOf(&["requested", "active", "suspended", "expired", "rejected"]),
        required: false,
        about: "Only in this state.",
    },
];

/// A long past is read from its end.
const ORDER: Parameter = Parameter {
    name: "order",
    kind: Kind::OneOf(&["oldest", "newest"]),
    required: false,
    about: "Which entry comes first; `oldest` if absent. With `newest`, `after` goes on to older ones.",
};

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::KEY_REQUEST, "keys", "Ask for a key · 키 신청")
            .about("Takes a fresh second factor. What it waits for depends on the segment and on what it may do.")
            .takes::<KeyRequestBody>()
            .writes::<KeyAnswerView>(StatusCode::CREATED, "Asked for."),
        async |asked: Asked| {
            let request: KeyRequest = asked.body_as::<KeyRequestBody, _>()?;
            let done = asked.server.govern.request_key(asked.actor()?, &request, &asked.call).await?;
            written(StatusCode::CREATED, done, |answer| view::<KeyAnswerView>(&answer))
        },
    );
    api.add(operation(&access::KEY_LIST, "keys", "Keys · 키 목록").query(&NARROW).lists::<KeyView>(), list);
    api.add(
        operation(&access::KEY_GET, "keys", "One key · 키 조회")
            .gives::<KeyView>(StatusCode::OK, "The key.")
            .versioned(),
        async |asked: Asked| {
            let shown: KeyView = view(&asked.server.govern.key(asked.actor()?, asked.path("key")?).await?)?;
            Ok(Answer::ok(&shown)?.version(shown.version))
        },
    );
    api.add(
        operation(&access::KEY_TIMELINE, "keys", "What happened to a key · 키 이력")
            .query(&ENTRIES)
            .query(&[ORDER])
            .gives::<TimelinePage>(StatusCode::OK, "One page, in order."),
        timeline,
    );
    api.add(
        operation(&access::KEY_CAPABILITY, "keys", "What a key may do, in words · 키 권한 설명")
            .gives::<CapabilityView>(StatusCode::OK, "In both languages."),
        async |asked: Asked| {
            let key = asked.path("key")?;
            let sentences = asked.server.govern.key_capability(asked.actor()?, key).await?;
            let sentences = sentences.into_iter().map(Into::into).collect();
            Answer::ok(&CapabilityView { key: key.to_owned(), sentences })
        },
    );
}

async fn list(asked: Asked) -> Result<Answer, Problem> {
    let wanted = asked.page();
    let filter = KeyFilter {
        account: asked.query("account").map(str::to_owned),
        q: asked.query("q").map(str::to_owned),
        // These words are checked already.
        measure: asked.query("measure").and_then(|word| word.parse().ok()),
        state: asked.query("state").and_then(|word| word.parse().ok()),
        after: wanted.after,
        limit: wanted.limit,
    };
    let keys = asked.server.govern.keys(asked.actor()?, &filter).await?;
    let views = keys.iter().map(view::<KeyView>).collect::<Result<Vec<_>, _>>()?;
    Answer::ok(&page(views, asked.limit(), |last| last.key.clone()))
}

async fn timeline(asked: Asked) -> Result<Answer, Problem> {
    let after = asked.query_number("after");
    let more = asked.page().limit;
    let (actor, key, govern) = (asked.actor()?, asked.path("key")?, &asked.server.govern);
    let entries = match asked.query("order") {
        Some("newest") => govern.key_timeline_newest(actor, key, after, more).await?,
        _ => govern.key_timeline(actor, key, after, more).await?,
    };
    let items: Vec<_> = entries
        .into_iter()
        .map(|entry| TimelineView {
            index: entry.entry,
            class: entry.class,
            at: entry.at.to_string(),
            actor: entry.actor,
            reason: entry.facts.as_ref().and_then(|facts| facts.get("reason")?.as_str()).map(str::to_owned),
            facts: entry.facts,
            erased: entry.erased,
            state: entry.state,
            ended: entry.ended,
            measure: entry.measure,
        })
        .collect();
    Answer::ok(&page(items, asked.limit(), |last| last.index.to_string()))
}

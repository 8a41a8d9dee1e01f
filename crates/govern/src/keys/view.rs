//! A key as people and programs see it: without digests of its secret, and for its owner without what he must not know.

use super::access::inside;
use super::row::{Grant, KeyRow, Scheme};
use crate::actor::Actor;
use crate::call::Call;
use crate::govern::check_if_match;
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sumun_model::key::AllowlistEntry;
use sumun_model::{ExpiryCause, KeyState, Mandate, Measure, Purpose, ScopeSet, Timestamp};

/// A key as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyView {
    /// Its id.
    pub key: String,
    /// Its account.
    pub account: String,
    /// Where it stands.
    pub state: KeyState,
    /// The measure in force; `monitor` is for those who look into suspicions. A key that has ended is under none but its forced end.
    pub measure: Option<Measure>,
    /// Under which measure it stood when it ended, if it has ended and a lesser one was in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure_at_end: Option<Measure>,
    /// Why it ended.
    pub cause: Option<ExpiryCause>,
    /// What it may do.
    pub scopes: ScopeSet,
    /// Whence.
    pub allowlist: Vec<AllowlistEntry>,
    /// What for.
    pub purpose: Purpose,
    /// The one application.
    pub application: String,
    /// Who drives it.
    pub operator: String,
    /// Whose tool.
    pub vendor: Option<String>,
    /// How its requests are signed.
    pub scheme: Scheme,
    /// The owner's public key, hex.
    pub public_key: Option<String>,
    /// Made at.
    pub created: Timestamp,
    /// Ends at, rotation included.
    pub expires: Timestamp,
    /// Should be rotated by then.
    pub rotate_by: Option<Timestamp>,
    /// The key whose place it took.
    pub replaces: Option<String>,
    /// What it was approved to do.
    pub mandate: Mandate,
    /// Version of the terms accepted; none where none were, such as of a key that was imported.
    pub terms: Option<String>,
    /// When they were.
    pub terms_accepted: Option<Timestamp>,
    /// Who asked for it; shown to staff and to the customer himself.
    pub requested_by: String,
    /// Its steps, and which are granted.
    pub approvals: Vec<Grant>,
    /// Why it is suspended, held or ended.
    pub reason: Option<String>,
    /// Who reviews its hold; for staff.
    pub review_by: Option<String>,
    /// By when the hold is reviewed.
    pub review_due: Option<Timestamp>,
    /// The enrolment campaign under which it reads and cancels only, until its owner registers who uses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// When a request with it last went through, as far as it was looked up. Never part of what `version` is made of.
    #[serde(default)]
    pub last_used: Option<Timestamp>,
    /// For `If-Match`. Whoever does not see all of the key gets a number made of what he sees: it is another one when that
    /// changed, and tells nothing of what changed beside it.
    pub version: i64,
}

impl KeyRow {
    /// The version of the terms that were accepted for it, and when; none of an imported key: nobody asked its owner.
    #[must_use]
    pub fn accepted(&self) -> Option<(&str, Timestamp)> {
        (!self.terms.is_empty())
            .then(|| (self.terms.as_str(), Timestamp::from_micros(self.terms_accepted_us)))
    }
}

impl KeyView {
    /// As this principal sees it.
    #[must_use]
    pub fn of(key: &KeyRow, actor: &Actor) -> Self {
        let inside = inside(actor);
        let time = Timestamp::from_micros;
        let seen = key.measure.filter(|measure| inside || *measure != Measure::Monitor);
        // The row keeps it: it follows its customer to another key. In force on this one it is no more.
        let at_end = seen.filter(|measure| key.state.is_terminal() && *measure != Measure::Expire);
        let mut view = Self {
            key: key.key.clone(),
            account: key.account.clone(),
            state: key.state,
            measure: seen.filter(|_| at_end.is_none()),
            measure_at_end: at_end,
            cause: key.cause,
            scopes: key.scopes,
            allowlist: key.allowlist.clone(),
            purpose: key.purpose,
            application: key.application.clone(),
            operator: key.operator.clone(),
            vendor: key.vendor.clone(),
            scheme: key.scheme,
            public_key: key.public_key.clone(),
            created: time(key.created_us),
            expires: key.ends(),
            rotate_by: key.rotate_by_us.map(time),
            replaces: key.replaces.clone(),
            mandate: key.mandate.clone(),
            terms: key.accepted().map(|(version, _)| version.to_owned()),
            terms_accepted: key.accepted().map(|(_, at)| at),
            requested_by: key.requested_by.clone(),
            approvals: key.approvals.clone(),
            reason: key.reason.clone().filter(|_| inside),
            review_by: key.review_by.clone().filter(|_| inside),
            review_due: key.review_due_us.map(time),
            campaign: key.campaign.clone(),
            last_used: None,
            version: key.version,
        };
        if !inside {
            view.version = 0;
            view.version = digested(&view);
        }
        view
    }
}

/// A version made of what is seen: 53 bits, which every JSON reader holds exactly, and never 0.
pub(crate) fn digested(view: &impl Serialize) -> i64 {
    // Plain fields only: nothing here can fail to serialise.
    let text = serde_json::to_string(view).unwrap_or_default();
    let digest = Sha256::digest(text);
    let number = digest.iter().take(7).fold(0_i64, |number, byte| (number << 8) | i64::from(*byte));
    (number >> 3) | 1
}

/// Refuses if this principal has seen another version of the key than the one he would see now.
///
/// # Errors
/// `version_stale`.
pub(crate) fn check_seen(call: &Call, key: &KeyRow, actor: &Actor) -> Result<(), Refusal> {
    match call.if_match {
        Some(_) => check_if_match(call, "key", &key.key, KeyView::of(key, actor).version),
        None => Ok(()),
    }
}

/// What most use cases answer: the key, and what now waits for somebody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyAnswer {
    /// The key as it stands.
    pub key: KeyView,
    /// Approvals that must be given before what was asked for holds.
    pub waits_for: Vec<String>,
}

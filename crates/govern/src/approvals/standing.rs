//! Do those whose word an approval rests on still work here? Asked when it is granted, in the change that executes it.
//!
//! Only staff: a customer's people come with an assertion each time, and their word is bound to their session.

use super::{Approval, ApprovalState};
use crate::actor::Role;
use crate::govern::{Govern, store_refusal};
use crate::keys::access::PROPOSERS;
use crate::parties::vendor_state::STATE_ROLES;
use crate::proposal::{
    CAMPAIGN_SET, KEY_EXPIRE, KEY_MEASURE, POLICY_ACTIVATE, RAMP_SET, TOKEN_MAKE, USER_ROLES, VENDOR_APPROVE,
    VENUE_ADOPT,
};
use crate::refusal::{Refusal, RefusalKind};
use crate::row;
use crate::staff::users::USER_ADMINS;
use serde_json::json;
use sumun_store::tables::{APPROVALS, USERS};
use sumun_store::{Filter, Image, RowRead, RowWrite};

/// Who of staff may ask for this.
fn askers(action: &str) -> &'static [Role] {
    match action {
        VENUE_ADOPT => crate::venue::adopt::ROLES,
        POLICY_ACTIVATE => crate::policies::propose::ROLES,
        RAMP_SET => crate::ramp::RAISERS,
        VENDOR_APPROVE => STATE_ROLES,
        USER_ROLES | TOKEN_MAKE => USER_ADMINS,
        CAMPAIGN_SET => crate::campaigns::PROPOSERS,
        KEY_MEASURE | KEY_EXPIRE | "key.grant" | "key.widen" => PROPOSERS,
        // What is asked for by nobody known here rests on nobody's word.
        _ => &[],
    }
}

impl Govern {
    /// The rows of all of staff who asked and agreed: each can sign in, and has the role by which he did.
    ///
    /// # Errors
    /// `voice_void`, naming him; the store's.
    pub(crate) async fn voices(&self, approval: &Approval) -> Result<Vec<RowRead>, Refusal> {
        let asked = (approval.requested_by.as_str(), askers(&approval.action));
        let agreed = approval.decisions.iter().map(|one| (one.by.as_str(), std::slice::from_ref(&one.role)));
        let mut reads = Vec::new();
        for (principal, roles) in std::iter::once(asked).chain(agreed) {
            let Some(user) = principal.strip_prefix("user:") else { continue };
            let stands = |row: &Image| {
                row::text(row, "state") == "active"
                    && row::json::<Vec<Role>>(row, "roles").iter().any(|role| roles.contains(role))
            };
            let Some(row) = self.row(&USERS, user).await?.filter(stands) else {
                return Err(Refusal::new(
                    RefusalKind::Conflict,
                    "voice_void",
                    format!("`{principal}` asked or agreed, and no longer works here in the role for it"),
                    "have this one refused, and let somebody entitled ask anew",
                ));
            };
            reads.push(row::unchanged(&USERS, user, Some(&row)));
        }
        Ok(reads)
    }

    /// Takes back whatever this principal asked for and nobody has decided yet.
    pub(crate) async fn withdrawn_with(&self, principal: &str) -> Result<Vec<RowWrite>, Refusal> {
        let equals = vec![("requested_by", json!(principal)), ("state", json!(ApprovalState::Open))];
        let filter = Filter { equals, limit: Filter::LIMIT_MAX, ..Filter::default() };
        let rows = self.store.list(&APPROVALS, &filter).await.map_err(store_refusal)?;
        // One that cannot be read cannot be granted either; it must not keep anybody in.
        let (open, now) = (rows.iter().filter_map(|row| Approval::of(row).ok()), self.world.now());
        Ok(open.map(|open| open.closed(ApprovalState::Withdrawn, now).next_write()).collect())
    }
}

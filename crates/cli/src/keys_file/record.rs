//! One key of the keys file.

use serde::{Deserialize, Serialize};
use sumun_model::key::AllowlistEntry;
use sumun_model::{
    AccountId, ExpiryCause, KeyId, KeyState, Mandate, Measure, OperatorId, Purpose, Scope, ScopeSet, Segment,
    Timestamp, VendorId,
};
use sumun_seal::SealedSecret;

/// One key: the wire's `key` line without its envelope, and the sealed secret. Absent means unknown, never false.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a key's fields")]
pub struct KeyRecord {
    /// The id clients send.
    pub key: KeyId,
    /// The one account it belongs to.
    pub account: AccountId,
    /// Which rules of a ramp are for it; absent: none that names a segment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<Segment>,
    /// Where it stands.
    pub state: KeyState,
    /// What it may do.
    pub scopes: ScopeSet,
    /// Whence it may be used.
    pub allowlist: Vec<AllowlistEntry>,
    /// Whether an address that is registered and not proved is not in effect; absent: as this gate's configuration says. The feed
    /// says so of each key that has such addresses, by the rules of its segment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_proof_required: Option<bool>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// The one application it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Who drives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<OperatorId>,
    /// Whose tool it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<VendorId>,
    /// Created at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// Ends at; enforced by the gate's own clock.
    pub expires: Timestamp,
    /// The key it took the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<KeyId>,
    /// A measure in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<Measure>,
    /// Only reading and cancelling pass: its owner has not registered who uses it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub registration_due: bool,
    /// Why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<ExpiryCause>,
    /// The secret, sealed for this key's id. A key without one says who holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SealedSecret>,
    /// Who holds the secret where it is not here: then no signature is checked here, and a request passes only where somebody trusted has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_held: Option<SecretHeld>,
    /// What it was approved to do. Last, because TOML wants tables behind plain values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mandate: Option<Mandate>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// Who holds a secret that is not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretHeld {
    /// The exchange.
    Exchange,
}

/// What a key without a registered address may hold at most: nothing of an account.
const WITHOUT_ALLOWLIST: ScopeSet = ScopeSet::EMPTY.with(Scope::MarketData);

impl KeyRecord {
    /// Rules between fields that make an entry unusable: what is wrong, and what to do.
    pub(crate) fn problem(&self) -> Option<(&'static str, String)> {
        let beyond = self.scopes.iter().find(|scope| !WITHOUT_ALLOWLIST.contains(*scope));
        if let Some(scope) = beyond
            && self.allowlist.is_empty()
        {
            return Some((
                "allowlist",
                format!("is empty, but the key holds `{scope}`; register the addresses it is used from"),
            ));
        }
        self.problem_at_gate()
    }

    /// As [`KeyRecord::problem`] of what a gate learns: a key without addresses is known there, and refused wherever it comes from.
    pub(crate) fn problem_at_gate(&self) -> Option<(&'static str, String)> {
        if self.secret.is_none() && self.secret_held.is_none() {
            return Some(("secret", "is missing, and nobody is said to hold it".to_owned()));
        }
        if self.purpose == Some(Purpose::ThirdPartyTool) && self.scopes.contains(Scope::Withdraw) {
            return Some((
                "scopes",
                "holds `withdraw`, which a key for a third-party tool never may; take it out".to_owned(),
            ));
        }
        if self.mandate.as_ref().is_some_and(|mandate| mandate.orders_per_second_max == Some(0)) {
            return Some((
                "mandate.orders_per_second_max",
                "is 0, which would refuse every order; a key that may place none lacks the scope `trade`: take the scope \
                 out, or the 0"
                    .to_owned(),
            ));
        }
        None
    }
}

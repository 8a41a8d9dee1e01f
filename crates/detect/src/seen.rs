//! What a detector is shown: a line with everything known around it, looked up once.

use crate::mark::Mark;
use crate::network::Network;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use sumun_model::key::AllowlistEntry;
use sumun_model::wire::AccessLine;
use sumun_model::wire::state::{VendorClass, VendorState};
use sumun_model::{
    AccountId, CustomerId, KeyId, KeyState, Mandate, Measure, OperatorId, PersonId, Prefix, Purpose,
    ScopeSet, Segment, Timestamp, VendorId,
};

/// The program behind a request, as far as its agent text says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Family, lower case: the agent's first product token (`ccxt`, `python-requests`); empty if there is no agent.
    pub family: String,
    /// Major version, if the token has one.
    pub major: Option<u32>,
}

/// What is known of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountView {
    /// The account.
    pub account: AccountId,
    /// Whose.
    pub customer: Option<CustomerId>,
    /// The natural person behind it.
    pub person: Option<PersonId>,
    /// Kind of customer.
    pub segment: Option<Segment>,
    /// ISO 3166 two letters.
    pub country: Option<String>,
    /// The owner as an operator.
    pub owner: Option<OperatorId>,
}

/// A vendor as the registry has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VendorView {
    /// The vendor.
    pub vendor: VendorId,
    /// Where it stands.
    pub state: Option<VendorState>,
    /// What it does.
    pub class: Option<VendorClass>,
    /// Its egress networks.
    pub networks: Vec<Prefix>,
    /// Widest scopes.
    pub scopes: Option<ScopeSet>,
}

/// A delegation that bears on a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelegationView {
    /// To whom.
    pub operator: Option<OperatorId>,
    /// From which networks; empty: any.
    pub networks: Vec<Prefix>,
    /// To do what; null: anything the key may.
    pub scopes: Option<ScopeSet>,
    /// Begins at.
    pub from: Option<Timestamp>,
    /// Ends at.
    pub until: Option<Timestamp>,
    /// Whether it runs.
    pub active: bool,
}

/// What is known of a key at this place in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyView {
    /// The key.
    pub key: KeyId,
    /// Where it stands; null: never told.
    pub state: Option<KeyState>,
    /// What it may do.
    pub scopes: Option<ScopeSet>,
    /// Whence it may be used, as the last `key` line says.
    pub allowlist: Vec<AllowlistEntry>,
    /// Whether any `key` line was seen: without one the allowlist is unknown, not empty.
    pub told: bool,
    /// What it is for.
    pub purpose: Option<Purpose>,
    /// Who drives it.
    pub operator: Option<OperatorId>,
    /// Whose tool it is for.
    pub vendor: Option<VendorId>,
    /// Created at.
    pub created: Option<Timestamp>,
    /// Ends at.
    pub expires: Option<Timestamp>,
    /// The key it took the place of.
    pub replaces: Option<KeyId>,
    /// What it was approved to do.
    pub mandate: Option<Mandate>,
}

impl KeyView {
    /// The allowlist entry that holds an address, the longest prefix first.
    #[must_use]
    pub fn entry_for(&self, address: IpAddr) -> Option<&AllowlistEntry> {
        self.allowlist
            .iter()
            .filter(|entry| entry.prefix().contains(address))
            .max_by_key(|entry| entry.prefix().length())
    }
}

/// One request, with everything around it. Only shown to key detectors when it names a key that is known or has been seen.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Engine time.
    pub now: Timestamp,
    /// The line.
    pub line: &'a AccessLine,
    /// Signature valid, or let through by a trusted front that does not check (WIRE 3). An invalid signature never reaches a key
    /// detector at all.
    pub valid: bool,
    /// The gate let it through, or only shadow kept it from doing so... that is: the request went on.
    pub passed: bool,
    /// The outcome of the address check alone: `Some(false)` is a valid signature from an address not in effect.
    pub address_ok: Option<bool>,
    /// Where it came from, canonical. Lines without an address are not shown.
    pub address: IpAddr,
    /// Its network.
    pub network: &'a Network,
    /// The program.
    pub client: &'a Client,
    /// Mark of ja4, agent family and major together: what may *split* operators and never *join* customers.
    pub client_mark: Mark,
    /// The key.
    pub key: &'a KeyView,
    /// Its account.
    pub account: &'a AccountView,
    /// The vendor named by the key, if known.
    pub vendor: Option<&'a VendorView>,
    /// The approved vendor whose registered egress holds the address, named by the key or not; the longest prefix, then the least id.
    pub egress_of: Option<&'a VendorView>,
    /// Delegations of the account that name this key or none.
    pub delegations: &'a [DelegationView],
    /// A measure in force, as of the last whole minute (WIRE 4, feedback).
    pub measure: Option<Measure>,
    /// Population figures, as of the last event hour.
    pub population: &'a Population,
}

/// How often values occur among all keys, reduced each event hour in partition order and used from the next (WIRE 4).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Population {
    /// Keys with at least one counted session.
    pub keys: u64,
    /// Sessions counted.
    pub sessions: u64,
    /// Sessions by mark of a value: network operator, country, client family, client; bounded, the rarest dropped first.
    pub counts: std::collections::BTreeMap<Mark, u64>,
    /// Different values ever counted, dropped ones among them.
    pub distinct: u64,
}

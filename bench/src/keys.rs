//! Made-up keys: the same in every run, and their secrets known to whoever signs the requests.

use sumun_dialect::MacKey;
use sumun_gate::{KeySpec, Status};
use sumun_model::{AccountId, ApiSecret, KeyId, Scope, ScopeSet, Timestamp};

/// How many secrets there are. Keys share them, so that the bare check has its few HMAC states at hand and pays for no
/// look-up; each key in the table still holds its own states.
pub const SECRETS: u64 = 64;
/// From where every request comes; on each key's allowlist.
pub const CLIENT: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// The id of a key, 40 characters like an exchange's own.
#[must_use]
pub fn id(index: u64) -> String {
    format!("MadeUpBenchKey{index:026}")
}

/// The secret of a key, 40 characters.
#[must_use]
pub fn secret(index: u64) -> String {
    format!("made-up-secret-of-the-bench-{:012}", index % SECRETS)
}

/// What the secrets become for whoever holds them by number.
///
/// # Errors
/// None for made-up secrets; the type says it all the same.
pub fn api_secret(index: u64) -> anyhow::Result<ApiSecret> {
    Ok(ApiSecret::new(secret(index).into_bytes())?)
}

/// Everything but managing money: what a trading bot's key holds.
#[must_use]
pub fn scopes() -> ScopeSet {
    ScopeSet::READ.union(ScopeSet::TRADE).with(Scope::Withdraw)
}

/// When every key ends, far behind the fixed instant of deciding.
pub const EXPIRES: Timestamp = Timestamp::from_millis(4_000_000_000_000);

/// What the gate is told of a key: one registered address, no mandate.
///
/// # Errors
/// None for made-up keys; the type says it all the same.
pub fn spec(index: u64, secret: &ApiSecret) -> anyhow::Result<KeySpec> {
    Ok(KeySpec {
        id: KeyId::new(&id(index))?,
        account: AccountId::new(&format!("made-up-account-{index}"))?,
        segment: None,
        status: Status::ACTIVE,
        scopes: scopes(),
        allowlist: sumun_model::Prefix::host(CLIENT).into(),
        expires: EXPIRES,
        markets: None,
        orders_per_second_max: None,
        mac: Some(MacKey::new(secret)),
    })
}

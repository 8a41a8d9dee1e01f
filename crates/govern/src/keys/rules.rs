//! What a key may be: scopes by purpose, addresses by segment, life, vendor. Pure; a value that passed is [`Wanted`].
//!
//! The same rules look at a new key and at a widened one. Who must agree is here too; who may ask is in [`super::access`].

use super::row::Scheme;
use crate::refusal::{Refusal, RefusalKind};
use crate::venue::{ApprovalClass, SegmentRules, Venue};
use sumun_model::key::AllowlistEntry;
use sumun_model::{Prefix, Purpose, Scope, ScopeSet, Segment, Timestamp};

/// Most entries of one allowlist: gates keep it in memory for every key, and nobody registers more addresses with care.
pub const ALLOWLIST_ENTRIES_MAX: usize = 64;
const DAY_US: i64 = 86_400_000_000;

/// What a key can do without a registered address: nothing of an account.
const WITHOUT_ALLOWLIST: ScopeSet = ScopeSet::EMPTY.with(Scope::MarketData);

/// A vendor as far as a key's rules look at it.
#[derive(Clone, Debug, PartialEq)]
pub struct VendorFacts {
    /// Its id.
    pub vendor: String,
    /// Its state's word.
    pub state: String,
    /// The most its keys may hold.
    pub scopes: ScopeSet,
    /// Whence it connects.
    pub networks: Vec<Prefix>,
}

/// What somebody wants of a key.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// What for.
    pub purpose: Purpose,
    /// What it may do.
    pub scopes: ScopeSet,
    /// Whence.
    pub allowlist: &'a [AllowlistEntry],
    /// Until when.
    pub expires: Timestamp,
    /// Whose tool; loaded.
    pub vendor: Option<&'a VendorFacts>,
}

fn invalid(code: &'static str, pointer: &str, message: String, remedy: impl Into<String>) -> Refusal {
    Refusal::new(RefusalKind::Invalid, code, message, remedy).at(pointer)
}

/// Checks all of it; gives back what is allowed but unwise.
///
/// # Errors
/// The first rule broken, in the order scopes, vendor, addresses, expiry.
pub fn check(
    venue: &Venue,
    segment: Segment,
    wanted: &Wanted<'_>,
    now: Timestamp,
) -> Result<Vec<String>, Refusal> {
    let rules = venue.segment(segment);
    scopes(venue, wanted)?;
    let mut warnings = vendor(wanted)?;
    allowlist(rules, segment, wanted.scopes, wanted.allowlist)?;
    expiry(rules, wanted.expires, now)?;
    if wanted.scopes.contains(Scope::Trade) && !wanted.scopes.contains(Scope::Cancel) {
        warnings.push("it can place orders and not cancel them".to_owned());
    }
    Ok(warnings)
}

fn scopes(venue: &Venue, wanted: &Wanted<'_>) -> Result<(), Refusal> {
    let (purpose, scopes) = (wanted.purpose, wanted.scopes);
    if scopes.is_empty() {
        return Err(invalid(
            "scopes_empty",
            "/scopes",
            "a key without scopes can do nothing".to_owned(),
            "leave `scopes` out for a key that can read, or name what it needs",
        ));
    }
    if purpose == Purpose::ThirdPartyTool && scopes.contains(Scope::Withdraw) {
        return Err(invalid(
            "withdraw_third_party",
            "/scopes",
            "a key for a third party's tool never holds `withdraw`, whoever asks".to_owned(),
            "take `withdraw` out; withdraw by hand, or by a key of your own programme",
        ));
    }
    let Some(most) = venue.scopes_max(purpose) else {
        return Err(invalid(
            "purpose_not_offered",
            "/purpose",
            format!("this venue offers no keys for the purpose `{purpose}`"),
            "choose a purpose that the venue offers; see `purposes` of its facts",
        ));
    };
    if let Some(beyond) = strongest(scopes, most) {
        return Err(invalid(
            "purpose_caps_scopes",
            "/scopes",
            format!("a key for the purpose `{purpose}` never holds `{beyond}`"),
            format!("at most {}; or choose the purpose that fits the use", words(most)),
        ));
    }
    if purpose == Purpose::Portfolio && ApprovalClass::of(scopes) != ApprovalClass::Read {
        return Err(invalid(
            "purpose_caps_scopes",
            "/scopes",
            "a key for a portfolio can read and nothing else".to_owned(),
            "take the other scopes out, or choose the purpose that fits the use",
        ));
    }
    Ok(())
}

/// The strongest scope that is not within these: the one to speak of.
fn strongest(scopes: ScopeSet, within: ScopeSet) -> Option<Scope> {
    scopes.iter().filter(|scope| !within.contains(*scope)).max_by_key(|scope| ApprovalClass::of_scope(*scope))
}

fn vendor(wanted: &Wanted<'_>) -> Result<Vec<String>, Refusal> {
    let Some(vendor) = wanted.vendor else {
        if wanted.purpose == Purpose::ThirdPartyTool {
            return Err(invalid(
                "vendor_missing",
                "/vendor",
                "a key for a third party's tool names the vendor".to_owned(),
                "name an approved vendor; a tool without one can be registered by its maker",
            ));
        }
        return Ok(Vec::new());
    };
    if vendor.state != "approved" {
        return Err(invalid(
            "vendor_not_approved",
            "/vendor",
            format!("vendor `{}` is `{}`, not approved", vendor.vendor, vendor.state),
            "choose an approved vendor, or wait until this one is",
        ));
    }
    if let Some(beyond) = strongest(wanted.scopes, vendor.scopes) {
        return Err(invalid(
            "vendor_caps_scopes",
            "/scopes",
            format!("keys for vendor `{}` never hold `{beyond}`", vendor.vendor),
            format!("at most {}", words(vendor.scopes)),
        ));
    }
    let outside = wanted.allowlist.iter().map(AllowlistEntry::prefix).filter(|prefix| {
        !vendor.networks.is_empty() && !vendor.networks.iter().any(|net| covers(net, prefix))
    });
    Ok(outside.map(|prefix| format!("{prefix} is no network of vendor `{}`", vendor.vendor)).collect())
}

fn allowlist(
    rules: &SegmentRules,
    segment: Segment,
    scopes: ScopeSet,
    entries: &[AllowlistEntry],
) -> Result<(), Refusal> {
    let beyond = strongest(scopes, WITHOUT_ALLOWLIST);
    if entries.is_empty() && (rules.allowlist_required || beyond.is_some()) {
        let why = beyond.map_or_else(String::new, |scope| format!(", and it would hold `{scope}`"));
        return Err(invalid(
            "allowlist_missing",
            "/allowlist",
            format!("a `{segment}` key is used from registered addresses only{why}"),
            "register the addresses it is used from; look them up where the programme runs",
        ));
    }
    if entries.len() > ALLOWLIST_ENTRIES_MAX {
        return Err(invalid(
            "allowlist_too_long",
            "/allowlist",
            format!("{} addresses, at most {ALLOWLIST_ENTRIES_MAX} are kept", entries.len()),
            "join neighbours into one prefix, or use another key for another place",
        ));
    }
    for (index, prefix) in entries.iter().map(AllowlistEntry::prefix).enumerate() {
        // Institutions may have a line of their own to the exchange, with addresses of that line.
        if segment == Segment::Retail && never_comes(&prefix) {
            return Err(invalid(
                "address_not_public",
                &format!("/allowlist/{index}"),
                format!("{prefix} is an address within a network: no request comes to the exchange from it"),
                "register the public address of the computer or server that the programme runs on; behind a router, the router's",
            ));
        }
        let least = if prefix.is_v4() { rules.widest_prefix.v4.get() } else { rules.widest_prefix.v6.get() };
        if u32::from(prefix.length()) < least {
            return Err(invalid(
                "prefix_too_wide",
                &format!("/allowlist/{index}"),
                format!("prefix {prefix} is wider than /{least}, the widest of a `{segment}` key"),
                "register the addresses themselves: anybody in a prefix who has the secret can use the key",
            ));
        }
    }
    Ok(())
}

/// Networks from which nothing comes over the internet: private, shared (carriers' NAT), link-local, multicast, reserved. Loopback is not
/// among them: where gate and programme share a machine it is what the gate sees, and from outside nobody has it.
const WITHIN: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/3",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
];

/// Whether a whole prefix lies where nothing comes from.
fn never_comes(prefix: &Prefix) -> bool {
    WITHIN.iter().filter_map(|within| within.parse().ok()).any(|within| covers(&within, prefix))
}

fn expiry(rules: &SegmentRules, expires: Timestamp, now: Timestamp) -> Result<(), Refusal> {
    if expires <= now {
        return Err(invalid(
            "expires_past",
            "/expires",
            format!("{expires} has passed already"),
            "give a time to come, in UTC, such as 2027-06-01T00:00:00Z",
        ));
    }
    let days = i64::from(rules.key_life_days_max.get());
    if expires.micros_since(now) > days * DAY_US {
        return Err(invalid(
            "expires_too_late",
            "/expires",
            format!("{expires} is more than {days} days away, the longest life of a key here"),
            format!("give a time before {}", now.plus_micros(days * DAY_US)),
        ));
    }
    Ok(())
}

/// Whether the venue's dialect knows the scheme.
///
/// # Errors
/// `scheme_not_served`.
pub fn scheme_served(venue: &Venue, scheme: Scheme) -> Result<(), Refusal> {
    match scheme {
        Scheme::Hs256 => Ok(()),
        Scheme::Ed25519 if ED25519_DIALECTS.contains(&venue.dialect.as_str()) => Ok(()),
        Scheme::Ed25519 => Err(invalid(
            "scheme_not_served",
            "/scheme",
            format!(
                "the dialect `{}` of this venue signs by a shared secret only; its gates could not check `ed25519`",
                venue.dialect
            ),
            "choose `hs256`; an owner-held signing key needs a venue whose dialect has one",
        )),
    }
}

/// Dialects whose gates check an owner's own Ed25519 signature. None of those built so far does.
const ED25519_DIALECTS: &[&str] = &[];

/// Refuses entries that say of themselves when they were registered or proved, unless they stand there so already.
///
/// # Errors
/// `history_not_yours`.
pub fn history_is_ours(old: &[AllowlistEntry], new: &[AllowlistEntry]) -> Result<(), Refusal> {
    let told = |entry: &AllowlistEntry| match entry {
        AllowlistEntry::Plain(_) => false,
        AllowlistEntry::Recorded(recorded) => recorded.since.is_some() || recorded.proved.is_some(),
    };
    match new.iter().position(|entry| told(entry) && !old.contains(entry)) {
        None => Ok(()),
        Some(index) => Err(invalid(
            "history_not_yours",
            &format!("/allowlist/{index}"),
            "when an address was registered and proved is recorded here, never told".to_owned(),
            "give the prefix alone; a signed request from it proves it",
        )),
    }
}

/// Whether every scope of `inner` is in `outer`.
#[must_use]
pub fn within(inner: ScopeSet, outer: ScopeSet) -> bool {
    outer.union(inner) == outer
}

/// Whether every address of `inner` is in `outer`.
#[must_use]
pub fn covers(outer: &Prefix, inner: &Prefix) -> bool {
    outer.is_v4() == inner.is_v4() && outer.length() <= inner.length() && outer.contains(inner.network())
}

/// Whether the new list lets nobody in whom the old one kept out. An empty list keeps nobody out.
#[must_use]
pub fn narrows(old: &[AllowlistEntry], new: &[AllowlistEntry]) -> bool {
    if old.is_empty() {
        return true;
    }
    let inside = |entry: &AllowlistEntry| old.iter().any(|outer| covers_entry(outer, entry));
    !new.is_empty() && new.iter().all(inside)
}

/// An entry that is registered only covers none that would be in effect.
fn covers_entry(outer: &AllowlistEntry, inner: &AllowlistEntry) -> bool {
    covers(&outer.prefix(), &inner.prefix()) && (outer.in_effect(true) || !inner.in_effect(true))
}

/// Scopes as people read them.
#[must_use]
pub fn words(scopes: ScopeSet) -> String {
    scopes.iter().map(Scope::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;

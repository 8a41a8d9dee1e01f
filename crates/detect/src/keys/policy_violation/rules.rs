//! The rules of D1: when each is broken, and what is said then. No state.

use super::Params;
use crate::keys::around::{network_name, runs};
use crate::seen::{DelegationView, Seen};
use sumun_model::wire::state::VendorState;
use sumun_model::{Effect, KeyState, Prefix, Purpose, Value};

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    VendorNotInForce,
    VendorUnnamed,
    VendorLeft,
    Purpose,
    Scope,
    Market,
    Country,
    Rate,
    Allowlist,
    Expired,
    DelegationEnded,
    DelegationExceeded,
    DelegationInUse,
}

/// What was measured.
#[derive(Clone, Debug, Default)]
pub(super) struct Broken {
    pub(super) values: Vec<(String, Value)>,
}

impl Broken {
    fn of(name: &str, value: impl Into<Value>) -> Self {
        Self::default().and(name, value)
    }

    fn and(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.values.push((name.to_owned(), value.into()));
        self
    }
}

impl Rule {
    /// The signal's code.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::VendorNotInForce => "vendor_not_in_force",
            Self::VendorUnnamed => "vendor_unnamed",
            Self::VendorLeft => "vendor_egress_left",
            Self::Purpose => "purpose_exceeded",
            Self::Scope => "scope_exceeded",
            Self::Market => "market_outside_mandate",
            Self::Country => "country_outside_mandate",
            Self::Rate => "rate_outside_mandate",
            Self::Allowlist => "allowlist_missing",
            Self::Expired => "expired_key_used",
            Self::DelegationEnded => "delegation_ended",
            Self::DelegationExceeded => "delegation_exceeded",
            Self::DelegationInUse => "delegation_in_use",
        }
    }

    /// Its strength, thousandths.
    pub(super) fn milli(self, params: &Params) -> i32 {
        match self {
            Self::VendorNotInForce => params.vendor_not_in_force_milli,
            Self::VendorUnnamed => params.vendor_unnamed_milli,
            Self::VendorLeft => params.vendor_left_milli,
            Self::Purpose => params.purpose_milli,
            Self::Scope => params.scope_milli,
            Self::Market => params.market_milli,
            Self::Country => params.country_milli,
            Self::Rate => params.rate_milli,
            Self::Allowlist => params.allowlist_milli,
            Self::Expired => params.expired_milli,
            Self::DelegationEnded => params.delegation_ended_milli,
            Self::DelegationExceeded => params.delegation_exceeded_milli,
            Self::DelegationInUse => params.delegation_in_use_milli.min(0),
        }
    }
}

/// Calls back for every rule this request breaks. What is said is only made if somebody asks: most requests break one all day long,
/// or none.
pub(super) fn first_of_each(
    params: &Params,
    seen: &Seen<'_>,
    orders: u32,
    mut broken: impl FnMut(Rule, &dyn Fn() -> Broken),
) {
    vendor(seen, &mut broken);
    own_record(params, seen, &mut broken);
    mandate(seen, orders, &mut broken);
    delegation(seen, &mut broken);
}

type Call<'a> = &'a mut dyn FnMut(Rule, &dyn Fn() -> Broken);

fn place(seen: &Seen<'_>) -> Broken {
    Broken::of("address", seen.address.to_string()).and("network", network_name(seen.network))
}

fn holds(networks: &[Prefix], seen: &Seen<'_>) -> bool {
    networks.iter().any(|prefix| prefix.contains(seen.address))
}

fn vendor(seen: &Seen<'_>, broken: Call<'_>) {
    let named = seen.key.vendor.as_ref();
    if let Some(vendor) = seen.vendor {
        if let Some(state @ (VendorState::Suspended | VendorState::Removed)) = vendor.state {
            broken(Rule::VendorNotInForce, &|| {
                Broken::of("vendor", vendor.vendor.as_str()).and("state", state.as_str())
            });
        }
        if !vendor.networks.is_empty() && !holds(&vendor.networks, seen) {
            broken(Rule::VendorLeft, &|| place(seen).and("vendor", vendor.vendor.as_str()));
        }
    }
    if let Some(other) = seen.egress_of.filter(|other| Some(&other.vendor) != named)
        && !seen.delegations.iter().any(|d| covers(d, seen))
    {
        broken(Rule::VendorUnnamed, &|| place(seen).and("vendor", other.vendor.as_str()));
    }
}

fn own_record(params: &Params, seen: &Seen<'_>, broken: Call<'_>) {
    let (key, effect) = (seen.key, seen.line.effect);
    if key.purpose == Some(Purpose::Portfolio) && matches!(effect, Some(Effect::Order | Effect::Transfer)) {
        broken(Rule::Purpose, &|| {
            Broken::of("purpose", Purpose::Portfolio.as_str())
                .and("effect", effect.map_or("-", Effect::as_str))
        });
    }
    if let (Some(scopes), Some(scope)) = (key.scopes, seen.line.scope)
        && !scopes.contains(scope)
    {
        broken(Rule::Scope, &|| Broken::of("scope", scope.as_str()));
    }
    let mandatory = seen.account.segment.is_some_and(|segment| params.allowlist_mandatory.contains(&segment));
    if key.told && key.allowlist.is_empty() && mandatory {
        broken(Rule::Allowlist, &|| place(seen));
    }
    // Only what went through: that a bot goes on knocking after the end is nobody's fault.
    let over = key.expires.is_some_and(|at| at <= seen.now) || key.state == Some(KeyState::Expired);
    if over && seen.passed {
        broken(Rule::Expired, &|| {
            Broken::of("expires", key.expires.map_or_else(|| "-".to_owned(), |at| at.to_string()))
        });
    }
}

fn mandate(seen: &Seen<'_>, orders: u32, broken: Call<'_>) {
    let Some(mandate) = &seen.key.mandate else { return };
    let trades = matches!(seen.line.effect, Some(Effect::Order));
    if let (Some(markets), Some(market)) = (&mandate.markets, &seen.line.market)
        && trades
        && !markets.contains(market)
    {
        broken(Rule::Market, &|| Broken::of("market", market.as_str()));
    }
    if let (Some(countries), Some(country)) = (&mandate.countries, &seen.network.country)
        && !countries.contains(country)
    {
        broken(Rule::Country, &|| place(seen).and("country", country.as_str()));
    }
    if let Some(most) = mandate.orders_per_second_max
        && orders > most
    {
        broken(Rule::Rate, &|| Broken::of("orders", orders).and("most", most));
    }
}

/// Whether a running delegation names the address at hand.
fn covers(delegation: &DelegationView, seen: &Seen<'_>) -> bool {
    runs(delegation, seen.now) && holds(&delegation.networks, seen)
}

fn delegation(seen: &Seen<'_>, broken: Call<'_>) {
    let operator = |d: &DelegationView| d.operator.as_ref().map_or("-", |o| o.as_str()).to_owned();
    let allows =
        |d: &DelegationView| d.scopes.is_none_or(|s| seen.line.scope.is_none_or(|scope| s.contains(scope)));
    let mut here = seen.delegations.iter().filter(|d| covers(d, seen)).peekable();
    if let Some(first) = here.peek().copied() {
        match here.find(|d| allows(d)) {
            Some(d) => {
                broken(Rule::DelegationInUse, &|| place(seen).and("operator", operator(d)));
            }
            None => broken(Rule::DelegationExceeded, &|| {
                place(seen)
                    .and("operator", operator(first))
                    .and("scope", seen.line.scope.map_or("-", |scope| scope.as_str()))
            }),
        }
        return;
    }
    let over = |d: &&DelegationView| {
        let begun = d.from.is_none_or(|from| from <= seen.now);
        begun && !runs(d, seen.now) && holds(&d.networks, seen)
    };
    if let Some(d) = seen.delegations.iter().find(over) {
        broken(Rule::DelegationEnded, &|| place(seen).and("operator", operator(d)));
    }
}

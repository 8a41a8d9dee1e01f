//! What our gate would write of a request: the checks in its order, the first failure as the reason, the status its
//! refusal has.
//!
//! Only the outcome matters here, so it is told and not computed: signatures are simply valid or not.

use super::lines::{access, time};
use super::markets::Market;
use super::names::made;
use super::out::Out;
use super::places::Host;
use super::plan::Key;
use super::tree::Draws;
use super::{MS, Us};
use std::net::IpAddr;
use sumun_model::wire::event::AccessChannel;
use sumun_model::wire::{AccessLine, Signature, Verdict};
use sumun_model::{Check, CheckOutcome, Checks, Effect, Reason, Scope};

/// A route of the venue's dialect.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    method: &'static str,
    path: &'static str,
    effect: Effect,
    scope: Option<Scope>,
    names_market: bool,
    status: u16,
}

impl Route {
    /// Whether the venue makes something of it, and may refuse to.
    pub(super) const fn makes(&self) -> bool {
        self.status == 201
    }
}

const fn read(path: &'static str, scope: Scope, names_market: bool) -> Route {
    Route { method: "GET", path, effect: Effect::Read, scope: Some(scope), names_market, status: 200 }
}

pub(super) const ACCOUNTS: Route = read("/v1/accounts", Scope::ReadBalances, false);
pub(super) const CHANCE: Route = read("/v1/orders/chance", Scope::ReadOrders, true);
pub(super) const OPEN: Route = read("/v1/orders/open", Scope::ReadOrders, true);
pub(super) const CLOSED: Route = read("/v1/orders/closed", Scope::ReadOrders, true);
pub(super) const LOOK_UP: Route = read("/v1/order", Scope::ReadOrders, false);
pub(super) const DEPOSITS: Route = read("/v1/deposits", Scope::ReadDeposits, false);
pub(super) const STREAM: Route = Route {
    method: "GET",
    path: "/websocket/v1/private",
    effect: Effect::Read,
    scope: None,
    names_market: false,
    status: 101,
};
pub(super) const PLACE: Route = Route {
    method: "POST",
    path: "/v1/orders",
    effect: Effect::Order,
    scope: Some(Scope::Trade),
    names_market: true,
    status: 201,
};
pub(super) const CANCEL: Route = Route {
    method: "DELETE",
    path: "/v1/order",
    effect: Effect::Cancel,
    scope: Some(Scope::Cancel),
    names_market: false,
    status: 200,
};

/// How a request is signed, and what else befalls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Luck {
    /// Rightly signed; nothing befalls it.
    Fair,
    /// Rightly signed, and refused by the venue itself: too little balance, a price off the step.
    VenueRefuses,
    /// Rightly signed, and one too many in its second.
    TooFast,
    /// Wrongly signed.
    Forged,
    /// From a source that failed too often; nobody looks at its signature.
    Tripped,
}

/// Who sends.
pub(super) struct Sender<'a> {
    /// From there.
    pub(super) host: &'a Host,
    /// By that address.
    pub(super) ip: IpAddr,
    /// As that programme.
    pub(super) agent: String,
    /// With that handshake, where a gate sees it.
    pub(super) ja4: Option<String>,
    /// Whether its token tells the time.
    pub(super) sends_time: bool,
}

/// The line of one request, and whether it went through.
pub(super) fn ask(
    out: &mut Out<'_>,
    key: &Key,
    at: Us,
    (route, market): (Route, Option<Market>),
    sender: &Sender<'_>,
    luck: Luck,
    draws: &mut Draws,
) -> (AccessLine, bool) {
    let mut line = access(at, out.id('a'));
    line.gate = Some(made(if key.sees_tls { "g2" } else { "g1" }));
    line.key = Some(key.id.clone());
    line.account = Some(key.account.clone());
    line.ip = Some(sender.ip);
    line.agent = Some(sender.agent.clone());
    line.method = Some(route.method.to_owned());
    line.route = Some(route.path.to_owned());
    line.effect = Some(route.effect);
    line.scope = route.scope;
    if route.status == 101 {
        line.channel = Some(AccessChannel::Websocket);
    }
    let signature = match luck {
        Luck::Forged => Signature::Invalid,
        Luck::Tripped => Signature::Unchecked,
        _ => Signature::Valid,
    };
    line.signature = Some(signature);
    let named = market.filter(|_| route.names_market && signature == Signature::Valid);
    line.market = named.map(|market| made(market.name));
    line.nonce = Some(format!("{:016x}", draws.any()));
    if key.sees_tls {
        line.ja4.clone_from(&sender.ja4);
        let jitter = u64::try_from(draws.between(0, 900)).unwrap_or(0);
        line.tcp_rtt_us = Some(sender.host.rtt_us + jitter);
        line.tls_rtt_us = Some(sender.host.rtt_us + sender.host.tunnel_us + jitter + draws.below(700));
    }
    if sender.sends_time {
        let way = i64::try_from((sender.host.rtt_us + sender.host.tunnel_us) / 2000).unwrap_or(0);
        let skew_ms = way + draws.between(0, 6) - sender.host.skew_ms;
        line.skew_ms = Some(skew_ms);
        line.token_time = Some(time((at / MS - skew_ms) * MS));
    }
    let reason = judge(&mut line, key, at, route, luck);
    line.verdict = Some(if reason.is_none() { Verdict::Allow } else { Verdict::Deny });
    line.reason = reason;
    let passed = reason.is_none() && luck == Luck::Fair;
    line.status = Some(match reason {
        None if luck == Luck::VenueRefuses => 400,
        None => route.status,
        Some(Reason::SignatureInvalid) => 401,
        Some(Reason::TooManyFailures) => 418,
        Some(Reason::RateLimited) => 429,
        Some(_) => 403,
    });
    line.latency_us = Some(if reason.is_none() { draws.spread(7_000, 2) } else { draws.spread(240, 1) });
    (line, passed)
}

fn judge(line: &mut AccessLine, key: &Key, at: Us, route: Route, luck: Luck) -> Option<Reason> {
    use CheckOutcome::NotRun;
    let mut checks = Checks::NONE;
    let mut reason = None;
    let signed = line.signature == Some(Signature::Valid);
    if luck == Luck::Tripped {
        reason = Some(Reason::TooManyFailures);
        checks.set(Check::Signature, NotRun);
    } else if !checks.note(Check::Signature, signed) {
        reason = Some(Reason::SignatureInvalid);
    }
    checks.set(Check::Clock, NotRun);
    checks.set(Check::Replay, if signed { CheckOutcome::Pass } else { NotRun });
    checks.note(Check::Status, true);
    let registered = line.ip.is_some_and(|ip| key.admits(ip, at));
    if !checks.note(Check::Address, registered) {
        reason = reason.or(Some(Reason::AddressNotAllowed));
    }
    checks.set(Check::Client, NotRun);
    checks.note(Check::Route, true);
    if let Some(scope) = route.scope
        && !checks.note(Check::Scope, key.scopes.contains(scope))
    {
        reason = reason.or(Some(Reason::ScopeMissing));
    }
    for check in [Check::Grant, Check::Account] {
        checks.set(check, NotRun);
    }
    let market = signed && route.effect == Effect::Order;
    checks.set(Check::Market, if market { CheckOutcome::Pass } else { NotRun });
    for check in [Check::Operator, Check::Confirmation, Check::Halt, Check::Limit] {
        checks.set(check, NotRun);
    }
    if reason.is_some() || route.effect == Effect::Cancel {
        checks.set(Check::Rate, NotRun);
    } else if !checks.note(Check::Rate, luck != Luck::TooFast) {
        reason = Some(Reason::RateLimited);
    }
    checks.note(Check::TableAge, true);
    line.checks = Some(checks);
    reason
}

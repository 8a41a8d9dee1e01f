//! What holds for every route of the exchange alike: scopes are separate grants, and a secret is useless elsewhere.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod support;

use std::collections::BTreeSet;
use sumun_dialect::{Dialect, MacKey, Route};
use sumun_gate::{Answer, Change, Gate, GatePolicy, KeySpec, KeyTable, ReplayMemory, Status};
use sumun_model::wire::Signature;
use sumun_model::{AccountId, KeyId, Prefix, Reason, Scope, ScopeSet};
use support::{Signed, at, secret, token};

const HOME: &str = "203.0.113.7";
const AWAY: &str = "198.51.100.9";

fn gate(scopes: ScopeSet) -> Gate {
    let policy = GatePolicy { default_per_second: 0, order_per_second: 0, ..GatePolicy::default() };
    let gate = Gate::new(policy, KeyTable::default(), ReplayMemory::new(1 << 12, [5; 16]));
    let spec = KeySpec {
        id: KeyId::new("K1").unwrap(),
        account: AccountId::new("A1").unwrap(),
        segment: None,
        status: Status::ACTIVE,
        scopes,
        allowlist: Prefix::host(HOME.parse().unwrap()).into(),
        expires: at(1 << 40).wall,
        markets: None,
        orders_per_second_max: None,
        mac: Some(MacKey::new(&secret("K1"))),
    };
    gate.table.apply(Change::Put(Box::new(spec))).unwrap();
    gate.table.refreshed(at(0).wall);
    gate
}

fn signed(route: &Route, from: &str, nonce: &str) -> Signed {
    // `{unit}` and the like stand for any one plain segment.
    let segments: Vec<_> = route.path.split('/').map(|s| if s.starts_with('{') { "1" } else { s }).collect();
    let method = route.method.parse().unwrap();
    let mut request = Signed::new(method, &segments.join("/"), from.parse().unwrap());
    request.upgrade = route.stream;
    request.authorization(&token("K1", &secret("K1"), nonce, ""))
}

/// R19: each grant alone opens its own routes and no other's.
#[test]
fn scopes_are_separate_grants_each_shown_by_a_refused_call() {
    let mut shown = BTreeSet::new();
    for route in Dialect::Upbit.routes() {
        for held in Scope::ALL {
            let gate = gate(ScopeSet::EMPTY.with(*held));
            let answer = gate.decide(&signed(route, HOME, "n").as_request(), at(1)).answer();
            let opens = route.scope.is_none_or(|needed| needed == *held);
            let expected = if opens { Answer::Allow } else { Answer::Deny(Reason::ScopeMissing) };
            assert_eq!(answer, expected, "{} {} with {held}", route.method, route.path);
            shown.extend(route.scope);
        }
        let all_but: ScopeSet = Scope::ALL.iter().copied().filter(|s| Some(*s) != route.scope).collect();
        let answer = gate(all_but).decide(&signed(route, HOME, "n").as_request(), at(1)).answer();
        assert_eq!(answer == Answer::Allow, route.scope.is_none(), "{} {}", route.method, route.path);
    }
    let missing: Vec<_> = Scope::ALL.iter().filter(|s| !shown.contains(s)).collect();
    assert!(missing.is_empty(), "no route shows {missing:?}");
}

/// R29, R30: a right secret and a valid signature from an unregistered address fail on every route.
#[test]
fn a_stolen_secret_is_useless_on_every_route() {
    let gate = gate(Scope::ALL.iter().copied().collect());
    for (n, route) in Dialect::Upbit.routes().enumerate() {
        let stolen = gate.decide(&signed(route, AWAY, &format!("n{n}")).as_request(), at(1));
        assert_eq!(
            stolen.answer(),
            Answer::Deny(Reason::AddressNotAllowed),
            "{} {}",
            route.method,
            route.path
        );
        assert_eq!(stolen.signature, Signature::Valid);
        assert_eq!(stolen.recorded(), [None, None], "the thief burned a nonce");
        let owner = gate.decide(&signed(route, HOME, &format!("n{n}")).as_request(), at(2));
        assert_eq!(owner.answer(), Answer::Allow, "{} {}", route.method, route.path);
    }
}

//! A key whose secret the exchange holds: known, governed, and refused where this gate would have to check its signature.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

#[allow(dead_code, reason = "each test file uses what it needs")]
mod support;

use http::Method;
use sumun_gate::{Answer, Change, Gate, GatePolicy, KeySpec, KeyTable, ReplayMemory, Status};
use sumun_model::wire::Signature;
use sumun_model::{AccountId, Check, CheckOutcome, KeyId, KeyState, Prefix, Reason, Scope};
use support::{Signed, at, secret, token};

#[test]
fn its_signature_is_unchecked_and_nobody_is_blamed() {
    let gate = Gate::new(GatePolicy::default(), KeyTable::default(), ReplayMemory::new(1 << 12, [5; 16]));
    let id = KeyId::new("K1").unwrap();
    let spec = KeySpec {
        id: id.clone(),
        account: AccountId::new("A1").unwrap(),
        segment: None,
        status: Status::ACTIVE,
        scopes: Scope::ALL.iter().copied().collect(),
        allowlist: Prefix::host("203.0.113.7".parse().unwrap()).into(),
        expires: at(1 << 40).wall,
        markets: None,
        orders_per_second_max: None,
        mac: None,
    };
    gate.table.apply(Change::Put(Box::new(spec))).unwrap();
    gate.table.refreshed(at(0).wall);
    // From a stranger's address and far more often than failures may come: there is nothing to guess, so nobody is shut out.
    for n in 0..u64::from(GatePolicy::default().failures_max) + 10 {
        for source in ["203.0.113.7", "198.51.100.9"] {
            let nonce = format!("{source}-{n}");
            let request = Signed::new(Method::GET, "/v1/accounts", source.parse().unwrap());
            let request = request.authorization(&token("K1", &secret("K1"), &nonce, ""));
            let decision = gate.decide(&request.as_request(), at(n + 1));
            assert_eq!(decision.answer(), Answer::Deny(Reason::SignatureInvalid));
            assert_eq!(decision.signature, Signature::Unchecked);
            assert_eq!(decision.checks.get(Check::Signature), Some(CheckOutcome::NotRun));
            assert_eq!(decision.recorded(), [None, None], "no nonce is used up");
        }
    }
    let ended = Status { state: KeyState::Expired, measure: None, registration_due: false };
    gate.table.apply(Change::Status(id, ended)).unwrap();
    assert!(gate.table.is_dead(&KeyId::new("K1").unwrap()));
}

//! A wall clock that steps, in the parts that are told the time: keys end and tables age by it, nothing else is moved.

use crate::stage::client::secret_of;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, Method};
use sha2::Sha256;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use sumun_dialect::{MacKey, RawRequest};
use sumun_gate::{Answer, Gate, GatePolicy, KeySpec, KeyTable, Now, ReplayMemory, Request, Status};
use sumun_model::{AccountId, ApiSecret, KeyId, Reason, Scope, ScopeSet, Timestamp};

const SECOND_US: i64 = 1_000_000;
const HOUR_US: i64 = 3_600 * SECOND_US;
/// A made-up start of the wall clock, and of the steady one.
const START: Now = Now { wall: Timestamp::from_micros(1_795_000_000 * SECOND_US), monotonic_us: 1 << 40 };
const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const ABROAD: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));

static NONCE: AtomicU64 = AtomicU64::new(0);

/// After so long by the steady clock, with the wall clock stepped by so much.
fn after(steady_us: i64, step_us: i64) -> Now {
    let wall = Timestamp::from_micros(START.wall.as_micros() + steady_us + step_us);
    Now { wall, monotonic_us: START.monotonic_us + steady_us as u64 }
}

fn gate(policy: GatePolicy) -> Gate {
    let scopes = [Scope::ReadBalances, Scope::Withdraw, Scope::Trade, Scope::Cancel];
    let secret = ApiSecret::new(secret_of("K1").into_bytes()).unwrap();
    let key = KeySpec {
        id: KeyId::new("K1").unwrap(),
        account: AccountId::new("A1").unwrap(),
        segment: None,
        status: Status::ACTIVE,
        scopes: scopes.into_iter().fold(ScopeSet::EMPTY, ScopeSet::with),
        allowlist: "192.0.2.1/32".parse::<sumun_model::Prefix>().unwrap().into(),
        expires: after(HOUR_US, 0).wall,
        markets: None,
        orders_per_second_max: None,
        mac: Some(MacKey::new(&secret)),
    };
    let gate = Gate::new(policy, KeyTable::new([]), ReplayMemory::new(1024, [3; 16]));
    gate.table.load([key]);
    gate.table.refreshed(START.wall);
    gate
}

fn ask(gate: &Gate, method: Method, path: &str, from: IpAddr, signed: bool, now: Now) -> Answer {
    let nonce = NONCE.fetch_add(1, Ordering::Relaxed).to_string();
    ask_with(&nonce, gate, method, path, from, signed, now)
}

fn ask_with(
    nonce: &str,
    gate: &Gate,
    method: Method,
    path: &str,
    from: IpAddr,
    signed: bool,
    now: Now,
) -> Answer {
    let head = URL_SAFE_NO_PAD.encode(br#"{"alg":"HS256","typ":"JWT"}"#);
    let body = URL_SAFE_NO_PAD.encode(format!(r#"{{"access_key":"K1","nonce":"nonce-{nonce}"}}"#));
    let secret = if signed { secret_of("K1") } else { "another made-up secret".to_owned() };
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{head}.{body}").as_bytes());
    let token = format!("Bearer {head}.{body}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
    let mut headers = HeaderMap::new();
    headers.insert("authorization", token.parse().unwrap());
    let raw = RawRequest { method: &method, path, query: "", headers: &headers, body: &[], upgrade: false };
    gate.decide(&Request { raw, source: from, body_complete: true, recordable: true }, now).answer()
}

fn read(gate: &Gate, now: Now) -> Answer {
    ask(gate, Method::GET, "/v1/accounts", HOME, true, now)
}

fn transfer(gate: &Gate, now: Now) -> Answer {
    ask(gate, Method::POST, "/v1/withdraws/krw", HOME, true, now)
}

#[test]
fn rates_follow_the_steady_clock() {
    for step in [-HOUR_US * 24, -1, 0, 1, HOUR_US / 2] {
        let gate = gate(GatePolicy { default_per_second: 3, ..GatePolicy::default() });
        for _ in 0..3 {
            assert_eq!(read(&gate, START), Answer::Allow);
        }
        assert_eq!(read(&gate, after(1000, step)), Answer::Deny(Reason::RateLimited), "{step}");
        assert_eq!(read(&gate, after(2 * SECOND_US, step)), Answer::Allow, "{step}");
    }
}

#[test]
fn the_limiter_of_failures_follows_the_steady_clock() {
    let failed = |gate: &Gate, now| ask(gate, Method::GET, "/v1/accounts", ABROAD, false, now);
    for step in [-HOUR_US * 24, 0, HOUR_US / 2] {
        let gate = gate(GatePolicy { failures_max: 3, ..GatePolicy::default() });
        for _ in 0..3 {
            assert_eq!(failed(&gate, START), Answer::Deny(Reason::SignatureInvalid));
        }
        assert_eq!(failed(&gate, after(1000, step)), Answer::Deny(Reason::TooManyFailures), "{step}");
        let later = after(130 * SECOND_US, step);
        assert_eq!(failed(&gate, later), Answer::Deny(Reason::SignatureInvalid), "{step}");
        // Never the owner at home, whatever the clock says.
        assert_eq!(read(&gate, after(2000, step)), Answer::Allow, "{step}");
    }
}

#[test]
fn a_key_ends_by_the_wall_clock() {
    let gate = gate(GatePolicy::default());
    assert_eq!(read(&gate, after(0, HOUR_US - 1)), Answer::Allow);
    assert_eq!(read(&gate, after(0, HOUR_US)), Answer::Deny(Reason::KeyExpired));
    let cancel = ask(&gate, Method::DELETE, "/v1/order", HOME, true, after(0, HOUR_US));
    assert_eq!(cancel, Answer::Deny(Reason::KeyExpired));
}

#[test]
fn a_step_forward_makes_a_table_old_until_its_source_is_heard_again() {
    let gate = gate(GatePolicy::default());
    let stepped = after(SECOND_US, HOUR_US / 2);
    assert_eq!(transfer(&gate, stepped), Answer::Deny(Reason::KeyTableStale));
    assert_eq!(read(&gate, stepped), Answer::Allow);
    gate.table.refreshed(stepped.wall);
    assert_eq!(transfer(&gate, after(2 * SECOND_US, HOUR_US / 2)), Answer::Allow);
}

#[test]
fn a_nonce_stays_used_whatever_the_clock_says() {
    let gate = gate(GatePolicy::default());
    let again = |now| ask_with("the-same", &gate, Method::GET, "/v1/accounts", HOME, true, now);
    assert_eq!(again(START), Answer::Allow);
    for step in [-24 * HOUR_US, -1, 1, HOUR_US / 2] {
        assert_eq!(again(after(SECOND_US, step)), Answer::Deny(Reason::Replayed), "{step}");
    }
}

//! What is enforced under a ramp and under the switch that lets everything pass; the verdict is the same in all of them.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

mod support;

use http::Method;
use sumun_dialect::MacKey;
use sumun_gate::{
    Answer, Bypass, Change, Gate, GatePolicy, KeySpec, KeyTable, ReplayMemory, Status, StreamHold,
};
use sumun_model::{AccountId, KeyId, KeyState, Measure, Prefix, Ramp, Reason, Scope, ScopeSet, Segment};
use support::{Signed, at, secret, token};

const HOME: &str = "203.0.113.7";
const AWAY: &str = "198.51.100.9";

fn ramp(text: &str) -> Option<Ramp> {
    let ramp: Ramp = serde_json::from_str(text).unwrap();
    ramp.check().unwrap();
    Some(ramp)
}

fn status(state: KeyState, measure: Option<Measure>) -> Status {
    Status { state, measure, registration_due: false }
}

/// Keys by what is the matter with them; `gone` is only known to have ended.
fn gate() -> Gate {
    let gate = Gate::new(
        GatePolicy::default(),
        KeyTable::new([KeyId::new("gone").unwrap()]),
        ReplayMemory::new(1 << 12, [5; 16]),
    );
    for (id, status) in [
        ("well", Status::ACTIVE),
        ("held", status(KeyState::Active, Some(Measure::Hold))),
        ("ended", status(KeyState::Expired, None)),
        ("cut", status(KeyState::Active, Some(Measure::Expire))),
    ] {
        let spec = KeySpec {
            id: KeyId::new(id).unwrap(),
            account: AccountId::new("A1").unwrap(),
            segment: Some(Segment::Retail),
            status,
            scopes: Scope::ALL.iter().copied().filter(|scope| *scope != Scope::Withdraw).collect(),
            allowlist: Prefix::host(HOME.parse().unwrap()).into(),
            expires: at(1 << 40).wall,
            markets: None,
            orders_per_second_max: None,
            mac: Some(MacKey::new(&secret(id))),
        };
        gate.table.apply(Change::Put(Box::new(spec))).unwrap();
    }
    gate.table.refreshed(at(0).wall);
    gate
}

fn on() -> Option<Bypass> {
    Some(Bypass { since: at(0).wall, by: "root".to_owned(), reason: "a made-up reason".to_owned() })
}

struct Try {
    what: &'static str,
    key: &'static str,
    from: &'static str,
    method: Method,
    path: &'static str,
    /// Signed with another secret.
    forged: bool,
}

fn tried(
    what: &'static str,
    key: &'static str,
    from: &'static str,
    method: Method,
    path: &'static str,
) -> Try {
    Try { what, key, from, method, path, forged: false }
}

fn tries() -> Vec<Try> {
    vec![
        tried("an honest order", "well", HOME, Method::POST, "/v1/orders"),
        tried("from elsewhere", "well", AWAY, Method::GET, "/v1/accounts"),
        Try { forged: true, ..tried("forged", "well", HOME, Method::GET, "/v1/accounts") },
        tried("without the scope", "well", HOME, Method::POST, "/v1/withdraws/coin"),
        tried("nobody's key", "nobody", HOME, Method::GET, "/v1/accounts"),
        tried("held", "held", HOME, Method::POST, "/v1/orders"),
        tried("held and from elsewhere", "held", AWAY, Method::POST, "/v1/orders"),
        tried("held, reading", "held", HOME, Method::GET, "/v1/accounts"),
        tried("cancelling while held", "held", HOME, Method::DELETE, "/v1/order"),
        tried("ended", "ended", HOME, Method::DELETE, "/v1/order"),
        Try { forged: true, ..tried("ended and forged", "ended", HOME, Method::GET, "/v1/accounts") },
        tried("cut off", "cut", HOME, Method::GET, "/v1/accounts"),
        tried("only its end is known", "gone", HOME, Method::GET, "/v1/accounts"),
    ]
}

/// `allow`, the reason where it holds, or the reason in brackets where it does not.
fn answers(gate: &Gate) -> Vec<String> {
    let answer = |(number, tried): (usize, &Try)| {
        let signer = if tried.forged { "somebody" } else { tried.key };
        let token = token(tried.key, &secret(signer), &format!("n{number}"), "");
        let request =
            Signed::new(tried.method.clone(), tried.path, tried.from.parse().unwrap()).authorization(&token);
        let decision = gate.decide(&request.as_request(), at(1));
        let unread = gate.decide_unread(&request.as_request());
        match (decision.answer(), decision.permit()) {
            (Answer::Allow, Ok(_)) => "allow".to_owned(),
            (Answer::Deny(reason), Err(why)) => {
                assert_eq!(reason, why, "{}", tried.what);
                reason.to_string()
            }
            (Answer::Deny(reason), Ok(permit)) => {
                assert!(unread.is_none(), "{}: refused unread though it passes", tried.what);
                assert_eq!(permit.shadowed(), Some(reason));
                format!("({reason})")
            }
            other => panic!("{}: {other:?}", tried.what),
        }
    };
    tries().iter().enumerate().map(answer).collect()
}

fn enforced(set_up: impl FnOnce(&Gate)) -> Vec<(String, String)> {
    let gate = gate();
    set_up(&gate);
    tries().iter().map(|tried| tried.what.to_owned()).zip(answers(&gate)).collect()
}

fn expect(found: &[(String, String)], passes: &[&str]) {
    let everything = enforced(|_| {});
    for ((what, answer), (_, whole)) in found.iter().zip(&everything) {
        let expected = if passes.contains(&what.as_str()) && whole != "allow" {
            format!("({whole})")
        } else {
            whole.clone()
        };
        assert_eq!(*answer, expected, "{what}");
    }
}

#[test]
fn without_a_ramp_everything_is_enforced() {
    let whole: Vec<String> =
        enforced(|_| {}).into_iter().map(|(what, answer)| format!("{what}: {answer}")).collect();
    assert_eq!(
        whole,
        [
            "an honest order: allow",
            "from elsewhere: address_not_allowed",
            "forged: signature_invalid",
            "without the scope: scope_missing",
            "nobody's key: unknown_key",
            "held: key_held",
            "held and from elsewhere: key_held",
            "held, reading: allow",
            "cancelling while held: allow",
            "ended: key_expired",
            "ended and forged: signature_invalid",
            "cut off: key_expired",
            "only its end is known: unknown_key",
        ]
    );
    expect(&enforced(|gate| gate.set_ramp(ramp("{}"))), &[]);
}

#[test]
fn each_stage_enforces_what_it_says_and_no_ended_key_passes_for_a_step_back() {
    let honest =
        ["from elsewhere", "forged", "without the scope", "nobody's key", "held", "held and from elsewhere"];
    for stage in ["tap", "shadow"] {
        let text = format!(r#"{{"default":"{stage}"}}"#);
        expect(&enforced(|gate| gate.set_ramp(ramp(&text))), &honest);
    }
    // What the address earned is not forgiven because a hold, which is not enforced, came first.
    let allowlist = enforced(|gate| gate.set_ramp(ramp(r#"{"default":"allowlist"}"#)));
    expect(&allowlist, &["without the scope", "held"]);

    // A venue whose own gateway keeps ended keys out may have nothing refused at all.
    let all: Vec<&str> = tries().iter().map(|tried| tried.what).collect();
    expect(&enforced(|gate| gate.set_ramp(ramp(r#"{"default":"shadow","ends":"recorded"}"#))), &all);
    // Taken away again, everything is as before.
    expect(
        &enforced(|gate| {
            gate.set_ramp(ramp(r#"{"default":"shadow"}"#));
            gate.set_ramp(None);
        }),
        &[],
    );
}

#[test]
fn the_switch_lets_everything_pass_but_what_has_ended() {
    let honest =
        ["from elsewhere", "forged", "without the scope", "nobody's key", "held", "held and from elsewhere"];
    expect(&enforced(|gate| gate.set_bypass(on())), &honest);
    let both = enforced(|gate| {
        gate.set_ramp(ramp(r#"{"default":"allowlist"}"#));
        gate.set_bypass(on());
        assert_eq!(gate.bypass().unwrap().reason, "a made-up reason");
    });
    expect(&both, &honest);
    expect(
        &enforced(|gate| {
            gate.set_bypass(on());
            gate.set_bypass(None);
        }),
        &[],
    );
}

#[test]
fn rules_are_for_segments_effects_routes_and_shares() {
    // Retail orders are enforced; of all else nothing.
    let orders = r#"{"default":"shadow","rules":[{"segment":"retail","effect":"order","route":"/v1/orders","stage":"ladder"}]}"#;
    let others = ["from elsewhere", "forged", "without the scope", "nobody's key"];
    expect(&enforced(|gate| gate.set_ramp(ramp(orders))), &others);
    let brokers = r#"{"rules":[{"segment":"broker","stage":"ladder"},{"stage":"shadow"}]}"#;
    let all =
        ["from elsewhere", "forged", "without the scope", "nobody's key", "held", "held and from elsewhere"];
    expect(&enforced(|gate| gate.set_ramp(ramp(brokers))), &all);
    // `well` and `held` lie on two sides of a share; who has no key is on none.
    let (well, held) = (sumun_model::ramp::share("well"), sumun_model::ramp::share("held"));
    let between = u8::max(well, held);
    assert_ne!(well, held);
    let shares = format!(r#"{{"default":"ladder","rules":[{{"percent":{between},"stage":"shadow"}}]}}"#);
    let passes: &[&str] = if well < held {
        &["from elsewhere", "forged", "without the scope"]
    } else {
        &["held", "held and from elsewhere"]
    };
    expect(&enforced(|gate| gate.set_ramp(ramp(&shares))), passes);
}

#[test]
fn a_stream_stays_open_where_its_refusal_does_not_hold() {
    let gate = gate();
    let hold = |key: &str, from: &str| StreamHold {
        key: KeyId::new(key).unwrap(),
        source: from.parse().unwrap(),
        route: Some("/websocket/v1/private"),
        scopes: ScopeSet::EMPTY,
    };
    let ask = |key: &str, from: &str| {
        let decision = gate.decide_stream(&hold(key, from), &[], at(1));
        (decision.reason, decision.enforced)
    };
    assert_eq!(ask("well", AWAY), (Some(Reason::AddressNotAllowed), true));
    assert_eq!(ask("ended", HOME), (Some(Reason::KeyExpired), true));
    gate.set_ramp(ramp(r#"{"rules":[{"route":"/websocket/*","stage":"shadow"}]}"#));
    assert_eq!(ask("well", AWAY), (Some(Reason::AddressNotAllowed), false));
    assert_eq!(ask("ended", HOME), (Some(Reason::KeyExpired), true), "an end is not taken back");
    assert_eq!(ask("well", HOME), (None, false));
    gate.set_ramp(None);
    gate.set_bypass(on());
    assert_eq!(ask("well", AWAY), (Some(Reason::AddressNotAllowed), false));
    assert_eq!(ask("ended", HOME), (Some(Reason::KeyExpired), true));
}

#[test]
fn a_key_that_somebody_trusted_vouches_for_is_asked_all_but_its_signature() {
    let gate = gate();
    let ask = |key: &str, from: &str, method: Method, path: &str| {
        let request = Signed::new(method, path, from.parse().unwrap());
        let decision = gate.decide_vouched(&request.as_request(), key, at(1));
        assert_eq!(decision.signature, sumun_model::wire::Signature::Unchecked);
        assert_eq!(decision.checks.get(sumun_model::Check::Replay).is_some(), decision.entry.is_some());
        decision.reason()
    };
    assert_eq!(ask("well", HOME, Method::POST, "/v1/orders"), None);
    assert_eq!(ask("well", AWAY, Method::POST, "/v1/orders"), Some(Reason::AddressNotAllowed));
    assert_eq!(ask("well", HOME, Method::POST, "/v1/withdraws/coin"), Some(Reason::ScopeMissing));
    assert_eq!(ask("well", HOME, Method::GET, "/v1/no/such"), Some(Reason::RouteUnknown));
    assert_eq!(ask("held", HOME, Method::POST, "/v1/orders"), Some(Reason::KeyHeld));
    assert_eq!(ask("held", HOME, Method::DELETE, "/v1/order"), None);
    assert_eq!(ask("ended", HOME, Method::DELETE, "/v1/order"), Some(Reason::KeyExpired));
    assert_eq!(ask("nobody", HOME, Method::GET, "/v1/accounts"), Some(Reason::UnknownKey));
    // Twice is no replay: the nonce is the voucher's affair.
    assert_eq!(ask("well", HOME, Method::POST, "/v1/orders"), None);
}

#[test]
fn a_doubtful_target_fails_as_credentials_do_and_never_hides_an_end() {
    let told = |set_up: &dyn Fn(&Gate), key: &str, vouched: bool| {
        let gate = gate();
        set_up(&gate);
        let token = token(key, &secret(key), "n1", "");
        let asked = Signed::new(Method::GET, "/v1/accounts", HOME.parse().unwrap());
        let asked = if vouched { asked } else { asked.authorization(&token) };
        let decision = gate.decide_misread(&asked.as_request(), vouched.then_some(key), at(1));
        assert_eq!(decision.reason(), Some(Reason::MalformedCredentials));
        assert_eq!(decision.key().unwrap().as_str(), key, "the record says whose it was");
        assert_eq!(decision.recorded(), [None, None], "nothing is used up");
        decision.permit().is_err()
    };
    let shadow = |gate: &Gate| gate.set_ramp(ramp(r#"{"default":"shadow"}"#));
    let bypass = |gate: &Gate| gate.set_bypass(on());
    for vouched in [false, true] {
        for (key, ended) in [("well", false), ("held", false), ("ended", true), ("cut", true), ("gone", true)]
        {
            assert!(told(&|_| {}, key, vouched), "{key}");
            assert_eq!(told(&shadow, key, vouched), ended, "{key}");
            assert_eq!(told(&bypass, key, vouched), ended, "{key}");
        }
    }
    let asked = Signed::new(Method::GET, "/v1/market/all", HOME.parse().unwrap());
    let decision = gate().decide_misread(&asked.as_request(), None, at(1));
    assert_eq!(decision.permit().unwrap_err(), Reason::MalformedCredentials, "a public route too");
}

//! Permits, and decisions before the body is read.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

mod support;

use http::Method;
use sumun_dialect::MacKey;
use sumun_gate::{Answer, Change, Gate, GatePolicy, KeySpec, KeyTable, ReplayMemory, Status};
use sumun_model::{AccountId, KeyId, Prefix, Reason, Scope};
use support::{Signed, at, secret, token};

const HOME: &str = "203.0.113.7";

fn gate(enforce: bool) -> Gate {
    let policy = GatePolicy { enforce, ..GatePolicy::default() };
    let gate = Gate::new(policy, KeyTable::default(), ReplayMemory::new(1 << 12, [5; 16]));
    let spec = KeySpec {
        id: KeyId::new("K1").unwrap(),
        account: AccountId::new("A1").unwrap(),
        segment: None,
        status: Status::ACTIVE,
        scopes: Scope::ALL.iter().copied().collect(),
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

fn request(method: Method, path: &str, tokens: &[String]) -> Signed {
    let mut request = Signed::new(method, path, HOME.parse().unwrap());
    if let [token] = tokens {
        return request.authorization(token);
    }
    for token in tokens {
        let value = http::HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
        request.headers.append("authorization", value);
    }
    request
}

#[test]
fn a_denied_request_gets_a_permit_in_shadow_mode_only_and_never_without_its_body() {
    let unknown = || request(Method::GET, "/v1/accounts", &[token("K9", &secret("K9"), "n", "")]);
    let denied = gate(true).decide(&unknown().as_request(), at(1));
    assert!(denied.enforced());
    assert_eq!(denied.permit().err(), Some(Reason::UnknownKey));
    let shadowed = gate(false).decide(&unknown().as_request(), at(1));
    assert!(!shadowed.enforced());
    assert_eq!(shadowed.answer(), Answer::Deny(Reason::UnknownKey));
    assert_eq!(shadowed.permit().unwrap().shadowed(), Some(Reason::UnknownKey));

    for enforce in [true, false] {
        for (path, tokens) in
            [("/v1/accounts", vec![token("K1", &secret("K1"), "n", "")]), ("/v1/market/all", Vec::new())]
        {
            let mut large = request(Method::GET, path, &tokens);
            large.body_complete = false;
            let decision = gate(enforce).decide(&large.as_request(), at(1));
            assert_eq!(decision.permit().err(), Some(Reason::BodyTooLarge), "{path} {enforce}");
        }
    }
}

/// What is answered without the body is what would have been answered with any; what needs the body is not.
#[test]
fn an_answer_without_the_body_is_the_one_with_any_body() {
    let of = |key: &str| token(key, &secret(key), "n1", "");
    let rows: [(&str, Vec<String>, bool); 7] = [
        ("/v1/orders", vec![], true),
        ("/v1/orders", vec!["rubbish".to_owned()], true),
        ("/v1/orders", vec![of("K9"), of("K9")], true),
        ("/v1/no/such", vec![], true),
        ("/v1/orders", vec![of("K9")], true),
        ("/v1/orders", vec![of("K1")], false),
        ("/v1/market/all", vec![], false),
    ];
    for (n, (path, tokens, early)) in rows.iter().enumerate() {
        let method = if *path == "/v1/market/all" { Method::GET } else { Method::POST };
        let mut whole = request(method, path, tokens);
        assert!(gate(false).decide_unread(&whole.as_request()).is_none(), "shadow mode passes it on: {n}");
        let gate = gate(true);
        let Some(decision) = gate.decide_unread(&whole.as_request()) else {
            assert!(!early, "{n}");
            continue;
        };
        assert!(early, "{n}");
        assert!(decision.permit().is_err(), "{n}");
        for body in ["", "market=KRW-BTC", "not a form \u{0}"] {
            whole.body = body.into();
            assert_eq!(
                format!("{:?}", gate.decide(&whole.as_request(), at(1))),
                format!("{decision:?}"),
                "{n}"
            );
        }
        // Of unknown length: only what comes before the length in the gate's order can be said.
        whole.body_complete = false;
        let unknown_length = gate.decide_unread(&whole.as_request());
        let with = gate.decide(&whole.as_request(), at(1));
        match unknown_length {
            Some(decision) => {
                assert_eq!(decision.answer(), Answer::Deny(Reason::MalformedCredentials), "{n}");
            }
            None => assert_eq!(with.answer(), Answer::Deny(Reason::BodyTooLarge), "{n}"),
        }
    }
}

/// A control test's code leaves its mark wherever a signed parameter holds it, and only if the signature is valid, refused or not.
#[test]
fn a_code_leaves_its_mark_and_nothing_else_does() {
    use sumun_model::CodeMark;
    let gate = gate(true);
    let code = "SUMUN-7H3K9QXZ";
    let marked = |query: &str, source: &str, valid: bool| {
        let secret = secret(if valid { "K1" } else { "K9" });
        let mut asked = Signed::new(Method::GET, "/v1/order", source.parse().unwrap());
        asked.query = query.to_owned();
        let asked = asked.authorization(&token("K1", &secret, query, query));
        gate.decide(&asked.as_request(), at(1)).code
    };
    let mark = Some(CodeMark::of(&KeyId::new("K1").unwrap(), code));
    assert_eq!(marked(&format!("identifier={code}"), HOME, true), mark);
    assert_eq!(marked(&format!("uuid=a&sumun_code={code}"), HOME, true), mark);
    assert_eq!(marked(&format!("identifier={code}"), "198.51.100.9", true), mark, "refused for its address");
    assert_eq!(marked(&format!("identifier={code}"), HOME, false), None);
    for other in
        ["identifier=SUMUN-7H3K9QX", "identifier=sumun-7h3k9qxz", "identifier=x-SUMUN-7H3K9QXZ", "uuid=a"]
    {
        assert_eq!(marked(other, HOME, true), None, "{other}");
    }
}

//! What is refused of a token, one thing at a time.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};
use sumun_feed::jws::{sign, verify};
use sumun_feed::{
    Acknowledgement, Compact, EnrolmentRequest, Frame, GateProof, JwsError, Mark, REQUEST_ACKNOWLEDGE,
    REQUEST_FEED, SigningKey, Typ,
};
use sumun_model::{GateId, Timestamp};

fn key(n: u8) -> SigningKey {
    SigningKey::from_seed(&[n; 32])
}

/// A token with any header, rightly signed all the same.
fn with_header(header: &str, claims: &Value) -> String {
    use ed25519_dalek::Signer;
    let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = ed25519_dalek::SigningKey::from_bytes(&[1; 32]).sign(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

#[test]
fn rfc_8037_appendix_a_4() {
    // The published example has no `typ`, so that only form and signature can be compared: the same key signs the same
    // bytes.
    let seed = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
    let public = URL_SAFE_NO_PAD.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
    let key = SigningKey::from_seed(&seed.try_into().unwrap());
    assert_eq!(key.public().to_bytes().as_slice(), public);
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert_eq!(Compact::parse(token, Typ::Assertion).unwrap_err(), JwsError::Header);
}

#[test]
fn only_our_algorithm_our_typ_and_no_more_in_the_header() {
    let claims = json!({ "sub": "C1" });
    let read = |token: &str| verify::<Value>(&key(1).public(), Typ::Assertion, token);
    for good in [r#"{"alg":"EdDSA","typ":"JWT"}"#, r#"{"typ":"JWT","kid":"k1","alg":"EdDSA"}"#] {
        assert_eq!(read(&with_header(good, &claims)), Ok(claims.clone()), "{good}");
    }
    for (bad, error) in [
        (r#"{"alg":"none","typ":"JWT"}"#, JwsError::Algorithm),
        (r#"{"alg":"HS256","typ":"JWT"}"#, JwsError::Algorithm),
        (r#"{"alg":"eddsa","typ":"JWT"}"#, JwsError::Algorithm),
        (r#"{"alg":"Ed25519","typ":"JWT"}"#, JwsError::Algorithm),
        (r#"{"alg":"EdDSA","typ":"jwt"}"#, JwsError::Typ(Typ::Assertion)),
        (r#"{"alg":"EdDSA","typ":"sumun-gate+jwt"}"#, JwsError::Typ(Typ::Assertion)),
        (r#"{"alg":"EdDSA"}"#, JwsError::Header),
        (r#"{"alg":"EdDSA","typ":"JWT","crit":["exp"]}"#, JwsError::Header),
        (r#"{"alg":"EdDSA","typ":"JWT","b64":false}"#, JwsError::Header),
        (r#"{"alg":"EdDSA","typ":"JWT","jwk":{}}"#, JwsError::Header),
        (r#"{"alg":"EdDSA","typ":"JWT","alg":"EdDSA"}"#, JwsError::Header),
        (r#"{"alg":"EdDSA","typ":"JWT"} {}"#, JwsError::Header),
        ("[]", JwsError::Header),
        ("", JwsError::Header),
    ] {
        assert_eq!(read(&with_header(bad, &claims)), Err(error), "{bad}");
    }
}

#[test]
fn a_token_of_one_use_is_none_of_another() {
    for made in Typ::ALL {
        let token = sign(&key(1), *made, &json!({})).unwrap();
        for asked in Typ::ALL {
            let read = verify::<Value>(&key(1).public(), *asked, &token);
            assert_eq!(read.is_ok(), made == asked, "{made:?} as {asked:?}");
        }
        assert_eq!(verify::<Value>(&key(2).public(), *made, &token), Err(JwsError::Signature));
    }
}

#[test]
fn form_and_length() {
    let token = sign(&key(1), Typ::Gate, &json!({ "a": 1 })).unwrap();
    let read = |token: &str| verify::<Value>(&key(1).public(), Typ::Gate, token);
    let parts: Vec<&str> = token.split('.').collect();
    for bad in [
        String::new(),
        "..".to_owned(),
        parts[..2].join("."),
        format!("{token}.{}", parts[2]),
        format!("{token}="),
        format!(" {token}"),
        token.replace('.', " "),
        format!("{}.{}.{}", parts[0], parts[1], &parts[2][..80]),
        format!("{}.{}=.{}", parts[0], parts[1], parts[2]),
    ] {
        assert!(read(&bad).is_err(), "{bad}");
    }
    let long = "x".repeat(Typ::Gate.bytes_max() + 1);
    assert_eq!(read(&long), Err(JwsError::TooLong { typ: Typ::Gate, bytes: long.len() }));
    assert!(matches!(sign(&key(1), Typ::Gate, &long), Err(JwsError::TooLong { .. })));
}

proptest! {
    #[test]
    fn any_other_byte_is_refused(at in any::<prop::sample::Index>(), other in any::<u8>()) {
        let frame = Frame::Heartbeat { version: 7, mark: None, at: Timestamp::from_millis(1_795_000_000_000) };
        let line = frame.sign(&key(1)).unwrap();
        let mut bytes = line.into_bytes();
        let at = at.index(bytes.len());
        let was = std::mem::replace(&mut bytes[at], other);
        let text = String::from_utf8_lossy(&bytes);
        let read = Frame::verify(&text, &key(1).public());
        prop_assert_eq!(read.is_ok(), was == other);
    }

    #[test]
    fn no_text_makes_it_panic(text in "[A-Za-z0-9_.\\-]{0,200}") {
        for typ in Typ::ALL {
            prop_assert!(verify::<Value>(&key(1).public(), *typ, &text).is_err());
        }
    }
}

#[test]
fn a_gate_proves_itself_for_one_request_now() {
    let now = Timestamp::from_millis(1_795_000_000_000);
    let proof = GateProof {
        gate: GateId::new("gate-1").unwrap(),
        venue: "made-up".to_owned(),
        request: REQUEST_FEED.to_owned(),
        at: now,
        nonce: "00".to_owned(),
    };
    let token = proof.sign(&key(1)).unwrap();
    assert_eq!(GateProof::gate_unverified(&token), Ok(proof.gate.clone()));
    let read = |key: &SigningKey, venue, request, us| {
        GateProof::verify(&token, &key.public(), venue, request, now.plus_micros(us))
    };
    assert_eq!(read(&key(1), "made-up", REQUEST_FEED, 60_000_000), Ok(proof));
    assert!(read(&key(2), "made-up", REQUEST_FEED, 0).is_err());
    assert!(read(&key(1), "another", REQUEST_FEED, 0).is_err());
    assert!(read(&key(1), "made-up", REQUEST_ACKNOWLEDGE, 0).is_err());
    for us in [60_000_001, -60_000_001] {
        assert!(read(&key(1), "made-up", REQUEST_FEED, us).is_err());
    }
}

#[test]
fn an_enrolment_shows_that_its_key_is_held() {
    let now = Timestamp::from_millis(1_795_000_000_000);
    let request = EnrolmentRequest::new(&key(1), "made-up-invite", now).unwrap();
    assert_eq!(request.verify(now), Ok(()));
    let another_key = EnrolmentRequest { public_key: key(2).public(), ..request.clone() };
    assert!(another_key.verify(now).is_err());
    let another_invite = EnrolmentRequest { invite: "another".to_owned(), ..request.clone() };
    assert!(another_invite.verify(now).is_err());
    assert!(request.verify(now.plus_micros(61_000_000)).is_err());
}

#[test]
fn an_acknowledgement_runs_forwards() {
    let at = Timestamp::from_millis(1_795_000_000_000);
    let of = |from, to| Acknowledgement {
        gate: GateId::new("gate-1").unwrap(),
        boot: "0123".to_owned(),
        from,
        to,
        mark: Mark { entry: to, root: [1; 32] },
        applied_at: at,
        acknowledged_at: at,
        last_admitted: Vec::new(),
        streams_closed: 0,
        unusable: Vec::new(),
    };
    for (from, to, good) in [(1, 1, true), (1, 9, true), (0, 1, false), (5, 4, false)] {
        let token = of(from, to).sign(&key(1)).unwrap();
        assert_eq!(Acknowledgement::verify(&token, &key(1).public()).is_ok(), good, "{from} {to}");
        assert!(Acknowledgement::verify(&token, &key(2).public()).is_err());
    }
}

#[test]
fn what_is_said_stays_readable() {
    let at = Timestamp::from_millis(1_795_000_000_000);
    let delta = Frame::Delta {
        version: 8,
        mark: Mark { entry: 41, root: [0xab; 32] },
        at,
        records: vec![json!({ "key": "K1", "state": "expired" })],
    };
    insta::assert_snapshot!(serde_json::to_string(&delta).unwrap(), @r#"{"frame":"delta","version":8,"mark":"41-abababababababababababababababababababababababababababababababab","at":"2026-11-18T11:06:40.000000Z","records":[{"key":"K1","state":"expired"}]}"#);
    let heartbeat = Frame::Heartbeat { version: 8, mark: None, at };
    insta::assert_snapshot!(heartbeat.sign(&key(1)).unwrap(), @"eyJhbGciOiJFZERTQSIsInR5cCI6InN1bXVuLWZlZWQrand0In0.eyJmcmFtZSI6ImhlYXJ0YmVhdCIsInZlcnNpb24iOjgsIm1hcmsiOm51bGwsImF0IjoiMjAyNi0xMS0xOFQxMTowNjo0MC4wMDAwMDBaIn0.9ph3toJVXLIBKH1a8s3aszaVnUrxbAJbZkZwMK4sITt6QF8DaH79CE5yfOY_n0FP4ZQNvHYVZtrd35HzlhakAA");
}

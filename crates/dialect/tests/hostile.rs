//! Requests made to be read differently behind the gate: none is accepted.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod common;

use common::{Request, claims};
use http::HeaderValue;
use sumun_dialect::{Ambiguity, CanonicalForm, Rejection};

const JSON: Option<&str> = Some("application/json");
const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

fn form(request: &Request) -> Result<Option<CanonicalForm>, Rejection> {
    request.verify().map(|v| v.form)
}

#[test]
fn parameters_must_be_bound() {
    for (query, body, content_type) in [
        ("a=1", "", None),
        ("", r#"{"a":1}"#, JSON),
        ("", "a=1", FORM),
        ("a=1", r#"{"a":1}"#, JSON),
        ("", "a=1", None),
        ("", r#"{"a":null}"#, JSON),
    ] {
        let request = Request::new(query, body.as_bytes(), content_type, None);
        assert_eq!(form(&request), Err(Rejection::QueryHashMissing), "{query} {body}");
    }
}

#[test]
fn without_parameters_only_the_hash_of_nothing_will_do() {
    // ccxt sends `{}` with a POST that has no parameters, and hashes nothing.
    for (body, content_type) in [("", None), ("{}", JSON), ("", JSON)] {
        assert_eq!(form(&Request::new("", body.as_bytes(), content_type, None)), Ok(None), "{body}");
        assert_eq!(form(&Request::new("", body.as_bytes(), content_type, Some(""))), Ok(None), "{body}");
        let other = Request::new("", body.as_bytes(), content_type, Some("a=1"));
        assert_eq!(form(&other), Err(Rejection::QueryHashMismatch), "{body}");
    }
}

#[test]
fn the_content_type_alone_says_how_a_body_is_read() {
    let json =
        |content_type: Option<&str>| form(&Request::new("", br#"{"a":"1"}"#, content_type, Some("a=1")));
    for good in [
        "application/json",
        "Application/JSON",
        "application/json; charset=UTF-8",
        "application/json;charset=\"utf-8\"",
    ] {
        assert_eq!(json(Some(good)), Ok(Some(CanonicalForm::JsonPlain)), "{good}");
    }
    for bad in [
        None,
        Some(""),
        Some("text/plain"),
        Some("text/json"),
        Some("application/json, application/json"),
        Some("application/json; charset=euc-kr"),
        Some("application/json; charset=utf-8; charset=utf-7"),
        Some("application/json; boundary=x"),
        Some("application/json;"),
        Some("multipart/form-data; boundary=x"),
        Some("application/vnd.api+json"),
    ] {
        assert_eq!(json(bad), Err(Rejection::Ambiguous(Ambiguity::ContentType)), "{bad:?}");
    }
    // JSON under a form's type is a form with an odd name; a form under JSON's type is no JSON.
    let body = br#"{"a":"1"}"#;
    let as_form = Request::new("", body, FORM, Some(std::str::from_utf8(body).unwrap()));
    assert_eq!(form(&as_form), Err(Rejection::Ambiguous(Ambiguity::RawByte)));
    assert_eq!(
        form(&Request::new("", b"a=1", JSON, Some("a=1"))),
        Err(Rejection::Ambiguous(Ambiguity::Json))
    );

    let mut twice = Request::new("", body, JSON, Some("a=1"));
    twice.headers.append("content-type", HeaderValue::from_static("application/json"));
    assert_eq!(form(&twice), Err(Rejection::Ambiguous(Ambiguity::ContentType)));
    let mut packed = Request::new("", body, JSON, Some("a=1"));
    packed.headers.insert("content-encoding", HeaderValue::from_static("gzip"));
    assert_eq!(form(&packed), Err(Rejection::Ambiguous(Ambiguity::ContentEncoding)));
}

#[test]
fn what_hides_a_parameter_is_refused() {
    for (query, hashed) in [
        ("a=1%26market=KRW-ETH", "a=1&market=KRW-ETH"),
        ("a=1%26market%3DKRW-ETH", "a=1&market=KRW-ETH"),
        ("a%3D1=2", "a=1=2"),
        ("a=1=2%20", "a=1=2 "),
    ] {
        assert_eq!(
            form(&Request::new(query, b"", None, Some(hashed))),
            Err(Rejection::SmuggledParameter),
            "{query}"
        );
    }
    for (body, hashed) in [
        (r#"{"a":"1&b=2"}"#, "a=1&b=2"),
        (r#"{"a":"1\u0026b\u003d2"}"#, "a=1&b=2"),
        (r#"{"a=1&b":"2"}"#, "a=1&b=2"),
        (r#"{"a":["1&a[]=2"]}"#, "a[]=1&a[]=2"),
        (r#"{"a":"1&b=2"}"#, "a=1%26b%3D2"),
    ] {
        let request = Request::new("", body.as_bytes(), JSON, Some(hashed));
        assert_eq!(form(&request), Err(Rejection::SmuggledParameter), "{body}");
    }
    // Hashed as sent, an encoded separator is plainly part of the value.
    let honest = Request::new("a=1%26b%3D2", b"", None, Some("a=1%26b%3D2"));
    assert_eq!(honest.verify().unwrap().params.iter().next().unwrap().value, "1&b=2");
}

#[test]
fn what_servers_read_differently_is_refused_even_if_signed() {
    for query in [
        "a=1;b=2", "a=%00", "a=%C0%AF", "a=%ff", "a=%", "a=1&&b=2", "=1", "a[b]=1", "a%00=1", "&", "a=1&",
        "?a=1",
    ] {
        let raw = form(&Request::new(query, b"", None, Some(query)));
        assert!(matches!(raw, Err(Rejection::Ambiguous(_))), "{query}: {raw:?}");
        let body = form(&Request::new("", query.as_bytes(), FORM, Some(query)));
        assert!(matches!(body, Err(Rejection::Ambiguous(_))), "{query}: {body:?}");
    }
    for (body, hashed) in [
        (r#"{"a":1,"a":2}"#, "a=1&a=2"),
        (r#"{"a":1,"\u0061":2}"#, "a=1&a=2"),
        (r#"{"a":null}"#, "a=None"),
        (r#"{"a":null}"#, "a="),
        (r#"{"a":null}"#, "a=null"),
        (r#"{"a":{"b":1}}"#, "a[b]=1"),
        (r#"{"a":[]}"#, ""),
        (r#"{"a":1} {"b":2}"#, "a=1"),
        ("\u{feff}{\"a\":1}", "a=1"),
        (r#"[{"a":1}]"#, "a=1"),
        (r#"{"a[]":1}"#, "a[]=1"),
        (r#"{"a":"\u0000"}"#, "a=\0"),
        (r#"{"a":"\ud800"}"#, "a=\u{fffd}"),
        (r#"{"a":01}"#, "a=01"),
        (r#"{"a":NaN}"#, "a=NaN"),
    ] {
        let found = form(&Request::new("", body.as_bytes(), JSON, Some(hashed)));
        assert!(matches!(found, Err(Rejection::Ambiguous(_))), "{body}: {found:?}");
    }
}

#[test]
fn numbers_are_their_literal_text() {
    for literal in ["0.5", "1e-05", "1E5", "-0", "1e400", "100000000000000000000000000"] {
        let request =
            Request::new("", format!("{{\"a\":{literal}}}").as_bytes(), JSON, Some(&format!("a={literal}")));
        assert_eq!(request.verify().unwrap().params.iter().next().unwrap().value, literal);
    }
    let other = Request::new("", br#"{"a":0.50}"#, JSON, Some("a=0.5"));
    assert_eq!(form(&other), Err(Rejection::QueryHashMismatch));
}

#[test]
fn the_claims_about_the_hash_are_held_to_their_form() {
    let with = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut claims = claims(Some("a=1"));
        change(&mut claims);
        form(&Request::with_claims("a=1", b"", None, &claims))
    };
    let accepted = Ok(Some(CanonicalForm::QueryRaw));
    assert_eq!(with(&|_| ()), accepted);
    assert_eq!(with(&|c| c["query_hash_alg"] = "sha512".into()), accepted);
    assert_eq!(with(&|c| drop(c.as_object_mut().unwrap().remove("query_hash_alg"))), accepted);
    assert_eq!(with(&|c| c["exp"] = 1.into()), accepted);
    assert_eq!(with(&|c| c["query_hash_alg"] = "SHA256".into()), Err(Rejection::QueryHashAlg));
    assert_eq!(with(&|c| c["query_hash_alg"] = "".into()), Err(Rejection::QueryHashAlg));
    assert_eq!(with(&|c| c["query"] = "a=1".into()), Err(Rejection::OldQueryClaim));
    assert_eq!(with(&|c| c["query_hash"] = "".into()), Err(Rejection::QueryHashMismatch));
    let upper =
        |c: &mut serde_json::Value| c["query_hash"] = c["query_hash"].as_str().unwrap().to_uppercase().into();
    assert_eq!(with(&upper), Err(Rejection::QueryHashMismatch));
    let short = |c: &mut serde_json::Value| c["query_hash"] = c["query_hash"].as_str().unwrap()[..126].into();
    assert_eq!(with(&short), Err(Rejection::QueryHashMismatch));
}

#[test]
fn a_signature_of_the_other_algorithm_does_not_verify() {
    let swap = |long: bool, alg: &str| {
        let mut request = Request::new("", b"", None, None);
        let signed = common::token(&claims(None), long);
        let header = base64::Engine::encode(
            &base64::engine::general_purpose::URL_SAFE_NO_PAD,
            format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#),
        );
        let (_, rest) = signed.split_once('.').unwrap();
        let value = HeaderValue::from_str(&format!("Bearer {header}.{rest}")).unwrap();
        request.headers.insert("authorization", value);
        form(&request)
    };
    assert_eq!(swap(false, "HS256"), Ok(None));
    assert_eq!(swap(true, "HS512"), Ok(None));
    assert_eq!(swap(false, "HS512"), Err(Rejection::BadSignature));
    assert_eq!(swap(true, "HS256"), Err(Rejection::BadSignature));
    for alg in ["none", "HS384", "RS256"] {
        assert_eq!(swap(false, alg), Err(Rejection::AlgNotAllowed), "{alg}");
    }
}

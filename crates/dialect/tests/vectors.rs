//! The acceptance vectors: every Upbit vector and sequence is judged as its file expects, others are `unsupported`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

use std::collections::HashMap;
use sumun_dialect::vectors::{JudgedVerdict, judge};

const FILE: &str = include_str!("data/exchange-auth-vectors.json");

/// (verdict, reason) that an expected word stands for; `None` where the scheme is not spoken here.
fn expected(scheme: &str, word: &str) -> (JudgedVerdict, Option<String>) {
    match (scheme, word) {
        ("upbit-jwt", "accept" | "accept_or_policy") => (JudgedVerdict::Accept, None),
        ("upbit-jwt", word) => (JudgedVerdict::Reject, Some(word.to_owned())),
        _ => (JudgedVerdict::Unsupported, None),
    }
}

#[test]
fn every_vector_and_sequence_is_judged_as_expected() {
    let file: serde_json::Value = serde_json::from_str(FILE).unwrap();
    let judged: HashMap<_, _> =
        judge(FILE.as_bytes()).unwrap().into_iter().map(|j| (j.id.clone(), j)).collect();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let mut wanted = Vec::new();
    let mut schemes = HashMap::new();
    for vector in file["vectors"].as_array().unwrap() {
        let (id, scheme) = (text(&vector["id"]), text(&vector["scheme"]));
        wanted.push((id.clone(), expected(&scheme, &text(&vector["expected_verdict"]))));
        schemes.insert(id, scheme);
    }
    for sequence in file["sequences"].as_array().unwrap() {
        let steps =
            sequence["present"].as_array().unwrap().iter().zip(sequence["expected"].as_array().unwrap());
        for (n, (present, word)) in (1..).zip(steps) {
            let scheme = &schemes[present.as_str().unwrap()];
            wanted.push((format!("{}#{n}", text(&sequence["id"])), expected(scheme, &text(word))));
        }
    }
    assert_eq!(judged.len(), wanted.len());
    for (id, (verdict, reason)) in &wanted {
        let found = &judged[id];
        assert_eq!(
            (found.verdict, found.reason),
            (*verdict, reason.as_deref()),
            "{id}: {}",
            found.explanation
        );
    }
    assert_eq!(wanted.iter().filter(|(_, (v, _))| *v != JudgedVerdict::Unsupported).count(), 34);
}

#[test]
fn the_form_that_matched_is_the_one_the_evidence_names() {
    let file: serde_json::Value = serde_json::from_str(FILE).unwrap();
    let judged = judge(FILE.as_bytes()).unwrap();
    let mut compared = 0;
    for vector in file["vectors"].as_array().unwrap().iter().filter(|v| v["scheme"] == "upbit-jwt") {
        let Some(form) = vector["evidence"]["canonical_form"].as_str() else { continue };
        if vector["expected_verdict"] != "accept" {
            continue;
        }
        let explanation = &judged.iter().find(|j| vector["id"] == j.id).unwrap().explanation;
        assert!(explanation.contains(&format!("hashed as {form}\n")), "{explanation}");
        let hashed = vector["evidence"]["hashed_string"].as_str().unwrap();
        assert!(explanation.contains(&format!("`{hashed}`  <- matched")), "{explanation}");
        compared += 1;
    }
    assert_eq!(compared, 16);
}

#[test]
fn lines_have_the_words_of_the_file_or_the_gates_codes() {
    let judged = judge(FILE.as_bytes()).unwrap();
    let line = |id: &str, codes| judged.iter().find(|j| j.id == id).unwrap().line(codes);
    insta::assert_snapshot!(
        [
            line("upbit-jwt-01", false),
            line("upbit-jwt-01", true),
            line("neg-upbit-jwt-05-smuggled-param", false),
            line("neg-upbit-jwt-05-smuggled-param", true),
            line("neg-upbit-jwt-02-other-access-key", true),
            line("replay-upbit-jwt-02#1", false),
            line("replay-upbit-jwt-02#2", false),
            line("replay-upbit-jwt-02#2", true),
            line("bithumb-jwt-02", true),
        ]
        .join("\n"),
        @r#"
        {"id":"upbit-jwt-01","verdict":"accept","reason":null}
        {"id":"upbit-jwt-01","verdict":"accept","reason":null}
        {"id":"neg-upbit-jwt-05-smuggled-param","verdict":"reject","reason":"smuggled_parameter"}
        {"id":"neg-upbit-jwt-05-smuggled-param","verdict":"reject","reason":"signature_invalid"}
        {"id":"neg-upbit-jwt-02-other-access-key","verdict":"reject","reason":"unknown_key"}
        {"id":"replay-upbit-jwt-02#1","verdict":"accept","reason":null}
        {"id":"replay-upbit-jwt-02#2","verdict":"reject","reason":"nonce_replayed"}
        {"id":"replay-upbit-jwt-02#2","verdict":"reject","reason":"replayed"}
        {"id":"bithumb-jwt-02","verdict":"unsupported","reason":null}
        "#
    );
}

#[test]
fn bad_files_are_named_by_line_and_path() {
    let error = |text: &str| judge(text.as_bytes()).unwrap_err().to_string();
    let vector = |more: &str| {
        format!(
            r#"{{"vectors":[{{"id":"v1","scheme":"upbit-jwt","method":"GET","path":"/v1/accounts","headers":{{}},"key":"K1","secret":"s"{more}}}]}}"#
        )
    };
    assert_eq!(
        judge(vector("").as_bytes()).unwrap()[0].line(true),
        r#"{"id":"v1","verdict":"reject","reason":"malformed_credentials"}"#
    );
    insta::assert_snapshot!(
        [
            error(""),
            error("{\n \"vectors\": 1}"),
            error("{}"),
            error(r#"{"vectors":[{"id":1}]}"#),
            error(&vector(r#","body":null"#)),
            error(&(vector("") + "x")),
            error(&vector("").replace("GET", "G T")),
            error(&vector("").replace("/v1/accounts", "v1")),
            error(&vector("").replace(r#""headers":{}"#, r#""headers":{"a b":"c"}"#)),
            error(&vector("").replace(r#""headers":{}"#, r#""headers":{"a":"\n"}"#)),
            error(&vector("").replace(r#","secret":"s""#, "")),
            error(&vector("").replace(']', r#",{"id":"v1","scheme":"x","method":"GET","path":"/","headers":{},"key":"k"}]"#)),
            error(&vector("").replace("]}", r#"],"sequences":[{"id":"s1","present":["v1","v2"]}]}"#)),
        ]
        .join("\n"),
        @r"
        line 1, column 0: `.`: EOF while parsing a value
        line 2, column 13: `vectors`: invalid type: integer `1`, expected a sequence
        line 1, column 2: `.`: missing field `vectors`
        line 1, column 19: `vectors[0].id`: invalid type: integer `1`, expected a string
        line 1, column 129: `vectors[0].body`: invalid type: null, expected a string
        line 1, column 121: `$`: trailing characters
        vector `v1`: `G T` is no method: invalid HTTP method
        vector `v1`: `path` must start with `/`; what follows `?` belongs into `query`
        vector `v1`: `a b` is no header name: invalid HTTP header name
        vector `v1`: a header value holds a control character
        vector `v1`: `secret` is missing
        vector `v1`: this id is there twice
        sequence `s1`: step 2 presents `v2`, which is no vector of this file
        "
    );
}

#[test]
fn explanations_say_what_was_hashed_and_what_to_do() {
    let judged = judge(FILE.as_bytes()).unwrap();
    let explanation = |id: &str| judged.iter().find(|j| j.id == id).unwrap().explanation.clone();
    insta::assert_snapshot!(
        [
            explanation("upbit-jwt-01"),
            explanation("upbit-jwt-07"),
            explanation("upbit-jwt-08"),
            explanation("upbit-jwt-30"),
            explanation("neg-upbit-jwt-02-sig-flipped"),
            explanation("neg-upbit-jwt-02-alg-none"),
            explanation("neg-upbit-jwt-02-other-access-key"),
            explanation("neg-upbit-jwt-02-body-tampered"),
            explanation("neg-upbit-jwt-05-smuggled-param"),
            explanation("replay-upbit-jwt-02#2"),
        ]
        .join("\n"),
        @r"
        request   GET `/v1/accounts`, dialect upbit
        token     HS256, access_key `UPKEYxTESTxACCESSxKEYx000000000000000001`, nonce `e8dfa3b6-335f-492b-a1c2-6c2ceecbbbd8`, no query_hash
        verdict   accepted: the signature holds; there are no parameters to bind

        request   POST `/v1/orders`, dialect upbit
        token     HS256, access_key `UPKEYxTESTxACCESSxKEYx000000000000000001`, nonce `ebbc2f3a-0e84-42a8-a1e4-43fa0fa7fd1d`, query_hash 83e5e4cd08c799e4…
        verdict   accepted: the signature holds and binds 6 parameters, hashed as json-form-encoded-then-decoded
        hashed    json-plain                      91817551e2832385…  `market=KRW-BTC&ord_type=limit&side=bid&identifier=desk A/1 + memo&price=50000000&volume=0.001`
        hashed    json-form-encoded               7c7d48d25b4fe1dc…  `market=KRW-BTC&ord_type=limit&side=bid&identifier=desk+A%2F1+%2B+memo&price=50000000&volume=0.001`
        hashed    json-form-encoded-then-decoded  83e5e4cd08c799e4…  `market=KRW-BTC&ord_type=limit&side=bid&identifier=desk+A/1+++memo&price=50000000&volume=0.001`  <- matched

        request   GET `/v1/orders/open`, dialect upbit
        token     HS256, access_key `UPKEYxTESTxACCESSxKEYx000000000000000001`, nonce `065dbd7b-3f8f-4fc8-8b83-44f072f425d1`, query_hash c01bbcb80094d222…
        verdict   accepted: the signature holds and binds 3 parameters, hashed as query-decoded
        hashed    query-raw                       bdbb51cdd4e6aa06…  `market=KRW-BTC&states%5B%5D=wait&states%5B%5D=watch`
        hashed    query-decoded                   c01bbcb80094d222…  `market=KRW-BTC&states[]=wait&states[]=watch`  <- matched

        request   GET `/websocket/v1/private` (WebSocket upgrade), dialect upbit
        token     HS256, access_key `UPKEYxTESTxACCESSxKEYx000000000000000001`, nonce `106452d0-5e5a-496f-a68d-3b31e5873bc0`, no query_hash
        verdict   accepted: the signature holds; there are no parameters to bind

        request   POST `/v1/orders`, dialect upbit
        token     HS256, access_key `UPKEYxTESTxACCESSxKEYx000000000000000001`, nonce `1b8740b1-09ee-4631-a7d7-5e272a1240c4`, query_hash e9c3d1608445e04e…
        verdict   refused: the signature does not match the token and the key's secret
        reason    bad_signature; the gate answers signature_invalid
        do        check the secret: it is the HMAC key as issued, not base64-decoded; and that nothing altered the token

        request   POST `/v1/orders`, dialect upbit
        token     none, access_key `UPKEYxTESTxACCESSxKEYx000000000000000001`, nonce `7a0f8c9e-1111-4222-8333-444444444444`, no query_hash
        verdict   refused: the token's `alg` is not one that this exchange accepts
        reason    alg_not_allowed; the gate answers signature_invalid
        do        sign with HS256 or HS512

        request   POST `/v1/orders`, dialect upbit
        token     HS256, access_key `UPKEYxOTHER`, nonce `7a0f8c9e-1111-4222-8333-555555555555`, no query_hash
        verdict   refused: the token names another access key
        reason    unknown_key; the gate answers unknown_key
        do        check that the access key belongs to the secret that signed

        request   POST `/v1/orders`, dialect upbit
        token     HS256, access_key `UPKEYxTESTxACCESSxKEYx000000000000000001`, nonce `1b8740b1-09ee-4631-a7d7-5e272a1240c4`, query_hash e9c3d1608445e04e…
        verdict   refused: `query_hash` matches no canonical form of the parameters received
        hashed    json-plain                      0bf8cae1ef51fbb9…  `market=KRW-BTC&side=bid&ord_type=limit&price=50000000&volume=0.002`
        reason    query_hash_mismatch; the gate answers signature_invalid
        do        hash one of the strings above, from exactly the parameters sent and in the order sent

        request   POST `/v1/withdraws/coin`, dialect upbit
        token     HS256, access_key `UPKEYxTESTxACCESSxKEYx000000000000000001`, nonce `21e3164e-7c49-4036-8126-53c6e29973c3`, query_hash b2913524d3b1922c…
        verdict   refused: a parameter holds `&` or `=`, which the hashed form cannot tell from separate parameters
        hashed    json-plain                      b2913524d3b1922c…  `amount=0.5&net_type=BTC&currency=BTC&address=3NVw2seiTQddGQwc1apqudKxuTqebpyL3s`
        hashed    json-form-encoded               df0c4205f30688e6…  `amount=0.5&net_type=BTC%26currency%3DBTC%26address%3D3NVw2seiTQddGQwc1apqudKxuTqebpyL3s`
        reason    smuggled_parameter; the gate answers signature_invalid
        do        percent-encode the query and hash it as sent; a JSON body cannot carry `&` or `=` in this scheme

        request   POST `/v1/orders`, dialect upbit
        token     HS256, access_key `UPKEYxTESTxACCESSxKEYx000000000000000001`, nonce `1b8740b1-09ee-4631-a7d7-5e272a1240c4`, query_hash e9c3d1608445e04e…
        verdict   refused: signature and parameters hold, but the nonce was used before
        reason    nonce_replayed; the gate answers replayed
        do        sign every request anew, with a nonce never used before with this key
        "
    );
}

#[test]
fn no_explanation_holds_a_secret_or_a_signature() {
    let file: serde_json::Value = serde_json::from_str(FILE).unwrap();
    for judgement in judge(FILE.as_bytes()).unwrap() {
        for vector in file["vectors"].as_array().unwrap() {
            let signature = vector["headers"].as_object().unwrap().values().filter_map(|v| v.as_str());
            let signature =
                signature.filter_map(|v| v.rsplit_once('.')).map(|(_, s)| s).filter(|s| s.len() > 16);
            for hidden in signature.chain(vector["secret"].as_str()) {
                assert!(!judgement.explanation.contains(hidden), "{}", judgement.id);
            }
        }
    }
}

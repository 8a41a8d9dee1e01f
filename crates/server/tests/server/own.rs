//! A customer's people see and touch their own customer's things; another's are as if they did not exist.

use crate::bench::Bench;
use serde_json::{Value, json};
use sumun_govern::Role;
use sumun_server::access::ALL;

/// Two customers, each with all that one can have, and a key of the first.
async fn two_customers() -> (Bench, String) {
    let bench = Bench::new().await;
    let backend = bench.machine(Role::ExchangeBackend).await;
    for n in [1, 2] {
        let put = async |kind: &str, letter: &str, body: Value| {
            let path = format!("/v1/{kind}/{letter}{n}");
            bench.send("PUT", &path, &backend, Some(body)).await.is(200);
        };
        let customer = format!("C{n}");
        put("customers", "C", json!({ "segment": "retail" })).await;
        put("persons", "P", json!({ "customer": customer, "role": "owner" })).await;
        put("operators", "O", json!({ "kind": "owner", "customer": customer })).await;
        let (person, owner) = (format!("P{n}"), format!("O{n}"));
        put(
            "accounts",
            "A",
            json!({ "customer": customer, "segment": "retail", "person": person, "owner": owner }),
        )
        .await;
    }
    let owner = bench.customer(Role::Owner, "C1").await;
    let asked = bench.send("POST", "/v1/keys", &owner, Some(key_request("A1"))).await.is(201);
    let key = asked.json["result"]["key"]["key"].as_str().unwrap().to_owned();
    (bench, key)
}

pub(crate) fn key_request(account: &str) -> Value {
    json!({ "account": account, "purpose": "own_bot", "application": "bot", "scopes": ["read"],
        "allowlist": ["203.0.113.7/32"], "expires": "2027-06-01T00:00:00Z", "terms": "1" })
}

#[tokio::test]
async fn anothers_things_do_not_exist() {
    let (bench, key) = two_customers().await;
    let (own, other) = (bench.customer(Role::Owner, "C1").await, bench.customer(Role::Owner, "C2").await);
    let reason = json!({ "reason": "a made-up reason" });
    for row in ALL.iter().filter(|row| row.owned && row.path.contains('{')) {
        // Decided elsewhere: what takes an approval or a delegation, of which there is none here.
        let id = match row.path.split('/').find(|part| part.starts_with('{')).unwrap() {
            "{customer}" => "C1",
            "{person}" => "P1",
            "{account}" => "A1",
            "{operator}" => "O1",
            "{key}" => &key,
            _ => continue,
        };
        if !row.allows(&[Role::Owner]) {
            continue;
        }
        let path = row.path.replace(row.path.split('/').find(|part| part.starts_with('{')).unwrap(), id);
        let body = match row.id {
            "key_allowlist" => Some(json!({ "allowlist": [] })),
            "address_register" | "address_remove" => Some(json!({ "prefix": "203.0.113.9" })),
            "key_scopes" => Some(json!({ "scopes": ["read"] })),
            "key_register" => Some(json!({ "terms": "1", "who": "myself" })),
            "key_rotate" | "key_revoke" | "key_issue" => Some(json!({})),
            _ if row.method.as_str() == "POST" => Some(reason.clone()),
            _ => None,
        };
        let answer = bench.send(row.method.as_str(), &path, &other, body).await;
        assert_eq!(answer.status, 404, "{}: {}", row.id, answer.text);
        if row.method.as_str() == "GET" {
            bench.send("GET", &path, &own, None).await.is(200);
        }
    }
    bench.send("POST", "/v1/keys", &other, Some(key_request("A1"))).await.is(404);
}

#[tokio::test]
async fn lists_hold_ones_own() {
    let (bench, _) = two_customers().await;
    let other = bench.customer(Role::Owner, "C2").await;
    for (path, id) in [
        ("customers", Some("C2")),
        ("persons", Some("P2")),
        ("accounts", Some("A2")),
        ("operators", Some("O2")),
        ("keys", None),
        ("approvals", None),
        ("questions", None),
        ("verifications", None),
        ("notices", None),
        ("objections", None),
    ] {
        let list = bench.send("GET", &format!("/v1/{path}"), &other, None).await.is(200);
        let items = list.json["items"].as_array().unwrap();
        assert_eq!(items.len(), usize::from(id.is_some()), "{path}: {}", list.text);
        let asked = bench.send("GET", &format!("/v1/{path}?limit=1"), &other, None).await.is(200);
        assert!(!asked.text.contains("C1"), "{path}");
    }
    // Naming another's customer or account shows nothing of his either.
    let narrowed = bench.send("GET", "/v1/accounts?customer=C1", &other, None).await.is(200);
    assert!(!narrowed.text.contains("A1"));
    bench.send("GET", "/v1/keys?account=A1", &other, None).await.is(404);
}

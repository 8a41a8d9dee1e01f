//! What a customer sees does not depend on what staff think of him; and what he may not see does not shorten his lists.

use crate::bench::{Bench, admin};
use crate::keys::one_customer;
use crate::own::key_request;
use serde_json::{Map, Value, json};
use sumun_govern::{Role, govern};
use sumun_store::tables::KEYS;
use sumun_store::{Expect, RowWrite};

async fn issued(bench: &Bench, owner: &str) -> String {
    let asked = bench.send("POST", "/v1/keys", owner, Some(key_request("A1"))).await.is(201);
    let key = asked.json["result"]["key"]["key"].as_str().unwrap().to_owned();
    bench.send("POST", &format!("/v1/keys/{key}/issue"), owner, None).await.is(200);
    key
}

/// Puts the key under watch, as a policy would.
async fn watch(bench: &Bench, key: &str) {
    let store = &bench.govern().store;
    let mut image = store.get(&KEYS, key).await.unwrap().unwrap();
    let version = image["version"].as_i64().unwrap();
    image.insert("measure".to_owned(), json!("monitor"));
    image.insert("reason".to_owned(), json!("a made-up suspicion"));
    image.insert("version".to_owned(), json!(version + 1));
    let mut facts = Map::new();
    facts.insert("actor".to_owned(), json!(admin().principal));
    let mut change = govern::change("key.watched", sumun_govern::World::now(&*bench.world), facts);
    change.writes.push(RowWrite { table: &KEYS, expect: Expect::Version(version), image });
    bench.govern().store.execute(change).await.unwrap();
}

#[tokio::test]
async fn watching_changes_nothing_that_the_owner_or_who_talks_with_him_sees() {
    let (bench, owner) = one_customer().await;
    let key = issued(&bench, &owner).await;
    let support = bench.staff(Role::Support, "sori").await;
    let backend = bench.machine(Role::ExchangeBackend).await;
    let analyst = bench.staff(Role::Analyst, "an").await;
    let mut paths: Vec<String> =
        ["", "/timeline", "/capability"].iter().map(|tail| format!("/v1/keys/{key}{tail}")).collect();
    paths.extend(["/v1/keys".to_owned(), "/v1/approvals".to_owned()]);
    let seen = async || {
        let mut seen = Vec::new();
        for token in [&owner, &support, &backend] {
            for path in &paths {
                let answer = bench.send("GET", path, token, None).await;
                // A refusal names its request, which is another one each time.
                let shown = if answer.status == 200 { answer.json } else { Value::Null };
                seen.push((path.clone(), answer.headers.get("etag").cloned(), answer.status, shown));
            }
        }
        seen
    };
    let before = seen().await;
    watch(&bench, &key).await;
    let expire = json!({ "reason": "a made-up suspicion", "lesser": "a warning would not be enough" });
    bench.send("POST", &format!("/v1/keys/{key}/expire"), &analyst, Some(expire)).await.is(202);
    assert_eq!(before, seen().await);
    let inside = bench.send("GET", &format!("/v1/keys/{key}"), &analyst, None).await.is(200);
    assert_eq!(
        (&inside.json["measure"], &inside.json["reason"]),
        (&json!("monitor"), &json!("a made-up suspicion"))
    );
    let told = bench.send("GET", &format!("/v1/keys/{key}/timeline"), &analyst, None).await.is(200);
    assert!(told.text.contains("key.watched"));

    // The plan of what he does himself does not tell either.
    let plan = format!("/v1/keys/{key}/revoke?dry_run=true");
    let plan = bench.send_with("POST", &plan, &owner, Some(json!({})), &[]).await.is(200);
    for word in ["monitor", "suspicion", "key.expire\"", "approval"] {
        assert!(!plan.json["plan"].to_string().contains(word), "{word}: {}", plan.text);
    }
}

#[tokio::test]
async fn an_owners_version_is_made_of_what_he_sees() {
    let (bench, owner) = one_customer().await;
    let key = issued(&bench, &owner).await;
    let path = format!("/v1/keys/{key}");
    let first = bench.send("GET", &path, &owner, None).await.is(200);
    let etag = first.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(etag, format!("\"{}\"", first.json["version"]));
    watch(&bench, &key).await;
    // He may go on with what he has seen: for him nothing changed.
    let narrower = Some(json!({ "scopes": ["market_data"] }));
    let allow = format!("{path}/scopes?dry_run=true");
    bench.send_with("POST", &allow, &owner, narrower.clone(), &[("if-match", &etag)]).await.is(200);
    let analyst = bench.staff(Role::Analyst, "an").await;
    let suspend = Some(json!({ "reason": "a made-up reason" }));
    bench.send("POST", &format!("{path}/suspend"), &analyst, suspend).await.is(200);
    let after = bench.send("GET", &path, &owner, None).await.is(200);
    assert_ne!(after.headers["etag"], etag.as_str());
    let stale = bench.send_with("POST", &allow, &owner, narrower, &[("if-match", &etag)]).await.is(412);
    assert_eq!(stale.code(), "version_stale");
}

#[tokio::test]
async fn a_page_of_approvals_is_not_cut_short() {
    let (bench, owner) = one_customer().await;
    let analyst = bench.staff(Role::Analyst, "an").await;
    let mut his = Vec::new();
    for _ in 0..4 {
        let key = issued(&bench, &owner).await;
        let expire = json!({ "reason": "a made-up suspicion", "lesser": "a warning would not be enough" });
        bench.send("POST", &format!("/v1/keys/{key}/expire"), &analyst, Some(expire)).await.is(202);
        let wider = json!({ "scopes": ["read", "trade"] });
        let asked = bench.send("POST", &format!("/v1/keys/{key}/scopes"), &owner, Some(wider)).await.is(200);
        his.push(asked.json["result"]["waits_for"][0].as_str().unwrap().to_owned());
    }
    his.sort();
    let support = bench.staff(Role::Support, "sori").await;
    for token in [&owner, &support] {
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let page = bench.send("GET", &format!("/v1/approvals?limit=1{after}"), token, None).await.is(200);
            let items = page.json["items"].as_array().unwrap();
            found.extend(items.iter().map(|item| item["approval"].as_str().unwrap().to_owned()));
            match &page.json["next"] {
                Value::Null => break,
                next => after = format!("&after={}", next.as_str().unwrap()),
            }
            assert_eq!(items.len(), 1, "a page that is not the last is whole");
        }
        assert_eq!(found, his);
    }
    let all = bench.send("GET", "/v1/approvals", &analyst, None).await.is(200);
    assert_eq!(all.json["items"].as_array().unwrap().len(), 9);
    let open = bench.send("GET", "/v1/approvals?state=open&limit=2", &owner, None).await.is(200);
    assert_eq!(open.json["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_waits_for_me_is_what_i_may_decide() {
    let (bench, owner) = one_customer().await;
    let (asker, other) = (bench.staff(Role::Approver, "an").await, bench.staff(Role::Approver, "bo").await);
    let analyst = bench.staff(Role::Analyst, "cho").await;
    let (one, two) = (issued(&bench, &owner).await, issued(&bench, &owner).await);
    let expire = json!({ "reason": "a made-up suspicion", "lesser": "a warning would not be enough" });
    bench.send("POST", &format!("/v1/keys/{one}/expire"), &asker, Some(expire)).await.is(202);
    let wider = json!({ "scopes": ["read", "trade"] });
    bench.send("POST", &format!("/v1/keys/{two}/scopes"), &owner, Some(wider)).await.is(200);
    let mine = async |token: &str, narrowed: &str| {
        let page = bench.send("GET", &format!("/v1/approvals?for=me{narrowed}"), token, None).await.is(200);
        let items = page.json["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["subject"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (end, widen) = (format!("key:{one}"), format!("key:{two}"));
    assert!(!mine(&asker, "").await.contains(&end), "who asked decides nothing");
    assert!(mine(&other, "").await.contains(&end));
    assert_eq!(mine(&other, &format!("&subject={end}")).await, [end.as_str()]);
    assert_eq!(mine(&other, "&state=granted").await, [""; 0], "what is closed waits for nobody");
    assert!(!mine(&analyst, "").await.contains(&end), "an end has no place for his role");
    assert!(mine(&analyst, "").await.contains(&widen));
    assert!(!mine(&owner, "").await.contains(&widen), "nor is his own wish his to decide");
    // Rules made stricter since hold for what still waits, and so whom it waits for changes.
    let lead = bench.staff(Role::ComplianceLead, "lead").await;
    assert!(!mine(&lead, "").await.contains(&end));
    let mut venue = sumun_govern::Venue::clone(&bench.govern().venue());
    let stricter = json!([{ "role": "approver", "count": 2 }, { "role": "compliance_lead", "count": 1 }]);
    venue.expiry.approvals = serde_json::from_value(stricter).unwrap();
    bench.govern().adopt_venue(venue, 0);
    assert!(mine(&lead, "").await.contains(&end), "it has a place for him now");
    let all = bench.send("GET", "/v1/approvals?state=open", &other, None).await.is(200);
    let waiting = all.json["items"].as_array().unwrap().iter();
    let ids: Vec<_> = waiting.filter(|item| item["subject"] == end.as_str()).collect();
    let decide = format!("/v1/approvals/{}/decide", ids[0]["approval"].as_str().unwrap());
    // What is typed over several lines is kept over several lines, of one kind.
    let no = json!({ "decision": "refuse", "reason": "asked the owner by phone\r\nhe was travelling" });
    let refused = bench.send("POST", &decide, &other, Some(no)).await.is(200);
    let reason = &refused.json["result"]["decisions"][0]["reason"];
    assert_eq!(reason, &json!("asked the owner by phone\nhe was travelling"));
    assert!(!mine(&other, "").await.contains(&end), "it is decided");
}

#[tokio::test]
async fn what_was_decided_last_stands_first() {
    let (bench, owner) = one_customer().await;
    let (asker, other) = (bench.staff(Role::Approver, "an").await, bench.staff(Role::Approver, "bo").await);
    let expire = json!({ "reason": "a made-up suspicion", "lesser": "a warning would not be enough" });
    let mut asked = Vec::new();
    for _ in 0..3 {
        let key = issued(&bench, &owner).await;
        let path = format!("/v1/keys/{key}/expire");
        let done = bench.send("POST", &path, &asker, Some(expire.clone())).await.is(202);
        asked.push(done.json["result"]["waits_for"][0].as_str().unwrap().to_owned());
    }
    // In another order than that of asking.
    asked.swap(0, 1);
    let no = json!({ "decision": "refuse", "reason": "it was the owner himself" });
    for approval in &asked {
        bench.pass_s(1);
        bench
            .send("POST", &format!("/v1/approvals/{approval}/decide"), &other, Some(no.clone()))
            .await
            .is(200);
    }
    asked.reverse();
    let (mut after, mut found) = (String::new(), Vec::new());
    loop {
        let path = format!("/v1/approvals?state=refused&order=newest&limit=1{after}");
        let page = bench.send("GET", &path, &other, None).await.is(200).json;
        for item in page["items"].as_array().unwrap() {
            assert!(item["decided"].is_string(), "{item}");
            found.push(item["approval"].as_str().unwrap().to_owned());
        }
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(found, asked);
    let open = bench.send("GET", "/v1/approvals?order=newest", &other, None).await;
    assert_eq!(open.is(400).code(), "order_without_state");
}

#[tokio::test]
async fn words_that_are_too_long_or_strange_are_told_by_their_field() {
    let (bench, owner) = one_customer().await;
    let key = issued(&bench, &owner).await;
    let analyst = bench.staff(Role::Analyst, "an").await;
    let suspend = format!("/v1/keys/{key}/suspend");
    let told = async |reason: String| {
        let no = bench.send("POST", &suspend, &analyst, Some(json!({ "reason": reason }))).await.is(422);
        (no.code().to_owned(), no.json["pointer"].as_str().unwrap().to_owned(), no.json["detail"].clone())
    };
    let long = told("가".repeat(1_204)).await;
    let said = "`/reason` has 1204 characters, and at most 1000 may stand there";
    assert_eq!(long, ("reason_too_long".into(), "/reason".into(), json!(said)));
    assert_eq!(told("a made-up\u{7}reason".to_owned()).await.0, "reason_unprintable");
    assert_eq!(told(String::new()).await.0, "reason_missing");
    let lines = json!({ "reason": "a made-up reason\r\n\r\nand another one" });
    bench.send("POST", &suspend, &analyst, Some(lines)).await.is(200);
}

#[tokio::test]
async fn a_customer_is_shown_the_venues_facts_that_concern_him() {
    let bench = Bench::new().await;
    let lead = bench.staff(Role::ComplianceLead, "lead").await;
    let facts = bench.govern().venue().to_json();
    bench.send("PUT", "/v1/venue", &lead, Some(facts)).await.is(200);
    let shown =
        async |token: &str| bench.send("GET", "/v1/venue", token, None).await.is(200).json["facts"].clone();
    let (inside, outside) = (shown(&lead).await, shown(&bench.customer(Role::Owner, "C1").await).await);
    assert!(inside["canary"].is_object() && inside["exchange"].is_object());
    assert!(outside["terms"].is_object() && outside["canary"].is_null() && outside["exchange"].is_null());
}

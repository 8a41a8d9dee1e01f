//! What is asked of owners, over the API: answered, registered, verified, acknowledged.

use crate::bench::{Bench, START_US, exchange_key};
use crate::keys::one_customer;
use crate::own::key_request;
use serde_json::{Value, json};
use sumun_feed::{Typ, jws};
use sumun_govern::Role;
use sumun_govern::owner::Noticed;
use sumun_govern::owner::verification::{self, Asking};
use sumun_govern::plan::Plan;
use sumun_model::Timestamp;

/// A key in use.
async fn in_use() -> (Bench, String, String) {
    let (bench, owner) = one_customer().await;
    let asked = bench.send("POST", "/v1/keys", &owner, Some(key_request("A1"))).await.is(201);
    let key = asked.json["result"]["key"]["key"].as_str().unwrap().to_owned();
    bench.send("POST", &format!("/v1/keys/{key}/issue"), &owner, None).await.is(200);
    (bench, owner, key)
}

/// A validly signed request from an address that is not in effect, as a gate saw it.
async fn seen(bench: &Bench, key: &str, address: &str, position: u64) {
    let noticed = Noticed {
        position,
        event: format!("g1-{position}").parse().unwrap(),
        at: Timestamp::from_micros(START_US),
        key: key.parse().unwrap(),
        account: None,
        address: address.parse().unwrap(),
        registered: false,
        fresh: true,
        of_gate: true,
        enforced: true,
        client: Some("made-up-bot/1".into()),
        code: None,
        asn: None,
        country: None,
    };
    assert_eq!(bench.govern().saw(&[noticed]).await.unwrap().failed, []);
}

#[tokio::test]
async fn a_question_is_answered_and_its_address_proved() {
    let (bench, owner, key) = in_use().await;
    seen(&bench, &key, "198.51.100.9", 1).await;
    let list = bench.send("GET", &format!("/v1/questions?key={key}&state=open"), &owner, None).await.is(200);
    let question = &list.json["items"][0];
    assert_eq!((&question["address"], &question["about"]["count"]), (&json!("198.51.100.9"), &json!(1)));
    assert!(question["say"][0]["ko"].as_str().is_some_and(|text| text.contains("198.51.100.9")));
    let path = format!("/v1/questions/{}", question["question"].as_str().unwrap());
    let analyst = bench.staff(Role::Analyst, "analyst").await;
    bench.send("GET", &path, &analyst, None).await.is(200);
    let answer = json!({ "answer": "me" });
    bench.send("POST", &format!("{path}/answer"), &analyst, Some(answer.clone())).await.is(403);
    let done = bench.send("POST", &format!("{path}/answer"), &owner, Some(answer)).await.is(200);
    assert_eq!(
        (&done.json["result"]["state"], &done.json["plan"]["class"]),
        (&json!("answered"), &json!("question.answered"))
    );
    let addresses = format!("/v1/keys/{key}/addresses");
    let listed = bench.send("GET", &addresses, &owner, None).await.is(200);
    assert_eq!(listed.json["items"][1]["in_effect"], json!(false));
    seen(&bench, &key, "198.51.100.9", 2).await;
    let listed = bench.send("GET", &addresses, &owner, None).await.is(200);
    assert_eq!(listed.json["items"][1]["in_effect"], json!(true));
    let remove = json!({ "prefix": "203.0.113.7/32" });
    bench.send("POST", &format!("{addresses}/remove"), &owner, Some(remove)).await.is(200);
    let register =
        bench.send("POST", &addresses, &owner, Some(json!({ "prefix": "198.51.100.10" }))).await.is(202);
    assert_eq!(register.json["result"]["key"]["allowlist"][1]["proved"], json!(null));
}

#[tokio::test]
async fn a_notice_is_read_and_acknowledged() {
    let (bench, owner, key) = in_use().await;
    seen(&bench, &key, "198.51.100.9", 1).await;
    let list = bench.send("GET", "/v1/notices", &owner, None).await.is(200);
    let items = list.json["items"].as_array().unwrap();
    assert!(
        items.iter().any(|notice| notice["kind"] == "key.issued"),
        "those that name his account only, too"
    );
    let asked = items.iter().find(|notice| notice["kind"] == "question.asked").unwrap();
    let path = format!("/v1/notices/{}", asked["notice"].as_str().unwrap());
    let done = bench.send("POST", &format!("{path}/acknowledge"), &owner, None).await.is(200);
    assert_eq!(done.json["result"]["state"], json!("acknowledged"));
    let other = bench.customer(Role::Owner, "C2").await;
    bench.send("GET", &path, &other, None).await.is(404);
    let body = json!({ "notice": asked["notice"], "text": "this is my new office" });
    let no = bench.send("POST", "/v1/objections", &owner, Some(body)).await.is(409);
    assert_eq!(no.code(), "nothing_to_object_to");
}

#[tokio::test]
async fn identity_is_the_exchanges_word_and_control_a_test() {
    let (bench, owner, key) = in_use().await;
    let now = bench.govern().world.now();
    let mut change = sumun_govern::govern::change("measure.entered", now, serde_json::Map::new());
    bench.govern().world.draw(&mut change.salt);
    let mut plan = Plan { title: String::new(), effects: Vec::new(), warnings: Vec::new(), change };
    let asking = Asking { key: &key, account: "A1", customer: "C1", case_id: Some("CA1"), until: None };
    let id = verification::open(bench.govern(), &mut plan, asking, now).await.unwrap();
    bench.govern().store.execute(plan.change).await.unwrap();
    let path = format!("/v1/verifications/{id}");
    let shown = bench.send("GET", &path, &owner, None).await.is(200);
    assert_eq!((&shown.json["state"], &shown.json["case_id"]), (&json!("open"), &json!(null)));
    let support = bench.staff(Role::Support, "support").await;
    assert!(!bench.send("GET", &path, &support, None).await.is(200).text.contains("CA1"));
    let callback = |jti: &str, result: &str| {
        let claims = json!({ "aud": "example", "iat": START_US / 1_000_000, "jti": jti, "sub": "C1", "key": key,
            "method": "video_call", "result": result });
        let token = jws::sign(&exchange_key(), Typ::Identity, &claims).unwrap();
        json!({ "callback": token })
    };
    let noted =
        bench.send("POST", "/v1/identity-callbacks", "", Some(callback("j1", "passed"))).await.is(200);
    assert_eq!(noted.json["verifications"], json!([id]));
    let again =
        bench.send("POST", "/v1/identity-callbacks", "", Some(callback("j1", "passed"))).await.is(401);
    assert_eq!(again.code(), "callback_refused");
    let started = bench.send("POST", &format!("{path}/tests"), &owner, None).await.is(201);
    let steps = started.json["result"]["tests"][0]["steps"].as_array().unwrap().clone();
    assert!(steps.iter().all(|step| step["state"] == "hidden" && step["draw"] == Value::Null));
    let stepped = bench.send("POST", &format!("{path}/steps"), &owner, None).await.is(200);
    let step = &stepped.json["result"]["tests"][0]["steps"][0];
    assert_eq!((&step["state"], &step["commitment"]), (&json!("running"), &steps[0]["commitment"]));
    let said = stepped.json["result"]["say"].to_string();
    assert!(said.contains(step["draw"]["code"].as_str().unwrap()), "{said}");
    let no = bench.send("POST", &format!("{path}/rotate"), &owner, Some(json!({}))).await.is(409);
    assert_eq!(no.code(), "no_rotation_asked");
}

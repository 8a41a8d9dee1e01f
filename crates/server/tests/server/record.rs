//! Entries as those who check see them: nobody's data without a record of who looked.

use crate::bench::{Bench, admin};
use serde_json::{Value, json};
use sumun_govern::staff::UserInvite;
use sumun_govern::{Actor, Call, Role};

const NAME: &str = "가상인물";
const MAIL: &str = "made.up@mail.example";

/// A front whose record holds a person, a staff invitation and a machine's token.
async fn with_personal_data() -> (Bench, u64) {
    let bench = Bench::new().await;
    let backend = bench.machine(Role::ExchangeBackend).await;
    bench.send("PUT", "/v1/customers/C1", &backend, Some(json!({ "segment": "retail" }))).await.is(200);
    let person = json!({ "customer": "C1", "role": "owner", "name": NAME, "email": MAIL, "phone": "+82 10 0000 1234" });
    let put = bench.send("PUT", "/v1/persons/P1", &backend, Some(person)).await.is(200);
    let invite = UserInvite {
        user: "new.one".to_owned(),
        name: NAME.to_owned(),
        email: Some(MAIL.to_owned()),
        roles: vec![Role::Viewer],
    };
    bench.govern().invite_user(&admin(), &invite, &Call::default()).await.unwrap();
    (bench, put.json["ledger"]["entry"].as_u64().unwrap())
}

#[tokio::test]
async fn entries_show_nobodys_data_and_no_digest_of_a_secret() {
    let (bench, person) = with_personal_data().await;
    for role in [Role::Auditor, Role::ComplianceLead, Role::SecurityAdmin] {
        let token = bench.staff(role, &format!("a.{}", role.as_str().replace('_', "-"))).await;
        let all = bench.send("GET", "/v1/ledger/entries?limit=1000", &token, None).await.is(200);
        let one = bench.send("GET", &format!("/v1/ledger/entries/{person}"), &token, None).await.is(200);
        for answer in [&all, &one] {
            assert!(!answer.text.contains(NAME) && !answer.text.contains(MAIL), "{}", answer.text);
        }
        assert_eq!(one.json["payload"]["rows"][0]["row"]["name"], "가**");
        assert_eq!(one.json["masked"], json!(["persons.email", "persons.name", "persons.phone"]));
        assert_eq!(one.json["salt"], Value::Null, "with it, telephone numbers can be tried");
        for item in all.json["items"].as_array().unwrap() {
            for written in item["payload"]["rows"].as_array().unwrap() {
                for column in ["digest", "invite", "exposure", "credential"] {
                    let table = written["table"].as_str().unwrap();
                    let value = &written["row"][column];
                    let told = value.is_null()
                        || value == "***"
                        || !["tokens", "users", "gates", "keys"].contains(&table);
                    assert!(told, "{table}.{column}: {value}");
                }
            }
        }
    }
}

#[tokio::test]
async fn an_entry_is_seen_whole_by_few_and_only_after_it_is_recorded() {
    let (bench, person) = with_personal_data().await;
    let path = format!("/v1/ledger/entries/{person}?reason=case%2047");
    let auditor = bench.staff(Role::Auditor, "jung").await;
    let before = bench.govern().store.head().size;
    let whole = bench.send("GET", &path, &auditor, None).await.is(200);
    assert_eq!(whole.json["payload"]["rows"][0]["row"]["name"], NAME);
    assert!(whole.json["salt"].is_string() && whole.json["masked"] == json!([]));
    assert_eq!(whole.json["recorded"], before);
    let record = bench.send("GET", &format!("/v1/ledger/entries/{before}"), &auditor, None).await.is(200);
    let facts = &record.json["payload"]["facts"];
    assert_eq!(record.json["class"], "read.entry");
    assert_eq!(
        (&facts["entry"], &facts["reason"], &facts["subjects"]),
        (&json!(person), &json!("case 47"), &json!(["person:P1"]))
    );

    // Without a reason that is one, for a machine, and for whom personal data is not: nothing, and nothing recorded.
    let bare = format!("/v1/ledger/entries/{person}?reason=x");
    assert_eq!(bench.send("GET", &bare, &auditor, None).await.is(422).code(), "reason_missing");
    let security = bench.staff(Role::SecurityAdmin, "sec").await;
    let refused = bench.send("GET", &path, &security, None).await.is(403);
    assert!(!refused.text.contains(NAME));
    let size = bench.govern().store.head().size;
    let machine = Actor {
        principal: "token:T1".to_owned(),
        roles: vec![Role::Auditor],
        customer: None,
        session: None,
        second_factor: None,
        rights: None,
    };
    let refused = bench.govern().read_entry(&machine, person, "case 47", None).await.unwrap_err();
    assert_eq!((refused.code, bench.govern().store.head().size), ("forbidden", size));
}

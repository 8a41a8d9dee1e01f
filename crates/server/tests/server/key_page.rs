//! What a key's page and its owner are told: its activity, its receipts, searches, and the owner's export.

use crate::bench::{Bench, START_US, admin};
use crate::keys::one_customer;
use crate::own::key_request;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use sumun_feed::{Acknowledgement, Mark};
use sumun_govern::keys::activity::{Activity, Habits, Sighting};
use sumun_govern::{Actor, Role, govern};
use sumun_model::{Effect, Timestamp};
use sumun_server::events::History;
use sumun_store::tables::{CASES, KEYS, MEASURES, TASKS};
use sumun_store::{ActivityPlace, Expect, Filter, Image, RowWrite, Table};

const DAY_US: i64 = 86_400_000_000;

async fn issued(bench: &Bench, owner: &str) -> String {
    let asked = bench.send("POST", "/v1/keys", owner, Some(key_request("A1"))).await.is(201);
    let key = asked.json["result"]["key"]["key"].as_str().unwrap().to_owned();
    bench.send("POST", &format!("/v1/keys/{key}/issue"), owner, None).await.is(200);
    key
}

/// Three days of use from home, and today something from elsewhere that was refused.
async fn used(bench: &Bench, key: &str) {
    let mut record = Activity::default();
    let mut note = |position: u64, at_us: i64, address: &str, client: &str, passed: bool| {
        let seen = Sighting {
            key: key.parse().unwrap(),
            position,
            at: Timestamp::from_micros(at_us),
            address: address.parse().unwrap(),
            client: Some(client.to_owned()),
            route: Some("GET /v1/accounts".to_owned()),
            effect: Some(Effect::Read),
            passed,
        };
        record.note(&seen, Habits::default());
    };
    for hour in 0..72 {
        let at = START_US - 3 * DAY_US + hour * DAY_US / 24;
        note(u64::try_from(hour).unwrap() + 1, at, "203.0.113.7", "made-up-bot/1", true);
    }
    note(73, START_US - 1_000_000, "198.51.100.9", "=cmd|' /C calc'!A0", false);
    record.name_networks(|_| Some(("AS64500".to_owned(), Some("KR".to_owned()))));
    let mut records = BTreeMap::from([(key.to_owned(), record)]);
    let place = ActivityPlace { next: 73, body: "{}".to_owned() };
    bench.govern().keep_activity(records.iter_mut(), &place, false).await.unwrap();
}

#[tokio::test]
async fn a_key_whose_history_was_back_filled_says_up_to_when() {
    let (bench, owner) = one_customer().await;
    let key = issued(&bench, &owner).await;
    used(&bench, &key).await;
    let path = format!("/v1/keys/{key}/activity");
    let told = bench.send("GET", &path, &owner, None).await.is(200).json;
    assert_eq!(told["history"], json!(null));
    let to = Timestamp::from_micros(START_US - 2 * DAY_US);
    *bench.events.1.lock().unwrap() = Some(History { from: Some(to.plus_micros(-90 * DAY_US)), to });
    let analyst = bench.staff(Role::Analyst, "an").await;
    for token in [&owner, &analyst] {
        let with = bench.send("GET", &path, token, None).await.is(200).json;
        assert_eq!(with["history"]["to"], json!(to.to_string()));
        assert_eq!(with["history"]["from"], json!(to.plus_micros(-90 * DAY_US).to_string()));
        // Nothing else is another than without.
        assert_eq!((&with["uses"], &with["baseline"]), (&told["uses"], &told["baseline"]));
    }
}

#[tokio::test]
async fn a_keys_activity_is_its_baseline_against_now() {
    let (bench, owner) = one_customer().await;
    let key = issued(&bench, &owner).await;
    let path = format!("/v1/keys/{key}");
    let never = bench.send("GET", &format!("{path}/activity"), &owner, None).await.is(200).json;
    assert_eq!(
        (&never["since"], &never["uses"], &never["baseline"]["since"]),
        (&json!(null), &json!(0), &json!(null))
    );
    let unused = bench.send("GET", &path, &owner, None).await.is(200);
    assert_eq!(unused.json["last_used"], json!(null));
    used(&bench, &key).await;
    let analyst = bench.staff(Role::Analyst, "an").await;
    for token in [&owner, &analyst] {
        let told = bench.send("GET", &format!("{path}/activity"), token, None).await.is(200).json;
        assert_eq!(
            (&told["uses"], &told["refused"], &told["day_s"]),
            (&json!(72), &json!(1), &json!(86_400))
        );
        let sources = told["sources"].as_array().unwrap();
        assert_eq!(
            (&sources[0]["address"], &sources[0]["registered"], &sources[0]["refused"]),
            (&json!("198.51.100.9"), &json!(false), &json!(1))
        );
        assert_eq!((&sources[1]["registered"], &sources[1]["uses"]), (&json!(true), &json!(72)));
        let (recent, baseline) = (&told["recent"], &told["baseline"]);
        assert_eq!((&recent["sources"], &baseline["sources"]), (&json!(2), &json!(1)));
        assert_eq!(baseline["clients"], json!(["made-up-bot/1"]));
        assert_eq!((&recent["uses"], &baseline["uses_day"]), (&json!(23), &json!(24)));
        assert_eq!(told["hours"].as_array().unwrap().len(), 24);
    }
    let last = Timestamp::from_micros(START_US - DAY_US / 24).to_string();
    let shown = bench.send("GET", &path, &owner, None).await.is(200);
    assert_eq!(shown.json["last_used"], json!(last));
    assert_eq!(shown.headers["etag"], unused.headers["etag"], "use changes no version");
    let list = bench.send("GET", "/v1/keys", &analyst, None).await.is(200);
    assert_eq!(list.json["items"][0]["last_used"], json!(last));
    let other = bench.customer(Role::Owner, "C2").await;
    bench.send("GET", &format!("{path}/activity"), &other, None).await.is(404);
}

#[tokio::test]
async fn an_ended_keys_page_tells_its_use_as_of_its_end() {
    let (bench, owner) = one_customer().await;
    let key = issued(&bench, &owner).await;
    used(&bench, &key).await;
    let analyst = bench.staff(Role::Analyst, "an").await;
    let path = format!("/v1/keys/{key}");
    bench.pass_s(5);
    bench.send("POST", &format!("{path}/revoke"), &owner, Some(json!({}))).await.is(200);
    let told = async |token: &str| {
        let told = bench.send("GET", &format!("{path}/activity"), token, None).await.is(200).json;
        (told["recent"].clone(), told["baseline"].clone())
    };
    let (recent, baseline) = told(&analyst).await;
    assert_eq!((&recent["uses"], &baseline["uses_day"]), (&json!(23), &json!(24)));
    bench.pass_s(40 * 86_400);
    let owner = bench.customer(Role::Owner, "C1").await;
    let analyst = bench.staff(Role::Analyst, "later").await;
    for token in [&owner, &analyst] {
        assert_eq!(told(token).await, (recent.clone(), baseline.clone()), "forty days change nothing of it");
    }
}

#[tokio::test]
async fn keys_are_found_by_what_their_names_begin_with() {
    let (bench, owner) = one_customer().await;
    let analyst = bench.staff(Role::Analyst, "an").await;
    let support = bench.staff(Role::Support, "sori").await;
    let mut keys = Vec::new();
    for _ in 0..3 {
        keys.push(issued(&bench, &owner).await);
    }
    keys.sort();
    let found = async |token: &str, query: &str| {
        let list = bench.send("GET", &format!("/v1/keys?{query}"), token, None).await.is(200).json;
        let items = list["items"].as_array().unwrap().iter();
        items.map(|item| item["key"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for token in [&analyst, &owner] {
        assert_eq!(found(token, &format!("q={}", keys[1])).await, [keys[1].clone()]);
        assert_eq!(found(token, "q=A1").await, keys, "by account");
        assert_eq!(found(token, "q=bo").await, keys, "by application");
        assert_eq!(found(token, "q=bo&state=active&account=A1").await, keys);
        assert_eq!(found(token, "q=bo&state=expired").await, [""; 0]);
        assert_eq!(found(token, "q=%25").await, [""; 0]);
        let (mut paged, mut after) = (Vec::new(), String::new());
        loop {
            let page =
                bench.send("GET", &format!("/v1/keys?q=bo&limit=2{after}"), token, None).await.is(200).json;
            paged.extend(
                page["items"].as_array().unwrap().iter().map(|item| item["key"].as_str().unwrap().to_owned()),
            );
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        assert_eq!(paged, keys);
    }
    let other = bench.customer(Role::Owner, "C2").await;
    assert_eq!(found(&other, "q=bo").await, [""; 0]);
    let hold = json!({ "reason": "a made-up suspicion", "lesser": "a warning would come too late", "review_by": "user:an" });
    let approver = bench.staff(Role::Approver, "ap").await;
    bench.send("POST", &format!("/v1/keys/{}/hold", keys[2]), &approver, Some(hold)).await.is(200);
    watch(&bench, &keys[0]).await;
    assert_eq!(found(&analyst, "measure=hold&state=active").await, [keys[2].clone()]);
    assert_eq!(found(&analyst, "measure=monitor").await, [keys[0].clone()]);
    for token in [&owner, &support] {
        assert_eq!(found(token, "measure=hold").await, [keys[2].clone()]);
        assert_eq!(found(token, "measure=monitor").await, [""; 0], "to him there is no such measure");
    }
}

#[tokio::test]
async fn receipts_of_a_keys_changes_come_newest_first() {
    let (bench, owner) = one_customer().await;
    bench.enrol().await;
    let (key, other) = (issued(&bench, &owner).await, issued(&bench, &owner).await);
    let analyst = bench.staff(Role::Analyst, "an").await;
    let reason = json!({ "reason": "a made-up reason" });
    bench.send("POST", &format!("/v1/keys/{key}/suspend"), &analyst, Some(reason)).await.is(200);
    let list = format!("/v1/receipts?key={key}");
    let none = bench.send("GET", &list, &analyst, None).await.is(200);
    assert_eq!(none.json["items"], json!([]));
    bench.pass_s(2);
    let deltas = bench.govern().store.feed_since(0, 100).await.unwrap().unwrap();
    let last = deltas.last().unwrap();
    let now = bench.govern().world.now();
    let word = Acknowledgement {
        gate: "g1".parse().unwrap(),
        boot: "b1".into(),
        from: 1,
        to: last.version,
        mark: Mark { entry: last.entry, root: last.root },
        applied_at: now,
        acknowledged_at: now,
        last_admitted: Vec::new(),
        streams_closed: 0,
        unusable: Vec::new(),
    };
    bench.govern().take_receipt(&word.sign(&bench.gate_key).unwrap()).await.unwrap();
    let told = bench.send("GET", &list, &analyst, None).await.is(200).json;
    let items = told["items"].as_array().unwrap();
    let classes: Vec<_> = items.iter().map(|item| item["class"].as_str().unwrap()).collect();
    assert_eq!(classes, ["key.suspended", "key.issued"]);
    assert_eq!((&items[0]["gate"], &items[0]["took_ms"]), (&json!("g1"), &json!(2_000)));
    let first = bench.send("GET", &format!("{list}&limit=1"), &analyst, None).await.is(200).json;
    let next = first["next"].as_str().unwrap();
    assert_eq!(items[0]["cursor"], json!(next));
    let second =
        bench.send("GET", &format!("{list}&limit=1&after={next}"), &analyst, None).await.is(200).json;
    assert_eq!((&second["items"][0], &second["next"]), (&items[1], &json!(null)));
    let of_other = bench.send("GET", &format!("/v1/receipts?key={other}"), &analyst, None).await.is(200).json;
    assert_eq!(of_other["items"].as_array().unwrap().len(), 1);
    bench.send("GET", "/v1/receipts?key=unknown-1", &analyst, None).await.is(404);
}

async fn write(bench: &Bench, table: &'static Table, expect: Expect, image: Image) {
    let facts = Map::from_iter([("actor".to_owned(), json!(admin().principal))]);
    let mut change = govern::change("key.watched", bench.govern().world.now(), facts);
    change.writes.push(RowWrite { table, expect, image });
    bench.govern().world.draw(&mut change.salt);
    bench.govern().store.execute(change).await.unwrap();
}

/// Puts the key under watch, as a policy would.
async fn watch(bench: &Bench, key: &str) {
    let mut image = bench.govern().store.get(&KEYS, key).await.unwrap().unwrap();
    let version = image["version"].as_i64().unwrap();
    image.insert("measure".to_owned(), json!("monitor"));
    image.insert("version".to_owned(), json!(version + 1));
    write(bench, &KEYS, Expect::Version(version), image).await;
}

/// A customer of whom everything there can be is on record: two keys, a hold, a question, notices, use.
async fn whole() -> (Bench, String, String) {
    let (bench, owner) = one_customer().await;
    let (key, held) = (issued(&bench, &owner).await, issued(&bench, &owner).await);
    used(&bench, &key).await;
    let noticed = sumun_govern::owner::Noticed {
        position: 73,
        event: "g1-73".parse().unwrap(),
        at: Timestamp::from_micros(START_US),
        key: key.parse().unwrap(),
        account: None,
        address: "198.51.100.9".parse().unwrap(),
        registered: false,
        fresh: true,
        of_gate: true,
        enforced: true,
        client: Some("@made-up-bot".into()),
        code: None,
        asn: None,
        country: None,
    };
    assert_eq!(bench.govern().saw(&[noticed]).await.unwrap().failed, []);
    let approver = bench.staff(Role::Approver, "ap").await;
    bench.staff(Role::Analyst, "an").await;
    let hold = json!({ "reason": "words of staff alone", "lesser": "a warning would come too late", "review_by": "user:an" });
    bench.send("POST", &format!("/v1/keys/{held}/hold"), &approver, Some(hold)).await.is(200);
    (bench, owner, key)
}

#[tokio::test]
async fn an_export_is_the_same_whether_or_not_he_is_watched_or_reported() {
    let (bench, owner, key) = whole().await;
    let taken = async || {
        let json = bench.send("GET", "/v1/owner/export", &owner, None).await.is(200);
        let csv = bench.send("GET", "/v1/owner/export?format=csv", &owner, None).await.is(200);
        (json.text, json.headers["content-disposition"].clone(), csv.text)
    };
    let before = taken().await;
    watch(&bench, &key).await;
    let filter = Filter { limit: 1, ..Filter::default() };
    let mut measure = bench.govern().store.list(&MEASURES, &filter).await.unwrap().remove(0);
    for (column, value) in
        [("measure_id", json!("M-made-up")), ("key", json!(key)), ("measure", json!("monitor"))]
    {
        measure.insert(column.to_owned(), value);
    }
    measure.insert("version".to_owned(), json!(1));
    write(&bench, &MEASURES, Expect::Absent, measure.clone()).await;
    let (id, measure_word) = (json!("M-asked"), json!("expire"));
    for (column, value) in [("measure_id", id), ("measure", measure_word), ("state", json!("proposed"))] {
        measure.insert(column.to_owned(), value);
    }
    write(&bench, &MEASURES, Expect::Absent, measure).await;
    let task = json!({ "task": "T-made-up", "case_id": "CA-made-up", "kind": "consider_report", "state": "done", "assignee": "user:an",
        "created_us": START_US, "due_us": null, "body": { "result": "reported", "reference": "made-up-1" }, "version": 1 });
    let Value::Object(task) = task else { unreachable!() };
    write(&bench, &TASKS, Expect::Absent, task).await;
    assert_eq!(before, taken().await);
    for word in ["monitor", "words of staff", "points", "user:"] {
        assert!(!before.0.contains(word), "{word}");
    }
}

#[tokio::test]
async fn the_newest_cases_come_first_where_that_is_asked_for() {
    let (bench, _, _) = whole().await;
    let analyst = bench.staff(Role::Analyst, "sorting").await;
    let filter = Filter { limit: 1, ..Filter::default() };
    let mut case = bench.govern().store.list(&CASES, &filter).await.unwrap().remove(0);
    case.insert("version".to_owned(), json!(1));
    for id in ["C-1", "C-2", "C-3"] {
        case.insert("case_id".to_owned(), json!(id));
        write(&bench, &CASES, Expect::Absent, case.clone()).await;
    }
    let listed = async |order: &str| {
        let (mut all, mut after) = (Vec::new(), String::new());
        loop {
            let page = format!("/v1/cases?limit=1{order}{after}");
            let page = bench.send("GET", &page, &analyst, None).await.is(200).json;
            all.extend(page["items"].as_array().unwrap().iter().map(|case| case["case_id"].to_string()));
            match &page["next"] {
                Value::Null => return all,
                next => after = format!("&after={}", next.as_str().unwrap()),
            }
        }
    };
    let oldest = listed("").await;
    assert!(oldest.len() >= 4 && oldest.is_sorted(), "{oldest:?}");
    assert_eq!(listed("&order=oldest").await, oldest);
    let newest: Vec<_> = oldest.into_iter().rev().collect();
    assert_eq!(listed("&order=newest").await, newest);
}

#[tokio::test]
async fn an_export_waits_for_its_turn_or_is_told_when_to_come_again() {
    let (bench, owner, _) = whole().await;
    let third = bench.customer(Role::Owner, "C2").await;
    let export = async |token: &str| bench.send("GET", "/v1/owner/export?format=csv", token, None).await;
    let person = |customer: &str| Actor { principal: format!("customer:{customer}/P1"), ..admin() };
    let his = bench.server.turn_at_exports(&person("C1")).await.unwrap();
    let own = export(&owner).await.is(429);
    assert_eq!((own.code(), own.headers["retry-after"].to_str().unwrap()), ("under_way", "3"));
    export(&third).await.is(200);
    let others = bench.server.turn_at_exports(&person("C3")).await.unwrap();
    let busy = export(&third).await.is(503);
    assert_eq!((busy.code(), busy.headers["retry-after"].to_str().unwrap()), ("too_busy", "3"));
    export(&owner).await.is(429);
    drop(his);
    export(&third).await.is(200);
    export(&owner).await.is(200);
    drop(others);
}

#[tokio::test]
async fn an_export_is_whole_and_a_file() {
    let (bench, owner, key) = whole().await;
    let answer = bench.send("GET", "/v1/owner/export", &owner, None).await.is(200);
    assert_eq!(answer.headers["content-disposition"], "attachment; filename=\"sumun-export-20261102.json\"");
    let export = &answer.json;
    let keys = export["keys"].as_array().unwrap();
    assert_eq!((keys.len(), &export["next"]), (2, &json!(null)));
    let used = keys.iter().find(|one| one["key"]["key"] == json!(key)).unwrap();
    let held = keys.iter().find(|one| one["key"]["key"] != json!(key)).unwrap();
    assert_eq!(used["questions"][0]["address"], json!("198.51.100.9"));
    assert_eq!(used["activity"]["uses"], json!(72));
    assert_eq!(
        (&held["measures"][0]["measure"], &held["measures"][0]["ended"]),
        (&json!("hold"), &json!(null))
    );
    assert_eq!(held["timeline"].as_array().unwrap().last().unwrap()["class"], json!("key.held"));
    assert!(export["notices"].as_array().unwrap().iter().any(|notice| notice["kind"] == "key.held"));
    let after = used["key"]["key"].as_str().max(held["key"]["key"].as_str()).unwrap();
    let last = bench.send("GET", &format!("/v1/owner/export?after={after}"), &owner, None).await.is(200).json;
    assert_eq!((&last["keys"], &last["notices"]), (&json!([]), &json!([])));
    let other = bench.customer(Role::Owner, "C2").await;
    let nothing = bench.send("GET", "/v1/owner/export", &other, None).await.is(200).json;
    assert_eq!((&nothing["keys"], &nothing["notices"]), (&json!([]), &json!([])));
    let csv = bench.send("GET", "/v1/owner/export?format=csv", &owner, None).await.is(200);
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    assert!(csv.text.starts_with('\u{feff}'));
    assert!(csv.text.contains("\"'=cmd|' /C calc'!A0\"") && csv.text.contains("\"'@made-up-bot\""));
    // What sentences say is shown where they are written.
    let sentence = |line: &&str| line.contains(".ko\",") || line.contains(".en\",");
    let facts: Vec<&str> = csv.text.split("\r\n").filter(|line| !sentence(line)).collect();
    insta::assert_snapshot!("an_export_as_a_table", facts.join("\n").trim_start_matches('\u{feff}'));
}

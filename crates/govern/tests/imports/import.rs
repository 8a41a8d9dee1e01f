//! What comes in, what is refused and how it is told, and that nothing is done twice.

use crate::bench::{Bench, staff};
use crate::{import, line, said, take_as};
use serde_json::json;
use sumun_govern::imports::Taking;
use sumun_govern::keys::measures::Hold;
use sumun_govern::{Call, Role};
use sumun_store::Filter;
use sumun_store::tables::{ACCOUNTS, CASES, CUSTOMERS, DEAD_KEYS, KEYS, MEASURES, PERSONS, VENDORS};

#[tokio::test]
async fn a_repeated_import_changes_nothing_and_says_so() {
    let bench = Bench::new().await;
    let account = json!({"type": "account", "ts": "2026-11-02T00:00:00Z", "account": "A7", "customer": "C7", "person": "P7",
        "segment": "retail", "country": "KR", "owner": "O7"});
    let vendor = json!({"type": "vendor", "ts": "2026-11-02T00:00:00Z", "vendor": "V7", "state": "approved", "class": "tool",
        "networks": ["198.51.100.0/24"], "scopes": ["read"]});
    let lines = [
        account.to_string(),
        vendor.to_string(),
        line("X1", &json!({"account": "A7"})),
        line("X2", &json!({"account": "A7", "state": "expired", "cause": "owner"})),
        line("X3", &json!({"allowlist": null, "expires": null, "application": null})),
    ];
    let dry = take_as(&bench, &Taking::of("exchange", 10).dry_run(true), &lines[4..]).await;
    assert_eq!(said(&dry), "made 1 changed 0 same 0 ended 0 held back 0 older 0 differing 0 secrets 0");
    assert!(bench.govern.store.get(&KEYS, "X3").await.unwrap().is_none());
    assert!(bench.govern.store.mirror_sources().await.unwrap().is_empty());

    let first = import(&bench, &lines).await;
    assert_eq!(said(&first), "made 5 changed 0 same 0 ended 0 held back 0 older 0 differing 0 secrets 0");
    for (table, id) in
        [(&ACCOUNTS, "A7"), (&CUSTOMERS, "C7"), (&PERSONS, "P7"), (&KEYS, "X1"), (&DEAD_KEYS, "X2")]
    {
        assert!(bench.govern.store.get(table, id).await.unwrap().is_some(), "{id}");
    }
    let vendor = bench.govern.store.get(&VENDORS, "V7").await.unwrap().unwrap();
    assert_eq!(vendor["state"], "applied", "whether a vendor may be used is decided here");
    assert_eq!(
        bench.column("X1", "operator").await,
        "O7",
        "who drives it is its owner until he says otherwise"
    );
    assert_eq!(bench.column("X3", "application").await, "not declared");
    let entries = bench.ledger().await.len();
    bench.pass(1_000_000);
    // A line that names less than stands takes nothing away, and whom it leaves out is no new one.
    let less = json!({"type": "account", "ts": "2026-11-02T00:00:00Z", "account": "A7", "customer": "C7", "segment": "retail"});
    assert_eq!(import(&bench, &[less.to_string()]).await.same, 1);
    let again = import(&bench, &lines).await;
    assert_eq!(said(&again), "made 0 changed 0 same 5 ended 0 held back 0 older 0 differing 0 secrets 0");
    assert_eq!(bench.ledger().await.len(), entries, "what stands already is no entry");
}

#[tokio::test]
async fn a_dead_id_is_refused_and_named_and_every_refusal_says_what_to_do() {
    let bench = Bench::new().await;
    import(&bench, &[line("X1", &json!({"state": "expired", "cause": "leaked"})), line("X2", &json!({}))])
        .await;
    let lines = [
        line("X1", &json!({})),
        line("X2", &json!({"account": "A2"})),
        line("X3", &json!({"account": "A9"})),
        line("X4", &json!({"account": null})),
        line("X5", &json!({"state": null})),
        line("X6", &json!({"state": "requested"})),
        line("X7", &json!({"scopes": null})),
        line("X8", &json!({"purpose": "third_party_tool", "scopes": ["withdraw"]})),
        line("X9", &json!({"mandate": {"orders_per_second_max": 0}})),
        line("X10", &json!({"allowlist": (0..65).map(|n| format!("203.0.113.{n}/32")).collect::<Vec<_>>()})),
        line("X11", &json!({"state": "alive"})),
        line("X12", &json!({})),
        line("X12", &json!({"state": "expired"})),
        line("X12", &json!({})),
    ];
    let taken = import(&bench, &lines).await;
    insta::assert_snapshot!(said(&taken));
    assert_eq!(bench.column("X1", "state").await, "expired");
    assert_eq!(
        bench.column("X12", "state").await,
        "expired",
        "of three lines of one key the second ended it for good"
    );
}

#[tokio::test]
async fn a_secret_is_sealed_on_arrival_and_stands_nowhere_else() {
    let bench = Bench::new().await;
    let with =
        |key: &str, secret: &str| format!(r#"{{"line":{},"secret":"{secret}"}}"#, line(key, &json!({})));
    let taken = import(&bench, &[with("X1", "made-up-and-hidden"), line("X2", &json!({}))]).await;
    assert_eq!(said(&taken), "made 2 changed 0 same 0 ended 0 held back 0 older 0 differing 0 secrets 1");
    let again = import(&bench, &[with("X1", "made-up-and-hidden")]).await;
    assert_eq!(said(&again), "made 0 changed 0 same 1 ended 0 held back 0 older 0 differing 0 secrets 0");
    let other = import(&bench, &[with("X1", "made-up-and-another")]).await;
    insta::assert_snapshot!(said(&other));
    // It comes later for a key that stood without it, once.
    let late = import(&bench, &[with("X2", "made-up-and-hidden-too")]).await;
    assert_eq!(said(&late), "made 0 changed 1 same 0 ended 0 held back 0 older 0 differing 0 secrets 1");
    let name = bench.column("X2", "secret").await;
    let sealed = bench.govern.store.vault(name.as_str().unwrap()).await.unwrap().unwrap();
    let opened = bench.govern.keyring.open(&"X2".parse().unwrap(), &sealed.parse().unwrap()).unwrap();
    assert_eq!(opened.expose(), b"made-up-and-hidden-too");
    let ledger = format!("{:?}", bench.ledger().await);
    assert!(!ledger.contains("made-up-and"), "a secret stands in the ledger");
    let told = format!("{:?}", bench.govern.store.mirror_keys_after("", 10).await.unwrap());
    assert!(!told.contains("made-up-and"), "a secret is kept with what was told");
    // Gates learn of both, and of which one the exchange holds the secret.
    let held: Vec<(String, bool)> = bench
        .ledger()
        .await
        .iter()
        .flat_map(|(_, payload)| payload["feed"].as_array().unwrap().clone())
        .map(|record| (record["key"].as_str().unwrap().to_owned(), record.get("secret_held").is_some()))
        .collect();
    assert_eq!(held, [("X1".to_owned(), false), ("X2".to_owned(), true), ("X2".to_owned(), false)]);
}

#[tokio::test]
async fn a_measure_that_is_open_follows_to_an_imported_key() {
    let bench = Bench::new().await;
    import(&bench, &[line("X1", &json!({}))]).await;
    bench.alter(&KEYS, "X1", "measure", json!("warn")).await;
    import(&bench, &[line("X2", &json!({"measure": null})), line("X3", &json!({"account": "A2"}))]).await;
    assert_eq!(bench.column("X2", "measure").await, "warn");
    assert_eq!(bench.column("X3", "measure").await, json!(null), "another customer's is not touched");
}

#[tokio::test]
async fn accounts_come_wholly_or_not_at_all() {
    let bench = Bench::new().await;
    let account = |id: &str, differs: serde_json::Value| {
        let mut line = json!({"type": "account", "ts": "2026-11-02T00:00:00Z", "account": id, "customer": "C9", "segment": "retail"});
        line.as_object_mut().unwrap().extend(differs.as_object().unwrap().clone());
        line.to_string()
    };
    let lines = [
        account("A20", json!({"customer": null})),
        account("A21", json!({"segment": null})),
        account("A22", json!({"country": "Korea", "person": "P22", "owner": "O22"})),
        account("A23", json!({"parent": "A24"})),
        account("A24", json!({})),
        account("A23", json!({"parent": "A24"})),
        account("A1", json!({})),
        account("A2", json!({"customer": "C2", "segment": "broker"})),
        account("A24", json!({"country": "KR"})),
    ];
    let taken = import(&bench, &lines).await;
    insta::assert_snapshot!(said(&taken));
    assert!(
        bench.govern.store.get(&PERSONS, "P22").await.unwrap().is_none(),
        "nothing is left of a refused line"
    );
    let account = bench.govern.store.get(&ACCOUNTS, "A24").await.unwrap().unwrap();
    assert_eq!((&account["country"], &account["version"]), (&json!("KR"), &json!(1)));
}

#[tokio::test]
async fn a_key_that_ran_out_here_does_not_live_again_by_a_later_date() {
    let bench = Bench::new().await;
    import(&bench, &[line("X1", &json!({"expires": "2026-11-03T00:00:00Z"}))]).await;
    bench.pass(crate::bench::DAY);
    // Nobody has written yet that it ended.
    assert_eq!(bench.column("X1", "state").await, "active");
    let later = json!({"ts": "2026-11-03T00:00:00Z", "expires": "2027-01-01T00:00:00Z"});
    let taken = import(&bench, &[line("X1", &later)]).await;
    let refused: Vec<_> = taken.refused.iter().map(|no| no.code.as_str()).collect();
    assert_eq!((taken.changed, refused), (0, vec!["dead_id"]));
    assert_eq!(bench.column("X1", "expires_us").await, json!(crate::bench::START_US + crate::bench::DAY));
    let ended = import(&bench, &[line("X1", &json!({"state": "expired"}))]).await;
    assert_eq!((ended.ended, ended.older), (0, 1));
    let dead = json!({"ts": "2026-11-03T00:00:00Z", "state": "expired"});
    assert_eq!(import(&bench, &[line("X1", &dead)]).await.ended, 1);
}

#[tokio::test]
async fn what_changes_while_a_part_is_planned_has_it_planned_again() {
    let bench = Bench::new().await;
    let keys: Vec<String> = (0..16).map(|n| format!("X{n}")).collect();
    import(&bench, &keys.iter().map(|key| line(key, &json!({}))).collect::<Vec<_>>()).await;
    // The server's own tasks and owners write the same keys meanwhile.
    let ended = async {
        for key in keys.iter().step_by(4) {
            bench.govern.revoke_key(&bench.owner("C1"), key, None, &Default::default()).await.unwrap();
        }
    };
    let told = json!({"ts": "2026-11-02T00:00:09Z", "application": "newer"});
    let lines: Vec<String> = keys.iter().map(|key| line(key, &told)).collect();
    let (_, taken) = tokio::join!(ended, import(&bench, &lines));
    assert_eq!(taken.changed + taken.refused.len() as u64, 16);
    assert!(taken.refused.iter().all(|no| no.code == "dead_id"));
}

/// Two keys on hold, both members of the first one's case; gives the case.
async fn two_in_one_case(bench: &Bench) -> String {
    import(bench, &[line("X1", &json!({})), line("X2", &json!({}))]).await;
    let mut cases = Vec::new();
    for key in ["X1", "X2"] {
        let hold = Hold {
            reason: "used from two places at once".into(),
            lesser: "a warning would come too late".into(),
            reviewer: "user:bert".into(),
            due: None,
        };
        let anna = staff("anna", Role::Analyst);
        bench.govern.hold_key(&anna, key, &hold, &Call::default()).await.unwrap();
        let filter = Filter { equals: vec![("key", json!(key))], limit: 10, ..Filter::default() };
        let measures = bench.govern.store.list(&MEASURES, &filter).await.unwrap();
        let word = |name: &str| measures[0][name].as_str().unwrap().to_owned();
        cases.push((word("case_id"), word(MEASURES.key)));
    }
    let (case, second) = (cases[0].0.clone(), cases[1].1.clone());
    bench.alter(&MEASURES, &second, "case_id", json!(case)).await;
    let row = bench.govern.store.get(&CASES, &case).await.unwrap().unwrap();
    let mut members = row["members"].as_array().unwrap().clone();
    let mut other = members[0].clone();
    other["key"] = json!("X2");
    members.push(other);
    bench.alter(&CASES, &case, "members", json!(members)).await;
    case
}

#[tokio::test]
async fn keys_of_one_case_end_with_one_part_whatever_the_cause() {
    for cause in ["leaked", "owner", "natural"] {
        let bench = Bench::new().await;
        let case = two_in_one_case(&bench).await;
        bench.pass(1_000_000);
        let dead =
            |key| line(key, &json!({"ts": "2026-11-02T00:00:01Z", "state": "expired", "cause": cause}));
        let taken = import(&bench, &[dead("X1"), dead("X2")]).await;
        assert_eq!((taken.ended, taken.refused), (2, vec![]), "{cause}");
        assert_eq!(
            [bench.column("X1", "state").await, bench.column("X2", "state").await],
            [json!("expired"), json!("expired")]
        );
        let row = bench.govern.store.get(&CASES, &case).await.unwrap().unwrap();
        assert!(row["priority"].as_i64().unwrap() < 0, "{cause}: no key of it lives");
        let told =
            bench.ledger().await.into_iter().rev().find(|(class, _)| class == "key.expired").unwrap().1;
        let told = told["rows"].as_array().unwrap().clone();
        let told: Vec<&str> = told
            .iter()
            .filter(|written| written["table"] == "case_events" && written["row"]["case_id"] == case)
            .filter(|written| written["row"]["kind"] == "key_ended")
            .map(|written| written["row"]["body"]["key"].as_str().unwrap())
            .collect();
        let want: &[&str] = if cause == "natural" { &[] } else { &["X1", "X2"] };
        assert_eq!(told, want, "{cause}");
    }
}

#[tokio::test]
async fn a_line_from_a_time_to_come_is_refused_and_makes_no_later_one_old() {
    let bench = Bench::new().await;
    let at = |seconds: &str| json!({"ts": format!("2026-11-02T00:{seconds}Z")});
    let account = json!({"type": "account", "ts": "2027-11-02T00:00:00Z", "account": "A7", "customer": "C7", "segment": "retail"});
    let vendor = json!({"type": "vendor", "ts": "2027-11-02T00:00:00Z", "vendor": "V7", "state": "approved", "class": "tool"});
    let lines = [
        line("X1", &at("01:00")),
        line("X2", &at("01:00.000001")),
        account.to_string(),
        vendor.to_string(),
        line("X3", &json!({"ts": "2062-01-01T00:00:00Z", "state": "expired"})),
    ];
    let taken = import(&bench, &lines).await;
    insta::assert_snapshot!(said(&taken));
    // What comes in its own time counts, as if the other had never come.
    let end = json!({"ts": "2026-11-02T00:00:30Z", "state": "expired", "cause": "leaked"});
    let taken = import(&bench, &[line("X2", &json!({})), line("X2", &end), line("X3", &json!({}))]).await;
    assert_eq!(said(&taken), "made 2 changed 0 same 0 ended 1 held back 0 older 0 differing 0 secrets 0");
}

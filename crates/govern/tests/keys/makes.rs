//! Asking, agreeing, issuing.

use crate::bench::{Bench, DAY, no, request, staff, yes};
use serde_json::json;
use std::fmt::Write;
use sumun_govern::keys::row::Scheme;
use sumun_govern::{Call, Role};
use sumun_model::{ApiSecret, KeyId, KeyState, Purpose};
use sumun_store::tables::DEAD_KEYS;

#[tokio::test]
async fn a_key_that_reads_is_issued_without_anybody_elses_leave_and_its_secret_stands_nowhere() {
    let bench = Bench::new().await;
    let (key, secret) = bench.issued(&request("portfolio", &["read"])).await;
    assert!(ApiSecret::looks_issued(&secret));
    let name = bench.column(&key, "secret").await;
    let sealed = bench.govern.store.vault(name.as_str().unwrap()).await.unwrap().unwrap();
    let opened = bench.govern.keyring.open(&KeyId::new(&key).unwrap(), &sealed.parse().unwrap()).unwrap();
    assert_eq!(opened.expose(), secret.as_bytes());
    for (class, payload) in bench.ledger().await {
        let text = payload.to_string();
        assert!(!text.contains(&secret) && !text.contains("sealed:v1:"), "{class}");
    }
    let deltas = bench.govern.store.feed_since(0, 10).await.unwrap().unwrap();
    let record = deltas.first().unwrap().records.first().unwrap();
    assert_eq!(record.get("secret_ref"), Some(&name));
    assert_eq!(record.get("state"), Some(&json!("active")));
    assert_eq!(deltas.len(), 1, "gates hear of it when it is issued, not when it is asked for");
}

#[tokio::test]
async fn each_bad_request_is_told_what_and_where() {
    let bench = Bench::new().await;
    let owner = bench.owner("C1");
    let good = || request("own_bot", &["read", "trade"]);
    let with = |change: &dyn Fn(&mut sumun_govern::keys::request::KeyRequest)| {
        let mut request = good();
        change(&mut request);
        request
    };
    let cases = [
        ("no purpose", with(&|request| request.purpose = None)),
        ("old terms", with(&|request| request.terms = "0".into())),
        ("no application", with(&|request| request.application = " ".into())),
        ("no end", with(&|request| request.expires = None)),
        ("no address", with(&|request| request.allowlist.clear())),
        ("portfolio that trades", with(&|request| request.purpose = Some(Purpose::Portfolio))),
        ("tool without vendor", with(&|request| request.purpose = Some(Purpose::ThirdPartyTool))),
        ("unknown vendor", with(&|request| request.vendor = Some("V9".into()))),
        ("unknown operator", with(&|request| request.operator = Some("O9".into()))),
        ("other account", with(&|request| request.account = "A2".into())),
        ("no account", with(&|request| request.account = "A9".into())),
        ("own signing key", with(&|request| request.scheme = Scheme::Ed25519)),
        (
            "an address that proves itself",
            with(&|request| {
                request.allowlist = serde_json::from_value(json!([
                {"prefix": "203.0.113.7/32", "since": "2026-01-01T00:00:00Z", "proved": "2026-01-01T00:00:00Z"}
            ])).unwrap();
            }),
        ),
        ("no orders", with(&|request| request.mandate.orders_per_second_max = Some(0))),
        ("right that outlives the key", with(&|request| request.trade_until = Some(bench_end()))),
        ("a secret in a name", with(&|request| request.application = format!("sumun_sk_{}", "0".repeat(72)))),
    ];
    let mut said = String::new();
    for (what, request) in cases {
        let refusal = bench.govern.request_key(&owner, &request, &Call::default()).await.unwrap_err();
        writeln!(
            said,
            "{what}: {} {:?} {:?}\n    {}\n    {}",
            refusal.code,
            refusal.kind,
            refusal.pointer.unwrap_or_default(),
            refusal.message,
            refusal.remedy
        )
        .unwrap();
    }
    let mut stale = bench.owner("C1");
    stale.second_factor = None;
    let mut machine = bench.owner("C1");
    machine.session = None;
    for (what, actor) in
        [("staff", staff("anna", Role::Analyst)), ("no second factor", stale), ("no session", machine)]
    {
        let refusal = bench.govern.request_key(&actor, &good(), &Call::default()).await.unwrap_err();
        writeln!(
            said,
            "{what}: {} {:?}\n    {}\n    {}",
            refusal.code, refusal.kind, refusal.message, refusal.remedy
        )
        .unwrap();
    }
    insta::assert_snapshot!(said);
    assert!(
        bench.ledger().await.iter().all(|(class, _)| class == "test.setup"),
        "nothing refused was written"
    );
}

fn bench_end() -> sumun_model::Timestamp {
    sumun_model::Timestamp::from_micros(crate::bench::START_US + 91 * DAY)
}

#[tokio::test]
async fn a_dry_run_shows_the_plan_and_writes_nothing() {
    let bench = Bench::new().await;
    let call = Call { dry_run: true, ..Call::default() };
    let done = bench
        .govern
        .request_key(&bench.owner("C1"), &request("own_bot", &["read", "trade", "withdraw"]), &call)
        .await
        .unwrap();
    assert!(done.committed.is_none());
    insta::assert_snapshot!(serde_json::to_string_pretty(&done.plan).unwrap());
    assert!(bench.ledger().await.iter().all(|(class, _)| class == "test.setup"));
}

#[tokio::test]
async fn trading_and_moving_assets_are_agreed_to_apart() {
    let bench = Bench::new().await;
    let (owner, call) = (bench.owner("C1"), Call::default());
    let wanted = request("own_bot", &["read", "trade", "withdraw"]);
    let asked = bench.govern.request_key(&owner, &wanted, &call).await.unwrap().value;
    let key = asked.key.key.as_str();
    assert_eq!(asked.waits_for.len(), 2);
    let early = bench.govern.issue_key(&owner, key, &call).await.unwrap_err();
    assert_eq!(early.code, "approvals_open");

    let anna = staff("anna", Role::Analyst);
    bench.govern.approve_key(&anna, key, &yes(), &call).await.unwrap();
    assert_eq!(
        bench.govern.approve_key(&anna, key, &yes(), &call).await.unwrap_err().code,
        "role_not_entitled"
    );
    assert_eq!(bench.govern.issue_key(&owner, key, &call).await.unwrap_err().code, "approvals_open");
    let bert = staff("bert", Role::Approver);
    bench.govern.approve_key(&bert, key, &yes(), &call).await.unwrap();
    assert_eq!(
        bench.govern.approve_key(&bert, key, &yes(), &call).await.unwrap_err().code,
        "already_decided"
    );
    bench.govern.approve_key(&staff("dora", Role::Approver), key, &yes(), &call).await.unwrap();

    let mut other = bench.owner("C1");
    other.principal = "customer:C1/P2".into();
    assert_eq!(bench.govern.issue_key(&other, key, &call).await.unwrap_err().code, "requester_only");
    bench.govern.issue_key(&owner, key, &call).await.unwrap();
    assert_eq!(bench.govern.issue_key(&owner, key, &call).await.unwrap_err().code, "key_state");
    let classes: Vec<String> = bench.ledger().await.into_iter().map(|(class, _)| class).skip(6).collect();
    assert_eq!(classes, ["key.requested", "key.approved", "approval.decided", "key.approved", "key.issued"]);
}

#[tokio::test]
async fn one_refusal_rejects_the_key_for_good() {
    let bench = Bench::new().await;
    let (owner, call) = (bench.owner("C1"), Call::default());
    let wanted = request("own_bot", &["read", "trade", "withdraw"]);
    let asked = bench.govern.request_key(&owner, &wanted, &call).await.unwrap().value;
    let key = asked.key.key.as_str();
    let anna = staff("anna", Role::Analyst);
    assert_eq!(bench.govern.reject_key(&anna, key, "no", &call).await.unwrap_err().code, "reason_missing");
    let reason = "the declared purpose does not fit";
    let rejected = bench.govern.reject_key(&anna, key, reason, &call).await.unwrap().value;
    assert_eq!(rejected.key.state, KeyState::Rejected);
    assert!(bench.govern.store.get(&DEAD_KEYS, key).await.unwrap().is_some());
    for approval in &asked.waits_for {
        let late = bench.govern.decide(&staff("bert", Role::Approver), approval, &no(), &call).await;
        assert_eq!(late.unwrap_err().code, "approval_closed");
    }
    assert_eq!(bench.govern.issue_key(&owner, key, &call).await.unwrap_err().code, "key_rejected");
    assert_eq!(bench.govern.store.feed_head(), 0, "gates never hear of it");
}

#[tokio::test]
async fn a_repeated_request_gets_its_first_answer_but_no_secret() {
    let bench = Bench::new().await;
    let owner = bench.owner("C1");
    let call = Call { idempotency: Some(("i1".into(), "digest one".into())), ..Call::default() };
    let wanted = request("portfolio", &["read"]);
    let first = bench.govern.request_key(&owner, &wanted, &call).await.unwrap();
    let again = bench.govern.request_key(&owner, &wanted, &call).await.unwrap();
    assert!(again.repeated && again.committed.is_none());
    assert_eq!(again.value, first.value);
    let other = Call { idempotency: Some(("i1".into(), "digest two".into())), ..Call::default() };
    let refusal = bench.govern.request_key(&owner, &wanted, &other).await.unwrap_err();
    assert_eq!(refusal.code, "idempotency_key_reused");

    let issue = Call { idempotency: Some(("i2".into(), "digest three".into())), ..Call::default() };
    let key = &first.value.key.key;
    assert!(bench.govern.issue_key(&owner, key, &issue).await.unwrap().value.secret.is_some());
    let again = bench.govern.issue_key(&owner, key, &issue).await.unwrap();
    assert!(again.repeated && again.value.secret.is_none(), "a secret is shown once");
}

/// A server runs these on many threads: what they give must be able to move between them.
#[tokio::test]
async fn use_cases_can_be_run_on_any_thread() {
    fn sends<T: Send>(_: T) {}
    let bench = Bench::new().await;
    let (owner, call, wanted) = (bench.owner("C1"), Call::default(), request("portfolio", &["read"]));
    sends(bench.govern.request_key(&owner, &wanted, &call));
    sends(bench.govern.issue_key(&owner, "K1", &call));
    sends(bench.govern.change_allowlist(&owner, "K1", &[], &call));
    sends(bench.govern.decide(&owner, "P1", &yes(), &call));
    sends(bench.govern.reject_key(&owner, "K1", "a reason", &call));
    sends(bench.govern.report_exposure(&owner, Some("K1"), (None, "there"), &call));
    sends(bench.govern.due());
}

#[tokio::test]
async fn two_who_decide_at_once_make_one_effect_each() {
    let bench = Bench::new().await;
    let (owner, call) = (bench.owner("C1"), Call::default());
    let wanted = request("own_bot", &["read", "withdraw"]);
    let asked = bench.govern.request_key(&owner, &wanted, &call).await.unwrap().value;
    let (bert, dora) = (staff("bert", Role::Approver), staff("dora", Role::Approver));
    let (key, agreed) = (asked.key.key.as_str(), yes());
    let (one, other) = tokio::join!(
        bench.govern.approve_key(&bert, key, &agreed, &call),
        bench.govern.approve_key(&dora, key, &agreed, &call),
    );
    one.unwrap();
    other.unwrap();
    bench.govern.issue_key(&owner, key, &call).await.unwrap();
}

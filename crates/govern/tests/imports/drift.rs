//! Both sides kept in step, and where they disagree: with both values, whose word counts, and since when.

use crate::bench::{Bench, HOUR, request, staff};
use crate::{backend, import, line, said, snapshot, take_as};
use serde_json::{Value, json};
use sumun_actuator::{LogRules, Target};
use sumun_govern::actuator::{Acknowledged, Acting, ActuationRow, ActuationState};
use sumun_govern::drift::DriftView;
use sumun_govern::imports::Taking;
use sumun_govern::imports::mirror::SnapshotEnd;
use sumun_govern::keys::measures::Hold;
use sumun_govern::{Role, venue};
use sumun_store::tables::{ACTUATIONS, KEYS};

const MINUTE: i64 = 60_000_000;

async fn drifts(bench: &Bench) -> Vec<DriftView> {
    bench.govern.reconcile().await.unwrap();
    bench.govern.drifts(&staff("anna", Role::Analyst), None, None, 100).await.unwrap()
}

fn told(drifts: &[DriftView]) -> String {
    let one = |drift: &DriftView| {
        format!(
            "{} since {}: {} {} here {} there {} authority {}",
            drift.key,
            drift.since,
            drift.what.kind.as_str(),
            drift.what.attribute.as_str(),
            drift.what.here,
            drift.what.there,
            serde_json::to_value(drift.what.authority).unwrap()
        )
    };
    drifts.iter().map(one).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn drift_planted_in_both_directions_is_reported_with_the_right_authority() {
    let facts = venue::EXAMPLE.replace("scopes = \"exchange\"\nallowlist", "scopes = \"sumun\"\nallowlist");
    let bench = Bench::at(&facts).await;
    let all: Vec<String> = ["X1", "X2", "X3", "X4", "X5"].iter().map(|key| line(key, &json!({}))).collect();
    let first = snapshot(&bench, &all).await;
    assert_eq!(first.made, 5);
    assert_eq!(told(&drifts(&bench).await), "", "both sides are the same");
    // Planted there: another scope (ours), another address (theirs), an end, a key nobody knows.
    bench.pass(10 * MINUTE);
    let lines = [
        line("X1", &json!({"scopes": ["read"]})),
        line("X2", &json!({"allowlist": ["203.0.113.7/32", "203.0.113.8/32"]})),
        line("X3", &json!({"state": "suspended"})),
        line("X4", &json!({})),
        line("X6", &json!({"account": "A9"})),
    ];
    let taken = snapshot(&bench, &lines).await;
    insta::assert_snapshot!(said(&taken));
    // Planted here: an end, a shorter name, behind the exchange's back.
    let owner = bench.owner("C1");
    bench.govern.revoke_key(&owner, "X4", None, &Default::default()).await.unwrap();
    bench.alter(&KEYS, "X2", "application", json!("another bot")).await;
    // An end has just been: nobody there can have heard of it.
    let known = drifts(&bench).await;
    assert!(known.iter().all(|drift| drift.key != "X4"), "{}", told(&known));
    bench.pass(10 * MINUTE);
    take_as(&bench, &Taking::of("exchange", 10), &[line("X4", &json!({}))]).await;
    let known = drifts(&bench).await;
    insta::assert_snapshot!(told(&known));
    // It stands since when it was first seen, whatever is found again.
    bench.pass(HOUR);
    assert_eq!(told(&drifts(&bench).await), told(&known));
}

#[tokio::test]
async fn a_key_dead_here_and_alive_there_is_an_entry_and_a_task_until_it_is_not() {
    let bench = Bench::new().await;
    snapshot(&bench, &[line("X1", &json!({}))]).await;
    bench.govern.revoke_key(&bench.owner("C1"), "X1", None, &Default::default()).await.unwrap();
    bench.pass(2 * MINUTE);
    let taken = snapshot(&bench, &[line("X1", &json!({}))]).await;
    assert_eq!(
        taken.refused.first().map(|no| no.code.as_str()),
        Some("dead_id"),
        "the mirror revives nothing"
    );
    assert_eq!(bench.column("X1", "state").await, "expired");
    let found = drifts(&bench).await;
    assert_eq!(found.len(), 1);
    let open = async || {
        let tasks =
            bench.govern.tasks(&staff("anna", Role::Analyst), None, Some("open"), None, 100).await.unwrap();
        tasks
            .into_iter()
            .map(|task| (serde_json::to_value(task.kind).unwrap(), task.body.key))
            .collect::<Vec<_>>()
    };
    assert_eq!(open().await, [(json!("end_at_exchange"), Some("X1".to_owned()))]);
    // Looked at again, nothing is told twice.
    drifts(&bench).await;
    let classes = async |class: &str| bench.ledger().await.iter().filter(|(of, _)| of == class).count();
    assert_eq!((classes("drift.appeared").await, classes("drift.gone").await), (1, 0));
    bench.pass(MINUTE);
    snapshot(&bench, &[line("X1", &json!({"state": "expired"}))]).await;
    assert_eq!(told(&drifts(&bench).await), "");
    assert_eq!(open().await, []);
    assert_eq!((classes("drift.appeared").await, classes("drift.gone").await), (1, 1));
}

/// The venue's own keys are made to be ended and tried behind its gates: of such a key nothing is drift that would be of any other.
#[tokio::test]
async fn canaries_are_compared_with_nobody() {
    let bench = Bench::new().await;
    snapshot(&bench, &["X1", "X2"].map(|key| line(key, &json!({})))).await;
    let (untold, _) = bench.issued(&request("own_bot", &["read"])).await;
    for key in ["X1", "X2"] {
        bench.govern.revoke_key(&bench.owner("C1"), key, None, &Default::default()).await.unwrap();
    }
    bench.pass(10 * MINUTE);
    snapshot(&bench, &["X1", "X2"].map(|key| line(key, &json!({})))).await;
    let of = async || {
        let mut keys: Vec<_> = drifts(&bench).await.iter().map(|drift| drift.key.clone()).collect();
        keys.sort_unstable();
        keys
    };
    let mut all = vec!["X1".to_owned(), "X2".to_owned(), untold.clone()];
    all.sort_unstable();
    assert_eq!(of().await, all, "ended here and served there twice, and one that no source told of");
    for key in ["X2", untold.as_str()] {
        bench.alter(&KEYS, key, "canary", json!(1)).await;
    }
    assert_eq!(of().await, ["X1"]);
}

#[tokio::test]
async fn what_is_dead_there_ends_here_but_not_everything_at_once() {
    let facts = venue::EXAMPLE.replace("ends_max = 1000", "ends_max = 2");
    let bench = Bench::at(&facts).await;
    let ids = ["X1", "X2", "X3", "X4"];
    snapshot(&bench, &ids.map(|key| line(key, &json!({})))).await;
    // A wrong column: every key would be dead.
    let taken =
        snapshot(&bench, &ids.map(|key| line(key, &json!({"state": "expired", "cause": "owner"})))).await;
    assert_eq!(said(&taken), "made 0 changed 0 same 0 ended 2 held back 2 older 0 differing 0 secrets 0");
    let kinds: Vec<_> =
        drifts(&bench).await.iter().map(|drift| (drift.key.clone(), drift.what.kind.as_str())).collect();
    let waiting = "alive_here_dead_there";
    assert_eq!(kinds, [("X3".to_owned(), waiting), ("X4".to_owned(), waiting)]);
    assert_eq!(bench.column("X1", "cause").await, "owner");
}

#[tokio::test]
async fn a_key_that_a_whole_snapshot_lacks_is_gone_there_and_lives_on_here() {
    let bench = Bench::new().await;
    snapshot(&bench, &[line("X1", &json!({})), line("X2", &json!({}))]).await;
    // A snapshot that never ends says nothing.
    let cut = bench.govern.snapshot_begins(&backend(), "exchange").await.unwrap();
    take_as(&bench, &cut, &[line("X1", &json!({}))]).await;
    assert_eq!(told(&drifts(&bench).await), "");
    snapshot(&bench, &[line("X1", &json!({}))]).await;
    let late = bench.govern.snapshot_ends(&cut, Some(SnapshotEnd::default()), 0).await.unwrap_err();
    assert_eq!(late.code, "snapshot_superseded");
    let found = drifts(&bench).await;
    insta::assert_snapshot!(told(&found));
    assert_eq!(bench.column("X2", "state").await, "active");
    // It was never away.
    bench.pass(MINUTE);
    snapshot(&bench, &[line("X1", &json!({})), line("X2", &json!({}))]).await;
    assert_eq!(told(&drifts(&bench).await), "");
}

#[tokio::test]
async fn an_older_line_and_another_sources_key_change_nothing() {
    let bench = Bench::new().await;
    import(&bench, &[line("X1", &json!({"ts": "2026-11-02T00:00:09Z", "application": "new"}))]).await;
    let older = import(&bench, &[line("X1", &json!({"application": "old"}))]).await;
    assert_eq!(said(&older), "made 0 changed 0 same 0 ended 0 held back 0 older 1 differing 0 secrets 0");
    assert_eq!(bench.column("X1", "application").await, "new");
    let taken =
        take_as(&bench, &Taking::of("other", 10), &[line("X1", &json!({"ts": "2026-11-02T00:00:10Z"}))])
            .await;
    insta::assert_snapshot!(said(&taken));
}

#[tokio::test]
async fn a_source_ends_so_many_keys_in_an_hour_however_many_requests_it_sends() {
    let bench = Bench::new().await;
    let ids = ["X1", "X2", "X3", "X4", "X5", "X6"];
    snapshot(&bench, &ids.map(|key| line(key, &json!({})))).await;
    let dead = |key: &str| line(key, &json!({"state": "expired", "cause": "owner"}));
    let request = async |dry_run: bool, keys: &[&str]| {
        // Each request comes with a count of its own.
        let taking = Taking::of("exchange", 2).dry_run(dry_run);
        let (mut ended, mut held_back) = (0, 0);
        for key in keys {
            let taken = take_as(&bench, &taking, &[dead(key)]).await;
            ended += taken.ended;
            held_back += taken.held_back;
        }
        (ended, held_back)
    };
    assert_eq!(request(true, &ids).await, (2, 4), "a dry run counts over its parts");
    assert_eq!(request(false, &["X1"]).await, (1, 0));
    assert_eq!(request(true, &["X2", "X3"]).await, (1, 1), "and on top of what ended before");
    assert_eq!(request(false, &["X2", "X3", "X4"]).await, (1, 2));
    assert_eq!(request(false, &["X3"]).await, (0, 1), "the repeated import ends no further key");
    bench.pass(HOUR);
    assert_eq!(request(false, &["X3", "X4", "X5"]).await, (2, 1));
    assert_eq!(bench.column("X5", "state").await, "active");
}

#[tokio::test]
async fn all_sources_together_end_so_many_keys_in_any_hour() {
    let bench = Bench::new().await;
    let told = async |source: &str, keys: &[&str], state: Value| {
        let lines: Vec<String> = keys.iter().map(|key| line(key, &state)).collect();
        take_as(&bench, &Taking::of(source, 2), &lines).await
    };
    let dead = json!({"state": "expired", "cause": "owner"});
    told("one", &["X1", "X2", "X3", "X4"], json!({})).await;
    told("another", &["Y1"], json!({})).await;
    assert_eq!(told("one", &["X1"], dead.clone()).await.ended, 1);
    bench.pass(59 * HOUR / 60);
    assert_eq!(told("another", &["Y1"], dead.clone()).await.ended, 1, "whatever it calls itself");
    let more = told("one", &["X2"], dead.clone()).await;
    assert_eq!((more.ended, more.held_back), (0, 1));
    // An hour after the first, and a minute after the second.
    bench.pass(HOUR / 60);
    let more = told("one", &["X2", "X3", "X4"], dead).await;
    assert_eq!((more.ended, more.held_back), (1, 2), "no hour has more, wherever it begins");
}

#[tokio::test]
async fn a_snapshot_that_goes_on_after_another_began_says_nothing_of_its_keys() {
    let bench = Bench::new().await;
    let both = [line("X1", &json!({})), line("X2", &json!({}))];
    snapshot(&bench, &both).await;
    let first = bench.govern.snapshot_begins(&backend(), "exchange").await.unwrap();
    let second = bench.govern.snapshot_begins(&backend(), "exchange").await.unwrap();
    take_as(&bench, &second, &both).await;
    // The first sender has not heard of it, and tells of a key that the second one's snapshot saw.
    let wider = line("X1", &json!({"allowlist": ["203.0.113.0/24"]}));
    let told = sumun_govern::imports::read("test", 1, wider.as_bytes()).unwrap();
    let late = bench.govern.take_lines(&backend(), &first, &[told]).await.unwrap_err();
    assert_eq!(late.code, "snapshot_superseded");
    assert_eq!(bench.column("X1", "allowlist").await, json!(["203.0.113.7/32"]), "nothing of it is obeyed");
    let ended = bench.govern.snapshot_ends(&second, Some(SnapshotEnd::default()), 0).await.unwrap();
    assert_eq!(ended.gone, 0);
    assert_eq!(told_none(&bench).await, "");
}

async fn told_none(bench: &Bench) -> String {
    told(&drifts(bench).await)
}

#[tokio::test]
async fn keys_of_a_snapshot_are_counted_once_each_whatever_else_is_told_meanwhile() {
    let bench = Bench::new().await;
    let taking = bench.govern.snapshot_begins(&backend(), "exchange").await.unwrap();
    let lines = ["X1", "X2", "X1"].map(|key| line(key, &json!({})));
    assert_eq!(take_as(&bench, &taking, &lines).await.named, 2);
    // A change does not count as named by the snapshot, and an older line does.
    import(&bench, &[line("X3", &json!({"ts": "2026-11-02T00:00:09Z"})), line("X4", &json!({}))]).await;
    let lines = ["X2", "X3", "X3"].map(|key| line(key, &json!({})));
    assert_eq!(take_as(&bench, &taking, &lines).await.named, 1);
}

#[tokio::test]
async fn an_older_line_gives_nothing_back_that_a_newer_one_took_at_the_same_time() {
    let bench = Bench::new().await;
    let wide = json!({"allowlist": ["203.0.113.0/24"]});
    let keys: Vec<String> = (0..24).map(|n| format!("X{n}")).collect();
    let before: Vec<String> = keys.iter().map(|key| line(key, &wide)).collect();
    snapshot(&bench, &before).await;
    // Two senders: a snapshot as it was, and the changes that narrow it since.
    let taking = bench.govern.snapshot_begins(&backend(), "exchange").await.unwrap();
    let older = async {
        for line in &before {
            take_as(&bench, &taking, std::slice::from_ref(line)).await;
        }
    };
    let newer = async {
        for key in &keys {
            let narrow = json!({"ts": "2026-11-02T00:00:09Z", "allowlist": ["203.0.113.7/32"]});
            import(&bench, &[line(key, &narrow)]).await;
        }
    };
    tokio::join!(older, newer);
    for key in &keys {
        assert_eq!(bench.column(key, "allowlist").await, json!(["203.0.113.7/32"]), "{key}");
    }
    // What was told and not obeyed yet, as a crash leaves it: the older line sees it, and the same line sent again is obeyed.
    let told = sumun_store::MirrorKey {
        key: "X0".to_owned(),
        source: "exchange".to_owned(),
        at_us: sumun_govern::World::now(&*bench.world).as_micros() + 20_000_000,
        gone_us: None,
        told_us: 0,
        body: "{}".to_owned(),
    };
    let now = sumun_govern::World::now(&*bench.world);
    let batch = sumun_store::MirrorBatch {
        source: "exchange".to_owned(),
        round: None,
        seq: None,
        keys: vec![told],
        now,
    };
    bench.govern.store.mirror_keep(batch).await.unwrap();
    let ten = json!({"ts": "2026-11-02T00:00:10Z", "allowlist": ["203.0.113.0/24"]});
    assert_eq!(import(&bench, &[line("X0", &ten)]).await.older, 1);
    let again = json!({"ts": "2026-11-02T00:00:20Z", "allowlist": ["203.0.113.8/32"]});
    assert_eq!(import(&bench, &[line("X0", &again)]).await.changed, 1);
}

#[tokio::test]
async fn an_end_here_is_no_drift_because_the_source_spoke_of_another_key() {
    let bench = Bench::new().await;
    snapshot(&bench, &[line("X1", &json!({})), line("X2", &json!({}))]).await;
    bench.govern.revoke_key(&bench.owner("C1"), "X1", None, &Default::default()).await.unwrap();
    bench.pass(10 * MINUTE);
    import(&bench, &[line("X2", &json!({}))]).await;
    assert_eq!(told_none(&bench).await, "");
    // It goes on about others for an hour, and never says that this one ended.
    bench.pass(HOUR);
    import(&bench, &[line("X2", &json!({}))]).await;
    let kinds: Vec<_> =
        drifts(&bench).await.iter().map(|drift| (drift.key.clone(), drift.what.kind.as_str())).collect();
    assert_eq!(kinds, [("X1".to_owned(), "dead_here_alive_there")]);
}

#[tokio::test]
async fn a_key_dead_here_and_alive_there_is_ended_there_once_more_where_somebody_acts() {
    let acting = Acting {
        destinations: vec!["exchange".to_owned()],
        exchange: Some("exchange".to_owned()),
        calls: true,
        log: LogRules::default(),
    };
    let bench = Bench::new().await.acting(acting);
    snapshot(&bench, &[line("X1", &json!({}))]).await;
    bench.govern.revoke_key(&bench.owner("C1"), "X1", None, &Default::default()).await.unwrap();
    let row = async || {
        let row = bench.govern.store.get(&ACTUATIONS, "exchange:X1").await.unwrap();
        ActuationRow::of(&row.unwrap()).unwrap()
    };
    let first = row().await;
    let said = Acknowledged {
        target: Target::Ended,
        sent_us: 0,
        status: 200,
        answer: String::new(),
        already: false,
    };
    bench.govern.actuation_acknowledged("exchange:X1", first.intent, &said).await.unwrap();
    bench.pass(2 * MINUTE);
    snapshot(&bench, &[line("X1", &json!({}))]).await;
    assert_eq!(drifts(&bench).await.len(), 1);
    let again = row().await;
    assert!(again.intent > first.intent && again.state == ActuationState::Waiting);
    assert_eq!(again.target, Target::Ended);
    // Looked at again, it is not asked again.
    drifts(&bench).await;
    assert_eq!(row().await, again);
}

#[tokio::test]
async fn a_suspension_that_came_with_its_key_ends_by_the_word_of_the_exchange_and_one_made_here_does_not() {
    let bench = Bench::new().await;
    let suspended = json!({"state": "suspended"});
    snapshot(&bench, &[line("X1", &suspended), line("X2", &suspended), line("X3", &json!({}))]).await;
    // Somebody here acts on one of them, and cuts another: both are this side's word from now on.
    let (bert, dora) = (staff("bert", Role::Approver), staff("dora", Role::Approver));
    let why = "made up: asked for by its owner";
    bench.govern.lift_key(&dora, "X2", why, &Default::default()).await.unwrap();
    bench.govern.suspend_key(&bert, "X2", why, &Default::default()).await.unwrap();
    bench.govern.suspend_key(&bert, "X3", why, &Default::default()).await.unwrap();
    // A hold that comes and goes takes nothing from that.
    let hold = Hold { reason: why.into(), lesser: why.into(), reviewer: "user:bert".into(), due: None };
    bench.govern.hold_key(&staff("anna", Role::Analyst), "X3", &hold, &Default::default()).await.unwrap();
    bench.govern.release_key(&bert, "X3", why, &Default::default()).await.unwrap();
    bench.pass(MINUTE);
    let taken =
        snapshot(&bench, &["X1", "X2", "X3"].map(|key| line(key, &json!({"ts": "2026-11-02T00:01:00Z"}))))
            .await;
    assert_eq!(said(&taken), "made 0 changed 1 same 2 ended 0 held back 0 older 0 differing 2 secrets 0");
    assert_eq!(bench.column("X1", "state").await, "active");
    assert_eq!(bench.column("X2", "state").await, "suspended");
    assert_eq!(bench.column("X3", "state").await, "suspended");
    // Nor does the exchange suspend here: that is drift.
    snapshot(
        &bench,
        &["X1", "X2", "X3"]
            .map(|key| line(key, &json!({"ts": "2026-11-02T00:01:01Z", "state": "suspended"}))),
    )
    .await;
    assert_eq!(bench.column("X1", "state").await, "active");
}

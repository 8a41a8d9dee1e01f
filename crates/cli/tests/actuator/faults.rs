//! An exchange that is away, fails, or lies.

use crate::waiting::until;
use crate::world::{QUICK, Stage};
use serde_json::json;

#[test]
fn while_the_exchange_is_away_only_the_newest_intent_waits() {
    let mut stage = Stage::new("[retry]\nfirst_ms = 10\nmax_ms = 50\nattempts = 4\nagain_s = 1\n");
    {
        let world = stage.opened_first();
        drop(world);
    }
    stage.exchange.stop();
    let control = stage.exchange.control();
    let world = stage.open();
    world.act("K1", "suspend");
    world.act("K1", "lift");
    world.act("K1", "suspend");
    world.act("K2", "suspend");
    // Tried in vain until somebody is told; and tried on.
    world.stands("K1", "suspended", "failed");
    world.stands("K2", "suspended", "failed");
    world.act("K1", "lift");
    world.act("K1", "suspend");
    assert_eq!(stage.exchange.control(), control);
    // Borrowed by the world: the one at work stays as it is.
    let server = world.open.server.clone();
    drop(world);
    stage.exchange.start_again();
    let world = stage.open();
    assert!(!server.is_empty());
    let told = world.stands("K1", "suspended", "acknowledged");
    world.stands("K2", "suspended", "acknowledged");
    let asked = stage.exchange.was_asked_of("K1");
    assert_eq!(asked.len(), 1, "no older intent was sent: {asked:?}");
    assert_eq!(asked[0]["version"], told["intent"]);
    assert_eq!(world.tasks().len(), 0, "its tasks are done by themselves");
}

#[test]
fn what_cannot_be_done_is_shouted_and_asked_again_only_by_a_person() {
    let stage = Stage::new(QUICK);
    let world = stage.opened_first();
    stage.exchange.answers("500", 0);
    world.act("K1", "suspend");
    let told = world.stands("K1", "suspended", "failed");
    assert_eq!((&told["failures"], &told["cause"]), (&4.into(), &"status 500".into()));
    let tasks = world.tasks();
    assert_eq!(tasks.len(), 1, "{tasks:?}");
    assert_eq!(tasks[0]["body"]["key"], "K1");
    world.open.process.says("Key K1 is NOT `suspended` at exchange");
    until("the metric", || {
        world.text("/metrics").contains("sumun_actuations{state=\"failed\"} 1").then_some(())
    });
    let ready = until("readiness to tell", || {
        let ready = world.text("/readyz");
        ready.contains("1 key could not be acted on").then_some(ready)
    });
    assert!(ready.contains("degraded"), "{ready}");
    // Another intent of the same key is a new one: it is sent, and fails by itself.
    let calls = stage.exchange.was_asked_of("K1").len();
    assert_eq!(calls, 4, "it is not asked again by itself");
    stage.exchange.answers("ok", 0);
    let reason = "the key API is mended";
    world.open.must("alice", &["actuator", "retry", "K1", "--reason", reason]);
    let told = world.stands("K1", "suspended", "acknowledged");
    assert!(told["failures"] == 0 && told["cause"].is_null(), "{told}");
    assert_eq!(stage.exchange.ask("K1"), 401);
    assert_eq!(world.tasks().len(), 0);
    assert_eq!(world.entries(), ["actuator.failed", "actuator.retried", "actuator.acknowledged"]);
    let shown = world.open.must("alice", &["actuator", "show", "K1"]);
    assert!(shown.out.contains("acknowledged"), "{}", shown.shown());
    // What can never be answered otherwise is told at once.
    stage.exchange.answers("400", 0);
    world.act("K2", "suspend");
    assert_eq!(world.stands("K2", "suspended", "failed")["failures"], 1);
}

#[test]
fn a_lie_is_found_in_the_exchanges_own_log() {
    let stage = Stage::new(QUICK);
    let world = stage.opened_first();
    stage.exchange.answers("lie", 0);
    world.act("K1", "suspend");
    world.stands("K1", "suspended", "acknowledged");
    let told = until("its log to tell", || {
        assert_eq!(stage.exchange.ask("K1"), 200, "it did nothing");
        world.told("K1").filter(|told| told["state"] == "alive")
    });
    assert_eq!(told["alive"]["effect"], "read", "{told}");
    assert_eq!(told["last_access"], told["alive"]["at"]);
    assert_eq!(world.tasks().len(), 1);
    world.open.process.says("still alive by its own log");
    until("readiness to tell", || {
        world.text("/readyz").contains("1 key cut by the exchange's word, alive by its log").then_some(())
    });
    assert_eq!(world.entries(), ["actuator.acknowledged", "actuator.alive"]);
    // Asked again, it does it.
    stage.exchange.answers("ok", 0);
    let again = json!({ "reason": "they know now", "destination": "exchange" });
    world.rest.must("alice", "POST", "/v1/actuations/K1/retry", Some(again));
    world.stands_while_others_go_on("K1", "suspended", "confirmed");
    assert_eq!(stage.exchange.ask("K1"), 401);
    assert_eq!(world.tasks().len(), 0);
}

#[test]
fn the_page_on_it_runs_as_written() {
    let page = include_str!("../../../../docs/adopt/actuator.md");
    let stage = Stage::new(QUICK);
    let world = stage.opened_first();
    stage.exchange.answers("500", 0);
    world.act("K1", "suspend");
    world.stands("K1", "suspended", "failed");
    stage.exchange.answers("ok", 0);
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_sumun")).parent().unwrap();
    let commands = page.lines().filter_map(|line| line.strip_prefix("$ "));
    let mut ran = 0;
    for command in commands {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &format!("exec {command}")]).current_dir(stage.house.place.path("")).env_clear();
        shell.env("PATH", format!("{}:{}", folder.display(), std::env::var("PATH").unwrap()));
        shell
            .env("SUMUN_PROFILE_DIR", "profiles")
            .env("SUMUN_AS", "alice")
            .env("SUMUN_SERVER", &world.open.server);
        let done = shell.output().unwrap();
        assert!(done.status.success(), "{command}\n{}", String::from_utf8_lossy(&done.stderr));
        ran += 1;
    }
    assert_eq!(ran, 5);
    world.stands("K1", "suspended", "acknowledged");
}

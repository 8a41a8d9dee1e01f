//! A cut reaches the exchange, is proved by its own log, and is taken back.

use crate::waiting::until;
use crate::world::Stage;
use serde_json::Value;

#[test]
fn a_key_is_cut_at_the_exchange_itself_and_its_log_completes_the_receipt() {
    let stage = Stage::new("");
    let world = stage.opened_first();
    assert_eq!(stage.exchange.ask("K1"), 200);
    until("the tap to have read it", || {
        world.rest.get("alice", "/v1/keys/K1")["last_used"].as_str().map(str::to_owned)
    });
    assert_eq!(world.told("K1"), None, "nobody is told of a key that was never cut");

    world.act("K1", "suspend");
    let told = world.stands("K1", "suspended", "acknowledged");
    assert_eq!(
        (&told["status"], &told["reason"], &told["already"]),
        (&200.into(), &"suspended".into(), &false.into())
    );
    assert_eq!(stage.exchange.ask("K1"), 401, "the exchange itself refuses it");
    // Its log goes on without the key.
    let told = world.stands_while_others_go_on("K1", "suspended", "confirmed");
    let last = world.rest.get("alice", "/v1/keys/K1")["last_used"].clone();
    assert!(last.is_string());
    assert_eq!(told["last_access"], last, "the last request that succeeded");
    assert!(told["last_access"].as_str() < told["acknowledged"].as_str());
    assert!(told["silent_until"].as_str() > told["acknowledged"].as_str());
    // What a case shows of the measure's effect rests on it.
    let measure = until("the measure's effect", || {
        let found = world.rest.get("alice", "/v1/measures?key=K1");
        found["items"].as_array()?.iter().find(|row| !row["effect"].is_null()).cloned()
    });
    let obeyed = measure["body"]["obeyed"].as_array().unwrap();
    assert!(obeyed.iter().any(|one| one["gate"] == "exchange"), "{measure}");

    world.act("K1", "lift");
    world.stands("K1", "live", "acknowledged");
    assert_eq!(stage.exchange.ask("K1"), 200, "served again");

    world.act("K1", "suspend");
    world.stands("K1", "suspended", "acknowledged");
    let asked = stage.exchange.was_asked_of("K1");
    let versions: Vec<i64> = asked.iter().map(|asked| asked["version"].as_i64().unwrap()).collect();
    assert!(versions.windows(2).all(|pair| pair[0] < pair[1]), "{versions:?}");
    let classes =
        ["actuator.acknowledged", "actuator.confirmed", "actuator.acknowledged", "actuator.acknowledged"];
    assert_eq!(world.entries(), classes);
}

#[test]
fn a_call_under_way_when_the_power_goes_is_made_again_and_done_once() {
    let stage = Stage::new("");
    let world = stage.opened_first();
    // Done at once, and answered after everybody has given up waiting.
    stage.exchange.answers("ok", 600_000);
    world.act("K1", "suspend");
    until("the call to arrive", || stage.exchange.was_asked_of("K1").first().cloned());
    assert_eq!(world.told("K1").unwrap()["state"], "waiting");
    let crate::world::World { open, .. } = &world;
    let pid = open.process.pid();
    let killed =
        std::process::Command::new("sh").args(["-c", &format!("kill -KILL {pid}")]).status().unwrap();
    assert!(killed.success());
    drop(world);
    stage.exchange.answers("ok", 0);
    let world = stage.open();
    let told = world.stands("K1", "suspended", "acknowledged");
    assert_eq!(told["already"], false, "the exchange gave its first answer again");
    let asked = stage.exchange.was_asked_of("K1");
    assert!(asked.len() >= 2, "{asked:?}");
    let first = &asked[0]["idempotency_key"];
    assert!(asked.iter().all(|one| one["idempotency_key"] == *first), "{asked:?}");
    let changed: Vec<&Value> = asked.iter().filter(|one| one["changed"] == true).collect();
    assert_eq!(changed, [&asked[0]], "done once");
    assert_eq!(stage.exchange.ask("K1"), 401);
}

/// Two hands on one key are seen in the exchange's own log alone, a person decides on what was found, and the exchange refuses both.
#[test]
fn a_lender_is_found_in_the_exchanges_log_and_cut_off_there() {
    let policy = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/test.toml");
    let govern = format!("policy_file = \"{policy}\"\n[detect]\nsnapshot_s = 1\nshards = 2");
    let stage = Stage::under(&govern, "");
    let world = stage.opened_first();
    world.tell_networks();
    let found = until("the log to show two hands on the key", || {
        for from in ["127.0.0.1", "127.0.0.2"] {
            assert_eq!(stage.exchange.ask_from("K1", from), 200);
            // An honest one beside it.
            assert_eq!(stage.exchange.ask_from("K3", "127.0.0.1"), 200);
        }
        let signals = world.rest.get("alice", "/v1/signals?limit=200");
        let found =
            signals["items"].as_array()?.iter().find(|one| one["code"] == "returns_between_origins")?;
        Some(found["subject"]["key"].clone())
    });
    assert_eq!(found, "K1");
    world.act("K1", "suspend");
    world.stands("K1", "suspended", "acknowledged");
    for from in ["127.0.0.1", "127.0.0.2"] {
        assert_eq!(stage.exchange.ask_from("K1", from), 401);
    }
    let told = world.stands_while_others_go_on("K1", "suspended", "confirmed");
    assert!(told["last_access"].as_str() < told["acknowledged"].as_str(), "{told}");
    let all = world.rest.get("alice", "/v1/actuations");
    assert_eq!(all["items"].as_array().unwrap().len(), 1, "nobody else is touched: {all}");
}

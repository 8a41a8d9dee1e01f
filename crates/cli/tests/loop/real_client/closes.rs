//! A key is lent: two programs on it, at two places. The system by itself watches, warns, holds, asks anew, and ends it.

use super::acts::{knocks, networks, registers, returns_thrice, settles};
use crate::bots::{Bots, asks};
use crate::driver::{balance, resting_order};
use crate::exchange::Exchange;
use crate::keys::Key;
use crate::record;
use crate::table::Table;
use crate::times::{at, earned, in_time, window_ends};
use crate::waiting::until;
use crate::world::{ELSEWHERE, HOME, Stage, World, now};
use serde_json::{Value, json};
use std::thread::sleep;
use std::time::Duration;
use sumun_feed::{SigningKey, Typ, jws};

/// The measures, in the order in which they must come.
const LADDER: [&str; 5] = ["monitor", "warn", "hold", "reverify", "expire"];

/// Orders are refused, reading goes on.
fn is_held(bots: &mut Bots, table: &Table) {
    let reasons = ["key_held", "reverification_required"].map(|reason| table.row(reason));
    let order = bots.owner.ask(&resting_order());
    assert!(reasons.iter().any(|row| row.ccxt == order.outcome()), "{}", order.shown());
    let order = bots.borrower.ask(&resting_order());
    assert!(reasons.iter().any(|row| row.pyupbit_order == order.outcome()), "{}", order.shown());
    bots.both_ask();
}

fn verification(world: &World<'_>, key: &Key) -> Value {
    let all = world.all("owner", &format!("/v1/verifications?key={}", key.id));
    let [only] = all.as_slice() else { panic!("not one verification: {all:?}") };
    only.clone()
}

/// The exchange says, signed, that it has verified the owner's identity.
fn identity_is_confirmed(world: &World<'_>, key: &Key) {
    let exchange = SigningKey::from_seed(&[7; 32]);
    let claims = json!({ "aud": "example", "iat": now().as_micros() / 1_000_000, "jti": "made-up-callback-1", "sub": "C1",
        "key": key.id, "method": "video_call", "result": "passed" });
    let callback = json!({ "callback": jws::sign(&exchange, Typ::Identity, &claims).unwrap() });
    let noted = world.post("/v1/identity-callbacks", None, "application/json", &callback.to_string());
    assert_eq!(noted.status, 200, "{}", noted.text);
    assert_eq!(verification(world, key)["identity"], "passed");
    assert_eq!(world.measures(key).len(), 4, "who he is says nothing of who controls the key");
}

/// The owner begins a test and opens its first step; which kind it is.
fn tries(world: &World<'_>, key: &Key) -> Value {
    let path = format!("/v1/verifications/{}", verification(world, key)["verification"].as_str().unwrap());
    let begun = world.rest.must("owner", "POST", &format!("{path}/tests"), None);
    let test = begun["result"]["tests"].as_array().unwrap().last().unwrap().clone();
    assert!(
        test["steps"].as_array().unwrap().iter().all(|step| step["draw"].is_null()),
        "shown before its time: {test}"
    );
    let opened = world.rest.must("owner", "POST", &format!("{path}/steps"), None);
    opened["result"]["tests"].as_array().unwrap().last().unwrap()["steps"][0].clone()
}

/// The owner fails twice: he cannot stop the other's program, and no code ever comes.
fn fails_twice(world: &World<'_>, key: &Key, bots: &mut Bots) {
    let began = now();
    while now().micros_since(began) < 5_000_000 {
        bots.both_ask();
    }
    let step = tries(world, key);
    assert_eq!(step["kind"], "stop_and_start", "{step}");
    until("the first test to fail", || {
        bots.borrower.get(&balance());
        (verification(world, key)["failures"] == 1).then_some(())
    });
    assert_eq!(verification(world, key)["tests"][0]["steps"][0]["why"], "not_silent");
    assert!(world.measure(key, "expire").is_none(), "one failure is none");
    // Both silent: what does not run cannot be stopped, and a code is asked for instead.
    sleep(Duration::from_millis(4_500));
    let step = tries(world, key);
    assert_eq!(step["kind"], "code", "{step}");
    until("the second test to fail", || (verification(world, key)["failures"] == 2).then_some(()));
    assert_eq!(verification(world, key)["tests"][1]["steps"][0]["why"], "no_code");
}

/// The key is dead: its stream is closed, ccxt raises, pyupbit hands back the error.
fn is_dead(bots: &mut Bots, table: &Table) {
    let row = table.row("key_expired");
    let seen = bots.owner.get(&json!({"op": "ws_closed", "timeout_s": 10}));
    let raised = seen["closed"]["exception"].as_str().and_then(|name| name.rsplit('.').next());
    assert_eq!(raised, Some(table.websocket.ccxt_pro_close.as_str()), "{seen}");
    let next = asks(&mut bots.owner);
    assert_eq!(next.outcome(), row.ccxt, "{}", next.shown());
    let next = asks(&mut bots.borrower);
    assert_eq!(next.outcome(), row.pyupbit_read, "{}", next.shown());
    let order = bots.borrower.ask(&resting_order());
    assert_eq!(order.outcome(), row.pyupbit_order, "{}", order.shown());
}

/// What the owner was told, by measure, with what differs from run to run taken out.
fn letters(world: &World<'_>, key: &Key) -> String {
    let mut notices = world.all("owner", &format!("/v1/notices?key={}", key.id));
    notices.retain(|notice| notice["kind"].as_str().unwrap().starts_with("measure."));
    notices.sort_by_key(|notice| notice["created"].as_str().unwrap().to_owned());
    let mut out = String::new();
    for notice in &notices {
        let mut told = format!("{}\n", notice["kind"].as_str().unwrap());
        for said in notice["say"].as_array().unwrap() {
            let mut both = String::new();
            for language in ["ko", "en"] {
                let text = said[language].as_str().unwrap();
                assert!(!text.is_empty() && !text.contains('{'), "{notice}");
                let weighs = ["points", "nats", "llr", "score", "weight", "점수", "가중치"];
                assert!(!weighs.iter().any(|word| text.contains(word)), "an owner reads weights: {text}");
                both += &format!("  {text}\n");
            }
            // Whether a third session began in time for this one to be told is as the clock has it.
            if said["code"] != "unfamiliar_properties" {
                told += &both;
            }
        }
        out += &told;
    }
    // Which of the two came last is as the clock has it.
    redacted(&out.replace(&key.id, "KEY").replace(HOME, "ADDRESS").replace(ELSEWHERE, "ADDRESS"))
}

/// Times and counts differ from run to run.
fn redacted(text: &str) -> String {
    let timeless = without_times(text);
    let words = timeless.split_inclusive([' ', '\n', '(', ')']).map(|word| {
        let bare = word.trim_end_matches([' ', '\n', '(', ')', '.', ',']);
        if !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_digit()) {
            word.replacen(bare, "N", 1)
        } else {
            word.to_owned()
        }
    });
    words.collect()
}

/// `18 Feb 2027, 14:05 KST` and `2027년 2월 18일 14:05(한국 시간)`: four words before the zone.
fn without_times(text: &str) -> String {
    let mut out = text.to_owned();
    for zone in [" KST", "(한국 시간)"] {
        while let Some(end) = out.find(zone) {
            let begins = out[..end].rmatch_indices([' ', '\n', '(']).nth(3).map_or(0, |(at, _)| at + 1);
            out.replace_range(begins..end + zone.len(), "TIME");
        }
    }
    out
}

/// Every measure says why: in structure in its row, and in both languages to analysts.
fn say_why(world: &World<'_>, key: &Key) {
    for measure in world.measures(key) {
        let body = &measure["body"];
        for reason in ["why", "lesser"] {
            assert!(body[reason]["code"].as_str().is_some_and(|code| !code.is_empty()), "{measure}");
        }
        assert_eq!(body["policy"], "test@1", "{measure}");
        assert!(body["rule"].is_string() && body["policy_digest"].is_string(), "{measure}");
        assert!(!body["signals"].as_array().unwrap().is_empty(), "{measure}");
        assert_eq!(measure["mode"], "act", "{measure}");
    }
}

#[test]
fn the_loop_closes() {
    let mut exchange = Exchange::start();
    let stage = Stage::new(&exchange);
    let world = stage.opened_first(&networks());
    let (key, table) = (world.key(), Table::read());
    exchange.knows(&[&key]);
    let mut bots = Bots::start(&world, &key);

    settles(&world, &exchange, &key, &mut bots.owner);
    knocks(&world, &key, &mut bots, &table);
    registers(&world, &key, &mut bots.borrower);
    returns_thrice(&mut bots);
    let warn = world.obeyed(&key, "warn");
    assert!(world.measure(&key, "hold").is_none());
    // What a warning asks for is given a second's time.
    sleep(Duration::from_millis(1_200));
    // Both go on, as programs do: on a busy machine one more turn may come before the last one was counted.
    until("a hold", || {
        bots.both_ask();
        world.measure(&key, "hold")
    });
    let hold = world.obeyed(&key, "hold");
    is_held(&mut bots, &table);
    world.obeyed(&key, "reverify");
    identity_is_confirmed(&world, &key);
    fails_twice(&world, &key, &mut bots);
    world.obeyed(&key, "expire");
    is_dead(&mut bots, &table);
    drop(bots);

    let measures = world.measures(&key);
    let words: Vec<_> = measures.iter().map(|measure| measure["measure"].as_str().unwrap()).collect();
    assert_eq!(words, LADDER, "each once, in this order");
    let signals = world.all("alice", &format!("/v1/signals?key={}", key.id));
    let (entries, log) = (record::entries(&world), record::log(&stage.house));
    let [monitor, warned, held, reverify, expire] = measures.as_slice() else { panic!("{words:?}") };
    in_time(monitor, earned(monitor, &signals, &log));
    in_time(warned, earned(warned, &signals, &log));
    in_time(held, earned(held, &signals, &log).max(at(&warn, "began").plus_micros(1_000_000)));
    in_time(reverify, window_ends(at(&hold, "began"), 1));
    let ended = record::tests_ended(&entries);
    assert_eq!(ended.len(), 2);
    in_time(expire, at(&ended[1], "at"));

    say_why(&world, &key);
    let letters = letters(&world, &key);
    assert!(
        letters.contains("failed twice") && letters.contains("두 번 실패"),
        "why it ended is not told: {letters}"
    );
    insta::with_settings!({ prepend_module_to_snapshot => false }, { insta::assert_snapshot!("letters", letters) });
    assert_eq!(record::draws_came_first(&entries), 2);
    let expired = expire["effect"].as_str().unwrap().to_owned();
    world.stop();
    let found = record::is_one_story(&stage.house);
    assert!(signals.iter().all(|signal| found.contains(signal["id"].as_str().unwrap())));
    for (language, word) in [("en", "begins"), ("ko", "시작")] {
        // The same ladder from the events alone, and why in words.
        let (words, why): (Vec<_>, Vec<_>) = record::derived(&stage.house, language).into_iter().unzip();
        assert_eq!(words, LADDER, "{why:?}");
        assert!(why.iter().all(|text| text.len() > 20 && !text.contains('{')), "{why:?}");
        let text = record::explained(&stage.house, &key.id, &expired, &["--lang", language]);
        assert!(text.contains(word), "{text}");
    }
}

//! The honest twin: the same owner, whose address drifted. He is refused, asked, says that it was him, proves it, and has no points.

use crate::bots::{asks, ccxt, trades};
use crate::driver::balance;
use crate::exchange::Exchange;
use crate::record;
use crate::table::Table;
use crate::waiting::until;
use crate::world::{ELSEWHERE, HOME, Stage, network, now};
use serde_json::{Value, json};
use std::thread::sleep;
use std::time::Duration;

/// Long enough for any window of the test's policy that a drift could fall into.
const GOES_ON_US: i64 = 6_000_000;

#[test]
fn the_honest_twin_has_no_points() {
    let mut exchange = Exchange::start();
    let stage = Stage::new(&exchange);
    let line = |address| network(address, 64500, "Example Home", "KR", "residential");
    let world = stage.opened_first(&[line(HOME), line(ELSEWHERE)]);
    let (key, table) = (world.key(), Table::read());
    exchange.knows(&[&key]);
    let mut before = ccxt(world.open().gate(), &key, HOME);
    let began = now();
    while now().micros_since(began) < 3_600_000 {
        trades(&mut before);
        sleep(Duration::from_millis(300));
    }
    drop(before);

    // The line has another address now, and the bot goes on knocking.
    let mut bot = ccxt(world.open().gate(), &key, ELSEWHERE);
    for _ in 0..3 {
        let refused = asks(&mut bot);
        assert_eq!(refused.outcome(), table.row("address_not_allowed").ccxt, "{}", refused.shown());
    }
    let question = world.question(&key, ELSEWHERE);
    let answer = format!("/v1/questions/{}/answer", question["question"].as_str().unwrap());
    world.rest.must("owner", "POST", &answer, Some(json!({ "answer": "me" })));
    until("the address to be proved", || {
        asks(&mut bot);
        world.is_in_effect(&key, ELSEWHERE).then_some(())
    });
    until("the bot to be let in", || asks(&mut bot).is_ok().then_some(()));
    let began = now();
    while now().micros_since(began) < GOES_ON_US {
        trades(&mut bot);
        bot.get(&balance());
        sleep(Duration::from_millis(200));
    }
    drop(bot);

    assert_eq!(world.measures(&key), [] as [Value; 0]);
    assert_eq!(world.all("alice", "/v1/cases"), [] as [Value; 0]);
    let signals = world.all("alice", &format!("/v1/signals?key={}", key.id));
    for signal in &signals {
        assert_eq!(signal["points"], 0, "{signal}");
    }
    let standing = world.rest.get("alice", &format!("/v1/keys/{}/standing", key.id));
    assert_eq!(standing["measure"], Value::Null, "{standing}");
    let at = now().to_string();
    world.stop();
    record::is_one_story(&stage.house);
    let told = record::explained(&stage.house, &key.id, &at, &["--json"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    for score in told["explanation"]["scores"].as_array().unwrap() {
        assert_eq!(score["points"], 0, "{score}");
    }
}

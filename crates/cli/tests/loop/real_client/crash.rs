//! Power fails between two measures: the loop goes on where it was, and takes none twice.

use super::acts::{knocks, networks, registers, returns_thrice, settles};
use crate::bots::{Bots, asks};
use crate::exchange::Exchange;
use crate::record;
use crate::table::Table;
use crate::waiting::until;
use crate::world::Stage;
use std::thread::sleep;
use std::time::Duration;

#[test]
fn killed_between_warning_and_hold_it_goes_on() {
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
    world.obeyed(&key, "warn");
    sleep(Duration::from_millis(1_200));
    // What earns the hold is under way when the power fails.
    bots.both_ask();
    world.kill();
    drop(bots);

    let world = stage.open();
    let mut bots = Bots::start(&world, &key);
    until("the gate to let the owner in", || asks(&mut bots.owner).is_ok().then_some(()));
    until("a hold", || {
        bots.both_ask();
        world.measure(&key, "hold").map(|_| ())
    });
    world.obeyed(&key, "hold");
    world.obeyed(&key, "reverify");
    drop(bots);

    let measures = world.measures(&key);
    let words: Vec<_> = measures.iter().map(|measure| measure["measure"].as_str().unwrap()).collect();
    assert_eq!(words, ["monitor", "warn", "hold", "reverify"], "each once");
    // To the owner, a measure is one notice and one entry.
    let entries = record::entries(&world);
    let entered: Vec<_> = entries.iter().filter(|entry| entry["class"] == "measure.entered").collect();
    assert_eq!(entered.len(), 3, "{entered:?}");
    let mut told: Vec<_> = world
        .all("owner", &format!("/v1/notices?key={}", key.id))
        .into_iter()
        .map(|notice| notice["kind"].as_str().unwrap().to_owned())
        .filter(|kind| kind.starts_with("measure."))
        .collect();
    told.sort();
    assert_eq!(told, ["measure.hold", "measure.reverify", "measure.warn"]);
    world.stop();
    record::is_one_story(&stage.house);
}

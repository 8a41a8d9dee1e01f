//! A key from REST does what a key does: every library trades, scopes and addresses hold, and a change of them takes effect.

use super::{refused, scope_missing};
use crate::driver::{
    Driver, Library, REGISTERED, UNREGISTERED, balance, cancel, identity, resting_order, withdrawal,
};
use crate::keys::{Changed, Key, path};
use crate::leaks;
use crate::stage::wait_for;
use crate::table::Table;
use crate::world::World;
use serde_json::{Value, json};

const LIBRARIES: [Library; 4] = [Library::Ccxt, Library::CcxtPro, Library::UpbitSdk, Library::Pyupbit];
/// A second address of the owner's, until it is taken off.
const SECOND: &str = "127.0.0.3";

fn drivers(world: &World, key: &Key, from: &str, libraries: &[Library]) -> Vec<(Library, Driver)> {
    let at = world.gates[0].address();
    libraries.iter().map(|&library| (library, Driver::at(library, at, &key.id, &key.secret, from))).collect()
}

/// Balances, an order that rests, the listing it is in, its end, a withdrawal.
fn trades(library: Library, driver: &mut Driver) {
    let balances = driver.get(&balance()).to_string();
    assert!(balances.contains("KRW") && balances.contains("BTC"), "{library:?}: {balances}");
    let order = driver.get(&resting_order());
    let open = driver.get(&json!({"op": "open_orders", "market": "KRW-BTC"})).to_string();
    assert!(open.contains(identity(&order)), "{library:?}: {order} is not in {open}");
    driver.get(&cancel(&order));
    assert!(!identity(&driver.get(&withdrawal(library))).is_empty());
}

/// A change of the addresses of a key, asked for by its owner.
fn allow(world: &World, key: &Key, addresses: &[&str]) -> Value {
    world.rest.must("owner", "POST", &path(&key.id, "allowlist"), Some(json!({ "allowlist": addresses })))
}

#[test]
fn a_key_from_rest_does_what_a_key_does() {
    let mut world = World::new();
    world.gate("gate-a");
    let trader = world.key(&["read", "trade", "withdraw"], &["127.0.0.1/32", "127.0.0.3/32"]);
    let reader = world.key(&["read"], &["127.0.0.1/32"]);
    world.exchange.knows(&[&trader, &reader]);
    let mut owners = drivers(&world, &trader, REGISTERED, &LIBRARIES);
    let mut readers = drivers(&world, &reader, REGISTERED, &[Library::Ccxt, Library::UpbitSdk]);
    let mut thieves =
        drivers(&world, &trader, UNREGISTERED, &[Library::Ccxt, Library::UpbitSdk, Library::Pyupbit]);
    let mut second = drivers(&world, &trader, SECOND, &[Library::Ccxt, Library::UpbitSdk, Library::Pyupbit]);
    let table = Table::read();
    world.in_force(reader.version);

    for (library, driver) in &mut owners {
        trades(*library, driver);
    }
    for (library, driver) in &mut readers {
        driver.get(&balance());
        scope_missing(*library, &driver.ask(&resting_order()), &table);
        scope_missing(*library, &driver.ask(&withdrawal(*library)), &table);
    }
    for (library, driver) in &mut thieves {
        refused(*library, driver, &table, "address_not_allowed");
    }
    for (_, driver) in &mut second {
        driver.get(&balance());
    }

    // Narrowing needs nobody.
    let narrowed = Changed::of(&allow(&world, &trader, &["127.0.0.1/32"]));
    world.in_force(narrowed.version);
    for (library, driver) in &mut second {
        refused(*library, driver, &table, "address_not_allowed");
    }
    for (_, driver) in &mut owners {
        driver.get(&balance());
    }

    // An added address waits at the gate until a signed request from it has proved it: the first is refused, and proves.
    let asked = allow(&world, &trader, &["127.0.0.1/32", "127.0.0.3/32"]);
    assert_eq!(asked["plan"]["class"], "address.registered", "{asked}");
    world.in_force(Changed::of(&asked).version);
    let (library, driver) = second.first_mut().unwrap();
    refused(*library, driver, &table, "address_not_allowed");
    let proved = || {
        let key = world.rest.get("owner", &path(&trader.id, "addresses"));
        key.to_string().contains("\"proved\":\"20").then_some(())
    };
    wait_for(proved).expect("the request proved nothing");
    for (_, driver) in &mut second {
        wait_for(|| driver.ask(&balance()).is_ok().then_some(())).expect("it is not in effect");
    }

    drop((owners, readers, thieves, second));
    world.gates[0].stop();
    world.stop_govern();
    world.verifies();
    leaks::none(&world, &[&trader, &reader]);
}

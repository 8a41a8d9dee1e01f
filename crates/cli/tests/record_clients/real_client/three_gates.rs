//! A key dies everywhere: three gates, one control plane, and the record of it.

use super::{raised, refused};
use crate::driver::{Driver, Library, REGISTERED, balance, cancel, identity, resting_order};
use crate::keys::{Changed, Key, path};
use crate::leaks;
use crate::table::Table;
use crate::waiting::until;
use crate::world::World;
use serde_json::{Value, json};

const ADDRESS: &[&str] = &["127.0.0.1/32"];
const TRADING: &[&str] = &["read", "trade"];

/// One ccxt.pro for each gate, with a private stream open.
struct Bots {
    key: Key,
    ccxt: Vec<Driver>,
}

fn driver(world: &World, library: Library, gate: usize, key: &Key) -> Driver {
    Driver::at(library, world.gates[gate].address(), &key.id, &key.secret, REGISTERED)
}

impl Bots {
    fn start(world: &World, key: Key) -> Self {
        let ccxt = (0..world.gates.len()).map(|gate| driver(world, Library::CcxtPro, gate, &key)).collect();
        Self { key, ccxt }
    }

    /// REST through each gate, and a stream through each.
    fn open(&mut self, world: &World) {
        for driver in &mut self.ccxt {
            driver.get(&balance());
            driver.get(&json!({"op": "ws_subscribe", "types": ["myOrder"]}));
        }
        // "Sent" is not "received": what happens before is told to nobody.
        until("the subscriptions at the exchange", || {
            (world.exchange.messages(&self.key.id) == self.ccxt.len()).then_some(())
        });
        self.work();
    }

    /// An order through each gate; every stream tells of it.
    fn work(&mut self) {
        for at in 0..self.ccxt.len() {
            let order = self.ccxt[at].get(&resting_order());
            for driver in &mut self.ccxt {
                until("news of the order", || {
                    let event = driver.get(&json!({"op": "ws_next", "timeout_s": 10}));
                    assert!(event.get("message").is_some(), "instead of a message: {event}");
                    event.to_string().contains(identity(&order)).then_some(())
                });
            }
            self.ccxt[at].get(&cancel(&order));
        }
    }

    /// The next call through each gate raises, each stream has closed, and three receipts prove it.
    fn cut(&mut self, world: &World, table: &Table, changed: Changed) {
        world.in_force(changed.version);
        for driver in &mut self.ccxt {
            refused(Library::CcxtPro, driver, table, "key_expired");
            let seen = driver.get(&json!({"op": "ws_closed", "timeout_s": 10}));
            assert_eq!(raised(&seen), table.websocket.ccxt_pro_close, "{seen}");
            driver.get(&json!({"op": "ws_close"}));
            let again = driver.ask(&json!({"op": "ws_subscribe", "types": ["myOrder"]}));
            assert_eq!(again.outcome(), table.websocket.ccxt_pro_upgrade, "{}", again.shown());
        }
        let ended = world.proved(changed.entry, "key.expired");
        assert_eq!(ended["feed"][0]["key"], self.key.id.as_str(), "{ended}");
        for gate in &world.gates {
            let last = world.proves(gate, &self.key.id, changed);
            assert!(last.is_some(), "{} let requests of {} pass", gate.id, self.key.id);
        }
    }
}

fn revoke(world: &World, key: &Key) -> Changed {
    Changed::of(&world.rest.must("owner", "POST", &path(&key.id, "revoke"), Some(json!({}))))
}

/// Proposed by one, decided by two others.
fn expire(world: &World, key: &Key, mut meanwhile: impl FnMut()) -> Changed {
    let why =
        json!({ "reason": "orders from two countries at once", "lesser": "a hold would lapse over night" });
    let proposed = world.rest.must("alice", "POST", &path(&key.id, "expire"), Some(why));
    assert_eq!(proposed["ledger"]["feed_version"], Value::Null, "nothing is cut by a proposal: {proposed}");
    let approval = proposed["result"]["waits_for"][0].as_str().unwrap();
    let decide = format!("/v1/approvals/{approval}/decide");
    let agreed = || Some(json!({ "decision": "approve", "reason": "looked at the orders" }));
    world.rest.refused("alice", &decide, agreed(), 403);
    let first = world.rest.must("bob", "POST", &decide, agreed());
    assert_eq!(first["result"]["state"], "open", "{first}");
    meanwhile();
    Changed::of(&world.rest.must("carol", "POST", &decide, agreed()))
}

#[test]
fn a_key_that_is_ended_dies_on_three_gates_and_the_ledger_proves_it() {
    let mut world = World::new();
    let first = world.key(TRADING, ADDRESS);
    for gate in ["gate-a", "gate-b", "gate-c"] {
        world.gate(gate);
    }
    // The first came with the table, the others while the gates ran.
    let [second, third] = [world.key(TRADING, ADDRESS), world.key(TRADING, ADDRESS)];
    let alive = world.key(&["read"], ADDRESS);
    world.exchange.knows(&[&first, &second, &third, &alive]);
    let (mut owners, mut forced) = (Bots::start(&world, first.clone()), Bots::start(&world, second.clone()));
    let mut thirds = [0, 2].map(|gate| driver(&world, Library::Ccxt, gate, &third));
    let mut lives = driver(&world, Library::Ccxt, 1, &alive);
    world.in_force(alive.version);
    let table = Table::read();

    owners.open(&world);
    forced.open(&world);
    let revoked = revoke(&world, &first);
    owners.cut(&world, &table, revoked);
    forced.work();
    let expired = expire(&world, &second, || forced.work());
    forced.cut(&world, &table, expired);

    // One gate is down while a third key ends.
    for driver in &mut thirds {
        driver.get(&balance());
    }
    world.gates[2].stop();
    for (key, changed) in [(&first, revoked), (&second, expired)] {
        let last = world.proves(&world.gates[2], &key.id, changed).unwrap();
        let logged = world.gates[2].last_allowed(&key.id);
        assert!(logged.contains(&last), "{last} of {} is not within {logged:?}, as its log has it", key.id);
    }
    let ended = revoke(&world, &third);
    for gate in &world.gates[..2] {
        world.proves(gate, &third.id, ended);
    }
    world.has_not_obeyed(&world.gates[2], ended.version);
    world.gates[2].start();
    world.obeyed(&world.gates[2], ended.version);
    for driver in &mut thirds {
        refused(Library::Ccxt, driver, &table, "key_expired");
    }
    let last = world.proves(&world.gates[2], &third.id, ended);
    assert_eq!(last, None, "the run that obeyed let none pass");

    // Alone: nobody tells it anything, and the dead stay dead.
    lives.get(&balance());
    world.stop_govern();
    world.gates[1].kill();
    world.gates[1].start();
    lives.get(&balance());
    for bots in [&mut owners, &mut forced] {
        refused(Library::CcxtPro, &mut bots.ccxt[1], &table, "key_expired");
    }
    let mut dead = driver(&world, Library::Ccxt, 1, &third);
    refused(Library::Ccxt, &mut dead, &table, "key_expired");

    // All hear one another again.
    world.start_govern();
    let ended = revoke(&world, &alive);
    world.in_force(ended.version);
    refused(Library::Ccxt, &mut lives, &table, "key_expired");
    drop((owners, forced, thirds, lives, dead));
    for gate in &mut world.gates {
        gate.stop();
    }
    world.verifies();
    world.stop_govern();
    leaks::none(&world, &[&first, &second, &third, &alive]);
}

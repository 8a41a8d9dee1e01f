//! One person steps back: from the command on a terminal, through a control plane and a gate in one process, to every gate.

use crate::front::nonce;
use crate::house::House;
use crate::site::{Issued, Machine, key, obeyed, people, set_ramp};
use crate::stage::client::{Effect, Signed, once};
use crate::stage::{PATIENCE, wait_for};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

fn tried(at: SocketAddr, key: &Issued) -> u16 {
    once(at, &Signed::with_secret(Effect::Order, &key.id, &key.secret, &nonce())).status
}

/// How long after `begun` each gate lets an order pass, asked again and again from then on.
fn restored(gates: &[SocketAddr], key: &Issued, begun: Instant, asking: &AtomicUsize) -> Vec<Duration> {
    std::thread::scope(|threads| {
        let watching: Vec<_> = gates
            .iter()
            .map(|gate| {
                threads.spawn(move || {
                    loop {
                        asking.fetch_add(1, Ordering::Relaxed);
                        if tried(*gate, key) == 200 {
                            return begun.elapsed();
                        }
                        assert!(begun.elapsed() < PATIENCE, "{gate} still refuses");
                        std::thread::sleep(Duration::from_millis(2));
                    }
                })
            })
            .collect();
        watching.into_iter().map(|gate| gate.join().unwrap()).collect()
    })
}

#[test]
fn from_the_command_to_every_gate() {
    let (house, made) = House::new();
    let open = house.open();
    people(&open, &made);
    // Registered for another address: refused from `allowlist` on.
    let abroad = key(&open, "bot", "203.0.113.99/32");
    let exchange = crate::stage::upstream::Upstream::start();
    let server = open.server.strip_prefix("http://").unwrap().parse().unwrap();
    let mut machines =
        ["gate-2", "gate-3"].map(|id| Machine::enrolled(&open, id, server, exchange.address, ""));
    set_ramp(&open, "allowlist");
    obeyed(&open, &["gate-1", "gate-2", "gate-3"]);
    let gates = [open.gate(), machines[0].listen(), machines[1].listen()];
    assert_eq!(gates.map(|gate| tried(gate, &abroad)), [403; 3]);

    let asking = AtomicUsize::new(0);
    let begun = Instant::now();
    let (ran, took, restored) = std::thread::scope(|threads| {
        let (gates, abroad, asking) = (&gates, &abroad, &asking);
        let watching = threads.spawn(move || restored(gates, abroad, begun, asking));
        let ran = open.run(
            "alice",
            &["ramp", "step-back", "--reason", "orders of a market maker are refused", "--json"],
        );
        (ran, begun.elapsed(), watching.join().unwrap())
    });
    assert_eq!(ran.code, 0, "{}", ran.shown());
    let last = restored.iter().max().unwrap();
    println!(
        "step back: the command was answered after {} ms; gates let orders pass after {:?} ms, all after {} ms ({} asked)",
        took.as_millis(),
        restored.iter().map(Duration::as_millis).collect::<Vec<_>>(),
        last.as_millis(),
        asking.load(Ordering::Relaxed),
    );
    // They say so themselves, and the ledger has it.
    obeyed(&open, &["gate-1", "gate-2", "gate-3"]);
    let ramp = open.json("alice", &["ramp", "show"]);
    assert_eq!(
        (&ramp["ramp"]["default"], ramp["gates"].as_array().unwrap().len()),
        (&"shadow".into(), 3),
        "{ramp}"
    );
    let entries = open.json("alice", &["ledger", "entries", "--limit", "1000"]);
    let stepped = |entry: &&serde_json::Value| entry["class"] == "ramp.stepped_back";
    assert_eq!(entries["items"].as_array().unwrap().iter().filter(stepped).count(), 1);

    // What passes now and would have been refused is counted; a gate that is killed loses none of it, and tells none twice.
    let transfer = |at, key: &Issued| {
        let signed = Signed::with_secret(Effect::Transfer, &key.id, &key.secret, &nonce());
        assert_eq!(once(at, &signed).status, 200);
    };
    for _ in 0..5 {
        transfer(machines[0].listen(), &abroad);
    }
    machines[0].kill();
    machines[0].start();
    transfer(machines[0].listen(), &abroad);
    let counted = wait_for(|| {
        let report = open.json("alice", &["ramp", "report"]);
        let causes = report["causes"].as_array().unwrap().clone();
        causes.into_iter().find(|cause| cause["effect"] == "transfer" && cause["count"].as_u64() >= Some(6))
    });
    let cause = counted.unwrap_or_else(|| panic!("{}", open.json("alice", &["ramp", "report"])));
    assert_eq!(
        (&cause["reason"], &cause["segment"], &cause["count"]),
        (&"address_not_allowed".into(), &"retail".into(), &6.into())
    );
    assert!(open.process.stop().0.success());
}

//! Killed at random: no dead key lives again, no version is skipped, acknowledgements follow one another.

use crate::stage::Key;
use crate::stage::chance::Chance;
use crate::world::{PASSES, REFUSED, World, statuses};
use std::time::Duration;

/// Rounds of changing, killing and starting again. Each takes some tenths of a second.
const ROUNDS: usize = 25;

#[test]
fn kill_campaign() {
    let seed = std::env::var("SUMUN_TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(7);
    println!("SUMUN_TEST_SEED={seed}");
    let mut chance = Chance::new(seed);
    let world = World::new("");
    let mut dead: Vec<String> = Vec::new();
    let mut alive: Vec<String> = ["K1", "K2", "K3"].map(str::to_owned).to_vec();
    for round in 0..ROUNDS {
        let gate = world.start();
        // What was acknowledged before holds from the first request on; so does all that is on the disk.
        for key in &dead {
            assert_eq!(statuses(&gate, key), REFUSED, "{key} in round {round}: {}", gate.said());
        }
        for n in 0..chance.below(4) {
            let id = format!("K{round}-{n}");
            world.set(&Key::active(&id));
            alive.push(id);
        }
        let ends = chance.below(2) as usize;
        let acknowledged_before = world.server.acknowledged();
        let mut ending = Vec::new();
        for _ in 0..ends {
            let at = chance.below(alive.len() as u64) as usize;
            let id = alive.swap_remove(at);
            ending.push((id.clone(), world.set(&Key::expired(&id))));
        }
        if chance.below(3) == 0 {
            world.server.forget_deltas();
        }
        let offline = chance.below(4) == 0;
        std::thread::sleep(Duration::from_millis(chance.below(60)));
        gate.kill();
        let acknowledged = world.server.acknowledged();
        assert!(acknowledged >= acknowledged_before);
        if offline {
            // Alone, from its disk: all it acknowledged is in force.
            world.server.close(true);
            let gate = world.start();
            for (id, version) in &ending {
                if *version <= acknowledged {
                    assert_eq!(statuses(&gate, id), REFUSED, "{id} alone in round {round}");
                }
            }
            gate.kill();
            world.server.close(false);
        }
        let gate = world.start();
        world.server.waits_for(world.server.head());
        dead.extend(ending.into_iter().map(|(id, _)| id));
        gate.kill();
    }
    let gate = world.start();
    world.server.waits_for(world.server.head());
    for key in &alive {
        assert_eq!(statuses(&gate, key), PASSES, "{key}");
    }
    for key in &dead {
        assert_eq!(statuses(&gate, key), REFUSED, "{key}");
    }
    // Contiguous per server: each acknowledgement was asserted to follow the last when it came.
    let acks = world.server.acknowledgements();
    assert_eq!(acks.iter().map(|ack| ack.to).max(), Some(world.server.head()));
}

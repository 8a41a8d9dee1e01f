//! A gate dies at any of its steps, and starts without anybody to ask.

use crate::apart::{VERSIONS, World};
use crate::campaign::seed;
use crate::faults::{self, Faults};

/// Deaths in a quick run.
const CASES: u64 = 5;

#[test]
fn a_gate_that_died_and_starts_alone_serves_no_key_whose_end_it_acknowledged() {
    let mut world = World::new("", 1);
    // A life without a fault, counted.
    world.gates[0].kill();
    world.gates[0].start_on(&Faults::none());
    world.life(0, "none", &|_| {});
    world.check();
    let all = faults::counted(&world.gates[0].place.path("."));
    world.gates[0].kill();
    let seed = seed();
    println!("{all} steps of a gate, SUMUN_CRASH_SEED={seed}");
    let mut died = 0;
    for (case, at) in (seed..).zip(faults::steps(all, CASES * faults::factor(), seed)) {
        let faults = Faults::variant(case, at);
        world.gates[0].start_on(&faults);
        world.life(0, "none", &|_| {});
        // It acknowledges while it can.
        let wanted = VERSIONS * world.lived.len() as u64;
        crate::stage::wait_for(|| {
            (!world.gates[0].runs() || world.reached(0, "gate-2") >= wanted).then_some(())
        });
        died += u64::from(!world.gates[0].runs());
        let reached = world.reached(0, "gate-2");
        world.gates[0].kill();
        world.planes[0].stop();

        world.gates[0].start();
        let acknowledged = (reached / VERSIONS) as usize;
        println!("{faults:?}: version {reached} of {wanted} acknowledged");
        for (n, lived) in world.lived.clone().into_iter().enumerate() {
            let Some(secret) = &lived.secret else { continue };
            let answered = world.gates[0].tried(&lived.key, secret);
            // What it never said it obeys it may not have heard of.
            let fine = answered == Some(401) || (n >= acknowledged && answered == Some(200));
            assert!(fine, "{} of version {}: {answered:?}", lived.key, VERSIONS * (n as u64 + 1));
        }
        // Heard again, it takes up every version behind the one it held.
        world.planes[0].up();
        world.check();
        world.gates[0].kill();
    }
    assert!(died > 0, "some died");
    world.planes[0].verifies();
}

//! On PostgreSQL: the control plane dies, its database dies, and two control planes race, with gates that follow.

use crate::apart::{Lived, STEPS, Site, World};
use crate::campaign::seed;
use crate::faults;
use serde_json::json;
use std::time::Duration;
use sumun_fixture::Postgres;

/// Deaths in a quick run. After each the next sequencer waits for the lease of the dead one.
const CASES: u64 = 4;
/// Races in a quick run.
const RACES: u64 = 2;

fn world(postgres: &Postgres, planes: usize) -> World {
    World::new(&format!("database = \"{}\"", postgres.database()), planes)
}

#[test]
fn a_dead_control_plane_and_a_dead_database_lose_no_answer() {
    let postgres = Postgres::start_with(true);
    let mut world = world(&postgres, 1);
    let seed = seed();
    println!("SUMUN_CRASH_SEED={seed}");
    for case in 0..CASES * faults::factor() {
        let step = STEPS[((seed + case) % STEPS.len() as u64) as usize];
        // From before the request is read to after it is answered.
        let delay = Duration::from_millis((case.wrapping_mul(37) + seed.wrapping_mul(31)) % 40);
        let of_the_database = case % 2 == 1;
        println!("{step}: after {delay:?} {} dies", if of_the_database { "PostgreSQL" } else { "govern" });
        world.life(0, step, &|site| {
            std::thread::sleep(delay);
            if of_the_database {
                postgres.crash();
                postgres.restart();
            } else {
                site.planes[0].kill();
            }
        });
    }
    world.check();
    world.planes[0].verifies();
    world.planes[0].stop();
    world.planes[0].verifies();
}

#[test]
fn of_two_control_planes_one_makes_a_change_and_each_goes_on_without_the_other() {
    let postgres = Postgres::start_with(true);
    let mut world = world(&postgres, 2);
    for race in 0..RACES * faults::factor() {
        let n = world.lived.len();
        let (who, path, body) = Site::step("request", n, "");
        let asked = world.write(0, who, &format!("request-{n}"), &path, &body);
        let key = asked.body["result"]["key"]["key"].as_str().unwrap().to_owned();
        let mut secret = None;
        for step in ["approve", "issue", "narrow", "revoke"] {
            let (who, path, body) = Site::step(step, n, &key);
            if step == "narrow" {
                world.write(1, who, &format!("{step}-{n}"), &path, &body);
                continue;
            }
            // The same wish, twice, each with a name of its own: one is granted.
            let mut answers = std::thread::scope(|threads| {
                let asking = [0, 1].map(|plane| {
                    let (site, path, body) = (&world.site, &path, &body);
                    threads.spawn(move || {
                        let named = format!("{step}-{n}-at-{plane}");
                        site.send(plane, who, &named, path, body).expect("an answer")
                    })
                });
                asking.map(|asking| asking.join().unwrap())
            });
            answers.sort_by_key(|answer| answer.status);
            let [made, lost] = answers;
            println!("race {race}, {step}: {} and {} `{}`", made.status, lost.status, lost.body["code"]);
            assert!((200..300).contains(&made.status), "{made:?}");
            assert_eq!(lost.status, 409, "{lost:?}");
            assert!(lost.body["code"].is_string() && lost.body["remedy"].is_string(), "{lost:?}");
            if step == "issue" {
                secret = made.body["result"]["secret"].as_str().map(str::to_owned);
            }
        }
        world.lived.push(Lived { key, secret });
    }
    world.check();

    // One has the sequencer's lease, whichever it is. After the first death the other surely has it; so the second death
    // is that of the holder.
    for (dies, lives_on) in [(0, 1), (1, 0)] {
        world.planes[dies].kill();
        world.life(lives_on, "none", &|_| {});
        world.planes[dies].up();
    }
    let after = world.write(1, "alice", "another-gate", "/v1/gates", &json!({ "gate": "gate-4" }));
    assert!(after.body["ledger"]["entry"].is_u64(), "{after:?}");
    world.check();
    for plane in &world.planes {
        plane.stop();
    }
    // Each has published the whole.
    for plane in &world.planes {
        plane.verifies();
    }
}

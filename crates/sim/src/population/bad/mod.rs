//! Dishonest stories. Each file says what one looks like on the wire, and how well it hides.
//!
//! [`Operator`] is who has no business with the key. His skill decides his network, his library and his hours.

pub(super) mod born_lent;
pub(super) mod hand_over;
pub(super) mod interleaved;
pub(super) mod leak;
pub(super) mod pool_many_hosts;
pub(super) mod pool_one_host;
pub(super) mod relay;

use super::cast::{Cast, Owner};
use super::clients::Client;
use super::habit::{Brain, Rhythm};
use super::places::{ABROAD, CLOUDS, HOMES, Host, VPNS, host_in};
use super::tree::Draws;
use super::truth::Skill;
use super::{SECOND, Us};

/// So long before an address is proved the request that proves it comes, at most: a borrower's first.
const PROOF: Us = 3 * SECOND;

/// Somebody with another's secret.
struct Operator {
    name: String,
    skill: Skill,
    host: Host,
    device: String,
    client: Client,
    rhythm: Rhythm,
    brain: Brain,
}

/// How well operators hide: nearly half do not think of it, one in five knows what is looked for.
fn skill(draws: &mut Draws) -> Skill {
    match draws.below(100) {
        0..45 => Skill::Naive,
        45..80 => Skill::Careful,
        _ => Skill::Adaptive,
    }
}

impl Operator {
    /// Somebody who uses that owner's key.
    fn of(cast: &Cast<'_>, owner: &Owner, number: u64, skill: Skill) -> Self {
        let tree = cast.tree.child("operator", number);
        let mut draws = tree.draws();
        let daily = draws.spread(85, 2);
        let rhythm = cast.rhythm(daily, &mut draws);
        let brain = cast.brain(daily, tree.child("strategy", 0), &mut draws);
        let place = tree.child("place", 0);
        let device = format!("d{:08x}", draws.any() >> 32);
        let name = format!("X{:08x}", tree.number() >> 32);
        let (host, client, rhythm, brain) = match skill {
            Skill::Naive => {
                let net = match draws.below(10) {
                    0..=3 => draws.pick(&HOMES),
                    4..=6 => draws.pick(&ABROAD),
                    7..=8 => draws.pick(&CLOUDS),
                    _ => draws.pick(&VPNS),
                };
                let client = Client::other_than(owner.client.library, &mut draws);
                (host_in(net, &place), client, rhythm, brain)
            }
            Skill::Careful => {
                let [alpha, beta, _, delta, _] = CLOUDS;
                let [home, cable, ..] = HOMES;
                let net = draws.pick(&[alpha, beta, delta, home, cable]);
                let client = if draws.chance(500) {
                    owner.client.elsewhere(&mut draws)
                } else {
                    Client::other_than(owner.client.library, &mut draws)
                };
                (host_in(net, &place), client, rhythm, brain)
            }
            Skill::Adaptive => {
                let mut at = place.draws();
                let host = Host::at(owner.net, owner.net.v4(owner.hood, &mut at), &mut at);
                let rhythm = owner.rhythm.copied(&mut draws);
                // His own ideas, in the owner's usual markets and sizes, two times in five.
                let brain = if draws.chance(400) {
                    let Brain { markets, worth, octaves, limit, cancels, .. } = owner.brain.clone();
                    Brain { markets, worth, octaves, limit, cancels, ..brain }
                } else {
                    brain
                };
                (host, owner.client.clone(), rhythm, brain)
            }
        };
        // Nobody borrows a key to look on.
        let brain = Brain { milli_per_day: brain.milli_per_day.max(2 * cast.scene.activity), ..brain };
        Self { name, skill, host, device, client, rhythm, brain }
    }
}

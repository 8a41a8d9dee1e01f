//! Unrelated customers on small machines of one popular cloud: each an address of its own, all in one /24, all from the same system
//! image with the same library. Rhythms, markets and owners' homes differ.
//!
//! Could be mistaken for: a pool. Six keys from one /24 with one fingerprint is what a naive rule asks for.

use crate::population::cast::{Cast, always};
use crate::population::clients::{Client, PYTHON, Upgrades};
use crate::population::places::{CLOUDS, Host};

pub(in super::super) fn tell(cast: &mut Cast<'_>, size: u64) {
    let mut draws = cast.draws("cloud", 0);
    let [alpha, beta, gamma, ..] = CLOUDS;
    let net = draws.pick(&[alpha, alpha, beta, gamma]);
    let (hood, block) = (net.hood(&mut draws), net.block(&mut draws));
    let (first, step) = (draws.below(250), 3 + 2 * draws.below(9));
    let image = Client { library: PYTHON, platform: draws.below(4), upgrades: Upgrades::Never };
    for n in 0..size {
        let owner = cast.owner();
        let key = cast.key(&owner);
        // Steps below 20 and at most twenty machines: no address twice.
        let last = u32::try_from(2 + (first + n * step) % 251).unwrap_or(2);
        let host = Host::at(net, net.v4_in(hood, block, last), &mut draws);
        let client = Client { upgrades: owner.client.upgrades, ..image.clone() };
        cast.registered(&owner, key, (&host, &client));
        cast.at_home(&owner, &owner.home);
        cast.own_bot(&owner, key, always(&host, &client));
    }
}

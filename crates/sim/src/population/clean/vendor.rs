//! Customers of an approved vendor: all keys come from its four egress addresses with its own programme, which it upgrades for all at
//! once. The records name vendor and egress network. Two in five customers run the vendor's template, so that their orders
//! resemble each other; the others have set up rules of their own.
//!
//! Could be mistaken for: a pool on one host.

use crate::population::HOUR;
use crate::population::cast::{Cast, always};
use crate::population::clients::{Client, Upgrades, VENDOR_TOOL};
use crate::population::names::made;
use crate::population::places::{Host, VENDOR};
use crate::population::state::VENDOR_ID;
use sumun_model::Purpose;

pub(in super::super) fn tell(cast: &mut Cast<'_>, size: u64) {
    let mut draws = cast.draws("egress", 0);
    let addresses: Vec<_> = (10..14).map(|last| VENDOR.v4_in(0, 0, last)).collect();
    let client = Client { library: VENDOR_TOOL, platform: 0, upgrades: Upgrades::After(6 * HOUR) };
    let rhythm = cast.rhythm(85, &mut draws);
    let template = cast.brain(85, cast.tree.child("template", 0), &mut draws);
    for _ in 0..size {
        let owner = cast.owner();
        let key = cast.key(&owner);
        let mut draws = owner.tree.child("tool", 0).draws();
        let host = Host::at(VENDOR, VENDOR.v4_in(0, 0, 10), &mut draws).rotating(addresses.clone(), 3600);
        cast.registered(&owner, key, (&host, &client));
        cast.on_key(key, |key| {
            key.purpose = Purpose::ThirdPartyTool;
            key.vendor = Some(made(VENDOR_ID));
        });
        cast.at_home(&owner, &owner.home);
        let mut brain = owner.brain.clone();
        if draws.chance(400) {
            brain = template.clone();
            (brain.worth, brain.delay.1) = (owner.brain.worth, 4_000_000);
        }
        cast.drives(key, rhythm.copied(&mut draws), brain, always(&host, &client));
    }
}

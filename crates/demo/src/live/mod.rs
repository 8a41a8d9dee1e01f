//! The population lives: programs use keys, owners answer, the exchange tells who signed in. Nobody here knows what will become of a key.

mod bot;
mod control;
mod mirror;
mod observe;
mod owners;
mod pace;
mod seats;
mod sign;
mod wire;

pub(crate) use pace::Pace;

pub(crate) use control::identified;

use crate::show::Show;
use crate::world::World;
use anyhow::Result;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Lets everybody live, from now on.
pub(crate) fn begin(world: &Arc<World>, show: &Show, tasks: &mut JoinSet<Result<()>>) {
    let pace = Pace::from_now(world.day_s);
    for (at, bot) in world.cast.bots.iter().enumerate() {
        tasks.spawn(bot::runs(Arc::clone(world), at, bot.clone(), pace));
    }
    for at in 0..world.cast.owners.len() {
        tasks.spawn(owners::lives(Arc::clone(world), at, pace));
    }
    tasks.spawn(seats::tells(Arc::clone(world), pace));
    tasks.spawn(mirror::tells(Arc::clone(world)));
    tasks.spawn(observe::watches(Arc::clone(world), *show));
}

/// Sends a request that carries a code of a control test, from the registered address of the key's owner.
pub(crate) async fn sends_code(world: &World, place: (usize, usize), code: &str) -> Result<u16> {
    bot::sends_code(world, place, code).await
}

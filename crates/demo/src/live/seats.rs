//! The exchange's back end tells who signed in on its own pages, and from where: what explains an office or a home.

use super::pace::Pace;
use crate::cast::{Draws, Owner};
use crate::clock;
use crate::enter;
use crate::rest::fresh_id;
use crate::world::World;
use anyhow::Result;
use serde_json::json;
use std::sync::Arc;

/// Tells them, about one sign-in of everybody in two days.
pub(super) async fn tells(world: Arc<World>, pace: Pace) -> Result<()> {
    let mut draws = Draws::of_seed(world.seed ^ 0x5ea7);
    loop {
        tokio::time::sleep(pace.days(0.5)).await;
        let mut lines = String::new();
        let mut count = 0;
        for owner in &world.cast.owners {
            if draws.percent(25) {
                lines += &line(owner)?;
                count += 1;
            }
        }
        if count > 0 {
            let mut told = world.told.lock().await;
            enter::tell(&world.rest, &world.back_end, *told + 1, lines).await?;
            *told += count;
        }
    }
}

fn line(owner: &Owner) -> Result<String> {
    let line = json!({ "type": "session", "id": fresh_id()?, "ts": clock::now(), "account": owner.account(), "action": "login",
        "channel": "web", "ip": owner.seat, "device": format!("made-up-{}", owner.number), "remote_control": false });
    Ok(format!("{line}\n"))
}

//! Forgets what has expired, once a minute: sessions, what was used once, old answers.

use crate::server::Server;
use std::sync::Arc;
use std::time::Duration;

/// Until the end.
pub(super) async fn run(server: Arc<Server>) {
    let mut every = tokio::time::interval(Duration::from_secs(60));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        if let Err(error) = server.govern.store.forget_expired(server.govern.world.now()).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "Could not forget what has expired; trying again in a minute"
            );
        }
    }
}

//! Keeps the venue's facts in force at what the record holds, also when another process changed them.
//!
//! A plan made under overtaken facts is refused by the record and made anew; this is for what is only read.

use crate::server::Server;
use std::sync::Arc;
use std::time::Duration;

/// Looked at so often at most: entries come by the hundred, other facts seldom.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Until the end.
pub(super) async fn run(server: Arc<Server>) {
    let mut head = server.govern.store.watch();
    loop {
        if let Err(refusal) = server.govern.reload_venue().await {
            tracing::warn!("The venue's facts could not be looked at again: {refusal}");
        }
        tokio::time::sleep(LOOK_EVERY).await;
        if head.changed().await.is_err() {
            return;
        }
    }
}

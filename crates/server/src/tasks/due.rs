//! What falls due, looked for once a second: ends, lapsed holds, lapsed approvals.

use crate::server::Server;
use std::sync::Arc;
use std::time::Duration;

/// Until the end.
pub(super) async fn run(server: Arc<Server>) {
    let mut every = tokio::time::interval(Duration::from_secs(1));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        match server.govern.due().await {
            Ok(run) => {
                for (subject, code) in run.failed {
                    tracing::warn!(
                        subject,
                        code,
                        "What fell due for {subject} could not be done; trying again"
                    );
                }
            }
            Err(refusal) => {
                tracing::warn!(code = refusal.code, "Could not look for what is due; trying again: {refusal}")
            }
        }
    }
}

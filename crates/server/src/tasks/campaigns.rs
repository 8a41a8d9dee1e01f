//! The clock of enrolment campaigns: letters, halts and ends as they fall due. Apart from what else falls due, so that a campaign about a
//! million keys keeps no hold from lapsing.

use crate::server::Server;
use std::sync::Arc;
use std::time::Duration;

/// Until the end.
pub(super) async fn run(server: Arc<Server>) {
    let mut every = tokio::time::interval(Duration::from_millis(250));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        // One batch after the other while there is more, with room for others in between.
        while sweep(&server).await {
            tokio::task::yield_now().await;
        }
    }
}

/// Whether more is waiting.
async fn sweep(server: &Server) -> bool {
    match server.govern.campaigns_due().await {
        Ok(swept) => {
            let failed = !swept.failed.is_empty();
            for (subject, code) in swept.failed {
                tracing::warn!(
                    subject,
                    code,
                    "What a campaign asks of {subject} could not be done; trying again"
                );
            }
            swept.more && !failed
        }
        Err(refusal) => {
            tracing::warn!(
                code = refusal.code,
                "Could not look for what campaigns ask; trying again: {refusal}"
            );
            false
        }
    }
}

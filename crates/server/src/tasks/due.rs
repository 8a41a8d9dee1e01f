//! What falls due: ends, the ladder's windows, lapsed approvals, vendors nobody looked into again. Looked for four times a second,
//! so that a policy's windows of seconds hold.

use crate::server::Server;
use std::sync::Arc;
use std::time::Duration;

/// Until the end.
pub(super) async fn run(server: Arc<Server>) {
    let mut every = tokio::time::interval(Duration::from_millis(250));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut ticks = 0_u32;
    loop {
        every.tick().await;
        if ticks.is_multiple_of(4) {
            vendors(&server).await;
        }
        ticks = ticks.wrapping_add(1);
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
                tracing::warn!(
                    code = refusal.code,
                    "Could not look for what is due; trying again: {refusal}"
                );
            }
        }
        owners(&server).await;
    }
}

/// What owners were asked and its time.
async fn owners(server: &Server) {
    match server.govern.owner_due().await {
        Ok(run) => {
            for (subject, code) in run.failed {
                tracing::warn!(
                    subject,
                    code,
                    "What was asked about {subject} could not be closed; trying again"
                );
            }
        }
        Err(refusal) => {
            tracing::warn!(
                code = refusal.code,
                "Could not look for what owners were asked; trying again: {refusal}"
            );
        }
    }
}

/// Approvals of vendors that have run out.
async fn vendors(server: &Server) {
    match server.govern.recertify_vendors().await {
        Ok(run) => {
            for (vendor, keys) in run.suspended {
                tracing::warn!(
                    vendor.id = vendor,
                    keys = keys.len(),
                    "Vendor {vendor} was not looked into again in time and is suspended; the keys made for it stay as they are"
                );
            }
            for (vendor, code) in run.failed {
                tracing::warn!(
                    vendor.id = vendor,
                    code,
                    "Vendor {vendor} could not be suspended; trying again"
                );
            }
        }
        Err(refusal) => {
            tracing::warn!(
                code = refusal.code,
                "Could not look for vendors past due; trying again: {refusal}"
            );
        }
    }
}

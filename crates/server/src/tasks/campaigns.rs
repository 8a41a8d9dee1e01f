//! The clock of enrolment campaigns: letters, halts and ends as they fall due. Apart from what else falls due, so that a campaign about a
//! million keys keeps no hold from lapsing.

use crate::server::Server;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// What waits for somebody to mend a row, as the log was told: subject and code.
type Told = BTreeSet<(String, &'static str)>;

/// Until the end.
pub(super) async fn run(server: Arc<Server>) {
    let mut every = tokio::time::interval(Duration::from_millis(250));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut told = Told::new();
    loop {
        every.tick().await;
        // One batch after the other while there is more, with room for others in between.
        while sweep(&server, &mut told).await {
            tokio::task::yield_now().await;
        }
    }
}

/// Whether more is waiting.
async fn sweep(server: &Server, told: &mut Told) -> bool {
    match server.govern.campaigns_due().await {
        Ok(swept) => {
            for (subject, code) in newly(told, swept.damaged) {
                tracing::warn!(
                    subject,
                    code,
                    "What a campaign asks of {subject} waits until a row is mended; run `sumun ledger verify`"
                );
            }
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

/// What of this the log was not told yet. What is mended is forgotten, and told again should it come back.
fn newly(told: &mut Told, damaged: Vec<(String, &'static str)>) -> Vec<(String, &'static str)> {
    let now: Told = damaged.into_iter().collect();
    let newly = now.difference(told).cloned().collect();
    *told = now;
    newly
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_row_is_told_once_until_it_is_mended() {
        let mut told = Told::new();
        let row = |id: &str| (id.to_owned(), "row_unreadable");
        let mut newly = |damaged: &[&str]| newly(&mut told, damaged.iter().map(|id| row(id)).collect());
        assert_eq!(newly(&["campaign:E1"]), [row("campaign:E1")]);
        assert_eq!(newly(&["campaign:E1"]), []);
        assert_eq!(newly(&["campaign:E1", "campaign:E2"]), [row("campaign:E2")]);
        assert_eq!(newly(&[]), []);
        assert_eq!(newly(&["campaign:E1"]), [row("campaign:E1")]);
    }
}

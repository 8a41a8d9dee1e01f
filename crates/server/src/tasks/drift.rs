//! Comparing the record with what exchanges tell: where something changed, every minute or as seldom as its length asks for; and
//! whenever somebody asks.

use crate::metrics::DriftLabels;
use crate::server::Server;
use std::sync::Arc;
use std::time::Duration;
use sumun_govern::Refusal;
use sumun_govern::drift::Kind;
use sumun_govern::drift::reconcile::Reconciled;

/// Between two looks.
const EVERY: Duration = Duration::from_secs(60);

/// A look at all keys takes one part in so many of the time at most: where much changes, something always did.
const SHARE: i64 = 20;

/// Until the end.
pub(super) async fn run(server: Arc<Server>) {
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut seen = None;
    let mut next = server.govern.world.now();
    loop {
        every.tick().await;
        if server.govern.world.now() < next {
            continue;
        }
        let sources = match server.govern.mirrors().await {
            Ok(sources) if sources.is_empty() => continue,
            Ok(sources) => sources,
            Err(refusal) => {
                tracing::warn!(
                    code = refusal.code,
                    "Could not look who tells of keys; trying again: {refusal}"
                );
                continue;
            }
        };
        // Where neither side changed, neither did what they disagree in.
        let now = (server.govern.store.head().size, sources);
        if seen.as_ref() == Some(&now) {
            continue;
        }
        let began = server.govern.world.now();
        match look(&server).await {
            Ok(_) => {
                seen = Some(now);
                let ended = server.govern.world.now();
                next = ended.plus_micros(ended.micros_since(began).max(0).saturating_mul(SHARE));
            }
            Err(refusal) => {
                tracing::warn!(
                    code = refusal.code,
                    "The record could not be compared with the exchange; trying again: {refusal}"
                );
            }
        }
    }
}

/// One look at a time: two would tell of one thing twice.
pub(crate) async fn look(server: &Server) -> Result<Reconciled, Refusal> {
    let _turn = server.reconciling.lock().await;
    let found = server.govern.reconcile().await?;
    let counts = server.govern.drift_counts().await?;
    for kind in Kind::ALL {
        let count = counts.get(kind.as_str()).copied().unwrap_or(0);
        let gauge = server.metrics.drift.get_or_create(&DriftLabels { kind: kind.as_str() });
        gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
    }
    if found.worst > 0 {
        tracing::warn!(
            keys = found.worst,
            "{} keys have ended here and are still served at the exchange",
            found.worst
        );
    }
    Ok(found)
}

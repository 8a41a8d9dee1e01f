//! Gate and control plane in one process, on one data folder.
//!
//! The gate is a gate like any other: it follows the feed over the machine's own network, acknowledges, and would start alone
//! from its disk. So what one machine shows is what a cluster does. The control plane opens first, since the gate's first
//! table comes from it, and stops last, so that the gate's last acknowledgement finds it.
//!
//! A store that has stopped ends both: what is synced to a disk that failed is known again only once all is opened anew, and
//! a supervisor does that in less time than it takes to see why nothing can be changed.

use super::gate;
use super::govern::{ControlPlane, reached_at};
use crate::config::{Config, Upstream};
use crate::descriptors;
use crate::exit::{BadInput, Failed};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;

/// How often is looked whether the store still takes changes.
const STORE_LOOK: Duration = Duration::from_secs(1);

/// Runs until told to stop.
///
/// # Errors
/// What kept either from starting, or from going on.
pub fn run(config: Config) -> anyhow::Result<()> {
    let _ = descriptors::raise();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(config))
}

async fn serve(mut config: Config) -> anyhow::Result<()> {
    // Taken first: unheard, they would end the process at once.
    let mut hang_up = signal(SignalKind::hangup())?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    if let Some(url) = &config.gate.feed.url {
        return Err(BadInput(format!(
            "`gate.feed.url` is {url}: this gate follows another control plane; take it out, or run `sumun gate`"
        ))
        .into());
    }
    let plane = ControlPlane::open(&config).await?;
    plane.enrol_own_gate(&config).await?;
    config.gate.feed.url = Some(reached_at(plane.address()?).parse::<Upstream>()?);
    let running = plane.start(&config).await?;
    info!(listen = %running.ready.govern, entries = running.ready.entries, "The control plane is open");
    let mut look = tokio::time::interval(STORE_LOOK);
    let stop = async {
        loop {
            tokio::select! {
                _ = terminate.recv() => return,
                _ = interrupt.recv() => return,
                Some(()) = hang_up.recv() => info!("SIGHUP: nothing is read again; restart to adopt a changed file"),
                _ = look.tick() => if running.stopped().is_some() { return },
            }
        }
    };
    let ended = gate::serve(config, &running.ready, stop).await;
    // Asked before it is closed: that stops it too.
    let stopped = running.stopped();
    running.stop().await;
    match stopped {
        Some(cause) => {
            ended?;
            Err(Failed(format!("the store takes no changes any more: {cause}; start it anew")).into())
        }
        None => ended,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_all_addresses_is_reached_on_the_machines_own() {
        for (listens, reached) in [
            ("0.0.0.0:1", "http://127.0.0.1:1"),
            ("[::]:1", "http://[::1]:1"),
            ("192.0.2.1:1", "http://192.0.2.1:1"),
        ] {
            assert_eq!(reached_at(listens.parse().unwrap()), reached);
            assert!(reached.parse::<Upstream>().is_ok());
        }
    }
}

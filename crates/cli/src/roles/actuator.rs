//! Acting at an exchange that keeps its own gateway: what the record intends of keys is sent to its key API, and to webhooks (ADR 0025).
//!
//! One task beside the control plane. The rows are the queue: what waits is read from them, what is under way is in memory only, and after
//! any stop it is sent again under the same idempotency key. Of several processes the one with the lease sends. [`settings`] reads the file
//! and its secrets, [`send`] has the sockets, [`worker`] has the desk.

mod send;
pub(crate) mod settings;
mod worker;

use crate::config::Config;
use settings::Settings;
use std::sync::Arc;
use sumun_govern::actuator::Acting as Destinations;
use sumun_server::Server;
use tokio::task::JoinHandle;

/// At work; ends when this is dropped. A call under way may still arrive: it is made again under the same key.
pub(crate) struct Acting(JoinHandle<()>);

impl Drop for Acting {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What the configuration names, read; none where it names nothing.
///
/// # Errors
/// The file is bad, or a secret cannot be used.
pub(crate) fn configured(config: &Config) -> anyhow::Result<Option<Settings>> {
    Ok(config.actuator.file.as_deref().map(Settings::read).transpose()?)
}

impl Settings {
    /// What the use cases know of it.
    pub(crate) fn destinations(&self) -> Destinations {
        let calls = self.actuator.calls();
        // Where nothing is called, whoever is named first is the exchange: it acts on messages.
        let exchange = match calls {
            true => Some(self.actuator.destination.clone()),
            false => self.actuator.webhooks.first().map(|first| first.name.clone()),
        };
        Destinations { destinations: self.actuator.destinations(), exchange, calls, log: self.actuator.log }
    }
}

/// Starts.
pub(crate) fn start(server: &Arc<Server>, settings: Settings) -> Acting {
    let worker = worker::Worker::new(Arc::clone(server), Arc::new(settings));
    Acting(tokio::spawn(worker.run()))
}

//! What runs beside the requests: what falls due, and notices that leave.

mod campaigns;
pub(crate) mod drift;
mod due;
pub(crate) mod notices;
mod sweep;
mod venue;

use crate::server::Server;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Starts every task. They end when the set is dropped; each is safe to end at any await.
pub(crate) fn start(server: &Arc<Server>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(due::run(Arc::clone(server)));
    tasks.spawn(campaigns::run(Arc::clone(server)));
    tasks.spawn(drift::run(Arc::clone(server)));
    tasks.spawn(notices::run(Arc::clone(server)));
    tasks.spawn(sweep::run(Arc::clone(server)));
    tasks.spawn(venue::run(Arc::clone(server)));
    tasks.spawn(crate::live::run(Arc::clone(server)));
    tasks
}

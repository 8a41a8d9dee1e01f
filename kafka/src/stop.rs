//! Being told to stop: SIGTERM or Ctrl-C.

use tokio::signal::unix::{SignalKind, signal};

/// Waits for either.
///
/// # Errors
/// Signals cannot be listened to.
pub(crate) async fn told() -> std::io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

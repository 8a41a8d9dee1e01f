//! Starting and stopping: two listeners, one mock. Stops within half a second, open connections or not.

use crate::config::Config;
use crate::http::{Shared, control, router};
use crate::venue::Refusal;
use axum::Router;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long requests under way may still take after a stop.
const GRACE: Duration = Duration::from_millis(300);

/// Why the mock cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A listener cannot be bound.
    #[error("cannot listen on {address}; is something else listening there?")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Its own log cannot be written.
    #[error("cannot write `{path}`")]
    Log {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The markets cannot be seeded.
    #[error("cannot seed the markets")]
    Seed(#[from] Refusal),
}

/// The mock exchange.
#[derive(Debug)]
pub struct MockExchange;

impl MockExchange {
    /// Binds both listeners and serves until the handle is stopped or dropped.
    ///
    /// # Errors
    /// [`StartError`]
    pub async fn start(config: Config) -> Result<Handle, StartError> {
        let log = |path: PathBuf| {
            let opened = std::fs::OpenOptions::new().create(true).append(true).open(&path);
            opened.map_err(|source| StartError::Log { path, source })
        };
        let access_log = config.access_log.map(log).transpose()?;
        let shared = Shared::new(config.accounts, config.verify, access_log)?;
        let (listener, addr) = bind(config.listen).await?;
        let (control_listener, control) = bind(config.control).await?;
        let (stop, stopping) = watch::channel(false);
        let tasks = vec![
            serve(listener, router(Arc::clone(&shared)), stopping.clone()),
            serve(control_listener, control::router(Arc::clone(&shared)), stopping),
        ];
        Ok(Handle { addr, control, shared, stop, tasks })
    }
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Bind { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

fn serve(listener: TcpListener, router: Router, stopping: watch::Receiver<bool>) -> JoinHandle<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(told(stopping));
    tokio::spawn(async move {
        // Accept errors are retried inside; `serve` itself does not fail.
        let _ = server.await;
    })
}

async fn told(mut stopping: watch::Receiver<bool>) {
    // An error means that the handle is gone, which is a stop too.
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// A running mock exchange. Dropping it stops it at once.
pub struct Handle {
    /// Where the exchange listens.
    pub addr: SocketAddr,
    /// Where the control routes listen.
    pub control: SocketAddr,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Handle {
    /// Closes WebSockets, lets requests under way finish for 0.3 s, then ends.
    pub async fn stop(mut self) {
        self.shared.stop();
        // An error means that both servers have ended.
        let _ = self.stop.send(true);
        for mut task in std::mem::take(&mut self.tasks) {
            if tokio::time::timeout(GRACE, &mut task).await.is_err() {
                task.abort();
            }
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.stop();
        for task in &self.tasks {
            task.abort();
        }
    }
}

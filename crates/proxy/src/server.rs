//! Listening, serving, stopping.

use crate::service::Proxy;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tracing::{debug, info, warn};

/// How often keys that end by themselves are looked for among open streams.
const STREAM_RECHECK: Duration = Duration::from_secs(1);

/// Serving could not begin.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error(
        "cannot listen on {address}: {source}; is another process using it? Choose another `listen` or stop it"
    )]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

/// One connection's share of [`crate::ProxyConfig::connections_max`], given back when the last holder drops it.
pub(crate) type Room = Arc<OwnedSemaphorePermit>;

/// Opens a listening socket.
///
/// # Errors
/// The address is taken, or not this machine's.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|source| ServeError::Bind { address, source })
}

/// A proxy at work; stops when told.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    done: tokio::task::JoinHandle<()>,
}

impl Running {
    /// Stops accepting, lets what is under way end within the grace period, then returns.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        let _ = self.done.await;
    }
}

/// Serves the proxy on a listener until told to stop.
///
/// # Errors
/// The listener has no address, which a bound one has.
pub fn start(proxy: Arc<Proxy>, listener: TcpListener) -> std::io::Result<Running> {
    let address = listener.local_addr()?;
    let (stop, stopped) = watch::channel(false);
    let done = tokio::spawn(accept(proxy, listener, stopped));
    Ok(Running { address, stop, done })
}

async fn accept(proxy: Arc<Proxy>, listener: TcpListener, mut stopped: watch::Receiver<bool>) {
    let room = Arc::new(Semaphore::new(proxy.config.connections_max));
    let mut recheck = tokio::time::interval(STREAM_RECHECK);
    let mut connections = JoinSet::new();
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(proxy.config.timeouts.header_read)
        .max_buf_size(proxy.config.header_bytes_max.max(8 * 1024))
        .pipeline_flush(false)
        .half_close(false);
    loop {
        let accepted = tokio::select! {
            biased;
            () = told(&mut stopped) => break,
            _ = recheck.tick() => {
                proxy.recheck_streams();
                while connections.try_join_next().is_some() {}
                continue;
            }
            accepted = async {
                let room = Arc::clone(&room).acquire_owned().await;
                (listener.accept().await, room)
            } => accepted,
        };
        let (Ok((tcp, peer)), Ok(room)) = accepted else {
            // Out of file descriptors, most likely: wait for some to come back instead of spinning.
            warn!("Could not accept a connection; trying again");
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let _ = tcp.set_nodelay(true);
        let service = Arc::clone(&proxy);
        // Held by the connection, and by the stream that it becomes.
        let room: Room = Arc::new(room);
        let held = Arc::clone(&room);
        let serve = service_fn(move |mut request: Request<Incoming>| {
            let proxy = Arc::clone(&service);
            request.extensions_mut().insert(Arc::clone(&held));
            async move { Ok::<Response<_>, Infallible>(proxy.handle(request, peer.ip()).await) }
        });
        let connection = http.serve_connection(TokioIo::new(tcp), serve).with_upgrades();
        let mut stopping = stopped.clone();
        connections.spawn(async move {
            let mut connection = pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = told(&mut stopping) => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                debug!(peer.address = %peer, "A connection ended: {error}");
            }
            drop(room);
        });
    }
    drop(listener);
    proxy.streams.stop();
    let grace = proxy.config.shutdown_grace;
    let drained = async {
        while connections.join_next().await.is_some() {}
        while !proxy.streams.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    match tokio::time::timeout(grace, drained).await {
        Ok(()) => info!("Stopped: every request under way was answered"),
        Err(_) => {
            // Each request dropped here writes down that its outcome is unknown.
            connections.shutdown().await;
            warn!(
                "Stopped after {grace:?} with requests still under way; their outcome is recorded as unknown"
            );
        }
    }
}

async fn told(stopped: &mut watch::Receiver<bool>) {
    // An error means that whoever could tell is gone, which is a stop as well.
    let _ = stopped.wait_for(|stop| *stop).await;
}

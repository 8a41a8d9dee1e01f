//! Listening, serving, stopping.

use crate::server::{Server, router};
use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// Connections served at a time: people, a back end, and every gate's feed.
const CONNECTIONS_MAX: usize = 2048;
/// Longest a request's head may take to come.
const HEADER_READ_TIME_MAX: Duration = Duration::from_secs(10);
/// Largest head, in bytes.
const HEADER_BYTES_MAX: usize = 32 * 1024;
/// How long requests under way may take to end once told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Where a request came from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// A front at work; stops when told.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    done: tokio::task::JoinHandle<()>,
}

impl Running {
    /// Stops accepting, lets what is under way end within the grace period, then returns. Feed streams end at once.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        let _ = self.done.await;
    }
}

/// Serves on a listener, and runs the tasks beside it, until told to stop.
///
/// # Errors
/// The listener has no address, which a bound one has.
pub fn serve(listener: TcpListener, server: Arc<Server>) -> io::Result<Running> {
    let address = listener.local_addr()?;
    let (stop, stopped) = watch::channel(false);
    server.stopping.send_replace(false);
    let done = tokio::spawn(run(listener, server, stopped));
    Ok(Running { address, stop, done })
}

async fn run(listener: TcpListener, server: Arc<Server>, mut stopped: watch::Receiver<bool>) {
    let mut tasks = crate::tasks::start(&server);
    accept(&listener, &server, &mut stopped).await;
    drop(listener);
    tasks.shutdown().await;
}

async fn accept(listener: &TcpListener, server: &Arc<Server>, stopped: &mut watch::Receiver<bool>) {
    let routes = TowerToHyperService::new(router(Arc::clone(server)));
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADER_READ_TIME_MAX).max_buf_size(HEADER_BYTES_MAX);
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            biased;
            () = told(stopped) => break,
            accepted = async {
                let place = Arc::clone(&room).acquire_owned().await.map_err(io::Error::other)?;
                Ok::<_, io::Error>((place, listener.accept().await?))
            } => accepted,
        };
        let (place, (tcp, peer)) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: wait for some to come back instead of spinning.
                tracing::warn!(%error, "Could not accept a connection; trying again");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let _ = tcp.set_nodelay(true);
        let routes = routes.clone();
        let answer = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer));
            routes.call(request)
        });
        let connection = http.serve_connection(TokioIo::new(tcp), answer);
        let (mut stopping, server) = (stopped.clone(), Arc::clone(server));
        connections.spawn(async move {
            server.metrics.connections.inc();
            let mut connection = pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = told(&mut stopping) => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(peer.address = %peer, %error, "A connection ended");
            }
            server.metrics.connections.dec();
            drop(place);
        });
    }
    // Streams of the feed end themselves.
    server.stopping.send_replace(true);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, drained).await.is_err() {
        connections.shutdown().await;
        tracing::warn!("Stopped after {GRACE:?} with requests still under way");
    }
}

async fn told(stopped: &mut watch::Receiver<bool>) {
    // An error means that the handle is gone: nobody could tell us any more.
    if stopped.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

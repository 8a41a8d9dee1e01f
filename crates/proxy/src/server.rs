//! Listening, serving, stopping.

use crate::complain::chain;
use crate::config::HEADER_BYTES_MIN;
use crate::preface::{Opened, Spoken};
use crate::service::Proxy;
use crate::sources::{Held, Sources};
use crate::stall::WriteDeadline;
use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tracing::{debug, info, warn};

/// How often keys that end by themselves are looked for among open streams.
const STREAM_RECHECK: Duration = Duration::from_millis(250);

/// Questions under way at once on one connection of HTTP/2; the next wait. A front asks one for each request that it holds.
const HTTP2_STREAMS_MAX: u32 = 256;
/// As much is taken in of one stream, and of one connection, before somebody reads it, in bytes: a usual question whole, and many of them.
const HTTP2_STREAM_WINDOW: u32 = 64 << 10;
const HTTP2_CONNECTION_WINDOW: u32 = 1 << 20;
/// A peer that answers no ping for so long is gone.
const HTTP2_PING_TIMEOUT: Duration = Duration::from_secs(10);

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

/// One connection's place among those served, given back when the last holder drops it.
pub(crate) type Room = Arc<Place>;

/// Held for its being dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _of_all: OwnedSemaphorePermit,
    _of_source: Held,
}

/// Opens a listening socket.
///
/// # Errors
/// The address is taken, or not this machine's.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|source| ServeError::Bind { address, source })
}

/// A listener at work; stops when told.
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

/// Serves the proxy on a listener until told to stop. Open streams end with it.
///
/// # Errors
/// The listener has no address, which a bound one has; or the limit of heads is below [`HEADER_BYTES_MIN`].
pub fn start(proxy: Arc<Proxy>, listener: TcpListener) -> io::Result<Running> {
    let config = &proxy.config;
    let front = Front {
        connections_max: config.connections_max,
        sources: Sources::new(config.connections_per_source_max, &config.trusted_hops),
        streams: true,
        http2: false,
        proxy: Arc::clone(&proxy),
    };
    serve(front, listener, move |request, peer| Arc::clone(&proxy).handle(request, peer.ip()))
}

/// One listener and what it allows.
pub(crate) struct Front {
    pub(crate) proxy: Arc<Proxy>,
    pub(crate) connections_max: usize,
    pub(crate) sources: Arc<Sources>,
    /// Whether streams are opened through it: it then looks after them, and they end with it.
    pub(crate) streams: bool,
    /// Whether HTTP/2 is understood beside HTTP/1. Never for clients: the exchange is spoken to in HTTP/1.
    pub(crate) http2: bool,
}

/// Serves requests with a handler until told to stop.
pub(crate) fn serve<H, F, B>(front: Front, listener: TcpListener, handler: H) -> io::Result<Running>
where
    H: Fn(Request<Incoming>, SocketAddr) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    if front.proxy.config.header_bytes_max < HEADER_BYTES_MIN {
        let message = format!("heads must be allowed at least {HEADER_BYTES_MIN} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let address = listener.local_addr()?;
    let (stop, stopped) = watch::channel(false);
    let done = tokio::spawn(accept(front, listener, stopped, handler));
    Ok(Running { address, stop, done })
}

/// Serves a connection to its end, or from a stop on what is under way on it.
macro_rules! until_told {
    ($connection:expr, $stopping:expr) => {{
        let mut connection = pin!($connection);
        tokio::select! {
            ended = connection.as_mut() => ended,
            () = told(&mut $stopping) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        }
    }};
}

async fn accept<H, F, B>(front: Front, listener: TcpListener, mut stopped: watch::Receiver<bool>, handler: H)
where
    H: Fn(Request<Incoming>, SocketAddr) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let proxy = &front.proxy;
    let room = Arc::new(Semaphore::new(front.connections_max));
    let mut housekeeping = tokio::time::interval(STREAM_RECHECK);
    let mut connections = JoinSet::new();
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(proxy.config.timeouts.header_read)
        .max_buf_size(proxy.config.header_bytes_max)
        .pipeline_flush(false)
        .half_close(false);
    let timeouts = proxy.config.timeouts;
    let mut http2 = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    http2
        .timer(TokioTimer::new())
        .max_concurrent_streams(HTTP2_STREAMS_MAX)
        .initial_stream_window_size(HTTP2_STREAM_WINDOW)
        .initial_connection_window_size(HTTP2_CONNECTION_WINDOW)
        .max_header_list_size(u32::try_from(proxy.config.header_bytes_max).unwrap_or(u32::MAX))
        .keep_alive_interval(timeouts.header_read)
        .keep_alive_timeout(HTTP2_PING_TIMEOUT);
    loop {
        let accepted = tokio::select! {
            biased;
            () = told(&mut stopped) => break,
            _ = housekeeping.tick() => {
                if front.streams {
                    proxy.recheck_streams();
                }
                while connections.try_join_next().is_some() {}
                continue;
            }
            accepted = next(&room, &listener) => accepted,
        };
        let (tcp, peer, of_all) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: wait for some to come back instead of spinning.
                if let Some(suppressed) = proxy.complaints.accept.due(proxy.clock.monotonic_us()) {
                    warn!(suppressed, "Could not accept a connection; trying again: {}", chain(&error));
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Some(of_source) = front.sources.enter(peer.ip()) else {
            proxy.metrics.connections_refused.inc();
            continue;
        };
        let _ = tcp.set_nodelay(true);
        // Held by the connection, and by the stream that it becomes.
        let room: Room = Arc::new(Place { _of_all: of_all, _of_source: of_source });
        let held = Arc::clone(&room);
        let handler = handler.clone();
        let serve = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Arc::clone(&held));
            let response = handler(request, peer);
            async move { Ok::<Response<_>, Infallible>(response.await) }
        });
        let (http, http2, both) = (http.clone(), http2.clone(), front.http2);
        let mut stopping = stopped.clone();
        connections.spawn(async move {
            let heard = async {
                if both {
                    Opened::hear(tcp, timeouts.header_read).await
                } else {
                    Ok((Spoken::Http1, Opened::unread(tcp)))
                }
            };
            let heard = tokio::select! {
                heard = heard => heard,
                () = told(&mut stopping) => return,
            };
            let (spoken, opened) = match heard {
                Ok(heard) => heard,
                Err(error) => {
                    debug!(peer.address = %peer, "A connection said nothing: {}", chain(&error));
                    return;
                }
            };
            let io = TokioIo::new(WriteDeadline::new(opened, timeouts.client_write));
            let ended = match spoken {
                Spoken::Http1 => until_told!(http.serve_connection(io, serve).with_upgrades(), stopping),
                Spoken::Http2 => until_told!(http2.serve_connection(io, serve), stopping),
            };
            if let Err(error) = ended {
                debug!(peer.address = %peer, "A connection ended: {}", chain(&error));
            }
            drop(room);
        });
    }
    drop(listener);
    if front.streams {
        proxy.streams.stop();
    }
    let grace = proxy.config.shutdown_grace;
    let drained = async {
        while connections.join_next().await.is_some() {}
        while front.streams && !proxy.streams.is_empty() {
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

/// The next connection, once there is room for it.
async fn next(
    room: &Arc<Semaphore>,
    listener: &TcpListener,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(room).acquire_owned().await.map_err(io::Error::other)?;
    let (tcp, peer) = listener.accept().await?;
    Ok((tcp, peer, place))
}

async fn told(stopped: &mut watch::Receiver<bool>) {
    // An error means that whoever could tell is gone, which is a stop as well.
    let _ = stopped.wait_for(|stop| *stop).await;
}

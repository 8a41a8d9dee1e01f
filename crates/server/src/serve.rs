//! Listening, serving, stopping.

use crate::browsers::Front;
use crate::problem::Problem;
use crate::room::{self, OWNER_SIZES, Room, SIZES};
use crate::server::{Server, owner_router, router};
use crate::write_deadline::WriteDeadline;
use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, Request, header};
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Longest a request's head may take to come.
const HEADER_READ_TIME_MAX: Duration = Duration::from_secs(10);
/// Largest head, in bytes.
const HEADER_BYTES_MAX: usize = 32 * 1024;
/// Longest a peer may take to read what is ready for it. The longest page of a list takes a slow line seconds.
const WRITE_TIME_MAX: Duration = Duration::from_secs(30);
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

/// Serves customers' people on a listener of their own, until told to stop. What runs beside is [`serve`]'s.
///
/// # Errors
/// The listener has no address, which a bound one has.
pub fn serve_owners(listener: TcpListener, server: Arc<Server>) -> io::Result<Running> {
    let address = listener.local_addr()?;
    let (stop, mut stopped) = watch::channel(false);
    let done = tokio::spawn(async move { accept(&listener, &server, Front::Owner, &mut stopped).await });
    Ok(Running { address, stop, done })
}

async fn run(listener: TcpListener, server: Arc<Server>, mut stopped: watch::Receiver<bool>) {
    let mut tasks = crate::tasks::start(&server);
    accept(&listener, &server, Front::Staff, &mut stopped).await;
    drop(listener);
    tasks.shutdown().await;
}

async fn accept(
    listener: &TcpListener,
    server: &Arc<Server>,
    front: Front,
    stopped: &mut watch::Receiver<bool>,
) {
    let (routes, sizes) = match front {
        Front::Staff => (router(Arc::clone(server)), SIZES),
        Front::Owner => (owner_router(Arc::clone(server)), OWNER_SIZES),
    };
    let (routes, room) = (TowerToHyperService::new(routes), Room::new(sizes));
    let mut connections = JoinSet::new();
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADER_READ_TIME_MAX).max_buf_size(HEADER_BYTES_MAX);
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            biased;
            () = told(stopped) => break,
            accepted = listener.accept() => accepted,
        };
        let (tcp, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: wait for some to come back instead of spinning.
                tracing::warn!(%error, "Could not accept a connection; trying again");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let place = match room.enter(peer.ip(), &server.trusted_hops) {
            Ok(place) => place,
            Err(full) => {
                tracing::debug!(peer.address = %peer, ?full, "A connection was closed: too many");
                server.metrics.connections_refused.inc();
                continue;
            }
        };
        let for_gates = place.for_gates;
        let _ = tcp.set_nodelay(true);
        let routes = routes.clone();
        let answer = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer));
            answered(&routes, request, for_gates)
        });
        let tcp = WriteDeadline::new(tcp, WRITE_TIME_MAX);
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
    if front == Front::Staff {
        // Streams end themselves; none is on the other listener.
        server.stopping.send_replace(true);
    }
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, drained).await.is_err() {
        connections.shutdown().await;
        tracing::warn!("Stopped after {GRACE:?} with requests still under way");
    }
}

/// The answer. In a place kept for gates only what gates ask for is, and who is not let in loses the place.
fn answered(
    routes: &TowerToHyperService<axum::Router>,
    request: Request<Body>,
    for_gates: bool,
) -> impl Future<Output = Result<Response<Body>, Infallible>> + use<> {
    let asked = (!for_gates || room::is_gates(request.uri().path())).then(|| routes.call(request));
    async move {
        let mut answer = match asked {
            Some(asked) => asked.await?,
            None => {
                let busy = "too many connections are open; try again in some seconds";
                Problem::unavailable("connections_too_many", busy).into_answer(&Arc::from("none"))
            }
        };
        if for_gates && room::ends_with(answer.status()) {
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(answer)
    }
}

async fn told(stopped: &mut watch::Receiver<bool>) {
    // An error means that the handle is gone: nobody could tell us any more.
    if stopped.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

//! The baselines: hyper that answers 200, and the proxy without the gate.
//!
//! The latter is the product's own forwarding: its reading of heads and bodies, its pool of connections, its
//! headers. Only the decision and its record are missing. The server settings are those of the product's listener.

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use sumun_gate::{Gate, GatePolicy, KeyTable, Permit, ReplayMemory};
use sumun_model::GateId;
use sumun_proxy::forward::{Outgoing, Upstream};
use sumun_proxy::{ProxyConfig, Timeouts, UpstreamHost, client_address, head};
use tokio::net::TcpListener;

/// As the gate's default configuration.
const HEADER_BYTES_MAX: usize = 32 << 10;
/// As the gate's default configuration.
const BODY_BYTES_MAX: usize = 1 << 20;

/// As the gate's default configuration.
const TIMEOUTS: Timeouts = Timeouts {
    header_read: Duration::from_secs(60),
    body_read: Duration::from_secs(15),
    connect: Duration::from_secs(2),
    upstream_response: Duration::from_secs(30),
    pool_idle: Duration::from_secs(75),
    websocket_idle: Duration::from_secs(300),
    client_write: Duration::from_secs(60),
};

type Body = Either<Full<Bytes>, Incoming>;

/// What one baseline does with a request.
enum Baseline {
    /// Reads the whole request and answers 200 with as many bytes as the decision service does.
    Answer(Bytes),
    /// Forwards.
    Forward { upstream: Upstream, permit: Permit },
}

impl Baseline {
    async fn handle(&self, request: Request<Incoming>, peer: IpAddr) -> Response<Body> {
        match self {
            Self::Answer(answer) => match read(request.into_body()).await {
                Ok(_) => {
                    let mut response = Response::new(Either::Left(Full::new(answer.clone())));
                    let json = http::HeaderValue::from_static("application/json; charset=utf-8");
                    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
                    response
                }
                Err(_) => failed(StatusCode::BAD_REQUEST),
            },
            Self::Forward { upstream, permit } => {
                if head::check(&request).is_err() || head::asks_websocket(&request) {
                    return failed(StatusCode::BAD_REQUEST);
                }
                let Ok(source) = client_address::client_address(peer, request.headers(), &[]) else {
                    return failed(StatusCode::BAD_REQUEST);
                };
                let (parts, body) = request.into_parts();
                let Ok(body) = read(body).await else { return failed(StatusCode::BAD_REQUEST) };
                match upstream.forward(permit, parts, Outgoing::new(body, None), source).await {
                    Ok(response) => response.map(Either::Right),
                    Err(error) => failed(error.status()),
                }
            }
        }
    }
}

async fn read(body: Incoming) -> Result<Bytes> {
    let whole = Limited::new(body, BODY_BYTES_MAX).collect();
    let read = tokio::time::timeout(TIMEOUTS.body_read, whole).await?;
    Ok(read.map_err(|e| anyhow::anyhow!(e))?.to_bytes())
}

fn failed(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Either::Left(Full::default()));
    *response.status_mut() = status;
    response
}

/// The stack that answers 200.
///
/// # Errors
/// No socket.
pub fn serve_bare(answer_bytes: usize) -> Result<()> {
    serve(Baseline::Answer(Bytes::from(vec![b' '; answer_bytes])))
}

/// The proxy without the gate.
///
/// # Errors
/// No socket.
pub fn serve_forward(exchange: SocketAddr) -> Result<()> {
    let config = ProxyConfig {
        gate: GateId::new("bench")?,
        upstream: exchange.to_string().parse()?,
        upstream_host: UpstreamHost::Keep,
        trusted_hops: Vec::new(),
        body_bytes_max: BODY_BYTES_MAX,
        header_bytes_max: HEADER_BYTES_MAX,
        connections_max: 1024,
        connections_per_source_max: 0,
        shutdown_grace: Duration::ZERO,
        timeouts: TIMEOUTS,
    };
    serve(Baseline::Forward { upstream: Upstream::new(&config), permit: permit()? })
}

/// A permit is only made by a decision, so one is made about a public route.
fn permit() -> Result<Permit> {
    let gate = Gate::new(GatePolicy::default(), KeyTable::new([]), ReplayMemory::new(1, [0; 16]));
    let raw = sumun_dialect::RawRequest {
        method: &Method::GET,
        path: "/v1/market/all",
        query: "",
        headers: &http::HeaderMap::new(),
        body: &[],
        upgrade: false,
    };
    let request =
        sumun_gate::Request { raw, source: crate::keys::CLIENT, body_complete: true, recordable: true };
    let decision = gate.decide(&request, crate::clock::fixed_now());
    decision.permit().map_err(|reason| anyhow::anyhow!("a public route was refused: {reason}"))
}

fn serve(baseline: Baseline) -> Result<()> {
    // The runtime of the gate's role; bound to one core it has one worker.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no loopback socket")?;
        println!("{}", serde_json::json!({ "ready": { "listen": listener.local_addr()? } }));
        accept(listener, Arc::new(baseline)).await
    })
}

async fn accept(listener: TcpListener, baseline: Arc<Baseline>) -> Result<()> {
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(TIMEOUTS.header_read)
        .max_buf_size(HEADER_BYTES_MAX)
        .pipeline_flush(false)
        .half_close(false);
    loop {
        let (tcp, peer) = listener.accept().await?;
        tcp.set_nodelay(true)?;
        let baseline = Arc::clone(&baseline);
        let serve = service_fn(move |request: Request<Incoming>| {
            let baseline = Arc::clone(&baseline);
            async move { Ok::<_, Infallible>(baseline.handle(request, peer.ip()).await) }
        });
        let connection = http.serve_connection(TokioIo::new(tcp), serve).with_upgrades();
        tokio::spawn(async move {
            let _ = connection.await;
        });
    }
}

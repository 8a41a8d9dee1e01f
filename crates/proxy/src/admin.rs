//! The operators' side: `/metrics`, `/healthz`, `/readyz`. Listens apart from clients.

use crate::complain::chain;
use crate::metrics::Standing;
use crate::refuse;
use crate::service::{Body, Proxy};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Serialize;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use sumun_gate::Now;
use sumun_model::Effect;
use tokio::net::TcpListener;
use tracing::warn;

/// Something an operator should know of.
#[derive(Clone, Debug)]
pub struct Note {
    /// What is amiss and what to do, in words.
    pub text: String,
    /// Whether the gate is not ready because of it.
    pub serious: bool,
}

/// Tells what is amiss around a proxy just now.
pub type Notes = Box<dyn Fn() -> Vec<Note> + Send + Sync>;

/// Whether a gate serves, and what is amiss.
#[derive(Debug, Serialize)]
pub struct Readiness {
    /// All is well: keys are fresh, decisions are recorded, and nothing else that is serious is amiss.
    pub ready: bool,
    /// Keys in the table.
    pub keys: u64,
    /// Rises with every change of the table.
    pub table_version: u64,
    /// Seconds since the source of keys was last heard; null if never.
    pub table_age_s: Option<i64>,
    /// Whether decisions can be recorded.
    pub recording: bool,
    /// Decisions that went into a counted gap since start.
    pub unrecorded_total: u64,
    /// WebSockets open.
    pub streams_open: usize,
    /// What is amiss and what to do, in words.
    pub problems: Vec<String>,
}

/// Looks at a proxy.
#[must_use]
pub fn readiness(proxy: &Proxy) -> Readiness {
    let now = proxy.now();
    let mut problems = Vec::new();
    let recording = proxy.sink.available();
    if !recording {
        problems.push(
            "decisions cannot be recorded: transfers are refused, all else is counted into a gap; look at the disk \
             of data_dir"
                .to_owned(),
        );
    }
    if !proxy.gate.table_serves(Effect::Transfer, now) {
        problems.push(
            "the key table is too old: transfers are refused, orders follow after the grace period; look at the \
             source of keys"
                .to_owned(),
        );
    }
    let mut ready = problems.is_empty();
    for note in proxy.notes() {
        ready &= !note.serious;
        problems.push(note.text);
    }
    Readiness {
        ready,
        keys: proxy.gate.table.len(),
        table_version: proxy.gate.table.version(),
        table_age_s: table_age_us(proxy, now).map(|age_us| age_us / 1_000_000),
        recording,
        unrecorded_total: proxy.sink.shed_total(),
        streams_open: proxy.streams.len(),
        problems,
    }
}

/// `None`: the source of keys was never heard.
fn table_age_us(proxy: &Proxy, now: Now) -> Option<i64> {
    Some(proxy.gate.table.age_us(now.wall)).filter(|age_us| *age_us < i64::MAX / 2)
}

fn metrics(proxy: &Proxy) -> String {
    let age_us = table_age_us(proxy, proxy.now());
    proxy.metrics.stands(Standing {
        table_age_s: age_us.map_or(f64::INFINITY, |age_us| age_us as f64 / 1e6),
        keys: proxy.gate.table.len(),
        shed_total: proxy.sink.shed_total(),
        recording: proxy.sink.available(),
        bypass: proxy.gate.bypass().is_some(),
    });
    proxy.metrics.render()
}

fn answer(proxy: &Proxy, method: &Method, path: &str) -> Response<Body> {
    if *method != Method::GET && *method != Method::HEAD {
        return refuse::problem(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "use GET");
    }
    match path {
        "/metrics" => {
            let mut page = Response::new(Either::Left(Full::new(Bytes::from(metrics(proxy)))));
            page.headers_mut().insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8"),
            );
            page
        }
        "/healthz" => refuse::json(StatusCode::OK, Bytes::from_static(b"{\"alive\":true}")),
        "/readyz" => {
            let readiness = readiness(proxy);
            let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            refuse::json(status, serde_json::to_vec(&readiness).unwrap_or_default().into())
        }
        _ => refuse::problem(StatusCode::NOT_FOUND, "not_found", "try /metrics, /healthz or /readyz"),
    }
}

/// Serves the operators' side until the task is dropped.
pub async fn serve(proxy: Arc<Proxy>, listener: TcpListener) {
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(10));
    loop {
        let tcp = match listener.accept().await {
            Ok((tcp, _)) => tcp,
            Err(error) => {
                if let Some(suppressed) = proxy.complaints.accept.due(proxy.clock.monotonic_us()) {
                    warn!(
                        suppressed,
                        "Could not accept an operator's connection; trying again: {}",
                        chain(&error)
                    );
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let proxy = Arc::clone(&proxy);
        let serve = service_fn(move |request: Request<Incoming>| {
            let response = answer(&proxy, request.method(), request.uri().path());
            async move { Ok::<_, Infallible>(response) }
        });
        let connection = http.serve_connection(TokioIo::new(tcp), serve);
        tokio::spawn(async move {
            let _ = connection.await;
        });
    }
}

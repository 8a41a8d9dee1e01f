//! Health in words, metrics, and the document.

use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::problem::Problem;
use crate::server::Server;
use http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use sumun_store::Filter;
use sumun_store::tables::{GATES, VENUE};
use utoipa::ToSchema;

/// Gates named at most in a readiness answer.
const GATES_SHOWN_MAX: u32 = 100;

/// Whether this process can serve.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "ready": true, "checks": [{ "name": "database", "ready": true, "detail": "answers" }] }))]
pub(crate) struct Readiness {
    /// Whether it can.
    pub ready: bool,
    /// Each thing it needs, in words.
    pub checks: Vec<Check>,
}

/// One thing that is needed, or worth knowing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Check {
    /// Which.
    #[schema(example = "sequencer")]
    pub name: String,
    /// Whether it stands in the way of serving.
    pub ready: bool,
    /// How it stands.
    #[schema(example = "42 entries, feed version 17")]
    pub detail: String,
}

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::HEALTHZ, "service", "Whether the process lives · 생존 확인")
            .gives_other("text/plain; charset=utf-8", "It lives."),
        async |_| Ok(Answer::text("ok\n")),
    );
    api.add(
        operation(&access::READYZ, "service", "Whether it can serve, and how gates stand · 준비 상태")
            .about("Gates that lag do not make it unready: they are told, in words.")
            .gives::<Readiness>(StatusCode::OK, "It can.")
            .gives::<Readiness>(StatusCode::SERVICE_UNAVAILABLE, "It cannot; `checks` says why."),
        ready,
    );
    api.add(
        operation(&access::METRICS, "service", "Counters for Prometheus · 지표")
            .gives_other("application/openmetrics-text; version=1.0.0; charset=utf-8", "The page."),
        metrics,
    );
    api.add(
        operation(&access::OPENAPI, "service", "This document · API 문서")
            .gives::<serde_json::Value>(StatusCode::OK, "OpenAPI 3.1."),
        async |asked: Asked| {
            Ok(Answer::typed(StatusCode::OK, "application/json", asked.server.document.to_string()))
        },
    );
}

async fn ready(asked: Asked) -> Result<Answer, Problem> {
    let server = &asked.server;
    let store = &server.govern.store;
    let check = |name: &str, ready, detail: String| Check { name: name.to_owned(), ready, detail };
    let database = match store.get(&VENUE, &server.govern.venue().venue).await {
        Ok(_) => check("database", true, "answers".to_owned()),
        Err(_) => check("database", false, "does not answer; see the log".to_owned()),
    };
    let head = store.head();
    let sequencer = match store.stopped() {
        None => {
            check("sequencer", true, format!("{} entries, feed version {}", head.size, head.feed_version))
        }
        Some(cause) => check("sequencer", false, format!("stopped: {cause}")),
    };
    let mut checks = vec![database, sequencer];
    checks.extend(gates(server).await);
    checks.extend(canary(server).await);
    let ready = checks.iter().all(|check| check.ready);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Answer::json(status, &Readiness { ready, checks })
}

/// How each gate stands, in words. A gate that is behind is its operator's to look at, not a reason to stop serving.
async fn gates(server: &Arc<Server>) -> Vec<Check> {
    let head = server.govern.store.feed_head();
    let filter = Filter { limit: GATES_SHOWN_MAX, ..Filter::default() };
    let rows = server.govern.store.list(&GATES, &filter).await.unwrap_or_default();
    rows.iter()
        .filter(|row| {
            row.get("public_key").is_some_and(|key| !key.is_null())
                && row.get("state").is_none_or(|state| state != "revoked")
        })
        .filter_map(|row| row.get("gate")?.as_str())
        .map(|gate| Check {
            name: format!("gate {gate}"),
            ready: true,
            detail: server.gates.words(gate, head, server.govern.world.now()),
        })
        .collect()
}

/// What the last canary found, in words. A gate that serves an ended key is no reason to stop the one who can cut it off.
async fn canary(server: &Server) -> Option<Check> {
    let found = server.govern.last_canary_found().await.ok()??;
    Some(Check { name: "canary".to_owned(), ready: true, detail: found.words() })
}

async fn metrics(asked: Asked) -> Result<Answer, Problem> {
    let server = &asked.server;
    let head = server.govern.store.head();
    let metrics = &server.metrics;
    metrics.ledger_entries.set(i64::try_from(head.size).unwrap_or(i64::MAX));
    metrics.feed_version.set(i64::try_from(head.feed_version).unwrap_or(i64::MAX));
    metrics.gates_behind.set(server.gates.behind(head.feed_version));
    let page = metrics
        .page()
        .map_err(|_| Problem::unavailable("metrics_unwritable", "the page could not be written"))?;
    Ok(Answer::typed(StatusCode::OK, "application/openmetrics-text; version=1.0.0; charset=utf-8", page))
}

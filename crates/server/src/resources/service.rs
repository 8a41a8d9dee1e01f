//! Health in words, metrics, and the document.

use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::problem::Problem;
use crate::readiness::{self, Readiness};
use http::StatusCode;

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::HEALTHZ, "service", "Whether the process lives · 생존 확인")
            .gives_other("text/plain; charset=utf-8", "It lives."),
        async |_| Ok(Answer::text("ok\n")),
    );
    api.add(
        operation(&access::READYZ, "service", "Whether it can serve · 준비 상태")
            .about("What is degraded is told with what to do, and does not make it unready: gates that lag, notices that wait. At most a second old.")
            .gives::<Readiness>(StatusCode::OK, "It can; `state` says whether somebody should look.")
            .gives::<Readiness>(StatusCode::SERVICE_UNAVAILABLE, "It cannot; `checks` says why."),
        ready,
    );
    api.add(
        operation(&access::READINESS, "service", "How everything stands, gate by gate · 준비 상태 상세")
            .about("As `/readyz`, with the names of gates.")
            .gives::<Readiness>(StatusCode::OK, "How it stands."),
        async |asked: Asked| Answer::ok(&readiness::look(&asked.server).await.whole),
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
    let looked = readiness::look(&asked.server).await;
    let status = if looked.outward.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Answer::json(status, &looked.outward)
}

async fn metrics(asked: Asked) -> Result<Answer, Problem> {
    let server = &asked.server;
    let head = server.govern.store.head();
    let metrics = &server.metrics;
    metrics.ledger_entries.set(i64::try_from(head.size).unwrap_or(i64::MAX));
    metrics.feed_version.set(i64::try_from(head.feed_version).unwrap_or(i64::MAX));
    metrics.gates_behind.set(readiness::look(server).await.gates_behind);
    if let Some(events) = &server.events {
        metrics.look_at_events(&*events.log);
    }
    let page =
        metrics.page().map_err(|_| Problem::fault("metrics_unwritable", "the page could not be written"))?;
    Ok(Answer::typed(StatusCode::OK, "application/openmetrics-text; version=1.0.0; charset=utf-8", page))
}

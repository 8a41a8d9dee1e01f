//! The REST API as anybody asks it: JSON over plain HTTP, one idempotency key per act. Knows no operation by name.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use std::time::Duration;

/// An answer must come within this time.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server's API.
#[derive(Clone, Debug)]
pub(crate) struct Rest {
    base: String,
    /// Whose page the requests come from, as a browser would say; none: a program's.
    origin: Option<String>,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Rest {
    /// At this address, such as `127.0.0.1:8070`.
    pub(crate) fn at(address: &str) -> Self {
        Self {
            base: format!("http://{address}"),
            origin: None,
            client: Client::builder(TokioExecutor::new()).build(HttpConnector::new()),
        }
    }

    /// As a browser asks that shows a page of this origin.
    pub(crate) fn on_page_of(self, origin: String) -> Self {
        Self { origin: Some(origin), ..self }
    }

    /// Asks, whatever comes of it.
    pub(crate) async fn send(
        &self,
        token: Option<&str>,
        method: Method,
        path: &str,
        (kind, body): (&str, Vec<u8>),
    ) -> Result<Answer> {
        let mut request = Request::builder().method(&method).uri(format!("{}{path}", self.base));
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(origin) = &self.origin {
            request = request.header(header::ORIGIN, origin);
        }
        if method != Method::GET {
            request = request.header(header::CONTENT_TYPE, kind).header("Idempotency-Key", fresh_id()?);
        }
        let request = request.body(Full::new(body.into())).context("a request that cannot be written")?;
        let asked = async {
            let answer = self.client.request(request).await?;
            let (parts, body) = answer.into_parts();
            let bytes = body.collect().await?.to_bytes();
            anyhow::Ok((parts, bytes))
        };
        let (parts, bytes) = tokio::time::timeout(PATIENCE, asked)
            .await
            .with_context(|| format!("{method} {path}: no answer within {} s", PATIENCE.as_secs()))?
            .with_context(|| format!("{method} {path}"))?;
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }

    /// Asks with JSON, whatever comes of it.
    pub(crate) async fn ask(
        &self,
        token: Option<&str>,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer> {
        let body = body.map(Value::to_string).unwrap_or_default().into_bytes();
        self.send(token, method, path, ("application/json", body)).await
    }

    /// As [`Rest::ask`], and it must go well.
    pub(crate) async fn must(
        &self,
        token: Option<&str>,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value> {
        let answer = self.ask(token, method.clone(), path, body).await?;
        if !answer.status.is_success() {
            bail!("{method} {path}: {} {}", answer.status, answer.body);
        }
        Ok(answer.body)
    }

    /// Reads; it must go well.
    pub(crate) async fn get(&self, token: &str, path: &str) -> Result<Value> {
        self.must(Some(token), Method::GET, path, None).await
    }

    /// Acts; it must go well.
    pub(crate) async fn post(&self, token: &str, path: &str, body: &Value) -> Result<Value> {
        self.must(Some(token), Method::POST, path, Some(body)).await
    }

    /// Enters; it must go well.
    pub(crate) async fn put(&self, token: &str, path: &str, body: &Value) -> Result<Value> {
        self.must(Some(token), Method::PUT, path, Some(body)).await
    }

    /// Every item of a list, page by page.
    pub(crate) async fn all(&self, token: &str, path: &str) -> Result<Vec<Value>> {
        let (mut items, mut after) = (Vec::new(), String::new());
        loop {
            let between = if path.contains('?') { '&' } else { '?' };
            let page = self.get(token, &format!("{path}{between}limit=200{after}")).await?;
            items.extend(page["items"].as_array().into_iter().flatten().cloned());
            match &page["next"] {
                Value::String(next) => after = format!("&after={next}"),
                Value::Number(next) => after = format!("&after={next}"),
                _ => return Ok(items),
            }
        }
    }
}

/// Names one act for ever.
pub(crate) fn fresh_id() -> Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| anyhow::anyhow!("the operating system gives no entropy: {error}"))?;
    Ok(hex::encode(bytes))
}

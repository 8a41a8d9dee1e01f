//! One program's connection to the gate, from an address of its own: real sockets, kept open, as HTTP libraries do.

use super::sign;
use crate::cast::Client;
use crate::enter::Issued;
use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as Http;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// A library gives up then.
const PATIENCE: Duration = Duration::from_secs(15);

/// A program's way to the gate.
pub(crate) struct Line {
    gate: SocketAddr,
    client: Client,
    http: Http<HttpConnector, Full<Bytes>>,
}

/// How a request went.
pub(crate) struct Said {
    /// HTTP status.
    pub(crate) status: u16,
    /// The error's name, if it is one: a gate's refusals speak like the exchange.
    pub(crate) error: String,
    /// The answer.
    pub(crate) body: Value,
}

impl Line {
    /// From this address.
    pub(crate) fn from(at: Ipv4Addr, gate: SocketAddr, client: Client) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_local_address(Some(IpAddr::V4(at)));
        Self { gate, client, http: Http::builder(TokioExecutor::new()).build(connector) }
    }

    /// Sends a signed request. Parameters stand in the query, or in a JSON body where something is made.
    pub(crate) async fn send(
        &self,
        key: &Issued,
        method: Method,
        path: &str,
        params: &[(&str, &str)],
    ) -> Result<Said> {
        let query: Vec<String> = params.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let query = query.join("&");
        let bearer = sign::authorization(key, self.client.signs, &query, &sign::nonce()?)?;
        let in_body = method == Method::POST;
        let target = if in_body || query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}{target}", self.gate))
            .header(header::USER_AGENT, self.client.agent)
            .header(header::ACCEPT, "application/json")
            .header(header::AUTHORIZATION, bearer);
        let mut body = Bytes::new();
        if in_body {
            // In the order in which they are hashed.
            let members: Vec<String> = params
                .iter()
                .map(|(name, value)| format!("{}:{}", Value::from(*name), Value::from(*value)))
                .collect();
            body = format!("{{{}}}", members.join(",")).into();
            request = request.header(header::CONTENT_TYPE, "application/json; charset=utf-8");
        }
        let request = request.body(Full::new(body)).context("a request that cannot be written")?;
        let asked = async {
            let answer = self.http.request(request).await?;
            let status = answer.status().as_u16();
            anyhow::Ok((status, answer.into_body().collect().await?.to_bytes()))
        };
        let (status, bytes) = tokio::time::timeout(PATIENCE, asked).await.context("no answer in time")??;
        let body: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let error = body["error"]["name"].as_str().unwrap_or_default().to_owned();
        Ok(Said { status, error, body })
    }
}

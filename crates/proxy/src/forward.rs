//! Sending a permitted request on, over a pool of connections to the exchange.

use crate::config::{ProxyConfig, UpstreamHost};
use crate::epoch::Token;
use crate::head;
use bytes::Bytes;
use http::request::Parts;
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderValue, Request, Response, StatusCode, Uri, header};
use http_body_util::Full;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use sumun_gate::Permit;

/// Connections kept ready per upstream. Two cores drive a few hundred; more only cost the exchange.
const POOL_IDLE_MAX: usize = 256;

/// The exchange did not answer.
#[derive(Debug, thiserror::Error)]
pub enum ForwardError {
    /// No connection could be made; the exchange saw nothing.
    #[error("no connection to the exchange at {upstream}")]
    Connect {
        /// Where.
        upstream: String,
        /// Why.
        #[source]
        source: hyper_util::client::legacy::Error,
    },
    /// The request has no target there; the exchange saw nothing.
    #[error("the request's target cannot be put to the exchange")]
    Target(#[source] http::uri::InvalidUriParts),
    /// The connection broke; the exchange may have acted.
    #[error("the connection to the exchange broke before its answer")]
    Broken(#[source] hyper_util::client::legacy::Error),
    /// It switched to a protocol that nobody asked for.
    #[error("the exchange switched protocols unasked")]
    Switched,
    /// No answer in time; the exchange may have acted.
    #[error("the exchange did not answer within {0:?}")]
    Timeout(Duration),
}

impl ForwardError {
    /// Label for metrics.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Connect { .. } => "connect",
            Self::Target(_) => "target",
            Self::Broken(_) | Self::Switched => "broken",
            Self::Timeout(_) => "timeout",
        }
    }

    /// Status answered to the client.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Timeout(_) => StatusCode::GATEWAY_TIMEOUT,
            Self::Target(_) => StatusCode::BAD_REQUEST,
            Self::Connect { .. } | Self::Broken(_) | Self::Switched => StatusCode::BAD_GATEWAY,
        }
    }

    /// Whether the exchange may have acted on the request.
    #[must_use]
    pub const fn may_have_acted(&self) -> bool {
        !matches!(self, Self::Connect { .. } | Self::Target(_))
    }
}

/// A request's body on its way to the exchange. The connection drops it once head and body are in its hands, and with it
/// the token: the request awaits forwarding no more.
#[derive(Debug)]
pub struct Outgoing {
    body: Full<Bytes>,
    _token: Option<Token>,
}

impl Outgoing {
    /// A body, and the epoch its request was decided in.
    #[must_use]
    pub fn new(body: Bytes, token: Option<Token>) -> Self {
        Self { body: Full::new(body), _token: token }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The pool of connections to one exchange.
#[derive(Debug, Clone)]
pub struct Upstream {
    client: Client<HttpConnector, Outgoing>,
    authority: http::uri::Authority,
    host: UpstreamHost,
    response_timeout: Duration,
}

impl Upstream {
    /// A pool; connects when first used.
    #[must_use]
    pub fn new(config: &ProxyConfig) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(config.timeouts.connect));
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(config.timeouts.pool_idle)
            .pool_max_idle_per_host(POOL_IDLE_MAX)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Self {
            client,
            authority: config.upstream.clone(),
            host: config.upstream_host,
            response_timeout: config.timeouts.upstream_response,
        }
    }

    /// Where requests go.
    #[must_use]
    pub const fn authority(&self) -> &http::uri::Authority {
        &self.authority
    }

    /// The head as the exchange gets it: our framing, our client address, path and query untouched.
    #[must_use]
    pub fn head(&self, mut parts: Parts, client: IpAddr) -> Parts {
        head::prepare_for_upstream(&mut parts.headers, client);
        if self.host == UpstreamHost::Upstream
            && let Ok(value) = HeaderValue::from_str(self.authority.as_str())
        {
            parts.headers.insert(header::HOST, value);
        }
        parts.version = http::Version::HTTP_11;
        parts
    }

    fn target(&self, uri: &Uri) -> Result<Uri, ForwardError> {
        let mut to = http::uri::Parts::default();
        to.scheme = Some(Scheme::HTTP);
        to.authority = Some(self.authority.clone());
        to.path_and_query =
            Some(uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/")));
        Uri::from_parts(to).map_err(ForwardError::Target)
    }

    /// Sends a permitted request on and waits for the head of the answer; its body streams.
    ///
    /// # Errors
    /// The exchange did not answer; whether it may have acted is in the error.
    pub async fn forward(
        &self,
        _permit: &Permit,
        parts: Parts,
        body: Outgoing,
        client: IpAddr,
    ) -> Result<Response<Incoming>, ForwardError> {
        let mut parts = self.head(parts, client);
        parts.uri = self.target(&parts.uri)?;
        let request = Request::from_parts(parts, body);
        let answer = tokio::time::timeout(self.response_timeout, self.client.request(request)).await;
        let mut response = match answer {
            Err(_) => return Err(ForwardError::Timeout(self.response_timeout)),
            Ok(Err(error)) if error.is_connect() => {
                return Err(ForwardError::Connect { upstream: self.authority.to_string(), source: error });
            }
            Ok(Err(error)) => return Err(ForwardError::Broken(error)),
            Ok(Ok(response)) if response.status() == StatusCode::SWITCHING_PROTOCOLS => {
                return Err(ForwardError::Switched);
            }
            Ok(Ok(response)) => response,
        };
        head::strip_hop_by_hop(response.headers_mut());
        Ok(response)
    }
}

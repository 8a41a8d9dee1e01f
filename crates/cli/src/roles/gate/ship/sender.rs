//! Handing batches in: one connection kept open, one batch at a time, each signed with path, query and body.

use crate::enrolment::Enrolment;
use crate::roles::gate::with_cause;
use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use std::time::Duration;
use sumun_feed::{GateProof, SigningKey, content_digest, request_events};
use sumun_model::Timestamp;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// The longest that a connection, and the answer to a batch, is waited for.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// So much of an answer is read.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// Why a batch was not handed in.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    #[error("no connection to {0}: {1}")]
    Connect(String, String),
    #[error("the connection to {0} broke: {1}")]
    Broken(String, String),
    #[error("{0} did not answer for {ANSWER_MAX:?}")]
    Silent(String),
    #[error("{at} refused them with status {status}: {text}")]
    Refused { at: String, status: u16, text: String },
    #[error("{0} answered what is no answer: {1}")]
    Answer(String, String),
    #[error("this gate cannot prove who it is: {0}")]
    Proof(String),
}

/// The control plane, and who sends.
pub(super) struct Sender {
    authority: http::uri::Authority,
    enrolment: Enrolment,
    key: SigningKey,
    open: Option<Open>,
}

struct Open {
    requests: SendRequest<Full<Bytes>>,
    driver: JoinHandle<()>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

#[derive(Deserialize)]
struct Answer {
    held: u64,
}

impl Sender {
    pub(super) const fn new(authority: http::uri::Authority, enrolment: Enrolment, key: SigningKey) -> Self {
        Self { authority, enrolment, key, open: None }
    }

    /// The highest position that the control plane holds of a log.
    pub(super) async fn held(&mut self, log: &str, now: Timestamp) -> Result<u64, SendError> {
        self.events(&format!("/v1/events?from=1&log={log}"), Bytes::new(), now).await
    }

    /// Hands a batch in; returns the highest position held.
    pub(super) async fn send(
        &mut self,
        log: &str,
        from: u64,
        after: u64,
        body: Vec<u8>,
        now: Timestamp,
    ) -> Result<u64, SendError> {
        self.events(&format!("/v1/events?from={from}&after={after}&log={log}"), body.into(), now).await
    }

    /// Tells when everything passed here.
    pub(super) async fn tell_bypasses(&mut self, body: Vec<u8>, now: Timestamp) -> Result<(), SendError> {
        self.ask("/v1/feed/bypasses", "application/json", body.into(), now).await.map(drop)
    }

    async fn events(&mut self, target: &str, body: Bytes, now: Timestamp) -> Result<u64, SendError> {
        let text = self.ask(target, "application/x-ndjson", body, now).await?;
        let answer: Answer = serde_json::from_slice(&text)
            .map_err(|error| SendError::Answer(self.shown(), error.to_string()))?;
        Ok(answer.held)
    }

    fn shown(&self) -> String {
        format!("http://{}", self.authority)
    }

    async fn ask(
        &mut self,
        target: &str,
        content_type: &'static str,
        body: Bytes,
        now: Timestamp,
    ) -> Result<Bytes, SendError> {
        // A connection that broke, or on which an answer is outstanding, is of no more use.
        let open = match self.open.take().filter(|open| open.requests.is_ready()) {
            Some(open) => open,
            None => self.connect().await?,
        };
        let shown = self.shown();
        let asked =
            tokio::time::timeout(ANSWER_MAX, self.answer(open, (target, content_type), body, now)).await;
        let (open, text) = asked.map_err(|_| SendError::Silent(shown))??;
        self.open = Some(open);
        Ok(text)
    }

    async fn connect(&self) -> Result<Open, SendError> {
        let failed = |error: &dyn std::error::Error| SendError::Connect(self.shown(), with_cause(error));
        let port = self.authority.port_u16().unwrap_or(80);
        let host = self.authority.host().trim_start_matches('[').trim_end_matches(']');
        let tcp = tokio::time::timeout(ANSWER_MAX, TcpStream::connect((host, port)))
            .await
            .map_err(|_| SendError::Silent(self.shown()))?
            .map_err(|error| failed(&error))?;
        tcp.set_nodelay(true).map_err(|error| failed(&error))?;
        let (requests, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(tcp)).await.map_err(|error| failed(&error))?;
        let driver = tokio::spawn(async move {
            let _ = connection.await;
        });
        Ok(Open { requests, driver })
    }

    async fn answer(
        &self,
        mut open: Open,
        (target, content_type): (&str, &'static str),
        body: Bytes,
        now: Timestamp,
    ) -> Result<(Open, Bytes), SendError> {
        let digest = content_digest(&body);
        let proof = self.proof(request_events(target, &digest), now)?;
        let request = Request::post(target)
            .header(header::HOST, self.authority.as_str())
            .header(header::AUTHORIZATION, format!("Bearer {proof}"))
            .header(header::CONTENT_TYPE, content_type)
            .header("content-digest", digest)
            .body(Full::new(body))
            .map_err(|error| SendError::Proof(error.to_string()))?;
        let broken = |error: hyper::Error| SendError::Broken(self.shown(), with_cause(&error));
        open.requests.ready().await.map_err(broken)?;
        let response = open.requests.send_request(request).await.map_err(broken)?;
        let status = response.status();
        let text = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let text = text.map_err(|error| SendError::Broken(self.shown(), error.to_string()))?.to_bytes();
        if status != StatusCode::OK {
            let text = String::from_utf8_lossy(&text).escape_debug().collect();
            return Err(SendError::Refused { at: self.shown(), status: status.as_u16(), text });
        }
        Ok((open, text))
    }

    fn proof(&self, request: String, now: Timestamp) -> Result<String, SendError> {
        let nonce = crate::entropy::draw::<16>().map_err(|error| SendError::Proof(error.to_string()))?;
        let proof = GateProof {
            gate: self.enrolment.gate.clone(),
            venue: self.enrolment.venue.clone(),
            request,
            at: now,
            nonce: hex::encode(nonce.as_slice()),
        };
        proof.sign(&self.key).map_err(|error| SendError::Proof(error.to_string()))
    }
}

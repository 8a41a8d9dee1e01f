//! Talking to the server: the stream of lines, and acknowledgements. Plain HTTP/1.1; what is said is signed.

use crate::enrolment::Enrolment;
use crate::roles::gate::with_cause;
use bytes::{Bytes, BytesMut};
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use std::time::Duration;
use sumun_feed::{GateProof, LINE_BYTES_MAX, Mark, REQUEST_ACKNOWLEDGE, REQUEST_FEED, SigningKey};
use sumun_model::Timestamp;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// The longest that a connection and the head of an answer are waited for.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// So much of a refusal's text is shown.
const REFUSAL_BYTES_MAX: usize = 4096;

/// Why the server could not be heard.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectionError {
    /// No connection.
    #[error("no connection to {0}: {1}")]
    Connect(String, String),
    /// Nothing in time.
    #[error("nothing was heard from {0} for {1:?}")]
    Silent(String, Duration),
    /// It broke.
    #[error("the connection to {0} broke: {1}")]
    Broken(String, String),
    /// It ended.
    #[error("{0} ended the feed")]
    Ended(String),
    /// Refused.
    #[error("{0} refused `{1}` with status {2}: {3}")]
    Refused(String, &'static str, u16, String),
    /// Longer than any line.
    #[error("{0} sent a line of more than {LINE_BYTES_MAX} bytes")]
    LongLine(String),
    /// This gate cannot say who it is.
    #[error("this gate cannot prove who it is: {0}")]
    Proof(String),
}

/// The server, and who asks.
pub(super) struct Server {
    pub(super) authority: http::uri::Authority,
    pub(super) enrolment: Enrolment,
    pub(super) key: SigningKey,
    /// Nothing heard for so long ends a connection.
    pub(super) silence: Duration,
}

/// Ends the task behind a connection with it.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The open feed.
pub(super) struct Stream {
    body: Incoming,
    held: BytesMut,
    /// Bytes of `held` in which no line break was found.
    searched: usize,
    silence: Duration,
    at: String,
    _driver: Driver,
}

impl Server {
    pub(super) fn shown(&self) -> String {
        format!("http://{}", self.authority)
    }

    /// Opens the feed behind the version held, and says what that version is.
    pub(super) async fn follow(
        &self,
        from: u64,
        mark: Option<Mark>,
        now: Timestamp,
    ) -> Result<Stream, ConnectionError> {
        let mark = mark.map(|mark| format!("&mark={mark}")).unwrap_or_default();
        // Segments are sent to whoever can read them: of a ramp, rules may name one.
        let target = format!("/v1/feed?from={from}{mark}&segments=1");
        let (response, driver) = self.ask(Method::GET, REQUEST_FEED, &target, Bytes::new(), now).await?;
        Ok(Stream {
            body: response,
            held: BytesMut::new(),
            searched: 0,
            silence: self.silence,
            at: self.shown(),
            _driver: driver,
        })
    }

    /// Hands in an acknowledgement.
    pub(super) async fn acknowledge(&self, signed: String, now: Timestamp) -> Result<(), ConnectionError> {
        let target = "/v1/feed/acknowledgements";
        self.ask(Method::POST, REQUEST_ACKNOWLEDGE, target, signed.into(), now).await.map(|_| ())
    }

    async fn ask(
        &self,
        method: Method,
        what: &'static str,
        target: &str,
        body: Bytes,
        now: Timestamp,
    ) -> Result<(Incoming, Driver), ConnectionError> {
        let asked = self.answer(method, what, target, body, now);
        match tokio::time::timeout(ANSWER_MAX, asked).await {
            Ok(answered) => answered,
            Err(_) => Err(ConnectionError::Silent(self.shown(), ANSWER_MAX)),
        }
    }

    async fn answer(
        &self,
        method: Method,
        what: &'static str,
        target: &str,
        body: Bytes,
        now: Timestamp,
    ) -> Result<(Incoming, Driver), ConnectionError> {
        let connect =
            |error: &dyn std::error::Error| ConnectionError::Connect(self.shown(), with_cause(error));
        let port = self.authority.port_u16().unwrap_or(80);
        let host = self.authority.host().trim_start_matches('[').trim_end_matches(']');
        let tcp = TcpStream::connect((host, port)).await.map_err(|error| connect(&error))?;
        tcp.set_nodelay(true).map_err(|error| connect(&error))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(tcp))
            .await
            .map_err(|error| connect(&error))?;
        let driver = Driver(tokio::spawn(async move {
            let _ = connection.await;
        }));
        let proof = self.proof(what, now)?;
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .header(header::HOST, self.authority.as_str())
            .header(header::AUTHORIZATION, format!("Bearer {proof}"));
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/jose");
        }
        let request =
            request.body(Full::new(body)).map_err(|error| ConnectionError::Proof(error.to_string()))?;
        let broken = |error: hyper::Error| ConnectionError::Broken(self.shown(), with_cause(&error));
        let response = sender.send_request(request).await.map_err(broken)?;
        if response.status().is_success() {
            return Ok((response.into_body(), driver));
        }
        Err(self.refused(what, response.status(), response.into_body()).await)
    }

    async fn refused(&self, what: &'static str, status: StatusCode, body: Incoming) -> ConnectionError {
        let text = Limited::new(body, REFUSAL_BYTES_MAX).collect().await;
        let text =
            text.map(|text| String::from_utf8_lossy(&text.to_bytes()).into_owned()).unwrap_or_default();
        ConnectionError::Refused(self.shown(), what, status.as_u16(), text.escape_debug().collect())
    }

    fn proof(&self, request: &str, now: Timestamp) -> Result<String, ConnectionError> {
        let nonce =
            crate::entropy::draw::<16>().map_err(|error| ConnectionError::Proof(error.to_string()))?;
        let proof = GateProof {
            gate: self.enrolment.gate.clone(),
            venue: self.enrolment.venue.clone(),
            request: request.to_owned(),
            at: now,
            nonce: hex::encode(nonce.as_slice()),
        };
        proof.sign(&self.key).map_err(|error| ConnectionError::Proof(error.to_string()))
    }
}

impl Stream {
    /// The next line.
    pub(super) async fn line(&mut self) -> Result<String, ConnectionError> {
        loop {
            if let Some(line) = self.take_line() {
                return Ok(line);
            }
            if self.held.len() > LINE_BYTES_MAX {
                return Err(ConnectionError::LongLine(self.at.clone()));
            }
            let frame = match tokio::time::timeout(self.silence, self.body.frame()).await {
                Err(_) => return Err(ConnectionError::Silent(self.at.clone(), self.silence)),
                Ok(None) => return Err(ConnectionError::Ended(self.at.clone())),
                Ok(Some(Err(error))) => {
                    return Err(ConnectionError::Broken(self.at.clone(), with_cause(&error)));
                }
                Ok(Some(Ok(frame))) => frame,
            };
            if let Some(data) = frame.data_ref() {
                self.held.extend_from_slice(data);
            }
        }
    }

    fn take_line(&mut self) -> Option<String> {
        let unsearched = self.held.get(self.searched..)?;
        let Some(at) = unsearched.iter().position(|byte| *byte == b'\n') else {
            self.searched = self.held.len();
            return None;
        };
        let mut line = self.held.split_to(self.searched + at + 1);
        self.searched = 0;
        line.truncate(line.len() - 1);
        // What is not UTF-8 is no frame either; the follower says so.
        Some(String::from_utf8_lossy(&line).into_owned())
    }
}

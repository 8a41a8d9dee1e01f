//! One request to the server and its answer.
//!
//! Every write carries an `Idempotency-Key`, so that a command that lost its answer can be repeated without doing twice
//! what it asks for. Redirects are not followed: a token goes to the server that was named and nowhere else.

use super::asker::Asker;
use super::problem::Problem;
use super::prompt;
use crate::exit::{BadInput, Failed};
use crate::{entropy, output};
use http::{Method, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;
use ureq::SendBody;
use zeroize::Zeroizing;

/// Longest wait for a connection: a server that is there answers in milliseconds.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// Longest wait for a whole answer: the slowest write waits for a database and its disk.
const ANSWER_MAX: Duration = Duration::from_secs(60);
/// Longest wait for the answer once all of a stream has left: what the server has not written yet is what its connection holds.
const STREAM_ANSWER_MAX: Duration = Duration::from_secs(300);
/// Largest answer read, in bytes: a list's page has a thousand entries of some kilobytes at most.
const ANSWER_BYTES_MAX: u64 = 64 << 20;
/// Bytes of a made-up idempotency key: no two ever meet.
const IDEMPOTENCY_BYTES: usize = 16;
/// What stands in a path segment as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'@');

/// One request, before it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    body: Option<Value>,
    /// Lines instead of a document.
    lines: Option<Zeroizing<Vec<u8>>>,
    idempotency: Option<String>,
    if_match: Option<String>,
    secret_answer: bool,
}

impl Call {
    fn new(method: Method, segments: &[&str]) -> Self {
        let mut path = String::from("/v1");
        for segment in segments {
            path.push('/');
            path.extend(utf8_percent_encode(segment, SEGMENT));
        }
        Self {
            method,
            path,
            query: Vec::new(),
            body: None,
            lines: None,
            idempotency: None,
            if_match: None,
            secret_answer: false,
        }
    }

    /// Reads what stands under these path segments, `v1` before them.
    pub(crate) fn get(segments: &[&str]) -> Self {
        Self::new(Method::GET, segments)
    }

    /// Does something.
    pub(crate) fn post(segments: &[&str], body: Value) -> Self {
        Self { body: Some(body), ..Self::new(Method::POST, segments) }
    }

    /// Hands in lines. They may be handed in again without doing twice what they ask for.
    pub(crate) fn lines(segments: &[&str], lines: Zeroizing<Vec<u8>>) -> Self {
        Self { lines: Some(lines), ..Self::new(Method::POST, segments) }
    }

    /// Hands in all lines of something at once, by [`Client::stream`]; whatever was there before counts no more.
    pub(crate) fn put_stream(segments: &[&str]) -> Self {
        Self { lines: Some(Zeroizing::default()), ..Self::new(Method::PUT, segments) }
    }

    /// Does something that needs no more words.
    pub(crate) fn act(segments: &[&str]) -> Self {
        Self::new(Method::POST, segments)
    }

    /// Creates or replaces something wholly.
    pub(crate) fn put(segments: &[&str], body: Value) -> Self {
        Self { body: Some(body), ..Self::new(Method::PUT, segments) }
    }

    /// Takes something away.
    pub(crate) fn delete(segments: &[&str]) -> Self {
        Self::new(Method::DELETE, segments)
    }

    /// With this parameter.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.push((name.to_owned(), value.into()));
        self
    }

    /// With this parameter, if there is a value.
    pub(crate) fn with_some(self, name: &str, value: Option<&String>) -> Self {
        match value {
            Some(value) => self.with(name, value.as_str()),
            None => self,
        }
    }

    /// Under this idempotency key.
    pub(crate) fn under(mut self, key: String) -> Self {
        self.idempotency = Some(key);
        self
    }

    /// Only if the version is still this one.
    pub(crate) fn if_match(mut self, version: Option<&String>) -> Self {
        self.if_match = version.map(|version| format!("\"{}\"", version.trim_matches('"')));
        self
    }

    /// The answer holds a secret that is shown this once.
    pub(crate) fn secret(mut self) -> Self {
        self.secret_answer = true;
        self
    }

    fn target(&self) -> String {
        let mut target = self.path.clone();
        for (at, (name, value)) in self.query.iter().enumerate() {
            target.push(if at == 0 { '?' } else { '&' });
            target.push_str(name);
            target.push('=');
            target.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
        }
        target
    }
}

/// A key for one write.
///
/// # Errors
/// The operating system gives no entropy.
pub(crate) fn idempotency_key() -> Result<String, Failed> {
    Ok(hex::encode(*entropy::draw::<IDEMPOTENCY_BYTES>()?))
}

/// What the server said.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// Its text.
    pub(crate) text: String,
    /// Its text as JSON; null if it is none.
    pub(crate) json: Value,
}

/// A server, and the token shown to it.
pub(crate) struct Client {
    agent: ureq::Agent,
    server: String,
    token: Option<Zeroizing<String>>,
    asker: Asker,
    /// The code of a second factor, shown if one is asked for.
    code: Option<Zeroizing<String>>,
    json: bool,
}

impl Client {
    /// A client of this server that shows this token, whose it is.
    ///
    /// # Errors
    /// The server's address is none.
    pub(crate) fn new(
        server: &str,
        (token, asker): (Option<Zeroizing<String>>, Asker),
        json: bool,
    ) -> Result<Self, BadInput> {
        let server = address(server)?;
        if token.is_some() && in_the_open(&server) {
            tracing::warn!(
                "`{server}` is plain http to another machine: whoever listens can use this session"
            );
        }
        Ok(Self { agent: agent(), server, token, asker, code: None, json })
    }

    /// The server's address.
    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// As whom it asks.
    pub(crate) fn asker(&self) -> &Asker {
        &self.asker
    }

    /// With this code, to be shown if a second factor is asked for.
    pub(crate) fn with_code(mut self, code: Option<String>) -> Self {
        self.code = code.map(Zeroizing::new);
        self
    }

    /// Sends it. Where it takes a second factor shown lately, the code given is shown and it is sent once more; without one, it is asked for
    /// if there is a terminal.
    ///
    /// # Errors
    /// The server cannot be reached, or it said no; what it said is told as people or programs read it.
    pub(crate) fn send(&self, call: &Call) -> anyhow::Result<Answer> {
        match self.ask(call)? {
            Ok(answer) => Ok(answer),
            Err(problem) if problem.wants_second_factor() && self.can_step_up() => {
                self.step_up()?;
                self.ask(call)?.or_else(|problem| Err(self.said_no(problem)?))
            }
            Err(problem) => Err(self.said_no(problem)?),
        }
    }

    fn can_step_up(&self) -> bool {
        self.asker.step_up().is_some() && (self.code.is_some() || !self.json && prompt::can_ask())
    }

    fn step_up(&self) -> anyhow::Result<()> {
        let code = match &self.code {
            Some(code) => code.clone(),
            None => prompt::secret("this takes a second factor; its code now", "--code", None)?,
        };
        let call = Call::post(&["sessions", "current", "step-up"], serde_json::json!({ "totp": *code }));
        self.ask(&call)?.map(drop).or_else(|problem| Err(self.said_no(problem)?))
    }

    /// As [`Client::send`], of lines whose places are elsewhere: what is said of line N is said of the place that `at` names.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub(crate) fn send_lines(
        &self,
        call: &Call,
        at: &dyn Fn(u64) -> Option<String>,
    ) -> anyhow::Result<Answer> {
        self.ask(call)?.or_else(|problem| Err(self.said_no(problem.of_lines(at))?))
    }

    /// Sends lines as they are read, however many; asked whether they are wanted before the first leaves.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub(crate) fn stream(&self, call: &Call, lines: &mut dyn Read) -> anyhow::Result<Answer> {
        let request = self.head(call).header(header::CONTENT_TYPE, "application/x-ndjson");
        let request = request.header(header::EXPECT, "100-continue");
        let request = request.body(SendBody::from_reader(lines)).map_err(malformed)?;
        let request = self.agent.configure_request(request).timeout_global(None);
        let request = request.timeout_recv_response(Some(STREAM_ANSWER_MAX)).build();
        let answer = self.answered(call, self.agent.run(request))?;
        answer.or_else(|problem| Err(self.said_no(problem)?))
    }

    /// Method, place, and who asks.
    fn head(&self, call: &Call) -> http::request::Builder {
        let mut request = http::Request::builder()
            .method(call.method.clone())
            .uri(format!("{}{}", self.server, call.target()))
            .header(header::ACCEPT, "application/json, application/problem+json, text/plain");
        if let Some(token) = &self.token {
            let value = Zeroizing::new(format!("Bearer {}", **token));
            request = request.header(header::AUTHORIZATION, value.as_str());
        }
        if let Some(key) = &call.idempotency {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(version) = &call.if_match {
            request = request.header(header::IF_MATCH, version);
        }
        request
    }

    fn ask(&self, call: &Call) -> anyhow::Result<Result<Answer, Problem>> {
        let request = self.head(call);
        let sent = match &call.body {
            None if call.lines.is_some() => {
                let lines = call.lines.as_ref().map(|lines| lines.as_slice()).unwrap_or_default();
                let request = request.header(header::CONTENT_TYPE, "application/x-ndjson");
                self.agent.run(request.body(lines).map_err(malformed)?)
            }
            None => self.agent.run(request.body(()).map_err(malformed)?),
            Some(body) => {
                let body = Zeroizing::new(serde_json::to_vec(body)?);
                let request = request.header(header::CONTENT_TYPE, "application/json");
                self.agent.run(request.body(body.as_slice()).map_err(malformed)?)
            }
        };
        self.answered(call, sent)
    }

    fn answered(
        &self,
        call: &Call,
        sent: Result<http::Response<ureq::Body>, ureq::Error>,
    ) -> anyhow::Result<Result<Answer, Problem>> {
        let mut response = sent.map_err(|error| self.unreached(call, &error))?;
        let text = response
            .body_mut()
            .with_config()
            .limit(ANSWER_BYTES_MAX)
            .read_to_string()
            .map_err(|error| self.unreached(call, &error))?;
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        let status = response.status();
        if status.is_success() {
            return Ok(Ok(Answer { text, json }));
        }
        Ok(Err(Problem::of(status.as_u16(), &json, &self.server, &self.asker)))
    }

    fn said_no(&self, problem: Problem) -> anyhow::Result<anyhow::Error> {
        if self.json {
            output::json(&problem.document())?;
            return Ok(crate::exit::AlreadyTold(problem.exit_code()).into());
        }
        Ok(problem.into_error())
    }

    fn unreached(&self, call: &Call, error: &ureq::Error) -> Failed {
        let again = match &call.idempotency {
            Some(_) if call.secret_answer => {
                "; it may have been done all the same, and what it would have shown is shown only once: look first"
                    .to_owned()
            }
            Some(key) => format!(
                "; it may have been done all the same: repeat the command with `--idempotency-key {key}` and it is \
                 done at most once"
            ),
            None if call.lines.is_some() => {
                "; repeat the command as it was: what went in already is not done again".to_owned()
            }
            None => String::new(),
        };
        Failed(format!(
            "no answer from `{}`: {error}; is `sumun serve` or `sumun govern` running there? Name another with \
             `--server`{again}",
            self.server
        ))
    }
}

/// Connections, with the deadlines and the trust in certificates that every client here has.
pub(crate) fn agent() -> ureq::Agent {
    let tls = ureq::tls::TlsConfig::builder()
        .root_certs(ureq::tls::RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_connect(Some(CONNECT_MAX))
        .timeout_global(Some(ANSWER_MAX))
        .user_agent(concat!("sumun/", env!("CARGO_PKG_VERSION")))
        .tls_config(tls)
        .build()
        .into()
}

fn malformed(error: http::Error) -> BadInput {
    BadInput(format!("what was given cannot stand in a request: {error}"))
}

/// `http://host:port` or `https://…`, without a slash at its end.
pub(crate) fn address(text: &str) -> Result<String, BadInput> {
    let shown: String = text.chars().take(200).collect();
    let bad =
        |what: &str| BadInput(format!("`{shown}` {what}; a server is written as http://127.0.0.1:8070"));
    let uri: http::Uri = text.parse().map_err(|_| bad("is no address of a server"))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none_or(str::is_empty) {
        return Err(bad("is no address of a server"));
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(BadInput(
            "the server's address holds credentials; sign in with `sumun login` instead".to_owned(),
        ));
    }
    if uri.query().is_some() {
        return Err(bad("has a query"));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// Plain http to another machine.
pub(crate) fn in_the_open(server: &str) -> bool {
    let Ok(uri) = server.parse::<http::Uri>() else { return false };
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let here = host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback());
    uri.scheme_str() == Some("http") && !here
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_parameters_are_escaped() {
        let call = Call::get(&["keys", "K/1 ?", "timeline"]).with("after", "a&b=c");
        assert_eq!(call.target(), "/v1/keys/K%2F1%20%3F/timeline?after=a%26b%3Dc");
    }

    #[test]
    fn servers() {
        assert_eq!(address("http://127.0.0.1:1/").unwrap(), "http://127.0.0.1:1");
        assert_eq!(address("https://sumun.example/govern").unwrap(), "https://sumun.example/govern");
        for bad in ["", "127.0.0.1:1", "ftp://x", "http://", "http://a?b", "http://n:made-up-password@h"] {
            let said = address(bad).unwrap_err().to_string();
            assert!(!said.contains("made-up-password"), "{said}");
        }
    }

    #[test]
    fn only_plain_http_to_elsewhere_is_in_the_open() {
        for (server, open) in [
            ("http://127.0.0.1:1", false),
            ("http://localhost:1", false),
            ("http://[::1]:1", false),
            ("https://sumun.example", false),
            ("http://sumun.example", true),
            ("http://192.0.2.1:8070", true),
        ] {
            assert_eq!(in_the_open(server), open, "{server}");
        }
    }
}

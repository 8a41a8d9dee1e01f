//! Where lines are handed in: `POST /v1/events` of a control plane, as anybody with a machine's token may.

use crate::exit::BadInput;
use flate2::{Compression, write::GzEncoder};
use serde::Deserialize;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// The variable that holds the token where no file does: as of the command `sumun`.
const TOKEN_VARIABLE: &str = "SUMUN_TOKEN";
/// A batch at least so large is packed.
const PACKED_FROM_BYTES: usize = 2048;
/// So much of an answer is read.
const ANSWER_BYTES_MAX: u64 = 64 << 10;
/// Longest wait for a connection.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// Longest wait for a whole answer: well below the time after which a group gives the partitions of a silent member to others.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// Longest wait that an answer may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(300);

/// Why lines were not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum DoorError {
    /// One line may not be taken, from 0.
    #[error("line {0} is refused: {1}")]
    Line(usize, String),
    /// One line, from 0, is ahead of the control plane's clock: later it may be taken, and those before it now.
    #[error("{1}")]
    Ahead(usize, String),
    /// It is too much at once.
    #[error("{0}")]
    TooMuch(String),
    /// Nothing is known of it; later it may be taken, and not before so much time has passed if that was said.
    #[error("{0}")]
    Later(String, Option<Duration>),
}

/// What is said of a partition beside its lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) bytes_behind: u64,
    pub(super) holes: u64,
    pub(super) lines_refused: u64,
}

/// Lines to hand in.
pub(super) struct Batch<'a> {
    /// Which log.
    pub(super) log: &'a str,
    /// Position of the first.
    pub(super) from: u64,
    /// The highest position believed to be held.
    pub(super) after: u64,
    pub(super) lines: &'a [&'a str],
    /// Nothing is said where it is not known yet.
    pub(super) told: Option<Told>,
}

/// A control plane.
pub(super) struct Door {
    agent: ureq::Agent,
    server: String,
    token_file: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Answer {
    held: u64,
}

#[derive(Default, Deserialize)]
struct Refused {
    #[serde(default)]
    code: String,
    #[serde(default)]
    detail: String,
    pointer: Option<String>,
}

impl Door {
    /// To this server.
    ///
    /// # Errors
    /// There is no token.
    pub(super) fn new(server: &str, token_file: Option<PathBuf>) -> Result<Self, BadInput> {
        if in_the_open(server) {
            tracing::warn!(
                "`{server}` is plain http to another machine: whoever listens reads the log and the token"
            );
        }
        let tls = ureq::tls::TlsConfig::builder()
            .root_certs(ureq::tls::RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT_MAX))
            .timeout_global(Some(ANSWER_MAX))
            .user_agent(concat!("sumun-kafka/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls)
            .build()
            .into();
        let door = Self { agent, server: server.to_owned(), token_file };
        // Read now, so that a missing one is told at once.
        door.token()?;
        Ok(door)
    }

    /// The token, read anew each time: one that was exchanged is used at once.
    fn token(&self) -> Result<Zeroizing<String>, BadInput> {
        let token = match &self.token_file {
            Some(path) => {
                crate::settings::secret(path).map_err(|what| BadInput(format!("`tap.token_file`: {what}")))?
            }
            None => Zeroizing::new(std::env::var(TOKEN_VARIABLE).unwrap_or_default()),
        };
        let token = Zeroizing::new(token.trim().to_owned());
        if token.is_empty() {
            return Err(BadInput(format!(
                "there is no token: `sumun tokens make` makes one of the role `exchange_backend`; name its file as `tap.token_file`, or put it \
                 into {TOKEN_VARIABLE}"
            )));
        }
        Ok(token)
    }

    /// Asks what is held of a log.
    pub(super) fn held(&self, log: &str, told: Option<Told>) -> Result<u64, DoorError> {
        self.take(&Batch { log, from: 1, after: 0, lines: &[], told })
    }

    /// Hands a batch in; returns the highest position held.
    pub(super) fn take(&self, batch: &Batch<'_>) -> Result<u64, DoorError> {
        let later = |what: String| DoorError::Later(format!("{}: {what}", self.server), None);
        let token = self.token().map_err(|error| DoorError::Later(error.to_string(), None))?;
        let mut target =
            format!("{}/v1/events?from={}&after={}&log={}", self.server, batch.from, batch.after, batch.log);
        if let Some(Told { bytes_behind, holes, lines_refused }) = batch.told {
            // Kafka numbers messages: how many are gone is counted as positions that are passed over, and bytes nobody knows.
            target.push_str(&format!(
                "&bytes_behind={bytes_behind}&bytes_lost=0&holes={holes}&lines_refused={lines_refused}"
            ));
        }
        let mut body = Vec::new();
        for line in batch.lines {
            body.extend_from_slice(line.as_bytes());
            body.push(b'\n');
        }
        let mut request = http::Request::post(target)
            .header(http::header::CONTENT_TYPE, "application/x-ndjson")
            .header(http::header::AUTHORIZATION, Zeroizing::new(format!("Bearer {}", *token)).as_str());
        if body.len() >= PACKED_FROM_BYTES {
            let mut out = GzEncoder::new(Vec::new(), Compression::fast());
            let packed = out.write_all(&body).and_then(|()| out.finish());
            body = packed.map_err(|error| later(error.to_string()))?;
            request = request.header(http::header::CONTENT_ENCODING, "gzip");
        }
        let request = request.body(body.as_slice()).map_err(|error| later(error.to_string()))?;
        let mut response = self.agent.run(request).map_err(|error| later(format!("no answer: {error}")))?;
        let status = response.status().as_u16();
        let wait = response.headers().get(http::header::RETRY_AFTER).and_then(|wait| wait.to_str().ok());
        let wait = wait.and_then(|wait| wait.trim().parse().ok()).map(Duration::from_secs);
        let text = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        let text = text.map_err(|error| later(format!("no whole answer: {error}")))?;
        if status == 200 {
            let answer = serde_json::from_slice::<Answer>(&text);
            return answer.map(|answer| answer.held).map_err(|error| later(format!("no answer: {error}")));
        }
        let refused = serde_json::from_slice::<Refused>(&text).unwrap_or_default();
        let line = refused.pointer.as_deref().and_then(|at| at.strip_prefix("line ")?.parse::<usize>().ok());
        let said = format!("{}: {status} {}: {}", self.server, refused.code, refused.detail);
        match line.and_then(|line| line.checked_sub(1)) {
            Some(index) if refused.code == "line_refused" && index < batch.lines.len() => {
                Err(DoorError::Line(index, refused.detail))
            }
            Some(index) if refused.code == "line_ahead" && index < batch.lines.len() => {
                Err(DoorError::Ahead(index, said))
            }
            _ if status == 413 => Err(DoorError::TooMuch(said)),
            _ => Err(DoorError::Later(said, wait.map(|wait| wait.min(RETRY_AFTER_MAX)))),
        }
    }
}

/// `http://host:port` or `https://…`, without a slash at its end.
pub(super) fn address(text: &str) -> Result<String, String> {
    let shown: String = text.chars().take(200).collect();
    let bad = || format!("`{shown}` is no address of a server, which is written as http://127.0.0.1:8070");
    let uri: http::Uri = text.parse().map_err(|_| bad())?;
    let authority = uri.authority().ok_or_else(bad)?;
    if authority.as_str().contains('@') {
        return Err("the server's address holds credentials; put the token into `tap.token_file`".to_owned());
    }
    if !matches!(uri.scheme_str(), Some("http" | "https"))
        || authority.host().is_empty()
        || uri.query().is_some()
    {
        return Err(bad());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// Plain http to another machine.
fn in_the_open(server: &str) -> bool {
    let Ok(uri) = server.parse::<http::Uri>() else { return false };
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let here = host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback());
    uri.scheme_str() == Some("http") && !here
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Read};
    use std::net::TcpListener;

    /// Somebody who answers once.
    fn answers(head: &str, body: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let answer =
            format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
        std::thread::spawn(move || {
            let mut reader = BufReader::new(listener.accept().unwrap().0);
            let (mut line, mut length) = (String::new(), 0);
            while reader.read_line(&mut line).unwrap() > 2 {
                if let Some(of) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = of.trim().parse().unwrap();
                }
                line.clear();
            }
            reader.read_exact(&mut vec![0; length]).unwrap();
            reader.get_mut().write_all(answer.as_bytes()).unwrap();
        });
        format!("http://{at}")
    }

    fn told(head: &str, body: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "made-up-token\n").unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let server = answers(head, body);
        let door = Door::new(&server, Some(path)).unwrap();
        let batch = Batch { log: "kafka.made-up.0", from: 7, after: 6, lines: &["{}", "{}"], told: None };
        match door.take(&batch) {
            Ok(held) => format!("held {held}"),
            Err(error) => format!("{error:?}").replace(&server, "SERVER"),
        }
    }

    #[test]
    fn what_an_answer_means() {
        let line =
            |code: &str, at: &str| format!(r#"{{"code":"{code}","detail":"made up","pointer":"{at}"}}"#);
        let said = [
            told("200 OK", r#"{"source":"exchange:kafka.made-up.0","held":8,"taken":2,"skipped":0}"#),
            told("200 OK", "<html>"),
            told("422 Unprocessable", &line("line_refused", "line 2")),
            told("422 Unprocessable", &line("line_ahead", "line 1")),
            told("422 Unprocessable", &line("line_refused", "line 3")),
            told("409 Conflict", &line("events_gap", "after")),
            told("413 Too Large", &line("unpacked_too_large", "")),
            told("429 Too Many\r\nretry-after: 7", ""),
            told("503 Unavailable\r\nretry-after: 86400", "{}"),
            told("503 Unavailable\r\nretry-after: Sat, 21 Nov 2026 09:00:00 GMT", "{}"),
            told("401 Unauthorized", r#"{"code":"not_signed_in","detail":"made up"}"#),
        ];
        insta::assert_snapshot!(said.join("\n"));
    }
}

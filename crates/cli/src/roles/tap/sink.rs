//! Where lines are handed in: a control plane over HTTP, or the one of this process.

use crate::client::TOKEN_VARIABLE;
use crate::client::connection::{address, agent, in_the_open};
use crate::exit::BadInput;
use crate::roles::tap::settings::Settings;
use flate2::{Compression, write::GzEncoder};
use serde::Deserialize;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use sumun_server::Server;
use sumun_server::events::{FilesTold, TapBatch, TapRefusal, take_of_tap};
use sumun_tap::Made;
use tracing::warn;
use zeroize::Zeroizing;

/// A batch at least so large is packed.
const PACKED_FROM_BYTES: usize = 2048;
/// So much of an answer is read.
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// Why lines were not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum SinkError {
    /// One line may not be taken, from 0.
    #[error("line {0} is refused: {1}")]
    Line(usize, String),
    /// One line, from 0, is ahead of the control plane's clock: later it may be taken, and those before it now.
    #[error("{1}")]
    Ahead(usize, String),
    /// Nothing was taken; later it may be.
    #[error("{0}")]
    Later(String),
}

/// Lines to hand in.
pub(super) struct Batch<'a> {
    /// Which log.
    pub(super) log: &'a str,
    /// Position of the first.
    pub(super) from: u64,
    /// The highest position believed to be held.
    pub(super) after: u64,
    pub(super) made: &'a [Made],
    pub(super) files: FilesTold,
}

/// Where to.
pub(super) enum Sink {
    Http(Http),
    Own { server: Arc<Server>, runtime: tokio::runtime::Handle },
}

/// A control plane that is another process.
pub(super) struct Http {
    agent: ureq::Agent,
    server: String,
    token_file: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Answer {
    held: u64,
}

#[derive(Deserialize)]
struct Refused {
    #[serde(default)]
    code: String,
    #[serde(default)]
    detail: String,
    pointer: Option<String>,
}

impl Sink {
    pub(super) fn http(server: &str, settings: &Settings) -> anyhow::Result<Self> {
        let server = address(server)?;
        if in_the_open(&server) {
            warn!("`{server}` is plain http to another machine: whoever listens reads the log and the token");
        }
        let http = Http { agent: agent(), server, token_file: settings.token_file.clone() };
        // Read now, so that a missing one is told at once.
        http.token()?;
        Ok(Self::Http(http))
    }

    pub(super) const fn own(server: Arc<Server>, runtime: tokio::runtime::Handle) -> Self {
        Self::Own { server, runtime }
    }

    /// Hands a batch in, or asks with one without lines; returns the highest position held.
    pub(super) fn take(&self, batch: &Batch<'_>) -> Result<u64, SinkError> {
        match self {
            Self::Http(http) => http.take(batch),
            Self::Own { server, runtime } => {
                let lines = batch.made.iter().map(|made| (made.line.clone(), made.text.clone())).collect();
                let (from, after) = (batch.from, batch.after);
                let batch = TapBatch { log: batch.log.to_owned(), from, after, lines, files: batch.files };
                match runtime.block_on(take_of_tap(server, batch)) {
                    Ok(taken) => Ok(taken.held),
                    Err(TapRefusal::Line { index, cause }) => Err(SinkError::Line(index, cause)),
                    Err(TapRefusal::Ahead { index, cause }) => Err(SinkError::Ahead(index, cause)),
                    Err(refusal @ TapRefusal::Log(_)) => Err(SinkError::Later(refusal.to_string())),
                }
            }
        }
    }
}

impl Http {
    /// The token, read anew each time: one that was exchanged is used at once.
    fn token(&self) -> Result<Zeroizing<String>, BadInput> {
        let token = match &self.token_file {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| BadInput(format!("`tap.token_file`: `{}`: {error}", path.display())))?,
            None => std::env::var(TOKEN_VARIABLE).unwrap_or_default(),
        };
        let token = Zeroizing::new(token.trim().to_owned());
        if token.is_empty() {
            return Err(BadInput(format!(
                "there is no token: `sumun tokens make` makes one of the role `exchange_backend`; name its file as `tap.token_file`, or \
                 put it into {TOKEN_VARIABLE}"
            )));
        }
        Ok(token)
    }

    fn take(&self, batch: &Batch<'_>) -> Result<u64, SinkError> {
        let later = |what: String| SinkError::Later(format!("{}: {what}", self.server));
        let token = self.token().map_err(|error| SinkError::Later(error.to_string()))?;
        let FilesTold { bytes_behind, bytes_lost, holes, lines_refused, found } = batch.files;
        let found = found.map(|found| format!("&files_found={found}")).unwrap_or_default();
        let target = format!(
            "{}/v1/events?from={}&after={}&log={}&bytes_behind={bytes_behind}&bytes_lost={bytes_lost}&holes={holes}&lines_refused={lines_refused}{found}",
            self.server, batch.from, batch.after, batch.log
        );
        let mut body = Vec::new();
        for made in batch.made {
            body.extend_from_slice(made.text.as_bytes());
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
        let text = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        let text = text.map_err(|error| later(format!("no whole answer: {error}")))?;
        if status == 200 {
            let answer = serde_json::from_slice::<Answer>(&text);
            return answer.map(|answer| answer.held).map_err(|error| later(format!("no answer: {error}")));
        }
        let refused =
            serde_json::from_slice::<Refused>(&text).map_err(|_| later(format!("status {status}")))?;
        let line = refused.pointer.as_deref().and_then(|at| at.strip_prefix("line ")?.parse::<usize>().ok());
        match line.and_then(|line| line.checked_sub(1)) {
            Some(index) if refused.code == "line_refused" && index < batch.made.len() => {
                Err(SinkError::Line(index, refused.detail))
            }
            Some(index) if refused.code == "line_ahead" && index < batch.made.len() => {
                Err(SinkError::Ahead(index, format!("{}: {}", self.server, refused.detail)))
            }
            _ => Err(later(format!("{status} {}: {}", refused.code, refused.detail))),
        }
    }
}

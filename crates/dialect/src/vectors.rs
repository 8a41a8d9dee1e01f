//! Judges a file of signed requests, for `sumun request check`.
//!
//! The format is that of the acceptance vectors: one object with `vectors` and, if wanted, `sequences`; other
//! members, at the top and inside, are notes. Pure: the caller reads the file and prints the judgements. State is fresh for each
//! vector and each sequence. What a vector expects is not looked at; a judgement is what this crate finds.

use crate::dialect::Dialect;
use crate::explain::{self, Outcome};
use crate::key::MacKey;
use crate::request::RawRequest;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::fmt;
use sumun_model::ApiSecret;

/// A file that cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum VectorFileError {
    /// Not JSON of the expected form.
    #[error("line {line}, column {column}: `{path}`: {message}")]
    Form {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// Where in the document, such as `vectors[3].headers`.
        path: String,
        /// What is wrong.
        message: String,
    },
    /// A vector that is no request.
    #[error("vector `{id}`: {message}")]
    Vector {
        /// The vector's id.
        id: String,
        /// What is wrong.
        message: String,
    },
    /// A sequence that cannot be presented.
    #[error("sequence `{id}`: {message}")]
    Sequence {
        /// The sequence's id.
        id: String,
        /// What is wrong.
        message: String,
    },
}

/// One line of output: a vector, or one step of a sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Id of the vector, or `<sequence>#<step>` from 1.
    pub id: String,
    /// What was found.
    pub verdict: JudgedVerdict,
    /// Why it was not accepted, in the vector file's own words.
    pub reason: Option<&'static str>,
    /// Why it was not accepted, as the gate's reason code.
    pub code: Option<&'static str>,
    /// The finding in prose.
    pub explanation: String,
}

/// What a judgement can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum JudgedVerdict {
    /// Signature and binding verify.
    Accept,
    /// They do not, or the nonce was seen.
    Reject,
    /// A scheme that no dialect here speaks.
    Unsupported,
}

impl Judgement {
    /// The line to print: the vector file's words, or with `codes` the gate's reason codes.
    #[must_use]
    pub fn line(&self, codes: bool) -> String {
        #[derive(Serialize)]
        struct Line<'a> {
            id: &'a str,
            verdict: JudgedVerdict,
            reason: Option<&'static str>,
        }
        let reason = if codes { self.code } else { self.reason };
        // A string, a word and an optional string always serialise.
        serde_json::to_string(&Line { id: &self.id, verdict: self.verdict, reason }).unwrap_or_default()
    }
}

/// Judges every vector, then every step of every sequence, in the file's order.
///
/// # Errors
/// The file is not of the format, a vector is no request, or a sequence names a vector that is not there.
pub fn judge(text: &[u8]) -> Result<Vec<Judgement>, VectorFileError> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let file: File = serde_path_to_error::deserialize(&mut json)
        .map_err(|e| form_error(e.path().to_string(), &e.into_inner()))?;
    json.end().map_err(|e| form_error("$".to_owned(), &e))?;

    let mut vectors = Vec::with_capacity(file.vectors.len());
    let mut by_id = HashMap::with_capacity(file.vectors.len());
    for raw in file.vectors {
        let vector = Vector::new(raw)?;
        if by_id.insert(vector.id.clone(), vectors.len()).is_some() {
            return Err(VectorFileError::Vector {
                id: vector.id,
                message: "this id is there twice".to_owned(),
            });
        }
        vectors.push(vector);
    }
    let mut judgements: Vec<_> =
        vectors.iter().map(|v| v.judge(v.id.clone(), &mut ReplayMemory::default())).collect();
    for sequence in &file.sequences {
        let mut memory = ReplayMemory::default();
        for (step, id) in sequence.present.iter().enumerate() {
            let vector =
                by_id.get(id).and_then(|at| vectors.get(*at)).ok_or_else(|| VectorFileError::Sequence {
                    id: sequence.id.clone(),
                    message: format!("step {} presents `{id}`, which is no vector of this file", step + 1),
                })?;
            judgements.push(vector.judge(format!("{}#{}", sequence.id, step + 1), &mut memory));
        }
    }
    Ok(judgements)
}

fn form_error(path: String, error: &serde_json::Error) -> VectorFileError {
    let message = error.to_string();
    // serde_json repeats line and column at the end of its message.
    let message = message.split(" at line ").next().unwrap_or_default().to_owned();
    VectorFileError::Form { line: error.line(), column: error.column(), path, message }
}

/// (key, nonce) pairs accepted so far.
type ReplayMemory = HashSet<(String, String)>;

struct Vector {
    id: String,
    dialect: Option<Dialect>,
    method: Method,
    upgrade: bool,
    path: String,
    query: String,
    headers: HeaderMap,
    body: String,
    key: String,
    mac_key: Option<MacKey>,
}

impl Vector {
    fn new(raw: RawVector) -> Result<Self, VectorFileError> {
        let id = raw.id;
        let bad = |message: String| VectorFileError::Vector { id: id.clone(), message };
        let dialect = (raw.scheme == "upbit-jwt").then_some(Dialect::Upbit);
        let upgrade = raw.method == "WS-HANDSHAKE";
        let method = if upgrade { Method::GET } else { parse(&raw.method, &bad, "method")? };
        let mut headers = HeaderMap::with_capacity(raw.headers.0.len());
        for (name, value) in &raw.headers.0 {
            let name: HeaderName = parse(name, &bad, "header name")?;
            let value = HeaderValue::from_bytes(value.as_bytes());
            headers
                .append(name, value.map_err(|_| bad("a header value holds a control character".to_owned()))?);
        }
        if !raw.path.starts_with('/') || raw.path.contains('?') {
            return Err(bad("`path` must start with `/`; what follows `?` belongs into `query`".to_owned()));
        }
        let mac_key = match (dialect, raw.secret) {
            (None, _) => None,
            (Some(_), None) => return Err(bad("`secret` is missing".to_owned())),
            (Some(_), Some(secret)) => {
                let secret =
                    ApiSecret::new(secret.into_bytes()).map_err(|e| bad(format!("`secret`: {e}")))?;
                Some(MacKey::new(&secret))
            }
        };
        let (path, query, body, key) = (raw.path, raw.query, raw.body, raw.key);
        Ok(Self { id, dialect, method, upgrade, path, query, headers, body, key, mac_key })
    }

    fn judge(&self, id: String, memory: &mut ReplayMemory) -> Judgement {
        let (Some(dialect), Some(mac_key)) = (self.dialect, &self.mac_key) else {
            let explanation = "no dialect here speaks this scheme; it was not judged".to_owned();
            return Judgement {
                id,
                verdict: JudgedVerdict::Unsupported,
                reason: None,
                code: None,
                explanation,
            };
        };
        let request = RawRequest {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &self.headers,
            body: self.body.as_bytes(),
            upgrade: self.upgrade,
        };
        let outcome = self.outcome(dialect, &request, mac_key, memory);
        Judgement {
            id,
            verdict: if outcome.reason().is_none() { JudgedVerdict::Accept } else { JudgedVerdict::Reject },
            reason: outcome.reason(),
            code: outcome.code().map(sumun_model::Reason::as_str),
            explanation: explain::explain(dialect, &request, &outcome),
        }
    }

    fn outcome(
        &self,
        dialect: Dialect,
        request: &RawRequest<'_>,
        mac_key: &MacKey,
        memory: &mut ReplayMemory,
    ) -> Outcome {
        let credential = match dialect.credential(request) {
            Ok(Some(credential)) => credential,
            Ok(None) => return Outcome::NoCredential,
            Err(malformed) => return Outcome::Malformed(malformed),
        };
        if credential.key_id() != self.key {
            return Outcome::UnknownKey;
        }
        match dialect.verify(request, &credential, mac_key) {
            Err(rejection) => Outcome::Rejected(rejection),
            Ok(verified) => {
                if memory.insert((credential.key_id().to_owned(), credential.nonce().to_owned())) {
                    Outcome::Accepted { form: verified.form, parameters: verified.params.len() }
                } else {
                    Outcome::Replayed
                }
            }
        }
    }
}

fn parse<T: std::str::FromStr<Err: fmt::Display>>(
    text: &str,
    bad: &impl Fn(String) -> VectorFileError,
    what: &str,
) -> Result<T, VectorFileError> {
    text.parse().map_err(|e| bad(format!("`{}` is no {what}: {e}", text.escape_default())))
}

#[derive(Deserialize)]
struct File {
    vectors: Vec<RawVector>,
    #[serde(default)]
    sequences: Vec<RawSequence>,
}

/// A vector as written, as far as a judgement needs it; other members are notes.
#[derive(Deserialize)]
struct RawVector {
    id: String,
    scheme: String,
    method: String,
    path: String,
    headers: RawHeaders,
    #[serde(default)]
    query: String,
    #[serde(default)]
    body: String,
    key: String,
    secret: Option<String>,
}

#[derive(Deserialize)]
struct RawSequence {
    id: String,
    present: Vec<String>,
}

/// Headers in order, repeated ones kept: a request may have them.
struct RawHeaders(Vec<(String, String)>);

impl<'de> Deserialize<'de> for RawHeaders {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = RawHeaders;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of header names and values")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawHeaders, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(RawHeaders(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

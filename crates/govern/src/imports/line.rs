//! One line of an import, read: a state line of the wire, or one with the key's secret beside it.
//!
//! ```text
//! {"type":"key","ts":"…","key":"K1",…}
//! {"line":{"type":"key","ts":"…","key":"K1",…},"secret":"…"}
//! ```
//!
//! A line of the wire has no place for a secret, and gets none here: it stands beside the line, and is sealed before anything else is
//! done with it. No error names what stood in a line that holds one.

use super::LineRefused;
use serde::Deserialize;
use serde_json::value::RawValue;
use sumun_model::ApiSecret;
use sumun_model::wire::{LINE_BYTES_MAX, Line, Origin, parse_line};

/// A line, read.
#[derive(Clone, Debug)]
pub struct Told {
    /// Which one, from 1.
    pub number: u64,
    /// What it says.
    pub line: Line,
    /// The key's secret, where it came along.
    pub secret: Option<ApiSecret>,
}

/// A line with a secret beside it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WithSecret<'a> {
    #[serde(borrow)]
    line: &'a RawValue,
    secret: String,
}

/// How a line that is refused may be mended.
const READ_AGAIN: &str = "correct the line and send it again; lines before and after it are not affected";

/// Reads one line; `source` is only named in errors.
///
/// # Errors
/// Where and why it is no state line of an account, a vendor or a key.
#[expect(clippy::result_large_err, reason = "a refused line is rare, and is kept as it is")]
pub fn read(source: &str, number: u64, bytes: &[u8]) -> Result<Told, LineRefused> {
    let refused = |field: Option<&str>, code: &str, message: String, remedy: &str| LineRefused {
        line: number,
        column: None,
        subject: None,
        field: field.map(str::to_owned),
        code: code.to_owned(),
        message,
        remedy: remedy.to_owned(),
    };
    if bytes.len() > LINE_BYTES_MAX {
        let message = format!("the line has {} bytes, at most {LINE_BYTES_MAX} are read", bytes.len());
        return Err(refused(None, "line_too_long", message, READ_AGAIN));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| LineRefused {
        column: Some(error.valid_up_to() as u64 + 1),
        ..refused(
            None,
            "line_not_text",
            "the line is not UTF-8".to_owned(),
            "convert the file to UTF-8, or read it with a mapping that names its encoding",
        )
    })?;
    let (inner, secret) = match beside(text) {
        None => (text, None),
        Some(Ok(WithSecret { line, secret })) => {
            let secret = ApiSecret::new(secret.into_bytes());
            let secret = secret.map_err(|error| {
                refused(Some("secret"), "secret_bad", error.to_string(), "send the secret as it was issued")
            })?;
            (line.get(), Some(secret))
        }
        // Says nothing of what stood there: it may be the secret.
        Some(Err(())) => {
            return Err(refused(
                Some("secret"),
                "line_bad",
                "the line is not `{\"line\": {…}, \"secret\": \"…\"}`".to_owned(),
                "put the line of the wire under `line` and the secret, as a text, under `secret`; a key without a secret is sent as the line \
                 alone",
            ));
        }
    };
    let offset = inner.as_ptr() as usize - text.as_ptr() as usize;
    let line =
        parse_line(Origin { source_name: source, line: number }, inner).map_err(|error| LineRefused {
            column: (error.column > 0).then_some((error.column + offset) as u64),
            ..refused(
                error.field.as_deref(),
                "line_bad",
                if secret.is_some() { "the line cannot be read".to_owned() } else { error.cause },
                READ_AGAIN,
            )
        })?;
    if !matches!(line, Line::Account(_) | Line::Vendor(_) | Line::Key(_)) {
        let message = format!("`{}` lines are not imported", line.type_word());
        return Err(refused(
            Some("type"),
            "type_not_taken",
            message,
            "send `account`, `vendor` and `key` lines here; events go to `POST /v1/events`",
        ));
    }
    if secret.is_some() && !matches!(line, Line::Key(_)) {
        let message = format!("a secret stands beside a line of type `{}`", line.type_word());
        return Err(refused(
            Some("secret"),
            "secret_bad",
            message,
            "only a key has a secret; take it away here",
        ));
    }
    Ok(Told { number, line, secret })
}

/// The line as one with a secret beside it; none if it is not written so.
fn beside(text: &str) -> Option<Result<WithSecret<'_>, ()>> {
    #[derive(Deserialize)]
    struct Probe {
        #[serde(rename = "type", default)]
        word: Option<serde::de::IgnoredAny>,
        #[serde(default)]
        secret: Option<serde::de::IgnoredAny>,
    }
    if !text.contains("secret") {
        return None;
    }
    let probe: Probe = serde_json::from_str(text).ok()?;
    if probe.word.is_some() || probe.secret.is_none() {
        return None;
    }
    Some(serde_json::from_str(text).map_err(|_| ()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        match read("keys.ndjson", 7, text.as_bytes()) {
            Ok(told) => format!(
                "{}{}",
                told.line.type_word(),
                if told.secret.is_some() { " with its secret" } else { "" }
            ),
            Err(refused) => format!(
                "{}:{} {} {}: {}",
                refused.line,
                refused.column.unwrap_or_default(),
                refused.code,
                refused.field.unwrap_or_default(),
                refused.message
            ),
        }
    }

    #[test]
    fn lines_are_read_strictly_and_no_error_tells_a_secret() {
        let key = r#"{"type":"key","ts":"2026-11-02T00:00:00Z","key":"K1"}"#;
        let lines = [
            key.to_owned(),
            format!(r#"{{"line":{key},"secret":"made-up-and-hidden"}}"#),
            format!(r#"{{"line":{key},"secret":""}}"#),
            format!(r#"{{"line":{key},"secret":["made-up-and-hidden"]}}"#),
            format!(r#"{{"line":{key},"secret":"made-up-and-hidden","more":1}}"#),
            r#"{"secret":"made-up-and-hidden","line":"made-up-and-hidden"}"#.to_owned(),
            r#"{"type":"key","ts":"2026-11-02T00:00:00Z","key":"K1","secret":"made-up-and-hidden"}"#.to_owned(),
            r#"{"type":"key","ts":"2026-11-02T00:00:00Z","key":"K1","state":"alive"}"#.to_owned(),
            r#"{"type":"tick","ts":"2026-11-02T00:00:00Z"}"#.to_owned(),
            r#"{"line":{"type":"vendor","ts":"2026-11-02T00:00:00Z","vendor":"V1"},"secret":"made-up-and-hidden"}"#.to_owned(),
            "{".to_owned(),
        ];
        let told: Vec<String> = lines.iter().map(|line| said(line)).collect();
        assert!(!told.iter().any(|told| told.contains("made-up-and-hidden")), "{told:?}");
        insta::assert_snapshot!(told.join("\n"));
        let Err(refused) = read("keys.ndjson", 1, b"{\"type\":\"key\xff") else { panic!() };
        assert_eq!((refused.code.as_str(), refused.column), ("line_not_text", Some(13)));
    }
}

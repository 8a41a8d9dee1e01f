//! `[[sent]]`: what is said of senders over HTTP, of which lines stand in the event log: in which log the same accesses stand, or that they
//! stand in none.

use crate::exit::BadInput;
use crate::text_position::Lines;
use serde::Deserialize;
use std::path::Path;
use std::str::FromStr;
use toml::Spanned;

/// How far a sender's clock may be ahead of a log's or behind it, milliseconds: five minutes, beyond which its lines feed nothing.
const AHEAD_MS_MAX: i64 = 300_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    source: Spanned<String>,
    log: Option<Spanned<String>>,
    ahead_ms: Option<Spanned<i64>>,
    apart: Option<Spanned<bool>>,
}

/// A source of the event log, or all whose names begin so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::commands::backfill) struct Source {
    name: String,
    begins: bool,
}

impl Source {
    /// Whether it is this one.
    pub(in crate::commands::backfill) fn is(&self, source: &str) -> bool {
        if self.begins { source.starts_with(&self.name) } else { source == self.name }
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.name, if self.begins { "*" } else { "" })
    }
}

impl FromStr for Source {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, begins) = text.strip_suffix('*').map_or((text, false), |name| (name, true));
        let named = name.strip_prefix("exchange:").or_else(|| name.strip_prefix("gate:"));
        if named.is_none_or(str::is_empty) || name.contains('*') {
            return Err(
                "is no sender: write its name as `GET /v1/events/sources` has it, such as `exchange:main`; `*` may stand at the end",
            );
        }
        Ok(Self { name: name.to_owned(), begins })
    }
}

/// A sender whose lines stand in a log's files too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::commands::backfill) struct Sent {
    pub(in crate::commands::backfill) source: Source,
    pub(in crate::commands::backfill) log: String,
    /// How far its clock is ahead of the log's, microseconds.
    pub(in crate::commands::backfill) ahead_us: i64,
}

/// A sender whose lines stand in no file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::commands::backfill) struct Apart {
    pub(in crate::commands::backfill) source: Source,
}

/// Reads them. `logs` are the names there are.
///
/// # Errors
/// What is wrong, with line and column, and what to do.
pub(super) fn read(
    written: Vec<Written>,
    (file, text): (&Path, &str),
    logs: &[&str],
) -> Result<(Vec<Sent>, Vec<Apart>), BadInput> {
    let lines = Lines::of(text);
    let bad = |at: usize, what: String| {
        let position = lines.position(at);
        BadInput(format!("`{}`: line {}, column {}: {what}", file.display(), position.line, position.column))
    };
    let (mut sent, mut apart): (Vec<Sent>, Vec<Apart>) = (Vec::new(), Vec::new());
    for one in written {
        let (at, name) = (one.source.span().start, one.source.get_ref());
        let source: Source = name.parse().map_err(|why| bad(at, format!("`{name}` {why}")))?;
        let twice = |apart: &Apart| apart.source == source;
        match (one.log, one.apart) {
            (Some(log), None) => {
                let (at, log) = (log.span().start, log.into_inner());
                if !logs.contains(&log.as_str()) {
                    let names = logs.iter().map(|log| format!("`{log}`")).collect::<Vec<_>>().join(", ");
                    return Err(bad(at, format!("`{log}` is no log that is read here; there are {names}")));
                }
                if apart.iter().any(twice)
                    || sent.iter().any(|other| other.source == source && other.log == log)
                {
                    return Err(bad(at, format!("`{source}` stands twice; say once where its lines stand")));
                }
                let ahead_ms = one.ahead_ms.map_or(Ok(0), |ahead| {
                    let (at, ahead) = (ahead.span().start, ahead.into_inner());
                    let within = (-AHEAD_MS_MAX..=AHEAD_MS_MAX).contains(&ahead);
                    let what =
                        format!("`ahead_ms` is {ahead}, and may be from -{AHEAD_MS_MAX} to {AHEAD_MS_MAX}");
                    if within { Ok(ahead) } else { Err(bad(at, what)) }
                })?;
                sent.push(Sent { source, log, ahead_us: ahead_ms.saturating_mul(1000) });
            }
            (None, Some(is)) if *is.get_ref() => {
                if let Some(ahead) = one.ahead_ms {
                    let what =
                        "`ahead_ms` compares with a log, and of a sender `apart` there is none; remove it";
                    return Err(bad(ahead.span().start, what.to_owned()));
                }
                if apart.iter().any(twice) || sent.iter().any(|other| other.source == source) {
                    return Err(bad(at, format!("`{source}` stands twice; say once where its lines stand")));
                }
                apart.push(Apart { source });
            }
            (None, Some(is)) => {
                let what = "`apart` is only ever `true`; where the same accesses stand in a log, name it: `log = \"…\"`";
                return Err(bad(is.span().start, what.to_owned()));
            }
            (Some(log), Some(_)) => {
                let what = "either `log` or `apart`: its lines stand in that log too, or in no file";
                return Err(bad(log.span().start, what.to_owned()));
            }
            (None, None) => {
                let what = format!(
                    "of `{source}` it is not said where its lines stand: `log = \"…\"`, the log that holds the same accesses, or `apart = true`"
                );
                return Err(bad(at, what));
            }
        }
    }
    Ok((sent, apart))
}

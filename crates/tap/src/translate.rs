//! A chunk's lines as the wire's, by a mapping: the same chunk gives the same lines, whenever it is read.

use crate::follow::Chunk;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use sumun_mapping::{Mapping, Run, shown};
use sumun_model::Timestamp;
use sumun_model::wire::{Line, to_json};

/// Characters shown of a line that was refused.
const SHOWN_CHARS: usize = 2000;

/// One line of the wire.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// The line of the file it is of, from 1.
    pub number: u64,
    /// As a value.
    pub line: Line,
    /// As text, without a line end.
    pub text: String,
    /// The start of what it was made of, credentials hidden.
    pub raw: String,
}

impl Made {
    /// When it happened, as the line says.
    #[must_use]
    pub fn ts(&self) -> Timestamp {
        macro_rules! of {
            ($($kind:ident),+) => { match &self.line { $(Line::$kind(body) => body.ts,)+ } };
        }
        of!(
            Account, Vendor, Key, Delegation, Network, Market, Session, Access, Order, Trade, Quote,
            Transfer, Report, Tick
        )
    }
}

/// One line of the file that could not be read, or one line of the wire that could not be made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The line of the file, from 1.
    pub number: u64,
    /// Why, as a word.
    pub code: String,
    /// The wire's field; empty when it is the line as a whole.
    pub field: String,
    /// What was found, credentials hidden.
    pub detail: String,
    /// The start of the line, credentials hidden.
    pub raw: String,
}

/// What became of a chunk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Translated {
    /// Lines of the wire, in order.
    pub made: Vec<Made>,
    /// What was refused, in order.
    pub refused: Vec<Refused>,
}

/// Reads a chunk. `source` is written into lines that name none; `log` and the file's number stand in ids that are made of places, since
/// a file's own name is another tomorrow.
#[must_use]
pub fn translate(
    mapping: &Mapping,
    given: &BTreeMap<String, String>,
    (log, source): (&str, &str),
    chunk: &Chunk,
) -> Translated {
    if chunk.too_long {
        let mut done = Translated::default();
        done.refused.push(Refused {
            number: chunk.first_line,
            code: "too_long".to_owned(),
            field: String::new(),
            detail: String::new(),
            raw: shown(&String::from_utf8_lossy(&chunk.bytes), SHOWN_CHARS),
        });
        return done;
    }
    translate_lines(
        mapping,
        given,
        (&format!("{log}.{}", chunk.step.file), source),
        chunk.first_line,
        &chunk.bytes,
    )
}

/// As [`translate`], of whole lines from anywhere: `input` names where they stand, and `first` is the number of the first.
#[must_use]
pub fn translate_lines(
    mapping: &Mapping,
    given: &BTreeMap<String, String>,
    (input, source): (&str, &str),
    first: u64,
    bytes: &[u8],
) -> Translated {
    let mut done = Translated::default();
    let mut run = Run::new(mapping, given.clone());
    // Nothing here ends a run: no header, no packed form, and bytes in memory can be read.
    let _ = run.read_lines(input, first, bytes, &mut |row| {
        for refusal in row.refusals {
            done.refused.push(Refused {
                number: row.number,
                code: refusal.code.as_str().to_owned(),
                field: refusal.field.clone(),
                detail: refusal.detail.clone(),
                raw: shown(row.raw, SHOWN_CHARS),
            });
        }
        for line in row.lines {
            let mut line = line.clone();
            name_source(&mut line, source);
            match to_json(&line) {
                Ok(text) => {
                    done.made.push(Made { number: row.number, line, text, raw: shown(row.raw, SHOWN_CHARS) });
                }
                Err(error) => done.refused.push(Refused {
                    number: row.number,
                    code: "not_of_the_wire".to_owned(),
                    field: String::new(),
                    detail: error.to_string(),
                    raw: shown(row.raw, SHOWN_CHARS),
                }),
            }
        }
        ControlFlow::Continue(())
    });
    done
}

/// Writes `source` into a line that names none.
pub fn name_source(line: &mut Line, source: &str) {
    macro_rules! of {
        ($($kind:ident),+) => {
            match line { $(Line::$kind(body) => { body.source.get_or_insert_with(|| source.to_owned()); })+ }
        };
    }
    of!(
        Account, Vendor, Key, Delegation, Network, Market, Session, Access, Order, Trade, Quote, Transfer,
        Report, Tick
    );
}

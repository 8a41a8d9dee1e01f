//! A field that is handed out beside a record's lines, such as a key's secret: nothing of it is made into a line, and a run that hands
//! one out quotes nothing of its records, whatever is wrong with them.
//!
//! No field of the wire takes a credential. Whoever needs one beside the line gets it from the very record that the line was made of.

use crate::mapping::{Format, Mapping};
use crate::record::Cell;

/// What stands in the field of one record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Beside<'r> {
    /// The record has no such field, could not be read, or none was asked for.
    Absent,
    /// Nothing, or what the mapping calls empty.
    Empty,
    /// This, as it stands there: nothing is trimmed.
    Text(&'r str),
    /// A number, a list or an object, where a text is needed.
    NotText,
}

/// Never what stands there.
impl std::fmt::Debug for Beside<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Absent => "Absent",
            Self::Empty => "Empty",
            Self::Text(_) => "Text(..)",
            Self::NotText => "NotText",
        })
    }
}

/// Why a field cannot be handed out beside the lines of a mapping.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BesideError {
    /// The source is no table and no JSON.
    #[error(
        "the mapping `{mapping}` reads lines of text: only a column of a table or a field of JSON stands beside a line"
    )]
    Text {
        /// Its name.
        mapping: String,
    },
    /// The mapping makes something of it.
    #[error("the mapping `{mapping}` reads `{field}` itself, and would write it where it does not belong")]
    Read {
        /// Its name.
        mapping: String,
        /// The field.
        field: String,
    },
    /// The mapping makes something of whole records.
    #[error(
        "the mapping `{mapping}` fills `{field}` from the whole line (`line = \"digest\"`), so also from what must not be in it"
    )]
    Digest {
        /// Its name.
        mapping: String,
        /// The field that it fills.
        field: String,
    },
}

/// Whether the field may be handed out beside the lines of this mapping.
pub(crate) fn check(mapping: &Mapping, field: &str) -> Result<(), BesideError> {
    let name = || mapping.name.clone();
    if matches!(mapping.format, Format::Text(_)) {
        return Err(BesideError::Text { mapping: name() });
    }
    if mapping.slots.find(field).is_some() || mapping.slots.is_parent(field) {
        return Err(BesideError::Read { mapping: name(), field: field.to_owned() });
    }
    let digests = mapping.lines.iter().flat_map(|line| &line.fields).find(|field| field.expr.digests());
    digests.map_or(Ok(()), |field| Err(BesideError::Digest { mapping: name(), field: field.full.clone() }))
}

/// What the cell is to whoever asked for it.
pub(crate) fn of<'r>(cell: Option<&'r Cell<'_>>, empty: &[String]) -> Beside<'r> {
    match cell {
        None => Beside::Absent,
        Some(Cell::Absent) => Beside::Empty,
        Some(Cell::Text(text)) if text.is_empty() || empty.iter().any(|empty| empty == text) => Beside::Empty,
        Some(Cell::Text(text)) => Beside::Text(text),
        Some(Cell::List(_) | Cell::Other) => Beside::NotText,
    }
}

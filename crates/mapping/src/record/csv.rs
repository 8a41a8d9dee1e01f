//! A row of CSV: cells by the names of the header, or of the mapping.
//!
//! A row ends with its line unless a quote is still open there; how many lines one may take is bounded by the caller.

use super::{Cell, Record, Slots};
use crate::problem::did_you_mean;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};
use std::borrow::Cow;

/// Most cells of a row.
const CELLS_MAX: usize = 1024;

/// What to do about a column that is not there.
const NAME_IT: &str = "name it so in the export, or take the name that is there into a copy of the mapping (docs/adopt/mappings.md says what each ready one needs)";

/// What a column is to the mapping.
#[derive(Debug, Clone)]
enum Column {
    Slot(usize),
    Beside,
    Ignored,
    Unknown(String),
}

/// Reads rows.
#[derive(Debug)]
pub(crate) struct Csv {
    reader: Reader,
    columns: Vec<Column>,
    cells: Vec<String>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// What a text is as a row.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Row {
    Whole,
    /// A quote is still open at its end.
    Open,
    TooManyCells,
}

impl Csv {
    pub(crate) fn new(delimiter: u8, quote: u8) -> Self {
        let reader =
            ReaderBuilder::new().delimiter(delimiter).quote(quote).terminator(Terminator::Any(b'\n')).build();
        Self { reader, columns: Vec::new(), cells: Vec::new(), bytes: Vec::new(), ends: vec![0; CELLS_MAX] }
    }

    /// Splits a text into cells.
    pub(crate) fn split(&mut self, text: &str) -> Row {
        self.reader.reset();
        self.cells.clear();
        if text.is_empty() {
            return Row::Whole;
        }
        self.bytes.resize(text.len() + 2, 0);
        let (mut input, mut written, mut ended) = (text.as_bytes(), 0, 0);
        let mut last: &[u8] = b"\n";
        loop {
            let (bytes, ends) = (self.bytes.get_mut(written..), self.ends.get_mut(ended..));
            let (result, _, made, found) =
                self.reader.read_record(input, bytes.unwrap_or_default(), ends.unwrap_or_default());
            written += made;
            ended += found;
            match result {
                ReadRecordResult::Record => break,
                ReadRecordResult::InputEmpty if last.is_empty() => return Row::Open,
                ReadRecordResult::InputEmpty => input = std::mem::take(&mut last),
                ReadRecordResult::OutputEndsFull => return Row::TooManyCells,
                // Never: the text is not empty, and the room for bytes is longer than it.
                ReadRecordResult::End | ReadRecordResult::OutputFull => return Row::Whole,
            }
        }
        let mut from = 0;
        for end in self.ends.iter().take(ended) {
            let cell = self.bytes.get(from..*end).unwrap_or_default();
            self.cells.push(String::from_utf8_lossy(cell).into_owned());
            from = *end;
        }
        Row::Whole
    }

    /// Takes the row split last as the header, or the mapping's own names.
    ///
    /// One of them may be handed out beside the lines. Then rows hold what must not be told, and a first row that is no header is one of
    /// them: no name is told before those that the mapping relies on are found.
    pub(crate) fn name(
        &mut self,
        names: Option<&[String]>,
        slots: &Slots,
        beside: Option<&str>,
    ) -> Result<(), String> {
        let required = slots.required();
        let of_the_mapping = names.is_some();
        let names: Vec<String> = names.map_or_else(
            || self.cells.iter().map(|name| name.trim().to_owned()).collect(),
            <[String]>::to_vec,
        );
        for (at, name) in names.iter().enumerate() {
            if !name.is_empty() && names.iter().take(at).any(|other| other == name) {
                if beside.is_some_and(|beside| beside != name) && slots.find(name).is_none() {
                    return Err(format!(
                        "the name of column {} is there twice; name each column once",
                        at + 1
                    ));
                }
                return Err(format!("column `{name}` is there twice; name each column once"));
            }
        }
        let lacks: Vec<&str> =
            required.iter().copied().filter(|wanted| !names.iter().any(|name| name == wanted)).collect();
        if let [first, ..] = lacks.as_slice() {
            if beside.is_some() && !of_the_mapping {
                let lacks = lacks.join("`, `");
                return Err(format!(
                    "there is no column `{lacks}` (what stands in the first line is not shown: without a header it would be a key with its secret); {NAME_IT}"
                ));
            }
            let shown = shown(&names);
            let near = did_you_mean(first, names.iter().map(String::as_str));
            let lacks = lacks.join("`, `");
            return Err(format!("there is no column `{lacks}`{near} (the columns are: {shown}); {NAME_IT}"));
        }
        if let Some(beside) = beside
            && !names.iter().any(|name| name == beside)
        {
            let near = did_you_mean(beside, names.iter().map(String::as_str));
            let is_header = of_the_mapping || !required.is_empty();
            let (near, shown) = if is_header {
                (near, format!("the columns are: {}", shown(&names)))
            } else {
                (String::new(), "the mapping relies on no column, so that the first line may be no header, and is not shown".to_owned())
            };
            return Err(format!("there is no column `{beside}`{near} ({shown})"));
        }
        let column = |name: String| match slots.find(&name) {
            _ if beside == Some(name.as_str()) => Column::Beside,
            Some(slot) => Column::Slot(slot),
            None if slots.is_ignored(&name) => Column::Ignored,
            None => Column::Unknown(name),
        };
        self.columns = names.into_iter().map(column).collect();
        Ok(())
    }

    /// The row split last as a record.
    pub(crate) fn record(&self, slots: &Slots) -> Result<Record<'_>, String> {
        if self.cells.len() != self.columns.len() {
            return Err(format!("{} ≠ {}", self.cells.len(), self.columns.len()));
        }
        let mut record = Record::of(slots);
        for (column, cell) in self.columns.iter().zip(&self.cells) {
            let cell = Cow::Borrowed(cell.as_str());
            match column {
                Column::Slot(slot) => record.put(*slot, Cell::Text(cell)),
                Column::Beside => record.beside = Some(Cell::Text(cell)),
                Column::Ignored => {}
                Column::Unknown(name) => record.unknown.push((Cow::Borrowed(name), cell)),
            }
        }
        Ok(record)
    }
}

fn shown(names: &[String]) -> String {
    names.join(", ").chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cells(text: &str) -> (Row, Vec<String>) {
        let mut csv = Csv::new(b',', b'"');
        let row = csv.split(text);
        (row, csv.cells)
    }

    #[test]
    fn cells_quotes_and_open_ends() {
        assert_eq!(cells("a,\"b,\"\"c\"\"\",").1, ["a", "b,\"c\"", ""]);
        assert_eq!(cells("a,\"b"), (Row::Open, vec![]));
        assert_eq!(cells("a,\"b\nc\"").1, ["a", "b\nc"]);
        assert_eq!(cells("키,값").1, ["키", "값"]);
        assert_eq!(cells(&",".repeat(2000)).0, Row::TooManyCells);
        assert_eq!(cells(""), (Row::Whole, vec![]));
    }

    proptest! {
        #[test]
        fn a_row_is_what_the_csv_crate_reads(text in "[ab,\"\n한]{1,24}") {
            let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).terminator(csv::Terminator::Any(b'\n')).from_reader(text.as_bytes());
            let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
            let (row, ours) = cells(&text);
            let quotes_close = row == Row::Whole;
            if quotes_close && let [only] = rows.as_slice() {
                prop_assert_eq!(ours, only.iter().map(str::to_owned).collect::<Vec<_>>());
            }
        }
    }
}

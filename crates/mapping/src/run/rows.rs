//! Rows of CSV: one line each, or several where a quote is open, with what was read ahead given back when the quote never closes.

use super::{At, Run, Told, next};
use crate::lines::{Ended, Lines, Next, Unusable};
use crate::record::csv::{Csv, Row as CsvRow};
use crate::refusal::{Code, Refusal};
use std::collections::VecDeque;

/// Most lines of one row of CSV.
const ROW_LINES_MAX: usize = 16;

impl Run<'_> {
    pub(super) fn read_csv(
        &mut self,
        lines: &mut Lines<'_>,
        at: &mut At<'_>,
        csv: Csv,
        columns: Option<&[String]>,
        told: Told<'_>,
    ) -> Result<Ended, Unusable> {
        let mut read = At { input: at.input, name: String::new(), number: at.number };
        let ended = self.read_rows(lines, at, &mut read, csv, columns, told);
        at.number = read.number;
        ended
    }

    /// `at` is the row in hand, `read` how far lines were read: ahead of it where a quote was open.
    fn read_rows(
        &mut self,
        lines: &mut Lines<'_>,
        at: &mut At<'_>,
        read: &mut At<'_>,
        mut csv: Csv,
        columns: Option<&[String]>,
        told: Told<'_>,
    ) -> Result<Ended, Unusable> {
        let input = at.input;
        let header = |what| Unusable::Header { input: input.to_owned(), what };
        let mut named = columns.is_some();
        if named {
            csv.name(columns, &self.mapping.slots, self.beside.as_deref()).map_err(header)?;
        }
        let (mut buffer, mut ended) = (Vec::new(), None);
        let mut ahead: VecDeque<(u64, String)> = VecDeque::new();
        loop {
            let (number, mut text) = match ahead.pop_front() {
                Some(line) => line,
                None => match self.line_of_csv(lines, &mut buffer, read, &mut ended, told)? {
                    Some(line) => line,
                    None => return Ok(ended.unwrap_or(Ended::Whole)),
                },
            };
            at.number = number;
            let mut taken = 0;
            let row = loop {
                let row = csv.split(&text);
                if row != CsvRow::Open || taken + 1 >= ROW_LINES_MAX || text.len() > self.mapping.bytes_max {
                    break row;
                }
                if ahead.len() <= taken {
                    match self.line_of_csv(lines, &mut buffer, read, &mut ended, told)? {
                        Some(line) => ahead.push_back(line),
                        None => break row,
                    }
                }
                let Some((_, more)) = ahead.get(taken) else { break row };
                text.push('\n');
                text.push_str(more);
                taken += 1;
            };
            if row == CsvRow::Whole {
                ahead.drain(..taken);
            } else {
                // What follows is read anew: one stray quote must not swallow the rest.
                text.truncate(text.find('\n').unwrap_or(text.len()));
            }
            if !named && row == CsvRow::Whole {
                csv.name(None, &self.mapping.slots, self.beside.as_deref()).map_err(header)?;
                named = true;
                continue;
            }
            let record = match row {
                CsvRow::Whole => {
                    csv.record(&self.mapping.slots).map_err(|why| Refusal::new(Code::WrongCells, "", why))
                }
                CsvRow::Open => Err(Refusal::new(Code::OpenQuote, "", crate::hide::line(&text, 80))),
                CsvRow::TooManyCells => Err(Refusal::new(Code::WrongCells, "", "> 1024")),
            };
            if self.record(record, &text, at, told).is_break() {
                return Ok(Ended::Stopped);
            }
        }
    }

    /// The next line of a CSV source that is a text at all.
    fn line_of_csv(
        &mut self,
        lines: &mut Lines<'_>,
        buffer: &mut Vec<u8>,
        at: &mut At<'_>,
        ended: &mut Option<Ended>,
        told: Told<'_>,
    ) -> Result<Option<(u64, String)>, Unusable> {
        while ended.is_none() {
            match next(lines, buffer, at)? {
                Next::End(how) => *ended = Some(how),
                Next::TooLong => {
                    if self.too_long(buffer, at, told).is_break() {
                        *ended = Some(Ended::Stopped);
                    }
                }
                Next::Line => {
                    if let Some(text) = self.text(buffer, at, told) {
                        return Ok(Some((at.number, text.into_owned())));
                    }
                }
            }
        }
        Ok(None)
    }
}

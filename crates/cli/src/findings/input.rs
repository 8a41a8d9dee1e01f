//! Lines of a stream: numbered from 1, parsed by several threads, in order.

use std::io::BufRead;
use std::num::NonZeroUsize;
use sumun_detect::Input;
use sumun_model::wire::{LINE_BYTES_MAX, Origin, WireError, parse_line};

/// Longest line read into memory; the parser refuses anything beyond its own limit, this keeps a file without line ends out.
const READ_BYTES_MAX: usize = 2 * LINE_BYTES_MAX;
/// Batches of fewer lines are parsed by the caller's thread.
const ALONE_BELOW: usize = 512;

/// A stream of lines.
pub struct Lines<R> {
    source: R,
    name: String,
    /// Number of the last line read.
    line: u64,
    /// Lines of the present batch, one behind the other.
    text: Vec<u8>,
    ends: Vec<usize>,
}

/// A batch: what could be read, in order, and what could not.
#[derive(Debug, Default)]
pub struct Batch {
    /// Good lines. When bad ones are not skipped: those before the first bad one.
    pub good: Vec<Input>,
    /// Bad lines. When they are not skipped: the first.
    pub bad: Vec<WireError>,
    /// Lines read, good and bad.
    pub read: u64,
    /// The stream ended with this batch.
    pub ended: bool,
}

impl<R: BufRead> Lines<R> {
    /// Of a stream whose first line is number `behind + 1`. `name` stands in errors.
    pub fn new(source: R, name: &str, behind: u64) -> Self {
        Self { source, name: name.to_owned(), line: behind, text: Vec::new(), ends: Vec::new() }
    }

    /// Reads and parses up to `most` lines.
    ///
    /// # Errors
    /// The stream cannot be read.
    pub fn next(&mut self, most: usize, threads: NonZeroUsize, skip_bad: bool) -> std::io::Result<Batch> {
        let first = self.line + 1;
        let ended = self.read(most)?;
        let mut batch = Batch { ended, read: self.line + 1 - first, ..Batch::default() };
        for parsed in self.parse(first, threads) {
            match parsed {
                Ok(input) => batch.good.push(input),
                Err(error) if skip_bad => batch.bad.push(error),
                Err(error) => {
                    batch.bad.push(error);
                    break;
                }
            }
        }
        Ok(batch)
    }

    fn read(&mut self, most: usize) -> std::io::Result<bool> {
        self.text.clear();
        self.ends.clear();
        while self.ends.len() < most {
            let from = self.text.len();
            let limit = READ_BYTES_MAX as u64;
            let read = std::io::Read::take(&mut self.source, limit).read_until(b'\n', &mut self.text)?;
            if read == 0 {
                return Ok(true);
            }
            if self.text.last() == Some(&b'\n') {
                self.text.pop();
            } else if read >= READ_BYTES_MAX {
                self.source.skip_until(b'\n')?;
            }
            if self.text.len() > from && self.text.last() == Some(&b'\r') {
                self.text.pop();
            }
            self.ends.push(self.text.len());
            self.line += 1;
        }
        Ok(false)
    }

    fn parse(&self, first: u64, threads: NonZeroUsize) -> Vec<Result<Input, WireError>> {
        let mut from = 0;
        let lines: Vec<&[u8]> = self
            .ends
            .iter()
            .map(|end| {
                let line = self.text.get(from..*end).unwrap_or_default();
                from = *end;
                line
            })
            .collect();
        let name = self.name.as_str();
        let parse = move |(line, position): (&&[u8], u64)| parse(name, line, position);
        if threads.get() == 1 || lines.len() < ALONE_BELOW {
            return lines.iter().zip(first..).map(parse).collect();
        }
        let share = lines.len().div_ceil(threads.get());
        std::thread::scope(|scope| {
            let workers: Vec<_> = lines
                .chunks(share)
                .zip((first..).step_by(share))
                .map(|(lines, first)| {
                    scope.spawn(move || lines.iter().zip(first..).map(parse).collect::<Vec<_>>())
                })
                .collect();
            workers.into_iter().filter_map(|worker| worker.join().ok()).flatten().collect()
        })
    }
}

fn parse(name: &str, line: &[u8], position: u64) -> Result<Input, WireError> {
    let origin = Origin { source_name: name, line: position };
    let text = std::str::from_utf8(line).map_err(|error| WireError {
        source_name: name.to_owned(),
        line: position,
        column: error.valid_up_to() + 1,
        field: None,
        cause: "not UTF-8".to_owned(),
    })?;
    Ok(Input { position, line: parse_line(origin, text)? })
}

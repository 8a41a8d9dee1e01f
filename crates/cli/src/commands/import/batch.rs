//! What is sent at once, and where in the file each of its lines came from; and what became of all batches.

use serde_json::{Value, json};
use zeroize::Zeroizing;

/// Lines of one request: an answer comes within a second or two.
const LINES_MAX: usize = 2_000;
/// Bytes of one request.
const BYTES_MAX: usize = 2 << 20;

/// Lines to be sent.
#[derive(Default)]
pub(in crate::commands) struct Batch {
    body: Zeroizing<Vec<u8>>,
    /// Of each line, the row it came from: its first line in the file, and how many it has.
    origins: Vec<(u64, u64)>,
    row: (u64, u64),
}

impl Batch {
    /// What follows is of the row that begins there and has so many lines.
    pub(in crate::commands) fn row(&mut self, number: u64, lines: u64) {
        self.row = (number, lines);
    }

    /// One line of the wire.
    pub(in crate::commands) fn line(&mut self, line: &[u8]) {
        self.room(line.len() + 1);
        self.body.extend_from_slice(line);
        self.body.push(b'\n');
        self.origins.push(self.row);
    }

    /// One line of the wire, with its key's secret beside it.
    ///
    /// # Errors
    /// None: what is written to is memory.
    pub(in crate::commands) fn line_with_secret(
        &mut self,
        line: &[u8],
        secret: &str,
    ) -> serde_json::Result<()> {
        // Each byte of a text takes six at most.
        self.room(line.len() + 6 * secret.len() + 32);
        self.body.extend_from_slice(b"{\"line\":");
        self.body.extend_from_slice(line);
        self.body.extend_from_slice(b",\"secret\":");
        serde_json::to_writer(&mut *self.body, secret)?;
        self.body.extend_from_slice(b"}\n");
        self.origins.push(self.row);
        Ok(())
    }

    /// Makes room for so many bytes. Whatever grows by itself leaves a copy of what it held behind.
    fn room(&mut self, bytes: usize) {
        let needed = self.body.len() + bytes;
        if needed > self.body.capacity() {
            let mut wider =
                Zeroizing::new(Vec::with_capacity(needed.max(2 * self.body.capacity()).max(BYTES_MAX / 8)));
            wider.extend_from_slice(&self.body);
            self.body = wider;
        }
    }

    pub(in crate::commands) fn is_full(&self) -> bool {
        self.origins.len() >= LINES_MAX || self.body.len() >= BYTES_MAX
    }

    /// What is sent; none if there is nothing.
    pub(in crate::commands) fn body(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        (!self.origins.is_empty()).then(|| std::mem::take(&mut self.body))
    }

    /// The last line of the file that is in it.
    pub(in crate::commands) fn last(&self) -> Option<u64> {
        self.origins.last().map(|(line, lines)| line + lines - 1)
    }

    /// How many lines are in it.
    pub(in crate::commands) fn len(&self) -> u64 {
        self.origins.len() as u64
    }

    /// Where this line of the request came from.
    pub(in crate::commands) fn origin(&self, line: u64) -> Option<(u64, u64)> {
        self.origins.get(usize::try_from(line).ok()?.checked_sub(1)?).copied()
    }
}

/// What became of the lines, over all batches.
#[derive(Default)]
pub(in crate::commands) struct Sums {
    pub(in crate::commands) lines: u64,
    pub(in crate::commands) refused: u64,
    others: [u64; FIELDS.len()],
}

/// What is summed beside lines and refusals, with the words for it.
const FIELDS: [(&str, &str); 8] = [
    ("made", "entered"),
    ("changed", "brought up to date"),
    ("same", "standing so already"),
    ("ended", "ended here, dead at the exchange"),
    ("held_back", "dead at the exchange and held back: see `sumun drift`"),
    ("older", "older than what is known"),
    ("differing", "differing where Sumun's word counts: see `sumun drift`"),
    ("secrets", "secrets sealed"),
];

impl Sums {
    pub(in crate::commands) fn add(&mut self, answer: &Value) {
        let told = |field: &str| answer.get(field).and_then(Value::as_u64).unwrap_or(0);
        self.lines += told("lines");
        self.refused += told("refused_total");
        for (sum, (field, _)) in self.others.iter_mut().zip(FIELDS) {
            *sum += told(field);
        }
    }

    pub(in crate::commands) fn json(&self, dry_run: bool) -> Value {
        let mut all = json!({ "dry_run": dry_run, "lines": self.lines, "refused": self.refused });
        if let Some(fields) = all.as_object_mut() {
            fields.extend(
                FIELDS.iter().zip(self.others).map(|((field, _), sum)| ((*field).to_owned(), json!(sum))),
            );
        }
        all
    }

    /// Keys dead there that did not end here.
    pub(in crate::commands) fn held_back(&self) -> u64 {
        FIELDS.iter().zip(self.others).find(|((field, _), _)| *field == "held_back").map_or(0, |(_, sum)| sum)
    }

    pub(in crate::commands) fn words(&self, dry_run: bool) -> String {
        let mut text = format!("{} lines read, {} refused\n", self.lines, self.refused);
        for ((_, words), sum) in FIELDS.iter().zip(self.others).filter(|(_, sum)| *sum > 0) {
            text.push_str(&format!("  {sum} {words}\n"));
        }
        let nothing = ["made", "changed", "ended", "secrets"]
            .iter()
            .all(|name| FIELDS.iter().zip(self.others).all(|((field, _), sum)| field != name || sum == 0));
        match (dry_run, nothing) {
            (true, _) => text.push_str("Nothing was written: this was a dry run.\n"),
            (false, true) => text.push_str("Nothing was changed.\n"),
            (false, false) => {}
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_line_is_found_in_the_file_again() {
        let mut batch = Batch::default();
        assert!(batch.body().is_none());
        batch.row(2, 1);
        batch.line(b"{1}");
        batch.line(b"{2}");
        batch.row(3, 2);
        batch.line(b"{3}");
        assert_eq!(batch.body().unwrap().as_slice(), b"{1}\n{2}\n{3}\n");
        let origins: Vec<_> = (0..5).map(|line| batch.origin(line)).collect();
        assert_eq!(batch.last(), Some(4));
        assert_eq!(origins, [None, Some((2, 1)), Some((2, 1)), Some((3, 2)), None]);
    }

    #[test]
    fn a_secret_stands_beside_its_line_as_the_server_reads_it() {
        let mut batch = Batch::default();
        batch.row(2, 1);
        let line = r#"{"type":"key","ts":"2026-11-02T00:00:00Z","key":"K1"}"#;
        let secrets = ["a\"b\\c", &"\u{1}".repeat(1024), "비밀"];
        for secret in secrets {
            batch.line_with_secret(line.as_bytes(), secret).unwrap();
        }
        batch.line(line.as_bytes());
        assert_eq!(batch.origin(4), Some((2, 1)));
        let body = batch.body().unwrap();
        let read: Vec<Option<Vec<u8>>> = body
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| sumun_govern::imports::read("x", 1, line).unwrap().secret)
            .map(|secret| secret.map(|secret| secret.expose().to_vec()))
            .collect();
        let wanted: Vec<_> =
            secrets.iter().map(|secret| Some(secret.as_bytes().to_vec())).chain([None]).collect();
        assert_eq!(read, wanted);
    }

    #[test]
    fn what_became_of_lines_in_words() {
        let mut sums = Sums::default();
        sums.add(&json!({ "lines": 3, "made": 1, "same": 1, "refused_total": 1 }));
        sums.add(&json!({ "lines": 2, "made": 2 }));
        insta::assert_snapshot!(sums.words(false), @"
        5 lines read, 1 refused
          3 entered
          1 standing so already
        ");
        let mut again = Sums::default();
        again.add(&json!({ "lines": 4, "same": 4 }));
        insta::assert_snapshot!(again.words(false), @"
        4 lines read, 0 refused
          4 standing so already
        Nothing was changed.
        ");
    }
}

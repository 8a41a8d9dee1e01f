//! Lines of an input, each of bounded length: too long ones are told and skipped, a cut or damaged stream ends and says so.
//!
//! Knows compression and line ends; nothing of what a line holds.

use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read};

/// How an input ended.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Ended {
    /// At its end.
    Whole,
    /// The reader wanted no more.
    Stopped,
    /// The compressed stream breaks off: what was read before is kept.
    Truncated,
    /// The compressed stream is damaged: what was read before is kept.
    Damaged {
        /// What the decoder says.
        why: String,
    },
}

/// An input that cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// Reading failed.
    #[error("failed to read `{input}`")]
    Read {
        /// Which input.
        input: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Compressed in a way this does not read, or in UTF-16.
    #[error("`{input}` is {what}; {todo}")]
    Form {
        /// Which input.
        input: String,
        /// What it is.
        what: &'static str,
        /// What to do.
        todo: &'static str,
    },
    /// The header of a CSV file lacks columns that the mapping reads.
    #[error("`{input}`: {what}")]
    Header {
        /// Which input.
        input: String,
        /// What is wrong and what to do.
        what: String,
    },
}

/// What the next line is.
pub(crate) enum Next {
    Line,
    /// Longer than allowed; skipped. Its first bytes are in the buffer.
    TooLong,
    End(Ended),
}

pub(crate) struct Lines<'a> {
    input: Box<dyn BufRead + 'a>,
    compressed: bool,
    bytes_max: usize,
}

/// First bytes of forms this does not read.
const FORMS: [(&[u8], &str, &str); 5] = [
    (b"\x28\xb5\x2f\xfd", "zstd", "unpack it first, such as `zstd -dc FILE | sumun map run --map … -`"),
    (b"BZh", "bzip2", "unpack it first, such as `bzip2 -dc FILE | sumun map run --map … -`"),
    (b"PK\x03\x04", "a zip archive (or a spreadsheet)", "unpack it, or save the sheet as CSV"),
    (b"\xff\xfe", "UTF-16", "convert it first, such as `iconv -f UTF-16 -t UTF-8 FILE`"),
    (b"\xfe\xff", "UTF-16", "convert it first, such as `iconv -f UTF-16 -t UTF-8 FILE`"),
];

impl<'a> Lines<'a> {
    pub(crate) fn open(name: &str, input: impl BufRead + 'a, bytes_max: usize) -> Result<Self, Unusable> {
        let fail = |source| Unusable::Read { input: name.to_owned(), source };
        let (head, input) = peek(input).map_err(fail)?;
        if head.starts_with(b"\x1f\x8b") {
            let plain = BufReader::with_capacity(1 << 16, MultiGzDecoder::new(input));
            return Ok(Self { input: Box::new(plain), compressed: true, bytes_max });
        }
        if let Some((_, what, todo)) = FORMS.iter().find(|(magic, ..)| head.starts_with(magic)) {
            return Err(Unusable::Form { input: name.to_owned(), what, todo });
        }
        Ok(Self { input: Box::new(input), compressed: false, bytes_max })
    }

    /// Of lines as they stand, whatever their first bytes look like.
    pub(crate) fn plain(input: impl BufRead + 'a, bytes_max: usize) -> Self {
        Self { input: Box::new(input), compressed: false, bytes_max }
    }

    /// Reads the next line into the buffer, without its end.
    pub(crate) fn next(&mut self, buffer: &mut Vec<u8>) -> io::Result<Next> {
        buffer.clear();
        let most = u64::try_from(self.bytes_max).unwrap_or(u64::MAX).saturating_add(1);
        let read = self.input.by_ref().take(most).read_until(b'\n', buffer);
        match read {
            Ok(0) => Ok(Next::End(Ended::Whole)),
            Ok(_) if buffer.last() == Some(&b'\n') => {
                buffer.pop();
                if buffer.last() == Some(&b'\r') {
                    buffer.pop();
                }
                Ok(Next::Line)
            }
            Ok(_) if buffer.len() > self.bytes_max => match self.input.skip_until(b'\n') {
                Ok(_) => Ok(Next::TooLong),
                Err(error) => self.broken(error),
            },
            Ok(_) => Ok(Next::Line),
            Err(error) => self.broken(error),
        }
    }

    fn broken(&self, error: io::Error) -> io::Result<Next> {
        match error.kind() {
            ErrorKind::UnexpectedEof if self.compressed => Ok(Next::End(Ended::Truncated)),
            ErrorKind::InvalidData | ErrorKind::InvalidInput if self.compressed => {
                Ok(Next::End(Ended::Damaged { why: error.to_string() }))
            }
            _ => Err(error),
        }
    }
}

/// The first four bytes, and the input with them put back.
fn peek<'a>(mut input: impl BufRead + 'a) -> io::Result<(Vec<u8>, impl BufRead + 'a)> {
    let mut head = Vec::with_capacity(4);
    input.by_ref().take(4).read_to_end(&mut head)?;
    Ok((head.clone(), Cursor::new(head).chain(input)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn read(bytes: &[u8], max: usize) -> (Vec<String>, Ended) {
        let mut lines = Lines::open("x", bytes, max).unwrap();
        let (mut buffer, mut got) = (Vec::new(), Vec::new());
        loop {
            match lines.next(&mut buffer).unwrap() {
                Next::Line => got.push(String::from_utf8_lossy(&buffer).into_owned()),
                Next::TooLong => got.push("(too long)".to_owned()),
                Next::End(ended) => return (got, ended),
            }
        }
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = GzEncoder::new(Vec::new(), Compression::fast());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    #[test]
    fn a_line_too_long_is_skipped_and_the_stream_goes_on() {
        let (lines, ended) = read(b"ab\r\n\nabcdefgh\nabcd\nz", 4);
        assert_eq!(lines, ["ab", "", "(too long)", "abcd", "z"]);
        assert_eq!(ended, Ended::Whole);
    }

    #[test]
    fn a_cut_stream_keeps_what_was_read() {
        let text: String = (0..20_000_u64)
            .map(|n| format!("line {n} {}\n", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
            .collect();
        let whole = gzip(text.as_bytes());
        assert_eq!(read(&whole, 100).0.len(), 20_000);
        let (lines, ended) = read(&whole[..whole.len() / 2], 100);
        assert_eq!(ended, Ended::Truncated);
        assert!(lines.len() > 5_000 && lines.len() < 20_000, "{}", lines.len());
        assert!(text.starts_with(&lines.join("\n")), "only whole lines, and the right ones");
        let mut two = gzip(b"a\n");
        two.extend(gzip(b"b\n"));
        assert_eq!(read(&two, 100).0, ["a", "b"], "members one behind the other, as rotated logs are joined");
        let mut rubbish = gzip(b"a\n");
        rubbish.extend(b"rubbish behind it");
        let (lines, ended) = read(&rubbish, 100);
        assert!(lines == ["a"] && matches!(ended, Ended::Damaged { .. }), "{ended:?}");
    }

    #[test]
    fn forms_that_are_not_read_are_named() {
        for (bytes, word) in
            [(&b"\x28\xb5\x2f\xfd...."[..], "zstd"), (b"PK\x03\x04..", "zip"), (b"\xff\xfea\0", "UTF-16")]
        {
            let Err(error) = Lines::open("f", bytes, 10) else { panic!("{word}") };
            assert!(error.to_string().contains(word), "{error}");
        }
    }
}

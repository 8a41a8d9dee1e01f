//! One record of the merged log: a line, who sent it, and its place among what he sent.
//!
//! ```text
//! length of the source u8   source   position u64, little endian   line
//! ```

use sumun_stream::Record;

/// The only kind of record; a gate's own log has another.
pub(crate) const KIND: u8 = 2;

/// A record, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Event<'a> {
    /// Who sent it.
    pub(crate) source: &'a str,
    /// Its place among what he sent.
    pub(crate) position: u64,
    /// The wire line.
    pub(crate) line: &'a [u8],
}

/// Longest name of a source, in bytes: what one byte of length says.
pub(crate) const SOURCE_BYTES_MAX: usize = 255;

/// The payload of a record. A source's name that is too long is cut off; [`super::book`] lets none in.
pub(crate) fn encode(source: &str, position: u64, line: &[u8]) -> Vec<u8> {
    let source = source.as_bytes();
    let source = source.get(..SOURCE_BYTES_MAX).unwrap_or(source);
    let mut payload = Vec::with_capacity(1 + source.len() + 8 + line.len());
    payload.push(u8::try_from(source.len()).unwrap_or(u8::MAX));
    payload.extend_from_slice(source);
    payload.extend_from_slice(&position.to_le_bytes());
    payload.extend_from_slice(line);
    payload
}

/// Reads a record; `None` if it is none of the merged log.
pub(crate) fn decode(record: &Record) -> Option<Event<'_>> {
    if record.kind != KIND {
        return None;
    }
    let (length, rest) = record.payload.split_first()?;
    let (source, rest) = rest.split_at_checked(usize::from(*length))?;
    let (position, line) = rest.split_first_chunk::<8>()?;
    let source = std::str::from_utf8(source).ok()?;
    line.starts_with(b"{").then_some(Event { source, position: u64::from_le_bytes(*position), line })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sumun_stream::Offset;

    #[test]
    fn what_is_written_is_read() {
        for (source, position, line) in [("gate:g1:0a", 1, "{}"), ("govern", u64::MAX, r#"{"type":"tick"}"#)]
        {
            let payload = encode(source, position, line.as_bytes());
            let record = Record { offset: Offset::ZERO, kind: KIND, payload };
            assert_eq!(decode(&record), Some(Event { source, position, line: line.as_bytes() }));
            for cut in 0..record.payload.len() - line.len() {
                let payload = record.payload[..cut].to_vec();
                assert_eq!(decode(&Record { offset: Offset::ZERO, kind: KIND, payload }), None, "{cut}");
            }
        }
    }
}

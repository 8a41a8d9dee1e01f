//! Framing: how one record becomes bytes and back. Pure; no IO here.

use std::fmt;

/// Largest payload of one record, in bytes.
///
/// 1 MiB: an event line is below 4 KiB and a buffered request body is not logged, so this is 250 times the
/// need; it bounds what a damaged length field can make a reader allocate.
pub const PAYLOAD_BYTES_MAX: usize = 1 << 20;

/// Room for the crate's own prefix (spool ticket, drain position) beside a payload of full size, in bytes.
pub(crate) const PREFIX_BYTES_MAX: usize = 16;

/// Length, CRC, offset, kind: 4 + 4 + 8 + 1 bytes.
pub(crate) const FRAME_HEAD_BYTES: usize = 17;

/// The log's own frames: "all below this offset was synced".
pub(crate) const KIND_MARK: u8 = 0;

/// A record's place in its log: a sequence number that only rises, across segments and restarts.
///
/// Not a byte position. Where a limit is meant (`next`, `durable`) it is exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(u64);

impl Offset {
    /// The first offset of a new log.
    pub const ZERO: Self = Self(0);

    /// The offset with this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The offset `count` records later.
    #[must_use]
    pub const fn plus(self, count: u64) -> Self {
        Self(self.0.saturating_add(count))
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One record as read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its place in the log.
    pub offset: Offset,
    /// What the writer said it is; never 0.
    pub kind: u8,
    /// The bytes as written.
    pub payload: Vec<u8>,
}

/// What the front of a byte string is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed<'a> {
    /// A whole valid frame of `bytes` bytes.
    Frame { offset: Offset, kind: u8, payload: &'a [u8], bytes: usize },
    /// At least `needed` bytes are necessary to say.
    Short { needed: usize },
    /// Not a frame.
    Bad(&'static str),
}

/// Appends one frame to `buffer`. The caller has checked the sizes.
pub(crate) fn encode(buffer: &mut Vec<u8>, offset: Offset, kind: u8, prefix: &[u8], payload: &[u8]) {
    #[expect(clippy::cast_possible_truncation, reason = "INVARIANT: callers keep payloads below 2 MiB")]
    let length = ((prefix.len() + payload.len()) as u32).to_le_bytes();
    let number = offset.get().to_le_bytes();
    let mut crc = crc32fast::Hasher::new();
    for part in [&length, number.as_slice(), &[kind], prefix, payload] {
        crc.update(part);
    }
    buffer.reserve(FRAME_HEAD_BYTES + prefix.len() + payload.len());
    buffer.extend_from_slice(&length);
    buffer.extend_from_slice(&crc.finalize().to_le_bytes());
    buffer.extend_from_slice(&number);
    buffer.push(kind);
    buffer.extend_from_slice(prefix);
    buffer.extend_from_slice(payload);
}

/// Reads the frame at the front of `bytes`.
pub(crate) fn parse(bytes: &[u8]) -> Parsed<'_> {
    let short = Parsed::Short { needed: FRAME_HEAD_BYTES };
    let Some((length_bytes, rest)) = bytes.split_first_chunk::<4>() else { return short };
    let length = u32::from_le_bytes(*length_bytes) as usize;
    if length > PAYLOAD_BYTES_MAX + PREFIX_BYTES_MAX {
        return Parsed::Bad("the length is above the limit");
    }
    let Some((crc_bytes, summed)) = rest.split_first_chunk::<4>() else { return short };
    let Some((number, after)) = summed.split_first_chunk::<8>() else { return short };
    let Some((&kind, after)) = after.split_first() else { return short };
    let Some(payload) = after.get(..length) else {
        return Parsed::Short { needed: FRAME_HEAD_BYTES + length };
    };
    let mut crc = crc32fast::Hasher::new();
    for part in [length_bytes.as_slice(), number, &[kind], payload] {
        crc.update(part);
    }
    if crc.finalize() != u32::from_le_bytes(*crc_bytes) {
        return Parsed::Bad("the checksum does not match");
    }
    Parsed::Frame {
        offset: Offset(u64::from_le_bytes(*number)),
        kind,
        payload,
        bytes: FRAME_HEAD_BYTES + length,
    }
}

/// The little-endian number at the front of `bytes`, and what follows it.
pub(crate) fn split_u64(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    Some((u64::from_le_bytes(*number), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_encoded_is_parsed(number: u64, kind: u8, prefix in prop::collection::vec(any::<u8>(), 0..16),
            payload in prop::collection::vec(any::<u8>(), 0..300), after in prop::collection::vec(any::<u8>(), 0..30)) {
            let mut bytes = Vec::new();
            encode(&mut bytes, Offset(number), kind, &prefix, &payload);
            let size = bytes.len();
            bytes.extend(after);
            let whole = [prefix, payload].concat();
            prop_assert_eq!(parse(&bytes),
                Parsed::Frame { offset: Offset(number), kind, payload: &whole, bytes: size });
            for cut in 0..size {
                let short = matches!(parse(&bytes[..cut]), Parsed::Short { needed } if needed > cut);
                prop_assert!(short);
            }
        }

        #[test]
        fn a_changed_bit_is_noticed(payload in prop::collection::vec(any::<u8>(), 0..100), at: prop::sample::Index, bit in 0u8..8) {
            let mut bytes = Vec::new();
            encode(&mut bytes, Offset(7), 3, b"", &payload);
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            let frame = matches!(parse(&bytes), Parsed::Frame { .. });
            prop_assert!(!frame);
        }
    }

    #[test]
    fn zeros_are_not_a_frame() {
        assert!(matches!(parse(&[0; 64]), Parsed::Bad(_)));
    }
}

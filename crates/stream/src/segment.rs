//! One segment file: its name, its header, and what its bytes hold. Pure; no IO here.

use crate::error::LogError;
use crate::record::{FRAME_HEAD_BYTES, KIND_MARK, Offset, Parsed, parse, split_u64};

/// First bytes of every segment.
const MAGIC: &[u8; 8] = b"SUMUNLOG";
/// Format written and read by this build.
const VERSION: u32 = 1;
/// Magic, version, base offset, CRC: 8 + 4 + 8 + 4 bytes.
pub(crate) const HEADER_BYTES: usize = 24;
/// A segment before its header is on disk.
pub(crate) const TEMPORARY_NAME: &str = "next.tmp";

/// File name of the segment whose first record is `base`: twenty digits, so that names sort like offsets.
pub(crate) fn name(base: Offset) -> String {
    format!("{:020}.seg", base.get())
}

/// The base offset in a segment's name, if it is one.
pub(crate) fn base_of(name: &str) -> Option<Offset> {
    let digits = name.strip_suffix(".seg")?;
    if digits.len() != 20 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().map(Offset::new)
}

/// Base offsets of all segments among `names`, rising.
pub(crate) fn bases(names: &[String]) -> Vec<Offset> {
    let mut bases: Vec<_> = names.iter().filter_map(|name| base_of(name)).collect();
    bases.sort_unstable();
    bases
}

/// The header of a segment that begins at `base`.
pub(crate) fn header(base: Offset) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&base.get().to_le_bytes());
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

/// Checks that `bytes` begin with the header of the segment named after `base`.
pub(crate) fn check_header(bytes: &[u8], base: Offset) -> Result<(), LogError> {
    if bytes.get(..HEADER_BYTES) == Some(header(base).as_slice()) {
        return Ok(());
    }
    let file = name(base);
    if let Some(rest) = bytes.strip_prefix(MAGIC)
        && let Some((version, _)) = rest.split_first_chunk::<4>()
        && u32::from_le_bytes(*version) != VERSION
    {
        return Err(LogError::Version { file, found: u32::from_le_bytes(*version), known: VERSION });
    }
    Err(LogError::Corrupt { file, byte: 0, what: "this is not the header its name promises" })
}

/// What reading a last segment from front to back found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Scan {
    /// Offset after the last whole record.
    pub(crate) next: Offset,
    /// Bytes that hold valid frames, header included.
    pub(crate) valid_bytes: usize,
    /// Whole records found behind the first bad frame and given up with it.
    pub(crate) dropped_records: u64,
}

/// Reads a last segment, and decides whether what follows the last valid frame is a torn tail.
///
/// A tail is torn when nothing behind it proves that it was synced: it was then never acknowledged.
///
/// # Errors
/// [`LogError::Corrupt`] if the header is bad, or if a mark behind the first bad frame says that the bad
/// frame had been synced.
pub(crate) fn scan(bytes: &[u8], base: Offset) -> Result<Scan, LogError> {
    check_header(bytes, base)?;
    let mut at = HEADER_BYTES;
    let mut next = base;
    let what = loop {
        let rest = bytes.get(at..).unwrap_or_default();
        match parse(rest) {
            Parsed::Frame { offset, kind, bytes: size, .. } if offset == next => {
                at += size;
                if kind != KIND_MARK {
                    next = next.plus(1);
                }
            }
            Parsed::Frame { .. } => break "a record is out of order",
            Parsed::Short { .. } => break "a record is cut off",
            Parsed::Bad(what) => break what,
        }
    };
    let rest = bytes.get(at..).unwrap_or_default();
    let behind = search(rest, next);
    if behind.synced > next {
        return Err(LogError::Corrupt { file: name(base), byte: at as u64, what });
    }
    Ok(Scan { next, valid_bytes: at, dropped_records: behind.records })
}

/// Whole records behind a first frame that is none, and whether anything there proves that it was one once.
pub(crate) fn behind(bytes: &[u8], next: Offset) -> (u64, bool) {
    let behind = search(bytes, next);
    (behind.records, behind.records > 0 || behind.synced > next)
}

#[derive(Default)]
struct Behind {
    records: u64,
    synced: Offset,
}

/// Looks at every byte position for frames that this log could have written behind a bad one.
fn search(bytes: &[u8], next: Offset) -> Behind {
    let mut behind = Behind::default();
    let plausible = next..=next.plus((bytes.len() / FRAME_HEAD_BYTES) as u64 + 1);
    let mut at = 1;
    while let Some(rest) = bytes.get(at..).filter(|rest| rest.len() >= FRAME_HEAD_BYTES) {
        let number = rest.get(8..).and_then(split_u64).map(|(number, _)| Offset::new(number));
        if !number.is_some_and(|number| plausible.contains(&number)) {
            at += 1;
            continue;
        }
        match parse(rest) {
            Parsed::Frame { kind: KIND_MARK, payload, bytes: size, .. } => {
                if let Some((synced, _)) = split_u64(payload) {
                    behind.synced = behind.synced.max(Offset::new(synced));
                }
                at += size;
            }
            Parsed::Frame { bytes: size, .. } => {
                behind.records += 1;
                at += size;
            }
            Parsed::Short { .. } | Parsed::Bad(_) => at += 1,
        }
    }
    behind
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::encode;

    fn three_records(marks: bool) -> (Vec<u8>, Vec<usize>) {
        let base = Offset::new(5);
        let mut bytes = header(base);
        let mut starts = Vec::new();
        for number in 5..8 {
            starts.push(bytes.len());
            encode(&mut bytes, Offset::new(number), 1, b"", b"some payload");
            if marks {
                let synced = Offset::new(number + 1);
                encode(&mut bytes, synced, KIND_MARK, b"", &synced.get().to_le_bytes());
            }
        }
        (bytes, starts)
    }

    #[test]
    fn names_round_trip_and_sort() {
        assert_eq!(base_of(&name(Offset::new(1873))), Some(Offset::new(1873)));
        assert_eq!(base_of("lock"), None);
        assert_eq!(base_of("1.seg"), None);
        assert_eq!(base_of("+0000000000000000001.seg"), None);
        assert!(name(Offset::new(99)) < name(Offset::new(100)));
    }

    #[test]
    fn another_version_is_named() {
        let mut bytes = header(Offset::ZERO);
        bytes[8] = 9;
        let error = check_header(&bytes, Offset::ZERO).unwrap_err();
        assert!(matches!(error, LogError::Version { found: 9, known: 1, .. }), "{error}");
    }

    #[test]
    fn a_torn_tail_is_cut_at_the_last_whole_record() {
        let (bytes, starts) = three_records(true);
        for cut in starts[2] + 1..bytes.len() {
            let scan = scan(&bytes[..cut], Offset::new(5)).unwrap();
            let whole = cut >= starts[2] + FRAME_HEAD_BYTES + 12;
            assert_eq!(scan.next, Offset::new(if whole { 8 } else { 7 }));
            assert!(scan.valid_bytes <= cut);
        }
    }

    #[test]
    fn damage_to_a_synced_record_is_an_error_that_names_file_and_byte() {
        let (mut bytes, starts) = three_records(true);
        bytes[starts[1] + 20] ^= 1;
        let error = scan(&bytes, Offset::new(5)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "`00000000000000000005.seg` is damaged at byte {}: the checksum does not match; \
                 restore the file or move it away",
                starts[1]
            )
        );
    }

    #[test]
    fn a_hole_in_what_was_never_synced_is_a_torn_tail() {
        let (mut bytes, starts) = three_records(false);
        bytes[starts[1]..starts[2]].fill(0);
        let scan = scan(&bytes, Offset::new(5)).unwrap();
        assert_eq!(scan, Scan { next: Offset::new(6), valid_bytes: starts[1], dropped_records: 1 });
    }
}

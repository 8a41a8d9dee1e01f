//! The number of the next line, and a place on the disk for it that needs no space.
//!
//! A decision that could not be written still uses up its number, so that a hole in `seq` proves how many are missing.
//! The count must outlive the process too: while nothing can be appended, the next number is written over the
//! same sixteen bytes of a file made at the first start, which takes no space on a full disk.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

/// A number and its check: 12 bytes, in 16 so that they never straddle a sector.
const BYTES: usize = 16;

/// Gives out numbers.
#[derive(Debug)]
pub(super) struct Numbers {
    next: u64,
    file: File,
    /// Whether the file was written since it was last synced.
    unsynced: bool,
}

impl Numbers {
    /// Opens the file, made if it is not there, and begins behind both what was written and what was reserved.
    /// Returns how many numbers were given out and never written.
    pub(super) fn open(path: &Path, after_written: u64) -> io::Result<(Self, u64)> {
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        let mut bytes = [0; BYTES];
        let reserved = match file.read_exact_at(&mut bytes, 0) {
            Ok(()) => decode(&bytes),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None,
            Err(error) => return Err(error),
        };
        let next = after_written.max(reserved.unwrap_or(0));
        let mut numbers = Self { next, file, unsynced: false };
        numbers.reserve()?;
        numbers.file.sync_all()?;
        numbers.unsynced = false;
        Ok((numbers, next - after_written))
    }

    /// The next number.
    pub(super) fn take(&mut self) -> u64 {
        let number = self.next;
        self.next = number.saturating_add(1);
        number
    }

    /// Notes on the disk that all numbers taken so far are gone, written or not.
    pub(super) fn reserve(&mut self) -> io::Result<()> {
        self.unsynced = true;
        self.file.write_all_at(&encode(self.next), 0)
    }

    /// Makes what was noted outlive a power cut.
    pub(super) fn settle(&mut self) -> io::Result<()> {
        if self.unsynced {
            self.unsynced = false;
            self.file.sync_data()?;
        }
        Ok(())
    }
}

fn encode(number: u64) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    let number = number.to_le_bytes();
    let check = crc32fast::hash(&number).to_le_bytes();
    for (to, from) in bytes.iter_mut().zip(number.into_iter().chain(check)) {
        *to = from;
    }
    bytes
}

fn decode(bytes: &[u8; BYTES]) -> Option<u64> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    let check = rest.first_chunk::<4>()?;
    (crc32fast::hash(number).to_le_bytes() == *check).then(|| u64::from_le_bytes(*number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_and_not_written_stays_missing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("next");
        let (mut numbers, missing) = Numbers::open(&path, 1).unwrap();
        assert_eq!(missing, 0);
        assert_eq!([numbers.take(), numbers.take(), numbers.take()], [1, 2, 3]);
        numbers.reserve().unwrap();
        drop(numbers);
        // Number 1 was written, 2 and 3 were not.
        let (mut numbers, missing) = Numbers::open(&path, 2).unwrap();
        assert_eq!((numbers.take(), missing), (4, 2));
        drop(numbers);
        // Later lines were written as usual and never noted here.
        let (mut numbers, missing) = Numbers::open(&path, 10).unwrap();
        assert_eq!((numbers.take(), missing), (10, 0));
    }

    #[test]
    fn a_damaged_note_is_no_note() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("next");
        for damage in [&b""[..], b"short", &[0xff; BYTES], &[0xff; 400]] {
            std::fs::write(&path, damage).unwrap();
            assert_eq!(Numbers::open(&path, 7).unwrap().1, 0, "{damage:?}");
        }
    }
}

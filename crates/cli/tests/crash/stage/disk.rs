//! The bytes of a log folder, read and damaged without the product's code.
//!
//! Frame: length u32, checksum u32, offset u64, kind u8, payload; all little endian. Kind 0 says in its payload below
//! which offset all was synced. A file's head has 24 bytes; a file that has a successor was synced whole.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

const HEAD_BYTES: usize = 24;
const FRAME_HEAD_BYTES: usize = 17;

/// One frame.
pub(crate) struct Frame {
    /// Where it begins in its file.
    pub(crate) at: usize,
    pub(crate) bytes: usize,
    pub(crate) offset: u64,
    pub(crate) kind: u8,
    pub(crate) payload: Vec<u8>,
}

/// The files of a log, oldest first.
pub(crate) fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "seg"))
        .collect();
    files.sort();
    files
}

/// Whole frames of a file, up to the first that is cut off.
pub(crate) fn frames(file: &Path) -> Vec<Frame> {
    let bytes = fs::read(file).unwrap_or_default();
    let number = |at: usize, length: usize| {
        let mut value = [0; 8];
        value[..length].copy_from_slice(&bytes[at..at + length]);
        u64::from_le_bytes(value)
    };
    let mut frames = Vec::new();
    let mut at = HEAD_BYTES;
    while at + FRAME_HEAD_BYTES <= bytes.len() {
        let length = FRAME_HEAD_BYTES + number(at, 4) as usize;
        let Some(payload) = bytes.get(at + FRAME_HEAD_BYTES..at + length) else { break };
        let (offset, kind) = (number(at + 8, 8), bytes[at + 16]);
        frames.push(Frame { at, bytes: length, offset, kind, payload: payload.to_vec() });
        at += length;
    }
    frames
}

/// Whether a record with this text is in the folder and a sync that covers it is on record there.
pub(crate) fn holds_durably(folder: &Path, text: &str) -> bool {
    let files = segments(folder);
    let (mut found, mut synced) = (None, 0);
    for (index, file) in files.iter().enumerate() {
        let is_last = index + 1 == files.len();
        for frame in frames(file) {
            if frame.kind == 0 {
                synced = synced.max(u64::from_le_bytes(frame.payload[..8].try_into().unwrap()));
            } else {
                let quoted = format!("\"{text}\"");
                if frame.payload.windows(quoted.len()).any(|part| part == quoted.as_bytes()) {
                    found = Some((frame.offset, is_last));
                }
            }
        }
    }
    found.is_some_and(|(offset, is_last)| !is_last || synced > offset)
}

/// Appends to the newest file of a folder.
pub(crate) fn append(folder: &Path, bytes: &[u8]) {
    let newest = segments(folder).pop().unwrap();
    fs::OpenOptions::new().append(true).open(newest).unwrap().write_all(bytes).unwrap();
}

/// Cuts a file to a length.
pub(crate) fn cut(file: &Path, bytes: usize) {
    fs::OpenOptions::new().write(true).open(file).unwrap().set_len(bytes as u64).unwrap();
}

/// Turns one bit over.
pub(crate) fn flip(file: &Path, at: usize) {
    let mut bytes = fs::read(file).unwrap();
    bytes[at] ^= 1;
    fs::write(file, bytes).unwrap();
}

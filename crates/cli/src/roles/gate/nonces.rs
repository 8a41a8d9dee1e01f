//! Replay memory on this gate's disk: a journal of nonce marks, and the key they are hashed with.
//!
//! A mark is written before its request goes on, so a killed process forgets none; it is on the disk within the
//! journal's sync interval, and before a transfer is forwarded. The journal keeps at least both generations.

use super::disk::{self, StartError};
use super::recorder::NONCE_KIND;
use crate::config::Config;
use std::io;
use std::path::Path;
use sumun_gate::{NonceMark, ReplayMemory};
use sumun_stream::{Log, LogOptions, Offset, Retention};

/// One journal segment: 4 MiB, some hundred and fifty thousand marks, so that old ones go in small steps.
const SEGMENT_BYTES_MAX: u64 = 4 << 20;

/// Opens journal and memory. Returns them with how many marks were restored.
pub(super) fn open(config: &Config) -> Result<(ReplayMemory, Log, usize), StartError> {
    let folder = config.data_dir.join("replay");
    let nonces_max = config.gate.replay.nonces_max.get();
    let options = LogOptions { segment_bytes_max: SEGMENT_BYTES_MAX, first_offset: Offset::ZERO };
    let log = disk::open_log(&folder, options)?;
    let hash_key = hash_key(&config.data_dir.join("replay.key"), &log)?;
    let memory = ReplayMemory::new(nonces_max, hash_key);
    let mut restored = 0;
    for record in log.reader(log.first()) {
        let record = record.map_err(|source| StartError::Read { path: folder.clone(), source })?;
        if record.kind == NONCE_KIND
            && let Ok(bytes) = <[u8; 8]>::try_from(record.payload.as_slice())
        {
            memory.restore([NonceMark(u64::from_le_bytes(bytes))]);
            restored += 1;
        }
    }
    Ok((memory, log, restored))
}

/// Gives back what lies behind both generations. A quarter more is kept, as shards fill unevenly.
pub(super) fn trim(log: &Log, nonces_max: usize) {
    let keep = nonces_max as u64 * 5 / 2;
    let below = log.next().get().saturating_sub(keep);
    let _ = log.retain(&Retention { bytes_max: None, drop_below: Some(Offset::new(below)) });
}

/// The key that nonces are hashed with. Without the one a journal was written with, every nonce in it would pass again.
fn hash_key(path: &Path, journal: &Log) -> Result<[u8; 16], StartError> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if journal.next() > Offset::ZERO {
                return Err(StartError::HashKeyGone(path.to_owned()));
            }
            let key = crate::entropy::draw::<16>().map_err(|e| StartError::Entropy(e.to_string()))?;
            // Whole or not at all: a process killed here must leave a folder that starts.
            crate::atomic_file::replace(path, hex::encode(key.as_slice()).as_bytes())
                .map_err(StartError::Write)?
                .durably()
                .map_err(StartError::Unsynced)?;
            return Ok(*key);
        }
        Err(source) => return Err(StartError::Folder { path: path.to_owned(), source }),
    };
    let mut key = [0; 16];
    hex::decode_to_slice(text.trim_ascii(), &mut key).map_err(|_| StartError::HashKey(path.to_owned()))?;
    Ok(key)
}

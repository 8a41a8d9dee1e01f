//! Replay memory on this gate's disk: a journal of nonce marks, and the key they are hashed with.
//!
//! A mark is written before its request goes on, so a killed process forgets none; it is on the disk within the
//! journal's sync interval, and before a transfer is forwarded. The journal keeps at least both generations.

use super::disk::{self, StartError};
use super::recorder::NONCE_KIND;
use crate::config::Config;
use std::path::Path;
use sumun_gate::{NonceMark, ReplayMemory};
use sumun_stream::{Log, LogOptions, Offset, Retention};

/// One journal segment: 4 MiB, some hundred and fifty thousand marks, so that old ones go in small steps.
const SEGMENT_BYTES_MAX: u64 = 4 << 20;

/// Opens journal and memory. Returns them with how many marks were restored.
pub(super) fn open(config: &Config) -> Result<(ReplayMemory, Log, usize), StartError> {
    let folder = config.data_dir.join("replay");
    let hash_key = hash_key(&config.data_dir.join("replay.key"))?;
    let nonces_max = config.gate.replay.nonces_max.get();
    let options = LogOptions { segment_bytes_max: SEGMENT_BYTES_MAX, first_offset: Offset::ZERO };
    let log = disk::open_log(&folder, options)?;
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

fn hash_key(path: &Path) -> Result<[u8; 16], StartError> {
    if !path.exists() {
        let key = crate::entropy::draw::<16>().map_err(|e| StartError::Entropy(e.to_string()))?;
        crate::atomic_file::create(path, hex::encode(key.as_slice()).as_bytes())
            .map_err(StartError::Write)?;
    }
    let text = std::fs::read_to_string(path)
        .map_err(|source| StartError::Folder { path: path.to_owned(), source })?;
    let mut key = [0; 16];
    hex::decode_to_slice(text.trim(), &mut key).map_err(|_| StartError::HashKey(path.to_owned()))?;
    Ok(key)
}

//! Writes small published folders with made-up contents from a fixed seed: the test vectors of
//! `docs/ledger-format.md`, and what the verifier's tests tamper with.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "shared by several tests, each using a part"
)]

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::convert::Infallible;
use std::fs;
use std::path::Path;
use sumun_ledger::{
    Appender, Canonical, CheckpointSigner, Growth, Hash, Kind, Leaf, Place, Rows, TlogProof, commitment,
    erased_line, inclusion, payload_line, push_entry, tree,
};
use sumun_model::Timestamp;

/// Name of the made-up log.
pub const ORIGIN: &str = "sumun.example/made-up";

/// Ed25519 seed of the made-up log: thirty-two bytes of 42.
pub const SEED: [u8; 32] = [42; 32];

/// A log in memory.
pub struct Log {
    pub tree: Appender,
    pub rows: Rows,
    pub leaves: Vec<Vec<u8>>,
    pub classes: Vec<String>,
    pub times: Vec<i64>,
    pub salts: Vec<[u8; 32]>,
    pub payloads: Vec<String>,
    pub erased: Vec<u64>,
}

/// Salt of entry `index`: a real one is random.
pub fn salt(index: u64) -> [u8; 32] {
    Sha256::digest(format!("made-up salt {index}")).into()
}

/// What entry `index` of the made-up log says.
pub fn payload(index: u64) -> (&'static str, Value) {
    let at = Timestamp::from_micros(1_790_000_000_000_000 + i64::try_from(index).unwrap() * 1_500_000);
    let key = format!("key-{:03}", index / 3);
    let version = index % 3 + 1;
    let (class, state) = match version {
        1 => ("key.requested", "requested"),
        2 => ("key.issued", "active"),
        _ => ("key.revoked", "revoked"),
    };
    let feed =
        if version == 1 { json!([]) } else { json!([{"key": key, "state": state, "version": version}]) };
    let payload = json!({
        "v": 1,
        "class": class,
        "at": at,
        "facts": {"by": "made-up-owner", "why": "시험 \"made up\" €"},
        "rows": [{"table": "keys", "row": {"id": key, "state": state, "version": version}}],
        "feed": feed,
    });
    (class, payload)
}

/// A payload of that class that says nothing but a number.
pub fn plain(class: &str, number: u64) -> Canonical {
    let at = Timestamp::from_micros(1_790_000_000_000_000);
    let payload =
        json!({"v": 1, "class": class, "at": at, "facts": {"number": number}, "rows": [], "feed": []});
    Canonical::of(&payload).unwrap()
}

impl Log {
    /// As [`Log::of`], entry 16 erased; the last entry owns up to it.
    pub fn with_an_erasure(size: u64) -> Self {
        let mut log = Self::of(size - 1);
        log.own_up(16, true);
        log.erased = vec![16];
        log
    }

    /// Appends the entry that tells of an erasure.
    pub fn own_up(&mut self, erased: u64, feed: bool) {
        let index = self.tree.size();
        let us = 1_790_000_001_000_000 + i64::try_from(index).unwrap() * 1_500_000;
        let payload = json!({
            "v": 1,
            "class": "payload.erased",
            "at": Timestamp::from_micros(us - 1_000_000),
            "facts": {"by": "made-up-officer", "feed": feed, "index": erased, "reason": "asked for, made up"},
            "rows": [],
            "feed": [],
        });
        self.push("payload.erased", us, salt(index), Canonical::of(&payload).unwrap());
    }

    /// The made-up log of `size` entries; one sequenced every second and a half.
    pub fn of(size: u64) -> Self {
        let mut log = Self {
            tree: Appender::empty(),
            rows: Rows::default(),
            leaves: vec![],
            classes: vec![],
            times: vec![],
            salts: vec![],
            payloads: vec![],
            erased: vec![],
        };
        for index in 0..size {
            let (class, payload) = payload(index);
            let us = 1_790_000_001_000_000 + i64::try_from(index).unwrap() * 1_500_000;
            log.push(class, us, salt(index), Canonical::of(&payload).unwrap());
        }
        log
    }

    /// Appends one entry.
    pub fn push(&mut self, class: &str, us: i64, salt: [u8; 32], payload: Canonical) {
        let leaf = Leaf::new(class, Timestamp::from_micros(us), commitment(&salt, class, &payload))
            .unwrap()
            .to_bytes();
        let row = self.tree.size();
        let completed = self.tree.append(&leaf);
        self.rows.insert(row, tree::concatenated(&completed));
        self.leaves.push(leaf);
        self.classes.push(class.to_owned());
        self.times.push(us);
        self.salts.push(salt);
        self.payloads.push(payload.into_string());
    }

    /// Reads stored hashes.
    pub fn read(&self) -> impl Fn(Place) -> Result<Hash, Infallible> {
        |place| Ok(self.rows.hash(place).unwrap())
    }

    /// The signed checkpoint of the whole log.
    pub fn checkpoint(&self) -> String {
        signer().sign(self.tree.size(), self.tree.root())
    }

    /// The proof of entry `index`.
    pub fn proof(&self, index: u64) -> TlogProof {
        let hashes = inclusion(index, self.tree.size(), self.read()).unwrap();
        let leaf = self.leaves[usize::try_from(index).unwrap()].clone();
        TlogProof { extra: Some(leaf), index, hashes, checkpoint: self.checkpoint() }
    }

    /// Publishes the whole log into an empty folder.
    pub fn publish(&self, folder: &Path) {
        for file in Growth::all(self.tree.size()) {
            let mut bytes = Vec::new();
            for n in file.units() {
                let at = usize::try_from(n).unwrap();
                match file.kind {
                    Kind::Entries => push_entry(&mut bytes, &self.leaves[at]),
                    Kind::Payloads if self.erased.contains(&n) => bytes.extend(erased_line(n).bytes()),
                    Kind::Payloads => {
                        bytes.extend(payload_line(n, &self.salts[at], &self.payloads[at]).bytes());
                    }
                    Kind::Tile(_) => {}
                }
            }
            if let Kind::Tile(_) = file.kind {
                bytes = file.tile_bytes(self.read()).unwrap();
            }
            let path = folder.join(file.path());
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("vkey"), format!("{}\n", signer().vkey())).unwrap();
        fs::write(folder.join("checkpoint"), self.checkpoint()).unwrap();
    }
}

/// The made-up log's signer.
pub fn signer() -> CheckpointSigner {
    CheckpointSigner::new(&SEED, ORIGIN).unwrap()
}

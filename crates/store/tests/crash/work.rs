//! The changes that the program makes: keys that are made, changed and ended, always the same, so that a program that died
//! can go on and whoever looks knows what to expect.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use sumun_ledger::CheckpointSigner;
use sumun_model::Timestamp;
use sumun_store::table::Kind;
use sumun_store::{Change, Expect, Idempotency, Image, OutboxMessage, RowWrite, Table, VaultItem, tables};

/// Who asks, for answers to repeated requests.
pub(crate) const PRINCIPAL: &str = "user:made-up";
/// Made-up seed of the ledger's key.
const SEED: [u8; 32] = [7; 32];
/// States of a key, in the order of its versions.
pub(crate) const STATES: [&str; 3] = ["requested", "active", "expired"];

pub(crate) fn signer() -> CheckpointSigner {
    CheckpointSigner::new(&SEED, "sumun.example/made-up").unwrap()
}

/// One change: which worker makes it, which of his keys, which version of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Step {
    pub(crate) worker: u64,
    pub(crate) key: u64,
    pub(crate) version: usize,
}

impl Step {
    /// All that one worker does, in order.
    pub(crate) fn of(worker: u64, keys: u64) -> impl Iterator<Item = Self> {
        (0..keys).flat_map(move |key| (1..=STATES.len()).map(move |version| Self { worker, key, version }))
    }

    pub(crate) fn key_id(self) -> String {
        format!("K{}-{}", self.worker, self.key)
    }

    pub(crate) fn state(self) -> &'static str {
        STATES[self.version - 1]
    }

    /// Its name: in reports, in the entry's facts, as idempotency key.
    pub(crate) fn id(self) -> String {
        format!("{}@{}", self.key_id(), self.version)
    }

    /// Its idempotency key, as somebody asks.
    pub(crate) fn answer_key(self, asks_as: &str) -> String {
        format!("{asks_as}:{}", self.id())
    }

    pub(crate) fn change(self, at: Timestamp, asks_as: &str) -> Change {
        let version = self.version as i64;
        let expect = if version == 1 { Expect::Absent } else { Expect::Version(version - 1) };
        let sealed = format!("sealed:{}", self.id());
        let secret = hex::encode(Sha256::digest(&sealed));
        let mut writes = vec![RowWrite {
            table: &tables::KEYS,
            expect,
            image: image(
                &tables::KEYS,
                &self.key_id(),
                version,
                &[("state", self.state()), ("secret", &secret)],
            ),
        }];
        if self.state() == "expired" {
            let image = image(&tables::DEAD_KEYS, &self.key_id(), 1, &[("state", "expired")]);
            writes.push(RowWrite { table: &tables::DEAD_KEYS, expect: Expect::Absent, image });
        }
        let facts: Map<String, Value> =
            [("id".to_owned(), json!(self.id())), ("by".to_owned(), json!(asks_as))].into_iter().collect();
        Change {
            class: "key.changed",
            at,
            facts,
            writes,
            reads: Vec::new(),
            feed: vec![json!({"key": self.key_id(), "state": self.state()})],
            outbox: vec![OutboxMessage { topic: "made_up", body: json!({"id": self.id()}) }],
            vault: vec![VaultItem { sealed }],
            idempotency: Some(Idempotency {
                principal: PRINCIPAL.to_owned(),
                key: self.answer_key(asks_as),
                request: hex::encode(Sha256::digest(self.id())),
                status: 200,
                body: json!({"done": self.id()}),
            }),
            salt: Sha256::digest(format!("salt:{}", self.answer_key(asks_as))).into(),
        }
    }
}

/// A row with every column of its table, made up where nothing is told.
fn image(table: &Table, key: &str, version: i64, told: &[(&str, &str)]) -> Image {
    let value = |name: &str, kind: Kind| {
        if name == table.key {
            return json!(key);
        }
        if name == "version" {
            return json!(version);
        }
        if let Some((_, text)) = told.iter().find(|(told, _)| *told == name) {
            return json!(text);
        }
        match kind {
            Kind::Text => json!("made-up"),
            Kind::Integer => json!(1),
            Kind::Json => json!(["made-up"]),
            Kind::TextOrNull | Kind::IntegerOrNull => Value::Null,
        }
    };
    table.columns.iter().map(|column| (column.name.to_owned(), value(column.name, column.kind))).collect()
}

//! Changes as govern makes them, with made-up content of the usual size.

use crate::random::Random;
use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use sumun_ledger::{Canonical, Salt};
use sumun_model::Timestamp;
use sumun_store::table::Kind;
use sumun_store::{Change, Expect, Idempotency, Image, OutboxMessage, RowWrite, VaultItem, tables};

/// When everything here happens.
const AT: Timestamp = Timestamp::from_millis(1_800_000_000_000);

thread_local! {
    static SALTS: RefCell<Random> = const { RefCell::new(Random::new(77)) };
}

fn salt() -> Salt {
    let mut salt = [0; 32];
    SALTS.with_borrow_mut(|random| {
        for part in salt.chunks_exact_mut(8) {
            part.copy_from_slice(&random.next().to_le_bytes());
        }
    });
    salt
}

/// Entries without rows, such as a reading of personal data: the ledger alone.
///
/// # Errors
/// None.
pub fn entries(count: usize) -> Result<Vec<Change>> {
    let one = |n: usize| {
        let facts = json!({
            "actor": "user:made-up-analyst", "session": "s-0123456789abcdef", "subject": format!("person:P{n}"),
            "fields": ["name", "email"], "reason": "made-up: looking into a report",
        });
        Change {
            class: "person.read",
            at: AT,
            facts: object(facts),
            writes: Vec::new(),
            reads: Vec::new(),
            feed: Vec::new(),
            outbox: Vec::new(),
            vault: Vec::new(),
            idempotency: None,
            salt: salt(),
        }
    };
    Ok((0..count).map(one).collect())
}

/// Their payloads as the ledger holds them, with class and salt: what a careful baseline starts from.
///
/// # Errors
/// A payload without canonical form.
pub fn texts(changes: &[Change]) -> Result<Vec<Text>> {
    changes.iter().map(Text::of).collect()
}

/// A payload with what its commitment needs.
#[derive(Clone, Debug)]
pub struct Text {
    /// Class.
    pub class: &'static str,
    /// Randomness.
    pub salt: Salt,
    /// Canonical payload.
    pub payload: String,
}

impl Text {
    /// Of a change.
    ///
    /// # Errors
    /// A payload without canonical form.
    pub fn of(change: &Change) -> Result<Self> {
        let rows: Vec<Value> = change
            .writes
            .iter()
            .map(|write| json!({"table": write.table.name, "row": write.image}))
            .collect();
        let payload = json!({
            "v": 1, "class": change.class, "at": change.at, "facts": change.facts, "rows": rows, "feed": change.feed,
        });
        let payload = Canonical::of(&payload).context("a canonical payload")?.into_string();
        Ok(Self { class: change.class, salt: change.salt, payload })
    }
}

/// Keys that change again and again.
#[derive(Debug)]
pub struct Keys {
    family: usize,
    count: usize,
    version: i64,
}

impl Keys {
    /// So many keys; `family` keeps their names apart from others'.
    #[must_use]
    pub const fn new(family: usize, count: usize) -> Self {
        Self { family, count, version: 0 }
    }

    /// The next change of every key: first made, then its allowlist changed.
    ///
    /// # Errors
    /// None.
    pub fn next_round(&mut self) -> Result<Vec<Change>> {
        self.version += 1;
        Ok((0..self.count).map(|n| self.change(n)).collect())
    }

    fn change(&self, n: usize) -> Change {
        let version = self.version;
        let key = format!("bench{}-{n:06}", self.family);
        let sealed = format!("seal:v1:{key}:{version}:{}", "5a".repeat(80));
        let own = format!("198.51.{}.{}/32", n / 256 % 256, n % 256);
        let allowlist = json!([own, format!("203.0.113.{}/32", version % 256)]);
        let account = format!("A{n:06}");
        KeyWrite { key: &key, account: &account, state: "active", allowlist, sealed: &sealed, version }
            .change("key.allowlist_changed")
    }
}

/// One key to be written, in the parts that benches tell apart.
#[derive(Clone, Debug)]
pub struct KeyWrite<'a> {
    /// Id.
    pub key: &'a str,
    /// Account.
    pub account: &'a str,
    /// State.
    pub state: &'a str,
    /// Allowlist, as the row holds it.
    pub allowlist: Value,
    /// Sealed secret.
    pub sealed: &'a str,
    /// Version of the row; 1 is new.
    pub version: i64,
}

impl KeyWrite<'_> {
    /// The change that writes it: row, record for gates, notice, sealed secret, answer.
    #[must_use]
    pub fn change(&self, class: &'static str) -> Change {
        let Self { key, account, state, allowlist, sealed, version } = self;
        let scopes = json!(["read_balances", "read_orders", "trade", "cancel"]);
        let digest = hex::encode(Sha256::digest(sealed));
        let told = |name: &str| match name {
            "key" => Some(json!(key)),
            "account" => Some(json!(account)),
            "state" => Some(json!(state)),
            "scopes" => Some(scopes.clone()),
            "allowlist" => Some(allowlist.clone()),
            "purpose" => Some(json!("own_trading")),
            "application" => Some(json!("made-up-rebalancer 4.2")),
            "secret" => Some(json!(digest)),
            "mandate" => Some(json!({"markets": ["KRW-BTC", "KRW-ETH"], "order_krw_max": "5000000"})),
            "approvals" => Some(json!(["ap-000001", "ap-000002"])),
            "version" => Some(json!(version)),
            _ => None,
        };
        let image: Image = tables::KEYS
            .columns
            .iter()
            .map(|column| {
                let made_up = match column.kind {
                    Kind::Text => json!("made-up"),
                    Kind::Integer => json!(AT.as_micros()),
                    Kind::Json => json!([]),
                    Kind::TextOrNull | Kind::IntegerOrNull => Value::Null,
                };
                (column.name.to_owned(), told(column.name).unwrap_or(made_up))
            })
            .collect();
        let expect = if *version == 1 { Expect::Absent } else { Expect::Version(version - 1) };
        let record = json!({
            "key": key, "account": account, "state": state, "allowlist": allowlist, "scopes": scopes,
            "application": "made-up-rebalancer 4.2", "expires": "2099-01-01T00:00:00.000000Z", "secret_ref": digest,
        });
        let facts = json!({
            "actor": "customer:C1/P1", "session": "s-0123456789abcdef", "keys": [key], "approvals": ["ap-000001"],
            "second_factor": {"method": "totp", "at": AT}, "reason": "made-up: new egress address",
        });
        Change {
            class,
            at: AT,
            facts: object(facts),
            writes: vec![RowWrite { table: &tables::KEYS, expect, image }],
            reads: Vec::new(),
            feed: vec![record],
            outbox: vec![OutboxMessage { topic: "notice", body: json!({"to": "customer:C1", "about": key}) }],
            vault: vec![VaultItem { sealed: (*sealed).to_owned() }],
            idempotency: Some(Idempotency {
                principal: "customer:C1/P1".to_owned(),
                key: format!("{key}-{version}"),
                request: digest,
                status: 200,
                body: json!({"key": key, "state": state, "version": version}),
            }),
            salt: salt(),
        }
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

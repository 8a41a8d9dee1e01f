//! The exchange: its API that checks signatures, its key database with a back office, its history and its exports. What stands before it is
//! [`crate::gateway`].

use crate::bots::{CUSTOMERS, Client, SILENT, TEST_KEY};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use sumun_sim::config::{Account, Accounts, Key};
use sumun_sim::{Config, Handle, MockExchange};

/// Requests of history, five seconds apart.
const PAST: i64 = 600;

pub(crate) struct Exchange {
    handle: Option<Handle>,
    runtime: tokio::runtime::Runtime,
    pub(crate) api: SocketAddr,
    pub(crate) back_office: SocketAddr,
}

impl Exchange {
    /// Serves its customers.
    pub(crate) fn open() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let account = |client: &Client| Account {
            name: client.account.to_owned(),
            keys: vec![Key {
                access_key: client.key.to_owned(),
                secret: Some(client.secret()),
                expire_at: "2099-12-31T23:59:59+09:00".to_owned(),
            }],
            balances: BTreeMap::from([("KRW".to_owned(), 1_000_000_000.into())]),
        };
        let accounts = Accounts { accounts: everybody().map(account).collect() };
        let config = Config { accounts, verify: true, ..Config::default() };
        let handle = runtime.block_on(MockExchange::start(config)).unwrap();
        Self { api: handle.addr, back_office: handle.control, handle: Some(handle), runtime }
    }

    /// What its key API was asked about a key.
    pub(crate) fn was_asked_of(&self, key: &str) -> Vec<String> {
        let agent: ureq::Agent = ureq::Agent::config_builder().build().into();
        let url = format!("http://{}/_mock/key_api", self.back_office);
        let text = agent.get(url).call().unwrap().body_mut().read_to_string().unwrap();
        let all: Value = serde_json::from_str(&text).unwrap();
        let asked = all["asked"].as_array().unwrap().iter().filter(|asked| asked["key"] == key);
        asked
            .filter(|asked| asked["changed"] == true)
            .map(|asked| asked["wanted"].as_str().unwrap().to_owned())
            .collect()
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if let Some(handle) = self.handle.take() {
            self.runtime.block_on(handle.stop());
        }
    }
}

/// All who have a key there, the exchange's own test key included.
fn everybody() -> impl Iterator<Item = &'static Client> {
    CUSTOMERS.iter().chain([&TEST_KEY])
}

/// An id as it leaves the house: hashed with a key that stays.
fn hashed(id: &str) -> String {
    hex::encode(Sha256::digest(format!("made-up key of the exchange's own {id}")))[..32].to_owned()
}

fn table_of_keys(id: impl Fn(&str) -> String) -> String {
    let mut text = "key_id,account_id,customer_id,segment,state,scopes,allowlist,vendor,created_at,expires_at,last_used_at\n".to_owned();
    for client in everybody() {
        let customer = client.account.replace('A', "C");
        let (key, account, customer) = (id(client.key), id(client.account), id(&customer));
        let (segment, allowed) = (client.segment, client.allowed);
        writeln!(text, "{key},{account},{customer},{segment},active,read;trade,{allowed},,2026-01-02 09:00:00,2027-12-31 00:00:00,").unwrap();
    }
    text
}

fn table_of_accounts(id: impl Fn(&str) -> String) -> String {
    let mut text =
        "account_id,customer_id,person_id,parent_account_id,segment,country,opened_on,fee_tier\n".to_owned();
    for client in everybody() {
        let customer = id(&client.account.replace('A', "C"));
        let person = id(&client.account.replace('A', "P"));
        writeln!(text, "{},{customer},{person},,{},KR,2025-03-02,", id(client.account), client.segment)
            .unwrap();
    }
    text
}

/// Which networks the addresses of this machine stand for.
fn table_of_networks() -> String {
    let mut text = "prefix,asn,org,country,class\n".to_owned();
    for (index, client) in everybody().enumerate() {
        writeln!(text, "{}/32,{},Example Home {index},KR,residential", client.home, 64500 + index).unwrap();
    }
    writeln!(text, "{}/32,64600,Example Hosting,SG,hosting", crate::bots::BORROWER).unwrap();
    text
}

/// History as its front wrote it, of the customers one after the other, each from home.
fn history(now_ms: i64, id: impl Fn(&str) -> String) -> String {
    let mut text = String::new();
    for number in 0..PAST {
        let client = &CUSTOMERS[usize::try_from(number).unwrap() % CUSTOMERS.len()];
        let ms = now_ms - 60_000 - (PAST - number) * 5_000;
        let line = json!({
            "msec": format!("{}.{:03}", ms / 1000, ms % 1000), "request_id": format!("past-{number}"), "remote_addr": client.home,
            "hostname": "front-1", "key_id": id(client.key), "account_id": id(client.account), "request_method": "GET",
            "request_uri": "/v1/accounts", "status": "200", "http_user_agent": client.agent,
        });
        writeln!(text, "{line}").unwrap();
    }
    text
}

/// All that the exchange hands out of its own house: exports for week 1, tables and history for week 2, secrets for week 5, declarations.
pub(crate) fn hands_out(folder: &Path, now_ms: i64) {
    let own = |id: &str| id.to_owned();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(history(now_ms, hashed).as_bytes()).unwrap();
    write("exports/access.log.gz", &packed.finish().unwrap());
    write("exports/keys.csv", table_of_keys(hashed).as_bytes());
    write("exports/accounts.csv", table_of_accounts(hashed).as_bytes());
    write("log/access.json.1", history(now_ms, own).as_bytes());
    write("keys.csv", table_of_keys(own).as_bytes());
    write("accounts.csv", table_of_accounts(own).as_bytes());
    write("networks.csv", table_of_networks().as_bytes());
    let secrets: String = everybody()
        .filter(|client| client.key != SILENT)
        .map(|client| {
            let line = json!({ "type": "key", "ts": "2026-11-20T00:00:00Z", "key": client.key, "account": client.account,
                "state": "active", "scopes": ["read", "trade"], "allowlist": [format!("{}/32", client.allowed)],
                "expires": "2027-12-30T15:00:00Z" });
            format!("{}\n", json!({ "line": line, "secret": client.secret() }))
        })
        .collect();
    write("secrets.ndjson", secrets.as_bytes());
}

/// What customers declared in the exchange's own app: the lender that he alone uses his key, and one of them nothing.
pub(crate) fn declarations(now: &str) -> String {
    let all: Vec<Value> = everybody()
        .filter(|client| client.key != SILENT)
        .map(|client| {
            json!({ "key": client.key, "terms": "2", "who": "myself", "consented": now,
                "reference": format!("consent-{}", client.key) })
        })
        .collect();
    json!({ "registrations": all }).to_string()
}

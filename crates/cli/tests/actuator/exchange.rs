//! The exchange: its clients ask it directly, and it writes its own log.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use sumun_sim::config::{Account, Accounts, Key};
use sumun_sim::{Config, Handle, MockExchange};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The keys it serves, all of account A1.
pub(crate) const KEYS: [&str; 3] = ["K1", "K2", "K3"];

pub(crate) struct Exchange {
    handle: Option<Handle>,
    runtime: tokio::runtime::Runtime,
    config: Config,
}

impl Exchange {
    /// Begins to serve, and to write this log.
    pub(crate) fn start(log: PathBuf) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let key = |id: &str| Key {
            access_key: id.to_owned(),
            secret: None,
            expire_at: "2099-12-31T23:59:59+09:00".to_owned(),
        };
        let balances = BTreeMap::from([("KRW".to_owned(), 100_000_000.into())]);
        let account = Account { name: "A1".to_owned(), keys: KEYS.map(key).into(), balances };
        let accounts = Accounts { accounts: vec![account] };
        let mut config = Config { accounts, access_log: Some(log), ..Config::default() };
        let handle = runtime.block_on(MockExchange::start(config.clone())).unwrap();
        (config.listen, config.control) = (handle.addr, handle.control);
        Self { handle: Some(handle), runtime, config }
    }

    /// Where its back office is.
    pub(crate) fn control(&self) -> SocketAddr {
        self.config.control
    }

    /// It is away.
    pub(crate) fn stop(&mut self) {
        if let Some(handle) = self.handle.take() {
            self.runtime.block_on(handle.stop());
        }
    }

    /// It is back, at the same addresses. What it knew of keys is gone.
    pub(crate) fn start_again(&mut self) {
        let config = self.config.clone();
        // Its address may still be given up by the one before.
        let handle = crate::waiting::until("the exchange's addresses to be free", || {
            self.runtime.block_on(MockExchange::start(config.clone())).ok()
        });
        self.handle = Some(handle);
    }

    /// A client asks for his balances from this address of the machine; the status.
    pub(crate) fn ask_from(&self, key: &str, from: &str) -> u16 {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let head = part(json!({ "alg": "HS256" }));
        let token = format!("{head}.{}.eA", part(json!({ "access_key": key, "nonce": "1" })));
        let request = format!(
            "GET /v1/accounts HTTP/1.1\r\nhost: exchange\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
        );
        let from: std::net::IpAddr = from.parse().unwrap();
        let answer = self.runtime.block_on(async {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            socket.bind(SocketAddr::new(from, 0)).unwrap();
            let mut stream = socket.connect(self.config.listen).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            answer
        });
        String::from_utf8_lossy(&answer).split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// A client asks for his balances; the status.
    pub(crate) fn ask(&self, key: &str) -> u16 {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let head = part(json!({ "alg": "HS256" }));
        let token = format!("Bearer {head}.{}.eA", part(json!({ "access_key": key, "nonce": "1" })));
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let url = format!("http://{}/v1/accounts", self.config.listen);
        agent.get(url).header("authorization", token).call().unwrap().status().as_u16()
    }

    /// From now on its key API answers so: `ok`, `lie`, or a status; after so many milliseconds.
    pub(crate) fn answers(&self, answer: &str, slow_ms: u32) {
        let agent: ureq::Agent = ureq::Agent::config_builder().build().into();
        let url = format!("http://{}/_mock/key_api?answer={answer}&slow_ms={slow_ms}", self.config.control);
        agent.post(url).send_empty().unwrap();
    }

    /// All that its key API was asked.
    pub(crate) fn was_asked(&self) -> Value {
        let agent: ureq::Agent = ureq::Agent::config_builder().build().into();
        let url = format!("http://{}/_mock/key_api", self.config.control);
        let text = agent.get(url).call().unwrap().body_mut().read_to_string().unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Whether it is there.
    pub(crate) fn is_up(&self) -> bool {
        self.handle.is_some()
    }

    /// What it was asked about a key, in order.
    pub(crate) fn was_asked_of(&self, key: &str) -> Vec<Value> {
        let all = self.was_asked();
        all["asked"].as_array().unwrap().iter().filter(|asked| asked["key"] == key).cloned().collect()
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.stop();
    }
}

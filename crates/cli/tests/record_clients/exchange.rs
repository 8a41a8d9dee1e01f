//! The mock exchange behind the gates. It learns of keys as a real one does: after they were issued, at the same address.

use crate::keys::Key;
use crate::stage::client::get;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use sumun_sim::config::{Account, Accounts};
use sumun_sim::{Config, Handle, MockExchange};

pub(crate) struct Exchange {
    handle: Option<Handle>,
    runtime: tokio::runtime::Runtime,
    pub(crate) address: SocketAddr,
}

impl Exchange {
    pub(crate) fn start() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let handle = runtime.block_on(MockExchange::start(Config::default())).unwrap();
        Self { address: handle.addr, handle: Some(handle), runtime }
    }

    /// Begins anew with one account that has these keys.
    pub(crate) fn knows(&mut self, keys: &[&Key]) {
        let keys = keys.iter().map(|key| sumun_sim::config::Key {
            access_key: key.id.clone(),
            secret: None,
            expire_at: "2099-12-31T23:59:59+09:00".to_owned(),
        });
        let balances = BTreeMap::from([("KRW".to_owned(), 100_000_000.into()), ("BTC".to_owned(), 2.into())]);
        let account = Account { name: "A1".to_owned(), keys: keys.collect(), balances };
        let accounts = Accounts { accounts: vec![account] };
        let config = Config { listen: self.address, accounts, ..Config::default() };
        let old = self.handle.take().unwrap();
        self.handle = Some(self.runtime.block_on(async {
            old.stop().await;
            MockExchange::start(config).await.unwrap()
        }));
    }

    /// All it received, as text.
    pub(crate) fn received(&self) -> String {
        get(self.handle.as_ref().unwrap().control, "/_mock/requests").body
    }

    /// How many messages of a key on streams it received.
    pub(crate) fn messages(&self, key: &str) -> usize {
        let received: Vec<Value> = serde_json::from_str(&self.received()).unwrap();
        let of_key = |entry: &&Value| entry["kind"] == "websocket_message" && entry["access_key"] == key;
        received.iter().filter(of_key).count()
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if let Some(handle) = self.handle.take() {
            self.runtime.block_on(handle.stop());
        }
    }
}

//! What a mock exchange starts with: listeners, accounts and their keys, markets. A typo in an accounts file is an error.

use crate::venue::{AccountIndex, FUNDS_MAX, MAKER, MarketFacts, Refusal, Venue};
use rust_decimal::Decimal;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Prices seeded on each side of every market.
const SEED_LEVELS: u32 = 15;

/// How to start a mock exchange.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the exchange listens. Default: a free port of 127.0.0.1.
    pub listen: SocketAddr,
    /// Where the control routes listen; never the same as `listen`. Default: a free port of 127.0.0.1.
    pub control: SocketAddr,
    /// Who trades here. Default: two made-up accounts, see [`Accounts::made_up`].
    pub accounts: Accounts,
    /// Whether the mock checks signatures, parameter hashes and nonces itself. Default: no, the gate in front does.
    pub verify: bool,
    /// Where the exchange writes its own log of requests, for a tap to read. Default: nowhere.
    pub access_log: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            listen: anywhere,
            control: anywhere,
            accounts: Accounts::made_up(),
            verify: false,
            access_log: None,
        }
    }
}

/// The accounts file, TOML or JSON.
///
/// ```
/// # let text = r#"
/// [[accounts]]
/// name = "A1"
/// keys = [{ access_key = "MADExUPxKEY", secret = "MADExUPxSECRET" }]
/// balances = { KRW = "100000000", BTC = "2" }
/// # "#;
/// # toml::from_str::<sumun_sim::config::Accounts>(text).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accounts {
    /// One entry per account.
    pub accounts: Vec<Account>,
}

/// One account and its keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Shown in the request list.
    pub name: String,
    /// Keys that trade from it.
    pub keys: Vec<Key>,
    /// What it starts with, by asset. Each also appears as one deposit. Default: nothing.
    #[serde(default)]
    pub balances: BTreeMap<String, Decimal>,
}

/// One API key.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Names the key.
    pub access_key: String,
    /// Needed only with `verify`.
    #[serde(default)]
    pub secret: Option<String>,
    /// Shown by `GET /v1/api_keys`. Default: far away.
    #[serde(default = "far_away")]
    pub expire_at: String,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("access_key", &self.access_key).finish_non_exhaustive()
    }
}

fn far_away() -> String {
    "2099-12-31T23:59:59+09:00".to_owned()
}

/// Why an accounts file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// The file cannot be read.
    #[error("failed to read accounts file `{path}`")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is not the JSON expected.
    #[error("accounts file `{path}` is not an accounts file")]
    Json {
        /// Which.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// It is not the TOML expected.
    #[error("accounts file `{path}` is not an accounts file")]
    Toml {
        /// Which.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// It says something impossible.
    #[error("accounts file: {0}")]
    Impossible(String),
}

impl Accounts {
    /// Reads a file; `.json` is JSON, anything else TOML.
    ///
    /// # Errors
    /// [`AccountsError`], with file, line and column where they are known.
    pub fn read(path: &Path) -> Result<Self, AccountsError> {
        let text = fs::read_to_string(path)
            .map_err(|source| AccountsError::Read { path: path.to_owned(), source })?;
        let accounts: Self = if path.extension().is_some_and(|extension| extension == "json") {
            serde_json::from_str(&text)
                .map_err(|source| AccountsError::Json { path: path.to_owned(), source })?
        } else {
            toml::from_str(&text)
                .map_err(|source| AccountsError::Toml { path: path.to_owned(), source: Box::new(source) })?
        };
        accounts.check()?;
        Ok(accounts)
    }

    /// Two accounts anyone may use in a test: `A1` with a key and a spare one, `A2` with one key.
    #[must_use]
    pub fn made_up() -> Self {
        let key = |name: &str| Key {
            access_key: format!("MOCKxACCESSxKEYx{name}"),
            secret: Some(format!("MOCKxSECRETxKEYx{name}x0000000000000000")),
            expire_at: far_away(),
        };
        let balances = |won: i64, bitcoin: i64| {
            BTreeMap::from([
                ("KRW".to_owned(), Decimal::from(won)),
                ("BTC".to_owned(), Decimal::from(bitcoin)),
                ("ETH".to_owned(), Decimal::from(10)),
            ])
        };
        Self {
            accounts: vec![
                Account {
                    name: "A1".to_owned(),
                    keys: vec![key("A1xK1"), key("A1xK2")],
                    balances: balances(100_000_000, 2),
                },
                Account {
                    name: "A2".to_owned(),
                    keys: vec![key("A2xK1")],
                    balances: balances(50_000_000, 1),
                },
            ],
        }
    }

    fn check(&self) -> Result<(), AccountsError> {
        let mut seen = BTreeMap::new();
        for account in &self.accounts {
            for key in &account.keys {
                if let Some(other) = seen.insert(&key.access_key, &account.name) {
                    let (key, one) = (&key.access_key, &account.name);
                    return Err(AccountsError::Impossible(format!(
                        "key `{key}` is in `{other}` and in `{one}`"
                    )));
                }
            }
            // A hundred billion, with 16 places behind it, is exact; see `FUNDS_MAX`.
            let most = FUNDS_MAX * Decimal::ONE_HUNDRED;
            for (asset, amount) in &account.balances {
                if *amount < Decimal::ZERO || *amount > most || amount.scale() > 8 {
                    let name = &account.name;
                    let what =
                        format!("`{name}` cannot start with {amount} {asset}: 0 to {most}, at most 8 places");
                    return Err(AccountsError::Impossible(what));
                }
            }
        }
        Ok(())
    }

    /// The exchange as it stands at the start: accounts funded, markets seeded.
    ///
    /// # Errors
    /// [`Refusal`] if the seed orders break the venue's own limits.
    pub(crate) fn venue(&self, now_ms: i64) -> Result<Venue, Refusal> {
        let mut venue = Venue::new(markets());
        for (index, account) in self.accounts.iter().enumerate() {
            for (asset, amount) in &account.balances {
                venue.fund(AccountIndex(index), asset, *amount);
                venue.transfers.note_deposit(AccountIndex(index), asset, *amount, now_ms);
            }
        }
        debug_assert!(self.accounts.len() < MAKER.0);
        venue.seed(SEED_LEVELS, Decimal::ONE, now_ms)?;
        Ok(venue)
    }
}

/// The three markets of the mock, at made-up prices.
fn markets() -> Vec<MarketFacts> {
    let market = |base: &str, korean: &str, english: &str, price: i64, tick: i64| MarketFacts {
        id: format!("KRW-{base}"),
        quote: "KRW".to_owned(),
        base: base.to_owned(),
        names: (korean.to_owned(), english.to_owned()),
        reference_price: Decimal::from(price),
        tick: Decimal::from(tick),
    };
    vec![
        market("BTC", "비트코인", "Bitcoin", 95_000_000, 1_000),
        market("ETH", "이더리움", "Ethereum", 5_000_000, 1_000),
        market("XRP", "엑스알피(리플)", "XRP", 800, 1),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> Result<Accounts, AccountsError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        Accounts::read(&path)
    }

    const TOML: &str = r#"
        [[accounts]]
        name = "A1"
        keys = [{ access_key = "MADExUP" }]
        balances = { KRW = "1000.5" }
    "#;

    #[test]
    fn toml_and_json_say_the_same() {
        let json =
            r#"{"accounts":[{"name":"A1","keys":[{"access_key":"MADExUP"}],"balances":{"KRW":"1000.5"}}]}"#;
        let from_toml = read("accounts.toml", TOML).unwrap();
        assert_eq!(from_toml, read("accounts.json", json).unwrap());
        assert_eq!(from_toml.accounts[0].balances["KRW"], Decimal::new(10005, 1));
    }

    #[test]
    fn a_typo_a_shared_key_and_a_debt_are_errors() {
        let typo = read("accounts.toml", &TOML.replace("name", "nmae")).unwrap_err();
        assert!(matches!(typo, AccountsError::Toml { .. }), "{typo}");
        let shared = read("accounts.toml", &[TOML, &TOML.replace("A1", "A2")].concat()).unwrap_err();
        assert_eq!(shared.to_string(), "accounts file: key `MADExUP` is in `A1` and in `A2`");
        let debt = read("accounts.toml", &TOML.replace("1000.5", "-1")).unwrap_err();
        assert!(matches!(debt, AccountsError::Impossible(_)), "{debt}");
    }

    #[test]
    fn secrets_do_not_print() {
        assert!(!format!("{:?}", Accounts::made_up()).contains("SECRET"));
    }

    #[test]
    fn the_seeded_venue_has_depth_on_both_sides() {
        let venue = Accounts::made_up().venue(0).unwrap();
        for market in venue.markets() {
            use crate::venue::book::Side;
            let (bid, ask) = (market.book.best(Side::Bid).unwrap(), market.book.best(Side::Ask).unwrap());
            assert!(bid < market.facts.reference_price && market.facts.reference_price < ask);
            assert_eq!(market.book.levels(Side::Ask, 99).len(), SEED_LEVELS as usize);
        }
    }
}

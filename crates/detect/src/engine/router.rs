//! Where a line belongs: the account of every key, and what must be carried before a line may be taken.
//!
//! The only thing all partitions' lines pass through one after another; everything else of a key is its partition's.

use super::partition::partition_of;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use sumun_model::wire::Line;
use sumun_model::{AccountId, DelegationId, KeyId, Timestamp};

/// What the router knows of a key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Home {
    /// Its account, once known.
    pub(crate) account: Option<AccountId>,
    /// Time of its last `key` line.
    pub(crate) told: Option<Timestamp>,
}

impl Home {
    /// Its partition.
    pub(crate) fn partition(&self, key: &KeyId) -> u16 {
        partition_of(self.account.as_ref().map_or(key.as_str(), AccountId::as_str))
    }
}

/// Accounts of keys, and where delegations stand.
#[derive(Debug, Default)]
pub(crate) struct Router {
    pub(crate) homes: HashMap<KeyId, Home>,
    pub(crate) delegations: HashMap<DelegationId, (Timestamp, Option<AccountId>)>,
}

/// What must happen before a line is taken.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct First {
    /// The key became known to belong to an account: it moves from there.
    pub(crate) from: Option<u16>,
    /// The key takes the place of another.
    pub(crate) old: Option<KeyId>,
}

/// Where a line goes.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) partition: u16,
    pub(crate) home: Option<AccountId>,
    pub(crate) first: First,
}

impl Router {
    /// Of a line that belongs to one partition; `None`: it is a state line older than the key's last.
    pub(crate) fn route(&mut self, line: &Line) -> Option<Route> {
        Some(match line {
            Line::Key(line) => {
                let home = self.homes.entry(line.key.clone()).or_default();
                if home.told.is_some_and(|told| told > line.ts) {
                    return None;
                }
                let first_told = home.told.replace(line.ts).is_none();
                let from = home.partition(&line.key);
                let moves = line.account.is_some() && home.account != line.account;
                if moves {
                    home.account.clone_from(&line.account);
                }
                let old = line.replaces.clone().filter(|old| first_told && *old != line.key);
                let first = First { from: moves.then_some(from), old };
                Route { partition: home.partition(&line.key), home: home.account.clone(), first }
            }
            Line::Access(line) => {
                let Some(key) = &line.key else {
                    let by = line.account.as_ref().map_or(line.id.as_str(), AccountId::as_str);
                    return Some(plain(by));
                };
                // Who cannot sign for a key cannot say whose it is either.
                let signed = super::stage_one::is_valid(line);
                self.of_key(key, line.account.as_ref(), signed)
            }
            Line::Order(line) => match &line.key {
                Some(key) => self.of_key(key, Some(&line.account), false),
                None => plain(line.account.as_str()),
            },
            Line::Report(line) => match (&line.key, &line.account) {
                (Some(key), account) => self.of_key(key, account.as_ref(), false),
                (None, Some(account)) => plain(account.as_str()),
                (None, None) => plain(line.id.as_str()),
            },
            Line::Account(line) => plain(line.account.as_str()),
            Line::Session(line) => plain(line.account.as_str()),
            Line::Transfer(line) => plain(line.account.as_str()),
            Line::Trade(line) => {
                let account = line.taker_account.as_ref().or(line.maker_account.as_ref());
                plain(account.map_or(line.market.as_str(), AccountId::as_str))
            }
            Line::Vendor(_)
            | Line::Delegation(_)
            | Line::Network(_)
            | Line::Market(_)
            | Line::Quote(_)
            | Line::Tick(_) => plain(""),
        })
    }

    fn of_key(&mut self, key: &KeyId, account: Option<&AccountId>, teaches: bool) -> Route {
        if let Some(home) = self.homes.get_mut(key) {
            let mut partition = home.partition(key);
            let mut first = First::default();
            if teaches && home.account.is_none() && account.is_some() {
                first.from = Some(partition);
                home.account = account.cloned();
                partition = home.partition(key);
            }
            return Route { partition, home: home.account.clone(), first };
        }
        if teaches {
            let home = Home { account: account.cloned(), told: None };
            let route =
                Route { partition: home.partition(key), home: home.account.clone(), first: First::default() };
            self.homes.insert(key.clone(), home);
            return route;
        }
        plain(account.map_or(key.as_str(), AccountId::as_str))
    }

    /// The partition of a key, known or not.
    pub(crate) fn partition(&self, key: &KeyId) -> u16 {
        self.homes.get(key).map_or_else(|| partition_of(key.as_str()), |home| home.partition(key))
    }
}

fn plain(by: &str) -> Route {
    Route { partition: partition_of(by), home: None, first: First::default() }
}

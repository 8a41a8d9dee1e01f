//! Keys by what their id, account or application begins with. Every page is led by an index, however many keys there are.
//!
//! Within an account, under a measure, or in a state that few keys are in, keys come by id. Among all others first those whose id
//! begins so, by id; then those whose account does, by account; then those whose application does.

use super::read::KeyFilter;
use crate::govern::{Govern, store_refusal};
use crate::refusal::Refusal;
use crate::row::text;
use serde_json::json;
use sumun_model::{KeyState, Measure};
use sumun_store::tables::KEYS;
use sumun_store::{Filter, Image, Lead, Search};

/// What is looked at, in this order.
const COLUMNS: [&str; 3] = ["key", "account", "application"];

/// Whether few keys stand there at a time: nobody stays in it.
const fn few(state: KeyState) -> bool {
    matches!(state, KeyState::Requested | KeyState::Suspended)
}

impl Govern {
    /// One page of keys, of an account or of all. Under a measure are those that have not ended, but for a forced end.
    pub(super) async fn keys_page(
        &self,
        account: Option<String>,
        filter: &KeyFilter,
        limit: u32,
    ) -> Result<Vec<Image>, Refusal> {
        let lesser = filter.measure.is_some_and(|measure| measure != Measure::Expire);
        match filter.state {
            Some(state) if lesser && state.is_terminal() => Ok(Vec::new()),
            None if lesser => {
                let mut found = Vec::new();
                for state in [KeyState::Requested, KeyState::Active, KeyState::Suspended] {
                    let filter = KeyFilter { state: Some(state), ..filter.clone() };
                    found.extend(self.keys_so(account.clone(), &filter, limit).await?);
                }
                found.sort_by(|one, other| text(one, KEYS.key).cmp(text(other, KEYS.key)));
                found.truncate(limit as usize);
                Ok(found)
            }
            _ => self.keys_so(account, filter, limit).await,
        }
    }

    /// One page of keys as they are kept.
    async fn keys_so(
        &self,
        account: Option<String>,
        filter: &KeyFilter,
        limit: u32,
    ) -> Result<Vec<Image>, Refusal> {
        if filter.q.is_none() && filter.measure.is_none() {
            let mut equals = Vec::new();
            equals.extend(account.map(|account| ("account", json!(account))));
            equals.extend(filter.state.map(|state| ("state", json!(state))));
            let wanted = Filter { equals, after: filter.after.clone(), limit, ..Filter::default() };
            return self.store.list(&KEYS, &wanted).await.map_err(store_refusal);
        }
        let state = filter.state.map(|state| ("state", state.as_str().to_owned()));
        let measure = filter.measure.map(|measure| ("measure", Measure::as_str(measure).to_owned()));
        let (lead, equals) = match (account, measure, state) {
            (Some(account), measure, state) => {
                (Lead::Equal("account", account), measure.into_iter().chain(state).collect())
            }
            (None, Some((name, measure)), state) => (Lead::Equal(name, measure), state.into_iter().collect()),
            (None, None, Some((name, state))) if filter.state.is_some_and(few) => {
                (Lead::Equal(name, state), Vec::new())
            }
            (None, None, state) => return self.keys_anywhere(filter, state, limit).await,
        };
        let wanted = Search {
            lead,
            text: filter.q.clone().unwrap_or_default(),
            any: if filter.q.is_some() { COLUMNS.to_vec() } else { Vec::new() },
            none: Vec::new(),
            equals,
            after: filter.after.clone().map(|key| (String::new(), key)),
            limit,
        };
        self.store.search(&KEYS, &wanted).await.map_err(store_refusal)
    }

    /// One page of the keys of all accounts: by id, by account, by application. The last key of a page says where the next begins.
    async fn keys_anywhere(
        &self,
        filter: &KeyFilter,
        state: Option<(&'static str, String)>,
        limit: u32,
    ) -> Result<Vec<Image>, Refusal> {
        let q = filter.q.clone().unwrap_or_default();
        let (first, mut after) = match &filter.after {
            None => (0, None),
            Some(key) => match self.row(&KEYS, key).await? {
                Some(row) => {
                    let begins = |column: &&str| text(&row, column).starts_with(&q);
                    let column = COLUMNS.iter().find(|column| begins(column)).copied().unwrap_or("key");
                    let first = COLUMNS.iter().position(|name| *name == column).unwrap_or(0);
                    (first, Some((text(&row, column).to_owned(), key.clone())))
                }
                None => (0, Some((key.clone(), key.clone()))),
            },
        };
        let mut found = Vec::new();
        for (index, column) in COLUMNS.iter().enumerate().skip(first) {
            let room = limit.saturating_sub(u32::try_from(found.len()).unwrap_or(limit));
            if room == 0 {
                break;
            }
            let wanted = Search {
                lead: Lead::Prefix(column),
                text: q.clone(),
                any: Vec::new(),
                none: COLUMNS.iter().take(index).copied().collect(),
                equals: state.iter().cloned().collect(),
                after: after.take(),
                limit: room,
            };
            found.extend(self.store.search(&KEYS, &wanted).await.map_err(store_refusal)?);
        }
        Ok(found)
    }
}

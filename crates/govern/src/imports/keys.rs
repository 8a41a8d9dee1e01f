//! Keys of a part, as one change: kept as told, loaded together, merged one by one, written together.
//!
//! What was told is kept first: then an older line that comes at the same time, by whichever way, is seen to be older, and cannot give
//! back what a newer one took. Whoever lost the answer sends the same lines again; a line as old as what is known is merged again.

use super::merge::{Becomes, Doing, Holder, Known, Merged, NO_END, merge, sorted};
use super::mirror::superseded;
use super::{ENDS_COUNT_US, LineRefused, Taken, Taking, Told};
use crate::actor::Actor;
use crate::call::{Call, Planned};
use crate::govern::{Govern, store_refusal};
use crate::keys::follow::follow;
use crate::keys::issue::exposure;
use crate::keys::lint::Origin;
use crate::keys::machine::Action;
use crate::keys::row::KeyRow;
use crate::keys::write::{Deed, KeyWrite, Why, plan};
use crate::plan::Plan;
use crate::refusal::{NOTHING, Refusal, nothing};
use crate::row::{integer, text, text_or_null, unchanged};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use sumun_model::wire::KeyLine;
use sumun_model::{Measure, Timestamp};
use sumun_store::tables::{ACCOUNTS, CUSTOMERS, DEAD_KEYS, KEYS};
use sumun_store::{Count, Image, MirrorBatch, MirrorKey, RowRead, Table, VaultItem};

/// How often a part is begun anew when somebody else's changes keep coming in between, each time with some plans of its own: a part touches
/// many keys, and the clock, owners and policy write the same ones.
const TRIES_MAX: usize = 8;

type Lines<'a> = [(u64, &'a KeyLine, &'a Told)];

/// Everything on record that lines of a part are merged with.
struct Loaded {
    keys: BTreeMap<String, KeyRow>,
    dead_us: BTreeMap<String, i64>,
    holders: BTreeMap<String, (Holder, Vec<RowRead>)>,
    /// What is known newer of a key than its line says, or from another source.
    told: BTreeMap<String, MirrorKey>,
    /// Whether any living key is under a measure that could follow.
    measures: bool,
    /// How many keys may still end.
    ends_left: usize,
}

impl Govern {
    pub(super) async fn take_keys(
        &self,
        actor: &Actor,
        taking: &Taking,
        lines: &Lines<'_>,
    ) -> Result<Taken, Refusal> {
        // One part at a time, whichever way it comes in and whoever sends it: its lines are held against all that was told before.
        let _turn = self.taking.lock().await;
        let named = if taking.dry_run { 0 } else { self.keep_told(taking, lines).await? };
        let outcome = Mutex::new((Taken::default(), 0));
        let call = Call { dry_run: taking.dry_run, ..Call::default() };
        let outcome_of = &outcome;
        let mut tries = 0;
        let done = loop {
            tries += 1;
            let done = self
                .run(actor, &call, |now| async move {
                    let loaded = self.loaded(taking, lines, now).await?;
                    let (plan, taken, ended) = self.keys_planned(actor, taking, lines, &loaded, now).await?;
                    *outcome_of.lock().unwrap_or_else(PoisonError::into_inner) = (taken, ended);
                    if plan.change.writes.is_empty() {
                        Err(nothing())
                    } else {
                        Ok(Planned { plan, value: (), status: 200 })
                    }
                })
                .await;
            match done {
                Err(refusal) if refusal.code == "conflict" && tries < TRIES_MAX => {}
                done => break done,
            }
        };
        match done {
            Ok(_) => {}
            Err(refusal) if refusal.code == NOTHING => {}
            Err(refusal) => return Err(refusal),
        }
        let (mut taken, ended) = outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
        taking.ended(ended);
        if ended > 0 && !taking.dry_run {
            let now = self.world.now();
            let since = now.plus_micros(-ENDS_COUNT_US);
            self.store.mirror_ended(ended, since, now).await.map_err(store_refusal)?;
        }
        taken.named = named;
        Ok(taken)
    }

    async fn loaded(&self, taking: &Taking, lines: &Lines<'_>, now: Timestamp) -> Result<Loaded, Refusal> {
        let ids: Vec<String> = lines.iter().map(|(_, line, _)| line.key.to_string()).collect();
        let mut keys = BTreeMap::new();
        for row in self.rows_of_ids(&KEYS, &ids).await? {
            let key = KeyRow::of(&row)?;
            keys.insert(key.key.clone(), key);
        }
        let dead = self.rows_of_ids(&DEAD_KEYS, &ids).await?;
        let ended = |row: &Image| (text(row, "key").to_owned(), integer(row, "ended_us").unwrap_or_default());
        let dead_us = dead.iter().map(ended).collect();
        let mut accounts: Vec<String> =
            lines.iter().filter_map(|(_, line, _)| line.account.as_ref()).map(ToString::to_string).collect();
        accounts.sort_unstable();
        accounts.dedup();
        let holders = self.holders(&accounts).await?;
        let told = self.store.mirror_keys(&ids).await.map_err(store_refusal)?;
        let told = told.into_iter().map(|told| (told.key.clone(), told)).collect();
        let ends = self.store.mirror_ends(now.plus_micros(-ENDS_COUNT_US)).await.map_err(store_refusal)?;
        let ends_left = taking.ends_left(ends) as usize;
        Ok(Loaded { keys, dead_us, holders, told, measures: self.any_measure().await?, ends_left })
    }

    async fn rows_of_ids(&self, table: &'static Table, ids: &[String]) -> Result<Vec<Image>, Refusal> {
        self.store.get_many(table, ids).await.map_err(store_refusal)
    }

    /// Accounts with the customers behind them, and what a key of theirs relies on.
    async fn holders(
        &self,
        accounts: &[String],
    ) -> Result<BTreeMap<String, (Holder, Vec<RowRead>)>, Refusal> {
        let rows = self.rows_of_ids(&ACCOUNTS, accounts).await?;
        let mut customers: Vec<String> = rows.iter().map(|row| text(row, "customer").to_owned()).collect();
        customers.sort_unstable();
        customers.dedup();
        let customers: BTreeMap<String, Image> = self
            .rows_of_ids(&CUSTOMERS, &customers)
            .await?
            .into_iter()
            .map(|row| (text(&row, "customer").to_owned(), row))
            .collect();
        let mut holders = BTreeMap::new();
        for row in rows {
            let (account, customer) = (text(&row, "account"), text(&row, "customer"));
            let behind = customers.get(customer);
            let holder = Holder {
                account: account.to_owned(),
                customer: customer.to_owned(),
                segment: crate::keys::access::segment_of(account, &row)?,
                owner: text_or_null(&row, "owner"),
                open: text(&row, "state") == "active"
                    && behind.is_some_and(|behind| text(behind, "state") == "active"),
            };
            let reads =
                vec![unchanged(&ACCOUNTS, account, Some(&row)), unchanged(&CUSTOMERS, customer, behind)];
            holders.insert(account.to_owned(), (holder, reads));
        }
        Ok(holders)
    }

    /// Whether anybody is under a measure at all: while nobody is, none has to be looked for customer by customer.
    async fn any_measure(&self) -> Result<bool, Refusal> {
        for measure in [Measure::Monitor, Measure::Warn, Measure::Hold, Measure::Reverify] {
            let wanted = Count { equals: vec![("measure", json!(measure))], ..Count::default() };
            if self.store.count(&KEYS, &wanted).await.map_err(store_refusal)? > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The plan of all lines, what becomes of them, and how many keys it ends.
    async fn keys_planned(
        &self,
        actor: &Actor,
        taking: &Taking,
        lines: &Lines<'_>,
        loaded: &Loaded,
        now: Timestamp,
    ) -> Result<(Plan, Taken, u32), Refusal> {
        let venue = self.venue();
        let doing =
            Doing { authority: &venue.authority, principal: &actor.principal, source: &taking.source, now };
        let mut taken = Taken::default();
        let (mut made, mut changed, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        let (mut vault, mut reads): (Vec<VaultItem>, BTreeMap<(&str, String), RowRead>) = Default::default();
        let mut standing = Vec::new();
        for (number, line, told) in lines {
            let id = line.key.as_str();
            match loaded.told.get(id) {
                Some(known) if known.source != taking.source => {
                    taken.refused.push(of_other_source(*number, id, &known.source));
                    continue;
                }
                Some(known) if known.at_us > line.ts.as_micros() => {
                    taken.older += 1;
                    continue;
                }
                _ => {}
            }
            let here = loaded.keys.get(id);
            let holder = line.account.as_ref().and_then(|account| loaded.holders.get(account.as_str()));
            let known = Known {
                here,
                dead_us: loaded.dead_us.get(id).copied(),
                holder: holder.map(|(holder, _)| holder),
            };
            let merged = match merge(line, known, doing) {
                Ok(merged) => merged,
                Err(no) => {
                    let remedy = match no.code {
                        "account_unknown" if taking.dry_run => ACCOUNT_IN_DRY_RUN,
                        _ => no.remedy,
                    };
                    taken.refused.push(refused(*number, id, no.field, no.code, no.message, remedy));
                    continue;
                }
            };
            taken.differing += u64::from(!merged.differs.is_empty());
            let Merged { becomes, .. } = match self.with_secret(merged, here, told, &mut vault) {
                Ok(merged) => merged,
                Err(no) => {
                    taken.refused.push(refused(*number, id, "secret", no.0, no.1, no.2));
                    continue;
                }
            };
            match becomes {
                Becomes::Made(mut key) => {
                    taken.made += 1;
                    if let Some((holder, holders)) = holder {
                        for read in holders {
                            reads.insert((read.table.name, read.key.clone()), read.clone());
                        }
                        if loaded.measures && !key.state.is_terminal() {
                            let others = self.measured_keys(&holder.customer).await?;
                            if let Some(read) = follow(&mut key, &others, now) {
                                reads.insert((read.table.name, read.key.clone()), read);
                                standing.push((*key).clone());
                            }
                        }
                    }
                    made.push(*key);
                }
                Becomes::Changed(key) => {
                    taken.changed += 1;
                    changed.push((here, *key));
                }
                Becomes::Ends(_) if ends.len() >= loaded.ends_left => taken.held_back += 1,
                Becomes::Ends(cause) => {
                    taken.ended += 1;
                    ends.extend(here.map(|here| (here, cause)));
                }
                Becomes::Same => taken.same += 1,
            }
        }
        taken.secrets = vault.len() as u64;
        let fresh = !made.is_empty();
        let mut writes: Vec<KeyWrite<'_>> = Vec::with_capacity(made.len() + changed.len());
        writes.extend(made.into_iter().map(|after| KeyWrite {
            before: None,
            after,
            origin: Origin::Imported,
        }));
        writes.extend(changed.into_iter().map(|(before, after)| KeyWrite {
            before,
            after,
            origin: Origin::Mirrored,
        }));
        let class = match (fresh, ends.is_empty() || !writes.is_empty()) {
            (true, _) => "key.imported",
            (false, true) => "key.mirrored",
            (false, false) => "key.expired",
        };
        let title = format!("take {} keys as `{}` has them", writes.len() + ends.len(), taking.source);
        let deed = Deed { class, title: &title, actor, venue: &venue, now };
        let mut whole = plan(deed, &Why::default(), writes)?;
        whole.change.facts.insert("source".to_owned(), json!(taking.source));
        whole.change.vault = vault;
        let ended = u32::try_from(ends.len()).unwrap_or(u32::MAX);
        if ended > 0 {
            let ids: Vec<&str> = ends.iter().map(|(key, _)| key.key.as_str()).collect();
            whole.change.facts.insert("ended".to_owned(), json!(ids));
        }
        if !ends.is_empty() {
            // All of them as one plan: two that stand in one case write its row once.
            let how = (Action::RunOut, Some("it is dead at the exchange"));
            whole.absorb(self.ended_together("key.expired", actor, &ends, how, now).await?)?;
        }
        for key in &standing {
            let (account, _) = self.account_facts(&key.account).await?;
            self.stands_from(key, &account, &mut whole.change, now).await?;
        }
        let written: BTreeSet<(&str, String)> = whole
            .change
            .writes
            .iter()
            .map(|write| (write.table.name, text(&write.image, write.table.key).to_owned()))
            .collect();
        whole
            .change
            .reads
            .extend(reads.into_iter().filter(|(of, _)| !written.contains(of)).map(|(_, read)| read));
        Ok((whole, taken, ended))
    }

    /// With the line's secret sealed for the key, where one came along and is wanted.
    fn with_secret(
        &self,
        merged: Merged,
        here: Option<&KeyRow>,
        told: &Told,
        vault: &mut Vec<VaultItem>,
    ) -> Result<Merged, (&'static str, &'static str, &'static str)> {
        let Some(secret) = &told.secret else { return Ok(merged) };
        let digest = exposure(secret.expose());
        let mut key = match (&merged.becomes, here) {
            // What has ended needs none.
            (Becomes::Ends(_), _) => return Ok(merged),
            (Becomes::Made(key), _) if key.state.is_terminal() => return Ok(merged),
            (Becomes::Made(key) | Becomes::Changed(key), _) => (**key).clone(),
            (Becomes::Same, Some(here)) if here.state.is_terminal() => return Ok(merged),
            (Becomes::Same, Some(here)) => here.clone(),
            (Becomes::Same, None) => return Ok(merged),
        };
        match key.exposure.as_deref() {
            Some(known) if known == digest => return Ok(merged),
            Some(_) => {
                return Err((
                    "secret_differs",
                    "another secret of this key is sealed here",
                    "an id belongs to one secret for ever: rotate the key at the exchange, and import the new one under its new id",
                ));
            }
            None => {}
        }
        let id = key.key.parse().map_err(|_| ("key_id_bad", "the id cannot be served", "correct the id"))?;
        let sealed = self.keyring.seal(&id, secret, self.draw()).to_string();
        key.secret = Some(hex::encode(Sha256::digest(&sealed)));
        key.exposure = Some(digest);
        vault.push(VaultItem { sealed });
        let becomes = match merged.becomes {
            Becomes::Made(_) => Becomes::Made(Box::new(key)),
            _ => Becomes::Changed(Box::new(key)),
        };
        Ok(Merged { becomes, ..merged })
    }

    /// Keeps what was told, refused lines too: what could not be obeyed is what drift is made of. Another source's keys stay its own.
    /// Gives how many keys a snapshot names for the first time.
    async fn keep_told(&self, taking: &Taking, lines: &Lines<'_>) -> Result<u64, Refusal> {
        let now = self.world.now();
        let keys = lines.iter().map(|(_, line, _)| told_of(line, &taking.source, now)).collect();
        let batch = MirrorBatch { source: taking.source.clone(), round: taking.round, seq: None, keys, now };
        let kept = self.store.mirror_keep(batch).await.map_err(store_refusal)?;
        if kept.superseded { Err(superseded(&taking.source)) } else { Ok(kept.fresh) }
    }
}

/// What to do where a dry run knows no account: it writes none, so that it may well come in the same lines.
const ACCOUNT_IN_DRY_RUN: &str = "nothing has to be done if the account comes in lines before this one: a dry run writes no account; \
                                  else import the accounts first";

fn of_other_source(line: u64, key: &str, source: &str) -> LineRefused {
    let message = format!("`{source}` tells of key `{key}` already, and a key has one source");
    refused(line, key, "key", "other_source", message, "send it as that source, or correct the id")
}

fn refused(
    line: u64,
    key: &str,
    field: &str,
    code: &str,
    message: impl Into<String>,
    remedy: &str,
) -> LineRefused {
    LineRefused {
        line,
        column: None,
        subject: Some(format!("key:{key}")),
        field: Some(field.to_owned()),
        code: code.to_owned(),
        message: message.into(),
        remedy: remedy.to_owned(),
    }
}

/// A line as it is kept: what both sides have of a key, and no more.
pub(crate) fn told_of(line: &KeyLine, source: &str, now: Timestamp) -> MirrorKey {
    let body = json!({
        "state": line.state,
        "account": line.account,
        "scopes": line.scopes,
        "allowlist": line.allowlist.as_deref().map(sorted),
        "expires": line.expires.filter(|expires| *expires != NO_END),
        "application": line.application,
    });
    MirrorKey {
        key: line.key.to_string(),
        source: source.to_owned(),
        at_us: line.ts.as_micros(),
        gone_us: None,
        told_us: now.as_micros(),
        body: body.to_string(),
    }
}

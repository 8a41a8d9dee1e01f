//! The store as its callers see it: one value, shared and cheap to clone, whose methods each do one thing.
//!
//! What they do stands in the files named by topic. The last clone gone, the tasks behind it end.

use crate::activity::{ActivityPlace, ActivityRow};
use crate::backlog::{Backlog, Published};
use crate::change::{Change, Committed, Idempotency};
use crate::count::Count;
use crate::drift::DriftRow;
use crate::error::{OpenError, StoreError};
use crate::inner::{Handle, Inner};
use crate::mirror::{MirrorBatch, MirrorKept, MirrorKey, MirrorSource};
use crate::options::StoreOptions;
use crate::records::{EntryRow, FeedDelta, Filter, Head, OutboxItem, RowFault, RowsChecked, Session};
use crate::search::{FeedStep, Nearest, Search};
use crate::table::{Image, Table};
use crate::tally::{CampaignCount, SegmentCount};
use crate::{
    activity, backlog, check, count, drift, entries, feed, lease, looks, mirror, outbox, placed, read,
    rebuild, search, sessions, tally, writable,
};
use serde_json::Value;
use std::sync::Arc;
use sumun_model::Timestamp;
use tokio::sync::watch;

/// A database with its ledger, opened.
#[derive(Clone, Debug)]
pub struct Store {
    handle: Arc<Handle>,
}

impl Store {
    /// Opens a database: migrates it, checks that its tree and the published folder agree, starts the tasks.
    ///
    /// # Errors
    /// [`OpenError`]; above all `InUse` for SQLite that another process has, and `Contradiction` for evidence of tampering.
    pub async fn open(options: StoreOptions) -> Result<Self, OpenError> {
        Ok(Self { handle: Handle::open(options).await? })
    }

    /// Opens a database for reading beside the process that writes: no lock, no migration, no tasks, no publication.
    /// [`Store::head`] answers the head as it stood at opening.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open_for_reading(url: &str) -> Result<Self, OpenError> {
        Ok(Self { handle: Handle::open_for_reading(url).await? })
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.handle.inner
    }

    /// Why the store takes no changes any more, if it does not. Nothing but opening it anew helps.
    #[must_use]
    pub fn stopped(&self) -> Option<Arc<str>> {
        self.inner().stopped()
    }

    /// Ends the tasks after what is under way, publishes what is sequenced, closes connections, releases locks.
    pub async fn close(&self) {
        self.handle.close().await;
    }

    /// A row of a governed table.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Damaged`]; so for all that read.
    pub async fn get(&self, table: &'static Table, key: &str) -> Result<Option<Image>, StoreError> {
        read::get(self.inner(), table, key).await
    }

    /// Those rows that there are, ordered by key.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn get_many(&self, table: &'static Table, keys: &[String]) -> Result<Vec<Image>, StoreError> {
        read::get_many(self.inner(), table, keys).await
    }

    /// The same, but rows whose columns are damaged stop none of the others: their keys are given beside them.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn get_many_readable(
        &self,
        table: &'static Table,
        keys: &[String],
    ) -> Result<(Vec<Image>, Vec<String>), StoreError> {
        read::get_many_readable(self.inner(), table, keys).await
    }

    /// Rows that match, ordered by key.
    ///
    /// # Errors
    /// As [`Store::get`]; [`StoreError::Invalid`] for a column that is not there or holds JSON.
    pub async fn list(&self, table: &'static Table, filter: &Filter) -> Result<Vec<Image>, StoreError> {
        read::list(self.inner(), table, filter).await
    }

    /// The same, but rows whose columns are damaged stop none of the others: their keys are given beside them.
    ///
    /// # Errors
    /// As [`Store::list`].
    pub async fn list_readable(
        &self,
        table: &'static Table,
        filter: &Filter,
    ) -> Result<(Vec<Image>, Vec<String>), StoreError> {
        read::list_readable(self.inner(), table, filter).await
    }

    /// How many rows match.
    ///
    /// # Errors
    /// As [`Store::list`].
    pub async fn count(&self, table: &'static Table, wanted: &Count) -> Result<u64, StoreError> {
        count::count(self.inner(), table, wanted).await
    }

    /// How many keys of this campaign stand where; segments and states of which there is none are left out. As exact as counting them.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn campaign_counts(&self, campaign: &str) -> Result<Vec<CampaignCount>, StoreError> {
        tally::campaign(self.inner(), campaign).await
    }

    /// Keys in these states that were accepted under other terms than these, by the segment of their account. Looks at every key: for plans, not
    /// for pages.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn keys_on_other_terms(
        &self,
        states: &[&str],
        terms: &str,
    ) -> Result<Vec<SegmentCount>, StoreError> {
        tally::on_other_terms(self.inner(), states, terms).await
    }

    /// The latest rows by a column of whole numbers that must hold this or more; quick only by an index that begins with it.
    ///
    /// # Errors
    /// As [`Store::list`].
    pub async fn latest(
        &self,
        table: &'static Table,
        column: &'static str,
        at_least: i64,
        limit: u32,
    ) -> Result<Vec<Image>, StoreError> {
        read::latest(self.inner(), table, (column, at_least), limit).await
    }

    /// Rows with these values by a moment that is not null: the last ones first, after a row. Quick only by an index on the values and that
    /// column, so ordered.
    ///
    /// # Errors
    /// As [`Store::list`].
    pub async fn last_by(
        &self,
        table: &'static Table,
        equals: &[(&'static str, Value)],
        moment: &'static str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Image>, StoreError> {
        read::last_by(self.inner(), table, equals, moment, after, limit).await
    }

    /// The first rows with these values by two columns of whole numbers: the first one from the highest, the second from the lowest.
    /// Quick only by an index on all of them, so ordered.
    ///
    /// # Errors
    /// As [`Store::list`].
    pub async fn ranked(
        &self,
        table: &'static Table,
        equals: &[(&'static str, Value)],
        order: (&'static str, &'static str),
        limit: u32,
    ) -> Result<Vec<Image>, StoreError> {
        read::ranked(self.inner(), table, equals, order, limit).await
    }

    /// Rows whose columns begin with a text, led by one index.
    ///
    /// # Errors
    /// As [`Store::list`].
    pub async fn search(&self, table: &'static Table, wanted: &Search) -> Result<Vec<Image>, StoreError> {
        search::search(self.inner(), table, wanted).await
    }

    /// Rows with this text in one column and this number or a higher one in another, the lowest first. There must be an index on
    /// both columns and the key.
    ///
    /// # Errors
    /// As [`Store::list`].
    pub async fn nearest(
        &self,
        table: &'static Table,
        text: (&'static str, &str),
        at_least: (&'static str, u64),
        limit: u32,
    ) -> Result<Vec<Image>, StoreError> {
        search::nearest(self.inner(), table, text, at_least, limit).await
    }

    /// The same, behind the row of this number and key: so that many rows of one number are read page by page. Rows whose columns are damaged
    /// stop none of the others.
    ///
    /// # Errors
    /// As [`Store::nearest`].
    pub async fn nearest_after(
        &self,
        table: &'static Table,
        text: (&'static str, &str),
        behind: (&'static str, u64, &str),
        limit: u32,
    ) -> Result<Nearest, StoreError> {
        search::nearest_after(self.inner(), table, text, behind, limit).await
    }

    /// Steps of the feed that told of a row, the newest first; those of entries up to and with this one, or all.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn feed_steps(
        &self,
        table: &'static Table,
        key: &str,
        up_to: Option<u64>,
        limit: u32,
    ) -> Result<Vec<FeedStep>, StoreError> {
        search::feed_steps(self.inner(), table, key, up_to, limit).await
    }

    /// What these keys did, where anything is kept; in no order.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn activity(&self, keys: &[String]) -> Result<Vec<ActivityRow>, StoreError> {
        activity::of_keys(self.inner(), keys).await
    }

    /// When these keys were last used, microseconds since 1970; those never used are left out.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn last_used(
        &self,
        keys: &[String],
    ) -> Result<std::collections::BTreeMap<String, i64>, StoreError> {
        activity::last_used(self.inner(), keys).await
    }

    /// How far the event log was taken in; none: nothing was yet.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn activity_place(&self) -> Result<Option<ActivityPlace>, StoreError> {
        activity::place(self.inner()).await
    }

    /// Keeps what keys did, and how far the event log was taken in with it: both or neither. `anew`: places of records kept before
    /// belong to another log, and hold no more.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn keep_activity(
        &self,
        kept: Vec<ActivityRow>,
        place: &ActivityPlace,
        anew: bool,
    ) -> Result<(), StoreError> {
        activity::keep(self.inner(), kept, place, anew).await
    }

    /// This person opens this approval now.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn look_opened(
        &self,
        approval: &str,
        principal: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        looks::opened(self.inner(), approval, principal, now).await
    }

    /// When this person first opened this approval, whichever process he did so at.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn first_look(&self, approval: &str, principal: &str) -> Result<Option<Timestamp>, StoreError> {
        looks::first(self.inner(), approval, principal).await
    }

    /// Who tells of keys of his own, and how far each is; by name.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn mirror_sources(&self) -> Result<Vec<MirrorSource>, StoreError> {
        mirror::sources(self.inner()).await
    }

    /// Begins a snapshot of a source's keys; gives its number. One begun before that has not ended never will.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn mirror_begin(&self, source: &str, now: Timestamp) -> Result<u64, StoreError> {
        mirror::begin(self.inner(), source, now).await
    }

    /// Keeps what a source told, and how far it is with it: both or neither. A line older than what is known of its key is passed
    /// over, and so is one about another source's key. Of a snapshot behind which another was begun nothing is kept.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn mirror_keep(&self, batch: MirrorBatch) -> Result<MirrorKept, StoreError> {
        mirror::keep(self.inner(), batch).await
    }

    /// Notes that so many keys ended because a source told so; what was noted up to `since` counts no more.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn mirror_ended(&self, keys: u32, since: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        mirror::ended(self.inner(), keys, since, now).await
    }

    /// How many keys ended behind this instant because sources told so: of all sources together, whatever they call themselves.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn mirror_ends(&self, since: Timestamp) -> Result<u64, StoreError> {
        mirror::ends(self.inner(), since).await
    }

    /// A snapshot was whole: keys that did not stand in it are gone there, and changes go on behind `seq`. Gives how many are gone
    /// since; none if another snapshot was begun meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn mirror_finish(
        &self,
        source: &str,
        round: u64,
        seq: u64,
        now: Timestamp,
    ) -> Result<Option<u64>, StoreError> {
        mirror::finish(self.inner(), source, round, seq, now).await
    }

    /// What was told of keys, by id, behind this one.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn mirror_keys_after(&self, after: &str, limit: u32) -> Result<Vec<MirrorKey>, StoreError> {
        mirror::keys_after(self.inner(), after, limit).await
    }

    /// What was told of these keys, where anything was; in no order.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn mirror_keys(&self, keys: &[String]) -> Result<Vec<MirrorKey>, StoreError> {
        mirror::keys_of(self.inner(), keys).await
    }

    /// Drifts of keys behind the first id and up to the second one, or to the end; in no order.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn drifts_between(
        &self,
        after: &str,
        up_to: Option<&str>,
    ) -> Result<Vec<DriftRow>, StoreError> {
        drift::drifts_between(self.inner(), after, up_to).await
    }

    /// Drifts of one kind, or all, the worst first, behind this id.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn drifts(
        &self,
        kind: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<DriftRow>, StoreError> {
        drift::drifts(self.inner(), kind, after, limit).await
    }

    /// How many drifts there are of each kind.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn drift_counts(&self) -> Result<std::collections::BTreeMap<String, u64>, StoreError> {
        drift::drift_counts(self.inner()).await
    }

    /// Writes drifts, whose time of appearing stays if they stood already, and takes others away: all or nothing.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn drifts_set(&self, put: Vec<DriftRow>, gone: &[String]) -> Result<(), StoreError> {
        drift::drifts_set(self.inner(), put, gone).await
    }

    /// Makes a change and answers once it has its place in the ledger. Dropping the future does not undo it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`], [`StoreError::Repeated`], [`StoreError::KeyReused`], [`StoreError::Invalid`],
    /// [`StoreError::Database`]: nothing was written. [`StoreError::Unavailable`]: see its `in_doubt`.
    pub async fn execute(&self, change: Change) -> Result<Committed, StoreError> {
        self.handle.execute(change).await
    }

    /// What a principal's request under this idempotency key was answered.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn answered(&self, principal: &str, key: &str) -> Result<Option<Idempotency>, StoreError> {
        sessions::answered(self.inner(), principal, key).await
    }

    /// A sealed text by its digest.
    ///
    /// # Errors
    /// As [`Store::get`]; [`StoreError::Damaged`] if the text is not what the digest says.
    pub async fn vault(&self, digest: &str) -> Result<Option<String>, StoreError> {
        read::vault(self.inner(), digest).await
    }

    /// Sealed texts by their digests; those that are not there are left out.
    ///
    /// # Errors
    /// As [`Store::vault`].
    pub async fn vault_many(
        &self,
        digests: &[String],
    ) -> Result<std::collections::BTreeMap<String, String>, StoreError> {
        read::vault_many(self.inner(), digests).await
    }

    /// Where ledger and feed stand, as this process knows; on PostgreSQL another process may be a moment ahead.
    #[must_use]
    pub fn head(&self) -> Head {
        self.inner().head.borrow().clone()
    }

    /// Follows the head.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Head> {
        self.inner().head.subscribe()
    }

    /// The log's verifier key in signed-note form; `None` if opened for reading.
    #[must_use]
    pub fn vkey(&self) -> Option<String> {
        self.inner().signer().map(sumun_ledger::CheckpointSigner::vkey)
    }

    /// Entries from an index on.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn entries(&self, from: u64, limit: u32) -> Result<Vec<EntryRow>, StoreError> {
        entries::entries(self.inner(), from, limit).await
    }

    /// One entry.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn entry(&self, index: u64) -> Result<Option<EntryRow>, StoreError> {
        Ok(self.entries(index, 1).await?.pop().filter(|entry| entry.index == index))
    }

    /// The tables in which the entries from an index up to, and not with, another wrote rows; each once, in no order.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn written(&self, first: u64, end: u64) -> Result<Vec<String>, StoreError> {
        entries::written(self.inner(), first, end).await
    }

    /// Entries that wrote a row, oldest first, after an index.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn entries_about(
        &self,
        table: &'static Table,
        key: &str,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<EntryRow>, StoreError> {
        entries::about(self.inner(), table, key, after, limit).await
    }

    /// Entries that changed one row, the newest first: those before `before`, or from the last one on.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn newest_entries_about(
        &self,
        table: &'static Table,
        key: &str,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<EntryRow>, StoreError> {
        entries::about_newest(self.inner(), table, key, before, limit).await
    }

    /// Stored hashes of these entries, for proofs: ask the ledger crate which rows a proof needs, then load them here.
    ///
    /// # Errors
    /// As [`Store::get`]. A row that is not there is left out.
    pub async fn hashes(&self, rows: &[u64]) -> Result<sumun_ledger::Rows, StoreError> {
        entries::hashes(self.inner(), rows).await
    }

    /// Last feed version.
    #[must_use]
    pub fn feed_head(&self) -> u64 {
        self.inner().head.borrow().feed_version
    }

    /// Last feed version, read from the database: whoever says that nothing has changed must have looked.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn feed_version(&self) -> Result<u64, StoreError> {
        feed::version(self.inner()).await
    }

    /// Root of the tree up to and with an entry, if that entry brought this version of the feed; `None` if it did not. Two
    /// records that differ before it have different roots.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn feed_root(&self, version: u64, entry: u64) -> Result<Option<[u8; 32]>, StoreError> {
        feed::root(self.inner(), version, entry).await
    }

    /// All gate-visible records at one version, to be read page by page. Keeps a connection until dropped; of so many at
    /// once the next one waits.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn feed_snapshot(&self) -> Result<feed::FeedSnapshot, StoreError> {
        feed::snapshot(self.inner()).await
    }

    /// Feed steps after a version, oldest first, their records as the entries have them; `None` if some of them were pruned, or if the version is not reached yet.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn feed_since(&self, version: u64, limit: u32) -> Result<Option<Vec<FeedDelta>>, StoreError> {
        feed::since(self.inner(), version, limit).await
    }

    /// Keeps a new session.
    ///
    /// # Errors
    /// [`StoreError::Database`]; also if there is one under this digest.
    pub async fn put_session(&self, session: &Session) -> Result<(), StoreError> {
        sessions::put(self.inner(), session).await
    }

    /// Writes down anew what is known of a session; `false` if it was ended meanwhile, and then it stays ended.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn renew_session(&self, session: &Session) -> Result<bool, StoreError> {
        sessions::renew(self.inner(), session).await
    }

    /// A session by its token's digest, unless it has expired, or stands in the database without having been put there by
    /// a store with this ledger's key.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn session(&self, digest: &str, now: Timestamp) -> Result<Option<Session>, StoreError> {
        sessions::get(self.inner(), digest, now).await
    }

    /// Ends a session; answers whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn delete_session(&self, digest: &str) -> Result<bool, StoreError> {
        sessions::delete(self.inner(), digest).await
    }

    /// Ends all sessions of a principal; answers how many there were.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn delete_sessions_of(&self, principal: &str) -> Result<u64, StoreError> {
        sessions::delete_of(self.inner(), principal).await
    }

    /// Uses something up: `true` the first time, `false` ever after. It is forgotten ten minutes after `until`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn use_once(&self, scope: &str, id: &str, until: Timestamp) -> Result<bool, StoreError> {
        sessions::use_once(self.inner(), scope, id, until).await
    }

    /// Forgets expired sessions, what was used once, and answers to requests older than 30 days.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn forget_expired(&self, now: Timestamp) -> Result<(), StoreError> {
        sessions::forget(self.inner(), now).await
    }

    /// Takes messages of a topic for so many microseconds; nobody else gets them meanwhile.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn outbox_take(
        &self,
        topic: &str,
        limit: u32,
        now: Timestamp,
        lease_us: i64,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        outbox::take(self.inner(), topic, limit, now, lease_us).await
    }

    /// What waits: leaves for the sequencer, messages for their senders.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn backlog(&self) -> Result<Backlog, StoreError> {
        backlog::backlog(self.inner()).await
    }

    /// Whether the database takes writes now. Nothing is written; waits as long as any writer would.
    ///
    /// # Errors
    /// It takes none; [`StoreError::Database`].
    pub async fn writable(&self) -> Result<(), StoreError> {
        writable::writable(self.inner()).await
    }

    /// How far this process has published the ledger; `None` if it publishes nothing.
    #[must_use]
    pub fn published(&self) -> Option<Published> {
        self.inner().published.borrow().clone()
    }

    /// A message is out. Answers whether it was still there: if not, somebody else sent it too.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn outbox_done(&self, id: i64) -> Result<bool, StoreError> {
        outbox::done(self.inner(), id).await
    }

    /// Takes or renews what only one process may do at a time, for so long; `false`: another has it. A process that holds it and stops
    /// renewing must have ended whatever it does by then.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lease(&self, name: &'static str, for_us: i64) -> Result<bool, StoreError> {
        lease::take(self.inner(), name, for_us).await
    }

    /// Whether the entry that wrote this image of a row has its place in the ledger: what follows from it may leave then, and not before.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn is_sequenced(&self, table: &'static Table, image: &Image) -> Result<bool, StoreError> {
        placed::is_sequenced(self.inner(), table, image).await
    }

    /// Fills an empty database from this one's ledger, vault included.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if the other is not empty or an entry was erased; [`StoreError::Damaged`].
    pub async fn rebuild_into(&self, empty: &Self) -> Result<(), StoreError> {
        rebuild::into(self, empty).await
    }

    /// Fills this empty database from entries in order, from index 0. Sealed texts are not in the ledger: the vault stays
    /// as it is.
    ///
    /// # Errors
    /// As [`Store::rebuild_into`].
    pub async fn rebuild_from<I>(&self, entries: I) -> Result<(), StoreError>
    where
        I: IntoIterator<Item = EntryRow>,
        I::IntoIter: Send,
    {
        rebuild::from(self.inner(), entries.into_iter()).await
    }

    /// Compares every governed row, the feed, the vault's digests and the ledger's own rows with what verified entries
    /// (in order, from index 0) say. Entries beyond those are believed if the head over them bears this store's own
    /// signature. Memory is of the order of the rows.
    ///
    /// # Errors
    /// As [`Store::get`]; what is wrong with rows is the answer, not an error.
    pub async fn check_rows<I>(&self, entries: I) -> Result<Vec<RowFault>, StoreError>
    where
        I: IntoIterator<Item = EntryRow>,
        I::IntoIter: Send,
    {
        let key = self.inner().signer().map(sumun_ledger::CheckpointSigner::verifier);
        Ok(check::rows(self.inner(), entries.into_iter(), key.as_ref()).await?.faults)
    }

    /// As [`Store::check_rows`], for whoever has the log's verifier key only: entries beyond those handed in are believed
    /// if the head over them is signed by it.
    ///
    /// # Errors
    /// As [`Store::check_rows`].
    pub async fn check_rows_against<I>(
        &self,
        entries: I,
        key: &sumun_ledger::VerifierKey,
    ) -> Result<RowsChecked, StoreError>
    where
        I: IntoIterator<Item = EntryRow>,
        I::IntoIter: Send,
    {
        check::rows(self.inner(), entries.into_iter(), Some(key)).await
    }
}

//! Whether this process can serve, and what stands behind: each in words, with what to do.
//!
//! *Not ready* means that a request sent here fails: send it elsewhere, or start this process anew. *Degraded* means that
//! requests are served and somebody should look: a gate that is behind is no reason to stop the one who can cut it off.
//!
//! Anyone may ask, so that asking costs next to nothing: one look at a time, and each serves everybody for a second. Gates
//! and keys are named to staff only (`GET /v1/readiness`).

use crate::events;
use crate::gates::Seen;
use crate::server::Server;
use serde::Serialize;
use serde_json::json;
use std::sync::{Arc, Mutex, PoisonError};
use sumun_govern::actuator::ActuationState;
use sumun_govern::canary::Answered;
use sumun_govern::gates::bypass::OpenBypass;
use sumun_model::Timestamp;
use sumun_store::tables::{GATES, RECEIPTS, VENUE};
use sumun_store::{Backlog, Filter, Published};
use utoipa::ToSchema;

/// How long a look serves, microseconds. Probes come every few seconds.
const LOOK_LIVES_US: i64 = 1_000_000;
/// Gates named at most.
const GATES_SHOWN_MAX: u32 = 100;
/// Sequencing takes milliseconds; what waits longer waits for something that broke.
const LEAF_WAIT_US_MAX: i64 = 5_000_000;
/// Notices leave within a second; a sink that is away for longer is somebody's to look at.
const MESSAGE_WAIT_US_MAX: i64 = 60_000_000;
/// A cut reaches the exchange within a second; one that waits for longer is somebody's to look at.
const ACTUATION_WAIT_US_MAX: i64 = 10_000_000;
/// Intents looked at for the one that waits longest.
const ACTUATIONS_LOOKED_AT: usize = 1_000;
/// Publication strides every 50 ms, some thousands of entries at once: further behind, the disk does not keep up.
const PUBLICATION_LAG_MAX: u64 = 4096;
/// Detection reads a line within milliseconds; so far behind, a cut-off comes too late.
const DETECT_LAG_US_MAX: i64 = 5_000_000;

/// How one thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// As it should.
    Ready,
    /// Requests are served; somebody should look.
    Degraded,
    /// Requests fail.
    NotReady,
}

/// Whether this process can serve.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({ "ready": true, "state": "degraded", "checks": [
    { "name": "database", "state": "ready", "detail": "answers", "remedy": null },
    { "name": "gate gate-1", "state": "degraded", "detail": "not connected; nothing heard of it for 40 s",
      "remedy": "look whether the gate runs and reaches this server; until then keys that end live on there" }
] }))]
pub(crate) struct Readiness {
    /// Whether it can; false only if `state` is `not_ready`.
    pub ready: bool,
    /// The worst of the checks.
    pub state: Standing,
    /// Each thing it needs, in words.
    pub checks: Vec<Check>,
}

/// One thing that is needed, or worth knowing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Check {
    /// Which.
    #[schema(example = "sequencer")]
    pub name: String,
    /// How it stands.
    pub state: Standing,
    /// The same in words.
    #[schema(example = "42 entries, feed version 17")]
    pub detail: String,
    /// What to do about it; null if nothing.
    pub remedy: Option<String>,
}

impl Check {
    pub(crate) fn new(name: &str, state: Standing, detail: String, remedy: &str) -> Self {
        let remedy = (state != Standing::Ready).then(|| remedy.to_owned());
        Self { name: name.to_owned(), state, detail, remedy }
    }
}

/// The leaf that waited longest when it was last looked, and since when it is known to.
#[derive(Debug, Default)]
pub(crate) struct Waiting(Mutex<Option<(i64, Timestamp)>>);

impl Waiting {
    /// How long the first leaf is known to wait, microseconds.
    fn waits_us(&self, first: Option<i64>, now: Timestamp) -> i64 {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *known = first.map(|leaf| match *known {
            Some((same, since)) if same == leaf => (leaf, since),
            _ => (leaf, now),
        });
        known.map_or(0, |(_, since)| now.micros_since(since))
    }
}

/// What was found by one look.
#[derive(Debug)]
pub(crate) struct Looked {
    /// To staff.
    pub(crate) whole: Readiness,
    /// To anyone: without the names of gates, campaigns and keys.
    pub(crate) outward: Readiness,
    /// Gates that are behind the feed.
    pub(crate) gates_behind: i64,
}

/// The last look, and the turn to take the next.
#[derive(Debug, Default)]
pub(crate) struct Looks(tokio::sync::Mutex<Option<(Timestamp, Arc<Looked>)>>);

/// How everything stands, as of at most a second ago. Whoever asks while somebody looks gets what he finds.
pub(crate) async fn look(server: &Server) -> Arc<Looked> {
    let mut last = server.looks.0.lock().await;
    let now = server.govern.world.now();
    if let Some((at, looked)) = &*last
        && (0..LOOK_LIVES_US).contains(&now.micros_since(*at))
    {
        return Arc::clone(looked);
    }
    let looked = Arc::new(look_anew(server, now).await);
    *last = Some((now, Arc::clone(&looked)));
    looked
}

fn of(checks: Vec<Check>) -> Readiness {
    let state = checks.iter().map(|check| check.state).max().unwrap_or(Standing::NotReady);
    Readiness { ready: state != Standing::NotReady, state, checks }
}

async fn look_anew(server: &Server, now: Timestamp) -> Looked {
    let mut whole = parts(server, now).await;
    whole.extend(server.events.iter().flat_map(|events| events_stand(&events.log.standing())));
    let mut outward = whole.clone();
    let (gates, gates_behind) = gates(server, now).await;
    outward.extend(counted(&gates));
    whole.extend(gates);
    let aside = server.govern.campaign_members_aside();
    outward.extend(campaigns_counted(aside.len()));
    whole.extend(campaigns(&aside));
    // A gate that serves an ended key is no reason to stop the one who can cut it off.
    if let Ok(Some(found)) = server.govern.last_canary_found().await {
        let ill = found.found().iter().filter(|finding| finding.answered != Answered::Obeyed).count();
        let state = if ill == 0 { Standing::Ready } else { Standing::Degraded };
        let check = |detail, remedy| Check::new("canary", state, detail, remedy);
        let told = format!("{}: {}", found.canary, found.outcome.as_deref().unwrap_or("not tried yet"));
        outward.push(check(told, "see GET /v1/readiness and GET /v1/canaries, signed in as staff"));
        let remedy = "see GET /v1/canaries; take a gate that still serves an ended key out of the traffic";
        whole.push(check(found.words(), remedy));
    }
    Looked { whole: of(whole), outward: of(outward), gates_behind }
}

/// How gates stand, without naming one.
fn counted(gates: &[Check]) -> Option<Check> {
    let state = gates.iter().map(|check| check.state).max()?;
    let ill = gates.iter().filter(|check| check.state != Standing::Ready).count();
    let detail = format!("{} of {} stand as they should", gates.len() - ill, gates.len());
    Some(Check::new("gates", state, detail, "see GET /v1/readiness, signed in as staff"))
}

/// All but gates, what is tried on them, and what names a key.
async fn parts(server: &Server, now: Timestamp) -> Vec<Check> {
    let store = &server.govern.store;
    let mut checks = Vec::new();
    match store.get(&VENUE, &server.govern.venue().venue).await {
        Ok(_) => checks.push(match server.writable.look(store, now) {
            None => Check::new("database", Standing::Ready, "answers".to_owned(), ""),
            Some(trouble) => Check::new(
                "database",
                Standing::NotReady,
                trouble,
                "look who holds a lock on it (another program that has its file open, a long transaction), and at its disk; this process goes \
                 on by itself once it may write",
            ),
        }),
        Err(_) => checks.push(Check::new(
            "database",
            Standing::NotReady,
            "does not answer".to_owned(),
            "look at the database and the log of this process; it goes on by itself once the database answers",
        )),
    }
    let backlog = store.backlog().await.ok();
    let leaves = backlog.as_ref().map_or((0, None), |backlog| (backlog.leaves, backlog.first_leaf));
    let waits_us = server.waiting.waits_us(leaves.1, now);
    let head = store.head();
    checks.push(match store.stopped() {
        Some(cause) => Check::new(
            "sequencer",
            Standing::NotReady,
            format!("stopped: {cause}"),
            "start this process anew; nothing that was answered is lost",
        ),
        None => sequencer(
            format!("{} entries, feed version {}", head.size, head.feed_version),
            leaves.0,
            waits_us,
        ),
    });
    checks.extend(store.published().map(|published| publication(&published, head.size)));
    checks.extend(actuator(server, now).await);
    if server.notices.is_some() {
        checks.extend(backlog.map(|backlog| outbox(&backlog, now)));
    }
    checks
}

fn sequencer(head: String, leaves: u64, waits_us: i64) -> Check {
    let late = waits_us > LEAF_WAIT_US_MAX;
    let detail = match leaves {
        0 => head,
        _ if !late => format!("{head}; {leaves} changes wait for their place"),
        _ => {
            format!("{head}; {leaves} changes wait for their place, the first for {} s", waits_us / 1_000_000)
        }
    };
    let state = if late { Standing::Degraded } else { Standing::Ready };
    Check::new(
        "sequencer",
        state,
        detail,
        "look whether the process that holds the sequencer's lease hangs (table `leases`); another takes over once the lease runs out",
    )
}

fn publication(published: &Published, size: u64) -> Check {
    let behind = size.saturating_sub(published.size);
    let (state, detail) = match &published.trouble {
        Some(trouble) => {
            (Standing::Degraded, format!("failed at entry {}, {behind} behind: {trouble}", published.size))
        }
        None if behind > PUBLICATION_LAG_MAX => {
            (Standing::Degraded, format!("{} entries published, {behind} behind", published.size))
        }
        None => (Standing::Ready, format!("{} entries published, {behind} to go", published.size)),
    };
    Check::new(
        "publication",
        state,
        detail,
        "look at the disk of `data_dir`/ledger and at the log; entries are safe in the database and published from there",
    )
}

fn outbox(backlog: &Backlog, now: Timestamp) -> Check {
    let waits_us = backlog.oldest_message.map_or(0, |at| now.micros_since(at));
    let late = waits_us > MESSAGE_WAIT_US_MAX;
    let detail = match backlog.messages {
        0 => "nothing waits".to_owned(),
        count if !late => format!("{count} notices wait"),
        count => format!("{count} notices wait, the oldest for {} s", waits_us / 1_000_000),
    };
    let state = if late { Standing::Degraded } else { Standing::Ready };
    Check::new(
        "outbox",
        state,
        detail,
        "look whether the notices' file can be written (see the log); owners are told late meanwhile",
    )
}

/// What exchanges were told of keys. Keys are governed all the same: the record says what should be true.
async fn actuator(server: &Server, now: Timestamp) -> Option<Check> {
    server.govern.acting()?;
    let counts = server.govern.actuation_counts(&ActuationState::UNDONE).await.ok()?;
    let count = |state| counts.get(state).copied().unwrap_or(0);
    let (waiting, failed, alive) = (count("waiting"), count("failed"), count("alive"));
    let mut oldest = None;
    if waiting > 0 {
        let some = server.govern.actuations_open(ActuationState::Waiting, ACTUATIONS_LOOKED_AT).await.ok()?;
        oldest = some.iter().map(|row| row.intended_us).min();
    }
    let waits_us = oldest.map_or(0, |us| now.micros_since(Timestamp::from_micros(us)));
    Some(acted(waiting, waits_us, failed, alive))
}

fn keys(count: u64) -> String {
    format!("{count} key{}", if count == 1 { "" } else { "s" })
}

fn acted(waiting: u64, waits_us: i64, failed: u64, alive: u64) -> Check {
    let mut told = Vec::new();
    if alive > 0 {
        told.push(format!("{} cut by the exchange's word, alive by its log", keys(alive)));
    }
    if failed > 0 {
        told.push(format!("{} could not be acted on", keys(failed)));
    }
    let late = waits_us > ACTUATION_WAIT_US_MAX;
    match waiting {
        0 => {}
        _ if late => {
            told.push(format!("{} waiting, one of them for {} s", keys(waiting), waits_us / 1_000_000));
        }
        _ => told.push(format!("{} waiting", keys(waiting))),
    }
    if told.is_empty() {
        told.push("every intent is acknowledged".to_owned());
    }
    let state = if alive + failed > 0 || late { Standing::Degraded } else { Standing::Ready };
    let remedy = "see `sumun actuator show`; mend the exchange's key API or act there by hand, then `sumun actuator retry KEY`";
    Check::new("actuator", state, told.join("; "), remedy)
}

/// Keys of campaigns whose rows cannot be read. Nothing is asked of them; all others go on.
fn campaigns(aside: &[String]) -> Option<Check> {
    let first = aside.first()?;
    let detail = match aside.len() {
        1 => format!("the row of `{first}` cannot be read: nothing is asked of it"),
        count => format!("{count} rows cannot be read, the first is `{first}`: nothing is asked of them"),
    };
    let remedy = "run `sumun ledger verify`, then restore the row from the ledger; until then its key is left as it is";
    Some(Check::new("campaigns", Standing::Degraded, detail, remedy))
}

/// The same, without naming one.
fn campaigns_counted(aside: usize) -> Option<Check> {
    let detail = match aside {
        0 => return None,
        1 => "one row cannot be read: nothing is asked of its key".to_owned(),
        count => format!("{count} rows cannot be read: nothing is asked of their keys"),
    };
    let remedy = "see GET /v1/readiness, signed in as staff";
    Some(Check::new("campaigns", Standing::Degraded, detail, remedy))
}

/// The merged log, and detection behind it. Keys are governed without either.
fn events_stand(log: &events::Standing) -> Vec<Check> {
    let mut checks = Vec::new();
    let trouble = log.stopped.clone().or_else(|| log.record.clone());
    let state = if trouble.is_some() { Standing::Degraded } else { Standing::Ready };
    let detail = trouble.unwrap_or_else(|| format!("{} lines, {} MiB", log.next, log.bytes >> 20));
    let remedy =
        "look at the disk of `data_dir`/events and at the log; gates keep what they saw and send it later";
    checks.push(Check::new("events", state, detail, remedy));
    if let Some(detecting) = &log.detecting {
        let late = detecting.lag_us > DETECT_LAG_US_MAX;
        let wrong = detecting.trouble.is_some() || detecting.policy.is_some();
        let state = if late || wrong { Standing::Degraded } else { Standing::Ready };
        let behind = match detecting.lag_us / 1_000_000 {
            0 => format!("has read {} lines, all there are", detecting.next),
            s => format!("has read {} of {} lines, {s} s behind", detecting.next, log.next),
        };
        let detail = [Some(&behind), detecting.trouble.as_ref(), detecting.policy.as_ref()];
        let detail: Vec<&str> = detail.into_iter().flatten().map(String::as_str).collect();
        let detail = detail.join("; ");
        let remedy = if detecting.policy.is_some() && detecting.trouble.is_none() && !late {
            "`sumun policy check FILE` says where the policy is wrong; propose a corrected version and have it put in force"
        } else {
            "what is seen leads to measures late; look at the log of this process and at the machine's load"
        };
        checks.push(Check::new("detection", state, detail, remedy));
    }
    checks
}

/// The gates that are to follow the feed.
pub(crate) async fn followers(server: &Server) -> Vec<String> {
    let filter =
        Filter { equals: vec![("state", json!("enrolled"))], limit: GATES_SHOWN_MAX, ..Filter::default() };
    let rows = server.govern.store.list(&GATES, &filter).await.unwrap_or_default();
    rows.iter().filter_map(|row| Some(row.get("gate")?.as_str()?.to_owned())).collect()
}

/// What is known of a gate beside its streams.
pub(crate) async fn seen(server: &Server, gate: &str, now: Timestamp) -> Seen {
    let store = &server.govern.store;
    let mut heard = server.gates.acknowledged_last(gate);
    if heard.is_none() {
        // Before this process began, or by another: newer receipts sort first.
        let newest = Filter { equals: vec![("gate", json!(gate))], limit: 1, ..Filter::default() };
        let rows = store.list(&RECEIPTS, &newest).await.unwrap_or_default();
        heard = rows.first().and_then(|row| {
            let version = row.get("to_version")?.as_u64()?;
            Some((version, Timestamp::from_micros(row.get("received_us")?.as_i64()?)))
        });
    }
    let head = store.feed_head();
    let version = heard.map_or(0, |(version, _)| version);
    let missing = if version < head { store.feed_since(version, 1).await.ok().flatten() } else { None };
    let behind_since = missing.and_then(|deltas| deltas.first().map(|delta| delta.at));
    Seen { head, heard, behind_since, now }
}

/// How each gate stands, those included of which nothing was heard since this process began; and how many are behind.
async fn gates(server: &Server, now: Timestamp) -> (Vec<Check>, i64) {
    let store = &server.govern.store;
    let mut checks = Vec::new();
    // A database that does not answer is told of as such.
    let bypasses = server.govern.open_bypasses().await.unwrap_or_default();
    let followers = followers(server).await;
    let behind = server.gates.behind(&followers, store.head().feed_version);
    for gate in followers {
        let seen = seen(server, &gate, now).await;
        let check = server.gates.check(&gate, &seen);
        checks.push(match bypasses.get(&gate) {
            Some(open) => bypassed(check, open),
            None => check,
        });
    }
    (checks, behind)
}

/// The same of a gate at which everything passes: that stands before all else.
fn bypassed(check: Check, open: &OpenBypass) -> Check {
    let OpenBypass { since, by, reason } = open;
    let detail = format!(
        "BYPASS: everything passes there but keys that have ended, since {since} by {by}: {reason}; {}",
        check.detail
    );
    let ends = "`sumun gate bypass off` at that gate ends it".to_owned();
    let remedy = check.remedy.map_or_else(|| ends.clone(), |remedy| format!("{ends}; {remedy}"));
    Check::new(&check.name, Standing::Degraded, detail, &remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + s).unwrap()
    }

    #[test]
    fn what_waits_is_degraded_only_once_it_waits_long() {
        let waiting = Waiting::default();
        assert_eq!(waiting.waits_us(Some(7), at(0)), 0);
        assert_eq!(waiting.waits_us(Some(7), at(6)), 6_000_000);
        assert_eq!(waiting.waits_us(Some(8), at(7)), 0, "another leaf: the first was placed");
        assert_eq!(waiting.waits_us(None, at(8)), 0);
        let lines = [
            sequencer("9 entries, feed version 2".to_owned(), 0, 0),
            sequencer("9 entries, feed version 2".to_owned(), 3, 1_000),
            sequencer("9 entries, feed version 2".to_owned(), 3, 6_000_000),
            publication(&Published { size: 9, trouble: None }, 9),
            publication(&Published { size: 9, trouble: None }, 9_000),
            publication(&Published { size: 9, trouble: Some("the database did not answer".into()) }, 10),
            outbox(&Backlog::default(), at(0)),
            outbox(&Backlog { messages: 2, oldest_message: Some(at(0)), ..Backlog::default() }, at(1)),
            outbox(&Backlog { messages: 2, oldest_message: Some(at(0)), ..Backlog::default() }, at(90)),
            acted(0, 0, 0, 0),
            acted(3, 1_000_000, 0, 0),
            acted(3, 12_000_000, 0, 0),
            acted(0, 0, 2, 1),
        ];
        let lines = lines.map(|check| {
            format!(
                "{} {:?}: {}; {}",
                check.name,
                check.state,
                check.detail,
                check.remedy.as_deref().unwrap_or("-")
            )
        });
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn damaged_members_are_named_to_staff_and_counted_to_anyone() {
        assert_eq!((campaigns(&[]), campaigns_counted(0)), (None, None));
        for aside in [&["E1/K1".to_owned()][..], &["E1/K1".to_owned(), "E1/K2".to_owned()]] {
            let (inward, outward) = (campaigns(aside).unwrap(), campaigns_counted(aside.len()).unwrap());
            assert!(inward.detail.contains("`E1/K1`"), "{inward:?}");
            let told = format!("{outward:?}");
            assert!(!told.contains("E1") && !told.contains("K1"), "{told}");
            assert_eq!((inward.state, outward.state), (Standing::Degraded, Standing::Degraded));
        }
    }
}

//! What the overview is made of, and the second for which it is kept: however many look, it is gathered once.
//!
//! What the record says is read anew only once there is a new entry, or after a while, since days pass and cases become overdue without one.

use crate::gates::Seen;
use crate::problem::Problem;
use crate::readiness::{self, Standing};
use crate::resources::overview::{
    BucketView, CutView, CutoffView, DecidingView, GateStandView, LedgerStandView, OverviewView,
    QueueStandView, ReasonCountView, RungView, VerdictsView, WaitingView,
};
use crate::server::Server;
use crate::verdicts::{BUCKET_S, Tally};
use std::sync::Arc;
use sumun_govern::overview::{Cutoff, Overview};
use sumun_govern::{Actor, Refusal};
use sumun_model::Timestamp;

/// How long one serves, microseconds.
const LIVES_US: i64 = 1_000_000;
/// How long what the record says serves while no entry comes, microseconds.
const UNCHANGED_LIVES_US: i64 = 10_000_000;
/// Reasons named.
const REASONS_MAX: usize = 8;
/// Cut-offs shown.
const RECENT_MAX: usize = 10;

/// What was gathered last, and the turn to gather the next.
#[derive(Debug, Default)]
pub(crate) struct Overviews(tokio::sync::Mutex<Option<Arc<Gathered>>>);

/// What was gathered.
#[derive(Debug)]
struct Gathered {
    at: Timestamp,
    /// What the record says, when it was read, and how many entries there were then.
    found: Arc<Overview>,
    read: Timestamp,
    entries: u64,
    gates: Vec<GateStandView>,
    tally: Tally,
}

/// As this member of staff sees it.
pub(crate) async fn of(server: &Server, actor: &Actor) -> Result<OverviewView, Problem> {
    let gathered = gathered(server).await?;
    let Gathered { at, found, gates, tally, .. } = &*gathered;
    let head = server.govern.store.head();
    let mine = server.govern.count_for(actor, &found.open).await?;
    Ok(OverviewView {
        at: at.to_string(),
        banner: server.browsers.banner.clone(),
        verdicts: verdicts(tally),
        ladder: found
            .ladder
            .iter()
            .map(|rung| RungView {
                measure: rung.measure.as_str().to_owned(),
                in_force: rung.in_force,
                entered_day: rung.entered_day,
                proposed: rung.proposed,
            })
            .collect(),
        policy: found.policy.as_ref().map(|deciding| DecidingView {
            policy: deciding.policy.clone(),
            detectors_unusable: u64::try_from(deciding.unusable).unwrap_or(u64::MAX),
        }),
        gates: gates.clone(),
        cutoff: cutoff(&found.cutoffs),
        queue: QueueStandView {
            open: found.queue.open,
            unassigned: found.queue.unassigned,
            overdue: found.queue.overdue,
            budget_day: found.queue.budget_day,
            raised_day: found.queue.raised_day,
        },
        approvals: WaitingView { waiting: found.waiting, mine: u64::try_from(mine).unwrap_or(u64::MAX) },
        ledger: LedgerStandView {
            entries: head.size,
            root: hex::encode(head.root),
            at: head.at.map(|at| at.to_string()),
        },
    })
}

/// As of at most a second ago. Whoever asks while somebody gathers gets what he finds.
async fn gathered(server: &Server) -> Result<Arc<Gathered>, Problem> {
    let mut last = server.overviews.0.lock().await;
    let now = server.govern.world.now();
    if let Some(gathered) = &*last
        && (0..LIVES_US).contains(&now.micros_since(gathered.at))
    {
        return Ok(Arc::clone(gathered));
    }
    // Asked before the record is read: what comes meanwhile is read once more.
    let entries = server.govern.store.head().size;
    let unchanged = last.as_ref().filter(|before| {
        before.entries == entries && (0..UNCHANGED_LIVES_US).contains(&now.micros_since(before.read))
    });
    let (found, read) = match unchanged {
        Some(before) => (Arc::clone(&before.found), before.read),
        None => (Arc::new(server.govern.overview().await?), now),
    };
    let gathered = Arc::new(Gathered {
        at: now,
        found,
        read,
        entries,
        gates: gates(server, now).await?,
        tally: server.verdicts.tally(now),
    });
    *last = Some(Arc::clone(&gathered));
    Ok(gathered)
}

async fn gates(server: &Server, now: Timestamp) -> Result<Vec<GateStandView>, Refusal> {
    let bypasses = server.govern.open_bypasses().await?;
    let mut shown = Vec::new();
    for gate in readiness::followers(server).await {
        let seen = readiness::seen(server, &gate, now).await;
        let Seen { head, heard, .. } = seen;
        let version = heard.map_or(0, |(version, _)| version);
        let acknowledged = heard.map(|(_, at)| at);
        shown.push(GateStandView {
            state: if server.gates.is_connected(&gate) { "connected" } else { "away" }.to_owned(),
            version,
            behind: head.saturating_sub(version),
            heard: server.gates.heard_last(&gate).max(acknowledged).map(|at| at.to_string()),
            stale: server.gates.check(&gate, &seen).state != Standing::Ready,
            bypass: bypasses.get(&gate).map(|open| open.since.to_string()),
            gate,
        });
    }
    Ok(shown)
}

fn verdicts(tally: &Tally) -> VerdictsView {
    VerdictsView {
        since: tally.since.to_string(),
        allowed: tally.buckets.iter().map(|bucket| bucket.allowed).sum(),
        refused: tally.buckets.iter().map(|bucket| bucket.refused).sum(),
        elsewhere: tally.buckets.iter().map(|bucket| bucket.elsewhere).sum(),
        reasons: tally
            .reasons
            .iter()
            .take(REASONS_MAX)
            .map(|(reason, count)| ReasonCountView { reason: reason.as_str().to_owned(), count: *count })
            .collect(),
        buckets: tally
            .buckets
            .iter()
            .map(|bucket| BucketView {
                at: bucket.began().to_string(),
                allowed: bucket.allowed,
                refused: bucket.refused,
            })
            .collect(),
        bucket_s: BUCKET_S,
    }
}

fn cutoff(found: &[Cutoff]) -> CutoffView {
    let mut took: Vec<i64> = found.iter().map(|one| one.took_us).collect();
    took.sort_unstable();
    // The nearest rank: a number that was measured.
    let rank = |of_hundred: usize| {
        let rank = took.len().saturating_mul(of_hundred).div_ceil(100).saturating_sub(1);
        took.get(rank).copied().map(milliseconds)
    };
    CutoffView {
        count: u64::try_from(took.len()).unwrap_or(u64::MAX),
        p50_ms: rank(50),
        p99_ms: rank(99),
        recent: found
            .iter()
            .take(RECENT_MAX)
            .map(|one| CutView {
                key: one.key.clone(),
                measure: one.measure.clone(),
                suspected: one.suspected.to_string(),
                decided: one.decided.to_string(),
                effect: one.effect.to_string(),
                ms: milliseconds(one.took_us),
                from: if one.from_suspicion { "suspicion" } else { "decision" }.to_owned(),
                suspicion_ms: one.suspicion_us.map(milliseconds),
                decision_ms: milliseconds(one.decision_us),
            })
            .collect(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a duration of days at most")]
pub(crate) fn milliseconds(us: i64) -> f64 {
    us as f64 / 1e3
}

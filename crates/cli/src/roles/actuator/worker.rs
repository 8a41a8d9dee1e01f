//! Who sends: what the record says goes onto the desk, what is due is sent, and what came of it goes into the record.

use super::send::{Sent, send};
use super::settings::Settings;
use crate::clock;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use sumun_actuator::{Desk, Due};
use sumun_govern::Refusal;
use sumun_govern::actuator::{ActuationRow, ActuationState};
use sumun_server::Server;
use sumun_server::metrics::{ActuationLabels, ActuatorCallLabels};
use tokio::task::JoinSet;
use tracing::{error, info, warn};

/// How often is looked, where nothing else wakes it.
const LOOK: Duration = Duration::from_millis(100);
/// Calls at once.
const AT_ONCE_MAX: usize = 16;
/// How often the lease is renewed, microseconds.
const LEASE_EVERY_US: i64 = 2_000_000;
/// How much longer than a call a lease holds, microseconds: it is renewed several times within that, and a call that waited for its
/// change's place finds it good for as long as it may take.
const LEASE_BEYOND_US: i64 = 8_000_000 + PLACE_WAIT_US;
/// How often everything that waits is read from the record, microseconds, in case something was missed.
const READ_ALL_EVERY_US: i64 = 60_000_000;
/// How often the counts of what is undone are told, microseconds; of what is done a tenth as often: there may be very many.
const COUNT_EVERY_US: i64 = 2_000_000;
const COUNT_ALL_EVERY: u32 = 10;
/// How long is waited for a change's place in the ledger before it is tried later.
const PLACE_WAIT_US: i64 = 5_000_000;
const PLACE_WAIT: Duration = Duration::from_micros(PLACE_WAIT_US.unsigned_abs());
const PLACE_LOOK: Duration = Duration::from_millis(20);

/// What one call came to.
struct Ended {
    due: Due,
    /// When again; none: it is done with.
    again_us: Option<Option<i64>>,
}

/// The one who sends.
pub(super) struct Worker {
    server: Arc<Server>,
    settings: Arc<Settings>,
    desk: Desk,
    calls: JoinSet<Ended>,
    /// Whether the desk is this process's to empty.
    leads: bool,
    /// Up to when the lease is good by its last renewal, microseconds since 1970. Each call asks once more before it is made.
    leased_until_us: Arc<AtomicI64>,
    lease_next_us: i64,
    read_next_us: i64,
    count_next_us: i64,
    counted: u32,
    /// What was told last of each part: the same is not told ten times a second.
    told: BTreeMap<&'static str, &'static str>,
}

impl Worker {
    pub(super) fn new(server: Arc<Server>, settings: Arc<Settings>) -> Self {
        Self {
            server,
            settings,
            desk: Desk::default(),
            calls: JoinSet::new(),
            leads: false,
            leased_until_us: Arc::default(),
            lease_next_us: 0,
            read_next_us: 0,
            count_next_us: 0,
            counted: 0,
            told: BTreeMap::new(),
        }
    }

    pub(super) async fn run(mut self) {
        let mut every = tokio::time::interval(LOOK);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut head = self.server.govern.store.watch();
        loop {
            tokio::select! {
                _ = every.tick() => {}
                changed = head.changed() => if changed.is_err() { return },
                Some(ended) = self.calls.join_next(), if !self.calls.is_empty() => match ended {
                    Ok(ended) => self.desk.ended(&ended.due, ended.again_us),
                    // Its place on the desk stays taken until everything is read anew.
                    Err(fault) => {
                        error!("A call to an exchange ended by a fault of Sumun: {fault}");
                        self.begin_anew().await;
                    }
                },
            }
            self.step().await;
        }
    }

    /// A part that fails is told once, and stops no other.
    fn heard(&mut self, what: &'static str, done: Result<(), Refusal>) -> bool {
        match done {
            Ok(()) => {
                self.told.remove(what);
                true
            }
            Err(refusal) => {
                if self.told.insert(what, refusal.code) != Some(refusal.code) {
                    warn!(code = refusal.code, "{what}; trying again: {refusal}");
                }
                false
            }
        }
    }

    /// With an empty desk, once nothing is under way any more: an old call must not arrive behind a newer one.
    async fn begin_anew(&mut self) {
        while self.calls.join_next().await.is_some() {}
        (self.desk, self.read_next_us) = (Desk::default(), 0);
    }

    /// What is due is sent before anything else is looked at: neither a row that cannot be read nor a count may keep a cut waiting.
    async fn step(&mut self) {
        let govern = Arc::clone(&self.server.govern);
        let refreshed = govern.refresh_cuts().await;
        self.heard("What exchanges are to be told cannot be read", refreshed);
        let waits = govern.cuts.take_waits();
        if !self.leased().await {
            return;
        }
        let now_us = clock::now().as_micros();
        let asked_again = self.settings.actuator.retry.again_s > 0;
        for one in waits {
            if !one.open {
                self.desk.forget(&one.actuation, one.intent);
            } else if !one.failed || asked_again {
                self.desk.wants(&one.actuation, one.intent, one.cuts, now_us);
            }
        }
        self.send_due(now_us);
        if now_us >= self.read_next_us {
            let read = self.read_all(now_us).await;
            if self.heard("What waits for exchanges cannot be read", read) {
                self.read_next_us = now_us + READ_ALL_EVERY_US;
            }
            self.send_due(now_us);
        }
        let told = govern.tell_alive().await;
        self.heard("Requests that succeeded after cuts cannot be written down", told);
        let silent = govern.actuations_silent().await.map(|_| ());
        self.heard("That exchanges' logs are silent cannot be written down", silent);
        if now_us >= self.count_next_us {
            self.count_next_us = now_us + COUNT_EVERY_US;
            let counted = self.count().await;
            self.heard("What exchanges were told cannot be counted", counted);
        }
    }

    fn send_due(&mut self, now_us: i64) {
        while let Some(due) = self.desk.next(now_us, AT_ONCE_MAX) {
            let (server, settings) = (Arc::clone(&self.server), Arc::clone(&self.settings));
            let leased_until_us = Arc::clone(&self.leased_until_us);
            self.calls.spawn(async move { call(&server, &settings, &leased_until_us, due).await });
        }
    }

    async fn count(&mut self) -> Result<(), Refusal> {
        let all = self.counted.is_multiple_of(COUNT_ALL_EVERY);
        self.counted = self.counted.wrapping_add(1);
        let states = if all { &ActuationState::ALL[..] } else { &ActuationState::UNDONE[..] };
        for (state, count) in self.server.govern.actuation_counts(states).await? {
            let gauge = self.server.metrics.actuations.get_or_create(&ActuationLabels { state });
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        Ok(())
    }

    /// Whether this process sends. A lease that could not be renewed in time is lost, and with it whatever was on the desk.
    async fn leased(&mut self) -> bool {
        if clock::now().as_micros() >= self.lease_next_us {
            match self.renewed().await {
                Some(true) if !self.leads => {
                    self.begin_anew().await;
                    self.take_up().await;
                    // That may have taken longer than the lease.
                    self.leads = self.renewed().await == Some(true);
                }
                Some(true) | None => {}
                Some(false) => self.lost(),
            }
        }
        let until_us = self.leased_until_us.load(Ordering::Relaxed);
        if self.leads && !may_call(clock::now().as_micros(), until_us, &self.settings) {
            self.lost();
        }
        self.leads
    }

    /// Asks for the lease; none: nobody answered.
    async fn renewed(&mut self) -> Option<bool> {
        // Before it is asked for: the database begins to count later.
        let asked_us = clock::now().as_micros();
        self.lease_next_us = asked_us + LEASE_EVERY_US;
        let for_us = call_us(&self.settings).saturating_add(LEASE_BEYOND_US);
        match self.server.govern.store.lease("actuator", for_us).await {
            Ok(held) => {
                if held {
                    self.leased_until_us.store(asked_us.saturating_add(for_us), Ordering::Relaxed);
                }
                Some(held)
            }
            Err(error) => {
                warn!(error = &error as &dyn std::error::Error, "The actuator's lease could not be renewed");
                None
            }
        }
    }

    /// Another sends, or may. What waits for its place in the ledger here is not sent.
    fn lost(&mut self) {
        self.leads = false;
        self.leased_until_us.store(0, Ordering::Relaxed);
    }

    /// Cuts of before anybody acted here.
    async fn take_up(&self) {
        match self.server.govern.take_up_actuations().await {
            Ok(0) => {}
            Ok(count) => info!(count, "{count} cuts that were made before are told to the exchange now"),
            Err(refusal) => {
                error!(
                    code = refusal.code,
                    "Cuts that were made before are not told to the exchange: {refusal}"
                );
            }
        }
    }

    async fn read_all(&mut self, now_us: i64) -> Result<(), Refusal> {
        let asked_again = self.settings.actuator.retry.again_s > 0;
        let states = [Some(ActuationState::Waiting), asked_again.then_some(ActuationState::Failed)];
        for state in states.into_iter().flatten() {
            for row in self.server.govern.actuations_open(state, sumun_actuator::SLOTS_MAX).await? {
                self.desk.wants(&row.actuation, row.intent, row.target.cuts(), now_us);
            }
        }
        Ok(())
    }
}

/// How long a call may take, microseconds.
fn call_us(settings: &Settings) -> i64 {
    i64::try_from(settings.actuator.timeout_ms).unwrap_or(i64::MAX / 2).saturating_mul(1_000)
}

/// Whether a call that begins now is over before another process can have the lease.
fn may_call(now_us: i64, leased_until_us: i64, settings: &Settings) -> bool {
    over_in_time(now_us, leased_until_us, call_us(settings))
}

fn over_in_time(now_us: i64, leased_until_us: i64, call_us: i64) -> bool {
    now_us.saturating_add(call_us) < leased_until_us
}

/// One call from the record and back into it.
async fn call(
    server: &Arc<Server>,
    settings: &Arc<Settings>,
    leased_until_us: &Arc<AtomicI64>,
    due: Due,
) -> Ended {
    let again = |us: i64| Some(Some(clock::now().plus_micros(us).as_micros()));
    let row = match placed(server, &due).await {
        Ok(Some(row)) => row,
        Ok(None) => return Ended { due, again_us: None },
        Err(refusal) => {
            warn!(code = refusal.code, "An intent cannot be read; trying again: {refusal}");
            return Ended { due, again_us: again(1_000_000) };
        }
    };
    let (venue, with, of) = (server.govern.venue().venue.clone(), Arc::clone(settings), row.clone());
    let leased_until_us = Arc::clone(leased_until_us);
    let sent = tokio::task::spawn_blocking(move || {
        // Asked as late as can be: it waited for its place in the ledger, and for a thread.
        may_call(clock::now().as_micros(), leased_until_us.load(Ordering::Relaxed), &with)
            .then(|| send(&with, &of, &venue))
    });
    let sent = match sent.await {
        Ok(Some(sent)) => sent,
        // Whoever has the lease sends it; if that is this process again, it begins with an empty desk.
        Ok(None) => return Ended { due, again_us: again(LEASE_EVERY_US) },
        Err(fault) => Sent::Not { cause: format!("a fault of Sumun: {fault}"), refused: false },
    };
    let outcome = match &sent {
        Sent::Done(said) if said.already => "already",
        Sent::Done(_) => "done",
        Sent::Not { refused: true, .. } => "refused",
        Sent::Not { .. } => "again",
    };
    let label = ActuatorCallLabels { destination: row.destination.clone(), outcome };
    server.metrics.actuator_calls.get_or_create(&label).inc();
    match sent {
        Sent::Done(said) => match server.govern.actuation_acknowledged(&due.id, due.intent, &said).await {
            Ok(()) => Ended { due, again_us: None },
            Err(refusal) => {
                warn!(
                    code = refusal.code,
                    "An acknowledgement could not be written down; it is asked for again: {refusal}"
                );
                Ended { due, again_us: again(1_000_000) }
            }
        },
        Sent::Not { cause, refused } => failed(server, settings, &row, due, (&cause, refused)).await,
    }
}

/// It was not done: somebody is told once it was tried often enough, or at once where asking again changes nothing.
async fn failed(
    server: &Server,
    settings: &Settings,
    row: &ActuationRow,
    due: Due,
    (cause, refused): (&str, bool),
) -> Ended {
    let retry = settings.actuator.retry;
    let failures = due.failures.saturating_add(1);
    let shouts = refused || retry.shouts(failures);
    if due.failures == 0 && !shouts {
        warn!(
            key.id = row.key,
            destination = row.destination,
            cause,
            "Key {} could not be brought to `{}` at {}; trying again",
            row.key,
            row.target.as_str(),
            row.destination
        );
    }
    if shouts {
        if row.state == ActuationState::Waiting && due.failures < retry.attempts {
            error!(
                key.id = row.key,
                destination = row.destination,
                cause,
                failures,
                "Key {} is NOT `{}` at {}: {cause}. A task is open; `sumun actuator retry {}` asks again",
                row.key,
                row.target.as_str(),
                row.destination,
                row.key
            );
        }
        if let Err(refusal) = server.govern.actuation_failed(&due.id, due.intent, failures, cause).await {
            warn!(
                code = refusal.code,
                "That a key cannot be acted on could not be written down; trying again: {refusal}"
            );
        }
    }
    let counted = if refused { failures.max(retry.attempts) } else { failures };
    let mut draw = [0; 8];
    server.govern.world.draw(&mut draw);
    let wait_us = retry.wait_us(counted, u64::from_le_bytes(draw));
    let at = |wait: u64| clock::now().plus_micros(i64::try_from(wait).unwrap_or(i64::MAX)).as_micros();
    Ended { due, again_us: Some(wait_us.map(at)) }
}

/// The row, once its change has its place in the ledger: nothing leaves before. None if it asks for something else by now.
async fn placed(server: &Server, due: &Due) -> Result<Option<ActuationRow>, Refusal> {
    let placed = async {
        loop {
            match server.govern.actuation_to_send(&due.id, due.intent).await? {
                (row, true) => return Ok(row),
                (_, false) => tokio::time::sleep(PLACE_LOOK).await,
            }
        }
    };
    match tokio::time::timeout(PLACE_WAIT, placed).await {
        Ok(found) => found,
        Err(_) => Err(Refusal::new(
            sumun_govern::RefusalKind::Unavailable,
            "not_sequenced",
            "its change has no place in the ledger yet",
            "nothing has to be done; it is tried again",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_begins_only_where_it_ends_within_the_lease() {
        let call_us = 3_000_000;
        let until_us = call_us + LEASE_BEYOND_US;
        assert!(over_in_time(0, until_us, call_us));
        // As long after a renewal as two that failed, and the wait for a change's place.
        assert!(over_in_time(2 * LEASE_EVERY_US + PLACE_WAIT_US, until_us, call_us));
        assert!(
            !over_in_time(LEASE_BEYOND_US, until_us, call_us),
            "another may have it before the answer is there"
        );
        assert!(!over_in_time(0, 0, call_us), "lost");
    }
}

//! Which access lines matter: keys with an address on its way into effect or an open verification. In memory only, made anew from the
//! store; a line of a key that nothing is asked of costs one look into a set.

use super::seen::{Noticed, notice_of};
use super::{addresses, verification};
use crate::govern::{Govern, store_refusal};
use crate::refusal::Refusal;
use serde_json::json;
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use sumun_model::wire::{AccessLine, Signature};
use sumun_model::{Check, CheckOutcome, KeyId, Timestamp};
use sumun_store::tables::{CEREMONIES, VERIFICATIONS};

/// Keys of which something may be asked at once; beyond them some wait for others to be done.
const KEYS_MAX: usize = 200_000;
/// Questions and addresses remembered so that a flood of requests from one place costs no reading. Oldest ones are forgotten.
const TALLIES_MAX: usize = 50_000;
/// Instants of use remembered of a watched key: enough to tell how often it is used.
const USES_MAX: usize = 64;

/// What is counted of one key, address and day.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// The question, if one is open; none: nothing is asked about it.
    pub(super) question: Option<String>,
    /// Requests seen.
    pub(super) count: i64,
    /// As many as the row says.
    pub(super) written: i64,
    /// When the row was last written.
    pub(super) written_us: i64,
    /// The last one's place in the log.
    pub(super) position: u64,
    /// When the last one was seen.
    pub(super) last_us: i64,
}

/// Which key, from which address, on which day since 1970.
pub(super) type Place = (KeyId, IpAddr, i64);

#[derive(Default)]
struct Inner {
    /// The ledger's size when the store was last looked at.
    head: Option<u64>,
    /// Keys with a pending ceremony.
    ceremonies: HashMap<String, usize>,
    /// Keys with an open verification, and which; a key that was rotated on the way counts too.
    verifications: HashMap<String, String>,
    /// When watched keys were used last.
    uses: HashMap<String, VecDeque<i64>>,
    /// Up to which instant everything gates saw has been told here.
    heard: Option<Timestamp>,
    tallies: HashMap<Place, Tally>,
    order: VecDeque<Place>,
}

/// Which lines matter.
#[derive(Default)]
pub struct Watch(Mutex<Inner>);

impl Watch {
    /// Nothing under this lock panics.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What matters of a line, if it does: a valid signature from an address not in effect, or anything signed of a key of which
    /// something is asked.
    #[must_use]
    pub fn notice(&self, line: &AccessLine, position: u64) -> Option<Noticed> {
        if matches!(line.signature, Some(Signature::Invalid | Signature::Absent)) {
            return None;
        }
        let elsewhere = line.checks.and_then(|checks| checks.get(Check::Address)) == Some(CheckOutcome::Fail);
        if !elsewhere && !self.asks(line.key.as_ref()?.as_str()) {
            return None;
        }
        notice_of(line, position)
    }

    /// Everything gates saw up to this instant has been told: the merged log's clock says so (WIRE 4). What a window held is not judged
    /// before.
    pub fn heard(&self, up_to: Timestamp) {
        let mut inner = self.lock();
        inner.heard = inner.heard.max(Some(up_to));
    }

    /// Up to which instant everything has been told; none while nobody says so.
    pub(super) fn heard_up_to(&self) -> Option<Timestamp> {
        self.lock().heard
    }

    fn asks(&self, key: &str) -> bool {
        let inner = self.lock();
        inner.verifications.contains_key(key) || inner.ceremonies.contains_key(key)
    }

    /// Whether an address of the key waits for its proof.
    pub(super) fn awaits_proof(&self, key: &str) -> bool {
        self.lock().ceremonies.contains_key(key)
    }

    /// The open verification of a key.
    pub(super) fn verification(&self, key: &str) -> Option<String> {
        self.lock().verifications.get(key).cloned()
    }

    /// From now on this key's lines are told to that verification.
    pub(super) fn follow(&self, key: &str, verification: &str) {
        self.lock().verifications.insert(key.to_owned(), verification.to_owned());
    }

    /// Notes a use of a watched key.
    pub(super) fn used(&self, noticed: &Noticed) {
        let mut inner = self.lock();
        let uses = inner.uses.entry(noticed.key.to_string()).or_default();
        uses.push_back(noticed.at.as_micros());
        if uses.len() > USES_MAX {
            uses.pop_front();
        }
    }

    /// Whether the key was used, up to now, never less often than every so many microseconds for that long.
    #[must_use]
    pub fn in_use(&self, key: &str, every_us: i64, for_us: i64, now_us: i64) -> bool {
        let inner = self.lock();
        let Some(uses) = inner.uses.get(key) else { return false };
        let mut last = now_us;
        for use_us in uses.iter().rev() {
            if last.saturating_sub(*use_us) > every_us {
                return false;
            }
            last = *use_us;
            if now_us.saturating_sub(last) >= for_us {
                return true;
            }
        }
        // So often that no more instants are kept is often enough.
        uses.len() >= USES_MAX
    }

    /// What is counted of a place; changed by `change`, and remembered.
    pub(super) fn tally<T>(&self, place: &Place, change: impl FnOnce(Option<&mut Tally>) -> T) -> T {
        change(self.lock().tallies.get_mut(place))
    }

    /// Begins to count.
    pub(super) fn count(&self, place: Place, tally: Tally) {
        let mut inner = self.lock();
        if inner.tallies.insert(place.clone(), tally).is_none() {
            inner.order.push_back(place);
        }
        while inner.order.len() > TALLIES_MAX {
            if let Some(oldest) = inner.order.pop_front() {
                inner.tallies.remove(&oldest);
            }
        }
    }

    /// Forgets what was counted of a key: what is asked of it changed.
    pub(super) fn forget(&self, key: &str) {
        let mut inner = self.lock();
        inner.tallies.retain(|(of, _, _), _| of.as_str() != key);
        let Inner { order, tallies, .. } = &mut *inner;
        order.retain(|place| tallies.contains_key(place));
    }
}

impl Govern {
    /// Brings the list of keys of which something is asked in step with the store, if the ledger grew by what is asked. To be called
    /// before a batch of lines is looked at.
    ///
    /// # Errors
    /// The store's.
    pub async fn refresh_watch(&self) -> Result<(), Refusal> {
        let head = self.store.head().size;
        let known = self.watch.lock().head;
        if known == Some(head) {
            return Ok(());
        }
        if let Some(known) = known.filter(|known| *known < head) {
            let written = self.store.written(known, head).await.map_err(store_refusal)?;
            if !written.iter().any(|table| [CEREMONIES.name, VERIFICATIONS.name].contains(&table.as_str())) {
                self.watch.lock().head = Some(head);
                return Ok(());
            }
        }
        let pending = vec![("state", json!(addresses::CeremonyState::Pending))];
        let mut ceremonies = HashMap::new();
        for row in self.rows_where(&CEREMONIES, pending, None, KEYS_MAX).await? {
            *ceremonies.entry(crate::row::text(&row, "key").to_owned()).or_default() += 1;
        }
        let open = vec![("state", json!(verification::VerificationState::Open))];
        let mut verifications = HashMap::new();
        for row in self.rows_where(&VERIFICATIONS, open, None, KEYS_MAX).await? {
            let open = verification::Verification::of(&row)?;
            for key in open.keys() {
                verifications.insert(key.to_owned(), open.verification.clone());
            }
        }
        let mut inner = self.watch.lock();
        inner.uses.retain(|key, _| verifications.contains_key(key));
        (inner.head, inner.ceremonies, inner.verifications) = (Some(head), ceremonies, verifications);
        Ok(())
    }
}

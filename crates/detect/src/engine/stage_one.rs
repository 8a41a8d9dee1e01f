//! Stage one: a line is looked up, shown to the key's detectors, and what they say is stamped.
//!
//! State lines are in [`state`], events in [`events`]; what is said goes through [`say`]. Never here: points of a key, or anything of
//! another partition.

mod events;
mod say;
mod state;

use super::global::Global;
use super::lookups::Lookups;
use super::moment::At;
use super::params::Params;
use super::partition::{Fed, Partition};
use super::slot::{AccountSlot, KeySlot};
use crate::network::NetworkData;
use crate::seen::{AccountView, Population};
pub(crate) use events::is_valid;
use say::Saying;
pub(crate) use say::evidence;
use sumun_model::wire::Line;
use sumun_model::{AccountId, EventId, KeyId, Timestamp, Weights};

use super::causing::Causing;
use super::item::{Item, ToFuse};
use super::slot::NO_WAKE;

/// Whether measures come from the judge or from `key` lines (WIRE 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measures {
    /// From the judge; `measure` and forced ends in `key` lines are ignored.
    Derive,
    /// From `key` lines.
    Recorded,
}

/// What every partition may look at during a segment.
pub(crate) struct Ground<'a> {
    pub(crate) params: &'a Params,
    pub(crate) weights: &'a Weights,
    pub(crate) global: &'a Global,
    pub(crate) data: &'a dyn NetworkData,
    pub(crate) population: &'a Population,
    pub(crate) measures: Measures,
    /// Stands for the account of keys whose account is not known.
    pub(crate) nobody: &'a AccountView,
}

/// What something said comes from.
#[derive(Clone, Copy)]
pub(crate) enum Origin<'a> {
    Line(&'a Line, u64),
    Second(i64),
}

impl Origin<'_> {
    fn causing(self) -> Causing {
        match self {
            Self::Line(line, position) => Causing::of(line, position),
            Self::Second(second) => Causing::Second(second),
        }
    }

    fn event(self) -> Option<EventId> {
        let Self::Line(line, _) = self else { return None };
        match line {
            Line::Session(l) => Some(l.id.clone()),
            Line::Access(l) => Some(l.id.clone()),
            Line::Order(l) => Some(l.id.clone()),
            Line::Trade(l) => Some(l.id.clone()),
            Line::Transfer(l) => Some(l.id.clone()),
            Line::Report(l) => Some(l.id.clone()),
            _ => None,
        }
    }
}

impl Partition {
    /// One line of this partition.
    pub(crate) fn line(&mut self, fed: &Fed, ground: &Ground<'_>, lookups: &mut Lookups) {
        let now = fed.at.now;
        let cap = ground.params.engine.ids_per_partition_max;
        let mut repeat = |source: &Option<String>, kind: &str, id: &EventId| {
            let repeat = self.repeats.is_repeat(now, source.as_deref(), kind, id.as_str(), cap);
            self.counts.duplicates += u64::from(repeat);
            repeat
        };
        match &fed.line {
            Line::Account(line) => self.account(fed, line),
            Line::Key(line) => self.key(fed, line, ground, lookups),
            Line::Access(line) => {
                if !repeat(&line.source, "access", &line.id) {
                    self.access(fed, line, ground, lookups);
                }
            }
            Line::Session(line) => {
                if !repeat(&line.source, "session", &line.id) {
                    self.session(fed, line, ground, lookups);
                }
            }
            Line::Order(line) => {
                if !repeat(&line.source, "order", &line.id) {
                    self.order(fed, line, ground, lookups);
                }
            }
            Line::Report(line) => {
                if !repeat(&line.source, "report", &line.id) {
                    self.report(fed, line, ground, lookups);
                }
            }
            // No detector of the present list looks at these; a repeat is counted all the same.
            Line::Trade(line) => _ = repeat(&line.source, "trade", &line.id),
            Line::Transfer(line) => _ = repeat(&line.source, "transfer", &line.id),
            Line::Vendor(_)
            | Line::Delegation(_)
            | Line::Network(_)
            | Line::Market(_)
            | Line::Quote(_)
            | Line::Tick(_) => {}
        }
    }

    /// A second at which a detector asked to be woken.
    pub(crate) fn wake(&mut self, at: At, ground: &Ground<'_>, lookups: &mut Lookups) {
        let (Some((_, key, which)), Some(second)) = (self.wakes.pop_first(), at.moment.as_second()) else {
            return;
        };
        let Self { accounts, keys, wakes, out, emit, number, .. } = self;
        let Some(slot) = keys.get_mut(&key) else { return };
        if let Some(wake) = slot.wakes.get_mut(which) {
            *wake = NO_WAKE;
        }
        if slot.has_ended() {
            return;
        }
        let account = account_of(accounts, slot.account.as_ref(), ground);
        let KeySlot { view, states, uses, delegations, wakes: asked, .. } = &mut **slot;
        let origin = Origin::Second(second);
        let mut saying = Saying {
            at,
            origin,
            number: *number,
            out,
            wakes,
            asked,
            key: view,
            account,
            delegations,
            address: None,
            ground,
            lookups,
        };
        let who = if which == super::slot::USES {
            saying.uses_wake(uses);
            None
        } else {
            states.wake(&ground.params.keys, which, view, at.now, emit)
        };
        if let Some(who) = who {
            saying.take(who, emit);
            emit.clear();
        }
    }

    /// Makes room for a key seen for the first time. False: the partition is full.
    fn meet(&mut self, key: &KeyId, account: Option<&AccountId>, at: At, ground: &Ground<'_>) -> bool {
        if self.keys.len() >= ground.params.engine.keys_per_partition_max as usize {
            self.counts.over_cap += 1;
            return false;
        }
        let slot = Box::new(KeySlot::new(key.clone(), account.cloned(), at.now));
        self.put_key(key, account, slot);
        let head = Item::Head { account: account.cloned(), state: None, replaces: None };
        self.out.fuse.push((at, Causing::Position(at.moment.position), ToFuse::Key(key.clone(), head)));
        true
    }
}

fn account_of<'a>(
    accounts: &'a hashbrown::HashMap<AccountId, AccountSlot>,
    account: Option<&AccountId>,
    ground: &'a Ground<'_>,
) -> &'a AccountView {
    account.and_then(|account| accounts.get(account)).map_or(ground.nobody, |slot| &slot.view)
}

/// Whether a delegation runs at this instant.
fn runs(delegation: &crate::seen::DelegationView, now: Timestamp) -> bool {
    delegation.active
        && delegation.from.is_none_or(|from| from <= now)
        && delegation.until.is_none_or(|until| now < until)
}

//! What of a decision is enforced: the ramp, the switch that lets everything pass, and shadow mode (ADR 0022).
//!
//! A verdict never depends on any of it. What is enforced is looked up after the verdict, in one swapped pointer: no lock, nothing
//! allocated. Whoever steps back is obeyed by the very next request.

use crate::entry::KeyEntry;
use crate::policy::GatePolicy;
use arc_swap::ArcSwapOption;
use std::sync::Arc;
use sumun_model::ramp::{Asked, Ends};
use sumun_model::{Effect, Ramp, Reason, Stage, Timestamp};

/// Reasons for which one request fails; the first of them is the verdict's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reasons(u32);

const _: () = assert!(Reason::ALL.len() <= 32, "one bit each");

impl Reasons {
    pub(crate) const fn add(&mut self, reason: Reason) {
        self.0 |= 1 << reason as u32;
    }

    const fn contains(self, reason: Reason) -> bool {
        self.0 & (1 << reason as u32) != 0
    }

    fn any(self, wanted: impl Fn(Reason) -> bool) -> bool {
        Reason::ALL.iter().any(|reason| self.contains(*reason) && wanted(*reason))
    }
}

/// How much of what is decided about one request holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Enforced {
    pub(crate) stage: Stage,
    /// Whether a key that has ended is refused though the stage refuses nothing.
    pub(crate) ends: bool,
}

impl Enforced {
    /// Whether a request that fails for these reasons is refused. Any of them will do: what an address earned is not forgiven
    /// because a hold, which is not enforced yet, came first.
    pub(crate) fn refuses(self, failed: Reasons, ended: impl FnOnce() -> bool) -> bool {
        failed.any(|reason| self.stage.enforces(reason))
            || self.ends && (failed.contains(Reason::KeyExpired) || ended())
    }
}

/// Why everything passes at this gate: somebody here said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bypass {
    /// Since when.
    pub since: Timestamp,
    /// Who said so.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// What this gate was told to enforce.
#[derive(Default)]
pub(crate) struct Enforcement {
    ramp: ArcSwapOption<Ramp>,
    bypass: ArcSwapOption<Bypass>,
}

impl Enforcement {
    pub(crate) fn of(
        &self,
        policy: &GatePolicy,
        entry: Option<&KeyEntry>,
        effect: Effect,
        route: Option<&str>,
    ) -> Enforced {
        if !policy.enforce {
            return Enforced { stage: Stage::Shadow, ends: false };
        }
        let ramp = self.ramp.load();
        let ends = ramp.as_ref().is_none_or(|ramp| ramp.ends == Ends::Refused);
        if self.bypass.load().is_some() {
            return Enforced { stage: Stage::Shadow, ends };
        }
        let Some(ramp) = ramp.as_ref() else { return Enforced { stage: Stage::Ladder, ends } };
        let segment = entry.and_then(KeyEntry::segment);
        let share = entry.map(KeyEntry::share);
        Enforced { stage: ramp.stage(Asked { segment, share, effect, route }), ends }
    }

    pub(crate) fn set_ramp(&self, ramp: Option<Ramp>) {
        self.ramp.store(ramp.map(Arc::new));
    }

    pub(crate) fn ramp(&self) -> Option<Arc<Ramp>> {
        self.ramp.load_full()
    }

    pub(crate) fn set_bypass(&self, bypass: Option<Bypass>) {
        self.bypass.store(bypass.map(Arc::new));
    }

    pub(crate) fn bypass(&self) -> Option<Arc<Bypass>> {
        self.bypass.load_full()
    }
}

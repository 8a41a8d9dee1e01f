//! Detectors of one key: each a file, each in the list below, which is the only one.
//!
//! A file holds its parameters (from the policy file, `[detectors.<name>]`, durations in seconds), its state per key (small,
//! bounded, serialisable) and its steps. The engine gives it lines in log order and never twice.

pub mod activity;
pub mod around;
pub mod auth_failure_burst;
pub mod concurrent_origins;
pub mod facts;
pub mod first_seen_network;
pub mod policy_violation;
pub mod recent;
#[cfg(test)]
mod testing;
pub mod unfamiliar_properties;

use crate::emit::Emit;
use crate::seen::{KeyView, Seen};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sumun_model::finding::Family;
use sumun_model::wire::{OrderLine, ReportLine, SessionLine};
use sumun_model::{EventId, Timestamp};

/// What a session, order or report line brings to a key detector.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// Engine time.
    pub now: Timestamp,
    /// The key.
    pub key: &'a KeyView,
    /// The line's id.
    pub event: &'a EventId,
}

/// A detector of one key.
pub trait KeyDetector {
    /// Name and version, such as `key.concurrent_origins@1`.
    const NAME: &'static str;
    /// Its family.
    const FAMILY: Family;
    /// Parameters, read strictly from the policy file; the defaults are the catalogue's starting values.
    type Params: Clone + Default + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What it remembers of one key. Bounded: no field may grow without a limit.
    type State: Clone + Default + Serialize + DeserializeOwned + Send + 'static;

    /// A request with a valid signature.
    fn access(params: &Self::Params, state: &mut Self::State, seen: &Seen<'_>, emit: &mut Emit);

    /// The key's own line changed what is known of it; `before` is null for the first.
    fn key(
        params: &Self::Params,
        state: &mut Self::State,
        before: Option<&KeyView>,
        around: Around<'_>,
        emit: &mut Emit,
    ) {
        let _ = (params, state, before, around, emit);
    }

    /// A session of the key's account.
    fn session(
        params: &Self::Params,
        state: &mut Self::State,
        line: &SessionLine,
        around: Around<'_>,
        emit: &mut Emit,
    ) {
        let _ = (params, state, line, around, emit);
    }

    /// An order of this key.
    fn order(
        params: &Self::Params,
        state: &mut Self::State,
        line: &OrderLine,
        around: Around<'_>,
        emit: &mut Emit,
    ) {
        let _ = (params, state, line, around, emit);
    }

    /// A report about this key.
    fn report(
        params: &Self::Params,
        state: &mut Self::State,
        line: &ReportLine,
        around: Around<'_>,
        emit: &mut Emit,
    ) {
        let _ = (params, state, line, around, emit);
    }

    /// The instant asked for with [`Emit::wake_at`] has come.
    fn wake(params: &Self::Params, state: &mut Self::State, key: &KeyView, now: Timestamp, emit: &mut Emit) {
        let _ = (params, state, key, now, emit);
    }
}

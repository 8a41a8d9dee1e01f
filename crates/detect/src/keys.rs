//! Detectors of one key: each a file, each in the list below, which is the only one.
//!
//! A file holds its parameters (from the policy file, `[detectors.<name>]`, durations in seconds), its state per key (small,
//! bounded, serialisable) and its steps. The engine gives it lines in log order and never twice.
//!
//! Adding one: a file in `keys/`, its `pub mod`, one line in [`key_detectors!`]. The field's name is the section's name in the policy
//! file and the last part of the detector's [`KeyDetector::NAME`].

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

/// What the engine shows to every key detector in turn.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shown<'a> {
    /// A request.
    Access(&'a Seen<'a>),
    /// The key's own line.
    Key(Option<&'a KeyView>, Around<'a>),
    /// A session of its account.
    Session(&'a SessionLine, Around<'a>),
    /// An order.
    Order(&'a OrderLine, Around<'a>),
    /// A report.
    Report(&'a ReportLine, Around<'a>),
}

/// Which detector speaks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Who {
    /// Its place in the list.
    pub(crate) index: usize,
    /// Its name and version.
    pub(crate) name: &'static str,
    /// Its family.
    pub(crate) family: Family,
}

/// From the list: parameters, states, and calls without indirection.
macro_rules! key_detectors {
    ($($field:ident: $detector:ty),* $(,)?) => {
        /// Parameters of every key detector, by the last part of its name.
        #[derive(Clone, Default, Serialize)]
        pub struct KeyParams {
            $(#[doc = concat!("`[detectors.", stringify!($field), "]`")]
            pub $field: <$detector as KeyDetector>::Params,)*
        }

        /// What every key detector remembers of one key.
        #[derive(Clone, Default, Serialize, serde::Deserialize)]
        pub(crate) struct KeyStates {
            $($field: <$detector as KeyDetector>::State,)*
        }

        /// The sections a policy file may hold for key detectors.
        pub const SECTIONS: &[&str] = &[$(stringify!($field)),*];

        /// Name and family of every key detector, in the order in which they are asked.
        pub const DETECTORS: &[(&str, Family)] =
            &[$((<$detector as KeyDetector>::NAME, <$detector as KeyDetector>::FAMILY)),*];

        impl KeyParams {
            /// Reads one section; `None` if it is no key detector's.
            pub(crate) fn read<'de, A: serde::de::MapAccess<'de>>(
                &mut self,
                section: &str,
                map: &mut A,
            ) -> Option<Result<(), A::Error>> {
                match section {
                    $(stringify!($field) => Some(map.next_value().map(|params| self.$field = params)),)*
                    _ => None,
                }
            }
        }

        impl KeyStates {
            /// Shows a line to every detector; what one says is handed over before the next is asked.
            pub(crate) fn show(
                &mut self,
                params: &KeyParams,
                shown: Shown<'_>,
                emit: &mut Emit,
                mut said: impl FnMut(Who, &mut Emit),
            ) {
                let mut index = 0;
                $({
                    let (params, state) = (&params.$field, &mut self.$field);
                    match shown {
                        Shown::Access(seen) => <$detector>::access(params, state, seen, emit),
                        Shown::Key(before, around) => <$detector>::key(params, state, before, around, emit),
                        Shown::Session(line, around) => <$detector>::session(params, state, line, around, emit),
                        Shown::Order(line, around) => <$detector>::order(params, state, line, around, emit),
                        Shown::Report(line, around) => <$detector>::report(params, state, line, around, emit),
                    }
                    if !emit.is_empty() {
                        said(Who { index, name: <$detector>::NAME, family: <$detector>::FAMILY }, emit);
                        emit.clear();
                    }
                    index += 1;
                })*
                let _ = index;
            }

            /// Wakes one detector.
            pub(crate) fn wake(
                &mut self,
                params: &KeyParams,
                which: usize,
                key: &KeyView,
                now: Timestamp,
                emit: &mut Emit,
            ) -> Option<Who> {
                let mut index = 0;
                $({
                    if index == which {
                        <$detector>::wake(&params.$field, &mut self.$field, key, now, emit);
                        return Some(Who { index, name: <$detector>::NAME, family: <$detector>::FAMILY });
                    }
                    index += 1;
                })*
                let _ = (params, which, key, now, emit, index);
                None
            }
        }
    };
}

key_detectors! {
    unfamiliar_properties: unfamiliar_properties::UnfamiliarProperties,
    first_seen_network: first_seen_network::FirstSeenNetwork,
    concurrent_origins: concurrent_origins::ConcurrentOrigins,
    auth_failure_burst: auth_failure_burst::AuthFailureBurst,
    policy_violation: policy_violation::PolicyViolation,
    activity: activity::Activity,
}

/// How many there are.
pub const COUNT: usize = DETECTORS.len();

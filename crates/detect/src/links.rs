//! Detectors of things that several keys share: each a file, called in message order by one thread.

mod aged;
pub mod clusters;
pub mod co_change;
pub mod fanout;

use crate::emit::{Link, LinkSignal};
use crate::network::Network;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sumun_model::finding::Family;
use sumun_model::wire::state::VendorState;
use sumun_model::{AccountId, CustomerId, EventId, KeyId, OperatorId, Purpose, Segment, Timestamp, VendorId};

/// What stage one tells, with who told it.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkMessage {
    /// Engine time.
    pub now: Timestamp,
    /// The line that caused it.
    pub event: Option<EventId>,
    /// Which key.
    pub key: KeyId,
    /// Its account.
    pub account: AccountId,
    /// Whose; an account without a customer counts as its own.
    pub customer: Option<CustomerId>,
    /// Kind of customer.
    pub segment: Option<Segment>,
    /// What the key is for.
    pub purpose: Option<Purpose>,
    /// Who drives it, on record.
    pub operator: Option<OperatorId>,
    /// Whose tool it is for, and where that vendor stands.
    pub vendor: Option<(VendorId, Option<VendorState>)>,
    /// Whether the vendor's registered egress, or a running delegation's networks, hold the address at hand.
    pub declared: bool,
    /// The network of the address at hand, if there is one.
    pub network: Option<Network>,
    /// What happened.
    pub link: Link,
}

/// A detector of shared things.
pub trait LinkDetector {
    /// Name and version, such as `operator.fanout@1`.
    const NAME: &'static str;
    /// Its family.
    const FAMILY: Family;
    /// Parameters, read strictly from the policy file.
    type Params: Clone + Default + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// All it remembers. Bounded by its parameters; no order of iteration may be random.
    type State: Default + Serialize + DeserializeOwned + Send + 'static;

    /// A key used, registered or changed something.
    fn message(
        params: &Self::Params,
        state: &mut Self::State,
        message: &LinkMessage,
        out: &mut Vec<LinkSignal>,
    );

    /// A whole minute of engine time began.
    fn minute(params: &Self::Params, state: &mut Self::State, now: Timestamp, out: &mut Vec<LinkSignal>) {
        let _ = (params, state, now, out);
    }

    /// How many things it judged nobody by, since it was last asked, because too many came at once. Asked after each segment, so
    /// before a snapshot.
    fn take_crowded(state: &mut Self::State) -> u64 {
        let _ = state;
        0
    }
}

/// From the list: parameters, states, and calls without indirection. Adding one: a file in `links/`, its `pub mod`, one line here.
macro_rules! link_detectors {
    ($($field:ident: $detector:ty),* $(,)?) => {
        /// Parameters of every link detector, by the last part of its name.
        #[derive(Clone, Default, Serialize)]
        pub struct LinkParams {
            $(#[doc = concat!("`[detectors.", stringify!($field), "]`")]
            pub $field: <$detector as LinkDetector>::Params,)*
        }

        /// All that link detectors remember.
        #[derive(Default, Serialize, serde::Deserialize)]
        pub(crate) struct LinkStates {
            $($field: <$detector as LinkDetector>::State,)*
        }

        /// The sections a policy file may hold for link detectors.
        pub const SECTIONS: &[&str] = &[$(stringify!($field)),*];

        /// Name and family of every link detector, in the order in which they are asked.
        pub const DETECTORS: &[(&str, Family)] =
            &[$((<$detector as LinkDetector>::NAME, <$detector as LinkDetector>::FAMILY)),*];

        impl LinkParams {
            /// Reads one section; `None` if it is no link detector's.
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

        impl LinkStates {
            /// Shows a message to every detector.
            pub(crate) fn message(&mut self, params: &LinkParams, message: &LinkMessage, out: &mut Vec<LinkSignal>) {
                $(<$detector>::message(&params.$field, &mut self.$field, message, out);)*
                let _ = (params, message, out);
            }

            /// Tells every detector that a minute began.
            pub(crate) fn minute(&mut self, params: &LinkParams, now: Timestamp, out: &mut Vec<LinkSignal>) {
                $(<$detector>::minute(&params.$field, &mut self.$field, now, out);)*
                let _ = (params, now, out);
            }

            /// What every detector judged nobody by because too much came at once, since they were last asked.
            pub(crate) fn take_crowded(&mut self) -> u64 {
                [$(<$detector>::take_crowded(&mut self.$field)),*].iter().sum()
            }
        }
    };
}

link_detectors! {
    fanout: fanout::Fanout,
    co_change: co_change::CoChange,
}

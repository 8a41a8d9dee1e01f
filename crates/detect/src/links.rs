//! Detectors of things that several keys share: each a file, called in message order by one thread.

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
}

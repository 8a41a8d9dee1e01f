//! What stages hand on: stage one and the links to fusion, and all of them to the merge.

use super::causing::Causing;
use super::moment::At;
use crate::links::LinkMessage;
use sumun_model::finding::Family;
use sumun_model::{
    AccountId, Act, Assessment, Cause, ClusterOf, CustomerId, Fact, FindingId, Hard, KeyId, KeyState,
    Measure, Segment, Signal,
};

/// One thing for fusion to take in.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    /// What is known of a key changed.
    Head { account: Option<AccountId>, state: Option<KeyState>, replaces: Option<KeyId> },
    /// The key was just made: whoever keeps measures may have one follow.
    Born,
    /// A detector spoke.
    Word(Box<Word>),
    /// A feature changed.
    Fact(&'static str, Fact),
    /// Somebody acted.
    Act(Act),
    /// The key's cluster is this one.
    Cluster { of: ClusterOf, changed: bool },
    /// The key left its cluster.
    NoCluster,
}

/// A detector's word on one key.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    pub(crate) detector: &'static str,
    pub(crate) family: Family,
    pub(crate) code: String,
    pub(crate) cause: Cause,
    pub(crate) llr_milli: i32,
    pub(crate) signal: FindingId,
    pub(crate) hard: Option<Hard>,
}

/// An account's part in assessments.
#[derive(Clone, Debug)]
pub(crate) struct AccountHead {
    pub(crate) account: AccountId,
    pub(crate) customer: Option<CustomerId>,
    pub(crate) segment: Option<Segment>,
}

/// To whom an item belongs.
#[derive(Clone, Debug)]
pub(crate) enum ToFuse {
    Key(KeyId, Item),
    Account(AccountHead),
}

/// What the merge puts in order.
#[derive(Debug)]
pub(crate) struct Emitted {
    pub(crate) at: At,
    pub(crate) stage: u8,
    pub(crate) emitter: u16,
    pub(crate) ordinal: u32,
    pub(crate) causing: Causing,
    pub(crate) body: Body,
}

/// A signal, or what is to be judged.
#[derive(Debug)]
pub(crate) enum Body {
    Signal(Box<Signal>),
    Assessment(Box<Assessment>),
}

/// A message to the link stage, with what orders it.
#[derive(Debug)]
pub(crate) struct ToLinks {
    pub(crate) at: At,
    pub(crate) emitter: u16,
    pub(crate) ordinal: u32,
    pub(crate) causing: Causing,
    pub(crate) message: ToLink,
}

/// What the link stage is told.
#[derive(Debug)]
pub(crate) enum ToLink {
    /// A key used, registered or changed something.
    Message(Box<LinkMessage>),
    /// A case ended as a false alarm: this key is none of the cluster's.
    Exonerate(KeyId),
    /// The exoneration ended.
    Readmit(KeyId),
}

/// What stage one of a partition leaves behind in a segment.
#[derive(Debug, Default)]
pub(crate) struct StageOne {
    pub(crate) emitted: Vec<Emitted>,
    pub(crate) links: Vec<ToLinks>,
    pub(crate) fuse: Vec<(At, Causing, ToFuse)>,
    /// Measures told by `key` lines, where they are recorded.
    pub(crate) measures: Vec<(KeyId, Option<Measure>)>,
}

//! Stage two: one thread hears what keys told of shared things, in order, and says who belongs together.
//!
//! Detectors stand in [`crate::links`], the union of what they say in [`crate::links::clusters`].

use super::causing::{Causing, cluster_signal_id, key_signal_id};
use super::item::{Body, Emitted, Item, ToLink, ToLinks, Word};
use super::moment::At;
use super::partition::partition_of;
use super::stage_one::evidence;
use crate::emit::LinkSignal;
use crate::links::clusters::{ClusterChange, Clusters};
use crate::links::{LinkParams, LinkStates};
use serde::{Deserialize, Serialize};
use sumun_model::score::{LLR_MILLI_MAX, LLR_MILLI_MIN};
use sumun_model::{AccountId, ClusterOf, KeyId, Signal, Subject, Weights};

/// What the link stage remembers.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct LinkStage {
    states: LinkStates,
    pub(crate) clusters: Clusters,
}

/// What it says in a segment.
#[derive(Default)]
pub(crate) struct LinksSaid {
    pub(crate) emitted: Vec<Emitted>,
    pub(crate) fuse: Vec<(At, Causing, KeyId, Item)>,
    /// Goes into [`Counts::crowded`](super::Counts::crowded).
    pub(crate) crowded: u64,
}

/// What the link stage looks things up in.
pub(crate) struct LinkGround<'a> {
    pub(crate) params: &'a LinkParams,
    pub(crate) weights: &'a Weights,
    pub(crate) account_of: &'a dyn Fn(&KeyId) -> Option<AccountId>,
}

impl LinkStage {
    /// Hears the messages of a segment and the minute it begins with, in order.
    pub(crate) fn run(
        &mut self,
        messages: Vec<ToLinks>,
        minute: Option<At>,
        ground: &LinkGround<'_>,
    ) -> LinksSaid {
        let (mut said, mut heard) = (LinksSaid::default(), Vec::new());
        let mut minute = minute;
        for ToLinks { at, causing, message, .. } in messages {
            if let Some(begun) = minute.take_if(|begun| begun.moment < at.moment) {
                self.minute(begun, ground, &mut said);
            }
            match message {
                ToLink::Message(message) => {
                    self.states.message(ground.params, &message, &mut heard);
                    for signal in heard.drain(..) {
                        let own = message.event.clone();
                        self.say(signal, own, at, &causing, ground, &mut said);
                    }
                }
                ToLink::Exonerate(key) => {
                    if let Some(change) = self.clusters.exonerate(&key) {
                        spread(&change, at, &causing, &mut said);
                    }
                }
                ToLink::Readmit(key) => self.clusters.readmit(&key),
            }
        }
        if let Some(begun) = minute {
            self.minute(begun, ground, &mut said);
        }
        said.crowded = self.states.take_crowded();
        said
    }

    fn minute(&mut self, at: At, ground: &LinkGround<'_>, said: &mut LinksSaid) {
        let mut heard = Vec::new();
        self.states.minute(ground.params, at.now, &mut heard);
        let causing = Causing::Second(at.moment.as_second().unwrap_or_default());
        for signal in heard {
            self.say(signal, None, at, &causing, ground, said);
        }
    }

    fn say(
        &mut self,
        signal: LinkSignal,
        event: Option<sumun_model::EventId>,
        at: At,
        causing: &Causing,
        ground: &LinkGround<'_>,
        said: &mut LinksSaid,
    ) {
        let LinkSignal { detector, family, members, by, raw, weights } = signal;
        let clip = |llr: i32| llr.clamp(LLR_MILLI_MIN, LLR_MILLI_MAX);
        let weight = |key: &KeyId| {
            let own = weights.iter().find(|(member, _)| member == key);
            clip(own.map_or(raw.llr_milli, |(_, llr)| *llr))
        };
        let account = |key: &KeyId| (ground.account_of)(key).or_else(super::nobody);
        let (id, subject, change) = match members.as_slice() {
            [] => return,
            [key] => {
                let Some(account) = account(key) else { return };
                let id = key_signal_id(causing, detector, key, &account, &raw.code);
                (id, Subject::Key { key: key.clone(), account }, None)
            }
            several => {
                let id = cluster_signal_id(causing, detector, several, &raw.code);
                let accused: Vec<KeyId> = several.iter().filter(|key| weight(key) > 0).cloned().collect();
                let change = self.clusters.name(&accused, id);
                let (cluster, members) = change
                    .as_ref()
                    .map_or((id, several.to_vec()), |change| (change.cluster, change.members.clone()));
                (id, Subject::Cluster { cluster, members }, change)
            }
        };
        for key in &members {
            let word = Word {
                detector,
                family,
                code: raw.code.clone(),
                cause: raw.cause,
                llr_milli: weight(key),
                signal: id,
                hard: raw.hard.filter(|_| weight(key) > 0),
            };
            said.fuse.push((at, causing.clone(), key.clone(), Item::Word(Box::new(word))));
        }
        if let Some(change) = change {
            spread(&change, at, causing, said);
        }
        let signal = Signal {
            id,
            ts: at.now,
            detector: detector.to_owned(),
            subject,
            cause: raw.cause,
            points: ground.weights.points(family, clip(raw.llr_milli)),
            code: raw.code,
            values: raw.values.into_iter().collect(),
            baseline: raw.baseline,
            evidence: evidence(raw.evidence, event),
            because: String::new(),
        };
        let emitter = account(&by).map_or_else(|| partition_of(by.as_str()), |a| partition_of(a.as_str()));
        said.emitted.push(Emitted {
            at,
            stage: 2,
            emitter,
            ordinal: u32::try_from(said.emitted.len()).unwrap_or(u32::MAX),
            causing: causing.clone(),
            body: Body::Signal(Box::new(signal)),
        });
    }
}

/// Tells members of their cluster: those whose cluster became another one, and the others quietly how many they are.
fn spread(change: &ClusterChange, at: At, causing: &Causing, said: &mut LinksSaid) {
    for key in &change.left {
        said.fuse.push((at, causing.clone(), key.clone(), Item::NoCluster));
    }
    if change.is_still() {
        return;
    }
    let members = u32::try_from(change.members.len()).unwrap_or(u32::MAX);
    for key in &change.members {
        let of = ClusterOf { cluster: change.cluster, members };
        let changed = change.joined.binary_search(key).is_ok();
        said.fuse.push((at, causing.clone(), key.clone(), Item::Cluster { of, changed }));
    }
}

//! What a detector says gets id, time, points and its place in the order, and goes to fusion, links and the merge.

use super::{Ground, Origin, runs};
use crate::emit::{Change, Emit, Link, Raw};
use crate::engine::causing::key_signal_id;
use crate::engine::item::{Body, Emitted, Item, StageOne, ToFuse, ToLink, ToLinks, Word};
use crate::engine::lookups::Lookups;
use crate::engine::moment::{At, due_second};
use crate::engine::slot::USES;
use crate::engine::uses::Uses;
use crate::keys::Who;
use crate::links::LinkMessage;
use crate::seen::{AccountView, DelegationView, KeyView};
use std::collections::BTreeSet;
use std::net::IpAddr;
use sumun_model::finding::EVIDENCE_MAX;
use sumun_model::score::{LLR_MILLI_MAX, LLR_MILLI_MIN};
use sumun_model::wire::state::VendorState;
use sumun_model::{Act, ActKind, EventId, KeyId, Signal, Subject, Timestamp};

/// Everything around a key while its detectors speak.
pub(super) struct Saying<'a> {
    pub(super) at: At,
    pub(super) origin: Origin<'a>,
    pub(super) number: u16,
    pub(super) out: &'a mut StageOne,
    pub(super) wakes: &'a mut BTreeSet<(i64, KeyId, usize)>,
    pub(super) asked: &'a mut Vec<i64>,
    pub(super) key: &'a KeyView,
    pub(super) account: &'a AccountView,
    pub(super) delegations: &'a [DelegationView],
    /// The address at hand.
    pub(super) address: Option<IpAddr>,
    pub(super) ground: &'a Ground<'a>,
    pub(super) lookups: &'a mut Lookups,
}

impl Saying<'_> {
    /// Takes what a detector said.
    pub(super) fn take(&mut self, who: Who, emit: &mut Emit) {
        for raw in emit.signals.drain(..) {
            self.signal(who, raw);
        }
        for (name, fact) in emit.facts.drain(..) {
            self.fuse(Item::Fact(name, fact));
        }
        for link in emit.links.drain(..) {
            self.link(link, self.at.now);
        }
        for at in emit.wakes.drain(..) {
            self.wake_at(who.index, at);
        }
    }

    fn signal(&mut self, who: Who, raw: Raw) {
        let llr_milli = raw.llr_milli.clamp(LLR_MILLI_MIN, LLR_MILLI_MAX);
        let (key, account) = (&self.key.key, &self.account.account);
        let causing = self.origin.causing();
        let id = key_signal_id(&causing, who.name, key, account, &raw.code);
        self.fuse(Item::Word(Box::new(Word {
            detector: who.name,
            family: who.family,
            code: raw.code.clone(),
            cause: raw.cause,
            llr_milli,
            signal: id,
            hard: raw.hard,
        })));
        let signal = Signal {
            id,
            ts: self.at.now,
            detector: who.name.to_owned(),
            subject: Subject::Key { key: self.key.key.clone(), account: self.account.account.clone() },
            cause: raw.cause,
            points: self.ground.weights.points(who.family, llr_milli),
            code: raw.code,
            values: raw.values.into_iter().collect(),
            baseline: raw.baseline,
            evidence: evidence(raw.evidence, self.origin.event()),
            because: String::new(),
        };
        self.out.emitted.push(Emitted {
            at: self.at,
            stage: 1,
            emitter: self.number,
            ordinal: u32::try_from(self.out.emitted.len()).unwrap_or(u32::MAX),
            causing,
            body: Body::Signal(Box::new(signal)),
        });
    }

    /// An item for fusion about this key.
    pub(super) fn fuse(&mut self, item: Item) {
        self.out.fuse.push((self.at, self.origin.causing(), ToFuse::Key(self.key.key.clone(), item)));
    }

    /// A message to the link stage.
    pub(super) fn link(&mut self, link: Link, now: Timestamp) {
        let address = match &link {
            Link::Use { origin, .. } | Link::OwnerSession { origin } => {
                self.address.or(Some(origin.network()))
            }
            Link::Registration { prefix } => Some(prefix.network()),
            Link::Change { .. } => self.address,
        };
        let ground = self.ground;
        let vendor = self.key.vendor.as_ref().map(|vendor| (vendor, ground.global.vendor_of(vendor)));
        let declared = address.is_some_and(|address| {
            vendor.is_some_and(|(_, view)| {
                view.is_some_and(|view| {
                    view.state == Some(VendorState::Approved)
                        && view.networks.iter().any(|prefix| prefix.contains(address))
                })
            }) || self
                .delegations
                .iter()
                .any(|d| runs(d, self.at.now) && d.networks.iter().any(|prefix| prefix.contains(address)))
        });
        let message = LinkMessage {
            now,
            event: self.origin.event(),
            key: self.key.key.clone(),
            account: self.account.account.clone(),
            customer: self.account.customer.clone(),
            segment: self.account.segment,
            purpose: self.key.purpose,
            operator: self.key.operator.clone(),
            vendor: vendor.map(|(vendor, view)| (vendor.clone(), view.and_then(|view| view.state))),
            declared,
            network: address
                .map(|address| self.lookups.place(address.to_canonical(), ground.global, ground.data))
                .map(|place| (*place.network).clone()),
            link,
        };
        self.tell_links(ToLink::Message(Box::new(message)));
    }

    /// Tells the link stage.
    pub(super) fn tell_links(&mut self, message: ToLink) {
        self.out.links.push(ToLinks {
            at: self.at,
            emitter: self.number,
            ordinal: u32::try_from(self.out.links.len()).unwrap_or(u32::MAX),
            causing: self.origin.causing(),
            message,
        });
    }

    /// Somebody acted on this key.
    pub(super) fn act(&mut self, kind: ActKind) {
        let key = self.key.key.clone();
        match kind {
            ActKind::Exonerated => self.tell_links(ToLink::Exonerate(key)),
            ActKind::OwnerDenies => self.tell_links(ToLink::Readmit(key)),
            _ => {}
        }
        self.fuse(Item::Act(Act { kind, at: self.at.now, event: self.origin.event() }));
    }

    /// Keeps the earliest wake a detector asked for.
    fn wake_at(&mut self, which: usize, at: Timestamp) {
        let second = due_second(at, self.at.now);
        let Some(asked) = self.asked.get_mut(which) else { return };
        if second < *asked {
            self.wakes.remove(&(*asked, self.key.key.clone(), which));
            *asked = second;
            self.wakes.insert((second, self.key.key.clone(), which));
        }
    }

    /// Asks to look for silence, unless that is asked for already.
    pub(super) fn uses_watch(&mut self, uses: &Uses) {
        if self.asked.get(USES).is_some_and(|asked| *asked == crate::engine::slot::NO_WAKE)
            && let Some(at) = uses.silence_at(&self.ground.params.engine)
        {
            self.wake_at(USES, at);
        }
    }

    /// The key may have fallen silent; told dated back to its last use.
    pub(super) fn uses_wake(&mut self, uses: &mut Uses) {
        match uses.wake(self.at.now, &self.ground.params.engine) {
            Some(last) => self.link(Link::Change { change: Change::Stopped }, last),
            None => self.uses_watch(uses),
        }
    }
}

/// The causing events and the line at hand, the latest last, at most [`EVIDENCE_MAX`].
pub(crate) fn evidence(mut ids: Vec<EventId>, at_hand: Option<EventId>) -> Vec<EventId> {
    if let Some(id) = at_hand
        && ids.last() != Some(&id)
    {
        ids.retain(|known| *known != id);
        ids.push(id);
    }
    let beyond = ids.len().saturating_sub(EVIDENCE_MAX);
    ids.drain(..beyond);
    ids
}

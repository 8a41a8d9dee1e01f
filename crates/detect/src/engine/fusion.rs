//! Stage three: words on a key, from its own detectors and from links, become its assessment (WIRE 4; detectors.md 3).
//!
//! Fusion keeps its own picture of state, account and customer, fed in order with the words, so that an assessment shows what held at
//! its place in the log and not at the end of a batch. Never here: points or measures.

use super::causing::Causing;
use super::item::{AccountHead, Body, Emitted, Item, ToFuse, Word};
use super::moment::At;
use super::piece::{Piece, strength};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use sumun_model::assessment::PIECES_MAX;
use sumun_model::{
    AccountId, Act, Assessment, ClusterOf, CustomerId, Fact, Hard, KeyId, KeyState, Segment, Weights,
};

/// Most features kept of one key; detectors name some ten.
const FACTS_MAX: usize = 64;
/// Most acts handed on at once.
const ACTS_MAX: usize = 32;

/// What is known of one key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct FusedKey {
    pub(crate) account: Option<AccountId>,
    state: Option<KeyState>,
    replaces: Option<KeyId>,
    pub(crate) pieces: Vec<Piece>,
    pub(crate) hard: BTreeMap<Hard, String>,
    #[serde(with = "super::as_json")]
    pub(crate) facts: BTreeMap<String, Fact>,
    pub(crate) cluster: Option<ClusterOf>,
    /// Acts since the last assessment.
    acts: Vec<Act>,
    /// Whether it was ever assessed.
    assessed: bool,
}

impl FusedKey {
    fn says_nothing(&self) -> bool {
        self.pieces.is_empty()
            && self.hard.is_empty()
            && self.facts.is_empty()
            && self.acts.is_empty()
            && self.cluster.is_none()
            && !self.assessed
    }
}

/// All keys of a partition.
#[derive(Debug, Default)]
pub(crate) struct Fusion {
    pub(crate) keys: HashMap<KeyId, FusedKey>,
    accounts: HashMap<AccountId, (Option<CustomerId>, Option<Segment>)>,
}

/// The form a snapshot holds, sorted.
pub(crate) type SavedFusion = (Vec<(KeyId, FusedKey)>, Vec<(AccountId, Option<CustomerId>, Option<Segment>)>);

/// Takes in what a segment brought, in order, and tells every assessment that changed, at the end of its moment.
pub(crate) fn fuse(
    fusion: &mut Fusion,
    number: u16,
    items: Vec<(At, Causing, ToFuse)>,
    weights: &Weights,
) -> Vec<Emitted> {
    let mut told = Vec::new();
    let mut changed: BTreeSet<KeyId> = BTreeSet::new();
    let mut last: Option<(At, Causing)> = None;
    for (at, causing, item) in items {
        if let Some((before, cause)) = last.take_if(|(before, _)| before.moment != at.moment) {
            fusion.tell(&mut changed, before, &cause, number, weights, &mut told);
        }
        match item {
            ToFuse::Account(head) => changed.extend(fusion.account(head)),
            ToFuse::Key(key, item) => {
                if fusion.take(&key, item, at, weights) {
                    changed.insert(key);
                }
            }
        }
        last.get_or_insert((at, causing));
    }
    if let Some((at, cause)) = last {
        fusion.tell(&mut changed, at, &cause, number, weights, &mut told);
    }
    told
}

impl Fusion {
    /// Takes in whose an account is. Another customer or segment than before changes the assessment of its keys at once.
    fn account(&mut self, head: AccountHead) -> Vec<KeyId> {
        let now = (head.customer, head.segment);
        let before = self.accounts.insert(head.account.clone(), now.clone());
        if before.is_none_or(|before| before == now) {
            return Vec::new();
        }
        let of_it = |known: &FusedKey| known.account.as_ref() == Some(&head.account) && !known.says_nothing();
        self.keys.iter().filter(|(_, known)| of_it(known)).map(|(key, _)| key.clone()).collect()
    }

    /// Takes an item in; true: the key's assessment changed.
    fn take(&mut self, key: &KeyId, item: Item, at: At, weights: &Weights) -> bool {
        let known = if self.keys.contains_key(key) {
            self.keys.get_mut(key)
        } else {
            Some(self.keys.entry(key.clone()).or_default())
        };
        let Some(known) = known else { return false };
        match item {
            Item::Head { account, state, replaces } => {
                let changed = known.state != state || known.replaces != replaces || known.account != account;
                (known.account, known.state, known.replaces) = (account, state, replaces);
                changed && !known.says_nothing()
            }
            Item::Born => true,
            Item::Word(word) => {
                known.word(&word, at, weights);
                true
            }
            Item::Fact(name, fact) => {
                let full = known.facts.len() >= FACTS_MAX && !known.facts.contains_key(name);
                if full || known.facts.get(name) == Some(&fact) {
                    return false;
                }
                known.facts.insert(name.to_owned(), fact);
                true
            }
            Item::Act(act) => {
                known.act(act);
                true
            }
            Item::Cluster { of, changed } => {
                known.cluster = Some(of);
                changed
            }
            Item::NoCluster => known.cluster.take().is_some(),
        }
    }

    fn tell(
        &mut self,
        changed: &mut BTreeSet<KeyId>,
        at: At,
        causing: &Causing,
        number: u16,
        weights: &Weights,
        told: &mut Vec<Emitted>,
    ) {
        for key in std::mem::take(changed) {
            let Some(known) = self.keys.get_mut(&key) else { continue };
            known.assessed = true;
            let acts = std::mem::take(&mut known.acts);
            let Some(assessment) = self.assess(&key, at, acts, weights) else { continue };
            told.push(Emitted {
                at,
                stage: 3,
                emitter: number,
                ordinal: u32::try_from(told.len()).unwrap_or(u32::MAX),
                causing: causing.clone(),
                body: Body::Assessment(Box::new(assessment)),
            });
        }
    }

    /// What is known of a key now.
    pub(crate) fn assess(
        &self,
        key: &KeyId,
        at: At,
        acts: Vec<Act>,
        weights: &Weights,
    ) -> Option<Assessment> {
        let known = self.keys.get(key)?;
        let account = known.account.as_ref();
        let (customer, segment) =
            account.and_then(|account| self.accounts.get(account)).cloned().unwrap_or_default();
        let mut evidence: Vec<_> = known
            .pieces
            .iter()
            .filter(|piece| piece.speaks(weights, at.now))
            .map(|p| p.seen(at.now))
            .collect();
        evidence.sort_by(|a, b| (&a.detector, &a.code).cmp(&(&b.detector, &b.code)));
        Some(Assessment {
            key: key.clone(),
            account: account.cloned().or_else(super::nobody)?,
            customer,
            replaces: known.replaces.clone(),
            segment,
            state: known.state,
            at: at.now,
            position: at.moment.position,
            evidence,
            hard: known.hard.clone(),
            acts,
            facts: known.facts.clone(),
            cluster: known.cluster.clone(),
        })
    }

    /// A new key takes the place of an old one: what is believed goes with it.
    pub(crate) fn heir(&self, old: &KeyId) -> Option<FusedKey> {
        let old = self.keys.get(old)?;
        Some(FusedKey { acts: Vec::new(), replaces: None, ..old.clone() })
    }

    pub(crate) fn forget(&mut self, key: &KeyId) {
        self.keys.remove(key);
    }

    /// What is known of an account, for a key that moves to another partition with it.
    pub(crate) fn save(&self) -> SavedFusion {
        let keys: BTreeMap<_, _> = self.keys.iter().collect();
        let accounts: BTreeMap<_, _> = self.accounts.iter().collect();
        (
            keys.into_iter().map(|(key, known)| (key.clone(), known.clone())).collect(),
            accounts
                .into_iter()
                .map(|(a, (customer, segment))| (a.clone(), customer.clone(), *segment))
                .collect(),
        )
    }

    pub(crate) fn restore((keys, accounts): SavedFusion) -> Self {
        Self {
            keys: keys.into_iter().collect(),
            accounts: accounts
                .into_iter()
                .map(|(account, customer, segment)| (account, (customer, segment)))
                .collect(),
        }
    }
}

impl FusedKey {
    fn word(&mut self, word: &Word, at: At, weights: &Weights) {
        if let Some(hard) = word.hard {
            self.hard.insert(hard, word.signal.to_string());
        }
        match self.pieces.iter_mut().find(|piece| piece.is_of(word)) {
            Some(piece) => piece.again(word, weights, at.now),
            None => self.pieces.push(Piece::new(word, at.now)),
        }
        self.pieces.retain(|piece| piece.speaks(weights, at.now));
        while self.pieces.len() > PIECES_MAX {
            let weakest = self.pieces.iter().enumerate().min_by(|(_, a), (_, b)| {
                let size = |piece: &Piece| libm::fabs(strength(&piece.is, weights, at.now));
                size(a)
                    .total_cmp(&size(b))
                    .then_with(|| (&a.is.detector, &a.is.code).cmp(&(&b.is.detector, &b.is.code)))
            });
            let Some((place, _)) = weakest else { return };
            self.pieces.remove(place);
        }
    }

    fn act(&mut self, act: Act) {
        if self.acts.len() < ACTS_MAX {
            self.acts.push(act);
        }
    }
}

//! The workbench on which a story is put together: keys, addresses, drivers. Customers come from `owners`.
//!
//! Each story file says who there is and what happens when; everything drawn here comes from branches of that story alone.

use super::clients::Client;
use super::habit::{Brain, Rhythm, hour_there};
use super::lines::{event_id, report, time};
use super::mix::Kind;
use super::names::made;
pub(super) use super::owners::{Owner, seat};
use super::people::signed_in;
use super::places::Host;
use super::plan::{Allow, Driver, Key, Proof, Stage, Unit};
use super::tree::{Draws, Tree};
use super::truth::{Role, Skill, Truth};
use super::{DAY, HOUR, MINUTE, SECOND, Scene, Us};
use sumun_model::wire::Line;
use sumun_model::wire::event::{Reliability, ReportKind, SessionAction, SessionChannel};
use sumun_model::{Purpose, ScopeSet};

/// Before every world.
pub(super) const LONG_AGO: Us = 0;
/// After every world.
pub(super) const FOR_EVER: Us = i64::MAX;

/// One story under construction.
pub(super) struct Cast<'a> {
    /// The world it plays in.
    pub(super) scene: &'a Scene,
    /// Its branch.
    pub(super) tree: Tree,
    /// What it has come to.
    pub(super) unit: Unit,
    kind: Kind,
    story: u64,
    /// How many customers it has.
    pub(super) owners: u64,
}

impl<'a> Cast<'a> {
    pub(super) fn new(scene: &'a Scene, kind: Kind, tree: Tree, story: u64) -> Self {
        let unit = Unit {
            name: format!("{:08x}", tree.number() >> 32),
            events: 0,
            order: tree.number(),
            lines: 0,
            accounts: Vec::new(),
            delegations: Vec::new(),
            keys: Vec::new(),
            drivers: Vec::new(),
            people: Vec::new(),
            noise: Vec::new(),
            proofs: Vec::new(),
            once: Vec::new(),
        };
        Self { scene, tree, unit, kind, story, owners: 0 }
    }

    /// The stream of draws of that name.
    pub(super) fn draws(&self, name: &str, number: u64) -> Draws {
        self.tree.child(name, number).draws()
    }

    /// An instant of the world, in thousandths of its length, give or take, in waking hours.
    pub(super) fn moment(&self, low: i64, high: i64, draws: &mut Draws) -> Us {
        let length = self.scene.end - self.scene.start;
        let at = self.scene.start + length / 1000 * draws.between(low, high);
        awake(at + draws.between(0, HOUR))
    }

    /// A key of his, for his own bot, made long before the world or, one in eight, within it.
    pub(super) fn key(&mut self, owner: &Owner) -> usize {
        let mut draws = owner.tree.child("born", 0).draws();
        let old = self.scene.start - draws.between(2, 400) * DAY - draws.between(0, DAY);
        let created = if draws.chance(125) { self.moment(30, 550, &mut draws) } else { old };
        self.key_made(owner, created)
    }

    /// A key of his made then.
    pub(super) fn key_made(&mut self, owner: &Owner, created: Us) -> usize {
        let number = self.unit.keys.len();
        let tree = self.tree.child("key", number as u64);
        let mut draws = tree.draws();
        let id = made(&format!("K{:010x}", tree.number() >> 24));
        let scopes = ScopeSet::READ.union(ScopeSet::TRADE);
        let truth = Truth {
            key: sumun_model::KeyId::clone(&id),
            kind: self.kind,
            story: self.story,
            role: Role::Honest,
            from: None,
            operator: None,
            skill: None,
        };
        self.unit.keys.push(Key {
            id,
            tree,
            account: owner.account.clone(),
            truth,
            created,
            scopes,
            purpose: Purpose::OwnBot,
            operator: Some(owner.operator.clone()),
            vendor: None,
            allow: Vec::new(),
            sees_tls: draws.chance(self.scene.ja4_percent * 10),
        });
        number
    }

    /// When a key was made.
    pub(super) fn created(&self, key: usize) -> Us {
        self.unit.keys.get(key).map_or(LONG_AGO, |key| key.created)
    }

    /// Changes a key's record before the world begins.
    pub(super) fn on_key(&mut self, key: usize, change: impl FnOnce(&mut Key)) {
        if let Some(key) = self.unit.keys.get_mut(key) {
            change(key);
        }
    }

    /// Registers a host on a key as it is made: long before the world and seen by nobody, or within it, as any later address
    /// is.
    pub(super) fn registered(&mut self, owner: &Owner, key: usize, (host, client): (&Host, &Client)) {
        let created = self.created(key);
        if created < self.scene.start {
            self.listed(key, host, created, Some(created + 4 * MINUTE), FOR_EVER);
        } else {
            let earlier = self.unit.keys.get(key).map_or(0, |key| key.allow.len() as u64);
            let mut draws = owner.tree.child("registers", earlier).draws();
            let at = created + draws.between(1, 12) * MINUTE;
            self.edits(owner, key, (&owner.home, &owner.device), (host, client), at);
        }
    }

    /// Puts a host on a key's allowlist for that time.
    pub(super) fn listed(&mut self, key: usize, host: &Host, since: Us, proved: Option<Us>, until: Us) {
        let prefixes = host.prefixes();
        self.on_key(key, |key| {
            let entry = |prefix: &String| Allow { prefix: made(prefix), since, proved, until };
            key.allow.extend(prefixes.iter().map(entry));
        });
    }

    /// Takes a host off a key's allowlist.
    pub(super) fn struck(&mut self, key: usize, host: &Host, at: Us) {
        let prefixes: Vec<_> = host.prefixes().iter().map(|p| made::<sumun_model::Prefix>(p)).collect();
        self.on_key(key, |key| {
            for allow in key.allow.iter_mut().filter(|allow| prefixes.contains(&allow.prefix)) {
                allow.until = allow.until.min(at);
            }
        });
    }

    /// Somebody signs in to an owner's account from there, shows the second factor and registers a host; a signed request
    /// of that client with the factor's code proves it some minutes later. Returns when it is in effect.
    pub(super) fn edits(
        &mut self,
        owner: &Owner,
        key: usize,
        (seat, device): (&Host, &str),
        (host, client): (&Host, &Client),
        at: Us,
    ) -> Us {
        let mut draws = self.draws("edits", u64::try_from(at / SECOND).unwrap_or(0));
        let ip = seat.address(at, draws.any());
        let factor = at + draws.between(12, 60) * SECOND;
        for (at, action) in [(at, SessionAction::Login), (factor, SessionAction::SecondFactor)] {
            let id = self.event('s');
            let line = signed_in(at, id, &owner.account, action, (SessionChannel::Web, ip, device));
            self.unit.once.push((at, line));
        }
        let since = factor + draws.between(8, 90) * SECOND;
        let proved = since + draws.between(40, 900) * SECOND;
        self.listed(key, host, since, Some(proved), FOR_EVER);
        let at = proved - draws.between(1, 3) * SECOND;
        self.unit.proofs.push(Proof { key, at, host: host.clone(), client: client.clone() });
        proved
    }

    /// The owner's answer to *is it you?*
    pub(super) fn answers(&mut self, owner: &Owner, key: usize, at: Us, kind: ReportKind) {
        let Some(key) = self.unit.keys.get(key).map(|key| key.id.clone()) else { return };
        let id = self.event('r');
        let mut line = report(at, id, owner.account.clone(), key);
        line.kind = Some(kind);
        line.reliability = Some(Reliability::B);
        self.unit.once.push((at, Line::Report(Box::new(line))));
    }

    fn event(&mut self, letter: char) -> sumun_model::EventId {
        self.unit.events += 1;
        event_id(letter, &self.unit.name, self.unit.events)
    }

    /// Sets a programme on a key.
    pub(super) fn drives(&mut self, key: usize, rhythm: Rhythm, brain: Brain, stages: Vec<Stage>) -> usize {
        let number = self.unit.drivers.len();
        let tree = self.tree.child("driver", number as u64);
        let born = self.created(key);
        // Nothing runs before its key exists, its first address is proved and its owner has copied the secret.
        let stages =
            stages.into_iter().map(|s| Stage { from: s.from.max(born + 32 * MINUTE), ..s }).collect();
        let pauses = self.stops(&mut tree.child("stops", 0).draws());
        self.unit.drivers.push(Driver { key, tree, rhythm, brain, stages, pauses, against: None });
        number
    }

    /// The owner's own bot on his key, at those places.
    pub(super) fn own_bot(&mut self, owner: &Owner, key: usize, stages: Vec<Stage>) -> usize {
        self.drives(key, owner.rhythm.clone(), owner.brain.clone(), stages)
    }

    /// Changes a driver.
    pub(super) fn on_driver(&mut self, driver: usize, change: impl FnOnce(&mut Driver)) {
        if let Some(driver) = self.unit.drivers.get_mut(driver) {
            change(driver);
        }
    }

    /// Stops of one machine: crashes, updates, a night without power. One in twelve days, ten minutes to ten hours.
    pub(super) fn stops(&self, draws: &mut Draws) -> Vec<(Us, Us)> {
        let length = self.scene.end - self.scene.start;
        let n = draws.count(u64::try_from(length / DAY).unwrap_or(0) * 1000 / 12);
        let mut stops = Vec::new();
        for _ in 0..n {
            let from = self.scene.start + draws.between(0, length);
            stops.push((from, from + draws.between(10, 600) * MINUTE));
        }
        stops
    }

    /// Says what a key really is: misused by nobody on record from then on.
    pub(super) fn misused(&mut self, key: usize, from: Us, operator: &str, skill: Skill) {
        let from = from.max(self.created(key)).max(self.scene.start);
        self.on_key(key, |key| {
            key.truth.role = Role::Misused;
            key.truth.from = Some(time(from));
            key.truth.operator = Some(operator.to_owned());
            key.truth.skill = Some(skill);
        });
    }

    /// Says that a key's owner attacks somebody.
    pub(super) fn framer(&mut self, key: usize) {
        self.on_key(key, |key| key.truth.role = Role::Framer);
    }
}

/// A programme at a place for a time.
pub(super) fn stage(from: Us, until: Us, host: &Host, client: &Client) -> Stage {
    Stage { from, until, host: host.clone(), client: client.clone() }
}

/// Always there.
pub(super) fn always(host: &Host, client: &Client) -> Vec<Stage> {
    vec![stage(LONG_AGO, FOR_EVER, host, client)]
}

/// That instant, or the next morning's if it is night there.
pub(super) fn awake(at: Us) -> Us {
    let hour = hour_there(at);
    if hour < 8 { at + (8 - hour) * HOUR } else { at }
}

/// When somebody who was asked answers: minutes to a day later, not at night.
pub(super) fn answered(at: Us, draws: &mut Draws) -> Us {
    let minutes = i64::try_from(draws.spread(110, 4)).unwrap_or(110).clamp(4, 1500);
    awake(at + minutes * MINUTE + draws.between(0, 59) * SECOND)
}

//! Who is in a demo, and what really goes on: honest keys, and those that somebody else drives.
//!
//! When things happen is drawn, and so is where and with which program. What Sumun makes of it is not known here.

use super::clients::{Client, VENDOR as VENDOR_TOOL};
use super::names::WORDS;
use super::places::{ABROAD, CLOUD, HOMES, OFFICE, VENDOR};
use super::{Act, Bot, Cast, Character, Day, Draws, Hand, Key, Owner};
use std::net::Ipv4Addr;

/// Later than any demo.
const FOR_EVER: Day = 1e6;
const TRADING: &[&str] = &["read", "trade"];
const WATCHING: &[&str] = &["read"];

/// Casts everybody.
pub(super) fn cast(draws: &mut Draws) -> Cast {
    let vendor = VENDOR.address(draws);
    let mut stage =
        Stage { cast: Cast { owners: Vec::new(), bots: Vec::new(), vendor }, names: named(draws) };
    stage.guided(&mut draws.child());
    for _ in 0..7 {
        stage.at_home(&mut draws.child());
    }
    for _ in 0..2 {
        stage.watching(&mut draws.child());
    }
    for _ in 0..3 {
        stage.drifts(&mut draws.child());
    }
    stage.office(&mut draws.child());
    for _ in 0..4 {
        stage.in_the_cloud(&mut draws.child());
    }
    for _ in 0..3 {
        stage.with_the_vendor(&mut draws.child());
    }
    for character in [Character::Truthful, Character::Truthful, Character::Slow] {
        stage.leaked(character, &mut draws.child());
    }
    for _ in 0..2 {
        stage.lent(true, &mut draws.child());
    }
    stage.lent(false, &mut draws.child());
    stage.pooled(6, &mut draws.child());
    stage.cast
}

fn named(draws: &mut Draws) -> Vec<&'static str> {
    let mut words = WORDS.to_vec();
    let mut shuffled = Vec::with_capacity(words.len());
    while !words.is_empty() {
        let at = usize::try_from(draws.below(words.len() as u64)).unwrap_or_default();
        shuffled.push(words.swap_remove(at));
    }
    shuffled
}

struct Stage {
    cast: Cast,
    names: Vec<&'static str>,
}

/// A program at home, with a night.
struct Habit {
    client: Client,
    per_day: f64,
    orders_percent: u64,
    night: (f64, f64),
}

impl Habit {
    fn drawn(draws: &mut Draws) -> Self {
        Self {
            client: Client::usual(draws),
            per_day: draws.between(5.0, 9.0),
            orders_percent: 20 + draws.below(25),
            night: (draws.between(0.0, 1.0), draws.between(0.1, 0.3)),
        }
    }
}

impl Stage {
    /// Somebody new; his place.
    fn owner(&mut self, segment: &'static str, seat: Ipv4Addr, character: Character) -> usize {
        let number = self.cast.owners.len() + 1;
        let word = self.names.pop().unwrap_or("아무개");
        let name =
            if segment == "corporate" { format!("가상상사 {word}") } else { format!("가상 {word}") };
        let owner = Owner { number, name, segment, seat, character, keys: Vec::new(), acts: Vec::new() };
        self.cast.owners.push(owner);
        number - 1
    }

    fn retail(&mut self, character: Character, draws: &mut Draws) -> (usize, Ipv4Addr) {
        let home = draws.pick(&HOMES).unwrap_or(OFFICE).address(draws);
        (self.owner("retail", home, character), home)
    }

    /// A key of his; its place.
    fn key(&mut self, owner: usize, truth: &'static str, at: Ipv4Addr) -> (usize, usize) {
        self.key_for(
            owner,
            Key {
                truth,
                purpose: "own_bot",
                application: "trading bot",
                scopes: TRADING,
                allow: vec![at],
                vendor: false,
                mine: vec![at],
            },
        )
    }

    fn key_for(&mut self, owner: usize, key: Key) -> (usize, usize) {
        let Some(found) = self.cast.owners.get_mut(owner) else { return (owner, 0) };
        found.keys.push(key);
        (owner, found.keys.len() - 1)
    }

    fn change(&mut self, (owner, key): (usize, usize), change: impl FnOnce(&mut Key)) {
        if let Some(key) = self.cast.owners.get_mut(owner).and_then(|owner| owner.keys.get_mut(key)) {
            change(key);
        }
    }

    fn runs(
        &mut self,
        key: (usize, usize),
        hand: Hand,
        at: Ipv4Addr,
        (from, until): (Day, Day),
        habit: &Habit,
    ) {
        let Habit { client, per_day, orders_percent, night } = *habit;
        self.cast.bots.push(Bot {
            key,
            hand,
            from,
            until,
            at,
            client,
            per_day,
            orders_percent,
            night,
            until_rotated: false,
        });
    }

    fn registers(&mut self, key: (usize, usize), when: Day, address: Ipv4Addr) {
        if let Some(owner) = self.cast.owners.get_mut(key.0) {
            owner.acts.push((when, Act::Registers(key.1, address)));
        }
        self.change(key, |key| key.mine.push(address));
    }

    fn at_home(&mut self, draws: &mut Draws) {
        let (owner, home) = self.retail(Character::Truthful, draws);
        let key = self.key(owner, "honest: at home", home);
        self.runs(key, Hand::Owner, home, (0.0, FOR_EVER), &Habit::drawn(draws));
    }

    fn watching(&mut self, draws: &mut Draws) {
        let (owner, home) = self.retail(Character::Truthful, draws);
        let key = self.key(owner, "honest: only watches", home);
        self.change(key, |key| {
            (key.purpose, key.application, key.scopes) = ("portfolio", "portfolio viewer", WATCHING);
        });
        let habit = Habit { orders_percent: 0, per_day: 4.0, ..Habit::drawn(draws) };
        self.runs(key, Hand::Owner, home, (0.0, FOR_EVER), &habit);
    }

    /// The line at home gets another address; the program goes on knocking from there.
    fn drifts(&mut self, draws: &mut Draws) {
        let net = draws.pick(&HOMES).unwrap_or(OFFICE);
        let (home, later) = (net.address(draws), net.address(draws));
        let owner = self.owner("retail", home, Character::Truthful);
        let key = self.key(owner, "honest: the address at home drifted", home);
        self.change(key, |key| key.mine.push(later));
        let (habit, when) = (Habit::drawn(draws), draws.between(2.0, 9.0));
        self.runs(key, Hand::Owner, home, (0.0, when), &habit);
        self.runs(key, Hand::Owner, later, (when, FOR_EVER), &habit);
    }

    /// A company's keys and its employees', all behind one address.
    fn office(&mut self, draws: &mut Draws) {
        let nat = OFFICE.address(draws);
        let company = self.owner("corporate", nat, Character::Truthful);
        let mut keys: Vec<_> =
            (0..3).map(|_| self.key(company, "honest: an office behind one address", nat)).collect();
        for _ in 0..2 {
            let employee = self.owner("retail", nat, Character::Truthful);
            keys.push(self.key(employee, "honest: at work, behind the office's address", nat));
        }
        for key in keys {
            self.runs(key, Hand::Owner, nat, (0.0, FOR_EVER), &Habit::drawn(draws));
        }
    }

    fn in_the_cloud(&mut self, draws: &mut Draws) {
        let (owner, _) = self.retail(Character::Truthful, draws);
        let machine = CLOUD.address(draws);
        let key = self.key(owner, "honest: on a machine of his own in a cloud", machine);
        let habit = Habit { night: (0.0, 0.0), ..Habit::drawn(draws) };
        self.runs(key, Hand::Owner, machine, (0.0, FOR_EVER), &habit);
    }

    fn with_the_vendor(&mut self, draws: &mut Draws) {
        let (owner, _) = self.retail(Character::Truthful, draws);
        let egress = self.cast.vendor;
        let key = self.key(owner, "honest: an approved vendor's tool", egress);
        self.change(key, |key| {
            (key.purpose, key.application, key.vendor) = ("third_party_tool", "TradeNest", true);
        });
        let habit = Habit { client: VENDOR_TOOL, night: (0.0, 0.0), ..Habit::drawn(draws) };
        self.runs(key, Hand::Owner, egress, (0.0, FOR_EVER), &habit);
    }

    /// The secret is out: the owner's program goes on at home, somebody abroad tries his luck with the same key.
    fn leaked(&mut self, character: Character, draws: &mut Draws) {
        let (owner, home) = self.retail(character, draws);
        let key = self.key(owner, "misused: the secret leaked, used from abroad", home);
        // He watches his bot day and night.
        let habit = Habit { night: (0.0, 0.0), ..Habit::drawn(draws) };
        self.runs(key, Hand::Owner, home, (0.0, FOR_EVER), &habit);
        let abroad = draws.pick(&ABROAD).unwrap_or(CLOUD).address(draws);
        let thief =
            Habit { client: Client::other(draws), per_day: 5.0, orders_percent: 40, night: (0.0, 0.0) };
        let (from, for_days) = (draws.between(2.2, 4.8), draws.between(6.0, 20.0));
        self.runs(key, Hand::Other, abroad, (from, from + for_days), &thief);
    }

    /// The owner lets somebody else in: registers his address and vouches for it. Both use the key by turns, or it is handed over.
    fn lent(&mut self, both: bool, draws: &mut Draws) {
        let (owner, home) = self.retail(Character::Complicit, draws);
        let truth = if both { "misused: lent, both use it by turns" } else { "misused: handed over" };
        let key = self.key(owner, truth, home);
        let habit = Habit { night: (0.0, 0.0), ..Habit::drawn(draws) };
        let when = draws.between(2.1, 2.9);
        self.runs(key, Hand::Owner, home, (0.0, if both { FOR_EVER } else { when }), &habit);
        let there = draws.pick(&ABROAD).unwrap_or(CLOUD).address(draws);
        self.registers(key, when, there);
        let borrower =
            Habit { client: Client::other(draws), per_day: 7.0, orders_percent: 50, night: (0.0, 0.0) };
        self.runs(key, Hand::Other, there, (when + 0.1, FOR_EVER), &borrower);
    }

    /// One operator, many customers' keys, one machine. Some had been their owners' before.
    fn pooled(&mut self, size: usize, draws: &mut Draws) {
        let machine = draws.pick(&ABROAD).unwrap_or(CLOUD).address(draws);
        let client = Client::other(draws);
        for n in 0..size {
            let draws = &mut draws.child();
            let (owner, home) = self.retail(Character::Complicit, draws);
            let had_bot = n % 2 == 0;
            let key = self.key(
                owner,
                "misused: one of a pool on one machine",
                if had_bot { home } else { machine },
            );
            let joins = draws.between(0.5, 4.0);
            if had_bot {
                self.runs(key, Hand::Owner, home, (0.0, joins), &Habit::drawn(draws));
                self.registers(key, joins, machine);
            }
            let habit = Habit { client, per_day: 6.0, orders_percent: 60, night: (0.0, 0.0) };
            self.runs(key, Hand::Other, machine, (joins + 0.1, FOR_EVER), &habit);
        }
    }

    /// Whoever sits before the demo: one key whose address drifted, another used from home and from a machine of his own abroad that
    /// nobody knows of, which looks like lending until he shows that he controls it.
    fn guided(&mut self, draws: &mut Draws) {
        let net = draws.pick(&HOMES).unwrap_or(OFFICE);
        let (home, later) = (net.address(draws), net.address(draws));
        let owner = self.owner("retail", home, Character::Guided);
        let drifted = self.key(owner, "honest: the address at home drifted", home);
        self.change(drifted, |key| {
            key.application = "rebalancer";
            key.mine.push(later);
        });
        let (habit, when) = (Habit::drawn(draws), draws.between(1.5, 2.5));
        self.runs(drifted, Hand::Owner, home, (0.0, when), &habit);
        self.runs(drifted, Hand::Owner, later, (when, FOR_EVER), &habit);
        let two_sites = self.key(owner, "honest: two sites of one owner, by turns", home);
        let habit = Habit { night: (0.0, 0.0), ..Habit::drawn(draws) };
        self.runs(two_sites, Hand::Owner, home, (0.0, FOR_EVER), &habit);
        let (cloud, when) = (ABROAD[0].address(draws), draws.between(2.1, 2.9));
        self.registers(two_sites, when, cloud);
        let second = Habit { client: Client::other(draws), ..habit };
        self.runs(two_sites, Hand::Owner, cloud, (when + 0.1, FOR_EVER), &second);
        // With a new secret he stays at home: what was asked about him does not begin anew.
        if let Some(bot) = self.cast.bots.last_mut() {
            bot.until_rotated = true;
        }
    }
}

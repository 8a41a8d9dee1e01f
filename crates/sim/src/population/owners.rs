//! Customers of a story: who they are, where they live, how their bots behave unless the story says otherwise.

use super::Us;
use super::cast::{Cast, FOR_EVER, LONG_AGO};
use super::clients::Client;
use super::habit::{Brain, Rhythm};
use super::lines::time;
use super::names::made;
use super::places::{HOMES, Host, Net, phone};
use super::plan::{Person, Seat};
use super::tree::{Draws, Tree};
use sumun_model::wire::AccountLine;
use sumun_model::wire::state::TypeWord;
use sumun_model::{AccountId, OperatorId, Segment};

/// A customer with his home, his machine and his habits.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    pub(super) account: AccountId,
    pub(super) operator: OperatorId,
    pub(super) tree: Tree,
    pub(super) net: Net,
    pub(super) hood: u32,
    pub(super) home: Host,
    pub(super) device: String,
    pub(super) client: Client,
    pub(super) rhythm: Rhythm,
    pub(super) brain: Brain,
}

impl Cast<'_> {
    /// A retail customer at home.
    pub(super) fn owner(&mut self) -> Owner {
        self.customer(Segment::Retail)
    }

    /// A customer of that segment; where he sits is up to the story.
    pub(super) fn customer(&mut self, segment: Segment) -> Owner {
        self.owners += 1;
        let tree = self.tree.child("owner", self.owners);
        let mut draws = tree.draws();
        let id = format!("{:010x}", tree.number() >> 24);
        let account: AccountId = made(&format!("A{id}"));
        let operator: OperatorId = made(&format!("U{id}"));
        self.unit.accounts.push(AccountLine {
            type_word: TypeWord,
            ts: time(self.scene.start),
            account: account.clone(),
            customer: Some(made(&format!("C{id}"))),
            person: (segment == Segment::Retail).then(|| made(&format!("P{id}"))),
            segment: Some(segment),
            country: Some("KR".to_owned()),
            opened: Some(made(&format!(
                "20{}-{:02}-{:02}",
                draws.between(18, 25),
                draws.between(1, 12),
                draws.between(1, 28)
            ))),
            owner: Some(operator.clone()),
            parent: None,
            fee_tier: Some(if segment == Segment::Retail { "standard" } else { "professional" }.to_owned()),
            source: None,
            seq: None,
            ext: None,
        });
        let net = draws.pick(&HOMES);
        let hood = net.hood(&mut draws);
        let address = net.v4(hood, &mut draws);
        let home = Host::at(net, address, &mut draws);
        let daily = draws.spread(85, 2);
        Owner {
            account,
            operator,
            net,
            hood,
            home,
            device: format!("d{:08x}", draws.any() >> 32),
            client: Client::usual(&mut draws),
            rhythm: self.rhythm(daily, &mut draws),
            brain: self.brain(daily, tree.child("strategy", 0), &mut draws),
            tree,
        }
    }

    /// A rhythm that makes two thirds of that many lines a day.
    pub(super) fn rhythm(&self, daily: u64, draws: &mut Draws) -> Rhythm {
        Rhythm::usual((daily * self.scene.activity / 1000 * 45 / 100).max(1), draws)
    }

    /// A brain that makes the other third.
    pub(super) fn brain(&self, daily: u64, strategy: Tree, draws: &mut Draws) -> Brain {
        // Some only watch, or trade once in a while.
        let quiet = draws.pick(&[1000, 1000, 1000, 600, 250, 60]);
        Brain::usual(strategy, (daily * self.scene.activity * 20 / 100 * quiet / 1000).max(1), draws)
    }

    /// Lets an owner sign in, from those seats and by phone.
    pub(super) fn signs_in(&mut self, owner: &Owner, seats: Vec<Seat>) {
        let tree = owner.tree.child("person", 0);
        let mut draws = tree.draws();
        let device = format!("d{:08x}", draws.any() >> 32);
        self.unit.people.push(Person {
            account: owner.account.clone(),
            phone: (phone(&tree.child("phone", 0)), device),
            tree: tree.child("acts", 0),
            seats,
            per_100_days: draws.spread(70, 2),
            phone_permille: draws.pick(&[200, 500, 500, 800]),
            hours: (draws.between(7, 10), draws.between(12, 16)),
        });
    }

    /// An owner who always sits there.
    pub(super) fn at_home(&mut self, owner: &Owner, host: &Host) {
        self.signs_in(owner, vec![seat(owner, host, LONG_AGO, FOR_EVER)]);
    }

    /// The usual user: bot and owner at home, the address registered.
    pub(super) fn home_user(&mut self) -> (Owner, usize) {
        let owner = self.owner();
        let key = self.key(&owner);
        self.registered(&owner, key, (&owner.home, &owner.client));
        self.at_home(&owner, &owner.home);
        (owner, key)
    }
}

/// His place at that host for that time.
pub(super) fn seat(owner: &Owner, host: &Host, from: Us, until: Us) -> Seat {
    Seat { from, until, host: host.clone(), device: owner.device.clone() }
}

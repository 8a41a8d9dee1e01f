//! The made-up people of a demo: who they are, which keys they have, who really drives them, and what each would answer.
//!
//! Plain values drawn from a seed, and the ground truth; [`stories`] casts them. Written beside the frozen population of `sumun-sim`, which is
//! for evaluation and has months of habits: here habits are pressed into days of seconds, to be watched. Knows no detector and no
//! measure: nothing here schedules what becomes of a key.

mod clients;
mod draws;
mod names;
mod places;
mod stories;

pub(crate) use clients::{Client, Signs};
pub(crate) use draws::Draws;
pub(crate) use places::NETS;
use std::net::Ipv4Addr;

/// A moment, in days since the population began.
pub(crate) type Day = f64;

/// Everybody.
#[derive(Debug)]
pub(crate) struct Cast {
    /// Customers with their keys.
    pub(crate) owners: Vec<Owner>,
    /// Programs that use keys.
    pub(crate) bots: Vec<Bot>,
    /// The approved vendor's egress.
    pub(crate) vendor: Ipv4Addr,
}

/// A customer and the person who acts for it.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    /// Number from 1: `C1`, `P1`, `O1`, `A1`.
    pub(crate) number: usize,
    /// What the person is called.
    pub(crate) name: String,
    /// `retail` or `corporate`.
    pub(crate) segment: &'static str,
    /// Where he sits when he signs in.
    pub(crate) seat: Ipv4Addr,
    /// What he is like.
    pub(crate) character: Character,
    /// His keys, by place in time.
    pub(crate) keys: Vec<Key>,
    /// What he will do of his own accord.
    pub(crate) acts: Vec<(Day, Act)>,
}

/// How an owner answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Character {
    /// Says what is true, soon.
    Truthful,
    /// Has lent his key, and covers for the borrower.
    Complicit,
    /// Never looks.
    Slow,
    /// Played by whoever sits before the demo.
    Guided,
}

/// Something an owner does by himself.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Registers an address on a key of his, by its place.
    Registers(usize, Ipv4Addr),
}

/// A key as it is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    /// What it really is, for whoever reads the demo's own log.
    pub(crate) truth: &'static str,
    pub(crate) purpose: &'static str,
    pub(crate) application: &'static str,
    pub(crate) scopes: &'static [&'static str],
    pub(crate) allow: Vec<Ipv4Addr>,
    /// Whether it is for the approved vendor's tool.
    pub(crate) vendor: bool,
    /// Addresses from which the owner himself, or whom he covers for, uses it.
    pub(crate) mine: Vec<Ipv4Addr>,
}

/// Who has the switch of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hand {
    /// The key's owner.
    Owner,
    /// Somebody else.
    Other,
}

/// A program that uses a key from one place for a time.
#[derive(Clone, Debug)]
pub(crate) struct Bot {
    /// Whose key: the owner's place, and the key's place with him.
    pub(crate) key: (usize, usize),
    pub(crate) hand: Hand,
    pub(crate) from: Day,
    pub(crate) until: Day,
    pub(crate) at: Ipv4Addr,
    pub(crate) client: Client,
    /// Requests in a day.
    pub(crate) per_day: f64,
    /// How many of a hundred requests place an order.
    pub(crate) orders_percent: u64,
    /// The part of each day in which it sleeps: from, and how long.
    pub(crate) night: (f64, f64),
    /// Whether it is given up when the key gets a new secret.
    pub(crate) until_rotated: bool,
}

impl Cast {
    /// The people of a seed.
    pub(crate) fn of_seed(seed: u64) -> Self {
        stories::cast(&mut Draws::of_seed(seed))
    }

    /// How many keys there are.
    pub(crate) fn keys(&self) -> usize {
        self.owners.iter().map(|owner| owner.keys.len()).sum()
    }

    /// Requests in a second, all bots together, with days of so many seconds.
    #[cfg(test)]
    pub(crate) fn rate(&self, day_s: f64) -> f64 {
        self.bots.iter().map(|bot| bot.per_day).sum::<f64>() / day_s
    }
}

impl Owner {
    /// His customer's id.
    pub(crate) fn customer(&self) -> String {
        format!("C{}", self.number)
    }

    /// His own id.
    pub(crate) fn person(&self) -> String {
        format!("P{}", self.number)
    }

    /// His account's id.
    pub(crate) fn account(&self) -> String {
        format!("A{}", self.number)
    }

    /// The id of him as an operator.
    pub(crate) fn operator(&self) -> String {
        format!("O{}", self.number)
    }

    /// His role towards the venue.
    pub(crate) fn role(&self) -> &'static str {
        if self.segment == "corporate" { "corporate_admin" } else { "owner" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_casts_the_same_people_and_another_others() {
        let text = |seed| format!("{:?}", Cast::of_seed(seed));
        assert_eq!(text(7), text(7));
        assert_ne!(text(7), text(8));
    }

    #[test]
    fn every_cast_has_its_kinds_and_stays_within_the_rate() {
        for seed in 0..200 {
            let cast = Cast::of_seed(seed);
            assert!((30..=40).contains(&cast.keys()), "{} keys", cast.keys());
            assert!(cast.rate(10.0) <= 60.0, "{} requests a second", cast.rate(10.0));
            for character in [Character::Complicit, Character::Slow, Character::Truthful] {
                assert!(cast.owners.iter().any(|owner| owner.character == character));
            }
            assert_eq!(cast.owners.iter().filter(|owner| owner.character == Character::Guided).count(), 1);
            for bot in &cast.bots {
                let owner = &cast.owners[bot.key.0];
                assert!(bot.key.1 < owner.keys.len() && bot.from < bot.until);
                assert!(NETS.iter().any(|net| net.holds(bot.at)), "{} is nowhere", bot.at);
            }
        }
    }
}

//! The mix: which stories a world tells, how often, and why so often.
//!
//! A weight is the share of keys, in thousandths of all clean or of all bad keys. The shares are set by judgement and not
//! measured; nobody has published any. An evaluation reports by kind, so that a wrong share moves no figure but the sums.

use super::cast::Cast;
use super::tree::Draws;
use super::{bad, clean};

/// Declares the kinds: variant, word, sort, share, keys of one story, teller, and the reason for the share.
macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $sort:ident, $share:literal, $size:expr, $tell:path, $reason:literal;)+) => {
        /// A kind of story.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($(#[$doc])* $variant),+ }

        impl Kind {
            /// Every kind, clean ones first.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its word, in `--kinds` and in `ext`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Whether its keys are misused.
            #[must_use]
            pub const fn is_bad(self) -> bool {
                match self { $(Self::$variant => Sort::$sort.is_bad()),+ }
            }

            /// Its share of clean or of bad keys, in thousandths.
            #[must_use]
            pub const fn share(self) -> u64 {
                match self { $(Self::$variant => $share),+ }
            }

            /// Fewest and most keys of one story.
            #[must_use]
            pub const fn size(self) -> (u64, u64) {
                match self { $(Self::$variant => $size),+ }
            }

            /// Why it has that share.
            #[must_use]
            pub const fn reason(self) -> &'static str {
                match self { $(Self::$variant => $reason),+ }
            }

            /// Tells one story with that many keys.
            pub(super) fn tell(self, cast: &mut Cast<'_>, size: u64) {
                match self { $(Self::$variant => $tell(cast, size)),+ }
            }
        }
    };
}

enum Sort {
    Clean,
    Bad,
}

impl Sort {
    const fn is_bad(&self) -> bool {
        matches!(self, Self::Bad)
    }
}

kinds! {
    /// A bot at home.
    Home = "home", Clean, 250, (1, 1), clean::home::tell, "the commonest key of a retail venue: one owner, one address";
    /// The home address changes and the bot goes on knocking.
    HomeDrift = "home_drift", Clean, 110, (1, 1), clean::home_drift::tell, "most home lines have no fixed address; a change every few weeks";
    /// IPv4 and IPv6 in turn.
    DualStack = "dual_stack", Clean, 60, (1, 1), clean::dual_stack::tell, "home providers switch IPv6 on, libraries choose per connection";
    /// Several customers in one office.
    OfficeNat = "office_nat", Clean, 50, (3, 9), clean::office_nat::tell, "colleagues trade too, behind one address";
    /// Family members in one home.
    HouseholdNat = "household_nat", Clean, 60, (2, 3), clean::household_nat::tell, "couples and parents with a bot each";
    /// The owner travels.
    Travel = "travel", Clean, 25, (1, 1), clean::travel::tell, "a few in a month take the laptop along";
    /// Two declared hosts.
    Failover = "failover", Clean, 30, (1, 1), clean::failover::tell, "careful owners keep a spare";
    /// A new version of the library.
    Upgrade = "upgrade", Clean, 40, (1, 1), clean::upgrade::tell, "beside release days, which everybody has";
    /// The owner moves his bot, changes its language, or thinks up another strategy.
    Migration = "migration", Clean, 30, (1, 1), clean::migration::tell, "the honest twin of a hand-over, and the hardest to tell from it";
    /// A bot in a cloud, from the start.
    Cloud = "cloud", Clean, 80, (1, 1), clean::cloud::tell, "the second commonest place of a bot";
    /// Neighbours in a popular cloud.
    PopularCloud = "popular_cloud", Clean, 50, (5, 20), clean::popular_cloud::tell, "cheap machines of one cloud lie in few networks";
    /// Customers of an approved vendor.
    Vendor = "vendor", Clean, 60, (6, 25), clean::vendor::tell, "people without a machine of their own use a tool";
    /// Strangers who run one published bot.
    CopiedCode = "copied_code", Clean, 35, (5, 18), clean::copied_code::tell, "book and video authors publish bots that hundreds run unchanged";
    /// A bot behind a carrier's shared addresses.
    Mobile = "mobile", Clean, 45, (1, 4), clean::mobile::tell, "telephones and tethered laptops; several share an address";
    /// A company's desk, with delegations.
    CorporateDesk = "corporate_desk", Clean, 25, (1, 3), clean::corporate_desk::tell, "few companies, more keys each";
    /// A market maker.
    MarketMaker = "market_maker", Clean, 10, (1, 2), clean::market_maker::tell, "a handful, but many lines";
    /// One street's line fails, several times.
    Outage = "outage", Clean, 20, (5, 12), clean::outage::tell, "keys that stop and start together and share nothing else";
    /// A stranger copies the leader's orders.
    FramedCopy = "framed_copy", Clean, 4, (2, 2), clean::framed_copy::tell, "rare, but must never work";
    /// A stranger registers the victim's address.
    FramedAddress = "framed_address", Clean, 4, (3, 6), clean::framed_address::tell, "rare, but must never work";
    /// A flood of bad signatures names the victim's key.
    FramedFlood = "framed_flood", Clean, 4, (1, 1), clean::framed_flood::tell, "rare, but must never work";
    /// A posted key id is probed by many.
    FramedProbe = "framed_probe", Clean, 4, (1, 1), clean::framed_probe::tell, "key ids are pasted into forums with the error message";
    /// A stranger trades against the victim.
    FramedTrade = "framed_trade", Clean, 4, (2, 2), clean::framed_trade::tell, "rare, but must never work";

    /// Owner and borrower alternate.
    Interleaved = "interleaved", Bad, 240, (1, 1), bad::interleaved::tell, "the plain way to lend: both go on";
    /// The borrower takes the owner's place.
    HandOver = "hand_over", Bad, 170, (1, 1), bad::hand_over::tell, "a key sold or let for good";
    /// One operator, many keys, one host.
    PoolOneHost = "pool_one_host", Bad, 160, (5, 15), bad::pool_one_host::tell, "unlicensed managers start on one machine";
    /// One operator, many keys, many hosts, jitter.
    PoolManyHosts = "pool_many_hosts", Bad, 150, (5, 15), bad::pool_many_hosts::tell, "what they turn to once fan-out is looked for";
    /// The secret is used by strangers while the owner goes on.
    Leak = "leak", Bad, 120, (1, 1), bad::leak::tell, "stolen, not lent; the owner is the victim";
    /// Through the owner's address with his library.
    Relay = "relay", Bad, 80, (1, 1), bad::relay::tell, "takes skill and the owner's help; nearly invisible";
    /// The first use is the borrower's.
    BornLent = "born_lent", Bad, 80, (1, 1), bad::born_lent::tell, "accounts opened for sale; no baseline to depart from";
}

impl Kind {
    /// One of these, by share. Shares are of keys, so a story of many keys is drawn the more rarely.
    pub(super) fn drawn(of: &[Self], draws: &mut Draws) -> Option<Self> {
        let weight = |kind: &Self| {
            let (least, most) = kind.size();
            kind.share() * 2000 / (least + most)
        };
        let mut at = draws.below(of.iter().map(weight).sum());
        for kind in of {
            match at.checked_sub(weight(kind)) {
                Some(rest) => at = rest,
                None => return Some(*kind),
            }
        }
        of.first().copied()
    }
}

/// A word that names no kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown kind `{found}`, expected one of {}", Kind::ALL.iter().map(|k| k.as_str()).collect::<Vec<_>>().join(", "))]
pub struct UnknownKind {
    found: String,
}

impl std::str::FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| UnknownKind { found: text.chars().take(64).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_words_read_back() {
        for bad in [false, true] {
            let sum: u64 =
                Kind::ALL.iter().filter(|kind| kind.is_bad() == bad).map(|kind| kind.share()).sum();
            assert_eq!(sum, 1000, "bad: {bad}");
        }
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
            assert!(!kind.reason().is_empty());
        }
        assert!(
            "weather".parse::<Kind>().unwrap_err().to_string().contains("`weather`, expected one of home,")
        );
    }
}

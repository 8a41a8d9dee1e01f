//! Facts that key detectors tell, which conditions of policy may use: the only list, from which policy's linter is fed.
//!
//! A fact that was never told is unknown, never 0.

/// Kind of a fact's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Int,
}

/// One fact.
#[derive(Clone, Copy, Debug)]
pub struct FactKind {
    /// Its name in conditions.
    pub name: &'static str,
    /// What its value is.
    pub kind: Kind,
    /// Its unit.
    pub unit: &'static str,
    /// What it says, and as of when.
    pub meaning: &'static str,
}

/// See [`ALL`].
pub const AGE_DAYS: &str = "key.age_days";
/// See [`ALL`].
pub const ACTIVE_DAYS_14D: &str = "key.active_days_14d";
/// See [`ALL`].
pub const NETWORKS_24H: &str = "key.networks_24h";
/// See [`ALL`].
pub const CLIENTS_7D: &str = "key.clients_7d";
/// See [`ALL`].
pub const ORDERS_24H: &str = "key.orders_24h";
/// See [`ALL`].
pub const LAST_USE_S: &str = "key.last_use_s";
/// See [`ALL`].
pub const RETURNS_30M: &str = "key.returns_30m";
/// See [`ALL`].
pub const FOREIGN_ADDRESSES: &str = "key.foreign_addresses";

/// Every fact of a key, by name.
pub const ALL: &[FactKind] = &[
    fact(ACTIVE_DAYS_14D, "days", "days (UTC) with use within the latest 14, today among them"),
    fact(AGE_DAYS, "days", "whole days since the key was created, else since it was first used"),
    fact(
        CLIENTS_7D,
        "programs",
        "different programs (TLS mark, family, version) within 7 days; exact up to 16",
    ),
    fact(
        FOREIGN_ADDRESSES,
        "addresses",
        "addresses not in effect from which valid signatures came since the owner last confirmed them; at most 8",
    ),
    fact(
        LAST_USE_S,
        "seconds since 1970",
        "the first use of the day at hand; once the key rested for a day, its latest use",
    ),
    fact(NETWORKS_24H, "networks", "different network operators within 24 hours; exact up to 16"),
    fact(
        ORDERS_24H,
        "requests",
        "orders let through within the hour at hand and the 23 before it; followed by eighths",
    ),
    fact(
        RETURNS_30M,
        "returns",
        "times the key's use came back to a place within the window of `concurrent_origins`; at most 32",
    ),
];

const fn fact(name: &'static str, unit: &'static str, meaning: &'static str) -> FactKind {
    FactKind { name, kind: Kind::Int, unit, meaning }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_once_and_in_order() {
        assert!(ALL.windows(2).all(|pair| pair[0].name < pair[1].name));
        assert!(ALL.iter().all(|fact| fact.name.starts_with("key.")));
    }
}

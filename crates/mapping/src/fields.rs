//! The wire's fields as a mapping may fill them: which there are, what kind of value each takes, which a line cannot do without.
//!
//! A test holds this list against the model's own.

use crate::problem::did_you_mean;
use sumun_model::wire::Line;

/// What kind of value a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An id, a word or a text: as it is.
    Text,
    /// The client's programme: cut to 256 characters.
    Agent,
    /// A time in the mapping's format.
    Time,
    /// A calendar day.
    Date,
    /// An address.
    Address,
    /// A list of address prefixes.
    Prefixes,
    /// A list of words.
    Words,
    /// A decimal, as a string.
    Decimal,
    /// A whole number.
    Integer,
    /// True or false.
    Truth,
}

use Kind::{Address, Agent, Date, Decimal, Integer, Prefixes, Text, Time, Truth, Words};

/// One line type: its word, the fields a line must have, and every field with its kind.
#[derive(Debug)]
pub(crate) struct TypeFields {
    pub(crate) word: &'static str,
    pub(crate) required: &'static [&'static str],
    pub(crate) fields: &'static [(&'static str, Kind)],
    /// A fact of state, not something that happened.
    pub(crate) state: bool,
}

/// Fields that every line may have.
const COMMON: [(&str, Kind); 3] = [("ts", Time), ("source", Text), ("seq", Integer)];

/// Every line type a mapping may make. `tick` is a clock's, never a log's.
pub(crate) const TYPES: [TypeFields; 13] = [
    TypeFields {
        word: "account",
        required: &["ts", "account"],
        fields: &[
            ("account", Text),
            ("customer", Text),
            ("person", Text),
            ("segment", Text),
            ("country", Text),
            ("opened", Date),
            ("owner", Text),
            ("parent", Text),
            ("fee_tier", Text),
        ],
        state: true,
    },
    TypeFields {
        word: "vendor",
        required: &["ts", "vendor"],
        fields: &[
            ("vendor", Text),
            ("state", Text),
            ("class", Text),
            ("networks", Prefixes),
            ("scopes", Words),
        ],
        state: true,
    },
    TypeFields {
        word: "key",
        required: &["ts", "key"],
        fields: &[
            ("key", Text),
            ("account", Text),
            ("state", Text),
            ("scopes", Words),
            ("allowlist", Prefixes),
            ("purpose", Text),
            ("application", Text),
            ("operator", Text),
            ("vendor", Text),
            ("created", Time),
            ("expires", Time),
            ("replaces", Text),
            ("mandate.markets", Words),
            ("mandate.countries", Words),
            ("mandate.orders_per_second_max", Integer),
            ("measure", Text),
            ("cause", Text),
        ],
        state: true,
    },
    TypeFields {
        word: "delegation",
        required: &["ts", "delegation"],
        fields: &[
            ("delegation", Text),
            ("account", Text),
            ("key", Text),
            ("operator", Text),
            ("networks", Prefixes),
            ("scopes", Words),
            ("from", Time),
            ("until", Time),
            ("state", Text),
        ],
        state: true,
    },
    TypeFields {
        word: "network",
        required: &["ts", "prefix"],
        fields: &[("prefix", Text), ("asn", Integer), ("org", Text), ("country", Text), ("class", Text)],
        state: true,
    },
    TypeFields {
        word: "market",
        required: &["ts", "market"],
        fields: &[("market", Text), ("tick", Decimal), ("notional_min", Decimal)],
        state: true,
    },
    TypeFields {
        word: "session",
        required: &["id", "ts", "account"],
        fields: &[
            ("id", Text),
            ("account", Text),
            ("key", Text),
            ("action", Text),
            ("channel", Text),
            ("ip", Address),
            ("device", Text),
            ("remote_control", Truth),
        ],
        state: false,
    },
    TypeFields {
        word: "access",
        required: &["id", "ts"],
        fields: &[
            ("id", Text),
            ("gate", Text),
            ("key", Text),
            ("account", Text),
            ("ip", Address),
            ("channel", Text),
            ("ja4", Text),
            ("agent", Agent),
            ("method", Text),
            ("route", Text),
            ("effect", Text),
            ("scope", Text),
            ("market", Text),
            ("verdict", Text),
            ("reason", Text),
            ("enforced", Truth),
            ("signature", Text),
            ("checks.*", Text),
            ("status", Integer),
            ("latency_us", Integer),
            ("skew_ms", Integer),
            ("nonce", Text),
            ("token_time", Time),
            ("tcp_rtt_us", Integer),
            ("tls_rtt_us", Integer),
        ],
        state: false,
    },
    TypeFields {
        word: "order",
        required: &["id", "ts", "account"],
        fields: &[
            ("id", Text),
            ("account", Text),
            ("key", Text),
            ("medium", Text),
            ("request", Text),
            ("market", Text),
            ("order", Text),
            ("action", Text),
            ("side", Text),
            ("kind", Text),
            ("price", Decimal),
            ("quantity", Decimal),
            ("remaining", Decimal),
        ],
        state: false,
    },
    TypeFields {
        word: "trade",
        required: &["id", "ts", "market"],
        fields: &[
            ("id", Text),
            ("market", Text),
            ("price", Decimal),
            ("quantity", Decimal),
            ("taker_side", Text),
            ("taker_account", Text),
            ("taker_key", Text),
            ("taker_order", Text),
            ("maker_account", Text),
            ("maker_key", Text),
            ("maker_order", Text),
        ],
        state: false,
    },
    TypeFields {
        word: "quote",
        required: &["ts", "market"],
        fields: &[
            ("market", Text),
            ("bid", Decimal),
            ("ask", Decimal),
            ("bid_quantity", Decimal),
            ("ask_quantity", Decimal),
        ],
        state: false,
    },
    TypeFields {
        word: "transfer",
        required: &["id", "ts", "account"],
        fields: &[
            ("id", Text),
            ("account", Text),
            ("key", Text),
            ("medium", Text),
            ("direction", Text),
            ("asset", Text),
            ("quantity", Decimal),
            ("destination", Text),
            ("status", Text),
        ],
        state: false,
    },
    TypeFields {
        word: "report",
        required: &["id", "ts"],
        fields: &[
            ("id", Text),
            ("kind", Text),
            ("key", Text),
            ("account", Text),
            ("reporter", Text),
            ("reliability", Text),
            ("outcome", Text),
        ],
        state: false,
    },
];

/// The fields of a type, by its word.
pub(crate) fn of_type(word: &str) -> Result<&'static TypeFields, String> {
    TYPES.iter().find(|known| known.word == word).ok_or_else(|| {
        let known = TYPES.iter().map(|known| known.word);
        let why = if Line::TYPES.contains(&word) {
            "a mapping does not make lines of type"
        } else {
            "there is no line type"
        };
        format!("{why} `{word}`{}", did_you_mean(word, known))
    })
}

impl TypeFields {
    /// The kind of a field, by its name in a mapping.
    pub(crate) fn kind(&self, name: &str) -> Result<Kind, String> {
        if name.strip_prefix("ext.").is_some_and(|rest| !rest.is_empty()) {
            return Ok(Text);
        }
        let checks = name.strip_prefix("checks.").is_some_and(|rest| !rest.is_empty());
        let wanted = if checks { "checks.*" } else { name };
        let known = || COMMON.iter().chain(self.fields);
        known().find(|(field, _)| *field == wanted).map(|(_, kind)| *kind).ok_or_else(|| {
            let near = did_you_mean(name, known().map(|(field, _)| *field));
            format!("a line of type `{}` has no field `{name}`{near}", self.word)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use sumun_model::wire::{
        AccessLine, AccountLine, DelegationLine, KeyLine, MarketLine, NetworkLine, OrderLine, QuoteLine,
        ReportLine, SessionLine, TradeLine, TransferLine, VendorLine,
    };

    #[test]
    fn the_list_is_the_model_s_own() {
        let models = [
            ("account", AccountLine::FIELDS),
            ("vendor", VendorLine::FIELDS),
            ("key", KeyLine::FIELDS),
            ("delegation", DelegationLine::FIELDS),
            ("network", NetworkLine::FIELDS),
            ("market", MarketLine::FIELDS),
            ("session", SessionLine::FIELDS),
            ("access", AccessLine::FIELDS),
            ("order", OrderLine::FIELDS),
            ("trade", TradeLine::FIELDS),
            ("quote", QuoteLine::FIELDS),
            ("transfer", TransferLine::FIELDS),
            ("report", ReportLine::FIELDS),
        ];
        assert_eq!(models.len(), Line::TYPES.len() - 1, "all but `tick`");
        for (word, fields) in models {
            let ours: BTreeSet<&str> =
                of_type(word).unwrap().fields.iter().map(|(name, _)| whole(name)).collect();
            let theirs: BTreeSet<&str> = fields
                .iter()
                .copied()
                .filter(|name| !["type", "ts", "source", "seq", "ext"].contains(name))
                .collect();
            assert_eq!(ours, theirs, "{word}");
        }
    }

    fn whole(name: &str) -> &str {
        name.split('.').next().unwrap()
    }

    #[test]
    fn a_near_name_is_offered() {
        assert!(of_type("acces").err().unwrap().ends_with("did you mean `access`?"));
        assert!(of_type("tick").err().unwrap().starts_with("a mapping does not make"));
        assert_eq!(
            of_type("key").unwrap().kind("scope").unwrap_err(),
            "a line of type `key` has no field `scope`; did you mean `scopes`?"
        );
        assert_eq!(of_type("key").unwrap().kind("ext.last_used"), Ok(Text));
    }
}

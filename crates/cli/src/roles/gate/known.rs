//! What is remembered of each key between two readings of the file: enough to tell what an edit changed, no more.
//!
//! A record has a sealed secret, a purpose, an account; a gate with millions of keys does not keep them twice. What
//! only has to be compared is kept as 128 bits of a hash whose seeds are this process's own.

use crate::keys_file::KeyRecord;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use sumun_gate::Status;
use sumun_model::key::AllowlistEntry;
use sumun_model::{ExpiryCause, Mandate, Timestamp};

/// One key as it was last applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    rest: [u64; 2],
    pub(super) expires: Timestamp,
    pub(super) status: Status,
    pub(super) cause: Option<ExpiryCause>,
}

impl Known {
    /// Whether at most status and cause differ, so that one store makes one the other.
    pub(super) fn same_but_status(&self, other: &Self) -> bool {
        self.rest == other.rest
    }

    /// As one of whom no more is known than when it ended: any record is another than this.
    pub(super) fn only_its_end(self) -> Self {
        Self { rest: self.rest.map(|hash| !hash), ..self }
    }
}

/// Makes [`Known`]s that can be compared with each other.
pub(super) struct Knowing([RandomState; 2]);

impl Knowing {
    pub(super) fn new() -> Self {
        Self([RandomState::new(), RandomState::new()])
    }

    pub(super) fn of(&self, record: &KeyRecord) -> Known {
        let rest = Rest(record);
        Known {
            rest: self.0.each_ref().map(|seed| seed.hash_one(&rest)),
            expires: record.expires,
            status: Status {
                state: record.state,
                measure: record.measure,
                registration_due: record.registration_due,
            },
            cause: record.cause,
        }
    }
}

/// All of a record but cause and what makes its status.
struct Rest<'a>(&'a KeyRecord);

impl Hash for Rest<'_> {
    fn hash<H: Hasher>(&self, to: &mut H) {
        // Taken apart whole, so that a new field cannot be forgotten here.
        let KeyRecord {
            key,
            account,
            segment,
            state: _,
            scopes,
            allowlist,
            address_proof_required,
            purpose,
            application,
            operator,
            vendor,
            created,
            expires,
            replaces,
            measure: _,
            registration_due: _,
            cause: _,
            secret,
            secret_held,
            mandate,
        } = self.0;
        (key, account, scopes, purpose, application, operator, vendor).hash(to);
        (created, expires, replaces, secret, secret_held, address_proof_required, segment).hash(to);
        allowlist.len().hash(to);
        for entry in allowlist {
            match entry {
                AllowlistEntry::Plain(prefix) => (0_u8, prefix).hash(to),
                AllowlistEntry::Recorded(recorded) => {
                    (1_u8, recorded.prefix, recorded.since, recorded.proved).hash(to);
                }
            }
        }
        let mandate = mandate.as_ref().map(|Mandate { markets, countries, orders_per_second_max }| {
            (markets, countries, orders_per_second_max)
        });
        mandate.hash(to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sumun_model::{KeyState, Measure};

    fn record(text: &str) -> KeyRecord {
        serde_json::from_str(text).unwrap()
    }

    const FULL: &str = r#"{"key":"K1","account":"A1","state":"active","scopes":["read"],
        "allowlist":["203.0.113.7/32",{"prefix":"203.0.113.8/32","since":"2026-01-01T00:00:00Z"}],
        "purpose":"own_bot","application":"made up","operator":"O1","vendor":"V1",
        "created":"2026-01-01T00:00:00Z","expires":"2027-06-01T00:00:00Z","replaces":"K0",
        "secret":"sealed:v1:00000000:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "mandate":{"markets":["KRW-BTC"],"countries":["KR"],"orders_per_second_max":3}}"#;

    #[test]
    fn status_and_cause_are_told_from_all_else() {
        let knowing = Knowing::new();
        let known = knowing.of(&record(FULL));
        assert_eq!(known, knowing.of(&record(FULL)));
        let mut ended = record(FULL);
        ended.state = KeyState::Expired;
        ended.measure = Some(Measure::Expire);
        ended.cause = Some(ExpiryCause::ALL[0]);
        let ended = knowing.of(&ended);
        assert!(known != ended && known.same_but_status(&ended));
    }

    #[test]
    fn a_change_of_any_other_field_is_seen() {
        let knowing = Knowing::new();
        let whole: serde_json::Value = serde_json::from_str(FULL).unwrap();
        let known = knowing.of(&record(FULL));
        for (field, other) in [
            ("key", serde_json::json!("K2")),
            ("account", serde_json::json!("A2")),
            ("scopes", serde_json::json!(["trade"])),
            ("allowlist", serde_json::json!(["203.0.113.7/32", "203.0.113.8/32"])),
            ("allowlist", serde_json::json!(["203.0.113.7/32"])),
            ("address_proof_required", serde_json::json!(true)),
            ("purpose", serde_json::json!("treasury")),
            ("application", serde_json::json!("another")),
            ("application", serde_json::Value::Null),
            ("operator", serde_json::json!("O2")),
            ("vendor", serde_json::json!("V2")),
            ("created", serde_json::json!("2026-01-02T00:00:00Z")),
            ("expires", serde_json::json!("2027-06-02T00:00:00Z")),
            ("replaces", serde_json::json!("K9")),
            (
                "secret",
                serde_json::json!(
                    "sealed:v1:00000000:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB"
                ),
            ),
            (
                "mandate",
                serde_json::json!({ "markets": ["KRW-ETH"], "countries": ["KR"], "orders_per_second_max": 3 }),
            ),
            ("mandate", serde_json::json!({ "markets": ["KRW-BTC"], "countries": ["KR"] })),
            ("mandate", serde_json::Value::Null),
        ] {
            let mut changed = whole.clone();
            changed[field] = other.clone();
            let changed = knowing.of(&record(&changed.to_string()));
            assert!(!known.same_but_status(&changed), "{field} {other}");
        }
    }
}

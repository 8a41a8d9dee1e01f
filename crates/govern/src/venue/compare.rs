//! What differs between two venues' facts, and which differences loosen a rule.
//!
//! A loosening is not refused: the operator decides what the venue's rules are. It is marked, so that it stands out in the
//! ledger and in reviews.

use super::Venue;
use crate::plan::Effect;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Every field that differs, by its dotted path; nothing if the facts are the same.
    pub effects: Vec<Effect>,
    /// Those of them that loosen a rule.
    pub loosened: Vec<String>,
}

/// Fields that say who is believed and who must agree: whichever way they change, two people look at it.
const FOR_TWO: &[&str] = &["exchange.", "expiry.", "second_factor.", "ledger.", "authority."];

impl Difference {
    /// Whether one person alone may not put it in force: it loosens a rule, or says who is believed or must agree.
    #[must_use]
    pub fn takes_two(&self) -> bool {
        let for_two = |field: &str| {
            FOR_TWO.iter().any(|prefix| field.starts_with(prefix)) || field.contains(".approvals.")
        };
        !self.loosened.is_empty() || self.effects.iter().any(|effect| for_two(&effect.field))
    }
}

/// Compares. Without a `before`, every field is new and nothing is loosened.
#[must_use]
pub fn difference(before: Option<&Venue>, after: &Venue) -> Difference {
    let flat = |venue: &Venue| {
        let mut fields = BTreeMap::new();
        flatten(String::new(), &venue.to_json(), &mut fields);
        fields
    };
    let (old, new) = (before.map(flat).unwrap_or_default(), flat(after));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    // A hold that lapses sooner gives access back sooner, in whichever unit that is said.
    let held_shorter = before.is_some_and(|before| after.clocks.hold_due() < before.clocks.hold_due());
    let mut difference = Difference::default();
    for name in names {
        let (before_value, after_value) = (old.get(name), new.get(name));
        if before_value == after_value {
            continue;
        }
        let looser = match name.as_str() {
            "clocks.hold_due_hours" | "clocks.hold_due_minutes" => held_shorter,
            name => before.is_some() && loosens(name, before_value, after_value),
        };
        if looser {
            difference.loosened.push(name.clone());
        }
        difference.effects.push(Effect {
            subject: format!("venue:{}", after.venue),
            field: name.clone(),
            before: before_value.cloned().unwrap_or_default(),
            after: after_value.cloned().unwrap_or_default(),
        });
    }
    difference
}

fn flatten(path: String, value: &Value, into: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(path, value, into);
            }
        }
        leaf => {
            into.insert(path, leaf.clone());
        }
    }
}

/// Whether this field's change lets through, or lets live longer, what the former value did not.
fn loosens(path: &str, before: Option<&Value>, after: Option<&Value>) -> bool {
    let number = |value: Option<&Value>| value.and_then(Value::as_i64);
    let rises = number(after) > number(before);
    let name = path.rsplit('.').next().unwrap_or(path);
    let gains = {
        let words = |value: Option<&Value>| -> BTreeSet<String> {
            let list = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            list.iter().map(Value::to_string).collect()
        };
        !words(after).is_subset(&words(before))
    };
    match name {
        "allowlist_required" | "address_proof_required" => after == Some(&Value::Bool(false)),
        // A smaller number of bits is a wider prefix.
        "v4" | "v6" => !rises,
        // Owners are told later.
        "notice_s" => !rises,
        // Fewer slots are easier to hit by luck.
        "slots" | "first_use_slots" => !rises,
        "scopes_max" | "methods" | "networks" => gains,
        "read" | "trade" | "transfer" | "approvals" => fewer_people(before, after),
        _ if path.starts_with("exchange.assertion_keys.") => after.is_some(),
        _ if path == "canary.account" => after.is_none(),
        "key_life_days_max"
        | "rotation_overlap_hours_max"
        | "keys_per_account_max"
        | "age_minutes_max"
        | "staff_age_minutes_max"
        | "assertion_age_s_max"
        | "approval_due_days"
        | "invite_hours"
        | "session_idle_minutes"
        | "session_hours"
        | "token_life_days_max"
        | "vendor_recertify_days"
        | "address_proof_s"
        | "code_s"
        | "rotate_s"
        | "first_use_slot_s"
        | "grace_s"
        | "every_minutes" => rises,
        _ => false,
    }
}

/// Whether any role is asked for fewer people than before.
fn fewer_people(before: Option<&Value>, after: Option<&Value>) -> bool {
    let count = |value: Option<&Value>| {
        let mut people: Map<String, Value> = Map::new();
        for needed in value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default() {
            let role = needed.get("role").and_then(Value::as_str).unwrap_or_default();
            let more = needed.get("count").and_then(Value::as_i64).unwrap_or_default();
            let had = people.get(role).and_then(Value::as_i64).unwrap_or_default();
            people.insert(role.to_owned(), Value::from(had.saturating_add(more)));
        }
        people
    };
    let after = count(after);
    count(before).iter().any(|(role, needed)| {
        after.get(role).and_then(Value::as_i64).unwrap_or_default() < needed.as_i64().unwrap_or_default()
    })
}

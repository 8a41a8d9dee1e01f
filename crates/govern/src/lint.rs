//! What must hold of every plan, whatever made it: the last look before anything is written.
//!
//! A refusal from here is a fault of ours, or a secret pasted into a field that is kept: never an ordinary no.
//! What must hold of a key's own change is [`crate::keys::lint`].

use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use crate::staff::ticket;
use serde_json::Value;
use sumun_model::KeyState;
use sumun_model::secret::SECRET_PREFIX;
use sumun_seal::SEALED_TEXT_PREFIX;
use sumun_store::tables::{DEAD_KEYS, KEYS};
use sumun_store::{Expect, RowWrite};

/// Beginnings of texts that may stand in no row, fact, message or feed record.
const NEVER_WRITTEN: &[&str] = &[
    SECRET_PREFIX,
    SEALED_TEXT_PREFIX,
    ticket::TOKEN_PREFIX,
    ticket::SESSION_PREFIX,
    ticket::INVITE_PREFIX,
    ticket::GATE_INVITE_PREFIX,
    "kek:v1:",
];

/// Looks the plan over.
///
/// # Errors
/// `plan_lint`, or `secret_in_request` if a text that looks like a secret would be kept.
pub fn plan(plan: &Plan) -> Result<(), Refusal> {
    let change = &plan.change;
    if let Some(found) = first_secret(plan) {
        return Err(Refusal::new(
            RefusalKind::Invalid,
            "secret_in_request",
            format!("a text beginning with `{found}` would be kept for ever in the ledger"),
            "take the secret out of the request; if it is a real one, end its key as leaked",
        ));
    }
    if change.writes.is_empty() && change.reads.is_empty() && change.class.is_empty() {
        return Err(broken("it writes nothing and says nothing"));
    }
    for write in &change.writes {
        versions_rise_by_one(write)?;
        if write.table.name == KEYS.name {
            if write.image.get(KEYS.key).is_some_and(crate::ramp::is_reserved) {
                return Err(broken("it would call a key by a name that the feed keeps for itself"));
            }
            a_dead_key_stays_dead(plan, write)?;
        }
        if write.table.name == DEAD_KEYS.name && write.expect != Expect::Absent {
            return Err(broken("it changes the record of a key that has ended"));
        }
    }
    Ok(())
}

fn versions_rise_by_one(write: &RowWrite) -> Result<(), Refusal> {
    let next = match write.expect {
        Expect::Absent => 1,
        Expect::Version(version) => version.saturating_add(1),
    };
    match write.image.get("version").and_then(Value::as_i64) {
        Some(version) if version == next => Ok(()),
        found => {
            Err(broken(&format!("a row of {} would stand at {found:?} instead of {next}", write.table.name)))
        }
    }
}

/// A living key is written only where the registry of dead ids has been read and does not hold it; a key that ends is
/// entered there by the same change.
fn a_dead_key_stays_dead(plan: &Plan, write: &RowWrite) -> Result<(), Refusal> {
    let text = |column: &str| write.image.get(column).and_then(Value::as_str).unwrap_or_default();
    let (key, state) = (text(KEYS.key), text("state"));
    let Ok(state) = state.parse::<KeyState>() else {
        return Err(broken(&format!("key `{key}` would have the state `{state}`")));
    };
    let change = &plan.change;
    let entered = change.writes.iter().any(|other| {
        other.table.name == DEAD_KEYS.name
            && other.image.get(DEAD_KEYS.key).and_then(Value::as_str) == Some(key)
    });
    let known_absent = change
        .reads
        .iter()
        .any(|read| read.table.name == DEAD_KEYS.name && read.key == key && read.expect == Expect::Absent);
    match (state.is_terminal(), entered, known_absent) {
        (true, true, _) | (false, false, true) => Ok(()),
        (true, false, _) => {
            Err(broken(&format!("key `{key}` ends without an entry in the registry of dead ids")))
        }
        (false, true, _) => Err(broken(&format!("key `{key}` would live and be dead at once"))),
        (false, false, false) => {
            Err(broken(&format!("key `{key}` is written without making sure that its id is not a dead one")))
        }
    }
}

fn first_secret(plan: &Plan) -> Option<&'static str> {
    let change = &plan.change;
    let maps = std::iter::once(&change.facts).chain(change.writes.iter().map(|write| &write.image));
    let values = change.feed.iter().chain(change.outbox.iter().map(|message| &message.body));
    let effects = plan.effects.iter().flat_map(|effect| [&effect.before, &effect.after]);
    maps.flat_map(|map| map.values()).chain(values).chain(effects).find_map(in_value)
}

fn in_value(value: &Value) -> Option<&'static str> {
    match value {
        Value::String(text) => NEVER_WRITTEN.iter().copied().find(|prefix| text.contains(prefix)),
        Value::Array(values) => values.iter().find_map(in_value),
        Value::Object(map) => map.values().find_map(in_value),
        _ => None,
    }
}

fn broken(what: &str) -> Refusal {
    tracing::error!(plan.fault = what, "A plan was refused by its lint: {what}");
    Refusal::new(
        RefusalKind::Unavailable,
        "plan_lint",
        format!("the plan is not sound: {what}"),
        "nothing was written; report this with the request: it is a fault of the server",
    )
}

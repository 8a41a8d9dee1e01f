//! What follows an account from its other keys to a new one: an open measure, and how many keys there may be.
//!
//! Ending a warned key, or asking for another beside it, escapes nothing (DESIGN 4).

use super::access::AccountFacts;
use super::asked::invalid;
use super::row::KeyRow;
use crate::govern::{Govern, store_refusal};
use crate::refusal::{Refusal, RefusalKind};
use crate::venue::Venue;
use serde_json::json;
use sumun_model::{Measure, Timestamp};
use sumun_store::tables::KEYS;
use sumun_store::{Expect, Filter, RowRead};

/// The measure that this key hands on: an open one. A forced end is no measure in force, and a hold that is over is watching.
fn open_measure(key: &KeyRow, now: Timestamp) -> Option<Measure> {
    let over = key.review_due_us.is_none_or(|due| due <= now.as_micros());
    match key.measure {
        Some(Measure::Hold) if over => Some(key.standing().after_hold()),
        Some(Measure::Expire) | None => None,
        open => open,
    }
}

/// What of this key's measures would stand if no hold were.
fn beneath(key: &KeyRow) -> Option<Measure> {
    match key.measure {
        Some(Measure::Hold) => key.before_hold,
        Some(Measure::Expire) => None,
        other => other,
    }
}

/// Puts on a new key the strictest measure open on its account, and checks the key whose place it takes. Gives what it
/// relied on.
///
/// # Errors
/// `replaces_unknown` if that is no key of the account.
pub fn follow(key: &mut KeyRow, others: &[KeyRow], now: Timestamp) -> Result<Vec<RowRead>, Refusal> {
    let mut relied = Vec::new();
    if let Some(replaces) = &key.replaces {
        let Some(old) = others.iter().find(|other| other.key == *replaces) else {
            return Err(invalid(
                "replaces_unknown",
                "/replaces",
                "the key to be replaced is none of this account".to_owned(),
                "name a key of the same account, or leave `replaces` out",
            ));
        };
        relied.push(old);
    }
    // The words of measures stand in the order of their strictness.
    if let Some(strictest) = others.iter().max_by_key(|other| open_measure(other, now)) {
        key.measure = open_measure(strictest, now);
        if key.measure == Some(Measure::Hold) {
            key.before_hold = others.iter().filter_map(beneath).max();
            key.review_by.clone_from(&strictest.review_by);
            key.review_due_us = strictest.review_due_us;
            key.reason.clone_from(&strictest.reason);
        }
        if key.measure.is_some() && relied.iter().all(|old| old.key != strictest.key) {
            relied.push(strictest);
        }
    }
    Ok(relied
        .into_iter()
        .map(|old| RowRead { table: &KEYS, key: old.key.clone(), expect: Expect::Version(old.version) })
        .collect())
}

/// Refuses one key too many. They are counted when one is asked for: two requests at once may pass the limit by one.
///
/// # Errors
/// `keys_too_many`.
pub fn room_for_one_more(venue: &Venue, account: &AccountFacts, others: &[KeyRow]) -> Result<(), Refusal> {
    let most = venue.segment(account.segment).keys_per_account_max.get() as usize;
    let living = others.iter().filter(|key| !key.state.is_terminal()).count();
    if living < most {
        return Ok(());
    }
    Err(Refusal::new(
        RefusalKind::Conflict,
        "keys_too_many",
        format!("account `{}` has {living} keys, at most {most} are allowed", account.account),
        "end one that is no longer used",
    ))
}

impl Govern {
    /// Every key an account ever had, the newest ids included; those beyond the longest list are not seen.
    pub(crate) async fn keys_of_account(&self, account: &str) -> Result<Vec<KeyRow>, Refusal> {
        let equals = vec![("account", json!(account))];
        let filter = Filter { equals, after: None, limit: Filter::LIMIT_MAX, ..Filter::default() };
        let rows = self.store.list(&KEYS, &filter).await.map_err(store_refusal)?;
        rows.iter().map(KeyRow::of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::write::tests::{DAY, NOW, key};
    use super::*;
    use sumun_model::KeyState;

    #[test]
    fn the_strictest_open_measure_follows() {
        let with = |measure, due: i64| KeyRow {
            key: format!("K{measure:?}"),
            measure: Some(measure),
            state: KeyState::Expired,
            review_due_us: Some(NOW.as_micros() + due),
            ..key()
        };
        let cases = [
            (vec![], None),
            (vec![with(Measure::Warn, 0), with(Measure::Monitor, 0)], Some(Measure::Warn)),
            (vec![with(Measure::Hold, DAY), with(Measure::Warn, 0)], Some(Measure::Hold)),
            (vec![with(Measure::Hold, -DAY)], Some(Measure::Monitor)),
            (vec![with(Measure::Reverify, 0), with(Measure::Hold, DAY)], Some(Measure::Reverify)),
            (vec![with(Measure::Expire, 0)], None),
        ];
        for (others, expected) in cases {
            let mut new = KeyRow { key: "K9".into(), ..key() };
            let reads = follow(&mut new, &others, NOW).unwrap();
            assert_eq!(new.measure, expected, "{others:?}");
            assert_eq!(reads.len(), usize::from(expected.is_some()));
            assert_eq!(new.review_due_us.is_some(), expected == Some(Measure::Hold));
        }
        let mut foreign = KeyRow { replaces: Some("K7".into()), ..key() };
        assert_eq!(follow(&mut foreign, &[], NOW).unwrap_err().code, "replaces_unknown");
    }
}

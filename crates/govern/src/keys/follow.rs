//! What follows a customer from his other keys, on whichever of his accounts, to a new one: an open measure; and how many keys
//! an account may have.
//!
//! Ending a warned key, or asking for another beside it, escapes nothing (DESIGN 4).

use super::access::AccountFacts;
use super::asked::invalid;
use super::row::KeyRow;
use crate::govern::{Govern, store_refusal};
use crate::measures::{MeasureRow, MeasureState, SUSPEND};
use crate::refusal::{Refusal, RefusalKind};
use crate::row::text;
use crate::venue::Venue;
use crate::warned;
use serde_json::{Value, json};
use sumun_model::{KeyState, Measure, Timestamp};
use sumun_store::tables::{ACCOUNTS, KEYS, MEASURES};
use sumun_store::{Expect, Filter, Image, RowRead, Table};

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

/// Puts on a key that is about to be, or to live, the strictest measure open on another key of the same customer, if that is
/// stricter than its own. Gives what it relied on.
#[must_use]
pub fn follow(key: &mut KeyRow, others: &[KeyRow], now: Timestamp) -> Option<RowRead> {
    // The words of measures stand in the order of their strictness; of two holds the longer one is the stricter.
    let strictness = |key: &KeyRow| (open_measure(key, now), key.review_due_us);
    let strictest =
        others.iter().filter(|other| other.key != key.key).max_by_key(|other| strictness(other))?;
    let measure = open_measure(strictest, now)?;
    if key.measure.is_some() && strictness(key) >= strictness(strictest) {
        return None;
    }
    let own = beneath(key);
    (key.measure, key.before_hold) = (Some(measure), None);
    if measure == Measure::Hold {
        key.before_hold = others.iter().filter_map(beneath).chain(own).max();
        key.review_by.clone_from(&strictest.review_by);
        key.review_due_us = strictest.review_due_us;
        // Of a suspended key the reason tells who suspended it.
        if key.state != KeyState::Suspended {
            key.reason.clone_from(&strictest.reason);
        }
    }
    Some(read(strictest))
}

/// What the owner of a key that has just taken a measure over should know beforehand; nothing of monitoring.
#[must_use]
pub fn warned_of(key: &KeyRow) -> Option<String> {
    let warned = match key.measure? {
        Measure::Monitor | Measure::Expire => return None,
        Measure::Warn => warned::FOLLOWS_WARNING,
        Measure::Hold | Measure::Reverify => warned::FOLLOWS_CUT,
    };
    Some(warned.en.to_owned())
}

fn read(key: &KeyRow) -> RowRead {
    RowRead { table: &KEYS, key: key.key.clone(), expect: Expect::Version(key.version) }
}

/// Refuses one key too many of this account. Whoever adds one writes the account's row, so none is counted too late.
///
/// # Errors
/// `keys_too_many`.
pub fn room_for_one_more(venue: &Venue, account: &AccountFacts, living: usize) -> Result<(), Refusal> {
    let most = venue.segment(account.segment).keys_per_account_max.get() as usize;
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

/// Measures that follow to another key.
const FOLLOWING: &[Measure] = &[Measure::Monitor, Measure::Warn, Measure::Hold, Measure::Reverify];
/// States of keys that have not ended.
const LIVING: &[KeyState] = &[KeyState::Requested, KeyState::Active, KeyState::Suspended];

impl Govern {
    /// How many keys of an account have not ended.
    pub(crate) async fn living_keys(&self, account: &str) -> Result<usize, Refusal> {
        let mut living = 0;
        for state in LIVING {
            let equals = vec![("account", json!(account)), ("state", json!(state))];
            living += self.every(&KEYS, equals).await?.len();
        }
        Ok(living)
    }

    /// Every key of any account of this customer, ended ones too, that has a measure to hand on.
    pub(crate) async fn measured_keys(&self, customer: &str) -> Result<Vec<KeyRow>, Refusal> {
        let mut keys = Vec::new();
        for account in self.every(&ACCOUNTS, vec![("customer", json!(customer))]).await? {
            for measure in FOLLOWING {
                let equals =
                    vec![("account", json!(text(&account, ACCOUNTS.key))), ("measure", json!(measure))];
                for row in self.every(&KEYS, equals).await? {
                    keys.extend(self.handing_on(KeyRow::of(&row)?).await?);
                }
            }
        }
        Ok(keys)
    }

    /// The key as it hands its measure on. One that has ended does so while its measure is in force, in the words of whoever took
    /// it, whatever its owner wrote when he ended the key.
    async fn handing_on(&self, key: KeyRow) -> Result<Option<KeyRow>, Refusal> {
        if !key.state.is_terminal() {
            return Ok(Some(key));
        }
        let open = self.measures_of(&key.key, MeasureState::InForce).await?;
        let Some(open) =
            open.into_iter().find(|open| Some(open.measure.as_str()) == key.measure.map(Measure::as_str))
        else {
            return Ok(None);
        };
        Ok(Some(KeyRow { reason: Some(open.why_in_words()), ..key }))
    }

    /// Measures that ended keys of this customer still hand on, none stricter than this one. A living key that took them over bears
    /// them now. Holds are left out: they lapse by themselves, or are released.
    pub(crate) async fn left_behind(
        &self,
        customer: &str,
        up_to: Measure,
    ) -> Result<Vec<MeasureRow>, Refusal> {
        let mut left = Vec::new();
        for key in self.measured_keys(customer).await? {
            let Some(measure) = key.measure.filter(|measure| *measure <= up_to) else { continue };
            if key.state.is_terminal() && measure != Measure::Hold {
                let open = self.measures_of(&key.key, MeasureState::InForce).await?;
                left.extend(open.into_iter().filter(|row| row.measure == measure.as_str()));
            }
        }
        Ok(left)
    }

    /// Refuses a key to a customer of whom another one is suspended, though that has ended since: a suspension follows him.
    ///
    /// # Errors
    /// `suspension_open`.
    pub(crate) async fn not_suspended(&self, customer: &str) -> Result<(), Refusal> {
        for account in self.every(&ACCOUNTS, vec![("customer", json!(customer))]).await? {
            let equals = vec![
                ("account", json!(text(&account, ACCOUNTS.key))),
                ("state", json!(MeasureState::InForce)),
                ("measure", json!(SUSPEND)),
            ];
            if let Some(row) = self.every(&MEASURES, equals).await?.first() {
                return Err(Refusal::new(
                    RefusalKind::Conflict,
                    "suspension_open",
                    format!(
                        "key `{}` of the same customer is suspended, which holds for a new one too",
                        text(row, "key")
                    ),
                    "the exchange's customer service can say why; staff lift the suspension, of an ended key too",
                ));
            }
        }
        Ok(())
    }

    /// That the key whose place another takes is of the same account.
    ///
    /// # Errors
    /// `replaces_unknown`.
    pub(crate) async fn replaced(&self, key: &KeyRow) -> Result<Option<RowRead>, Refusal> {
        let Some(replaces) = &key.replaces else { return Ok(None) };
        let row = self.row(&KEYS, replaces).await?;
        match row.filter(|row| text(row, "account") == key.account) {
            Some(row) => Ok(Some(read(&KeyRow::of(&row)?))),
            None => Err(invalid(
                "replaces_unknown",
                "/replaces",
                "the key to be replaced is none of this account".to_owned(),
                "name a key of the same account, or leave `replaces` out",
            )),
        }
    }

    /// Every row with these values, however many.
    async fn every(
        &self,
        table: &'static Table,
        equals: Vec<(&'static str, Value)>,
    ) -> Result<Vec<Image>, Refusal> {
        let mut filter = Filter { equals, limit: Filter::LIMIT_MAX, ..Filter::default() };
        let mut all = Vec::new();
        loop {
            let rows = self.store.list(table, &filter).await.map_err(store_refusal)?;
            let last = rows.len() < filter.limit as usize;
            filter.after = rows.last().map(|row| text(row, table.key).to_owned());
            all.extend(rows);
            if last {
                return Ok(all);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::write::tests::{DAY, NOW, key};
    use super::*;

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
            (vec![with(Measure::Hold, DAY), with(Measure::Hold, 2 * DAY)], Some(Measure::Hold)),
        ];
        for (others, expected) in cases {
            let mut new = KeyRow { key: "K9".into(), ..key() };
            let read = follow(&mut new, &others, NOW);
            assert_eq!(new.measure, expected, "{others:?}");
            assert_eq!(read.is_some(), expected.is_some());
            let longest = others.iter().filter_map(|other| other.review_due_us).max();
            assert_eq!(new.review_due_us, longest.filter(|_| expected == Some(Measure::Hold)));
        }
        let held = KeyRow { review_due_us: Some(NOW.as_micros() + DAY), ..with(Measure::Hold, 0) };
        let mut own = KeyRow { key: "K9".into(), before_hold: Some(Measure::Warn), ..held.clone() };
        assert!(follow(&mut own, &[with(Measure::Warn, 0), held], NOW).is_none(), "it has as much already");
        assert_eq!((own.measure, own.before_hold), (Some(Measure::Hold), Some(Measure::Warn)));
    }
}

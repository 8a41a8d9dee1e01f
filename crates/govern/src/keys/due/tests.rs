//! The instant kept in the row is the first at which something is due, whatever the key.

use super::*;
use crate::keys::row::{Grant, Step};
use crate::keys::write::tests::{NOW, key};
use proptest::prelude::*;
use sumun_model::{Scope, ScopeSet};

fn at(minutes: i64) -> i64 {
    NOW.as_micros() + minutes * 60_000_000
}

fn keys() -> impl Strategy<Value = KeyRow> {
    let states =
        [KeyState::Requested, KeyState::Active, KeyState::Suspended, KeyState::Expired, KeyState::Rejected];
    let measures = [None, Some(Measure::Hold), Some(Measure::Reverify), Some(Measure::Monitor)];
    let scopes = [
        ScopeSet::READ.union(ScopeSet::TRADE),
        ScopeSet::READ.union(ScopeSet::TRADE).with(Scope::Withdraw),
        ScopeSet::EMPTY.with(Scope::Withdraw),
        ScopeSet::TRADE,
        ScopeSet::READ,
    ];
    let time = || proptest::option::of(0..40_i64);
    (
        (proptest::sample::select(states.to_vec()), proptest::sample::select(measures.to_vec())),
        proptest::sample::select(scopes.to_vec()),
        (0..40_i64, time(), time(), time()),
        (time(), time()),
    )
        .prop_map(|((state, measure), scopes, (expires, ends, rotate, review), (trade, transfer))| {
            let grant = |(step, until): (Step, Option<i64>)| Grant {
                step,
                approval: None,
                granted: true,
                until_us: until.map(at),
            };
            KeyRow {
                state,
                measure,
                scopes,
                expires_us: at(expires),
                ends_us: ends.map(at),
                rotate_by_us: rotate.map(at),
                review_due_us: review.map(at),
                approvals: [(Step::Trade, trade), (Step::Transfer, transfer)].map(grant).to_vec(),
                ..key()
            }
        })
}

/// What one run does about a key: as it was found by looking at every one.
fn naive(key: &KeyRow, now: Timestamp) -> bool {
    let overdue = !key.state.is_terminal()
        && key.ends_us.is_none()
        && key.rotate_by_us.is_some_and(|by| by <= now.as_micros());
    overdue || due(key, now).is_some()
}

proptest! {
    #[test]
    fn the_next_due_time_is_when_something_is_due(key in keys()) {
        let first = (0..=40).map(|minute| Timestamp::from_micros(at(minute))).find(|now| naive(&key, *now));
        prop_assert_eq!(next_due(&key), first);
        prop_assert_eq!(KeyRow::of(&key.image()).unwrap().next_due_us, first.map(Timestamp::as_micros));
    }
}

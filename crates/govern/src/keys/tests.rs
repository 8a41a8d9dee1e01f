//! Random sequences of everything that can be done to a key and to the key that takes its place, against a naive model.

use super::change::Wish;
use super::end::end;
use super::grant::{Frozen, approved};
use super::lint::Origin;
use super::machine::Action;
use super::measures::{Hold, done};
use super::rotate::rotated;
use super::row::KeyRow;
use super::rules::{narrows, within};
use super::write::tests::{DAY, NOW, key};
use super::write::{Deed, KeyWrite, Why, plan};
use crate::actor::{Actor, Role};
use crate::refusal::Refusal;
use crate::venue::{EXAMPLE, Venue};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use sumun_model::key::AllowlistEntry;
use sumun_model::{ExpiryCause, KeyState, Measure, Scope, ScopeSet};

/// One random act: which key of those there are, what, and with which draw.
#[derive(Clone, Debug)]
struct Act {
    on: usize,
    action: Action,
    draw: u8,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let one = (0usize..4, 0usize..Action::ALL.len(), any::<u8>()).prop_map(|(on, action, draw)| Act {
        on,
        action: Action::ALL[action],
        draw,
    });
    proptest::collection::vec(one, 0..40)
}

fn actor() -> Actor {
    Actor {
        principal: "user:anna".into(),
        roles: vec![Role::Analyst],
        customer: None,
        session: Some("s2".into()),
        second_factor: None,
        rights: None,
    }
}

/// What passes at the gate, in the model's own words: sets of scopes.
fn passes(key: &KeyRow) -> ScopeSet {
    let least = ScopeSet::READ.with(Scope::Cancel);
    let only = |kept: ScopeSet| key.scopes.iter().filter(|scope| kept.contains(*scope)).collect::<ScopeSet>();
    match (key.state, key.measure) {
        (KeyState::Active, Some(Measure::Hold | Measure::Reverify)) => only(least),
        (KeyState::Active, _) => key.scopes,
        (KeyState::Suspended, _) => only(ScopeSet::EMPTY.with(Scope::Cancel)),
        _ => ScopeSet::EMPTY,
    }
}

fn wish(draw: u8, key: &KeyRow) -> Wish {
    let scopes: ScopeSet = Scope::ALL
        .iter()
        .copied()
        .enumerate()
        .filter(|(bit, _)| draw >> (bit % 8) & 1 == 1)
        .map(|(_, s)| s)
        .collect();
    let address = format!("203.0.113.{}", draw % 4 + 5);
    if draw.is_multiple_of(2) {
        Wish::Scopes(scopes)
    } else if draw.is_multiple_of(3) {
        Wish::Allowlist(key.allowlist.clone())
    } else {
        Wish::Allowlist(vec![AllowlistEntry::Plain(address.parse().unwrap())])
    }
}

/// Does it through the real rules, plan and lint included.
fn act(present: &KeyRow, act: &Act, new_id: String) -> Result<Vec<KeyRow>, Refusal> {
    let venue = Venue::parse("venue.toml", EXAMPLE).unwrap();
    let who = actor();
    let action = act.action;
    let deed = Deed { class: "key.changed", title: "t", actor: &who, venue: &venue, now: NOW };
    let hold = Hold {
        reason: "seen from two places".into(),
        lesser: "a warning is too slow".into(),
        reviewer: "user:bert".into(),
        due: None,
    };
    let mut why = Why::default();
    let frozen = |scopes, allowlist| Frozen {
        ground: None,
        cases: Vec::new(),
        placed_by: Vec::new(),
        key: present.key.clone(),
        customer: "C1".into(),
        basis: Some(present.basis()),
        step: None,
        scopes,
        allowlist,
        reason: None,
        lesser: None,
        shown: Value::Null,
    };
    let mut made = None;
    let after = match action {
        Action::Suspend | Action::Lift | Action::Release | Action::Lapse => {
            done(&venue, present, action, "a reason", None, NOW)?
        }
        Action::Hold => done(&venue, present, action, "a reason", Some(&hold), NOW)?,
        Action::Revoke => end(present, action, ExpiryCause::Owner, None)?,
        Action::Leak => end(present, action, ExpiryCause::Leaked, None)?,
        Action::RunOut => end(present, action, ExpiryCause::Natural, None)?,
        Action::Expire => approved(present, &frozen(None, None), "key.expire", "P1")?.0,
        Action::Approve => approved(present, &frozen(None, None), "key.grant", "P1")?.0,
        Action::Reject | Action::Issue | Action::Watch | Action::Warn | Action::Reverify | Action::Clear => {
            present.at(super::machine::apply(present.standing(), action)?)
        }
        Action::Narrow => {
            super::machine::apply(present.standing(), action)?;
            let wish = wish(act.draw, present);
            if wish.narrows(present) { wish.on(present) } else { present.clone() }
        }
        Action::Widen => {
            why.approvals.push("P1".into());
            let wished = wish(act.draw, present).on(present);
            let frozen = frozen(Some(wished.scopes), Some(wished.allowlist));
            approved(present, &frozen, "key.widen", "P1")?.0
        }
        Action::Rotate => {
            let (old, new) = rotated(present, new_id, DAY, (&who, "s2"), NOW)?;
            made = Some(new);
            old
        }
    };
    let mut writes = vec![KeyWrite { before: Some(present), after, origin: Origin::By(action) }];
    if let Some(made) = made {
        writes.push(KeyWrite { before: None, after: made, origin: Origin::Replaces(present) });
    }
    let plan = plan(deed, &why, writes)?;
    crate::lint::plan(&plan)?;
    let keys = plan.change.writes.iter().filter(|write| write.table.name == "keys");
    keys.map(|write| KeyRow::of(&write.image)).collect()
}

proptest! {
    #[test]
    fn terminal_is_terminal_and_nothing_widens_unasked(start in 0u8..2, acts in acts()) {
        let mut first = key();
        if start == 1 {
            first = KeyRow { state: KeyState::Requested, secret: None, exposure: None, ..first };
        }
        let mut keys: BTreeMap<String, KeyRow> = BTreeMap::from([(first.key.clone(), first)]);
        let mut dead: BTreeSet<String> = BTreeSet::new();
        for (number, one) in acts.iter().enumerate() {
            let Some(before) = keys.values().nth(one.on % keys.len()).cloned() else { continue };
            let result = act(&before, one, format!("N{number}"));
            if dead.contains(&before.key) {
                prop_assert!(result.is_err(), "{} did something to a dead key", one.action.as_str());
                continue;
            }
            let Ok(after) = result else { continue };
            for key in after {
                prop_assert!(!dead.contains(&key.key), "a dead id was written");
                let old = keys.get(&key.key).unwrap_or(&before);
                let gave_back = [
                    Action::Issue,
                    Action::Lift,
                    Action::Release,
                    Action::Lapse,
                    Action::Widen,
                    Action::Watch,
                    Action::Warn,
                    Action::Clear,
                ];
                if !gave_back.contains(&one.action) {
                    prop_assert!(within(passes(&key), passes(old)), "{} widened", one.action.as_str());
                }
                if one.action != Action::Widen {
                    prop_assert!(within(key.scopes, old.scopes));
                    prop_assert!(narrows(&old.allowlist, &key.allowlist));
                }
                prop_assert!(key.ends() <= old.ends(), "no act makes a key live longer");
                if key.key == old.key {
                    prop_assert_eq!(key.version, old.version + 1);
                }
                if key.state.is_terminal() {
                    dead.insert(key.key.clone());
                }
                keys.insert(key.key.clone(), key);
            }
        }
    }
}

//! D1: a rule on record was broken: by whom a key is driven, what for, how far, where.
//!
//! **Sees**, without any model, use that contradicts a record of the key: its vendor, purpose, scopes, mandate, allowlist, end, or a
//! delegation. Also use inside a running delegation, which is documented and weighs nothing.
//! **Misses** whatever nobody wrote down. Says nothing of who broke a rule: a vendor's own trespass shows on every key it drives.
//!
//! Example: a key for watching a portfolio places an order: `purpose_exceeded`, 1.0, the same once a day at most.
//!
//! A refused attempt from an address in effect counts half: the gate kept the rule, the will was there. What comes from an address not
//! in effect breaks no rule of this key's owner and is A8's. Deterministic; one signal per rule and day.
//!
//! Guards: an owner's own web or app session from the address of an ended delegation explains use from there (one office, two
//! people). Vendors' and delegations' records touch this family only.
//!
//! State: 13 rules of 9 bytes, 8 addresses of 16, one second's count; at most 0.3 KiB.

mod rules;
#[cfg(test)]
mod tests;

use super::KeyDetector;
use super::around::{Spans, us};
use super::recent::Recent;
use crate::emit::{Emit, Raw};
use crate::keys::Around;
use crate::mark::Mark;
use crate::seen::Seen;
use rules::{Broken, Rule, first_of_each};
use serde::{Deserialize, Serialize};
use sumun_model::finding::Family;
use sumun_model::wire::SessionLine;
use sumun_model::wire::event::SessionAction;
use sumun_model::{Cause, Effect, Segment};

/// The detector.
#[derive(Clone, Copy, Debug)]
pub struct PolicyViolation;

/// Numbers of the policy file; strengths are thousandths of llr.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Length of a day, seconds: a rule is told once in it. 86400.
    pub day_s: u32,
    /// Share of a refused attempt, thousandths. 500.
    pub refused_milli: i32,
    /// Kinds of customer whose keys must have an allowlist. All: the alliance asks it of every key.
    pub allowlist_mandatory: Vec<Segment>,
    /// How long an owner's session explains use from its address, seconds. 14 days.
    pub owner_session_s: u32,
    /// The named vendor is suspended or removed. 1000.
    pub vendor_not_in_force_milli: i32,
    /// Used from the egress of a vendor the key does not name. 1500.
    pub vendor_unnamed_milli: i32,
    /// Names a vendor with its own egress, used from elsewhere. 500.
    pub vendor_left_milli: i32,
    /// Orders or transfers with a key for watching. 1000.
    pub purpose_milli: i32,
    /// A scope the key does not have. 800.
    pub scope_milli: i32,
    /// A market outside the mandate. 800.
    pub market_milli: i32,
    /// A country outside the mandate. 800.
    pub country_milli: i32,
    /// More orders a second than the mandate allows. 300.
    pub rate_milli: i32,
    /// No allowlist where one is mandatory. 200.
    pub allowlist_milli: i32,
    /// Let through after its end. 500.
    pub expired_milli: i32,
    /// Used from a delegation's network after its end. 1000.
    pub delegation_ended_milli: i32,
    /// Used inside a delegation, beyond its scopes. 1500.
    pub delegation_exceeded_milli: i32,
    /// Used inside a delegation and its scopes; never above 0. 0: it is told and explains, it pays for nothing else.
    pub delegation_in_use_milli: i32,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            day_s: 86_400,
            refused_milli: 500,
            allowlist_mandatory: Segment::ALL.to_vec(),
            owner_session_s: 14 * 86_400,
            vendor_not_in_force_milli: 1_000,
            vendor_unnamed_milli: 1_500,
            vendor_left_milli: 500,
            purpose_milli: 1_000,
            scope_milli: 800,
            market_milli: 800,
            country_milli: 800,
            rate_milli: 300,
            allowlist_milli: 200,
            expired_milli: 500,
            delegation_ended_milli: 1_000,
            delegation_exceeded_milli: 1_500,
            delegation_in_use_milli: 0,
        }
    }
}

/// What is remembered of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The day on which each rule was told last.
    told: Spans,
    /// Orders within the second at hand.
    second: i64,
    orders: u32,
    owner: Recent<8>,
}

impl KeyDetector for PolicyViolation {
    const NAME: &'static str = "key.policy_violation@1";
    const FAMILY: Family = Family::Policy;
    type Params = Params;
    type State = State;

    fn access(params: &Params, state: &mut State, seen: &Seen<'_>, emit: &mut Emit) {
        if !seen.valid || seen.address_ok == Some(false) {
            return;
        }
        let orders = state.count(seen);
        let now = seen.now.as_micros();
        let day = now.div_euclid(us(params.day_s.max(1)));
        first_of_each(params, seen, orders, |rule, broken: &dyn Fn() -> Broken| {
            if state.told.is(rule as usize, day) {
                return;
            }
            let owner_was_here = || {
                let last = state.owner.last(Mark::of_address(seen.address));
                last.is_some_and(|last| now - last <= us(params.owner_session_s))
            };
            if rule == Rule::DelegationEnded && owner_was_here() {
                return;
            }
            state.told.set(rule as usize, day);
            emit.signal(told(params, rule, seen, broken()));
        });
    }

    fn session(_: &Params, state: &mut State, line: &SessionLine, around: Around<'_>, _: &mut Emit) {
        let his =
            !matches!(line.action, None | Some(SessionAction::LoginFailed | SessionAction::ControlFailed));
        if let Some(address) = line.ip.filter(|_| his) {
            state.owner.touch(Mark::of_address(address), around.now.as_micros());
        }
    }
}

impl State {
    /// Orders of this key within the engine's present second, this one among them; 0 if this is none.
    fn count(&mut self, seen: &Seen<'_>) -> u32 {
        if seen.line.effect != Some(Effect::Order) || !seen.passed {
            return 0;
        }
        let second = seen.now.as_micros().div_euclid(1_000_000);
        if self.second != second {
            (self.second, self.orders) = (second, 0);
        }
        self.orders = self.orders.saturating_add(1);
        self.orders
    }
}

fn told(params: &Params, rule: Rule, seen: &Seen<'_>, broken: Broken) -> Raw {
    let full = rule.milli(params);
    let llr = if seen.passed || full <= 0 { full } else { full.saturating_mul(params.refused_milli) / 1_000 };
    let mut values = broken.values;
    values.push(("refused".to_owned(), i64::from(!seen.passed).into()));
    Raw {
        code: rule.code().to_owned(),
        cause: match rule {
            Rule::DelegationInUse => Cause::DocumentedDelegation,
            Rule::DelegationEnded | Rule::DelegationExceeded => Cause::OverDelegated,
            _ => Cause::Unknown,
        },
        llr_milli: llr,
        values,
        baseline: None,
        evidence: Vec::new(),
        hard: None,
    }
}

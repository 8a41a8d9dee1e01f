//! Steps of a key's grant: rights to trade and rights to move assets are agreed to apart (R24), and may end by themselves (R25).

use super::access::AccountFacts;
use super::change::due;
use super::grant::Frozen;
use super::row::{Grant, KeyRow, Step};
use crate::approvals::{Approval, Opening};
use crate::venue::{ApprovalClass, Needed, SegmentRules, Venue};
use serde_json::{Value, json};
use sumun_model::{Scope, ScopeSet, Timestamp};

/// The steps of a key with these scopes: trading and moving assets each apart, looking only where there is neither.
#[must_use]
pub fn of(scopes: ScopeSet) -> Vec<Step> {
    let classes: Vec<ApprovalClass> = scopes.iter().map(ApprovalClass::of_scope).collect();
    let mut steps = Vec::new();
    if classes.contains(&ApprovalClass::Trade) {
        steps.push(Step::Trade);
    }
    if classes.contains(&ApprovalClass::Transfer) {
        steps.push(Step::Transfer);
    }
    if steps.is_empty() {
        steps.push(Step::Read);
    }
    steps
}

/// The scopes that belong to a step.
#[must_use]
pub fn scopes_of(step: Step) -> ScopeSet {
    let class = match step {
        Step::Read => ApprovalClass::Read,
        Step::Trade => ApprovalClass::Trade,
        Step::Transfer => ApprovalClass::Transfer,
    };
    Scope::ALL.iter().copied().filter(|scope| ApprovalClass::of_scope(*scope) == class).collect()
}

/// Who must agree to a step.
#[must_use]
pub fn needed(rules: &SegmentRules, step: Step) -> &[Needed] {
    match step {
        Step::Read => &rules.approvals.read,
        Step::Trade => &rules.approvals.trade,
        Step::Transfer => &rules.approvals.transfer,
    }
}

/// Who must agree to a widening of a key that then holds these scopes: for every role, as many as any of its steps asks.
#[must_use]
pub fn needed_to_widen(rules: &SegmentRules, scopes: ScopeSet) -> Vec<Needed> {
    stricter(of(scopes).into_iter().flat_map(|step| needed(rules, step)))
}

/// For every role, as many as any of these asks.
#[must_use]
pub fn stricter<'a>(needed: impl IntoIterator<Item = &'a Needed>) -> Vec<Needed> {
    let mut all: Vec<Needed> = Vec::new();
    for one in needed {
        match all.iter_mut().find(|other| other.role == one.role) {
            Some(other) if other.count.get() < one.count.get() => *other = *one,
            Some(_) => {}
            None => all.push(*one),
        }
    }
    all
}

/// Notes the steps in which a key gains rights. What was given for a time before, and is given anew, has no such time.
pub fn note_new(key: &mut KeyRow, before: ScopeSet, approval: Option<&str>) {
    let gained: ScopeSet = key.scopes.iter().filter(|scope| !before.contains(*scope)).collect();
    if gained.is_empty() {
        return;
    }
    for step in of(gained) {
        key.approvals.retain(|grant| grant.step != step);
        key.approvals.push(Grant {
            step,
            approval: approval.map(str::to_owned),
            granted: true,
            until_us: None,
        });
    }
}

/// What lives on when the rights of these grants have ended by themselves. Cancelling stays: it takes nothing from anybody.
#[must_use]
pub fn without_ended(scopes: ScopeSet, grants: &[Grant], now: Timestamp) -> ScopeSet {
    let ended: ScopeSet = grants
        .iter()
        .filter(|grant| grant.until_us.is_some_and(|until| until <= now.as_micros()))
        .flat_map(|grant| scopes_of(grant.step).iter().collect::<Vec<_>>())
        .filter(|scope| *scope != Scope::Cancel)
        .collect();
    scopes.iter().filter(|scope| !ended.contains(*scope)).collect()
}

/// Opens an approval for every step that the segment asks somebody about.
pub fn open_steps(
    venue: &Venue,
    account: &AccountFacts,
    key: &mut KeyRow,
    requested_by: &str,
    now: Timestamp,
    mut id: impl FnMut() -> String,
) -> Vec<Approval> {
    let due = due(venue, now);
    let rules = venue.segment(account.segment);
    let basis = key.basis();
    let shown = shown(key, account);
    let mut opened = Vec::new();
    for grant in &mut key.approvals {
        let needed = needed(rules, grant.step);
        if needed.is_empty() {
            continue;
        }
        let frozen = Frozen {
            ground: None,
            cases: Vec::new(),
            placed_by: Vec::new(),
            key: key.key.clone(),
            customer: account.customer.clone(),
            basis: Some(basis.clone()),
            step: Some(grant.step),
            scopes: Some(key.scopes),
            allowlist: None,
            reason: None,
            lesser: None,
            shown: shown.clone(),
        };
        let opening = Opening {
            id: id(),
            action: "key.grant",
            subject: format!("key:{}", key.key),
            request: json!(frozen),
            requested_by,
            needed,
            due,
        };
        grant.granted = false;
        grant.approval = Some(opening.id.clone());
        opened.push(Approval::open(opening, now));
    }
    opened
}

/// What an approver is shown, frozen with the request.
pub(crate) fn shown(key: &KeyRow, account: &AccountFacts) -> Value {
    json!({
        "account": key.account,
        "segment": account.segment,
        "purpose": key.purpose,
        "application": key.application,
        "operator": key.operator,
        "vendor": key.vendor,
        "allowlist": key.allowlist,
        "expires": key.ends(),
    })
}

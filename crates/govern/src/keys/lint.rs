//! What must hold of every change of a key, whatever made it: the transition exists, and nothing widens unapproved.
//!
//! The rules have refused all this before; here it is asked again of the result, so that a rule forgotten in one use case
//! is a fault that shows, never a key that can more than was agreed.

use super::machine::{self, Action, Standing};
use super::row::KeyRow;
use super::rules::{narrows, within};
use super::write::KeyWrite;
use crate::refusal::{Refusal, RefusalKind};
use sumun_model::{KeyState, Timestamp};

/// What brings a key's change about.
#[derive(Clone, Copy, Debug)]
pub enum Origin<'a> {
    /// It is asked for.
    Asked,
    /// It takes the place of this one, with no more than it had.
    Replaces(&'a KeyRow),
    /// An action on a key that is there.
    By(Action),
    /// The exchange has it already, and tells of it.
    Imported,
    /// The exchange, whose word counts for it, has it otherwise.
    Mirrored,
    /// A campaign asks who uses it, or its owner has said so.
    Campaign,
}

/// Looks one key's change over.
///
/// # Errors
/// `plan_lint`.
pub fn key(write: &KeyWrite<'_>, approvals: &[String], now: Timestamp) -> Result<(), Refusal> {
    let after = &write.after;
    let fault = match (write.before, write.origin) {
        (None, Origin::Asked) => (after.state != KeyState::Requested || after.secret.is_some())
            .then(|| "a key that is asked for would be usable".to_owned()),
        (None, Origin::Replaces(old)) => {
            let more = widens(old, after)
                .or((old.measure != after.measure).then_some("measure"))
                .or((old.campaign != after.campaign).then_some("campaign"));
            more.map(|what| format!("a rotated key would differ in `{what}` from the one before it"))
        }
        (Some(before), Origin::By(action)) => changed(before, after, action, approvals),
        (None, Origin::Imported) => (after.state == KeyState::Requested)
            .then(|| "a key that is imported would wait to be issued".to_owned()),
        (Some(before), Origin::Mirrored) => mirrored(before, after, now),
        (Some(before), Origin::Campaign) => registered(before, after),
        (None, Origin::By(_) | Origin::Mirrored | Origin::Campaign)
        | (Some(_), Origin::Asked | Origin::Replaces(_) | Origin::Imported) => {
            Some("the way it comes about does not fit whether it was there".to_owned())
        }
    };
    fault.map_or(Ok(()), |fault| {
        tracing::error!(key.id = %after.key, plan.fault = %fault, "A key's change was refused by its lint: {fault}");
        Err(Refusal::new(
            RefusalKind::Unavailable,
            "plan_lint",
            format!("the plan is not sound: {fault}"),
            "nothing was written; report this with the request: it is a fault of the server",
        ))
    })
}

fn changed(before: &KeyRow, after: &KeyRow, action: Action, approvals: &[String]) -> Option<String> {
    match machine::apply(before.standing(), action) {
        Err(refusal) => return Some(refusal.message),
        Ok(standing) if !stands(standing, after.standing(), action) => {
            return Some(format!(
                "`{}` makes a key `{}`, not `{}`",
                action.as_str(),
                standing.state,
                after.state
            ));
        }
        Ok(_) => {}
    }
    let never = [
        ("key", before.key != after.key),
        ("account", before.account != after.account),
        ("purpose", before.purpose != after.purpose),
        ("operator", before.operator != after.operator),
        ("requested_by", before.requested_by != after.requested_by),
        ("session", before.session != after.session),
        ("replaces", before.replaces != after.replaces),
        ("campaign", before.campaign != after.campaign),
    ];
    if let Some((field, _)) = never.iter().find(|(_, differs)| *differs) {
        return Some(format!("`{field}` of a key never changes"));
    }
    if action != Action::Issue && (before.secret != after.secret || before.exposure != after.exposure) {
        return Some("a secret is set when a key is issued, and never again".to_owned());
    }
    if action == Action::Issue && !after.all_granted() {
        return Some("a key would live before every step was granted".to_owned());
    }
    match widens(before, after) {
        Some(what) if action != Action::Widen => Some(format!("`{}` widens `{what}`", action.as_str())),
        Some(what) if approvals.is_empty() => Some(format!("`{what}` widens without an approval")),
        _ => None,
    }
}

/// What a campaign may change of a living key: who uses it, on which terms, and whether it waits for that.
fn registered(before: &KeyRow, after: &KeyRow) -> Option<String> {
    if before.state.is_terminal() {
        return Some("an ended key would be written anew".to_owned());
    }
    let KeyRow { operator, vendor, terms, terms_accepted_us, campaign, .. } = after.clone();
    let allowed = KeyRow { operator, vendor, terms, terms_accepted_us, campaign, ..before.clone() };
    let same = KeyRow { next_due_us: before.next_due_us, version: before.version, ..after.clone() };
    (allowed != same).then(|| "a registration would change more than who uses the key".to_owned())
}

/// What the exchange may say anew of a living key: what it may do, whence, until when, what it is called; and its secret, once.
fn mirrored(before: &KeyRow, after: &KeyRow, now: Timestamp) -> Option<String> {
    if before.state.is_terminal() || before.ends() <= now {
        return Some("an ended key would be written anew".to_owned());
    }
    let KeyRow { scopes, allowlist, application, expires_us, ends_us, approvals, .. } = after.clone();
    let mut allowed =
        KeyRow { scopes, allowlist, application, expires_us, ends_us, approvals, ..before.clone() };
    if before.is_suspended_there() && after.state == KeyState::Active {
        allowed.state = after.state;
    }
    if before.secret.is_none() {
        (allowed.secret, allowed.exposure) = (after.secret.clone(), after.exposure.clone());
    }
    let same = KeyRow { next_due_us: before.next_due_us, version: before.version, ..after.clone() };
    (allowed != same).then(|| "the exchange would change what is not its own to change".to_owned())
}

/// A key that is issued takes up what its owner's other keys suffer since; otherwise the action alone says how it stands.
fn stands(expected: Standing, after: Standing, action: Action) -> bool {
    let stricter = expected.state == after.state && expected.measure < after.measure;
    expected == after || action == Action::Issue && stricter
}

/// The first field in which `after` allows more than `before`.
fn widens(before: &KeyRow, after: &KeyRow) -> Option<&'static str> {
    if !within(after.scopes, before.scopes) {
        return Some("scopes");
    }
    if !narrows(&before.allowlist, &after.allowlist) {
        return Some("allowlist");
    }
    if after.ends() > before.ends() {
        return Some("expires");
    }
    (before.mandate != after.mandate).then_some("mandate")
}

#[cfg(test)]
mod tests {
    use super::super::write::tests::{NOW, key as sample};
    use super::*;
    use sumun_model::{ExpiryCause, Scope};

    fn said(after: KeyRow, action: Action, approvals: &[String]) -> String {
        let before = sample();
        let write = KeyWrite { before: Some(&before), after, origin: Origin::By(action) };
        key(&write, approvals, NOW).map_or_else(|refusal| refusal.message, |()| "sound".to_owned())
    }

    #[test]
    fn a_key_past_its_end_is_not_written_anew_by_what_the_exchange_tells() {
        let before = sample();
        let after = KeyRow { expires_us: before.expires_us + 1, ..before.clone() };
        let said = |now| {
            let write = KeyWrite { before: Some(&before), after: after.clone(), origin: Origin::Mirrored };
            key(&write, &[], now).map_or_else(|refusal| refusal.message, |()| "sound".to_owned())
        };
        assert_eq!(said(before.ends().plus_micros(-1)), "sound");
        assert_eq!(said(before.ends()), "the plan is not sound: an ended key would be written anew");
    }

    #[test]
    fn what_no_plan_may_do() {
        let wider = KeyRow { scopes: sample().scopes.with(Scope::Withdraw), ..sample() };
        let dead = KeyRow { state: KeyState::Expired, cause: Some(ExpiryCause::Owner), ..sample() };
        let moved = KeyRow { account: "A2".into(), ..sample() };
        let reopened = KeyRow { allowlist: Vec::new(), ..sample() };
        let other_secret = KeyRow { secret: None, ..sample() };
        let lines = [
            said(sample(), Action::Narrow, &[]),
            said(wider.clone(), Action::Narrow, &["P1".to_owned()]),
            said(wider.clone(), Action::Widen, &[]),
            said(wider, Action::Widen, &["P2".to_owned()]),
            said(dead.clone(), Action::Suspend, &[]),
            said(dead, Action::Revoke, &[]),
            said(moved, Action::Narrow, &[]),
            said(reopened, Action::Narrow, &[]),
            said(other_secret, Action::Narrow, &[]),
        ];
        insta::assert_snapshot!(lines.join("\n"), @r"
        sound
        the plan is not sound: `narrow` widens `scopes`
        the plan is not sound: `scopes` widens without an approval
        sound
        the plan is not sound: `suspend` makes a key `suspended`, not `expired`
        sound
        the plan is not sound: `account` of a key never changes
        the plan is not sound: `narrow` widens `allowlist`
        the plan is not sound: a secret is set when a key is issued, and never again
        ");
    }
}

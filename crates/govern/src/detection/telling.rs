//! What a step brings to people: the owner's notice, and the tasks of staff.
//!
//! Never here: monitoring told to anybody outside, weights, or anything that depends on a report (L3).

use super::effects::{Grounds, TAKEN_OVER};
use crate::govern::Govern;
use crate::keys::access::Loaded;
use crate::keys::capability::paused;
use crate::notices::{self, NoticeDraft, NoticeText};
use crate::plan::Plan;
use crate::tasks::{self, TaskKind, TaskRow};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use sumun_model::because::Lang;
use sumun_model::finding::Signal;
use sumun_model::key::AllowlistEntry;
use sumun_model::{Measure, Timestamp, Value};
use sumun_policy::Step;
use sumun_policy::explain::{found_for_owner, nth_for_owner};

/// Sentences about what was seen, in one notice.
const SEEN_MAX: usize = 5;
/// Sentences about addresses that were proved, in one notice.
const PROVED_MAX: usize = 3;

impl Govern {
    /// What the owner is told when a measure begins: what was seen, what is asked, by when, what is next, how to object. Never
    /// of monitoring, never with weights.
    pub(super) fn told_owner(
        &self,
        plan: &mut Plan,
        grounds: &Grounds<'_>,
        step: &Step,
        signals: &[Signal],
        case_id: &str,
    ) {
        if step.measure == Measure::Monitor {
            return;
        }
        let Loaded { key, account } = grounds.loaded;
        let kind = format!("measure.{}", step.measure);
        let mut draft = NoticeDraft::new(&kind).to(&account.customer).about(&key.key, &key.account);
        draft.case_id = Some(case_id.to_owned());
        // A rule that stands on more than signals, such as a test that failed, says so in words of its own.
        let own = step.why.values.contains_key("owner_ko") && step.why.values.contains_key("owner_en");
        if own {
            draft = draft.say(found(step));
        }
        // What followed from another key rests on what was seen of that one.
        let signals = if step.rule == TAKEN_OVER { &[] } else { signals };
        let seen = seen(signals, &key.allowlist);
        if !own && seen.is_empty() {
            // Nobody is told what is asked of him without why.
            draft = draft.say(found(step));
        }
        // A key that ends takes its addresses with it: of them nothing is asked any more.
        let proved =
            if step.measure == Measure::Expire { Vec::new() } else { proved(signals, &key.allowlist) };
        for text in seen.into_iter().chain(proved) {
            draft = draft.say(text);
        }
        if let Some(nth) = nth_for_owner(step) {
            draft = draft.say(NoticeText::new("measure.again").with("nth", nth));
        }
        let what = if step.measure == Measure::Hold { paused(key.scopes) } else { "" };
        let mut asked = NoticeText::new(&format!("{kind}.asked{what}")).with("key", key.key.as_str());
        if let Some(until) = step.until {
            asked = asked.with("until", until.to_string());
        }
        draft = draft.say(asked).say(NoticeText::new(&format!("{kind}.next"))).say(NoticeText::new("object"));
        notices::add(plan, draft, grounds.now);
    }

    /// That a measure ended, if he was told of it.
    pub(super) fn told_of_end(&self, plan: &mut Plan, grounds: &Grounds<'_>, step: &Step) {
        if step.measure == Measure::Monitor {
            return;
        }
        let Loaded { key, account } = grounds.loaded;
        let ended = NoticeText::new("measure.ended")
            .with("key", key.key.as_str())
            .with("measure", step.measure.as_str());
        let outcome = match step.why.code.as_str() {
            "ladder.lifted" | "ladder.exonerated" => "measure.ended.lifted",
            "ladder.proved" | "ladder.after_proof" => "measure.ended.proved",
            _ => "measure.ended.lapsed",
        };
        let draft = NoticeDraft::new("measure.ended")
            .to(&account.customer)
            .about(&key.key, &key.account)
            .say(ended)
            .say(NoticeText::new(outcome));
        notices::add(plan, draft, grounds.now);
    }

    pub(super) fn add_tasks(&self, plan: &mut Plan, grounds: &Grounds<'_>, step: &Step, case_id: &str) {
        let key = &grounds.loaded.key;
        let mut kinds = Vec::new();
        if step.measure == Measure::Hold {
            kinds.push(TaskKind::ReviewHold);
        }
        // What comes out of a renewed verification, and every end by force.
        if step.measure == Measure::Expire || key.measure == Some(Measure::Reverify) {
            kinds.push(TaskKind::ConsiderReport);
        }
        for kind in kinds {
            let task = TaskRow::new(self.new_id("T"), case_id, kind, Some(&key.key), grounds.now);
            tasks::add(plan, &task.due(step.until));
        }
    }
}

/// What the step stands on, in the rule's own words for owners, else by the kinds of evidence.
fn found(step: &Step) -> NoticeText {
    match [Lang::Ko, Lang::En].map(|lang| found_for_owner(step, lang)) {
        [Some(ko), Some(en)] => NoticeText::new("measure.found").with("owner_ko", ko).with("owner_en", en),
        _ => NoticeText::new("measure.found_by_check"),
    }
}

/// What was seen, one sentence per code, with those values only that the owner's sentence names. That a key has no address, no longer where
/// it has one: nobody is asked for what he has done.
pub(crate) fn seen(signals: &[Signal], allowlist: &[AllowlistEntry]) -> Vec<NoticeText> {
    let mut said = BTreeSet::new();
    let registered = allowlist.iter().any(|entry| entry.in_effect(true));
    let still = |signal: &&Signal| !(registered && signal.code == "allowlist_missing");
    let latest = signals.iter().rev().filter(still).filter(|signal| said.insert(signal.code.clone()));
    let mut texts: Vec<_> = latest
        .take(SEEN_MAX)
        .filter_map(|signal| {
            let text = sumun_model::because::text(&signal.code)?;
            let named = |name: &str| {
                let placeholder = format!("{{{name}}}");
                text.owner_en.contains(&placeholder) || text.owner_ko.contains(&placeholder)
            };
            let values = signal.values.iter().filter(|(name, _)| named(name));
            Some(NoticeText {
                code: signal.code.clone(),
                values: values.map(|(name, value)| (name.clone(), value.clone())).collect(),
            })
        })
        .collect();
    texts.reverse();
    texts
}

/// Of the addresses named, those that the owner proved: there is nothing to register or to prove of them again.
fn proved(signals: &[Signal], allowlist: &[AllowlistEntry]) -> Vec<NoticeText> {
    let mut named: BTreeMap<IpAddr, Timestamp> = BTreeMap::new();
    for value in signals.iter().flat_map(|signal| ["address", "other"].map(|name| signal.values.get(name))) {
        let Some(Value::Text(text)) = value else { continue };
        let Ok(address) = text.parse::<IpAddr>() else { continue };
        let at = allowlist.iter().find_map(|entry| match entry {
            AllowlistEntry::Recorded(entry) if entry.prefix.contains(address) => entry.proved,
            _ => None,
        });
        named.extend(at.map(|at| (address, at)));
    }
    let said = |(address, at): (IpAddr, Timestamp)| {
        let text = NoticeText::new("measure.address_proved");
        text.with("address", address.to_string()).with("at", at.to_string())
    };
    named.into_iter().take(PROVED_MAX).map(said).collect()
}

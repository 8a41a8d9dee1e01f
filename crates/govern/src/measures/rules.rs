//! Rules by their ids, in words: the ladder's own, and those of a policy.
//!
//! Never here: why a measure was taken, which is a sentence of its own ([`super::said`]).

use crate::govern::Govern;
use crate::keys::capability::Sentence;
use serde_json::Value;
use std::collections::BTreeMap;
use sumun_policy::Reasoned;

/// What the ladder does by itself, whatever the policy: id, Korean, English.
const LADDER: &[(&str, &str, &str)] = &[
    ("ladder.quiet", "정해진 기간 동안 위험이 낮게 유지됨", "The risk stayed low for the set time"),
    ("ladder.lapsed", "검토 기한까지 결정이 없음", "Nobody decided by the due time"),
    (
        "ladder.left_behind",
        "종료된 키의 조치를 이어받은 키가 없음",
        "No key took over the measure of one that has ended",
    ),
    ("ladder.lifted", "담당자가 조치를 해제함", "A person lifted the measure"),
    ("ladder.exonerated", "오탐으로 종결됨", "The case ended as a false alarm"),
    ("ladder.proved", "본인과 통제권이 확인됨", "Identity and control were proved"),
    ("ladder.after_proof", "확인을 마친 키를 한동안 지켜봄", "A key is watched for a while after the proof"),
    ("ladder.timed_out", "재확인 기한이 지남", "The time for re-verification ran out"),
    (
        "ladder.follows",
        "같은 고객의 다른 키에 걸려 있던 조치가 이어짐",
        "The measure of another key of the same customer goes on",
    ),
];

/// One of the ladder's own.
fn of_ladder(rule: &str) -> Option<Sentence> {
    let (_, ko, en) = LADDER.iter().find(|(id, ..)| *id == rule)?;
    Some(Sentence { ko: (*ko).to_owned(), en: (*en).to_owned() })
}

/// What a rule says that was decided by then: the words of that policy stand with the decision.
#[must_use]
pub fn rule_said(rule: &str, why: &Reasoned) -> Option<Sentence> {
    let word = |name: &str| why.values.get(name).map(ToString::to_string);
    of_ladder(rule).or_else(|| Some(Sentence { ko: word("reason_ko")?, en: word("reason_en")? }))
}

/// Every rule that a payload names, in words: those of the policy by which it was decided, as the rows of the payload have them.
fn named(payload: &Value) -> (Vec<&str>, BTreeMap<String, Sentence>) {
    let mut ids = Vec::new();
    collect(payload, &mut ids);
    ids.sort_unstable();
    ids.dedup();
    let mut said: BTreeMap<String, Sentence> = BTreeMap::new();
    let rows = payload.get("rows").and_then(Value::as_array);
    for row in rows.into_iter().flatten() {
        let bodies = ["/row/body", "/row/request/body"].into_iter().filter_map(|at| row.pointer(at));
        for body in bodies {
            let rule = body.get("rule").and_then(Value::as_str);
            let why = body.get("why").and_then(|why| serde_json::from_value::<Reasoned>(why.clone()).ok());
            if let (Some(rule), Some(why)) = (rule, why)
                && let Some(sentence) = rule_said(rule, &why)
            {
                said.insert(rule.to_owned(), sentence);
            }
        }
    }
    for id in &ids {
        if let Some(sentence) = of_ladder(id) {
            said.insert((*id).to_owned(), sentence);
        }
    }
    (ids, said)
}

/// Strings under the name `rule`, wherever they stand.
fn collect<'a>(value: &'a Value, into: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            into.extend(members.get("rule").and_then(Value::as_str));
            members.values().for_each(|one| collect(one, into));
        }
        Value::Array(list) => list.iter().for_each(|one| collect(one, into)),
        _ => {}
    }
}

impl Govern {
    /// Every rule that an entry's payload names, in words. One that neither the entry nor the policy in force explains is left out.
    #[must_use]
    pub fn rules_said(&self, payload: &Value) -> BTreeMap<String, Sentence> {
        let (ids, mut said) = named(payload);
        let Ok(policy) = self.policy() else { return said };
        for id in ids.into_iter().filter(|id| !said.contains_key(*id)).collect::<Vec<_>>() {
            if let Some(reason) = policy.ladder.rule_reason(id) {
                said.insert(id.to_owned(), Sentence { ko: reason.ko, en: reason.en });
            }
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rules_are_said_by_the_words_of_their_own_policy() {
        let why = json!({ "code": "rule", "values": { "rule": "warning_ignored", "reason_ko": "경고에 답이 없음", "reason_en": "The warning was not answered" } });
        let payload = json!({
            "facts": { "steps": [{ "measure": "reverify", "rule": "warning_ignored" }, { "measure": "hold", "rule": "ladder.lapsed" },
                { "measure": "warn", "rule": "nobody_knows" }] },
            "rows": [{ "table": "measures", "row": { "body": { "rule": "warning_ignored", "why": why } } }],
        });
        let (ids, said) = named(&payload);
        assert_eq!(ids, ["ladder.lapsed", "nobody_knows", "warning_ignored"]);
        let said: Vec<String> = said.values().map(|one| format!("{} | {}", one.ko, one.en)).collect();
        assert_eq!(
            said,
            [
                "검토 기한까지 결정이 없음 | Nobody decided by the due time",
                "경고에 답이 없음 | The warning was not answered"
            ]
        );
    }

    #[test]
    fn every_rule_of_the_ladder_has_words_without_its_code() {
        for (id, ko, en) in LADDER {
            let said = rule_said(id, &Reasoned { code: (*id).to_owned(), values: BTreeMap::new() }).unwrap();
            assert_eq!((said.ko.as_str(), said.en.as_str()), (*ko, *en));
            assert!(!ko.contains("ladder") && !en.contains("ladder"));
        }
    }
}

//! What a record says in structure, in words: why a measure, why no lesser one; a key's whole ladder at this moment.
//!
//! For those who look into suspicions. Owners read their notices, which never show a weight or a point.

use crate::actor::Actor;
use crate::detection::StandingRow;
use crate::govern::Govern;
use crate::keys::capability::Sentence;
use crate::measures::MeasureRow;
use crate::refusal::Refusal;
use crate::row::{integer, text};
use serde_json::Value;
use sumun_model::because::because;
use sumun_model::finding::Signal;
use sumun_model::{Lang, Measure, Timestamp};
use sumun_policy::Reasoned;
use sumun_policy::explain::{Ended, Explanation, measure_word, sentence};
use sumun_store::tables::DEAD_KEYS;

/// Codes that govern itself keeps, where the ladder has no sentence: code, Korean, English. `{by}` is a measure.
const OWN: &[(&str, &str, &str)] = &[
    ("replaced", "{by} 조치로 바뀌어 마칩니다.", "{by} takes its place."),
    ("approved", "제안이 승인되어 시행됩니다.", "The proposal was approved."),
    ("followed", "같은 고객의 다른 키로 이어집니다.", "It goes on with another key of the same customer."),
    ("withdrawn", "더 이상 필요하지 않아 제안을 거두었습니다.", "The proposal is no longer wanted."),
    ("refused", "담당자가 제안을 거절했습니다.", "People refused the proposal."),
    ("lapsed", "기한까지 결정이 없어 제안이 사라졌습니다.", "Nobody decided the proposal in time."),
    (
        "reverify.identity_passed",
        "거래소가 본인을 다시 확인했습니다.",
        "The exchange verified the owner's identity anew.",
    ),
    (
        "reverify.identity_failed",
        "거래소의 본인 확인을 통과하지 못했습니다.",
        "The owner did not pass the exchange's check of identity.",
    ),
    (
        "reverify.test_begun",
        "소유자가 {test}번째 통제권 확인을 시작했습니다.",
        "The owner began control test {test}.",
    ),
    ("reverify.test_passed", "{test}번째 통제권 확인을 통과했습니다.", "Control test {test} was passed."),
    (
        "reverify.test_failed",
        "{test}번째 통제권 확인에 실패했습니다(2번 가운데 {failures}번 실패).",
        "Control test {test} failed ({failures} of 2 failures).",
    ),
    (
        "reverify.test_void",
        "{test}번째 통제권 확인이 중단되었습니다. 실패로 세지 않습니다.",
        "Control test {test} was broken off, and counts as no failure.",
    ),
    ("reverify.timed_out", "재확인 기한이 지났습니다.", "The time for re-verification ran out."),
];

/// A reason in both languages.
#[must_use]
pub fn reason_said(reason: &Reasoned) -> Sentence {
    if let Some((_, ko, en)) = OWN.iter().find(|(code, ..)| *code == reason.code) {
        let by = reason.values.get("by").map(ToString::to_string).unwrap_or_default();
        let word =
            |lang| by.parse().map_or_else(|_| by.clone(), |measure| measure_word(measure, lang).to_owned());
        let capital = |text: String| {
            let mut letters = text.chars();
            letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        };
        let filled = |text: String| {
            reason
                .values
                .iter()
                .fold(text, |text, (name, value)| text.replace(&format!("{{{name}}}"), &value.to_string()))
        };
        return Sentence {
            ko: filled(ko.replace("{by}", &word(Lang::Ko))),
            en: capital(filled(en.replace("{by}", &word(Lang::En)))),
        };
    }
    Sentence { ko: sentence(reason, Lang::Ko), en: sentence(reason, Lang::En) }
}

/// The same as one text, where a row keeps one for both.
#[must_use]
pub(crate) fn reason_in_both(reason: &Reasoned) -> String {
    let Sentence { ko, en } = reason_said(reason);
    if ko == en { ko } else { format!("{ko} · {en}") }
}

/// The same of what an event of a case keeps; none where no reason stands.
#[must_use]
pub fn kept_reason_said(kept: &Value) -> Option<Sentence> {
    serde_json::from_value::<Reasoned>(kept.clone()).ok().map(|reason| reason_said(&reason))
}

/// What a signal found, in both languages.
#[must_use]
pub fn signal_said(signal: &Signal) -> Sentence {
    let say = |lang| because(&signal.code, &signal.values, lang);
    Sentence { ko: say(Lang::Ko), en: say(Lang::En) }
}

impl MeasureRow {
    /// How it ended, in both languages.
    #[must_use]
    pub fn end_said(&self) -> Option<Sentence> {
        self.body.ended.as_ref().map(|ended| {
            // Which measure it was is the row's to say where the reason does not.
            let mut why = ended.why.clone();
            let own = || sumun_model::Value::from(self.measure.as_str());
            why.values.entry("measure".to_owned()).or_insert_with(own);
            reason_said(&why)
        })
    }
}

impl Govern {
    /// When a key ended and why, if it has.
    async fn key_ended(&self, key: &str, measure: Option<Measure>) -> Result<Option<Ended>, Refusal> {
        let Some(dead) = self.row(&DEAD_KEYS, key).await? else { return Ok(None) };
        Ok(integer(&dead, "ended_us").map(|at| Ended {
            at: Timestamp::from_micros(at),
            cause: text(&dead, "cause").parse().ok(),
            measure,
        }))
    }

    /// Where a key stands, and why: every term, every rule, met or not. No explanation without a policy in force.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, the store's.
    pub async fn key_explained(
        &self,
        actor: &Actor,
        key: &str,
    ) -> Result<(StandingRow, Option<Explanation>), Refusal> {
        let mut row = self.key_standing(actor, key).await?;
        let stood = row.measure;
        let ended = self.key_ended(key, stood).await?;
        if ended.is_some() && stood != Some(Measure::Expire) {
            row.measure = None;
        }
        let Ok(held) = self.policy() else { return Ok((row, None)) };
        let told = held.ladder.explain(&row.standing, &row.assessment, self.world.now());
        Ok((
            row,
            match (told, ended) {
                (Some(told), Some(ended)) => Some(told.ended(ended)),
                (told, _) => told,
            },
        ))
    }
}

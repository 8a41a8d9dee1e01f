//! What must be done in a case before it closes: steps that are done or waived, never skipped (R113).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sumun_model::Measure;

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Waits.
    Open,
    /// Done, with what came of it.
    Done,
    /// Somebody wants it waived; another person has to agree.
    WaiverAsked,
    /// Waived, with reason and approver.
    Waived,
}

/// What the record itself says of a step: a code and its values, worded by whoever shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// Of the words below.
    pub code: String,
    /// What it is said of.
    pub values: Value,
}

impl Said {
    /// Asked about requests with this key, its owner said that it was not he.
    #[must_use]
    pub fn owner_denied(key: &str) -> Self {
        Self { code: "owner_denied".to_owned(), values: json!({ "key": key }) }
    }

    /// Asked about requests with this key, its owner said that it was he.
    #[must_use]
    pub fn owner_confirmed(key: &str) -> Self {
        Self { code: "owner_confirmed".to_owned(), values: json!({ "key": key }) }
    }

    /// Its owner objected: his words stand in the case, and are still to be answered.
    #[must_use]
    pub fn owner_objected(objection: &str) -> Self {
        Self { code: "owner_objected".to_owned(), values: json!({ "objection": objection }) }
    }

    /// So many gates, all that are enrolled, have signed that they obey the end of every key of the case.
    #[must_use]
    pub fn gates_obeyed(gates: usize) -> Self {
        Self { code: "gates_obeyed".to_owned(), values: json!({ "gates": gates }) }
    }
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaybookStep {
    /// Which: a word of the table below.
    pub step: String,
    /// Where it stands.
    pub state: StepState,
    /// Who did it, or asked for the waiver.
    pub by: Option<String>,
    /// When, microseconds since 1970.
    pub at_us: Option<i64>,
    /// What came of it, or why it is waived, in own words.
    pub result: Option<String>,
    /// What the record says, where nobody did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_record: Option<Said>,
    /// Who agreed to the waiver.
    pub approver: Option<String>,
}

/// Every step, with the mildest measure that asks for it; none: every case does.
const STEPS: &[(&str, Option<Measure>)] = &[
    ("review_evidence", None),
    // R110: each linked account with a recorded result.
    ("review_related_accounts", Some(Measure::Warn)),
    ("hear_owner", Some(Measure::Warn)),
    // R111: per jurisdiction, whether a suspicious report is due.
    ("assess_report_duty", Some(Measure::Hold)),
    // R112.
    ("decide_restriction", Some(Measure::Hold)),
    ("confirm_cut", Some(Measure::Hold)),
];

/// Adds the steps that this measure asks for and that are not there yet.
pub fn extend(playbook: &mut Vec<PlaybookStep>, measure: Option<Measure>) {
    for (step, from) in STEPS {
        let asked = from.is_none_or(|from| measure.is_some_and(|measure| measure >= from));
        if asked && !playbook.iter().any(|known| known.step == *step) {
            playbook.push(PlaybookStep {
                step: (*step).to_owned(),
                state: StepState::Open,
                by: None,
                at_us: None,
                result: None,
                on_record: None,
                approver: None,
            });
        }
    }
}

/// Marks a step done by what the record holds, if it is there and open. Nobody did it: it counts as nobody's look into the case.
pub fn on_record(playbook: &mut [PlaybookStep], step: &str, said: &Said, at_us: i64) -> bool {
    let open = playbook.iter_mut().find(|known| known.step == step && known.state == StepState::Open);
    let Some(open) = open else { return false };
    (open.state, open.at_us, open.on_record) = (StepState::Done, Some(at_us), Some(said.clone()));
    true
}

/// Whether this step waits for somebody.
#[must_use]
pub fn waits(playbook: &[PlaybookStep], step: &str) -> bool {
    playbook.iter().any(|known| known.step == step && known.state == StepState::Open)
}

/// Steps that are neither done nor waived.
#[must_use]
pub fn missing(playbook: &[PlaybookStep]) -> Vec<&str> {
    let settled = |step: &&PlaybookStep| matches!(step.state, StepState::Done | StepState::Waived);
    playbook.iter().filter(|step| !settled(step)).map(|step| step.step.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stricter_measures_ask_for_more_and_nothing_done_is_asked_again() {
        let mut book = Vec::new();
        extend(&mut book, Some(Measure::Monitor));
        assert_eq!(missing(&book), ["review_evidence"]);
        book[0].state = StepState::Done;
        extend(&mut book, Some(Measure::Hold));
        assert_eq!(
            missing(&book),
            [
                "review_related_accounts",
                "hear_owner",
                "assess_report_duty",
                "decide_restriction",
                "confirm_cut"
            ]
        );
        book[1].state = StepState::WaiverAsked;
        assert_eq!(missing(&book).len(), 5, "a waiver that waits settles nothing");
        extend(&mut book, None);
        assert_eq!(book.len(), 6);
    }
}

//! Questions end with their key: however it ended, nobody is asked about it any more, and nothing is counted further.
//!
//! In the same entry as the end, so that there is no moment in which an ended key asks. What does not pass here lapses by the clock.

use super::questions::{KEY_ENDED, Question, QuestionState};
use super::rewritten;
use crate::govern::Govern;
use crate::plan::Plan;
use crate::refusal::Refusal;
use crate::row::text;
use serde_json::json;
use sumun_model::KeyState;
use sumun_store::tables::{KEYS, QUESTIONS};

/// More than a key ever has open at a time.
const OPEN_MAX: usize = 100;

impl Govern {
    /// Closes what is open about keys that this plan ends, as far as it does not write them itself.
    pub(crate) async fn unasked(&self, plan: &mut Plan) -> Result<(), Refusal> {
        let ends = |image| text(image, "state") == KeyState::Expired.as_str();
        let writes = plan.change.writes.iter().filter(|write| write.table.name == KEYS.name);
        let ended: Vec<String> = writes
            .filter(|write| ends(&write.image))
            .map(|write| text(&write.image, KEYS.key).to_owned())
            .collect();
        for key in ended {
            let open = vec![("key", json!(key)), ("state", json!(QuestionState::Open))];
            for row in self.rows_where(&QUESTIONS, open, None, OPEN_MAX).await? {
                let question = Question::of(&row)?;
                let own = plan.change.writes.iter().any(|write| {
                    write.table.name == QUESTIONS.name
                        && text(&write.image, QUESTIONS.key) == question.question
                });
                if !own {
                    let before = question.version;
                    plan.change.writes.push(rewritten(&QUESTIONS, &question.unasked(), before));
                }
            }
        }
        Ok(())
    }

    /// Whether a question's key lives no more.
    pub(super) async fn has_ended(&self, key: &str) -> Result<bool, Refusal> {
        let row = self.row(&KEYS, key).await?;
        Ok(row.is_some_and(|row| text(&row, "state") == KeyState::Expired.as_str()))
    }
}

impl Question {
    /// Closed with its key.
    fn unasked(mut self) -> Self {
        (self.state, self.version) = (QuestionState::Lapsed, self.version + 1);
        self.body.closed = Some(KEY_ENDED.to_owned());
        self
    }
}

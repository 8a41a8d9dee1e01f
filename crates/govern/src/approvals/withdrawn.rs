//! By whom and why an approval was withdrawn: read from the entry that closed it, which says who did what.
//!
//! Pure reading. Withdrawing stands in [`super`] and with what makes an approval pointless: the end of its key, the end of its measure, a
//! step back of the ramp, the end of whoever asked.

use super::{Approval, ApprovalState};
use crate::actor::Actor;
use crate::govern::{Govern, store_refusal};
use crate::keys::access::inside;
use crate::keys::capability::Sentence;
use crate::measures::said::kept_reason_said;
use crate::proposal::RAMP_SET;
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sumun_model::Lang;
use sumun_policy::explain::expiry_word;
use sumun_store::tables::{APPROVALS, KEYS, MEASURES};

/// How it came to be withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// Who, or what.
    pub by: String,
    /// Why.
    pub because: Sentence,
    /// What he said of it, in own words.
    pub reason: Option<String>,
    /// The entry that says so.
    pub entry: u64,
}

fn say(ko: impl Into<String>, en: impl Into<String>) -> Sentence {
    Sentence { ko: ko.into(), en: en.into() }
}

/// The rows of this table that the payload holds.
fn rows<'a>(payload: &'a Value, table: &'static str) -> impl Iterator<Item = &'a Value> {
    let all = payload.get("rows").and_then(Value::as_array).into_iter().flatten();
    all.filter(move |row| row["table"] == table).filter_map(|row| row.get("row"))
}

/// Why, by what else the entry wrote.
fn because(approval: &Approval, by: &str, payload: &Value) -> Sentence {
    if by == approval.requested_by && payload.get("class").and_then(Value::as_str) == Some("approval.decided")
    {
        return say("요청한 사람이 철회했습니다.", "Whoever asked for it took it back.");
    }
    if approval.action == RAMP_SET {
        return say(
            "요청한 뒤에 차단 적용 단계를 되돌렸으므로, 이 요청은 더 이상 결정할 수 없습니다.",
            "The ramp was stepped back after it was asked for, and nobody can grant it any more.",
        );
    }
    let key = approval.subject.strip_prefix("key:");
    let over = rows(payload, KEYS.name).find(|row| row["key"].as_str() == key && key.is_some());
    match over.and_then(|row| row["state"].as_str()) {
        Some("expired") => {
            let cause = over.and_then(|row| row["cause"].as_str()?.parse().ok());
            let word =
                |lang| cause.map_or_else(String::new, |cause| format!(" ({})", expiry_word(cause, lang)));
            return say(
                format!("키가 종료되어 더 결정할 것이 없습니다{}.", word(Lang::Ko)),
                format!("The key has ended, and nothing is left to decide{}.", word(Lang::En)),
            );
        }
        Some("rejected") => {
            return say(
                "요청한 키가 거절되어 더 결정할 것이 없습니다.",
                "The key that was asked for was refused, and nothing is left to decide.",
            );
        }
        _ => {}
    }
    let measure = rows(payload, MEASURES.name).find(|row| row["approval"] == approval.approval.as_str());
    let why = measure.and_then(|row| row.pointer("/body/ended/why"));
    if let Some(said) = why.and_then(kept_reason_said) {
        return said;
    }
    let asker = approval.requested_by.strip_prefix("user:");
    if rows(payload, "users").any(|row| asker.is_some() && row["user"].as_str() == asker) {
        return say(
            "요청한 직원이 더 이상 그 일을 맡지 않습니다.",
            "Whoever of staff asked for it is no longer in charge of it.",
        );
    }
    say("더 이상 필요하지 않아 철회되었습니다.", "It was no longer wanted.")
}

impl Govern {
    /// By whom and why an approval was withdrawn; none of any other, and where its entry says nothing any more.
    ///
    /// # Errors
    /// The store's.
    pub async fn approval_withdrawn(
        &self,
        actor: &Actor,
        approval: &Approval,
    ) -> Result<Option<Withdrawn>, Refusal> {
        if approval.state != ApprovalState::Withdrawn {
            return Ok(None);
        }
        // Nothing writes a closed approval again: the last entry about it is the one that closed it.
        let entries = self.store.newest_entries_about(&APPROVALS, &approval.approval, None, 1).await;
        let Some(entry) = entries.map_err(store_refusal)?.pop() else { return Ok(None) };
        let payload = entry.payload.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
        let Some(payload) = payload else { return Ok(None) };
        let fact = |name: &str| payload.pointer("/facts").and_then(|facts| facts.get(name)?.as_str());
        let by = fact("actor").unwrap_or("system:sumun");
        let because = because(approval, by, &payload);
        let inside = inside(actor);
        let staff = by.starts_with("user:") && !inside;
        Ok(Some(Withdrawn {
            by: if staff { "staff" } else { by }.to_owned(),
            because,
            // Why somebody of staff left is nobody's business here.
            reason: fact("reason").filter(|_| inside && entry.class != "user.disabled").map(str::to_owned),
            entry: entry.index,
        }))
    }
}

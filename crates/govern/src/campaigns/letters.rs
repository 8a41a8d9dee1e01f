//! The campaign's letters: which sentences, in order. Their words stand in `data/notices.toml`.

use super::clock::{Step, Telling};
use super::plan::CampaignPlan;
use crate::notices::{NoticeDraft, NoticeText};
use sumun_model::Timestamp;

/// Kinds of these notices begin so.
pub(crate) const KIND: &str = "campaign.";

fn text(code: &str) -> NoticeText {
    NoticeText::new(code)
}

fn until(code: &str, at: Timestamp) -> NoticeText {
    text(code).with("until", at.to_string())
}

fn to(kind: &str, key: &str, account: &str) -> NoticeDraft {
    NoticeDraft::new(kind).about(key, account)
}

/// What he is told next; `names` is the date of the step ahead.
pub(super) fn telling(
    plan: &CampaignPlan,
    telling: Telling,
    names: Timestamp,
    (key, account): (&str, &str),
) -> NoticeDraft {
    let terms = |code: &str| text(code).with("terms", plan.terms.as_str());
    let gap = plan.ends.micros_since(plan.read_only);
    match telling {
        Telling::Announced => to("campaign.announced", key, account)
            .say(terms("campaign.announced"))
            .say(until("campaign.announced.opens", plan.opens))
            .say(text("campaign.asked"))
            .say(text("campaign.truth"))
            .say(until("campaign.read_only.next", names))
            .say(until("campaign.end.next", plan.ends.max(names.plus_micros(gap))))
            .say(text("campaign.by_hand")),
        Telling::Opened => to("campaign.opened", key, account)
            .say(text("campaign.opened"))
            .say(text("campaign.asked"))
            .say(text("campaign.truth"))
            .say(until("campaign.read_only.next", names)),
        Telling::Reminded(Step::ReadOnly, _) => to("campaign.reminded", key, account)
            .say(until("campaign.reminded.read_only", names))
            .say(text("campaign.asked"))
            .say(text("campaign.truth"))
            .say(text("campaign.by_hand")),
        Telling::ReadOnly => to("campaign.read_only", key, account)
            .say(text("campaign.read_only"))
            .say(text("campaign.asked.late"))
            .say(text("campaign.truth"))
            .say(until("campaign.end.next", names))
            .say(text("campaign.by_hand")),
        Telling::Reminded(Step::End, _) => to("campaign.reminded_end", key, account)
            .say(until("campaign.reminded.end", names))
            .say(text("campaign.asked.late"))
            .say(text("campaign.truth"))
            .say(text("campaign.by_hand")),
    }
}

/// That it ended.
pub(super) fn ended(key: &str, account: &str) -> NoticeDraft {
    to("campaign.ended", key, account)
        .say(text("campaign.ended"))
        .say(text("campaign.ended.next"))
        .say(text("campaign.by_hand"))
}

/// That who uses it is on record; `worked` while it worked all along.
pub(super) fn enrolled(key: &str, account: &str, worked: bool) -> NoticeDraft {
    to("campaign.enrolled", key, account)
        .say(text("campaign.enrolled"))
        .say(text(if worked { "campaign.enrolled.works" } else { "campaign.enrolled.again" }))
        .say(text("campaign.enrolled.change"))
}

/// That it works again though nobody registered it.
pub(super) fn given_back(key: &str, account: &str) -> NoticeDraft {
    to("campaign.given_back", key, account)
        .say(text("campaign.given_back"))
        .say(text("campaign.given_back.next"))
}

#[cfg(test)]
mod tests;

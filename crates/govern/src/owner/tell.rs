//! The notices of this part: which sentences, in order (R179): what was seen, what is asked, by when, what is next, how to object.

use super::addresses::Ceremony;
use super::questions::Question;
use super::verification::Verification;
use crate::notices::{self, NoticeDraft, NoticeText};
use crate::plan::Plan;
use sumun_model::Timestamp;

fn text(code: &str, values: &[(&str, String)]) -> NoticeText {
    values.iter().fold(NoticeText::new(code), |text, (name, value)| text.with(name, value.as_str()))
}

/// How to object closes what belongs to a case; elsewhere nothing was decided against him.
fn send(plan: &mut Plan, draft: NoticeDraft, now: Timestamp) {
    let draft = if draft.case_id.is_some() { draft.say(NoticeText::new("object")) } else { draft };
    notices::add(plan, draft, now);
}

fn to(kind: &str, customer: &str, (key, account): (&str, &str)) -> NoticeDraft {
    NoticeDraft::new(kind).to(customer).about(key, account)
}

pub(super) fn question_asked(plan: &mut Plan, question: &Question, until: Timestamp, now: Timestamp) {
    let Question { key, account, customer, address, .. } = question;
    let at = Timestamp::from_micros(question.asked_us).to_string();
    let code = if question.body.enforced { "question.seen" } else { "question.passed" };
    let seen = [("key", key.clone()), ("address", address.clone()), ("at", at)];
    let draft = to("question.asked", customer, (key, account)).say(text(code, &seen));
    let client = question.client();
    let draft = client.iter().fold(draft, |draft, (code, values)| draft.say(text(code, values)));
    let draft =
        draft.say(NoticeText::new("question.do")).say(text("question.next", &[("until", until.to_string())]));
    send(plan, draft, now);
}

pub(super) fn address_registered(plan: &mut Plan, ceremony: &Ceremony, now: Timestamp) {
    let Ceremony { key, account, customer, prefix, .. } = ceremony;
    let until = Timestamp::from_micros(ceremony.until_us).to_string();
    let draft = to("address.registered", customer, (key, account))
        .say(text("address.registered", &[("key", key.clone()), ("prefix", prefix.to_string())]))
        .say(text("address.do", &[("until", until)]))
        .say(NoticeText::new("address.next"))
        .say(NoticeText::new("address.not_you"));
    send(plan, draft, now);
}

pub(super) fn address_proved(plan: &mut Plan, ceremony: &Ceremony, at: Timestamp, now: Timestamp) {
    let Ceremony { key, account, customer, prefix, .. } = ceremony;
    let values = [("key", key.clone()), ("prefix", prefix.to_string()), ("at", at.to_string())];
    let draft = to("address.proved", customer, (key, account))
        .say(text("address.proved", &values))
        .say(NoticeText::new("address.not_you"));
    send(plan, draft, now);
}

pub(super) fn address_lapsed(plan: &mut Plan, ceremony: &Ceremony, now: Timestamp) {
    let Ceremony { key, account, customer, prefix, .. } = ceremony;
    let values = [("key", key.clone()), ("prefix", prefix.to_string())];
    send(plan, to("address.lapsed", customer, (key, account)).say(text("address.lapsed", &values)), now);
}

/// How a renewed verification stands now, in the words its owner reads elsewhere too.
pub(super) fn verification(plan: &mut Plan, kind: &str, verification: &Verification, now: Timestamp) {
    let Verification { key, account, customer, case_id, .. } = verification;
    let mut draft = to(kind, customer, (key, account));
    draft.case_id.clone_from(case_id);
    let draft = verification.sentences().into_iter().fold(draft, NoticeDraft::say);
    send(plan, draft, now);
}

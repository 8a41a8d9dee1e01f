//! Every word an owner reads here, in Korean and English: what was seen, what to do, by when, what is next, how to object.
//!
//! One table from a code to both sentences; `{name}` is filled in. Times are written for people, in Korean time and said to be so; the one
//! by which something is asked stands beside as an instant, so that programs can count down. Never here: points, weights, thresholds, or whether anybody was told anything.

use crate::notices::values::{for_people, until};
use crate::notices::{NoticeText, words};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use sumun_model::because::{Lang, fill};
use sumun_model::{Timestamp, Value};

/// One code's sentences.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// The code.
    pub code: &'static str,
    /// Korean.
    pub ko: &'static str,
    /// English.
    pub en: &'static str,
}

/// A sentence in both languages, filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Its code.
    pub code: String,
    /// Korean.
    pub ko: String,
    /// English.
    pub en: String,
    /// The instant that `{until}` in it stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

macro_rules! texts {
    ($($code:literal: $ko:literal, $en:literal;)+) => {
        /// Every text.
        pub const ALL: &[Text] = &[$(Text { code: $code, ko: $ko, en: $en }),+];
    };
}

texts! {
    "how_to_object":
        "동의하지 않으시면 알림에서 이의를 제기하실 수 있습니다. 적으신 내용은 그대로 기록에 남고, 결과가 나올 때까지 진행 상황을 보실 수 있습니다.",
        "If you disagree, object from this notice. What you write is kept as it is, and you can follow it to its end.";

    "question.seen":
        "{at}에 등록되지 않은 주소({address})에서 키({key})로 올바르게 서명된 요청이 왔습니다. 요청은 거절되었습니다.",
        "On {at}, a request validly signed with your key {key} came from {address}, which is not registered for it. It was refused.";
    "question.passed":
        "{at}에 등록되지 않은 주소({address})에서 키({key})로 올바르게 서명된 요청이 왔습니다. 거래소가 차단 기능을 시험 운영하고 있어 요청은 그대로 처리되었습니다.",
        "On {at}, a request validly signed with your key {key} came from {address}, which is not registered for it. The gate is being tried out, so it went through.";
    "question.client":
        "사용한 프로그램: {client}.",
        "Program: {client}.";
    "question.network":
        "네트워크: {network}.",
        "Network: {network}.";
    "question.once":
        "지금까지 한 번, {last}에 있었습니다.",
        "Seen once so far, on {last}.";
    "question.count":
        "지금까지 {count}번 있었고, 마지막은 {last}입니다.",
        "Seen {count} times so far, last on {last}.";
    "question.do":
        "직접 보내신 요청인지 알려 주십시오. ‘네’라고 답하시면 이 주소의 등록 절차가 시작되고, ‘아니요’라고 답하시면 키가 바로 종료됩니다. 두 답 모두 2차 인증이 필요합니다. 조금 전 거래소에서 2차 인증을 하셨다면 다시 요청하지 않습니다.",
        "Please say whether you sent it. \"Yes\" starts the registration of this address; \"no\" ends the key at once. Either counts on your second factor: if you showed it at the exchange a few minutes ago, you are not asked for it again.";
    "question.next":
        "{until}까지 답하지 않으시면 질문만 닫힙니다. 답하지 않으셔도 불이익은 없으며, 그 주소의 요청은 계속 거절됩니다.",
        "Unanswered, the question closes on {until}. Nothing is held against you for that; requests from the address stay refused.";
    "question.me":
        "본인이 보냈다고 답하셨습니다. 주소({address}) 등록을 시작했습니다.",
        "You said it was you. The registration of {address} has begun.";
    "question.not_me":
        "본인이 보내지 않았다고 답하셨습니다. 키({key})는 바로 종료되었고 되살릴 수 없습니다. 필요하시면 새 키를 신청하십시오.",
        "You said it was not you. Key {key} ended at once and never lives again. Ask for a new key if you need one.";
    "question.key_ended":
        "키({key})가 종료되어 질문을 닫았습니다. 답하실 것은 없습니다.",
        "Key {key} has ended, so the question is closed. There is nothing to answer.";
    "question.lapsed":
        "질문은 답 없이 닫혔습니다. 이 일로 불이익은 없습니다.",
        "The question closed unanswered. Nothing is held against you for it.";

    "address.registered":
        "키({key})에 주소({prefix})를 등록했습니다. 아직 이 주소에서는 키를 쓸 수 없습니다.",
        "The address {prefix} is registered for key {key}. It is not in effect yet.";
    "address.do":
        "{until}까지 그 주소에서 이 키로 서명한 요청을 한 번 보내십시오. 그 요청은 거절되지만 이것으로 주소가 확인되어, 다음 요청부터 쓰실 수 있습니다.",
        "Send one request signed with this key from that address by {until}. It is refused, and it proves the address: the next one passes.";
    "address.next":
        "그때까지 확인되지 않으면 등록이 자동으로 취소됩니다.",
        "If it is not proved by then, the registration is removed by itself.";
    "address.not_you":
        "직접 등록하신 것이 아니면 주소를 삭제하고 키를 종료하십시오.",
        "If it was not you who registered it, remove the address and end the key.";
    "address.proved":
        "키({key})의 주소({prefix})가 {at}의 요청으로 확인되었습니다. 이제 이 주소에서 키를 쓰실 수 있습니다.",
        "The address {prefix} of key {key} was proved by a request on {at} and is in effect from now on.";
    "address.lapsed":
        "키({key})의 주소({prefix})는 기한까지 확인되지 않아 등록이 취소되었습니다. 필요하시면 다시 등록하십시오.",
        "The address {prefix} of key {key} was not proved in time, and its registration is removed. Register it again if you need it.";
    "address.since":
        "사용 가능: {prefix}, {at}부터.",
        "In effect: {prefix}, since {at}.";
    "address.in_effect":
        "사용 가능: {prefix}.",
        "In effect: {prefix}.";
    "address.pending":
        "확인 대기: {prefix}. {until}까지 그 주소에서 서명한 요청이 한 번 오면 바로 쓰실 수 있습니다.",
        "Pending: {prefix}. A signed request from it by {until} puts it in effect at once.";
    "address.out":
        "사용 불가: {prefix}. 삭제한 뒤 다시 등록하십시오.",
        "Not in effect: {prefix}. Remove it and register it again.";

    "verification.open":
        "키({key})는 본인 확인과 직접 사용 확인을 마치실 때까지 조회와 주문 취소에만 쓰실 수 있습니다.",
        "Until you have shown who you are and that it is you who uses it, key {key} only reads and cancels.";
    "verification.until":
        "기한은 {until}입니다. 기한이 지나면 제한이 계속되고, 키를 종료할지 담당자 두 사람이 결정합니다.",
        "You have until {until}. After that the limits stay, and two members of staff decide whether the key ends.";
    "verification.identity":
        "할 일: 거래소에서 본인 확인을 다시 받으십시오.",
        "To do: have the exchange verify your identity again.";
    "verification.identity_passed":
        "{at}에 본인 확인이 끝났습니다.",
        "Your identity was verified on {at}.";
    "verification.identity_failed":
        "{at}의 본인 확인은 되지 않았습니다. 거래소에서 다시 받으십시오.",
        "Your identity could not be verified on {at}. Have the exchange try again.";
    "verification.control":
        "할 일: 고객님이 이 키를 직접 사용하고 계신지 확인하는 절차를 시작하십시오. 프로그램을 직접 멈추고 켜실 수 있는 곳에서 하십시오. 몇 분 걸립니다.",
        "To do: start the check that it is you who uses this key, where you can stop and start your program yourself. It takes some minutes.";
    "verification.control_passed":
        "{at}에 직접 사용 확인이 끝났습니다.",
        "You showed on {at} that it is you who uses the key.";
    "verification.once_more":
        "직접 사용 확인에 한 번 실패했습니다. 한 번 더 하실 수 있습니다. 다시 실패하면 키가 종료되고 되살릴 수 없으며, 다시 쓰시려면 새 키를 신청하셔야 합니다. 앱과 웹에서의 거래와 출금은 그대로 이용하실 수 있습니다.",
        "The check that it is you who uses the key failed once. You may take it once more. If that fails too, the key ends for good, and you would have to ask for a new one. Trading and withdrawing in the app and on the web work as before.";
    "verification.proved":
        "재확인을 모두 마치셨습니다. 키({key})의 제한이 곧 풀립니다.",
        "All of it is done. The limits on key {key} are lifted shortly.";
    "verification.failed":
        "직접 사용 확인에 두 번 실패했습니다. 키({key})는 종료되며 되살릴 수 없습니다. 다시 필요하시면 새 키를 신청하실 수 있고, 그때 본인 확인을 다시 받습니다. 앱과 웹에서의 거래와 출금은 그대로 이용하실 수 있습니다.",
        "The check that it is you who uses the key failed twice. Key {key} ends for good. If you need a key again you can ask for a new one, for which we will verify you anew. Trading and withdrawing in the app and on the web work as before.";
    "verification.timed_out":
        "기한까지 재확인이 끝나지 않았습니다. 제한이 계속되고, 키를 종료할지 담당자 두 사람이 결정합니다.",
        "It was not done in time. The limits stay, and two members of staff decide whether the key ends.";
    "verification.closed":
        "재확인이 더 필요하지 않습니다.",
        "It is not asked for any more.";

    "control.committed":
        "확인은 {steps}단계입니다. 무엇을 할지는 이미 추첨되어 기록되었고(지문 {commitment}), 누구도 바꿀 수 없습니다. 우연히 통과할 확률은 {one_in}분의 1입니다.",
        "The test has {steps} steps. What they ask is drawn and on record as {commitment}, and nobody can change it. By luck one in {one_in} would pass.";
    "control.ready":
        "준비되면 다음 단계를 여십시오. 여는 순간부터 시간이 흐릅니다.",
        "Open the next step when you are ready. Time runs from that moment.";
    "control.stop_and_start":
        "프로그램을 {from}부터 {until}까지 계속 실행하되, {stop}에 멈추고 {start}에 다시 시작하십시오. 실행 중에는 {every}초에 적어도 한 번 서명한 요청을 보내야 합니다. 거절되는 요청도 인정됩니다.",
        "Keep your program running from {from} until {until}, but stop it at {stop} and start it again at {start}. While it runs it must sign at least one request in {every} seconds; refused ones count.";
    "control.code":
        "{until}까지 등록된 주소에서, 값이 {code}인 매개변수를 넣어 서명한 요청을 한 번 보내십시오. 예: 주문 조회의 identifier, 또는 아무 조회에나 sumun_code.",
        "By {until}, send one signed request from a registered address that carries {code} as the value of a parameter: `identifier` of an order's look-up, for instance, or `sumun_code` on any route that reads.";
    "control.rotate":
        "먼저 프로그램을 멈추고, {until}까지 키를 교체하십시오. 교체한 뒤 이전 시크릿 키로 요청이 오면 실패합니다. 새 시크릿 키는 고객님께만 한 번 표시됩니다. 아직 사용하지 마십시오.",
        "Stop your program first, then rotate the key by {until}. A request with the old secret key after that fails the test. The new secret key is shown to you alone. Do not use it yet.";
    "control.first_use":
        "새 시크릿 키를 {from}부터 {until} 사이에 등록된 주소에서 처음 사용하십시오. 그 전에는 사용하지 말고, 이전 시크릿 키는 더 사용하지 마십시오.",
        "Use the new secret key for the first time between {from} and {until}, from a registered address. Not before, and do not use the old one any more.";
    "control.step_passed":
        "{step}단계를 마쳤습니다.",
        "Step {step} is done.";
    "control.not_silent":
        "프로그램이 멈춰 있어야 할 때 요청이 왔습니다.",
        "A request came while the program should have been silent.";
    "control.not_in_use":
        "실행 중이어야 할 때 요청이 없었습니다.",
        "No request came while the program should have been running.";
    "control.no_code":
        "코드가 담긴 요청이 제때 오지 않았습니다.",
        "The request with the code did not come in time.";
    "control.too_many_codes":
        "다른 코드가 너무 많이 왔습니다.",
        "Too many other codes came.";
    "control.not_rotated":
        "키가 제때 교체되지 않았습니다.",
        "The key was not rotated in time.";
    "control.used_early":
        "새 시크릿 키가 정해진 시각보다 먼저 사용되었습니다.",
        "The new secret key was used before its time.";
    "control.not_used_in_time":
        "새 시크릿 키가 정해진 시각에 사용되지 않았습니다.",
        "The new secret key was not used in its time.";
    "control.used_elsewhere":
        "새 시크릿 키가 등록되지 않은 주소에서 사용되었습니다.",
        "The new secret key was used from an address that is not registered.";
    "control.old_still_used":
        "이전 시크릿 키가 계속 사용되었습니다.",
        "The old secret key was still used.";
    "control.void":
        "거래소 사정으로 확인을 마치지 못했습니다. 이번 확인은 횟수에 포함되지 않습니다. 다시 시작해 주십시오.",
        "The test could not be carried out for our own reasons and counts for nothing. Please start again.";

    "objection.received":
        "이의가 접수되었고, 적으신 내용이 그대로 기록에 남았습니다.",
        "Your objection was received and is on record as you wrote it.";
    "objection.in_review":
        "담당자가 이의를 검토하고 있습니다.",
        "Somebody is looking into it.";
    "objection.upheld":
        "검토가 끝났습니다. 이의가 받아들여졌습니다.",
        "It is decided: your objection was right.";
    "objection.not_upheld":
        "검토가 끝났습니다. 이의가 받아들여지지 않았습니다. 거래소 고객센터에 다시 문의하실 수 있습니다.",
        "It is decided: the measure was right. You can still turn to the exchange's customer service.";
    "export.secrets":
        "시크릿 키는 들어 있지 않습니다. 키를 발급할 때 한 번만 보여 드리며, 그 뒤로는 누구에게도 보이지 않습니다.",
        "Secret keys are not in it. One is shown once, when its key is issued, and to nobody again.";
    "export.internal":
        "거래소의 내부 검토 기록은 있든 없든 들어 있지 않습니다.",
        "What the exchange notes in reviews of its own is not in it, whether there is any or not.";
    "export.requests":
        "요청 하나하나는 들어 있지 않습니다. 키마다 사용 횟수와 최근 주소 16개, 프로그램 8개, 경로 16개까지만 요약하여 보관합니다.",
        "Single requests are not in it. Of each key's use a summary is kept: counts, and the latest 16 addresses, 8 programs and 16 routes.";
    "export.timeline_cut":
        "이력은 처음 {most}건만 들어 있습니다. 그다음은 키 화면에서 보실 수 있습니다.",
        "Of the timeline the first {most} entries are in it. The key's page shows those after.";
    "export.questions_cut":
        "질문은 {most}건만 들어 있습니다. 나머지는 질문 화면에서 보실 수 있습니다.",
        "Of the questions {most} are in it. The page of questions shows the others.";
    "export.verifications_cut":
        "재확인은 {most}건만 들어 있습니다. 나머지는 재확인 화면에서 보실 수 있습니다.",
        "Of the renewed verifications {most} are in it. Their page shows the others.";
    "export.measures_cut":
        "조치는 {most}건만 들어 있습니다.",
        "Of the measures {most} are in it.";
    "export.notices_cut":
        "알림은 {most}건만 들어 있습니다. 나머지는 알림 화면에서 보실 수 있습니다.",
        "Of the notices {most} are in it. The page of notices shows the others.";
    "export.objections_cut":
        "이의는 {most}건만 들어 있습니다. 나머지는 알림 화면에서 보실 수 있습니다.",
        "Of the objections {most} are in it. The page of notices shows the others.";
}

/// The sentences of a code.
#[must_use]
pub fn text(code: &str) -> Option<&'static Text> {
    ALL.iter().find(|text| text.code == code)
}

/// A sentence of this table, filled in; an unknown code shows itself.
#[must_use]
pub fn said(code: &str, values: &[(&str, String)]) -> Said {
    let values: BTreeMap<String, Value> =
        values.iter().map(|(name, value)| ((*name).to_owned(), Value::Text(value.clone()))).collect();
    let (ko, en) = text(code).map_or((code, code), |text| (text.ko, text.en));
    let told = |text, lang| fill(text, &for_people(code, &values, lang));
    Said { code: code.to_owned(), ko: told(ko, Lang::Ko), en: told(en, Lang::En), until: until(&values) }
}

/// A notice's sentence in both languages, as it is sent. `about` is the key or account it is about.
#[must_use]
pub fn of_notice(notice: &NoticeText, about: &str) -> Said {
    let frame = BTreeMap::from([("about".to_owned(), Value::from(about))]);
    let in_words = |lang| words::sentence(notice, &frame, lang);
    let until = until(&notice.values);
    Said { code: notice.code.clone(), ko: in_words(Lang::Ko), en: in_words(Lang::En), until }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn places(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name).collect()
    }

    #[test]
    fn every_text_stands_once_in_both_languages_with_the_same_places() {
        let mut codes = BTreeSet::new();
        for text in ALL {
            assert!(codes.insert(text.code), "{} stands twice", text.code);
            assert_eq!(places(text.ko), places(text.en), "{}", text.code);
            assert!(text.ko.chars().any(|c| ('\u{ac00}'..='\u{d7a3}').contains(&c)), "{}", text.code);
        }
    }

    #[test]
    fn what_owners_read() {
        let all: Vec<String> =
            ALL.iter().map(|text| format!("{}\n  {}\n  {}", text.code, text.ko, text.en)).collect();
        insta::assert_snapshot!(all.join("\n"));
    }
}

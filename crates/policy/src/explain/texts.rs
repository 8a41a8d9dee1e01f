//! The ladder's own sentences for analysts: one entry a code, Korean and English with the same places.

/// What one code says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    pub(super) code: &'static str,
    pub(super) ko: &'static str,
    pub(super) en: &'static str,
}

const fn text(code: &'static str, ko: &'static str, en: &'static str) -> Text {
    Text { code, ko, en }
}

/// Every sentence.
pub(super) const ALL: &[Text] = &[
    text(
        "rule",
        "{reason}. 규칙 `{rule}` 충족: {condition}.",
        "{reason}. Rule `{rule}` is met: {condition}.",
    ),
    text(
        "rule_jump",
        "{reason}. 규칙 `{rule}` 충족: {condition}. 단계를 건너뛰는 종료에 필요한 고위험 기준도 충족: {high_risk}.",
        "{reason}. Rule `{rule}` is met: {condition}. So is the high-risk test that a direct forced end needs: {high_risk}.",
    ),
    text("own_words", "{text}", "{text}"),
    // Said behind a reason whose values have one of this name.
    text(
        "again",
        "기억 기간 안의 이전 조치({measure} 이상): {again}번. 그 뒤에 나온 신호만으로 다시 기준에 이르렀습니다.",
        "Earlier episodes within the memory ({measure} or more): {again}. What came since meets the test by itself.",
    ),
    text("unfounded", "이 조치가 기댄 신호는 없습니다.", "There was no signal for it to rely on."),
    // Why, where the ladder itself acts.
    text(
        "ladder.quiet",
        "위험이 정해진 기간 동안 시작할 때의 절반 아래에 머물러 {measure} 조치를 마칩니다.",
        "The risk stayed below half of where it began for the set time, so {measure} ends.",
    ),
    text(
        "ladder.lapsed",
        "검토 기한까지 결정이 없어 {measure} 조치가 자동으로 풀립니다. 같은 신호만으로는 다시 걸리지 않습니다.",
        "Nobody decided by the due time, so {measure} lapses. It does not begin anew on the same signals.",
    ),
    text(
        "ladder.left_behind",
        "키는 이미 종료되었습니다. 같은 고객의 다음 키로 이어질 조치였으나, 기한까지 이어받은 키가 없어 끝납니다.",
        "The key had ended before. The measure waited for a next key of the same customer; none took it over in its time, so it is over with the key's end.",
    ),
    text(
        "ladder.lifted",
        "담당자가 사유를 남기고 {measure} 조치를 풀었습니다.",
        "A person lifted {measure}, with a reason.",
    ),
    text(
        "ladder.exonerated",
        "오탐으로 종결되어 {measure} 조치를 풀고, 해당 신호는 더 이상 계산하지 않습니다.",
        "The case ended as a false alarm: {measure} ends, and its signals no longer count.",
    ),
    text(
        "ladder.proved",
        "본인과 통제권이 모두 확인되어 {measure} 조치를 마칩니다. 확인 전의 신호는 더 이상 계산하지 않습니다.",
        "Identity and control were proved, so {measure} ends. Signals from before no longer count.",
    ),
    text(
        "ladder.after_proof",
        "확인을 마친 키를 한동안 지켜봅니다.",
        "A key whose owner proved identity and control is watched for a while.",
    ),
    text(
        "ladder.timed_out",
        "재확인 기한이 지났습니다. 키는 계속 조회와 주문 취소만 할 수 있고, 두 사람이 결정해야 합니다.",
        "The time for re-verification ran out. The key goes on reading and cancelling only, and two persons decide.",
    ),
    text(
        "ladder.approved",
        "규칙 `{rule}`에 따른 {measure} 제안을 사람이 승인했습니다.",
        "People approved the proposed {measure} of rule `{rule}`.",
    ),
    text(
        "ladder.follows",
        "같은 고객의 키 {from}에 걸려 있던 {measure} 조치가 이 키에도 이어집니다.",
        "The open {measure} of key {from} of the same customer goes on with this key.",
    ),
    // Why a lesser measure would not do.
    text("lesser.least", "이보다 가벼운 조치가 없습니다.", "There is no lesser measure."),
    text(
        "lesser.ends",
        "조치를 마치는 것이므로 해당하지 않습니다.",
        "Nothing is taken away: a measure ends.",
    ),
    text(
        "lesser.hard",
        "확증이 있습니다({hard}). 더 가벼운 조치로는 이미 다른 사람의 손에 있는 키나 금지된 사용을 막지 못합니다.",
        "There is hard evidence ({hard}). A lesser measure would leave the key in other hands, or the prohibited use going on.",
    ),
    text(
        "lesser.failed",
        "더 가벼운 조치인 재확인을 이미 거쳤고, 통제권 확인에 두 번 실패했습니다.",
        "The lesser measure was tried: the control test of the re-verification failed twice.",
    ),
    text(
        "lesser.timed_out",
        "더 가벼운 조치인 재확인을 요청했으나, 기한까지 본인도 통제권도 확인되지 않았습니다.",
        "The lesser measure was tried: re-verification was asked for, and neither identity nor control was proved in time.",
    ),
    text(
        "lesser.timed_out_identity",
        "더 가벼운 조치인 재확인에서 본인은 확인되었습니다. 통제권은 기한까지 확인되지 않았고, 실패한 시험은 없습니다.",
        "The lesser measure was tried: identity was proved; control was not in time, with no test failed.",
    ),
    text(
        "lesser.timed_out_identity_tried",
        "더 가벼운 조치인 재확인에서 본인은 확인되었습니다. 통제권 확인은 2번 가운데 {failures}번 실패했고, 기한까지 확인되지 않았습니다.",
        "The lesser measure was tried: identity was proved; control was not in time, with {failures} of 2 tests failed.",
    ),
    text(
        "lesser.timed_out_tried",
        "더 가벼운 조치인 재확인에서 통제권 확인은 2번 가운데 {failures}번 실패했고, 본인과 통제권 모두 기한까지 확인되지 않았습니다.",
        "The lesser measure was tried: {failures} of 2 control tests failed, and neither identity nor control was proved in time.",
    ),
    text(
        "lesser.timed_out_control",
        "더 가벼운 조치인 재확인에서 통제권은 확인되었으나, 본인은 기한까지 확인되지 않았습니다.",
        "The lesser measure was tried: control was proved; identity was not in time.",
    ),
    text(
        "lesser.ignored",
        "더 가벼운 조치인 경고에 기한까지 답이 없었습니다.",
        "The lesser measure was tried: the warning was not answered in time.",
    ),
    text(
        "lesser.repeated",
        "더 가벼운 조치인 경고를 확인한 뒤에도 같은 행위가 이어졌습니다.",
        "The lesser measure was tried: the same came again after the warning was acknowledged.",
    ),
    text(
        "lesser.in_force",
        "{since}부터 {before} 조치 중이었지만, 합계가 {from}점에서 {to}점이 되어 {measure} 기준에 이르렀습니다.",
        "{before} has been in force since {since}; the total went from {from} to {to} points and meets the test for {measure}.",
    ),
    text(
        "lesser.still",
        "{since}부터 {before} 조치 중이지만, 당시 {from}점이던 합계가 지금도 {to}점으로 {measure} 기준에 해당합니다.",
        "{before} has been in force since {since}; the total, {from} points then, is {to} still and meets the test for {measure}.",
    ),
    text(
        "lesser.in_force_skipped",
        "{since}부터 {before} 조치 중이었지만, 합계가 {from}점에서 {to}점이 되어 중간 단계를 넘어 {measure} 기준에 이르렀습니다.",
        "{before} has been in force since {since}; the total went from {from} to {to} points, past the measures between, and meets the \
         test for {measure}.",
    ),
    text(
        "lesser.repeats",
        "기억 기간 안에 경고 이상의 조치가 {repeats}번 있었습니다. 다시 가벼운 조치부터 시작하지 않습니다.",
        "There were {repeats} earlier episodes with a warning or more within the memory; it does not begin anew with the least.",
    ),
    text(
        "lesser.at_once",
        "처음부터 합계가 {points}점으로 {measure} 기준에 이르러, 더 가벼운 단계의 기준을 이미 넘었습니다.",
        "The total of {points} points meets the test for {measure} from the start; the tests for lesser measures are exceeded already.",
    ),
    text(
        "lesser.approved",
        "{before} 상태에서 사람이 대안을 검토하고 {measure} 조치를 결정했습니다.",
        "People weighed the alternatives and decided for {measure}, from {before}.",
    ),
    text(
        "lesser.follows",
        "키를 바꾸어도 열려 있던 {measure} 조치가 없어지지 않습니다.",
        "Changing the key does not end an open {measure}.",
    ),
];

#[cfg(test)]
mod tests {
    use super::ALL;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_stands_once_with_the_same_places_in_both_languages() {
        let places = |text: &str| -> BTreeSet<String> {
            text.split('{')
                .skip(1)
                .filter_map(|part| part.split_once('}'))
                .map(|(name, _)| name.to_owned())
                .collect()
        };
        let mut codes = BTreeSet::new();
        for text in ALL {
            assert!(codes.insert(text.code), "{} stands twice", text.code);
            assert_eq!(places(text.ko), places(text.en), "{}", text.code);
        }
    }
}

//! A whole ladder in plain words: `sumun policy explain`. What the published logic page of a venue may be made from (L9).

use super::plain::{in_words, period};
use super::words::{hard_word, measure_word, segment_word};
use crate::policy::{ActBy, Policy};
use std::fmt::Write as _;
use sumun_model::{Lang, Measure, Segment};

/// The ladder of a segment in words.
#[must_use]
pub fn ladder(policy: &Policy, segment: Option<Segment>, lang: Lang) -> String {
    let ko = lang == Lang::Ko;
    let ladder = policy.segment(segment);
    let windows = &ladder.windows;
    let time = |seconds: i64| period(seconds, lang);
    let mut out = String::new();
    // Writing to a string cannot fail.
    let mut line = |text: String| {
        let _ = writeln!(out, "{text}");
    };
    let (title, name, word) = (policy.title.in_lang(lang), policy.name(), segment_word(segment, lang));
    line(format!("{title} ({name}) · {word}"));
    for measure in Measure::ALL {
        line(String::new());
        line(format!("{} — {}", measure_word(*measure, lang), effect(*measure, lang)));
        let rules: Vec<_> = ladder.rules.iter().filter(|rule| rule.measure == *measure).collect();
        if rules.is_empty() {
            line(
                (if ko {
                    "  이 구분에는 해당 규칙이 없습니다."
                } else {
                    "  No rule of this segment earns it."
                })
                .to_owned(),
            );
        }
        for rule in rules {
            let who = match (rule.act, ko) {
                (ActBy::Machine, true) => "자동",
                (ActBy::Machine, false) => "by machine",
                (ActBy::Propose, true) => "사람이 결정",
                (ActBy::Propose, false) => "people decide",
            };
            line(format!("  · [{who}] {}", rule.reason.in_lang(lang)));
            line(format!("      {} {}", if ko { "조건:" } else { "when" }, in_words(&rule.when, lang)));
        }
        let leaves = match (measure, ko) {
            (Measure::Monitor, true) => format!(
                "최소 {} 지켜보고, 위험이 시작 때의 절반 아래로 {} 머물면 끝납니다.",
                time(windows.monitor_period_s),
                time(windows.quiet_s)
            ),
            (Measure::Monitor, false) => format!(
                "Lasts at least {} and ends when the risk has stayed below half of where it began for {}.",
                time(windows.monitor_period_s),
                time(windows.quiet_s)
            ),
            (Measure::Warn, true) => format!(
                "{} 안에 확인을 요청합니다. 확인하고 위험이 절반 아래로 {} 머물면 끝납니다. 하루 자동 경고는 {}건까지이며, 넘으면 사람이 결정합니다.",
                time(windows.warn_ack_s),
                time(windows.quiet_s),
                policy.alerts_per_day(segment)
            ),
            (Measure::Warn, false) => format!(
                "To be acknowledged within {}. Ends when acknowledged and the risk has stayed below half for {}. At most {} a day by machine; \
                 beyond, people decide.",
                time(windows.warn_ack_s),
                time(windows.quiet_s),
                policy.alerts_per_day(segment)
            ),
            (Measure::Hold, true) => format!(
                "담당자가 {} 안에 검토합니다. 결정이 없으면 풀리고, 같은 신호만으로는 다시 걸리지 않습니다.",
                time(windows.hold_due_s)
            ),
            (Measure::Hold, false) => format!(
                "A person reviews it within {}. Without a decision it lapses, and does not begin anew on the same signals.",
                time(windows.hold_due_s)
            ),
            (Measure::Reverify, true) => format!(
                "{} 안에 본인과 통제권을 모두 확인합니다. 확인되면 집중 모니터링으로 내려가고, 통제권 확인에 두 번 실패하면 확증이 되며, 기한이 지나면 계속 조회와 주문 취소만 가능한 상태에서 두 사람이 결정합니다.",
                time(windows.reverify_timeout_s)
            ),
            (Measure::Reverify, false) => format!(
                "Identity and control are to be proved within {}. Proved: down to monitoring. Control failed twice: hard evidence. Out of time: \
                 the key goes on reading and cancelling only, and two persons decide.",
                time(windows.reverify_timeout_s)
            ),
            (Measure::Expire, true) => {
                "되돌릴 수 없습니다. 위험만으로 자동 종료되는 일은 없습니다. 확증이 있거나 두 사람이 결정해야 합니다.".to_owned()
            }
            (Measure::Expire, false) => {
                "Cannot be undone. Risk alone never ends a key by machine: it takes hard evidence, or two persons.".to_owned()
            }
        };
        line(format!("  {leaves}"));
    }
    line(String::new());
    let hard: Vec<&str> = policy.hard.iter().map(|hard| hard_word(*hard, lang)).collect();
    line(format!("{} {}", if ko { "확증으로 인정하는 것:" } else { "Hard evidence:" }, hard.join(", ")));
    let memory = time(windows.memory_s);
    line(if ko {
        format!("기억: 이전 조치는 {memory} 동안 반영됩니다.")
    } else {
        format!("Memory: earlier episodes count for {memory}.")
    });
    out
}

const fn effect(measure: Measure, lang: Lang) -> &'static str {
    match (measure, lang) {
        (Measure::Monitor, Lang::Ko) => "더 자세히 지켜봅니다. 고객에게 보이는 변화는 없습니다.",
        (Measure::Monitor, Lang::En) => "watched more closely; the owner sees nothing.",
        (Measure::Warn, Lang::Ko) => "고객에게 알리고 확인을 요청합니다. 키는 그대로 작동합니다.",
        (Measure::Warn, Lang::En) => "the owner is told and asked; the key works as before.",
        (Measure::Hold, Lang::Ko) => "조회와 주문 취소만 허용합니다. 되돌릴 수 있습니다.",
        (Measure::Hold, Lang::En) => "only reading and cancelling pass; reversible.",
        (Measure::Reverify, Lang::Ko) => "본인과 통제권을 다시 확인할 때까지 조회와 주문 취소만 허용합니다.",
        (Measure::Reverify, Lang::En) => {
            "only reading and cancelling pass until identity and control are proved anew."
        }
        (Measure::Expire, Lang::Ko) => "키를 완전히 끝냅니다. 앱과 웹 거래, 출금은 그대로입니다.",
        (Measure::Expire, Lang::En) => "the key ends; the owner's own trading and withdrawals stay open.",
    }
}

//! An explanation as an analyst reads it on a terminal.

use super::{Explanation, PieceExplained};
use crate::condition::Reading;
use crate::explain::plain::period;
use crate::explain::signed;
use crate::explain::words::{expiry_word, family_word, hard_word, measure_word, score_word, segment_word};
use crate::policy::ActBy;
use std::fmt::Write as _;
use sumun_model::Lang;

impl Explanation {
    /// As an analyst reads it on a terminal.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        let ko = lang == Lang::Ko;
        let pick = |korean: &'static str, english: &'static str| if ko { korean } else { english };
        let mut out = String::new();
        // Writing to a string cannot fail.
        let mut line = |text: String| {
            let _ = writeln!(out, "{text}");
        };
        line(format!("{} {}  ·  {}  ·  {}", pick("키", "key"), self.key, self.at, self.policy));
        let segment = segment_word(self.segment, lang);
        let measure = self.measure.map_or(pick("조치 없음", "no measure"), |m| measure_word(m, lang));
        let since = self.since.map_or(String::new(), |at| format!(", {} {at}", pick("시작", "since")));
        let due = self.due.map_or(String::new(), |at| format!(", {} {at}", pick("기한", "due")));
        line(format!(
            "{} {segment}  ·  {} {measure}{since}{due}",
            pick("구분", "segment"),
            pick("현재", "now")
        ));
        if let Some(ended) = self.ended {
            let cause =
                ended.cause.map_or(pick("이유 미상", "not known why"), |cause| expiry_word(cause, lang));
            let at_end = ended.measure.filter(|_| self.measure.is_none());
            let under = at_end.map_or(String::new(), |measure| {
                format!(
                    "  ·  {} {}",
                    pick("종료 당시 조치:", "measure at its end:"),
                    measure_word(measure, lang)
                )
            });
            line(format!("{} {}  ·  {cause}{under}", pick("종료된 키:", "this key has ended:"), ended.at));
        }
        if let Some((measure, at)) = self.proposed {
            let measure = measure_word(measure, lang);
            line(format!("{} {measure} ({at})", pick("사람의 결정을 기다림:", "waits for people:")));
        }
        for (hard, proof) in &self.hard {
            line(format!("{} {} ({proof})", pick("확증:", "hard evidence:"), hard_word(*hard, lang)));
        }
        for score in &self.scores {
            line(String::new());
            line(format!("{} {}", score_word(score.score, lang), pick("점수", "points")));
            for term in &score.terms {
                let half = period(i64::from(term.half_life_s), lang);
                let fades = if ko { format!("{half}마다 반감") } else { format!("halves in {half}") };
                line(format!("  {:>8}  {}  ({fades})", signed(term.points), family_word(term.family, lang)));
                for piece in &term.pieces {
                    line(format!("            {}", piece_line(piece, lang)));
                    if let Some(lowered) = &piece.lowered_by {
                        line(format!(
                            "              {} {}",
                            pick("낮추려면:", "lowered by:"),
                            lowered.in_lang(lang)
                        ));
                    }
                }
            }
            line(format!("  {:>8}  {}", signed(score.points), pick("합계", "total")));
        }
        if !self.cleared.is_empty() {
            let n = self.cleared.len();
            line(format!(
                "{} {n}",
                pick("해명되어 계산하지 않는 신호:", "signals cleared, which no longer count:")
            ));
        }
        if !self.settled.is_empty() {
            let n = self.settled.len();
            line(format!(
                "{} {n}",
                pick(
                    "판단이 끝나 고객에게 알리는 조치의 근거로 다시 쓰지 않는 신호:",
                    "signals settled, which earn no measure that the owner is told of any more:"
                )
            ));
        }
        line(String::new());
        line(pick("규칙", "Rules").to_owned());
        for rule in &self.rules {
            let who = match rule.act {
                ActBy::Machine => pick("자동", "machine"),
                ActBy::Propose => pick("제안", "proposes"),
            };
            let passed =
                if rule.passed { pick(" · 이미 이 단계 이상", " · already there") } else { "" };
            line(format!(
                "  [{}] {} ← {} ({who}){passed}: {}",
                mark(rule.reading, lang),
                measure_word(rule.measure, lang),
                rule.rule,
                rule.reason.in_lang(lang)
            ));
            for part in &rule.parts {
                let values: Vec<String> = part
                    .values
                    .iter()
                    .map(|(name, v)| format!("{name} = {}", v.as_deref().unwrap_or(pick("모름", "unknown"))))
                    .collect();
                line(format!(
                    "        {:<8} {}   [{}]",
                    mark(part.reading, lang),
                    part.condition,
                    values.join(", ")
                ));
                for one in &part.either {
                    line(format!(
                        "          {} {:<8} {}",
                        pick("하나라도:", "either:"),
                        mark(one.reading, lang),
                        one.condition
                    ));
                }
            }
        }
        if let Some(at) = self.next_due {
            line(String::new());
            line(format!(
                "{} {at}",
                pick("새 사건이 없어도 다시 보는 때:", "looked at again, though nothing happens:")
            ));
        }
        out
    }
}

const fn mark(reading: Reading, lang: Lang) -> &'static str {
    match (reading, lang) {
        (Reading::Met, Lang::Ko) => "충족",
        (Reading::NotMet, Lang::Ko) => "미충족",
        (Reading::Unknown, Lang::Ko) => "모름",
        (Reading::Met, Lang::En) => "met",
        (Reading::NotMet, Lang::En) => "not met",
        (Reading::Unknown, Lang::En) => "unknown",
    }
}

fn piece_line(piece: &PieceExplained, lang: Lang) -> String {
    let counts = match (piece.counts_milli, lang) {
        (1_000, Lang::Ko) => "전부 반영".to_owned(),
        (1_000, Lang::En) => "counts wholly".to_owned(),
        (0, Lang::Ko) => "반영 안 함".to_owned(),
        (0, Lang::En) => "does not count".to_owned(),
        (n, Lang::Ko) => format!("{}% 반영", n / 10),
        (n, Lang::En) => format!("counts {} %", n / 10),
    };
    format!("{:>7} {} {}  {}  {counts}", signed(piece.points), piece.detector, piece.code, piece.at)
}

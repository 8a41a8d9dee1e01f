//! A condition in plain words. What has no plain words stays as it is written, in back-ticks.

use super::signal_words::signal_word;
use super::signed;
use super::words::{family_word, hard_word, measure_word, score_word, segment_word};
use crate::condition::{Argument, Comparison, Condition, Function, Kind, Node, Var};
use sumun_model::{Lang, Measure};

/// A whole condition in words.
#[must_use]
pub fn in_words(condition: &Condition, lang: Lang) -> String {
    said(&condition.root, lang)
}

/// Seconds as people say them.
#[must_use]
pub fn period(seconds: i64, lang: Lang) -> String {
    let (n, ko, en) = match seconds {
        s if s != 0 && s % 86_400 == 0 => (s / 86_400, "일", "day"),
        s if s != 0 && s % 3_600 == 0 => (s / 3_600, "시간", "hour"),
        s if s != 0 && s % 60 == 0 => (s / 60, "분", "minute"),
        s => (s, "초", "second"),
    };
    match lang {
        Lang::Ko => format!("{n}{ko}"),
        Lang::En => format!("{n} {en}{}", if n == 1 { "" } else { "s" }),
    }
}

/// A part of a condition in words.
pub(super) fn said(node: &Node, lang: Lang) -> String {
    let ko = lang == Lang::Ko;
    match &node.kind {
        Kind::And(a, b) => joined(a, b, if ko { ", 그리고 " } else { " and " }, lang),
        Kind::Or(a, b) => joined(a, b, if ko { ", 또는 " } else { " or " }, lang),
        Kind::Bool(true) => (if ko { "항상" } else { "always" }).to_owned(),
        Kind::Var(var) => yes(var, lang).map_or_else(|| format!("`{node}`"), ToOwned::to_owned),
        Kind::Not(a) => match &a.kind {
            Kind::Var(Var::Acknowledged) if ko => "경고를 확인하지 않음".to_owned(),
            Kind::Var(Var::Acknowledged) => "the warning is not acknowledged".to_owned(),
            _ if ko => format!("다음이 아닐 때({})", said(a, lang)),
            _ => format!("not ({})", said(a, lang)),
        },
        Kind::Compare(how, a, b) => compared(*how, a, b, lang).unwrap_or_else(|| format!("`{node}`")),
        Kind::In(a, list) if matches!(a.kind, Kind::Var(Var::Segment)) => {
            let words = list.iter().filter_map(|n| match &n.kind {
                Kind::Text(word) => Some(segment_word(word.parse().ok(), lang)),
                _ => None,
            });
            let words = words.collect::<Vec<_>>().join(", ");
            if ko {
                format!("구분이 {words} 중 하나")
            } else {
                format!("the segment is one of {words}")
            }
        }
        _ => format!("`{node}`"),
    }
}

fn joined(a: &Node, b: &Node, between: &str, lang: Lang) -> String {
    let nested = |node: &Node| {
        let text = said(node, lang);
        if matches!(node.kind, Kind::Or(..)) && between != " or " && between != ", 또는 " {
            format!("({text})")
        } else {
            text
        }
    };
    format!("{}{between}{}", nested(a), nested(b))
}

fn yes(var: &Var, lang: Lang) -> Option<&'static str> {
    let ko = lang == Lang::Ko;
    Some(match var {
        Var::Hard(hard) => hard_word(*hard, lang),
        Var::AnyHard if ko => "확증이 있음",
        Var::AnyHard => "there is hard evidence",
        Var::Acknowledged if ko => "경고를 확인함",
        Var::Acknowledged => "the warning is acknowledged",
        Var::WarningIgnored if ko => "경고에 기한까지 답이 없음",
        Var::WarningIgnored => "the warning was not acknowledged in time",
        Var::RepeatedAfterWarning if ko => "경고를 확인한 뒤 다시 관찰됨",
        Var::RepeatedAfterWarning => "seen again after the warning was acknowledged",
        Var::TimedOut if ko => "재확인 기한이 지남",
        Var::TimedOut => "the time for re-verification ran out",
        _ => return None,
    })
}

fn compared(how: Comparison, a: &Node, b: &Node, lang: Lang) -> Option<String> {
    let ko = lang == Lang::Ko;
    let least = |n: i64, how: Comparison| match how {
        Comparison::AtLeast => Some(n),
        Comparison::More => Some(n + 1),
        _ => None,
    };
    Some(match (&a.kind, &b.kind) {
        // A risk between 0 and 1 stands for points, by the policy's prior. As a probability it is not said before it is calibrated.
        (Kind::Var(Var::Probability(score)), Kind::Threshold(_, points)) if how == Comparison::AtLeast => {
            total(score_word(*score, lang), &signed(*points), lang)
        }
        (Kind::Var(Var::Points(score)), Kind::Int(n)) => {
            total(score_word(*score, lang), &signed(least(*n, how)?), lang)
        }
        (Kind::Var(Var::Family(family)), Kind::Int(n)) => {
            let (family, n) = (family_word(*family, lang), signed(least(*n, how)?));
            if ko {
                format!("‘{family}’ 근거 {n}점 이상")
            } else {
                format!("evidence of “{family}” has at least {n} points")
            }
        }
        (Kind::Var(Var::Days(_)), Kind::Int(n)) => {
            let n = least(*n, how)?;
            if ko {
                format!("서로 다른 {n}일 이상 관찰됨")
            } else {
                format!("seen on at least {n} days")
            }
        }
        (Kind::Var(Var::FamilyDays(family)), Kind::Int(n)) => {
            let (family, n) = (family_word(*family, lang), least(*n, how)?);
            if ko {
                format!("‘{family}’ 근거가 {n}일 이상 관찰됨")
            } else {
                format!("“{family}” seen on at least {n} days")
            }
        }
        (Kind::Call(Function::FamiliesOver(_), Argument::Int(points)), Kind::Int(n)) => {
            let (points, n) = (signed(*points), least(*n, how)?);
            if ko {
                format!("{points}점 이상인 근거가 {n}가지 이상")
            } else {
                {
                    let (kinds, each) = if n == 1 { ("kind", "") } else { ("kinds", " each") };
                    format!("at least {n} {kinds} of evidence with {points} points or more{each}")
                }
            }
        }
        (Kind::Call(Function::Seen, Argument::Text(word)), Kind::Int(n)) => {
            let n = signed(least(*n, how)?);
            let word =
                signal_word(word, lang).map_or_else(|| format!("`{word}`"), |name| format!("‘{name}’"));
            if ko {
                format!("{word} 신호 {n}점 이상")
            } else {
                format!("the signal {word} has at least {n} points")
            }
        }
        (Kind::Call(Function::CausedBy, Argument::Text(word)), Kind::Int(n)) => {
            let n = signed(least(*n, how)?);
            let cause = word.parse().map(|cause| super::words::cause_word(cause, lang)).ok()?;
            if ko {
                format!("‘{cause}’로 보는 근거 {n}점 이상")
            } else {
                format!("evidence of “{cause}” has at least {n} points")
            }
        }
        (Kind::Var(Var::InMeasureS), Kind::Int(n)) => {
            let n = period(least(*n, how)?, lang);
            if ko { format!("그 상태로 {n} 이상 지남") } else { format!("for at least {n}") }
        }
        (Kind::Var(Var::ClusterMembers), Kind::Int(n)) => {
            let n = least(*n, how)?;
            if ko {
                format!("함께 움직이는 키가 {n}개 이상")
            } else {
                format!("at least {n} keys act as one")
            }
        }
        (Kind::Var(Var::Repeats(measure)), Kind::Int(n)) => {
            let (measure, n) = (measure_word(*measure, lang), least(*n, how)?);
            if ko {
                format!("이전에 {measure} 이상의 조치가 {n}번 이상 있음")
            } else {
                format!(
                    "at least {n} earlier episode{} with {measure} or more",
                    if n == 1 { "" } else { "s" }
                )
            }
        }
        (Kind::Var(Var::Measure), Kind::Text(word)) => {
            let word = match word.parse::<Measure>() {
                Ok(measure) => measure_word(measure, lang),
                Err(_) if ko => "조치 없음",
                Err(_) => "no measure",
            };
            match (how, ko) {
                (Comparison::Equal, true) => format!("{word} 상태"),
                (Comparison::Equal, false) => format!("under {word}"),
                (_, true) => format!("{word} 상태가 아님"),
                (_, false) => format!("not under {word}"),
            }
        }
        _ => return None,
    })
}

fn total(score: &str, points: &str, lang: Lang) -> String {
    match lang {
        Lang::Ko => format!("{score} 합계 {points}점 이상"),
        Lang::En => format!("the {} total is at least {points} points", score.to_lowercase()),
    }
}

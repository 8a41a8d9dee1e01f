//! What the counts mean for what comes next: whose addresses these may be, and which detectors work, wait or rest.

use super::words::say;
use super::{head, number};
use crate::mapping::Mapping;
use crate::needs::{State, coverage};
use crate::report::Report;
use std::fmt::Write as _;
use sumun_model::Lang;

/// Asks whether the addresses are clients' at all.
pub(super) fn addresses(out: &mut String, report: &Report, lang: Lang) {
    let (private, dominant) = (report.addresses.private, report.addresses.dominant());
    if private == 0 && dominant.is_none() {
        return;
    }
    head(
        out,
        say(
            lang,
            "Addresses: are they your clients', or a balancer's of your own?",
            "주소: 고객의 주소입니까, 아니면 귀사 로드 밸런서의 주소입니까?",
        ),
    );
    if private > 0 {
        let what = say(lang, "lines have an address of a private network", "행의 주소가 사설망 주소입니다");
        let _ = writeln!(out, "  {:>12}  {what}", number(private));
    }
    if let Some((ip, percent)) = dominant {
        let _ = match lang {
            Lang::En => writeln!(out, "  {percent:>11}%  of lines, at least, come from {ip}"),
            Lang::Ko => writeln!(out, "  {percent:>11}%  이상의 행이 {ip} 한 곳에서 왔습니다"),
        };
    }
    let todo = say(
        lang,
        "if a balancer's, take the client's from X-Forwarded-For by `forwarded = { hops = …, peer = … }`",
        "로드 밸런서의 주소라면 `forwarded = { hops = …, peer = … }`로 X-Forwarded-For에서 고객 주소를 찾으십시오",
    );
    let _ = writeln!(out, "                {todo}");
}

/// Each detector and what it is left with.
pub(super) fn detectors(out: &mut String, mapping: &Mapping, report: &Report, lang: Lang) {
    head(out, say(lang, "What detection makes of it", "탐지에 주는 영향"));
    let group = |fields: &[&str]| fields.join(say(lang, " or ", " 또는 "));
    let groups = |list: &[&[&str]]| list.iter().map(|fields| group(fields)).collect::<Vec<_>>().join("; ");
    for coverage in coverage(mapping, report) {
        let name = coverage.detector;
        let (word, why) = match &coverage.state {
            State::Fed => (say(lang, "works", "작동 "), String::new()),
            State::Waits { also } => (
                say(lang, "waits", "대기 "),
                match lang {
                    Lang::En => format!(": another source has to give {}", groups(also)),
                    Lang::Ko => format!(": 다른 자료에서 더 필요한 필드 {}", groups(also)),
                },
            ),
            State::Rests { never } => (
                say(lang, "rests", "쉼   "),
                match lang {
                    Lang::En => format!(": no line filled {}", groups(never)),
                    Lang::Ko => format!(": 채워지지 않은 필드 {}", groups(never)),
                },
            ),
        };
        let _ = writeln!(out, "  {word}  {name}{why}");
    }
}

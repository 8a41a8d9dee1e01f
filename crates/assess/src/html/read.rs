//! What was read, and what data are missing.

use super::charts::{Column, columns};
use super::section;
use super::words::{role, say};
use super::write::{esc, para, percent, table};
use crate::report::{Report, SourceRead};
use crate::source::Role;
use sumun_mapping::told::number;
use sumun_mapping::{Ended, told};
use sumun_model::Lang;

/// Reasons of refusal named of one export.
const REASONS_MAX: usize = 8;

pub(super) fn read(out: &mut String, report: &Report, lang: Lang) {
    section(
        out,
        1,
        say(lang, "What was read", "읽은 자료"),
        say(
            lang,
            "What could not be read is counted, and the reading went on.",
            "읽지 못한 행은 수를 세어 두고 계속 읽었습니다.",
        ),
    );
    let rows: Vec<Vec<String>> = report.read.sources.iter().map(|source| row(source, lang)).collect();
    let head = [
        say(lang, "Export", "자료"),
        say(lang, "Records", "레코드"),
        say(lang, "Refused", "읽지 못함"),
        say(lang, "Repeated", "중복"),
        say(lang, "Behind &gt; 5 min", "5분 넘게 늦은 행"),
        say(lang, "Clock leaps", "시각이 튄 곳"),
        say(lang, "Gaps &gt; 1 h", "1시간 넘는 공백"),
        say(lang, "Ended", "읽은 범위"),
    ];
    table(out, &head, &[1, 2, 3, 4, 5, 6], &rows);
    for source in &report.read.sources {
        faults(out, source, lang);
    }
    let r = &report.read;
    let (requests, refused, copies) = (number(r.requests), number(r.refused), number(r.copies));
    let share = percent(r.refused, r.requests);
    let mut sentence = match lang {
        Lang::En => format!(
            "{requests} requests, {refused} of them refused by the exchange ({share}); {copies} copies left out."
        ),
        Lang::Ko => format!(
            "요청은 {requests}건이고, 그중 거래소가 거부한 요청은 {refused}건({share})입니다. 같은 요청의 사본 {copies}건은 제외했습니다."
        ),
    };
    if let Some(run) = report.run {
        let rate = number(run.lines_per_second);
        let took = lasted(run.took_ms, lang);
        sentence.push_str(&match lang {
            Lang::En => format!(" Read and judged in {took}, {rate} log lines a second."),
            Lang::Ko => format!(" 읽고 판단하는 데 {took} 걸렸습니다(초당 로그 {rate}행)."),
        });
    }
    para(out, "", &sentence);
    let days: Vec<Column> = r
        .days
        .iter()
        .map(|day| Column {
            name: day.day.chars().skip(5).collect(),
            value: day.requests - day.refused.min(day.requests),
            upper: day.refused,
        })
        .collect();
    columns(
        out,
        say(lang, "Requests by day (UTC); refused ones on top", "날짜별 요청(UTC). 위쪽은 거부된 요청"),
        &days,
        None,
    );
    out.push_str("</section>\n");
}

/// A time as people say it: seconds and tenths, from two minutes on minutes and seconds.
fn lasted(ms: u64, lang: Lang) -> String {
    let (seconds, tenths) = (ms / 1000, ms % 1000 / 100);
    let (minutes, rest) = (number(seconds / 60), seconds % 60);
    match lang {
        Lang::En if seconds < 120 => format!("{seconds}.{tenths} s"),
        Lang::En => format!("{minutes} min {rest} s"),
        Lang::Ko if seconds < 120 => format!("{seconds}.{tenths}초"),
        Lang::Ko => format!("{minutes}분 {rest}초"),
    }
}

fn row(source: &SourceRead, lang: Lang) -> Vec<String> {
    let counted = &source.counted;
    let names: Vec<String> = counted.inputs.iter().map(|input| esc(&input.name)).collect();
    let cut = counted.inputs.iter().find(|input| !matches!(input.ended, Ended::Whole | Ended::Stopped));
    let ended = match cut.map(|input| &input.ended) {
        None => say(lang, "whole", "끝까지").to_owned(),
        Some(Ended::Truncated) => {
            format!("<strong class=\"gap\">{}</strong>", say(lang, "cut off", "중간에 끊김"))
        }
        Some(_) => format!("<strong class=\"gap\">{}</strong>", say(lang, "damaged", "손상")),
    };
    vec![
        format!(
            "{}<br><small>{} · {}</small>",
            role(source.role, lang),
            names.join(", "),
            esc(&counted.mapping)
        ),
        number(counted.records),
        number(counted.refused),
        number(counted.repeated),
        number(source.late),
        number(source.leaps),
        number(source.gaps),
        ended,
    ]
}

fn faults(out: &mut String, source: &SourceRead, lang: Lang) {
    let counted = &source.counted;
    let mut told: Vec<String> = Vec::new();
    let mut refusals: Vec<_> = counted.refusals.iter().collect();
    refusals.sort_by_key(|tally| std::cmp::Reverse(tally.count));
    for tally in refusals.iter().take(REASONS_MAX) {
        let field = if tally.field.is_empty() {
            String::new()
        } else {
            format!("<code>{}</code>: ", esc(&tally.field))
        };
        let place = tally
            .first
            .first()
            .map(|place| format!(" <small>({}:{})</small>", esc(&place.input), place.line));
        told.push(format!(
            "{} · {field}{}{}",
            number(tally.count),
            esc(told::code(tally.code, lang)),
            place.unwrap_or_default()
        ));
    }
    if counted.replaced > 0 {
        let what = say(
            lang,
            "lines with bytes that are no text, which were replaced",
            "글자가 아닌 바이트를 대체 문자로 바꾼 행",
        );
        told.push(format!("{} · {what}", number(counted.replaced)));
    }
    let unknown: u64 = counted.unknown_paths.iter().map(|path| path.count).sum();
    if unknown > 0 {
        let some: Vec<String> = counted
            .unknown_paths
            .iter()
            .take(4)
            .map(|path| format!("<code>{}</code>", esc(&path.name)))
            .collect();
        let what = say(lang, "requests on paths that the path table lacks", "경로표에 없는 경로의 요청");
        told.push(format!("{} · {what}: {}", number(unknown), some.join(", ")));
    }
    if let Some((ip, share)) = counted.addresses.dominant() {
        let what = match lang {
            Lang::En => format!(
                "{share}% of lines, at least, come from {ip}: if that is a balancer of yours, mend the mapping before you believe the rest"
            ),
            Lang::Ko => format!(
                "{share}% 이상의 행이 {ip} 한 곳에서 왔습니다. 귀사의 로드 밸런서라면 매핑을 먼저 고치십시오"
            ),
        };
        told.push(what);
    }
    if !told.is_empty() {
        let items: String = told.iter().map(|text| format!("<li>{text}</li>")).collect();
        para(out, "", &format!("<strong>{}</strong>", role(source.role, lang)));
        out.push_str(&format!("<ul>{items}</ul>"));
    }
}

pub(super) fn missing(out: &mut String, report: &Report, lang: Lang) {
    section(
        out,
        7,
        say(lang, "What data are missing", "부족한 자료"),
        say(
            lang,
            "A detector rests when a field it cannot do without was never filled. Nothing is guessed in its place.",
            "꼭 필요한 필드에 값이 한 번도 없으면 그 탐지기는 작동하지 않습니다. 빈 값을 추측해서 채우지 않습니다.",
        ),
    );
    let rows: Vec<Vec<String>> = report
        .detectors
        .iter()
        .map(|detector| {
            let fields = |list: &[&'static str]| {
                let fields: Vec<String> = list.iter().map(|field| format!("<code>{field}</code>")).collect();
                fields.join(say(lang, " or ", " 또는 "))
            };
            let lacks: Vec<String> = detector.lacks.iter().map(|group| fields(group)).collect();
            let (class, word) = match lacks.is_empty() {
                true => ("met", say(lang, "works", "작동")),
                false => ("gap", say(lang, "rests", "작동하지 않음")),
            };
            let better: Vec<String> =
                detector.better.iter().map(|field| format!("<code>{field}</code>")).collect();
            let dash = |text: String| if text.is_empty() { "–".to_owned() } else { text };
            vec![
                format!("<code>{}</code>", detector.detector),
                format!("<strong class=\"{class}\">{word}</strong>"),
                dash(lacks.join("<br>")),
                dash(better.join(", ")),
                number(detector.signals),
            ]
        })
        .collect();
    let head = [
        say(lang, "Detector", "탐지기"),
        say(lang, "State", "상태"),
        say(lang, "Cannot do without", "꼭 필요한 필드"),
        say(lang, "Would see more with", "있으면 더 잘 찾는 필드"),
        say(lang, "Signals", "탐지 신호"),
    ];
    table(out, &head, &[4], &rows);
    let absent: Vec<&str> = [Role::Accounts, Role::Vendors, Role::Orders, Role::Sessions, Role::Networks]
        .into_iter()
        .filter(|wanted| !report.read.sources.iter().any(|source| source.role == *wanted))
        .map(|wanted| role(wanted, lang))
        .collect();
    if !absent.is_empty() {
        let text = say(lang, "Exports not given", "받지 않은 자료");
        para(out, "warn", &format!("{text}: {}", absent.join(", ")));
    }
    let register = report.read.sources.iter().any(|source| source.role == Role::Vendors);
    if report.keys.with_vendor > 0 && !register {
        let n = number(report.keys.with_vendor);
        let text = match lang {
            Lang::En => format!(
                "{n} keys name a vendor, and no register of vendors was given: clusters among them may be the vendor's machines."
            ),
            Lang::Ko => format!(
                "키 {n}개는 업체용으로 등록되어 있으나 업체 명부를 받지 않았습니다. 이런 키의 묶음은 업체의 서버일 수 있습니다."
            ),
        };
        para(out, "warn", &text);
    }
    out.push_str("</section>\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_is_told_in_minutes() {
        assert_eq!((lasted(45_410, Lang::En), lasted(45_410, Lang::Ko)), ("45.4 s".into(), "45.4초".into()));
        assert_eq!(lasted(1_650_300, Lang::En), "27 min 30 s");
        assert_eq!(lasted(1_650_300, Lang::Ko), "27분 30초");
    }
}

//! What people read of a run, in Korean and English: counts, refusals with their first places, what nothing knows, what rests.
//!
//! Text only, of values that are already counted; the same values go to programs as JSON.

mod meaning;
mod samples;
mod words;

pub use samples::sample;
pub use words::code;

use crate::lines::Ended;
use crate::mapping::Mapping;
use crate::report::{Because, Jumps, Report, Tally, Unknown};
use meaning::{addresses, detectors};
use std::fmt::Write as _;
use sumun_model::Lang;
use words::say;

/// Most rows of one list; the rest are counted.
const ROWS_MAX: usize = 20;

/// The whole report.
#[must_use]
pub fn report(mapping: &Mapping, report: &Report, lang: Lang) -> String {
    let title = say(lang, &mapping.title.en, &mapping.title.ko);
    let mut out = format!("{} · {title}\n", report.mapping);
    inputs(&mut out, report, lang);
    made(&mut out, report, lang);
    tallies(&mut out, say(lang, "Refused", "거부한 것"), &report.refusals, lang);
    tallies(
        &mut out,
        say(lang, "Left out, as the mapping says", "매핑에 따라 비워 둔 값"),
        &report.emptied,
        lang,
    );
    unknown(
        &mut out,
        say(
            lang,
            "Fields nobody reads (use them, or name them in `ignore`)",
            "읽지 않은 필드 (쓰거나 `ignore`에 적으십시오)",
        ),
        &report.unknown_fields,
        lang,
    );
    unknown(
        &mut out,
        say(
            lang,
            "Paths not in the path table (their effect is unknown)",
            "경로표에 없는 경로 (무엇을 하는 호출인지 알 수 없습니다)",
        ),
        &report.unknown_paths,
        lang,
    );
    if report.names_not_kept > 0 {
        let n = number(report.names_not_kept);
        out.push_str(&match lang {
            Lang::En => format!("  and {n} more occurrences of names beyond the first 256\n"),
            Lang::Ko => format!("  그 밖에 처음 256개를 넘은 이름이 {n}번 더 나왔습니다\n"),
        });
    }
    times(&mut out, report, lang);
    addresses(&mut out, report, lang);
    never_filled(&mut out, report, lang);
    detectors(&mut out, mapping, report, lang);
    out
}

/// A number with thousands' commas.
#[must_use]
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn inputs(out: &mut String, report: &Report, lang: Lang) {
    for input in &report.inputs {
        let lines = number(input.lines);
        let ended = match (&input.ended, lang) {
            (Ended::Whole, Lang::En) => "read to its end".to_owned(),
            (Ended::Whole, Lang::Ko) => "끝까지 읽었습니다".to_owned(),
            (Ended::Stopped, Lang::En) => "stopped there".to_owned(),
            (Ended::Stopped, Lang::Ko) => "여기서 멈추었습니다".to_owned(),
            (Ended::Truncated, Lang::En) => {
                "CUT OFF: the compressed file ends too early; what was read before is kept".to_owned()
            }
            (Ended::Truncated, Lang::Ko) => {
                "잘림: 압축 파일이 중간에 끊겼습니다. 그 앞까지 읽은 것은 남깁니다".to_owned()
            }
            (Ended::Damaged { why }, Lang::En) => format!("DAMAGED ({why}): what was read before is kept"),
            (Ended::Damaged { why }, Lang::Ko) => format!("손상({why}): 그 앞까지 읽은 것은 남깁니다"),
        };
        let _ = match lang {
            Lang::En => writeln!(out, "  {}: {lines} lines, {ended}", input.name),
            Lang::Ko => writeln!(out, "  {}: {lines}행, {ended}", input.name),
        };
    }
}

fn made(out: &mut String, report: &Report, lang: Lang) {
    head(out, say(lang, "Lines of the wire", "만든 이벤트 행"));
    for (word, count) in &report.made {
        let _ = writeln!(out, "  {:>12}  {word}", number(*count));
    }
    let counts = [
        (report.records, say(lang, "records read", "읽은 레코드")),
        (report.refused, say(lang, "refused", "거부")),
        (report.passed_over, say(lang, "empty lines and comments", "빈 행과 주석")),
        (
            report.replaced,
            say(
                lang,
                "with bytes that are no text, which were replaced",
                "글자가 아닌 바이트를 대체 문자로 바꾼 행",
            ),
        ),
        (
            report.repeated,
            say(
                lang,
                "repeated: equal to one of the last 65,536",
                "중복: 최근 65,536행 가운데 같은 행이 있음",
            ),
        ),
    ];
    for (count, what) in counts.iter().filter(|(count, what)| *count > 0 || *what == counts[0].1) {
        let _ = writeln!(out, "  {:>12}  {what}", number(*count));
    }
    for skipped in &report.skipped {
        let (word, field) = (skipped.word, &skipped.field);
        let why = match (skipped.because, lang) {
            (Because::Needs, Lang::En) => {
                format!("no {word} line: no value for `{field}`, which `needs` names")
            }
            (Because::Needs, Lang::Ko) => {
                format!("{word} 행을 만들지 않음: `needs`에 적힌 `{field}` 값이 없음")
            }
            (Because::When, Lang::En) => format!("no {word} line: `{field}` is not what `when` says"),
            (Because::When, Lang::Ko) => {
                format!("{word} 행을 만들지 않음: `{field}` 값이 `when` 조건에 맞지 않음")
            }
        };
        let _ = writeln!(out, "  {:>12}  {why}", number(skipped.count));
    }
}

fn head(out: &mut String, text: &str) {
    let _ = writeln!(out, "\n{text}");
}

fn tallies(out: &mut String, title: &str, list: &[Tally], lang: Lang) {
    if list.is_empty() {
        return;
    }
    head(out, title);
    let mut list: Vec<&Tally> = list.iter().collect();
    list.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| (a.code, &a.field).cmp(&(b.code, &b.field))));
    for tally in list.iter().take(ROWS_MAX) {
        let field = if tally.field.is_empty() { String::new() } else { format!("{}: ", tally.field) };
        let _ = writeln!(out, "  {:>12}  {field}{}", number(tally.count), words::code(tally.code, lang));
        let places: Vec<String> =
            tally.first.iter().map(|place| format!("{}:{}", place.input, place.line)).collect();
        let more = if usize::try_from(tally.count).is_ok_and(|n| n > places.len()) { ", …" } else { "" };
        let _ = writeln!(out, "                {}{more}", places.join(", "));
        if !tally.example.is_empty() {
            let _ = writeln!(out, "                {}", tally.example);
        }
    }
    rest(out, list.len(), lang);
}

fn rest(out: &mut String, length: usize, lang: Lang) {
    if length > ROWS_MAX {
        let more = length - ROWS_MAX;
        let _ = match lang {
            Lang::En => writeln!(out, "                and {more} more kinds; `--json` has them all"),
            Lang::Ko => writeln!(out, "                그 밖에 {more}종. 전부 보려면 `--json`을 쓰십시오"),
        };
    }
}

fn unknown(out: &mut String, title: &str, list: &[Unknown], lang: Lang) {
    if list.is_empty() {
        return;
    }
    head(out, title);
    let mut list: Vec<&Unknown> = list.iter().collect();
    list.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
    for known in list.iter().take(ROWS_MAX) {
        let such = say(lang, "such as", "예:");
        let _ = writeln!(out, "  {:>12}  {}  {such} {}", number(known.count), known.name, known.example);
    }
    rest(out, list.len(), lang);
}

fn times(out: &mut String, report: &Report, lang: Lang) {
    let (Some(from), Some(to)) = (report.from, report.to) else { return };
    head(out, say(lang, "Times", "시각"));
    let _ = writeln!(out, "  {from} … {to}");
    let late = say(
        lang,
        "events more than 5 minutes behind the latest; detection keeps them, but they move nothing",
        "가장 늦은 시각보다 5분 넘게 뒤처진 이벤트. 보관하지만 탐지에는 쓰지 않습니다",
    );
    let gaps = say(lang, "steps forward of more than an hour", "1시간 넘게 건너뛴 곳");
    for (jumps, what) in [(&report.late, late), (&report.gaps, gaps)] {
        jump(out, jumps, what, lang);
    }
}

fn jump(out: &mut String, jumps: &Jumps, what: &str, lang: Lang) {
    let Some(first) = &jumps.first else { return };
    let widest = span(jumps.widest_us, lang);
    let count = number(jumps.count);
    let at = format!("{}:{}", first.input, first.line);
    let _ = match lang {
        Lang::En => writeln!(out, "  {count:>12}  {what} (first at {at}, widest {widest})"),
        Lang::Ko => writeln!(out, "  {count:>12}  {what} (처음 {at}, 가장 크게 {widest})"),
    };
}

fn span(us: i64, lang: Lang) -> String {
    let minutes = us / 60_000_000;
    match lang {
        Lang::En => format!("{} h {} min", minutes / 60, minutes % 60),
        Lang::Ko => format!("{}시간 {}분", minutes / 60, minutes % 60),
    }
}

fn never_filled(out: &mut String, report: &Report, lang: Lang) {
    let never: Vec<&str> =
        report.filled.iter().filter(|(_, count)| *count == 0).map(|(field, _)| field).collect();
    if !never.is_empty() && report.lines_made() > 0 {
        head(
            out,
            say(
                lang,
                "Fields the mapping names and no line filled",
                "매핑에 있으나 한 번도 채워지지 않은 필드",
            ),
        );
        let _ = writeln!(out, "  {}", never.join(", "));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_are_readable() {
        assert_eq!(
            ["0", "999", "1,000", "50,000,000"],
            [0, 999, 1_000, 50_000_000].map(super::number).each_ref().map(String::as_str)
        );
    }
}

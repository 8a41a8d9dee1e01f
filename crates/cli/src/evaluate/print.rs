//! A report as tables that read well in a terminal and stand in a document as they are (Markdown).

use super::report::{BASE_RATES, CleanRow, Recall, Report, TimeRow};
use super::words::{missed, notes, say};
use super::{MEASURE_WORDS, MEASURES, naive::RULE_WORDS};
use std::fmt::Write;
use sumun_model::Lang;

/// Misused keys below this share warned are named among the missed.
const MISSED_BELOW: f64 = 0.5;

/// What a report is of, said in its first lines.
pub struct Heading {
    /// Policy id and version.
    pub policy: String,
    /// Seeds as given.
    pub seeds: String,
    /// The numbers of a world.
    pub world: String,
}

#[expect(clippy::cast_precision_loss, reason = "counts of keys are far below 2^53")]
fn percent(n: u64, of: u64) -> String {
    if of == 0 { "-".to_owned() } else { format!("{:.1} %", n as f64 * 100.0 / of as f64) }
}

/// A Markdown table, its columns as wide as their widest cell; all but the first to the right.
fn table(out: &mut String, head: &[&str], rows: &[Vec<String>]) {
    let count = |text: &str| text.chars().map(|c| if c >= '\u{1100}' { 2 } else { 1 }).sum::<usize>();
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| count(cell));
        cells.chain(head.get(at).map(|head| count(head))).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |out: &mut String, cells: &[&str]| {
        for (at, (cell, width)) in cells.iter().zip(&widths).enumerate() {
            let gap = " ".repeat(width.saturating_sub(count(cell)));
            let _ = if at == 0 { write!(out, "| {cell}{gap} ") } else { write!(out, "| {gap}{cell} ") };
        }
        out.push_str("|\n");
    };
    line(out, head);
    let rules: Vec<String> = widths
        .iter()
        .enumerate()
        .map(|(at, width)| if at == 0 { "-".repeat(*width) } else { format!("{}:", "-".repeat(width - 1)) })
        .collect();
    line(out, &rules.iter().map(String::as_str).collect::<Vec<_>>());
    for row in rows {
        line(out, &row.iter().map(String::as_str).collect::<Vec<_>>());
    }
    out.push('\n');
}

fn columns<'a>(first: &[&'a str], lang: Lang) -> Vec<&'a str> {
    first.iter().copied().chain(MEASURE_WORDS).chain([say(lang, "naive", "단순 규칙")]).collect()
}

/// The whole report.
#[must_use]
pub fn text(report: &Report, heading: &Heading, lang: Lang) -> String {
    let mut out = String::new();
    let title = say(lang, "Evaluation", "평가");
    let _ = writeln!(out, "# {title}: {}\n", heading.policy);
    let _ = writeln!(out, "{} {}; {}", say(lang, "Seeds", "시드"), heading.seeds, heading.world);
    let _ = match lang {
        Lang::En => writeln!(
            out,
            "{} world{}, {} lines: {} clean keys watched for {:.0} key-months, {} misused keys, {} framers' keys.\n",
            report.worlds,
            if report.worlds == 1 { "" } else { "s" },
            report.lines,
            report.clean_keys,
            report.clean_key_months,
            report.bad_keys,
            report.framers.keys,
        ),
        Lang::Ko => writeln!(
            out,
            "세계 {}개, {}줄: 정상 키 {}개({:.0} 키·월), 오용 키 {}개, 누명을 씌우는 키 {}개.\n",
            report.worlds,
            report.lines,
            report.clean_keys,
            report.clean_key_months,
            report.bad_keys,
            report.framers.keys,
        ),
    };
    section(&mut out, say(lang, "Recall, by measure or stricter", "재현율(해당 조치 이상)"));
    recall(&mut out, report, lang);
    section(
        &mut out,
        say(lang, "Time from the first misuse: median / p90", "첫 오용부터 걸린 시간: 중앙값 / 90분위"),
    );
    time(&mut out, &report.time, lang);
    section(&mut out, say(lang, "Clean keys that met a measure", "조치를 받은 정상 키"));
    clean(&mut out, report, lang);
    section(&mut out, say(lang, "Precision", "정밀도"));
    precision(&mut out, report, lang);
    section(&mut out, say(lang, "Fairness among honest keys", "정상 키 사이의 공정성"));
    fairness(&mut out, report, lang);
    section(&mut out, say(lang, "By what differs by construction", "구성상 다른 것에 따라"));
    strata(&mut out, report, lang);
    section(&mut out, say(lang, "Warnings a day", "하루 경고 수"));
    alerts(&mut out, report, lang);
    section(&mut out, say(lang, "What is missed", "놓치는 것"));
    what_is_missed(&mut out, report, lang);
    section(&mut out, say(lang, "What this does not show", "이 평가가 보이지 않는 것"));
    for note in notes(lang) {
        let _ = writeln!(out, "- {note}");
    }
    out
}

fn section(out: &mut String, title: &str) {
    let _ = writeln!(out, "## {title}\n");
}

fn name(kind: Option<&str>, skill: Option<&str>, lang: Lang) -> String {
    let all = say(lang, "all", "전체");
    match (kind, skill) {
        (kind, None) => kind.unwrap_or(all).to_owned(),
        (None, Some(skill)) => format!("{all}, {skill}"),
        (Some(_), Some(skill)) => format!("  {skill}"),
    }
}

fn recall(out: &mut String, report: &Report, lang: Lang) {
    let row = |row: &Recall| {
        let cells = row.met.iter().map(|n| percent(*n, row.keys));
        [name(row.kind, row.skill, lang), row.keys.to_string()].into_iter().chain(cells).collect()
    };
    let rows: Vec<Vec<String>> = report.recall.iter().map(row).collect();
    table(out, &columns(&[say(lang, "kind, skill", "유형, 숙련도"), say(lang, "keys", "키")], lang), &rows);
    let [monitor, warn, ..] = report.before;
    let _ = match lang {
        Lang::En => writeln!(
            out,
            "Before their misuse began, {monitor} of these keys were watched and {warn} warned or more; that is not counted above.\n"
        ),
        Lang::Ko => writeln!(
            out,
            "오용이 시작되기 전에 이 키들 가운데 {monitor}개가 모니터링을, {warn}개가 경고 이상을 받았으며 위 표에는 넣지 않았습니다.\n"
        ),
    };
}

fn time(out: &mut String, rows: &[TimeRow], lang: Lang) {
    for (unit, hours) in [(say(lang, "hours", "시간"), true), (say(lang, "requests", "요청 수"), false)]
    {
        let row = |row: &TimeRow| {
            let cells = row.by.iter().map(|time| match time {
                None => "-".to_owned(),
                Some(time) if hours => format!("{:.1} / {:.1}", time.hours.0, time.hours.1),
                Some(time) => format!("{} / {}", time.requests.0, time.requests.1),
            });
            std::iter::once(name(row.kind, None, lang)).chain(cells).collect()
        };
        let rows: Vec<Vec<String>> = rows.iter().map(row).collect();
        table(out, &columns(&[unit], lang), &rows);
    }
}

fn clean(out: &mut String, report: &Report, lang: Lang) {
    let Some(all) = report.clean.first() else { return };
    let cells = |label: &str, cells: Vec<String>| -> Vec<String> { [vec![label.to_owned()], cells].concat() };
    let rates = |of: &[f64]| of.iter().map(|rate| format!("{rate:.1}")).collect::<Vec<_>>();
    let rows = [
        cells(say(lang, "keys", "키"), all.met.iter().map(ToString::to_string).collect()),
        cells(say(lang, "per 10,000 key-months", "1만 키·월당"), rates(&all.per_10k)),
        cells(say(lang, "95 % upper bound", "95 % 상한"), rates(&all.upper)),
    ];
    table(out, &columns(&[""], lang), &rows);
    let _ = match lang {
        Lang::En => writeln!(
            out,
            "{} clean keys were ended by the machine alone. 0 in n key-months proves only 3/n or less: here {:.2} per 10,000.\n",
            report.ended_by_machine,
            30_000.0 / all.months.max(1e-9),
        ),
        Lang::Ko => writeln!(
            out,
            "기계가 단독으로 만료시킨 정상 키는 {}개입니다. n 키·월에서 0건은 3/n 이하임을 보일 뿐이며, 여기서는 1만 키·월당 {:.2}입니다.\n",
            report.ended_by_machine,
            30_000.0 / all.months.max(1e-9),
        ),
    };
    let row = |row: &CleanRow, label: String| -> Vec<String> {
        [vec![label, row.keys.to_string()], row.met.iter().map(ToString::to_string).collect()].concat()
    };
    let mut rows: Vec<Vec<String>> =
        report.clean.iter().skip(1).map(|of| row(of, name(of.kind, None, lang))).collect();
    rows.push(row(&report.framers, say(lang, "framers (apart)", "누명을 씌우는 키(별도)").to_owned()));
    table(
        out,
        &columns(&[say(lang, "keys met, by kind", "유형별 조치를 받은 키"), say(lang, "keys", "키")], lang),
        &rows,
    );
    let rules = RULE_WORDS.iter().zip(&report.naive_rules);
    let rows: Vec<Vec<String>> = rules
        .map(|(rule, (bad, honest))| {
            vec![(*rule).to_owned(), percent(*bad, report.bad_keys), percent(*honest, report.clean_keys)]
        })
        .collect();
    let head = [
        say(lang, "rule of the baseline", "단순 규칙"),
        say(lang, "misused met", "오용"),
        say(lang, "clean met", "정상"),
    ];
    table(out, &head, &rows);
}

fn precision(out: &mut String, report: &Report, lang: Lang) {
    let rows: Vec<Vec<String>> = BASE_RATES
        .iter()
        .zip(&report.precision)
        .map(|(base, columns)| {
            let cells = columns.iter().map(|found| match found {
                None => "-".to_owned(),
                Some(p) => format!("{:.1} % ({:.1} - {:.1})", p.is * 100.0, p.low * 100.0, p.high * 100.0),
            });
            std::iter::once(format!("{:.1} %", base * 100.0)).chain(cells).collect()
        })
        .collect();
    table(out, &columns(&[say(lang, "share misused", "오용 비율")], lang), &rows);
}

fn fairness(out: &mut String, report: &Report, lang: Lang) {
    let rows: Vec<Vec<String>> = report
        .fairness
        .iter()
        .map(|row| {
            let mut cells = vec![format!("{} : {}", row.group, row.against)];
            for at in 0..2 {
                let pair = |of: &[(u64, u64); 2]| {
                    of.get(at).map_or_else(String::new, |(n, all)| format!("{n}/{all}"))
                };
                cells.push(format!("{} : {}", pair(&row.of_group), pair(&row.of_other)));
                let ratio = row.ratio.get(at).copied().flatten();
                cells.push(ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}")));
            }
            cells
        })
        .collect();
    let ratio = say(lang, "ratio", "비");
    table(out, &[say(lang, "groups", "집단"), "monitor", ratio, "warn", ratio], &rows);
}

fn strata(out: &mut String, report: &Report, lang: Lang) {
    let yes =
        |is: bool| say(lang, if is { "yes" } else { "no" }, if is { "예" } else { "아니요" }).to_owned();
    let rows: Vec<Vec<String>> = report
        .strata
        .iter()
        .map(|row| {
            let mut cells = vec![yes(row.born), yes(row.edited)];
            for (all, watched, warned) in [row.clean, row.bad] {
                cells.extend([all.to_string(), percent(watched, all), percent(warned, all)]);
            }
            cells
        })
        .collect();
    let head = match lang {
        Lang::En => {
            ["born in the world", "address added", "clean", "monitor", "warn", "misused", "monitor", "warn"]
        }
        Lang::Ko => ["세계 안에서 생성", "주소 추가", "정상", "monitor", "warn", "오용", "monitor", "warn"],
    };
    table(out, &head, &rows);
}

fn alerts(out: &mut String, report: &Report, lang: Lang) {
    let alerts = &report.alerts;
    let expected = BASE_RATES.iter().zip(&alerts.expected);
    let expected: Vec<String> = expected.map(|(base, n)| format!("{n:.2} ({:.1} %)", base * 100.0)).collect();
    let expected = expected.join(", ");
    let _ = match lang {
        Lang::En => writeln!(
            out,
            "In a world of {:.0} keys {:.2} warnings began a day on average, at most {}; the budget is {} a day. Among 10,000 keys that many a day \
             are to be expected, by the share misused: {expected}.\n",
            alerts.keys, alerts.mean, alerts.most, alerts.budget,
        ),
        Lang::Ko => writeln!(
            out,
            "키 {:.0}개의 세계에서 하루 평균 {:.2}건, 많게는 {}건의 경고가 시작되었습니다. 예산은 하루 {}건입니다. 키 1만 개에서 하루에 예상되는 \
             경고는 오용 비율에 따라 {expected}건입니다.\n",
            alerts.keys, alerts.mean, alerts.most, alerts.budget,
        ),
    };
}

fn what_is_missed(out: &mut String, report: &Report, lang: Lang) {
    #[expect(clippy::cast_precision_loss, reason = "counts of keys are far below 2^53")]
    let few = |row: &&Recall| {
        let warned = row.met.get(1).copied().unwrap_or(0) as f64;
        row.kind.is_some() && row.skill.is_none() && warned < MISSED_BELOW * row.keys as f64
    };
    let mut any = false;
    for row in report.recall.iter().filter(few) {
        any = true;
        let kind = row.kind.unwrap_or_default();
        let [monitor, warn, ..] = row.met;
        let why = missed(kind, lang);
        let _ = match lang {
            Lang::En => writeln!(
                out,
                "- `{kind}`: {} of {} keys are not warned ({}), {} are not even watched: {why}.",
                row.keys - warn,
                row.keys,
                percent(row.keys - warn, row.keys),
                row.keys - monitor,
            ),
            Lang::Ko => writeln!(
                out,
                "- `{kind}`: 키 {}개 가운데 {}개({})가 경고를 받지 않고, {}개는 모니터링도 받지 않습니다. {why}.",
                row.keys,
                row.keys - warn,
                percent(row.keys - warn, row.keys),
                row.keys - monitor,
            ),
        };
    }
    if !any {
        out.push_str(say(
            lang,
            "No dishonest kind has fewer than half of its keys warned.\n",
            "경고를 절반도 받지 않은 부정 유형은 없습니다.\n",
        ));
    }
    out.push('\n');
    debug_assert_eq!(MEASURE_WORDS.len(), MEASURES);
}

//! Clusters, the ladder run dry, and what enforced lists would refuse.

use super::charts::{Column, columns, parts};
use super::keys::some;
use super::words::{cause, effect, measure, say, segment};
use super::write::{esc, id, more, para, percent, table};
use super::{minute, section};
use crate::report::{LadderSegment, Report};
use std::fmt::Write as _;
use sumun_mapping::told::number;
use sumun_model::{Lang, Measure};

/// Clusters and keys shown; the rest is in the JSON.
const SHOWN: usize = 10;
const DAY_US: i64 = 86_400_000_000;
/// In so many days nearly everybody signs in once.
const EXPLAINED_DAYS: i64 = 14;

pub(super) fn clusters(out: &mut String, report: &Report, lang: Lang) {
    section(
        out,
        4,
        say(lang, "Likely clusters", "한 사람이 운용하는 것으로 보이는 키 묶음"),
        say(
            lang,
            "Keys of different owners that detection believes to have one operator, with what it saw. A cluster is where to begin to ask.",
            "소유자는 다르지만 한 사람이 운용하는 것으로 보이는 키와 그 근거입니다. 여기서부터 확인을 시작하십시오.",
        ),
    );
    let (total, keys) = (number(report.clusters.total), number(report.clusters.keys));
    para(
        out,
        "",
        &match lang {
            Lang::En if report.clusters.total == 1 => format!("1 cluster, {keys} keys."),
            Lang::En => format!("{total} clusters, {keys} keys."),
            Lang::Ko => format!("묶음 {total}개, 키 {keys}개입니다."),
        },
    );
    offices(out, report, lang);
    more(out, SHOWN, report.clusters.total, lang);
    short(out, report, lang);
    crowded(out, report, lang);
    for cluster in report.clusters.first.iter().take(SHOWN) {
        let (keys, owners) = (number(cluster.keys), number(cluster.owners));
        let head = match (cluster.office_line, lang) {
            (true, Lang::En) => {
                format!("{keys} keys of {owners} owners: they share a business line, as an office does")
            }
            (true, Lang::Ko) => {
                format!("키 {keys}개, 소유자 {owners}명: 같은 사업장 회선을 함께 사용(사무실일 수 있음)")
            }
            (false, Lang::En) => format!("{keys} keys of {owners} owners: {}", cause(cluster.cause, lang)),
            (false, Lang::Ko) => format!("키 {keys}개, 소유자 {owners}명: {}", cause(cluster.cause, lang)),
        };
        let _ = write!(out, "<div class=\"case\"><strong>{head}</strong><ul>");
        for said in &cluster.said {
            let evidence: Vec<String> = said.evidence.iter().map(|event| id(event.as_str())).collect();
            let _ = write!(
                out,
                "<li>{}<br><small>{} UTC · {} · {} {}</small></li>",
                esc(&said.because),
                minute(said.at),
                esc(&said.detector),
                say(lang, "such as", "요청 예:"),
                evidence.join(" ")
            );
        }
        let _ = writeln!(out, "</ul>{}", some(&cluster.some, cluster.keys));
        if cluster.with_vendor > 0 {
            let n = number(cluster.with_vendor);
            let text = match lang {
                Lang::En => format!(
                    "{n} of these keys name a vendor. Give the register of vendors (<code>--vendors</code>) before you ask anyone: these may be the machines of a tool that many lawfully use."
                ),
                Lang::Ko => format!(
                    "이 가운데 키 {n}개는 업체용으로 등록되어 있습니다. 여러 고객이 정당하게 쓰는 도구의 서버일 수 있으므로, 고객에게 묻기 전에 업체 명부(<code>--vendors</code>)를 넣어 다시 진단하십시오."
                ),
            };
            para(out, "warn", &text);
        }
        out.push_str("</div>\n");
    }
    out.push_str("</section>\n");
}

/// Clusters that may be nothing but an office.
fn offices(out: &mut String, report: &Report, lang: Lang) {
    let offices = report.clusters.office_lines;
    if offices == 0 {
        return;
    }
    let n = number(offices);
    let text = match lang {
        Lang::En => format!(
            "Against {n} of them nothing speaks but one business line that several customers use. An office looks just so until its people have signed in there, so these stand last: begin with the others."
        ),
        Lang::Ko => format!(
            "이 가운데 {n}개는 여러 고객이 같은 사업장 회선을 쓴다는 점이 유일한 근거입니다. 일반 사무실도 직원들이 그곳에서 로그인한 기록이 쌓이기 전에는 똑같아 보이므로 목록의 뒤쪽에 두었습니다. 나머지 묶음부터 확인하십시오."
        ),
    };
    para(out, "", &text);
}

/// Offices and families look like one operator until their people have been seen.
fn short(out: &mut String, report: &Report, lang: Lang) {
    let days = report.read.to.micros_since(report.read.from) / DAY_US + 1;
    if report.clusters.total == 0 || days >= EXPLAINED_DAYS {
        return;
    }
    let span = if days == 1 { "a day".to_owned() } else { format!("{days} days") };
    let text = match lang {
        Lang::En => format!(
            "The logs span {span} or less. An office or a family is explained once its people have signed in, so over so short a span many of these may be such. Give two weeks or more, with the sign-ins, before you ask anyone."
        ),
        Lang::Ko => format!(
            "로그 기간이 {days}일 이내입니다. 사무실이나 가족의 공동 이용은 그곳 사람들의 로그인 기록이 있어야 설명되므로, 기간이 이렇게 짧으면 정상적인 이용자도 묶음에 많이 남을 수 있습니다. 고객에게 묻기 전에 2주 이상의 로그를 로그인 기록과 함께 넣어 다시 진단하십시오."
        ),
    };
    para(out, "warn", &text);
}

/// Keys that changed together may be missing where too many changed at once.
fn crowded(out: &mut String, report: &Report, lang: Lang) {
    if report.read.crowded == 0 {
        return;
    }
    let n = number(report.read.crowded);
    let text = match lang {
        Lang::En => format!(
            "{n} times a key stopped, came back, or took another program, market or network, and was compared with no other key, because too many did so at once. Keys that one operator drives together may be missing here. An outage of the exchange does that to everybody; if there was none, raise <code>waiting_max</code> under <code>[detectors.co_change]</code> of the policy and run this again."
        ),
        Lang::Ko => format!(
            "키가 멈추거나 다시 움직이거나 프로그램·마켓·네트워크를 바꾼 일 가운데 {n}건은 한꺼번에 너무 많이 일어나 다른 키와 비교하지 못했습니다. 한 사람이 함께 움직인 키가 이 묶음에서 빠져 있을 수 있습니다. 거래소 장애가 있었다면 모든 키에 똑같이 생기는 일입니다. 장애가 없었다면 정책 파일 <code>[detectors.co_change]</code>의 <code>waiting_max</code> 값을 올려 다시 진단하십시오."
        ),
    };
    para(out, "warn", &text);
}

fn of(counts: &std::collections::BTreeMap<&'static str, u64>, measure: Measure) -> u64 {
    counts.get(measure.as_str()).copied().unwrap_or(0)
}

pub(super) fn ladder(out: &mut String, report: &Report, lang: Lang) {
    section(
        out,
        5,
        say(lang, "The ladder, run dry", "단계별 조치 모의 실행"),
        say(
            lang,
            "What this policy would have done over the span, had it been in force. Nobody approved anything, so what needs people stays a proposal.",
            "이 정책이 기간 내내 시행되었다면 어떤 조치가 나왔을지 계산한 결과입니다. 승인할 사람이 없으므로 사람이 정할 일은 제안으로 남습니다.",
        ),
    );
    let rows: Vec<Vec<String>> = report.ladder.segments.iter().map(|row| segment_row(row, lang)).collect();
    let mut head = vec![say(lang, "Segment", "구분"), say(lang, "Keys", "키")];
    head.extend(Measure::ALL.iter().map(|m| measure(*m, lang)));
    table(out, &head, &[1, 2, 3, 4, 5, 6], &rows);
    para(
        out,
        "sub",
        say(
            lang,
            "<small>Keys by the strictest measure: by machine, then in brackets those proposed to people, then after the slash where they stand at the end.</small>",
            "<small>키마다 가장 무거운 조치를 기준으로 센 수입니다. 앞은 시스템이 자동으로 조치한 키, 괄호 안은 담당자에게 제안한 키, 빗금 뒤는 마지막 시점에 그 단계에 있는 키입니다.</small>",
        ),
    );
    for row in &report.ladder.segments {
        let counts: Vec<u64> = Measure::ALL.iter().map(|m| of(&row.reached, *m)).collect();
        let sum: u64 = counts.iter().sum();
        if sum > 0 {
            let name = segment(row.segment, lang);
            let _ = write!(
                out,
                "<div class=\"ladder keyed\"><small>{name}: {} / {} ({})</small>{}</div>",
                number(sum),
                number(row.keys),
                percent(sum, row.keys),
                parts(&counts, row.keys)
            );
        }
    }
    out.push_str("<div class=\"keyed\">");
    for (place, m) in Measure::ALL.iter().enumerate() {
        let _ = write!(out, "<span class=\"l{place}\">{}</span>", measure(*m, lang));
    }
    out.push_str("</div>");
    alerts(out, report, lang);
    highest(out, report, lang);
    out.push_str("</section>\n");
}

fn segment_row(row: &LadderSegment, lang: Lang) -> Vec<String> {
    let cell = |m: &Measure| {
        let (reached, proposed, stands) = (of(&row.reached, *m), of(&row.proposed, *m), of(&row.stands, *m));
        let asked = if proposed > 0 { format!(" ({})", number(proposed)) } else { String::new() };
        format!("{}{asked} <small>/ {}</small>", number(reached), number(stands))
    };
    let mut cells = vec![segment(row.segment, lang).to_owned(), number(row.keys)];
    cells.extend(Measure::ALL.iter().map(cell));
    cells
}

/// Thousandths, with one decimal.
fn tenths(milli: u64) -> String {
    format!("{}.{}", number(milli / 1000), milli % 1000 / 100)
}

fn alerts(out: &mut String, report: &Report, lang: Lang) {
    let ladder = &report.ladder;
    let per_day = tenths(ladder.alerts_per_day_milli);
    let (most, budget) = (number(ladder.alerts_day_max), number(ladder.budget.into()));
    para(
        out,
        "",
        &match lang {
            Lang::En => format!(
                "{per_day} warnings a day on average, {most} on the worst day; the budget is {budget} a day and segment, and beyond it a machine only proposes."
            ),
            Lang::Ko => format!(
                "경고는 하루 평균 {per_day}건, 가장 많은 날 {most}건입니다. 한도는 고객 구분마다 하루 {budget}건이며, 한도를 넘으면 시스템은 제안만 합니다."
            ),
        },
    );
    if ladder.alerts > 0 {
        let (all, wrong) = (number(ladder.alerts), tenths(ladder.alerts_wrong_expected_milli));
        para(
            out,
            "",
            &match lang {
                Lang::En => format!(
                    "If the risk beside each warning is exact, {wrong} of all {all} would be wrong. That is the policy's own reckoning, not a count: whether a warning was right, people find out."
                ),
                Lang::Ko => format!(
                    "경고마다 매긴 위험도가 정확하다면 전체 {all}건 가운데 {wrong}건은 잘못된 경고일 것으로 예상됩니다. 정책이 스스로 계산한 예상치이며, 실제로 맞았는지는 사람이 확인해야 합니다."
                ),
            },
        );
    }
    let days: Vec<Column> = ladder
        .days
        .iter()
        .map(|day| Column { name: day.day.chars().skip(5).collect(), value: day.raised, upper: day.beyond })
        .collect();
    columns(
        out,
        say(
            lang,
            "Warnings by day (UTC); those only proposed on top",
            "날짜별 경고 수(UTC). 위쪽은 제안에 그친 것",
        ),
        &days,
        Some((ladder.budget.into(), say(lang, "budget", "한도"))),
    );
}

fn highest(out: &mut String, report: &Report, lang: Lang) {
    let rows: Vec<Vec<String>> = report
        .ladder
        .first
        .iter()
        .take(SHOWN)
        .map(|key| {
            let word = |m: Option<Measure>| {
                format!("<span class=\"m\">{}</span>", m.map_or("–", |m| measure(m, lang)))
            };
            vec![id(key.key.as_str()), word(key.reached), word(key.proposed), esc(&key.because)]
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    let _ = write!(out, "<h3>{}</h3>", say(lang, "Keys that rose highest", "가장 높은 단계에 이른 키"));
    let head = [
        say(lang, "Key", "키"),
        say(lang, "By machine", "자동 조치"),
        say(lang, "Proposed", "제안"),
        say(lang, "Why", "이유"),
    ];
    table(out, &head, &[], &rows);
}

pub(super) fn shadow(out: &mut String, report: &Report, lang: Lang) {
    section(
        out,
        6,
        say(lang, "If address lists were enforced", "등록 IP 외 차단을 적용했다면"),
        say(
            lang,
            "Requests that were allowed and that an enforced list would have refused. Most honest owners are here by drift: ask first, enforce then.",
            "실제로는 허용되었지만 등록 IP 외 차단을 적용했다면 거부되었을 요청입니다. 주소가 바뀐 정상 이용자가 대부분이므로, 먼저 확인한 뒤에 적용하십시오.",
        ),
    );
    let rows: Vec<Vec<String>> = report
        .shadow
        .segments
        .iter()
        .map(|row| {
            vec![
                segment(row.segment, lang).to_owned(),
                number(row.allowed),
                format!(
                    "{} <small>{}</small>",
                    number(row.unregistered),
                    percent(row.unregistered, row.allowed)
                ),
                number(row.keys_unregistered),
                format!(
                    "{} <small>{}</small>",
                    number(row.without_list),
                    percent(row.without_list, row.allowed)
                ),
                number(row.keys_without_list),
            ]
        })
        .collect();
    let head = [
        say(lang, "Segment", "구분"),
        say(lang, "Allowed requests", "허용된 요청"),
        say(lang, "From addresses not registered", "등록하지 않은 IP의 요청"),
        say(lang, "Keys", "키"),
        say(lang, "Of keys without a list", "등록 IP가 없는 키의 요청"),
        say(lang, "Keys", "키"),
    ];
    table(out, &head, &[1, 2, 3, 4, 5], &rows);
    let effects: Vec<String> = report
        .shadow
        .by_effect
        .iter()
        .map(|(kind, n)| format!("{} {}", effect(*kind, lang), number(*n)))
        .collect();
    if !effects.is_empty() {
        let name = say(
            lang,
            "From addresses not registered, by what was asked",
            "등록하지 않은 IP에서 온 요청의 종류",
        );
        para(out, "", &format!("{name}: {}.", effects.join(", ")));
    }
    let n = number(report.shadow.refused_already);
    para(
        out,
        "",
        &match lang {
            Lang::En => format!(
                "The exchange itself refused {n} requests for their address, as far as the log names reasons."
            ),
            Lang::Ko => {
                format!(
                    "로그에 사유가 남아 있는 범위에서, 거래소가 이미 IP를 이유로 거부한 요청은 {n}건입니다."
                )
            }
        },
    );
    out.push_str("</section>\n");
}

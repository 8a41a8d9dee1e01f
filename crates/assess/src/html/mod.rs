//! The report as one printable page: no script, nothing fetched, charts as inline SVG. Everything that was read is escaped.

mod charts;
mod keys;
mod points;
mod read;
mod risk;
mod words;
mod write;

use crate::census::ADDRESSES_MAX;
use crate::points::PointState;
use crate::report::{Code, Report};
use crate::told;
use std::fmt::Write as _;
use sumun_mapping::told::number;
use sumun_model::{Lang, Timestamp};
use words::say;
use write::{esc, para};

const STYLE: &str = include_str!("page.css");

/// Minutes are enough for people.
pub(crate) fn minute(at: Timestamp) -> String {
    at.to_string().chars().take(16).collect::<String>().replace('T', " ")
}

/// A heading with its number.
pub(crate) fn section(out: &mut String, number: u8, title: &str, lead: &str) {
    let _ = writeln!(out, "<section><h2><span>{number}</span> {title}</h2><p class=\"lead\">{lead}</p>");
}

/// The whole page.
#[must_use]
pub fn page(report: &Report) -> String {
    let lang = report.lang;
    let mut out = String::with_capacity(1 << 17);
    let title = say(lang, "API key readiness report", "API 키 준비도 진단 보고서");
    let _ = writeln!(
        out,
        "<!doctype html>\n<html lang=\"{lang}\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head><body><main>"
    );
    head(&mut out, report, title);
    read::read(&mut out, report, lang);
    keys::keys(&mut out, report, lang);
    keys::shared(&mut out, report, lang);
    risk::clusters(&mut out, report, lang);
    risk::ladder(&mut out, report, lang);
    risk::shadow(&mut out, report, lang);
    read::missing(&mut out, report, lang);
    standard(&mut out, report, lang);
    closing(&mut out, report, lang);
    out.push_str("</main></body></html>\n");
    out
}

fn head(out: &mut String, report: &Report, title: &str) {
    let lang = report.lang;
    let (from, to) = (minute(report.read.from), minute(report.read.to));
    let made = report.run.map(|run| minute(run.made));
    let _ = writeln!(out, "<header><h1>{title}</h1>");
    let mut line = format!("{from} – {to} UTC · {} {}", say(lang, "policy", "정책"), esc(&report.policy));
    if let Some(made) = made {
        let _ = write!(line, " · {} {made} UTC", say(lang, "made", "작성"));
    }
    para(out, "sub", &line);
    para(
        out,
        "note",
        say(
            lang,
            "Made offline from exports. Ids are shown as they were given: only if they were hashed, with a key that the exchange keeps, does this report name nobody. Otherwise handle it like the key database itself. \
             Long ones are cut; report.json has them whole. Nothing was refused, changed or sent. What is found here is a reason to look, not a verdict on anyone.",
            "받은 자료 파일만으로 오프라인에서 작성했습니다. ID는 받은 그대로 적었습니다. 거래소만 가진 키로 해시한 값을 받았다면 이 보고서만으로는 누구인지 알 수 없지만, 그렇지 않다면 키 데이터베이스와 똑같이 취급하십시오. 긴 ID는 앞부분만 적었으며 전체는 report.json에 있습니다. \
             진단 과정에서 요청을 거부하거나 바꾸거나 보내지 않았습니다. 여기에 적힌 내용은 살펴볼 근거이며, 누구에 대한 판정이 아닙니다.",
        ),
    );
    let remarks = &report.fit.remarks;
    if !remarks.is_empty() {
        let first = say(lang, "Before you rely on any figure (section 9):", "수치를 보기 전에(9절 참조):");
        let said: Vec<String> = remarks.iter().map(|remark| esc(&told::remark(remark, lang).what)).collect();
        para(out, "warn", &format!("<strong>{first}</strong> {}", said.join(" ")));
    }
    let found = |code: Code| {
        let finding = report.keys.findings.iter().find(|finding| finding.code == code);
        finding.and_then(|finding| finding.count).map_or_else(|| "–".to_owned(), number)
    };
    let resting = report.detectors.iter().filter(|detector| !detector.lacks.is_empty()).count();
    let per_day = report.ladder.alerts_per_day_milli;
    let cards = [
        (number(report.keys.living), say(lang, "living keys", "유효한 키")),
        (found(Code::WithoutAllowlist), say(lang, "without a registered address", "등록 IP가 없는 키")),
        (
            found(Code::UsedFromOutside),
            say(lang, "used from addresses not registered", "등록하지 않은 IP에서 쓰인 키"),
        ),
        (
            number(report.clusters.total - report.clusters.office_lines),
            say(
                lang,
                "likely clusters, shared office lines aside",
                "한 사람이 운용하는 것으로 보이는 묶음(사업장 회선 공유 제외)",
            ),
        ),
        (
            format!("{}.{}", number(per_day / 1000), per_day % 1000 / 100),
            say(lang, "warnings a day", "하루 평균 경고 수"),
        ),
        (
            format!("{resting} / {}", report.detectors.len()),
            say(lang, "detectors rest for want of data", "자료가 없어 작동하지 않은 탐지기"),
        ),
    ];
    out.push_str("<dl class=\"cards\">");
    for (figure, name) in cards {
        let _ = write!(out, "<div><dd>{figure}</dd><dt>{name}</dt></div>");
    }
    out.push_str("</dl></header>\n");
}

fn standard(out: &mut String, report: &Report, lang: Lang) {
    section(
        out,
        8,
        say(lang, "The standard, point by point", "자율규제 항목별 점검"),
        say(
            lang,
            "No text of DAXA's standard of 2026-05-28 has been published. These points are our own words for what was reported and for what members \
             already do. Have counsel confirm what binds you.",
            "2026년 5월 28일 DAXA 자율규제의 전문은 공개되지 않았습니다. 아래 항목은 보도된 내용과 회원사의 관행을 정리한 것입니다. \
             실제로 지켜야 할 의무는 법률 자문을 받아 확인하십시오.",
        ),
    );
    let count = |state: PointState| report.points.iter().filter(|point| point.state == state).count() as u64;
    let all = [PointState::Met, PointState::Gap, PointState::CannotJudge].map(|state| (state, count(state)));
    let _ = write!(
        out,
        "<div class=\"keyed\">{}",
        charts::parts(&all.map(|(_, n)| n), report.points.len() as u64)
    );
    for (place, (state, n)) in all.iter().enumerate() {
        let _ = write!(out, "<span class=\"k{place}\">{} {n}</span>", points::state(*state, lang));
    }
    out.push_str("</div>");
    let rows: Vec<Vec<String>> = report
        .points
        .iter()
        .map(|point| {
            let (asked, next) = points::words(point.code, lang);
            let class = match point.state {
                PointState::Met => "met",
                PointState::Gap => "gap",
                PointState::CannotJudge => "open",
            };
            vec![
                format!("{asked}<br><small>{}</small>", points::origin(point.origin, lang)),
                format!(
                    "<strong class=\"{class}\">{}</strong><br><small>{}</small>",
                    points::state(point.state, lang),
                    points::figures(point, lang)
                ),
                if point.state == PointState::Met { "–".to_owned() } else { next.to_owned() },
            ]
        })
        .collect();
    let head = [
        say(lang, "Point", "항목"),
        say(lang, "By these data", "자료로 본 결과"),
        say(lang, "What to do next", "다음에 할 일"),
    ];
    write::table(out, &head, &[], &rows);
    out.push_str("</section>\n");
}

fn closing(out: &mut String, report: &Report, lang: Lang) {
    section(
        out,
        9,
        say(lang, "How far this can be trusted", "이 보고서를 어디까지 믿을 수 있는가"),
        say(lang, "Read this before you rely on a figure.", "수치를 근거로 쓰기 전에 읽어 주십시오."),
    );
    for remark in &report.fit.remarks {
        let said = told::remark(remark, lang);
        para(out, "warn", &format!("<strong>{}</strong> {}", esc(&said.what), esc(said.next)));
    }
    let kept = number(report.read.kept_entries);
    let waiting = number(report.read.waiting_lines_max);
    let addresses = number(ADDRESSES_MAX as u64);
    let lines = match lang {
        Lang::En => vec![
            "The tables are of one moment and count as of the beginning of the log. A key whose list changed since may seem to be used from outside.".to_owned(),
            "Detection had no baseline before the log begins: the first days find less, and who was lent before that day looks normal.".to_owned(),
            "Delegations on record are not among these exports, nor vendors where no register was given. Customers of one vendor then look as if one operator drove them.".to_owned(),
            "The ladder ran dry, nobody approving anything: a hold here lapses, while live a person would have decided.".to_owned(),
            "Thresholds are the policy's. They were fitted on made-up worlds and should be fitted to your venue in shadow.".to_owned(),
            format!("Memory goes by keys, accounts, addresses ({addresses} at most) and days (400 at most), not by lines: {kept} entries were kept in counting, and at most {waiting} lines waited."),
        ],
        Lang::Ko => vec![
            "키와 계정 자료는 한 시점의 것이며, 로그가 시작될 때의 상태로 보았습니다. 그 뒤에 등록 IP가 바뀐 키는 등록하지 않은 곳에서 쓰인 것처럼 보일 수 있습니다.".to_owned(),
            "로그가 시작되기 전의 평소 이용 모습은 알 수 없습니다. 그래서 처음 며칠은 덜 찾아내며, 그 전에 이미 빌려준 키는 정상으로 보입니다.".to_owned(),
            "이 자료에는 위임 기록이 없으며, 업체 명부를 받지 않았다면 업체 기록도 없습니다. 이 경우 한 업체를 쓰는 고객들의 키가 한 사람이 운용하는 것처럼 보일 수 있습니다.".to_owned(),
            "단계별 조치는 아무도 승인하지 않은 모의 실행입니다. 실제라면 담당자가 결정했을 일시 제한도 여기서는 기한이 지나면 풀립니다.".to_owned(),
            "기준값은 정책 파일에 있습니다. 가상 자료로 맞춘 값이므로, 시험 운영 기간에 귀사에 맞게 조정하십시오.".to_owned(),
            format!("메모리는 행 수가 아니라 키·계정·주소(최대 {addresses}개)·날짜(최대 400일)에 따라 늘어납니다. 집계에 보관한 항목은 {kept}개, 처리를 기다린 행은 최대 {waiting}행입니다."),
        ],
    };
    out.push_str("<ul>");
    for line in lines {
        let _ = write!(out, "<li>{line}</li>");
    }
    out.push_str("</ul></section>\n");
}

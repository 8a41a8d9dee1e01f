//! The keys: counts, findings with the first by risk, rights, prefixes, shared addresses.

use super::charts::{Column, columns, share};
use super::words::{class, code, say, scope, segment, state};
use super::write::{esc, id, more, para, percent, table};
use super::{minute, section};
use crate::census::ADDRESSES_MAX;
use crate::report::{Code, Item, KeyFinding, Report, SharedSide};
use std::fmt::Write as _;
use sumun_mapping::told::number;
use sumun_model::{KeyId, Lang, Scope, Segment};

/// Entries of a list shown open; the rest is in the JSON.
const SHOWN: usize = 10;
/// Keys named of one address or cluster: hashed ids are long, and the JSON has more of them.
const NAMED: usize = 4;

pub(super) fn keys(out: &mut String, report: &Report, lang: Lang) {
    let keys = &report.keys;
    section(
        out,
        2,
        say(lang, "The keys", "키"),
        say(
            lang,
            "Findings are about living keys: neither ended, rejected nor only requested. Lists begin with what could lose most: the right to withdraw, then to trade, then the busiest.",
            "아래 내용은 만료·반려·신청 상태를 뺀 유효한 키에 관한 것입니다. 목록은 피해가 클 수 있는 순서(출금 권한, 주문 권한, 사용량 순)입니다.",
        ),
    );
    let (total, living, used, accounts) =
        (number(keys.total), number(keys.living), number(keys.used), number(keys.accounts));
    let states: Vec<String> =
        keys.by_state.iter().map(|(word, n)| format!("{} {}", state(word, lang), number(*n))).collect();
    let segments: Vec<String> =
        keys.by_segment.iter().map(|(word, n)| format!("{} {}", segment(word, lang), number(*n))).collect();
    para(
        out,
        "",
        &match lang {
            Lang::En => format!(
                "{total} keys ({}), {living} living, {used} of these used in the span; {accounts} accounts. By segment: {}.",
                states.join(", "),
                segments.join(", ")
            ),
            Lang::Ko => format!(
                "키 {total}개({}). 유효한 키 {living}개, 그 가운데 기간 중 쓰인 키 {used}개. 계정 {accounts}개. 고객 구분: {}.",
                states.join(", "),
                segments.join(", ")
            ),
        },
    );
    if keys.not_in_table > 0 {
        let (n, requests) = (number(keys.not_in_table), number(keys.not_in_table_requests));
        para(
            out,
            "warn",
            &match lang {
                Lang::En => format!(
                    "{n} keys in the log are not in the table ({requests} requests). A key that works and that nobody lists is the first thing to explain."
                ),
                Lang::Ko => format!(
                    "로그에는 있으나 키 목록에 없는 키가 {n}개입니다(요청 {requests}건). 목록에 없는데 작동하는 키가 왜 있는지부터 확인하십시오."
                ),
            },
        );
    }
    let rows: Vec<Vec<String>> = keys
        .findings
        .iter()
        .map(|finding| {
            let (name, next) = code(finding.code, lang);
            let cannot = if finding.code.is_of_use() && report.fit.requests_compared == 0 {
                say(
                    lang,
                    "cannot be judged: the log says nothing of these keys (section 9)",
                    "판단 불가: 로그에서 이 키들의 이용을 볼 수 없음(9절 참조)",
                )
            } else {
                say(lang, "cannot be judged: the column was never filled", "판단 불가: 채워진 값이 없음")
            };
            vec![
                format!("<strong>{name}</strong>"),
                finding.count.map_or_else(|| "–".to_owned(), number),
                finding.count.map_or_else(|| format!("<small>{cannot}</small>"), |n| share(n, finding.of)),
                next.to_owned(),
            ]
        })
        .collect();
    let head = [
        say(lang, "Finding", "내용"),
        say(lang, "Keys", "키"),
        say(lang, "Share", "비율"),
        say(lang, "What to do", "할 일"),
    ];
    table(out, &head, &[1], &rows);
    bounds(out, report, lang);
    for finding in &keys.findings {
        list(out, finding, lang);
    }
    rights(out, report, lang);
    lengths(out, report, lang);
    out.push_str("</section>\n");
}

fn bounds(out: &mut String, report: &Report, lang: Lang) {
    let b = report.keys.bounds;
    let (days, judged, validity, v4, v6) =
        (b.dormant_days, b.dormant_days_judged, b.validity_days_max, b.wide_v4, b.wide_v6);
    let text = match lang {
        Lang::En => format!(
            "Bounds: dormant after {days} days (judged by {judged}, as far as the log goes, where the table tells no last use); validity at most {validity} days; wide is shorter than /{v4} (IPv4) or /{v6} (IPv6)."
        ),
        Lang::Ko => format!(
            "기준: {days}일 넘게 쓰이지 않으면 오래 쓰이지 않은 키(마지막 사용일이 없으면 로그 기간인 {judged}일로 판단), 유효기간은 최대 {validity}일, IPv4 /{v4}·IPv6 /{v6}보다 넓으면 넓은 대역으로 봅니다."
        ),
    };
    para(out, "sub", &format!("<small>{text}</small>"));
}

fn ids(keys: &[KeyId]) -> String {
    keys.iter().map(|key| id(key.as_str())).collect::<Vec<_>>().join(" ")
}

pub(super) fn some(keys: &[KeyId], of: u64) -> String {
    let keys = keys.get(..NAMED.min(keys.len())).unwrap_or(keys);
    let more = of.saturating_sub(keys.len() as u64);
    if more > 0 { format!("{} +{}", ids(keys), number(more)) } else { ids(keys) }
}

fn list(out: &mut String, finding: &KeyFinding, lang: Lang) {
    if finding.first.is_empty() {
        return;
    }
    let (name, _) = code(finding.code, lang);
    let count = finding.count.unwrap_or(0);
    let shown = finding.first.len().min(SHOWN);
    let _ = match lang {
        Lang::En => write!(out, "<h3>{name}: the first {shown} of {}</h3>", number(count)),
        Lang::Ko => write!(out, "<h3>{name}: {}개 중 {shown}개</h3>", number(count)),
    };
    let rows: Vec<Vec<String>> =
        finding.first.iter().take(SHOWN).map(|item| row(finding.code, item, lang)).collect();
    let head = [
        say(lang, "Key", "키"),
        say(lang, "Account", "계정"),
        say(lang, "Segment", "구분"),
        say(lang, "Requests", "요청"),
        say(lang, "Last used (UTC)", "마지막 사용(UTC)"),
        say(lang, "What", "내용"),
    ];
    table(out, &head, &[3], &rows);
}

/// A number with what it counts.
fn counted(finding: Code, n: u64, lang: Lang) -> String {
    let figure = number(n);
    match (finding, lang) {
        (Code::UsedFromOutside, Lang::En) if n == 1 => "1 request from outside".to_owned(),
        (Code::UsedFromOutside, Lang::En) => format!("{figure} requests from outside"),
        (Code::UsedFromOutside, Lang::Ko) => format!("등록하지 않은 IP의 요청 {figure}건"),
        (_, Lang::En) => format!("{figure} addresses"),
        (_, Lang::Ko) => format!("등록 IP {figure}개"),
    }
}

fn row(finding: Code, item: &Item, lang: Lang) -> Vec<String> {
    let mut what: Vec<String> = item.rights.iter().map(|right| scope(*right, lang).to_owned()).collect();
    what.extend(item.prefixes.iter().map(|prefix| format!("<code>{prefix}</code>")));
    what.extend(item.expires.map(|end| minute(end).chars().take(10).collect()));
    what.extend(item.number.map(|n| counted(finding, n, lang)));
    let dash = || "–".to_owned();
    vec![
        id(item.key.as_str()),
        item.account.as_ref().map_or_else(dash, |account| id(account.as_str())),
        segment(item.segment.map_or("", Segment::as_str), lang).to_owned(),
        number(item.uses),
        item.last_used.map_or_else(dash, minute),
        if what.is_empty() { dash() } else { what.join(", ") },
    ]
}

fn rights(out: &mut String, report: &Report, lang: Lang) {
    let rows: Vec<Vec<String>> = report
        .keys
        .rights
        .iter()
        .filter(|right| right.held > 0 && right.right != Scope::MarketData)
        .map(|right| {
            vec![
                scope(right.right, lang).to_owned(),
                number(right.held),
                number(right.in_use),
                number(right.never),
                share(right.never, right.in_use),
            ]
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    let _ = write!(out, "<h3>{}</h3>", say(lang, "Rights held and used", "권한의 보유와 사용"));
    let head = [
        say(lang, "Right", "권한"),
        say(lang, "Keys that hold it", "보유한 키"),
        say(lang, "of these used at all", "그중 사용된 키"),
        say(lang, "never by this right", "그중 이 권한을 쓰지 않은 키"),
        say(lang, "Share", "비율"),
    ];
    table(out, &head, &[1, 2, 3], &rows);
}

fn lengths(out: &mut String, report: &Report, lang: Lang) {
    for (name, lengths) in [("IPv4", &report.keys.lengths_v4), ("IPv6", &report.keys.lengths_v6)] {
        let all: Vec<Column> = lengths
            .iter()
            .map(|(bits, n)| Column { name: format!("/{bits}"), value: *n, upper: 0 })
            .collect();
        let title = match lang {
            Lang::En => format!("Registered prefixes by length, {name}: the further left, the wider"),
            Lang::Ko => format!("등록된 {name} 대역의 프리픽스 길이별 수. 왼쪽일수록 넓은 대역입니다"),
        };
        columns(out, &title, &all, None);
    }
}

pub(super) fn shared(out: &mut String, report: &Report, lang: Lang) {
    section(
        out,
        3,
        say(lang, "Shared addresses", "공유 주소"),
        say(
            lang,
            "Addresses that keys of different owners have in common. Offices, families, carriers and clouds share addresses too: alone this accuses nobody.",
            "소유자가 다른 키들이 함께 쓰는 주소입니다. 사무실, 가족, 통신사, 클라우드도 주소를 함께 쓰므로 이것만으로 의심하지 않습니다.",
        ),
    );
    let sides = [
        (say(lang, "Registered", "등록된 주소"), &report.shared.registered),
        (say(lang, "Used, by allowed requests", "허용된 요청이 실제로 온 주소"), &report.shared.used),
    ];
    for (name, side) in sides {
        one_side(out, name, side, report.keys.living, lang);
    }
    if report.shared.not_kept > 0 {
        let (n, most) = (number(report.shared.not_kept), number(ADDRESSES_MAX as u64));
        para(
            out,
            "warn",
            &match lang {
                Lang::En => format!(
                    "{n} requests came from addresses beyond the {most} kept: what is said of use is a lower bound."
                ),
                Lang::Ko => format!(
                    "보관 한도인 주소 {most}개를 넘어서 온 요청이 {n}건입니다. 사용에 관한 수치는 적어도 이만큼이라는 뜻입니다."
                ),
            },
        );
    }
    out.push_str("</section>\n");
}

fn one_side(out: &mut String, name: &str, side: &SharedSide, living: u64, lang: Lang) {
    let _ = write!(out, "<h3>{name}</h3>");
    let (addresses, keys, of) = (number(side.addresses), number(side.keys), percent(side.keys, living));
    let mut text = match lang {
        Lang::En => format!("{addresses} addresses, {keys} keys ({of} of living ones)."),
        Lang::Ko => format!("주소 {addresses}개, 키 {keys}개(유효한 키의 {of})."),
    };
    let kinds: Vec<String> =
        side.by_class.iter().map(|(word, n)| format!("{} {}", class(word, lang), number(*n))).collect();
    if !kinds.is_empty() {
        let _ = write!(text, " {}: {}.", say(lang, "By kind of network", "네트워크 종류"), kinds.join(", "));
    }
    para(out, "", &text);
    more(out, SHOWN, side.addresses, lang);
    let rows: Vec<Vec<String>> = side
        .first
        .iter()
        .take(SHOWN)
        .map(|address| {
            vec![
                format!("<code>{}</code>", esc(&address.address)),
                number(address.owners),
                number(address.keys),
                class(address.class, lang).to_owned(),
                some(&address.some, address.keys),
            ]
        })
        .collect();
    if !rows.is_empty() {
        let head = [
            say(lang, "Address", "주소"),
            say(lang, "Owners", "소유자"),
            say(lang, "Keys", "키"),
            say(lang, "Network", "네트워크"),
            say(lang, "Some of the keys", "키(일부)"),
        ];
        table(out, &head, &[1, 2], &rows);
    }
}

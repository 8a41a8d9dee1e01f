//! What logs and tables have in common is said, and nothing is called met where nothing could be compared.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub,
    dead_code,
    reason = "tests may panic, their names say what they are, and several share `worlds`"
)]

mod worlds;

use sumun_assess::fit::{Lack, RemarkCode};
use sumun_assess::points::{PointCode, PointState};
use sumun_assess::report::Code;
use sumun_assess::{Report, Role, html};
use sumun_model::Lang;
use worlds::{Made, accounts_csv, gzip, keys_csv, nginx, run, sessions_csv, world};

type Export = (Role, &'static str, &'static str, Vec<u8>);

fn log(made: &Made) -> Vec<String> {
    made.access.iter().map(|line| nginx(line, line.ts)).collect()
}

fn exports(made: &Made, log: &[String]) -> Vec<Export> {
    vec![
        (Role::Keys, "keys-csv", "keys.csv", keys_csv(made, false)),
        (Role::Accounts, "accounts-csv", "accounts.csv", accounts_csv(made)),
        (Role::Access, "nginx-json", "access.log.gz", gzip(&(log.join("\n") + "\n"))),
    ]
}

fn point(report: &Report, code: PointCode) -> (PointState, Option<Lack>) {
    let point = report.points.iter().find(|point| point.code == code).unwrap();
    (point.state, point.lacks)
}

fn count(report: &Report, code: Code) -> Option<u64> {
    report.keys.findings.iter().find(|finding| finding.code == code).unwrap().count
}

/// As if hashed with another key: no id is another's.
fn hashed_otherwise(line: &str) -> String {
    line.replace("\"key_id\":\"", "\"key_id\":\"other-")
}

fn codes(report: &Report) -> Vec<RemarkCode> {
    report.fit.remarks.iter().map(|remark| remark.code).collect()
}

#[test]
fn where_all_fits_nothing_is_remarked_on() {
    let made = world(21, 3, 20, 0);
    let mut exports = exports(&made, &log(&made));
    exports.push((Role::Sessions, "sessions-csv", "sessions.csv", sessions_csv(&made)));
    let report = run(exports, Lang::En).unwrap();
    assert_eq!(codes(&report), []);
    let fit = &report.fit;
    assert!(!fit.is_nothing() && fit.requests_of_listed == fit.requests_with_key);
    assert!(fit.requests_with_key > 100 && fit.requests_compared > 0 && fit.keys_of_listed > Some(10));
    assert_ne!(point(&report, PointCode::LawfulUndisturbed).0, PointState::CannotJudge);
    assert!(!html::page(&report).contains("Before you rely on any figure"));
}

#[test]
fn ids_hashed_in_two_ways_are_told_and_nothing_is_called_met() {
    let made = world(21, 3, 20, 0);
    let log: Vec<String> = log(&made).iter().map(|line| hashed_otherwise(line)).collect();
    for (lang, first, cannot) in [
        (
            Lang::En,
            "No key of the access log is in the table of keys",
            "missing: the log's keys in the table",
        ),
        (Lang::Ko, "접근 로그에 나온 키가 키 목록에 하나도 없습니다", "빠진 것: 키 목록에 있는 로그의 키"),
    ] {
        let report = run(exports(&made, &log), lang).unwrap();
        assert!(report.fit.is_nothing());
        assert_eq!(codes(&report), [RemarkCode::KeysNotInTable]);
        let remark = report.fit.remarks[0];
        assert!(remark.count == remark.of && remark.of == report.fit.requests_with_key && remark.of > 100);
        for code in [PointCode::AddressesEnforced, PointCode::LawfulUndisturbed, PointCode::RiskAssessed] {
            assert_eq!(point(&report, code), (PointState::CannotJudge, Some(Lack::KeysInTable)), "{code:?}");
        }
        // What is the table's own is judged as ever; what is of use is not said to be nought.
        assert!(count(&report, Code::WithoutAllowlist).is_some());
        assert_eq!(count(&report, Code::UsedFromOutside), None);
        assert_eq!(count(&report, Code::OverScoped), None);
        let page = html::page(&report);
        assert_eq!(page.matches(first).count(), 2, "at its head, and in the section to read first");
        assert!(page.contains(cannot));
    }
}

#[test]
fn a_tenth_of_strangers_is_remarked_on_and_what_was_seen_stays() {
    let made = world(21, 3, 20, 0);
    let clean = run(exports(&made, &log(&made)), Lang::En).unwrap();
    let with = |every: usize| {
        let lines = log(&made);
        let lines = lines.iter().enumerate().map(|(place, line)| match place.is_multiple_of(every) {
            true => hashed_otherwise(line),
            false => line.clone(),
        });
        run(exports(&made, &lines.collect::<Vec<_>>()), Lang::En).unwrap()
    };
    let report = with(10);
    assert_eq!(codes(&report), [RemarkCode::KeysNotInTable]);
    assert!(!report.fit.is_nothing() && report.fit.remarks[0].count < report.fit.remarks[0].of);
    assert!(html::page(&report).contains("name one that is not in the table of keys"));
    let state = |report: &Report, code| point(report, code).0;
    assert_ne!(state(&clean, PointCode::LawfulUndisturbed), PointState::CannotJudge);
    assert_ne!(state(&report, PointCode::AddressesEnforced), PointState::Met);
    // One in forty is what keys that ended and left the table look like.
    assert_eq!(codes(&with(40)), []);
}

#[test]
fn a_log_without_keys_or_addresses_is_no_good_news_either() {
    let made = world(21, 3, 20, 0);
    let without = |field: &str| {
        let lines: Vec<String> =
            log(&made).iter().map(|line| line.replace(&format!("\"{field}\":"), "\"other\":")).collect();
        let mut exports = exports(&made, &lines);
        exports.push((Role::Sessions, "sessions-csv", "sessions.csv", sessions_csv(&made)));
        run(exports, Lang::En).unwrap()
    };
    let report = without("key_id");
    assert_eq!(report.fit.remarks[0].of, made.access.len() as u64);
    assert_eq!(codes(&report), [RemarkCode::NoKeyInLog]);
    assert!(report.fit.is_nothing());
    assert_eq!(point(&report, PointCode::AddressesEnforced).1, Some(Lack::KeysInLog));
    let report = without("remote_addr");
    assert_eq!(codes(&report), [RemarkCode::NoAddressCompared]);
    assert!(!report.fit.is_nothing());
    assert_eq!(
        point(&report, PointCode::LawfulUndisturbed),
        (PointState::CannotJudge, Some(Lack::Addresses))
    );
}

#[test]
fn accounts_and_sign_ins_that_fit_nobody_are_told() {
    let made = world(21, 3, 20, 0);
    let other = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).unwrap();
        let mut lines = text.lines();
        let head = lines.next().unwrap().to_owned();
        let accounts = made.accounts.keys().map(ToString::to_string).collect::<Vec<_>>();
        let rest = lines.map(|line| {
            line.split(',')
                .map(|cell| match accounts.iter().any(|account| account == cell) {
                    true => format!("other-{cell}"),
                    false => cell.to_owned(),
                })
                .collect::<Vec<_>>()
                .join(",")
        });
        [head].into_iter().chain(rest).collect::<Vec<_>>().join("\n").into_bytes()
    };
    let mut exports = exports(&made, &log(&made));
    exports[1].3 = other(accounts_csv(&made));
    let report = run(exports.clone(), Lang::Ko).unwrap();
    assert_eq!(codes(&report), [RemarkCode::AccountsNotInTable]);
    assert!(html::page(&report).contains("계정이 계정 목록에 없습니다"));
    exports[1].3 = accounts_csv(&made);
    exports.push((Role::Sessions, "sessions-csv", "sessions.csv", other(sessions_csv(&made))));
    let report = run(exports, Lang::En).unwrap();
    assert_eq!(codes(&report), [RemarkCode::NothingInCommon]);
    assert!(html::page(&report).contains("No account of the sign-ins is in any table"));
}

#[test]
fn files_given_newest_first_are_told_with_the_remedy() {
    let made = world(21, 3, 20, 0);
    let mut lines = log(&made);
    let third = lines.len() / 3;
    lines.rotate_left(third);
    let report = run(exports(&made, &lines), Lang::En).unwrap();
    assert_eq!(codes(&report), [RemarkCode::Late]);
    let remark = report.fit.remarks[0];
    assert!(remark.role == Role::Access && remark.count * 5 > remark.of, "{remark:?}");
    assert!(html::page(&report).contains("Give the files of a log oldest first"));
}

//! Reports against the generator's truth: two formats, one of them damaged.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub,
    reason = "tests may panic, and their names say what they are"
)]

mod worlds;

use std::collections::{BTreeMap, BTreeSet};
use sumun_assess::report::Code;
use sumun_assess::{Report, Role, html};
use sumun_mapping::Ended;
use sumun_model::{Cause, KeyId, Lang};
use sumun_sim::population::Kind;
use worlds::{
    Made, accounts_csv, counts, envoy, gzip, keys_csv, networks_csv, nginx, plant, run, run_with,
    sessions_csv, vendors_csv, world, world_of,
};

fn found(report: &Report, code: Code) -> u64 {
    report.keys.findings.iter().find(|finding| finding.code == code).unwrap().count.unwrap()
}

fn clean(made: &Made, lang: Lang) -> Report {
    run(exports(made), lang).unwrap()
}

fn exports(made: &Made) -> Vec<(Role, &'static str, &'static str, Vec<u8>)> {
    let log: String = made.access.iter().map(|line| nginx(line, line.ts) + "\n").collect();
    vec![
        (Role::Keys, "keys-csv", "keys.csv", keys_csv(made, false)),
        (Role::Accounts, "accounts-csv", "accounts.csv", accounts_csv(made)),
        (Role::Networks, "networks-csv", "networks.csv", networks_csv(made)),
        (Role::Access, "nginx-json", "access.log.gz", gzip(&log)),
        (Role::Sessions, "sessions-csv", "sessions.csv", sessions_csv(made)),
    ]
}

/// Every planted pool is found, and nobody honest is said to have lent or is warned by the machine.
fn pools_are_found(report: &Report, made: &Made) {
    let honest = made.honest();
    let lent = report.clusters.first.iter().filter(|cluster| cluster.cause != Cause::CopiedCode);
    let lent: Vec<BTreeSet<KeyId>> = lent.map(|cluster| cluster.some.iter().cloned().collect()).collect();
    // Fewer than five at an address of a data centre are not told of.
    for pool in made.pools().into_iter().filter(|pool| pool.len() >= 5) {
        assert!(lent.iter().any(|cluster| cluster.intersection(&pool).count() >= 5), "{pool:?} in {lent:?}");
    }
    for cluster in &lent {
        let wrong: Vec<_> = cluster.intersection(&honest).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
    let cut = report.ladder.first.iter().filter(|key| key.reached.is_some_and(|m| m.as_str() != "monitor"));
    let wrong: Vec<_> = cut.filter(|key| honest.contains(&key.key)).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn counts_equal_the_truth_and_pools_are_found() {
    let mut made = world(11, 7, 36, 10);
    plant(&mut made);
    let report = clean(&made, Lang::En);
    assert_eq!(report.keys.total, made.keys.len() as u64);
    assert_eq!(report.read.requests, made.access.len() as u64);
    assert_eq!(report.read.copies + report.read.late, 0);
    let uses = made.uses();
    let living: Vec<_> =
        made.keys.values().filter(|key| !key.state.is_some_and(|s| s.is_terminal())).collect();
    assert_eq!(report.keys.living, living.len() as u64);
    let count =
        |of: &dyn Fn(&sumun_model::wire::KeyLine) -> bool| living.iter().filter(|key| of(key)).count() as u64;
    let empty = |key: &sumun_model::wire::KeyLine| key.allowlist.as_ref().is_none_or(Vec::is_empty);
    assert_eq!(found(&report, Code::WithoutAllowlist), count(&empty));
    let outside =
        |key: &sumun_model::wire::KeyLine| !empty(key) && uses.get(&key.key).is_some_and(|(_, out)| *out > 0);
    assert_eq!(found(&report, Code::UsedFromOutside), count(&outside));
    assert_eq!(report.keys.used, count(&|key| uses.contains_key(&key.key)));
    assert_eq!(found(&report, Code::WithoutExpiry), count(&|key| key.expires.is_none()));
    let withdraw = |key: &sumun_model::wire::KeyLine| {
        key.scopes.is_some_and(|scopes| scopes.contains(sumun_model::Scope::Withdraw))
    };
    assert_eq!(found(&report, Code::MayWithdraw), count(&withdraw));
    let end = report.read.to;
    assert_eq!(found(&report, Code::PastExpiry), count(&|key| key.expires.is_some_and(|at| at < end)));
    let long = |key: &sumun_model::wire::KeyLine| {
        let from = key.created.unwrap();
        key.expires.is_some_and(|at| at.micros_since(from) > 366 * 86_400_000_000)
    };
    assert_eq!(found(&report, Code::LongValidity), count(&long));
    let wide = |key: &sumun_model::wire::KeyLine| {
        let list = key.allowlist.iter().flatten().map(|entry| entry.prefix());
        list.filter(|prefix| prefix.length() < if prefix.is_v4() { 29 } else { 64 }).count() > 0
    };
    assert_eq!(found(&report, Code::WidePrefix), count(&wide));
    let never: Vec<_> = living.iter().filter(|key| !uses.contains_key(&key.key)).collect();
    let old = |at: sumun_model::Timestamp| end.micros_since(at) > 6 * 86_400_000_000;
    assert_eq!(
        found(&report, Code::Dormant),
        never.iter().filter(|key| key.created.is_none_or(old)).count() as u64
    );
    assert!(report.keys.findings.iter().filter(|finding| finding.count > Some(0)).count() >= 8);
    // Who is listed is living, and the first could lose most.
    let first = &report.keys.findings.iter().find(|finding| finding.code == Code::MayWithdraw).unwrap().first;
    assert!(first.iter().all(|item| withdraw(&made.keys[&item.key])));
    shared_addresses(&report, &made);
    let sum = |of: fn(&sumun_assess::report::ShadowSegment) -> u64| {
        report.shadow.segments.iter().map(of).sum::<u64>()
    };
    assert_eq!(sum(|s| s.allowed), uses.values().map(|(all, _)| all).sum::<u64>());
    assert_eq!(sum(|s| s.unregistered + s.without_list), uses.values().map(|(_, out)| out).sum::<u64>());
    assert!(report.detectors.iter().all(|detector| detector.lacks.is_empty()), "{:?}", report.detectors);
    pools_are_found(&report, &made);
    let days: u64 = report.read.days.iter().map(|day| day.requests).sum();
    assert_eq!(days, report.read.requests);
}

/// Where detection has room for one change at a time, the page says that it compared most of them with nobody's.
#[test]
fn what_came_too_thick_to_be_compared_is_said() {
    let made = world(11, 3, 12, 10);
    let words = [(Lang::En, "was compared with no other key"), (Lang::Ko, "다른 키와 비교하지 못했습니다")];
    for (lang, words) in words {
        let mut params = sumun_detect::Params::default();
        params.links.co_change.waiting_max = 1;
        let mut report = run_with(params, exports(&made), lang).unwrap();
        assert!(report.read.crowded > 20, "{}", report.read.crowded);
        let number = sumun_mapping::told::number(report.read.crowded);
        let page = html::page(&report);
        let sentence = page.lines().find(|line| line.contains(words)).unwrap();
        assert!(sentence.contains(&number), "{sentence}");
        assert_eq!(serde_json::to_value(&report).unwrap()["read"]["crowded"], report.read.crowded);
        report.read.crowded = 0;
        assert!(!html::page(&report).contains(words), "said though nothing was left out");
    }
    assert_eq!(clean(&made, Lang::En).read.crowded, 0);
}

/// Addresses of several customers, by allowed use, against a naive table of all requests.
fn shared_addresses(report: &Report, made: &Made) {
    let mut by_address: BTreeMap<std::net::IpAddr, BTreeSet<String>> = BTreeMap::new();
    for line in made.access.iter().filter(|line| counts(line)) {
        let account = made.keys[line.key.as_ref().unwrap()].account.clone().unwrap();
        let customer = made.accounts[account.as_str()].customer.clone().unwrap();
        by_address.entry(line.ip.unwrap()).or_default().insert(customer.to_string());
    }
    let several = by_address.values().filter(|owners| owners.len() > 1).count() as u64;
    assert_eq!(report.shared.used.addresses, several);
    assert_eq!(report.shared.not_kept, 0);
    let classes: u64 = report.shared.used.by_class.values().sum();
    assert_eq!(classes, several);
}

/// Envoy's log, cut off in mid-stream; lines twice; a clock that leaps ahead for some lines and one that lags; a table in CP949.
#[test]
fn damage_is_counted_and_what_is_left_is_judged() {
    let made = world(12, 7, 36, 10);
    let (mut log, mut twice, mut leapt, mut lagging) = (String::new(), 0, 0, 0);
    let half = made.access.len() / 2;
    for (place, line) in made.access.iter().enumerate() {
        let at = match place {
            // Half a year ahead, five lines in a row, and one alone: the clock's.
            place if place == 900 || (1500..1505).contains(&place) => {
                leapt += 1;
                line.ts.plus_micros(180 * 86_400_000_000)
            }
            place if place > 2000 && place < half && place.is_multiple_of(701) => {
                lagging += 1;
                line.ts.plus_micros(-2 * 3_600_000_000)
            }
            _ => line.ts,
        };
        let text = envoy(line, at) + "\n";
        log.push_str(&text);
        if place < half
            && place.is_multiple_of(97)
            && ![900].contains(&place)
            && !(1500..1505).contains(&place)
        {
            twice += 1;
            log.push_str(&text);
        }
    }
    let whole = gzip(&log);
    let cut = whole[..whole.len() * 9 / 10].to_vec();
    let exports = vec![
        (Role::Keys, "keys-csv", "키.csv", keys_csv(&made, true)),
        (Role::Accounts, "accounts-csv", "accounts.csv", accounts_csv(&made)),
        (Role::Networks, "networks-csv", "networks.csv", networks_csv(&made)),
        (Role::Sessions, "sessions-csv", "sessions.csv", sessions_csv(&made)),
        (Role::Access, "envoy-json", "access.json.gz", cut),
    ];
    let report = run(exports, Lang::Ko).unwrap();
    let access = report.read.sources.iter().find(|source| source.role == Role::Access).unwrap();
    assert_eq!(access.counted.inputs[0].ended, Ended::Truncated);
    assert_eq!(access.leaps, leapt);
    assert_eq!(access.counted.repeated, twice);
    assert_eq!(report.read.copies, twice);
    assert!(access.counted.late.count >= lagging && report.read.late >= lagging);
    let read = access.counted.records - twice - leapt;
    assert!(report.read.requests.abs_diff(read) <= access.counted.refused, "{} {read}", report.read.requests);
    assert!(report.read.requests * 10 > made.access.len() as u64 * 8, "most of it was read");
    assert_eq!(report.keys.total, made.keys.len() as u64, "the table of another encoding is whole");
    assert!(report.read.to < "2026-03-10T00:00:00Z".parse().unwrap(), "no leap moved the span");
    pools_are_found(&report, &made);
    assert!(html::page(&report).contains("중간에 끊김"));
}

/// What is kept goes by keys and addresses: three times the lines of the same keys keep no more.
#[test]
fn what_is_kept_does_not_grow_with_lines() {
    let made = world(13, 2, 12, 0);
    let kept = |times: u32| {
        let mut log = String::new();
        for (place, line) in made.access.iter().enumerate() {
            for copy in 0..times {
                let mut line = line.clone();
                line.id = format!("{}-{copy}", line.id).parse().unwrap();
                let at = line.ts.plus_micros(i64::from(copy) + place as i64 % 7);
                log.push_str(&(nginx(&line, at) + "\n"));
            }
        }
        let exports = vec![
            (Role::Keys, "keys-csv", "keys.csv", keys_csv(&made, false)),
            (Role::Access, "nginx-json", "access.log.gz", gzip(&log)),
        ];
        run(exports, Lang::En).unwrap()
    };
    let (one, many) = (kept(1), kept(6));
    assert_eq!(many.read.requests, one.read.requests * 6);
    // Ids of requests are the one thing that lines fill, and they have their own bound.
    let ids = |report: &Report| report.read.requests.min(65_536);
    let without = |report: &Report| report.read.kept_entries - ids(report);
    assert!(without(&many) <= without(&one) + 40, "{} {}", without(&many), without(&one));
    assert!(many.read.waiting_lines_max <= 2048 * 7 + 64, "{}", many.read.waiting_lines_max);
}

/// The page of a small run, without its markup, in both languages.
#[test]
fn people_read_it_in_both_languages() {
    let mut made = world(14, 5, 30, 8);
    plant(&mut made);
    for lang in [Lang::En, Lang::Ko] {
        let report = clean(&made, lang);
        let page = html::page(&report);
        if let Ok(folder) = std::env::var("SUMUN_ASSESS_PAGES") {
            std::fs::write(format!("{folder}/{lang}.html"), &page).unwrap();
        }
        insta::assert_snapshot!(format!("page_{lang}"), text_of(&page));
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!((json["format"].as_str(), json["version"].as_u64()), (Some("sumun.assess"), Some(1)));
    }
}

/// What a reader sees of a page: tags out, a line for each cell, paragraph and heading.
fn text_of(page: &str) -> String {
    let body = page.split_once("</style>").unwrap().1;
    let (mut out, mut tag) = (String::new(), None::<String>);
    for c in body.chars() {
        match (&mut tag, c) {
            (None, '<') => tag = Some(String::new()),
            (None, c) => out.push(c),
            (Some(name), '>') => {
                let row = ["/tr", "/p", "/h1", "/h2", "/h3", "/li", "/figcaption", "/div", "br"];
                out.push_str(if row.contains(&name.as_str()) {
                    "\n"
                } else if ["/td", "/th", "/dd", "/span", "/title", "/text"].contains(&name.as_str()) {
                    " | "
                } else {
                    ""
                });
                tag = None;
            }
            (Some(name), c) => name.push(c),
        }
    }
    let lines = out.lines().map(str::trim).filter(|line| !line.is_empty() && *line != "|");
    lines.map(|line| line.trim_end_matches(" |").to_owned() + "\n").collect()
}

/// Whoever chooses a user agent, a path, a name of a file or of a field chooses no markup.
#[test]
fn planted_markup_stays_text() {
    let made = world(15, 1, 8, 0);
    let evil = "<script>alert(1)</script><img src=x onerror=alert(2)>\" onload=\"x";
    let mut log = String::new();
    for line in &made.access {
        let mut line = line.clone();
        line.agent = Some(evil.to_owned());
        log.push_str(&(nginx(&line, line.ts) + "\n"));
    }
    let path = made.access.iter().take(3).map(|line| {
        nginx(line, line.ts).replace(
            "\"request_uri\":\"/v1",
            "\"<script>x</script>\":\"1\",\"request_uri\":\"/<script>alert(3)</script>",
        )
    });
    log.extend(path.map(|line| line + "\n"));
    log.push_str("<script>alert(4)</script>\n");
    let name = "<script>name</script>.log";
    let exports = vec![
        (Role::Keys, "keys-csv", name, keys_csv(&made, false)),
        (Role::Access, "nginx-json", name, log.into_bytes()),
    ];
    let report = run(exports, Lang::En).unwrap();
    let page = html::page(&report);
    for tag in ["<script", "<img", "onerror=a", "onload=\"", "http://", "https://", "url(", "@import"] {
        assert!(!page.contains(tag), "{tag}");
    }
    assert!(page.contains("&lt;script&gt;name&lt;/script&gt;.log"));
    assert!(page.contains("default-src 'none'"));
}

/// Nothing to read is an error that says what to do, not an empty report.
#[test]
fn what_gives_nothing_is_refused() {
    let made = world(15, 1, 4, 0);
    let keys = || (Role::Keys, "keys-csv", "keys.csv", keys_csv(&made, false));
    let log = |text: String| (Role::Access, "nginx-json", "access.log", text.into_bytes());
    let error = run(vec![keys(), log("rubbish\n".to_owned())], Lang::En).unwrap_err().to_string();
    assert!(error.contains("no request could be read") && error.contains("sumun map check"), "{error}");
    let line = nginx(&made.access[0], made.access[0].ts);
    let head: Vec<u8> =
        keys_csv(&made, false).split_inclusive(|byte| *byte == b'\n').next().unwrap().to_owned();
    let empty = (Role::Keys, "keys-csv", "keys.csv", head);
    let error = run(vec![empty, log(line)], Lang::En).unwrap_err().to_string();
    assert!(error.contains("no key could be read"), "{error}");
}

/// A tool's customers are at its machines: with the register nobody is accused, without it the report says what is missing.
#[test]
fn a_vendor_s_customers_are_explained_by_the_register() {
    let made = world_of(&[Kind::Vendor, Kind::Home], 78, 4, 45, 0);
    let log: String = made.access.iter().map(|line| nginx(line, line.ts) + "\n").collect();
    let of = |register: bool| {
        let mut exports = vec![
            (Role::Keys, "keys-csv", "keys.csv", keys_csv(&made, false)),
            (Role::Accounts, "accounts-csv", "accounts.csv", accounts_csv(&made)),
            (Role::Networks, "networks-csv", "networks.csv", networks_csv(&made)),
            (Role::Access, "nginx-json", "access.log.gz", gzip(&log)),
        ];
        if register {
            exports.push((Role::Vendors, "vendors-csv", "vendors.csv", vendors_csv(&made)));
        }
        run(exports, Lang::En).unwrap()
    };
    let with = of(true);
    assert_eq!((with.clusters.total, with.ladder.first.len()), (0, 0), "{:?}", with.ladder.first);
    let without = of(false);
    assert!(without.clusters.total > 0, "this world shows what the register is for");
    assert!(without.clusters.first.iter().all(|cluster| cluster.with_vendor == cluster.keys));
    let page = html::page(&without);
    assert!(page.contains("no register of vendors was given"));
    assert!(page.contains("Give the register of vendors"));
}

//! The rules of order and time, one by one: late lines, repeats, state lines, timers, feedback, keys that move or are replaced.

use super::stage::{engine, lines, options, run};
use sumun_detect::Output;

/// A request of key K of account A at a time of one day.
fn access(id: &str, time: &str, key: &str, ip: &str, more: &str) -> String {
    format!(
        r#"{{"type":"access","id":"{id}","ts":"2026-05-28T{time}Z","key":"{key}","account":"A-{key}","ip":"{ip}","agent":"ccxt/4.5","method":"GET","route":"/v1/accounts","effect":"read","scope":"read_balances","verdict":"allow","signature":"valid","checks":{{"signature":"pass","address":"pass"}}{more}}}"#
    )
}

fn tick(time: &str) -> String {
    format!(r#"{{"type":"tick","ts":"2026-05-28T{time}Z"}}"#)
}

/// By turns from two networks: returns enough for a signal and for the made-up judge.
fn turns(key: &str, from_minute: u32, count: u32) -> String {
    (0..count)
        .map(|n| {
            let (ip, agent) = if n % 2 == 0 {
                ("203.0.113.7", "")
            } else {
                ("198.51.100.9", r#","ja4":"t13d1516h2_8daaf6152771_02713d6af862""#)
            };
            let time = format!("09:{:02}:{:02}", from_minute + n / 3, n % 3 * 20);
            access(&format!("{key}-{from_minute}-{n}"), &time, key, ip, agent) + "\n"
        })
        .collect()
}

fn outputs(text: &str) -> Vec<Output> {
    engine(options(1)).feed(lines(text))
}

fn signals(outputs: &[Output]) -> Vec<String> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Signal(signal) => Some(format!("{} {}", signal.ts, signal.code)),
            _ => None,
        })
        .collect()
}

fn measures(outputs: &[Output]) -> Vec<String> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Measure(m) => Some(format!("{} {} {} {}", m.ts, m.key, m.phase, m.measure)),
            _ => None,
        })
        .collect()
}

#[test]
fn late_events_and_repeats_are_counted_and_feed_nothing() {
    let text = [
        access("a1", "09:00:00", "K1", "203.0.113.7", ""),
        access("a1", "09:00:01", "K1", "203.0.113.7", ""),
        tick("09:10:00"),
        // The first copy was seen at 09:00:00: ten minutes are not over.
        access("a1", "09:10:00", "K1", "203.0.113.7", ""),
        // Five minutes behind is not late, a microsecond more is.
        access("a2", "09:05:00", "K1", "203.0.113.7", ""),
        access("a3", "09:04:59.999999", "K1", "203.0.113.7", ""),
        access("a1", "09:10:01", "K1", "203.0.113.7", ""),
        // Another source, another type: no repeats.
        access("a1", "09:10:01", "K1", "203.0.113.7", r#","source":"tap""#),
        r#"{"type":"order","id":"a1","ts":"2026-05-28T09:10:02Z","account":"A-K1","key":"K1"}"#.to_owned(),
    ];
    let mut engine = engine(options(1));
    engine.feed(lines(&text.join("\n")));
    let counts = engine.counts();
    assert_eq!((counts.lines, counts.late, counts.duplicates), (9, 1, 2));
}

#[test]
fn only_valid_signatures_touch_a_key() {
    let flood: String = (0..50)
        .map(|n| {
            access(&format!("x{n}"), "09:00:00", "K1", "198.51.100.9", "")
                .replace(r#""signature":"valid""#, r#""signature":"invalid""#)
                .replace(r#""verdict":"allow""#, r#""verdict":"deny""#)
                + "\n"
        })
        .collect();
    let unchecked = access("u1", "09:00:00", "K2", "198.51.100.9", "")
        .replace(r#""signature":"valid""#, r#""signature":"unchecked""#);
    let refused = unchecked.replace("u1", "u2").replace(r#""verdict":"allow""#, r#""verdict":"deny""#);
    let mut engine = engine(options(1));
    let found = engine.feed(lines(&(flood + &unchecked + "\n" + &refused)));
    assert_eq!(signals(&found), Vec::<String>::new());
    assert!(engine.explain(&"K1".parse().unwrap()).is_none());
    assert_eq!((engine.counts().unsigned, engine.keys()), (51, 1));
}

#[test]
fn a_state_line_replaces_wholly_and_an_older_one_is_ignored() {
    let key = |time: &str, more: &str| {
        format!(
            r#"{{"type":"key","ts":"2026-05-28T{time}Z","key":"K1","account":"A1","state":"active"{more}}}"#
        )
    };
    let mut engine = engine(options(1));
    let mut feed = |text: &[String]| {
        engine.feed(lines(&text.join("\n")));
        engine.counts().stale_states
    };
    assert_eq!(feed(&[key("09:00:00", r#","purpose":"own_bot""#), key("08:59:59", "")]), 1);
    // The same time is not older; half an hour behind engine time is no matter for a state line.
    assert_eq!(feed(&[tick("09:30:00"), key("09:00:00", ""), key("09:00:01", "")]), 1);
    let account = |time: &str| format!(r#"{{"type":"account","ts":"2026-05-28T{time}Z","account":"A1"}}"#);
    assert_eq!(feed(&[account("09:00:00"), account("08:00:00")]), 2);
    let vendor = |time: &str| format!(r#"{{"type":"vendor","ts":"2026-05-28T{time}Z","vendor":"V1"}}"#);
    assert_eq!(feed(&[vendor("09:00:00"), vendor("08:00:00")]), 3);
    let network =
        |time: &str| format!(r#"{{"type":"network","ts":"2026-05-28T{time}Z","prefix":"203.0.113.0/24"}}"#);
    assert_eq!(feed(&[network("09:00:00"), network("08:00:00")]), 4);
    let market = |time: &str| format!(r#"{{"type":"market","ts":"2026-05-28T{time}Z","market":"KRW-BTC"}}"#);
    assert_eq!(feed(&[market("09:00:00"), market("08:00:00")]), 5);
    let delegation = |time: &str| {
        format!(r#"{{"type":"delegation","ts":"2026-05-28T{time}Z","delegation":"D1","account":"A1"}}"#)
    };
    assert_eq!(feed(&[delegation("09:00:00"), delegation("08:00:00")]), 6);
}

#[test]
fn timers_fire_at_whole_seconds_on_the_way_and_not_at_the_end() {
    let begin = turns("K1", 0, 9);
    let first = outputs(&begin);
    assert_eq!(measures(&first).len(), 1, "{:?}", signals(&first));
    let entered = measures(&first)[0].clone();
    assert!(entered.contains("enter hold"), "{entered}");
    // Nothing fires for want of lines; a tick far behind fires at the second that was due.
    let all = outputs(&(begin.clone() + &tick("23:00:00")));
    let entered_at: sumun_model::Timestamp = entered.split(' ').next().unwrap().parse().unwrap();
    let due = entered_at.plus_micros(super::stage::HOLD_S * 1_000_000);
    assert_eq!(measures(&all)[1], format!("{due} K1 leave hold"));
    // A line at the very second comes after it.
    let at = due.to_string();
    let at = &at[11..26];
    let both = outputs(&(begin + &access("z1", at, "K9", "203.0.113.7", "")));
    assert_eq!(measures(&both)[..2], measures(&all)[..2]);
}

#[test]
fn an_ended_key_feeds_only_links_from_the_next_minute() {
    // Three times under measures ends the key with the made-up judge.
    let text = turns("K1", 0, 12) + &turns("K1", 20, 12) + &turns("K1", 40, 12);
    let found = outputs(&text);
    let ended = measures(&found).into_iter().find(|m| m.contains("expire")).expect("an end");
    let ended_at: sumun_model::Timestamp = ended.split(' ').next().unwrap().parse().unwrap();
    let minute = ended_at.as_micros().div_euclid(60_000_000) + 1;
    let later: Vec<_> = found
        .iter()
        .filter_map(|output| match output {
            Output::Signal(signal) => Some(signal.ts.as_micros().div_euclid(60_000_000)),
            _ => None,
        })
        .filter(|signal| *signal >= minute)
        .collect();
    assert_eq!(later, Vec::<i64>::new(), "ended at {ended_at}");
}

#[test]
fn a_key_whose_account_becomes_known_takes_its_past_along() {
    let with = turns("K1", 0, 9);
    let without = with.replacen(r#","account":"A-K1""#, "", 5);
    let codes = |text: &str| signals(&outputs(text));
    assert!(!codes(&with).is_empty());
    assert_eq!(codes(&with), codes(&without));
    // A key line teaches it as well.
    let mut lines: Vec<_> = with.replace(r#","account":"A-K1""#, "").lines().map(str::to_owned).collect();
    lines.insert(4, r#"{"type":"key","ts":"2026-05-28T09:01:00Z","key":"K1","account":"A-K1"}"#.to_owned());
    assert_eq!(codes(&with).len(), codes(&lines.join("\n")).len());
}

#[test]
fn a_key_in_the_place_of_another_keeps_evidence_and_baselines() {
    let begin = turns("K1", 0, 9);
    let rotated = begin
        + r#"{"type":"key","ts":"2026-05-28T09:05:00Z","key":"K2","account":"A-K1","state":"active","replaces":"K1"}"#;
    let mut engine = engine(options(1));
    let found = engine.feed(lines(&rotated));
    let last = found
        .iter()
        .rev()
        .find_map(|output| match output {
            Output::Assessment { assessment, .. } => Some(assessment.clone()),
            _ => None,
        })
        .unwrap();
    assert_eq!(last.key.as_str(), "K2");
    assert_eq!(last.replaces.as_ref().map(|key| key.as_str()), Some("K1"));
    assert!(!last.evidence.is_empty());
    let baselines = |key: &str| engine.explain(&key.parse().unwrap()).unwrap().baselines;
    assert_eq!(
        baselines("K1")["concurrent_origins"]["places"],
        baselines("K2")["concurrent_origins"]["places"]
    );
}

#[test]
fn order_of_network_lines_counts_and_not_the_batch() {
    let network = |second: u32, asn: u32| {
        format!(
            r#"{{"type":"network","ts":"2026-05-28T09:00:{second:02}Z","prefix":"198.51.100.0/24","asn":{asn},"org":"Example {asn}","country":"KR","class":"hosting"}}"#
        )
    };
    let text =
        network(0, 64500) + "\n" + &turns("K1", 1, 9) + &network(59, 64501) + "\n" + &turns("K1", 9, 9);
    let lines = lines(&text);
    let whole = run(&mut engine(options(1)), &lines, usize::MAX);
    for batch in 1..lines.len() {
        assert_eq!(run(&mut engine(options(2)), &lines, batch), whole);
    }
}

#[test]
fn a_line_in_a_far_future_is_reached() {
    let begin = turns("K1", 0, 9);
    let far = |year: &str| format!(r#"{{"type":"tick","ts":"{year}-05-28T09:00:00Z"}}"#);
    let told = |text: String| measures(&outputs(&text));
    let near = told(begin.clone() + &tick("23:59:00"));
    let year = told(begin.clone() + &far("2027"));
    assert_eq!(near, year[..near.len()]);
    assert_eq!(told(begin + &far("9999")), year, "nothing is left to be told after a year");
}

#[test]
fn failed_control_tests_are_acts_and_for_the_ladder_to_count() {
    // Only those during a re-verification count, and when one is running detection does not know.
    let failed = |n: u32| {
        format!(
            r#"{{"type":"session","id":"f{n}","ts":"2026-05-28T08:00:0{n}Z","account":"A-K1","key":"K1","action":"control_failed"}}"#
        ) + "\n"
    };
    let outputs = outputs(
        &(access("a0", "08:00:00", "K1", "203.0.113.7", "")
            + "\n"
            + &failed(1)
            + &failed(2)
            + &turns("K1", 0, 9)),
    );
    let assessments: Vec<_> = outputs
        .iter()
        .filter_map(|output| match output {
            Output::Assessment { assessment, .. } => Some(assessment),
            _ => None,
        })
        .collect();
    assert!(assessments.iter().any(|a| !a.acts.is_empty()));
    assert!(assessments.iter().any(|a| !a.evidence.is_empty()));
    assert!(assessments.iter().all(|a| a.hard.is_empty()), "{assessments:?}");
}

#[test]
fn what_another_account_reports_of_a_key_is_nothing() {
    let hard = |account: &str| {
        let report = format!(
            r#"{{"type":"report","id":"r1","ts":"2026-05-28T09:10:00Z","kind":"owner_denies","key":"K1","account":"{account}","reporter":"owner","reliability":"A"}}"#
        );
        let outputs = outputs(&(turns("K1", 0, 9) + &turns("K2", 0, 2) + &report));
        outputs.iter().any(
            |output| matches!(output, Output::Assessment { assessment, .. } if !assessment.hard.is_empty()),
        )
    };
    assert!(hard("A-K1"));
    assert!(!hard("A-K2"));
}

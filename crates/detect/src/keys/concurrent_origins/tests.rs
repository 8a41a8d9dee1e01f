//! A4 played: turns, guards, causes, and the window against a list of all events.

use super::{ConcurrentOrigins, Params};
use crate::keys::testing::Bench;
use proptest::prelude::*;

fn bench() -> Bench<ConcurrentOrigins> {
    Bench::new(&["203.0.113.7/32", "198.51.100.9/32"])
}

/// `home`, `cloud` and so on by turns, one a minute.
fn turns(rows: &[(&str, &str)], times: usize) -> String {
    let rows = rows.iter().cycle().take(times);
    rows.enumerate().map(|(n, (from, program))| format!("{n}m use {from} {program} order\n")).collect()
}

#[test]
fn a_borrower_and_an_owner_by_turns_both_registered_is_lending() {
    let told = bench().play(&turns(&[("203.0.113.7", "ccxt/4"), ("198.51.100.9", "pyupbit/0")], 9));
    insta::assert_snapshot!(told, @r"
    4m        returns_between_origins   1800 lent  returns=3 minutes=30 address=203.0.113.7 other=198.51.100.9 clients_differ=1
    5m        returns_between_origins   2400 lent  returns=4 minutes=30 address=198.51.100.9 other=203.0.113.7 clients_differ=1
    6m        returns_between_origins   3000 lent  returns=5 minutes=30 address=203.0.113.7 other=198.51.100.9 clients_differ=1
    7m        returns_between_origins   3500 lent  returns=6 minutes=30 address=198.51.100.9 other=203.0.113.7 clients_differ=1
    ");
}

#[test]
fn what_people_read_of_it() {
    use sumun_model::Lang::{En, Ko};
    use sumun_model::because::{because, for_owner};
    let mut bench = bench();
    bench.play(&turns(&[("203.0.113.7", "ccxt/4"), ("198.51.100.9", "pyupbit/0")], 5));
    let raw = &bench.signals[0].1;
    let values = raw.values.iter().cloned().collect();
    let read = [En, Ko].map(|lang| [because(&raw.code, &values, lang), for_owner(&raw.code, &values, lang)]);
    insta::assert_snapshot!(read.concat().join("\n"), @r"
    Use went back and forth between 203.0.113.7 and 198.51.100.9, in different networks: 3 returns within 30 min.
    Your API key was used by turns from 203.0.113.7 and 198.51.100.9 within a short time.
    서로 다른 네트워크의 두 주소(203.0.113.7, 198.51.100.9)를 오가며 사용됨. 30분 안에 3회 되돌아옴.
    고객님의 API 키가 짧은 시간 동안 두 주소(203.0.113.7, 198.51.100.9)에서 번갈아 사용되었습니다.
    ");
}

#[test]
fn the_same_program_counts_half_and_no_allowlist_tells_no_cause() {
    let told = Bench::<ConcurrentOrigins>::new(&[])
        .play(&turns(&[("203.0.113.7", "ccxt/4"), ("198.51.100.9", "ccxt/4")], 5));
    insta::assert_snapshot!(told, @"4m        returns_between_origins    900 unknown  returns=3 minutes=30 address=203.0.113.7 other=198.51.100.9 clients_differ=0");
}

#[test]
fn nobody_is_accused_of() {
    const CASES: &[(&str, &[(&str, &str)])] = &[
        ("a dual stack of one ISP", &[("203.0.113.7", "ccxt/4"), ("2001:db8:1::7", "ccxt/4")]),
        ("a dual stack of which nothing is known", &[("172.16.0.7", "ccxt/4"), ("2001:db8:9::7", "ccxt/4")]),
        ("a mobile pool", &[("192.0.2.1", "ccxt/4"), ("100.64.7.7", "ccxt/4"), ("192.0.2.200", "ccxt/4")]),
        ("two machines of one cloud", &[("198.19.0.1", "ccxt/4"), ("198.19.77.1", "pyupbit/0")]),
        ("a second site, both registered", &[("198.51.100.9", "ccxt/4"), ("198.19.0.1", "ccxt/4")]),
        ("a move, there and not back", &[("203.0.113.7", "ccxt/4")]),
    ];
    for (what, rows) in CASES {
        let mut bench = Bench::<ConcurrentOrigins>::new(&["198.51.100.9", "198.19.0.1"]);
        assert_eq!(bench.play(&turns(rows, 40)), "", "{what}");
    }
}

#[test]
fn where_one_side_is_refused_it_is_not_this_detectors() {
    let mut bench = bench();
    let rows: String = (0..40)
        .map(|n| match n % 2 {
            0 => format!("{n}m use 203.0.113.7 ccxt/4 order\n"),
            _ => format!("{n}m {} 198.19.0.1 curl/8 order\n", ["foreign", "shadow", "forged"][n / 2 % 3]),
        })
        .collect();
    assert_eq!(bench.play(&rows), "");
}

#[test]
fn a_running_delegation_makes_no_returns_and_an_ended_one_does() {
    let rows = turns(&[("203.0.113.7", "ccxt/4"), ("198.51.100.9", "pyupbit/0")], 9);
    for (active, signals) in [(true, 0), (false, 4)] {
        let mut bench = bench();
        bench.delegations = vec![crate::seen::DelegationView {
            operator: None,
            networks: vec!["198.51.100.0/24".parse().unwrap()],
            scopes: None,
            from: None,
            until: None,
            active,
        }];
        bench.play(&rows);
        assert_eq!(bench.signals.len(), signals, "active: {active}");
    }
}

#[test]
fn while_it_goes_on_it_is_told_again_and_the_fact_falls_when_it_ends() {
    let mut bench = bench().with(|p| p.repeat_s = 600);
    let told = bench.play(&turns(&[("203.0.113.7", "ccxt/4"), ("198.51.100.9", "pyupbit/0")], 30));
    assert_eq!(told.lines().count(), 4 + 2);
    assert_eq!(bench.fact("key.returns_30m"), Some(28));
    bench.play("2h wait");
    assert_eq!(bench.fact("key.returns_30m"), Some(0));
}

#[test]
fn windows_may_be_seconds() {
    let mut bench = bench().with(|p: &mut Params| p.window_s = 10);
    let told = bench.play(
        "
        0s   use  203.0.113.7   ccxt/4     order
        1s   use  198.51.100.9  pyupbit/0  order
        2s   use  203.0.113.7   ccxt/4     order
        14s  use  198.51.100.9  pyupbit/0  order   # too late to be a return
        15s  use  203.0.113.7   ccxt/4     order   # too late as well
        ",
    );
    assert_eq!(told, "");
    assert_eq!(bench.fact("key.returns_30m"), Some(0));
}

#[test]
fn a_million_addresses_take_no_more_room() {
    let mut bench = bench();
    let most = bench.flood(true);
    assert!(most <= 2_048, "{most}");
}

proptest! {
    #[test]
    fn returns_are_those_of_the_whole_list(
        uses in prop::collection::vec((0usize..4, 0u32..900), 1..60),
        window_s in 60u32..3_600,
    ) {
        const FROM: [&str; 4] = ["203.0.113.7", "198.51.100.9", "198.18.0.1", "198.19.0.1"];
        let mut bench = Bench::<ConcurrentOrigins>::new(&[]).with(|p| p.window_s = window_s);
        let (mut all, mut at) = (Vec::<(usize, u32)>::new(), 0);
        for (place, gap) in uses {
            at += gap;
            bench.play(&format!("{at}s use {} p{place}/1 order", FROM[place]));
            all.push((place, at));
            let is_return = |n: usize| {
                let (place, at) = all[n];
                n > 0
                    && all[n - 1].0 != place
                    && all[..n].iter().any(|(p, t)| *p == place && t + window_s >= at)
            };
            let naive = (0..all.len()).filter(|n| all[*n].1 + window_s >= at && is_return(*n)).count();
            prop_assert_eq!(bench.fact("key.returns_30m").unwrap_or(0), naive.min(super::RETURNS_MAX) as i64);
        }
    }
}

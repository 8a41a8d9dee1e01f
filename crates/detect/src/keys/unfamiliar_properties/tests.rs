//! A1 played: when a key is scored, against what, and the baseline against a list of all sessions.

use super::{SESSIONS_MAX, UnfamiliarProperties};
use crate::keys::testing::Bench;
use crate::mark::Mark;
use proptest::prelude::*;

fn bench() -> Bench<UnfamiliarProperties> {
    let mut bench = Bench::new(&["203.0.113.7/32"]);
    let counts = [
        ("AS64500", 400),
        ("AS64503", 300),
        ("AS64501", 2),
        ("KR", 990),
        ("ccxt", 500),
        ("ccxt/4", 450),
        ("pyupbit", 300),
        ("pyupbit/0", 290),
    ];
    bench.population.counts = counts.map(|(text, count)| (Mark::of(text), count)).into();
    bench.population.keys = 100;
    bench.population.sessions = 1_000;
    bench.population.distinct = 8;
    bench
}

/// Twelve days, a session each.
fn habit() -> String {
    (0..12).map(|day| format!("{day}d use 203.0.113.7 ccxt/4 read\n")).collect()
}

fn llr_of(row: &str) -> Option<i32> {
    let mut bench = bench().with(|p| p.fire_milli = -2_000);
    bench.play(&habit());
    let before = bench.signals.len();
    bench.play(row);
    bench.signals.get(before).map(|(_, raw)| raw.llr_milli)
}

#[test]
fn a_new_place_with_a_new_program_is_told() {
    let mut bench = bench();
    bench.play(&habit());
    let told = bench.play("12d use 198.51.100.9 pyupbit/0 order");
    insta::assert_snapshot!(told, @"12d       unfamiliar_properties     2590 unknown  address=198.51.100.9 network=Cloud client=pyupbit/0 sessions=12");
    assert_eq!(bench.signals[0].1.baseline.as_ref().map(|b| b.sessions), Some(12));
}

#[test]
fn how_unfamiliar() {
    let rows = [
        ("the same again", "12d use 203.0.113.7 ccxt/4 read"),
        ("another line of his ISP", "12d use 203.0.113.99 ccxt/4 read"),
        ("an upgrade at home", "12d use 203.0.113.7 ccxt/5 read"),
        ("another ISP", "12d use 198.18.0.9 ccxt/4 read"),
        ("another program at home", "12d use 203.0.113.7 pyupbit/0 read"),
        ("another ISP and program", "12d use 198.18.0.9 pyupbit/0 read"),
        ("abroad, his program", "12d use 198.51.100.9 ccxt/4 read"),
        ("abroad, a program nobody has", "12d use 198.51.100.9 own/1 read"),
    ];
    let lines: Vec<_> =
        rows.iter().map(|(what, row)| format!("{what:<30}{:>6}", llr_of(row).unwrap())).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    the same again                 -2000
    another line of his ISP        -2000
    an upgrade at home             -2000
    another ISP                     -316
    another program at home         -321
    another ISP and program         1835
    abroad, his program              440
    abroad, a program nobody has    2590
    ");
}

#[test]
fn while_nothing_is_known_of_others_a_move_with_the_same_program_is_not_told() {
    for (row, llr) in [
        ("12d use 198.18.0.9 ccxt/4 read", None),
        ("12d use 198.51.100.9 ccxt/4 read", None),
        ("12d use 198.18.0.9 pyupbit/0 read", Some(2_773)),
    ] {
        let mut bench = Bench::<UnfamiliarProperties>::new(&["203.0.113.7/32"]);
        bench.play(&habit());
        bench.play(row);
        assert_eq!(bench.signals.first().map(|(_, raw)| raw.llr_milli), llr, "{row}");
    }
}

#[test]
fn a_key_is_scored_from_ten_sessions_or_fourteen_days_on() {
    for (sessions, apart_h, scored) in [(9, 1, false), (10, 1, true), (3, 24 * 8, true), (2, 24 * 20, false)]
    {
        let mut bench = bench();
        let rows: String =
            (0..sessions).map(|n| format!("{}h use 203.0.113.7 ccxt/4 read\n", n * apart_h)).collect();
        bench.play(&rows);
        let told = bench.play(&format!("{}h use 198.51.100.9 pyupbit/0 order", sessions * apart_h));
        assert_eq!(!told.is_empty(), scored, "{sessions} sessions {apart_h} h apart: {told}");
    }
}

#[test]
fn a_bot_that_never_pauses_has_a_session_a_day_and_a_second_hand_one_of_its_own() {
    let mut bench = bench();
    let rows: String =
        (0..11 * 24 * 6).map(|n| format!("{}m use 203.0.113.7 ccxt/4 read\n", n * 10)).collect();
    bench.play(&rows);
    assert_eq!(bench.state.history.len(), 11);
    let told = bench.play("11d1s use 198.51.100.9 pyupbit/0 order \n 11d2s use 198.51.100.9 pyupbit/0 order");
    assert_eq!(told.lines().count(), 1, "{told}");
}

#[test]
fn under_a_measure_what_is_suspected_is_not_learned() {
    let mut bench = bench();
    bench.play(&habit());
    bench.measure = Some(sumun_model::Measure::Monitor);
    bench.play("12d use 198.51.100.9 pyupbit/0 order \n 13d use 198.51.100.9 pyupbit/0 order");
    assert_eq!(bench.signals.len(), 2);
    assert_eq!(bench.signals[0].1.llr_milli, bench.signals[1].1.llr_milli);
}

#[test]
fn what_others_do_with_it_without_the_secret_is_not_seen() {
    let mut bench = bench();
    bench.play(&habit());
    let told = bench.play(
        "
        12d     forged   198.51.100.9  curl/8  order
        12d1s   foreign  198.51.100.9  curl/8  order
        12d2s   shadow   198.51.100.9  curl/8  order
        12d3s   refused:scope_missing  198.51.100.9  curl/8  order
        ",
    );
    assert_eq!(told, "");
    assert_eq!(bench.state.history.len(), 12);
}

#[test]
fn a_million_addresses_take_no_more_room() {
    let mut bench = bench();
    let most = bench.flood(true);
    assert!(most <= 2_560, "{most}");
}

proptest! {
    #[test]
    fn the_baseline_is_the_last_sessions_of_the_whole_list(
        uses in prop::collection::vec((0usize..3, 0u32..40_000), 1..80),
        baseline_s in 3_600u32..2_000_000,
        sessions in 1u32..20,
    ) {
        const FROM: [&str; 3] = ["203.0.113.7", "198.51.100.9", "198.18.0.1"];
        let mut bench = bench().with(|p| {
            p.baseline_s = baseline_s;
            p.baseline_sessions = sessions;
        });
        // (place, last, began) of what runs; begins of all sessions.
        let (mut running, mut began, mut at) = ([None::<(u32, u32)>; 3], Vec::new(), 0);
        for (place, gap) in uses {
            at += gap;
            bench.play(&format!("{at}s use {} p/1 read", FROM[place]));
            match &mut running[place] {
                Some((last, first)) if at - *last <= 1_800 && at - *first < 86_400 => *last = at,
                other => {
                    *other = Some((at, at));
                    began.push(at);
                }
            }
            let newest = *began.last().unwrap();
            let naive: Vec<i64> = began
                .iter()
                .filter(|begin| newest - **begin <= baseline_s)
                .rev()
                .take((sessions as usize).min(SESSIONS_MAX))
                .map(|begin| i64::from(*begin))
                .collect();
            let base = bench.state.history.first().map(|s| s.at);
            let kept: Vec<i64> = bench.state.history.iter().rev().map(|s| s.at).collect();
            let shift = base.map(|at| at - naive.last().unwrap() * 1_000_000).unwrap_or_default();
            let shifted: Vec<i64> = naive.iter().map(|s| s * 1_000_000 + shift).collect();
            prop_assert_eq!(kept, shifted);
        }
    }
}

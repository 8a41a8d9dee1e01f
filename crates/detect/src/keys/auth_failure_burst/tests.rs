//! A8 played: drift and its honest twin, a second hand, denial, and everything that must raise nothing.

use super::AuthFailureBurst;
use crate::keys::testing::{BEGIN_US, Bench};
use proptest::prelude::*;

fn bench() -> Bench<AuthFailureBurst> {
    Bench::new(&["203.0.113.7/32"])
}

fn first_words(told: &str) -> Vec<&str> {
    told.lines().filter_map(|line| line.split_whitespace().nth(1)).collect()
}

#[test]
fn a_home_address_that_drifts_is_asked_for_once_a_day_and_weighs_nothing() {
    let told = bench().play(
        "
        0s      use      203.0.113.7   ccxt/4    read   skew=20
        10s     foreign  203.0.113.99  ccxt/4    read   skew=25
        20s     foreign  203.0.113.99  ccxt/4    read   skew=22
        1d      foreign  203.0.113.99  ccxt/4    read   skew=21
        ",
    );
    insta::assert_snapshot!(told, @r"
    10s       foreign_address_drift        0 unknown  address=203.0.113.99 network=Home client=ccxt/4 same_client=yes same_clock=yes same_network=yes
    1d        foreign_address_drift        0 unknown  address=203.0.113.99 network=Home client=ccxt/4 same_client=yes same_clock=yes same_network=yes
    ");
}

#[test]
fn the_honest_twin_answers_me_proves_the_address_and_has_no_points() {
    let mut bench = bench();
    let told = bench.play(
        "
        0s      use      203.0.113.7   ccxt/4    order
        10s     foreign  198.18.0.9    ccxt/4    order    # another ISP, the owner moved
        1m      says     owner_confirms
        2m      allow    203.0.113.7 ~198.18.0.9
        3m      foreign  198.18.0.9    ccxt/4    order    # not proved yet: accuses nobody
        4m      allow    203.0.113.7 !198.18.0.9
        5m      use      198.18.0.9    ccxt/4    order
        1h      use      198.18.0.9    ccxt/4    order
        ",
    );
    insta::assert_snapshot!(told, @r"
    10s       foreign_address_drift        0 unknown  address=198.18.0.9 network=OtherHome client=ccxt/4 same_client=yes same_clock=unknown same_network=no
    1m        foreign_address_confirmed     0 unknown  addresses=198.18.0.9
    ");
    assert!(bench.signals.iter().all(|(_, raw)| raw.llr_milli == 0));
    assert_eq!(bench.fact("key.foreign_addresses"), Some(0));
}

#[test]
fn another_program_beside_the_registered_address_is_another_hand_at_once() {
    let told = bench().play(
        "
        0s      use      203.0.113.7   ccxt/4     order
        1s      foreign  198.51.100.9  pyupbit/0  order
        2s      use      203.0.113.7   ccxt/4     order
        3s      foreign  198.51.100.9  pyupbit/0  order
        ",
    );
    insta::assert_snapshot!(told, @r"
    1s        foreign_address_drift        0 unknown  address=198.51.100.9 network=Cloud client=pyupbit/0 same_client=no same_clock=unknown same_network=no
    2s        foreign_address_in_use    2500 leaked  address=198.51.100.9 turns=1 days=1 same_client=no same_clock=unknown
    ");
}

#[test]
fn program_and_clock_both_another_need_no_turn() {
    let told = bench().play(
        "
        0s      use      203.0.113.7   ccxt/4     order  skew=10
        2h      foreign  198.51.100.9  pyupbit/0  order  skew=4000
        ",
    );
    insta::assert_snapshot!(told, @"2h        foreign_address_in_use    2500 leaked  address=198.51.100.9 turns=0 days=1 same_client=no same_clock=no");
}

#[test]
fn on_three_days_it_counts_more_and_a_denial_makes_it_hard() {
    let told = bench().play(
        "
        0s      use      203.0.113.7   ccxt/4     order  skew=10
        1m      foreign  198.51.100.9  pyupbit/0  order  skew=4000
        1d      foreign  198.51.100.9  pyupbit/0  order  skew=4000
        2d      foreign  198.51.100.9  pyupbit/0  order  skew=4000
        2d1h    says     owner_denies
        ",
    );
    insta::assert_snapshot!(told, @r"
    1m        foreign_address_in_use    2500 leaked  address=198.51.100.9 turns=0 days=1 same_client=no same_clock=no
    1d        foreign_address_in_use    2500 leaked  address=198.51.100.9 turns=0 days=2 same_client=no same_clock=no
    2d        foreign_address_in_use    3500 leaked  address=198.51.100.9 turns=0 days=3 same_client=no same_clock=no
    2d1h      secret_out_by_denial      3500 leaked hard:owner_denies  foreign=1 addresses=198.51.100.9
    ");
}

#[test]
fn two_lines_of_one_home_may_take_a_turn_without_being_two_hands() {
    let mut bench = bench();
    let told = bench.play(
        "
        0s      use      203.0.113.7   ccxt/4     order
        1m      foreign  198.18.0.9    ccxt/4     order   # the other line
        2m      use      203.0.113.7   ccxt/4     order
        3h      foreign  198.18.0.9    ccxt/4     order   # hours later: no turn
        3h1m    use      203.0.113.7   ccxt/4     order
        3h2m    foreign  198.18.0.9    ccxt/4     order
        3h3m    use      203.0.113.7   ccxt/4     order
        ",
    );
    assert_eq!(first_words(&told), ["foreign_address_drift"]);
    // A third turn is no flap.
    let told = bench.play(
        "
        3h4m    foreign  198.18.0.9    ccxt/4     order
        3h5m    use      203.0.113.7   ccxt/4     order
        ",
    );
    assert_eq!(first_words(&told), ["foreign_address_in_use"]);
}

#[test]
fn a_line_on_which_ipv6_was_switched_on_is_asked_for_and_not_accused() {
    let turns = |program: &str, skew: &str, foreign: &str| -> String {
        (0..6)
            .map(|n| {
                format!(
                    "{n}m use 203.0.113.7 ccxt/4 order skew=10\n{n}m1s foreign {foreign} {program} order skew={skew}\n"
                )
            })
            .collect()
    };
    let told = |table: String| first_words(&bench().play(&table)).join(" ");
    assert_eq!(told(turns("ccxt/4", "12", "2001:db8:1::7")), "foreign_address_drift");
    // Another program, another clock, another network, or the same version of the protocol: turns count as ever.
    for table in [
        turns("pyupbit/0", "12", "2001:db8:1::7"),
        turns("ccxt/4", "4000", "2001:db8:1::7"),
        turns("ccxt/4", "12", "2001:db8:9::7"),
        turns("ccxt/4", "12", "203.0.113.99"),
    ] {
        assert_eq!(told(table), "foreign_address_drift foreign_address_in_use");
    }
}

#[test]
fn the_owners_word_withdraws_what_stood_against_the_key() {
    let told = bench().play(
        "
        0s      use      203.0.113.7   ccxt/4     order
        1s      foreign  198.51.100.9  pyupbit/0  order
        2s      use      203.0.113.7   ccxt/4     order
        1m      says     owner_confirms
        2m      foreign  198.51.100.9  pyupbit/0  order
        3m      use      203.0.113.7   ccxt/4     order
        ",
    );
    insta::assert_snapshot!(told, @r"
    1s        foreign_address_drift        0 unknown  address=198.51.100.9 network=Cloud client=pyupbit/0 same_client=no same_clock=unknown same_network=no
    2s        foreign_address_in_use    2500 leaked  address=198.51.100.9 turns=1 days=1 same_client=no same_clock=unknown
    1m        foreign_address_in_use       0 unknown  address=198.51.100.9 days=0 turns=0 withdrawn=owner_confirms
    1m        foreign_address_confirmed     0 unknown  addresses=198.51.100.9
    ");
}

#[test]
fn what_must_raise_nothing() {
    const CASES: &[(&str, &str)] = &[
        (
            "a stranger guesses signatures",
            "1s forged 198.51.100.9 curl/8 order \n 2s forged 198.51.100.9 curl/8 order",
        ),
        ("a copied message, its nonce used", "1s foreign 198.51.100.9 curl/8 order replay=fail skew=9000"),
        ("a copied message, too old", "1s foreign 198.51.100.9 curl/8 order clock=fail skew=90000"),
        ("an unreliable source denies for the owner", "1s says owner_denies E"),
        ("somebody complains", "1s says owner_complaint A"),
        ("a stranger fails to sign in", "1s stranger 198.51.100.9"),
        (
            "an address registered and not proved",
            "1s allow 203.0.113.7 ~198.51.100.9 \n 2s foreign 198.51.100.9 curl/8 order skew=9000",
        ),
    ];
    for (what, rows) in CASES {
        let mut bench = bench();
        let around = format!(
            "0s use 203.0.113.7 ccxt/4 order skew=10 \n {rows} \n 3s use 203.0.113.7 ccxt/4 order skew=10"
        );
        assert_eq!(bench.play(&around), "", "{what}");
    }
}

#[test]
fn a_storm_of_retries_counts_once_and_an_old_host_is_not_a_second_hand() {
    let told = bench().play(
        "
        0s      use      203.0.113.7   ccxt/4   order  skew=0
        1s      foreign  198.18.0.9    ccxt/4   order  nonce=n1
        2s      use      203.0.113.7   ccxt/4   order
        3s      foreign  198.18.0.9    ccxt/4   order  nonce=n1
        4s      use      203.0.113.7   ccxt/4   order
        5s      foreign  198.18.0.9    ccxt/4   order  nonce=n1
        6s      use      203.0.113.7   ccxt/4   order
        ",
    );
    assert_eq!(first_words(&told), ["foreign_address_drift"]);
    let told = bench().play(
        "
        0s      use      203.0.113.7   ccxt/4   order
        2d      allow    198.51.100.9                     # the owner moves his bot to a cloud,
        4d      use      198.51.100.9  ccxt/5   order
        4d1s    foreign  203.0.113.7   ccxt/4   order     # and forgets the old one
        4d2s    use      198.51.100.9  ccxt/5   order
        4d3s    foreign  203.0.113.7   ccxt/4   order
        4d4s    use      198.51.100.9  ccxt/5   order
        ",
    );
    assert_eq!(first_words(&told), ["foreign_address_drift"]);
}

#[test]
fn a_day_after_an_edit_it_is_asked_not_held() {
    let told = bench().play(
        "
        0s      use      203.0.113.7   ccxt/4     order
        1h      allow    203.0.113.7 203.0.113.8
        2h      use      203.0.113.7   ccxt/4     order
        2h1s    foreign  198.51.100.9  pyupbit/0  order
        2h2s    use      203.0.113.7   ccxt/4     order
        1d2h    use      203.0.113.7   ccxt/4     order
        1d2h1s  foreign  198.51.100.9  pyupbit/0  order
        1d2h2s  use      203.0.113.7   ccxt/4     order
        ",
    );
    assert_eq!(first_words(&told), ["foreign_address_drift", "foreign_address_in_use"]);
}

#[test]
fn a_clock_that_is_off_weighs_little_and_a_burst_is_told_once() {
    let mut rows = "0s use 203.0.113.7 ccxt/4 order\n".to_owned();
    for second in 1..40 {
        rows += &format!("{second}s refused:timestamp_out_of_window 203.0.113.7 ccxt/4 order skew=90000\n");
    }
    insta::assert_snapshot!(bench().play(&rows), @r"
    1s        clock_out_of_window        100 unknown  skew_ms=90000
    11s       refusal_burst              300 unknown  refusals=11 reason=timestamp_out_of_window
    ");
}

#[test]
fn a_million_addresses_are_eight_questions_a_day_and_no_more_room() {
    let mut bench = bench();
    bench.play("0s use 203.0.113.7 ccxt/4 order");
    let before = bench.signals.len();
    let most = bench.flood(false);
    assert!(bench.signals.len() - before <= 8);
    assert!(most <= 1_024, "{most}");
}

proptest! {
    #[test]
    fn turns_are_those_of_the_whole_list(
        uses in prop::collection::vec((0usize..4, 0u32..900), 1..60),
        meanwhile_s in 60u32..1_800,
        needed in 1u16..4,
    ) {
        // 0: the registered address; the rest: foreign ones with another program.
        const FROM: [&str; 4] = ["203.0.113.7", "198.51.100.9", "198.18.0.1", "198.19.0.1"];
        let mut bench = bench().with(|p| (p.meanwhile_s, p.turns_other_client) = (meanwhile_s, needed));
        let (mut all, mut at) = (Vec::<(usize, u32)>::new(), 0);
        for (place, gap) in uses {
            at += gap;
            let verb = if place == 0 { "use" } else { "foreign" };
            bench.play(&format!("{at}s {verb} {} p{place}/1 order", FROM[place]));
            all.push((place, at));
        }
        let turn_at = |n: usize, place: usize| {
            let before = all[..n].iter().rposition(|(p, _)| *p == 0)?;
            let (_, between) = all[before..n].iter().rev().find(|(p, _)| *p == place)?;
            (all[n].1 - between <= meanwhile_s && between - all[before].1 <= meanwhile_s).then_some(all[n].1)
        };
        let naive = (1..4)
            .filter_map(|place| {
                let mut turns = (0..all.len()).filter(|n| all[*n].0 == 0).filter_map(|n| turn_at(n, place));
                turns.nth(usize::from(needed) - 1)
            })
            .min();
        let told = bench.signals.iter().find(|(_, raw)| raw.code == "foreign_address_in_use");
        prop_assert_eq!(told.map(|(at, _)| at / 1_000_000), naive.map(i64::from));
    }

    /// The bucket of refusals, beat by beat: one is forgotten every `burst_leak_s` since the first, and a day tells of one burst.
    #[test]
    fn bursts_are_those_of_the_whole_list(
        gaps in prop::collection::vec(0i64..40, 1..80), burst in 1u16..6, leak in 1u32..30, day_s in 20u32..400,
    ) {
        let mut bench = bench().with(|p| (p.burst, p.burst_leak_s, p.day_s) = (burst, leak, day_s));
        let (mut at, mut beat, mut level, mut expected) = (0, None, 0, Vec::<i64>::new());
        for gap in gaps {
            at += gap;
            bench.play(&format!("{at}s refused:scope_missing 203.0.113.7 ccxt/4 order"));
            let mut next = beat.unwrap_or(at + i64::from(leak));
            while next <= at {
                level = (level - 1).max(0);
                next += i64::from(leak);
            }
            beat = Some(next);
            level = (level + 1).min(i32::from(burst) + 1);
            let day = |second: &i64| (BEGIN_US / 1_000_000 + second) / i64::from(day_s);
            if level > i32::from(burst) && !expected.iter().any(|other| day(other) == day(&at)) {
                expected.push(at);
            }
        }
        let told = bench.signals.iter().filter(|(_, raw)| raw.code == "refusal_burst");
        prop_assert_eq!(told.map(|(at_us, _)| at_us / 1_000_000).collect::<Vec<_>>(), expected);
    }
}

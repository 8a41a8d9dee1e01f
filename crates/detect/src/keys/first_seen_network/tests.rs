//! A2 played: what is new, what is a move, what scores 0.

use super::FirstSeenNetwork;
use crate::keys::testing::Bench;
use proptest::prelude::*;

fn bench() -> Bench<FirstSeenNetwork> {
    Bench::new(&["203.0.113.7/32"])
}

/// Sixty-one days from one home line.
const HABIT: &str = "
    0s     use  203.0.113.7  ccxt/4  read
    30d    use  203.0.113.7  ccxt/4  read
    61d    use  203.0.113.7  ccxt/4  read
    ";

#[test]
fn everything_new_at_once_is_the_most_and_is_told_once() {
    let mut bench = bench();
    bench.play(HABIT);
    let told = bench.play(
        "
        61d1h  use  198.51.100.9  pyupbit/0  order
        61d2h  use  198.51.100.9  pyupbit/0  order
        61d3h  use  203.0.113.7   ccxt/4     order
        61d4h  use  198.51.100.77 pyupbit/0  order   # another address of the same network
        ",
    );
    insta::assert_snapshot!(told, @"61d1h     first_seen_network        4300 unknown  address=198.51.100.9 network=Cloud country=US class=hosting client=pyupbit/0 days=61 new=neighbourhood,network,country,client,hosting");
    let baseline = bench.signals[0].1.baseline.clone().unwrap();
    assert_eq!((baseline.sessions, baseline.from.to_string()), (3, "2026-06-01T00:00:00.000000Z".to_owned()));
}

#[test]
fn a_short_history_is_worth_half_and_a_shorter_one_nothing() {
    for (day, llr) in [(9, None), (10, Some(500)), (59, Some(500)), (60, Some(1_000))] {
        let mut bench = bench();
        let told = bench.play(&format!(
            "
            0s      use  203.0.113.7  ccxt/4  read
            {day}d  use  203.0.113.7  ccxt/4  read
            {day}d1h use  198.18.0.9   ccxt/4  read
            "
        ));
        assert_eq!(bench.signals.first().map(|(_, raw)| raw.llr_milli), llr, "{told}");
    }
}

#[test]
fn a_network_forgotten_for_ten_days_is_new_again_by_half() {
    let told = bench().play(
        "
        0s     use  203.0.113.7  ccxt/4  read
        1d     use  198.18.0.9   ccxt/4  read   # only learning
        61d    use  203.0.113.7  ccxt/4  read   # the key rested: he has been nowhere else since
        72d    use  203.0.113.7  ccxt/4  read
        72d1h  use  198.18.0.9   ccxt/4  read   # 71 days of use without it
        72d2h  use  203.0.113.7  ccxt/4  read
        84d    use  203.0.113.7  ccxt/4  read
        84d1h  use  198.18.0.9   ccxt/4  read   # twelve days
        ",
    );
    let llr: Vec<_> = told.lines().filter_map(|line| line.split_whitespace().nth(2)).collect();
    assert_eq!(llr, ["1000", "500"], "{told}");
}

#[test]
fn nobody_is_accused_of() {
    const CASES: &[(&str, &str)] = &[
        ("another address of his ISP", "61d1h use 203.0.113.200 ccxt/4 read"),
        ("his ISP's other protocol", "61d1h use 2001:db8:1::7 ccxt/4 read"),
        ("another program at home", "61d1h use 203.0.113.7 pyupbit/0 read"),
        ("a place refused", "61d1h foreign 198.51.100.9 ccxt/4 read"),
        ("a place refused in shadow", "61d1h shadow 198.51.100.9 ccxt/4 read"),
        ("a forged signature", "61d1h forged 198.51.100.9 curl/8 order"),
        ("moving, by the ceremony", "61d1h allow !198.51.100.9 \n 61d2h use 198.51.100.9 ccxt/4 read"),
        ("moving, by his word", "61d1h says owner_confirms \n 61d2h use 198.51.100.9 ccxt/4 read"),
    ];
    for (what, rows) in CASES {
        let mut bench = bench();
        bench.play(HABIT);
        assert_eq!(bench.play(rows), "", "{what}");
    }
}

#[test]
fn the_ceremony_does_not_cover_another_program() {
    let mut bench = bench();
    bench.play(HABIT);
    let told = bench.play("61d1h allow !198.51.100.9 \n 61d2h use 198.51.100.9 pyupbit/0 read");
    assert_eq!(told.lines().count(), 1);
}

#[test]
fn a_mobile_pool_is_one_network() {
    let mut bench = bench();
    bench.play("0s use 192.0.2.1 ccxt/4 read");
    let rows: String =
        (1..70).map(|day| format!("{day}d use 100.{}.0.1 ccxt/4 read\n", 64 + day % 60)).collect();
    assert_eq!(bench.play(&rows), "");
}

#[test]
fn a_delegations_network_and_an_approved_vendors_egress_score_nothing() {
    let mut bench = bench();
    bench.play(HABIT);
    bench.vendor = Some(crate::seen::VendorView {
        vendor: "V1".parse().unwrap(),
        state: Some(sumun_model::wire::state::VendorState::Approved),
        class: None,
        networks: vec!["198.51.100.0/24".parse().unwrap()],
        scopes: None,
    });
    assert_eq!(bench.play("61d1h use 198.51.100.9 pyupbit/0 order"), "");
}

#[test]
fn a_million_addresses_take_no_more_room() {
    let mut bench = bench();
    let most = bench.flood(true);
    assert!(most <= 1_536, "{most}");
}

proptest! {
    #[test]
    fn what_is_new_is_what_the_whole_list_says(
        uses in prop::collection::vec((0usize..4, 0u32..40), 1..60),
    ) {
        // Networks of one country and class, so that only network and neighbourhood may be new; the fourth is abroad.
        const FROM: [&str; 4] = ["203.0.113.7", "198.18.0.1", "192.0.2.1", "198.51.100.9"];
        const DAY: u32 = 86_400;
        let mut bench = bench();
        let (mut all, mut day) = (Vec::<(usize, u32)>::new(), 0);
        let mut naive = Vec::new();
        for (place, gap) in uses {
            day += gap;
            bench.play(&format!("{}s use {} p/1 read", day * DAY, FROM[place]));
            if let (Some((last, before)), Some((_, first))) = (all.last().copied(), all.first().copied()) {
                let age = before - first;
                let absent = all.iter().rev().find(|(p, _)| *p == place).map(|(_, at)| before - at);
                let full = if age >= 60 && absent.is_none_or(|days| days >= 60) { 1_000 } else { 500 };
                let abroad = if place == 3 { 1_500 + 1_200 } else { 0 };
                // Who was abroad for all the time compared has a new home country again.
                let home = all.iter().rev().find(|(p, _)| *p != 3).map(|(_, at)| before - at);
                let home_new = place != 3 && home.is_none_or(|days| days >= 10);
                let home_full = if age >= 60 && home.is_none_or(|days| days >= 60) { 1_000 } else { 500 };
                let home = if home_new { 1_500 * home_full / 1_000 } else { 0 };
                if last != place && age >= 10 && absent.is_none_or(|days| days >= 10) {
                    naive.push((i64::from(day), (1_000 + abroad) * full / 1_000 + home));
                }
            }
            all.push((place, day));
        }
        let told: Vec<_> =
            bench.signals.iter().map(|(at, raw)| (at / 86_400_000_000, raw.llr_milli)).collect();
        prop_assert_eq!(told, naive);
    }
}

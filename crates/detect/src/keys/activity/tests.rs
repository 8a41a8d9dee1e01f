//! The facts, and their windows against a list of all events.

use super::Activity;
use crate::keys::testing::Bench;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn bench() -> Bench<Activity> {
    Bench::new(&[])
}

fn facts(bench: &Bench<Activity>) -> String {
    let lines: Vec<_> =
        bench.facts.keys().map(|name| format!("{name} {}", bench.fact(name).unwrap())).collect();
    lines.join("\n")
}

#[test]
fn a_few_days_of_a_key() {
    let mut bench = bench();
    bench.play(
        "
        0s     use  203.0.113.7   ccxt/4     read
        1d     use  203.0.113.7   ccxt/4     order
        2d     use  203.0.113.7   ccxt/4     order
        2d1h   use  198.51.100.9  pyupbit/0  order
        2d1h   foreign  10.0.0.1  curl/8     order    # not let through: not counted
        ",
    );
    insta::assert_snapshot!(facts(&bench), @r"
    key.active_days_14d 3
    key.age_days 2
    key.clients_7d 2
    key.last_use_s 1780444800
    key.networks_24h 2
    key.orders_24h 2
    ");
    // Left alone, everything but its age and last use runs out.
    bench.play("20d wait");
    insta::assert_snapshot!(facts(&bench), @r"
    key.active_days_14d 0
    key.age_days 16
    key.clients_7d 0
    key.last_use_s 1780448400
    key.networks_24h 0
    key.orders_24h 0
    ");
}

#[test]
fn a_busy_key_moves_policy_some_dozen_times_in_two_hours_not_seven_thousand() {
    let mut bench = bench();
    let mut told = 0;
    for second in 0..7_200 {
        bench.facts.clear();
        bench.play(&format!("{second}s use 203.0.113.7 ccxt/4 order"));
        told += usize::from(!bench.facts.is_empty());
    }
    insta::assert_snapshot!(told, @"62");
}

#[test]
fn a_million_addresses_take_no_more_room() {
    let mut bench = bench();
    let most = bench.flood(true);
    assert!(most <= 1_024, "{most}");
}

proptest! {
    #[test]
    fn windows_are_those_of_the_whole_list(
        uses in prop::collection::vec((0usize..4, any::<bool>(), 0u32..100_000), 1..60),
    ) {
        const FROM: [&str; 4] = ["203.0.113.7", "198.51.100.9", "198.18.0.1", "198.19.0.1"];
        const DAY: u32 = 86_400;
        // Every use is noted, so that the sets are exact to the second.
        let mut bench = bench().with(|p| p.refresh_s = 0);
        let (mut all, mut at) = (Vec::<(usize, bool, u32)>::new(), 0);
        for (place, orders, gap) in uses {
            at += gap;
            let effect = if orders { "order" } else { "read" };
            bench.play(&format!("{at}s use {} p{place}/1 {effect}", FROM[place]));
            all.push((place, orders, at));
            let count = |n: usize| i64::try_from(n).unwrap();
            let within = |span: u32| all.iter().filter(move |(_, _, t)| t + span >= at);
            let networks: BTreeSet<_> = within(DAY).map(|(p, ..)| p).collect();
            let clients: BTreeSet<_> = within(7 * DAY).map(|(p, ..)| p).collect();
            let orders = all.iter().filter(|(_, o, t)| *o && t / 3_600 + 24 > at / 3_600).count();
            let days: BTreeSet<_> = all.iter().map(|(.., t)| t / DAY).filter(|d| d + 14 > at / DAY).collect();
            prop_assert_eq!(bench.fact("key.networks_24h"), Some(count(networks.len())));
            prop_assert_eq!(bench.fact("key.clients_7d"), Some(count(clients.len())));
            // Within a day orders are followed by eighths, and the age not at all.
            let told = bench.fact("key.orders_24h").unwrap();
            prop_assert!((told - count(orders)).abs() * 8 < told.max(8), "{told} for {orders}");
            prop_assert_eq!(bench.fact("key.active_days_14d"), Some(count(days.len())));
            let age = i64::from((at - all[0].2) / DAY);
            prop_assert!((age - 1..=age).contains(&bench.fact("key.age_days").unwrap()));
        }
    }
}

//! Worlds for the tests: one by hand, one of the simulator.

use super::support::Place;
use std::fmt::Write;

/// A policy quick enough for a test, and none of the product's, whose numbers and words may change.
pub(crate) fn quick_policy() -> String {
    include_str!("policy.toml").to_owned()
}

/// An owner's bot at home and another's program in a data centre take turns with one key. `count` requests, five seconds apart.
pub(crate) fn turns(count: u32) -> String {
    let mut text = String::from(
        r#"{"type":"network","ts":"2026-05-28T08:00:00Z","prefix":"203.0.113.0/24","asn":64500,"org":"Example Home","country":"KR","class":"residential"}
{"type":"network","ts":"2026-05-28T08:00:00Z","prefix":"198.51.100.0/24","asn":64501,"org":"Example Hosting","country":"KR","class":"hosting"}
{"type":"account","ts":"2026-05-28T08:00:00Z","account":"A1","customer":"C1","segment":"retail"}
{"type":"key","ts":"2026-05-28T08:00:01Z","key":"K1","account":"A1","state":"active","scopes":["read","trade"],"allowlist":["203.0.113.7/32","198.51.100.9/32"],"purpose":"own_bot"}
"#,
    );
    for n in 0..count {
        let (ip, agent) =
            if n % 2 == 0 { ("203.0.113.7", "ccxt/4.5") } else { ("198.51.100.9", "pyupbit/0.2") };
        let (minute, second) = (n / 12, n % 12 * 5);
        writeln!(
            text,
            r#"{{"type":"access","id":"a{n}","ts":"2026-05-28T09:{minute:02}:{second:02}.25Z","key":"K1","account":"A1","ip":"{ip}","agent":"{agent}","effect":"read","scope":"read_balances","verdict":"allow","signature":"valid","checks":{{"signature":"pass","address":"pass"}}}}"#,
        )
        .unwrap();
    }
    text
}

/// Writes a simulated world and gives its lines.
pub(crate) fn simulated(place: &Place, days: u32, keys: u32) -> usize {
    let (days, keys) = (days.to_string(), keys.to_string());
    let ran = place.run(&[
        "simulate",
        "--seed",
        "11",
        "--days",
        &days,
        "--clean",
        &keys,
        "--bad",
        &keys,
        "--activity",
        "400",
        "--out",
        "world.ndjson",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    place.read("world.ndjson").lines().count()
}

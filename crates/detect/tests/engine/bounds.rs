//! What one key may cost, however hard somebody tries.

use super::stage::{engine, options};
use std::net::Ipv4Addr;
use sumun_detect::{Input, Params};
use sumun_model::Timestamp;
use sumun_model::wire::{Line, Origin, parse_line};

/// Most bytes of one key: DESIGN 6.
const KEY_BYTES_MAX: usize = 8 * 1024;

#[test]
fn a_key_touched_from_a_million_addresses_stays_small() {
    let text = r#"{"type":"access","id":"a","ts":"2026-05-28T09:00:00Z","key":"K1","account":"A1","ip":"203.0.113.7","agent":"ccxt/4.5","ja4":"t13d1516h2_8daaf6152771_02713d6af862","effect":"order","scope":"trade","market":"KRW-BTC","verdict":"allow","signature":"valid","checks":{"address":"pass"}}"#;
    let Line::Access(first) = parse_line(Origin { source_name: "t", line: 1 }, text).unwrap() else {
        unreachable!()
    };
    let mut engine = engine(options(1));
    let mut most = 0;
    for batch in 0..1_000_u32 {
        let lines = (0..1_000_u32).map(|n| {
            let n = batch * 1_000 + n;
            let mut line = first.clone();
            line.ts = Timestamp::from_micros(first.ts.as_micros() + i64::from(n) * 10_000);
            line.id = format!("a{n}").parse().unwrap();
            line.ip = Some(Ipv4Addr::from_bits(0x0b00_0000 + n * 97).into());
            line.agent = Some(format!("client-{}/{}", n % 1_000, n % 7));
            line.market = Some(format!("KRW-{}", n % 300).parse().unwrap());
            if n % 3 == 0 {
                line.checks = serde_json::from_str(r#"{"address":"fail"}"#).unwrap();
                line.verdict = Some(sumun_model::wire::Verdict::Deny);
            }
            Input { position: u64::from(n) + 1, line: Line::Access(line) }
        });
        engine.feed(lines);
        most = most.max(engine.state_bytes(&"K1".parse().unwrap()));
    }
    assert!(most > 0 && most <= KEY_BYTES_MAX, "{most} bytes");
    assert_eq!(engine.counts().lines, 1_000_000);
}

#[test]
fn keys_unseen_for_long_are_forgotten() {
    let mut params = Params::default();
    params.engine.forget_after_s = 86_400;
    let mut engine = sumun_detect::Engine::new(
        params,
        sumun_model::Weights::default(),
        std::sync::Arc::new(sumun_detect::network::NoData),
        Box::new(sumun_detect::judge::NoJudge),
        options(2),
        b"",
    );
    let access = |id: &str, day: u32, key: &str| {
        format!(
            r#"{{"type":"access","id":"{id}","ts":"2026-05-{day:02}T09:00:00Z","key":"{key}","account":"A1","ip":"203.0.113.7","verdict":"allow","signature":"valid"}}"#
        )
    };
    let text = [access("a1", 1, "K1"), access("a2", 1, "K2"), access("a3", 2, "K2"), access("a4", 3, "K3")];
    engine.feed(super::stage::lines(&text.join("\n")));
    assert_eq!(engine.keys(), 2, "K1 is over a day away, K2 was a day away when it was looked for");
    assert_eq!(engine.counts().forgotten, 1);
    assert!(engine.explain(&"K1".parse().unwrap()).is_none());
}

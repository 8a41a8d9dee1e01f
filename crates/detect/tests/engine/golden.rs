//! A small fixed world and all it says: whoever changes an id, an order or a number sees it here.

use super::stage::{engine, lines, options};
use sumun_detect::Output;

/// An owner's bot at home; another hand with another program in a data centre.
fn small_world() -> String {
    let mut text = String::from(
        r#"{"type":"network","ts":"2026-05-28T08:00:00Z","prefix":"203.0.113.0/24","asn":64500,"org":"Example Home","country":"KR","class":"residential"}
{"type":"network","ts":"2026-05-28T08:00:00Z","prefix":"198.51.100.0/24","asn":64501,"org":"Example Hosting","country":"KR","class":"hosting"}
{"type":"account","ts":"2026-05-28T08:00:00Z","account":"A1","customer":"C1","segment":"retail"}
{"type":"key","ts":"2026-05-28T08:00:01Z","key":"K1","account":"A1","state":"active","scopes":["read","trade"],"allowlist":["203.0.113.7/32","198.51.100.9/32"],"purpose":"own_bot"}
"#,
    );
    for n in 0..8 {
        let (ip, agent) =
            if n % 2 == 0 { ("203.0.113.7", "ccxt/4.5") } else { ("198.51.100.9", "pyupbit/0.2") };
        text.push_str(&format!(
            r#"{{"type":"access","id":"a{n}","ts":"2026-05-28T09:00:{:02}.25Z","key":"K1","account":"A1","ip":"{ip}","agent":"{agent}","effect":"read","scope":"read_balances","verdict":"allow","signature":"valid","checks":{{"signature":"pass","address":"pass"}}}}"#,
            n * 5
        ));
        text.push('\n');
    }
    text.push_str(r#"{"type":"tick","ts":"2026-05-28T09:05:00Z"}"#);
    text
}

#[test]
fn everything_a_small_world_says() {
    let mut findings = engine(options(1)).feed(lines(&small_world()));
    findings.retain(|finding| !matches!(finding, Output::Assessment { .. }));
    insta::assert_snapshot!(super::stage::text(findings));
}

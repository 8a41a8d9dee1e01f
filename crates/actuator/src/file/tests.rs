//! What a file may say, and how its mistakes are told.

use super::*;

pub(crate) const FILE: &str = r#"format = 1
timeout_ms = 2000

[secrets]
admin = { file = "admin-token.txt" }

[headers]
Authorization = "Bearer {secret.admin}"
Idempotency-Key = "{idempotency_key}"

[actions.suspend]
method = "POST"
url = "https://keys.exchange.example/admin/keys/{key}/disable"
body = { reason = "{reason}", version = "{version}", note = "by {venue}: {reason}", measure = "{measure}" }
success = { status = [200], pointer = "/state", equals = "disabled" }
already = [{ status = [409], pointer = "/error/code", equals = "already_disabled" }]

[actions.hold]
same_as = "suspend"

[actions.restore]
method = "POST"
url = "https://keys.exchange.example/admin/keys/{key}/enable"
success = { status = [200, 204] }

[actions.expire]
method = "DELETE"
url = "https://keys.exchange.example/admin/keys/{key}?reason={reason}"
success = { status = [200, 204] }
already = [{ status = [404, 410] }]

[[webhook]]
name = "risk"
url = "https://risk.exchange.example/sumun"
secret = { env = "RISK_WEBHOOK_SECRET" }
"#;

fn told(edits: &[(&str, &str)]) -> String {
    let mut text = FILE.to_owned();
    for (from, to) in edits {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    let problems = Actuator::parse(&text).unwrap_err();
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_file_is_read() {
    let read = Actuator::parse(FILE).unwrap();
    assert_eq!(read.destinations(), ["exchange", "risk"]);
    assert_eq!(read.action(ActionName::Hold), read.action(ActionName::Suspend));
    assert_eq!(read.same_as(ActionName::Hold), Some(ActionName::Suspend));
    assert_eq!((read.timeout_ms, read.retry, read.log.grace_s), (2_000, Retry::default(), 5));
    let mut shown = String::new();
    for (name, call) in read.samples() {
        let call = call.unwrap();
        shown.push_str(&format!("{}: {} {}\n", name.as_str(), call.method.as_str(), call.url));
        for (header, text) in &call.headers {
            shown.push_str(&format!("  {header}: {text:?}\n"));
        }
        if let Some(body) = call.body {
            shown.push_str(&format!("  {body}\n"));
        }
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn mistakes_are_told_with_place_and_remedy() {
    insta::assert_snapshot!(
        [
            told(&[("{key}/disable", "{kee}/disable")]),
            told(&[("Bearer {secret.admin}", "Bearer {secret.admim}")]),
            told(&[("keys/{key}/disable", "keys/{key}/disable?t={secret.admin}")]),
            told(&[("reason = \"{reason}\",", "reason = \"{secret.admin}\",")]),
            told(&[(
                "https://keys.exchange.example/admin/keys/{key}/enable",
                "https://{key}.exchange.example/enable"
            )]),
            told(&[("https://keys.exchange.example/admin/keys/{key}/enable", "keys/{key}")]),
            told(&[(
                "https://keys.exchange.example/admin/keys/{key}/enable",
                "https://me:secret@keys.example/{key}"
            )]),
            told(&[("{key}/enable", "enable")]),
            told(&[("[actions.hold]\nsame_as = \"suspend\"\n", "")]),
            told(&[("same_as = \"suspend\"", "same_as = \"restore\"")]),
            told(&[("success = { status = [200, 204] }", "")]),
            told(&[("status = [200], pointer = \"/state\"", "status = [200], pointer = \"state\"")]),
            told(&[("status = [200], pointer = \"/state\"", "status = [20]")]),
            told(&[("format = 1", "format = 2"), ("timeout_ms = 2000", "timeout_ms = 0")]),
            told(&[("timeout_ms", "timeout_s")]),
            told(&[("name = \"risk\"", "name = \"exchange\"")]),
            told(&[("Idempotency-Key", "Content-Length")]),
        ]
        .join("\n\n")
    );
}

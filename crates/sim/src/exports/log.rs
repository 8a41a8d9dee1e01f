//! One request as nginx and as Envoy write it, by the formats in the heads of `mappings/nginx-json.toml` and `mappings/envoy-json.toml`.

use serde::Serialize;
use std::fmt::Write as _;
use std::io::Write as _;
use sumun_model::Timestamp;
use sumun_model::wire::AccessLine;
use sumun_model::wire::event::Verdict;

/// How one format calls its fields.
struct Format {
    at: &'static str,
    address: &'static str,
    method: &'static str,
    target: &'static str,
    agent: &'static str,
    /// The status, up to its digits and behind them.
    status: (&'static str, &'static str),
}

const NGINX: Format = Format {
    at: r#"{"msec":""#,
    address: r#"","remote_addr":""#,
    method: r#","request_method":""#,
    target: r#"","request_uri":"#,
    agent: r#","http_user_agent":"#,
    status: (r#","status":""#, "\""),
};
const ENVOY: Format = Format {
    at: r#"{"start_time":""#,
    address: r#"","downstream":""#,
    method: r#","method":""#,
    target: r#"","path":"#,
    agent: r#","user_agent":"#,
    status: (r#","response_code":"#, ""),
};

/// A request as nginx logs it, without the line feed. `id` is the request's, `key` the key's as the exports have it.
pub fn nginx(out: &mut Vec<u8>, line: &AccessLine, at: Timestamp, id: &str, key: &str) {
    write(&NGINX, out, line, at, id, key);
}

/// A request as Envoy logs it, without the line feed.
pub fn envoy(out: &mut Vec<u8>, line: &AccessLine, at: Timestamp, id: &str, key: &str) {
    write(&ENVOY, out, line, at, id, key);
}

fn write(format: &Format, out: &mut Vec<u8>, line: &AccessLine, at: Timestamp, id: &str, key: &str) {
    let put = |out: &mut Vec<u8>, text: &str| out.extend_from_slice(text.as_bytes());
    let us = at.as_micros();
    put(out, format.at);
    // Writing to memory cannot fail.
    let _ = write!(out, "{}.{:06}", us.div_euclid(1_000_000), us.rem_euclid(1_000_000));
    put(out, r#"","request_id":""#);
    put(out, id);
    put(out, format.address);
    if let Some(ip) = line.ip {
        let _ = write!(out, "{ip}");
    }
    put(out, r#"","key_id":"#);
    text(out, key);
    put(out, format.method);
    put(out, line.method.as_deref().unwrap_or_default());
    put(out, format.target);
    text(out, &target(line));
    put(out, format.agent);
    optional(out, line.agent.as_deref());
    put(out, format.status.0);
    put(out, if line.verdict == Some(Verdict::Deny) { "401" } else { "200" });
    put(out, format.status.1);
    put(out, r#","ja4":"#);
    optional(out, line.ja4.as_deref());
    put(out, r#","error":"#);
    word(out, line.reason.as_ref());
    put(out, r#","signature":"#);
    word(out, line.signature.as_ref());
    out.push(b'}');
}

fn target(line: &AccessLine) -> String {
    let mut target = line.route.clone().unwrap_or_default();
    if let Some(market) = &line.market
        && line.method.as_deref() == Some("GET")
    {
        let _ = write!(target, "?market={market}");
    }
    target
}

fn text(out: &mut Vec<u8>, text: &str) {
    let _ = serde_json::to_writer(out, text);
}

fn optional(out: &mut Vec<u8>, value: Option<&str>) {
    let _ = serde_json::to_writer(out, &value);
}

fn word<T: Serialize>(out: &mut Vec<u8>, value: Option<&T>) {
    let _ = serde_json::to_writer(out, &value);
}

//! The documents' examples, run as they are written.

use crate::stage::client::{Effect, Signed, get, once};
use crate::stage::upstream::Upstream;
use crate::stage::{Key, Stage};
use crate::support::Place;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

const README: &str = include_str!("../../../../README.md");
const OPERATE: &str = include_str!("../../../../docs/operate.md");
const METRICS: &str = include_str!("../../../proxy/src/metrics.rs");

/// What stands in a fence of a language, in the section with a heading.
fn fence(document: &str, heading: &str, language: &str) -> String {
    let section = document.split("\n## ").find(|section| section.starts_with(heading)).unwrap();
    let (_, rest) = section.split_once(&format!("\n```{language}\n")).unwrap();
    rest.split_once("\n```").unwrap().0.to_owned()
}

/// A port that was free a moment ago.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// The mock exchange is another package's; cargo builds it beside `sumun`.
fn build_mock_exchange(folder: &Path) {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--package", "sumun-sim", "--bin", "mock-exchange", "--target-dir"]);
    cargo.arg(folder.parent().unwrap()).current_dir(env!("CARGO_MANIFEST_DIR"));
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    assert!(cargo.status().unwrap().success());
}

/// Runs a block line by line in bash, in a folder of its own and on ports of its own; what it printed.
fn pasted(block: &str, server: SocketAddr) -> String {
    let folder = Path::new(env!("CARGO_BIN_EXE_sumun")).parent().unwrap();
    build_mock_exchange(folder);
    let mut script = "set -u\n".to_owned();
    for line in block.lines() {
        // All of that is there already when tests run.
        if line.is_empty() || line.starts_with('#') || line.starts_with("cargo ") {
            continue;
        }
        // 124: `timeout` ended what goes on for ever.
        script.push_str(&format!(
            "{line}\ncode=$?; [ $code = 0 ] || [ $code = 124 ] || {{ echo \"exit $code\" >&2; exit 1; }}\n"
        ));
    }
    // Other tests use ports too.
    let (listen, upstream) = (free().to_string(), free().to_string());
    let script = script.replace("127.0.0.1:8080", &listen).replace("127.0.0.1:9000", &upstream);
    let script = script.replace("127.0.0.1:8070", &server.to_string());
    let place = Place::new();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let mut bash = Command::new("timeout");
    bash.args(["100", "bash", "-c", &script]).env("PATH", path).env("TMPDIR", place.path(""));
    bash.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SUMUN_")) {
        bash.env_remove(name);
    }
    bash.env("SUMUN_SERVER", format!("http://{server}"));
    let ran = bash.stdin(Stdio::null()).output().unwrap();
    let (out, err) = (String::from_utf8(ran.stdout).unwrap(), String::from_utf8(ran.stderr).unwrap());
    assert!(ran.status.success(), "{out}{err}");
    out
}

/// What a client's driver answered, one after the other.
fn answers(out: &str) -> Vec<Value> {
    let lines = out.lines().filter(|line| line.starts_with("{\"ok\""));
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_first_key_of_the_readme() {
    let out = pasted(&fence(README, "Your first key", "bash"), free());
    let [balance, refused] = &answers(&out)[..] else { panic!("{out}") };
    assert_eq!((&balance["ok"], &balance["result"]["total"]["KRW"]), (&json!(true), &json!(1_000_000.0)));
    assert_eq!(refused["exception"], "ccxt.base.errors.AuthenticationError", "{refused}");
    assert!(out.contains("database: every row is what the ledger says"), "{out}");
    assert!(
        out.contains(": key.expired, sequenced ") && out.ends_with("what it says is proved too\n"),
        "{out}"
    );
}

#[test]
fn the_gate_alone() {
    // What the text below the block says, tried where the gate still runs.
    let asked = OPERATE.split("to read and no more: `'").nth(1).unwrap().split("'`").next().unwrap();
    let ask = format!("echo '{asked}' | \"$python\" \"$clients/ccxt_driver.py\"\ntimeout ");
    let block = fence(OPERATE, "A gate alone", "bash").replace("timeout ", &ask);
    let out = pasted(&block, free());
    let [balance, refused] = &answers(&out)[..] else { panic!("{out}") };
    assert_eq!((&balance["ok"], &balance["result"]["total"]["KRW"]), (&json!(true), &json!(1_000_000.0)));
    assert_eq!(refused["exception"], "ccxt.base.errors.PermissionDenied", "{refused}");
    let event = |name: &str, value: &str| {
        out.lines().any(|line| {
            line.split_once(name).is_some_and(|(before, after)| before == "  " && after.trim() == value)
        })
    };
    assert!(event("verdict", "\"allow\"") && event("route", "\"/v1/accounts\""), "{out}");
}

fn post(to: SocketAddr, path: &str, body: &str) -> (String, Value) {
    let mut line = TcpStream::connect(to).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: gate\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    line.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    line.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), serde_json::from_str(body).unwrap())
}

#[test]
fn the_question_to_the_decision_service_and_the_names_in_its_answer() {
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "decide_listen = \"127.0.0.1:0\"");
    stage.keys(&[Key::active("K1")]);
    let gate = stage.start();
    let decide = gate.ready["decide"].as_str().unwrap().parse().unwrap();
    let question = fence(OPERATE, "`POST /v1/decide`", "json");
    let (status, allowed) = post(decide, "/v1/decide", &question);
    assert_eq!((status.as_str(), &allowed["verdict"]), ("HTTP/1.1 200 OK", &json!("allow")), "{allowed}");
    // The same again: its nonce is used up.
    let (status, denied) = post(decide, "/v1/decide", &question);
    assert_eq!((status.as_str(), &denied["verdict"]), ("HTTP/1.1 200 OK", &json!("deny")), "{denied}");
    let named = |object: &Value| {
        for name in object.as_object().unwrap().keys() {
            assert!(OPERATE.contains(&format!("`{name}`")), "docs/operate.md does not name `{name}`");
        }
    };
    named(&denied);
    named(&denied["refusal"]);
    let (status, _) = post(decide, "/v1/decide", &question.replace("\"ip\"", "\"address\""));
    assert_eq!(status, "HTTP/1.1 400 Bad Request");
}

#[test]
fn the_file_for_request_check() {
    let place = Place::new();
    place.write("requests.json", &fence(OPERATE, "`sumun request check`", "json"));
    insta::assert_snapshot!(place.run(&["request", "check", "requests.json"]).shown(), @r#"
    exit 0
    {"id":"chance","verdict":"accept","reason":null}
    {"id":"twice#1","verdict":"accept","reason":null}
    {"id":"twice#2","verdict":"reject","reason":"nonce_replayed"}
    "#);
}

#[test]
fn the_table_of_metrics() {
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "");
    let gate = stage.start();
    once(gate.listen, &Signed::new(Effect::Read, "K1", "n1"));
    let page = get(gate.admin(), "/metrics").body;
    let listed: Vec<&str> = OPERATE
        .lines()
        .filter_map(|line| line.strip_prefix("| `sumun_gate_"))
        .map(|line| line.split('`').next().unwrap())
        .collect();
    let live = page.lines().filter_map(|line| line.strip_prefix("# TYPE sumun_gate_"));
    let live: Vec<&str> = live.map(|line| line.split(' ').next().unwrap()).collect();
    assert!(live.len() > 10, "{page}");
    for name in live {
        assert!(listed.contains(&name), "docs/operate.md does not list `sumun_gate_{name}`");
    }
    // Those with labels are on the page only once they have counted.
    for name in listed {
        let registered = format!("\"{}\"", name.trim_end_matches("_seconds"));
        assert!(
            METRICS.contains(&registered),
            "docs/operate.md lists `sumun_gate_{name}`, which there is not"
        );
    }
}

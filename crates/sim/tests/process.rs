//! The binary: one line at the start, an end within a second of SIGTERM, a clear word about a bad file.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]
#![allow(missing_docs, reason = "tests need no docs")]

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

fn mock() -> Command {
    Command::new(env!("CARGO_BIN_EXE_mock-exchange"))
}

#[test]
fn it_says_where_it_listens_and_ends_when_told() {
    let mut process = mock().stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(process.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();

    let mut connection = TcpStream::connect(line["listen"].as_str().unwrap()).unwrap();
    connection
        .write_all(b"GET /v1/market/all HTTP/1.1\r\nhost: made-up\r\nconnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("KRW-BTC"), "{answer}");
    assert!(TcpStream::connect(line["control"].as_str().unwrap()).is_ok());

    let kill = Command::new("sh").args(["-c", &format!("kill -TERM {}", process.id())]).status().unwrap();
    assert!(kill.success());
    assert!(process.wait().unwrap().success(), "an orderly end");
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "", "one line and no more");
}

#[test]
fn a_bad_accounts_file_is_named_with_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.toml");
    std::fs::write(&path, "[[accounts]]\nname = \"A1\"\nkeyz = []\n").unwrap();
    let output = mock().arg("--accounts").arg(&path).output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("accounts.toml` is not an accounts file") && said.contains("line 3"), "{said}");
    assert!(said.contains("keyz"), "{said}");
}

#[test]
fn what_keeps_it_from_starting_is_one_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let busy = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.toml");
    std::fs::write(&path, "accounts = [{ nme = 1 }]\n").unwrap();
    for (arguments, part) in [
        (["--listen", &busy], &busy),
        (["--accounts", path.to_str().unwrap()], &"unknown field `nme`".to_owned()),
        (["--accounts", "not-there.toml"], &"not-there.toml".to_owned()),
    ] {
        let output = mock().args(arguments).env("RUST_BACKTRACE", "1").output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.starts_with("error: ") && said.contains(part.as_str()), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

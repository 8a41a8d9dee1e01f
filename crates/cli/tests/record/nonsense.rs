//! A policy in force whose `[detectors]` are nonsense, from before anybody checked them: the control plane starts all the same, and says so.

use crate::house::House;
use std::io::{Read, Write};
use std::net::TcpStream;

/// What `/readyz` answers, whole.
fn readiness(server: &str) -> String {
    let address = server.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_policy_in_force_that_detection_cannot_use_keeps_nobody_from_starting() {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/test.toml");
    let text = std::fs::read_to_string(shipped).unwrap();
    let nonsense = format!("{text}\n[detectors.of_nobody]\nwindow_s = 0\n");
    assert!(!text.contains("[detectors.of_nobody]"));
    // The first policy is taken from the operator's file as it is.
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), nonsense).unwrap();
    let (house, _) = House::with(&format!("policy_file = \"{}\"", file.path().display()));
    // With the whole log to read, and then from a snapshot.
    for _ in 0..2 {
        let open = house.open();
        open.process.says("in force holds what detection cannot use");
        let ready = readiness(&open.server);
        assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");
        for told in ["degraded", "[detectors.of_nobody]", "sumun policy check FILE"] {
            assert!(ready.contains(told), "{told} is not in {ready}");
        }
        let (status, said) = open.process.stop();
        assert_eq!(status.code(), Some(0), "{said}");
    }
}

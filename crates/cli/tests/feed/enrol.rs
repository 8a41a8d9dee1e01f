//! `sumun gate enrol`: what goes to the server, what stays on the disk.

use crate::support::Place;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use sumun_feed::{EnrolmentAnswer, EnrolmentRequest, SigningKey};

/// Answers one enrolment.
fn server() -> (String, std::thread::JoinHandle<EnrolmentRequest>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            reader.read_line(&mut head).unwrap();
        }
        assert!(head.starts_with("POST /v1/gates/enrol HTTP/1.1\r\n"), "{head}");
        let length = head.to_ascii_lowercase();
        let length =
            length.split("content-length: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let request: EnrolmentRequest = serde_json::from_slice(&body).unwrap();
        let answer = EnrolmentAnswer {
            gate: "gate-7".parse().unwrap(),
            venue: "made-up-venue".to_owned(),
            feed_key: SigningKey::from_seed(&[3; 32]).public(),
        };
        let answer = serde_json::to_string(&answer).unwrap();
        let head = format!(
            "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            answer.len()
        );
        reader.get_mut().write_all((head + &answer).as_bytes()).unwrap();
        request
    });
    (address, thread)
}

#[test]
fn a_gate_makes_its_key_proves_it_and_keeps_what_it_is_told() {
    let (address, thread) = server();
    let place = Place::new();
    let ran = place.run(&["gate", "enrol", "--server", &address, "--invite", "made-up-invite"]);
    let shown = ran.shown().replace(&address, "http://SERVER");
    insta::assert_snapshot!(shown, @r#"
exit 0
Enrolled as gate `gate-7` of venue `made-up-venue`.
Its key is in `sumun-data/gate.key`; keep it on this machine.
Set `gate.id = "gate-7"`: it is `gate-1` now.
Set `gate.feed.url = "http://SERVER"` and start it with `sumun gate`.
"#);
    let request = thread.join().unwrap();
    assert_eq!(request.invite, "made-up-invite");
    assert_eq!(request.verify(crate::server::now()), Ok(()));
    let key = place.read("sumun-data/gate.key");
    assert_eq!(SigningKey::parse(&key).unwrap().public(), request.public_key);
    let mode = std::fs::metadata(place.path("sumun-data/gate.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!place.read("sumun-data/enrolment.json").contains("signing-key"));
    // Once.
    insta::assert_snapshot!(place.run(&["gate", "enrol", "--server", &address, "--invite", "again"]).shown(), @"
    exit 2
    error: `sumun-data/enrolment.json` is there already: this gate is enrolled. Move it and `sumun-data/gate.key` away if it is to be enrolled anew
    ");
}

//! The second form: signed messages of keys' states.

use crate::waiting::until;
use crate::world::Stage;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use sumun_actuator::webhook;

const SECRET: &str = "whsec_TUFERXhVUHhTRUNSRVR4b2Z4dGhpcnR5eHR3b3hieXRlcw==";

/// Head and body of each message.
type Messages = Arc<Mutex<Vec<(String, String)>>>;

/// Somebody who takes messages, the first one with a failure.
fn subscriber() -> (SocketAddr, Messages) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, messages) = (listener.local_addr().unwrap(), Messages::default());
    let own = Arc::clone(&messages);
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().flatten().enumerate() {
            let mut reader = BufReader::new(stream);
            let (mut head, mut line) = (String::new(), String::new());
            while reader.read_line(&mut line).unwrap_or(0) > 2 {
                head.push_str(&line);
                line.clear();
            }
            let length = header(&head, "content-length").parse().unwrap_or(0);
            let mut body = vec![0; length];
            if reader.read_exact(&mut body).is_err() {
                continue;
            }
            let status = if number == 0 { "503 Service Unavailable" } else { "204 No Content" };
            own.lock().unwrap().push((head, String::from_utf8(body).unwrap()));
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _ = reader.get_mut().write_all(answer.as_bytes());
        }
    });
    (address, messages)
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let of = |line: &'a str| {
        let (known, value) = line.split_once(':')?;
        known.eq_ignore_ascii_case(name).then_some(value.trim())
    };
    head.lines().find_map(of).unwrap_or_default()
}

#[test]
fn a_subscriber_is_told_of_a_keys_state_and_can_check_who_told_him() {
    let (address, messages) = subscriber();
    let more = format!(
        "[retry]\nfirst_ms = 10\nmax_ms = 50\n[[webhook]]\nname = \"risk\"\nurl = \"http://{address}/keys\"\nsecret = {{ file = \"risk.txt\" }}\n"
    );
    let stage = Stage::new(&more);
    stage.house.place.write_private("risk.txt", SECRET);
    let world = stage.opened_first();
    world.act("K1", "suspend");
    until("the subscriber to be told", || {
        let found = world.rest.get("alice", "/v1/actuations?key=K1");
        let items = found["items"].as_array()?;
        let done = |item: &&Value| item["state"] == "acknowledged";
        (items.iter().filter(done).count() == 2).then_some(())
    });
    let messages = messages.lock().unwrap().clone();
    assert_eq!(messages.len(), 2, "{messages:?}");
    let key = webhook::secret(SECRET).unwrap();
    for (head, body) in &messages {
        let (id, at) = (header(head, "webhook-id"), header(head, "webhook-timestamp"));
        let signature = format!("v1,{}", webhook::signature(&key, id, at, body));
        assert_eq!(header(head, "webhook-signature"), signature);
        let body: Value = serde_json::from_str(body).unwrap();
        let data = &body["data"];
        assert_eq!(
            (&body["type"], &data["key"], &data["state"]),
            (&"key.state".into(), &"K1".into(), &"suspended".into())
        );
        assert_eq!(data["passes"], serde_json::json!(["cancel"]));
    }
    assert_eq!(
        header(&messages[0].0, "webhook-id"),
        header(&messages[1].0, "webhook-id"),
        "one message, twice"
    );
    assert!(!world.open.process.said().contains("whsec_"));
}

//! nginx's `auth_request`, with the shipped configuration.

use crate::front::{
    Front, TOKEN, Waits, World, free, gate_answers, nonce, put, send, shipped, started, statuses,
};
use crate::stage::client::{Effect, Signed};
use crate::stage::wait_for;
use crate::support::Place;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;

/// Where clients connect, and where the edge does that has verified the signature.
pub(crate) struct Nginx {
    pub(crate) clients: SocketAddr,
    pub(crate) edge: SocketAddr,
    _front: Front,
}

fn program() -> &'static str {
    if std::path::Path::new("/usr/sbin/nginx").exists() { "/usr/sbin/nginx" } else { "nginx" }
}

fn nginx(world: &World) -> Nginx {
    nginx_at(&world.stage.place, world.asked, world.exchange.address, Waits::Long)
}

/// nginx with the shipped configurations, wherever gate and exchange are.
pub(crate) fn nginx_at(folder: &Place, asked: SocketAddr, exchange: SocketAddr, waits: Waits) -> Nginx {
    started(|| {
        let (clients, edge) = (free(), free());
        let (sumun, exchange) = (asked.to_string(), exchange.to_string());
        let place = |text: String, listen: &str, at: SocketAddr| {
            let text = put(&put(&text, "127.0.0.1:9465", &sumun), "127.0.0.1:9000", &exchange);
            put(&text, listen, &at.to_string())
        };
        let own = place(waits.put(&shipped("nginx.conf")), "127.0.0.1:8088", clients);
        let vouched = place(waits.put(&shipped("nginx-vouched.conf")), "127.0.0.1:8089", edge);
        let vouched = put(&vouched, "replace-this-with-32-characters-or-more", TOKEN);
        let place = folder;
        place.write("nginx-own.conf", &own);
        place.write("nginx-vouched.conf", &vouched);
        let folders: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("  {kind}_temp_path {kind};\n"))
            .concat();
        place.write(
            "nginx.conf",
            &format!(
                "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log nginx.log info;\nevents {{}}\nhttp {{\n  access_log off;\n{folders}  \
                 include nginx-own.conf;\n  include nginx-vouched.conf;\n}}\n"
            ),
        );
        let mut command = Command::new(program());
        command
            .arg("-p")
            .arg(place.path(""))
            .arg("-c")
            .arg(place.path("nginx.conf"))
            .arg("-e")
            .arg(place.path("nginx.log"));
        Front::try_start(&mut command, clients).map(|front| Nginx { clients, edge, _front: front })
    })
}

/// What the edge asks: its word on who it is, and any other header.
pub(crate) fn vouched(at: SocketAddr, request: &str, key: &str) -> u16 {
    raw(
        at,
        &format!(
            "{request} HTTP/1.1\r\nHost: exchange.example\r\nX-Verified-Key: {key}\r\nX-Verified-Client: 203.0.113.7\r\n"
        ),
    )
}

pub(crate) fn raw(at: SocketAddr, head: &str) -> u16 {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(crate::stage::PATIENCE)).unwrap();
    write!(stream, "{head}Content-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line.split(' ').nth(1).unwrap().parse().unwrap()
}

/// A request of each effect, as [`crate::stage::client::EFFECTS`] are ordered.
pub(crate) const ASKED: [&str; 4] =
    ["GET /v1/accounts", "POST /v1/orders", "DELETE /v1/order?uuid=1", "POST /v1/withdraws/krw"];

#[test]
fn every_effect_as_documented_while_the_gate_lives_and_while_it_is_dead() {
    let world = World::new();
    let gate = world.gate();
    gate_answers(&world);
    let nginx = nginx(&world);
    let edge = |key: &str| ASKED.map(|asked| vouched(nginx.edge, asked, key));

    // By the client's own credentials: what has a body nobody can check here, and it is refused.
    assert_eq!(statuses(nginx.clients, "K1"), [200, 403, 200, 403]);
    assert_eq!(send(nginx.clients, &Signed::forged(Effect::Read, "K1", &nonce())), 401);
    assert_eq!(statuses(nginx.clients, "K3"), [401, 403, 401, 403]);
    // By the edge's word: all but the signature is asked.
    assert_eq!(edge("K1"), [200; 4]);
    assert_eq!(edge("K2"), [200, 403, 200, 403]);
    assert_eq!(edge("K3").map(|status| status >= 400), [true; 4]);
    assert_eq!(edge("nobody").map(|status| status >= 400), [true; 4]);
    assert_eq!(vouched(nginx.edge, ASKED[0], "K4"), 200, "the edge says where the client is");
    // No client names a key, and none names where he is.
    let claims = format!(
        "GET /v1/accounts HTTP/1.1\r\nHost: exchange.example\r\nX-Sumun-Key: K1\r\nX-Sumun-Front-Token: {TOKEN}\r\nX-Verified-Key: K1\r\n"
    );
    assert_eq!(raw(nginx.clients, &claims), 401);
    let asked_gate = format!(
        "GET /v1/auth-request HTTP/1.1\r\nHost: gate.example\r\nX-Original-Method: GET\r\nX-Original-URI: /v1/accounts\r\nX-Sumun-Key: K1\r\nX-Sumun-Front-Token: {}\r\n",
        TOKEN.replace('a', "b")
    );
    assert_eq!(raw(world.asked, &asked_gate), 403);

    let passed = world.exchange.count();
    gate.kill();
    assert_eq!(edge("K1"), [200, 200, 200, 403], "transfers alone wait for the gate");
    assert_eq!(statuses(nginx.clients, "K2"), [200, 200, 200, 403], "a hold cannot be asked about");
    assert!(world.exchange.count() > passed);
    let gate = world.gate();
    assert!(wait_for(|| (edge("K2") == [200, 403, 200, 403]).then_some(())).is_some());

    let (status, _) = gate.stop();
    assert!(status.success());
    let lines = world.stage.dump(0);
    let by_word: Vec<_> =
        lines.iter().filter(|line| line["signature"] == "unchecked" && line["verdict"] == "allow").collect();
    assert!(!by_word.is_empty() && by_word.iter().all(|line| line["ip"] == "203.0.113.7"), "{by_word:?}");
    let unseen = lines.iter().find(|line| line["reason"] == "body_too_large").unwrap();
    assert_eq!((&unseen["enforced"], &unseen["route"]), (&true.into(), &"/v1/orders".into()));
}

/// Targets that a client can write and two readers may read in two ways.
const DOUBTFUL: [&str; 5] = [
    "/v1/accounts?<",
    "/v1/accounts?a=>",
    "/v1/accounts?x#y",
    "/v1/accounts?q=\u{c2dc}\u{c138}",
    "/v1/acc<ounts",
];

#[test]
fn a_target_that_the_gate_cannot_read_is_refused_and_recorded_and_never_taken_for_a_gate_that_is_down() {
    let world = World::new();
    let gate = world.gate();
    gate_answers(&world);
    let nginx = nginx(&world);
    for target in DOUBTFUL {
        let request = format!("GET {target} HTTP/1.1\r\nHost: exchange.example\r\n");
        assert_eq!(raw(nginx.clients, &request), 401, "{target}");
        assert_eq!(vouched(nginx.edge, &format!("GET {target}"), "K1"), 401, "{target}");
    }
    assert_eq!(world.exchange.count(), 0, "the exchange saw none of it");
    assert!(gate.stop().0.success());
    let lines = world.stage.dump(0);
    let malformed = |line: &&serde_json::Value| line["reason"] == "malformed_credentials";
    assert_eq!(lines.iter().filter(malformed).count(), 2 * DOUBTFUL.len(), "{lines:?}");
    assert!(lines.iter().filter(malformed).all(|line| line["verdict"] == "deny" && line["enforced"] == true));
    assert_eq!(lines.iter().filter(malformed).filter(|line| line["key"] == "K1").count(), DOUBTFUL.len());
}

#[test]
fn while_the_gate_is_dead_no_way_of_writing_a_path_reaches_what_is_refused() {
    let world = World::new();
    let gate = world.gate();
    gate_answers(&world);
    let nginx = nginx(&world);
    gate.kill();
    for (request, status) in [
        ("POST /v1/orders", 200),
        ("POST /v1/orders/test?market=KRW-BTC", 200),
        ("DELETE /v1/orders/open", 200),
        ("GET /v1/accounts?a=..//", 200),
        ("POST /v1/orders/../withdraws/coin", 403),
        ("POST /v1/orders/%2e%2E/withdraws/coin", 403),
        ("POST /v1/orders/x", 403),
        ("DELETE /v1/orders/../withdraws/coin", 403),
        ("DELETE /v1/order/x", 403),
        ("POST //v1/orders", 403),
        ("GET /v1/accounts/..%2fwithdraws", 403),
        ("GET /v1/accounts/..\\withdraws", 403),
        ("GET /v1//accounts", 403),
    ] {
        let head = format!("{request} HTTP/1.1\r\nHost: exchange.example\r\n");
        assert_eq!(raw(nginx.clients, &head), status, "{request}");
        assert_eq!(vouched(nginx.edge, request, "K1"), status, "{request}");
    }
}

#[test]
fn an_edge_that_names_no_key_is_asked_for_the_clients_own_credentials_and_no_body_passes_unsigned() {
    let world = World::new();
    let gate = world.gate();
    gate_answers(&world);
    let nginx = nginx(&world);
    // What has a body nobody can check here.
    assert_eq!(statuses(nginx.edge, "K1"), [200, 403, 200, 403]);
    // The token is for naming a key.
    let asked = format!(
        "GET /v1/auth-request HTTP/1.1\r\nHost: gate.example\r\nX-Original-Method: GET\r\nX-Original-URI: /v1/accounts\r\nX-Sumun-Front-Token: {TOKEN}\r\n"
    );
    assert_eq!(raw(world.asked, &asked), 403);
    let _ = gate.stop();
}

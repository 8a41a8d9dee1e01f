//! Envoy's `ext_authz` over HTTP and over gRPC, with the shipped configurations: what both forms have in common.

use crate::front::{
    Front, TOKEN, Waits, World, free, gate_answers, nonce, put, send, shipped, started, statuses,
};
use crate::nginx::raw;
use crate::stage::client::{Effect, Signed};
use crate::stage::wait_for;
use crate::support::Place;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

/// Envoy from the setup's Python environment.
fn program() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let modules = std::fs::read_dir(root.join("target/clients/venv/lib")).into_iter().flatten().flatten();
    let found =
        modules.map(|python| python.path().join("site-packages/envoy/_bin/envoy")).find(|path| path.exists());
    found.expect("no Envoy in target/clients/venv; `cargo xtask setup` brings it")
}

/// Envoy at work: where clients connect, and where an edge does, if its configuration has such a listener.
pub(crate) struct Envoy {
    pub(crate) clients: SocketAddr,
    pub(crate) edge: SocketAddr,
    _front: Front,
}

/// Envoy with a shipped configuration, its addresses and the front's token put in their places.
pub(crate) fn envoy(world: &World, file: &str, token: &str) -> Envoy {
    envoy_at(&world.stage.place, world.asked, world.exchange.address, (file, Waits::Long), token)
}

/// As [`envoy`], wherever gate and exchange are.
pub(crate) fn envoy_at(
    place: &Place,
    asked: SocketAddr,
    exchange: SocketAddr,
    (file, waits): (&str, Waits),
    token: &str,
) -> Envoy {
    started(|| {
        let (clients, edge) = (free(), free());
        let port = |at: SocketAddr| format!("port_value: {} ", at.port());
        let text = put(&waits.put(&shipped(file)), "port_value: 9465 ", &port(asked));
        let text = put(&text, "port_value: 9000 ", &port(exchange));
        let text = put(&text, "port_value: 8087 ", &port(clients));
        let text = text.replace("port_value: 8086 ", &port(edge));
        place.write(file, &text.replace("replace-this-with-32-characters-or-more", token));
        let mut command = Command::new(program());
        command.arg("-c").arg(place.path(file));
        command.args(["--use-dynamic-base-id", "--log-level", "off", "--concurrency", "1"]);
        Front::try_start(&mut command, clients).map(|front| Envoy { clients, edge, _front: front })
    })
}

/// Every effect as documented, while the gate lives, while it is dead, and when it is back.
fn as_documented(file: &str) {
    let world = World::new();
    let gate = world.gate();
    gate_answers(&world);
    let envoy = envoy(&world, file, TOKEN);
    let front = envoy.clients;

    // Envoy shows bodies: signatures are checked here, whatever they cover.
    assert_eq!(statuses(front, "K1"), [200; 4]);
    assert_eq!(statuses(front, "K2"), [200, 403, 200, 403]);
    assert_eq!(statuses(front, "K3"), [401; 4]);
    assert_eq!(statuses(front, "K4"), [403; 4], "no address of this machine is registered for it");
    assert_eq!(send(front, &Signed::forged(Effect::Order, "K1", &nonce())), 401);
    let order = Signed::new(Effect::Order, "K1", &nonce());
    assert_eq!((send(front, &order), send(front, &order)), (200, 401), "a nonce is good once");
    // No client names a key.
    let claims = format!(
        "GET /v1/accounts HTTP/1.1\r\nHost: exchange.example\r\nX-Sumun-Key: K1\r\nX-Sumun-Front-Token: {TOKEN}\r\n"
    );
    assert_eq!(raw(front, &claims), 401);

    gate.kill();
    assert_eq!(statuses(front, "K1"), [200, 200, 200, 503], "transfers alone wait for the gate");
    assert_eq!(statuses(front, "K2"), [200, 200, 200, 503], "a hold cannot be asked about");
    for (request, status) in [
        ("POST /v1/orders/test", 200),
        ("DELETE /v1/orders/open", 200),
        ("POST /v1/orders/../withdraws/coin", 503),
        ("POST /v1/orders/%2e%2E/withdraws/coin", 503),
        ("POST /v1/orders/x", 503),
        ("DELETE /v1/order/x", 503),
        ("GET /v1/accounts/../withdraws", 503),
        ("GET /v1//accounts", 503),
    ] {
        let head = format!("{request} HTTP/1.1\r\nHost: exchange.example\r\n");
        assert_eq!(raw(front, &head), status, "{request}");
    }
    let gate = world.gate();
    assert!(wait_for(|| (statuses(front, "K2") == [200, 403, 200, 403]).then_some(())).is_some());
    assert!(gate.stop().0.success());
    let lines = world.stage.dump(0);
    assert!(
        lines
            .iter()
            .any(|line| line["key"] == "K1" && line["signature"] == "valid" && line["effect"] == "order")
    );
}

#[test]
fn every_effect_as_documented_while_the_gate_lives_and_while_it_is_dead() {
    as_documented("envoy.yaml");
}

#[test]
fn by_grpc_every_effect_is_as_documented_while_the_gate_lives_and_while_it_is_dead() {
    as_documented("envoy-grpc.yaml");
}

//! Envoy's `ext_authz` over HTTP, with the shipped configuration.

use crate::front::{Front, World, free, gate_answers, nonce, put, send, shipped, started, statuses};
use crate::nginx::raw;
use crate::stage::client::{Effect, Signed};
use crate::stage::wait_for;
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

fn envoy(world: &World) -> (SocketAddr, Front) {
    started(|| {
        let clients = free();
        let port = |at: SocketAddr| format!("port_value: {} ", at.port());
        let text = put(&shipped("envoy.yaml"), "port_value: 9465 ", &port(world.asked));
        let text = put(&text, "port_value: 9000 ", &port(world.exchange.address));
        let text = put(&text, "port_value: 8087 ", &port(clients));
        world.stage.place.write("envoy.yaml", &text);
        let mut command = Command::new(program());
        command.arg("-c").arg(world.stage.place.path("envoy.yaml"));
        command.args(["--use-dynamic-base-id", "--log-level", "off", "--concurrency", "1"]);
        Front::try_start(&mut command, clients).map(|front| (clients, front))
    })
}

#[test]
fn every_effect_as_documented_while_the_gate_lives_and_while_it_is_dead() {
    let world = World::new();
    let gate = world.gate();
    gate_answers(&world);
    let (front, _envoy) = envoy(&world);

    // Envoy shows bodies: signatures are checked here, whatever they cover.
    assert_eq!(statuses(front, "K1"), [200; 4]);
    assert_eq!(statuses(front, "K2"), [200, 403, 200, 403]);
    assert_eq!(statuses(front, "K3"), [401; 4]);
    assert_eq!(statuses(front, "K4"), [403; 4], "no address of this machine is registered for it");
    assert_eq!(send(front, &Signed::forged(Effect::Order, "K1", &nonce())), 401);
    let order = Signed::new(Effect::Order, "K1", &nonce());
    assert_eq!((send(front, &order), send(front, &order)), (200, 401), "a nonce is good once");

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

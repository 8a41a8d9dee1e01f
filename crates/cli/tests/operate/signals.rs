//! Signals: SIGTERM stops a gate, SIGHUP makes it look at the keys file and go on.

use crate::stage::client::{Effect, Signed, once};
use crate::stage::process::Gate;
use crate::stage::upstream::Upstream;
use crate::stage::{Key, Stage};
use std::process::Command;

pub(crate) fn send(signal: &str, process: u32) {
    let status = Command::new("sh").args(["-c", &format!("kill -{signal} {process}")]).status().unwrap();
    assert!(status.success());
}

fn hang_up(gate: &Gate) {
    send("HUP", gate.pid());
}

#[test]
fn a_hang_up_looks_at_the_keys_file_and_ends_nothing() {
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "");
    let mut gate = stage.start();
    hang_up(&gate);
    gate.says("SIGHUP: looking at the keys file");
    assert_eq!(once(gate.listen, &Signed::new(Effect::Read, "K1", "n1")).status, 200);
    // A bad edit is told, as it is without the signal, and the table stays.
    stage.keys_as("not JSON\n");
    hang_up(&gate);
    gate.says("the keys file cannot be used");
    assert_eq!(once(gate.listen, &Signed::new(Effect::Read, "K1", "n2")).status, 200);
    stage.keys(&[Key::expired("K1"), Key::active("K2"), Key::active("K3")]);
    hang_up(&gate);
    assert_eq!(once(gate.listen, &Signed::new(Effect::Read, "K1", "n3")).status, 401);
    assert!(gate.is_running());
    let (status, said) = gate.stop();
    assert!(status.success(), "{said}");
    assert!(said.contains("Stopping"), "{said}");
}

//! Configuration, addresses, key-encryption keys: refused before anything is made or touched.

use super::{error, refused, tree};
use crate::stage::client::{Effect, Signed, once};
use crate::stage::process;
use crate::stage::upstream::Upstream;
use crate::stage::{Stage, config};
use crate::support::{KEK_TWO, chmod};
use std::net::TcpListener;
use std::time::Duration;

#[test]
fn a_configuration_that_is_wrong_starts_nothing() {
    let stage = Stage::new("127.0.0.1:9".parse().unwrap(), "");
    let cases = [
        ("modus = \"enforce\"", "did you mean `gate.mode`?"),
        ("mode = 3", "`gate.mode` has the wrong type"),
        ("body_bytes_max = \"1 MiB\"", "`gate.body_bytes_max`"),
        ("mode = \"enforced\"", "`gate.mode`"),
    ];
    for (more, part) in cases {
        stage.place.write("sumun.toml", &config("127.0.0.1:9", more));
        let said = error(&refused(&stage));
        assert!(
            said.starts_with("exit 2\nerror: the configuration cannot be used\n  sumun.toml:10:"),
            "{said}"
        );
        assert!(said.contains(part), "{said}");
        assert!(!stage.place.path("sumun-data").exists());
    }
    stage.place.write("sumun.toml", &config("an exchange", ""));
    let said = error(&refused(&stage));
    assert!(said.starts_with("exit 2\n"), "{said}");
    assert!(
        said.contains("sumun.toml:6:12: `gate.upstream` is \"http://an exchange\", which cannot be used"),
        "{said}"
    );
    assert!(!stage.place.path("sumun-data").exists());
}

#[test]
fn a_busy_port_is_named_and_nothing_of_the_data_is_lost() {
    let upstream = Upstream::start();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    for key in ["LISTEN", "ADMIN_LISTEN", "DECIDE_LISTEN"] {
        let stage = Stage::new(upstream.address, "");
        let gate = stage.start();
        assert_eq!(once(gate.listen, &Signed::new(Effect::Transfer, "K1", "nonce-1")).status, 200);
        gate.kill();
        let mut command = stage.place.command(&["gate"]);
        command.env(format!("SUMUN_GATE__{key}"), format!("127.0.0.1:{port}"));
        let ended = process::Gate::try_start(command).err().unwrap();
        let said = error(&ended);
        assert!(said.starts_with("exit 1\n"), "{said}");
        assert!(said.contains(&format!("cannot listen on 127.0.0.1:{port}")), "{said}");
        assert!(said.contains(&format!("`gate.{}`", key.to_lowercase())), "{key} is not named: {said}");
        let gate = stage.start();
        assert_eq!(once(gate.listen, &Signed::new(Effect::Transfer, "K1", "nonce-1")).status, 401);
        let (status, _) = gate.stop();
        assert!(status.success());
        assert_eq!(stage.dump(0).len(), 2);
    }
}

#[test]
fn another_key_encryption_key_opens_nothing_and_changes_nothing() {
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "");
    stage.start().kill();
    let before = tree(&stage.place.path("sumun-data"));
    stage.place.write_private("kek.txt", KEK_TWO);
    let ended = refused(&stage);
    let said = error(&ended);
    assert!(
        said.starts_with("exit 2\nerror: the keys file cannot be used\n  keys.json: the secret of key `K"),
        "{said}"
    );
    assert!(said.contains("does not open: "), "{said}");
    assert!(said.contains("The gate did not start"), "{said}");
    assert!(!ended.err.contains("0202") && !ended.err.contains("made-up-secret"), "{said}");
    assert_eq!(tree(&stage.place.path("sumun-data")), before);
}

#[test]
fn a_key_encryption_key_that_others_can_read_is_refused_with_the_remedy() {
    let stage = Stage::new("127.0.0.1:9".parse().unwrap(), "");
    chmod(&stage.place.path("kek.txt"), 0o644);
    insta::assert_snapshot!(error(&refused(&stage)), @"
    exit 2
    error: `kek.txt` holds key-encryption keys and has mode 644: others than its owner can get at it; run `chmod 600 kek.txt`
    ");
    assert!(!stage.place.path("sumun-data").exists());
    std::fs::remove_file(stage.place.path("kek.txt")).unwrap();
    let said = error(&refused(&stage));
    assert!(said.starts_with("exit 2\n") && said.contains("sumun keys kek-new"), "{said}");
}

#[test]
fn told_to_stop_while_starting_it_leaves_a_folder_that_starts() {
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "");
    for after_ms in 0..25 {
        let mut child = process::spawn(&mut stage.place.command(&["gate"]));
        std::thread::sleep(Duration::from_millis(after_ms * 2));
        process::terminate(&child);
        let status = child.wait().unwrap();
        let by_signal = std::os::unix::process::ExitStatusExt::signal(&status);
        assert!(status.success() || by_signal == Some(15), "{status}");
    }
    let gate = stage.start();
    assert_eq!(once(gate.listen, &Signed::new(Effect::Order, "K1", "nonce-1")).status, 200);
    assert!(gate.stop().0.success());
    assert_eq!(stage.dump(0).len(), 1);
}

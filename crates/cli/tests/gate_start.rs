//! What keeps a gate from starting, and what it says then. Nothing here needs it to serve.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

mod support;

use support::{KEK_ONE, KEK_TWO, Place};

/// A place where only what a test spoils keeps a gate from starting.
fn sound() -> Place {
    let place = Place::with_kek(KEK_ONE);
    place.write("sumun.toml", "[seal]\nkey_file = \"kek.txt\"\n[gate]\nlisten = \"127.0.0.1:0\"\n");
    let made = place.run(&[
        "keys",
        "new",
        "--id",
        "K1",
        "--account",
        "A1",
        "--purpose",
        "own_bot",
        "--allow",
        "203.0.113.7",
        "--append",
        "keys.toml",
    ]);
    assert_eq!(made.code, 0, "{}", made.shown());
    place
}

#[test]
fn the_wrong_key_encryption_key() {
    let place = sound();
    place.write_private("kek.txt", KEK_TWO);
    insta::assert_snapshot!(place.run_briefly(&["gate"]).shown(), @"
    exit 2
    error: the keys file cannot be used
      keys.toml: the secret of key `K1` does not open: the secret is sealed under key-encryption key 43abb764, the keyring has 68b4c537; add the missing one, or reseal
    The gate did not start
    ");
}

#[test]
fn no_key_encryption_key() {
    let place = sound();
    std::fs::remove_file(place.path("kek.txt")).unwrap();
    insta::assert_snapshot!(place.run_briefly(&["gate"]).shown(), @"
    exit 2
    error: failed to read the key-encryption keys from `kek.txt`: No such file or directory (os error 2); check its owner, or make a file with `sumun keys kek-new --out FILE`
    ");
    place.write("sumun.toml", "[gate]\nlisten = \"127.0.0.1:0\"\n");
    insta::assert_snapshot!(place.run_briefly(&["gate"]).shown(), @"
    exit 2
    error: no key-encryption key: set `seal.key_file` in the configuration (make one with `sumun keys kek-new --out FILE`), or the environment variable SUMUN_SEAL_KEY
    ");
}

#[test]
fn a_bad_keys_file() {
    let place = sound();
    place.write("keys.toml", &place.read("keys.toml").replace("\"active\"", "\"activ\""));
    insta::assert_snapshot!(place.run_briefly(&["gate"]).shown(), @"
    exit 2
    error: the keys file cannot be used
      keys.toml:4:9: key `K1`: `state` cannot be used: unknown key state `activ`, expected one of `requested`, `active`, `suspended`, `expired`, `rejected`
    The gate did not start
    ");
    std::fs::remove_file(place.path("keys.toml")).unwrap();
    insta::assert_snapshot!(place.run_briefly(&["gate"]).shown(), @"
    exit 2
    error: the keys file cannot be used
      keys.toml: failed to read the keys file: No such file or directory (os error 2); make a first key with `sumun keys new … --append keys.toml`, or name another file
    The gate did not start
    ");
}

#[test]
fn a_data_folder_that_cannot_be() {
    let place = sound().set("SUMUN_DATA_DIR", "in-the-way");
    place.write("in-the-way", "a file\n");
    insta::assert_snapshot!(place.run_briefly(&["gate"]).shown(), @"
    exit 1
    error: cannot use `in-the-way`: File exists (os error 17); check that it exists, its permissions and the disk
    ");
}

#[test]
fn a_busy_port() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = sound().set("SUMUN_LOG", "warn").run_briefly(&["gate", "--listen", &address]);
    insta::assert_snapshot!(ran.shown().replace(&address, "127.0.0.1:PORT"), @"
    exit 1
    error: `gate.listen`: cannot listen on 127.0.0.1:PORT: Address already in use (os error 98); is another process using it? Choose another `listen` or stop it
    ");
}

//! `sumun keys …`: made, sealed, checked, rotated; and what is refused.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

mod support;

use serde_json::Value;
use support::{KEK_ONE, KEK_TWO, Place, chmod};

const NEW: &[&str] = &[
    "keys",
    "new",
    "--account",
    "A1",
    "--purpose",
    "own_bot",
    "--allow",
    "203.0.113.7",
    "--append",
    "keys.toml",
];

fn new_key(place: &Place, id: &str) -> String {
    let ran = place.run(&[NEW, &["--id", id, "--json"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.shown());
    ran.json()["secret"].as_str().unwrap().to_owned()
}

#[test]
fn a_new_key_can_read_and_nothing_else_and_its_secret_is_kept_sealed() {
    let place = Place::with_kek(KEK_ONE);
    for (file, id) in [("keys.toml", "K1"), ("keys.toml", "K2"), ("keys.json", "K1"), ("keys.json", "K2")] {
        let ran = place.run(&[
            "keys",
            "new",
            "--account",
            "A1",
            "--purpose",
            "portfolio",
            "--allow",
            "203.0.113.7,2001:db8::/48",
            "--id",
            id,
            "--append",
            file,
        ]);
        assert_eq!(ran.code, 0, "{}", ran.shown());
        let secret = ran.out.split_whitespace().find(|word| word.starts_with("sumun_sk_")).unwrap();
        assert!(!place.read(file).contains(secret));
        assert!(!ran.err.contains(secret));
    }
    for file in ["keys.toml", "keys.json"] {
        let ran = place.run(&["keys", "check", file]);
        assert_eq!(ran.shown(), "exit 0\n2 keys (2 active), secrets opened; 0 errors, 0 for attention\n");
        let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(place.path(file)).unwrap());
        assert_eq!(mode & 0o777, 0o600);
    }
    let made: Value = serde_json::from_str(&place.read("keys.json")).unwrap();
    let scopes = serde_json::json!([
        "market_data",
        "read_balances",
        "read_deposits",
        "read_orders",
        "read_withdrawals"
    ]);
    assert_eq!(made["keys"][0]["scopes"], scopes);
    assert_eq!(made["keys"][0]["allowlist"], serde_json::json!(["203.0.113.7/32", "2001:db8::/48"]));
}

#[test]
fn ids_made_up_differ_and_no_id_stands_twice() {
    let place = Place::with_kek(KEK_ONE);
    let made = || place.run(&[NEW, &["--json"]].concat()).json()["key"].as_str().unwrap().to_owned();
    assert_ne!(made(), made());
    let before = place.read("keys.toml");
    new_key(&place, "K1");
    let after = place.read("keys.toml");
    assert!(after.starts_with(&before));
    let ran = place.run(&[NEW, &["--id", "K1"]].concat());
    insta::assert_snapshot!(ran.shown(), @"
    exit 2
    error: the keys file cannot be used
      keys.toml: key `K1` is in the file already; an id belongs to one key for ever
    ");
    assert_eq!(place.read("keys.toml"), after);
}

#[test]
fn what_no_key_may_be_is_refused() {
    let place = Place::with_kek(KEK_ONE);
    let run =
        |arguments: &[&str]| place.run(&[&["keys", "new", "--account", "A1"], arguments].concat()).shown();
    insta::assert_snapshot!(run(&["--allow", "203.0.113.7"]), @"
    exit 2
    error: refused: every key has a purpose; say `--purpose` and one of portfolio, own_bot, third_party_tool, copy_trading, treasury, omnibus, market_making, other
    ");
    insta::assert_snapshot!(run(&["--purpose", "own_bot"]), @"
    exit 2
    error: refused: a key is used from registered addresses only; say `--allow` and an address or prefix
    ");
    insta::assert_snapshot!(run(&["--purpose", "third_party_tool", "--scopes", "read,withdraw", "--allow", "203.0.113.7"]), @"
    exit 2
    error: refused: `scopes` holds `withdraw`, which a key for a third-party tool never may; take it out
    ");
    insta::assert_snapshot!(run(&["--purpose", "portfolio", "--scopes", "read,trade", "--allow", "203.0.113.7"]), @"
    exit 2
    error: refused: a key for a portfolio can read and nothing else; choose another purpose or fewer scopes
    ");
    insta::assert_snapshot!(run(&["--purpose", "own_bot", "--scopes", "raed", "--allow", "203.0.113.7"]), @"
    exit 2
    error: unknown scope `raed`, expected one of `market_data`, `read_balances`, `read_orders`, `trade`, `cancel`, `read_deposits`, `deposit`, `read_withdrawals`, `withdraw`, `transfer`, `sub_accounts`
    ");
    insta::assert_snapshot!(run(&["--purpose", "own_bot", "--allow", "203.0.113.7/24"]), @"
    exit 2
    error: invalid value '203.0.113.7/24' for '--allow <PREFIX>': prefix `203.0.113.7/24` has host bits set; did you mean `203.0.113.0/24`?

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(run(&["--purpose", "own_bot", "--allow", "203.0.113.7", "--expires", "2020-01-01T00:00:00Z"]), @"
    exit 2
    error: refused: `--expires` 2020-01-01T00:00:00.000000Z has passed already
    ");
    insta::assert_snapshot!(run(&["--purpose", "own_bot", "--allow", "203.0.113.7", "--append", "keys.yaml"]), @"
    exit 2
    error: the keys file cannot be used
      keys.yaml: a keys file's name must end in `.json` or `.toml`
    ");
}

#[test]
fn a_file_that_is_bad_is_not_added_to() {
    let place = Place::with_kek(KEK_ONE);
    for text in ["keys = []\n", "[[keys]]\nkey = \"K9\"\n", "not toml"] {
        place.write("keys.toml", text);
        let ran = place.run(NEW);
        assert_eq!(ran.code, 2, "{}", ran.shown());
        assert_eq!(ran.out, "");
        assert_eq!(place.read("keys.toml"), text);
    }
}

#[test]
fn a_secret_from_stdin_is_sealed_for_its_key_alone() {
    let place = Place::with_kek(KEK_ONE);
    let secret = "made-up-imported-secret";
    let sealed = place.run_with_stdin(&["keys", "seal", "--key", "K1"], format!("{secret}\n").as_bytes());
    assert_eq!(sealed.code, 0, "{}", sealed.shown());
    let entry = |id: &str| {
        format!(
            "[[keys]]\nkey = \"{id}\"\naccount = \"A1\"\nstate = \"active\"\nscopes = [\"read\"]\n\
             allowlist = [\"203.0.113.7\"]\nexpires = \"2999-01-01T00:00:00Z\"\nsecret = \"{}\"\n",
            sealed.out.trim()
        )
    };
    place.write("keys.toml", &entry("K1"));
    assert_eq!(place.run(&["keys", "check", "keys.toml"]).code, 0);
    place.write("keys.toml", &entry("K2"));
    insta::assert_snapshot!(place.run(&["keys", "check", "keys.toml"]).shown(), @"
    exit 2
    error      keys.toml:1:1: key `K2`: `secret` does not open: authentication failed under key-encryption key 43abb764: the sealed secret was altered, or is that of another key than `K2`
    1 key (1 active), secrets opened; 1 error, 0 for attention
    ");
}

#[test]
fn what_cannot_be_sealed_is_refused_without_repeating_it() {
    let place = Place::with_kek(KEK_ONE);
    let long = "made-up".repeat(200);
    for (stdin, says) in [
        ("", "secret is empty"),
        ("\n", "secret is empty"),
        ("made-up\nmade-up\n", "more than one line"),
        ("made-up\0", "control characters"),
        (long.as_str(), "at most 1024 are allowed"),
        ("sealed:v1:00000000:AAAA", "sealed already"),
    ] {
        let ran = place.run_with_stdin(&["keys", "seal", "--key", "K1"], stdin.as_bytes());
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{}", ran.shown());
        assert!(ran.err.contains(says) && !ran.err.contains("made-up"), "{}", ran.shown());
    }
    let ran = place.run(&["keys", "seal"]);
    assert_eq!(ran.code, 2, "{}", ran.shown());
}

#[test]
fn the_key_encryption_key_is_rotated() {
    let place = Place::with_kek(KEK_ONE);
    new_key(&place, "K1");
    new_key(&place, "K2");
    place.write("keys.toml", &format!("# kept\n{}", place.read("keys.toml")));
    chmod(&place.path("keys.toml"), 0o640);
    let check = || place.run(&["keys", "check", "keys.toml"]);

    // Before: a file only the new key can read is refused, and nothing is changed.
    place.write_private("kek.txt", KEK_TWO);
    let before = place.read("keys.toml");
    let refused = place.run(&["keys", "seal", "--rotate", "keys.toml"]);
    assert_eq!(refused.code, 2);
    assert_eq!(place.read("keys.toml"), before);
    insta::assert_snapshot!(check().shown(), @"
    exit 2
    error      keys.toml:2:1: key `K1`: `secret` does not open: the secret is sealed under key-encryption key 43abb764, the keyring has 68b4c537; add the missing one, or reseal
    error      keys.toml:13:1: key `K2`: `secret` does not open: the secret is sealed under key-encryption key 43abb764, the keyring has 68b4c537; add the missing one, or reseal
    2 keys (2 active), secrets opened; 2 errors, 0 for attention
    ");

    place.write_private("kek.txt", &format!("{KEK_TWO}\n{KEK_ONE}\n"));
    insta::assert_snapshot!(place.run(&["keys", "seal", "--rotate", "keys.toml"]).shown(), @"
    exit 0
    keys.toml: 2 secrets resealed under key-encryption key 68b4c537, 0 there already
    Every gate that serves this file must have been started with 68b4c537 in its key file. One that was not says so in its log and keeps its last table: restart it now. Take the old key out only when every gate has taken this edit
    ");
    insta::assert_snapshot!(place.run(&["keys", "seal", "--rotate", "keys.toml", "--json"]).shown(), @r#"
    exit 0
    {"file":"keys.toml","key_encryption_key":"68b4c537","resealed":0,"kept":2}
    "#);
    assert!(place.read("keys.toml").starts_with("# kept\n"));
    assert_eq!(
        std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(place.path("keys.toml")).unwrap()) & 0o777,
        0o640
    );

    // After: the old key is no longer needed.
    place.write_private("kek.txt", KEK_TWO);
    assert_eq!(check().code, 0);
}

#[test]
fn what_is_wrong_with_a_keys_file() {
    let place = Place::with_kek(KEK_ONE);
    new_key(&place, "K1");
    let good = place.read("keys.toml");
    let two = good.replace("K1", "K2").replace("203.0.113.7/32", "10.0.0.0/8");
    let three = good.replace("K1", "K3");
    let ended: Vec<&str> = three
        .lines()
        .map(|line| if line.starts_with("expires") { "expires = \"2020-01-01T00:00:00Z\"" } else { line })
        .collect();
    let unsecret: Vec<&str> = good.lines().filter(|line| !line.starts_with("secret")).collect();
    let unsecret = unsecret.join("\n").replace("K1", "K4");

    place.write("keys.toml", &format!("{good}\n{two}\n{}\n", ended.join("\n")));
    insta::assert_snapshot!(place.run(&["keys", "check", "keys.toml"]).shown(), @"
    exit 2
    error      keys.toml:12:1: key `K2`: `secret` does not open: authentication failed under key-encryption key 43abb764: the sealed secret was altered, or is that of another key than `K2`
    attention  keys.toml:12:1: key `K2`: `allowlist` holds `10.0.0.0/8`, wider than /24: name the addresses the key is used from
    error      keys.toml:23:1: key `K3`: `secret` does not open: authentication failed under key-encryption key 43abb764: the sealed secret was altered, or is that of another key than `K3`
    attention  keys.toml:23:1: key `K3`: `expires` was 2020-01-01T00:00:00.000000Z: the gate refuses this key; issue another with `sumun keys new`
    3 keys (3 active), secrets opened; 2 errors, 2 for attention
    ");
    insta::assert_snapshot!(place.run(&["keys", "check", "keys.toml", "--no-open"]).shown(), @"
    exit 0
    attention  keys.toml:12:1: key `K2`: `allowlist` holds `10.0.0.0/8`, wider than /24: name the addresses the key is used from
    attention  keys.toml:23:1: key `K3`: `expires` was 2020-01-01T00:00:00.000000Z: the gate refuses this key; issue another with `sumun keys new`
    3 keys (3 active), secrets not opened; 0 errors, 2 for attention
    ");
    let json = place.run(&["keys", "check", "keys.toml", "--json"]).json();
    assert_eq!(
        (json["errors"].as_u64(), json["attention"].as_u64(), json["keys"].as_u64()),
        (Some(2), Some(2), Some(3))
    );
    assert_eq!(json["findings"][0]["at"]["line"], 12);

    place.write("keys.toml", &format!("{good}\n{unsecret}\nsecrit = \"made-up\"\n\n{good}\n"));
    insta::assert_snapshot!(place.run(&["keys", "check", "keys.toml"]).shown(), @"
    exit 2
    error      keys.toml:21:1: key `K4`: has an unknown field `secrit`; did you mean `secret`?
    error      keys.toml:23:1: key `K1`: `key` stands on line 1 already; an id belongs to one key for ever
    2 errors, 0 for attention
    ");
    insta::assert_snapshot!(place.run(&["keys", "check", "nothing.toml"]).shown(), @"
    exit 2
    error      nothing.toml: failed to read the keys file: No such file or directory (os error 2); make a first key with `sumun keys new … --append nothing.toml`, or name another file
    1 error, 0 for attention
    ");
    insta::assert_snapshot!(place.run(&["keys", "check", "keys"]).shown(), @"
    exit 2
    error      keys: a keys file's name must end in `.json` or `.toml`
    1 error, 0 for attention
    ");
}

#[test]
fn a_bare_secret_in_a_keys_file_is_never_repeated() {
    let place = Place::with_kek(KEK_ONE);
    new_key(&place, "K1");
    let good = place.read("keys.toml");
    for bare in [
        "\"9876543210\"",
        "9876543210",
        "[\"9876543210\"]",
        "9876543210.5",
        "{ is = \"9876543210\" }",
        "\"9876543210",
    ] {
        let lines: Vec<String> = good
            .lines()
            .map(|line| if line.starts_with("secret") { format!("secret = {bare}") } else { line.to_owned() })
            .collect();
        place.write("keys.toml", &lines.join("\n"));
        for arguments in [
            &["keys", "check", "keys.toml"][..],
            &["keys", "seal", "--rotate", "keys.toml"],
            &["config", "check"],
        ] {
            let ran = place.run(arguments);
            assert_ne!(ran.code, 0);
            assert!(!ran.shown().contains("987654"), "{}", ran.shown());
        }
    }
}

#[test]
fn a_key_encryption_key_is_made_and_never_overwritten() {
    let place = Place::new();
    let ran = place.run(&["keys", "kek-new", "--out", "kek.txt"]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert!(!ran.out.contains("kek:v1:"));
    let before = place.read("kek.txt");
    insta::assert_snapshot!(place.run(&["keys", "kek-new", "--out", "kek.txt"]).shown(), @"
    exit 2
    error: `kek.txt` exists, and a key-encryption key is never overwritten: name another file; to change to a new one, add its line below the old one; `sumun keys seal --help` says the steps
    ");
    assert_eq!(place.read("kek.txt"), before);

    let sealed = place.run_with_stdin(&["keys", "seal", "--key", "K1", "--kek-file", "kek.txt"], b"made-up");
    assert_eq!(sealed.code, 0, "{}", sealed.shown());
    let printed = place.run(&["keys", "kek-new"]).out;
    let by_variable = Place::new().set("SUMUN_SEAL_KEY", printed.trim());
    assert_eq!(by_variable.run_with_stdin(&["keys", "seal", "--key", "K1"], b"made-up").code, 0);
}

#[test]
fn what_keys_new_refuses_says_what_it_expects() {
    let place = Place::with_kek(KEK_ONE);
    let new = |more: &[&str]| {
        let asked = ["keys", "new", "--account", "A1", "--purpose", "own_bot", "--allow", "203.0.113.7"];
        place.run(&[&asked, more].concat()).shown()
    };
    insta::assert_snapshot!([new(&["--scopes", ""]), new(&["--expires", "tomorrow"])].concat(), @"
    exit 2
    error: refused: a key without scopes can do nothing; leave `--scopes` out, or say `--scopes read`
    exit 2
    error: invalid value 'tomorrow' for '--expires <TIME>': time `tomorrow` must end in `Z` (UTC); write it in UTC, such as 2027-06-01T00:00:00Z

    For more information, try '--help'.
    ");
}

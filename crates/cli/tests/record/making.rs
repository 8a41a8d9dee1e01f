//! `sumun init`: what it makes, what it refuses.

use crate::house::INIT;
use crate::support::Place;
use std::os::unix::fs::MetadataExt;

/// What differs from run to run is replaced: invites, times, keys.
fn steady(text: &str) -> String {
    let mut steady = Vec::new();
    for line in text.lines() {
        let line = match (line.find("sumun_inv_"), line.find("(until "), line.find("sumun.example/example+"))
        {
            (Some(at), _, _) => format!("{}sumun_inv_…", &line[..at]),
            (_, Some(at), _) => format!("{}(until …)", &line[..at]),
            (_, _, Some(at)) => format!("{}sumun.example/example+…", &line[..at]),
            _ => line.to_owned(),
        };
        steady.push(line);
    }
    steady.join("\n")
}

#[test]
fn a_folder_is_made_and_says_what_is_next() {
    let place = Place::new();
    let ran = place.run(INIT);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    insta::assert_snapshot!(steady(&ran.out), @r#"
    The record of venue example is in sumun-data; its ledger is sumun.example/example.

    Invites, each shown once:
      alice (until …)
        sumun_inv_…
      bob (until …)
        sumun_inv_…

    What is next:
      1. start it                   sumun serve
         beside a gateway that stays, without a gate: sumun govern
      2. each of them, himself      sumun users enrol --invite INVITE
      3. signed in by that, begin   sumun customers put C1 --segment retail

    Ending a key by force takes three people: one proposes it, two others approve. Invite a third:
      sumun users invite carol --name "Carol Made-Up" --roles analyst,approver

    The ledger's verifier key, for whoever will check it:
      sumun.example/example+…

    Keep a copy of kek.txt and govern-kek.txt where the folder is not: without it nothing that is sealed opens.
    Give gates the first only: govern-kek.txt opens what signs the record.
    "#);
    for (file, mode) in [
        ("kek.txt", 0o600),
        ("govern-kek.txt", 0o600),
        ("sumun-data", 0o700),
        ("sumun-data/ledger.key", 0o600),
        ("sumun-data/feed.key", 0o600),
        ("sumun-data/gate.key", 0o600),
        ("sumun-data/govern.db", 0o600),
        ("sumun-data/ledger", 0o700),
        ("sumun-data/ledger/checkpoint", 0o600),
    ] {
        let found = std::fs::metadata(place.path(file)).unwrap().mode() & 0o777;
        assert_eq!(found, mode, "{file}: {found:o}");
    }
    // Nothing half-made is left beside it.
    let names: Vec<_> = std::fs::read_dir(place.path(".")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 5, "{names:?}");
    let checked = place.run(&["config", "check"]);
    assert_eq!(checked.code, 0, "{}", checked.shown());
    assert!(checked.out.contains("the ledger's and the feed's keys open"), "{}", checked.out);
    let verified = place.run(&["ledger", "verify"]);
    assert_eq!(verified.code, 0, "{}", verified.shown());
}

/// Gates have `kek.txt`: it must open neither what signs the record nor a credential.
#[test]
fn what_gates_have_does_not_open_what_signs_the_record() {
    let place = Place::new();
    assert_eq!(place.run(INIT).code, 0);
    let gates = place.read("sumun.toml").replace("[govern]\nkey_file = \"govern-kek.txt\"\n", "");
    assert!(!gates.contains("govern-kek"), "{gates}");
    place.write("gates.toml", &gates);
    let ran = place.run_briefly(&["govern", "--config", "gates.toml"]);
    assert_eq!(ran.code, 2, "{}", ran.shown());
    assert!(ran.err.contains("ledger.key` cannot be used"), "{}", ran.err);
    let checked = place.run(&["config", "check", "--config", "gates.toml"]);
    assert!(checked.out.contains("attention  govern.key_file"), "{}", checked.out);
    // The other way round as well: both are there for what is theirs.
    let checked = place.run(&["config", "check"]);
    assert!(checked.out.contains("give no gate this file"), "{}", checked.out);
}

/// As the way in has it: `sumun.toml` is written first, for a control plane without a gate.
#[test]
fn what_is_still_to_be_made_is_no_fault_and_a_policy_that_is_not_there_is() {
    let place = Place::new();
    place.write(
        "sumun.toml",
        "[govern]\nkey_file = \"govern-kek.txt\"\npolicy_file = \"watch.toml\"\n\n[seal]\nkey_file = \"kek.txt\"\n",
    );
    let checked = place.run(&["config", "check"]);
    assert_eq!(checked.code, 1, "{}", checked.shown());
    assert!(
        checked.out.contains("FAILED     govern.policy_file    `watch.toml`: No such file"),
        "{}",
        checked.out
    );
    // What an init made goes with it when it fails: the next one begins as this one did.
    let failed = place.run(INIT);
    assert_eq!(failed.code, 2, "{}", failed.shown());
    assert!(failed.err.contains("`govern.policy_file`"), "{}", failed.err);
    let names: Vec<_> = std::fs::read_dir(place.path(".")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["sumun.toml"]);
    let named = place.run(&[INIT, &["--dir", "there", "--venue-id", "Bad Name"]].concat());
    assert_eq!(named.code, 2, "{}", named.shown());
    assert!(!place.path("there").exists(), "a folder that it made goes, too");

    place.write("watch.toml", include_str!("../../../../policies/default.toml"));
    let checked = place.run(&["config", "check"]);
    assert_eq!(checked.code, 0, "{}", checked.shown());
    assert!(
        checked.out.contains("attention  seal                  `kek.txt` is not there yet"),
        "{}",
        checked.out
    );
    assert_eq!(place.run(INIT).code, 0);
    assert_eq!(place.run(&["config", "check"]).code, 0);
}

#[test]
fn a_record_is_never_made_over_another() {
    let place = Place::new();
    assert_eq!(place.run(INIT).code, 0);
    let before = std::fs::read(place.path("sumun-data/ledger/checkpoint")).unwrap();
    let again = place.run(INIT);
    assert_eq!(again.code, 2);
    assert!(again.err.contains("this folder was initialised before"), "{}", again.err);
    assert_eq!(std::fs::read(place.path("sumun-data/ledger/checkpoint")).unwrap(), before);
}

#[test]
fn two_administrators_are_two_persons() {
    let place = Place::new();
    let ran = place.run(&["init", "--admin", "alice@example.test", "--second", "Alice@another.example"]);
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.err, @"error: `alice` is invited twice; administrators are different persons: name another with `--second`");
    assert!(std::fs::read_dir(place.path(".")).unwrap().next().is_none(), "nothing was made");
}

/// Founders are called what they are called, as anybody invited later.
#[test]
fn founders_have_names() {
    let place = Place::new();
    let ran =
        place.run(&["init", "--admin", "Alice Made-Up <alice@example.test>", "--second", "홍길동 <bob>"]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert!(ran.out.contains("  alice (Alice Made-Up, until ") && ran.out.contains("  bob (홍길동, until "));
    let place = Place::new();
    let ran = place.run(&["init", "--admin", "Alice <alice", "--second", "bob"]);
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.err, @"error: `Alice <alice` names nobody; give a mail address, such as alice@example.test, alone or as `Alice Made-Up <alice@example.test>`");
    assert!(std::fs::read_dir(place.path(".")).unwrap().next().is_none(), "nothing was made");
}

#[test]
fn three_can_end_a_key_by_force() {
    let place = Place::new();
    let ran = place.run(&[INIT, &["--second", "carol@example.test"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert_eq!(ran.out.matches("sumun_inv_").count(), 3, "{}", ran.out);
    assert!(!ran.out.contains("takes three people"), "{}", ran.out);
}

#[test]
fn bad_roles_and_venues_are_named() {
    let place = Place::new();
    let ran = place.run(&[INIT, &["--roles", "security_admin,owner"]].concat());
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("`owner` is no role of staff"), "{}", ran.err);
    let ran = place.run(&[INIT, &["--venue-id", "Not One"]].concat());
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("`Not One` cannot name a venue"), "{}", ran.err);
    // Then it can still be made, under a name of its own.
    let ran = place.run(&[INIT, &["--venue-id", "seoul-one", "--json"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert_eq!(ran.json()["origin"], "sumun.example/seoul-one");
}

#[test]
fn a_control_plane_needs_a_folder_that_was_made() {
    let place = Place::with_kek(crate::support::KEK_ONE);
    for role in ["govern", "serve"] {
        let ran = place.run_briefly(&[role]);
        assert_eq!(ran.code, 2, "{}", ran.shown());
        assert!(ran.err.contains("`sumun init` makes a control plane's folder"), "{}", ran.err);
    }
}

//! Client commands without a server, or without somebody signed in.

use crate::support::Place;

#[test]
fn nobody_is_signed_in() {
    let ran = Place::new().run(&["keys", "list", "--profile-dir", "profiles"]);
    insta::assert_snapshot!(ran.shown(), @"
    exit 2
    error: nobody is signed in: run `sumun login USER`, or put a machine's token into SUMUN_TOKEN
    ");
}

#[test]
fn nobody_answers() {
    let place =
        Place::new().set("SUMUN_TOKEN", "sumun_tok_made-up").set("SUMUN_SERVER", "http://127.0.0.1:9");
    let ran = place.run(&["keys", "list"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("no answer from `http://127.0.0.1:9`"), "{}", ran.err);
    assert!(!ran.err.contains("made-up") && !ran.err.contains("idempotency"), "{}", ran.err);
    // A write may have been done; how to find out is said.
    let ran = place.run(&["keys", "suspend", "K1", "--reason", "made up"]);
    assert!(ran.err.contains("repeat the command with `--idempotency-key "), "{}", ran.err);
}

#[test]
fn a_session_is_shown_to_its_own_server_only() {
    let place = Place::new();
    std::fs::create_dir(place.path("profiles")).unwrap();
    place.write_private(
        "profiles/alice.json",
        r#"{"server":"http://127.0.0.1:9","principal":"user:alice","token":"sumun_ses_made-up","expires":null}"#,
    );
    let reach = ["--profile-dir", "profiles", "--as", "alice", "--server", "http://127.0.0.1:10"];
    let ran = place.run(&[&["keys", "list"][..], &reach].concat());
    insta::assert_snapshot!(ran.shown(), @"
    exit 2
    error: profile `alice` is signed in at http://127.0.0.1:9, not at http://127.0.0.1:10; its session is shown to no other server: sign in there, or leave out `--server`
    ");
}

#[test]
fn a_password_is_asked_for_on_a_terminal_or_read_from_a_file() {
    let place = Place::new();
    insta::assert_snapshot!(place.run(&["login", "alice"]).shown(), @"
    exit 2
    error: no password: there is no terminal to ask for it; name a file with `--password-file FILE`, or `--password-file -` for standard input
    ");
    insta::assert_snapshot!(place.run(&["users", "enrol", "--invite", "sumun_inv_made-up"]).shown(), @"
    exit 2
    error: the second factor is confirmed with its first code, and there is no terminal to ask for it: name a file with `--totp-out FILE`
    ");
}

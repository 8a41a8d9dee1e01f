//! What the commands say of themselves.

use std::process::Command;

fn said(arguments: &[&str]) -> String {
    let ran = Command::new(env!("CARGO_BIN_EXE_sumun-kafka"))
        .args(arguments)
        .env("COLUMNS", "110")
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8(ran.stdout).unwrap(), String::from_utf8(ran.stderr).unwrap());
    format!("exit {}\n{out}{err}", ran.status.code().unwrap())
}

#[test]
fn help_says_what_each_command_does() {
    let all = [&["--help"][..], &["tap", "--help"], &["states", "--help"]].map(said);
    insta::assert_snapshot!(all.join("\n---\n"));
}

#[test]
fn a_file_that_is_not_there_is_bad_input() {
    insta::assert_snapshot!(said(&["tap", "--config", "made-up.toml"]), @r"
    exit 2
    error: cannot read `made-up.toml`: No such file or directory (os error 2); docs/adopt/kafka.md says how to write one
    ");
}

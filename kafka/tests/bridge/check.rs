//! `--check`: what librdkafka would refuse at the start is refused there already.

use std::process::Command;

/// The code with which it ended, and what it said.
fn check(properties: &str) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("states-webhook.txt");
    std::fs::write(&secret, crate::states::SECRET).unwrap();
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let config = format!(
        "[kafka]\nbrokers = \"127.0.0.1:1\"\nproperties = {{ {properties} }}\n\
         [states]\nlisten = \"127.0.0.1:0\"\ntopic = \"states\"\nsecret_file = \"states-webhook.txt\"\n"
    );
    std::fs::write(folder.path().join("kafka.toml"), config).unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_sumun-kafka"))
        .args(["states", "--check", "--config"])
        .arg(folder.path().join("kafka.toml"))
        .env_clear()
        .output()
        .unwrap();
    (ran.status.code().unwrap(), String::from_utf8_lossy(&ran.stderr).into_owned())
}

#[test]
fn what_librdkafka_does_not_know_is_refused_by_the_check() {
    assert_eq!(check(r#""client.rack" = "r1""#), (0, String::new()));
    let (code, said) = check(r#""client.rak" = "r1""#);
    assert!(code == 2 && said.contains("client.rak"), "{code} {said}");
}

#[cfg(not(feature = "tls"))]
#[test]
fn tls_in_a_build_without_it_is_refused_by_the_check() {
    let (code, said) = check(r#""security.protocol" = "SSL""#);
    assert!(code == 2 && said.contains("--features tls"), "{code} {said}");
}

#[cfg(feature = "tls")]
#[test]
fn tls_certificates_that_are_not_there_are_refused_by_the_check() {
    assert_eq!(check(r#""security.protocol" = "SSL""#), (0, String::new()));
    let (code, said) = check(r#""security.protocol" = "SSL", "ssl.ca.location" = "none.pem""#);
    assert!(code == 2 && said.contains("ssl.ca.location"), "{code} {said}");
}

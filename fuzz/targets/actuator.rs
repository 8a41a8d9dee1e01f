//! The actuator's file: no file makes the reader panic, every mistake has a place in it, and no key's name changes where a call goes. Past a
//! line `---` stands the name; a first byte of 0 picks the file of docs/adopt.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sumun_actuator::{ActionName, Actuator, Facts, Secrets, Target, Template};

const READY: &str = include_str!("../../docs/adopt/actuator/actuator.toml");

fuzz_target!(|bytes: &[u8]| {
    let Some((pick, rest)) = bytes.split_first() else { return };
    let at = rest.windows(5).position(|window| window == b"\n---\n");
    let (own, name) = match at {
        Some(at) => (&rest[..at], &rest[at + 5..]),
        None => (rest, &b"K1"[..]),
    };
    let (Ok(own), Ok(name)) = (std::str::from_utf8(own), std::str::from_utf8(name)) else { return };
    if let Ok(template) = Template::parse(own) {
        assert_eq!(Template::parse(&template.to_string()).as_ref(), Ok(&template), "written again it is itself");
    }
    let text = if *pick == 0 { READY } else { own };
    let actuator = match Actuator::parse(text) {
        Ok(actuator) => actuator,
        Err(problems) => {
            let lines = text.lines().count() + 1;
            assert!(!problems.is_empty());
            assert!(problems.iter().all(|one| one.line >= 1 && one.line <= lines && one.column >= 1), "{problems:?}");
            return;
        }
    };
    let mut secrets = Secrets::default();
    for secret in actuator.secrets.keys() {
        secrets.insert(secret, "made-up".to_owned().into());
    }
    for target in Target::ALL {
        let plain = Facts { key: "K".to_owned(), ..Facts::sample(target) };
        let facts = Facts { key: name.to_owned(), reason: name.to_owned(), ..plain.clone() };
        let (Some(Ok(one)), Some(Ok(other))) = (actuator.call(&plain, &secrets), actuator.call(&facts, &secrets)) else {
            continue;
        };
        // Scheme, host and depth are the file's.
        let host = |url: &str| url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        assert_eq!(host(&one.url), host(&other.url));
        assert_eq!(one.url.matches('/').count(), other.url.matches('/').count(), "{} {}", one.url, other.url);
        assert!(!other.url.contains("made-up") && !format!("{other:?}").contains("made-up"));
        if let Some(body) = &other.body {
            serde_json::from_str::<serde_json::Value>(body).expect("a body is JSON");
        }
        if let Some(action) = actuator.action(target.action()) {
            let _ = action.judge(200, name.as_bytes());
        }
    }
    assert!(actuator.action(ActionName::Expire).is_some() == actuator.calls());
});

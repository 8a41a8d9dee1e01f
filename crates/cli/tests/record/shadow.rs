//! What would have been refused, over restarts of the built program: nothing is lost, nothing counts twice, and it is said since when.

use crate::house::{House, Open, invite_of};
use crate::live::issued;
use crate::stage::client::{Effect, Signed, once_from};
use crate::stage::wait_for;
use crate::tap::machine;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};

/// An address that no key here is allowed from.
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(127, 0, 9, 9);

/// Requests that pass and would not: the address is not allowed.
fn let_pass(open: &Open<'_>, (key, secret): &(String, String), times: u64) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    for _ in 0..times {
        let nonce = format!("made-up-shadow-nonce-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let signed = Signed::with_secret(Effect::Order, key, secret, &nonce);
        assert_eq!(once_from(ELSEWHERE, open.gate(), &signed).status, 200, "{}", open.process.said());
    }
}

fn report(open: &Open<'_>, token: &str) -> Value {
    let mut command = open.house.place.command(&["ramp", "report", "--json"]);
    let ran = command.env("SUMUN_TOKEN", token).env("SUMUN_SERVER", &open.server).output().unwrap();
    assert!(ran.status.success(), "{}{}", String::from_utf8_lossy(&ran.stderr), open.process.said());
    serde_json::from_slice(&ran.stdout).unwrap()
}

/// Waits until so many are counted, and no line waits to be.
fn counted(open: &Open<'_>, token: &str, total: u64) -> Value {
    let whole = |seen: &Value| seen["total"].as_u64() >= Some(total) && seen["lines_behind"] == 0;
    let seen = wait_for(|| Some(report(open, token)).filter(whole));
    let seen = seen.unwrap_or_else(|| panic!("{}\n{}", report(open, token), open.process.said()));
    let causes =
        json!([{ "reason": "address_not_allowed", "segment": "retail", "effect": "order", "count": total }]);
    assert_eq!((&seen["total"], &seen["causes"]), (&json!(total), &causes), "{seen}");
    seen
}

#[test]
fn the_report_goes_on_over_restarts_and_says_since_when_it_counts() {
    let (house, made) = House::new();
    let open = house.open();
    for user in ["alice", "bob"] {
        open.enrol(user, &invite_of(&made, user));
    }
    open.enter_customer();
    open.owner();
    let (key, token) = (issued(&open), machine(&open, "viewer"));
    open.must("alice", &["ramp", "step-back", "--reason", "a shadow period begins"]);
    let obeys = || {
        let ramp = open.json("alice", &["ramp", "show"]);
        (ramp["gates"][0]["state"] == "obeys").then_some(())
    };
    wait_for(obeys).expect("the gate never obeyed");
    let_pass(&open, &key, 5);
    let since = counted(&open, &token, 5)["since"].clone();
    let file = house.place.path("sumun-data/shadow.counted");
    wait_for(|| file.exists().then_some(())).expect("what was counted was never written");

    // Killed in mid-count: what was written stands, what was not is read again.
    let_pass(&open, &key, 4);
    open.process.kill();
    let open = house.open();
    let_pass(&open, &key, 2);
    assert_eq!(counted(&open, &token, 11)["since"], since, "a restart is no beginning");

    // Stopped in order.
    assert!(open.process.stop().0.success());
    let whole = std::fs::read(&file).unwrap();
    let open = house.open();
    counted(&open, &token, 11);
    open.process.kill();

    // Damaged: it is told, and all that the log has is counted anew.
    for place in [whole.len() / 2, 3] {
        let mut damaged = whole.clone();
        damaged[place] ^= 1;
        std::fs::write(&file, damaged).unwrap();
        let open = house.open();
        open.process.says("shadow.counted` is damaged");
        let anew = counted(&open, &token, 11);
        assert!(anew["since"].as_str() > Some(""), "{anew}");
        open.process.kill();
    }
    // Older than what the log has: the rest is counted, and nothing twice.
    std::fs::write(&file, &whole).unwrap();
    let open = house.open();
    let_pass(&open, &key, 1);
    let seen = counted(&open, &token, 12);
    assert_eq!(seen["since"], since);
    assert!(open.process.stop().0.success());

    // Of a log that was taken away: it is told, and what is no longer there does not count.
    std::fs::remove_dir_all(house.place.path("sumun-data/events")).unwrap();
    std::fs::remove_dir_all(house.place.path("sumun-data/detect")).unwrap();
    let open = house.open();
    open.process.says("belongs to another event log");
    let seen = report(&open, &token);
    assert!(seen["since"].as_str() > since.as_str(), "{seen}");
}

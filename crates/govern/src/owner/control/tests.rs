//! A control test as a whole: who keeps to it passes, who does not know the draws passes no more often than stated, and what was
//! committed to cannot be changed.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use sumun_model::KeyId;
use sumun_model::code::CodeMark;

const T0: i64 = 1_793_577_600_000_000;
const S: i64 = 1_000_000;

fn at(us: i64) -> Timestamp {
    Timestamp::from_micros(us)
}

fn key(text: &str) -> KeyId {
    text.parse().unwrap()
}

fn drawn(seed: u64, kinds: &[Kind]) -> (Test, Vec<Opened>) {
    let mut bytes = [0; SEED_BYTES];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    let rules = ControlTest::default();
    let test = Test::commit(("V1", 1), kinds, &rules, (&bytes, "sealed"), at(T0));
    (test, draw::all(&bytes, kinds, &rules))
}

/// A test whose only step runs from T0 on.
fn running(seed: u64, kind: Kind) -> (Test, Draw) {
    let (mut test, opened) = drawn(seed, &[kind]);
    assert!(test.reveal("V1", &opened, at(T0)));
    (test, opened[0].draw.clone())
}

fn request(test: &mut Test, by: &str, when: i64, event: &str) {
    let fact = Fact::Request { key: &key(by), at: at(when), registered: true, code: None, event };
    let _ = test.see(&fact, at(when));
}

fn over(test: &mut Test) -> TestState {
    let due = test.next_due().unwrap_or(at(T0));
    let _ = test.due(due);
    test.state
}

/// Uses the key in these slots, once each, in the judged part.
fn stop_and_start(test: &mut Test, draw: &Draw, active: impl Fn(u32) -> bool) -> TestState {
    let Draw::StopAndStart { lead_s, slots, slot_s, grace_s, .. } = draw else { panic!("another kind") };
    for slot in (0..*slots).filter(|slot| active(*slot)) {
        let begins = T0 + i64::from(lead_s + slot * slot_s) * S;
        request(test, "K1", begins + i64::from(*grace_s) * S, &format!("a{slot}"));
    }
    over(test)
}

#[test]
fn who_keeps_to_the_draws_passes() {
    let (mut test, opened) = drawn(1, &[Kind::StopAndStart, Kind::Code, Kind::RotateAndWatch]);
    assert_eq!(test.one_in, (21_u128 * (1 << 36) * 6).to_string());
    assert!(test.reveal("V1", &opened, at(T0)));
    assert!(!test.reveal("V1", &opened, at(T0)), "one step at a time");
    let Draw::StopAndStart { stop, start, .. } = opened[0].draw else { panic!("another kind") };
    let state = stop_and_start(&mut test, &opened[0].draw, |slot| !(stop..start).contains(&slot));
    assert_eq!((state, test.steps[0].state), (TestState::Open, StepState::Passed));
    let later = T0 + 3_600 * S;
    assert!(test.reveal("V1", &opened, at(later)));
    let Draw::Code { code, .. } = &opened[1].draw else { panic!("another kind") };
    let mark = CodeMark::of(&key("K1"), code).to_string();
    let other = CodeMark::of(&key("K1"), "SUMUN-00000000").to_string();
    for (mark, event, when) in [(&other, "b1", 1), (&other, "b1", 1), (&mark, "b2", 2)] {
        let k1 = key("K1");
        let fact =
            Fact::Request { key: &k1, at: at(later + when * S), registered: true, code: Some(mark), event };
        let _ = test.see(&fact, at(later));
    }
    assert_eq!((test.steps[1].state, test.steps[1].seen.events.len()), (StepState::Passed, 2), "once each");
    let last = later + 3_600 * S;
    assert!(test.reveal("V1", &opened, at(last)));
    assert!(test.see(&Fact::Rotated { old: &key("K1"), new: &key("K2"), at: at(last + S) }, at(last)));
    request(&mut test, "K1", last + 2 * S, "c1");
    let (from, _) = test.steps[2].window().unwrap();
    request(&mut test, "K2", from.as_micros() + S, "c2");
    assert_eq!(over(&mut test), TestState::Passed);
    assert!(test.holds("V1"));
    assert!(
        !test.see(&Fact::Rotated { old: &key("K1"), new: &key("K3"), at: at(last) }, at(last)),
        "it is over"
    );
}

#[test]
fn what_fails_a_step() {
    let mut told = Vec::new();
    let mut note =
        |name: &str, test: &Test| told.push(format!("{name}: {:?} {:?}", test.state, test.steps[0].state));
    let (mut test, draw) = running(3, Kind::StopAndStart);
    stop_and_start(&mut test, &draw, |_| true);
    note("never stopped", &test);
    let (mut test, draw) = running(3, Kind::StopAndStart);
    stop_and_start(&mut test, &draw, |_| false);
    note("never ran", &test);
    let (mut test, _) = running(3, Kind::Code);
    over(&mut test);
    note("no code", &test);
    let (mut test, _) = running(3, Kind::Code);
    for n in 0..=draw::CODE_TRIES_MAX {
        let (k1, event) = (key("K1"), format!("e{n}"));
        let fact =
            Fact::Request { key: &k1, at: at(T0 + S), registered: true, code: Some("00"), event: &event };
        let _ = test.see(&fact, at(T0));
    }
    note("guessing", &test);
    let (mut test, _) = running(3, Kind::RotateAndWatch);
    over(&mut test);
    note("not rotated", &test);
    let rotated = || {
        let (mut test, _) = running(3, Kind::RotateAndWatch);
        let _ = test.see(&Fact::Rotated { old: &key("K1"), new: &key("K2"), at: at(T0 + S) }, at(T0));
        let (from, until) = test.steps[0].window().unwrap();
        (test, from.as_micros(), until.as_micros())
    };
    let (mut test, from, _) = rotated();
    request(&mut test, "K2", from - 1, "e");
    note("a moment early", &test);
    let (mut test, from, _) = rotated();
    let k2 = key("K2");
    let _ = test
        .see(&Fact::Request { key: &k2, at: at(from), registered: false, code: None, event: "e" }, at(from));
    note("from elsewhere", &test);
    let (mut test, _, until) = rotated();
    request(&mut test, "K2", until, "e");
    over(&mut test);
    note("too late", &test);
    let (mut test, from, _) = rotated();
    request(&mut test, "K2", from, "e");
    request(&mut test, "K1", from, "e2");
    note("the old one still", &test);
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_code_from_an_address_that_is_not_registered_proves_nothing() {
    let (mut test, draw) = running(5, Kind::Code);
    let Draw::Code { code, .. } = draw else { panic!("another kind") };
    let (k1, mark) = (key("K1"), CodeMark::of(&key("K1"), &code).to_string());
    let fact = Fact::Request { key: &k1, at: at(T0 + S), registered: false, code: Some(&mark), event: "e" };
    assert!(!test.see(&fact, at(T0 + S)));
}

proptest! {
    /// Whoever does not know the draw does something; whatever it is, it is right for one draw at most of those there are. That is the
    /// stated chance, exactly.
    #[test]
    fn by_luck_at_most_one_draw_is_hit(active: u8, seeds in proptest::collection::btree_set(any::<u64>(), 60)) {
        let mut hit = BTreeSet::new();
        let mut all = BTreeSet::new();
        for seed in seeds {
            let (mut test, draw) = running(seed, Kind::StopAndStart);
            let Draw::StopAndStart { stop, start, .. } = draw else { panic!("another kind") };
            all.insert((stop, start));
            if stop_and_start(&mut test, &draw, |slot| active & (1 << slot) != 0) == TestState::Passed {
                hit.insert((stop, start));
            }
            prop_assert_eq!(test.steps[0].one_in, 21);
        }
        prop_assert!(hit.len() <= 1, "{:?} of {:?}", hit, all);
    }

    /// The same for the first use of a new secret: one moment lies in one slot at most.
    #[test]
    fn by_luck_at_most_one_slot_is_hit(first_use in 0_i64..300_000_000, seeds in proptest::collection::btree_set(any::<u64>(), 30)) {
        let mut hit = BTreeSet::new();
        for seed in seeds {
            let (mut test, draw) = running(seed, Kind::RotateAndWatch);
            let Draw::RotateAndWatch { slot, .. } = draw else { panic!("another kind") };
            let _ = test.see(&Fact::Rotated { old: &key("K1"), new: &key("K2"), at: at(T0) }, at(T0));
            request(&mut test, "K2", T0 + first_use, "e");
            if over(&mut test) == TestState::Passed {
                hit.insert(slot);
            }
        }
        prop_assert!(hit.len() <= 1, "{:?}", hit);
    }

    /// Another draw, another salt, another place: none of them fits a commitment that was made.
    #[test]
    fn what_was_committed_to_cannot_be_changed(seed: u64, other: u64, kind in 0_usize..3) {
        prop_assume!(seed != other);
        let kinds = [Kind::StopAndStart, Kind::Code, Kind::RotateAndWatch];
        let (mut test, opened) = drawn(seed, &kinds);
        let (_, changed) = drawn(other, &kinds);
        prop_assert!(!test.clone().reveal("V1", &changed, at(T0)));
        prop_assert!(!test.clone().reveal("V2", &opened, at(T0)));
        let mut salted = opened.clone();
        salted[0].salt = changed[0].salt.clone();
        prop_assert!(!test.clone().reveal("V1", &salted, at(T0)));
        prop_assert!(test.reveal("V1", &opened, at(T0)) && test.holds("V1"));
        test.steps[kind].commitment = commitment(("V1", 1, u32::try_from(kind).unwrap()), &changed[kind]);
        prop_assert!(!test.holds("V1"), "the joined commitment stands");
    }

    /// What comes again, or in bits, leads to the same: lines may be given more than once.
    #[test]
    fn seeing_twice_is_seeing_once(seed: u64, uses in proptest::collection::vec(0_i64..300, 0..40)) {
        let (mut once, _) = running(seed, Kind::StopAndStart);
        let mut twice = once.clone();
        for (n, second) in uses.iter().enumerate() {
            request(&mut once, "K1", T0 + second * S, &format!("e{n}"));
            request(&mut twice, "K1", T0 + second * S, &format!("e{n}"));
            request(&mut twice, "K1", T0 + second * S, &format!("e{n}"));
        }
        prop_assert_eq!(over(&mut once), over(&mut twice));
        prop_assert_eq!(once, twice);
    }
}

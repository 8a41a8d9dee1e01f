//! What people read, in Korean and English.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

mod common;

use common::{Walked, at, piece, policy, policy_text};
use std::fmt::Write as _;
use sumun_model::{ActKind, Cause, Evidence, Family, Hard, Lang, Segment};
use sumun_policy::diff::{diff, render};
use sumun_policy::explain::{because, for_owner, ladder, lesser, why};
use sumun_policy::{Approve, Outcome, Policy};

fn evidence(
    family: Family,
    llr: i32,
    seconds: i64,
    id: u64,
    code: &str,
    detector: &str,
    cause: Cause,
) -> Evidence {
    Evidence {
        code: code.to_owned(),
        detector: detector.to_owned(),
        cause,
        ..piece(family, llr, seconds, id)
    }
}

/// A borrower seen, warned of, held, asked anew, ended: every kind of step.
fn history() -> Vec<Outcome> {
    let origin = |llr, s, id| {
        evidence(
            Family::Origin,
            llr,
            s,
            id,
            "returns_between_origins",
            "key.concurrent_origins@1",
            Cause::Lent,
        )
    };
    let auth = |llr, s, id| {
        evidence(
            Family::Auth,
            llr,
            s,
            id,
            "foreign_address_in_use",
            "key.auth_failure_burst@1",
            Cause::Leaked,
        )
    };
    const DAY: i64 = 86_400;
    let mut walked = Walked::new(policy("default"), Some(Segment::Retail), Approve::People);
    let mut told = Vec::new();
    let mut add = |walked: &mut Walked, s: i64, pieces: &[Evidence], hard: &[Hard], acts: &[ActKind]| {
        let (before, outcome) = walked.happens(s, pieces, hard, acts);
        told.extend(before.into_iter().map(|(_, outcome)| outcome));
        told.push(outcome);
    };
    let behaviour = piece(Family::Behaviour, 3_500, DAY, 3);
    add(&mut walked, 0, &[origin(3_000, 0, 1)], &[], &[]);
    add(&mut walked, DAY, &[origin(3_500, DAY, 2), behaviour], &[], &[]);
    add(&mut walked, DAY + 60, &[auth(2_500, DAY + 60, 4)], &[], &[]);
    add(&mut walked, DAY + 7_200, &[], &[], &[]);
    add(&mut walked, DAY + 8_000, &[], &[], &[ActKind::IdentityVerified, ActKind::ControlProved]);
    add(
        &mut walked,
        2 * DAY,
        &[origin(4_000, 2 * DAY, 5), auth(4_000, 2 * DAY, 6), piece(Family::Operator, 4_000, 2 * DAY, 7)],
        &[],
        &[],
    );
    add(&mut walked, 2 * DAY + 60, &[], &[], &[ActKind::Lifted]);
    add(&mut walked, 3 * DAY, &[auth(4_000, 3 * DAY, 8)], &[], &[]);
    add(&mut walked, 10 * DAY, &[], &[Hard::OwnerDenies], &[]);
    told
}

#[test]
fn steps_say_why() {
    let mut text = String::new();
    for step in history().iter().flat_map(|outcome| &outcome.steps) {
        let _ = writeln!(text, "== {} {} {}", step.phase, step.measure, step.mode);
        for lang in [Lang::Ko, Lang::En] {
            let _ = writeln!(text, "{}\n  {}", because(step, lang), lesser(step, lang));
            let owner = for_owner(step, lang);
            if !owner.is_empty() {
                let _ = writeln!(text, "  | {}", owner.replace('\n', "\n  | "));
            }
        }
    }
    insta::assert_snapshot!(text);
}

/// Nobody reviewed the first hold, and the same came again.
#[test]
fn a_second_hold_says_that_it_is_one() {
    const DAY: i64 = 86_400;
    let seen = |at, id| Evidence {
        detector: "key.auth_failure_burst@1".to_owned(),
        code: "foreign_address_in_use".to_owned(),
        cause: Cause::Leaked,
        ..piece(Family::Auth, 3_500, at, id)
    };
    let mut walked = Walked::new(policy("default"), Some(Segment::Retail), Approve::People);
    walked.happens(0, &[seen(0, 1)], &[], &[]);
    walked.happens(3 * DAY, &[], &[], &[]);
    let small = piece(Family::Client, 500, 3 * DAY + 5, 2);
    let (_, none) = walked.happens(3 * DAY + 5, &[small], &[], &[]);
    assert_eq!(none.steps, [], "what came since is too little");
    let (_, outcome) = walked.happens(4 * DAY, &[seen(4 * DAY, 3)], &[], &[]);
    let step = outcome.steps.first().expect("a second hold");
    assert_eq!(step.signals.len(), 2, "only what came since: {:?}", step.signals);
    let text =
        [Lang::Ko, Lang::En].map(|lang| format!("{}\n| {}", because(step, lang), for_owner(step, lang)));
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn a_ladder_in_plain_words() {
    let policy = policy("default");
    let text = [Lang::Ko, Lang::En].map(|lang| ladder(&policy, Some(Segment::Retail), lang));
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn a_key_explained_at_one_moment() {
    let policy = policy("default");
    let mut walked = Walked::new(policy.clone(), Some(Segment::Retail), Approve::People);
    let pieces = [
        evidence(
            Family::Origin,
            2_400,
            0,
            1,
            "returns_between_origins",
            "key.concurrent_origins@1",
            Cause::Lent,
        ),
        evidence(Family::Origin, 2_000, 0, 2, "first_seen_network", "key.first_seen_network@1", Cause::Lent),
        evidence(
            Family::Operator,
            -2_000,
            0,
            3,
            "approved_vendor_at_shared_address",
            "operator.fanout@1",
            Cause::Unknown,
        ),
        evidence(
            Family::Auth,
            2_000,
            0,
            4,
            "foreign_address_in_use",
            "key.auth_failure_burst@1",
            Cause::Leaked,
        ),
    ];
    walked.happens(0, &pieces, &[], &[]);
    let explained = why(&policy, &walked.standing, &walked.assessment, at(3_600));
    for score in &explained.scores {
        assert_eq!(score.points, score.terms.iter().map(|term| term.points).sum::<i64>());
    }
    let text = [Lang::Ko, Lang::En].map(|lang| explained.render(lang));
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn differences_in_effect() {
    let before = policy("default");
    let text = policy_text("default")
        .replacen("version = 3", "version = 4", 1)
        .replacen("prior = \"0.002\"", "prior = \"0.003\"", 1)
        .replacen("origin = { alpha = \"0.8\"", "origin = { alpha = \"0.7\"", 1)
        .replacen("'sharing.p >= 0.60'", "'sharing.p >= 0.70'", 1)
        .replacen("sharing.days >= 2'\nreason = { ko = \"둘", "2 <= sharing.days'\nreason = { ko = \"둘", 1)
        .replacen("quiet_s = 604_800", "quiet_s = 1_209_600", 1)
        .replacen(
            "[segments.custodian]\nwarn_ack_s = 1_209_600",
            "[segments.custodian]\nwithout = [\"market_warning\"]",
            1,
        )
        .replacen("hard = [\"owner_denies\", ", "hard = [", 1)
        .replacen("[detectors]\n", "[detectors]\n[detectors.concurrent_origins]\nwindow_s = 900\n", 1);
    let after = Policy::parse(&text).unwrap_or_else(|errors| panic!("{errors}"));
    let changes = diff(&before, &after);
    let text = [Lang::Ko, Lang::En].map(|lang| render(&before, &after, &changes, lang));
    insta::assert_snapshot!(text.join("\n"));
    assert_eq!(diff(&before, &before), vec![]);
}

//! What no policy and no history may bring about.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

mod common;

use common::{Walked, at, piece, policy, policy_text};
use proptest::prelude::*;
use std::collections::BTreeSet;
use sumun_model::{ActKind, Evidence, Family, FindingId, Hard, Lang, Measure, Mode, Phase, Segment};
use sumun_policy::ladder::{follows, step};
use sumun_policy::lint::{Severity, lint};
use sumun_policy::policy::rank;
use sumun_policy::{Approve, BudgetLeft, Outcome, Policy, Standing, explain};

/// One moment of a made-up history.
#[derive(Clone, Debug)]
struct Moment {
    after_s: i64,
    evidence: Vec<(usize, i32)>,
    hard: Option<Hard>,
    acts: Vec<ActKind>,
}

fn moments() -> impl Strategy<Value = Vec<Moment>> {
    let evidence = prop::collection::vec((0..Family::COUNT, -2_000_i32..=4_000), 0..4);
    let hard = prop_oneof![12 => Just(None), 1 => prop::sample::select(Hard::ALL.to_vec()).prop_map(Some)];
    let acts = prop_oneof![
        3 => Just(Vec::new()),
        2 => prop::collection::vec(prop::sample::select(ActKind::ALL.to_vec()), 1..3),
    ];
    let after = prop_oneof![0_i64..10, 0_i64..100_000, 0_i64..2_000_000];
    let moment = (after, evidence, hard, acts).prop_map(|(after_s, evidence, hard, acts)| Moment {
        after_s,
        evidence,
        hard,
        acts,
    });
    prop::collection::vec(moment, 1..14)
}

fn without_hard(mut moments: Vec<Moment>) -> Vec<Moment> {
    for moment in &mut moments {
        moment.hard = None;
        moment.acts.retain(|act| !matches!(act, ActKind::ControlFailed | ActKind::Approved));
    }
    moments
}

/// The default rules, but every expiry by machine and on risk alone: what the linter refuses and the ladder does not obey.
fn lawless() -> Policy {
    let text = policy_text("default")
        .replace("act = \"propose\"", "act = \"machine\"")
        .replace("'hard.owner_denies || hard.exposure_matched'", "'sharing.points >= 100'");
    Policy::parse(&text).expect("lawless, but it parses")
}

/// Plays a history; every outcome with when it was asked and the evidence of then.
fn play(
    policy: &Policy,
    segment: Option<Segment>,
    approve: Approve,
    moments: &[Moment],
) -> Vec<(i64, Outcome, Vec<Evidence>)> {
    let mut walked = Walked::new(policy.clone(), segment, approve);
    let mut now = 0;
    let mut id = 0;
    let mut told = Vec::new();
    for moment in moments {
        now += moment.after_s;
        let new: Vec<Evidence> = moment
            .evidence
            .iter()
            .map(|(family, llr)| {
                id += 1;
                Evidence { code: format!("c{}", llr % 3), ..piece(Family::ALL[*family], *llr, now, id) }
            })
            .collect();
        let hard: Vec<Hard> = moment.hard.into_iter().collect();
        let evidence = walked.assessment.evidence.clone();
        let (before, outcome) = walked.happens(now, &new, &hard, &moment.acts);
        for (when, outcome) in before {
            told.push((when.micros_since(at(0)) / 1_000_000, outcome, evidence.clone()));
        }
        told.push((now, outcome, walked.assessment.evidence.clone()));
    }
    told
}

fn approvals() -> impl Strategy<Value = Approve> {
    prop::sample::select(vec![Approve::All, Approve::None, Approve::People])
}

fn segments() -> impl Strategy<Value = Option<Segment>> {
    prop::sample::select(
        std::iter::once(None).chain(Segment::ALL.iter().copied().map(Some)).collect::<Vec<_>>(),
    )
}

#[test]
fn the_linter_refuses_what_the_ladder_does_not_obey() {
    let found = lint(&lawless());
    assert!(found.iter().any(|l| l.severity == Severity::Error && l.code == "expire_without_hard_evidence"));
    for name in ["default", "demo", "test"] {
        assert!(lint(&policy(name)).iter().all(|l| l.severity == Severity::Warning), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn expired_is_for_ever(moments in moments(), approve in approvals(), segment in segments()) {
        let mut ended = false;
        for (_, outcome, _) in play(&policy("default"), segment, approve, &moments) {
            prop_assert!(!ended || outcome.steps.is_empty());
            prop_assert!(!ended || outcome.standing.measure == Some(Measure::Expire));
            ended = outcome.standing.measure == Some(Measure::Expire);
            let end = outcome.steps.iter().position(|s| (s.measure, s.mode) == (Measure::Expire, Mode::Act));
            prop_assert_eq!(end, ended.then(|| outcome.steps.len().checked_sub(1)).flatten().filter(|_| end.is_some()));
            prop_assert!(outcome.steps.iter().all(|s| (s.measure, s.phase) != (Measure::Expire, Phase::Leave)));
            prop_assert!(!ended || outcome.next_due.is_none());
        }
    }

    #[test]
    fn risk_alone_never_expires_by_machine(moments in moments(), people in any::<bool>(), segment in segments()) {
        let approve = if people { Approve::People } else { Approve::None };
        for (_, outcome, _) in play(&lawless(), segment, approve, &without_hard(moments)) {
            for step in &outcome.steps {
                prop_assert!(step.measure != Measure::Expire || step.mode == Mode::Propose, "{step:?}");
            }
        }
    }

    #[test]
    fn what_is_only_proposed_has_no_effect(moments in moments(), segment in segments()) {
        let mut before = Standing::default();
        for (_, outcome, _) in play(&policy("default"), segment, Approve::None, &moments) {
            let mut measure = before.measure;
            for step in outcome.steps.iter().filter(|step| step.mode == Mode::Act) {
                measure = (step.phase == Phase::Enter).then_some(step.measure);
            }
            prop_assert_eq!(outcome.standing.measure, measure);
            before = outcome.standing;
        }
    }

    #[test]
    fn steps_add_up_and_speak(moments in moments(), approve in approvals(), segment in segments()) {
        for (_, outcome, _) in play(&policy("default"), segment, approve, &moments) {
            for step in &outcome.steps {
                prop_assert_eq!(step.points, step.terms.iter().map(|term| term.points).sum::<i64>());
                for lang in [Lang::Ko, Lang::En] {
                    for text in [explain::because(step, lang), explain::lesser(step, lang)] {
                        prop_assert!(!text.trim().is_empty() && !text.contains('{') && !text.contains("_ko"), "{}", text);
                    }
                    let owner = explain::for_owner(step, lang);
                    let silent = step.measure == Measure::Monitor || step.mode == Mode::Propose;
                    prop_assert_eq!(owner.is_empty(), silent);
                    for never in ["{", "point", "점수", "probab", "확률", "0.", "milli", "nat)"] {
                        prop_assert!(!owner.contains(never), "{} in {}", never, owner);
                    }
                }
            }
        }
    }

    #[test]
    fn same_arguments_same_outcome_and_a_standing_survives_storage(moments in moments(), approve in approvals()) {
        let policy = policy("default");
        let mut walked = Walked::new(policy.clone(), Some(Segment::Retail), approve);
        let mut now = 0;
        for (id, moment) in (1..).zip(&moments) {
            now += moment.after_s;
            let evidence: Vec<_> = moment.evidence.iter().map(|(f, llr)| piece(Family::ALL[*f], *llr, now, id)).collect();
            walked.happens(now, &evidence, &[], &moment.acts);
            let stored = serde_json::to_string(&walked.standing).expect("JSON");
            let read: Standing = serde_json::from_str(&stored).expect("a standing");
            prop_assert_eq!(&read, &walked.standing);
            let once = step(&policy, &walked.standing, &walked.assessment, at(now + 1), approve, BudgetLeft::UNBOUNDED);
            let twice = step(&policy, &read, &walked.assessment, at(now + 1), approve, BudgetLeft::UNBOUNDED);
            prop_assert_eq!(once, twice);
        }
    }

    #[test]
    fn asked_again_at_once_nothing_more_follows(moments in moments(), approve in approvals()) {
        let mut walked = Walked::new(policy("default"), Some(Segment::Retail), approve);
        let mut now = 0;
        for (id, moment) in (1..).zip(&moments) {
            now += moment.after_s;
            let evidence: Vec<_> = moment.evidence.iter().map(|(f, llr)| piece(Family::ALL[*f], *llr, now, id)).collect();
            walked.happens(now, &evidence, &[], &moment.acts);
            walked.assessment.acts.clear();
            let again = walked.ask(at(now));
            prop_assert_eq!(again.steps, vec![]);
        }
    }

    #[test]
    fn more_evidence_never_earns_a_lesser_measure(
        moments in moments(), more in prop::collection::vec((0..Family::COUNT, 1_i32..=4_000), 1..4), approve in approvals(),
        segment in segments(),
    ) {
        let policy = policy("default");
        let mut walked = Walked::new(policy.clone(), segment, approve);
        let mut now = 0;
        for (id, moment) in (1..).zip(&moments) {
            now += moment.after_s;
            let evidence: Vec<_> = moment.evidence.iter().map(|(f, llr)| piece(Family::ALL[*f], *llr, now, id)).collect();
            walked.clock(at(now));
            let standing = walked.standing.clone();
            walked.happens(now, &evidence, &[], &moment.acts);
            let mut fuller = walked.assessment.clone();
            fuller.evidence.extend(more.iter().zip(1_000..).map(|((f, llr), id)| piece(Family::ALL[*f], *llr, now, id)));
            let with = step(&policy, &standing, &fuller, at(now), approve, BudgetLeft::UNBOUNDED);
            // What people clear or settle, they clear of everything they saw.
            let judged = moment.acts.iter().any(|act| matches!(act, ActKind::Refused | ActKind::Lifted | ActKind::Exonerated));
            prop_assert!(judged || rank(with.standing.measure) >= rank(walked.standing.measure), "{:?} {:?}", with.steps, walked.standing);
        }
    }

    #[test]
    fn a_quiet_end_comes_no_sooner_than_the_quiet_time(moments in moments(), segment in segments()) {
        let policy = policy("default");
        let mut entered = None;
        for (now, outcome, _) in play(&policy, segment, Approve::All, &moments) {
            for step in &outcome.steps {
                if step.phase == Phase::Enter {
                    entered = Some(now);
                } else if step.rule == "ladder.quiet" {
                    let since = entered.expect("it began");
                    prop_assert!(now - since >= policy.ladder.quiet_s, "{now} − {since}");
                }
            }
        }
    }

    #[test]
    fn a_hold_does_not_begin_anew_on_the_same_signals(moments in moments(), segment in segments()) {
        let moments = without_hard(moments);
        let mut settled: BTreeSet<FindingId> = BTreeSet::new();
        for (_, outcome, evidence) in play(&policy("default"), segment, Approve::All, &moments) {
            for step in &outcome.steps {
                match (step.measure, step.phase) {
                    (Measure::Hold, Phase::Leave) => settled = evidence.iter().map(|piece| piece.signal).collect(),
                    (Measure::Hold, Phase::Enter) => {
                        prop_assert!(step.signals.iter().any(|s| !settled.contains(s)), "{step:?}");
                    }
                    _ => {}
                }
            }
        }
    }

    /// Whatever brings a hold back would have brought it without what is settled.
    #[test]
    fn what_is_settled_brings_no_cut_back(moments in moments(), segment in segments(), approve in approvals()) {
        let (policy, moments) = (policy("default"), without_hard(moments));
        let mut walked = Walked::new(policy.clone(), segment, approve);
        let mut now = 0;
        for (id, moment) in (1..).zip(&moments) {
            now += moment.after_s;
            let evidence: Vec<_> = moment.evidence.iter().map(|(f, llr)| piece(Family::ALL[*f], *llr, now, id)).collect();
            walked.clock(at(now));
            let standing = walked.standing.clone();
            walked.happens(now, &evidence, &[], &[]);
            let cut = |measure: Option<Measure>| rank(measure) >= rank(Some(Measure::Hold));
            if cut(standing.measure) || !cut(walked.standing.measure) {
                continue;
            }
            let mut fewer = walked.assessment.clone();
            fewer.evidence.retain(|piece| !standing.settled.contains(&piece.signal));
            let without = step(&policy, &standing, &fewer, at(now), approve, BudgetLeft::UNBOUNDED);
            prop_assert!(cut(without.standing.measure), "{:?} {:?}", standing.settled, walked.standing);
        }
    }

    #[test]
    fn the_clock_falls_silent(moments in moments(), segment in segments()) {
        let mut walked = Walked::new(policy("default"), segment, Approve::None);
        let mut now = 0;
        for (id, moment) in (1..).zip(&moments) {
            now += moment.after_s;
            let evidence: Vec<_> = moment.evidence.iter().map(|(f, llr)| piece(Family::ALL[*f], *llr, now, id)).collect();
            walked.happens(now, &evidence, &[], &[]);
        }
        // Two years without an event: whatever waits for nobody has ended, and the clock was asked a bounded number of times.
        let asked = walked.clock(at(now + 730 * 86_400));
        prop_assert!(asked.len() < 1_000, "{}", asked.len());
        prop_assert!(!matches!(walked.standing.measure, Some(Measure::Monitor | Measure::Hold)), "{:?}", walked.standing);
    }

    #[test]
    fn a_measure_follows_to_the_next_key(moments in moments()) {
        let policy = policy("default");
        for (now, outcome, evidence) in play(&policy, None, Approve::All, &moments) {
            let standing = outcome.standing;
            let Some(follow) = follows(&standing) else {
                prop_assert!(standing.measure.is_none_or(|measure| measure == Measure::Expire));
                continue;
            };
            let mut next = common::assessment(None);
            next.key = "K2".parse().expect("a key");
            next.evidence = evidence;
            let begun = follow.begin(&"K1".parse().expect("a key"));
            let told = step(&policy, &begun, &next, at(now), Approve::All, BudgetLeft::UNBOUNDED);
            prop_assert_eq!(told.steps.first().map(|s| (s.measure, s.phase)), Some((follow.measure, Phase::Enter)));
            prop_assert_eq!(&told.standing.repeats, &standing.repeats);
            break;
        }
    }
}

/// A re-verification that timed out at another key is asked anew at this one, with all the time for it.
#[test]
fn a_reverification_that_follows_has_its_own_window() {
    let policy = policy("default");
    let timed_out = Standing {
        measure: Some(Measure::Reverify),
        due: Some(at(0)),
        timed_out: true,
        ..Standing::default()
    };
    let begun = follows(&timed_out).expect("it follows").begin(&"K1".parse().expect("a key"));
    let now = at(1_000);
    let told = step(&policy, &begun, &common::assessment(None), now, Approve::People, BudgetLeft::UNBOUNDED);
    let first = told.steps.first().expect("it is told");
    assert_eq!((first.measure, first.phase), (Measure::Reverify, Phase::Enter));
    assert!(first.until.is_some_and(|until| until > now) && first.until == told.standing.due);
    assert!(!told.standing.timed_out);
}

/// What is proposed when the time is over names what the re-verification began on, though all of that has faded since.
#[test]
fn a_proposal_on_faded_signals_names_what_it_began_on() {
    let policy = policy("demo");
    let mut walked = Walked::new(policy, Some(Segment::Retail), Approve::People);
    let seen = [
        piece(Family::Origin, 3_500, 0, 1),
        piece(Family::Auth, 3_500, 0, 2),
        piece(Family::Operator, 3_500, 0, 3),
    ];
    walked.happens(0, &seen, &[], &[]);
    walked.clock(at(20));
    assert_eq!(walked.standing.measure, Some(Measure::Reverify));
    // Detection no longer tells of it, and then nobody answers.
    walked.assessment.evidence.clear();
    let told = walked.clock(at(10_000));
    let proposed =
        told.iter().flat_map(|(_, outcome)| &outcome.steps).find(|step| step.mode == Mode::Propose);
    let step = proposed.expect("two persons are asked");
    assert_eq!(step.signals, seen.map(|piece| piece.signal));
    assert!(!explain::because(step, Lang::En).contains("no signal"));
    assert_eq!(walked.standing.proposal.as_ref().map(|open| open.signals.len()), Some(3));
}

/// Where there never was a signal, the proposal says so.
#[test]
fn a_proposal_without_signals_says_that_there_are_none() {
    let policy = policy("default");
    let standing = Standing { measure: Some(Measure::Reverify), due: Some(at(0)), ..Standing::default() };
    let told =
        step(&policy, &standing, &common::assessment(None), at(1), Approve::People, BudgetLeft::UNBOUNDED);
    let asked = told.steps.first().expect("two persons are asked");
    assert_eq!((asked.mode, asked.signals.len()), (Mode::Propose, 0));
    assert!(explain::because(asked, Lang::En).ends_with("There was no signal for it to rely on."));
    assert!(explain::because(asked, Lang::Ko).ends_with("이 조치가 기댄 신호는 없습니다."));
}

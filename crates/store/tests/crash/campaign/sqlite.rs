//! Death at every step on SQLite; a sync that fails at every place.

use super::{KILLED, last, run, runtime, seed};
use crate::check;
use crate::faults::{self, Faults};
use crate::program::{DID_NOT_OPEN, GAVE_UP, Program};
use crate::report::{self, Line};
use std::os::unix::process::ExitStatusExt;

/// Keys of each worker: small, so that all steps can be walked.
const KEYS: u64 = 3;
/// Deaths in a quick run.
const CASES: u64 = 24;
/// Failing syncs in a quick run.
const SYNCS: u64 = 8;

fn place() -> (tempfile::TempDir, Program) {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::on_sqlite(folder.path(), KEYS);
    (folder, program)
}

/// Steps and syncs of a run without a fault.
fn steps_of_a_whole_run() -> (u64, u64) {
    let (_folder, program) = place();
    let status = run(&program, &Faults { drop: true, ..Faults::none() });
    assert_eq!(status.code(), Some(0), "{:?}", report::read(&program.report()).last());
    runtime().block_on(check::all(&program));
    let log = faults::log(&program.place);
    let syncs = log.lines().filter(|line| line.split(' ').nth(1) == Some("sync")).count();
    (faults::counted(&program.place), syncs as u64)
}

#[test]
fn dead_at_any_step_it_has_kept_every_answer() {
    let (all, _) = steps_of_a_whole_run();
    let seed = seed();
    println!("{all} steps, SUMUN_CRASH_SEED={seed}");
    let mut died = 0;
    for (case, at) in (seed..).zip(faults::steps(all, CASES * faults::factor(), seed)) {
        let (_folder, program) = place();
        let faults = Faults::variant(case, at);
        println!("{faults:?}");
        let status = run(&program, &faults);
        died += u64::from(status.signal() == Some(KILLED));
        assert!(status.signal() == Some(KILLED) || status.code() == Some(0), "{status}: {}", last(&program));
        if case % 3 == 0 {
            // Recovery is interrupted, too.
            let again = Faults::variant(case / 3, 1 + at % 17);
            println!("  then {again:?}");
            run(&program, &again);
        }
        let status = run(&program, &Faults::none());
        assert_eq!(status.code(), Some(0), "{faults:?}: {}", last(&program));
        runtime().block_on(check::all(&program));
    }
    assert!(died > 0, "some died");
}

#[test]
fn a_sync_that_fails_stops_all_writing_and_nothing_answered_is_lost() {
    let (_, all) = steps_of_a_whole_run();
    let seed = seed();
    println!("{all} syncs, SUMUN_CRASH_SEED={seed}");
    for at in faults::steps(all, SYNCS * faults::factor(), seed) {
        let (_folder, program) = place();
        let status = run(&program, &Faults::failing_sync(at));
        let lines = report::read(&program.report());
        let log = faults::log(&program.place);
        let before = log.lines().take_while(|line| !line.starts_with("failed sync")).last();
        println!("sync {at} fails: {}", before.unwrap_or_default());
        match status.code() {
            // Everything was answered before, or SQLite can do without: it syncs the folder of a new log and does not mind.
            Some(0) => {}
            Some(GAVE_UP) => {
                let said = lines.iter().find_map(|line| match line {
                    Line::NotMade { said, .. } => Some(said),
                    _ => None,
                });
                println!("  {}", said.unwrap());
            }
            Some(DID_NOT_OPEN) => println!("  {}", last(&program)),
            _ => panic!("{status}: {}", last(&program)),
        }
        let after_refusal = lines.iter().skip_while(|line| !matches!(line, Line::NotMade { .. }));
        let asked_after: Vec<_> = after_refusal.clone().filter(|l| matches!(l, Line::Asked { .. })).collect();
        let made_after = after_refusal.filter_map(|line| match line {
            Line::Made { id, .. } => Some(id),
            _ => None,
        });
        for id in made_after {
            let asked = Line::Asked { id: id.clone() };
            assert!(!asked_after.contains(&&asked), "{id} was asked for after the store gave up, and made");
        }
        let status = run(&program, &Faults::none());
        match status.code() {
            Some(0) => runtime().block_on(check::all(&program)),
            // It may refuse what it finds, if it says where.
            Some(DID_NOT_OPEN) => {
                let said = last(&program);
                println!("  refused: {said}");
                assert!(said.contains("contradicts") || said.contains("damaged"), "{said}");
            }
            _ => panic!("{status}: {}", last(&program)),
        }
    }
}

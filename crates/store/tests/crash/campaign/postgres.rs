//! The same on PostgreSQL: the program dies, the server dies, and two programs race.

use super::{KILLED, last, run, runtime, seed};
use crate::check;
use crate::faults::{self, Faults};
use crate::program::{GAVE_UP, Program};
use crate::report::{self, Line};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Child;
use std::time::Duration;
use sumun_fixture::Postgres;

/// Keys of each worker.
const KEYS: u64 = 4;
/// Deaths in a quick run, of each kind.
const CASES: u64 = 6;
/// Deaths of the server: a program without one gives up only after a while.
const CASES_SERVER: u64 = 4;

/// Milliseconds after which something dies: from the program's first statements to its last.
fn delay_ms(case: u64, seed: u64) -> Duration {
    Duration::from_millis(20 + (case.wrapping_mul(97) + seed.wrapping_mul(31)) % 700)
}

fn start(program: &Program) -> Child {
    program.command().spawn().unwrap()
}

fn finish(program: &Program) {
    let status = run(program, &Faults::none());
    assert_eq!(status.code(), Some(0), "{}", last(program));
}

#[test]
fn a_dead_program_loses_no_answer() {
    let postgres = Postgres::start_with(true);
    let seed = seed();
    println!("SUMUN_CRASH_SEED={seed}");
    for case in 0..CASES * faults::factor() {
        let folder = tempfile::tempdir().unwrap();
        let program = Program::on_postgres(folder.path(), postgres.database(), "one", KEYS);
        if case % 2 == 0 {
            let mut child = start(&program);
            std::thread::sleep(delay_ms(case, seed));
            child.kill().unwrap();
            child.wait().unwrap();
        } else {
            // At a step of publication, which is all that touches this program's own disk.
            let faults = Faults::variant(case / 2, 1 + (seed + case * 37) % 200);
            let status = run(&program, &faults);
            assert!(
                status.signal() == Some(KILLED) || status.code() == Some(0),
                "{status}: {}",
                last(&program)
            );
        }
        finish(&program);
        runtime().block_on(check::all(&program));
    }
}

#[test]
fn a_dead_server_loses_no_answer() {
    let postgres = Postgres::start_with(true);
    let seed = seed();
    println!("SUMUN_CRASH_SEED={seed}");
    for case in 0..CASES_SERVER * faults::factor() {
        let folder = tempfile::tempdir().unwrap();
        let program = Program::on_postgres(folder.path(), postgres.database(), "one", KEYS);
        let mut child = start(&program);
        std::thread::sleep(delay_ms(case, seed));
        postgres.crash();
        // Some cases see the server come back while the program still tries, some do not.
        if case % 2 == 0 {
            postgres.restart();
        }
        let status = child.wait().unwrap();
        if case % 2 == 1 {
            postgres.restart();
        }
        let known = [0, GAVE_UP, crate::program::DID_NOT_OPEN];
        assert!(status.code().is_some_and(|code| known.contains(&code)), "{status}: {}", last(&program));
        finish(&program);
        runtime().block_on(check::all(&program));
    }
}

fn racers(url: &str, folders: [&Path; 2]) -> [Program; 2] {
    ["one", "two"].map(|holder| {
        let place = folders[usize::from(holder == "two")];
        Program { racing: true, ..Program::on_postgres(place, url.to_owned(), holder, KEYS) }
    })
}

#[test]
fn of_two_programs_one_makes_each_change_and_the_other_is_told() {
    let postgres = Postgres::start_with(true);
    let seed = seed();
    println!("SUMUN_CRASH_SEED={seed}");
    for case in 0..CASES * faults::factor() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [one, two] = racers(&postgres.database(), [folders[0].path(), folders[1].path()]);
        let mut children = [start(&one), start(&two)];
        if case % 2 == 1 {
            // The one that is killed may be the sequencer: the other takes over once its lease has ended.
            std::thread::sleep(delay_ms(case, seed));
            children[0].kill().unwrap();
        }
        let [first, second] = children.each_mut().map(|child| child.wait().unwrap());
        assert!(
            first.code() == Some(0) || (case % 2 == 1 && first.signal() == Some(KILLED)),
            "{first}: {}",
            last(&one)
        );
        assert_eq!(second.code(), Some(0), "{}", last(&two));
        let told = |program: &Program| {
            let lines = report::read(&program.report());
            let made = lines.iter().filter(|line| matches!(line, Line::Made { .. })).count();
            let lost = lines.iter().filter(|line| matches!(line, Line::Lost { .. })).count();
            (made, lost)
        };
        let all = one.steps().count();
        let (told_one, told_two) = (told(&one), told(&two));
        println!("made and lost: {told_one:?} {told_two:?}");
        assert_eq!(told_two.0 + told_two.1, all, "the second was told of each");
        if case % 2 == 0 {
            assert_eq!(told_one.0 + told_two.0, all, "each change was made by one of them");
            assert_eq!(told_one.1 + told_two.1, all, "each change was lost by the other");
        }
        runtime().block_on(check::among(&one, &[&one, &two]));
        runtime().block_on(check::published_by(&two));
    }
}

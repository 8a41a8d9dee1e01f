//! Which requirement stands where, and whether docs/requirements.toml tells the truth about it.
//!
//! Pure except for `run`: a list of rows and a way to look into files go in, problems and counts come out. It
//! checks that what a row names exists, not that the tests pass; `cargo xtask test` does that.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::run;

/// Where the rows are kept, from the root.
const FILE: &str = "docs/requirements.toml";

/// Groups of requirements and the ids in each, both ends included. `L` rows are duties from law.
const GROUPS: [(char, u32, u32); 10] = [
    ('A', 1, 18),
    ('B', 19, 43),
    ('C', 44, 70),
    ('D', 71, 96),
    ('E', 97, 132),
    ('F', 133, 149),
    ('G', 150, 171),
    ('H', 172, 187),
    ('I', 188, 203),
    ('L', 1, 29),
];

/// R rows the first release stands or falls with.
const P0: [(u32, u32); 26] = [
    (1, 2),
    (7, 9),
    (19, 23),
    (26, 26),
    (29, 31),
    (41, 41),
    (45, 47),
    (49, 51),
    (58, 60),
    (63, 66),
    (71, 71),
    (75, 75),
    (87, 87),
    (97, 104),
    (106, 111),
    (115, 123),
    (126, 127),
    (133, 133),
    (151, 151),
    (155, 158),
    (172, 174),
    (176, 176),
    (178, 182),
    (188, 194),
    (196, 198),
    (200, 201),
];

/// R rows that come after everything else. All others, and every L row, are P1.
const P2: [(u32, u32); 6] = [(36, 39), (90, 90), (93, 94), (141, 141), (145, 149), (160, 161)];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    row: Vec<Row>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    group: String,
    priority: Priority,
    #[expect(dead_code, reason = "for the reader of the file; required so that none is left out")]
    title: String,
    state: State,
    #[serde(rename = "where")]
    places: Vec<String>,
    tests: Vec<String>,
    assertion: Option<String>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Priority {
    P0,
    P1,
    P2,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
enum State {
    Planned,
    Part,
    Done,
}

pub(crate) fn run() -> Result<ExitCode> {
    let root = run::root();
    let text = std::fs::read_to_string(root.join(FILE)).with_context(|| format!("failed to read {FILE}"))?;
    let table: Table = toml::from_str(&text).with_context(|| format!("{FILE} is not as expected"))?;
    print!("{}", coverage(&table.row));
    let problems = problems(&table.row, &|path| look(&root, path));
    for problem in &problems {
        eprintln!("trace: {problem}");
    }
    println!("trace: {} rows, {} problems", table.row.len(), problems.len());
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What stands at a path: nothing, a folder, or a file with this text.
enum Found {
    Nothing,
    Folder,
    File(String),
}

fn look(root: &Path, path: &str) -> Found {
    let full = root.join(path);
    if full.is_dir() {
        return Found::Folder;
    }
    std::fs::read(full)
        .map_or(Found::Nothing, |bytes| Found::File(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Everything wrong with the rows, in their order; missing ids last.
fn problems(rows: &[Row], look: &dyn Fn(&str) -> Found) -> Vec<String> {
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for row in rows {
        let mut say = |problem: String| problems.push(format!("{}: {problem}", row.id));
        let Some((kind, number)) = parse_id(&row.id) else {
            say("is not an id from R1 to R203 or L1 to L29".to_owned());
            continue;
        };
        if !seen.insert((kind, number)) {
            say("is repeated".to_owned());
        }
        let group = group_of(kind, number);
        if row.group != group.to_string() {
            say(format!("group is `{}`, should be `{group}`", row.group));
        }
        let priority = priority_of(kind, number);
        if row.priority != priority {
            say(format!("priority is {:?}, the list says {priority:?}", row.priority));
        }
        if row.state == State::Done && row.assertion.as_deref().is_none_or(|text| text.trim().is_empty()) {
            say("is done but states no assertion".to_owned());
        }
        if row.state == State::Done && row.tests.is_empty() {
            say("is done but names no tests".to_owned());
        }
        for place in &row.places {
            if matches!(look(place), Found::Nothing) {
                say(format!("where names `{place}`, which does not exist"));
            }
        }
        for test in &row.tests {
            if let Err(why) = check_test(test, look) {
                say(why);
            }
        }
    }
    for (group, first, last) in GROUPS {
        let kind = if group == 'L' { 'L' } else { 'R' };
        for number in first..=last {
            if !seen.contains(&(kind, number)) {
                problems.push(format!("{kind}{number}: is missing"));
            }
        }
    }
    problems
}

fn parse_id(id: &str) -> Option<(char, u32)> {
    let kind = id.chars().next().filter(|kind| matches!(kind, 'R' | 'L'))?;
    let number: u32 = id.get(1..)?.parse().ok()?;
    let last = if kind == 'R' { 203 } else { 29 };
    // The comparison with the text refuses `R01` and `R+1`.
    ((1..=last).contains(&number) && id == format!("{kind}{number}")).then_some((kind, number))
}

fn group_of(kind: char, number: u32) -> char {
    GROUPS
        .into_iter()
        .filter(|(group, ..)| (*group == 'L') == (kind == 'L'))
        .find(|(_, first, last)| (*first..=*last).contains(&number))
        .map_or('?', |(group, ..)| group)
}

fn priority_of(kind: char, number: u32) -> Priority {
    let within = |list: &[(u32, u32)]| list.iter().any(|(first, last)| (*first..=*last).contains(&number));
    match kind {
        'R' if within(&P0) => Priority::P0,
        'R' if within(&P2) => Priority::P2,
        _ => Priority::P1,
    }
}

/// `path::name`, where modules may stand between: the file exists and defines a function of that name, or, in TypeScript, a test so called.
fn check_test(test: &str, look: &dyn Fn(&str) -> Found) -> Result<(), String> {
    let Some((path, rest)) = test.split_once("::") else {
        return Err(format!("test `{test}` is not `path::name`"));
    };
    let name = rest.rsplit("::").next().unwrap_or(rest);
    match look(path) {
        Found::Nothing | Found::Folder => Err(format!("test file `{path}` does not exist")),
        Found::File(text) if defines(&text, name) => Ok(()),
        Found::File(_) => Err(format!("`{path}` has no test `{name}`")),
    }
}

/// Whether the text holds `fn name`, `def name` or `test("name"` outside a comment line, with nothing more to the name.
fn defines(text: &str, name: &str) -> bool {
    let called = format!("test(\"{name}\",");
    if text.lines().any(|line| line.trim_start().starts_with(&called)) {
        return true;
    }
    text.lines().map(str::trim_start).filter(|line| !line.starts_with("//") && !line.starts_with('#')).any(
        |line| {
            ["fn ", "def "].iter().any(|word| {
                line.match_indices(word).any(|(at, _)| {
                    let before = line[..at].chars().next_back();
                    let rest = &line[at + word.len()..];
                    before.is_none_or(|c| !c.is_alphanumeric() && c != '_')
                        && rest.strip_prefix(name).is_some_and(|after| {
                            !after.starts_with(|c: char| c.is_alphanumeric() || c == '_')
                        })
                })
            })
        },
    )
}

/// Counts by group and by priority, as a person reads them.
fn coverage(rows: &[Row]) -> String {
    let mut by_group: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    let mut by_priority: BTreeMap<Priority, [usize; 3]> = BTreeMap::new();
    for row in rows {
        let slot = match row.state {
            State::Done => 0,
            State::Part => 1,
            State::Planned => 2,
        };
        by_group.entry(&row.group).or_default()[slot] += 1;
        by_priority.entry(row.priority).or_default()[slot] += 1;
    }
    let mut text = format!("{:<8}{:>6}{:>6}{:>9}{:>7}\n", "", "done", "part", "planned", "rows");
    let mut line = |label: &str, [done, part, planned]: [usize; 3]| {
        let rows = done + part + planned;
        // Writing to a String cannot fail.
        writeln!(text, "{label:<8}{done:>6}{part:>6}{planned:>9}{rows:>7}").ok();
    };
    for (group, counts) in by_group {
        line(group, counts);
    }
    for (priority, counts) in by_priority {
        line(&format!("{priority:?}"), counts);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str) -> Row {
        let (kind, number) = parse_id(id).unwrap_or(('R', 1));
        Row {
            id: id.to_owned(),
            group: group_of(kind, number).to_string(),
            priority: priority_of(kind, number),
            title: "made up".to_owned(),
            state: State::Planned,
            places: Vec::new(),
            tests: Vec::new(),
            assertion: None,
        }
    }

    fn all() -> Vec<Row> {
        (1..=203).map(|n| row(&format!("R{n}"))).chain((1..=29).map(|n| row(&format!("L{n}")))).collect()
    }

    /// A tree with one folder and one file of each language.
    fn tree(path: &str) -> Found {
        match path {
            "crates/gate" => Found::Folder,
            "crates/gate/src/a.rs" => {
                Found::File("mod tests {\n    fn refuses() {}\n// fn only_said() {}\n}".to_owned())
            }
            "console/e2e/a.spec.ts" => {
                Found::File("test(\"an owner ends it, and more\", async () => {});".to_owned())
            }
            "tests/clients/b.py" => Found::File("async def places_order(client):\n    pass\n".to_owned()),
            _ => Found::Nothing,
        }
    }

    /// Problems after one change to one row of an otherwise sound table.
    fn after(id: &str, change: impl FnOnce(&mut Row)) -> Vec<String> {
        let mut rows = all();
        change(rows.iter_mut().find(|row| row.id == id).unwrap());
        problems(&rows, &tree)
    }

    #[test]
    fn a_sound_table_has_no_problems() {
        assert_eq!(problems(&all(), &tree), Vec::<String>::new());
    }

    #[test]
    fn the_priority_lists_have_the_stated_sizes() {
        let count = |wanted| (1..=203).filter(|n| priority_of('R', *n) == wanted).count();
        assert_eq!((count(Priority::P0), count(Priority::P1), count(Priority::P2)), (83, 105, 15));
    }

    #[test]
    fn a_missing_id_is_named() {
        let mut rows = all();
        rows.retain(|row| row.id != "R77" && row.id != "L29");
        assert_eq!(problems(&rows, &tree), ["R77: is missing", "L29: is missing"]);
    }

    #[test]
    fn a_repeated_id_is_named() {
        let mut rows = all();
        rows.push(row("L3"));
        assert_eq!(problems(&rows, &tree), ["L3: is repeated"]);
    }

    #[test]
    fn ids_out_of_range_or_misspelt_are_refused() {
        for id in ["R0", "R204", "L30", "R01", "X1", "R", "", "r1", "R+1"] {
            assert_eq!(parse_id(id), None, "{id}");
        }
        let problems = after("R203", |row| row.id = "R204".to_owned());
        assert_eq!(problems, ["R204: is not an id from R1 to R203 or L1 to L29", "R203: is missing"]);
    }

    #[test]
    fn a_priority_other_than_the_lists_is_refused() {
        let problems = after("R1", |row| row.priority = Priority::P1);
        assert_eq!(problems, ["R1: priority is P1, the list says P0"]);
        let problems = after("L1", |row| row.priority = Priority::P0);
        assert_eq!(problems, ["L1: priority is P0, the list says P1"]);
    }

    #[test]
    fn a_wrong_group_is_refused() {
        let problems = after("R18", |row| row.group = "B".to_owned());
        assert_eq!(problems, ["R18: group is `B`, should be `A`"]);
    }

    #[test]
    fn done_needs_an_assertion_and_tests() {
        let problems = after("R29", |row| row.state = State::Done);
        assert_eq!(problems, ["R29: is done but states no assertion", "R29: is done but names no tests"]);
        let problems = after("R29", |row| {
            row.state = State::Done;
            row.assertion = Some("an unregistered address is refused".to_owned());
            row.tests = vec!["crates/gate/src/a.rs::tests::refuses".to_owned()];
        });
        assert_eq!(problems, Vec::<String>::new());
    }

    #[test]
    fn a_place_that_does_not_exist_is_named() {
        let problems =
            after("R29", |row| row.places = vec!["crates/gate".to_owned(), "crates/nowhere".to_owned()]);
        assert_eq!(problems, ["R29: where names `crates/nowhere`, which does not exist"]);
    }

    #[test]
    fn a_test_that_does_not_exist_is_named() {
        let problems = after("R30", |row| {
            row.tests = [
                "crates/gate/src/a.rs::refuses",
                "tests/clients/b.py::places_order",
                "console/e2e/a.spec.ts::an owner ends it, and more",
                "console/e2e/a.spec.ts::an owner ends it",
                "crates/gate/src/a.rs::refuse",
                "crates/gate/src/a.rs::only_said",
                "crates/gate/src/gone.rs::refuses",
                "crates/gate::refuses",
                "refuses",
            ]
            .map(str::to_owned)
            .to_vec();
        });
        assert_eq!(
            problems,
            [
                "R30: `console/e2e/a.spec.ts` has no test `an owner ends it`",
                "R30: `crates/gate/src/a.rs` has no test `refuse`",
                "R30: `crates/gate/src/a.rs` has no test `only_said`",
                "R30: test file `crates/gate/src/gone.rs` does not exist",
                "R30: test file `crates/gate` does not exist",
                "R30: test `refuses` is not `path::name`",
            ]
        );
    }

    #[test]
    fn an_unknown_field_or_state_is_an_error() {
        let row = "[[row]]\nid='R1'\ngroup='A'\npriority='P0'\ntitle='x'\nwhere=[]\ntests=[]\n";
        assert!(toml::from_str::<Table>(&format!("{row}state='part'")).is_ok());
        assert!(toml::from_str::<Table>(&format!("{row}state='nearly'")).is_err());
        assert!(toml::from_str::<Table>(&format!("{row}state='part'\nnote='x'")).is_err());
    }

    #[test]
    fn coverage_counts_by_group_and_priority() {
        let mut rows = vec![row("R1"), row("R3"), row("L1")];
        rows[0].state = State::Done;
        rows[2].state = State::Part;
        let text = coverage(&rows);
        let words: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(
            words,
            [
                vec!["done", "part", "planned", "rows"],
                vec!["A", "1", "0", "1", "2"],
                vec!["L", "0", "1", "0", "1"],
                vec!["P0", "1", "0", "0", "1"],
                vec!["P1", "0", "1", "1", "2"],
            ]
        );
    }
}

//! What detection would refuse of a policy's `[detectors]`, each fault at its place in the file.
//!
//! `policy check` tells it, and the control plane asks it of every policy that is proposed or tried.

use crate::text_position::Lines;
use serde::Deserialize;
use std::ops::Range;
use sumun_detect::engine::{Fault, Written};
use sumun_policy::Problem;
use toml::de::{DeTable, DeValue};

/// The part of the file that detection reads; its places are those of the whole text.
#[derive(Deserialize)]
struct DetectorsOnly {
    #[serde(default)]
    detectors: Written,
}

/// Everything that detection would refuse, in the order of the file.
pub(crate) fn problems(text: &str) -> Vec<Problem> {
    let lines = Lines::of(text);
    let problem = |offset: usize, message: String| {
        let at = lines.position(offset);
        Problem { line: at.line, column: at.column, message }
    };
    let mut found: Vec<Problem> = match toml::from_str::<DetectorsOnly>(text) {
        Ok(DetectorsOnly { detectors: Written(params) }) => {
            let told = |fault: Fault| problem(place(text, &fault).start, fault.to_string());
            params.faults().into_iter().map(told).collect()
        }
        Err(error) => vec![problem(error.span().map_or(0, |span| span.start), error.message().to_owned())],
    };
    found.sort();
    found
}

/// Where a parameter is written; where it is not, its section.
fn place(text: &str, fault: &Fault) -> Range<usize> {
    let Ok(file) = DeTable::parse(text) else { return 0..0 };
    let mut table = file.get_ref();
    let mut found = 0..0;
    for name in ["detectors", &fault.section, &fault.field] {
        let Some((key, value)) = table.iter().find(|(key, _)| key.get_ref() == name) else { break };
        found = key.span();
        match value.get_ref() {
            DeValue::Table(inner) => table = inner,
            _ => break,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::problems;

    #[test]
    fn each_fault_stands_at_its_place() {
        let text = "[policy]\nid = \"x\"\n\n[detectors.fanout]\nshort_s = 0\nlong_s = 9\n\n[detectors.concurrent_origins]\n  window_s = 0\n";
        let told: Vec<String> = problems(text).iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(told.join("\n"));
    }

    #[test]
    fn a_name_that_is_none_stands_at_its_place() {
        let told = problems("[detectors.fanout]\nshrot_s = 0\n");
        assert_eq!((told.len(), told[0].line), (1, 2), "{told:?}");
        assert_eq!(problems("[policy]\nid = \"x\"\n"), []);
    }
}

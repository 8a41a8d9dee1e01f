//! Mappings: no file makes the reader panic, no source makes a run panic, and counts add up. The first byte picks a ready mapping; past a
//! line `---` stands the source, before it a mapping of the input's own where the byte picks none.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use sumun_mapping::{Mapping, Run, ready, told};
use sumun_model::Lang;
use sumun_model::wire::{Origin, parse_line, to_json};

fuzz_target!(|bytes: &[u8]| {
    let Some((pick, rest)) = bytes.split_first() else { return };
    let at = rest.windows(5).position(|window| window == b"\n---\n");
    let (own, source) = match at {
        Some(at) => (&rest[..at], &rest[at + 5..]),
        None => (&b""[..], rest),
    };
    let text = match ready::MAPPINGS.get(usize::from(*pick)) {
        Some((_, text)) => text,
        None => match std::str::from_utf8(own) {
            Ok(text) => text,
            Err(_) => return,
        },
    };
    let Ok(mapping) = Mapping::parse("fuzz.toml", text, &mut |_| None) else { return };
    let given = mapping.given().into_iter().map(|name| (name.to_owned(), "2026-11-20T00:00:00Z".to_owned())).collect();
    let given: BTreeMap<String, String> = given;
    let mut run = Run::new(&mapping, given);
    let mut made = 0_u64;
    let _ = run.read("fuzz", source, &mut |row| {
        for line in row.lines {
            made += 1;
            let text = to_json(line).expect("a line can be written");
            let again = parse_line(Origin { source_name: "fuzz", line: 1 }, &text);
            assert_eq!(again.as_ref().ok(), Some(line), "what a mapping makes, the wire reads: {text} {again:?}");
        }
        let _ = told::sample(row, Lang::Ko);
        ControlFlow::Continue(())
    });
    let report = run.into_report();
    assert_eq!(report.lines_made(), made);
    assert!(!told::report(&mapping, &report, Lang::En).is_empty());
});

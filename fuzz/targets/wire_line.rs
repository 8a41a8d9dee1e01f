//! The wire's line reader: never panics, and what it accepts it writes and reads back as the same value.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sumun_model::wire::{Origin, parse_line, parse_line_counting, to_json};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let origin = Origin { source_name: "fuzz", line: 1 };
    let strict = parse_line(origin, text);
    let counting = parse_line_counting(origin, text);
    let Ok(line) = strict else {
        if let Ok((_, dropped)) = counting {
            assert!(dropped > 0, "the counting reader took what the strict one refuses, dropping nothing");
        }
        return;
    };
    assert_eq!(counting.as_ref().ok(), Some(&(line.clone(), 0)), "both readers take a sound line alike");
    let written = to_json(&line).expect("a line that was read can be written");
    let again = parse_line(origin, &written).expect("a line that was written can be read");
    assert_eq!(again, line, "reading what was written gives the same value");
});

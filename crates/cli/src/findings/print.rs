//! Findings as lines: compact JSON, in the language asked for.

use std::io::{self, Write};
use sumun_detect::Output;
use sumun_model::because::because;
use sumun_model::{Finding, Lang};

/// Writes a finding; an assessment is none.
///
/// # Errors
/// The output cannot be written.
pub fn write(out: &mut impl Write, output: Output, lang: Lang) -> io::Result<()> {
    let finding = match output {
        Output::Signal(mut signal) => {
            signal.because = because(&signal.code, &signal.values, lang);
            Finding::Signal(signal)
        }
        Output::Measure(measure) => Finding::Measure(measure),
        Output::Assessment { .. } => return Ok(()),
    };
    serde_json::to_writer(&mut *out, &finding)?;
    out.write_all(b"\n")
}

//! `sumun request check`: judge recorded requests.

use crate::exit::BadInput;
use crate::output;
use std::fmt::Write;
use std::path::PathBuf;
use sumun_dialect::vectors;

/// Judge recorded requests as a gate would judge their signatures.
///
/// The file is one JSON object with `vectors`, each a request with its key's secret, and if wanted `sequences` of
/// them. One JSON line is printed per vector and per step of a sequence (`<sequence>#<step>`): accept, reject with
/// the reason, or unsupported where no dialect here speaks the scheme. What the file expects is not looked at.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sumun request check vectors.json\n  sumun request check vectors.json --explain\n\n\
                        docs/operate.md shows a file that can be judged.\n\n\
                        Exit codes: 0 all were judged, 2 the file is bad."
)]
pub struct Arguments {
    /// File of requests
    file: PathBuf,
    /// Say in prose what was signed, what was expected, what to do
    #[arg(long)]
    explain: bool,
    /// Print the gate's reason codes instead of the file's own words
    #[arg(long)]
    codes: bool,
}

/// Runs it.
///
/// # Errors
/// The file cannot be read or is bad.
pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let path = arguments.file.display();
    let text = std::fs::read(&arguments.file)
        .map_err(|error| BadInput(format!("failed to read `{path}`: {error}; name a file of requests")))?;
    let judgements = vectors::judge(&text).map_err(|error| BadInput(format!("`{path}`: {error}")))?;
    let lines = judgements.iter().fold(String::new(), |mut lines, judgement| {
        // Writing to a `String` cannot fail.
        let _ = if arguments.explain {
            let verdict = judgement.line(arguments.codes);
            writeln!(lines, "{verdict}\n    {}\n", judgement.explanation.trim_end().replace('\n', "\n    "))
        } else {
            writeln!(lines, "{}", judgement.line(arguments.codes))
        };
        lines
    });
    output::text(&lines)
}

//! `cargo xtask bench gate`: what the gate costs, as ratios in one run.

use anyhow::{Context, Result};
use clap::Parser;
use std::path::PathBuf;
use sumun_bench::child::Part;
use sumun_bench::report::{self, Row};
use sumun_bench::{http, spool, table};

/// What the gate costs beside the plainest thing in its place. Prints budgets met and missed; fails only if it cannot
/// measure.
#[derive(Parser)]
struct Arguments {
    /// 1 k and 1 M keys only, fewer rounds
    #[arg(long)]
    quick: bool,
    /// Write the figures as JSON, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Only this group: `table`, `spool` or `http`
    #[arg(long, value_name = "GROUP")]
    only: Option<Group>,
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Group {
    Table,
    Spool,
    Http,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if let Some(part) = &arguments.part {
        return part.run();
    }
    let wanted = |group| arguments.only.is_none_or(|only| only == group);
    let mut rows = Vec::new();
    if wanted(Group::Table) {
        rows.extend(tables(arguments.quick)?);
    }
    let folder = tempfile::tempdir().context("no temporary folder")?;
    if wanted(Group::Spool) {
        eprintln!("records ...");
        rows.extend(spool::measure(&folder.path().join("spool"))?);
    }
    if wanted(Group::Http) {
        eprintln!("requests over HTTP ...");
        let data = folder.path().join("gate");
        std::fs::create_dir(&data)?;
        rows.extend(http::measure(&data, if arguments.quick { 5 } else { 11 })?);
    }
    print!("{}", report::table(&rows));
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_string_pretty(&rows)?)
            .with_context(|| format!("failed to write `{}`", path.display()))?;
    }
    Ok(())
}

fn tables(quick: bool) -> Result<Vec<Row>> {
    let mut sizes = vec![1_000, 1_000_000];
    if quick {
        eprintln!("10 M keys are skipped: --quick");
    } else if let Some(why) = table::room_for_10m()? {
        eprintln!("{why}");
    } else {
        sizes.push(10_000_000);
    }
    let mut rows = Vec::new();
    for keys in sizes {
        eprintln!("{} keys ...", table::label(keys));
        let text = Part::Table { keys }.output()?;
        rows.extend(serde_json::from_str::<Vec<Row>>(&text).context("the figures of a table")?);
    }
    // Groups together, each by size.
    rows.sort_by(|a, b| a.group.cmp(&b.group));
    Ok(rows)
}

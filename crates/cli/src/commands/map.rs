//! `sumun map`: foreign logs and tables into lines, as a mapping file says; look at one, run one.

pub use super::map_check::Arguments as Check;
pub use super::map_run::Arguments as RunIt;

use crate::exit::BadInput;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use sumun_mapping::{Mapping, PathTable, Unusable, ready};

/// The input that is standard input.
const STANDARD_INPUT: &str = "-";

/// What can be done with mappings.
#[expect(missing_docs, reason = "a doc comment on a command here would hide the help in its own file")]
#[derive(Debug, clap::Subcommand)]
pub enum Map {
    Check(Check),
    Run(RunIt),
}

/// Runs it.
///
/// # Errors
/// The mapping is bad, an input cannot be read, or output cannot be written.
pub fn run(command: Map) -> anyhow::Result<()> {
    match command {
        Map::Check(arguments) => super::map_check::run(&arguments),
        Map::Run(arguments) => super::map_run::run(&arguments),
    }
}

/// Which mapping, and what it reads.
#[derive(Debug, clap::Args)]
pub(super) struct Source {
    /// Mapping: a file, or the name of a ready one (accounts-csv, envoy-json, envoy-text, keys-csv, networks-csv, nginx-combined,
    /// nginx-json, orders-csv, sessions-csv, trades-csv, vendors-csv)
    #[arg(long, value_name = "FILE|NAME")]
    pub(super) map: String,
    /// Path table instead of the one the mapping uses: a file, or bithumb, coinone, gopax, korbit, upbit
    #[arg(long, value_name = "FILE|NAME")]
    pub(super) paths: Option<String>,
    /// A value the mapping asks for, such as `as_of=2026-11-20T00:00:00Z`
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = given)]
    pub(super) set: Vec<(String, String)>,
    /// Files, plain or gzip; `-` is standard input
    #[arg(value_name = "INPUT", required = true)]
    pub(super) inputs: Vec<PathBuf>,
}

pub(super) fn given(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Source {
    /// The mapping, with its path table.
    pub(super) fn mapping(&self) -> anyhow::Result<Mapping> {
        Ok(mapping_of(&self.map, self.paths.as_deref())?.0)
    }

    /// What the mapping asks for; nothing may be missing, and nothing may be set that it does not know.
    pub(super) fn given(&self, mapping: &Mapping) -> anyhow::Result<BTreeMap<String, String>> {
        given_to(mapping, self.set.iter().cloned().collect())
    }
}

/// A mapping by a file or the name of a ready one, with its path table or another, and the texts that all of it was made of.
pub(crate) fn mapping_of(map: &str, paths: Option<&str>) -> anyhow::Result<(Mapping, Vec<String>)> {
    let bad = |error: sumun_mapping::MappingErrors| BadInput(error.to_string());
    let (name, text) = text_of(map)?;
    let mut texts = vec![text.clone()];
    // A table beside the mapping comes before a ready one of its name.
    let beside = Path::new(map).parent().map(Path::to_path_buf).unwrap_or_default();
    let mut find = |table: &str| {
        let places =
            [beside.join(format!("{table}.toml")), beside.join("paths").join(format!("{table}.toml"))];
        let path = places.iter().find(|path| path.is_file() && !is_ready(map))?;
        let text = std::fs::read_to_string(path).ok()?;
        texts.push(text.clone());
        Some(PathTable::parse(&path.display().to_string(), &text))
    };
    let mapping = Mapping::parse(&name, &text, &mut find).map_err(bad)?;
    let Some(paths) = paths else { return Ok((mapping, texts)) };
    let table = match ready::paths(paths) {
        Some(table) => {
            texts.push(paths.to_owned());
            table.map_err(bad)?
        }
        None => {
            let names: Vec<&str> = ready::PATHS.iter().map(|(name, _)| *name).collect();
            let text = read(paths, "path table", &names)?;
            let table = PathTable::parse(paths, &text).map_err(bad)?;
            texts.push(text);
            table
        }
    };
    Ok((mapping.with_paths(table), texts))
}

fn text_of(map: &str) -> anyhow::Result<(String, String)> {
    if let Some(text) = ready::mapping(map) {
        return Ok((format!("mappings/{map}.toml"), text.to_owned()));
    }
    let names: Vec<&str> = ready::MAPPINGS.iter().map(|(name, _)| *name).collect();
    Ok((map.to_owned(), read(map, "mapping", &names)?))
}

/// Whether what is given is what the mapping asks for.
pub(crate) fn given_to(
    mapping: &Mapping,
    given: BTreeMap<String, String>,
) -> anyhow::Result<BTreeMap<String, String>> {
    let asked = mapping.given();
    // `source` is the wire's own optional field: whoever names none has none.
    let missing = asked.iter().find(|name| **name != "source" && !given.contains_key(**name));
    if let Some(missing) = missing {
        let what = format!("the mapping `{}` asks for `{missing}`; add `--set {missing}=…`", mapping.name);
        return Err(BadInput(what).into());
    }
    if let Some(unknown) = given.keys().find(|name| !asked.contains(name.as_str())) {
        let what =
            format!("the mapping `{}` asks for no `{unknown}`; take `--set {unknown}=…` away", mapping.name);
        return Err(BadInput(what).into());
    }
    Ok(given)
}

pub(crate) fn is_ready(name: &str) -> bool {
    ready::mapping(name).is_some()
}

fn read(path: &str, what: &str, ready: &[&str]) -> anyhow::Result<String> {
    std::fs::read_to_string(path).map_err(|error| {
        let ready = ready.join(", ");
        let told = match error.kind() {
            ErrorKind::NotFound => {
                format!("there is no {what} `{path}`: no file is called so, and the ready ones are {ready}")
            }
            ErrorKind::IsADirectory => {
                format!(
                    "`{path}` is a folder, not a {what}: name a file in it, or one of the ready ones, {ready}"
                )
            }
            _ => format!("cannot read the {what} `{path}`: {error}; ready ones are {ready}"),
        };
        BadInput(told).into()
    })
}

/// An input and its name.
pub(super) fn open(input: &Path) -> anyhow::Result<(String, Box<dyn BufRead>)> {
    if input.as_os_str() == STANDARD_INPUT {
        return Ok(("stdin".to_owned(), Box::new(std::io::stdin().lock())));
    }
    let shown = input.display().to_string();
    let file = File::open(input).map_err(|error| BadInput(format!("failed to open `{shown}`: {error}")))?;
    if file.metadata().is_ok_and(|file| file.is_dir()) {
        return Err(BadInput(format!("`{shown}` is a folder: name a file in it")).into());
    }
    Ok((shown, Box::new(BufReader::with_capacity(1 << 18, file))))
}

/// An input that cannot be read at all: bad where its form is, failed where reading is.
pub(super) fn unusable(error: Unusable) -> anyhow::Error {
    match error {
        Unusable::Read { .. } => error.into(),
        Unusable::Form { .. } | Unusable::Header { .. } => BadInput(error.to_string()).into(),
    }
}

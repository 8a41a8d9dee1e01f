//! `backfill.toml`: which history, by which mappings. Unknown keys are errors; relative paths start at the file's folder.

pub(super) mod sent;

use super::senders::EVENTS;
use crate::commands::map;
use crate::exit::BadInput;
use crate::roles::tap::settings::Settings as Tap;
use sent::{Apart, Sent};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use sumun_mapping::Mapping;
use sumun_model::wire::LINE_BYTES_MAX;
use sumun_tap::{Disk, Pattern};

/// The word for lines that are the wire's already.
const WIRE: &str = "wire";
/// Types of lines a table may give: what is, not what happened.
const STATE: &[&str] = &["account", "delegation", "key", "market", "network", "vendor"];
/// The value that a table's mapping asks for: as of when it counts.
pub(super) const AS_OF: &str = "as_of";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    backfill: WrittenBackfill,
    #[serde(default)]
    table: Vec<WrittenTable>,
    #[serde(default)]
    read: Vec<WrittenRead>,
    #[serde(default)]
    sent: Vec<sent::Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenBackfill {
    tap: Option<PathBuf>,
    #[serde(default = "work")]
    work: PathBuf,
}

fn work() -> PathBuf {
    "backfill".into()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTable {
    file: PathBuf,
    map: String,
    #[serde(default)]
    set: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRead {
    name: String,
    files: PathBuf,
    map: String,
    paths: Option<String>,
    #[serde(default)]
    set: BTreeMap<String, String>,
}

/// How the lines of a file are read.
pub(super) enum Reads {
    /// They are the wire's.
    Wire,
    /// A mapping makes lines of the wire of them.
    Mapping(Box<Mapping>, BTreeMap<String, String>),
}

impl Reads {
    /// Longest line.
    pub(super) fn line_bytes_max(&self) -> usize {
        match self {
            Self::Wire => LINE_BYTES_MAX,
            Self::Mapping(mapping, _) => mapping.line_bytes_max(),
        }
    }

    /// Types of what happened that these lines may tell of.
    pub(super) fn events(&self) -> Vec<&'static str> {
        match self {
            Self::Wire => EVENTS.to_vec(),
            Self::Mapping(mapping, _) => mapping.types().filter(|word| EVENTS.contains(word)).collect(),
        }
    }
}

/// A table, read wholly before the logs.
pub(super) struct Table {
    pub(super) file: PathBuf,
    pub(super) mapping: Mapping,
    pub(super) given: BTreeMap<String, String>,
}

/// Log files under one name.
pub(super) struct Logs {
    pub(super) name: String,
    pub(super) reads: Reads,
    pub(super) disk: Disk,
    /// A tap goes on with them.
    pub(super) followed: bool,
}

/// All of it.
pub(super) struct Settings {
    /// Folder of the state and of what was found.
    pub(super) work: PathBuf,
    /// Folder of the tap's checkpoints, if there is a tap.
    pub(super) tap_state: Option<PathBuf>,
    pub(super) tables: Vec<Table>,
    pub(super) logs: Vec<Logs>,
    /// Senders whose lines stand in one of these logs too.
    pub(super) sent: Vec<Sent>,
    /// Senders whose lines stand in no file.
    pub(super) apart: Vec<Apart>,
    /// Digest of all that decides what is read, and how.
    pub(super) digest: Sha256,
}

struct Digesting(Sha256);

impl Digesting {
    fn add(&mut self, text: &str) {
        self.0.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes());
        self.0.update(text);
    }

    fn mapping(&mut self, texts: &[String], given: &BTreeMap<String, String>) {
        texts.iter().for_each(|text| self.add(text));
        given.iter().for_each(|(name, value)| [name, value].iter().for_each(|text| self.add(text)));
    }
}

impl Settings {
    /// Reads it.
    ///
    /// # Errors
    /// What is wrong with it, and what to do.
    pub(super) fn read(file: &Path) -> anyhow::Result<Self> {
        let shown = file.display();
        let text = std::fs::read_to_string(file).map_err(|error| {
            BadInput(format!("cannot read `{shown}`: {error}; docs/adopt/backfill.md says how to write one"))
        })?;
        let written: Written =
            toml::from_str(&text).map_err(|error| BadInput(format!("`{shown}`: {error}")))?;
        let base = file.parent().unwrap_or(Path::new(""));
        let bad = |what: String| BadInput(format!("`{shown}`: {what}"));
        let mut digest = Digesting(Sha256::new());
        let mut tables = Vec::new();
        for one in written.table {
            tables.push(table(one, base, &mut digest).map_err(|error| bad(error.to_string()))?);
        }
        let (mut logs, mut tap_state) = (Vec::new(), None);
        if let Some(path) = written.backfill.tap {
            let tap = Tap::read(&base.join(path))?;
            for follow in &tap.follow {
                let (mapping, given, made_of) = follow.mapping()?;
                [follow.name.as_str(), &follow.shown(), &made_of].iter().for_each(|text| digest.add(text));
                let reads = Reads::Mapping(Box::new(mapping), given);
                logs.push(Logs { name: follow.name.clone(), reads, disk: follow.disk()?, followed: true });
            }
            tap_state = Some(tap.state_dir);
        }
        for one in written.read {
            logs.push(read(one, base, &mut digest).map_err(|error| bad(error.to_string()))?);
        }
        let mut names = BTreeSet::new();
        if let Some(twice) = logs.iter().find(|log| !names.insert(log.name.clone())) {
            return Err(
                bad(format!("`{}` stands twice; each name is a source of its own", twice.name)).into()
            );
        }
        let known: Vec<&str> = logs.iter().map(|log| log.name.as_str()).collect();
        let (sent, apart) = sent::read(written.sent, (file, &text), &known)?;
        for one in &sent {
            [one.source.to_string(), one.log.clone(), one.ahead_us.to_string()]
                .iter()
                .for_each(|text| digest.add(text));
        }
        apart.iter().for_each(|one| digest.add(&one.source.to_string()));
        if logs.is_empty() {
            return Err(bad("there is nothing to read; name a `tap`, or add a `[[read]]`".to_owned()).into());
        }
        let work = base.join(written.backfill.work);
        Ok(Self { work, tap_state, tables, logs, sent, apart, digest: digest.0 })
    }
}

/// A mapping beside the file, or a ready one.
fn named(map: &str, base: &Path) -> String {
    if map::is_ready(map) { map.to_owned() } else { base.join(map).display().to_string() }
}

fn table(one: WrittenTable, base: &Path, digest: &mut Digesting) -> anyhow::Result<Table> {
    let (mapping, texts) = map::mapping_of(&named(&one.map, base), None)?;
    if let Some(other) = mapping.types().find(|word| !STATE.contains(word)) {
        let what = format!(
            "the mapping `{}` makes `{other}` lines, which happened at a time; read them as a log, by `[[read]]`",
            mapping.name
        );
        return Err(BadInput(what).into());
    }
    let mut given = one.set;
    let file = base.join(one.file);
    digest.add(&file.display().to_string());
    digest.mapping(&texts, &given);
    // Filled in once it is known when history begins.
    if mapping.given().contains(AS_OF) {
        given.entry(AS_OF.to_owned()).or_default();
    }
    let given = map::given_to(&mapping, given)?;
    Ok(Table { file, mapping, given })
}

fn read(one: WrittenRead, base: &Path, digest: &mut Digesting) -> anyhow::Result<Logs> {
    let pattern = Pattern::new(&base.join(&one.files))?;
    let disk = Disk::new(pattern.clone(), Some(pattern))?;
    digest.add(&one.name);
    digest.add(&one.files.display().to_string());
    let reads = if one.map == WIRE {
        digest.add(WIRE);
        Reads::Wire
    } else {
        let paths = one.paths.map(|paths| {
            let ready = sumun_mapping::ready::paths(&paths).is_some();
            if ready { paths } else { base.join(paths).display().to_string() }
        });
        let (mapping, texts) = map::mapping_of(&named(&one.map, base), paths.as_deref())?;
        if !mapping.reads_anywhere() {
            let what = format!(
                "the mapping `{}` reads columns by a header; name them in it: `columns = [\"…\"]`",
                mapping.name
            );
            return Err(BadInput(what).into());
        }
        let given = map::given_to(&mapping, one.set)?;
        digest.mapping(&texts, &given);
        Reads::Mapping(Box::new(mapping), given)
    };
    Ok(Logs { name: one.name, reads, disk, followed: false })
}

//! `tap.toml`: which files, by which mapping, to where. Unknown keys are errors; relative paths start at the file's folder.

use crate::commands::map;
use crate::exit::BadInput;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;
use sumun_mapping::Mapping;
use sumun_tap::{Begin, Disk, Pattern};

/// Characters in the name of what is followed: it stands in the log's name at the control plane, which has 64.
const NAME_CHARS_MAX: usize = 32;
/// Files followed by one process, each with a thread.
const FOLLOW_MAX: usize = 64;
/// Types of lines that may be handed in by the exchange.
const TYPES: &[&str] =
    &["access", "account", "market", "network", "order", "quote", "report", "session", "trade", "transfer"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    tap: Tap,
    #[serde(default)]
    follow: Vec<WrittenFollow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tap {
    server: Option<String>,
    token_file: Option<PathBuf>,
    #[serde(default = "state_dir")]
    state_dir: PathBuf,
    #[serde(default = "poll_ms")]
    poll_ms: u64,
}

fn state_dir() -> PathBuf {
    "tap-state".into()
}

const fn poll_ms() -> u64 {
    500
}

const fn refused_bytes_max() -> u64 {
    16 << 20
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFollow {
    name: String,
    files: PathBuf,
    rotated: Option<PathBuf>,
    map: String,
    paths: Option<String>,
    #[serde(default)]
    set: BTreeMap<String, String>,
    #[serde(default)]
    begin: Begin,
    #[serde(default = "refused_bytes_max")]
    refused_bytes_max: u64,
}

/// All of it, read.
pub(crate) struct Settings {
    /// The control plane, where it is another process.
    pub(crate) server: Option<String>,
    /// File with a machine's token.
    pub(crate) token_file: Option<PathBuf>,
    /// Folder of checkpoints and of lines put aside.
    pub(crate) state_dir: PathBuf,
    /// How often is looked.
    pub(crate) poll: Duration,
    pub(crate) follow: Vec<Follow>,
}

/// Files to follow.
#[derive(Clone)]
pub(crate) struct Follow {
    pub(crate) name: String,
    active: Pattern,
    rotated: Option<Pattern>,
    map: String,
    paths: Option<String>,
    set: BTreeMap<String, String>,
    pub(crate) begin: Begin,
    /// Size of the file of lines put aside at which it begins anew, the one before kept.
    pub(crate) refused_bytes_max: u64,
}

impl Settings {
    /// Reads it.
    ///
    /// # Errors
    /// What is wrong with it, and what to do.
    pub(crate) fn read(file: &Path) -> anyhow::Result<Self> {
        let shown = file.display();
        let text = std::fs::read_to_string(file).map_err(|error| {
            BadInput(format!("cannot read `{shown}`: {error}; docs/adopt/tap.md says how to write one"))
        })?;
        let written: Written =
            toml::from_str(&text).map_err(|error| BadInput(format!("`{shown}`: {error}")))?;
        let base = file.parent().unwrap_or(Path::new(""));
        let bad = |what: String| BadInput(format!("`{shown}`: {what}"));
        if written.follow.is_empty() || written.follow.len() > FOLLOW_MAX {
            let what = format!("from 1 to {FOLLOW_MAX} `[[follow]]` are followed; add one");
            return Err(bad(what).into());
        }
        let mut names = BTreeSet::new();
        let mut follow = Vec::new();
        for one in written.follow {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if one.name.is_empty() || one.name.len() > NAME_CHARS_MAX || !one.name.chars().all(plain) {
                let what = format!(
                    "`{}` is no name: at most {NAME_CHARS_MAX} small letters, digits and `-`",
                    one.name
                );
                return Err(bad(what).into());
            }
            if !names.insert(one.name.clone()) {
                return Err(
                    bad(format!("`{}` stands twice; each name is a source of its own", one.name)).into()
                );
            }
            follow.push(Follow::read(one, base).map_err(|error| bad(error.to_string()))?);
        }
        Ok(Self {
            server: written.tap.server,
            token_file: written.tap.token_file.map(|path| base.join(path)),
            state_dir: base.join(written.tap.state_dir),
            poll: Duration::from_millis(written.tap.poll_ms.clamp(10, 60_000)),
            follow,
        })
    }
}

impl Follow {
    fn read(one: WrittenFollow, base: &Path) -> anyhow::Result<Self> {
        let active = Pattern::new(&base.join(one.files))?;
        let rotated = one.rotated.map(|path| Pattern::new(&base.join(path))).transpose()?;
        let beside = |name: String| base.join(name).display().to_string();
        let map = if map::is_ready(&one.map) { one.map } else { beside(one.map) };
        let paths = one.paths.map(|paths| {
            let ready = sumun_mapping::ready::paths(&paths).is_some();
            if ready { paths } else { beside(paths) }
        });
        let follow = Self {
            name: one.name,
            active,
            rotated,
            map,
            paths,
            set: one.set,
            begin: one.begin,
            refused_bytes_max: one.refused_bytes_max,
        };
        follow.mapping()?;
        follow.disk()?;
        Ok(follow)
    }

    /// Which files are written to, as a path.
    pub(crate) fn files(&self) -> String {
        self.active.shown()
    }

    /// Which files, for a digest.
    pub(crate) fn shown(&self) -> String {
        format!("{:?} {:?}", self.active, self.rotated)
    }

    /// The folder.
    pub(crate) fn disk(&self) -> anyhow::Result<Disk> {
        Ok(Disk::new(self.active.clone(), self.rotated.clone())?)
    }

    /// The mapping, what it is given, and a digest of both.
    pub(crate) fn mapping(&self) -> anyhow::Result<(Mapping, BTreeMap<String, String>, String)> {
        let (mapping, texts) = map::mapping_of(&self.map, self.paths.as_deref())?;
        if !mapping.reads_anywhere() {
            let what = format!(
                "the mapping `{}` reads columns by a header, which is gone when a file is read on in its middle; name them in it: \
                 `columns = [\"…\"]`",
                mapping.name
            );
            return Err(BadInput(what).into());
        }
        if let Some(other) = mapping.types().find(|word| !TYPES.contains(word)) {
            let what = format!(
                "the mapping `{}` makes `{other}` lines, which a log may not say; keys, vendors and delegations are entered or imported",
                mapping.name
            );
            return Err(BadInput(what).into());
        }
        let given = map::given_to(&mapping, self.set.clone())?;
        let mut digest = Sha256::new();
        for text in texts.iter().map(String::as_str).chain(given.iter().flat_map(|(k, v)| [k.as_str(), v])) {
            digest.update(text.len().to_le_bytes());
            digest.update(text);
        }
        Ok((mapping, given, hex::encode(digest.finalize())))
    }
}

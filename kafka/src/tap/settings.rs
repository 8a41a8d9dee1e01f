//! `[tap]` and `[[follow]]` of `kafka.toml`: which topics, by which mapping, to where.

use super::book::Begin;
use super::mapping::{self, Form};
use crate::exit::BadInput;
use crate::settings::File;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Characters in the name of what is followed: it stands, with a partition's number, in the log's name at the control plane, which has 64.
const NAME_CHARS_MAX: usize = 32;
/// Topics followed by one process, each with a thread.
const FOLLOW_MAX: usize = 16;

/// Least memory of a partition, in bytes: below that every message would be asked for alone.
const HELD_BYTES_LEAST: usize = 64 << 10;

/// `[tap]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    server: String,
    token_file: Option<PathBuf>,
    #[serde(default = "state_dir")]
    state_dir: PathBuf,
    #[serde(default = "held_bytes_max")]
    held_bytes_max: usize,
}

fn state_dir() -> PathBuf {
    "kafka-state".into()
}

const fn held_bytes_max() -> usize {
    16 << 20
}

const fn refused_bytes_max() -> u64 {
    16 << 20
}

/// `[[follow]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenFollow {
    name: String,
    topic: String,
    group: Option<String>,
    map: String,
    paths: Option<String>,
    #[serde(default)]
    set: BTreeMap<String, String>,
    #[serde(default)]
    begin: Begin,
    #[serde(default)]
    transactional: bool,
    #[serde(default = "refused_bytes_max")]
    refused_bytes_max: u64,
}

/// All of it, read.
pub(crate) struct Settings {
    /// The control plane.
    pub(crate) server: String,
    /// File with a machine's token.
    pub(crate) token_file: Option<PathBuf>,
    /// Folder of lines put aside.
    pub(crate) state_dir: PathBuf,
    /// Bytes of one partition in memory at which it is read no further.
    pub(crate) held_bytes_max: usize,
    pub(crate) follow: Vec<Follow>,
}

/// A topic to follow.
pub(crate) struct Follow {
    pub(crate) name: String,
    pub(crate) topic: String,
    pub(crate) group: String,
    pub(crate) form: Form,
    /// Digest of what makes the lines.
    pub(crate) digest: String,
    pub(crate) begin: Begin,
    pub(crate) transactional: bool,
    /// Size of the file of lines put aside at which it begins anew, the one before kept.
    pub(crate) refused_bytes_max: u64,
}

impl Settings {
    /// Of the file that stands there.
    ///
    /// # Errors
    /// What is wrong with it, and what to do.
    pub(crate) fn of(file: File, path: &Path, base: &Path) -> Result<Self, BadInput> {
        let bad = |what: String| BadInput(format!("`{}`: {what}", path.display()));
        let tap = file.tap.ok_or_else(|| {
            bad("it has no section `[tap]`, which says where lines are handed in; add it".to_owned())
        })?;
        if file.follow.is_empty() || file.follow.len() > FOLLOW_MAX {
            return Err(bad(format!("from 1 to {FOLLOW_MAX} `[[follow]]` are followed; add one")));
        }
        let (mut names, mut topics) = (BTreeSet::new(), BTreeSet::new());
        let mut follow = Vec::new();
        for one in file.follow {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if one.name.is_empty() || one.name.len() > NAME_CHARS_MAX || !one.name.chars().all(plain) {
                let what = "at most 32 small letters, digits and `-`";
                return Err(bad(format!("`{}` is no name: {what}", one.name)));
            }
            if one.topic.is_empty() {
                return Err(bad(format!("`{}` names no topic; add `topic = \"…\"`", one.name)));
            }
            let group = one.group.unwrap_or_else(|| format!("sumun.{}", one.name));
            if !names.insert(one.name.clone()) {
                return Err(bad(format!("`{}` stands twice; each name is sources of its own", one.name)));
            }
            if !topics.insert((one.topic.clone(), group.clone())) {
                let what = "is followed twice by one group; each half would see half of it";
                return Err(bad(format!("the topic `{}` {what}", one.topic)));
            }
            let (form, digest) = mapping::read(&one.map, one.paths.as_deref(), one.set, base)
                .map_err(|what| bad(format!("`{}`: {what}", one.name)))?;
            follow.push(Follow {
                name: one.name,
                topic: one.topic,
                group,
                form,
                digest,
                begin: one.begin,
                transactional: one.transactional,
                refused_bytes_max: one.refused_bytes_max,
            });
        }
        Ok(Self {
            server: super::door::address(&tap.server).map_err(|what| bad(format!("`tap.server`: {what}")))?,
            token_file: tap.token_file.map(|path| base.join(path)),
            state_dir: base.join(tap.state_dir),
            held_bytes_max: tap.held_bytes_max.max(HELD_BYTES_LEAST),
            follow,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let file: File = match toml::from_str(text) {
            Ok(file) => file,
            Err(error) => return error.to_string(),
        };
        if let Err(error) = file.kafka.client(Path::new("")) {
            return error.to_string();
        }
        match Settings::of(file, Path::new("kafka.toml"), Path::new("")) {
            Ok(settings) => format!("{} topics for {}", settings.follow.len(), settings.server),
            Err(error) => error.to_string(),
        }
    }

    const GOOD: &str = "[kafka]\nbrokers = \"127.0.0.1:9092\"\n[tap]\nserver = \"http://127.0.0.1:8070/\"\n[[follow]]\nname = \"front\"\ntopic = \"access\"\nmap = \"nginx-json\"\n";

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let follow = &GOOD[GOOD.find("[[follow]]").unwrap()..];
        let said: Vec<String> = [
            GOOD.to_owned(),
            GOOD.replace("topic =", "topics ="),
            GOOD.replace("\"front\"", "\"Front 1\""),
            GOOD.replace("\"access\"", "\"\""),
            GOOD.replace("nginx-json", "made-up.toml"),
            GOOD.replace("nginx-json", "keys-csv"),
            GOOD.replace("map =", "begin = \"middle\"\nmap ="),
            GOOD.replace("map =", "set = { as_of = \"now\" }\nmap ="),
            GOOD.replace("nginx-json\"", "wire\"\npaths = \"upbit\""),
            format!("{GOOD}{follow}"),
            format!("{GOOD}{}group = \"sumun.front\"\n", follow.replace("front", "other")),
            GOOD.replace("http:", "ftp:"),
            GOOD.replace("[tap]\nserver = \"http://127.0.0.1:8070/\"\n", ""),
            GOOD.replace("[tap]", "properties = { \"group.id\" = \"x\" }\n[tap]"),
            GOOD.replace("[tap]", "properties = { \"sasl.password\" = \"made-up\" }\n[tap]"),
            GOOD.replace("[tap]", "secrets = { \"sasl.password\" = \"made-up-nowhere.txt\" }\n[tap]"),
        ]
        .iter()
        .map(|text| read(text).trim_end().to_owned())
        .collect();
        insta::assert_snapshot!(said.join("\n---\n"));
    }
}

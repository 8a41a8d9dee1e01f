//! How messages become lines: they are lines of the wire already, or a mapping says.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use sumun_mapping::{Mapping, PathTable, ready};

/// What `map` says where messages are lines of the wire.
const WIRE: &str = "wire";

/// Types of lines that may be handed in by the exchange.
pub(crate) const TYPES: &[&str] =
    &["access", "account", "market", "network", "order", "quote", "report", "session", "trade", "transfer"];

/// How messages become lines.
pub(crate) enum Form {
    /// They are lines of the wire, one or several.
    Wire,
    /// By this mapping, with what it is given.
    Mapped(Box<Mapping>, BTreeMap<String, String>),
}

/// Reads it, with a digest of all that makes the lines.
pub(super) fn read(
    map: &str,
    paths: Option<&str>,
    set: BTreeMap<String, String>,
    base: &Path,
) -> Result<(Form, String), String> {
    if map == WIRE {
        return match paths {
            Some(_) => Err("lines of the wire need no path table; take `paths` out".to_owned()),
            None if !set.is_empty() => Err("lines of the wire ask for nothing; take `set` out".to_owned()),
            None => Ok((Form::Wire, digest(&[WIRE]))),
        };
    }
    let (mapping, mut texts) = mapping(map, paths, base)?;
    if !mapping.reads_anywhere() {
        return Err(format!(
            "the mapping `{}` reads columns by a header, which no message has; name them in it: `columns = [\"…\"]`",
            mapping.name
        ));
    }
    if let Some(other) = mapping.types().find(|word| !TYPES.contains(word)) {
        return Err(format!(
            "the mapping `{}` makes `{other}` lines, which a log may not say; keys, vendors and delegations are entered or imported",
            mapping.name
        ));
    }
    let asked = mapping.given();
    if let Some(missing) = asked.iter().find(|name| **name != "source" && !set.contains_key(**name)) {
        return Err(format!("the mapping `{}` asks for `{missing}`; add it to `set`", mapping.name));
    }
    if let Some(unknown) = set.keys().find(|name| !asked.contains(name.as_str())) {
        return Err(format!("the mapping `{}` asks for no `{unknown}`; take it out of `set`", mapping.name));
    }
    texts.extend(set.iter().flat_map(|(name, value)| [name.clone(), value.clone()]));
    let digest = digest(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    Ok((Form::Mapped(Box::new(mapping), set), digest))
}

fn mapping(map: &str, paths: Option<&str>, base: &Path) -> Result<(Mapping, Vec<String>), String> {
    let (name, text) = match ready::mapping(map) {
        Some(text) => (format!("mappings/{map}.toml"), text.to_owned()),
        None => (map.to_owned(), file(&base.join(map), "mapping", ready::MAPPINGS.iter().map(|one| one.0))?),
    };
    let mut texts = vec![text.clone()];
    let beside = base.join(map).parent().map(Path::to_path_buf).unwrap_or_default();
    // A table beside the mapping comes before a ready one of its name.
    let mut find = |table: &str| {
        let places =
            [beside.join(format!("{table}.toml")), beside.join("paths").join(format!("{table}.toml"))];
        let path = places.iter().find(|path| path.is_file() && ready::mapping(map).is_none())?;
        let text = std::fs::read_to_string(path).ok()?;
        texts.push(text.clone());
        Some(PathTable::parse(&path.display().to_string(), &text))
    };
    let mapping = Mapping::parse(&name, &text, &mut find).map_err(|error| error.to_string())?;
    let Some(paths) = paths else { return Ok((mapping, texts)) };
    let table = match ready::paths(paths) {
        Some(table) => {
            texts.push(paths.to_owned());
            table
        }
        None => {
            let text = file(&base.join(paths), "path table", ready::PATHS.iter().map(|one| one.0))?;
            texts.push(text.clone());
            PathTable::parse(paths, &text)
        }
    };
    Ok((mapping.with_paths(table.map_err(|error| error.to_string())?), texts))
}

fn file<'a>(path: &Path, what: &str, ready: impl Iterator<Item = &'a str>) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| {
        let ready = ready.collect::<Vec<_>>().join(", ");
        format!("cannot read the {what} `{}`: {error}; ready ones are {ready}", path.display())
    })
}

fn digest(texts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for text in texts {
        digest.update(text.len().to_le_bytes());
        digest.update(text);
    }
    hex::encode(digest.finalize().get(..8).unwrap_or_default())
}

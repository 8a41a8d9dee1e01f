//! The exports of `sumun assess`: which file is what, by which mapping, and how much of the logs has been read.

use super::map::{Source as Named, given};
use crate::exit::BadInput;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use sumun_assess::{Input, Role, Source};
use sumun_mapping::Mapping;

/// What the tables are read as of until the log's beginning is known.
const AS_OF: (&str, &str) = ("as_of", "2000-01-01T00:00:00Z");

/// The files, and how they are read.
#[derive(Debug, clap::Args)]
pub(super) struct Exports {
    /// Table of keys
    #[arg(long, value_name = "FILE")]
    keys: PathBuf,
    /// Table of accounts: whose each is, and which segment
    #[arg(long, value_name = "FILE")]
    accounts: Option<PathBuf>,
    /// Access log, plain or gzip; repeat it for rotated files, the oldest first
    #[arg(long, value_name = "FILE", required = true)]
    access: Vec<PathBuf>,
    /// Orders, in order of time; may be repeated
    #[arg(long, value_name = "FILE")]
    orders: Vec<PathBuf>,
    /// Sign-ins of people, in order of time; may be repeated. They explain offices
    #[arg(long, value_name = "FILE")]
    sessions: Vec<PathBuf>,
    /// Table of networks; wins over data files
    #[arg(long, value_name = "FILE")]
    networks: Option<PathBuf>,
    /// Register of third-party tools: without it, the customers of one tool look as if one operator drove them
    #[arg(long, value_name = "FILE")]
    vendors: Option<PathBuf>,
    /// Mapping, a file or the name of a ready one; what it makes says what it is for [default: keys-csv, accounts-csv, nginx-json, orders-csv,
    /// sessions-csv, networks-csv, vendors-csv]
    #[arg(long, value_name = "FILE|NAME")]
    map: Vec<String>,
    /// Path table for the access log instead of the one its mapping uses: a file, or bithumb, coinone, gopax, korbit, upbit
    #[arg(long, value_name = "FILE|NAME")]
    paths: Option<String>,
    /// A value a mapping asks for, such as `source=front-1`
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = given)]
    set: Vec<(String, String)>,
}

/// A mapping with what it asks for.
pub(super) type Mappings = BTreeMap<Role, (Mapping, BTreeMap<String, String>)>;

impl Exports {
    fn files(&self) -> Vec<(Role, &'static str, Vec<&Path>)> {
        vec![
            (Role::Keys, "keys-csv", vec![self.keys.as_path()]),
            (Role::Accounts, "accounts-csv", self.accounts.iter().map(PathBuf::as_path).collect()),
            (Role::Networks, "networks-csv", self.networks.iter().map(PathBuf::as_path).collect()),
            (Role::Vendors, "vendors-csv", self.vendors.iter().map(PathBuf::as_path).collect()),
            (Role::Access, "nginx-json", self.access.iter().map(PathBuf::as_path).collect()),
            (Role::Orders, "orders-csv", self.orders.iter().map(PathBuf::as_path).collect()),
            (Role::Sessions, "sessions-csv", self.sessions.iter().map(PathBuf::as_path).collect()),
        ]
    }

    /// The mapping of every export that is given.
    pub(super) fn mappings(&self) -> anyhow::Result<Mappings> {
        let mut named: BTreeMap<Role, String> = BTreeMap::new();
        for map in &self.map {
            let role = role(&self.named(map, None).mapping()?, map)?;
            if let Some(other) = named.insert(role, map.clone()) {
                let what = role.line();
                let told =
                    format!("the mappings `{other}` and `{map}` both make `{what}` lines; name one of them");
                return Err(BadInput(told).into());
            }
        }
        let mut mappings = Mappings::new();
        for (role, ready, files) in self.files() {
            if files.is_empty() {
                if let Some(map) = named.get(&role) {
                    let what = role.line();
                    let told =
                        format!("the mapping `{map}` is for `{what}` lines, and no export of these is given");
                    return Err(BadInput(told).into());
                }
                continue;
            }
            let paths = self.paths.clone().filter(|_| role == Role::Access);
            let map = named.get(&role).map_or(ready, String::as_str);
            let mut source = self.named(map, paths);
            let mapping = source.mapping()?;
            let asked = mapping.given();
            source.set = self.set.iter().filter(|(name, _)| asked.contains(name.as_str())).cloned().collect();
            if asked.contains(AS_OF.0) && !source.set.iter().any(|(name, _)| name == AS_OF.0) {
                source.set.push((AS_OF.0.to_owned(), AS_OF.1.to_owned()));
            }
            let given = source.given(&mapping)?;
            mappings.insert(role, (mapping, given));
        }
        let asked = |name: &str| mappings.values().any(|(mapping, _)| mapping.given().contains(name));
        if let Some((name, _)) = self.set.iter().find(|(name, _)| !asked(name)) {
            let told = format!("no mapping asks for `{name}`; take `--set {name}=…` away");
            return Err(BadInput(told).into());
        }
        Ok(mappings)
    }

    fn named(&self, map: &str, paths: Option<String>) -> Named {
        Named { map: map.to_owned(), paths, set: Vec::new(), inputs: Vec::new() }
    }
}

/// What a mapping is for, by what it makes.
fn role(mapping: &Mapping, named: &str) -> anyhow::Result<Role> {
    // A table of keys may name accounts beside them.
    let by_weight = [
        Role::Access,
        Role::Orders,
        Role::Sessions,
        Role::Keys,
        Role::Networks,
        Role::Vendors,
        Role::Accounts,
    ];
    let found = by_weight.into_iter().find(|role| mapping.types().any(|word| word == role.line()));
    found.ok_or_else(|| {
        let told = format!(
            "the mapping `{named}` makes no access, order, session, key, network, vendor or account lines: there is nothing to assess in them"
        );
        BadInput(told).into()
    })
}

/// A file whose bytes are counted as they are read.
struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(into)?;
        self.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// Opens everything; with how many bytes the logs have, which is what an estimate goes by.
pub(super) fn exports<'m>(
    exports: &Exports,
    mappings: &'m Mappings,
    read: &Arc<AtomicU64>,
) -> anyhow::Result<(Vec<Source<'m>>, u64)> {
    let (mut sources, mut bytes) = (Vec::new(), 0);
    for (role, _, files) in exports.files() {
        let Some((mapping, given)) = mappings.get(&role) else { continue };
        let mut inputs = Vec::new();
        for path in files {
            let shown = path.display().to_string();
            let file =
                File::open(path).map_err(|error| BadInput(format!("failed to open `{shown}`: {error}")))?;
            let about = file.metadata().ok();
            if about.as_ref().is_some_and(std::fs::Metadata::is_dir) {
                return Err(BadInput(format!("`{shown}` is a folder: name the files in it")).into());
            }
            let size = about.map_or(0, |about| about.len());
            let from: Box<dyn BufRead + Send> = if role.is_table() {
                Box::new(BufReader::with_capacity(1 << 18, file))
            } else {
                bytes += size;
                Box::new(BufReader::with_capacity(1 << 18, Counted { file, read: Arc::clone(read) }))
            };
            inputs.push(Input { name: shown, from });
        }
        sources.push(Source { role, mapping, given: given.clone(), inputs });
    }
    Ok((sources, bytes))
}

//! What data files say of an address: its network's number and name ([`table`]), country, and kind ([`known`]).
//!
//! A folder holds [`ASN_V4`], [`ASN_V6`] and [`COUNTRY`], as `cargo xtask setup` or an offline bundle brings them. The list of
//! known networks is in the binary. Everything is read once, so that a run looks up the same whatever happens to the files, and
//! findings name the digests of what they relied on. Never here: a download, or `network` lines (they win, in detection).

mod known;
mod table;

use known::Known;
use maxminddb::Reader;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use sumun_detect::network::{Network, NetworkData};
use sumun_model::Prefix;
use sumun_model::wire::state::NetworkClass;
use table::AsnTable;

/// IPv4 ranges with network numbers and names.
pub const ASN_V4: &str = "asn-ipv4-num.csv";
/// The same for IPv6.
pub const ASN_V6: &str = "asn-ipv6-num.csv";
/// Countries by address.
pub const COUNTRY: &str = "geo-whois-asn-country.mmdb";
/// The folder's name, wherever it stands.
pub const FOLDER: &str = "network-data";
/// How the list in the binary is named beside the files.
const KNOWN: &str = "known-networks.toml";
const KNOWN_TEXT: &str = include_str!("../../data/known-networks.toml");

/// Why data files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NetworkDataError {
    /// A file is missing or unreadable.
    #[error(
        "failed to read network data `{}`: {source}; run `cargo xtask setup`, name another folder, or say `--data none`",
        path.display()
    )]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A line of a table is not of its form.
    #[error("network data `{}`, line {line}: {what}", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// The country file is not one.
    #[error("network data `{}` is no country database: {what}", path.display())]
    Country {
        /// Which file.
        path: PathBuf,
        /// What its reader says.
        what: String,
    },
    /// The list of known networks has a mistake.
    #[error("{KNOWN}: {0}")]
    Known(String),
}

/// Data files, read.
pub struct NetworkFiles {
    asn: AsnTable,
    countries: Reader<Vec<u8>>,
    known: Known,
    digests: BTreeMap<String, [u8; 32]>,
}

#[derive(Deserialize)]
struct Country<'a> {
    country_code: Option<&'a str>,
}

fn read(
    folder: &Path,
    name: &str,
    digests: &mut BTreeMap<String, [u8; 32]>,
) -> Result<Vec<u8>, NetworkDataError> {
    let path = folder.join(name);
    let bytes = std::fs::read(&path).map_err(|source| NetworkDataError::Read { path, source })?;
    digests.insert(name.to_owned(), Sha256::digest(&bytes).into());
    Ok(bytes)
}

impl NetworkFiles {
    /// Reads the files of a folder, all of them.
    ///
    /// # Errors
    /// One is missing, or not what it should be.
    pub fn open(folder: &Path) -> Result<Self, NetworkDataError> {
        let mut digests = BTreeMap::from([(KNOWN.to_owned(), Sha256::digest(KNOWN_TEXT).into())]);
        let mut asn = AsnTable::default();
        for (name, bits) in [(ASN_V4, 32), (ASN_V6, 128)] {
            let bytes = read(folder, name, &mut digests)?;
            asn.add(&bytes, bits).map_err(|(line, what)| NetworkDataError::Line {
                path: folder.join(name),
                line,
                what,
            })?;
        }
        let bad = |what: maxminddb::MaxMindDbError| NetworkDataError::Country {
            path: folder.join(COUNTRY),
            what: what.to_string(),
        };
        let countries = Reader::from_source(read(folder, COUNTRY, &mut digests)?).map_err(bad)?;
        // One look-up shows a file cut short or of another shape now, not in the middle of a run.
        let probe = countries.lookup(IpAddr::from([8, 8, 8, 8])).map_err(bad)?;
        probe.decode::<Country<'_>>().map_err(bad)?;
        Ok(Self { asn, countries, known: Known::read(KNOWN_TEXT)?, digests })
    }

    /// Where the data of this installation stand, if setup brought them: beside the program, in `share/sumun` of its prefix, or in
    /// `artifacts` of the source tree it was built in.
    #[must_use]
    pub fn installed() -> Option<PathBuf> {
        let program = std::env::current_exe().ok()?;
        let beside = program.parent()?;
        let prefix = beside.parent().map(|prefix| prefix.join("share/sumun").join(FOLDER));
        let tree = beside.ancestors().skip(1).take(3).map(|above| above.join("artifacts").join(FOLDER));
        std::iter::once(beside.join(FOLDER))
            .chain(prefix)
            .chain(tree)
            .find(|folder| folder.join(COUNTRY).is_file())
    }

    /// SHA-256 of every file relied on, by name, the list in the binary among them.
    #[must_use]
    pub const fn digests(&self) -> &BTreeMap<String, [u8; 32]> {
        &self.digests
    }

    /// SHA-256 over all of them.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        for (name, digest) in &self.digests {
            hasher.update(name.as_bytes());
            hasher.update([0]);
            hasher.update(digest);
        }
        hasher.finalize().into()
    }

    fn country(&self, address: IpAddr) -> Option<String> {
        let found = self.countries.lookup(address).ok()?.decode::<Country<'_>>().ok()??;
        found.country_code.filter(|code| code.len() == 2).map(str::to_owned)
    }
}

impl NetworkData for NetworkFiles {
    fn look_up(&self, address: IpAddr) -> Option<Network> {
        let address = address.to_canonical();
        let found = self.asn.find(address);
        let country = self.country(address);
        let exception = self.known.prefix(address);
        if found.is_none() && country.is_none() && exception.is_none() {
            return None;
        }
        let asn = found.as_ref().map(|found| found.asn);
        let named = asn.and_then(|asn| self.known.asn(asn));
        let prefix = match (exception, &found) {
            (Some((prefix, _)), _) => prefix,
            (None, Some(found)) => found.prefix,
            (None, None) => Prefix::neighbourhood(address),
        };
        let class = exception
            .map(|(_, class)| class)
            .or(named.map(|named| named.class))
            .unwrap_or(NetworkClass::Unknown);
        let org = named.map(known::Named::shown).or(found.map(|found| found.org.to_owned()));
        Some(Network { prefix, asn, org, country, class })
    }
}

#[cfg(test)]
mod tests;

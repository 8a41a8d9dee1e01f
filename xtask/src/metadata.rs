//! What cargo knows of the workspace and its dependencies. Reads; decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::run;

/// Platforms a release is made for. Packages that only other platforms need are neither fetched nor judged.
const PLATFORMS: [&str; 2] = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"];

#[derive(Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    workspace_members: BTreeSet<String>,
    resolve: Resolve,
}

#[derive(Deserialize)]
pub(crate) struct Package {
    id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dep>,
}

#[derive(Deserialize)]
struct Dep {
    pkg: String,
    dep_kinds: Vec<DepKind>,
}

#[derive(Deserialize)]
struct DepKind {
    /// `dev`, `build`, or null for a normal dependency.
    kind: Option<String>,
}

impl Metadata {
    /// Asks cargo, with the lock file as it stands.
    pub(crate) fn load() -> Result<Self> {
        let mut command = run::cargo_with(["metadata", "--format-version", "1", "--locked"]);
        for platform in PLATFORMS {
            command.args(["--filter-platform", platform]);
        }
        let text = run::output(&mut command)?;
        serde_json::from_str(&text).context("cargo metadata printed what this command cannot read")
    }

    /// Packages the build uses on a release platform.
    pub(crate) fn used(&self) -> impl Iterator<Item = &Package> {
        let used: BTreeSet<&str> = self.resolve.nodes.iter().map(|node| node.id.as_str()).collect();
        self.packages.iter().filter(move |package| used.contains(package.id.as_str()))
    }

    /// Workspace packages and, for each, everything it links in the end (normal dependencies only).
    pub(crate) fn linked(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let names: BTreeMap<&str, &str> =
            self.packages.iter().map(|package| (package.id.as_str(), package.name.as_str())).collect();
        let edges: BTreeMap<&str, Vec<&str>> =
            self.resolve.nodes.iter().map(|node| (node.id.as_str(), normal_deps(node))).collect();
        let name_of = |id: &str| names.get(id).copied().unwrap_or_default();
        self.workspace_members
            .iter()
            .map(|member| {
                let mut seen = BTreeSet::new();
                let mut open = vec![member.as_str()];
                while let Some(id) = open.pop() {
                    for &dep in edges.get(id).into_iter().flatten() {
                        if seen.insert(dep) {
                            open.push(dep);
                        }
                    }
                }
                (name_of(member), seen.into_iter().map(name_of).collect())
            })
            .collect()
    }
}

fn normal_deps(node: &Node) -> Vec<&str> {
    node.deps
        .iter()
        .filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind.is_none()))
        .map(|dep| dep.pkg.as_str())
        .collect()
}

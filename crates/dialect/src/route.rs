//! Routes: what a method and a path would do. Read from data, looked up by exact raw path.
//!
//! Nothing is decoded or normalised: a path that is not written exactly as the exchange documents it is no route.

use http::Method;
use serde::Deserialize;
use std::collections::HashMap;
use sumun_model::{Effect, Scope};

/// What a request to one route would do, and what it needs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// `GET`, `POST` or `DELETE`.
    pub method: String,
    /// Path as documented; a `{name}` segment stands for any one plain segment.
    pub path: String,
    /// Scope needed by a signed call; `None` for a route that any valid key may call.
    pub scope: Option<Scope>,
    /// What the call would do.
    pub effect: Effect,
    /// The exchange's group of rate limits.
    pub group: String,
    /// Parameter that names the market acted upon.
    pub market_param: Option<String>,
    /// Whether the route needs no credential.
    #[serde(default)]
    pub public: bool,
    /// Whether this is a WebSocket upgrade.
    #[serde(default)]
    pub stream: bool,
}

/// All routes of a dialect.
#[derive(Debug)]
pub(crate) struct RouteTable {
    get: Paths,
    post: Paths,
    delete: Paths,
}

#[derive(Debug, Default)]
struct Paths {
    exact: HashMap<String, Route>,
    /// Few; looked through in turn.
    patterns: Vec<Route>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    route: Vec<Route>,
}

impl RouteTable {
    /// Reads a data file.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|e| e.to_string())?;
        let mut table = Self { get: Paths::default(), post: Paths::default(), delete: Paths::default() };
        for route in file.route {
            let named = format!("route `{} {}`", route.method, route.path);
            let paths = match route.method.as_str() {
                "GET" => &mut table.get,
                "POST" => &mut table.post,
                "DELETE" => &mut table.delete,
                _ => return Err(format!("{named}: the method is not GET, POST or DELETE")),
            };
            if !is_pattern(&route.path) {
                return Err(format!("{named}: the path is not plain"));
            }
            if route.path.contains('{') {
                paths.patterns.push(route);
            } else if paths.exact.insert(route.path.clone(), route).is_some() {
                return Err(format!("{named} is there twice"));
            }
        }
        Ok(table)
    }

    pub(crate) fn find(&self, method: &Method, path: &str, upgrade: bool) -> Option<&Route> {
        let paths = match *method {
            Method::GET => &self.get,
            Method::POST => &self.post,
            Method::DELETE => &self.delete,
            _ => return None,
        };
        let found = paths.exact.get(path).or_else(|| paths.patterns.iter().find(|r| matches(&r.path, path)));
        found.filter(|route| route.stream == upgrade)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Route> {
        [&self.get, &self.post, &self.delete].into_iter().flat_map(|p| p.exact.values().chain(&p.patterns))
    }
}

/// A segment that every server reads as itself.
fn is_plain(segment: &str) -> bool {
    !matches!(segment, "" | "." | "..")
        && segment.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

fn is_pattern(path: &str) -> bool {
    path.strip_prefix('/').is_some_and(|rest| {
        rest.split('/').all(|s| is_plain(s.strip_prefix('{').and_then(|s| s.strip_suffix('}')).unwrap_or(s)))
    })
}

fn matches(pattern: &str, path: &str) -> bool {
    let (mut wanted, mut found) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return true,
            (Some(w), Some(f)) if if w.starts_with('{') { is_plain(f) } else { w == f } => {}
            _ => return false,
        }
    }
}

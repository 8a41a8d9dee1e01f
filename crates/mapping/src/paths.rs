//! Path tables: what a method and a path of an exchange would do, as data a mapping `uses`.
//!
//! The form of a route is the dialects' own, so that one list serves both. Paths are compared as they came: nothing is decoded, and a
//! path the table does not hold has no effect that anybody knows (it is counted by [`crate::Report`], with an example).

use crate::file::Bilingual;
use crate::problem::{MappingErrors, Problems};
use serde::Deserialize;
use std::collections::HashMap;
use sumun_model::{Effect, Scope};
use toml::Spanned;

/// Most routes of a table.
const ROUTES_MAX: usize = 4096;

/// What a call of one path would do.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// As documented; a segment `{name}` stands for any one segment that is not empty.
    pub path: String,
    /// What a key must hold for it.
    pub scope: Option<Scope>,
    /// What it would do.
    pub effect: Effect,
    /// The exchange's group of rate limits; carried, never used.
    pub group: Option<String>,
    /// The parameter, or the `{name}` of the path, that names the market.
    pub market_param: Option<String>,
    /// Needs no credential.
    #[serde(default)]
    pub public: bool,
    /// A WebSocket upgrade.
    #[serde(default)]
    pub stream: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    paths: Head,
    route: Vec<Spanned<Route>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    format: Spanned<u32>,
    name: Spanned<String>,
    title: Bilingual,
}

/// All paths of an exchange.
#[derive(Clone, Debug)]
pub struct PathTable {
    /// The table's name.
    pub name: String,
    /// What it is, for people.
    pub title: Bilingual,
    exact: HashMap<String, HashMap<String, Route>>,
    /// By method; few, looked through in turn.
    patterns: HashMap<String, Vec<Route>>,
}

impl PathTable {
    /// Reads a table; `file` is only what errors call it.
    ///
    /// # Errors
    /// Everything wrong with it.
    pub fn parse(file: &str, text: &str) -> Result<Self, MappingErrors> {
        let mut problems = Problems::of(file, text);
        let read: File = match toml::from_str(text) {
            Ok(read) => read,
            Err(error) => return Err(problems.unreadable(&error)),
        };
        let head = read.paths;
        if *head.format.get_ref() != 1 {
            problems.wrong(head.format.span().start, "this program reads `format = 1` of path tables");
        }
        if read.route.len() > ROUTES_MAX {
            problems.wrong(0, format!("a path table has at most {ROUTES_MAX} routes"));
        }
        let name = head.name.into_inner();
        let mut table = Self { name, title: head.title, exact: HashMap::new(), patterns: HashMap::new() };
        for route in read.route {
            let at = route.span().start;
            if let Err(what) = table.add(route.into_inner()) {
                problems.wrong(at, what);
            }
        }
        problems.end(Some(table))
    }

    fn add(&mut self, route: Route) -> Result<(), String> {
        let named = format!("route `{} {}`", route.method, route.path);
        if !["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&route.method.as_str()) {
            return Err(format!("{named}: the method is one of GET, POST, PUT, PATCH, DELETE"));
        }
        if !route.path.starts_with('/') || route.path.contains(['?', '#', ' ']) {
            return Err(format!("{named}: a path begins with `/` and has no query"));
        }
        if route.path.contains('{') {
            let patterns = self.patterns.entry(route.method.clone()).or_default();
            if patterns.iter().any(|known| known.path == route.path) {
                return Err(format!("{named} is there twice; take one away"));
            }
            patterns.push(route);
            return Ok(());
        }
        let exact = self.exact.entry(route.method.clone()).or_default();
        match exact.insert(route.path.clone(), route) {
            None => Ok(()),
            Some(_) => Err(format!("{named} is there twice; take one away")),
        }
    }

    /// The route of a method and a path as received.
    #[must_use]
    pub fn find(&self, method: &str, path: &str) -> Option<&Route> {
        let exact = self.exact.get(method).and_then(|paths| paths.get(path));
        exact.or_else(|| self.patterns.get(method)?.iter().find(|route| matches(&route.path, path)))
    }

    /// Every route.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        let exact = self.exact.values().flat_map(HashMap::values);
        exact.chain(self.patterns.values().flatten())
    }
}

fn matches(pattern: &str, path: &str) -> bool {
    let (mut wanted, mut found) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return true,
            (Some(w), Some(f)) if w == f || (w.starts_with('{') && !f.is_empty()) => {}
            _ => return false,
        }
    }
}

/// What stands in a path where its route has `{name}`.
pub(crate) fn segment<'p>(pattern: &str, path: &'p str, name: &str) -> Option<&'p str> {
    let mut pairs = pattern.split('/').zip(path.split('/'));
    pairs.find_map(|(w, f)| (w.strip_prefix('{')?.strip_suffix('}')? == name).then_some(f))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "[paths]\nformat = 1\nname = \"t\"\ntitle = { ko = \"표\", en = \"Table\" }\n";

    fn table(routes: &str) -> Result<PathTable, String> {
        PathTable::parse("t.toml", &format!("{HEAD}{routes}")).map_err(|error| error.to_string())
    }

    #[test]
    fn exact_before_patterns_and_nothing_is_guessed() {
        let table = table(
            r#"
[[route]]
method = "GET"
path = "/orders/{id}"
effect = "read"
[[route]]
method = "GET"
path = "/orders/open"
effect = "cancel"
"#,
        )
        .unwrap();
        let effect = |method, path| table.find(method, path).map(|route| route.effect.as_str());
        assert_eq!(effect("GET", "/orders/7"), Some("read"));
        assert_eq!(effect("GET", "/orders/open"), Some("cancel"));
        for (method, path) in [
            ("POST", "/orders/7"),
            ("GET", "/orders/"),
            ("GET", "/orders"),
            ("GET", "/orders/7/x"),
            ("get", "/orders/7"),
        ] {
            assert_eq!(effect(method, path), None, "{method} {path}");
        }
        assert_eq!(segment("/a/{market}/b", "/a/KRW-BTC/b", "market"), Some("KRW-BTC"));
    }

    #[test]
    fn faults_are_told_by_their_place() {
        let said = table("[[route]]\nmethod = \"GET\"\npath = \"orders\"\neffect = \"read\"\n").unwrap_err();
        insta::assert_snapshot!(said, @r"
        the mapping cannot be used
          t.toml:5:1: route `GET orders`: a path begins with `/` and has no query
        ");
        let said = table("[[route]]\nmethod = \"GET\"\npath = \"/a\"\neffect = \"reed\"\n").unwrap_err();
        insta::assert_snapshot!(said, @r"
        the mapping cannot be used
          t.toml:8:10: unknown effect `reed`, expected one of `read`, `cancel`, `order`, `transfer`
        ");
    }
}

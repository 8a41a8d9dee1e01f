//! A request as an access log has it: method, path, query, and the route that the path table knows of it.

use crate::paths::{PathTable, Route, segment};
use std::borrow::Cow;

/// Longest path that is written into a line where no route is known, in characters.
const PATH_CHARS_MAX: usize = 256;

/// One request, taken apart.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: Cow<'a, str>,
    pub(crate) path: Cow<'a, str>,
    pub(crate) query: Cow<'a, str>,
    pub(crate) upgrade: bool,
    pub(crate) route: Option<&'a Route>,
}

/// `GET /v1/orders?x=1 HTTP/1.1` as method and target.
pub(crate) fn request_line(text: &str) -> Option<(&str, &str)> {
    let (method, rest) = text.split_once(' ')?;
    let target =
        rest.rsplit_once(' ').filter(|(_, protocol)| protocol.starts_with("HTTP/")).map_or(rest, |(t, _)| t);
    (!method.is_empty() && !target.is_empty() && !target.contains(' ')).then_some((method, target))
}

impl<'a> Request<'a> {
    pub(crate) fn of(
        method: Cow<'a, str>,
        target: &str,
        upgrade: bool,
        strip: Option<&str>,
        table: Option<&'a PathTable>,
    ) -> Self {
        // A target may come with its host, from clients of a forward proxy.
        let bare = target.strip_prefix("https://").or_else(|| target.strip_prefix("http://"));
        let target = bare.map_or(target, |rest| rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"));
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = query.split_once('#').map_or(query, |(query, _)| query);
        let path = strip.and_then(|strip| path.strip_prefix(strip)).unwrap_or(path);
        let route = table.and_then(|table| table.find(&method, path));
        Self {
            method,
            path: Cow::Owned(path.to_owned()),
            query: Cow::Owned(query.to_owned()),
            upgrade,
            route,
        }
    }

    /// The route's path, or what was called where no route is known.
    pub(crate) fn route(&self) -> String {
        self.route
            .map_or_else(|| self.path.chars().take(PATH_CHARS_MAX).collect(), |route| route.path.clone())
    }

    pub(crate) fn channel(&self) -> &'static str {
        if self.upgrade || self.route.is_some_and(|route| route.stream) { "websocket" } else { "rest" }
    }

    /// The market, where query or path name it.
    pub(crate) fn market(&self) -> Option<String> {
        let route = self.route?;
        let name = route.market_param.as_deref()?;
        segment(&route.path, &self.path, name).map(str::to_owned).or_else(|| self.param(name))
    }

    /// A parameter of the query; `None` where it is there more than once, as nobody knows which one counted.
    pub(crate) fn param(&self, name: &str) -> Option<String> {
        let mut found = self.query.split('&').filter_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(key)? == name).then(|| decoded(value))
        });
        let value = found.next()??;
        (found.next().is_none() && !value.is_empty()).then_some(value)
    }
}

/// Percent signs and pluses undone; `None` where that makes no text.
fn decoded(text: &str) -> Option<String> {
    if !text.contains(['%', '+']) {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |b: u8| char::from(b).to_digit(16);
                let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
                u8::try_from(high * 16 + low).ok()?
            }
            plain => plain,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_lines() {
        assert_eq!(request_line("GET /a?b=1 HTTP/1.1"), Some(("GET", "/a?b=1")));
        assert_eq!(request_line("GET /a"), Some(("GET", "/a")));
        for bad in ["", "-", "\\x16\\x03", "GET", "GET /a b HTTP/1.1", " /a HTTP/1.1"] {
            assert_eq!(request_line(bad), None, "{bad}");
        }
    }

    #[test]
    fn targets_and_parameters() {
        let of = |target: &str| Request::of("GET".into(), target, false, Some("/api"), None);
        let request = of("/api/v1/orders?market=KRW%2DBTC&a=1&a=2&b=x+y&c=%ff&d");
        assert_eq!(request.path, "/v1/orders");
        assert_eq!(request.param("market").as_deref(), Some("KRW-BTC"));
        assert_eq!(request.param("a"), None, "twice");
        assert_eq!(request.param("b").as_deref(), Some("x y"));
        assert_eq!((request.param("c"), request.param("d"), request.param("e")), (None, None, None));
        assert_eq!(of("https://api.example.com/v1/a?x=1").path, "/v1/a");
        assert_eq!(of("https://api.example.com").path, "/");
        assert_eq!(of("/other").route(), "/other");
    }
}

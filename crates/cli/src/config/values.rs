//! Types of configuration values that are this crate's own: parsed once, so that a role gets no raw text.

use super::section::kinds;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;
use sumun_model::GateId;

kinds! {
    Upstream => Text,
    Vec<CanaryTarget> => List,
    UpstreamHost => Text,
    Mode => Text,
    Dialect => Text,
    UnknownFields => Text,
    WebAddress => Text,
    Vec<WebOrigin> => List,
}

/// Where allowed requests go: `http://host:port`, nothing behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    authority: http::uri::Authority,
}

/// Text that is not an upstream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// TLS.
    #[error(
        "`{0}` asks for https, which a gate does not speak to its upstream yet; put it beside a TLS-terminating \
         hop and write `http://host:port`"
    )]
    Https(String),
    /// Not `http://host:port`.
    #[error("`{0}` is not an upstream such as `http://127.0.0.1:9000`")]
    Malformed(String),
    /// Something behind the host.
    #[error("`{0}` has a path, a query or credentials; an upstream is `http://host:port` and nothing more")]
    NotBare(String),
}

impl Upstream {
    /// Host and port as written; port 80 if none is.
    #[must_use]
    pub fn authority(&self) -> &http::uri::Authority {
        &self.authority
    }

    /// The host, brackets around an IPv6 address included.
    #[must_use]
    pub fn host(&self) -> &str {
        self.authority.host()
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.authority.port_u16().unwrap_or(80)
    }

    #[cfg(test)]
    fn read(text: &str) -> Result<Self, UpstreamError> {
        text.parse()
    }
}

impl Default for Upstream {
    fn default() -> Self {
        Self { authority: http::uri::Authority::from_static("127.0.0.1:9000") }
    }
}

impl FromStr for Upstream {
    type Err = UpstreamError;

    fn from_str(text: &str) -> Result<Self, UpstreamError> {
        let shown: String = text.chars().take(200).collect();
        let lower = text.to_ascii_lowercase();
        if lower.starts_with("https:") || lower.starts_with("wss:") {
            return Err(UpstreamError::Https(shown));
        }
        let malformed = || UpstreamError::Malformed(shown.clone());
        let uri: http::Uri = text.parse().map_err(|_| malformed())?;
        let parts = uri.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err(malformed());
        };
        if parts.path_and_query.is_some_and(|path| path != "/") || authority.as_str().contains('@') {
            // Credentials may stand there: not shown.
            return Err(UpstreamError::NotBare(format!("http://{}…", authority.host())));
        }
        // The parser takes a port that is no number for none at all.
        let port = authority.port_u16().filter(|port| *port != 0);
        let portless = authority.as_str() == authority.host();
        if scheme != http::uri::Scheme::HTTP || authority.host().is_empty() || (port.is_none() && !portless) {
            return Err(malformed());
        }
        Ok(Self { authority })
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.authority)
    }
}

impl Serialize for Upstream {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Upstream {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

/// Where canaries try a gate: `gate-id=http://host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanaryTarget {
    /// The gate, as it is enrolled.
    pub gate: GateId,
    /// Where its clients reach it.
    pub at: Upstream,
}

/// Text that is not a canary's target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CanaryTargetError {
    /// No `=`, or no id before it.
    #[error("`{0}` is not a target such as `gate-1=http://127.0.0.1:8080`")]
    Malformed(String),
    /// The address.
    #[error(
        "`{0}` does not say where gate `{1}` is reached; write `{1}=http://host:port`, with nothing behind it"
    )]
    Address(String, GateId),
}

impl FromStr for CanaryTarget {
    type Err = CanaryTargetError;

    fn from_str(text: &str) -> Result<Self, CanaryTargetError> {
        let malformed = || CanaryTargetError::Malformed(text.chars().take(200).collect());
        let (gate, at) = text.split_once('=').ok_or_else(malformed)?;
        let gate = GateId::new(gate.trim()).map_err(|_| malformed())?;
        // What cannot be read may hold credentials: only its scheme is shown.
        let scheme = at.trim().split_once("://").map_or("…", |(scheme, _)| scheme);
        let shown = || format!("{}://…", scheme.chars().take(20).collect::<String>());
        let at = at.trim().parse().map_err(|_| CanaryTargetError::Address(shown(), gate.clone()))?;
        Ok(Self { gate, at })
    }
}

impl fmt::Display for CanaryTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.gate, self.at)
    }
}

impl Serialize for CanaryTarget {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CanaryTarget {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

/// An address that browsers open: `http://` or `https://`, a host, perhaps a port and a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebAddress(String);

/// Text that is no address for browsers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an address for browsers such as `https://console.exchange.example`")]
pub struct WebAddressError(String);

impl WebAddress {
    /// As written, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WebAddress {
    type Err = WebAddressError;

    fn from_str(text: &str) -> Result<Self, WebAddressError> {
        // What stands behind the scheme may hold credentials: not shown.
        let scheme: String =
            text.split_once("://").map_or("…", |(scheme, _)| scheme).chars().take(20).collect();
        let no = || WebAddressError(format!("{scheme}://…"));
        let uri: http::Uri = text.parse().map_err(|_| no())?;
        let host = uri.authority().map(|authority| (authority.host(), authority.as_str().contains('@')));
        match (uri.scheme_str(), host) {
            (Some("http" | "https"), Some((host, false))) if !host.is_empty() => {
                Ok(Self(text.trim_end_matches('/').to_owned()))
            }
            _ => Err(no()),
        }
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for WebAddress {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WebAddress {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

/// Whose pages something comes from: `http://` or `https://`, a host, perhaps a port, and nothing behind it. Written as browsers write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebOrigin(String);

/// Text that is no origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not an origin such as `https://exchange.example`; write scheme, host and, unless it is the usual one, port, and nothing more"
)]
pub struct WebOriginError(String);

impl FromStr for WebOrigin {
    type Err = WebOriginError;

    fn from_str(text: &str) -> Result<Self, WebOriginError> {
        let address: WebAddress = text.parse().map_err(|WebAddressError(shown)| WebOriginError(shown))?;
        let no = || WebOriginError(text.chars().take(200).collect());
        let uri: http::Uri = address.as_str().parse().map_err(|_| no())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(no()) };
        let usual = if scheme == "https" { 443 } else { 80 };
        let port = authority.port_u16().filter(|port| *port != 0);
        // The parser takes a port that is no number for none at all.
        let whole = port.is_some() || authority.as_str() == authority.host();
        if !whole || uri.path_and_query().is_some_and(|path| path != "/") || text.contains(['*', '#']) {
            return Err(no());
        }
        let host = authority.host().to_ascii_lowercase();
        let port = port.filter(|port| *port != usual).map(|port| format!(":{port}")).unwrap_or_default();
        Ok(Self(format!("{scheme}://{host}{port}")))
    }
}

impl fmt::Display for WebOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for WebOrigin {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WebOrigin {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

/// Which `Host` header the upstream sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpstreamHost {
    /// The client's own.
    #[default]
    Keep,
    /// The upstream's host and port.
    Upstream,
}

/// Whether refusals refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// They do.
    #[default]
    Enforce,
    /// They are recorded (`enforced: false`) and every request passes.
    Shadow,
}

/// What becomes of fields that nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownFields {
    /// They refuse what they stand in.
    #[default]
    Error,
    /// They are dropped and counted.
    Count,
}

/// Which exchange's language the clients speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// Upbit.
    #[default]
    Upbit,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upstreams_that_are() {
        for good in
            ["http://127.0.0.1:9000", "http://venue.example", "http://[::1]:80/", "HTTP://venue.example:1"]
        {
            let upstream = Upstream::read(good).unwrap();
            assert_eq!(upstream.to_string().parse::<Upstream>().unwrap(), upstream, "{good}");
        }
        assert_eq!(Upstream::read("http://venue.example").unwrap().port(), 80);
    }

    #[test]
    fn targets_of_canaries() {
        let target: CanaryTarget = " gate-1 = http://192.0.2.1:8080 ".parse().unwrap();
        assert_eq!(target.to_string(), "gate-1=http://192.0.2.1:8080");
        for bad in ["", "gate-1", "=http://h:1", "gate-1=", "gate-1=h:1", "gate-1=http://name:made-up@h"] {
            let Err(error) = bad.parse::<CanaryTarget>() else { panic!("{bad} was taken for a target") };
            assert!(!error.to_string().contains("made-up"), "{error}");
        }
    }

    #[test]
    fn addresses_for_browsers() {
        for good in
            ["http://analyst.localhost:8070", "https://console.exchange.example/", "https://[::1]:1/a?b=c"]
        {
            let address: WebAddress = good.parse().unwrap();
            assert_eq!(address.as_str(), good.trim_end_matches('/'));
        }
        for bad in [
            "",
            "console.example",
            "javascript:alert(1)",
            "ftp://h",
            "https://",
            "https://name:made-up@h",
            "data:,x",
        ] {
            let Err(error) = bad.parse::<WebAddress>() else { panic!("{bad} was taken for an address") };
            assert!(!error.to_string().contains("made-up"), "{error}");
        }
    }

    #[test]
    fn origins_of_pages() {
        for (written, origin) in [
            ("https://exchange.example", "https://exchange.example"),
            ("https://Exchange.Example:443/", "https://exchange.example"),
            ("http://owner.localhost:8090", "http://owner.localhost:8090"),
            ("https://[::1]:8443", "https://[::1]:8443"),
        ] {
            assert_eq!(written.parse::<WebOrigin>().unwrap().to_string(), origin);
        }
        for bad in [
            "",
            "null",
            "exchange.example",
            "https://exchange.example/keys",
            "https://exchange.example?x",
            "https://exchange.example#x",
            "https://*.exchange.example",
            "https://exchange.example:",
            "https://exchange.example:0",
            "https://name:made-up@exchange.example",
            "file:///x",
        ] {
            let Err(error) = bad.parse::<WebOrigin>() else { panic!("{bad} was taken for an origin") };
            assert!(!error.to_string().contains("made-up"), "{error}");
        }
    }

    #[test]
    fn upstreams_that_are_not() {
        for bad in [
            "",
            "venue.example",
            "127.0.0.1:9000",
            "ftp://x",
            "http://",
            "http://:80",
            "http://h:0",
            "http://h:99999",
            "http://h:",
            "http://h/path",
            "http://h/?q",
            "http://name:made-up-password@h",
            "https://h",
            "wss://h",
        ] {
            let Err(error) = Upstream::read(bad) else { panic!("{bad} was taken for an upstream") };
            assert!(!error.to_string().contains("made-up-password"), "{error}");
        }
    }
}

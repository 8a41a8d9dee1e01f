//! One request as a handler sees it: everything read and checked that can be without knowing what it means.

use crate::authenticate::SignedIn;
use crate::browsers::Front;
use crate::encoding::Encoding;
use crate::operation::Operation;
use crate::parameter::PAGE_DEFAULT;
use crate::problem::Problem;
use crate::server::Server;
use crate::strict;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Method};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use sumun_govern::Actor;
use sumun_govern::Call;
use sumun_govern::govern::store_refusal;
use sumun_store::{Filter, Table};

/// One request.
pub(crate) struct Asked {
    pub(crate) server: Arc<Server>,
    pub(crate) signed_in: Option<SignedIn>,
    pub(crate) path: Vec<(String, String)>,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
    /// The body where its operation reads it as it comes; taken once.
    pub(crate) stream: Mutex<Option<Body>>,
    /// How the body is packed, where its operation takes that.
    pub(crate) encoding: Encoding,
    /// What the sender says the body's digest is.
    pub(crate) digest: Option<String>,
    /// How the use case is to be called.
    pub(crate) call: Call,
    /// Which listener it came by.
    pub(crate) front: Front,
    /// It does not say that a page of another host had it sent.
    pub(crate) own_origin: bool,
    /// The client's address, if a connection brought the request.
    pub(crate) source: Option<IpAddr>,
}

impl Asked {
    /// Who asks. Operations that anyone may call have nobody.
    pub(crate) fn actor(&self) -> Result<&Actor, Problem> {
        self.signed_in
            .as_ref()
            .map(|signed_in| &signed_in.actor)
            .ok_or_else(|| Problem::unauthenticated("nobody is signed in"))
    }

    /// A parameter of the path.
    pub(crate) fn path(&self, name: &str) -> Result<&str, Problem> {
        let found = self.path.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).ok_or_else(|| {
            Problem::bad_request(
                "bad_path",
                format!("`{name}` is missing from the path"),
                "see /v1/openapi.json",
            )
        })
    }

    /// A parameter of the query.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// A parameter of the query that is a whole number; its bounds are checked already.
    pub(crate) fn query_number(&self, name: &str) -> Option<u64> {
        self.query(name).and_then(|text| text.parse().ok())
    }

    /// The body as `T`.
    pub(crate) fn body<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        strict::read(&self.body)
    }

    /// The body as the use case's request `G`, after it was read as what the document says of it, `T`.
    pub(crate) fn body_as<T: DeserializeOwned, G: DeserializeOwned>(&self) -> Result<G, Problem> {
        self.body::<T>()?;
        strict::read_lines(&self.body)
    }

    /// The body as it comes; none if it was read before, or taken already.
    pub(crate) fn stream(&self) -> Option<Body> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// An id of the path as its type.
    pub(crate) fn id<I: std::str::FromStr<Err: std::fmt::Display>>(&self, name: &str) -> Result<I, Problem> {
        self.path(name)?.parse().map_err(|error: I::Err| {
            Problem::bad_request("bad_path", error.to_string(), "check the id").at(name)
        })
    }

    /// The page that is asked for, one row more than is shown.
    pub(crate) fn page(&self) -> Filter {
        let limit = u32::try_from(self.limit()).unwrap_or(u32::MAX).saturating_add(1);
        Filter {
            equals: Vec::new(),
            after: self.query("after").map(str::to_owned),
            limit,
            ..Filter::default()
        }
    }

    /// The same of a list whose places are ids of this table's rows, which are never taken away: one that is none was never given out, and would
    /// silently show another place, or an end that is none. A customer is not told whether an id is there that he may not see.
    ///
    /// # Errors
    /// `cursor_unknown`; the store's.
    pub(crate) async fn page_of(&self, table: &'static Table) -> Result<Filter, Problem> {
        let page = self.page();
        let outside = self.actor()?.roles.iter().any(|role| role.is_customer());
        if let Some(after) = page.after.as_deref().filter(|_| !outside)
            && self.server.govern.store.get(table, after).await.map_err(store_refusal)?.is_none()
        {
            return Err(cursor_unknown());
        }
        Ok(page)
    }

    /// Most rows that are shown.
    pub(crate) fn limit(&self) -> u64 {
        self.query_number("limit").unwrap_or(PAGE_DEFAULT)
    }
}

/// No page ever ended there.
pub(crate) fn cursor_unknown() -> Problem {
    Problem::bad_request(
        "cursor_unknown",
        "`after` is not the `next` of any page of this list",
        "send the `next` of the page before as it came, or leave `after` out to begin anew",
    )
    .at("after")
}

/// How the use case is to be called: `Idempotency-Key`, `If-Match`, `dry_run`.
pub(crate) fn call(
    operation: &Operation,
    method: &Method,
    path: &str,
    query: &[(&'static str, String)],
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Call, Problem> {
    if !operation.write {
        return Ok(Call::default());
    }
    let dry_run = query.iter().any(|(name, value)| *name == "dry_run" && value == "true");
    Ok(Call {
        dry_run,
        idempotency: repeat_key(method, path, query, headers, body, dry_run)?,
        if_match: if_match(headers)?,
    })
}

fn repeat_key(
    method: &Method,
    path: &str,
    query: &[(&'static str, String)],
    headers: &HeaderMap,
    body: &[u8],
    dry_run: bool,
) -> Result<Option<(String, String)>, Problem> {
    const REMEDY: &str = "send an `Idempotency-Key` of 8 to 128 letters, digits, `-`, `_`, `.` or `:`, new for each new \
                          request and the same when you repeat one; `?dry_run=true` needs none";
    if dry_run {
        return Ok(None);
    }
    let mut keys = headers.get_all("idempotency-key").iter();
    let (key, more) = (keys.next(), keys.next());
    let Some(key) = key else {
        return Err(Problem::bad_request(
            "idempotency_key_missing",
            "a write needs an `Idempotency-Key`",
            REMEDY,
        )
        .at("Idempotency-Key"));
    };
    let good = |text: &&str| {
        (8..=128).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':'))
    };
    let Some(key) = key.to_str().ok().filter(good).filter(|_| more.is_none()) else {
        return Err(Problem::bad_request(
            "idempotency_key_bad",
            "the `Idempotency-Key` is too short, too long, holds another character, or stands twice",
            REMEDY,
        )
        .at("Idempotency-Key"));
    };
    let mut digest = Sha256::new();
    for part in [method.as_str().as_bytes(), path.as_bytes()] {
        digest.update(part);
        digest.update([0]);
    }
    for (name, value) in query.iter().filter(|(name, _)| *name != "dry_run") {
        digest.update(format!("{name}={value}\0"));
    }
    digest.update(body);
    Ok(Some((key.to_owned(), hex::encode(digest.finalize()))))
}

/// The version that the caller saw. 0 is that of what nobody has set yet, and is repeated back like any other.
fn if_match(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let mut seen = headers.get_all(http::header::IF_MATCH).iter();
    let (first, more) = (seen.next(), seen.next());
    let Some(first) = first else { return Ok(None) };
    let version = first
        .to_str()
        .ok()
        .and_then(|text| text.strip_prefix('"')?.strip_suffix('"')?.parse::<i64>().ok())
        .filter(|version| *version >= 0 && more.is_none());
    version.map(Some).ok_or_else(|| {
        Problem::bad_request(
            "if_match_bad",
            "`If-Match` is not one version in quotes, such as `\"3\"`",
            "send the `ETag` that the resource was read with, or leave it out",
        )
        .at("If-Match")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access;
    use crate::operation::operation;

    fn called(headers: &[(&'static str, &'static str)], dry_run: bool, body: &str) -> Result<Call, String> {
        let mut operation = operation(&access::SESSION_CREATE, "t", "s");
        operation.write = true;
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let query = if dry_run { vec![("dry_run", "true".to_owned())] } else { vec![] };
        call(&operation, &Method::POST, "/v1/keys", &query, &map, body.as_bytes())
            .map_err(|problem| problem.code.to_owned())
    }

    #[test]
    fn a_write_is_repeatable_or_it_is_not_taken() {
        let missing = Err("idempotency_key_missing".to_owned());
        let bad = Err("idempotency_key_bad".to_owned());
        assert_eq!(called(&[], false, ""), missing);
        assert!(called(&[], true, "").unwrap().dry_run);
        for key in ["short", "with space", "ünïcödé-key", &"k".repeat(129)[..]] {
            let key: &'static str = key.to_owned().leak();
            assert_eq!(called(&[("idempotency-key", key)], false, ""), bad, "{key}");
        }
        assert_eq!(
            called(&[("idempotency-key", "12345678"), ("idempotency-key", "12345678")], false, ""),
            bad
        );
    }

    #[test]
    fn the_same_key_with_another_body_is_another_request() {
        let request =
            |body| called(&[("idempotency-key", "12345678")], false, body).unwrap().idempotency.unwrap().1;
        assert_eq!(request("{}"), request("{}"));
        assert_ne!(request("{}"), request("{ }"));
    }

    #[test]
    fn if_match_is_one_version_in_quotes() {
        let version = |value| {
            called(&[("idempotency-key", "12345678"), ("if-match", value)], false, "").map(|c| c.if_match)
        };
        assert_eq!(version("\"3\""), Ok(Some(3)));
        assert_eq!(version("\"0\""), Ok(Some(0)));
        for bad in ["3", "*", "W/\"3\"", "\"3\", \"4\"", "\"-1\"", "\"x\""] {
            assert_eq!(version(bad), Err("if_match_bad".to_owned()), "{bad}");
        }
    }
}

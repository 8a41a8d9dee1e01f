//! The OpenAPI 3.1 document, written from the operations themselves.
//!
//! Every status an operation can answer stands in it: the given ones, and the problems, the same for all.

use crate::access::{Access, Row};
use crate::browsers::Front;
use crate::operation::{Operation, Schemas, reference};
use crate::parameter::Kind;
use crate::problem::ProblemDocument;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use sumun_govern::Role;

/// Every problem an operation may answer, and what it means. One list for all: a front may add any of them to any operation.
const PROBLEMS: &[(u16, &str)] = &[
    (400, "The request cannot be read."),
    (401, "Nobody is signed in, or a second factor is needed first (RFC 9470)."),
    (403, "Not for this role."),
    (404, "No such thing, or none that this principal may see."),
    (405, "No such method here; `Allow` names those there are."),
    (409, "The state does not allow it, or somebody was faster."),
    (412, "The version in `If-Match` is not the present one."),
    (413, "The body is too large."),
    (415, "The body is of another content type."),
    (422, "Something in the request may not be so."),
    (429, "Too many attempts; `Retry-After` says when."),
    (503, "The record cannot be read or written at the moment."),
];

const TAGS: &[(&str, &str)] = &[
    ("sessions", "Signing in · 로그인"),
    ("users", "Staff and machines · 직원과 시스템 토큰"),
    (
        "parties",
        "Customers, persons, accounts, operators, vendors, delegations · 고객, 개인, 계정, 운용자, 외부 업체, 위임",
    ),
    ("keys", "API keys, from request to end · API 키의 신청부터 종료까지"),
    ("approvals", "The second pair of eyes · 승인"),
    ("campaigns", "Who uses keys that are there already · 키 사용자 등록 캠페인"),
    ("gates", "Gates and their receipts · 게이트와 이행 확인서"),
    ("actuator", "What an exchange with its own gateway was told to do · 거래소 게이트웨이에서의 조치"),
    ("ledger", "The record and its proofs · 원장과 증명"),
    ("feed", "Key state for gates · 게이트용 키 상태"),
    ("canaries", "Keys ended to prove that ending works · 점검용 키"),
    ("venue", "The venue's own facts · 거래소 설정"),
    ("service", "Health, metrics and this document · 상태와 지표"),
];

/// The document as pretty JSON with a newline at its end.
pub(crate) fn write<'a>(operations: impl Iterator<Item = &'a Operation>) -> String {
    let mut schemas = Schemas::new();
    let problem = reference::<ProblemDocument>(&mut schemas);
    reference::<crate::text::Id>(&mut schemas);
    reference::<crate::text::Reason>(&mut schemas);
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for operation in operations {
        schemas.extend(operation.schemas.clone());
        let method = operation.row.method.as_str().to_lowercase();
        paths.entry(operation.row.path).or_default().insert(method, describe(operation));
    }
    let responses: Map<String, Value> = PROBLEMS
        .iter()
        .map(|(status, about)| (problem_name(*status), problem_response(*status, about, &problem)))
        .collect();
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Sumun",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Keys live in govern, die everywhere, and the ledger proves it. Errors are problem documents (RFC 9457) with \
                a stable `code` and a `remedy`. Every write takes an `Idempotency-Key`; `?dry_run=true` shows its plan and writes nothing. \
                Single resources carry an `ETag`, which `If-Match` compares. Lists are paged by `after` and `limit`.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "tags": TAGS.iter().map(|(name, about)| json!({ "name": name, "description": about })).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": responses,
            "parameters": {
                "IdempotencyKey": {
                    "name": "Idempotency-Key", "in": "header", "required": false,
                    "description": "New for each new request, the same when one is repeated. Needed unless `dry_run` is `true`.",
                    "schema": { "type": "string", "pattern": "^[A-Za-z0-9_.:-]{8,128}$", "minLength": 8, "maxLength": 128 },
                },
                "IfMatch": {
                    "name": "If-Match", "in": "header", "required": false,
                    "description": "The `ETag` the resource was read with.",
                    "schema": { "type": "string", "pattern": "^\"[1-9][0-9]{0,17}\"$" },
                },
            },
            "securitySchemes": {
                "bearer": {
                    "type": "http", "scheme": "bearer",
                    "description": "A session's token, a machine's API token, or a gate's signature of this very request.",
                },
                "staff_cookie": {
                    "type": "apiKey", "in": "cookie", "name": crate::cookie::name(Front::Staff, false),
                    "description": "Staff's session, signed in with `keep: \"cookie\"` on the control plane's listener. Over TLS its name is `__Host-sumun_staff`. What is no GET must carry an `Origin` of this host.",
                },
                "owner_cookie": {
                    "type": "apiKey", "in": "cookie", "name": crate::cookie::name(Front::Owner, false),
                    "description": "A customer's session, on the owner's listener. Over TLS its name is `__Host-sumun_owner`. What is no GET must carry an `Origin` of this host.",
                },
            },
        },
    });
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn problem_name(status: u16) -> String {
    format!("Problem{status}")
}

fn problem_response(status: u16, about: &str, schema: &Value) -> Value {
    let mut response = json!({
        "description": about,
        "content": { "application/problem+json": { "schema": schema } },
    });
    let header = match status {
        401 => Some("WWW-Authenticate"),
        405 => Some("Allow"),
        429 | 503 => Some("Retry-After"),
        _ => None,
    };
    if let (Some(header), Some(response)) = (header, response.as_object_mut()) {
        response.insert("headers".to_owned(), json!({ header: { "schema": { "type": "string" } } }));
    }
    response
}

fn describe(operation: &Operation) -> Value {
    let row = operation.row;
    let mut parameters: Vec<Value> = path_names(row.path)
        .map(|name| {
            json!({ "name": name, "in": "path", "required": true, "schema": Kind::of_path(name).schema() })
        })
        .collect();
    parameters.extend(operation.query.iter().map(|parameter| {
        json!({
            "name": parameter.name, "in": "query", "required": parameter.required,
            "description": parameter.about, "schema": parameter.kind.schema(),
        })
    }));
    if operation.write {
        parameters.push(json!({ "$ref": "#/components/parameters/IdempotencyKey" }));
        parameters.push(json!({ "$ref": "#/components/parameters/IfMatch" }));
    }
    let mut described = json!({
        "operationId": row.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": about(operation),
        "responses": responses(operation),
        "security": security(row),
    });
    if let Some(described) = described.as_object_mut() {
        if !parameters.is_empty() {
            described.insert("parameters".to_owned(), json!(parameters));
        }
        if let Some(taken) = &operation.takes {
            described.insert(
                "requestBody".to_owned(),
                json!({ "required": true, "content": { taken.content_type: { "schema": taken.schema } } }),
            );
        }
    }
    described
}

/// How one signs in for it.
fn security(row: &Row) -> Value {
    if matches!(row.access, Access::Anyone) {
        return json!([]);
    }
    let staff = Role::ALL.iter().any(|role| role.is_staff() && row.allows(&[*role]));
    let cookies = [("staff_cookie", staff), ("owner_cookie", row.is_for_owners())];
    let cookies = cookies.into_iter().filter(|(_, may)| *may).map(|(name, _)| json!({ name: [] }));
    std::iter::once(json!({ "bearer": [] })).chain(cookies).collect()
}

fn about(operation: &Operation) -> String {
    let who = format!("For: {}.", operation.row.allowed());
    let own = if operation.row.owned { " Customers: their own only." } else { "" };
    let more = if operation.about.is_empty() { String::new() } else { format!("{} ", operation.about) };
    format!("{more}{who}{own}")
}

fn responses(operation: &Operation) -> Map<String, Value> {
    let mut responses = Map::new();
    for given in &operation.gives {
        if let (Some(content_type), Some(content)) = (
            given.content_type,
            responses
                .get_mut(given.status.as_str())
                .and_then(|known: &mut Value| known.get_mut("content")?.as_object_mut()),
        ) {
            // Another form of the same answer.
            content.insert(content_type.to_owned(), json!({ "schema": given.schema }));
            continue;
        }
        let mut response = json!({ "description": given.about });
        if let Some(response) = response.as_object_mut() {
            if let Some(content_type) = given.content_type {
                response.insert("content".to_owned(), json!({ content_type: { "schema": given.schema } }));
            }
            if operation.versioned {
                let etag = json!({ "ETag": { "description": "The version of what is shown, for `If-Match`. Of a key, whoever does not see all of it gets a number made of what he sees.", "schema": { "type": "string" } } });
                response.insert("headers".to_owned(), etag);
            }
        }
        responses.insert(given.status.as_u16().to_string(), response);
    }
    for (status, _) in PROBLEMS {
        // Health answers 503 with its own text.
        responses.entry(status.to_string()).or_insert_with(
            || json!({ "$ref": format!("#/components/responses/{}", problem_name(*status)) }),
        );
    }
    responses
}

fn path_names(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_parameters_are_those_in_braces() {
        assert_eq!(path_names("/v1/keys/{key}/expire").collect::<Vec<_>>(), ["key"]);
        assert!(path_names("/healthz").next().is_none());
    }

    #[test]
    fn a_name_is_one_schema() {
        let mut all = Schemas::new();
        for operation in crate::resources::all().operations() {
            for (name, schema) in &operation.schemas {
                let known = all.entry(name.clone()).or_insert_with(|| schema.clone());
                assert_eq!(known, schema, "two shapes are called `{name}`");
            }
        }
    }
}

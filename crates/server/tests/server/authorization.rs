//! Every operation × every role: what the table of the tests says is what the code says, and what a server does.

use crate::bench::{Bench, token_of};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use sumun_govern::Role;
use sumun_server::access::{ALL, Access, Row};

const TABLE: &str = include_str!("data/authorization.tsv");

/// Operation → role → expectation, as the table of the tests has it.
fn table() -> BTreeMap<&'static str, BTreeMap<&'static str, &'static str>> {
    let mut lines = TABLE.lines();
    let roles: Vec<_> = lines.next().unwrap().split('\t').skip(1).collect();
    lines
        .map(|line| {
            let mut cells = line.split('\t');
            let operation = cells.next().unwrap();
            let cells: Vec<_> = cells.collect();
            assert_eq!(cells.len(), roles.len(), "{operation}");
            (operation, roles.iter().copied().zip(cells).collect())
        })
        .collect()
}

fn as_the_code_says() -> String {
    let roles: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
    let mut text = format!("operation\t{}\n", roles.join("\t"));
    for row in ALL {
        let cells: Vec<_> = Role::ALL.iter().map(|role| row.expectation(*role).as_str()).collect();
        text.push_str(&format!("{}\t{}\n", row.id, cells.join("\t")));
    }
    text
}

#[test]
fn every_operation_has_a_case_for_every_role() {
    let (table, code) = (table(), as_the_code_says());
    for row in ALL {
        let cases = table
            .get(row.id)
            .unwrap_or_else(|| panic!("no case for `{}` in tests/server/data/authorization.tsv", row.id));
        for role in Role::ALL {
            assert_eq!(
                cases.get(role.as_str()),
                Some(&row.expectation(*role).as_str()),
                "{} as {}",
                row.id,
                role.as_str()
            );
        }
    }
    assert_eq!(table.len(), ALL.len(), "a case for an operation that is none");
    assert_eq!(TABLE, code);
}

/// A body with which an operation gets as far as asking who calls.
fn body(row: &Row) -> Option<Value> {
    let reason = json!({ "reason": "a made-up reason" });
    Some(match row.id {
        "customer_put" => json!({ "segment": "retail" }),
        "person_put" => json!({ "customer": "C9", "role": "owner" }),
        "account_put" => json!({ "customer": "C9", "segment": "retail" }),
        "operator_put" => json!({ "kind": "desk", "customer": "C9" }),
        "vendor_put" => json!({ "name": "v", "class": "tool", "scopes": ["read"] }),
        "vendor_state" => json!({ "state": "suspended", "reason": "a made-up reason" }),
        "delegation_put" => {
            json!({ "account": "A9", "operator": "O9", "scopes": ["read"], "from": "2026-11-02T00:00:00Z", "until": "2026-11-03T00:00:00Z" })
        }
        "user_invite" => json!({ "user": "somebody", "name": "s", "roles": ["viewer"] }),
        "user_roles" => json!({ "roles": ["viewer"], "reason": "a made-up reason" }),
        "token_create" => json!({ "name": "t", "roles": ["viewer"], "expires": "2026-12-01T00:00:00Z" }),
        "key_request" => json!({ "account": "A9" }),
        "key_approve" | "key_revoke" | "key_rotate" => json!({}),
        "key_allowlist" => json!({ "allowlist": [] }),
        "key_scopes" => json!({ "scopes": ["read"] }),
        "key_hold" => {
            json!({ "reason": "a made-up reason", "lesser": "a made-up reason", "review_by": "user:x" })
        }
        "key_expire" => json!({ "reason": "a made-up reason", "lesser": "a made-up reason" }),
        "question_answer" => json!({ "answer": "me" }),
        "address_register" | "address_remove" => json!({ "prefix": "203.0.113.9" }),
        "verification_test" | "verification_step" | "notice_acknowledge" => return None,
        "verification_rotate" => json!({}),
        "notice_confirm" => json!({ "delivered": true, "proof": "a made-up receipt" }),
        "objection_make" => json!({ "notice": "unknown-1", "text": "a made-up objection" }),
        "case_assign" => json!({ "assignee": "user:x" }),
        "case_comment" => json!({ "text": "a made-up comment" }),
        "case_step" | "task_finish" => json!({ "result": "a made-up result" }),
        "case_decide" => {
            json!({ "decisions": [{ "key": "K9", "choice": "keep", "reason": "a made-up reason" }] })
        }
        "case_close" => json!({ "outcome": "benign", "reason": "a made-up reason" }),
        "policy_propose" | "policy_dry_run" => json!({ "text": "no policy" }),
        "approval_decide" => json!({ "decision": "approve" }),
        "venue_put" => json!({}),
        "ramp_put" => json!({ "ramp": {}, "reason": "a made-up reason" }),
        "campaign_propose" => json!({ "reason": "a made-up reason", "plan": { "name": "c", "terms": "2",
            "announce": "2027-01-04T00:00:00Z", "opens": "2027-01-11T00:00:00Z", "read_only": "2027-02-15T00:00:00Z",
            "ends": "2027-03-15T00:00:00Z", "reminders": ["14d"] } }),
        "campaign_lengthen" => {
            json!({ "read_only": "2027-02-15T00:00:00Z", "ends": "2027-03-15T00:00:00Z", "reason": "a made-up reason" })
        }
        "key_register" => json!({ "terms": "2", "who": "myself" }),
        "registration_hand_in" => {
            json!({ "registrations": [{ "key": "unknown-1", "terms": "2", "who": "myself",
            "consented": "2026-11-01T00:00:00Z", "reference": "made-up" }] })
        }
        "gate_invite" => json!({ "gate": "g9" }),
        "exposure_report" => json!({ "key": "unknown-1", "seen_at": "a made-up page" }),
        "session_step_up" => json!({ "totp": "000000" }),
        _ if row.method.as_str() == "POST" => reason,
        _ => return None,
    })
}

fn path(row: &Row, role: Option<Role>) -> String {
    if let ("user_get", Some(role)) = (row.id, role) {
        // Everybody sees himself.
        return format!("/v1/users/the-{}", role.as_str().replace('_', "-"));
    }
    let parts = row.path.split('/').map(|part| match part {
        "{index}" => "0",
        part if part.starts_with('{') => "unknown-1",
        part => part,
    });
    let path = parts.collect::<Vec<_>>().join("/");
    match row.id {
        "ledger_consistency" => format!("{path}?from=0"),
        "receipt_list" => format!("{path}?key=unknown-1"),
        _ => path,
    }
}

#[tokio::test]
async fn a_server_lets_through_whom_the_table_lets_through() {
    let bench = Bench::new().await;
    bench.enrol().await;
    let table = table();
    let mut wrong = Vec::new();
    for role in Role::ALL {
        let token = token_of(&bench, *role).await;
        for row in ALL.iter().filter(|row| !matches!(row.access, Access::Anyone)) {
            // Signing out, and disabling oneself, would end what the rest is asked with.
            if row.id == "session_delete" {
                continue;
            }
            let path = path(row, Some(*role));
            let token = match &token {
                Some(token) => token.clone(),
                None if ["events_take", "bypasses_tell"].contains(&row.id) => {
                    bench.proof(&sumun_feed::request_events(&path, ""))
                }
                // A gate signs the path without what is asked of it.
                None => {
                    let bare = path.split('?').next().unwrap();
                    bench.proof(&format!("{} {bare}", row.method.as_str()))
                }
            };
            let answer = bench.send(row.method.as_str(), &path, &token, body(row)).await;
            let denied = answer.status == 403 && answer.code() == "role_missing";
            let expected = table[row.id][role.as_str()];
            if denied != (expected == "deny")
                || answer.status == 401 && row.id != "session_step_up"
                || answer.status.as_u16() >= 500
            {
                wrong.push(format!("{} as {}: {expected}, answered {}", row.id, role.as_str(), answer.text));
            }
            // What the table allows and govern never would is a row that lies.
            if expected != "deny" && matches!(answer.code(), "forbidden" | "owner_only") {
                wrong.push(format!(
                    "{} as {}: {expected}, and govern says {}",
                    row.id,
                    role.as_str(),
                    answer.text
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn nobody_gets_in_without_a_token_or_with_a_made_up_one() {
    let bench = Bench::new().await;
    for row in ALL.iter().filter(|row| !matches!(row.access, Access::Anyone)) {
        for token in ["", "sumun_ses_made-up", "sumun_tok_made-up", "a.b.c", "made-up"] {
            let answer = bench.send(row.method.as_str(), &path(row, None), token, body(row)).await;
            assert_eq!(
                (answer.status.as_u16(), answer.code()),
                (401, "not_signed_in"),
                "{} with `{token}`",
                row.id
            );
            assert!(answer.headers.contains_key("www-authenticate"));
            assert!(token.is_empty() || !answer.text.contains(token), "a credential is repeated");
        }
    }
}

#[test]
#[ignore = "prints the table as the code has it, for a new operation's row"]
fn print() {
    println!("{}", as_the_code_says());
}

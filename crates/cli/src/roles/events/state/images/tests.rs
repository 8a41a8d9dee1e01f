//! What entries tell, and what they never do.

use super::*;

fn at(us: i64) -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000 + us)
}

fn told(rows: &Value) -> String {
    let payload = json!({ "v": 1, "class": "made.up", "at": at(-5).to_string(), "facts": {}, "rows": rows, "feed": [] });
    let told = lines(7, at(0), &payload.to_string());
    [told.lines, told.problems].concat().join("\n")
}

#[test]
fn rows_become_lines_and_say_nothing_else() {
    let made = at(-5).as_micros();
    let rows = json!([
        { "table": "customers", "row": { "customer": "C1", "version": 1 } },
        { "table": "persons", "row": { "person": "P1", "name": "Made Up", "email": "made-up@example.test" } },
        { "table": "accounts", "row": { "account": "A1", "customer": "C1", "person": "P1", "segment": "retail", "country": "KR",
            "opened": "2025-03-02", "owner": "O1", "parent": null, "fee_tier": null, "state": "open", "version": 1 } },
        { "table": "vendors", "row": { "vendor": "V1", "name": "Made Up", "class": "tool", "state": "approved",
            "networks": ["198.51.100.0/24"], "scopes": ["read"], "diligence": {}, "version": 1 } },
        { "table": "delegations", "row": { "delegation": "D1", "account": "A1", "key": null, "operator": "O2", "networks": [],
            "scopes": ["trade"], "limits": {}, "from_us": made, "until_us": made, "state": "active", "version": 1 } },
        { "table": "keys", "row": { "key": "K1", "account": "A1", "state": "active", "measure": "monitor", "before_hold": null,
            "cause": null, "scopes": ["read", "trade"], "allowlist": ["203.0.113.7", { "prefix": "203.0.113.8",
            "since": "2026-11-01T00:00:00Z", "proved": null }], "purpose": "own_bot", "application": "bot", "operator": "O1",
            "vendor": null, "secret": "made-up-digest", "exposure": "made-up-hash", "requested_by": "customer:C1/P1",
            "session": "S1", "created_us": made, "expires_us": made, "replaces": null, "mandate": {}, "version": 3 } },
        { "table": "policies", "row": { "policy": "default@3", "digest": "ab", "text": "made-up", "state": "active",
            "activated_us": made } },
        { "table": "policies", "row": { "policy": "default@2", "digest": "aa", "state": "retired", "activated_us": made } },
        { "table": "cases", "row": { "case_id": "X2", "closed_us": null, "outcome": null, "members": [{ "key": "K1" }] } },
    ]);
    let told = told(&rows);
    for secret in ["Made Up", "made-up", "S1", "customer:C1"] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
    insta::assert_snapshot!(told);
}

#[test]
fn what_is_no_line_is_a_problem_and_the_rest_is_told() {
    let rows = json!([
        { "table": "vendors", "row": { "vendor": "V1", "class": "no such class" } },
        { "table": "accounts", "row": { "account": "A1" } },
    ]);
    insta::assert_snapshot!(told(&rows));
}

#[test]
fn what_people_did_is_told_by_its_class_and_id() {
    let said = |class: &str, more: Value| {
        let mut facts =
            json!({ "actor": "customer:C1/P1", "key": "K1", "account": "A1", "event": "made-up-event" });
        facts.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let payload = json!({ "v": 1, "class": class, "at": at(-5).to_string(), "facts": facts, "rows": [], "feed": [] });
        let told = lines(7, at(0), &payload.to_string());
        [told.lines, told.problems].concat().join("\n")
    };
    let told = [
        said(
            "question.answered",
            json!({ "question": "Q1", "address": "203.0.113.9", "answer": "not_me", "report": "owner_denies" }),
        ),
        said("question.answered", json!({ "question": "Q1", "answer": "me", "report": "owner_confirms" })),
        said("verification.identity", json!({ "result": "passed" })),
        said("verification.identity", json!({ "result": "failed" })),
        said("control.ended", json!({ "result": "passed" })),
        said("control.ended", json!({ "result": "failed" })),
        said("control.ended", json!({ "result": "void" })),
        said("question.seen", json!({})),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_denial_is_told_before_the_end_that_it_brings() {
    let kinds = |answer: &str, report: &str| {
        let key = |id: &str| {
            json!({ "table": "keys", "row": { "key": id, "account": "A1", "state": "expired", "cause": "leaked", "scopes": ["read"],
                "allowlist": [], "created_us": at(-9).as_micros(), "expires_us": at(9).as_micros(), "version": 4 } })
        };
        let facts =
            json!({ "key": "K1", "account": "A1", "event": "Q1/answer", "answer": answer, "report": report });
        let payload = json!({ "v": 1, "class": "question.answered", "at": at(-5).to_string(), "facts": facts, "rows": [key("K1"), key("K2")],
            "feed": [] });
        let told = lines(7, at(0), &payload.to_string());
        assert_eq!(told.problems, [""; 0]);
        let line = |line: &String| {
            let line: Value = serde_json::from_str(line).unwrap();
            [&line["type"], &line["key"]].map(|word| word.as_str().unwrap().to_owned()).join(" ")
        };
        told.lines.iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(kinds("not_me", "owner_denies"), ["report K1", "key K1", "key K2"]);
    // What is confirmed changes rows, and stands behind them.
    assert_eq!(kinds("me", "owner_confirms"), ["key K1", "key K2", "report K1"]);
}

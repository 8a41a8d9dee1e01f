//! One entry's payload to lines: rows of some tables are subjects of state lines, some entries are acts of people ([`act`]). One
//! function per table; fields are named one by one, so that a new column tells nothing by itself.
//!
//! What an entry writes anew bears its own time (`closed_us`, `activated_us` as the payload's `at`): by that a case's end is told
//! once, whatever rewrites its row later. What people did stands behind the rows it changed, but for an owner's denial, which ends the
//! key in those very rows.

use serde_json::{Map, Value, json};
use sumun_model::Timestamp;
use sumun_model::wire::event::ReportKind;
use sumun_model::wire::{Origin, parse_line, to_json};

/// What an entry tells.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Lines, in the order of its rows.
    pub(super) lines: Vec<String>,
    /// What could not be told.
    pub(super) problems: Vec<String>,
}

/// One row at hand.
struct Row<'a> {
    entry: u64,
    /// When the entry was sequenced: the time of its lines.
    at: Timestamp,
    /// When the change was made, microseconds: what happened in it bears that.
    made_us: Option<i64>,
    image: &'a Map<String, Value>,
}

type Line = Map<String, Value>;

/// The lines of a payload.
pub(super) fn lines(entry: u64, at: Timestamp, payload: &str) -> Told {
    let mut told = Told::default();
    let payload: Value = match serde_json::from_str(payload) {
        Ok(payload) => payload,
        Err(error) => {
            told.problems.push(format!("its payload is no JSON: {error}"));
            return told;
        }
    };
    let made = payload.get("at").and_then(Value::as_str).and_then(|text| text.parse::<Timestamp>().ok());
    let made_us = made.map(Timestamp::as_micros);
    let class = payload.get("class").and_then(Value::as_str).unwrap_or_default();
    for row in payload.get("rows").and_then(Value::as_array).into_iter().flatten() {
        let (Some(table), Some(image)) =
            (row.get("table").and_then(Value::as_str), row.get("row").and_then(Value::as_object))
        else {
            continue;
        };
        let row = Row { entry, at, made_us, image };
        let found = match table {
            "accounts" => vec![account(&row)],
            "vendors" => vec![vendor(&row)],
            "delegations" => vec![delegation(&row)],
            "keys" => vec![key(&row)],
            "cases" => closed(&row),
            "policies" => in_force(&row),
            _ => continue,
        };
        for mut line in found {
            if let Some(id) = line.get("id").and_then(Value::as_str) {
                // Two lines of one entry, one id each.
                let id = format!("{id}-{}", told.lines.len());
                line.insert("id".to_owned(), json!(id));
            }
            finish(line, &mut told);
        }
    }
    // Behind the rows: what was done stands after what it changed.
    let image = &Map::new();
    let row = Row { entry, at, made_us, image };
    let facts = payload.get("facts").and_then(Value::as_object);
    if let Some(line) = facts.and_then(|facts| act(class, facts, &row)) {
        let denies = line.get("kind") == Some(&json!(ReportKind::OwnerDenies));
        let before = told.lines.len();
        finish(line, &mut told);
        // Before them where it ends the key: detection hears nothing more of a key that has ended, and would not know why it did.
        if denies && told.lines.len() > before {
            told.lines.rotate_right(1);
        }
    }
    told
}

/// Written as the wire has it, or told as a problem: what cannot be read back must not be in the log.
fn finish(line: Line, told: &mut Told) {
    let text = Value::Object(line).to_string();
    let read = parse_line(Origin { source_name: super::SOURCE, line: 1 }, &text);
    match read.map(|line| to_json(&line)) {
        Ok(Ok(text)) => told.lines.push(text),
        Ok(Err(error)) => told.problems.push(error.to_string()),
        Err(error) => told.problems.push(error.to_string()),
    }
}

impl Row<'_> {
    fn get(&self, column: &str) -> Value {
        self.image.get(column).cloned().unwrap_or(Value::Null)
    }

    fn text(&self, column: &str) -> &str {
        self.image.get(column).and_then(Value::as_str).unwrap_or_default()
    }

    /// A time in microseconds, as the wire writes it.
    fn time(&self, column: &str) -> Value {
        self.image.get(column).and_then(Value::as_i64).map_or(Value::Null, time)
    }

    /// Whether that happened in this very change.
    fn is_now(&self, us: Option<i64>) -> bool {
        us.is_some() && us == self.made_us
    }

    fn line(&self, kind: &str) -> Line {
        let mut line = Map::new();
        line.insert("type".to_owned(), json!(kind));
        line.insert("ts".to_owned(), json!(super::time(self.at)));
        line.insert("source".to_owned(), json!(super::SOURCE));
        line
    }

    /// A line with these columns as they are.
    fn copied(&self, kind: &str, columns: &[&str]) -> Line {
        let mut line = self.line(kind);
        for column in columns {
            line.insert((*column).to_owned(), self.get(column));
        }
        line
    }

    fn event(&self, kind: &str) -> Line {
        let mut line = self.line(kind);
        line.insert("id".to_owned(), json!(format!("govern-{}", self.entry)));
        line
    }
}

fn time(us: i64) -> Value {
    json!(super::time(Timestamp::from_micros(us)))
}

fn put(line: &mut Line, name: &str, value: Value) {
    line.insert(name.to_owned(), value);
}

fn account(row: &Row<'_>) -> Line {
    row.copied(
        "account",
        &["account", "customer", "person", "segment", "country", "opened", "owner", "parent", "fee_tier"],
    )
}

fn vendor(row: &Row<'_>) -> Line {
    row.copied("vendor", &["vendor", "state", "class", "networks", "scopes"])
}

fn delegation(row: &Row<'_>) -> Line {
    let columns = ["delegation", "account", "key", "operator", "networks", "scopes", "state"];
    let mut line = row.copied("delegation", &columns);
    put(&mut line, "from", row.time("from_us"));
    put(&mut line, "until", row.time("until_us"));
    line
}

/// A key, with the history of its addresses, and the measure in force.
fn key(row: &Row<'_>) -> Line {
    let columns = [
        "key",
        "account",
        "state",
        "scopes",
        "allowlist",
        "purpose",
        "application",
        "operator",
        "vendor",
        "replaces",
        "mandate",
        "measure",
        "cause",
    ];
    let mut line = row.copied("key", &columns);
    put(&mut line, "created", row.time("created_us"));
    put(&mut line, "expires", row.time("expires_us"));
    line
}

/// What people did, from an entry whose class is that and whose facts say it. The id is the entry's own, by which the ladder
/// knows what it was told before.
fn act(class: &str, facts: &Map<String, Value>, row: &Row<'_>) -> Option<Line> {
    let fact = |name: &str| facts.get(name).cloned().unwrap_or(Value::Null);
    let said = |name: &str| facts.get(name).and_then(Value::as_str).unwrap_or_default();
    let (kind, column, word) = match (class, said("result")) {
        ("question.answered", _) => ("report", "kind", said("report")),
        ("verification.identity", "passed") => ("session", "action", "identity_verified"),
        ("control.ended", "passed") => ("session", "action", "control_proved"),
        ("control.ended", "failed") => ("session", "action", "control_failed"),
        _ => return None,
    };
    let mut line = row.line(kind);
    put(&mut line, "id", fact("event"));
    put(&mut line, column, json!(word));
    put(&mut line, "key", fact("key"));
    put(&mut line, "account", fact("account"));
    if kind == "report" {
        put(&mut line, "reporter", json!("owner"));
    }
    Some(line)
}

/// A case's end, for each of its keys: who was exonerated in it is told so.
fn closed(row: &Row<'_>) -> Vec<Line> {
    if !row.is_now(row.get("closed_us").as_i64()) || row.get("outcome").is_null() {
        return Vec::new();
    }
    let members = row.get("members");
    let line = |member: &Value| {
        let mut line = row.event("report");
        put(&mut line, "kind", json!("case_outcome"));
        put(&mut line, "key", member.get("key").cloned().unwrap_or(Value::Null));
        put(&mut line, "account", member.get("account").cloned().unwrap_or(Value::Null));
        put(&mut line, "reporter", json!("case"));
        let outcome = match member.get("state").and_then(Value::as_str) {
            Some("exonerated") => json!("false_positive"),
            Some("confirmed") => json!("confirmed"),
            _ => row.get("outcome"),
        };
        put(&mut line, "outcome", outcome);
        line
    };
    members.as_array().into_iter().flatten().map(line).collect()
}

/// A policy that comes into force: detection takes it up at this place of the log. No type of line tells it, so it rides on one
/// that says nothing else, as a foreign field.
fn in_force(row: &Row<'_>) -> Vec<Line> {
    if !row.is_now(row.get("activated_us").as_i64()) || row.text("state") != "active" {
        return Vec::new();
    }
    let mut line = row.line("tick");
    put(&mut line, "ext", json!({ "policy": row.get("policy"), "digest": row.get("digest") }));
    vec![line]
}

#[cfg(test)]
mod tests;

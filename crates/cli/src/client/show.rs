//! Answers as people read them: tables within 100 columns, records as lines, plans as before and after.

use serde_json::Value;
use std::fmt::Write;
use std::io::IsTerminal;
use sumun_model::Timestamp;

/// Widest line of a table, in columns.
const LINE_MAX: usize = 100;
/// Narrowest a column is made, in columns.
const COLUMN_MIN: usize = 6;
/// Up to here an id or a code is whole where no terminal's width is to be kept, in columns.
const ID_MAX: usize = 40;
/// Between columns.
const GAP: &str = "  ";

/// Columns that are never cut, as the first is not: what other commands are given.
const WHOLE: [&str; 5] = ["key", "account", "approval", "gate", "subject"];

/// Members of a record that are lines already, set as they are.
const LINES: [&str; 1] = ["differs"];

/// Members of a record that are shown before the others, in this order.
const FIRST: [&str; 14] = [
    "index",
    "key",
    "account",
    "approval",
    "delegation",
    "operator",
    "vendor",
    "person",
    "customer",
    "gate",
    "token",
    "user",
    "name",
    "state",
];

/// A page of a list: its entries as a table, and where the next page begins.
pub(crate) fn page(answer: &Value, columns: &[&str]) -> String {
    let entries = entries(answer);
    if entries.is_empty() {
        return "none\n".to_owned();
    }
    let mut text = table(entries, columns);
    if let Some(next) = answer.get("next").and_then(Value::as_str) {
        let _ = writeln!(text, "more: --after {next}");
    }
    text
}

/// The entries of a list's answer.
pub(crate) fn entries(answer: &Value) -> &[Value] {
    let listed = answer.as_array().or_else(|| answer.get("items").and_then(Value::as_array));
    listed.map_or(&[], Vec::as_slice)
}

/// These members of each entry, one line each. The first column is never cut: it is what other commands are given.
pub(crate) fn table(entries: &[Value], columns: &[&str]) -> String {
    table_at(entries, columns, std::io::stdout().is_terminal())
}

/// As [`table`]; a file or a program has no width to keep, so that there ids and codes are whole.
fn table_at(entries: &[Value], columns: &[&str], terminal: bool) -> String {
    let head = columns.iter().map(|name| label(name).to_uppercase()).collect();
    let mut lines: Vec<Vec<String>> = vec![head];
    lines.extend(
        entries
            .iter()
            .map(|entry| columns.iter().map(|name| short(cell(name, member(entry, name)))).collect()),
    );
    let widest = |lines: &[Vec<String>]| -> Vec<usize> {
        (0..columns.len())
            .map(|at| lines.iter().filter_map(|line| line.get(at)).map(|cell| width(cell)).max().unwrap_or(0))
            .collect()
    };
    let too_wide = |widths: &[usize]| {
        widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1) > LINE_MAX
    };
    let mut widths = widest(&lines);
    if too_wide(&widths) {
        // A time without its seconds is still a time; cut in its middle it is none.
        for cell in lines.iter_mut().flatten().filter(|cell| is_time(cell)) {
            cell.truncate("2027-01-15T08:00".len());
            cell.push('Z');
        }
        widths = widest(&lines);
    }
    // Lists and sentences are cut before ids, words and times.
    let sentence: Vec<bool> = (0..columns.len())
        .map(|at| lines.iter().filter_map(|line| line.get(at)).any(|cell| cell.contains(' ')))
        .collect();
    let whole: Vec<bool> = columns
        .iter()
        .enumerate()
        .map(|(at, name)| {
            WHOLE.contains(&label(name))
                || lines.iter().filter_map(|line| line.get(at)).any(|cell| is_minute(cell))
        })
        .collect();
    let least = |sentence: bool| if sentence || terminal { COLUMN_MIN } else { ID_MAX };
    while too_wide(&widths) {
        let able = widths.iter_mut().zip(&sentence).zip(&whole).skip(1);
        let able = able.filter(|((width, sentence), whole)| **width > least(**sentence) && !**whole);
        match able.max_by_key(|((width, sentence), _)| (**sentence, **width)) {
            Some(((width, _), _)) => *width -= 1,
            None => break,
        }
    }
    let mut text = String::new();
    for line in lines {
        let mut shown = String::new();
        for (at, (cell, room)) in line.iter().zip(&widths).enumerate() {
            if at > 0 {
                shown.push_str(GAP);
            }
            let cell = cut(cell, *room);
            shown.push_str(&cell);
            shown.extend(std::iter::repeat_n(' ', room.saturating_sub(width(&cell))));
        }
        text.push_str(shown.trim_end());
        text.push('\n');
    }
    text
}

/// Every member of a record on a line of its own; what stands inside one is set in.
pub(crate) fn record(value: &Value) -> String {
    let mut text = String::new();
    lines(&mut text, value, 0);
    text
}

/// A member that is text.
pub(crate) fn text_of(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// What came of a write: the result, what to look out for, and its place in the ledger.
pub(crate) fn done(answer: &Value) -> String {
    let Some(result) = answer.get("result") else { return record(answer) };
    let text = if result.is_null() { String::new() } else { record(result) };
    ended(text, answer)
}

/// What came of a write: what changed, what to look out for, and its place in the ledger.
pub(crate) fn changes(answer: &Value) -> String {
    let Some(plan) = answer.get("plan") else { return done(answer) };
    let mut text = String::new();
    if effects(&mut text, plan) == 0 {
        text.push_str("nothing changed\n");
    }
    ended(text, answer)
}

/// With the last lines of every write: what to look out for, and its place in the ledger.
pub(crate) fn ended(mut text: String, answer: &Value) -> String {
    if answer.get("repeated") == Some(&Value::Bool(true)) {
        text.push_str("answered before; what is shown once is not shown again\n");
    }
    for warning in answer.pointer("/plan/warnings").and_then(Value::as_array).into_iter().flatten() {
        let _ = writeln!(text, "attention: {}", warning.as_str().unwrap_or_default());
    }
    if let Some(entry) = answer.pointer("/ledger/entry") {
        let feed = answer.pointer("/ledger/feed_version").filter(|version| !version.is_null());
        let feed = feed.map(|version| format!(", feed version {version}")).unwrap_or_default();
        let _ = writeln!(text, "ledger entry {entry}{feed}");
    }
    text
}

/// A plan, as a dry run shows it.
pub(crate) fn plan(answer: &Value) -> String {
    let plan = answer.get("plan").unwrap_or(answer);
    let mut text = String::new();
    let title = text_of(plan, "title").unwrap_or_default();
    wrapped(&mut text, "", 2, &format!("would {title}; nothing was changed"));
    effects(&mut text, plan);
    for warning in plan.get("warnings").and_then(Value::as_array).into_iter().flatten() {
        let _ = writeln!(text, "  attention: {}", warning.as_str().unwrap_or_default());
    }
    text
}

/// Each effect of a plan: of what, which field, before and after. Returns how many.
fn effects(text: &mut String, plan: &Value) -> usize {
    let all = plan.get("effects").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for effect in all {
        let said = |name: &str| text_of(effect, name).unwrap_or_default();
        let field = said("field");
        let before = cell(&field, effect.get("before").unwrap_or(&Value::Null));
        let after = cell(&field, effect.get("after").unwrap_or(&Value::Null));
        let name = field.strip_suffix("_us").unwrap_or(&field);
        wrapped(text, &format!("  {}  ", said("subject")), 6, &format!("{name}: {before} → {after}"));
    }
    all.len()
}

fn lines(text: &mut String, value: &Value, indent: usize) {
    let Value::Object(members) = value else {
        let _ = writeln!(text, "{:indent$}{}", "", cell("", value));
        return;
    };
    let names = members.keys().map(|name| width(label(name))).max().unwrap_or(0);
    // What it is comes first; the rest by name.
    let rank = |name: &str| FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len());
    let mut members: Vec<_> = members.iter().collect();
    members.sort_by_key(|(name, _)| rank(name));
    for (name, value) in members {
        let shown = label(name);
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                let _ = writeln!(text, "{:indent$}{shown}", "");
                lines(text, value, indent + 2);
            }
            Value::Array(inner) if !inner.is_empty() && LINES.contains(&name.as_str()) => {
                let _ = writeln!(text, "{:indent$}{shown}", "");
                for line in inner {
                    let line = cell("", line);
                    let inset = line.len() - line.trim_start().len();
                    wrapped(text, &" ".repeat(indent + 2), indent + 4 + inset, &line);
                }
            }
            Value::Array(inner) if inner.iter().any(Value::is_object) && !is_allowlist(inner) => {
                let _ = writeln!(text, "{:indent$}{shown}", "");
                for entry in inner {
                    if holds_more(entry) {
                        lines(text, entry, indent + 2);
                        continue;
                    }
                    wrapped(text, &" ".repeat(indent + 2), indent + 4, &in_line(entry));
                }
            }
            _ => {
                let head = format!("{:indent$}{shown:names$}  ", "");
                wrapped(text, &head, indent + names + 2, &cell(name, value));
            }
        }
    }
}

/// The words behind a head, on as many lines as they need; what has no space in it, such as a secret, is never broken.
fn wrapped(text: &mut String, head: &str, hang: usize, words: &str) {
    let mut line = head.to_owned();
    let mut begun = false;
    for word in words.split(' ') {
        if begun && width(&line) + 1 + width(word) > LINE_MAX {
            text.push_str(line.trim_end());
            text.push('\n');
            line = " ".repeat(hang);
            begun = false;
        }
        if begun {
            line.push(' ');
        }
        line.push_str(word);
        begun = true;
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

/// An object on one line: `name value, name value`.
fn in_line(value: &Value) -> String {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| format!("{} {}", label(name), cell(name, value)))
            .collect::<Vec<_>>()
            .join(", "),
        other => cell("", other),
    }
}

/// Whether an object holds another: too much for one line.
fn holds_more(value: &Value) -> bool {
    value.as_object().is_some_and(|members| members.values().any(Value::is_object))
}

fn is_allowlist(entries: &[Value]) -> bool {
    entries.iter().all(|entry| entry.is_string() || entry.get("prefix").is_some())
}

/// Times in microseconds are shown as times, under a name without the unit.
fn label(name: &str) -> &str {
    let last = name.rsplit('.').next().unwrap_or(name);
    last.strip_suffix("_us").unwrap_or(last)
}

/// A member, or one inside a member: `actor.principal`.
fn member<'a>(entry: &'a Value, name: &str) -> &'a Value {
    name.split('.').try_fold(entry, |value, part| value.get(part)).unwrap_or(&Value::Null)
}

/// A time without its fraction, which a table has no room for; anything else as it is.
fn short(text: String) -> String {
    match text.split_once('.') {
        Some((whole, fraction))
            if whole.len() == "2027-01-15T08:00:00".len()
                && whole.contains('T')
                && fraction.ends_with('Z') =>
        {
            format!("{whole}Z")
        }
        _ => text,
    }
}

/// A time as [`short`] leaves it.
fn is_time(text: &str) -> bool {
    text.len() == "2027-01-15T08:00:00Z".len()
        && text.is_ascii()
        && text.ends_with('Z')
        && text.get(10..11) == Some("T")
}

/// A time without its seconds.
fn is_minute(text: &str) -> bool {
    text.len() == "2027-01-15T08:00Z".len()
        && text.is_ascii()
        && text.ends_with('Z')
        && text.get(10..11) == Some("T")
}

fn cell(name: &str, value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect(),
        Value::Number(number) => match number.as_i64().filter(|_| name.ends_with("_us")) {
            Some(us) => Timestamp::from_micros(us).to_string(),
            None => number.to_string(),
        },
        Value::Array(entries) if entries.is_empty() => "-".to_owned(),
        Value::Array(entries) => {
            let entry = |entry: &Value| cell("", entry.get("prefix").unwrap_or(entry));
            entries.iter().map(entry).collect::<Vec<_>>().join(", ")
        }
        Value::Bool(_) | Value::Object(_) => value.to_string(),
    }
}

/// Columns on a terminal: what is not ASCII mostly takes two in the languages our customers' names are written in.
fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

fn columns(c: char) -> usize {
    match c {
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}' => 2,
        _ => 1,
    }
}

fn cut(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut left = room.saturating_sub(1);
    for c in text.chars() {
        let Some(rest) = left.checked_sub(columns(c)) else { break };
        left = rest;
        kept.push(c);
    }
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_page_fits_and_its_ids_are_whole() {
        let long = "K0123456789abcdef0123456789abcdef";
        let page_of = json!({ "items": [
            { "key": long, "state": "active", "scopes": ["cancel", "market_data", "read_balances", "read_orders", "trade"],
              "allowlist": [{"prefix": "203.0.113.7/32", "since": null}], "expires_us": 1_800_000_000_000_000_i64 },
            { "key": "K2", "state": "expired", "scopes": [], "allowlist": ["2001:db8::/48"], "expires_us": null },
        ], "next": "K2" });
        let text = page(&page_of, &["key", "state", "scopes", "allowlist", "expires_us"]);
        insta::assert_snapshot!(text, @"
        KEY                                STATE    SCOPES                 ALLOWLIST       EXPIRES
        K0123456789abcdef0123456789abcdef  active   cancel, market_data,…  203.0.113.7/32  2027-01-15T08:00Z
        K2                                 expired  -                      2001:db8::/48   -
        more: --after K2
        ");
        assert!(text.lines().all(|line| width(line) <= LINE_MAX));
        assert_eq!(page(&json!({"items": []}), &["key"]), "none\n");
    }

    #[test]
    fn korean_names_stay_in_their_column() {
        let people = [
            json!({"person": "P1", "name": "홍길동(가명)", "role": "owner"}),
            json!({"person": "P2", "name": "Made Up", "role": "owner"}),
        ];
        insta::assert_snapshot!(table(&people, &["person", "name", "role"]), @"
        PERSON  NAME          ROLE
        P1      홍길동(가명)  owner
        P2      Made Up       owner
        ");
    }

    #[test]
    fn rows_that_differ_look_different_where_there_is_no_terminal() {
        let row = |code: &str| {
            json!({ "id": "0123456789abcdef0123456789abcdef", "key": "K0123456789abcdef", "code": code,
            "detector": "concurrent_origins@1", "because": "a sentence that may well be cut" })
        };
        let rows = [row("key.auth_failed"), row("key.auth_failures_many")];
        let columns = ["id", "key", "code", "detector", "because"];
        let whole = table_at(&rows, &columns, false);
        assert!(whole.contains("key.auth_failed ") && whole.contains("key.auth_failures_many "), "{whole}");
        assert!(table_at(&rows, &columns, true).lines().all(|line| width(line) <= LINE_MAX));
    }

    #[test]
    fn what_a_policy_changes_stands_in_lines() {
        let request = json!({ "policy": "default@2", "differs": ["default@1 → default@2", "Retail", "  [looser] window.quiet_s: 7 d → 1 d"] });
        insta::assert_snapshot!(record(&request), @"
        differs
          default@1 → default@2
          Retail
            [looser] window.quiet_s: 7 d → 1 d
        policy   default@2
        ");
    }

    #[test]
    fn a_record_in_lines() {
        let key = json!({
            "key": "K1", "state": "active", "scopes": ["trade", "cancel"], "measure": null,
            "mandate": {"markets": ["KRW-BTC"], "orders_per_second_max": 8},
            "approvals": [{"by": "user:alice", "at_us": 1_800_000_000_000_000_i64}], "created_us": 1_800_000_000_000_000_i64,
            "note": "two\nlines",
        });
        insta::assert_snapshot!(record(&key), @"
        key        K1
        state      active
        approvals
          at 2027-01-15T08:00:00.000000Z, by user:alice
        created    2027-01-15T08:00:00.000000Z
        mandate
          markets                KRW-BTC
          orders_per_second_max  8
        measure    -
        note       two lines
        scopes     trade, cancel
        ");
    }

    #[test]
    fn a_write_says_where_it_stands_in_the_ledger() {
        let answer = json!({
            "result": {"key": "K1", "state": "suspended"}, "repeated": false,
            "plan": {"title": "suspend key K1", "class": "key.suspended", "effects": [], "warnings": ["its streams end"]},
            "ledger": {"entry": 12, "feed_version": 4, "sequenced": "2027-01-15T08:00:00.000000Z", "checkpoint": "made up"},
        });
        insta::assert_snapshot!(done(&answer), @"
        key    K1
        state  suspended
        attention: its streams end
        ledger entry 12, feed version 4
        ");
    }

    #[test]
    fn a_plan_says_what_would_change() {
        let answer = json!({ "result": null, "ledger": null, "repeated": false, "plan": {
            "title": "suspend key K1", "class": "key.suspended",
            "effects": [{"subject": "key:K1", "field": "state", "before": "active", "after": "suspended"},
                        {"subject": "key:K1", "field": "review_due_us", "before": null, "after": 1_800_000_000_000_000_i64}],
            "warnings": ["its streams will be closed"],
        }});
        insta::assert_snapshot!(plan(&answer), @"
        would suspend key K1; nothing was changed
          key:K1  state: active → suspended
          key:K1  review_due: - → 2027-01-15T08:00:00.000000Z
          attention: its streams will be closed
        ");
    }
}

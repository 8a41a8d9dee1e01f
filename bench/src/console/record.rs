//! The record that is asked: rows made by the database itself, from one sample of each table and a few expressions.
//!
//! A row is number `i` of its table; its ids follow from `i`, so that whoever knows the number knows the id, and ids are scattered
//! as real ones are. The samples are read back as govern's own types before anything is made of them. Not here: a ledger that
//! proves these rows; nothing of what is measured reads it.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sqlx::{AnyConnection, AssertSqlSafe, Connection};
use std::path::Path;
use sumun_govern::approvals::{Approval, digest};
use sumun_govern::cases::row::CaseEvent;
use sumun_govern::cases::{CaseRow, PlaybookStep, StepState};
use sumun_govern::keys::KeyRow;
use sumun_govern::measures::MeasureRow;
use sumun_govern::tasks::TaskRow;
use sumun_store::table::Kind;
use sumun_store::{Image, Table, tables};

/// How many rows there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Size {
    /// Keys.
    pub keys: u64,
    /// Accounts.
    pub accounts: u64,
    /// Cases; three in a hundred are open.
    pub cases: u64,
}

/// Ledger entries of this bench begin here: behind whatever the store writes meanwhile.
const ENTRIES_FROM: u64 = 1_000_000_000;
/// Entries about one key whose timeline is asked for.
const ENTRIES_EACH: u64 = 6;
/// Events of a case.
const EVENTS_EACH: u64 = 5;
/// Every so many keys, one was in a case.
pub const CASE_EVERY: u64 = 10;

/// The key of this number, as an id and as an expression of it.
#[must_use]
pub fn key_id(number: u64) -> String {
    format!("K{:08x}{:024}", scattered(number), 0)
}

/// The account of this number.
#[must_use]
pub fn account_id(number: u64) -> String {
    format!("A{:08x}", scattered(number))
}

/// The case of this number.
#[must_use]
pub fn case_id(number: u64) -> String {
    format!("C{:08x}", scattered(number))
}

/// A permutation of 32 bits: Knuth's multiplicative one.
const fn scattered(number: u64) -> u64 {
    number.wrapping_mul(2_654_435_761) % (1 << 32)
}

fn id(prefix: &str, number: &str) -> String {
    format!("printf('{prefix}%08x', (({number}) * 2654435761) % 4294967296)")
}

fn key_sql(number: &str) -> String {
    format!("{} || '{}'", id("K", number), "0".repeat(24))
}

/// One table: its sample, and what differs from row to row. In texts of the sample `{key}`, `{account}` and `{case}` stand for ids.
struct Made {
    table: &'static Table,
    rows: u64,
    sample: Image,
    /// The number of the key that row `i` is about, as an expression of `i`.
    key: &'static str,
    /// The number of its case.
    case: &'static str,
    columns: Vec<(&'static str, String)>,
}

/// When everything happened: 2026-11-20T00:00:00Z, microseconds.
const AT_US: i64 = 1_795_132_800_000_000;

fn image(value: Value) -> Result<Image> {
    match value {
        Value::Object(image) => Ok(image),
        _ => anyhow::bail!("a sample is no row"),
    }
}

fn keys(size: Size) -> Result<Made> {
    let sample = image(json!({
        "key": "K1", "account": "A1", "state": "active", "measure": null, "before_hold": null, "cause": null,
        "scopes": ["read_balances", "read_orders", "trade", "cancel"], "allowlist": ["198.51.100.7/32", "203.0.113.9/32"],
        "purpose": "own_bot", "application": "made-up-rebalancer 4.2", "operator": "O1", "vendor": null, "scheme": "hs256",
        "secret": "5a".repeat(32), "exposure": "a5".repeat(32), "public_key": null, "created_us": AT_US,
        "expires_us": AT_US + 31_536_000_000_000_i64, "rotate_by_us": null, "ends_us": null, "replaces": null,
        "mandate": { "markets": ["KRW-BTC", "KRW-ETH"], "countries": null, "orders_per_second_max": 8 }, "terms": "1",
        "terms_accepted_us": AT_US, "requested_by": "customer:C1/P1", "session": "s-0123456789abcdef",
        "approvals": [{ "step": "trade", "approval": "ap-000001", "granted": true, "until_us": null }],
        "canary": 0, "reason": null, "review_by": null, "review_due_us": null, "next_due_us": AT_US, "version": 1,
    }))?;
    KeyRow::of(&sample).map_err(|refusal| anyhow::anyhow!("the sample of a key: {refusal}"))?;
    let account = format!("i % {}", size.accounts);
    Ok(Made {
        table: &tables::KEYS,
        rows: size.keys,
        sample,
        key: "i",
        case: "0",
        columns: vec![
            ("key", key_sql("i")),
            ("account", id("A", &account)),
            ("operator", id("O", &account)),
            ("state", "CASE WHEN i % 100 < 80 THEN 'active' WHEN i % 100 < 96 THEN 'expired' WHEN i % 100 < 97 THEN 'suspended' ELSE 'requested' END".to_owned()),
            ("measure", "CASE i % 1000 WHEN 10 THEN 'monitor' WHEN 20 THEN 'warn' WHEN 30 THEN 'hold' WHEN 40 THEN 'reverify' END".to_owned()),
            ("application", "printf('made-up-bot-%05d', i % 50000)".to_owned()),
            ("exposure", "printf('%064x', i)".to_owned()),
            ("secret", "printf('%064x', i + 1)".to_owned()),
            ("created_us", format!("{AT_US} - i * 1000000")),
            ("next_due_us", format!("{AT_US} + 86400000000 + i * 1000000")),
        ],
    })
}

fn accounts(size: Size) -> Result<Vec<Made>> {
    let customer = image(json!({
        "customer": "C1", "segment": "retail", "country": "KR", "state": "active", "purpose": null, "created_us": AT_US, "version": 1,
    }))?;
    let account = image(json!({
        "account": "A1", "customer": "C1", "person": null, "segment": "retail", "country": "KR", "opened": null, "owner": null,
        "parent": null, "fee_tier": null, "state": "active", "version": 1,
    }))?;
    let made =
        |table, sample, columns| Made { table, rows: size.accounts, sample, key: "i", case: "0", columns };
    Ok(vec![
        made(&tables::CUSTOMERS, customer, vec![("customer", id("CU", "i"))]),
        made(&tables::ACCOUNTS, account, vec![("account", id("A", "i")), ("customer", id("CU", "i"))]),
    ])
}

/// Whether row `i` of the cases is open, as an expression of a case's number.
fn open(number: &str) -> String {
    format!("({number}) % 33 = 0")
}

fn cases(size: Size) -> Result<Vec<Made>> {
    let step = |step: &str| PlaybookStep {
        step: step.to_owned(),
        state: StepState::Open,
        by: None,
        at_us: None,
        result: None,
        approver: None,
        on_record: None,
    };
    let playbook =
        ["review_evidence", "review_related_accounts", "hear_owner", "assess_report_duty"].map(step);
    let sample = image(json!({
        "case_id": "C1", "subject": "key:{key}", "state": "open",
        "members": [{ "key": "{key}", "account": "{account}", "customer": null, "state": "suspected", "by": null, "reason": null }],
        "cause": "lent", "assignee": null, "priority": 0, "opened_us": AT_US, "due_us": null, "outcome": null, "closed_us": null,
        "body": { "signals": [], "alerts": 3, "last_alert_us": AT_US, "measure": "hold", "playbook": playbook, "preserved": true,
            "events": 5, "merged_into": null, "reason": null, "closed_by": null },
        "version": 1,
    }))?;
    CaseRow::of(&sample).map_err(|refusal| anyhow::anyhow!("the sample of a case: {refusal}"))?;
    let event = image(json!({
        "case_event": "C1-000001", "case_id": "C1", "at_us": AT_US, "kind": "alert", "by": "system:detect",
        "body": { "signals": ["made-up"], "measure": "hold", "risk": 7000 }, "version": 1,
    }))?;
    CaseEvent::of(&event).map_err(|refusal| anyhow::anyhow!("the sample of an event: {refusal}"))?;
    let is_open = open("i");
    Ok(vec![
        Made {
            table: &tables::CASES,
            rows: size.cases,
            sample,
            key: "i * 10",
            case: "i",
            columns: vec![
                ("case_id", id("C", "i")),
                ("state", format!("CASE WHEN {is_open} THEN 'open' ELSE 'closed' END")),
                ("outcome", format!("CASE WHEN {is_open} THEN NULL ELSE 'benign' END")),
                ("closed_us", format!("CASE WHEN {is_open} THEN NULL ELSE {AT_US} END")),
                ("assignee", format!("CASE WHEN {is_open} AND i % 3 = 0 THEN 'user:bench' END")),
                ("priority", "(i * 7919) % 50000".to_owned()),
                ("opened_us", format!("{AT_US} - i * 60000000")),
                ("due_us", format!("CASE WHEN {is_open} THEN {AT_US} + i * 1000000 END")),
            ],
        },
        Made {
            table: &tables::CASE_EVENTS,
            rows: size.cases * EVENTS_EACH,
            sample: event,
            key: "i",
            case: "i / 5",
            columns: vec![
                ("case_event", format!("{} || printf('-%06d', i % 5)", id("C", "i / 5"))),
                ("case_id", id("C", "i / 5")),
            ],
        },
    ])
}

fn measures(size: Size) -> Result<Made> {
    let words = |code: &str| json!({ "code": code, "values": {} });
    let sample = image(json!({
        "measure_id": "M1", "key": "K1", "account": "A1", "case_id": "C1", "measure": "hold", "mode": "act", "state": "in_force",
        "by": "policy:default@2", "approval": null, "began_us": AT_US, "until_us": null, "ended_us": null, "effect_us": null,
        "body": { "customer": null, "signals": [], "baselines": {}, "policy": "default@2", "policy_digest": "ab".repeat(32),
            "rule": "held", "score": "sharing", "points": 7200, "terms": [], "risk": "0.7000", "cause": "lent",
            "lesser": words("lesser.too_slow"), "why": words("rule.held"), "spared": "reading", "suspected_us": AT_US,
            "decided_us": AT_US, "obeyed": [], "ended": null },
        "version": 1,
    }))?;
    serde_json::from_value::<MeasureRow>(Value::Object(sample.clone())).context("the sample of a measure")?;
    Ok(Made {
        table: &tables::MEASURES,
        rows: size.cases * 3 / 2,
        sample,
        key: "i * 10",
        case: "i",
        columns: vec![
            ("measure_id", id("M", "i")),
            ("key", key_sql(&format!("(i * 10) % {}", size.keys))),
            ("account", id("A", &format!("(i * 10) % {}", size.accounts))),
            ("case_id", id("C", &format!("i % {}", size.cases))),
            (
                "measure",
                "CASE i % 4 WHEN 0 THEN 'monitor' WHEN 1 THEN 'warn' WHEN 2 THEN 'hold' ELSE 'reverify' END"
                    .to_owned(),
            ),
            (
                "state",
                "CASE WHEN i % 33 = 0 THEN 'in_force' WHEN i % 500 = 1 THEN 'proposed' ELSE 'ended' END"
                    .to_owned(),
            ),
            ("ended_us", format!("CASE WHEN i % 33 = 0 THEN NULL ELSE {AT_US} END")),
            ("effect_us", format!("CASE WHEN i % 66 = 0 THEN NULL ELSE {AT_US} - i * 1000000 END")),
            ("began_us", format!("{AT_US} - i * 60000000")),
        ],
    })
}

fn asked_of_people(size: Size) -> Result<Vec<Made>> {
    // What is asked is the same in every row, so that its digest is too.
    let request = json!({ "reason": "made up for a bench", "lesser": "nothing else would end it" });
    let approval = image(json!({
        "approval": "AP1", "action": "key.expire", "subject": "key:{key}", "customer": null, "request": request,
        "digest": digest(&request), "requested_by": "user:alice", "requested_us": AT_US,
        "needed": [{ "role": "approver", "count": 1 }], "decisions": [], "state": "open",
        "due_us": AT_US + 86_400_000_000_i64, "version": 1,
    }))?;
    Approval::of(&approval).map_err(|refusal| anyhow::anyhow!("the sample of an approval: {refusal}"))?;
    let task = image(json!({
        "task": "T1", "case_id": "C1", "kind": "review_hold", "state": "open", "assignee": null, "created_us": AT_US, "due_us": null,
        "body": { "key": "{key}", "values": {}, "done_by": null, "done_us": null, "result": null }, "version": 1,
    }))?;
    serde_json::from_value::<TaskRow>(Value::Object(task.clone())).context("the sample of a task")?;
    let notice = image(json!({
        "notice": "N1", "customer": null, "account": "A1", "key": "K1", "case_id": null, "kind": "measure.hold",
        "texts": [{ "code": "key.held", "values": { "key": "{key}" } }], "channel": "portal", "state": "delivered", "attempts": 1,
        "created_us": AT_US, "delivered_us": AT_US, "acknowledged_us": null, "failure": null, "version": 1,
    }))?;
    let rows = |table, rows, sample, columns| Made { table, rows, sample, key: "i * 10", case: "i", columns };
    let of_case = |column| (column, id("C", &format!("i % {}", size.cases)));
    Ok(vec![
        rows(
            &tables::APPROVALS,
            size.cases / 5,
            approval,
            vec![
                ("approval", id("AP", "i")),
                ("state", "CASE WHEN i % 40 = 0 THEN 'open' ELSE 'granted' END".to_owned()),
            ],
        ),
        rows(
            &tables::TASKS,
            size.cases * 3 / 5,
            task,
            vec![
                ("task", id("T", "i")),
                of_case("case_id"),
                ("state", "CASE WHEN i % 20 = 0 THEN 'open' ELSE 'done' END".to_owned()),
            ],
        ),
        rows(
            &tables::NOTICES,
            size.cases * 3,
            notice,
            vec![
                ("notice", id("N", "i")),
                ("customer", id("CU", &format!("(i * 10) % {}", size.accounts))),
                ("account", id("A", &format!("(i * 10) % {}", size.accounts))),
                ("key", key_sql(&format!("(i * 10) % {}", size.keys))),
                (
                    "state",
                    "CASE i % 50 WHEN 0 THEN 'failed' WHEN 1 THEN 'sent' ELSE 'delivered' END".to_owned(),
                ),
            ],
        ),
    ])
}

impl Made {
    fn statement(&self) -> Result<String> {
        let names = self.table.columns.iter().map(|column| format!("\"{}\"", column.name));
        let names: Vec<String> = names.collect();
        let mut cells = Vec::with_capacity(names.len());
        for column in self.table.columns {
            let made = self.columns.iter().find(|(name, _)| *name == column.name);
            let sample =
                || self.sample.get(column.name).with_context(|| format!("no sample of `{}`", column.name));
            cells.push(match made {
                Some((_, expression)) => expression.clone(),
                None => self.literal(column.kind, sample()?)?,
            });
        }
        Ok(format!(
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {}) \
             INSERT INTO \"{}\" ({}) SELECT {} FROM n",
            self.rows,
            self.table.name,
            names.join(","),
            cells.join(",")
        ))
    }

    fn literal(&self, kind: Kind, value: &Value) -> Result<String> {
        let text = match (kind, value) {
            (Kind::Json, value) => {
                sumun_ledger::Canonical::of(value).context("a canonical sample")?.into_string()
            }
            (_, Value::Null) => return Ok("NULL".to_owned()),
            (_, Value::Number(number)) => return Ok(number.to_string()),
            (_, Value::String(text)) => text.clone(),
            _ => anyhow::bail!("a sample of another kind"),
        };
        let mut cell = format!("'{}'", text.replace('\'', "''"));
        let account = id("A", self.key);
        for (mark, expression) in
            [("{key}", key_sql(self.key)), ("{account}", account), ("{case}", id("C", self.case))]
        {
            if text.contains(mark) {
                cell = format!("replace({cell}, '{mark}', {expression})");
            }
        }
        Ok(cell)
    }
}

/// What happened to every tenth key, for its timeline.
fn entries(size: Size) -> [String; 2] {
    let keys = size.keys / CASE_EVERY;
    let rows = format!(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {})",
        keys * ENTRIES_EACH
    );
    let payload = json!({
        "v": 1, "class": "key.changed", "facts": { "actor": "user:alice", "keys": ["{key}"], "reason": "made up for a bench" },
        "rows": [{ "table": "keys", "row": { "key": "{key}", "allowlist": ["198.51.100.7/32", "203.0.113.9/32"] } }], "feed": [],
    });
    let payload = format!("replace('{payload}', '{{key}}', {})", key_sql("i / 6 * 10"));
    [
        format!(
            "{rows} INSERT INTO \"ledger_entries\" (\"entry\", \"class\", \"at_us\", \"leaf\", \"salt\", \"payload\", \"hashes\", \"feed_version\") \
             SELECT {ENTRIES_FROM} + i, 'key.changed', {AT_US} + i, 'made up', NULL, {payload}, x'', NULL FROM n"
        ),
        format!(
            "{rows} INSERT INTO \"entry_rows\" (\"table_name\", \"row_key\", \"entry\") SELECT 'keys', {}, {ENTRIES_FROM} + i FROM n",
            key_sql("i / 6 * 10")
        ),
    ]
}

/// Fills a database that the store has made, unless it is filled so already.
///
/// # Errors
/// The database's; a folder that holds a record of another size.
pub async fn fill(folder: &Path, url: &str, size: Size) -> Result<()> {
    let marker = folder.join("made.json");
    if let Ok(text) = std::fs::read_to_string(&marker) {
        let found: Size = serde_json::from_str(&text).context("a bad `made.json`")?;
        ensure!(found == size, "`{}` holds a record of another size: {text}", folder.display());
        return Ok(());
    }
    let mut all = vec![keys(size)?];
    all.extend(accounts(size)?);
    all.extend(cases(size)?);
    all.push(measures(size)?);
    all.extend(asked_of_people(size)?);
    let mut connection = AnyConnection::connect(url).await?;
    sqlx::raw_sql("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000").execute(&mut connection).await?;
    for made in &all {
        eprintln!("{} rows of {} ...", made.rows, made.table.name);
        let run = sqlx::raw_sql(AssertSqlSafe(made.statement()?)).execute(&mut connection).await;
        run.with_context(|| format!("rows of {}", made.table.name))?;
    }
    eprintln!("{} ledger entries ...", size.keys / CASE_EVERY * ENTRIES_EACH);
    for statement in entries(size) {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.context("ledger entries")?;
    }
    connection.close().await?;
    std::fs::write(marker, serde_json::to_string(&size)?)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_read_as_the_server_reads_rows() {
        let size = Size { keys: 1000, accounts: 500, cases: 100 };
        keys(size).unwrap();
        accounts(size).unwrap();
        cases(size).unwrap();
        measures(size).unwrap();
        asked_of_people(size).unwrap();
    }
}

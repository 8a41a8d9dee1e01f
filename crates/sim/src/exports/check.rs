//! Holds a report's JSON against the truth: what is counted must be equal, what is detected is measured.

use super::truth::Truth;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// One figure beside the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// What it is about.
    pub what: String,
    /// What the truth is.
    pub truth: u64,
    /// What the report says; `None`: nothing.
    pub found: Option<u64>,
}

impl Held {
    /// Whether they are equal.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.found == Some(self.truth)
    }
}

/// What detection made of it: no count is right or wrong here by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detected {
    /// Pools of five keys and more, of which the operator had begun to use five.
    pub pools: u64,
    /// Of these, those that a cluster in the report's list shares two keys with.
    pub pools_found: u64,
    /// Clusters in the report's list that are said to have one operator.
    pub lent: u64,
    /// Of these, those that name more than one honest key.
    pub lent_with_honest: u64,
    /// Clusters of a shared business line, which may be an office and are in none of the counts above.
    pub office_lines: u64,
    /// Clusters said to be of one published program.
    pub copied: u64,
    /// Clusters in all.
    pub total: u64,
    /// Keys in the list of those that rose highest, warned or more by machine, and the honest ones among them.
    pub cut: (u64, u64),
}

fn number(report: &Value, path: &str) -> Option<u64> {
    report.pointer(path)?.as_u64()
}

fn sum(report: &Value, path: &str, member: &str) -> Option<u64> {
    report.pointer(path)?.as_array()?.iter().map(|row| row.get(member)?.as_u64()).sum()
}

/// Every count that must be equal.
#[must_use]
pub fn counts(report: &Value, truth: &Truth) -> Vec<Held> {
    let mut all = Vec::new();
    let mut held = |what: &str, truth: u64, found: Option<u64>| {
        all.push(Held { what: what.to_owned(), truth, found });
    };
    let sources = report.pointer("/read/sources").and_then(Value::as_array);
    let access =
        sources.and_then(|all| all.iter().find(|source| source.get("role") == Some(&"access".into())));
    let of_log = |path: &str| access.and_then(|access| number(access, path));
    held("records of the log", truth.records, of_log("/counted/records"));
    held("records that are none", truth.rubbish, of_log("/counted/refused"));
    held("lines with bytes that are no text", truth.replaced, of_log("/counted/replaced"));
    held("lines of a clock ahead", truth.leaps, of_log("/leaps"));
    let broken =
        access.and_then(|access| access.pointer("/counted/inputs/0/ended/how")).and_then(Value::as_str);
    held("streams that break off", truth.truncated.into(), broken.map(|how| u64::from(how == "truncated")));
    held("requests", truth.requests, number(report, "/read/requests"));
    held("requests refused", truth.refused, number(report, "/read/refused"));
    held("copies", truth.copies, number(report, "/read/copies"));
    held("lines of a clock behind", truth.late, number(report, "/read/late"));
    held("requests by day", truth.requests, sum(report, "/read/days", "requests"));
    held("keys", truth.keys, number(report, "/keys/total"));
    held("living keys", truth.living, number(report, "/keys/living"));
    held("living keys used", truth.used, number(report, "/keys/used"));
    held("accounts", truth.accounts, number(report, "/keys/accounts"));
    held("keys not in the table", truth.not_in_table.0, number(report, "/keys/not_in_table"));
    held("their requests", truth.not_in_table.1, number(report, "/keys/not_in_table_requests"));
    let findings = report.pointer("/keys/findings").and_then(Value::as_array);
    for finding in findings.into_iter().flatten() {
        let code = finding.get("code").and_then(Value::as_str).unwrap_or_default();
        let wanted = truth.findings.get(code).copied().unwrap_or(0);
        held(&format!("keys {code}"), wanted, number(finding, "/count"));
    }
    held("addresses shared by registration", truth.shared.0, number(report, "/shared/registered/addresses"));
    held("addresses shared by use", truth.shared.1, number(report, "/shared/used/addresses"));
    held("allowed requests", truth.shadow.0, sum(report, "/shadow/segments", "allowed"));
    held("allowed from outside", truth.shadow.1, sum(report, "/shadow/segments", "unregistered"));
    held("allowed without a list", truth.shadow.2, sum(report, "/shadow/segments", "without_list"));
    held("refused for the address", truth.refused_for_address, number(report, "/shadow/refused_already"));
    all
}

/// What detection found, against who is who. The report has to have been made with `--first` large enough.
#[must_use]
pub fn detected(report: &Value, truth: &Truth) -> Detected {
    let mut made = Detected { total: number(report, "/clusters/total").unwrap_or(0), ..Detected::default() };
    let first = report.pointer("/clusters/first").and_then(Value::as_array);
    let mut lent: Vec<BTreeSet<&str>> = Vec::new();
    for cluster in first.into_iter().flatten() {
        if cluster.get("cause").and_then(Value::as_str) == Some("copied_code") {
            made.copied += 1;
            continue;
        }
        if cluster.get("office_line").and_then(Value::as_bool) == Some(true) {
            made.office_lines += 1;
            continue;
        }
        let some = cluster.get("some").and_then(Value::as_array);
        let some: BTreeSet<&str> = some.into_iter().flatten().filter_map(Value::as_str).collect();
        let honest = some.iter().filter(|key| !truth.misused.contains(**key)).count();
        made.lent_with_honest += u64::from(honest > 1);
        lent.push(some);
    }
    made.lent = lent.len() as u64;
    for pool in truth.pools.iter().filter(|pool| pool.begun >= 5) {
        made.pools += 1;
        let shares = |some: &BTreeSet<&str>| some.iter().filter(|key| pool.keys.contains(**key)).count() >= 2;
        made.pools_found += u64::from(lent.iter().any(shares));
    }
    let ladder = report.pointer("/ladder/first").and_then(Value::as_array);
    for row in ladder.into_iter().flatten() {
        let reached = row.get("reached").and_then(Value::as_str);
        if reached.is_some_and(|measure| measure != "monitor") {
            made.cut.0 += 1;
            let key = row.get("key").and_then(Value::as_str).unwrap_or_default();
            made.cut.1 += u64::from(!truth.misused.contains(key));
        }
    }
    made
}

//! The policy file as written: every table and key it may have, and no other.

use crate::policy::{ActBy, Bilingual};
use serde::Deserialize;
use std::collections::BTreeMap;
use sumun_model::{ActKind, Cause, Fact, Family, Hard, Measure, ScoreKind, Segment};
use toml::Spanned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) policy: Head,
    pub(crate) scores: Scores,
    #[serde(default)]
    pub(crate) detectors: toml::Table,
    pub(crate) budget: BudgetTable,
    pub(crate) ladder: LadderTable,
    #[serde(default)]
    pub(crate) facts: BTreeMap<String, Spanned<String>>,
    pub(crate) segments: BTreeMap<Spanned<String>, SegmentTable>,
    #[serde(default)]
    pub(crate) tests: Vec<Spanned<TestTable>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    pub(crate) id: Spanned<String>,
    pub(crate) version: Spanned<u32>,
    pub(crate) title: Bilingual,
    pub(crate) owner: String,
    pub(crate) reason: Bilingual,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scores {
    pub(crate) prior: Spanned<String>,
    pub(crate) second: Spanned<String>,
    pub(crate) cap: Spanned<String>,
    pub(crate) families: BTreeMap<Family, FamilyTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FamilyTable {
    pub(crate) alpha: Spanned<String>,
    pub(crate) half_life_s: Spanned<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BudgetTable {
    pub(crate) counts: Vec<Measure>,
    pub(crate) alerts_per_day: Spanned<u32>,
    #[serde(default)]
    pub(crate) segments: BTreeMap<Segment, u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LadderTable {
    #[serde(default = "day")]
    pub(crate) day_s: u32,
    pub(crate) monitor_period_s: u32,
    pub(crate) quiet_s: u32,
    pub(crate) warn_ack_s: u32,
    pub(crate) hold_due_s: u32,
    pub(crate) reverify_timeout_s: u32,
    pub(crate) memory_s: u32,
    pub(crate) hard: Spanned<Vec<Hard>>,
    pub(crate) high_risk: Spanned<String>,
}

const fn day() -> u32 {
    86_400
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SegmentTable {
    pub(crate) monitor_period_s: Option<u32>,
    pub(crate) quiet_s: Option<u32>,
    pub(crate) warn_ack_s: Option<u32>,
    pub(crate) hold_due_s: Option<u32>,
    pub(crate) reverify_timeout_s: Option<u32>,
    pub(crate) memory_s: Option<u32>,
    #[serde(default)]
    pub(crate) without: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) rules: Vec<RuleTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleTable {
    pub(crate) id: Spanned<String>,
    pub(crate) measure: Measure,
    pub(crate) when: Spanned<String>,
    pub(crate) act: ActBy,
    pub(crate) score: Option<ScoreKind>,
    pub(crate) reason: Bilingual,
    pub(crate) owner: Option<Bilingual>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestTable {
    pub(crate) name: String,
    pub(crate) segment: Option<Segment>,
    pub(crate) steps: Vec<Spanned<TestStep>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestStep {
    #[serde(default)]
    pub(crate) at_s: i64,
    pub(crate) evidence: Option<Vec<TestEvidence>>,
    #[serde(default)]
    pub(crate) hard: Vec<Hard>,
    #[serde(default)]
    pub(crate) acts: Vec<ActKind>,
    #[serde(default)]
    pub(crate) facts: BTreeMap<String, Fact>,
    #[serde(default)]
    pub(crate) cluster: u32,
    #[serde(default)]
    pub(crate) must: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) must_not: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestEvidence {
    pub(crate) family: Family,
    pub(crate) llr: Spanned<String>,
    #[serde(default = "one")]
    pub(crate) days: u8,
    pub(crate) cause: Option<Cause>,
    #[serde(default)]
    pub(crate) code: Option<String>,
    #[serde(default)]
    pub(crate) detector: Option<String>,
}

const fn one() -> u8 {
    1
}

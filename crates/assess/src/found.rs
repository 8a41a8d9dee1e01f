//! What detection and the ladder said, kept by key, cluster, code and day: never every finding.

use crate::census::{DAYS_MAX, day_of};
use crate::report::{AlertDay, Said};
use std::collections::{BTreeMap, BTreeSet};
use sumun_detect::Output;
use sumun_detect::links::LinkDetector;
use sumun_detect::links::fanout::Fanout;
use sumun_model::because::because;
use sumun_model::score::Evidence;
use sumun_model::wire::state::NetworkClass;
use sumun_model::{
    Assessment, Cause, Family, FindingId, KeyId, Lang, Measure, MeasureFinding, MilliNats, Mode, Phase,
    Signal, Subject, Value,
};
use sumun_policy::Policy;
use sumun_policy::policy::rank;

/// Clusters kept.
pub(crate) const CLUSTERS_MAX: usize = 4096;
/// Sentences kept of one cluster: one for each detector and code.
const SENTENCES_MAX: usize = 8;

/// One key on the ladder.
#[derive(Clone, Debug, Default)]
pub(crate) struct OnLadder {
    /// The strictest measure the machine entered.
    pub(crate) reached: Option<Measure>,
    /// The strictest measure it would have asked people for.
    pub(crate) proposed: Option<Measure>,
    /// What it stands at.
    pub(crate) stands: Option<Measure>,
    pub(crate) points: MilliNats,
    pub(crate) because: String,
}

/// Keys believed to have one operator.
#[derive(Clone, Debug)]
pub(crate) struct Together {
    pub(crate) members: BTreeSet<KeyId>,
    pub(crate) cause: Cause,
    pub(crate) said: Vec<Said>,
    /// Nothing speaks but a line of a business that several customers use.
    pub(crate) office_line: bool,
    /// In which order it was first named.
    pub(crate) order: usize,
}

#[derive(Debug)]
pub(crate) struct Found {
    lang: Lang,
    counted: Vec<Measure>,
    pub(crate) ladder: BTreeMap<KeyId, OnLadder>,
    pub(crate) clusters: BTreeMap<FindingId, Together>,
    pub(crate) clusters_not_kept: u64,
    pub(crate) signals: BTreeMap<String, u64>,
    pub(crate) alerts: BTreeMap<i64, AlertDay>,
    /// How many of the alerts are wrong if the risk beside each is exact: the sum of what each lacks to certainty, in ten-thousandths.
    pub(crate) alerts_wrong: u64,
    /// Keys in clusters, and whether evidence of one operator stands against them.
    suspect: BTreeMap<KeyId, bool>,
}

impl Found {
    pub(crate) fn new(policy: &Policy, lang: Lang) -> Self {
        Self {
            lang,
            counted: policy.budget.counts.clone(),
            ladder: BTreeMap::new(),
            clusters: BTreeMap::new(),
            clusters_not_kept: 0,
            signals: BTreeMap::new(),
            alerts: BTreeMap::new(),
            alerts_wrong: 0,
            suspect: BTreeMap::new(),
        }
    }

    pub(crate) fn take(&mut self, output: Output) {
        match output {
            Output::Signal(signal) => self.signal(*signal),
            Output::Measure(measure) => self.measure(*measure),
            Output::Assessment { assessment, .. } => self.assessed(&assessment),
        }
    }

    /// Whether what put a key into a cluster still speaks against it: an office is explained once its people have signed in.
    fn assessed(&mut self, assessment: &Assessment) {
        if assessment.cluster.is_none() {
            self.suspect.remove(&assessment.key);
            return;
        }
        let together = [Family::Operator, Family::Coordination];
        let speaks = |evidence: &Evidence| together.contains(&evidence.family) && evidence.llr_milli > 0;
        self.suspect.insert(assessment.key.clone(), assessment.evidence.iter().any(speaks));
    }

    fn signal(&mut self, signal: Signal) {
        *self.signals.entry(signal.detector.clone()).or_default() += 1;
        let office_line = is_office_line(&signal);
        let Subject::Cluster { cluster, members } = signal.subject else { return };
        let order = self.clusters.len();
        if !self.clusters.contains_key(&cluster) && order >= CLUSTERS_MAX {
            self.clusters_not_kept += 1;
            return;
        }
        let together = self.clusters.entry(cluster).or_insert_with(|| Together {
            members: BTreeSet::new(),
            cause: signal.cause,
            said: Vec::new(),
            office_line: true,
            order,
        });
        together.office_line &= office_line;
        together.members.extend(members);
        together.cause = signal.cause;
        let said = Said {
            because: because(&signal.code, &signal.values, self.lang),
            detector: signal.detector,
            code: signal.code,
            points: signal.points,
            at: signal.ts,
            evidence: signal.evidence.into_iter().take(5).collect(),
        };
        let room = together.said.len() < SENTENCES_MAX;
        match together.said.iter_mut().find(|old| old.detector == said.detector && old.code == said.code) {
            Some(old) => *old = said,
            None if room => together.said.push(said),
            None => {}
        }
    }

    fn measure(&mut self, finding: MeasureFinding) {
        let key = self.ladder.entry(finding.key).or_default();
        if finding.phase == Phase::Leave {
            key.stands = None;
            return;
        }
        let measure = Some(finding.measure);
        let of_mode = match finding.mode {
            Mode::Act => {
                key.stands = measure;
                &mut key.reached
            }
            Mode::Propose => &mut key.proposed,
        };
        if rank(measure) >= rank(*of_mode) {
            *of_mode = measure;
        }
        if finding.points >= key.points {
            key.points = finding.points;
            key.because = finding.because;
        }
        let day = day_of(finding.ts);
        if !self.counted.contains(&finding.measure)
            || (self.alerts.len() >= DAYS_MAX && !self.alerts.contains_key(&day))
        {
            return;
        }
        self.alerts_wrong += u64::from(10_000_u16.saturating_sub(finding.risk.0));
        let alerts = self.alerts.entry(day).or_insert_with(|| AlertDay::of(day));
        match finding.mode {
            Mode::Act => alerts.raised += 1,
            Mode::Propose => alerts.beyond += 1,
        }
    }

    /// Clusters as they ended, those that may be nothing but an office last: what merged into an older one is in that one, and who was explained is in none.
    pub(crate) fn clusters_at_end(&self) -> Vec<(FindingId, Together)> {
        let mut all: Vec<_> = self.clusters.iter().map(|(id, together)| (*id, together.clone())).collect();
        for (_, together) in &mut all {
            together.members.retain(|key| self.suspect.get(key).copied().unwrap_or(false));
        }
        all.retain(|(_, together)| together.members.len() > 1);
        all.sort_by_key(|(_, together)| together.order);
        let mut kept: Vec<(FindingId, Together)> = Vec::new();
        for (id, together) in all {
            // Two keys that change together say nothing of the other people of their office.
            let holds = |older: &Together| {
                together.members.is_subset(&older.members) && (together.office_line || !older.office_line)
            };
            match kept.iter_mut().find(|(_, older)| holds(older)) {
                Some((_, older)) => {
                    let new = |said: &Said| !older.said.iter().any(|old| old.code == said.code);
                    let more: Vec<_> = together.said.into_iter().filter(new).collect();
                    older.said.extend(more);
                    older.said.truncate(SENTENCES_MAX);
                }
                None => kept.push((id, together)),
            }
        }
        kept.sort_by(|(a, one), (b, other)| {
            let larger = || other.members.len().cmp(&one.members.len());
            let earlier = || one.order.cmp(&other.order).then(a.cmp(b));
            one.office_line.cmp(&other.office_line).then_with(larger).then_with(earlier)
        });
        kept
    }

    /// Everything kept, in entries.
    pub(crate) fn entries(&self) -> usize {
        let members: usize = self.clusters.values().map(|cluster| cluster.members.len()).sum();
        self.ladder.len()
            + self.clusters.len()
            + self.suspect.len()
            + members
            + self.signals.len()
            + self.alerts.len()
    }
}

/// Whether a signal says no more than that several customers use one line of a business, as the people of an office do, or takes
/// something back.
fn is_office_line(signal: &Signal) -> bool {
    let business = Value::from(NetworkClass::Business.as_str());
    signal.points <= 0 || (signal.detector == Fanout::NAME && signal.values.get("class") == Some(&business))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(id: u8, detector: &str, class: &str, points: i32, members: &[&str]) -> Output {
        let id = format!("{id:02x}").repeat(16);
        let signal = serde_json::json!({
            "type": "signal", "id": id, "ts": "2026-03-02T00:00:00.000000Z", "detector": detector,
            "subject": { "cluster": id, "members": members }, "cause": "lent", "points": points,
            "code": "customers_at_one_address", "values": { "class": class }, "baseline": null, "evidence": [],
            "because": "(made up)",
        });
        Output::Signal(Box::new(serde_json::from_value(signal).unwrap()))
    }

    fn after(outputs: Vec<Output>, suspects: &[&str]) -> Vec<(usize, bool)> {
        let policy = Policy::parse(include_str!("../../../policies/default.toml")).unwrap();
        let mut found = Found::new(&policy, Lang::En);
        outputs.into_iter().for_each(|output| found.take(output));
        found.suspect = suspects.iter().map(|key| (key.parse().unwrap(), true)).collect();
        let clusters = found.clusters_at_end();
        clusters.into_iter().map(|(_, cluster)| (cluster.members.len(), cluster.office_line)).collect()
    }

    fn step(measure: &str, phase: &str, mode: &str, risk: &str) -> Output {
        let finding = serde_json::json!({
            "id": "01".repeat(16), "ts": "2026-03-02T00:00:00.000000Z", "key": "K1", "account": "A1", "cluster": null,
            "measure": measure, "phase": phase, "mode": mode, "score": "sharing", "points": 0, "terms": [], "risk": risk,
            "signals": [], "policy": "made-up@1", "lesser": "(made up)", "because": "(made up)",
        });
        Output::Measure(Box::new(serde_json::from_value(finding).unwrap()))
    }

    #[test]
    fn alerts_that_would_be_wrong_are_what_their_risks_lack_to_certainty() {
        let policy = Policy::parse(include_str!("../../../policies/default.toml")).unwrap();
        let mut found = Found::new(&policy, Lang::En);
        // Two that count, one only proposed; neither a measure outside the budget nor an end does.
        found.take(step("warn", "enter", "act", "0.9000"));
        found.take(step("warn", "enter", "propose", "0.2500"));
        found.take(step("monitor", "enter", "act", "0.0100"));
        found.take(step("warn", "leave", "act", "0.0000"));
        let days: Vec<_> = found.alerts.values().map(|day| (day.raised, day.beyond)).collect();
        assert_eq!((days, found.alerts_wrong), (vec![(1, 1)], 1_000 + 7_500));
    }

    const FANOUT: &str = Fanout::NAME;
    const CO_CHANGE: &str = "operator.co_change@1";

    #[test]
    fn what_may_be_an_office_stands_last_and_is_named_so() {
        let office = said(1, FANOUT, "business", 2000, &["K1", "K2", "K3", "K4"]);
        let pool = said(2, FANOUT, "hosting", 2800, &["K5", "K6"]);
        let all = ["K1", "K2", "K3", "K4", "K5", "K6"];
        assert_eq!(after(vec![office, pool], &all), [(2, false), (4, true)]);
    }

    #[test]
    fn another_kind_of_evidence_makes_it_no_office_and_what_takes_something_back_does_not() {
        let office = || said(1, FANOUT, "business", 2000, &["K1", "K2", "K3"]);
        let all = ["K1", "K2", "K3"];
        assert_eq!(after(vec![office(), said(1, CO_CHANGE, "", 900, &["K1", "K2"])], &all), [(3, false)]);
        assert_eq!(after(vec![office(), said(1, CO_CHANGE, "", -900, &["K1", "K2"])], &all), [(3, true)]);
        assert_eq!(after(vec![office(), said(1, FANOUT, "hosting", 900, &["K1", "K2"])], &all), [(3, false)]);
    }

    #[test]
    fn two_who_change_together_say_nothing_of_their_office() {
        let office = said(1, FANOUT, "business", 2000, &["K1", "K2", "K3", "K4"]);
        let two = said(2, CO_CHANGE, "", 900, &["K1", "K2"]);
        assert_eq!(after(vec![office, two], &["K1", "K2", "K3", "K4"]), [(2, false), (4, true)]);
    }
}

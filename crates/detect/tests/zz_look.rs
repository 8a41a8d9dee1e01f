//! Temporary look.
use std::collections::BTreeMap;
use std::sync::Arc;
use sumun_detect::judge::NoJudge;
use sumun_detect::network::NoData;
use sumun_detect::{Engine, Input, Options, Output, Params};
use sumun_model::{ScoreKind, Subject, Weights, score};
use sumun_sim::population::{Options as W, World};

#[test]
fn look() {
    let e = |n: &str, d: u32| std::env::var(n).ok().and_then(|s| s.parse().ok()).unwrap_or(d);
    let o = W {
        activity_permille: e("ACT", 50),
        ..W::new(
            u64::from(e("SEED", 1)),
            "2026-01-05T00:00:00Z".parse().unwrap(),
            e("DAYS", 35),
            e("CLEAN", 300),
            e("BAD", 60),
        )
    };
    let world = World::new(&o).unwrap();
    let truth: BTreeMap<_, _> =
        world.truth().map(|t| (t.key.clone(), (t.kind, t.is_bad(), t.role))).collect();
    let mut engine = Engine::new(
        Params::default(),
        Weights::default(),
        Arc::new(NoData),
        Box::new(NoJudge),
        Options::default(),
        b"look",
    );
    let mut by: BTreeMap<(bool, String), BTreeMap<String, BTreeMap<_, i64>>> = BTreeMap::new();
    let mut top: BTreeMap<_, i64> = BTreeMap::new();
    let mut n = 0u64;
    let show = std::env::var("SHOW").unwrap_or_default();
    let mut batch = Vec::new();
    let mut lines = world.lines();
    loop {
        batch.clear();
        while batch.len() < 5000 {
            let Some(line) = lines.next() else { break };
            n += 1;
            batch.push(Input { position: n, line });
        }
        if batch.is_empty() {
            break;
        }
        for out in engine.feed(batch.clone()) {
            match out {
                Output::Signal(s) => {
                    if let Subject::Key { key, .. } = &s.subject {
                        let (kind, bad, role) = truth[key];
                        let name = format!("{:?}/{}", kind, role.as_str());
                        if !show.is_empty() && name.contains(&show) && s.detector.starts_with("key.") {
                            println!("{} {} {} {} {}", s.ts, key, s.code, s.points, s.because);
                        }
                        let row = by
                            .entry((bad, name))
                            .or_default()
                            .entry(s.code.clone())
                            .or_default()
                            .entry(key.clone())
                            .or_insert(i64::MIN);
                        *row = (*row).max(s.points);
                    }
                }
                Output::Assessment { assessment, .. } => {
                    let p = score::total(&score::terms(
                        &assessment.evidence,
                        &Weights::default(),
                        ScoreKind::Sharing,
                        assessment.at,
                    ));
                    let t = top.entry(assessment.key.clone()).or_insert(i64::MIN);
                    *t = (*t).max(p);
                }
                _ => {}
            }
        }
    }
    println!("{n} lines {:?}", engine.counts());
    let mut kinds: BTreeMap<(bool, String), Vec<i64>> = BTreeMap::new();
    for (key, (kind, bad, role)) in &truth {
        kinds
            .entry((*bad, format!("{:?}/{}", kind, role.as_str())))
            .or_default()
            .push(top.get(key).copied().unwrap_or(0));
    }
    for ((bad, kind), mut tops) in kinds {
        tops.sort();
        let over = |x: i64| tops.iter().filter(|t| **t >= x).count();
        println!(
            "{} {kind}: {} keys, top {:?} >=1200:{} >=3268:{} >=5365:{}",
            if bad { "BAD " } else { "    " },
            tops.len(),
            tops.last(),
            over(1200),
            over(3268),
            over(5365)
        );
        if let Some(codes) = by.get(&(bad, kind)) {
            for (code, keys) in codes {
                println!(
                    "        {code:<28} keys {:>3} (>0: {}) max {}",
                    keys.len(),
                    keys.values().filter(|p| **p > 0).count(),
                    keys.values().max().unwrap()
                );
            }
        }
    }
}

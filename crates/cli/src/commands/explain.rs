//! `sumun explain`: why a key stands where it stood at an instant, and why not higher.

mod sources;

use super::ConfigArguments;
use crate::exit::BadInput;
use crate::findings::in_log::PolicyInLog;
use crate::findings::{LadderJudge, Setup, told};
use crate::output;
use serde::Serialize;
use sources::{Sources, Unread};
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;
use sumun_detect::judge::Judge;
use sumun_detect::{Input, Options, Output};
use sumun_model::because::because;
use sumun_model::wire::Line;
use sumun_model::{
    ExpiryCause, Fact, KeyId, KeyState, Lang, Measure, MeasureFinding, Mode, Phase, Signal, Subject,
    Timestamp,
};
use sumun_policy::explain::{Ended, Explanation, measure_word, why};
use sumun_policy::{Approve, Standing};

/// Most signals shown, the latest; `--json` gives all.
const SIGNALS_SHOWN: usize = 12;

/// Explain a key's points and measures at an instant: term by term, why each measure, and why not the others.
///
/// Replays the log up to the instant under the policy, so an answer is the same whenever it is asked for. Points of the families add up to
/// the total; every line names its signal, and every signal its events.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  sumun explain K1 --at 2026-05-28T09:30:00Z --log world.ndjson\n  \
                        sumun explain K1 --at 2026-05-28T09:30:00Z --lang ko\n  \
                        sumun explain K1 --at 2026-11-25T00:00:00Z --log backfill/merged.ndjson --log sumun-data/events\n  \
                        sumun policies show default@2 --text > then.toml; sumun explain K1 --at 2026-05-28T09:30:00Z --policy then.toml --as-in-force\n\n\
                        Exit codes: 0 explained, 1 the operation failed, 2 the log, the policy or what was asked is bad.")]
pub struct Arguments {
    /// The key
    key: KeyId,
    /// The instant, such as 2026-05-28T09:30:00Z
    #[arg(long, value_name = "TIME")]
    at: Timestamp,
    /// File of lines, or folder of an event log; given twice, the lines of a back-fill (`merged.ndjson`) and the event log behind them
    /// [default: the control plane's, `events` in the configured `data_dir`]
    #[arg(long, value_name = "FILE|DIR")]
    log: Vec<PathBuf>,
    #[command(flatten)]
    config: ConfigArguments,
    /// Policy file [default: policies/default.toml, which the program also has in itself]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Read the policy as live detection reads one in force: what it cannot use of `[detectors]` counts as left out, and is said
    #[arg(long)]
    as_in_force: bool,
    /// Folder of data files on networks, or `none` [default: those installed, if there are any]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Language
    #[arg(long, value_name = "LANG", default_value = "en")]
    lang: Lang,
    /// Print JSON, with all signals, features and what each detector remembers
    #[arg(long)]
    json: bool,
}

/// Everything there is to tell.
#[derive(Serialize)]
struct Told {
    explanation: Explanation,
    signals: Vec<Signal>,
    measures: Vec<MeasureFinding>,
    facts: std::collections::BTreeMap<String, Fact>,
    baselines: serde_json::Value,
    /// History that live detection knows and that was not read for this; null if there is none.
    unread: Option<Unread>,
}

/// Runs it.
///
/// # Errors
/// The log, the policy or a data file is bad, or nothing is known of the key at that instant.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let config = arguments.config.load(Vec::new()).map(|loaded| loaded.config);
    let (logs, config) = match arguments.log.as_slice() {
        [] => {
            let config = config?;
            (vec![config.events_dir()], Some(config))
        }
        logs => (logs.to_vec(), config.ok()),
    };
    let sources = Sources::of(logs, config.as_ref())?;
    let setup =
        Setup::load(arguments.policy.as_deref(), arguments.data.as_deref(), arguments.as_in_force.into())?;
    let mut engine = setup.engine(Options::default(), Approve::All, arguments.lang);
    let (mut signals, mut measures) = (Vec::new(), Vec::new());
    let (mut policy, mut ended) = (PolicyInLog::beside(&setup), None);
    let mut look = |lines: &[Input]| {
        policy.look(lines);
        // The first says when: its row is told again whenever something is noted of it.
        if ended.is_none() {
            ended = lines.iter().find_map(|input| end_of(&arguments.key, input));
        }
    };
    let unread = sources.unread(arguments.at, setup.params.engine.forget_after_s)?;
    if let Some(unread) = &unread {
        crate::logging::say(&format!("attention: {}\n", unread.told(arguments.lang)));
    }
    told::run_to(&mut engine, sources.read()?, arguments.at, &mut look, |output| match output {
        Output::Signal(signal) if is_about(&signal, &arguments.key) => signals.push(*signal),
        Output::Measure(measure) if measure.key == arguments.key => measures.push(*measure),
        _ => {}
    })?;
    for signal in &mut signals {
        signal.because = because(&signal.code, &signal.values, arguments.lang);
    }
    // What the ladder derives for a key that people ended at that moment was never taken.
    if let Some(ended) = ended.filter(|ended| ended.cause != Some(ExpiryCause::Forced)) {
        measures.retain(|measure| measure.ts < ended.at);
    }
    let known = engine.explain(&arguments.key).ok_or_else(|| {
        BadInput(format!(
            "nothing is known of `{}` by {}; no valid request and no `key` line names it so far",
            arguments.key, arguments.at
        ))
    })?;
    let mut ladder = LadderJudge::new(Arc::clone(&setup.policy), Approve::All, arguments.lang);
    ladder.restore(&engine.judge().save()).map_err(anyhow::Error::msg)?;
    let standing =
        ladder.standing(&arguments.key).map_or_else(Standing::default, |(standing, _)| standing.clone());
    let explanation = why(&setup.policy, &standing, &known.assessment, arguments.at);
    let told = Told {
        explanation: match ended {
            Some(ended) => explanation.ended(ended),
            None => explanation,
        },
        signals,
        measures,
        facts: known.assessment.facts,
        baselines: known.baselines,
        unread,
    };
    if arguments.json { output::json(&told) } else { output::text(&told.render(arguments.lang)) }
}

/// How this line says that the key ended, if it does.
fn end_of(asked: &KeyId, input: &Input) -> Option<Ended> {
    let Line::Key(line) = &input.line else { return None };
    let over = line.key == *asked && line.state == Some(KeyState::Expired);
    over.then_some(Ended { at: line.ts, cause: line.cause, measure: line.measure })
}

fn is_about(signal: &Signal, asked: &KeyId) -> bool {
    match &signal.subject {
        Subject::Key { key, .. } => key == asked,
        Subject::Cluster { members, .. } => members.contains(asked),
        Subject::Account { .. } | Subject::Market { .. } => false,
    }
}

impl Told {
    fn render(&self, lang: Lang) -> String {
        let pick = |ko: &'static str, en: &'static str| if lang == Lang::Ko { ko } else { en };
        let mut out = self.explanation.render(lang);
        // Writing to a `String` cannot fail.
        if !self.measures.is_empty() {
            let _ = writeln!(out, "\n{}", pick("조치 이력", "measures so far"));
        }
        for m in &self.measures {
            let phase = match (m.phase, m.mode) {
                (Phase::Enter, Mode::Act) => pick("시작", "begins"),
                (Phase::Enter, Mode::Propose) => pick("제안", "proposed"),
                (Phase::Leave, _) => pick("종료", "ends"),
            };
            let word = |measure: Measure| measure_word(measure, lang);
            let _ = writeln!(out, "  {}  {} {phase}\n    {}", m.ts, word(m.measure), m.because);
            if m.phase == Phase::Enter && !m.lesser.is_empty() {
                let _ = writeln!(out, "    {}", m.lesser);
            }
        }
        let beyond = self.signals.len().saturating_sub(SIGNALS_SHOWN);
        if !self.signals.is_empty() {
            let _ = writeln!(out, "\n{}", pick("신호", "signals"));
        }
        if beyond > 0 {
            let _ =
                writeln!(out, "  … {beyond} {}", pick("개 더 있음 (--json)", "more before these (--json)"));
        }
        for signal in self.signals.iter().skip(beyond) {
            let events: Vec<_> = signal.evidence.iter().map(|id| id.as_str()).collect();
            let _ = writeln!(
                out,
                "  {}  {}  {}\n    {}\n    {}: {}",
                signal.ts,
                signal.detector,
                signal.id,
                signal.because,
                pick("근거 사건", "events"),
                events.join(" ")
            );
        }
        out
    }
}

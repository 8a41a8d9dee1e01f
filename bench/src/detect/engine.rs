//! The engine over made-up lines, one number of keys and of threads a process, so that no earlier state's freed memory hides what this
//! one takes.

use super::world::{GAP_US, Windows, World, key_name};
use crate::clock::{Cpu, Stopwatch};
use crate::machine;
use crate::report::{Row, Spread};
use anyhow::{Context, Result};
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::Arc;
use sumun_detect::judge::NoJudge;
use sumun_detect::network::NoData;
use sumun_detect::{Engine, Input, Measures, Options, Params};
use sumun_model::wire::{Origin, parse_line};
use sumun_model::{KeyId, Weights};

/// Lines a second and core at 1 M live keys (DESIGN 10).
const LINES_PER_S_MIN: f64 = 300_000.0;
/// Bytes of a key: mean and most (DESIGN 6).
const MEAN_BYTES_MAX: f64 = 4_096.0;
const MOST_BYTES_MAX: f64 = 8_192.0;
/// What is lost from the first tenth of a run to its last before it counts as a slowdown; less is the noise of a shared machine.
const SLOWDOWN_MAX: f64 = 1.15;
/// Lines fed at once: as the role that detects.
const BATCH: usize = 4_096;
/// Keys whose state is weighed one by one.
const WEIGHED: u64 = 5_000;
/// Below this, pages and allocator noise outweigh the keys.
const KEYS_FOR_MEMORY: u64 = 10_000;

/// An engine and the lines it is fed.
struct Run {
    engine: Engine,
    world: World,
    position: u64,
    said: usize,
}

/// What a run over lines took, batch by batch, seconds.
#[derive(Default)]
struct Taken {
    lines: Vec<usize>,
    bytes: usize,
    parse: Vec<f64>,
    whole: Vec<f64>,
    /// All threads together, parsing included.
    cpu: f64,
}

impl Run {
    fn new(keys: u64, shards: NonZeroUsize) -> Self {
        let options = Options { shards, measures: Measures::Recorded, ..Options::default() };
        let engine = Engine::new(
            Params::default(),
            Weights::default(),
            Arc::new(NoData),
            Box::new(NoJudge),
            options,
            b"bench",
        );
        Self { engine, world: World::new(keys), position: 0, said: 0 }
    }

    fn parse(&mut self, texts: &[String]) -> Result<Vec<Input>> {
        let mut inputs = Vec::with_capacity(texts.len());
        for text in texts {
            self.position += 1;
            let origin = Origin { source_name: "bench", line: self.position };
            inputs.push(Input { position: self.position, line: parse_line(origin, text)? });
        }
        Ok(inputs)
    }

    fn feed(&mut self, texts: &[String]) -> Result<()> {
        let inputs = self.parse(texts)?;
        self.said += black_box(self.engine.feed(inputs)).len();
        Ok(())
    }

    /// Tells of all keys.
    fn tell(&mut self, keys: u64) -> Result<()> {
        let mut batch = Vec::with_capacity(BATCH + 1);
        for key in 0..keys {
            batch.extend(self.world.told(key));
            if batch.len() >= BATCH {
                self.feed(&batch)?;
                batch.clear();
            }
        }
        self.feed(&batch)
    }

    /// Uses every key so often, an hour between; seconds of the engine alone for each batch, with how many lines it had.
    fn fill(&mut self, keys: u64, rounds: u64) -> Result<Vec<(usize, f64)>> {
        let (mut batch, mut taken) = (Vec::with_capacity(BATCH + 1), Vec::new());
        for _ in 0..rounds {
            self.world.pass(72 * GAP_US);
            for key in 0..keys {
                self.world.step(key, &mut batch);
                if batch.len() >= BATCH || key + 1 == keys {
                    let inputs = self.parse(&batch)?;
                    let watch = Cpu::thread();
                    self.said += black_box(self.engine.feed(inputs)).len();
                    taken.push((batch.len(), watch.elapsed_s()));
                    batch.clear();
                }
            }
        }
        Ok(taken)
    }

    /// Parsing alone and parsing with the engine, by turns, over the same lines.
    fn by_turns(&mut self, windows: Windows, lines: usize) -> Result<Taken> {
        let (mut taken, mut batch, mut fed) = (Taken::default(), Vec::with_capacity(BATCH + 1), 0);
        while fed < lines {
            batch.clear();
            while batch.len() < BATCH {
                let key = self.world.key(windows);
                self.world.step(key, &mut batch);
            }
            fed += batch.len();
            // Whoever comes second finds the lines in the processor's cache.
            let parse_first = taken.parse.len().is_multiple_of(2);
            if parse_first {
                taken.parse.push(parse_alone(&batch)?);
            }
            let (wall, cpu, all) = (Stopwatch::start(), Cpu::thread(), Cpu::process());
            self.feed(&batch)?;
            taken.cpu += all.elapsed_s();
            taken.whole.push(if self.engine.threads() > 1 {
                wall.elapsed().as_secs_f64()
            } else {
                cpu.elapsed_s()
            });
            if !parse_first {
                taken.parse.push(parse_alone(&batch)?);
            }
            taken.lines.push(batch.len());
            taken.bytes += batch.iter().map(String::len).sum::<usize>();
        }
        Ok(taken)
    }
}

/// Seconds to parse these lines and drop them.
fn parse_alone(texts: &[String]) -> Result<f64> {
    let watch = Cpu::thread();
    for (line, text) in (1..).zip(texts) {
        black_box(parse_line(Origin { source_name: "bench", line }, text)?);
    }
    Ok(watch.elapsed_s())
}

/// Everything of one number of keys and threads.
///
/// # Errors
/// A line is none, or what the machine said.
pub fn measure(keys: u64, shards: NonZeroUsize, lines: usize, rounds: u64) -> Result<Vec<Row>> {
    let label = label(keys);
    let group =
        format!("detect, {label} live keys, {shards} shard{}", if shards.get() > 1 { "s" } else { "" });
    let mut run = Run::new(keys, shards);
    let networks: Vec<String> = run.world.networks().collect();
    run.feed(&networks)?;
    drop(networks);

    let before = machine::resident_bytes()?;
    run.tell(keys)?;
    let told = machine::resident_bytes()?.saturating_sub(before);
    let filling = run.fill(keys, rounds)?;
    let taken = machine::resident_bytes()?.saturating_sub(before);

    let mut rows = Vec::new();
    for windows in [Windows::Full, Windows::Hot] {
        let (signals, said) = (run.engine.counts().signals, run.said);
        let taken = run.by_turns(windows, lines)?;
        let said = (run.said - said, run.engine.counts().signals - signals);
        rows.push(speed(&group, keys, shards, windows, &taken, said));
        if shards.get() == 1 {
            rows.push(tenths(&group, windows, &taken));
        }
    }
    if shards.get() == 1 {
        rows.push(filled(&group, &filling, rounds));
        if keys >= KEYS_FOR_MEMORY {
            rows.push(resident(&group, keys, told, taken));
        }
        rows.extend(weighed(&group, keys, &run.engine)?);
    }
    Ok(rows)
}

/// A count as printed.
fn label(count: u64) -> String {
    if count >= 1_000_000 { format!("{} M", count / 1_000_000) } else { format!("{} k", count / 1_000) }
}

fn speed(
    group: &str,
    keys: u64,
    shards: NonZeroUsize,
    windows: Windows,
    taken: &Taken,
    (said, signals): (usize, u64),
) -> Row {
    let per_s = |seconds: &[f64]| -> Vec<f64> {
        taken.lines.iter().zip(seconds).map(|(lines, s)| *lines as f64 / s).collect()
    };
    let total: usize = taken.lines.iter().sum();
    let (parse, whole) = (per_s(&taken.parse), per_s(&taken.whole));
    let words = if windows == Windows::Full { "full windows" } else { "hot windows" };
    let unit = if shards.get() == 1 { "lines/s" } else { "lines/s of wall" };
    let row = Row::beside(group, format!("{words}, parse + detect beside parse alone"), unit, &parse, &whole);
    let per_core = total as f64 / taken.cpu;
    let median = row.measured;
    let row = row.note(format!(
        "{total} lines of {} bytes; {per_core:.0} lines/s of processor time; {:.0} ns parsing, {:.0} ns the rest; {said} outputs, {signals} of them signals",
        taken.bytes / total.max(1),
        taken.parse.iter().sum::<f64>() * 1e9 / total as f64,
        (taken.cpu - taken.parse.iter().sum::<f64>()) * 1e9 / total as f64,
    ));
    if keys < 1_000_000 || shards.get() > 1 {
        return row;
    }
    row.budget(">= 300 k lines/s", median >= LINES_PER_S_MIN)
}

fn tenths(group: &str, windows: Windows, taken: &Taken) -> Row {
    let pairs: Vec<(usize, f64)> = taken.lines.iter().copied().zip(taken.whole.iter().copied()).collect();
    let (first, last) = ends(&pairs);
    let words = if windows == Windows::Full { "full windows" } else { "hot windows" };
    Row::figure(
        group,
        format!("{words}, last tenth of the run beside its first"),
        "x time a line",
        last / first,
    )
    .budget("<= 1.15", last / first <= SLOWDOWN_MAX)
    .note(format!("{first:.0} ns, then {last:.0} ns"))
}

fn filled(group: &str, filling: &[(usize, f64)], rounds: u64) -> Row {
    let (first, last) = ends(filling);
    Row::figure(
        group,
        "windows filling, last tenth beside the first, engine alone".into(),
        "x time a line",
        last / first,
    )
    .budget("<= 1.15", last / first <= SLOWDOWN_MAX)
    .note(format!("{first:.0} ns, then {last:.0} ns; every key used {rounds} times, an hour apart"))
}

/// Nanoseconds of a line in the first and in the last tenth, medians of batches.
fn ends(batches: &[(usize, f64)]) -> (f64, f64) {
    let tenth = batches.len().div_ceil(10);
    let median = |part: &[(usize, f64)]| {
        Spread::of(part.iter().map(|(lines, s)| s * 1e9 / *lines as f64).collect()).median
    };
    let last = batches.get(batches.len().saturating_sub(tenth)..).unwrap_or_default();
    (median(batches.get(..tenth).unwrap_or_default()), median(last))
}

fn resident(group: &str, keys: u64, told: u64, taken: u64) -> Row {
    let each = taken as f64 / keys as f64;
    Row::figure(group, "memory, resident".into(), "bytes/key", each)
        .budget("mean <= 4 KiB", each <= MEAN_BYTES_MAX)
        .note(format!(
            "{} MiB in all; {:.0} bytes/key once told of and before use; accounts, homes, wakes and ten minutes of ids in it",
            taken >> 20,
            told as f64 / keys as f64
        ))
}

fn weighed(group: &str, keys: u64, engine: &Engine) -> Result<[Row; 2]> {
    let step = (keys / WEIGHED).max(1);
    let mut bytes = Vec::new();
    for key in (0..keys).step_by(usize::try_from(step)?) {
        bytes.push(engine.state_bytes(&KeyId::new(&key_name(key))?) as f64);
    }
    let mean = bytes.iter().sum::<f64>() / bytes.len() as f64;
    let most = bytes.iter().copied().max_by(f64::total_cmp).context("no key was weighed")?;
    let note = format!("of {} keys, as a snapshot holds them", bytes.len());
    Ok([
        Row::figure(group, "state of a key, mean".into(), "bytes", mean)
            .budget("mean <= 4 KiB", mean <= MEAN_BYTES_MAX)
            .note(note.clone()),
        Row::figure(group, "state of a key, most".into(), "bytes", most)
            .budget("<= 8 KiB", most <= MOST_BYTES_MAX)
            .note(note),
    ])
}

//! The key table: memory per key, loading, changes; then decisions over it. One size a process, so that no earlier
//! table's freed memory hides what this one takes.

use crate::clock::Stopwatch;
use crate::keys;
use crate::machine;
use crate::random::Random;
use crate::report::{Row, Spread};
use crate::{decide, requests};
use anyhow::{Context, Result, ensure};
use std::hint::black_box;
use sumun_gate::{Change, Gate, KeySpec, KeyTable, Status};
use sumun_model::{ApiSecret, KeyId, KeyState, Measure, Prefix};
use sumun_seal::{KeyEncryptionKey, Keyring, NONCE_BYTES, SealedSecret};
use zeroize::Zeroizing;

/// Bytes a key may take beside its allowlist (DESIGN 10).
const BYTES_PER_KEY_MAX: f64 = 512.0;
/// Seconds in which 10 M keys load (DESIGN 10).
const LOAD_10M_S_MAX: f64 = 20.0;
/// Nanoseconds of writer time for one revocation (DESIGN 10).
const REVOCATION_NS_MAX: f64 = 1_000.0;
/// Below this, pages and allocator noise outweigh the keys.
const KEYS_FOR_MEMORY: u64 = 100_000;
/// Free memory that 10 M keys and everything around them need.
pub const BYTES_FOR_10M: u64 = 12 << 30;

const MEMORY: &str = "key table";

/// Loads a table of `count` keys and measures it, then the decisions over it.
///
/// # Errors
/// What the machine said, or a request was refused that should pass.
pub fn measure(count: u64) -> Result<Vec<Row>> {
    let label = label(count);
    let secrets: Vec<ApiSecret> = (0..keys::SECRETS).map(keys::api_secret).collect::<Result<_>>()?;
    let secret = |index: u64| secrets.get((index % keys::SECRETS) as usize).context("a secret for every key");
    // Lazy parts of the dialect are read, allocator arenas are set up, before anything is weighed.
    black_box(requests::Signer::new(1, 9).sign(requests::Kind::OrderHs512)?);

    let table = KeyTable::new([]);
    let before = machine::resident_bytes()?;
    let watch = Stopwatch::start();
    let specs = on_all_cores(count, |index| keys::spec(index, secret(index)?))?;
    let made_s = watch.elapsed().as_secs_f64();
    let refused = table.load(specs);
    let load_s = watch.elapsed().as_secs_f64();
    let taken = machine::resident_bytes()?.saturating_sub(before);
    ensure!(refused.is_empty() && table.len() == count, "the table holds {} of {count} keys", table.len());

    let mut rows = Vec::new();
    if count >= KEYS_FOR_MEMORY {
        let allowlist = size_of::<Prefix>() as u64 * count;
        let each = taken.saturating_sub(allowlist) as f64 / count as f64;
        let row = Row::figure(MEMORY, format!("{label} keys, memory"), "bytes/key", each);
        rows.push(row.budget("<= 512 bytes/key", each <= BYTES_PER_KEY_MAX).note(format!(
            "resident {} MiB for it; less {} bytes of one allowlist entry a key; replay memory not in it",
            taken >> 20,
            size_of::<Prefix>()
        )));
        rows.push(load_row(
            &label,
            "load, secrets open",
            count,
            load_s,
            &format!("{made_s:.2} s of it computing HMAC states on all cores"),
        ));
    }
    if count == 1_000_000 {
        let (load_s, opened_s) = load_sealed(count)?;
        rows.push(load_row(
            &label,
            "load, secrets sealed",
            count,
            load_s,
            &format!("{opened_s:.2} s of it opening secrets on all cores; reading the file is not in it"),
        ));
    }
    let gate = decide::gate(table);
    let mut decisions = decide::measure(&gate, count, &label)?;
    rows.extend(changes(&gate, count, &label, &secrets)?);
    decisions.extend(rows);
    Ok(decisions)
}

/// A count as printed.
#[must_use]
pub fn label(count: u64) -> String {
    match count {
        c if c >= 1_000_000 => format!("{} M", c / 1_000_000),
        c => format!("{} k", c / 1_000),
    }
}

fn load_row(label: &str, what: &str, count: u64, load_s: f64, note: &str) -> Row {
    let row = Row::figure(MEMORY, format!("{label} keys, {what}"), "s", load_s);
    let at_10m = load_s * 10e6 / count as f64;
    let note = if count == 10_000_000 {
        note.to_owned()
    } else {
        format!("extrapolated to 10 M: {at_10m:.1} s; {note}")
    };
    row.budget("10 M <= 20 s", at_10m <= LOAD_10M_S_MAX).note(note)
}

/// Seconds to load a table of sealed secrets, and how many of them went into opening.
fn load_sealed(count: u64) -> Result<(f64, f64)> {
    let ring = Keyring::of(KeyEncryptionKey::new(Zeroizing::new([0x5a; 32])));
    let mut random = Random::new(2);
    let sealed: Vec<SealedSecret> = (0..count)
        .map(|index| {
            let mut nonce = [0; NONCE_BYTES];
            for part in nonce.chunks_mut(8) {
                part.copy_from_slice(&random.next().to_le_bytes());
            }
            Ok(ring.seal(&KeyId::new(&keys::id(index))?, &keys::api_secret(index)?, nonce))
        })
        .collect::<Result<_>>()?;
    let table = KeyTable::new([]);
    let watch = Stopwatch::start();
    let specs = on_all_cores(count, |index| {
        let sealed = sealed.get(index as usize).context("a sealed secret for every key")?;
        keys::spec(index, &ring.open(&KeyId::new(&keys::id(index))?, sealed)?)
    })?;
    let opened_s = watch.elapsed().as_secs_f64();
    table.load(specs);
    let load_s = watch.elapsed().as_secs_f64();
    ensure!(table.len() == count, "the table holds {} of {count} sealed keys", table.len());
    Ok((load_s, opened_s))
}

/// Makes what the table is told of the keys, as the gate's role does: a share on each core, then all together.
fn on_all_cores(count: u64, spec: impl Fn(u64) -> Result<KeySpec> + Sync) -> Result<Vec<KeySpec>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let share = count.div_ceil(threads);
    std::thread::scope(|scope| {
        let spec = &spec;
        let parts: Vec<_> = (0..threads)
            .map(|n| {
                let share = (n * share).min(count)..((n + 1) * share).min(count);
                scope.spawn(move || share.map(spec).collect::<Result<Vec<_>>>())
            })
            .collect();
        let mut specs = Vec::with_capacity(count as usize);
        for part in parts {
            match part.join() {
                Ok(made) => specs.append(&mut made?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(specs)
    })
}

/// One change of state, one revocation, one new entry, each for keys at random.
fn changes(gate: &Gate, count: u64, label: &str, secrets: &[ApiSecret]) -> Result<Vec<Row>> {
    let mut random = Random::new(3);
    let mut ids = |n: u64| -> Result<Vec<KeyId>> {
        (0..n.min(count / 4)).map(|_| Ok(KeyId::new(&keys::id(random.below(count)))?)).collect()
    };
    let watched =
        Status { state: KeyState::Active, measure: Some(Measure::Monitor), registration_due: false };
    let expired = Status { state: KeyState::Expired, measure: None, registration_due: false };
    let mut rows = Vec::new();
    for (what, status) in [("one change of measure", watched), ("one revocation", expired)] {
        let changes: Vec<Change> = ids(20_000)?.into_iter().map(|id| Change::Status(id, status)).collect();
        let each = time_each(gate, changes, 100);
        rows.push(
            Row::figure(MEMORY, format!("{label} keys, {what}"), "ns", each.median)
                .budget("<= 1 us", each.median <= REVOCATION_NS_MAX)
                .note(format!("{:.0} to {:.0} ns", each.p10, each.p90)),
        );
    }
    let fresh = |n: u64| -> Result<Change> {
        let secret = secrets.first().context("a secret")?;
        Ok(Change::Put(Box::new(keys::spec(count + n, secret)?)))
    };
    let puts = (0..1_000).map(fresh).collect::<Result<Vec<_>>>()?;
    let each = time_each(gate, puts, 1);
    rows.push(
        Row::figure(MEMORY, format!("{label} keys, one key put"), "ns", each.median)
            .note(format!("{:.0} to {:.0} ns; copies one of 1024 shards", each.p10, each.p90)),
    );
    Ok(rows)
}

/// Nanoseconds of one change, over batches.
fn time_each(gate: &Gate, changes: Vec<Change>, batch: usize) -> Spread {
    let mut samples = Vec::new();
    let mut changes = changes.into_iter();
    loop {
        let some: Vec<Change> = changes.by_ref().take(batch).collect();
        if some.is_empty() {
            break;
        }
        let taken = some.len();
        let watch = Stopwatch::start();
        for change in some {
            // A key drawn twice may be dead by now; the look-up is the same.
            let _ = black_box(gate.table.apply(change));
        }
        samples.push(watch.ns_each(taken));
    }
    Spread::of(samples)
}

/// Whether 10 M keys may be tried, or why not.
///
/// # Errors
/// `/proc` cannot be read.
pub fn room_for_10m() -> Result<Option<String>> {
    let free = machine::available_bytes()?;
    Ok((free < BYTES_FOR_10M).then(|| {
        format!("10 M keys are skipped: {} GiB are free, {} are needed", free >> 30, BYTES_FOR_10M >> 30)
    }))
}

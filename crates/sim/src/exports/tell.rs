//! Writes both exports: worlds told by threads, merged by time, counted, and written by a thread for each format.

use super::damage::{self, Damage};
use super::log;
use super::names::Names;
use super::tables::{self, KeyRow, Tongue};
use super::truth::{Counting, Truth};
use crate::population::{self, Kind, World};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::scope;
use sumun_model::wire::{AccessLine, Line};
use sumun_model::{KeyId, KeyState, Prefix, Scope, Timestamp};

/// Lines handed from thread to thread at once.
const BATCH: usize = 1024;
/// Batches that may wait.
const AHEAD: usize = 8;
/// Lines written behind the place where the damaged stream breaks off.
const LOST: u64 = 5_000;
/// Of so many honest keys one has each habit that [`plant`] gives.
const HABITS: usize = 24;
/// Kinds whose lines say all there is to say of them in an access log.
const KINDS: &[Kind] = &[
    Kind::Home,
    Kind::HomeDrift,
    Kind::HouseholdNat,
    Kind::Cloud,
    Kind::PopularCloud,
    Kind::CopiedCode,
    Kind::OfficeNat,
    Kind::PoolOneHost,
];

/// How much of what.
#[derive(Clone, Debug)]
pub struct Options {
    /// Every draw follows from it.
    pub seed: u64,
    /// The first instant.
    pub start: Timestamp,
    /// Days of the world.
    pub days: u32,
    /// Honest keys.
    pub clean: u32,
    /// Keys in pools of one operator.
    pub bad: u32,
    /// How busy, in thousandths of the usual.
    pub activity_permille: u32,
    /// Requests at which the logs end.
    pub lines: u64,
    /// Worlds told beside each other, each by a thread; another number is another population.
    pub worlds: u32,
}

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Requests written.
    pub lines: u64,
    /// Where in time.
    pub at: Timestamp,
}

/// One request on its way to the files.
struct Told {
    line: Box<AccessLine>,
    key: usize,
    number: u64,
}

/// Who is told of.
struct People {
    names: Names,
    places: HashMap<KeyId, usize>,
    whose: Vec<population::Truth>,
    /// Names of keys in the exports, by place.
    keys: Vec<String>,
}

/// Writes `plain/` and `damaged/` into the folder, each with its `truth.json`; gives both truths.
///
/// # Errors
/// The options make no world, or a file cannot be written.
pub fn write(
    options: &Options,
    folder: &Path,
    progress: &mut dyn FnMut(Progress),
) -> io::Result<(Truth, Truth)> {
    let plain = folder.join("plain");
    let damaged = folder.join("damaged");
    std::fs::create_dir_all(&plain)?;
    std::fs::create_dir_all(&damaged)?;
    let worlds = worlds(options)?;
    let people = People::of(&worlds, Names::hashed(options.seed));
    let mut book = Book::new(options, &people, &plain)?;
    let keys = &people.keys;
    scope(|scope| {
        let (to_plain, from) = sync_channel(AHEAD);
        let log = plain.join("access.log.gz");
        let plain_log = scope.spawn(move || write_plain(&log, keys, &from));
        let (to_damaged, from) = sync_channel(AHEAD);
        let log = damaged.join("access.json.gz");
        let damaged_log = scope.spawn(move || write_damaged(&log, keys, &from, cut_at(options)));
        let mut tellers: Vec<Teller> = Vec::new();
        for world in worlds {
            let (to, from) = sync_channel(AHEAD);
            scope.spawn(move || tell(world, &to));
            tellers.push(Teller { from, ahead: Vec::new().into_iter(), head: None });
        }
        let logs = [to_plain, to_damaged];
        book.all(options, &mut tellers, &logs, progress)?;
        drop((tellers, logs));
        let gone = |_| io::Error::other("a thread that writes a log has ended by a fault");
        plain_log.join().map_err(gone)??;
        damaged_log.join().map_err(gone)?
    })?;
    book.close(&people, &plain, &damaged)
}

/// Behind so many requests the damaged log breaks off.
const fn cut_at(options: &Options) -> u64 {
    options.lines - options.lines / 10
}

fn worlds(options: &Options) -> io::Result<Vec<World>> {
    let all = options.worlds.max(1);
    let share = |n: u32, of: u32| n / all + u32::from(of < n % all);
    (0..all)
        .map(|place| {
            let seed = options.seed.wrapping_mul(1_000_003).wrapping_add(place.into());
            let world = population::Options {
                kinds: KINDS.to_vec(),
                activity_permille: options.activity_permille,
                ..population::Options::new(
                    seed,
                    options.start,
                    options.days,
                    share(options.clean, place),
                    share(options.bad, place),
                )
            };
            World::new(&world).map_err(io::Error::other)
        })
        .collect()
}

impl People {
    fn of(worlds: &[World], names: Names) -> Self {
        let whose: Vec<population::Truth> = worlds.iter().flat_map(World::truth).cloned().collect();
        let places = whose.iter().enumerate().map(|(place, one)| (one.key.clone(), place)).collect();
        let keys = whose.iter().map(|one| names.of(one.key.as_str())).collect();
        Self { names, places, whose, keys }
    }
}

/// When a line happens, for those that are written.
fn time(line: &Line) -> Option<Timestamp> {
    Some(match line {
        Line::Account(line) => line.ts,
        Line::Key(line) => line.ts,
        Line::Network(line) => line.ts,
        Line::Vendor(line) => line.ts,
        Line::Session(line) => line.ts,
        Line::Access(line) if line.key.is_some() => line.ts,
        _ => return None,
    })
}

type Batch = Vec<(Timestamp, Line)>;

fn tell(world: World, to: &SyncSender<Batch>) {
    let mut batch = Vec::with_capacity(BATCH);
    for line in world.lines() {
        let Some(at) = time(&line) else { continue };
        batch.push((at, line));
        // Nobody listens any more once there are lines enough.
        if batch.len() == BATCH && to.send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH))).is_err()
        {
            return;
        }
    }
    let _ = to.send(batch);
}

/// One world as it is heard.
struct Teller {
    from: Receiver<Batch>,
    ahead: std::vec::IntoIter<(Timestamp, Line)>,
    head: Option<(Timestamp, Line)>,
}

impl Teller {
    fn peek(&mut self) -> Option<Timestamp> {
        while self.head.is_none() {
            self.head = self.ahead.next();
            if self.head.is_none() {
                self.ahead = self.from.recv().ok()?.into_iter();
            }
        }
        self.head.as_ref().map(|(at, _)| *at)
    }
}

/// Everything that is kept until the end.
struct Book<'p> {
    people: &'p People,
    rows: Vec<Option<KeyRow>>,
    /// Customers by account.
    owners: HashMap<String, String>,
    networks: Vec<sumun_model::wire::NetworkLine>,
    vendors: Vec<sumun_model::wire::VendorLine>,
    accounts: BufWriter<File>,
    sessions: BufWriter<File>,
    counts: [Counting; 2],
}

impl<'p> Book<'p> {
    fn new(options: &Options, people: &'p People, folder: &Path) -> io::Result<Self> {
        let mut accounts = BufWriter::new(File::create(folder.join("accounts.csv"))?);
        tables::accounts(&mut accounts, std::iter::empty(), &people.names)?;
        let mut sessions = BufWriter::new(File::create(folder.join("sessions.csv"))?);
        tables::sessions_head(&mut sessions)?;
        let keys = people.whose.len();
        Ok(Self {
            people,
            rows: vec![None; keys],
            owners: HashMap::new(),
            networks: Vec::new(),
            vendors: Vec::new(),
            accounts,
            sessions,
            counts: [Counting::new(options.seed, keys), Counting::new(options.seed, keys)],
        })
    }

    fn all(
        &mut self,
        options: &Options,
        tellers: &mut [Teller],
        logs: &[SyncSender<Arc<Vec<Told>>>; 2],
        progress: &mut dyn FnMut(Progress),
    ) -> io::Result<()> {
        let send = |batch: Vec<Told>| {
            let batch = Arc::new(batch);
            logs.iter().all(|log| log.send(Arc::clone(&batch)).is_ok())
        };
        let (mut batch, mut number, cut) = (Vec::with_capacity(BATCH), 0, cut_at(options));
        while number < options.lines {
            let heads = tellers.iter_mut().enumerate();
            let next = heads.filter_map(|(place, teller)| Some((teller.peek()?, place))).min();
            let Some((at, place)) = next else { break };
            let Some((_, line)) = tellers.get_mut(place).and_then(|teller| teller.head.take()) else { break };
            let line = match line {
                Line::Access(line) => line,
                other => {
                    self.state(other, place)?;
                    continue;
                }
            };
            let known = line.key.as_ref().and_then(|key| self.people.places.get(key));
            let Some(key) = known.copied() else { continue };
            self.count(&line, key, number, cut);
            batch.push(Told { line, key, number });
            number += 1;
            if batch.len() == BATCH {
                if !send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH))) {
                    break;
                }
                progress(Progress { lines: number, at });
            }
        }
        send(batch);
        let [_, damaged] = &mut self.counts;
        damaged.truth.truncated = number > cut;
        Ok(())
    }

    fn state(&mut self, line: Line, world: usize) -> io::Result<()> {
        match line {
            Line::Key(line) => {
                let place = self.people.places.get(&line.key);
                if let Some(row) = place.and_then(|place| self.rows.get_mut(*place)) {
                    *row = Some(KeyRow::of(&line));
                }
            }
            Line::Account(line) => {
                let customer = line.customer.as_ref().map(ToString::to_string).unwrap_or_default();
                if self.owners.insert(line.account.to_string(), customer).is_none() {
                    tables::account(&mut self.accounts, &line, &self.people.names)?;
                }
            }
            Line::Session(line) => {
                self.counts.iter_mut().for_each(|counting| counting.seen(tables::second(line.ts)));
                tables::session(&mut self.sessions, &line, &self.people.names)?;
            }
            // Every world tells of the same ones.
            Line::Network(line) if world == 0 => self.networks.push(*line),
            Line::Vendor(line) if world == 0 => self.vendors.push(*line),
            _ => {}
        }
        Ok(())
    }

    fn count(&mut self, line: &AccessLine, key: usize, number: u64, cut: u64) {
        let [plain, damaged] = &mut self.counts;
        plain.truth.records += 1;
        plain.request(line, key);
        if number >= cut {
            return;
        }
        let damage = damage::of(number);
        let truth = &mut damaged.truth;
        truth.records += 1 + u64::from(matches!(damage, Damage::Twice | Damage::Rubbish));
        truth.copies += u64::from(damage == Damage::Twice);
        truth.rubbish += u64::from(damage == Damage::Rubbish);
        truth.replaced += u64::from(damage == Damage::Bytes);
        truth.late += u64::from(damage == Damage::Lagging);
        truth.leaps += u64::from(damage == Damage::Leapt);
        if damage != Damage::Leapt {
            damaged.request(line, key);
        }
    }

    /// Writes the tables and the truths.
    fn close(mut self, people: &People, plain: &Path, damaged: &Path) -> io::Result<(Truth, Truth)> {
        self.accounts.flush()?;
        self.sessions.flush()?;
        let whose = plant(&mut self.rows, &people.whose);
        // Planted keys stand behind those that the worlds told of.
        let unlisted: HashSet<usize> = whose.unlisted;
        let table = || {
            let listed = self.rows.iter().enumerate().filter(|(place, _)| !unlisted.contains(place));
            listed.filter_map(|(_, row)| row.as_ref())
        };
        for (folder, tongue) in [(plain, Tongue::English), (damaged, Tongue::Cp949)] {
            let mut out = BufWriter::new(File::create(folder.join("keys.csv"))?);
            tables::keys(&mut out, table(), &people.names, tongue)?;
            out.flush()?;
            let mut out = BufWriter::new(File::create(folder.join("networks.csv"))?);
            tables::networks(&mut out, self.networks.iter())?;
            out.flush()?;
            let mut out = BufWriter::new(File::create(folder.join("vendors.csv"))?);
            tables::vendors(&mut out, self.vendors.iter())?;
            out.flush()?;
        }
        let mut marked = BufWriter::new(File::create(damaged.join("accounts.csv"))?);
        marked.write_all(b"\xef\xbb\xbf")?;
        io::copy(&mut File::open(plain.join("accounts.csv"))?, &mut marked)?;
        marked.flush()?;
        std::fs::copy(plain.join("sessions.csv"), damaged.join("sessions.csv"))?;
        let [one, other] = self.counts;
        let end = |counting: Counting| {
            counting.end(&self.rows, &unlisted, &self.owners, &people.whose, &people.names)
        };
        let truths = (end(one), end(other));
        for (folder, truth) in [(plain, &truths.0), (damaged, &truths.1)] {
            let mut out = BufWriter::new(File::create(folder.join("truth.json"))?);
            serde_json::to_writer_pretty(&mut out, truth)?;
            out.flush()?;
        }
        Ok(truths)
    }
}

struct Planted {
    /// Keys that are used and that the table lacks.
    unlisted: HashSet<usize>,
}

/// Habits that simulated owners do not have: rights, lists and ends as old tables have them, keys nobody uses, keys nobody lists.
fn plant(rows: &mut Vec<Option<KeyRow>>, whose: &[population::Truth]) -> Planted {
    let prefix = |text: &str| text.parse::<Prefix>().ok();
    let (mut unused, mut unlisted) = (Vec::new(), HashSet::new());
    let honest = whose.iter().enumerate().filter(|(_, one)| one.role == population::Role::Honest);
    for (habit, (place, _)) in honest.enumerate() {
        let Some(Some(row)) = rows.get_mut(place) else { continue };
        match habit % HABITS {
            0 => row.allowlist.clear(),
            1 => row.scopes = row.scopes.with(Scope::Withdraw),
            2 => row.expires = None,
            3 => {
                let state = if habit % (2 * HABITS) == 3 { Some(KeyState::Suspended) } else { row.state };
                unused.push(Some(KeyRow { id: format!("{}-old", row.id), state, ..row.clone() }));
            }
            4 => row.allowlist.extend(prefix("203.0.112.0/22")),
            5 => row.expires = row.created.map(|at| at.plus_micros(3_600_000_000)),
            6 => row.expires = row.created.map(|at| at.plus_micros(5 * 366 * 86_400_000_000)),
            7 => row.allowlist = vec![elsewhere(habit)],
            8 => row.allowlist.extend((0..11).map(|n| elsewhere(habit + n * 89_021))),
            9 => drop(unlisted.insert(place)),
            _ => {}
        }
    }
    rows.extend(unused);
    Planted { unlisted }
}

/// An address in 10.224.0.0/11 that no network of the population has: another for every number below two millions.
fn elsewhere(number: usize) -> Prefix {
    let low = u32::try_from(number & 0x001f_ffff).unwrap_or(0);
    Prefix::host(IpAddr::V4(Ipv4Addr::from_bits(0x0ae0_0000 | low)))
}

/// A request's id: figures that do not follow each other, and none of them twice.
fn id(number: u64) -> String {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    format!("{:016x}", z ^ (z >> 31))
}

fn name(keys: &[String], told: &Told) -> String {
    keys.get(told.key).cloned().unwrap_or_default()
}

fn write_plain(path: &Path, keys: &[String], from: &Receiver<Arc<Vec<Told>>>) -> io::Result<()> {
    let mut gzip =
        GzEncoder::new(BufWriter::with_capacity(1 << 20, File::create(path)?), Compression::fast());
    let mut text = Vec::new();
    for batch in from {
        text.clear();
        for told in batch.iter() {
            log::nginx(&mut text, &told.line, told.line.ts, &id(told.number), &name(keys, told));
            text.push(b'\n');
        }
        gzip.write_all(&text)?;
    }
    gzip.finish()?.flush()
}

fn write_damaged(
    path: &PathBuf,
    keys: &[String],
    from: &Receiver<Arc<Vec<Told>>>,
    cut: u64,
) -> io::Result<()> {
    let file = File::create(path)?;
    let mut gzip = GzEncoder::new(BufWriter::with_capacity(1 << 20, &file), Compression::fast());
    let (mut text, mut breaks) = (Vec::new(), None);
    for batch in from {
        for told in batch.iter().filter(|told| told.number < cut + LOST) {
            text.clear();
            damaged(&mut text, told, &name(keys, told));
            if told.number == cut {
                // Half of a line, and here the stream will end: what comes behind is lost.
                let (half, rest) = text.split_at(text.len() / 2);
                gzip.write_all(half)?;
                gzip.flush()?;
                breaks = Some(file.metadata()?.len());
                gzip.write_all(rest)?;
            } else {
                gzip.write_all(&text)?;
            }
        }
    }
    gzip.finish()?.flush()?;
    breaks.map_or(Ok(()), |at| file.set_len(at))
}

fn damaged(text: &mut Vec<u8>, told: &Told, key: &str) {
    let damage = damage::of(told.number);
    if damage == Damage::Rubbish {
        text.extend_from_slice(b"-- MARK --\n");
    }
    let from = text.len();
    log::envoy(text, &told.line, damage.at(told.line.ts), &id(told.number), key);
    text.push(b'\n');
    match damage {
        Damage::Twice => text.extend_from_within(from..),
        Damage::Bytes => {
            // 사용중, as a client in CP949 would send it.
            let behind = b"\"user_agent\":";
            let at = text.windows(behind.len()).position(|bytes| bytes == behind);
            if let Some(at) = at.map(|at| at + behind.len()) {
                let end = text.iter().skip(at).position(|byte| *byte == b',').map_or(at, |n| at + n);
                text.splice(at..end, *b"\"\xbb\xe7\xbf\xeb\xc1\xdf\"");
            }
        }
        _ => {}
    }
}

//! A made-up world as exports in two formats, with its truth: what an exchange would hand over, and what a report must say of it.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Write;
use std::sync::Arc;
use sumun_assess::{AssessError, Bounds, Input, LadderJudge, Progress, Report, Role, Source, With, assess};
use sumun_detect::network::NoData;
use sumun_detect::{Engine, Options as EngineOptions, Params};
use sumun_mapping::{Mapping, ready};
use sumun_model::wire::event::{Signature, Verdict};
use sumun_model::wire::{AccessLine, AccountLine, KeyLine, Line, NetworkLine, SessionLine, VendorLine};
use sumun_model::{KeyId, KeyState, Lang, Scope, Timestamp};
use sumun_policy::{Approve, Policy};
use sumun_sim::exports::{self, KeyRow, Names, Tongue};
use sumun_sim::population::{Kind, Options, Role as Part, Truth, World};

/// A world, its lines kept apart.
pub struct Made {
    pub truth: BTreeMap<KeyId, Truth>,
    pub keys: BTreeMap<KeyId, KeyLine>,
    pub accounts: BTreeMap<String, AccountLine>,
    pub access: Vec<AccessLine>,
    pub sessions: Vec<SessionLine>,
    pub networks: Vec<NetworkLine>,
    pub vendors: Vec<VendorLine>,
}

pub const KINDS: &[Kind] = &[
    Kind::Home,
    Kind::HomeDrift,
    Kind::HouseholdNat,
    Kind::Cloud,
    Kind::PopularCloud,
    Kind::CopiedCode,
    Kind::OfficeNat,
    Kind::PoolOneHost,
];

pub fn world(seed: u64, days: u32, clean: u32, bad: u32) -> Made {
    world_of(KINDS, seed, days, clean, bad)
}

pub fn world_of(kinds: &[Kind], seed: u64, days: u32, clean: u32, bad: u32) -> Made {
    let start: Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
    let options = Options {
        kinds: kinds.to_vec(),
        activity_permille: 250,
        ..Options::new(seed, start, days, clean, bad)
    };
    let world = World::new(&options).unwrap();
    let truth = world.truth().map(|truth| (truth.key.clone(), truth.clone())).collect();
    let mut made = Made {
        truth,
        keys: BTreeMap::new(),
        accounts: BTreeMap::new(),
        access: vec![],
        sessions: vec![],
        networks: vec![],
        vendors: vec![],
    };
    for line in world.lines() {
        match line {
            // The table is of the last day: what a real export is.
            Line::Key(line) => drop(made.keys.insert(line.key.clone(), *line)),
            Line::Account(line) => drop(made.accounts.insert(line.account.to_string(), *line)),
            Line::Access(line) if line.key.is_some() => made.access.push(*line),
            Line::Network(line) => made.networks.push(*line),
            Line::Vendor(line) => made.vendors.push(*line),
            Line::Session(line) => made.sessions.push(*line),
            _ => {}
        }
    }
    made
}

/// Habits that simulated owners do not have: rights, lists and ends as old tables have them, and keys that nobody uses.
pub fn plant(made: &mut Made) {
    let prefix = |text: &str| sumun_model::key::AllowlistEntry::Plain(text.parse().unwrap());
    let honest = made.honest();
    let mut unused = Vec::new();
    for (place, key) in made.keys.values_mut().filter(|key| honest.contains(&key.key)).enumerate() {
        match place % 9 {
            0 => key.allowlist = None,
            1 => key.scopes = key.scopes.map(|scopes| scopes.with(Scope::Withdraw)),
            2 => key.expires = None,
            3 => {
                let mut old = key.clone();
                old.key = format!("{}-old", key.key).parse().unwrap();
                unused.push(old);
            }
            4 => key.allowlist.as_mut().unwrap().push(prefix("203.0.112.0/22")),
            5 => key.expires = "2026-03-04T00:00:00Z".parse().ok(),
            6 => key.expires = "2031-01-01T00:00:00Z".parse().ok(),
            7 => key.allowlist = Some(vec![prefix("192.0.2.99/32")]),
            _ => {}
        }
    }
    for mut key in unused {
        if key.key.as_str() > "K8" {
            key.state = Some(KeyState::Suspended);
        }
        made.keys.insert(key.key.clone(), key);
    }
}

impl Made {
    pub fn pools(&self) -> Vec<BTreeSet<KeyId>> {
        let mut pools: BTreeMap<u64, BTreeSet<KeyId>> = BTreeMap::new();
        for truth in self.truth.values().filter(|truth| truth.kind == Kind::PoolOneHost) {
            pools.entry(truth.story).or_default().insert(truth.key.clone());
        }
        pools.into_values().collect()
    }

    pub fn honest(&self) -> BTreeSet<KeyId> {
        self.truth
            .values()
            .filter(|truth| truth.role == Part::Honest)
            .map(|truth| truth.key.clone())
            .collect()
    }

    /// Allowed requests by key, with how many came from addresses that are not on its list at the end.
    pub fn uses(&self) -> HashMap<KeyId, (u64, u64)> {
        let mut uses: HashMap<KeyId, (u64, u64)> = HashMap::new();
        for line in self.access.iter().filter(|line| counts(line)) {
            let key = line.key.clone().unwrap();
            let list = self.keys.get(&key).and_then(|key| key.allowlist.as_ref());
            let inside =
                list.iter().copied().flatten().any(|entry| entry.prefix().contains(line.ip.unwrap()));
            let entry = uses.entry(key).or_default();
            entry.0 += 1;
            entry.1 += u64::from(!inside);
        }
        uses
    }
}

/// Whether a request counts as a use.
pub fn counts(line: &AccessLine) -> bool {
    let unsigned = matches!(line.signature, Some(Signature::Invalid | Signature::Absent));
    line.verdict == Some(Verdict::Allow) && !unsigned
}

type Writes = fn(&mut Vec<u8>, &AccessLine, Timestamp, &str, &str);

fn logged(write: Writes, line: &AccessLine, at: Timestamp) -> String {
    let mut out = Vec::new();
    write(&mut out, line, at, line.id.as_str(), line.key.as_ref().unwrap().as_str());
    String::from_utf8(out).unwrap()
}

pub fn nginx(line: &AccessLine, at: Timestamp) -> String {
    logged(exports::nginx, line, at)
}

pub fn envoy(line: &AccessLine, at: Timestamp) -> String {
    logged(exports::envoy, line, at)
}

fn table(write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    out
}

/// The table of keys; `ko` writes states as a Korean screen does, in CP949.
pub fn keys_csv(made: &Made, ko: bool) -> Vec<u8> {
    let rows: Vec<KeyRow> = made.keys.values().map(KeyRow::of).collect();
    let tongue = if ko { Tongue::Cp949 } else { Tongue::English };
    table(|out| exports::keys(out, rows.iter(), &Names::plain(), tongue))
}

pub fn accounts_csv(made: &Made) -> Vec<u8> {
    table(|out| exports::accounts(out, made.accounts.values(), &Names::plain()))
}

pub fn sessions_csv(made: &Made) -> Vec<u8> {
    table(|out| exports::sessions(out, made.sessions.iter(), &Names::plain()))
}

pub fn networks_csv(made: &Made) -> Vec<u8> {
    table(|out| exports::networks(out, made.networks.iter()))
}

pub fn vendors_csv(made: &Made) -> Vec<u8> {
    table(|out| exports::vendors(out, made.vendors.iter()))
}

pub fn gzip(text: &str) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(text.as_bytes()).unwrap();
    out.finish().unwrap()
}

pub fn policy() -> Arc<Policy> {
    Arc::new(Policy::parse(include_str!("../../../../policies/default.toml")).unwrap())
}

/// Runs the exports: each with its role, the ready mapping's name, the input's name and bytes.
pub fn run(exports: Vec<(Role, &str, &str, Vec<u8>)>, lang: Lang) -> Result<Report, AssessError> {
    run_with(Params::default(), exports, lang)
}

/// The same with other parameters of detection.
pub fn run_with(
    params: Params,
    exports: Vec<(Role, &str, &str, Vec<u8>)>,
    lang: Lang,
) -> Result<Report, AssessError> {
    let policy = policy();
    let judge = LadderJudge::new(Arc::clone(&policy), Approve::None, lang);
    let mut engine = Engine::new(
        params,
        policy.weights.clone(),
        Arc::new(NoData),
        Box::new(judge),
        EngineOptions::default(),
        &[],
    );
    let mappings: Vec<Mapping> = exports
        .iter()
        .map(|(_, name, ..)| Mapping::parse(name, ready::mapping(name).unwrap(), &mut |_| None).unwrap())
        .collect();
    let sources = exports
        .into_iter()
        .zip(&mappings)
        .map(|((role, _, name, bytes), mapping)| Source {
            role,
            mapping,
            given: BTreeMap::new(),
            inputs: vec![Input::of(name, bytes)],
        })
        .collect();
    let mut told: Vec<Progress> = Vec::new();
    let bounds = Bounds::default();
    let mut with =
        With { policy: &policy, data: &NoData, bounds, lang, progress: &mut |progress| told.push(progress) };
    let report = assess(sources, &mut engine, &mut with);
    assert!(told.windows(2).all(|pair| pair[0].lines <= pair[1].lines));
    report
}

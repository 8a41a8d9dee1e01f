//! `sumun config check`: what is in force, where it came from, and whether it can work.

use super::ConfigArguments;
use crate::config::{Config, ConfigErrors, GateConfig, Loaded, Origin, explain};
use crate::enrolment::Enrolment;
use crate::exit::{AlreadyTold, BAD_INPUT, FAILED};
use crate::keys_file::KeysFile;
use crate::output::count;
use crate::roles::actuator::settings::Settings;
use crate::roles::govern::{OwnKeys, VenueFile};
use crate::{descriptors, keyring, output};
use serde::Serialize;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::Path;
use sumun_policy::Policy;
use sumun_seal::Keyring;

/// A deadline worth a word, in seconds: half an hour, longer than any honest peer of a gate is silent.
const TIMEOUT_S_LONG: u64 = 1800;

/// Explain every value of the configuration and check what can be checked without starting.
///
/// Each value is shown with where it came from: the default, the file (with line and column), an environment
/// variable. Then folders are written to, addresses bound, and the keys file read with every seal opened.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sumun config check --config sumun.toml\n\n\
                        Exit codes: 0 all is well, 1 a check failed, 2 the configuration is bad.")]
pub struct Arguments {
    #[command(flatten)]
    config: ConfigArguments,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Ok,
    Attention,
    Failed,
}

#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    outcome: Outcome,
    says: String,
}

#[derive(Debug, Serialize)]
struct Report {
    file: Option<String>,
    values: Vec<explain::Explained>,
    checks: Vec<Check>,
    problems: Vec<Problem>,
}

#[derive(Debug, Serialize)]
struct Problem {
    at: String,
    key: String,
    message: String,
}

/// Runs it.
///
/// # Errors
/// The configuration is bad, or a check failed.
pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let loaded = match arguments.config.load(Vec::new()) {
        Ok(loaded) => loaded,
        Err(error) => return Err(told_as_json(arguments.json, error)?),
    };
    let checks = check(&loaded);
    let failed = checks.iter().any(|check| check.outcome == Outcome::Failed);
    let file = loaded.file.as_ref().map(|path| path.display().to_string());
    if arguments.json {
        let values = explain::explain(&loaded);
        output::json(&Report { file, values, checks, problems: Vec::new() })?;
    } else {
        let mut text = match file {
            Some(file) => {
                format!(
                    "Configuration from {file}; {} set, the rest are defaults.\n\n",
                    count(loaded.said(), "value")
                )
            }
            None => "No sumun.toml here: defaults and environment only.\n\n".to_owned(),
        };
        text.push_str(&explain::render(&loaded));
        text.push('\n');
        for check in &checks {
            let word = match check.outcome {
                Outcome::Ok => "ok",
                Outcome::Attention => "attention",
                Outcome::Failed => "FAILED",
            };
            text.push_str(&format!(
                "{word:9}  {:20}  {}\n",
                check.name,
                check.says.replace('\n', "\n           ")
            ));
        }
        output::text(&text)?;
    }
    if failed { Err(AlreadyTold(FAILED).into()) } else { Ok(()) }
}

/// A bad configuration as the same report, if JSON was asked for.
fn told_as_json(json: bool, error: anyhow::Error) -> anyhow::Result<anyhow::Error> {
    let Some(ConfigErrors(problems)) = error.downcast_ref::<ConfigErrors>().filter(|_| json) else {
        return Ok(error);
    };
    let problems = problems
        .iter()
        .map(|problem| Problem {
            at: problem.origin.to_string(),
            key: problem.key.clone(),
            message: problem.message.clone(),
        })
        .collect();
    output::json(&Report { file: None, values: Vec::new(), checks: Vec::new(), problems })?;
    Ok(AlreadyTold(BAD_INPUT).into())
}

fn check(loaded: &Loaded) -> Vec<Check> {
    let config = &loaded.config;
    let mut checks = vec![data_dir(&config.data_dir)];
    let gate = &config.gate;
    checks.push(address("gate.listen", gate.listen));
    checks.extend(gate.admin_listen.map(|at| address("gate.admin_listen", at)));
    checks.extend(gate.decide_listen.map(|at| address("gate.decide_listen", at)));
    checks.extend(connections(gate.connections_max.get()));
    checks.extend(config.actuator.file.as_deref().map(actuator));
    checks.extend(attention(config));
    checks.extend(config.govern.policy_file.as_deref().map(policy));
    checks.extend(if is_to_govern(loaded) { to_govern(config) } else { keys(config) });
    checks
}

/// Whether this is for a control plane whose folder is still to be made: it says something of one, and of no keys file.
fn is_to_govern(loaded: &Loaded) -> bool {
    const OF_GOVERN: [&str; 5] =
        ["govern.listen", "govern.venue_file", "govern.policy_file", "govern.key_file", "govern.database"];
    let said = |key: &str| *loaded.origin(key) != Origin::Default;
    OwnKeys::any_in(&loaded.config.data_dir).is_none()
        && OF_GOVERN.iter().any(|key| said(key))
        && !said("gate.keys_file")
}

/// What `sumun init` will find, and what it will make.
fn to_govern(config: &Config) -> Vec<Check> {
    let waits = |name, path: &Path| Check {
        name,
        outcome: Outcome::Attention,
        says: format!("`{}` is not there yet: `sumun init` makes it", path.display()),
    };
    let mut checks = vec![match &config.seal.key_file {
        Some(path) if !path.exists() => waits("seal", path),
        _ => seal(config).0,
    }];
    checks.push(address("govern.listen", config.govern.listen));
    if let Some(path) = &config.govern.key_file {
        checks.push(if path.exists() {
            ok("govern.key_file", format!("`{}` is there", path.display()))
        } else {
            waits("govern.key_file", path)
        });
    }
    checks.push(match config.govern.venue_file.exists() {
        true => venue(config),
        false => waits("govern.venue_file", &config.govern.venue_file),
    });
    checks.push(Check {
        name: "govern",
        outcome: Outcome::Attention,
        says: format!(
            "`{}` holds no record yet: `sumun init --admin … --second …` makes it, then `sumun govern` (beside a gateway that \
             stays) or `sumun serve` (with a gate) starts it",
            config.data_dir.display()
        ),
    });
    checks
}

/// The first policy: without it neither `sumun init` nor a start gets anywhere.
fn policy(path: &Path) -> Check {
    const NAME: &str = "govern.policy_file";
    let shown = path.display();
    match std::fs::read_to_string(path) {
        Err(error) => failed(
            NAME,
            format!(
                "`{shown}`: {error}; write it (`policies/default.toml` is what ships), or take the line out"
            ),
        ),
        Ok(text) => match Policy::parse(&text) {
            Ok(policy) => ok(NAME, format!("`{shown}`: policy {}@{}", policy.id, policy.version)),
            Err(_) => failed(NAME, format!("`{shown}` cannot be used; run `sumun policy check {shown}`")),
        },
    }
}

/// The venue's facts.
fn venue(config: &Config) -> Check {
    match VenueFile::read(config) {
        Ok(file) => ok(
            "govern.venue_file",
            format!("venue `{}`, ledger {}", file.venue.venue, file.venue.ledger.origin),
        ),
        Err(error) => failed("govern.venue_file", error.to_string()),
    }
}

/// The file of calls, with its secrets.
fn actuator(file: &Path) -> Check {
    let (outcome, says) = match Settings::read(file) {
        Ok(settings) => {
            let told = settings.actuator.destinations().join(", ");
            (
                Outcome::Ok,
                format!("{} can be used, secrets among it; told of keys are: {told}", file.display()),
            )
        }
        Err(error) => (Outcome::Failed, error.0),
    };
    Check { name: "actuator.file", outcome, says }
}

/// What is allowed and seldom meant.
fn attention(config: &Config) -> Vec<Check> {
    let gate = &config.gate;
    let mut checks = Vec::new();
    let mut found = |name, says: String| checks.push(Check { name, outcome: Outcome::Attention, says });
    for (name, hops) in
        [("gate.trusted_hops", &gate.trusted_hops), ("govern.trusted_hops", &config.govern.trusted_hops)]
    {
        let Some(all) = hops.iter().find(|hop| hop.length() == 0) else { continue };
        found(
            name,
            format!(
                "{all} believes `X-Forwarded-For` from anybody: every client then chooses the address it is judged by; \
                 name the hops alone"
            ),
        );
    }
    for (name, address) in
        [("gate.admin_listen", gate.admin_listen), ("gate.decide_listen", gate.decide_listen)]
    {
        if let Some(address) = address.filter(|address| !address.ip().to_canonical().is_loopback()) {
            found(
                name,
                format!(
                    "{address} can be reached from other machines, and nobody is asked who he is there; keep clients \
                     away from it by other means"
                ),
            );
        }
    }
    if leads_back(gate) {
        found(
            "gate.upstream",
            format!("{} is where this gate listens: it would pass requests to itself", gate.upstream),
        );
    }
    let timeouts = &gate.timeouts;
    for (name, seconds) in [
        ("gate.timeouts.header_read_s", timeouts.header_read_s),
        ("gate.timeouts.body_read_s", timeouts.body_read_s),
        ("gate.timeouts.connect_s", timeouts.connect_s),
        ("gate.timeouts.upstream_response_s", timeouts.upstream_response_s),
        ("gate.timeouts.idle_s", timeouts.idle_s),
        ("gate.timeouts.websocket_idle_s", timeouts.websocket_idle_s),
    ] {
        if seconds.get() > TIMEOUT_S_LONG {
            found(name, format!("{seconds} seconds: a peer that does nothing holds a place for so long"));
        }
    }
    checks
}

/// Whether the upstream is one of the gate's own listeners, as far as addresses tell; names are not looked up.
fn leads_back(gate: &GateConfig) -> bool {
    let host = gate.upstream.host().trim_start_matches('[').trim_end_matches(']');
    let host = if host.eq_ignore_ascii_case("localhost") { "127.0.0.1" } else { host };
    let Ok(upstream) = host.parse::<IpAddr>() else { return false };
    let upstream = upstream.to_canonical();
    [Some(gate.listen), gate.admin_listen, gate.decide_listen].into_iter().flatten().any(|at| {
        let own = at.ip().to_canonical();
        at.port() == gate.upstream.port()
            && (own == upstream || (own.is_unspecified() && upstream.is_loopback()))
    })
}

fn ok(name: &'static str, says: impl Into<String>) -> Check {
    Check { name, outcome: Outcome::Ok, says: says.into() }
}

fn failed(name: &'static str, says: impl Into<String>) -> Check {
    Check { name, outcome: Outcome::Failed, says: says.into() }
}

/// Permissions alone do not tell a read-only or full disk: a file is written and taken away.
fn data_dir(path: &Path) -> Check {
    const NAME: &str = "data_dir";
    let shown = path.display();
    match std::fs::metadata(path) {
        Ok(folder) if !folder.is_dir() => {
            failed(NAME, format!("`{shown}` is not a folder; move it away or name another"))
        }
        Ok(_) => match probe(path) {
            Ok(()) => ok(NAME, format!("`{shown}` can be written to")),
            Err(error) => {
                failed(NAME, format!("`{shown}` cannot be written to: {error}; check its owner and its disk"))
            }
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let parent =
                path.ancestors().skip(1).find(|parent| parent.as_os_str().is_empty() || parent.exists());
            let parent = parent.filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            match probe(parent) {
                Ok(()) => ok(NAME, format!("`{shown}` is not there yet; the gate will make it")),
                Err(error) => failed(
                    NAME,
                    format!(
                        "`{shown}` is not there and cannot be made in `{}`: {error}; make it yourself",
                        parent.display()
                    ),
                ),
            }
        }
        Err(error) => {
            failed(NAME, format!("`{shown}` cannot be reached: {error}; check the folders above it"))
        }
    }
}

fn probe(folder: &Path) -> std::io::Result<()> {
    let path = folder.join(format!(".sumun-check-{}", std::process::id()));
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(&path)?;
    let written =
        std::io::Write::write_all(&mut &file, b"sumun config check\n").and_then(|()| file.sync_all());
    std::fs::remove_file(&path)?;
    written
}

fn address(name: &'static str, address: SocketAddr) -> Check {
    match TcpListener::bind(address) {
        Ok(_) => ok(name, format!("{address} is free")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Check {
            name,
            outcome: Outcome::Attention,
            says: format!(
                "{address} is in use: by a gate that runs, or by something that keeps one from starting"
            ),
        },
        Err(error) => {
            failed(name, format!("{address} cannot be bound: {error}; name an address of this machine"))
        }
    }
}

/// By the hard limit of this command's own process, which a gate started from the same shell has too.
fn connections(asked: usize) -> Option<Check> {
    let (_, short) = descriptors::connections(asked, descriptors::hard_limit());
    Some(Check { name: "gate.connections_max", outcome: Outcome::Attention, says: short? })
}

/// Of a folder that `sumun init` made.
fn control_plane(config: &Config) -> Vec<Check> {
    let mut checks = vec![address("govern.listen", config.govern.listen)];
    if !config.govern.listen.ip().to_canonical().is_loopback() {
        checks.push(Check {
            name: "govern.listen",
            outcome: Outcome::Attention,
            says: format!(
                "{} can be reached from other machines, over plain HTTP: passwords and sessions are readable on the way \
                 unless a TLS-terminating hop stands before it",
                config.govern.listen
            ),
        });
    }
    checks.push(venue(config));
    checks.push(match &config.govern.key_file {
        Some(_) => ok("govern.key_file", "key-encryption keys of the control plane's own; give no gate this file"),
        None => Check {
            name: "govern.key_file",
            outcome: Outcome::Attention,
            says: "not set: the ledger's and the feed's keys and staff's credentials are sealed under the keys of `seal`, which \
                   gates elsewhere have too. For what is sealed from now on: `sumun keys kek-new --out govern-kek.txt`, add the \
                   lines of `seal.key_file` below its own (they open what stands already), and name it here"
                .to_owned(),
        },
    });
    let own = keyring::load_own(config).map_err(|error| error.to_string());
    let opened = own.and_then(|own| OwnKeys::load(&config.data_dir, &own).map_err(|error| error.to_string()));
    checks.push(match opened {
        Ok(_) => ok("govern", "the ledger's and the feed's keys open"),
        Err(error) => failed("govern", error),
    });
    checks
}

/// The key-encryption keys, and whether they can be had.
fn seal(config: &Config) -> (Check, Option<Keyring>) {
    match keyring::load(&config.seal) {
        Ok(keyring) => {
            let ids: Vec<String> = keyring.ids().iter().map(ToString::to_string).collect();
            let says = format!("key-encryption keys {} (the first one seals)", ids.join(", "));
            (ok("seal", says), Some(keyring))
        }
        Err(error) => (failed("seal", error.to_string()), None),
    }
}

fn keys(config: &Config) -> Vec<Check> {
    let (sealed, keyring) = seal(config);
    let mut checks = vec![sealed];
    if let Some(url) = &config.gate.feed.url {
        checks.push(match Enrolment::load(config) {
            Ok((enrolment, _)) => {
                ok("gate.feed", format!("{url}, as gate `{}` of venue `{}`", enrolment.gate, enrolment.venue))
            }
            Err(error) => failed("gate.feed", error.to_string()),
        });
        return checks;
    }
    let path = &config.gate.keys_file;
    if OwnKeys::any_in(&config.data_dir).is_some() {
        checks.extend(control_plane(config));
        if !path.exists() {
            // `sumun serve` feeds its own gate.
            return checks;
        }
    }
    checks.push(match (KeysFile::read(path), keyring) {
        (Err(error), _) => failed("gate.keys_file", error.to_string()),
        (Ok(file), Some(keyring)) => match file.seals(&keyring).as_slice() {
            [] => ok(
                "gate.keys_file",
                format!("`{}`: {}, every secret opens", path.display(), count(file.keys.len(), "key")),
            ),
            [first, ..] => failed(
                "gate.keys_file",
                format!("{}; run `sumun keys check {}`", first.problem.located(path), path.display()),
            ),
        },
        (Ok(file), None) => {
            ok("gate.keys_file", format!("`{}`: {}", path.display(), count(file.keys.len(), "key")))
        }
    });
    checks
}

//! `sumun-kafka tap`: topics of the exchange's access lines, handed in exactly once (ADR 0029).
//!
//! One thread for each `[[follow]]`: [`worker`] reads, translates and hands in. [`book`] is the bookkeeping of one partition, without IO;
//! [`mark`] is what is committed; [`lines`] makes lines of a message; [`door`] is where to; [`consumer`] is the topic; [`away`] is whose
//! brokers do not answer; [`aside`] is what could not be taken. Nothing is kept on this machine but what was put aside: how far a partition
//! is stands in its group's commit.

mod aside;
mod away;
mod book;
mod consumer;
mod door;
mod lines;
mod mapping;
mod mark;
pub(crate) mod settings;
mod worker;

use crate::exit::{BadInput, Failed};
use consumer::Topic;
use door::Door;
use settings::Settings;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tracing::info;
use worker::Worker;

/// Follow topics of access lines and hand them in to a control plane, each line once.
///
/// The file names the brokers, the topics, the mapping, and where to; docs/adopt/kafka.md says how to write it. What cannot be handed in waits
/// in the topic. How far each partition is stands in its group's commit, so that this may be killed, moved, or run several times over. Lines
/// that cannot be read are counted and put aside in `tap.state_dir`, and stop nothing.
///
/// Once it follows it prints one line of JSON on standard output. SIGTERM or Ctrl-C stops it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sumun-kafka tap --config kafka.toml --check\n  sumun-kafka tap --config kafka.toml\n\n\
                        Exit codes: 0 stopped; 1 it could not go on; 2 the file or a mapping is bad."
)]
pub(crate) struct Arguments {
    /// What to follow
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Read file, mappings and token, say what would be followed, and end
    #[arg(long)]
    check: bool,
}

/// Runs it.
///
/// # Errors
/// What kept it from starting, or from going on.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let (file, base) = crate::settings::read(&arguments.config)?;
    let client = file.kafka.client(&base)?;
    let settings = Settings::of(file, &arguments.config, &base)?;
    let told: Vec<String> =
        settings.follow.iter().map(|one| format!("{} ({})", one.topic, one.name)).collect();
    let door = || Door::new(&settings.server, settings.token_file.clone());
    if arguments.check {
        door()?;
        crate::settings::try_out(&client)?;
        println!("{} would be handed in to {}", told.join(", "), settings.server);
        return Ok(());
    }
    let stopping = Arc::new(AtomicBool::new(false));
    let (server, state_dir) = (settings.server.clone(), settings.state_dir.clone());
    let held_bytes_max = settings.held_bytes_max;
    let mut workers = Vec::new();
    for follow in settings.follow {
        let door = Door::new(&server, settings.token_file.clone())?;
        let quarantine = aside::Quarantine::open(&state_dir, &follow.name, follow.refused_bytes_max)
            .map_err(|error| {
                BadInput(format!("cannot use `tap.state_dir` `{}`: {error}", state_dir.display()))
            })?;
        let topic = Topic::join(client.clone(), &follow.topic, &follow.group)
            .map_err(|error| crate::settings::unusable(&error))?;
        workers.push(Worker::new(follow, topic, door, quarantine, held_bytes_max, Arc::clone(&stopping)));
    }
    // The first thread that ends, for whatever reason, ends all.
    let (ended, mut ends) = tokio::sync::mpsc::unbounded_channel();
    let mut threads = Vec::new();
    for worker in workers {
        let ended = ended.clone();
        let run = move || {
            let outcome = worker.run();
            let _ = ended.send(());
            outcome
        };
        threads.push(std::thread::Builder::new().name("tap".to_owned()).spawn(run)?);
    }
    println!("{}", serde_json::json!({ "ready": { "tap": told, "server": server } }));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        tokio::select! {
            told = crate::stop::told() => told,
            _ = ends.recv() => Ok(()),
        }
    })?;
    info!("Stopping");
    stopping.store(true, Ordering::Relaxed);
    let mut outcome = Ok(());
    for thread in threads {
        let one = thread.join().unwrap_or_else(|_| Err(Failed("a fault of the tap itself".to_owned())));
        outcome = outcome.and(one);
    }
    Ok(outcome?)
}

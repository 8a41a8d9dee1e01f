//! `sumun-kafka states`: a compacted topic of key states for the exchange's own gateway (ADR 0029).
//!
//! It is a subscriber of the actuator's signed messages (`[[webhook]]`), and answers each only once the brokers have it durably: what the
//! answer means to the control plane is the receipt. So what is to be sent, in which order, when again and who is told when it fails stays in
//! one place, the control plane. [`message`] reads and checks what came; [`known`] is what the topic holds; [`topic`] reads and writes it;
//! [`listen`] is the address that is asked.

mod known;
mod listen;
mod message;
mod topic;

use crate::exit::{BadInput, Failed};
use rdkafka::ClientConfig;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use topic::States;
use tracing::{info, warn};
use zeroize::Zeroizing;

/// `[states]` of `kafka.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    listen: SocketAddr,
    topic: String,
    secret_file: PathBuf,
}

/// Keep a compacted topic of key states: one message a key, the newest wins.
///
/// Takes the signed messages that the control plane's actuator sends to a `[[webhook]]`, writes each into the topic under the key's id, and
/// answers once every replica has it: that answer is the receipt. docs/adopt/kafka.md says how to set up both sides. Run one such process for a
/// topic.
///
/// Once it listens it prints one line of JSON on standard output. SIGTERM or Ctrl-C stops it; what was not answered is sent again.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sumun-kafka states --config kafka.toml --check\n  sumun-kafka states --config kafka.toml\n\n\
                        Exit codes: 0 stopped; 1 it could not go on; 2 the file is bad."
)]
pub(crate) struct Arguments {
    /// Which topic, and where to listen
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Read file and secret, say what would be written, and end
    #[arg(long)]
    check: bool,
}

/// Runs it.
///
/// # Errors
/// What kept it from starting, or from going on.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let (file, base) = crate::settings::read(&arguments.config)?;
    let bad = |what: String| BadInput(format!("`{}`: {what}", arguments.config.display()));
    let client = file.kafka.client(&base)?;
    let states = file.states.ok_or_else(|| {
        bad("it has no section `[states]`, which says where to listen and which topic to write; add it"
            .to_owned())
    })?;
    if states.topic.is_empty() {
        return Err(bad("`states.topic` is empty; name the compacted topic".to_owned()).into());
    }
    let secret = crate::settings::secret(&base.join(&states.secret_file))
        .and_then(|text| sumun_actuator::webhook::secret(&text))
        .map_err(|what| bad(format!("`states.secret_file`: {what}")))?;
    if arguments.check {
        crate::settings::try_out(&client)?;
        println!("key states would be written to {}, taken at http://{}/", states.topic, states.listen);
        return Ok(());
    }
    if !states.listen.ip().is_loopback() {
        warn!(
            "`states.listen` is plain http on {}: whoever listens on the way reads which keys are cut",
            states.listen
        );
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let outcome = runtime.block_on(keep(client, &states, secret));
    // Whoever still asks brokers whether they are back, or waits for them at the start, is not waited for.
    runtime.shutdown_background();
    outcome
}

/// Reads the topic, and then takes what is sent until it is told to stop.
async fn keep(client: ClientConfig, states: &Written, secret: Zeroizing<Vec<u8>>) -> anyhow::Result<()> {
    // From here on, so that a stop is one too while brokers are waited for.
    let mut told = tokio::spawn(crate::stop::told());
    let name = states.topic.clone();
    let topic = tokio::select! {
        told = &mut told => {
            stopping(told);
            return Ok(());
        }
        opened = tokio::task::spawn_blocking(move || States::open(client, &name)) => Arc::new(opened??),
    };
    let (keys, behind) = topic.counts();
    if behind > 0 {
        warn!("{behind} messages of `{}` are no key states and were passed over", states.topic);
    }
    let listener = tokio::net::TcpListener::bind(states.listen)
        .await
        .map_err(|error| Failed(format!("cannot listen on {}: {error}", states.listen)))?;
    let at = listener.local_addr()?;
    println!("{}", serde_json::json!({ "ready": { "listen": at, "topic": states.topic, "keys": keys } }));
    let ended = topic.ended();
    tokio::spawn(Arc::clone(&topic).watch());
    axum::serve(listener, listen::routes(Arc::clone(&topic), secret))
        .with_graceful_shutdown(async move {
            tokio::select! {
                told = told => stopping(told),
                () = ended => info!("Stopping"),
            }
        })
        .await?;
    match topic.fatal() {
        Some(why) => {
            Err(Failed(format!("the producer of `{}` cannot go on: {why}; start it anew", states.topic))
                .into())
        }
        None => Ok(()),
    }
}

fn stopping(told: Result<std::io::Result<()>, tokio::task::JoinError>) {
    if let Err(error) = told.unwrap_or_else(|fault| Err(std::io::Error::other(fault))) {
        warn!("signals: {error}");
    }
    info!("Stopping");
}

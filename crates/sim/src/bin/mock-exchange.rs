//! Runs the mock exchange until SIGTERM or SIGINT. Prints one JSON line with the addresses it is bound to, nothing else.

use anyhow::Context;
use clap::Parser;
use serde_json::json;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use sumun_sim::config::Accounts;
use sumun_sim::{Config, MockExchange};
use tokio::signal::unix::{SignalKind, signal};

/// A mock exchange that speaks Upbit, for tests and demonstrations.
///
/// Example: mock-exchange --listen 127.0.0.1:8090 --control 127.0.0.1:8091
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Where the exchange listens; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Where the control routes (`/_mock/…`) listen; keep it out of any gate's reach.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    control: SocketAddr,
    /// Accounts and keys, TOML or JSON; without it, two made-up accounts.
    #[arg(long, value_name = "FILE")]
    accounts: Option<PathBuf>,
    /// Check signatures, parameter hashes and nonces here too, as an exchange without a gate would.
    #[arg(long)]
    verify: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let accounts = match &arguments.accounts {
        Some(path) => Accounts::read(path)?,
        None => Accounts::made_up(),
    };
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let config =
        Config { listen: arguments.listen, control: arguments.control, accounts, verify: arguments.verify };
    let handle = MockExchange::start(config).await?;
    let line = json!({"listen": handle.addr.to_string(), "control": handle.control.to_string()});
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).context("cannot say where it listens")?;
    drop(out);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    handle.stop().await;
    Ok(())
}

//! Runs the mock exchange until SIGTERM or SIGINT. Prints one JSON line with the addresses it is bound to, nothing else.
//! Or vouches for a customer's person, as an exchange's login would.

use anyhow::Context;
use clap::{Parser, Subcommand};
use serde_json::json;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::ExitCode;
use sumun_sim::assertion::{self, AssertionKey, SEED_BYTES, Who};
use sumun_sim::config::Accounts;
use sumun_sim::{Config, MockExchange};
use tokio::signal::unix::{SignalKind, signal};

/// A mock exchange that speaks Upbit, for tests and demonstrations.
#[derive(Debug, Parser)]
#[command(version, after_help = help(), args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
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

/// What it does instead of serving.
#[derive(Debug, Subcommand)]
enum Command {
    Assertion(Assertion),
    AssertionKey(NewKey),
}

/// Vouch for a customer's person, as the exchange's own login would: prints an assertion for `sumun login --assertion -`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  mock-exchange assertion --signing-key exchange.key --customer C1 --person P1 --audience \
                        example | sumun login --assertion -"
)]
struct Assertion {
    /// File of `mock-exchange assertion-key`.
    #[arg(long, value_name = "FILE")]
    signing_key: PathBuf,
    /// The key's name in venue.toml.
    #[arg(long, default_value = "mock")]
    kid: String,
    /// The customer.
    #[arg(long)]
    customer: String,
    /// The natural person.
    #[arg(long)]
    person: String,
    /// His role over the customer's keys.
    #[arg(long, default_value = "owner")]
    role: String,
    /// The venue's `exchange.audience`.
    #[arg(long)]
    audience: String,
    /// Ways in which he was recognised, separated by commas.
    #[arg(long, value_delimiter = ',', default_value = "totp")]
    amr: Vec<String>,
}

/// Make the key by which the exchange vouches; prints the line for venue.toml.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mock-exchange assertion-key --out exchange.key >> venue.toml\n\n\
                        The line belongs under [exchange.assertion_keys].")]
struct NewKey {
    /// File to make; it must not exist yet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The key's name in venue.toml.
    #[arg(long, default_value = "mock")]
    kid: String,
}

/// An accounts file, as the tests read it too.
const ACCOUNTS_EXAMPLE: &str = r#"    [[accounts]]
    name = "A1"
    balances = { KRW = "1000000", BTC = "0.5" }
    keys = [{ access_key = "K1" }]

    [[accounts]]
    name = "A2"
    keys = [{ access_key = "K2", secret = "made-up", expire_at = "2099-12-31T23:59:59+09:00" }]
"#;

fn help() -> String {
    format!(
        "Example:\n  mock-exchange --listen 127.0.0.1:8090 --control 127.0.0.1:8091 --accounts accounts.toml\n\n\
         An accounts file, in TOML (or the same in JSON); `secret` is needed with --verify only, `balances` and \
         `expire_at` may be left out:\n\n{ACCOUNTS_EXAMPLE}"
    )
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Whatever RUST_BACKTRACE says; if stderr is gone there is nobody left to tell.
            let _ = writeln!(std::io::stderr(), "error: {}", one_line(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}

/// An error's text without the picture of the file that the TOML parser puts between place and cause.
fn one_line(text: &str) -> String {
    let drawn =
        |line: &str| line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ').starts_with('|');
    let lines: Vec<&str> = text.lines().filter(|line| !drawn(line)).map(str::trim).collect();
    lines.join(": ")
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command {
        Some(Command::Assertion(asked)) => vouch(asked),
        Some(Command::AssertionKey(asked)) => assertion_key(&asked),
        None => serve(arguments),
    }
}

fn vouch(asked: Assertion) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(&asked.signing_key)
        .with_context(|| format!("cannot read `{}`", asked.signing_key.display()))?;
    let key = AssertionKey::parse(&text)?;
    let who = Who { customer: asked.customer, person: asked.person, role: asked.role, methods: asked.amr };
    let id = hex::encode(draw::<16>()?);
    say(&key.assert(&asked.kid, &asked.audience, &who, assertion::now_s(), &id))
}

fn assertion_key(asked: &NewKey) -> anyhow::Result<()> {
    let seed = draw::<SEED_BYTES>()?;
    let cannot = || format!("cannot make `{}`", asked.out.display());
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&asked.out)
        .with_context(cannot)?;
    writeln!(file, "{}", hex::encode(seed)).and_then(|()| file.sync_all()).with_context(cannot)?;
    say(&format!("\"{}\" = \"{}\"", asked.kid, AssertionKey::from_seed(&seed).public()))
}

fn draw<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| anyhow::anyhow!("the operating system gives no entropy: {error}"))?;
    Ok(bytes)
}

fn say(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).context("cannot print")
}

#[tokio::main]
async fn serve(arguments: Arguments) -> anyhow::Result<()> {
    let accounts = match &arguments.accounts {
        Some(path) => Accounts::read(path)?,
        None => Accounts::made_up(),
    };
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let config = Config {
        listen: arguments.listen,
        control: arguments.control,
        accounts,
        verify: arguments.verify,
        access_log: None,
    };
    let handle = MockExchange::start(config).await?;
    let line = json!({"listen": handle.addr.to_string(), "control": handle.control.to_string()});
    say(&line.to_string()).context("cannot say where it listens")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    handle.stop().await;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;

    #[test]
    fn the_example_in_the_help_is_an_accounts_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.toml");
        std::fs::write(&path, ACCOUNTS_EXAMPLE).unwrap();
        let accounts = Accounts::read(&path).unwrap();
        let keys: Vec<_> = accounts.accounts.iter().flat_map(|account| &account.keys).collect();
        assert_eq!(keys.iter().map(|key| key.access_key.as_str()).collect::<Vec<_>>(), ["K1", "K2"]);
        assert!(help().contains(ACCOUNTS_EXAMPLE));
    }
}

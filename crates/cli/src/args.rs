//! The command line. Each command's own arguments stand in its file under [`crate::commands`].

use crate::commands::{
    config_check, gate, keys_check, keys_kek_new, keys_new, keys_seal, log, request_check,
};
use clap::{Parser, Subcommand};

/// Sumun watches over exchange API keys: it checks every request made with one, records what it saw, and ends
/// keys that no longer belong to who they were given to.
#[derive(Debug, Parser)]
#[command(
    name = "sumun",
    version,
    propagate_version = true,
    after_help = "Exit codes: 0 done, 1 the operation failed, 2 what was given is bad.\n\
                  Log lines go to stderr; SUMUN_LOG filters them, such as SUMUN_LOG=debug."
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What `sumun` can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the gate: the reverse proxy that checks every request
    Gate(gate::Arguments),
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Make, seal and check keys
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Look at signed requests
    #[command(subcommand)]
    Request(RequestCommand),
    /// Read the event log
    #[command(subcommand)]
    Log(LogCommand),
}

/// Commands on the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Explain every value and check what can be checked without starting
    Check(config_check::Arguments),
}

/// Commands on keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Make a key: prints its secret once, keeps it only sealed
    New(keys_new::Arguments),
    /// Seal a secret read from stdin, or reseal a whole keys file
    Seal(keys_seal::Arguments),
    /// Find everything wrong with a keys file
    Check(keys_check::Arguments),
    /// Make a key-encryption key, under which secrets are sealed
    KekNew(keys_kek_new::Arguments),
}

/// Commands on requests.
#[derive(Debug, Subcommand)]
pub enum RequestCommand {
    /// Judge recorded requests as a gate would judge their signatures
    Check(request_check::Arguments),
}

/// Commands on the event log.
#[derive(Debug, Subcommand)]
pub enum LogCommand {
    /// Print the newest events and go on as they come
    Tail(log::TailArguments),
    /// Print events and stop at the end
    Dump(log::DumpArguments),
}

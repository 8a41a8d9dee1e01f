//! The command line. Each command's own arguments and help stand in its file under [`crate::commands`].

#![expect(
    missing_docs,
    reason = "a doc comment on a command here would hide the help that stands in its own file"
)]

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

impl Command {
    /// Runs until it is stopped.
    pub(crate) fn is_role(&self) -> bool {
        matches!(self, Self::Gate(_))
    }
}

/// Commands on the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    Check(config_check::Arguments),
}

/// Commands on keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    New(keys_new::Arguments),
    Seal(keys_seal::Arguments),
    Check(keys_check::Arguments),
    KekNew(keys_kek_new::Arguments),
}

/// Commands on requests.
#[derive(Debug, Subcommand)]
pub enum RequestCommand {
    Check(request_check::Arguments),
}

/// Commands on the event log.
#[derive(Debug, Subcommand)]
pub enum LogCommand {
    Tail(log::TailArguments),
    Dump(log::DumpArguments),
}

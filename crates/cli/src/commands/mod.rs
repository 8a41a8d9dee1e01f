//! Commands: one file each, with its arguments, its help and what it prints.

pub mod config_check;
pub mod gate;
pub mod keys_check;
pub mod keys_kek_new;
pub mod keys_new;
pub mod keys_seal;
pub mod log;
pub mod request_check;

use crate::args::{Command, ConfigCommand, KeysCommand, LogCommand, RequestCommand};
use crate::config::{FILE_VARIABLE, Flag, Loaded, Sources};
use crate::keyring;
use clap::Args;
use std::path::PathBuf;
use sumun_seal::Keyring;

/// Runs a command.
///
/// # Errors
/// Whatever it met; [`crate::exit`] makes an exit code of it.
pub fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Gate(arguments) => gate::run(arguments),
        Command::Config(ConfigCommand::Check(arguments)) => config_check::run(arguments),
        Command::Keys(KeysCommand::New(arguments)) => keys_new::run(arguments),
        Command::Keys(KeysCommand::Seal(arguments)) => keys_seal::run(arguments),
        Command::Keys(KeysCommand::Check(arguments)) => keys_check::run(arguments),
        Command::Keys(KeysCommand::KekNew(arguments)) => keys_kek_new::run(arguments),
        Command::Request(RequestCommand::Check(arguments)) => request_check::run(arguments),
        Command::Log(LogCommand::Tail(arguments)) => log::tail(arguments),
        Command::Log(LogCommand::Dump(arguments)) => log::dump(arguments),
    }
}

/// Which configuration file.
#[derive(Debug, Args)]
pub struct ConfigArguments {
    /// Configuration file [default: sumun.toml if it is there]
    #[arg(long, value_name = "FILE", env = FILE_VARIABLE, hide_env_values = true)]
    pub config: Option<PathBuf>,
}

impl ConfigArguments {
    /// Reads and merges it with the environment and the flags.
    ///
    /// # Errors
    /// Everything wrong with it.
    pub fn load(&self, flags: Vec<Flag>) -> anyhow::Result<Loaded> {
        Ok(Sources::of_process(self.config.as_deref(), flags)?.load()?)
    }
}

/// Where the key-encryption keys are.
#[derive(Debug, Args)]
pub struct KekArguments {
    #[command(flatten)]
    config: ConfigArguments,
    /// File with the key-encryption keys, instead of the one the configuration names
    #[arg(long, value_name = "FILE")]
    kek_file: Option<PathBuf>,
}

impl KekArguments {
    /// Reads the keyring.
    ///
    /// # Errors
    /// The configuration or the keyring cannot be used.
    pub fn keyring(&self) -> anyhow::Result<Keyring> {
        Ok(match &self.kek_file {
            Some(path) => keyring::from_file(path)?,
            None => keyring::load(&self.config.load(Vec::new())?.config.seal)?,
        })
    }
}

//! Commands: one file each, with its arguments, its help and what it prints.

pub mod accounts;
pub mod actuator;
pub mod approvals;
pub mod assess;
mod assess_sources;
pub mod backfill;
pub mod calibrate;
pub mod campaign;
pub mod canaries;
pub mod cases;
pub mod config_check;
pub mod customers;
pub mod delegations;
pub mod drift;
pub mod evaluate;
pub mod explain;
pub mod gate;
pub mod gate_bypass;
pub mod gate_enrol;
pub mod gates;
pub mod govern;
pub mod import;
pub mod init;
pub mod keys_act;
pub mod keys_check;
pub mod keys_expose;
pub mod keys_kek_new;
pub mod keys_list;
pub mod keys_new;
pub mod keys_request;
pub mod keys_seal;
pub mod ledger;
pub mod ledger_rebuild;
pub mod ledger_verify;
pub mod ledger_verify_proof;
mod ledger_walk;
pub mod log;
pub mod login;
pub mod map;
mod map_check;
mod map_run;
pub mod measures;
pub mod mirror;
pub mod operators;
pub mod owner;
pub mod party;
pub mod persons;
pub mod policies;
pub mod policy;
mod policy_check;
mod policy_diff;
mod policy_explain;
pub mod ramp;
pub mod replay;
pub mod request_check;
pub mod serve;
pub mod simulate;
pub mod tap;
pub mod tokens;
pub mod totp;
pub mod users;
pub mod vendors;
pub mod venue;

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
        Command::Init(arguments) => init::run(&arguments),
        Command::Serve(arguments) => serve::run(arguments),
        Command::Gate(arguments) => gate::run(arguments),
        Command::Govern(arguments) => govern::run(arguments),
        Command::Config(ConfigCommand::Check(arguments)) => config_check::run(arguments),
        Command::Keys(command) => keys(command),
        Command::Request(RequestCommand::Check(arguments)) => request_check::run(arguments),
        Command::Policy(command) => policy::run(command),
        Command::Map(command) => map::run(command),
        Command::Assess(arguments) => assess::run(&arguments),
        Command::Backfill(arguments) => backfill::run(&arguments),
        Command::Simulate(arguments) => simulate::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Mirror(command) => mirror::run(&command),
        Command::Drift(arguments) => drift::run(&arguments),
        Command::Evaluate(arguments) => evaluate::run(&arguments),
        Command::Calibrate(arguments) => calibrate::run(&arguments),
        Command::Log(LogCommand::Tail(arguments)) => log::tail(arguments),
        Command::Log(LogCommand::Dump(arguments)) => log::dump(arguments),
        Command::Tap(arguments) => tap::run(&arguments),
        Command::Actuator(command) => actuator::run(command),
        Command::Login(arguments) => login::login(arguments),
        Command::Logout(arguments) => login::logout(arguments),
        Command::StepUp(arguments) => login::step_up(arguments),
        Command::Whoami(arguments) => login::who_am_i(arguments),
        Command::Totp(arguments) => totp::run(arguments),
        Command::Users(command) => users::run(command),
        Command::Tokens(command) => tokens::run(command),
        Command::Venue(command) => venue::run(command),
        Command::Customers(command) => customers::run(command),
        Command::Persons(command) => persons::run(command),
        Command::Accounts(command) => accounts::run(command),
        Command::Operators(command) => operators::run(command),
        Command::Vendors(command) => vendors::run(command),
        Command::Delegations(command) => delegations::run(command),
        Command::Approvals(command) => approvals::run(command),
        Command::Cases(command) => cases::run(*command),
        Command::Measures(command) => measures::run(command),
        Command::Policies(command) => policies::run(command),
        Command::Ramp(command) => ramp::run(command),
        Command::Campaign(command) => campaign::run(command),
        Command::Gates(command) => gates::run(command),
        Command::Canaries(command) => canaries::run(command),
        Command::Owner(command) => owner::run(command),
        Command::Ledger(command) => ledger::run(command),
    }
}

fn keys(command: KeysCommand) -> anyhow::Result<()> {
    match command {
        KeysCommand::New(arguments) => keys_new::run(*arguments),
        KeysCommand::Seal(arguments) => keys_seal::run(arguments),
        KeysCommand::Check(arguments) => keys_check::run(arguments),
        KeysCommand::KekNew(arguments) => keys_kek_new::run(arguments),
        KeysCommand::Request(arguments) => keys_request::run(*arguments),
        KeysCommand::List(arguments) => keys_list::list(arguments),
        KeysCommand::Show(arguments) => keys_list::show(arguments),
        KeysCommand::Timeline(arguments) => keys_list::timeline(arguments),
        KeysCommand::Capability(arguments) => keys_list::capability(arguments),
        KeysCommand::Approve(arguments) => arguments.run("approve"),
        KeysCommand::Reject(arguments) => arguments.run("reject"),
        KeysCommand::Issue(arguments) => arguments.issue(),
        KeysCommand::Allow(arguments) => arguments.run(),
        KeysCommand::Scopes(arguments) => arguments.run(),
        KeysCommand::Rotate(arguments) => arguments.run(),
        KeysCommand::Suspend(arguments) => arguments.run("suspend"),
        KeysCommand::Lift(arguments) => arguments.run("lift"),
        KeysCommand::Hold(arguments) => arguments.run(),
        KeysCommand::Release(arguments) => arguments.run("release"),
        KeysCommand::Expire(arguments) => arguments.run(),
        KeysCommand::Revoke(arguments) => arguments.run("revoke"),
        KeysCommand::Expose(arguments) => arguments.run(),
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

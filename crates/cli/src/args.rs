//! The command line. Each command's own arguments and help stand in its file under [`crate::commands`].

#![expect(
    missing_docs,
    reason = "a doc comment on a command here would hide the help that stands in its own file"
)]

use crate::commands::{
    accounts, actuator, approvals, assess, backfill, calibrate, campaign, canaries, cases, config_check,
    customers, delegations, drift, evaluate, explain, gate, gates, govern, import, init, keys_act,
    keys_check, keys_expose, keys_kek_new, keys_list, keys_new, keys_request, keys_seal, ledger, log, login,
    map, measures, mirror, operators, owner, persons, policies, policy, ramp, replay, request_check, serve,
    simulate, tap, tokens, totp, users, vendors, venue,
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
    Init(init::Arguments),
    Serve(serve::Arguments),
    Gate(gate::Arguments),
    Govern(govern::Arguments),
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Keys of the control plane, and keys in a file
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Look at signed requests
    #[command(subcommand)]
    Request(RequestCommand),
    /// Read the event log
    #[command(subcommand)]
    Log(LogCommand),
    /// Policies: check a file, compare two, read one in plain words
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Foreign logs and tables into lines: check a mapping against a source, run it
    #[command(subcommand)]
    Map(map::Map),
    Tap(tap::Arguments),
    /// What an exchange with its own gateway is told to do: check the file, see what came of it, ask again
    #[command(subcommand)]
    Actuator(actuator::Actuator),
    Assess(Box<assess::Arguments>),
    Backfill(Box<backfill::Arguments>),
    Import(Box<import::Arguments>),
    /// What the exchange says of its own keys: send a snapshot of all, or what changed since
    #[command(subcommand)]
    Mirror(mirror::Mirror),
    Drift(drift::Arguments),
    Simulate(simulate::Arguments),
    Replay(Box<replay::Arguments>),
    Explain(Box<explain::Arguments>),
    Evaluate(Box<evaluate::Arguments>),
    Calibrate(Box<calibrate::Arguments>),
    Login(login::Login),
    Logout(login::Logout),
    StepUp(login::StepUp),
    Whoami(login::WhoAmI),
    Totp(totp::Arguments),
    /// Staff: invite, enrol, disable
    #[command(subcommand)]
    Users(users::Users),
    /// Machines' API tokens
    #[command(subcommand)]
    Tokens(tokens::Tokens),
    /// The venue's own facts
    #[command(subcommand)]
    Venue(venue::Venue),
    /// Verified customers
    #[command(subcommand)]
    Customers(customers::Customers),
    /// Natural persons behind customers
    #[command(subcommand)]
    Persons(persons::Persons),
    /// What customers trade from
    #[command(subcommand)]
    Accounts(accounts::Accounts),
    /// Who in fact drives keys
    #[command(subcommand)]
    Operators(operators::Operators),
    /// Third-party tools
    #[command(subcommand)]
    Vendors(vendors::Vendors),
    /// Who may use another's key
    #[command(subcommand)]
    Delegations(delegations::Delegations),
    /// What waits for a second pair of eyes
    #[command(subcommand)]
    Approvals(approvals::Approvals),
    /// Cases: the one file on a suspicion, with its tasks
    #[command(subcommand)]
    Cases(Box<cases::Cases>),
    /// What was taken or proposed against a suspicion, and on what grounds
    #[command(subcommand)]
    Measures(measures::Measures),
    /// What decides at the control plane, and how another one comes into force
    #[command(subcommand)]
    Policies(policies::Policies),
    /// How far gates enforce: stages, stepping back, what would have been refused
    #[command(subcommand)]
    Ramp(ramp::RampCommand),
    /// Campaigns in which owners register who uses keys that are there already
    #[command(subcommand)]
    Campaign(campaign::CampaignCommand),
    /// Gates that receive the feed, and their receipts
    #[command(subcommand)]
    Gates(gates::Gates),
    /// What a key's owner is asked, and what he answers
    #[command(subcommand)]
    Owner(owner::Owner),
    /// Keys of the venue's own, ended to see whether gates obey
    #[command(subcommand)]
    Canaries(canaries::Canaries),
    /// The record: proofs, and their check
    #[command(subcommand)]
    Ledger(ledger::Ledger),
}

impl Command {
    /// Runs until it is stopped.
    pub(crate) fn is_role(&self) -> bool {
        match self {
            Self::Gate(arguments) => arguments.is_role(),
            Self::Serve(_) | Self::Govern(_) | Self::Tap(_) => true,
            _ => false,
        }
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
    New(Box<keys_new::Arguments>),
    Seal(keys_seal::Arguments),
    Check(keys_check::Arguments),
    KekNew(keys_kek_new::Arguments),
    Request(Box<keys_request::Arguments>),
    List(keys_list::List),
    Show(keys_list::Show),
    Timeline(keys_list::Timeline),
    Capability(keys_list::Capability),
    /// Approve a requested key; who requested it cannot
    #[command(after_help = "Example:\n  sumun keys approve K1 --reason \"office address checked by phone\"")]
    Approve(keys_act::May),
    /// Reject a requested key
    #[command(after_help = "Example:\n  sumun keys reject K1 --reason \"purpose does not fit the scopes\"")]
    Reject(keys_act::Act),
    /// Issue an approved key, as its owner; its secret is shown once
    #[command(after_help = "Example:\n  sumun keys issue K1 --as owner-1")]
    Issue(keys_act::Own),
    /// Change whence a key may be used; a widening needs what creation needed
    #[command(after_help = "Example:\n  sumun keys allow K1 203.0.113.7/32 198.51.100.0/28")]
    Allow(keys_act::Allow),
    /// Change what a key may do; a widening needs what creation needed
    #[command(after_help = "Example:\n  sumun keys scopes K1 read --dry-run")]
    Scopes(keys_act::Scopes),
    /// Put a new key in the place of one, which ends at once or after --overlap-hours
    #[command(
        after_help = "Examples:\n  sumun keys rotate K1 --overlap-hours 24\n  sumun keys rotate K1 --dry-run"
    )]
    Rotate(keys_act::Rotate),
    /// Cut a key off but for cancelling
    #[command(after_help = "Example:\n  sumun keys suspend K1 --reason \"owner travels\"")]
    Suspend(keys_act::Act),
    /// Give a suspended key back
    #[command(after_help = "Example:\n  sumun keys lift K1 --reason \"owner is back\"")]
    Lift(keys_act::Act),
    /// Cut a key to reading and cancelling, on suspicion, for a time
    #[command(
        after_help = "Example:\n  sumun keys hold K1 --reason \"used from two sides at once\" \\\n    --lesser \"a warning would leave it trading\" --reviewer bob"
    )]
    Hold(keys_act::Hold),
    /// End a hold
    #[command(after_help = "Example:\n  sumun keys release K1 --reason \"owner confirmed by phone\"")]
    Release(keys_act::Act),
    /// Propose to end a key for ever; the venue says who decides
    #[command(
        after_help = "Example:\n  sumun keys expire K1 --reason \"control test failed twice\" \\\n    --lesser \"it is held since Monday, and its owner does not answer\""
    )]
    Expire(keys_act::Expire),
    /// End one's own key for ever
    #[command(after_help = "Example:\n  sumun keys revoke K1 --reason \"bot retired\" --as owner-1")]
    Revoke(keys_act::May),
    Expose(keys_expose::Arguments),
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

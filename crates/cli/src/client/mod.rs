//! The command line as a client of the REST API: one connection, signed-in profiles, and how answers are shown.
//!
//! A command builds a [`Call`] and hands it to [`Reach`], which knows the server, who asks, and whether people or
//! programs read the answer. Nothing is decided here: what may be done, and by whom, the server says.
//!
//! Start with [`reach`] for what every command can be told, [`connection`] for what goes over the wire, [`show`] for what
//! people read, [`profile`] for who is signed in, [`asker`] for how a hint names him again.

pub(crate) mod asker;
pub(crate) mod body;
pub(crate) mod connection;
pub(crate) mod problem;
pub(crate) mod profile;
pub(crate) mod prompt;
pub(crate) mod reach;
pub(crate) mod show;

pub(crate) use connection::{Answer, Call, Client};
pub(crate) use reach::{Listing, Reach, Writing};

/// Names the server of client commands; not a key of the configuration.
pub(crate) const SERVER_VARIABLE: &str = "SUMUN_SERVER";
/// Names the signed-in profile; not a key of the configuration.
pub(crate) const PROFILE_VARIABLE: &str = "SUMUN_AS";
/// Names the folder of profiles; not a key of the configuration.
pub(crate) const PROFILE_DIR_VARIABLE: &str = "SUMUN_PROFILE_DIR";
/// Holds a machine's API token; not a key of the configuration.
pub(crate) const TOKEN_VARIABLE: &str = "SUMUN_TOKEN";
/// All of them.
pub(crate) const VARIABLES: [&str; 4] =
    [SERVER_VARIABLE, PROFILE_VARIABLE, PROFILE_DIR_VARIABLE, TOKEN_VARIABLE];

//! What every client command can be told: which server, as whom, for people or for programs, and for writes whether to
//! do it or only to show the plan.

use super::asker::{Asker, Named};
use super::connection::idempotency_key;
use super::profile::Profiles;
use super::{
    Answer, Call, Client, PROFILE_DIR_VARIABLE, PROFILE_VARIABLE, SERVER_VARIABLE, TOKEN_VARIABLE, show,
};
use crate::exit::BadInput;
use crate::output;
use serde_json::Value;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// The server if none is named and nobody is signed in: `govern.listen` as it is by default.
pub(crate) const SERVER_DEFAULT: &str = "http://127.0.0.1:8070";

/// Which server, as whom, for whom.
#[derive(Debug, clap::Args)]
pub(crate) struct Reach {
    /// The control plane [default: where the profile is signed in, else http://127.0.0.1:8070]
    #[arg(long, value_name = "URL", env = SERVER_VARIABLE, hide_env_values = true)]
    server: Option<String>,
    /// Signed-in profile to act as [default: a machine's token in SUMUN_TOKEN, else the one signed in last]
    #[arg(long = "as", value_name = "PROFILE", env = PROFILE_VARIABLE, hide_env_values = true)]
    profile: Option<String>,
    /// Folder of profiles [default: sumun in the user's configuration folder]
    #[arg(long, value_name = "DIR", env = PROFILE_DIR_VARIABLE, hide_env_values = true)]
    profile_dir: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Reach {
    /// A client that shows the profile's token, or a machine's from SUMUN_TOKEN if no profile is named.
    ///
    /// # Errors
    /// Nobody is signed in, or he is at another server.
    pub(crate) fn client(&self) -> anyhow::Result<Client> {
        let machine = std::env::var(TOKEN_VARIABLE).ok().filter(|token| !token.is_empty());
        if self.profile.is_none()
            && let Some(token) = machine
        {
            return Ok(Client::new(
                &self.server(),
                (Some(Zeroizing::new(token)), Asker::Machine),
                self.json,
            )?);
        }
        let Some((name, profile)) = self.profiles()?.load(self.profile.as_deref())? else {
            return Err(BadInput(
                "nobody is signed in: run `sumun login USER`, or put a machine's token into SUMUN_TOKEN"
                    .to_owned(),
            )
            .into());
        };
        if let Some(server) = &self.server
            && server.trim_end_matches('/') != profile.server
        {
            return Err(BadInput(format!(
                "profile `{name}` is signed in at {}, not at {server}; its session is shown to no other server: sign in \
                 there, or leave out `--server`",
                profile.server
            ))
            .into());
        }
        let named = Named {
            name,
            principal: profile.principal,
            server: self.server.clone(),
            folder: self.profile_dir.clone(),
        };
        Ok(Client::new(&profile.server, (Some(profile.token), Asker::Profile(named)), self.json)?)
    }

    /// A client that shows no token, of the server named or of the one where somebody is signed in.
    ///
    /// # Errors
    /// The server's address is none.
    pub(crate) fn stranger(&self) -> anyhow::Result<Client> {
        let signed_in =
            || self.profiles().ok()?.load(self.profile.as_deref()).ok()?.map(|(_, found)| found.server);
        let server = self.server.clone().or_else(signed_in).unwrap_or_else(|| self.server());
        Ok(Client::new(&server, (None, Asker::Nobody), self.json)?)
    }

    /// The profiles.
    ///
    /// # Errors
    /// The environment does not say where they are.
    pub(crate) fn profiles(&self) -> Result<Profiles, BadInput> {
        Profiles::at(self.profile_dir.as_deref())
    }

    /// The profile named.
    pub(crate) fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    fn server(&self) -> String {
        self.server.clone().unwrap_or_else(|| SERVER_DEFAULT.to_owned())
    }

    /// Reads one thing and shows it.
    ///
    /// # Errors
    /// What the client met.
    pub(crate) fn show(&self, call: &Call) -> anyhow::Result<()> {
        self.print(&self.client()?.send(call)?, show::record)
    }

    /// Reads a page of a list and shows these columns of it.
    ///
    /// # Errors
    /// What the client met.
    pub(crate) fn list(&self, call: Call, page: &Listing, columns: &[&str]) -> anyhow::Result<()> {
        let answer = self.client()?.send(&page.of(call))?;
        self.print(&answer, |json| show::page(json, columns))
    }

    /// Does something, or shows the plan, and shows what came of it.
    ///
    /// # Errors
    /// What the client met.
    pub(crate) fn write(&self, writing: &Writing, call: Call) -> anyhow::Result<()> {
        let answer = self.client()?.send(&writing.of(call)?)?;
        let show = if writing.dry_run { show::plan } else { show::done };
        self.print(&answer, show)
    }

    /// As [`Reach::write`], shown in words of its own.
    ///
    /// # Errors
    /// What the client met.
    pub(crate) fn write_shown(
        &self,
        writing: &Writing,
        call: Call,
        shown: impl Fn(&Value) -> String,
    ) -> anyhow::Result<()> {
        let answer = self.client()?.send(&writing.of(call)?)?;
        self.print(&answer, shown)
    }

    /// As [`Reach::write`], and of the outcome only what changed is shown: the whole is too long to find it in.
    ///
    /// # Errors
    /// What the client met.
    pub(crate) fn write_changes(&self, writing: &Writing, call: Call) -> anyhow::Result<()> {
        let answer = self.client()?.send(&writing.of(call)?)?;
        let show = if writing.dry_run { show::plan } else { show::changes };
        self.print(&answer, show)
    }

    /// The answer as it is for programs, shown in words for people.
    ///
    /// # Errors
    /// Standard output is closed.
    pub(crate) fn print(&self, answer: &Answer, shown: impl Fn(&Value) -> String) -> anyhow::Result<()> {
        if answer.json.is_null() {
            return output::text(&answer.text);
        }
        if self.json { output::json(&answer.json) } else { output::text(&shown(&answer.json)) }
    }
}

/// How a write is done.
#[derive(Debug, clap::Args)]
pub(crate) struct Writing {
    /// Show the plan; change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Repeat a command whose answer was lost: what was done under this key is not done again
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Only if the version is still this one
    #[arg(long, value_name = "VERSION")]
    if_match: Option<String>,
}

impl Writing {
    /// The call as it is to be done.
    ///
    /// # Errors
    /// The operating system gives no entropy.
    pub(crate) fn of(&self, call: Call) -> anyhow::Result<Call> {
        let call = call.if_match(self.if_match.as_ref());
        if self.dry_run {
            return Ok(call.with("dry_run", "true"));
        }
        let key = match &self.idempotency_key {
            Some(key) => key.clone(),
            None => idempotency_key()?,
        };
        Ok(call.under(key))
    }
}

/// Which page of a list.
#[derive(Debug, clap::Args)]
pub(crate) struct Listing {
    /// Begin behind this entry, as the end of the page before says
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
    /// Most entries shown
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u16,
}

impl Listing {
    /// The call for this page.
    pub(crate) fn of(&self, call: Call) -> Call {
        call.with("limit", self.limit.to_string()).with_some("after", self.after.as_ref())
    }
}

//! `sumun users`: staff. Somebody invited enrols himself: his password and second factor are nobody else's.

use super::{login, totp};
use crate::atomic_file;
use crate::client::show::text_of;
use crate::client::{Call, Listing, Reach, Writing, prompt};
use crate::exit::{BadInput, Failed};
use crate::output;
use serde_json::{Value, json};
use std::io::IsTerminal;
use std::path::PathBuf;

/// What can be done with users.
#[derive(Debug, clap::Subcommand)]
pub enum Users {
    /// Invite somebody; the invite is shown once
    #[command(
        after_help = "Example:\n  sumun users invite carol --name \"Carol Made-Up\" --roles analyst,viewer"
    )]
    Invite(Invite),
    /// Accept an invite: choose a password, take a second factor; you are signed in then
    #[command(after_help = "Examples:\n  sumun users enrol --invite INVITE\n  \
        sumun users enrol --invite INVITE --password-file pw --totp-out carol.totp")]
    Enrol(Enrol),
    /// List users
    #[command(after_help = "Example:\n  sumun users list")]
    List(List),
    /// Show a user
    #[command(after_help = "Example:\n  sumun users show carol")]
    Show(Show),
    /// Give a user other roles
    #[command(after_help = "Example:\n  sumun users roles carol approver --reason \"new duty\"")]
    Roles(Roles),
    /// Disable a user: every session ends
    #[command(after_help = "Example:\n  sumun users disable carol --reason \"left\"")]
    Disable(Disable),
}

/// Whom.
#[derive(Debug, clap::Args)]
pub struct Invite {
    /// His name for signing in: small letters, digits, dots and hyphens
    user: String,
    /// His name
    #[arg(long)]
    name: String,
    /// His mail address
    #[arg(long)]
    email: Option<String>,
    /// What he may do, separated by commas: viewer, analyst, approver, compliance_lead, security_admin, auditor, support
    #[arg(long, value_delimiter = ',', required = true)]
    roles: Vec<String>,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

/// With which invite.
#[derive(Debug, clap::Args)]
pub struct Enrol {
    /// The invite, as it was shown once
    #[arg(long)]
    invite: String,
    /// File with the password, `-` for standard input; asked for on a terminal
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Write the second factor's secret here and confirm it at once; for scripts and demonstrations
    #[arg(long, value_name = "FILE")]
    totp_out: Option<PathBuf>,
    #[command(flatten)]
    reach: Reach,
}

/// Which page.
#[derive(Debug, clap::Args)]
pub struct List {
    #[command(flatten)]
    page: Listing,
    #[command(flatten)]
    reach: Reach,
}

/// Whom.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// The user
    user: String,
    #[command(flatten)]
    reach: Reach,
}

/// Which roles.
#[derive(Debug, clap::Args)]
pub struct Roles {
    /// The user
    user: String,
    /// All roles he has afterwards, separated by commas
    #[arg(value_delimiter = ',', required = true)]
    roles: Vec<String>,
    /// Why
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

/// Whom, and why.
#[derive(Debug, clap::Args)]
pub struct Disable {
    /// The user
    user: String,
    /// Why
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    reach: Reach,
}

/// Runs it.
///
/// # Errors
/// What was given is bad, what the server said, or that it cannot be reached.
pub fn run(command: Users) -> anyhow::Result<()> {
    match command {
        Users::Invite(Invite { user, name, email, roles, writing, reach }) => {
            let mut body = json!({ "user": user, "name": name, "roles": roles });
            if let (Some(email), Some(body)) = (email, body.as_object_mut()) {
                body.insert("email".to_owned(), email.into());
            }
            reach.write(&writing, Call::post(&["users"], body).secret())
        }
        Users::Enrol(arguments) => enrol(&arguments),
        Users::List(List { page, reach }) => {
            reach.list(Call::get(&["users"]), &page, &["user", "name", "roles", "state", "invited_by"])
        }
        Users::Show(Show { user, reach }) => reach.show(&Call::get(&["users", &user])),
        Users::Roles(Roles { user, roles, reason, writing, reach }) => {
            let body = json!({ "roles": roles, "reason": reason });
            reach.write(&writing, Call::post(&["users", &user, "roles"], body))
        }
        Users::Disable(Disable { user, reason, writing, reach }) => {
            reach.write(&writing, Call::post(&["users", &user, "disable"], json!({ "reason": reason })))
        }
    }
}

fn enrol(arguments: &Enrol) -> anyhow::Result<()> {
    let Enrol { invite, password_file, totp_out, reach } = arguments;
    let asks = std::io::stdin().is_terminal();
    if totp_out.is_none() && !asks {
        return Err(BadInput(
            "the second factor is confirmed with its first code, and there is no terminal to ask for it: name a file \
             with `--totp-out FILE`"
                .to_owned(),
        )
        .into());
    }
    if let Some(path) = totp_out
        && path.exists()
    {
        return Err(BadInput(format!(
            "`{}` exists, and a second factor is never overwritten: name another file",
            path.display()
        ))
        .into());
    }
    let password = prompt::secret("new password", "--password-file", password_file.as_deref())?;
    if password_file.is_none() && *prompt::secret("once more", "--password-file", None)? != *password {
        return Err(BadInput("the two passwords differ; nothing was done".to_owned()).into());
    }
    let client = reach.stranger()?;
    let accepted =
        client.send(&Call::post(&["enrolments"], json!({ "invite": invite, "password": *password })))?;
    let address = text_of(&accepted.json, "otpauth").ok_or_else(|| {
        Failed("the server answered without a second factor; is it of this version?".to_owned())
    })?;
    let code = match totp_out {
        Some(path) => {
            atomic_file::create(path, format!("{address}\n").as_bytes())?.warned();
            totp::code_now(&address)?
        }
        None => {
            output::text(&format!("Put this into your authenticator; it is shown once:\n  {address}\n"))?;
            prompt::secret("code it shows", "--totp-out", None)?.to_string()
        }
    };
    let confirm = json!({ "invite": invite, "totp": code });
    let mut confirmed = client.send(&Call::post(&["enrolments", "confirm"], confirm))?.json;
    let user = text_of(&confirmed, "user").or_else(|| text_of(&accepted.json, "user")).unwrap_or_default();
    let session = confirmed.get_mut("session").map(Value::take).filter(|session| !session.is_null());
    let Some(session) = session else {
        let next = format!("{user} is enrolled; sign in with your next code: `sumun login {user}`\n");
        return if reach.json { output::json(&confirmed) } else { output::text(&next) };
    };
    let profile = login::opened(client.server(), &session)?;
    let name = reach.profile().unwrap_or(&user);
    reach.profiles()?.keep(name, &profile)?;
    if reach.json {
        // The token is in the profile, and nowhere else.
        let kept = json!({ "profile": name, "principal": profile.principal, "server": profile.server, "expires": profile.expires });
        if let Some(members) = confirmed.as_object_mut() {
            members.insert("session".to_owned(), kept);
        }
        return output::json(&confirmed);
    }
    let until = login::until(&session);
    output::text(&format!(
        "{user} is enrolled, and signed in at {} (profile {name}){until}\n",
        profile.server
    ))
}

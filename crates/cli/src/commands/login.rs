//! `sumun login|logout|step-up|whoami`: who acts, kept as a profile.

use crate::client::asker::Asker;
use crate::client::profile::Profile;
use crate::client::show::text_of;
use crate::client::{Call, Reach, prompt, show};
use crate::exit::{BadInput, Failed};
use crate::output;
use serde_json::{Value, json};
use std::io::IsTerminal;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Sign in. The session is kept as a profile, readable by its owner only.
///
/// Staff give a password and the code of a second factor; both are asked for on a terminal. A customer's person brings the
/// exchange's assertion instead.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  sumun login alice\n  \
    sumun login alice --password-file pw --code \"$(sumun totp alice.totp)\"\n  \
    sumun login --assertion assertion.txt --as owner-1")]
pub struct Login {
    /// The user; none with `--assertion`
    #[arg(required_unless_present = "assertion", conflicts_with = "assertion")]
    user: Option<String>,
    /// File with the password, `-` for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "assertion")]
    password_file: Option<PathBuf>,
    /// Code of the second factor: its six digits, not a file
    #[arg(long, value_name = "DIGITS", conflicts_with = "assertion")]
    code: Option<String>,
    /// File with the exchange's assertion, `-` for standard input
    #[arg(long, value_name = "FILE")]
    assertion: Option<PathBuf>,
    #[command(flatten)]
    reach: Reach,
}

/// Sign out: end the session and forget the profile.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sumun logout --as alice")]
pub struct Logout {
    #[command(flatten)]
    reach: Reach,
}

/// Show the second factor again, as some actions ask for: whatever gives rights, access or agreement.
///
/// It takes the code that the authenticator shows now. One that was used before is not taken again, so wait for the next.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sumun step-up --code \"$(sumun totp alice.totp --ahead 1)\"")]
pub struct StepUp {
    /// Code of the second factor: its six digits, not a file; asked for on a terminal if left out
    #[arg(long, value_name = "DIGITS")]
    code: Option<String>,
    #[command(flatten)]
    reach: Reach,
}

/// Show who is signed in, and what he may do.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sumun whoami")]
pub struct WhoAmI {
    #[command(flatten)]
    reach: Reach,
}

/// Runs it.
///
/// # Errors
/// Something to sign in with is missing, what the server said, or that it cannot be reached.
pub fn login(arguments: Login) -> anyhow::Result<()> {
    let Login { user, password_file, code, assertion, reach } = arguments;
    let (call, name) = match (assertion, user) {
        (Some(path), _) => {
            let assertion = prompt::secret("assertion", "--assertion", Some(&path))?;
            (Call::post(&["owner", "sessions"], json!({ "assertion": *assertion })), None)
        }
        (None, Some(user)) => {
            let password = prompt::secret("password", "--password-file", password_file.as_deref())?;
            let code = given_or_typed(code)?;
            (
                Call::post(&["sessions"], json!({ "user": user, "password": *password, "totp": *code })),
                Some(user),
            )
        }
        // Not reached: clap asks for one of the two.
        (None, None) => return Err(BadInput("who signs in? Name a user".to_owned()).into()),
    };
    let client = reach.stranger()?;
    let answer = client.send(&call)?;
    let profile = opened(client.server(), &answer.json)?;
    let name =
        reach.profile().map(str::to_owned).or(name).unwrap_or_else(|| of_principal(&profile.principal));
    reach.profiles()?.keep(&name, &profile)?;
    let said = json!({
        "profile": name, "principal": profile.principal, "server": profile.server, "expires": profile.expires,
        "idle_minutes": answer.json.get("idle_minutes"),
    });
    if reach.json {
        return output::json(&said);
    }
    let until = until(&answer.json);
    output::text(&format!(
        "signed in as {} at {} (profile {name}){until}\n",
        profile.principal, profile.server
    ))
}

/// Runs it.
///
/// # Errors
/// What the server said, or that it cannot be reached; the profile is forgotten then too.
pub fn logout(Logout { reach }: Logout) -> anyhow::Result<()> {
    let profiles = reach.profiles()?;
    let Some((name, _)) = profiles.load(reach.profile())? else {
        return Err(BadInput("nobody is signed in".to_owned()).into());
    };
    let ended = reach.client().and_then(|client| client.send(&Call::delete(&["sessions", "current"])));
    profiles.forget(&name)?;
    ended?;
    output::text(&format!("signed out (profile {name})\n"))
}

/// Runs it.
///
/// # Errors
/// What the server said, or that it cannot be reached.
pub fn step_up(StepUp { code, reach }: StepUp) -> anyhow::Result<()> {
    let client = reach.client()?;
    if *client.asker() == Asker::Machine {
        return Err(BadInput(
            "the token in SUMUN_TOKEN is a machine's, which has no second factor: say who you are with `--as PROFILE`".to_owned(),
        )
        .into());
    }
    let code = given_or_typed(code)?;
    let call = Call::post(&["sessions", "current", "step-up"], json!({ "totp": *code }));
    let answer = client.send(&call)?;
    reach.print(&answer, show::record)
}

/// Runs it.
///
/// # Errors
/// What the server said, or that it cannot be reached.
pub fn who_am_i(WhoAmI { reach }: WhoAmI) -> anyhow::Result<()> {
    reach.show(&Call::get(&["sessions", "current"]))
}

fn given_or_typed(code: Option<String>) -> anyhow::Result<Zeroizing<String>> {
    match code {
        Some(code) if code.trim().len() == CODE_DIGITS && code.trim().bytes().all(|b| b.is_ascii_digit()) => {
            Ok(Zeroizing::new(code.trim().to_owned()))
        }
        // Not shown: it may be a password that was meant for elsewhere.
        Some(_) => Err(BadInput(format!("what `--code` was given is not a code. {TAKES}")).into()),
        None if std::io::stdin().is_terminal() => prompt::secret("code of the second factor", "--code", None),
        None => Err(BadInput(format!(
            "no code of the second factor, and there is no terminal to ask for it. {TAKES}"
        ))
        .into()),
    }
}

/// Digits of a code (RFC 6238, as authenticators show it).
const CODE_DIGITS: usize = 6;
/// What the flag takes.
const TAKES: &str = "`--code` takes the six digits that the authenticator shows now, such as `--code 123456`; where the second factor \
    lies in a file: `--code \"$(sumun totp FILE)\"`";

/// Until when a session lasts, behind who is signed in: its end, and how long it may be idle.
pub(crate) fn until(session: &Value) -> String {
    let expires = text_of(session, "expires").map(|expires| format!(", until {expires}"));
    let idle = session.get("idle_minutes").and_then(Value::as_u64);
    let idle = idle.map(|minutes| format!("; after {minutes} minutes without a request it ends sooner"));
    format!("{}{}", expires.unwrap_or_default(), idle.unwrap_or_default())
}

/// The profile of a session that was just opened.
///
/// # Errors
/// The answer holds no token.
pub(crate) fn opened(server: &str, session: &Value) -> Result<Profile, Failed> {
    let token = text_of(session, "token").ok_or_else(|| {
        Failed(format!(
            "`{server}` answered without a session's token; is it a control plane of this version?"
        ))
    })?;
    let principal = text_of(session, "principal").unwrap_or_default();
    let expires = text_of(session, "expires");
    Ok(Profile { server: server.to_owned(), principal, token: Zeroizing::new(token), expires })
}

/// A profile's name of `customer:C1/P1`: what a file may be called.
fn of_principal(principal: &str) -> String {
    let name = principal.split_once(':').map_or(principal, |(_, name)| name);
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.@+".contains(c) { c } else { '-' }).collect()
}

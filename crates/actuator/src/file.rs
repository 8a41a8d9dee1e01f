//! The file in which an exchange's calls are described. TOML, `format = 1`; unknown keys are errors, and every mistake is told with its
//! line, column and remedy. All mistakes are told at once.

mod read;

use crate::answer::Expect;
use crate::problem::{Problem, position};
use crate::retry::Retry;
use crate::target::ActionName;
use crate::template::Template;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use toml::Spanned;

/// How a request is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// DELETE
    Delete,
    /// PATCH
    Patch,
    /// POST
    Post,
    /// PUT
    Put,
}

impl Method {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "DELETE",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SecretSource {
    /// In a file: its first line.
    File(PathBuf),
    /// In a variable of the environment.
    Env(String),
}

/// How the exchange's own log is read as the receipt's second half.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogRules {
    /// A request that succeeded so many seconds after the acknowledgement was still under way, or another clock's; later ones tell that
    /// the key lives.
    pub grace_s: u32,
    /// The log must have gone on for so many seconds beyond that before its silence is written down.
    pub settle_s: u32,
}

impl Default for LogRules {
    fn default() -> Self {
        Self { grace_s: 5, settle_s: 30 }
    }
}

/// A body, read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Body {
    Constant(Value),
    Text(Template),
    List(Vec<Body>),
    Object(BTreeMap<String, Body>),
}

/// One call of the exchange's key API.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// How.
    pub method: Method,
    /// Where to.
    pub url: Template,
    /// Beside those of the whole file; one of the same name takes its place.
    pub headers: Vec<(String, Template)>,
    pub(crate) body: Option<Body>,
    /// The answer that says that it is so.
    pub success: Expect,
    /// Answers that say that it was so before.
    pub already: Vec<Expect>,
}

/// Somebody who is told of every key's state by a signed message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// What it is called here.
    pub name: String,
    /// Where to.
    pub url: String,
    /// Where the secret is that signs.
    pub secret: SecretSource,
}

/// Everything an actuator's file says.
#[derive(Clone, Debug, PartialEq)]
pub struct Actuator {
    /// What the exchange's key API is called here.
    pub destination: String,
    /// How long one call may take, milliseconds.
    pub timeout_ms: u64,
    /// Certificates of the authority that vouches for the exchange, PEM; none: the machine's own.
    pub ca_file: Option<PathBuf>,
    /// Where secrets are, by name.
    pub secrets: BTreeMap<String, SecretSource>,
    pub(crate) headers: Vec<(String, Template)>,
    /// When again.
    pub retry: Retry,
    /// How the exchange's log is read.
    pub log: LogRules,
    actions: BTreeMap<ActionName, Action>,
    same_as: BTreeMap<ActionName, ActionName>,
    /// Who is told by messages.
    pub webhooks: Vec<Webhook>,
}

impl Actuator {
    /// The action of this name, or the one that the file puts in its place.
    #[must_use]
    pub fn action(&self, name: ActionName) -> Option<&Action> {
        self.actions.get(self.same_as.get(&name).unwrap_or(&name))
    }

    /// The action that the file puts in another's place.
    #[must_use]
    pub fn same_as(&self, name: ActionName) -> Option<ActionName> {
        self.same_as.get(&name).copied()
    }

    /// Whether it calls a key API.
    #[must_use]
    pub fn calls(&self) -> bool {
        !self.actions.is_empty()
    }

    /// Names of all who are told.
    #[must_use]
    pub fn destinations(&self) -> Vec<String> {
        let api = self.calls().then(|| self.destination.clone());
        api.into_iter().chain(self.webhooks.iter().map(|webhook| webhook.name.clone())).collect()
    }

    /// Reads a file.
    ///
    /// # Errors
    /// Every mistake, in the file's order.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let written: Written = toml::from_str(text).map_err(|error| {
            let (line, column) = position(text, error.span().map_or(0, |span| span.start));
            let what = error.message().to_owned();
            let remedy = "docs/adopt/actuator.md says how to write one".to_owned();
            vec![Problem { line, column, place: String::new(), what, remedy }]
        })?;
        read::actuator(text, written)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format: Spanned<u32>,
    #[serde(default = "destination")]
    destination: Spanned<String>,
    #[serde(default = "timeout_ms")]
    timeout_ms: Spanned<u64>,
    ca_file: Option<PathBuf>,
    #[serde(default)]
    secrets: BTreeMap<String, Spanned<SecretSource>>,
    #[serde(default)]
    headers: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    retry: WrittenRetry,
    #[serde(default)]
    log: LogRules,
    #[serde(default)]
    actions: Actions,
    #[serde(default)]
    webhook: Vec<WrittenWebhook>,
}

fn destination() -> Spanned<String> {
    Spanned::new(0..0, "exchange".to_owned())
}

fn timeout_ms() -> Spanned<u64> {
    Spanned::new(0..0, 3_000)
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRetry {
    first_ms: Option<Spanned<u64>>,
    max_ms: Option<Spanned<u64>>,
    attempts: Option<Spanned<u32>>,
    again_s: Option<Spanned<u64>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Actions {
    restore: Option<Spanned<WrittenAction>>,
    hold: Option<Spanned<WrittenAction>>,
    suspend: Option<Spanned<WrittenAction>>,
    expire: Option<Spanned<WrittenAction>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAction {
    same_as: Option<Spanned<ActionName>>,
    method: Option<Method>,
    url: Option<Spanned<String>>,
    #[serde(default)]
    headers: BTreeMap<String, Spanned<String>>,
    body: Option<Spanned<toml::Table>>,
    success: Option<Spanned<WrittenExpect>>,
    #[serde(default)]
    already: Vec<Spanned<WrittenExpect>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenExpect {
    status: Vec<u16>,
    pointer: Option<Spanned<String>>,
    equals: Option<Spanned<toml::Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenWebhook {
    name: Spanned<String>,
    url: Spanned<String>,
    secret: SecretSource,
}

#[cfg(test)]
pub(crate) mod tests;

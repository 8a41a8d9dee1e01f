//! `sumun init`: make a control plane's folder, its first entries and the first invites.

use crate::config::{FILE_DEFAULT, Loaded, Sources};
use crate::exit::{BadInput, Failed};
use crate::roles::govern::{Keyrings, OwnKeys, VenueFile, founding};
use crate::{atomic_file, entropy, output};
use serde::Serialize;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use sumun_govern::Role;
use sumun_govern::staff::UserInvite;
use sumun_govern::venue;
use sumun_seal::KeyEncryptionKey;
use zeroize::Zeroizing;

/// The file of key-encryption keys that is made if the configuration names none.
const KEK_FILE: &str = "kek.txt";

/// The file of the control plane's own, which no gate is given.
const OWN_KEK_FILE: &str = "govern-kek.txt";

/// Make a control plane's folder: keys, database, record, and invites for the first administrators.
///
/// Two at least, because whatever matters takes two persons. Three if keys are to be ended by force: one proposes it, and
/// two others must approve; name --second twice, or invite a third later with `sumun users invite`. Each invite is shown once; whoever has it chooses his own password and
/// second factor with `sumun users enrol`. There is no default password. What is there already (sumun.toml, venue.toml,
/// key-encryption keys) is used; a folder that was initialised before is refused.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  sumun init --admin alice@example.test --second bob@example.test\n  \
    sumun init --admin \"Alice Made-Up <alice@example.test>\" --second \"홍길동 <bob>\"\n  \
    sumun init --dir /srv/sumun --admin alice@example.test --second bob@example.test --venue-id example\n  \
    sumun init --admin alice@example.test --second bob@example.test --second carol@example.test")]
pub struct Arguments {
    /// Folder to put it into; made if it is not there
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// The first administrator: a mail address or a name for signing in, alone or behind what people call him, as `Alice Made-Up <alice>`
    #[arg(long, value_name = "WHO")]
    admin: String,
    /// Another administrator, in the same way; may be given more than once
    #[arg(long, value_name = "WHO", required = true)]
    second: Vec<String>,
    /// Roles of each, separated by commas
    #[arg(
        long,
        value_name = "ROLES",
        value_delimiter = ',',
        default_value = "analyst,approver,compliance_lead,security_admin,auditor"
    )]
    roles: Vec<String>,
    /// The venue's id, if there is no venue.toml yet; it never changes
    #[arg(long, value_name = "ID", default_value = "example")]
    venue_id: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What was made, and what is shown once.
#[derive(Serialize)]
struct Made {
    config: PathBuf,
    data_dir: PathBuf,
    venue: String,
    origin: String,
    vkey: String,
    kek_file: Option<PathBuf>,
    own_kek_file: Option<PathBuf>,
    gate: String,
    entries: u64,
    invites: Vec<Invite>,
}

#[derive(Serialize)]
struct Invite {
    user: String,
    name: String,
    invite: Zeroizing<String>,
    until: String,
}

/// Runs it.
///
/// # Errors
/// The folder was initialised before, what was given is bad, or a step failed; then nothing that this made is there any more.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let roles = roles(&arguments.roles)?;
    let mut invites: Vec<UserInvite> = Vec::new();
    for one in std::iter::once(&arguments.admin).chain(&arguments.second) {
        let invite = who(one, &roles)?;
        if invites.iter().any(|other| other.user == invite.user) {
            return Err(BadInput(format!(
                "`{}` is invited twice; administrators are different persons: name another with `--second`",
                invite.user
            ))
            .into());
        }
        invites.push(invite);
    }
    let dir = &arguments.dir;
    let mut fresh = Fresh::default();
    fresh.folder(dir)?;
    let loaded = configuration(dir, &mut fresh)?;
    let config = loaded.config;
    refuse_if_initialised(&config)?;
    let kek_made = key_encryption_key(&config, dir, &mut fresh)?;
    let own_kek_made = match &config.govern.key_file {
        Some(path) => make_key(path, &mut fresh)?,
        None => None,
    };
    let keyrings = Keyrings::load(&config)?;
    if !config.govern.venue_file.exists() {
        let text = venue_text(&arguments.venue_id)?;
        fresh.file(&config.govern.venue_file, text.as_bytes())?;
    }
    let file = VenueFile::read(&config)?;
    let (venue, origin) = (file.venue.venue.clone(), file.venue.ledger.origin.clone());

    // The record is made aside and put in its place whole: what fails half way leaves nothing that looks made.
    let staging = Staging::new(&config.data_dir)?;
    let mut staged = config.clone();
    staged.data_dir = staging.path.clone();
    let keys = OwnKeys::make(&staging.path, &keyrings.own)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let founded = runtime.block_on(founding::found(&staged, &keys, keyrings, file, &invites))?;
    staging.settle(&config.data_dir)?;
    fresh.settle();

    let made = Made {
        config: loaded.file.unwrap_or_else(|| dir.join(FILE_DEFAULT)),
        data_dir: config.data_dir.clone(),
        venue,
        origin,
        vkey: founded.vkey,
        kek_file: kek_made,
        own_kek_file: own_kek_made,
        gate: config.gate.id.to_string(),
        entries: founded.entries,
        invites: founded
            .invited
            .into_iter()
            .map(|(user, invite, until)| {
                let of = invites.iter().find(|one| one.user == user);
                let name = of.map_or_else(|| user.clone(), |one| one.name.clone());
                Invite { user, name, invite, until }
            })
            .collect(),
    };
    if arguments.json { output::json(&made) } else { output::text(&Zeroizing::new(told(&made))) }
}

fn told(made: &Made) -> String {
    let mut text = format!(
        "The record of venue {} is in {}; its ledger is {}.\n\nInvites, each shown once:\n",
        made.venue,
        made.data_dir.display(),
        made.origin
    );
    for Invite { user, name, invite, until } in &made.invites {
        // Who gave no name goes by that of his signing in: saying it twice would tell nothing.
        let called = if name.eq_ignore_ascii_case(user) { String::new() } else { format!("{name}, ") };
        text.push_str(&format!("  {user} ({called}until {until})\n    {}\n", **invite));
    }
    let started = started_with(&made.config);
    text.push_str(&format!(
        "\nWhat is next:\n  1. start it                   sumun serve{started}\n     \
         beside a gateway that stays, without a gate: sumun govern{started}\n  \
         2. each of them, himself      sumun users enrol --invite INVITE\n  \
         3. signed in by that, begin   sumun customers put C1 --segment retail\n",
    ));
    if made.invites.len() < 3 {
        text.push_str(
            "\nEnding a key by force takes three people: one proposes it, two others approve. Invite a third:\n  \
             sumun users invite carol --name \"Carol Made-Up\" --roles analyst,approver\n",
        );
    }
    text.push_str(&format!("\nThe ledger's verifier key, for whoever will check it:\n  {}\n", made.vkey));
    let made_keks: Vec<String> = [&made.kek_file, &made.own_kek_file]
        .into_iter()
        .flatten()
        .map(|kek| kek.display().to_string())
        .collect();
    if !made_keks.is_empty() {
        text.push_str(&format!(
            "\nKeep a copy of {} where the folder is not: without it nothing that is sealed opens.\n",
            made_keks.join(" and ")
        ));
    }
    if let Some(own) = &made.own_kek_file {
        text.push_str(&format!(
            "Give gates the first only: {} opens what signs the record.\n",
            own.display()
        ));
    }
    text
}

/// The flag that names this configuration; none if it is found without.
fn started_with(config: &Path) -> String {
    if config == Path::new(FILE_DEFAULT) { String::new() } else { format!(" --config {}", config.display()) }
}

fn roles(words: &[String]) -> Result<Vec<Role>, BadInput> {
    let staff: Vec<&str> =
        Role::ALL.iter().filter(|role| role.is_staff()).map(|role| role.as_str()).collect();
    words
        .iter()
        .map(|word| {
            let role = Role::ALL.iter().copied().find(|role| role.is_staff() && role.as_str() == word.trim());
            role.ok_or_else(|| {
                BadInput(format!("`{word}` is no role of staff; there are {}", staff.join(", ")))
            })
        })
        .collect()
}

/// An administrator: `alice@example.test`, `alice`, or either behind a name, as `Alice Made-Up <alice@example.test>`.
fn who(text: &str, roles: &[Role]) -> Result<UserInvite, BadInput> {
    let nobody = || {
        BadInput(format!(
            "`{text}` names nobody; give a mail address, such as alice@example.test, alone or as \
             `Alice Made-Up <alice@example.test>`"
        ))
    };
    let (called, login) = match text.trim().split_once('<') {
        Some((called, rest)) => (Some(called.trim()), rest.strip_suffix('>').ok_or_else(nobody)?.trim()),
        None => (None, text.trim()),
    };
    let (name, email) = match login.split_once('@') {
        Some((name, _)) => (name, Some(login.to_owned())),
        None => (login, None),
    };
    let user: String = name
        .to_ascii_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' })
        .collect();
    if name.is_empty() || called.is_some_and(str::is_empty) || login.contains(['<', '>']) {
        return Err(nobody());
    }
    if !name.is_ascii() {
        return Err(BadInput(format!(
            "`{name}` is no name for signing in, which has small letters, digits, dots and hyphens; give one behind the name: \
             `{} <kim.a>`",
            called.unwrap_or(name)
        )));
    }
    Ok(UserInvite { user, name: called.unwrap_or(name).to_owned(), email, roles: roles.to_vec() })
}

fn make_folder(path: &Path) -> Result<(), Failed> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| Failed(format!("failed to make the folder `{}`: {error}", path.display())))
}

/// The configuration in that folder, made if there is none.
fn configuration(dir: &Path, fresh: &mut Fresh) -> anyhow::Result<Loaded> {
    // Where one is already, its name alone reads better.
    let path = if dir == Path::new(".") { PathBuf::from(FILE_DEFAULT) } else { dir.join(FILE_DEFAULT) };
    if !path.exists() {
        let text = format!(
            "# Made by `sumun init`. Every key there is, with its default: docs/sumun.example.toml, `sumun config check`.\n\n\
             [govern]\nkey_file = \"{OWN_KEK_FILE}\"\n\n[seal]\nkey_file = \"{KEK_FILE}\"\n"
        );
        fresh.file(&path, text.as_bytes())?;
    }
    Ok(Sources::of_process(Some(&path), Vec::new())?.load()?)
}

fn refuse_if_initialised(config: &crate::config::Config) -> Result<(), BadInput> {
    let database = config.govern.database.is_none().then(|| config.data_dir.join("govern.db"));
    let there = [Some(config.ledger_dir()), database].into_iter().flatten().find(|path| path.exists());
    match there.or_else(|| OwnKeys::any_in(&config.data_dir)) {
        Some(path) => Err(BadInput(format!(
            "`{}` is there: this folder was initialised before, and a record is never made anew over an old one; start it \
             with `sumun serve`, or name another folder with `--dir`",
            path.display()
        ))),
        None => Ok(()),
    }
}

/// Makes a key-encryption key if none is to be found. Returns its file if one was made.
fn key_encryption_key(
    config: &crate::config::Config,
    dir: &Path,
    fresh: &mut Fresh,
) -> anyhow::Result<Option<PathBuf>> {
    let Some(path) = config.seal.key_file.clone() else {
        if std::env::var_os(&config.seal.key_env).is_some() {
            return Ok(None);
        }
        return Err(BadInput(format!(
            "`{}` names no file of key-encryption keys, and {} is not set: set `seal.key_file = \"{KEK_FILE}\"` there",
            dir.join(FILE_DEFAULT).display(),
            config.seal.key_env
        ))
        .into());
    };
    make_key(&path, fresh)
}

/// Makes a file with one key-encryption key, unless it is there. Returns it if it was made.
fn make_key(path: &Path, fresh: &mut Fresh) -> anyhow::Result<Option<PathBuf>> {
    if path.exists() {
        return Ok(None);
    }
    let kek = KeyEncryptionKey::new(entropy::draw()?);
    let content = Zeroizing::new(format!("# key-encryption key {}\n{}\n", kek.id(), *kek.expose_text()));
    fresh.file(path, content.as_bytes())?;
    Ok(Some(path.to_owned()))
}

/// The venue file as it is shipped, under this id.
fn venue_text(id: &str) -> Result<String, BadInput> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if id.is_empty() || id.len() > 64 || !id.bytes().all(plain) {
        return Err(BadInput(format!(
            "`{}` cannot name a venue: small letters, digits and hyphens, at most 64",
            id.chars().take(64).collect::<String>()
        )));
    }
    Ok(venue::EXAMPLE
        .replace("venue = \"example\"", &format!("venue = \"{id}\""))
        .replace("origin = \"sumun.example/example\"", &format!("origin = \"sumun.example/{id}\""))
        .replace("audience = \"example\"", &format!("audience = \"{id}\"")))
}

/// Files and folders that this run made, taken away again unless the record stands: what was sealed under a key that goes went with the
/// record that was being made.
#[derive(Default)]
struct Fresh {
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

impl Fresh {
    /// Makes a file that was not there.
    fn file(&mut self, path: &Path, content: &[u8]) -> anyhow::Result<()> {
        let created = atomic_file::create(path, content)?;
        self.files.push(path.to_owned());
        created.durably()?;
        Ok(())
    }

    /// Makes a folder, and those above it, where they are not there.
    fn folder(&mut self, path: &Path) -> Result<(), Failed> {
        let missing = path.ancestors().take_while(|part| !part.as_os_str().is_empty() && !part.exists());
        let missing: Vec<PathBuf> = missing.map(Path::to_owned).collect();
        make_folder(path)?;
        self.folders.extend(missing);
        Ok(())
    }

    /// Leaves all of it where it is.
    fn settle(mut self) {
        self.files.clear();
        self.folders.clear();
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        for file in &self.files {
            let _ = std::fs::remove_file(file);
        }
        // The innermost first; one that somebody put something into stays.
        for folder in &self.folders {
            let _ = std::fs::remove_dir(folder);
        }
    }
}

/// A data folder in the making, taken away again unless it is settled.
struct Staging {
    path: PathBuf,
}

impl Staging {
    fn new(data_dir: &Path) -> anyhow::Result<Self> {
        let mut name = data_dir.file_name().unwrap_or_default().to_owned();
        name.push(format!(".making-{}", std::process::id()));
        let path = data_dir.with_file_name(name);
        make_folder(&path)?;
        Ok(Self { path })
    }

    /// Puts it in its place, into a folder that may hold a gate's own things.
    fn settle(self, data_dir: &Path) -> anyhow::Result<()> {
        let failed = |error: std::io::Error| {
            Failed(format!("failed to put the record into `{}`: {error}", data_dir.display()))
        };
        if !data_dir.exists() {
            std::fs::rename(&self.path, data_dir).map_err(failed)?;
        } else {
            for entry in std::fs::read_dir(&self.path).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                std::fs::rename(entry.path(), data_dir.join(entry.file_name())).map_err(failed)?;
            }
        }
        let parent = data_dir.parent().filter(|parent| !parent.as_os_str().is_empty());
        for folder in [Some(data_dir), parent].into_iter().flatten() {
            std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        }
        Ok(())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // Nothing is there any more once it is settled.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::who;

    #[test]
    fn an_administrator_is_named_in_one_argument() {
        let table = [
            ("alice", Ok(("alice", "alice", None))),
            ("Alice@example.test", Ok(("alice", "Alice", Some("Alice@example.test")))),
            ("Alice Made-Up <alice>", Ok(("alice", "Alice Made-Up", None))),
            (" 홍길동 < kim.a@example.test > ", Ok(("kim.a", "홍길동", Some("kim.a@example.test")))),
            ("홍길동", Err(())),
            ("홍길동 <홍길동>", Err(())),
            ("", Err(())),
            ("@example.test", Err(())),
            ("Alice <", Err(())),
            ("Alice <>", Err(())),
            ("Alice <alice", Err(())),
            ("<alice>", Err(())),
            ("Alice <alice> <bob>", Err(())),
        ];
        for (text, expected) in table {
            let found = who(text, &[]).map_err(|_| ());
            let found =
                found.as_ref().map(|one| (one.user.as_str(), one.name.as_str(), one.email.as_deref()));
            assert_eq!(found, expected.as_ref().copied(), "{text}");
        }
    }
}

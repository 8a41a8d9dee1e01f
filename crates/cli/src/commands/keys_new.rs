//! `sumun keys new`: make a key. Its secret is printed once and kept only sealed.

use super::KekArguments;
use crate::exit::BadInput;
use crate::keys_file::check::{PREFIX_V4_BITS_MIN, PREFIX_V6_BITS_MIN};
use crate::keys_file::{Format, KeyRecord, edit};
use crate::{atomic_file, clock, entropy, output};
use anyhow::Context;
use serde::Serialize;
use std::path::PathBuf;
use sumun_model::key::AllowlistEntry;
use sumun_model::{AccountId, ApiSecret, KeyId, KeyState, Prefix, Purpose, ScopeSet, Timestamp, VendorId};
use zeroize::Zeroizing;

/// Life of a key without `--expires`, in days: a year, after which somebody should ask whether it is still needed.
const LIFE_DAYS_DEFAULT: i64 = 365;
const US_PER_DAY: i64 = 86_400 * 1_000_000;
/// Bytes of entropy in a made-up key id: as many as a UUID, so that no two ever meet.
const ID_ENTROPY_BYTES: usize = 16;

/// Make a key: prints its secret once, keeps it only sealed.
///
/// Without further choices the key can read and nothing else. It needs a purpose and the addresses it will be used
/// from. A key for a third-party tool never holds `withdraw`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    sumun keys new --account A1 --purpose portfolio --allow 203.0.113.7/32 --append keys.toml\n  \
    sumun keys new --account A1 --purpose own_bot --scopes read,trade --allow 203.0.113.7 --expires 2027-06-01T00:00:00Z\n\n\
    The secret goes to stdout; it cannot be shown again.")]
pub struct Arguments {
    #[command(flatten)]
    kek: KekArguments,
    /// The account it belongs to
    #[arg(long)]
    account: AccountId,
    /// What it is for: portfolio, own_bot, third_party_tool, copy_trading, treasury, omnibus, market_making, other
    #[arg(long)]
    purpose: Option<Purpose>,
    /// Address or prefix it may be used from; repeat, or separate by commas
    #[arg(long, value_name = "PREFIX", value_delimiter = ',')]
    allow: Vec<Prefix>,
    /// What it may do, separated by commas; `read` and `trade` are shorthands
    #[arg(long, value_name = "SCOPES", value_delimiter = ',', default_value = "read")]
    scopes: Vec<String>,
    /// Its id [default: made up]
    #[arg(long)]
    id: Option<KeyId>,
    /// The one application it is for
    #[arg(long)]
    application: Option<String>,
    /// The vendor whose tool it is for
    #[arg(long)]
    vendor: Option<VendorId>,
    /// When it ends, in UTC, such as 2027-06-01T00:00:00Z [default: a year from now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    expires: Option<Timestamp>,
    /// Keys file to add it to; made if it is not there. Without this the entry is printed
    #[arg(long, value_name = "FILE")]
    append: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Made<'a> {
    key: &'a KeyId,
    secret: &'a str,
    record: &'a KeyRecord,
    added_to: Option<&'a PathBuf>,
}

/// Runs it.
///
/// # Errors
/// What was asked for is refused, there is no key-encryption key, or the file cannot be written. Then no secret was
/// shown.
pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let now = clock::now();
    let asked = Asked::of(&arguments, now)?;
    let keyring = arguments.kek.keyring()?;
    let key = match arguments.id {
        Some(id) => id,
        None => KeyId::new(&format!("K{}", hex::encode(*entropy::draw::<ID_ENTROPY_BYTES>()?)))?,
    };
    let secret = ApiSecret::issue(&*entropy::draw()?);
    let record = KeyRecord {
        account: arguments.account,
        state: KeyState::Active,
        scopes: asked.scopes,
        allowlist: arguments.allow.iter().copied().map(AllowlistEntry::Plain).collect(),
        address_proof_required: None,
        segment: None,
        purpose: Some(asked.purpose),
        application: arguments.application,
        operator: None,
        vendor: arguments.vendor,
        created: Some(now),
        expires: asked.expires,
        replaces: None,
        measure: None,
        registration_due: false,
        cause: None,
        secret: Some(keyring.seal(&key, &secret, *entropy::draw()?)),
        secret_held: None,
        mandate: None,
        key,
    };
    if let Some((field, message)) = record.problem() {
        return Err(BadInput(format!("refused: `{field}` {message}")).into());
    }
    for wide in arguments.allow.iter().filter(|prefix| wider(prefix)) {
        tracing::warn!("prefix {wide} is wide: anybody in it who has the secret can use the key");
    }
    if let Some(path) = &arguments.append {
        let format = Format::of(path)?;
        let _guard = atomic_file::guard(path)?;
        let text = match std::fs::read_to_string(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            read => read.with_context(|| format!("failed to read `{}`", path.display()))?,
        };
        let text = edit::with_entry(path, &text, format, &record)?;
        // In place, only perhaps not after a power cut: the secret is shown all the same, or nobody would have it.
        atomic_file::replace(path, text.as_bytes())?.warned();
    }
    show(&record, &secret, arguments.append.as_ref(), arguments.json)
}

fn show(
    record: &KeyRecord,
    secret: &ApiSecret,
    added_to: Option<&PathBuf>,
    json: bool,
) -> anyhow::Result<()> {
    let secret = std::str::from_utf8(secret.expose())?;
    if json {
        return output::json(&Made { key: &record.key, secret, record, added_to });
    }
    let mut text = Zeroizing::new(format!(
        "key     {}\nsecret  {secret}\n        Shown this once: hand it to the key's owner. Only its sealed form is kept.\n\
         ends    {}\nscopes  {}\n",
        record.key,
        record.expires,
        record.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", "),
    ));
    match added_to {
        Some(path) => text.push_str(&format!("entry   added to {}\n", path.display())),
        None => {
            text.push_str("entry   for a keys file:\n\n");
            text.push_str(&edit::entry_text(record, Format::Toml)?);
        }
    }
    output::text(&text)
}

/// What was asked for, once it is known not to be refused.
struct Asked {
    purpose: Purpose,
    scopes: ScopeSet,
    expires: Timestamp,
}

impl Asked {
    fn of(arguments: &Arguments, now: Timestamp) -> Result<Self, BadInput> {
        let bad = |text: &str| BadInput(format!("refused: {text}"));
        let words: Vec<&str> = Purpose::ALL.iter().map(|purpose| purpose.as_str()).collect();
        let purpose = arguments.purpose.ok_or_else(|| {
            bad(&format!("every key has a purpose; say `--purpose` and one of {}", words.join(", ")))
        })?;
        let mut scopes = ScopeSet::EMPTY;
        for word in arguments.scopes.iter().map(|word| word.trim()).filter(|word| !word.is_empty()) {
            scopes.insert_word(word).map_err(|error| BadInput(error.to_string()))?;
        }
        if scopes == ScopeSet::EMPTY {
            return Err(bad(
                "a key without scopes can do nothing; leave `--scopes` out, or say `--scopes read`",
            ));
        }
        if arguments.allow.is_empty() {
            return Err(bad(
                "a key is used from registered addresses only; say `--allow` and an address or prefix",
            ));
        }
        if purpose == Purpose::Portfolio && scopes.union(ScopeSet::READ) != ScopeSet::READ {
            return Err(bad(
                "a key for a portfolio can read and nothing else; choose another purpose or fewer scopes",
            ));
        }
        let expires = arguments.expires.unwrap_or_else(|| now.plus_micros(LIFE_DAYS_DEFAULT * US_PER_DAY));
        if expires <= now {
            return Err(bad(&format!("`--expires` {expires} has passed already")));
        }
        Ok(Self { purpose, scopes, expires })
    }
}

fn time(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|error| format!("{error}; write it in UTC, such as 2027-06-01T00:00:00Z"))
}

fn wider(prefix: &Prefix) -> bool {
    prefix.length() < if prefix.is_v4() { PREFIX_V4_BITS_MIN } else { PREFIX_V6_BITS_MIN }
}

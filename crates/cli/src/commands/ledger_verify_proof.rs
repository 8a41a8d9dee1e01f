//! `sumun ledger verify-proof`: one entry and its proof, checked offline.

use super::ledger_verify::{read, read_at_most};
use crate::client::body;
use crate::exit::{BadInput, Failed};
use crate::output;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use sumun_govern::keys::read::ended_keys;
use sumun_ledger::Canonical;
use sumun_model::Timestamp;
use sumun_verifier::{Advice, Disclosed, PAYLOAD_MAX, Proven, verify_proof};

/// Longest payload line, in bytes: the payload, and room for index and salt.
const LINE_BYTES_MAX: u64 = PAYLOAD_MAX + 256;

/// Every field of an entry.
const FIELDS: &[&str] = &[
    "index",
    "class",
    "sequenced",
    "commitment",
    "leaf",
    "salt",
    "payload",
    "masked",
    "masked_said",
    "recorded",
    "ended_keys",
    "rules",
];

/// Fields of which a proof of the entry says nothing, and what is said of each that stands there.
const BESIDE: &[(&str, &str)] = &[
    ("recorded", "; `recorded`, the entry of this reading, has a proof of its own and is not proved here"),
    ("rules", "; `rules` puts names of rules into words for readers, and is not proved"),
];

/// Check offline that an entry stands in a ledger.
///
/// It takes the proof and the ledger's verifier key: they prove class, time and place. With the entry's payload line, what
/// the entry says is shown to be what the ledger commits to. `--entry` takes what `sumun ledger entry N --json` prints instead.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sumun ledger proof 12 --out 12.proof --payload 12.payload\n  \
                        sumun ledger verify-proof 12.proof --vkey vkey --payload 12.payload")]
pub struct Arguments {
    /// The proof, as `sumun ledger proof` writes it
    proof: PathBuf,
    /// File with the ledger's verifier key
    #[arg(long, value_name = "FILE")]
    vkey: PathBuf,
    /// The entry's payload line, as `sumun ledger proof --payload` writes it
    #[arg(long, value_name = "FILE", conflicts_with = "entry")]
    payload: Option<PathBuf>,
    /// The entry, as `sumun ledger entry N --json` prints it
    #[arg(long, value_name = "FILE")]
    entry: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs it.
///
/// # Errors
/// A file is bad, or the proof does not hold.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let proof = read("proof", &arguments.proof)?;
    let vkey = read("verifier key", &arguments.vkey)?;
    let mut unproven = Vec::new();
    let proven = match (&arguments.payload, &arguments.entry) {
        (Some(path), _) => {
            let line = read_at_most("payload line", path, LINE_BYTES_MAX)?;
            verified(&proof, Disclosed::Line(line.as_bytes()), &vkey)?
        }
        (None, Some(path)) => {
            let (proven, beside) = with_entry(&proof, path, &vkey)?;
            unproven = beside;
            proven
        }
        (None, None) => verified(&proof, Disclosed::Nothing, &vkey)?,
    };
    let whole = proven.payload;
    let sequenced = Timestamp::from_micros(i64::try_from(proven.sequenced).unwrap_or(i64::MAX));
    if arguments.json {
        return output::json(&json!({
            "proven": true, "origin": proven.origin, "size": proven.size, "index": proven.index, "class": proven.class,
            "sequenced": sequenced.to_string(), "payload_proven": whole,
            "not_proven": unproven.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        }));
    }
    let what = if whole { "what it says is proved too" } else { "what it said is not shown, and not proved" };
    let beside: String = unproven.iter().map(|(_, said)| *said).collect();
    output::text(&format!(
        "entry {} of {} ({} entries): {}, sequenced {sequenced}; {what}{beside}\n",
        proven.index, proven.origin, proven.size, proven.class
    ))
}

fn verified(proof: &str, disclosed: Disclosed<'_>, vkey: &str) -> anyhow::Result<Proven> {
    verify_proof(proof, disclosed, vkey.trim()).map_err(|fault| {
        if fault.is_bad_input() {
            return BadInput(fault.to_string()).into();
        }
        let Advice { says, means, next } = fault.advice();
        Failed(format!("{says}\n  where: {fault}\n  what it means: {means}\n  what to do: {next}")).into()
    })
}

/// With the entry as the server shows it; and which of its fields this proof says nothing of.
fn with_entry(
    proof: &str,
    path: &Path,
    vkey: &str,
) -> anyhow::Result<(Proven, Vec<&'static (&'static str, &'static str)>)> {
    let entry = body::read(path)?;
    let shown = path.display();
    if let Some(name) = entry.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(Failed(format!(
            "the proof does not hold for all of `{shown}`: it has a field `{}`, which no entry has",
            name.chars().take(64).collect::<String>()
        ))
        .into());
    }
    let lacks = |what: &str| BadInput(format!("`{shown}` is no entry: it has no {what}"));
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let payload = entry.get("payload").filter(|payload| !payload.is_null());
    let canonical = payload
        .map(Canonical::of)
        .transpose()
        .map_err(|error| BadInput(format!("the payload in `{shown}` cannot be: {error}")))?;
    let salt = match text("salt") {
        Some(digits) => {
            let mut salt = [0; 32];
            hex::decode_to_slice(digits, &mut salt)
                .map_err(|_| BadInput(format!("the salt in `{shown}` is not 64 hexadecimal digits")))?;
            Some(salt)
        }
        None => None,
    };
    if canonical.is_some() && salt.is_none() {
        // Whoever brings what an entry says wants to know whether it says so.
        return Err(BadInput(format!(
            "what `{shown}` says cannot be proved: it is masked and has no salt; have it shown whole with `sumun ledger entry \
             … --reason …`, or check the proof alone, without `--entry`"
        ))
        .into());
    }
    let leaf = text("leaf");
    let disclosed = match (&canonical, &salt) {
        (Some(canonical), Some(salt)) => {
            let time: Timestamp = text("sequenced")
                .and_then(|time| time.parse().ok())
                .ok_or_else(|| lacks("time `sequenced`"))?;
            Disclosed::Payload {
                class: text("class").ok_or_else(|| lacks("`class`"))?,
                sequenced: u64::try_from(time.as_micros()).map_err(|_| lacks("time after 1970"))?,
                salt,
                payload: canonical.as_str(),
            }
        }
        _ => Disclosed::Leaf(leaf.ok_or_else(|| lacks("`leaf`"))?.as_bytes()),
    };
    let whole = canonical.is_some();
    let proven = verified(proof, disclosed, vkey)?;
    agrees(&entry, &proven, whole).map_err(|name| {
        Failed(format!("the proof does not hold for all of `{shown}`: its `{name}` is another"))
    })?;
    let beside = BESIDE.iter().filter(|(name, _)| !is_empty(entry.get(*name))).collect();
    Ok((proven, beside))
}

/// Whether every field beside payload and salt is what was proved; else which is not.
fn agrees(entry: &Map<String, Value>, proven: &Proven, whole: bool) -> Result<(), &'static str> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let time = text("sequenced").and_then(|time| time.parse::<Timestamp>().ok());
    // A reading is recorded after what is read; more cannot be said of it here.
    let later = |recorded: &Value| {
        recorded.is_null() || recorded.as_u64().is_some_and(|recorded| recorded > proven.index)
    };
    let none = |name: &str| entry.get(name).is_none_or(Value::is_null);
    let empty = |name: &str| is_empty(entry.get(name));
    // Read off the payload, which is proved: neither a key more nor one less.
    let ended = ended_keys(&proven.class, entry.get("payload").filter(|_| whole));
    let checks = [
        ("index", entry.get("index").and_then(Value::as_u64) == Some(proven.index)),
        ("class", text("class") == Some(proven.class.as_str())),
        ("sequenced", time.and_then(|time| u64::try_from(time.as_micros()).ok()) == Some(proven.sequenced)),
        ("commitment", text("commitment") == Some(proven.commitment.as_str())),
        ("leaf", text("leaf") == Some(proven.leaf.as_str())),
        ("salt", whole || none("salt")),
        ("masked", empty("masked")),
        ("masked_said", empty("masked_said")),
        ("recorded", entry.get("recorded").is_none_or(later)),
        ("ended_keys", entry.get("ended_keys").is_none_or(|given| *given == json!(ended))),
    ];
    checks.into_iter().find(|(_, holds)| !holds).map_or(Ok(()), |(name, _)| Err(name))
}

/// Whether nothing stands there, or a list or an object without a member.
fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(members)) => members.is_empty(),
        Some(_) => false,
    }
}

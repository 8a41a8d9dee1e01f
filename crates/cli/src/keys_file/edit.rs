//! Changing a keys file's text: an entry more, or every secret resealed. Comments and layout stay as they are.
//!
//! Each change is made on the text, then the whole is parsed again and compared with what was wanted, so that a
//! file written in an unusual way is refused rather than spoiled.

use super::{Format, KeyRecord, KeysFile, KeysFileError};
use crate::exit::Failed;
use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::path::Path;
use sumun_seal::{Keyring, NONCE_BYTES, SEALED_TEXT_PREFIX};

/// The entry as it stands in a file.
///
/// # Errors
/// None that a record can cause.
pub fn entry_text(record: &KeyRecord, format: Format) -> anyhow::Result<String> {
    #[derive(Serialize)]
    struct Top<'a> {
        keys: [&'a KeyRecord; 1],
    }
    Ok(match format {
        Format::Json => serde_json::to_string(record)?,
        Format::Toml => toml::to_string(&Top { keys: [record] })?,
    })
}

/// The text with one entry more. Empty text counts as an empty file.
///
/// # Errors
/// The file is bad, holds the id already, or is written in a way that cannot be added to.
pub fn with_entry(path: &Path, text: &str, format: Format, record: &KeyRecord) -> anyhow::Result<String> {
    let entry = entry_text(record, format)?;
    let comments_only =
        || text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
    let empty = text.trim().is_empty() || format == Format::Toml && comments_only();
    let mut wanted = if empty { Vec::new() } else { KeysFile::parse(path, text, format)?.keys };
    if wanted.iter().any(|other| other.key == record.key) {
        let message =
            format!("key `{}` is in the file already; an id belongs to one key for ever", record.key);
        return Err(KeysFileError::one(path, &message).into());
    }
    let added = match format {
        Format::Json if empty => format!("{{\"keys\":[\n  {entry}\n]}}\n"),
        Format::Json => json_with_entry(text, &entry)?,
        Format::Toml if text.trim().is_empty() => entry,
        Format::Toml => format!("{}\n\n{entry}", text.trim_end()),
    };
    wanted.push(record.clone());
    match KeysFile::parse(path, &added, format) {
        Ok(file) if file.keys == wanted => Ok(added),
        _ => Err(KeysFileError::one(
            path,
            "the file's layout leaves no place for another entry; write entries as `[[keys]]` tables, or run without \
             `--append` and add the printed entry by hand",
        )
        .into()),
    }
}

fn json_with_entry(text: &str, entry: &str) -> anyhow::Result<String> {
    #[derive(serde::Deserialize)]
    struct Top<'a> {
        #[serde(borrow)]
        keys: &'a RawValue,
    }
    let top: Top<'_> = serde_json::from_str(text)?;
    let list = top.keys.get();
    // `list` is a slice of `text`, so the distance of their addresses is its offset; it ends in `]`.
    let end = list.as_ptr() as usize - text.as_ptr() as usize + list.len() - 1;
    let first = serde_json::from_str::<Vec<IgnoredAny>>(list)?.is_empty();
    let (before, after) = text.split_at_checked(end).unwrap_or((text, ""));
    let comma = if first { "" } else { "," };
    Ok(format!("{}{comma}\n  {entry}\n{after}", before.trim_end()))
}

/// What resealing did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resealed {
    /// The new text.
    pub text: String,
    /// Secrets resealed.
    pub changed: usize,
    /// Secrets that were under the primary key already.
    pub kept: usize,
}

/// The text with every secret under the keyring's primary key.
///
/// # Errors
/// The file is bad, or a secret does not open; then nothing is to be written.
pub fn resealed(
    path: &Path,
    text: &str,
    format: Format,
    keyring: &Keyring,
    mut nonce: impl FnMut() -> Result<[u8; NONCE_BYTES], Failed>,
) -> anyhow::Result<Resealed> {
    let file = KeysFile::parse(path, text, format)?;
    let unopened = file.seals(keyring);
    if !unopened.is_empty() {
        let problems = unopened.into_iter().map(|finding| finding.problem).collect();
        return Err(KeysFileError { path: path.to_owned(), problems }.into());
    }
    let mut new_by_old = HashMap::new();
    let mut wanted = file.keys;
    for record in &mut wanted {
        let Some(old) = record.secret.as_ref().filter(|old| old.kek_id() != keyring.primary_id()) else {
            continue;
        };
        let new = keyring.reseal(&record.key, old, nonce()?)?;
        new_by_old.insert(old.to_string(), new.to_string());
        record.secret = Some(new);
    }
    let text = replaced(text, &new_by_old);
    match KeysFile::parse(path, &text, format) {
        Ok(again) if again.keys == wanted => {
            Ok(Resealed { text, changed: new_by_old.len(), kept: wanted.len() - new_by_old.len() })
        }
        _ => Err(KeysFileError::one(
            path,
            "a sealed secret is written with escapes and cannot be replaced in place; write it plainly",
        )
        .into()),
    }
}

/// Replaces sealed secrets in one pass.
fn replaced(text: &str, new_by_old: &HashMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(SEALED_TEXT_PREFIX) {
        let (before, from) = rest.split_at(at);
        let belongs = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':');
        let (sealed, after) = from.split_at(from.find(|c| !belongs(c)).unwrap_or(from.len()));
        out.push_str(before);
        out.push_str(new_by_old.get(sealed).map_or(sealed, String::as_str));
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use sumun_model::{ApiSecret, KeyId};

    fn ring(bytes: &[u8]) -> Keyring {
        let keys: Vec<String> =
            bytes.iter().map(|b| format!("kek:v1:{}", format!("{b:02x}").repeat(32))).collect();
        Keyring::parse(&keys.join(",")).unwrap()
    }

    fn record(id: &str) -> KeyRecord {
        let key = KeyId::new(id).unwrap();
        let secret =
            ring(&[1]).seal(&key, &ApiSecret::new(id.as_bytes().to_vec()).unwrap(), [7; NONCE_BYTES]);
        serde_json::from_value(serde_json::json!({
            "key": id, "account": "A1", "state": "active", "scopes": ["read"], "allowlist": ["203.0.113.7/32"],
            "expires": "2027-06-01T00:00:00Z", "secret": secret, "mandate": {"markets": ["KRW-BTC"]},
        }))
        .unwrap()
    }

    #[test]
    fn entries_are_added_without_touching_the_rest() {
        for (format, layouts) in [
            (Format::Toml, ["", "# mine\n", "keys = []\n"]),
            (Format::Json, ["", "{\"keys\":[]}", "{\n  \"keys\": [\n  ]\n}\n"]),
        ] {
            for layout in layouts {
                let path = Path::new("keys");
                let one = with_entry(path, layout, format, &record("K1"));
                if layout.starts_with("keys = []") {
                    // TOML cannot reopen an inline array.
                    assert!(one.is_err());
                    continue;
                }
                let two = with_entry(path, &one.unwrap(), format, &record("K2")).unwrap();
                let keys = KeysFile::parse(path, &two, format).unwrap().keys;
                assert_eq!(keys, [record("K1"), record("K2")]);
                assert!(with_entry(path, &two, format, &record("K1")).is_err());
            }
        }
    }

    #[test]
    fn resealing_keeps_comments_and_secrets() {
        let path = Path::new("keys");
        let entry = entry_text(&record("K1"), Format::Toml).unwrap();
        let text = format!("# first\n{entry}\n# sealed:v1:nothing\n");
        let both = ring(&[2, 1]);
        let done = resealed(path, &text, Format::Toml, &both, || Ok([9; NONCE_BYTES])).unwrap();
        assert_eq!((done.changed, done.kept), (1, 0));
        assert!(done.text.starts_with("# first\n") && done.text.ends_with("# sealed:v1:nothing\n"));
        let key = &KeysFile::parse(path, &done.text, Format::Toml).unwrap().keys[0];
        assert_eq!(ring(&[2]).open(&key.key, key.secret.as_ref().unwrap()).unwrap().expose(), b"K1");
        let again = resealed(path, &done.text, Format::Toml, &both, || Ok([9; NONCE_BYTES])).unwrap();
        assert_eq!(again, Resealed { text: done.text, changed: 0, kept: 1 });
        assert!(resealed(path, &text, Format::Toml, &ring(&[3]), || Ok([9; NONCE_BYTES])).is_err());
    }

    proptest::proptest! {
        /// Adding ids one by one in either format gives just those entries, whatever order; a second of an id is refused.
        #[test]
        fn a_file_grown_by_adding_holds_what_was_added(
            ids in proptest::collection::vec(0_u8..12, 0..16),
            json: bool,
        ) {
            let format = if json { Format::Json } else { Format::Toml };
            let (path, mut text, mut naive) = (Path::new("keys"), String::new(), Vec::new());
            for id in ids.iter().map(|id| format!("K{id}")) {
                match with_entry(path, &text, format, &record(&id)) {
                    Ok(added) => {
                        proptest::prop_assert!(!naive.contains(&id));
                        text = added;
                        naive.push(id);
                    }
                    Err(_) => proptest::prop_assert!(naive.contains(&id)),
                }
            }
            if !naive.is_empty() {
                let both = ring(&[2, 1]);
                let mut nonce = 0;
                let rotated = resealed(path, &text, format, &both, || {
                    nonce += 1;
                    Ok([nonce; NONCE_BYTES])
                });
                let keys = KeysFile::parse(path, &rotated.unwrap().text, format).unwrap().keys;
                let opened = keys.iter().map(|key| ring(&[2]).open(&key.key, key.secret.as_ref().unwrap()).unwrap().expose().to_vec());
                let opened: Vec<String> = opened.map(|secret| String::from_utf8(secret).unwrap()).collect();
                proptest::prop_assert_eq!(opened, naive);
            }
        }
    }
}

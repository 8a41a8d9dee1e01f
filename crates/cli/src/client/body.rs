//! What a write sends: a JSON document, from a file or standard input, with flags laid over it.

use crate::exit::BadInput;
use serde::Serialize;
use serde_json::{Map, Value};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Longest document read, in bytes: a key's request takes a few kilobytes.
const BYTES_MAX: u64 = 1 << 20;

/// A document instead of flags.
#[derive(Debug, clap::Args)]
pub(crate) struct Document {
    /// JSON document to send, `-` for standard input; flags are laid over it
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Document {
    /// The document with the flags laid over it; a flag that was not given says nothing.
    ///
    /// # Errors
    /// The document cannot be read, or is no object.
    pub(crate) fn with(&self, flags: &impl Serialize) -> anyhow::Result<Value> {
        let mut document = match &self.file {
            Some(path) => read(path)?,
            None => Map::new(),
        };
        if let Value::Object(flags) = serde_json::to_value(flags)? {
            let empty = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
            document.extend(flags.into_iter().filter(|(_, value)| !empty(value)));
        }
        Ok(Value::Object(document))
    }
}

/// A JSON object from a file, `-` for standard input.
pub(crate) fn read(path: &Path) -> anyhow::Result<Map<String, Value>> {
    let shown = path.display();
    let mut text = String::new();
    let taken = if path == Path::new("-") {
        std::io::stdin().lock().take(BYTES_MAX + 1).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(BYTES_MAX + 1).read_to_string(&mut text))
    };
    taken.map_err(|error| BadInput(format!("failed to read `{shown}`: {error}")))?;
    if text.len() as u64 > BYTES_MAX {
        return Err(
            BadInput(format!("`{shown}` is longer than {BYTES_MAX} bytes, which no document is")).into()
        );
    }
    match serde_json::from_str(&text) {
        Ok(Value::Object(document)) => Ok(document),
        Ok(_) => {
            Err(BadInput(format!("`{shown}` is JSON, but no object such as {{\"segment\": \"retail\"}}"))
                .into())
        }
        Err(error) => Err(BadInput(format!("`{shown}` is not JSON: {error}")).into()),
    }
}

/// A JSON value as a flag: `--limits '{"orders_per_second_max": 8}'`.
pub(crate) fn value(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Serialize)]
    struct Flags {
        segment: Option<&'static str>,
        networks: Vec<&'static str>,
        country: Option<&'static str>,
    }

    #[test]
    fn flags_lie_over_the_document_and_say_nothing_when_absent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("customer.json");
        std::fs::write(&path, r#"{"segment":"retail","country":"KR"}"#).unwrap();
        let document = Document { file: Some(path) };
        let flags = Flags { segment: Some("broker"), networks: Vec::new(), country: None };
        assert_eq!(document.with(&flags).unwrap(), json!({"segment": "broker", "country": "KR"}));
    }

    #[test]
    fn what_is_no_object_is_bad() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bad.json");
        for text in ["[]", "1", "{", ""] {
            std::fs::write(&path, text).unwrap();
            assert!(read(&path).is_err(), "{text}");
        }
    }
}

//! How a file is written, where nobody says: by its name, and where that tells nothing by its first sign.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Bytes looked at for a first sign.
const HEAD_BYTES: usize = 256;
/// What a file may begin with that is no sign of its own.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// What a gzip stream begins with: what is in it only its name tells.
const GZIP: &[u8] = b"\x1f\x8b";

/// Whether it is a table. Lines of the wire are JSON objects, so what begins otherwise is none.
pub(super) fn is_table(file: &Path) -> bool {
    let shown = file.display().to_string().to_lowercase();
    let named = shown.strip_suffix(".gz").unwrap_or(&shown);
    if named.ends_with(".csv") {
        return true;
    }
    let is_wire = [".ndjson", ".jsonl", ".json"].iter().any(|ending| named.ends_with(ending));
    !is_wire && head(file).is_some_and(|head| begins_a_table(&head))
}

fn begins_a_table(head: &[u8]) -> bool {
    let text = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head);
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
    !text.starts_with(GZIP) && first.is_some_and(|byte| *byte != b'{')
}

/// The beginning of a file that can be read again; nothing of a pipe, which could not.
fn head(file: &Path) -> Option<Vec<u8>> {
    let is_file = std::fs::metadata(file).is_ok_and(|about| about.is_file());
    let mut head = Vec::new();
    let most = u64::try_from(HEAD_BYTES).ok()?;
    File::open(file).ok().filter(|_| is_file)?.take(most).read_to_end(&mut head).ok()?;
    Some(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_and_else_the_first_sign() {
        let folder = tempfile::tempdir().unwrap();
        let is = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            is_table(&path)
        };
        let (table, wire) = (&b"key_id,state\nK1,active\n"[..], &b"{\"type\":\"key\"}\n"[..]);
        for name in ["keys.csv", "KEYS.CSV", "keys.Csv.gz"] {
            assert!(is(name, table) && is(name, wire), "{name}");
        }
        for name in ["keys.ndjson", "keys.JSON", "keys.jsonl.gz"] {
            assert!(!is(name, table) && !is(name, wire), "{name}");
        }
        for name in ["keys.txt", "keys", "keys.dat"] {
            assert!(is(name, table) && !is(name, wire), "{name}");
            assert!(is(name, &[BYTE_ORDER_MARK, table].concat()), "{name}");
            assert!(!is(name, &[BYTE_ORDER_MARK, b"\r\n ", wire].concat()), "{name}");
            assert!(!is(name, b"") && !is(name, &[GZIP, b"\x08"].concat()), "{name}");
        }
        assert!(
            !is_table(Path::new("-")) && !is_table(folder.path()) && !is_table(&folder.path().join("none"))
        );
    }
}

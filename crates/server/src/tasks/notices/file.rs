//! The file of notices: one line each, at least once.
//!
//! A line is on the disk before its message is marked done, so a crash in between writes it twice with the same `id`, and
//! loses none. Whoever reads the file tells repetitions by `id`.

use super::Failure;
use serde_json::{Value, json};
use std::io::SeekFrom;
use std::path::Path;
use sumun_store::OutboxItem;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

/// Appends one line each, and waits until the disk has them, and the file's name if it is new.
pub(super) async fn append(path: &Path, items: &[(OutboxItem, Option<Value>)]) -> Result<(), Failure> {
    let mut options = tokio::fs::OpenOptions::new();
    options.read(true).append(true).create(true);
    // Notices name people.
    #[cfg(unix)]
    options.mode(0o600);
    let mut file = options.open(path).await?;
    let length = file.metadata().await?.len();
    let mut lines = String::new();
    if length == 0 {
        // Perhaps made just now; or made before a crash, so that nobody knows whether its name is on the disk.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        tokio::fs::File::open(folder).await?.sync_all().await?;
    } else {
        file.seek(SeekFrom::Start(length - 1)).await?;
        if file.read_u8().await? != b'\n' {
            // A crash cut the last line short. It is written again below or later; it must not spoil another.
            lines.push('\n');
        }
    }
    for (item, letter) in items {
        let mut line = json!({ "id": item.id, "topic": item.topic, "entry": item.entry, "attempt": item.attempts, "body": item.body });
        if let (Some(letter), Some(line)) = (letter, line.as_object_mut()) {
            line.insert("letter".to_owned(), letter.clone());
        }
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    file.write_all(lines.as_bytes()).await?;
    file.flush().await?;
    file.sync_all().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_that_a_crash_cut_short_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notices.jsonl");
        let item = |id| {
            (OutboxItem { id, topic: "notice".to_owned(), entry: 1, body: json!({}), attempts: 1 }, None)
        };
        append(&path, &[item(1)]).await.unwrap();
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str("{\"id\":2,\"to");
        std::fs::write(&path, &text).unwrap();
        append(&path, &[item(2)]).await.unwrap();
        append(&path, &[item(3)]).await.unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let whole = |line: &str| Some(serde_json::from_str::<serde_json::Value>(line).ok()?["id"].clone());
        let found: Vec<_> = text.lines().map(whole).collect();
        assert_eq!(found, [Some(1.into()), None, Some(2.into()), Some(3.into())]);
    }
}

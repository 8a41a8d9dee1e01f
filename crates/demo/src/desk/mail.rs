//! Mail that came: what Sumun handed over for the exchange to deliver, as the people would read it.

use super::page::{both, escaped};
use crate::world::World;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Where Sumun leaves notices for the exchange, in its data folder.
const FILE: &str = "notices.ndjson";
/// How much of it is read, from its end.
const BYTES_MAX: u64 = 256 * 1024;
/// Most letters shown.
const LETTERS_MAX: usize = 30;

/// The latest letters, those to the customer who is played by hand first.
pub(super) fn section(world: &World) -> String {
    let text = tail(&world.folder.join("data").join(FILE));
    let letters: Vec<Value> = text
        .lines()
        .rev()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|letter: &Value| letter["body"]["kind"] != "key.issued")
        .collect();
    let account = world.guided().map(|(owner, _)| owner.account()).unwrap_or_default();
    let (to_him, others): (Vec<&Value>, Vec<&Value>) =
        letters.iter().partition(|letter| letter["body"]["account"] == account.as_str());
    let mut articles = String::new();
    for letter in to_him.into_iter().chain(others).take(LETTERS_MAX) {
        articles += &article(letter);
    }
    if articles.is_empty() {
        articles = both(["아직 온 편지가 없습니다.", "No mail yet."]);
    }
    format!("<section><h2>{}</h2>{articles}</section>", both(["받은 편지", "Mail received"]))
}

fn article(line: &Value) -> String {
    let letter = |language: &str| {
        let of = &line["letter"][language];
        let body = of["body"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let body: String = body.map(|text| format!("<p>{}</p>", escaped(text))).collect();
        (escaped(of["subject"].as_str().unwrap_or_default()), body)
    };
    let ((ko, ko_body), (en, en_body)) = (letter("ko"), letter("en"));
    let mut out = String::new();
    let at = line["body"]["at"].as_str().and_then(|at| at.get(11..19)).unwrap_or_default();
    let account = escaped(line["body"]["account"].as_str().unwrap_or_default());
    let _ = write!(
        out,
        "<article><h3 lang=\"ko\">{ko}</h3><p class=\"small\">{at} UTC · {account}</p><div lang=\"ko\">{ko_body}</div>\
         <details><summary lang=\"en\">{en}</summary><div lang=\"en\">{en_body}</div></details></article>"
    );
    out
}

/// The end of a file, from the beginning of a line on; nothing if it is not there.
fn tail(path: &Path) -> String {
    let read = || -> std::io::Result<String> {
        let mut file = std::fs::File::open(path)?;
        let long = file.metadata()?.len();
        let from = long.saturating_sub(BYTES_MAX);
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.take(BYTES_MAX).read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(if from == 0 {
            text
        } else {
            text.split_once('\n').map(|(_, rest)| rest.to_owned()).unwrap_or_default()
        })
    };
    read().unwrap_or_default()
}

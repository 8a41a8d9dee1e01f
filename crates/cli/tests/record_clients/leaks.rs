//! Looks for issued secrets wherever something was written. Each stands in one place: the answer that issued it.

use crate::keys::Key;
use crate::world::World;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::path::Path;

/// A secret as it is, in hexadecimal and in base64, whole groups of three bytes only: what follows changes the rest.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let whole = &secret.as_bytes()[..secret.len() / 3 * 3];
    let texts = [hex::encode(secret), STANDARD_NO_PAD.encode(whole), URL_SAFE_NO_PAD.encode(whole)];
    std::iter::once(secret.as_bytes().to_vec()).chain(texts.map(String::into_bytes)).collect()
}

struct Search {
    needles: Vec<(String, Vec<u8>)>,
    files: usize,
}

impl Search {
    fn none_in(&self, place: &str, bytes: &[u8]) {
        for (key, needle) in &self.needles {
            let found = bytes.windows(needle.len()).any(|part| part == needle);
            assert!(!found, "the secret of {key} stands in {place}");
        }
    }

    fn none_below(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.none_below(&path);
            } else if let Ok(bytes) = std::fs::read(&path) {
                self.files += 1;
                self.none_in(&path.display().to_string(), &bytes);
            }
        }
    }
}

/// Searches folders, logs, what the exchange got, and every answer of the API.
pub(crate) fn none(world: &World, keys: &[&Key]) {
    let needles: Vec<(String, Vec<u8>)> = keys
        .iter()
        .flat_map(|key| forms(&key.secret).into_iter().map(|form| (key.id.clone(), form)))
        .collect();
    let mut search = Search { needles, files: 0 };
    search.none_below(&world.house.place.path("."));
    for gate in &world.gates {
        search.none_below(&gate.place.path("."));
        search.none_in(gate.id, gate.said().as_bytes());
        search.none_in(gate.id, gate.log().as_bytes());
    }
    assert!(search.files > 20, "only {} files were there to be searched", search.files);
    search.none_in("what the exchange got", world.exchange.received().as_bytes());
    let dump = world.house.place.read("govern.log");
    assert!(dump.contains("The control plane is open"), "{dump}");
    let answers = world.rest.answers();
    for key in keys {
        let shown: Vec<&String> = answers.iter().filter(|answer| answer.contains(&key.secret)).collect();
        let [answer] = shown.as_slice() else { panic!("{} was shown {} times", key.id, shown.len()) };
        assert!(answer.contains("\"class\":\"key.issued\""), "{answer}");
    }
}

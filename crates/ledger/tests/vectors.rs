//! The test vectors under `tests/data` are what this code writes. `SUMUN_WRITE=1 cargo test -p sumun-ledger --test
//! vectors` writes them anew; the format being fixed, that should never be needed.

#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod published;

use published::{Log, signer};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use sumun_ledger::{TlogProof, VerifierKey};

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut found, mut open) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// Small, and large enough for a second level; the latter with one erased entry.
fn vectors() -> [(&'static str, Log, u64); 2] {
    let mut large = Log::of(300);
    large.erased = vec![17];
    [("three", Log::of(3), 1), ("three-hundred", large, 257)]
}

#[test]
fn the_checked_in_folders_are_what_is_written() {
    for (name, log, index) in vectors() {
        let checked_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
        if std::env::var_os("SUMUN_WRITE").is_some() {
            let _ = fs::remove_dir_all(&checked_in);
            log.publish(&checked_in);
            fs::write(checked_in.with_extension("tlog-proof"), log.proof(index).render()).unwrap();
        }
        let fresh = tempfile::tempdir().unwrap();
        log.publish(fresh.path());
        let (fresh, checked_in_files) = (files(fresh.path()), files(&checked_in));
        assert_eq!(fresh.keys().collect::<Vec<_>>(), checked_in_files.keys().collect::<Vec<_>>(), "{name}");
        for (path, bytes) in fresh {
            assert!(checked_in_files[&path] == bytes, "{name}: {} differs", path.display());
        }
        let proof = fs::read_to_string(checked_in.with_extension("tlog-proof")).unwrap();
        assert_eq!(proof, log.proof(index).render());
    }
}

#[test]
fn the_proof_of_a_leaf_checks_and_no_changed_one_does() {
    let log = Log::of(5);
    let key = VerifierKey::parse(&signer().vkey()).unwrap();
    for index in 0..5_u64 {
        let leaf = &log.leaves[usize::try_from(index).unwrap()];
        let mut proof = log.proof(index);
        let text = proof.render();
        assert_eq!(TlogProof::parse(&text).unwrap(), proof);
        assert_eq!(proof.check(leaf, &key).unwrap().size, 5);
        assert!(proof.check(b"another", &key).is_err());
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= 1;
            let Ok(changed) = String::from_utf8(changed) else { continue };
            let read = TlogProof::parse(&changed).map(|proof| proof.check(leaf, &key).is_ok());
            assert!(read != Ok(true), "byte {at} of {changed}");
        }
        proof.extra = Some(b"made-up extra".to_vec());
        assert_eq!(TlogProof::parse(&proof.render()).unwrap(), proof);
        assert!(proof.check(leaf, &key).is_ok(), "extra data is outside the proof");
    }
}

#[test]
fn texts_that_are_no_proof_say_which_line() {
    let good = Log::of(3).proof(1).render();
    for (from, to, said) in [
        ("@v1", "@v2", "line 1 of the proof is not `c2sp.org/tlog-proof@v1`"),
        ("index 1", "index 01", "line 2 of the proof is not `index ` and a whole number"),
        ("index 1", "extra !\nindex 1", "line 2 of the proof is not `extra ` and base64"),
        ("index 1", "extra QQ==\nindx 1", "line 3 of the proof is not `index ` and a whole number"),
        ("index 1\n", "index 1\nAAAA\n", "line 3 of the proof is not a hash in base64"),
    ] {
        assert_eq!(TlogProof::parse(&good.replacen(from, to, 1)).unwrap_err().to_string(), said);
    }
}

#[test]
fn the_document_shows_these_vectors() {
    let document =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/ledger-format.md"))
            .unwrap();
    let log = Log::of(3);
    let row = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut shown = vec![
        log.checkpoint(),
        log.proof(1).render(),
        signer().vkey(),
        row(&log.tree.root().0),
        row(&log.salts[0]),
    ];
    shown.extend(log.leaves.iter().map(|leaf| row(&sumun_ledger::leaf_hash(leaf).0)));
    shown.extend(String::from_utf8(log.leaves[0].clone()).unwrap().lines().map(str::to_owned));
    for text in shown {
        assert!(document.contains(&text), "{text}");
    }
}

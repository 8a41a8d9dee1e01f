//! The test vectors under `tests/data` are what this code writes. `SUMUN_WRITE=1 cargo test -p sumun-ledger --test
//! vectors` writes them anew; the format being fixed, that should never be needed.

#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod published;

use base64::{Engine, prelude::BASE64_STANDARD};
use published::{Log, signer};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use sumun_ledger::{
    Canonical, Checkpoint, CheckpointSigner, Hash, TlogProof, VerifierKey, check_consistency, payload_line,
};

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

/// A folder: its name, its log, and what is put into it besides.
type Vector = (&'static str, Log, Vec<(&'static str, Vec<u8>)>);

fn vectors() -> Vec<Vector> {
    let broken = |index: usize, member: &str, value: &str| {
        let mut log = Log::of(0);
        for at in 0..3 {
            let (class, mut payload) = published::payload(at as u64);
            if at == index {
                payload[member] = value.into();
            }
            let us = 1_790_000_001_000_000 + at as i64 * 1_500_000;
            log.push(class, us, published::salt(at as u64), Canonical::of(&payload).unwrap());
        }
        log
    };
    let mut emptied = Log::of(3);
    emptied.erased = vec![1];
    // What a publisher left who was stopped: files of 3, of 6 and a half-written one.
    let older = tempfile::tempdir().unwrap();
    Log::of(3).publish(older.path());
    let mut besides: Vec<_> = ["tile/0/000.p/3", "tile/entries/000.p/3", "payload/000.p/3"]
        .map(|path| (path, fs::read(older.path().join(path)).unwrap()))
        .into();
    let newer = tempfile::tempdir().unwrap();
    Log::of(6).publish(newer.path());
    besides.push(("tile/0/000.p/6", fs::read(newer.path().join("tile/0/000.p/6")).unwrap()));
    besides.push(("payload/000.p/6.new", b"{\"index\":0,\"sa".to_vec()));
    vec![
        ("three", Log::of(3), vec![]),
        ("three-hundred", Log::with_an_erasure(300), vec![]),
        ("leftovers", Log::of(5), besides),
        ("wrong-class", broken(1, "class", "key.revoked"), vec![]),
        ("wrong-at", broken(2, "at", "2026-09-21T14:13:23Z"), vec![]),
        ("emptied", emptied, vec![]),
    ]
}

/// Files beside the folders.
fn texts() -> Vec<(&'static str, String)> {
    let (three, large) = (Log::of(3), Log::with_an_erasure(300));
    let witness = CheckpointSigner::new(&[1; 32], "witness.example").unwrap();
    // A witness signs the log's own text.
    let body: String = three.checkpoint().split_inclusive('\n').take(3).collect();
    let signature = signed_note::Signer::sign(&witness, body.as_bytes()).unwrap();
    let id = signed_note::Signer::key_id(&witness).to_be_bytes();
    let signed = BASE64_STANDARD.encode([&id[..], &signature].concat());
    let hashes = sumun_ledger::consistency(3, 300, large.read()).unwrap();
    let hashes: Vec<_> = hashes.iter().map(|hash| BASE64_STANDARD.encode(hash.0)).collect();
    let consistency =
        serde_json::json!({"from": 3, "to": 300, "proof": hashes, "checkpoint": large.checkpoint()});
    vec![
        ("three.tlog-proof", three.proof(1).render()),
        ("three.payload", payload_line(1, &three.salts[1], &three.payloads[1])),
        ("three-hundred.tlog-proof", large.proof(257).render()),
        ("three-witnessed.checkpoint", format!("{}— witness.example {signed}\n", three.checkpoint())),
        ("three-hundred.consistency.json", format!("{consistency:#}\n")),
    ]
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

#[test]
fn the_checked_in_folders_are_what_is_written() {
    let anew = std::env::var_os("SUMUN_WRITE").is_some();
    for (name, log, besides) in vectors() {
        let checked_in = data().join(name);
        let fresh = tempfile::tempdir().unwrap();
        let publish = |folder: &Path| {
            log.publish(folder);
            for (path, bytes) in &besides {
                fs::create_dir_all(folder.join(path).parent().unwrap()).unwrap();
                fs::write(folder.join(path), bytes).unwrap();
            }
        };
        publish(fresh.path());
        if anew {
            let _ = fs::remove_dir_all(&checked_in);
            publish(&checked_in);
        }
        let (fresh, checked_in_files) = (files(fresh.path()), files(&checked_in));
        assert_eq!(fresh.keys().collect::<Vec<_>>(), checked_in_files.keys().collect::<Vec<_>>(), "{name}");
        for (path, bytes) in fresh {
            assert!(checked_in_files[&path] == bytes, "{name}: {} differs", path.display());
        }
    }
    for (name, text) in texts() {
        if anew {
            fs::write(data().join(name), &text).unwrap();
        }
        assert_eq!(fs::read_to_string(data().join(name)).unwrap(), text, "{name}");
    }
}

#[test]
fn the_witnessed_checkpoint_and_the_consistency_proof_hold() {
    let key = signer().verifier();
    let read = |name: &str| fs::read_to_string(data().join(name)).unwrap();
    let older = Checkpoint::open(&read("three-witnessed.checkpoint"), &key).unwrap();
    let answer: serde_json::Value = serde_json::from_str(&read("three-hundred.consistency.json")).unwrap();
    let newer = Checkpoint::open(answer["checkpoint"].as_str().unwrap(), &key).unwrap();
    let hash = |text: &serde_json::Value| {
        Hash(BASE64_STANDARD.decode(text.as_str().unwrap()).unwrap().try_into().unwrap())
    };
    let proof: Vec<_> = answer["proof"].as_array().unwrap().iter().map(hash).collect();
    check_consistency(&proof, (older.size, older.root), (newer.size, newer.root)).unwrap();
    assert!(check_consistency(&proof[1..], (older.size, older.root), (newer.size, newer.root)).is_err());
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
        // Extra data is outside the proof.
        proof.extra = None;
        let text = proof.render();
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
    let good = TlogProof { extra: None, ..Log::of(3).proof(1) }.render();
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

//! Proofs made by `ledger` are understood by this second implementation, and arbitrary bytes stop neither.

#![allow(clippy::unwrap_used, reason = "a test may stop")]

#[path = "../../ledger/tests/published/mod.rs"]
mod published;

use proptest::prelude::*;
use published::{Log, signer};
use std::fs;
use sumun_verifier::{Disclosed, FaultKind, Proven, verify_folder, verify_proof};

#[test]
fn every_entry_of_every_small_log_can_be_proven_with_leaf_or_payload() {
    let vkey = signer().vkey();
    for size in 1..70 {
        let log = Log::of(size);
        for index in 0..size {
            let at = usize::try_from(index).unwrap();
            let text = log.proof(index).render();
            let proven = verify_proof(&text, Disclosed::Leaf(&log.leaves[at]), &vkey).unwrap();
            let (class, sequenced) = (log.classes[at].as_str(), u64::try_from(log.times[at]).unwrap());
            let origin = published::ORIGIN.to_owned();
            let leaf = String::from_utf8(log.leaves[at].clone()).unwrap();
            let commitment = leaf.lines().nth(3).unwrap().to_owned();
            let class_owned = class.to_owned();
            let right = Proven {
                origin,
                size,
                index,
                class: class_owned,
                sequenced,
                commitment,
                leaf,
                payload: false,
            };
            assert_eq!(proven, right);
            assert_eq!(verify_proof(&text, Disclosed::Nothing, &vkey).as_ref(), Ok(&right));
            let erased = sumun_ledger::erased_line(index);
            assert_eq!(verify_proof(&text, Disclosed::Line(erased.as_bytes()), &vkey).as_ref(), Ok(&right));
            let whole = Proven { payload: true, ..right };
            let payload =
                Disclosed::Payload { class, sequenced, salt: &log.salts[at], payload: &log.payloads[at] };
            assert_eq!(verify_proof(&text, payload, &vkey).as_ref(), Ok(&whole));
            let line = sumun_ledger::payload_line(index, &log.salts[at], &log.payloads[at]);
            assert_eq!(verify_proof(&text, Disclosed::Line(line.as_bytes()), &vkey), Ok(whole));
            for changed in
                [line.replace("made-up-owner", "another"), line.replacen("\"index\"", "\"indx\"", 1)]
            {
                let fault = verify_proof(&text, Disclosed::Line(changed.as_bytes()), &vkey).unwrap_err();
                assert_eq!((fault.kind, fault.entry), (FaultKind::Payload, Some(index)));
            }
            let other = Disclosed::Payload {
                class,
                sequenced: sequenced + 1,
                salt: &log.salts[at],
                payload: &log.payloads[at],
            };
            let fault = verify_proof(&text, other, &vkey).unwrap_err();
            assert_eq!((fault.kind, fault.entry), (FaultKind::Entry, Some(index)));
        }
    }
}

#[test]
fn every_changed_byte_of_a_proof_is_refused() {
    let (log, vkey) = (Log::of(5), signer().vkey());
    let text = log.proof(2).render();
    for at in 0..text.len() {
        for bit in 0..8 {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= 1 << bit;
            if let Ok(changed) = String::from_utf8(changed) {
                assert!(verify_proof(&changed, Disclosed::Nothing, &vkey).is_err(), "{changed}");
            }
        }
    }
}

#[test]
fn extra_data_is_believed_only_where_it_leads_to_the_root() {
    let (log, vkey) = (Log::of(5), signer().vkey());
    let mut proof = log.proof(2);
    for extra in [None, Some(b"made up".to_vec()), Some(log.leaves[3].clone())] {
        proof.extra = extra;
        assert!(verify_proof(&proof.render(), Disclosed::Leaf(&log.leaves[2]), &vkey).is_ok());
        assert_eq!(
            verify_proof(&proof.render(), Disclosed::Nothing, &vkey).unwrap_err().kind,
            FaultKind::Proof
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_texts_are_refused_without_a_panic(text in "\\PC{0,300}", leaf in proptest::collection::vec(any::<u8>(), 0..200)) {
        let vkey = signer().vkey();
        prop_assert!(verify_proof(&text, Disclosed::Leaf(&leaf), &vkey).is_err());
        prop_assert!(verify_proof(&text, Disclosed::Leaf(&leaf), &text).is_err());
    }

    #[test]
    fn any_bytes_in_any_file_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), which in 0..6_usize, keep in 0..400_usize) {
        let log = Log::of(3);
        let folder = tempfile::tempdir().unwrap();
        log.publish(folder.path());
        let file = ["checkpoint", "vkey", "tile/0/000.p/3", "tile/entries/000.p/3", "payload/000.p/3", "tile/1/000.p/1"][which];
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut whole = fs::read(&path).unwrap_or_default();
        whole.truncate(keep);
        whole.extend(bytes);
        // The last is a file of a longer log, which is passed over.
        let same = which == 5 || fs::read(&path).is_ok_and(|before| before == whole);
        fs::write(path, whole).unwrap();
        prop_assert_eq!(verify_folder(folder.path(), &signer().vkey(), None).is_ok(), same);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Lines dropped, doubled, swapped, another index, another leaf: both implementations say the same.
    #[test]
    fn both_implementations_agree_on_damaged_proofs(size in 1..40_u64, index in any::<prop::sample::Index>(), leaf in any::<prop::sample::Index>(), damage in proptest::collection::vec((0..4_u8, any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..3)) {
        let log = Log::of(size);
        let (index, leaf) = (index.index(log.leaves.len()), leaf.index(log.leaves.len()));
        let mut text = log.proof(u64::try_from(index).unwrap()).render();
        for (kind, a, b) in damage {
            let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
            if lines.is_empty() {
                continue;
            }
            let (a, b) = (a.index(lines.len()), b.index(lines.len()));
            match kind {
                0 => { lines.remove(a); }
                1 => lines.insert(b, lines[a].clone()),
                2 => lines.swap(a, b),
                _ if lines.len() > 1 => lines[1] = format!("index {b}\n"),
                _ => {}
            }
            text = lines.concat();
        }
        let key = signer().verifier();
        for leaf in [&log.leaves[index], &log.leaves[leaf]] {
            let first = sumun_ledger::TlogProof::parse(&text).ok().and_then(|proof| proof.check(leaf, &key).ok().map(|head| (proof.index, head.size)));
            let second = verify_proof(&text, Disclosed::Leaf(leaf), key.as_str()).ok().map(|proven| (proven.index, proven.size));
            prop_assert_eq!(first, second, "{}", text);
        }
    }
}

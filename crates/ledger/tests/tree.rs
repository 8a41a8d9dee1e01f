//! The tree against a model that follows RFC 6962 word by word, recursively and slowly, and against another crate.

#![allow(clippy::unwrap_used, reason = "a test may stop")]

use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::convert::Infallible;
use sumun_ledger::{
    Appender, Hash, Place, Rows, check_consistency, check_inclusion, consistency, consistency_rows,
    inclusion, inclusion_rows, leaf_hash, root_at, tree, where_stored,
};

fn mth(leaves: &[Vec<u8>]) -> [u8; 32] {
    let mut hash = Sha256::new();
    match leaves {
        [] => {}
        [leaf] => {
            hash.update([0]);
            hash.update(leaf);
        }
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            hash.update([1]);
            hash.update(mth(left));
            hash.update(mth(right));
        }
    }
    hash.finalize().into()
}

/// Largest power of two below `n`.
fn split(n: usize) -> usize {
    let mut k = 1;
    while k * 2 < n {
        k *= 2;
    }
    k
}

fn path(m: usize, leaves: &[Vec<u8>]) -> Vec<[u8; 32]> {
    if leaves.len() < 2 {
        return vec![];
    }
    let k = split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let mut proof = if m < k { path(m, left) } else { path(m - k, right) };
    proof.push(mth(if m < k { right } else { left }));
    proof
}

fn subproof(m: usize, leaves: &[Vec<u8>], whole: bool) -> Vec<[u8; 32]> {
    if m == leaves.len() {
        return if whole { vec![] } else { vec![mth(leaves)] };
    }
    let k = split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let mut proof = if m <= k { subproof(m, left, whole) } else { subproof(m - k, right, false) };
    proof.push(mth(if m <= k { right } else { left }));
    proof
}

fn bare(hashes: &[Hash]) -> Vec<[u8; 32]> {
    hashes.iter().map(|hash| hash.0).collect()
}

fn grown(leaves: &[Vec<u8>]) -> (Appender, Rows, Vec<Hash>) {
    let (mut tree, mut rows, mut flat) = (Appender::empty(), Rows::default(), vec![]);
    for (n, leaf) in (0..).zip(leaves) {
        let completed = tree.append(leaf);
        rows.insert(n, tree::concatenated(&completed));
        flat.extend(completed);
    }
    (tree, rows, flat)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn roots_and_proofs_are_those_of_the_rfc(leaves in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..9), 1..300), a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
        let (tree, rows, flat) = grown(&leaves);
        let size = leaves.len();
        prop_assert_eq!(tree.root().0, mth(&leaves));

        // Every stored hash is where its place says, in rows and in tlog order.
        for (at, hash) in (0..).zip(&flat) {
            let place = Place::of_storage_index(at);
            prop_assert_eq!(place.storage_index(), at);
            prop_assert_eq!(rows.hash(place).unwrap(), *hash);
            let (from, to) = ((place.n << place.level) as usize, ((place.n + 1) << place.level) as usize);
            prop_assert_eq!(hash.0, mth(&leaves[from..to]));
            prop_assert_eq!(where_stored(place.level, place.n), (to as u64 - 1, usize::from(place.level)));
        }

        // A tree read back from its frontier grows like one that never stopped.
        let cut = a.index(size);
        let mut resumed = Appender::resume(cut as u64, |place| rows.hash(place)).unwrap();
        prop_assert_eq!(resumed.root().0, mth(&leaves[..cut]));
        prop_assert_eq!(root_at(cut as u64, |place| rows.hash(place)).unwrap(), resumed.root());
        leaves[cut..].iter().for_each(|leaf| { resumed.append(leaf); });
        prop_assert_eq!(&resumed, &tree);

        // Inclusion, with only the rows asked for.
        let m = b.index(size);
        let needed = inclusion_rows(m as u64, size as u64);
        let proof = inclusion(m as u64, size as u64, |place| {
            assert!(needed.binary_search(&place.row()).is_ok());
            rows.hash(place)
        }).unwrap();
        prop_assert_eq!(bare(&proof), path(m, &leaves));
        let leaf = leaf_hash(&leaves[m]);
        check_inclusion(&proof, m as u64, size as u64, tree.root(), leaf).unwrap();
        prop_assert!(check_inclusion(&proof, m as u64, size as u64, tree.root(), Hash([1; 32])).is_err());
        prop_assert!(check_inclusion(&proof, m as u64 + 1, size as u64, tree.root(), leaf).is_err() || leaves.get(m + 1) == Some(&leaves[m]));
        for at in 0..proof.len() {
            let mut changed = proof.clone();
            changed[at].0[at % 32] ^= 1;
            prop_assert!(check_inclusion(&changed, m as u64, size as u64, tree.root(), leaf).is_err());
        }

        // Consistency likewise.
        let (old, new) = (cut as u64, size as u64);
        let old_root = Hash(mth(&leaves[..cut]));
        let needed = consistency_rows(old, new);
        let proof = consistency(old, new, |place| {
            assert!(needed.binary_search(&place.row()).is_ok());
            rows.hash(place)
        }).unwrap();
        if cut > 0 {
            prop_assert_eq!(bare(&proof), subproof(cut, &leaves, true));
        }
        check_consistency(&proof, (old, old_root), (new, tree.root())).unwrap();
        prop_assert!(check_consistency(&proof, (old, Hash([1; 32])), (new, tree.root())).is_err());
        prop_assert!(check_consistency(&proof, (old, old_root), (new, Hash([1; 32]))).is_err() || old == 0, "nothing is the beginning of every tree");
        prop_assert!(check_consistency(&proof, (new + 1, old_root), (new, tree.root())).is_err());
    }

    #[test]
    fn another_crate_makes_the_same_roots_and_proofs(leaves in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..9), 2..200), a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
        let (tree, rows, _) = grown(&leaves);
        let mut other = ct_merkle::mem_backed_tree::MemoryBackedTree::<Sha256, Vec<u8>>::new();
        leaves.iter().for_each(|leaf| other.push(leaf.clone()));
        prop_assert_eq!(other.root().as_bytes().to_vec(), tree.root().0.to_vec());

        let m = a.index(leaves.len());
        let proof = inclusion(m as u64, leaves.len() as u64, |place| rows.hash(place)).unwrap();
        prop_assert_eq!(other.prove_inclusion(m).as_bytes().to_vec(), tree::concatenated(&proof));

        let old = 1 + b.index(leaves.len() - 1);
        let proof = consistency(old as u64, leaves.len() as u64, |place| rows.hash(place)).unwrap();
        prop_assert_eq!(other.prove_consistency(leaves.len() - old).as_bytes().to_vec(), tree::concatenated(&proof));
    }

    #[test]
    fn proofs_out_of_nowhere_are_refused(index in any::<u64>(), size in any::<u64>(), hashes in proptest::collection::vec(any::<[u8; 32]>(), 0..70)) {
        let proof: Vec<Hash> = hashes.into_iter().map(Hash).collect();
        prop_assert!(check_inclusion(&proof, index, size, Hash([2; 32]), Hash([3; 32])).is_err());
        prop_assert!(check_consistency(&proof, (index, Hash([2; 32])), (size, Hash([3; 32]))).is_err());
        let nothing = |_: Place| Err::<Hash, _>("nothing stored");
        prop_assert!(inclusion(index, size, nothing).is_err() || size == 1);
        let _ = consistency(index, size, nothing);
        let _ = inclusion_rows(index, size);
    }
}

#[test]
fn questions_without_an_answer_say_why() {
    let none = |_: Place| Ok::<_, Infallible>(Hash([0; 32]));
    assert_eq!(inclusion(3, 3, none).unwrap_err().to_string(), "a tree of 3 entries has no entry 3");
    assert_eq!(
        consistency(4, 3, none).unwrap_err().to_string(),
        "a tree of 3 entries cannot extend one of 4"
    );
    assert!(Appender::resume(u64::MAX, none).is_err());
    assert_eq!(inclusion(0, 1, none), Ok(vec![]));
}

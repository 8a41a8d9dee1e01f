//! Clusters against a naive model: a list of sets, in the order in which they were first named.

use super::*;
use proptest::prelude::*;

fn key(n: u8) -> KeyId {
    KeyId::new(&format!("K{n}")).unwrap()
}

fn keys(numbers: &[u8]) -> Vec<KeyId> {
    numbers.iter().copied().map(key).collect()
}

fn signal(n: u8) -> FindingId {
    FindingId::of([n; 16])
}

#[test]
fn the_first_signal_names_it_and_the_older_survives_a_merge() {
    let mut clusters = Clusters::default();
    assert_eq!(clusters.name(&keys(&[3, 4]), signal(9)).unwrap().cluster, signal(9));
    assert_eq!(clusters.name(&keys(&[1, 2]), signal(1)).unwrap().cluster, signal(1));
    let again = clusters.name(&keys(&[1, 2]), signal(2)).unwrap();
    assert!(again.is_still());
    assert_eq!(again.cluster, signal(1));
    let one = clusters.name(&keys(&[2, 3]), signal(3)).unwrap();
    assert_eq!((one.cluster, one.merged), (signal(9), vec![signal(1)]));
    assert_eq!(one.joined, keys(&[1, 2]));
    assert_eq!(one.members, keys(&[1, 2, 3, 4]));
    assert_eq!(clusters.of(&key(1)).unwrap(), ClusterOf { cluster: signal(9), members: 4 });
}

#[test]
fn an_exonerated_member_leaves_alone_and_stays_out() {
    let mut clusters = Clusters::default();
    clusters.name(&keys(&[1, 2, 3]), signal(1));
    let change = clusters.exonerate(&key(2)).unwrap();
    assert_eq!((change.left, change.members), (keys(&[2]), keys(&[1, 3])));
    assert_eq!(clusters.of(&key(2)), None);
    let change = clusters.name(&keys(&[2, 3, 4]), signal(2)).unwrap();
    assert_eq!(change.cluster, signal(1));
    assert_eq!((change.left_out, change.members), (keys(&[2]), keys(&[1, 3, 4])));
    clusters.readmit(&key(2));
    assert_eq!(clusters.name(&keys(&[2, 3]), signal(3)).unwrap().joined, keys(&[2]));
}

#[test]
fn one_alone_is_no_cluster() {
    let mut clusters = Clusters::default();
    assert_eq!(clusters.name(&keys(&[1, 1]), signal(1)), None);
    clusters.exonerate(&key(2));
    assert_eq!(clusters.name(&keys(&[1, 2]), signal(1)), None);
    assert_eq!(clusters.of(&key(1)), None);
}

#[test]
fn a_full_cluster_takes_nobody_more_and_says_so() {
    let mut clusters = Clusters::default();
    let many: Vec<_> = (0..=MEMBERS_MAX).map(|n| KeyId::new(&format!("M{n:05}")).unwrap()).collect();
    let change = clusters.name(&many, signal(1)).unwrap();
    assert_eq!(change.members.len(), MEMBERS_MAX);
    assert_eq!(change.left_out, [many.last().unwrap().clone()]);
    // Two that would be too many together stay two.
    clusters.name(&keys(&[1, 2]), signal(2));
    let change = clusters.name(&[many[0].clone(), key(1)], signal(3)).unwrap();
    assert_eq!((change.cluster, change.left_out), (signal(1), keys(&[1])));
    assert_eq!(clusters.of(&key(1)).unwrap().cluster, signal(2));
}

#[derive(Clone, Debug)]
enum Step {
    Name(Vec<u8>),
    Exonerate(u8),
    Readmit(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => prop::collection::vec(0u8..16, 1..5).prop_map(Step::Name),
        1 => (0u8..16).prop_map(Step::Exonerate),
        1 => (0u8..16).prop_map(Step::Readmit),
    ];
    prop::collection::vec(step, 0..60)
}

proptest! {
    #[test]
    fn unions_are_those_of_a_naive_model(steps in steps(), stop in 0usize..60) {
        let mut clusters = Clusters::default();
        let mut naive: Vec<(FindingId, BTreeSet<u8>)> = Vec::new();
        let mut out = BTreeSet::new();
        for (at, step) in steps.iter().enumerate() {
            let id = signal(u8::try_from(at).unwrap());
            match step {
                Step::Name(members) => {
                    let change = clusters.name(&keys(members), id);
                    let free: BTreeSet<u8> = members.iter().copied().filter(|m| !out.contains(m)).collect();
                    prop_assert_eq!(change.is_some(), free.len() >= 2);
                    if free.len() >= 2 {
                        let touched: Vec<_> = (0..naive.len()).filter(|n| !naive[*n].1.is_disjoint(&free)).collect();
                        let home = touched.first().copied().unwrap_or_else(|| {
                            naive.push((id, BTreeSet::new()));
                            naive.len() - 1
                        });
                        let mut union = free;
                        for n in touched.iter().skip(1).rev() {
                            union.extend(naive.remove(*n).1);
                        }
                        naive[home].1.extend(union);
                        prop_assert_eq!(change.unwrap().cluster, naive[home].0);
                    }
                }
                Step::Exonerate(member) => {
                    out.insert(*member);
                    clusters.exonerate(&key(*member));
                    for (_, members) in &mut naive {
                        members.remove(member);
                    }
                    naive.retain(|(_, members)| !members.is_empty());
                }
                Step::Readmit(member) => {
                    out.remove(member);
                    clusters.readmit(&key(*member));
                }
            }
            if at == stop {
                clusters = postcard::from_bytes(&postcard::to_stdvec(&clusters).unwrap()).unwrap();
            }
            for member in 0u8..16 {
                let expected = naive.iter().find(|(_, members)| members.contains(&member));
                let found = clusters.of(&key(member));
                prop_assert_eq!(found.as_ref().map(|of| of.cluster), expected.map(|(id, _)| *id));
                prop_assert_eq!(found.map(|of| of.members as usize), expected.map(|(_, members)| members.len()));
            }
            prop_assert_eq!(clusters.clusters.len(), naive.len());
            prop_assert_eq!(clusters.by_last.len(), naive.len());
        }
    }
}

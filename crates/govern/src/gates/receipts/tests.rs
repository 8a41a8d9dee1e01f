//! Receipts: no version is ever skipped, against a naive model; how one stands to the last.

use super::*;
use proptest::prelude::*;

/// A gate that says anything, and what was taken of it.
fn taken(said: &[(u8, u64, u64, u64)]) -> Vec<Receipt> {
    let mut receipts: Vec<Receipt> = Vec::new();
    for (boot, from, to, head) in said {
        let boot = boot.to_string();
        if let Standing::New { ordinal, .. } = judge(receipts.last(), &boot, *from, *to, *head) {
            receipts.push(Receipt {
                receipt: receipt_id("g1", ordinal),
                gate: "g1".to_owned(),
                boot,
                from: *from,
                to: *to,
                acknowledgement: String::new(),
                received: Timestamp::from_millis(0),
            });
        }
    }
    receipts
}

proptest! {
    #[test]
    fn no_version_is_ever_skipped(
        said in proptest::collection::vec((0_u8..3, 1_u64..12, 0_u64..6, 1_u64..16), 0..40),
    ) {
        let said: Vec<_> = said.into_iter().map(|(boot, from, more, head)| (boot, from, from + more, head)).collect();
        let receipts = taken(&said);
        let mut covered = std::collections::BTreeSet::new();
        for receipt in &receipts {
            covered.extend(receipt.from..=receipt.to);
            // The naive model: everything from 1 to the largest acknowledged is acknowledged.
            prop_assert_eq!(covered.len() as u64, *covered.last().unwrap());
        }
        for pair in receipts.windows(2) {
            prop_assert!(pair[0].receipt > pair[1].receipt, "newer ones sort first");
            prop_assert!(pair[0].boot != pair[1].boot || pair[1].to > pair[0].to);
        }
    }
}

#[test]
fn how_an_acknowledgement_stands_to_the_last_one() {
    let last = taken(&[(1, 1, 5, 9)]).pop().unwrap();
    let said = [
        ("1", 6, 7),
        ("1", 7, 7),
        ("1", 1, 5),
        ("1", 2, 4),
        ("1", 1, 6),
        ("2", 1, 5),
        ("2", 1, 9),
        ("2", 8, 9),
        ("1", 6, 10),
    ];
    let table: Vec<String> = said
        .iter()
        .map(|(boot, from, to)| {
            format!("boot {boot} {from}..{to}: {:?}", judge(Some(&last), boot, *from, *to, 9))
        })
        .collect();
    insta::assert_snapshot!(table.join("\n"), @"
    boot 1 6..7: New { ordinal: 1, again: false }
    boot 1 7..7: Skips { next: 6 }
    boot 1 1..5: Known
    boot 1 2..4: Known
    boot 1 1..6: New { ordinal: 1, again: true }
    boot 2 1..5: New { ordinal: 1, again: true }
    boot 2 1..9: New { ordinal: 1, again: true }
    boot 2 8..9: Skips { next: 6 }
    boot 1 6..10: Ahead { head: 9 }
    ");
    assert_eq!(judge(None, "1", 2, 3, 9), Standing::Skips { next: 1 });
}

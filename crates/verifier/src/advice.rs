//! What a fault means to whoever holds the files, and what to do about it: for people who have never read the format.
//!
//! One entry per kind of fault. Never here: what was expected and found, which [`Fault`] says itself.

use crate::fault::{Fault, FaultKind, Place};

/// The first line of a checkpoint's signatures.
const SIGNATURES_FROM: u64 = 5;

/// A fault in plain words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What is wrong, in one sentence without an end.
    pub says: &'static str,
    /// What follows from it, and what does not.
    pub means: &'static str,
    /// What to do next.
    pub next: &'static str,
}

impl Fault {
    /// What it means, and what to do.
    #[must_use]
    pub fn advice(&self) -> Advice {
        match (self.kind, self.place) {
            (FaultKind::Payload, _) => CONTENT,
            (FaultKind::Entry, _) => ENTRY,
            // A proof that was read whole, and leads elsewhere; before that it is its text that is wrong.
            (FaultKind::Proof, Place::Whole) => PATH,
            (FaultKind::Proof, _) => PROOF_TEXT,
            (FaultKind::Checkpoint, Place::Line(SIGNATURES_FROM..)) => SIGNATURE,
            (FaultKind::Checkpoint, _) => CHECKPOINT,
            (FaultKind::Key, _) => KEY,
            (FaultKind::Tile, _) => TILE,
            (FaultKind::Time, _) => TIME,
            (FaultKind::RolledBack, _) => ROLLED_BACK,
            (FaultKind::Forked, _) => FORKED,
            (FaultKind::Changed, _) => CHANGED,
            (FaultKind::Missing, _) => MISSING,
            (FaultKind::Leftover, _) => LEFTOVER,
            (FaultKind::Unreadable, _) => UNREADABLE,
        }
    }
}

const CONTENT: Advice = Advice {
    says: "the entry's content does not match its commitment",
    means: "An entry stands at this place of the ledger, but what is shown as its content (payload and salt) is not what was recorded: it was changed, or it belongs to another entry.",
    next: "Get the entry's content again from whoever publishes the ledger, or from another copy. If that matches, this copy was changed: keep it, it is evidence. If it does not match either, the publisher has to explain.",
};
const ENTRY: Advice = Advice {
    says: "the entry is not the one that stands in the ledger",
    means: "Another entry stands at this place: class, time or commitment differ from what is shown, or the text shown is no entry at all.",
    next: "Check that entry and proof have the same number, and get both again together. If they still differ, what was shown to you was changed: keep it, it is evidence.",
};
const PATH: Advice = Advice {
    says: "the proof does not lead from this entry to the checkpoint",
    means: "Its hashes were changed, or entry and proof do not belong together. Whether the entry stands in the ledger is not shown; it is not disproved either.",
    next: "Get entry and proof again, both together (`sumun ledger proof`). If that fails too, the publisher cannot show that the entry is in the ledger: keep the files, and ask for an explanation.",
};
const PROOF_TEXT: Advice = Advice {
    says: "the proof is not one that can be checked",
    means: "It was cut off, changed on its way (by mail or a text editor, for instance), or lacks what is needed. It says nothing about the entry.",
    next: "Get it again, as a file.",
};
const SIGNATURE: Advice = Advice {
    says: "the checkpoint's signature is not by this verifier key over these lines",
    means: "The ledger's name, size or root were changed after signing, or another key has signed. Nothing below this checkpoint can be believed on its word.",
    next: "Check that the verifier key is the one that the exchange handed out, and not merely one that came with the files. Then get the checkpoint again. If it still fails, whoever gave you these files does not have the ledger's key: keep them, and tell the exchange.",
};
const CHECKPOINT: Advice = Advice {
    says: "the checkpoint is not one of this ledger",
    means: "It names another ledger, or it does not have a checkpoint's form. Nothing below it was checked.",
    next: "Check that checkpoint and verifier key are of the same ledger, and get both again.",
};
const KEY: Advice = Advice {
    says: "the verifier key cannot be used here",
    means: "It is damaged, or it is another ledger's. Nothing was checked.",
    next: "Use the verifier key as the exchange handed it out: one line, such as `name+8 hex digits+base64`.",
};
const TILE: Advice = Advice {
    says: "the hashes of the ledger's tree do not lead to the signed root",
    means: "This file of hashes was changed or belongs to another ledger. Entries below it are not shown to be in the ledger.",
    next: "Compare the file with another copy of the ledger. Keep this one as it is: it is evidence.",
};
const TIME: Advice = Advice {
    says: "an entry is older than the one in front of it",
    means: "Entries get their time in the order in which they stand, so the ledger's own clock was set back or an entry was dated falsely.",
    next: "Ask the publisher for what happened to the clock at that time. Keep the folder as it is.",
};
const ROLLED_BACK: Advice = Advice {
    says: "the ledger has fewer entries than it had before",
    means: "Entries that an older checkpoint covers are not here: the folder is an older copy, or they were taken away.",
    next: "Get the newest copy. If that one is short too, entries were removed: the older checkpoint is the evidence, keep it safe.",
};
const FORKED: Advice = Advice {
    says: "this is not the ledger of which the older checkpoint was taken",
    means: "Its past was rewritten, or different readers are shown different ledgers.",
    next: "Keep both checkpoints and this folder: two signed checkpoints that contradict each other prove it. Show them to the exchange and to its auditor.",
};
const CHANGED: Advice = Advice {
    says: "the ledger was published anew while it was read",
    means: "Nothing is shown, for or against it.",
    next: "Check again.",
};
const MISSING: Advice = Advice {
    says: "a file of the ledger is missing",
    means: "The signed size calls for it: the copy is not complete, or the file was taken away.",
    next: "Copy the folder again, all of it. If the publisher's own lacks the file, what stood in it cannot be shown any more.",
};
const LEFTOVER: Advice = Advice {
    says: "there is a file, or more in a file, than the ledger calls for",
    means: "Nothing signed vouches for it. What the checkpoint covers may still be sound, but this copy was added to.",
    next: "Find out who put it there. Copy the folder again from the publisher, and check that one.",
};
const UNREADABLE: Advice = Advice {
    says: "a file could not be read",
    means: "Nothing is shown, for or against the ledger.",
    next: "See to it that you may read the file and that the disk is sound, then check again.",
};

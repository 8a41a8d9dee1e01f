//! One thing doctored at a time: the fault names that one, and says what it means and what to do.

#![allow(clippy::unwrap_used, reason = "a test may stop")]

#[path = "../../ledger/tests/published/mod.rs"]
mod published;

use published::{Log, signer};
use std::fs;
use sumun_verifier::{Disclosed, Fault, verify_folder, verify_proof};

/// As a program prints it.
fn told(fault: &Fault) -> String {
    let advice = fault.advice();
    format!(
        "{}\n  where: {fault}\n  what it means: {}\n  what to do: {}",
        advice.says, advice.means, advice.next
    )
}

/// Entry 2 of 5, as it was published, and its proof.
struct Case {
    log: Log,
    proof: String,
    vkey: String,
}

impl Case {
    fn new() -> Self {
        let log = Log::of(5);
        let proof = log.proof(2).render();
        Self { log, proof, vkey: signer().vkey() }
    }

    /// What is said of this payload under this proof.
    fn of_payload(&self, proof: &str, payload: &str) -> Result<(), String> {
        let disclosed = Disclosed::Payload {
            class: &self.log.classes[2],
            sequenced: u64::try_from(self.log.times[2]).unwrap(),
            salt: &self.log.salts[2],
            payload,
        };
        verify_proof(proof, disclosed, &self.vkey).map(drop).map_err(|fault| told(&fault))
    }

    fn payload(&self) -> &str {
        &self.log.payloads[2]
    }

    /// The payload with another owner in it.
    fn doctored_payload(&self) -> String {
        let changed = self.payload().replace("made-up-owner", "somebody-else");
        assert_ne!(changed, self.payload());
        changed
    }

    /// The proof with another hash in its path; everything else, its leaf too, as it was.
    fn doctored_path(&self) -> String {
        let above = self.proof.split("\n\n").next().unwrap();
        let first = above.lines().nth(3).unwrap();
        let letter = if first.starts_with('A') { "B" } else { "A" };
        self.proof.replacen(first, &format!("{letter}{}", &first[1..]), 1)
    }

    /// The proof with a checkpoint of one entry more, under the old signature.
    fn doctored_checkpoint(&self) -> String {
        let changed = self.proof.replacen("\n5\n", "\n6\n", 1);
        assert_ne!(changed, self.proof);
        changed
    }
}

#[test]
fn what_was_not_doctored_holds() {
    let case = Case::new();
    assert_eq!(case.of_payload(&case.proof, case.payload()), Ok(()));
}

#[test]
fn a_doctored_payload_is_called_that_however_it_is_shown() {
    let case = Case::new();
    let changed = case.doctored_payload();
    let by_entry = case.of_payload(&case.proof, &changed).unwrap_err();
    let line = sumun_ledger::payload_line(2, &case.log.salts[2], &changed);
    let by_line = told(&verify_proof(&case.proof, Disclosed::Line(line.as_bytes()), &case.vkey).unwrap_err());
    assert_eq!(by_entry, by_line);
    assert!(!by_entry.contains("somebody-else"), "what it says stands in no message: {by_entry}");
    insta::assert_snapshot!(by_entry, @r"
    the entry's content does not match its commitment
      where: `payload`, entry 2: expected the salt and payload committed to as d811e3a12c86552e0ed03d5c70b8a1dd3f0a888ef6fafccc4afd9a4b7fa45201, found those of 09d5e7ecce8137fc24339e6292851ca6957fcbac637d631659b4bbeb1d6cb10b
      what it means: An entry stands at this place of the ledger, but what is shown as its content (payload and salt) is not what was recorded: it was changed, or it belongs to another entry.
      what to do: Get the entry's content again from whoever publishes the ledger, or from another copy. If that matches, this copy was changed: keep it, it is evidence. If it does not match either, the publisher has to explain.
    ");
}

#[test]
fn a_doctored_path_is_called_that_whether_or_not_the_payload_is_shown() {
    let case = Case::new();
    let path = case.doctored_path();
    let with_payload = case.of_payload(&path, case.payload()).unwrap_err();
    let alone = told(&verify_proof(&path, Disclosed::Nothing, &case.vkey).unwrap_err());
    assert_eq!(with_payload, alone);
    // With both doctored the proof shows nothing, so nothing is said of the payload.
    assert_eq!(case.of_payload(&path, &case.doctored_payload()).unwrap_err(), alone);
    insta::assert_snapshot!(alone, @r"
    the proof does not lead from this entry to the checkpoint
      where: `proof`, entry 2: expected hashes that lead from the leaf to the signed root, found others
      what it means: Its hashes were changed, or entry and proof do not belong together. Whether the entry stands in the ledger is not shown; it is not disproved either.
      what to do: Get entry and proof again, both together (`sumun ledger proof`). If that fails too, the publisher cannot show that the entry is in the ledger: keep the files, and ask for an explanation.
    ");
}

#[test]
fn a_doctored_checkpoint_is_called_that() {
    let case = Case::new();
    insta::assert_snapshot!(case.of_payload(&case.doctored_checkpoint(), case.payload()).unwrap_err(), @r"
    the checkpoint's signature is not by this verifier key over these lines
      where: `proof: checkpoint`, line 5: expected the signature of the three lines above, found another
      what it means: The ledger's name, size or root were changed after signing, or another key has signed. Nothing below this checkpoint can be believed on its word.
      what to do: Check that the verifier key is the one that the exchange handed out, and not merely one that came with the files. Then get the checkpoint again. If it still fails, whoever gave you these files does not have the ledger's key: keep them, and tell the exchange.
    ");
}

#[test]
fn another_time_is_another_entry() {
    let case = Case::new();
    let disclosed = Disclosed::Payload {
        class: &case.log.classes[2],
        sequenced: 1,
        salt: &case.log.salts[2],
        payload: case.payload(),
    };
    insta::assert_snapshot!(told(&verify_proof(&case.proof, disclosed, &case.vkey).unwrap_err()), @r"
    the entry is not the one that stands in the ledger
      where: `entry`, entry 2: expected time 1790000004000000 in microseconds since 1970, found time 1 in microseconds since 1970
      what it means: Another entry stands at this place: class, time or commitment differ from what is shown, or the text shown is no entry at all.
      what to do: Check that entry and proof have the same number, and get both again together. If they still differ, what was shown to you was changed: keep it, it is evidence.
    ");
}

#[test]
fn a_torn_proof_is_called_that() {
    let case = Case::new();
    let torn = &case.proof[..case.proof.len() / 4];
    insta::assert_snapshot!(case.of_payload(torn, case.payload()).unwrap_err(), @r"
    the proof is not one that can be checked
      where: `proof`, line 1: expected a proof, an empty line, a checkpoint, found `c2sp.org/tlog-proof@v1\nextra c3VtdW4tbGVhZi92MQprZXkucmV2b2tlZAoxNzkwMDAwMDA0MDA…`
      what it means: It was cut off, changed on its way (by mail or a text editor, for instance), or lacks what is needed. It says nothing about the entry.
      what to do: Get it again, as a file.
    ");
}

#[test]
fn a_published_folder_says_it_in_the_same_words() {
    let case = Case::new();
    let folder = tempfile::tempdir().unwrap();
    case.log.publish(folder.path());
    let doctored = |file: &str, from: &str, to: &str| {
        let path = folder.path().join(file);
        let whole = fs::read_to_string(&path).unwrap();
        // The last one: behind anything that could be cut off before it.
        let (before, after) = whole.rsplit_once(from).unwrap();
        fs::write(&path, format!("{before}{to}{after}")).unwrap();
        let fault = verify_folder(folder.path(), &case.vkey, None).unwrap_err();
        fs::write(&path, whole).unwrap();
        fault.advice().says
    };
    assert_eq!(
        doctored("payload/000.p/5", "made-up-owner", "somebody-else"),
        "the entry's content does not match its commitment"
    );
    assert_eq!(
        doctored("checkpoint", "\n5\n", "\n6\n"),
        "the checkpoint's signature is not by this verifier key over these lines"
    );
    assert!(verify_folder(folder.path(), &case.vkey, None).is_ok());
}

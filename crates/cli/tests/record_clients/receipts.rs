//! What a gate signed once it had obeyed, and that it stands in the ledger: checked with public keys alone.

use crate::gate::Remote;
use crate::keys::Changed;
use crate::waiting::until;
use crate::world::World;
use serde_json::{Value, json};
use sumun_feed::{Acknowledgement, PublicKey, SigningKey};
use sumun_ledger::Canonical;
use sumun_model::Timestamp;
use sumun_verifier::{Disclosed, verify_proof};

impl World {
    /// The receipt of a gate that covers this version, if there is one.
    fn receipt(&self, gate: &str, version: u64) -> Option<Value> {
        let receipts = self.rest.get("alice", &format!("/v1/gates/{gate}/receipts?limit=1000"));
        let number = |receipt: &Value, name: &str| receipt[name].as_u64().unwrap();
        let covers = |receipt: &&Value| {
            (number(receipt, "from_version")..=number(receipt, "to_version")).contains(&version)
        };
        receipts["items"].as_array().unwrap().iter().rfind(covers).cloned()
    }

    /// Waits until every running gate has signed that this version is in force.
    pub(crate) fn in_force(&self, version: u64) {
        for gate in &self.gates {
            self.obeyed(gate, version);
        }
    }

    pub(crate) fn obeyed(&self, gate: &Remote, version: u64) -> Value {
        until(&format!("{} to obey version {version}", gate.id), || self.receipt(gate.id, version))
    }

    pub(crate) fn has_not_obeyed(&self, gate: &Remote, version: u64) {
        assert_eq!(self.receipt(gate.id, version), None);
    }

    /// A receipt of the end of a key: signed by the gate, proved by the ledger. Returns when the gate last let a request of
    /// the key pass.
    pub(crate) fn proves(&self, gate: &Remote, key: &str, changed: Changed) -> Option<Timestamp> {
        let receipt = self.obeyed(gate, changed.version);
        let signed = receipt["acknowledgement"].as_str().unwrap();
        let known = self.rest.get("alice", &format!("/v1/gates/{}", gate.id));
        let public: PublicKey = known["public_key"].as_str().unwrap().parse().unwrap();
        let own = SigningKey::parse(&gate.place.read("sumun-data/gate.key")).unwrap().public();
        assert_eq!(public, own, "the key that is on record is the one that never left the gate");
        let ack = Acknowledgement::verify(signed, &public).unwrap();
        assert_eq!(ack.gate.as_str(), gate.id);
        assert!((ack.from..=ack.to).contains(&changed.version), "{ack:?}");
        for other in self.gates.iter().filter(|other| other.id != gate.id) {
            let other = SigningKey::parse(&other.place.read("sumun-data/gate.key")).unwrap().public();
            assert!(Acknowledgement::verify(signed, &other).is_err(), "another gate's key verifies it too");
        }

        let last = ack.last_admitted.iter().find(|last| last.key.as_str() == key);
        let last = last.unwrap_or_else(|| panic!("{key} is not named: {ack:?}"));
        assert!(last.at.is_none_or(|at| at <= ack.acknowledged_at), "{ack:?}");
        let [only] = ack.last_admitted.as_slice() else { panic!("one key was changed: {ack:?}") };
        assert_eq!(only.key.as_str(), key);

        let entry = self.entry_of(gate.id, signed);
        assert!(entry > changed.entry, "obeyed before it was on record");
        let payload = self.proved(entry, "receipt.taken");
        assert_eq!(payload["rows"][0]["row"]["acknowledgement"], signed);
        assert_eq!(payload["facts"]["gate"], gate.id);
        last.at
    }

    /// Index of the entry that holds this acknowledgement.
    fn entry_of(&self, gate: &str, signed: &str) -> u64 {
        let entries = self.rest.get("alice", "/v1/ledger/entries?limit=1000");
        let holds = |entry: &&Value| {
            entry["class"] == "receipt.taken"
                && entry["payload"]["rows"][0]["row"]["acknowledgement"] == signed
        };
        let found: Vec<&Value> = entries["items"].as_array().unwrap().iter().filter(holds).collect();
        let [entry] = found.as_slice() else { panic!("{} entries of this receipt of {gate}", found.len()) };
        entry["index"].as_u64().unwrap()
    }

    /// The payload of an entry, once the verifier has proved that the signed tree holds it and nothing else.
    pub(crate) fn proved(&self, index: u64, class: &str) -> Value {
        let mut entry = self.rest.get("alice", &format!("/v1/ledger/entries/{index}"));
        if entry["masked"] != json!([]) {
            // Proving it takes the whole payload, and that is on record.
            entry = self.rest.get("alice", &format!("/v1/ledger/entries/{index}?reason=a%20made-up%20case"));
        }
        let proof = self.rest.ask("alice", "GET", &format!("/v1/ledger/entries/{index}/proof"), None).text;
        let mut salt = [0; 32];
        hex::decode_to_slice(entry["salt"].as_str().unwrap(), &mut salt).unwrap();
        let sequenced: Timestamp = entry["sequenced"].as_str().unwrap().parse().unwrap();
        let canonical = Canonical::of(&entry["payload"]).unwrap();
        let vkey = self.house.place.read("sumun-data/ledger/vkey");
        let prove = |payload: &str| {
            let sequenced = sequenced.as_micros().try_into().unwrap();
            verify_proof(&proof, Disclosed::Payload { class, sequenced, salt: &salt, payload }, vkey.trim())
        };
        let proven = prove(canonical.as_str()).unwrap();
        assert_eq!((proven.index, proven.class.as_str()), (index, class));
        assert!(prove(&canonical.as_str().replacen('1', "2", 1)).is_err(), "a forged payload is proved too");
        entry["payload"].clone()
    }
}

//! Entries of the record as people read them: personal data and digests of secrets are masked, and shown only for a reason
//! that is itself recorded first (L11). Whoever verifies needs neither: leaves, proofs and the published folder are whole.
//!
//! With a masked payload the salt is kept back too: with it anybody could try telephone numbers until the commitment fits.

use crate::actor::{Actor, Role};
use crate::call::{Call, Planned};
use crate::govern::{Govern, change, facts, not_found, store_refusal};
use crate::keys::capability::Sentence;
use crate::parties::mask;
use crate::parties::person_read::check_reason;
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use crate::staff::require;
use serde_json::{Value, json};
use std::net::IpAddr;
use sumun_model::Timestamp;
use sumun_store::EntryRow;
use sumun_store::tables::{CAMPAIGN_KEYS, GATES, KEYS, PERSONS, TOKENS, USERS};

/// Who may see an entry unmasked: of those who check the record, the ones who may see personal data.
pub const READ_ROLES: &[Role] = &[Role::Auditor, Role::ComplianceLead];

/// What each masked column holds: Korean, English.
const MASKED_SAID: &[(&str, &str, &str)] = &[
    ("persons.name", "개인의 이름", "a person's name"),
    ("persons.email", "개인의 이메일 주소", "a person's e-mail address"),
    ("persons.phone", "개인의 전화번호", "a person's telephone number"),
    ("users.name", "직원의 이름", "a colleague's name"),
    ("users.email", "직원의 이메일 주소", "a colleague's e-mail address"),
    (
        "users.credential",
        "직원의 비밀번호와 인증 수단을 가리키는 값",
        "the digest that names a colleague's password and second factor",
    ),
    ("users.invite", "직원 초대 코드의 해시", "the digest of a colleague's invite"),
    ("gates.invite", "게이트 초대 코드의 해시", "the digest of a gate's invite"),
    ("tokens.digest", "시스템 토큰의 해시", "the digest of a system token"),
    ("keys.secret", "보관 중인 시크릿 키를 가리키는 값", "the digest that names the key's sealed secret"),
    (
        "keys.exposure",
        "유출 대조에 쓰는 시크릿 키의 해시",
        "the digest by which a key's secret is known when it is found",
    ),
    (
        "campaign_keys.body.declared.lent_before",
        "소유자가 밝힌 과거의 타인 사용 여부",
        "whether its owner said that somebody else used the key before",
    ),
];

/// What a masked column holds, in words; its own name where there are none.
#[must_use]
pub fn masked_said(column: &str) -> Sentence {
    let found = MASKED_SAID.iter().find(|(known, ..)| *known == column);
    let (ko, en) = found.map_or((column, column), |(_, ko, en)| (*ko, *en));
    Sentence { ko: ko.to_owned(), en: en.to_owned() }
}

/// What is left of a column.
type Mask = fn(&str) -> String;

/// Columns that hold personal data, what an owner admitted of himself, or digests by which a secret that was found could be told. A dot leads
/// into a column of JSON.
const MASKED: &[(&str, &str, Mask)] = &[
    (PERSONS.name, "name", mask::name),
    (PERSONS.name, "email", mask::email),
    (PERSONS.name, "phone", mask::phone),
    (USERS.name, "name", mask::name),
    (USERS.name, "email", mask::email),
    (USERS.name, "credential", hidden),
    (USERS.name, "invite", hidden),
    (GATES.name, "invite", hidden),
    (TOKENS.name, "digest", hidden),
    (KEYS.name, "secret", hidden),
    (KEYS.name, "exposure", hidden),
    (CAMPAIGN_KEYS.name, "body.declared.lent_before", hidden),
];

fn hidden(_: &str) -> String {
    "***".to_owned()
}

/// An entry as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadEntry {
    /// Index in the tree, from 0.
    pub index: u64,
    /// What happened.
    pub class: String,
    /// When it was sequenced.
    pub at: Timestamp,
    /// The leaf, as text.
    pub leaf: String,
    /// Randomness of the commitment; `None` if masked or erased.
    pub salt: Option<[u8; 32]>,
    /// The payload; `None` once erased.
    pub payload: Option<Value>,
    /// Which columns are masked, as `table.column`.
    pub masked: Vec<String>,
    /// Index of the entry that records this reading, if it is unmasked.
    pub recorded: Option<u64>,
}

impl ReadEntry {
    fn whole(row: EntryRow) -> Self {
        let payload = row.payload.and_then(|payload| serde_json::from_str(&payload).ok());
        let (index, class, at, leaf, salt) = (row.index, row.class, row.at, row.leaf, row.salt);
        Self { index, class, at, leaf, salt, payload, masked: Vec::new(), recorded: None }
    }

    fn masked(row: EntryRow) -> Self {
        let mut entry = Self::whole(row);
        entry.masked = entry.payload.as_mut().map(mask_payload).unwrap_or_default();
        entry.salt = entry.salt.filter(|_| entry.masked.is_empty());
        entry
    }
}

/// Masks the rows of a payload, and names what it masked.
fn mask_payload(payload: &mut Value) -> Vec<String> {
    let mut masked = Vec::new();
    let rows = payload.get_mut("rows").and_then(Value::as_array_mut);
    for written in rows.into_iter().flatten() {
        let table = written.get("table").and_then(Value::as_str).unwrap_or_default().to_owned();
        let Some(image) = written.get_mut("row") else { continue };
        for (_, column, mask) in MASKED.iter().filter(|(of, ..)| *of == table) {
            let at = format!("/{}", column.replace('.', "/"));
            if let Some(value) = image.pointer_mut(&at).filter(|value| !value.is_null()) {
                *value = json!(mask(value.as_str().unwrap_or_default()));
                masked.push(format!("{table}.{column}"));
            }
        }
    }
    masked.sort_unstable();
    masked.dedup();
    masked
}

/// Whose data the rows of a payload hold.
fn subjects(entry: &ReadEntry) -> Vec<String> {
    let rows = entry.payload.as_ref().and_then(|payload| payload.get("rows")?.as_array());
    let of = |row: &Value| {
        let table = [&PERSONS, &USERS].into_iter().find(|table| row["table"] == table.name)?;
        Some(format!("{}:{}", table.key, row["row"][table.key].as_str()?))
    };
    rows.into_iter().flatten().filter_map(of).collect()
}

impl Govern {
    /// Entries from this index on, masked.
    ///
    /// # Errors
    /// The store's.
    pub async fn entries_masked(&self, from: u64, limit: u32) -> Result<Vec<ReadEntry>, Refusal> {
        let rows = self.store.entries(from, limit).await.map_err(store_refusal)?;
        Ok(rows.into_iter().map(ReadEntry::masked).collect())
    }

    /// One entry, masked.
    ///
    /// # Errors
    /// `not_found`, the store's.
    pub async fn entry_masked(&self, index: u64) -> Result<ReadEntry, Refusal> {
        Ok(ReadEntry::masked(self.entry_row(index).await?))
    }

    /// One entry as it was written, after the ledger has who saw it and why. Machines see none.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `reason_missing`, the store's: then nothing was shown.
    pub async fn read_entry(
        &self,
        actor: &Actor,
        index: u64,
        reason: &str,
        from: Option<IpAddr>,
    ) -> Result<ReadEntry, Refusal> {
        require(actor, READ_ROLES)?;
        if actor.session.is_none() {
            return Err(Refusal::new(
                RefusalKind::Forbidden,
                "forbidden",
                "only a person who is signed in sees personal data",
                "sign in yourself, or read the entry without `reason`",
            ));
        }
        let reason = check_reason(reason)?;
        let mut entry = ReadEntry::whole(self.entry_row(index).await?);
        let (class, subjects) = (&entry.class, &subjects(&entry));
        // Without an idempotency key: the answer to a repeated request is kept, and this one must not be.
        let call = Call::default();
        let done = self
            .run(actor, &call, |now| async move {
                let mut facts = facts(actor);
                facts.insert("entry".to_owned(), json!(index));
                facts.insert("class".to_owned(), json!(class));
                facts.insert("subjects".to_owned(), json!(subjects));
                facts.insert("reason".to_owned(), json!(reason));
                facts.insert("from".to_owned(), json!(from));
                let change = change("read.entry", now, facts);
                let title = format!("read entry {index} unmasked");
                let plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change };
                Ok(Planned { plan, value: (), status: 200 })
            })
            .await?;
        // Shown only with its record.
        let recorded = done.committed.ok_or_else(|| not_found("entry", &index.to_string()))?;
        entry.recorded = Some(recorded.entry);
        Ok(entry)
    }

    async fn entry_row(&self, index: u64) -> Result<EntryRow, Refusal> {
        let row = self.store.entry(index).await.map_err(store_refusal)?;
        row.ok_or_else(|| not_found("entry", &index.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_masked_column_has_words() {
        for (table, column, _) in MASKED {
            let column = format!("{table}.{column}");
            let said = masked_said(&column);
            assert!(said.ko != column && said.en != column, "{column}");
        }
        assert_eq!(MASKED.len(), MASKED_SAID.len());
    }

    #[test]
    fn what_an_owner_admitted_is_masked_whichever_it_was() {
        for said in [true, false] {
            let declared = json!({ "who": { "who": "myself" }, "lent_before": said, "by": "customer:C1/P1", "at_us": 1, "consent": null });
            let row =
                json!({ "member": "E1/K1", "body": { "progress": {}, "declared": declared, "task": null } });
            let undeclared =
                json!({ "member": "E1/K2", "body": { "progress": {}, "declared": null, "task": null } });
            let rows = [row, undeclared].map(|row| json!({ "table": "campaign_keys", "row": row }));
            let mut payload = json!({ "rows": rows });
            assert_eq!(mask_payload(&mut payload), ["campaign_keys.body.declared.lent_before"]);
            assert_eq!(payload["rows"][0]["row"]["body"]["declared"]["lent_before"], "***");
            assert_eq!(payload["rows"][0]["row"]["body"]["declared"]["by"], "customer:C1/P1");
        }
    }
}

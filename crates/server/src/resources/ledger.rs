//! The record and its proofs. Checkpoints and proofs show hashes only; entries show what happened, and are for those who check.
//! Personal data in them is masked unless a reason is given, which is recorded first.

use super::keys::SentenceView;
use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::parameter::{Kind, NUMBER_MAX, PAGE_MAX, Parameter};
use crate::problem::Problem;
use crate::view::page;
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use sumun_govern::Govern;
use sumun_govern::govern::store_refusal;
use sumun_govern::keys::read::ended_keys;
use sumun_govern::record::{ReadEntry, masked_said};
use sumun_ledger::{Rows, TlogProof, consistency, consistency_rows, inclusion, inclusion_rows};
use utoipa::ToSchema;

/// One entry.
#[derive(Serialize, ToSchema)]
pub(crate) struct LedgerEntry {
    /// Index in the tree, from 0.
    pub index: u64,
    /// What happened.
    #[schema(example = "key.issued")]
    pub class: String,
    /// When it was sequenced.
    #[schema(format = DateTime)]
    pub sequenced: String,
    /// Hex commitment to class and payload.
    pub commitment: String,
    /// The leaf, as it stands in the tree.
    pub leaf: String,
    /// Hex randomness of the commitment; null if masked or erased.
    pub salt: Option<String>,
    /// What is committed to; null once erased.
    pub payload: Option<Value>,
    /// Which columns of the payload are masked: personal data, and digests of secrets.
    #[schema(example = json!(["persons.name"]))]
    pub masked: Vec<String>,
    /// The same in words, in the same order.
    pub masked_said: Vec<SentenceView>,
    /// Rules that the payload names by their ids, in words: those of the policy by which it was decided. One that nothing explains any more is
    /// left out.
    #[schema(example = json!({ "ladder.timed_out": { "ko": "재확인 기한이 지남", "en": "The time for re-verification ran out" } }))]
    pub rules: BTreeMap<String, SentenceView>,
    /// Keys that ended by it, whatever it is called.
    #[schema(example = json!(["K1"]))]
    pub ended_keys: Vec<String>,
    /// Index of the entry that records this reading, if it was asked for with a reason.
    pub recorded: Option<u64>,
}

impl LedgerEntry {
    fn of(govern: &Govern, entry: ReadEntry) -> Self {
        let rules = entry.payload.as_ref().map(|payload| govern.rules_said(payload)).unwrap_or_default();
        Self {
            index: entry.index,
            masked_said: entry.masked.iter().map(|column| masked_said(column).into()).collect(),
            rules: rules.into_iter().map(|(id, said)| (id, said.into())).collect(),
            ended_keys: ended_keys(&entry.class, entry.payload.as_ref()),
            class: entry.class,
            sequenced: entry.at.to_string(),
            commitment: entry.leaf.lines().nth(3).unwrap_or_default().to_owned(),
            leaf: entry.leaf,
            salt: entry.salt.map(hex::encode),
            payload: entry.payload,
            masked: entry.masked,
            recorded: entry.recorded,
        }
    }
}

/// That one tree begins with another.
#[derive(Serialize, ToSchema)]
pub(crate) struct Consistency {
    /// Size of the old tree.
    pub from: u64,
    /// Size of the new one.
    pub to: u64,
    /// Hashes in base64, as RFC 6962 orders them.
    pub proof: Vec<String>,
    /// The signed checkpoint of the new one.
    pub checkpoint: String,
}

/// The two parameters of lists of entries, which are named by their index.
pub(super) const ENTRIES: [Parameter; 2] = [
    Parameter {
        name: "after",
        kind: Kind::Integer(0, NUMBER_MAX),
        required: false,
        about: "Only entries after this index: `next` of the page before.",
    },
    Parameter {
        name: "limit",
        kind: Kind::Integer(1, PAGE_MAX),
        required: false,
        about: "At most this many; 100 if absent.",
    },
];
const FROM: Parameter = Parameter {
    name: "from",
    kind: Kind::Integer(0, NUMBER_MAX),
    required: true,
    about: "Size of the tree you know.",
};

const REASON: Parameter = Parameter {
    name: "reason",
    kind: Kind::Reason,
    required: false,
    about: "Shows it unmasked, and records who asked and why (auditors and compliance leads who are signed in). Without it, it is shown masked.",
};

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::LEDGER_CHECKPOINT, "ledger", "The signed head · 서명된 체크포인트")
            .about("C2SP tlog-checkpoint. A witness may take it without signing in.")
            .gives_other("text/plain; charset=utf-8", "The checkpoint."),
        async |asked: Asked| Ok(Answer::text(asked.server.govern.store.head().checkpoint.to_string())),
    );
    api.add(
        operation(&access::LEDGER_ENTRIES, "ledger", "Entries in order · 기록 목록")
            .about("Personal data and digests of secrets are masked.")
            .query(&ENTRIES)
            .gives::<LedgerPage>(StatusCode::OK, "One page, in order."),
        entries,
    );
    api.add(
        operation(&access::LEDGER_ENTRY, "ledger", "One entry · 기록 하나")
            .about("Personal data and digests of secrets are masked; to see them is itself recorded.")
            .query(&[REASON])
            .gives::<LedgerEntry>(StatusCode::OK, "The entry."),
        one,
    );
    api.add(
        operation(&access::LEDGER_PROOF, "ledger", "Proof of one entry · 기록의 증명")
            .about("C2SP tlog-proof@v1, to be checked offline; the leaf is its extra data.")
            .gives_other("text/plain; charset=utf-8", "The proof."),
        proof,
    );
    api.add(
        operation(&access::LEDGER_CONSISTENCY, "ledger", "That the log only grew · 일관성 증명")
            .query(&[FROM])
            .gives::<Consistency>(StatusCode::OK, "The proof."),
        consistent,
    );
}

/// One page of entries.
#[derive(Serialize, ToSchema)]
pub(crate) struct LedgerPage {
    /// In order.
    pub items: Vec<LedgerEntry>,
    /// `after` of the next page; null at the end.
    pub next: Option<String>,
}

async fn entries(asked: Asked) -> Result<Answer, Problem> {
    let limit = asked.limit();
    let from = asked.query_number("after").map_or(0, |after| after + 1);
    let more = u32::try_from(limit + 1).unwrap_or(u32::MAX);
    let rows = asked.server.govern.entries_masked(from, more).await?;
    let items: Vec<_> = rows.into_iter().map(|row| LedgerEntry::of(&asked.server.govern, row)).collect();
    Answer::ok(&page(items, limit, |last| last.index.to_string()))
}

fn index(asked: &Asked) -> Result<u64, Problem> {
    // Its form is checked already.
    asked.path("index")?.parse().map_err(|_| Problem::not_found("entry", "of that index"))
}

async fn one(asked: Asked) -> Result<Answer, Problem> {
    let (govern, index) = (&asked.server.govern, index(&asked)?);
    let entry = match asked.query("reason") {
        None => govern.entry_masked(index).await?,
        Some(reason) => govern.read_entry(asked.actor()?, index, reason, asked.source).await?,
    };
    Answer::ok(&LedgerEntry::of(govern, entry))
}

async fn proof(asked: Asked) -> Result<Answer, Problem> {
    let index = index(&asked)?;
    let head = asked.server.govern.store.head();
    if index >= head.size {
        return Err(Problem::not_found("entry", &index.to_string()));
    }
    asked.server.govern.entry_seen(asked.actor()?, index).await?;
    let leaf = asked.server.govern.entry_masked(index).await?.leaf;
    let rows = hashes(&asked, &inclusion_rows(index, head.size)).await?;
    let hashes = inclusion(index, head.size, |place| rows.hash(place)).map_err(|_| unprovable())?;
    let proof =
        TlogProof { extra: Some(leaf.into_bytes()), index, hashes, checkpoint: head.checkpoint.to_string() };
    Ok(Answer::text(proof.render()))
}

async fn consistent(asked: Asked) -> Result<Answer, Problem> {
    let from = asked.query_number("from").unwrap_or_default();
    let head = asked.server.govern.store.head();
    if from > head.size {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "log_shorter",
            format!("the log has {} entries, fewer than the {from} you know", head.size),
            "keep your checkpoint: if it is signed by this log's key, it proves that entries were taken away",
        )
        .at("from"));
    }
    let rows = hashes(&asked, &consistency_rows(from, head.size)).await?;
    let proof = consistency(from, head.size, |place| rows.hash(place)).map_err(|_| unprovable())?;
    use base64::Engine;
    let proof = proof.iter().map(|hash| base64::prelude::BASE64_STANDARD.encode(hash.0)).collect();
    Answer::ok(&Consistency { from, to: head.size, proof, checkpoint: head.checkpoint.to_string() })
}

async fn hashes(asked: &Asked, rows: &[u64]) -> Result<Rows, Problem> {
    Ok(asked.server.govern.store.hashes(rows).await.map_err(store_refusal)?)
}

fn unprovable() -> Problem {
    Problem::fault("proof_unmakeable", "stored hashes are missing; run `sumun ledger verify`")
}

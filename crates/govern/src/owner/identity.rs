//! The exchange says whether it has verified an owner's identity anew (R9). What it signs is read by the server; here is what follows.

use super::tell;
use super::verification::{Half, Identity, Verification, VerificationState};
use super::{put_facts, system};
use crate::call::{Call, Planned};
use crate::govern::Govern;
use crate::refusal::{Refusal, RefusalKind};
use serde_json::json;
use sumun_model::{AccountId, ActKind, CustomerId, KeyId, Timestamp};
use sumun_store::tables::VERIFICATIONS;

/// What the exchange says, once everything about it holds and it was not used before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityWord {
    /// Whose identity.
    pub customer: CustomerId,
    /// For the verification of this key; none: for every open one of the account, or of the customer.
    pub key: Option<KeyId>,
    /// For those of this account.
    pub account: Option<AccountId>,
    /// How it was verified: a word of the exchange's own.
    pub method: String,
    /// Whether it was.
    pub passed: bool,
    /// When.
    pub at: Timestamp,
    /// Hex SHA-256 of what names the callback for ever.
    pub evidence: String,
}

/// Most verifications of one customer that one word is about.
const OF_CUSTOMER_MAX: usize = 1_000;

/// How far the exchange's clock may be behind ours, and what whole seconds cut off, microseconds.
const BEHIND_US_MAX: i64 = 5_000_000;

impl Govern {
    /// Notes it in every open verification it is about; gives their ids.
    ///
    /// # Errors
    /// `no_verification` if there is none, `identity_early` if it was verified before it was asked for; the store's.
    pub async fn identity_told(&self, word: &IdentityWord) -> Result<Vec<String>, Refusal> {
        let equals = vec![("customer", json!(word.customer)), ("state", json!(VerificationState::Open))];
        let (mut about, mut early) = (Vec::new(), false);
        for row in self.rows_where(&VERIFICATIONS, equals, None, OF_CUSTOMER_MAX).await? {
            let found = Verification::of(&row)?;
            let key = word.key.as_ref().is_none_or(|key| found.keys().any(|of| of == key.as_str()));
            let account = word.account.as_ref().is_none_or(|account| found.account == account.as_str());
            let anew = found.opened_us <= word.at.as_micros().saturating_add(BEHIND_US_MAX);
            early |= key && account && !anew;
            if key && account && anew {
                about.push(found.verification);
            }
        }
        if about.is_empty() && early {
            return Err(Refusal::new(
                RefusalKind::Conflict,
                "identity_early",
                format!("this identity was verified at {}, before it was asked for", word.at),
                "verify it anew; what was shown before counts for nothing here",
            ));
        }
        if about.is_empty() {
            return Err(Refusal::new(
                RefusalKind::NotFound,
                "no_verification",
                "no identity of this customer, account or key is waited for",
                "check the ids; where nothing is asked, nothing has to be sent",
            ));
        }
        for id in &about {
            self.identity_noted(id, word).await?;
        }
        Ok(about)
    }

    async fn identity_noted(&self, id: &str, word: &IdentityWord) -> Result<(), Refusal> {
        let actor = &system("exchange");
        let event = &format!("{id}/identity/{}", word.evidence.get(..16).unwrap_or_default());
        let done = self
            .run(actor, &Call::default(), |now| async move {
                let mut found = self.verification_loaded(actor, id).await?;
                // Who has shown it is not asked again by a later, worse word.
                if found.state != VerificationState::Open || found.identity.state == Half::Passed {
                    return Err(Refusal::new(
                        RefusalKind::Conflict,
                        "identity_settled",
                        format!("identity is not waited for in `{id}`"),
                        "nothing has to be done",
                    ));
                }
                found.identity = Identity {
                    state: if word.passed { Half::Passed } else { Half::Failed },
                    method: Some(word.method.clone()),
                    at_us: Some(word.at.as_micros()),
                    evidence: Some(word.evidence.clone()),
                };
                let title = format!("note what the exchange says of the identity in {id}");
                let mut plan = found.planned("verification.identity", title, actor, now);
                put_facts(
                    &mut plan.change.facts,
                    [
                        ("method", json!(word.method)),
                        ("result", json!(if word.passed { "passed" } else { "failed" })),
                        ("at", json!(word.at)),
                        ("evidence", json!(word.evidence)),
                        ("event", json!(event)),
                    ],
                );
                tell::verification(&mut plan, "verification.identity", &found, now);
                let code = if word.passed { "identity_passed" } else { "identity_failed" };
                self.case_reverified(&mut plan, &found, (code, &actor.principal), [], now).await?;
                Ok(Planned { plan, value: found.key, status: 200 })
            })
            .await;
        match done {
            Err(refusal) if refusal.code == "identity_settled" => Ok(()),
            Ok(done) if word.passed => {
                self.owner_acted(&done.value, ActKind::IdentityVerified, (word.at, event)).await
            }
            done => done.map(|_| ()),
        }
    }
}

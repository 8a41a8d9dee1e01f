//! How another policy comes: proposed by one, put in force by another, the former one retired by it.

use super::in_force::{bad, check_sound, read};
use super::row::{PolicyRow, PolicyState, digest};
use crate::actor::{Actor, Role};
use crate::approvals::Approval;
use crate::call::{Call, Done, Planned};
use crate::govern::{Govern, change, check_if_match, facts, store_refusal};
use crate::keys::access::reason;
use crate::plan::{Effect, Plan};
use crate::proposal::{POLICY_ACTIVATE, Proposal, subject_changed, unreadable};
use crate::refusal::{Refusal, RefusalKind};
use crate::row::{replace, unchanged};
use crate::staff::{fresh, require};
use crate::venue::adopt::SYSTEM_OPERATOR;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sumun_model::Timestamp;
use sumun_store::Filter;
use sumun_store::tables::POLICIES;

/// Who proposes a policy and has it put in force.
pub const ROLES: &[Role] = &[Role::ComplianceLead];
/// Longest text of a policy, in bytes.
pub const TEXT_BYTES_MAX: usize = 256 * 1024;

/// A policy beside the one in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyAnswer {
    /// The policy.
    pub policy: PolicyRow,
    /// What it changes beside the one in force, segment by segment: lines in English, then in Korean.
    pub differs: Vec<String>,
    /// The approval that putting it in force waits for.
    pub waits_for: Option<String>,
    /// Its ladders in plain words, where it is read alone; empty if the text can no longer be read.
    #[serde(default)]
    pub explained: Vec<Explained>,
}

/// The ladder of a segment in plain words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explained {
    /// Which; none for keys of no known segment, and for what every segment inherits.
    pub segment: Option<String>,
    /// In Korean.
    pub ko: String,
    /// In English.
    pub en: String,
}

/// What an approval of a policy freezes.
#[derive(Serialize, Deserialize)]
struct Frozen {
    policy: String,
    digest: String,
    /// Digest of the one in force then; none if none was.
    before: Option<String>,
    differs: Vec<String>,
    reason: String,
}

impl Govern {
    /// Adopts the shipped policy where the record has none yet.
    ///
    /// # Errors
    /// `policy_bad`, the store's.
    pub async fn adopt_first_policy(&self, actor: &Actor, text: &str) -> Result<(), Refusal> {
        let any = Filter { limit: 1, ..Filter::default() };
        if !self.store.list(&POLICIES, &any).await.map_err(store_refusal)?.is_empty() {
            return self.reload_policy().await;
        }
        if actor.principal != SYSTEM_OPERATOR {
            require(actor, ROLES)?;
        }
        self.run(actor, &Call::default(), |now| async move {
            let mut row = drawn_up(actor, text, now)?;
            (row.state, row.activated_us) = (PolicyState::Active, Some(now.as_micros()));
            let mut facts = facts(actor);
            facts.insert("policy".to_owned(), json!(row.policy));
            facts.insert("digest".to_owned(), json!(row.digest));
            let mut change = change("policy.activated", now, facts);
            change.writes.push(replace(&POLICIES, None, row.image()));
            let title = format!("adopt policy {}", row.policy);
            let plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change };
            Ok(Planned { plan, value: (), status: 201 })
        })
        .await?;
        self.reload_policy().await
    }

    /// Keeps a policy's text, read and linted. It is in force nowhere.
    ///
    /// # Errors
    /// `forbidden`, `policy_bad`, `policy_unsound`, `policy_known` if its id and version are taken.
    pub async fn propose_policy(
        &self,
        actor: &Actor,
        text: &str,
        call: &Call,
    ) -> Result<Done<PolicyAnswer>, Refusal> {
        require(actor, ROLES)?;
        self.run(actor, call, |now| async move {
            let row = drawn_up(actor, text, now)?;
            if self.row(&POLICIES, &row.policy).await?.is_some() {
                return Err(Refusal::new(
                    RefusalKind::Conflict,
                    "policy_known",
                    format!("there is a policy `{}` already, and a version never changes", row.policy),
                    "raise `version` in `[policy]`",
                )
                .at("/text"));
            }
            check_sound(&row.text, self.detector_check)?;
            let mut facts = facts(actor);
            facts.insert("policy".to_owned(), json!(row.policy));
            facts.insert("digest".to_owned(), json!(row.digest));
            let mut change = change("policy.proposed", now, facts);
            change.writes.push(replace(&POLICIES, None, row.image()));
            let title = format!("propose policy {}", row.policy);
            let plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change };
            let differs = self.differs(&row).await?;
            Ok(Planned { plan, value: answer(row, differs, None), status: 201 })
        })
        .await
    }

    /// Asks that a policy be put in force; another compliance lead decides.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `policy_state`, `policy_unsound`, `approval_open`, `reason_missing`.
    pub async fn activate_policy(
        &self,
        actor: &Actor,
        policy: &str,
        why: &str,
        call: &Call,
    ) -> Result<Done<PolicyAnswer>, Refusal> {
        require(actor, ROLES)?;
        self.run(actor, call, |now| async move {
            fresh(&self.venue(), actor, now)?;
            let image = self.row_or_not_found(&POLICIES, "policy", policy).await?;
            let row = PolicyRow::of(&image)?;
            check_if_match(call, "policy", policy, row.version)?;
            if row.state == PolicyState::Active {
                return Err(in_state(&row, "in force already"));
            }
            // What an earlier program let in is looked at again.
            check_sound(&row.text, self.detector_check)?;
            let frozen = Frozen {
                policy: row.policy.clone(),
                digest: row.digest.clone(),
                before: self.active_policy().await?.map(|active| active.digest),
                differs: self.differs(&row).await?,
                reason: reason("reason", why)?.to_owned(),
            };
            let proposal = Proposal {
                action: POLICY_ACTIVATE,
                subject: format!("policy:{policy}"),
                request: json!(frozen),
                role: Role::ComplianceLead,
                reason: why,
                reads: vec![unchanged(&POLICIES, policy, Some(&image))],
            };
            let (plan, approval) = self.propose(actor, proposal, now).await?;
            let value = answer(row, frozen.differs, Some(approval));
            Ok(Planned { plan, value, status: 202 })
        })
        .await
    }

    /// Takes a policy that is not in force out of the choice.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `policy_state`.
    pub async fn retire_policy(
        &self,
        actor: &Actor,
        policy: &str,
        why: &str,
        call: &Call,
    ) -> Result<Done<PolicyAnswer>, Refusal> {
        require(actor, ROLES)?;
        self.run(actor, call, |now| async move {
            let image = self.row_or_not_found(&POLICIES, "policy", policy).await?;
            let before = PolicyRow::of(&image)?;
            check_if_match(call, "policy", policy, before.version)?;
            let why = reason("reason", why)?;
            if before.state != PolicyState::Proposed {
                return Err(in_state(
                    &before,
                    "not one that waits: what is in force ends when another one begins",
                ));
            }
            let mut row = PolicyRow { state: PolicyState::Retired, ..before };
            let mut facts = facts(actor);
            facts.insert("policy".to_owned(), json!(policy));
            facts.insert("reason".to_owned(), json!(why));
            let mut change = change("policy.retired", now, facts);
            change.writes.push(replace(&POLICIES, Some(&image), row.image()));
            row.version += 1;
            let title = format!("retire policy {policy}");
            let plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change };
            let value = answer(row, Vec::new(), None);
            Ok(Planned { plan, value, status: 200 })
        })
        .await
    }

    /// What granting an approval of a policy writes: it is in force, the former one is not.
    pub(crate) async fn policy_approved(
        &self,
        actor: &Actor,
        approval: &Approval,
        now: Timestamp,
    ) -> Result<Plan, Refusal> {
        let frozen: Frozen =
            serde_json::from_value(approval.request.clone()).map_err(|_| unreadable(approval))?;
        let image = self.row_or_not_found(&POLICIES, "policy", &frozen.policy).await?;
        let row = PolicyRow::of(&image)?;
        let active = self.active_policy().await?;
        if row.digest != frozen.digest
            || active.as_ref().map(|active| &active.digest) != frozen.before.as_ref()
        {
            return Err(subject_changed(approval));
        }
        read(&row.text)?;
        let mut facts = facts(actor);
        facts.insert("policy".to_owned(), json!(row.policy));
        facts.insert("digest".to_owned(), json!(row.digest));
        facts.insert("reason".to_owned(), json!(frozen.reason));
        facts.insert("differs".to_owned(), json!(frozen.differs));
        let mut change = change("policy.activated", now, facts);
        let mut effects = Vec::new();
        let effect = |policy: &str, before: PolicyState, after: PolicyState| Effect {
            subject: format!("policy:{policy}"),
            field: "state".to_owned(),
            before: json!(before),
            after: json!(after),
        };
        if let Some(active) = active {
            let retired = PolicyRow { state: PolicyState::Retired, ..active.clone() };
            effects.push(effect(&active.policy, active.state, retired.state));
            change.writes.push(replace(&POLICIES, Some(&active.image()), retired.image()));
        }
        let after =
            PolicyRow { state: PolicyState::Active, activated_us: Some(now.as_micros()), ..row.clone() };
        effects.push(effect(&row.policy, row.state, after.state));
        change.writes.push(replace(&POLICIES, Some(&image), after.image()));
        let title = format!("put policy {} in force", row.policy);
        Ok(Plan { title, effects, warnings: Vec::new(), change })
    }
}

fn answer(policy: PolicyRow, differs: Vec<String>, waits_for: Option<String>) -> PolicyAnswer {
    PolicyAnswer { policy, differs, waits_for, explained: Vec::new() }
}

fn in_state(row: &PolicyRow, what: &str) -> Refusal {
    Refusal::new(
        RefusalKind::Conflict,
        "policy_state",
        format!("policy `{}` is {what}", row.policy),
        "look at the list of policies for what can be done with which",
    )
}

fn drawn_up(actor: &Actor, text: &str, now: Timestamp) -> Result<PolicyRow, Refusal> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(bad(&format!("{} bytes, at most {TEXT_BYTES_MAX} are kept", text.len())));
    }
    let policy = read(text)?;
    Ok(PolicyRow {
        policy: policy.policy,
        digest: digest(text),
        text: text.to_owned(),
        state: PolicyState::Proposed,
        proposed_by: actor.principal.clone(),
        proposed_us: now.as_micros(),
        activated_us: None,
        version: 1,
    })
}

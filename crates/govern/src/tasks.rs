//! Tasks: what somebody of staff has to do. Nothing a customer sees depends on one (L3).

use crate::actor::Actor;
use crate::call::{Call, Done, Planned};
use crate::govern::{Govern, change, check_if_match, facts, not_found, store_refusal};
use crate::keys::access::{INSIDE, reason};
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use crate::row::{image, replace, typed};
use crate::staff::require;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use sumun_model::{Timestamp, Value};
use sumun_store::tables::{MEASURES, TASKS};
use sumun_store::{Filter, Image};

/// What there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Look at a hold before it lapses.
    ReviewHold,
    /// Decide what policy proposes.
    DecideProposal,
    /// Decide whether a suspicious report is due.
    ConsiderReport,
    /// Tell the owner by other means: a notice could not be delivered.
    ReachOwner,
    /// Look into what an owner objects to; closing the case decides it.
    ReviewObjection,
    /// End a key at the exchange: it has ended here and is still served there. Of no case.
    EndAtExchange,
    /// Make the exchange do what was decided of a key: its key API did not, or its own log shows that it did not. Of no case.
    ActAtExchange,
}

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Waits.
    Open,
    /// Done.
    Done,
    /// Without an object.
    Dropped,
}

/// What a task says, and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskBody {
    /// About which key.
    pub key: Option<String>,
    /// More, by name.
    pub values: BTreeMap<String, Value>,
    /// Who did it.
    pub done_by: Option<String>,
    /// When.
    pub done_us: Option<i64>,
    /// What came of it, in own words.
    pub result: Option<String>,
}

/// A task as the table holds it. Times are microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskRow {
    /// Its id.
    pub task: String,
    /// In which case.
    pub case_id: String,
    /// What there is to do.
    pub kind: TaskKind,
    /// Where it stands.
    pub state: TaskState,
    /// Whose it is.
    pub assignee: Option<String>,
    /// Since when.
    pub created_us: i64,
    /// By when.
    pub due_us: Option<i64>,
    /// What it says.
    pub body: TaskBody,
    /// The row's version.
    pub version: i64,
}

/// Who does tasks.
pub const WORKERS: &[crate::Role] =
    &[crate::Role::Analyst, crate::Role::Approver, crate::Role::ComplianceLead];

/// Adds a task to a plan.
pub(crate) fn add(plan: &mut Plan, task: &TaskRow) {
    plan.change.writes.push(replace(&TASKS, None, image(task)));
}

impl TaskRow {
    /// A new one.
    #[must_use]
    pub fn new(id: String, case_id: &str, kind: TaskKind, key: Option<&str>, now: Timestamp) -> Self {
        Self {
            task: id,
            case_id: case_id.to_owned(),
            kind,
            state: TaskState::Open,
            assignee: None,
            created_us: now.as_micros(),
            due_us: None,
            body: TaskBody { key: key.map(str::to_owned), ..TaskBody::default() },
            version: 1,
        }
    }

    /// By this time.
    #[must_use]
    pub fn due(mut self, due: Option<Timestamp>) -> Self {
        self.due_us = due.map(Timestamp::as_micros);
        self
    }

    pub(crate) fn done(mut self, by: &str, result: &str, now: Timestamp) -> Self {
        self.state = TaskState::Done;
        self.body.done_by = Some(by.to_owned());
        self.body.done_us = Some(now.as_micros());
        self.body.result = Some(result.to_owned());
        self
    }

    pub(crate) fn of(row: &Image) -> Result<Self, Refusal> {
        typed(&TASKS, row)
    }
}

impl Govern {
    /// Tasks, by id.
    ///
    /// # Errors
    /// `forbidden`, the store's.
    pub async fn tasks(
        &self,
        actor: &Actor,
        case_id: Option<&str>,
        state: Option<&str>,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<TaskRow>, Refusal> {
        require(actor, INSIDE)?;
        let columns = [("case_id", case_id), ("state", state)];
        let equals = columns.into_iter().filter_map(|(name, value)| Some((name, json!(value?)))).collect();
        let filter = Filter { equals, after, limit: limit.clamp(1, Filter::LIMIT_MAX), ..Filter::default() };
        let rows = self.store.list(&TASKS, &filter).await.map_err(store_refusal)?;
        rows.iter().map(TaskRow::of).collect()
    }

    /// One task.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, the store's.
    pub async fn task(&self, actor: &Actor, id: &str) -> Result<TaskRow, Refusal> {
        require(actor, INSIDE)?;
        TaskRow::of(&self.row(&TASKS, id).await?.ok_or_else(|| not_found("task", id))?)
    }

    /// A task is done, with what came of it in own words.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `reason_missing`, `task_closed`, `own_measure`.
    pub async fn finish_task(
        &self,
        actor: &Actor,
        id: &str,
        result: &str,
        call: &Call,
    ) -> Result<Done<TaskRow>, Refusal> {
        require(actor, WORKERS)?;
        self.run(actor, call, |now| async move {
            let before = self.row_or_not_found(&TASKS, "task", id).await?;
            let task = TaskRow::of(&before)?;
            check_if_match(call, "task", id, task.version)?;
            if task.state != TaskState::Open {
                return Err(Refusal::new(
                    RefusalKind::Conflict,
                    "task_closed",
                    format!("task `{id}` is closed already"),
                    "nothing has to be done; its case says what came of it",
                ));
            }
            let result = reason("result", result)?;
            if task.kind == TaskKind::ReviewObjection {
                self.not_his_measure(actor, &task.case_id).await?;
            }
            let mut task = task.done(&actor.principal, result, now);
            let mut facts = facts(actor);
            facts.insert("task".to_owned(), json!(id));
            facts.insert("case".to_owned(), json!(task.case_id));
            facts.insert("kind".to_owned(), json!(task.kind));
            facts.insert("result".to_owned(), json!(result));
            let mut change = change("task.done", now, facts);
            change.writes.push(replace(&TASKS, Some(&before), image(&task)));
            task.version += 1;
            let title = format!("finish task {id}");
            let mut plan = Plan { title, effects: Vec::new(), warnings: Vec::new(), change };
            self.campaign_reached(&mut plan, &task, now).await?;
            Ok(Planned { plan, value: task, status: 200 })
        })
        .await
    }

    /// Open tasks of this kind with this value in that column, as they are stored.
    async fn open_tasks(
        &self,
        kind: TaskKind,
        of: Option<(&'static str, &str)>,
    ) -> Result<Vec<Image>, Refusal> {
        let mut equals = vec![("kind", json!(kind)), ("state", json!(TaskState::Open))];
        equals.extend(of.map(|(column, value)| (column, json!(value))));
        let filter = Filter { equals, limit: Filter::LIMIT_MAX, ..Filter::default() };
        self.store.list(&TASKS, &filter).await.map_err(store_refusal)
    }

    /// A hold is over: nobody has to look at it any more.
    pub(crate) async fn hold_reviewed(
        &self,
        plan: &mut Plan,
        key: &str,
        (by, result): (&str, &str),
        now: Timestamp,
    ) -> Result<(), Refusal> {
        for before in self.open_tasks(TaskKind::ReviewHold, None).await? {
            let task = TaskRow::of(&before)?;
            if task.body.key.as_deref() == Some(key) {
                let task = task.done(by, result, now);
                plan.change.writes.push(replace(&TASKS, Some(&before), image(&task)));
            }
        }
        Ok(())
    }

    /// A case is decided, and with it what was objected to in it: not by whoever took a measure there.
    pub(crate) async fn objections_decided(
        &self,
        plan: &mut Plan,
        case_id: &str,
        (actor, result): (&Actor, &str),
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let open = self.open_tasks(TaskKind::ReviewObjection, Some(("case_id", case_id))).await?;
        if !open.is_empty() {
            self.not_his_measure(actor, case_id).await?;
        }
        for before in open {
            let task = TaskRow::of(&before)?.done(&actor.principal, result, now);
            plan.change.writes.push(replace(&TASKS, Some(&before), image(&task)));
        }
        Ok(())
    }

    async fn not_his_measure(&self, actor: &Actor, case_id: &str) -> Result<(), Refusal> {
        let equals = vec![("case_id", json!(case_id)), ("by", json!(actor.principal))];
        let filter = Filter { equals, limit: 1, ..Filter::default() };
        if self.store.list(&MEASURES, &filter).await.map_err(store_refusal)?.is_empty() {
            return Ok(());
        }
        Err(Refusal::new(
            RefusalKind::Forbidden,
            "own_measure",
            format!("`{}` took a measure in case `{case_id}`, and its owner objects", actor.principal),
            "let another entitled person decide about the objection",
        ))
    }
}

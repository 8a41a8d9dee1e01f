//! Tasks: what somebody of staff has to do.

use super::cases::ResultBody;
use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::parameter::{Kind, Parameter};
use crate::problem::Problem;
use crate::view::{page, view};
use crate::written::written;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sumun_store::tables::TASKS;
use utoipa::ToSchema;

/// A task.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct TaskView {
    /// Its id.
    pub task: String,
    /// In which case.
    pub case_id: String,
    /// `review_hold`, `decide_proposal`, `consider_report`, `reach_owner`, `review_objection`, `end_at_exchange` or `act_at_exchange`.
    pub kind: String,
    /// `open`, `done` or `dropped`.
    pub state: String,
    /// Whose it is.
    pub assignee: Option<String>,
    /// Since when.
    #[schema(format = DateTime)]
    pub created: String,
    /// By when.
    #[schema(format = DateTime)]
    pub due: Option<String>,
    /// About what, and what came of it.
    pub body: Value,
    /// Version of the row.
    pub version: i64,
}

const NARROW: [Parameter; 2] = [
    Parameter {
        name: "state",
        kind: Kind::OneOf(&["open", "done", "dropped"]),
        required: false,
        about: "Only in this state.",
    },
    Parameter { name: "case", kind: Kind::Id, required: false, about: "Only in this case." },
];

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::TASK_LIST, "tasks", "Tasks · 할 일 목록").query(&NARROW).lists::<TaskView>(),
        list,
    );
    api.add(
        operation(&access::TASK_GET, "tasks", "One task · 할 일 조회")
            .gives::<TaskView>(StatusCode::OK, "The task.")
            .versioned(),
        async |asked: Asked| {
            let row = asked.server.govern.task(asked.actor()?, asked.path("task")?).await?;
            let shown: TaskView = view(&row)?;
            Ok(Answer::ok(&shown)?.version(shown.version))
        },
    );
    api.add(
        operation(&access::TASK_FINISH, "tasks", "It is done · 할 일 완료")
            .takes::<ResultBody>()
            .writes::<TaskView>(StatusCode::OK, "Done."),
        async |asked: Asked| {
            let body: ResultBody = asked.body()?;
            let (id, result) = (asked.path("task")?, body.result.as_str());
            let done = asked.server.govern.finish_task(asked.actor()?, id, result, &asked.call).await?;
            written(StatusCode::OK, done, |task| view::<TaskView>(&task))
        },
    );
}

async fn list(asked: Asked) -> Result<Answer, Problem> {
    let wanted = asked.page_of(&TASKS).await?;
    let (case, state) = (asked.query("case"), asked.query("state"));
    let tasks = asked.server.govern.tasks(asked.actor()?, case, state, wanted.after, wanted.limit).await?;
    let views = tasks.iter().map(view::<TaskView>).collect::<Result<Vec<_>, _>>()?;
    Answer::ok(&page(views, asked.limit(), |last| last.task.clone()))
}

//! Everything kept about a customer's keys that he may see, to take away.

mod csv;

use super::activity::ActivityView;
use super::keys::KeyView;
use super::owner_addresses::AddressView;
use super::owner_notices::{NoticeView, ObjectionView};
use super::owner_questions::QuestionView;
use super::owner_verifications::VerificationView;
use super::shapes::SaidView;
use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::parameter::{Kind, PAGE, Parameter};
use crate::problem::Problem;
use crate::view::view;
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One thing that happened to a key, as its owner may know it.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct HappenedView {
    /// Index of the ledger entry.
    pub entry: u64,
    /// What happened.
    pub class: String,
    /// When it was sequenced.
    #[schema(format = DateTime)]
    pub at: String,
    /// Who did it; `staff` for staff.
    pub actor: Option<String>,
    /// Whether its facts were erased since.
    pub erased: bool,
}

/// A measure on a key, as its owner may know it.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct OwnMeasureView {
    /// `warn`, `hold`, `reverify` or `expire`.
    pub measure: String,
    /// Since when.
    #[schema(format = DateTime)]
    pub began: String,
    /// Until when at the latest, if there is such a time.
    #[schema(format = DateTime)]
    pub until: Option<String>,
    /// When it ended; null: it holds.
    #[schema(format = DateTime)]
    pub ended: Option<String>,
}

/// Everything about one key.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ExportedKeyView {
    /// The key.
    pub key: KeyView,
    /// What happened to it, in order.
    pub timeline: Vec<HappenedView>,
    /// Its addresses.
    pub addresses: Vec<AddressView>,
    /// What was asked about it, and what was said.
    pub questions: Vec<QuestionView>,
    /// Its renewed verifications.
    pub verifications: Vec<VerificationView>,
    /// Measures on it.
    pub measures: Vec<OwnMeasureView>,
    /// What it did.
    pub activity: ActivityView,
}

/// What is not in an export, and why.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct LeftOutView {
    /// Of which key; null: of all.
    pub key: Option<String>,
    /// What, and why.
    pub say: SaidView,
}

/// Everything kept about a customer's keys that he may see.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct OwnerExportView {
    /// When it was made.
    #[schema(format = DateTime)]
    pub at: String,
    /// About which customer.
    #[schema(example = "C1")]
    pub customer: String,
    /// His keys, 100 at most in one part.
    #[schema(max_items = 100)]
    pub keys: Vec<ExportedKeyView>,
    /// What he was told, with its texts; in the first part.
    pub notices: Vec<NoticeView>,
    /// What he objected; in the first part.
    pub objections: Vec<ObjectionView>,
    /// What is not in it, and why.
    pub left_out: Vec<LeftOutView>,
    /// `after` of the next part; null: this was the last.
    pub next: Option<String>,
}

const FORMAT: Parameter = Parameter {
    name: "format",
    kind: Kind::OneOf(&["json", "csv"]),
    required: false,
    about: "`json` if absent; `csv`: one table of the same facts, `text/csv` in UTF-8 with a byte order mark.",
};

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::OWNER_EXPORT, "owners", "Everything kept about my keys · 내 키 정보 내려받기")
            .about(
                "Never a secret. A hundred keys a part, in order; `next` names where the next part begins, and a `Link` with `rel=\"next\"` \
                 asks for it, also of a table. What is not in it is said in `left_out`. One at a time for each person: while it is made, \
                 another waits some seconds for its turn, and is then answered 429 `under_way`, or 503 `too_busy` where those of others are made.",
            )
            .query(&[FORMAT, PAGE[0]])
            .gives::<OwnerExportView>(StatusCode::OK, "One part, as a file.")
            .gives_other("text/csv", "One part, as a file."),
        export,
    );
}

async fn export(asked: Asked) -> Result<Answer, Problem> {
    let turn = asked.server.exports.take(asked.actor()?, "an export").await?;
    let export = asked.server.govern.owner_export(asked.actor()?, asked.query("after")).await?;
    drop(turn);
    let shown: OwnerExportView = view(&export)?;
    // The day it was made, as `20261120`.
    let day: String = shown.at.chars().take(10).filter(char::is_ascii_digit).collect();
    let name = |kind: &str| format!("attachment; filename=\"sumun-export-{day}.{kind}\"");
    let (answer, format) = match asked.query("format") {
        Some("csv") => (Answer::typed(StatusCode::OK, "text/csv; charset=utf-8", csv::of(&shown)), "csv"),
        _ => (Answer::ok(&shown)?, "json"),
    };
    let answer = answer.with(header::CONTENT_DISPOSITION, &name(format));
    Ok(match &shown.next {
        // An id holds no letter that would end the address, but some that an address writes otherwise.
        Some(next) => {
            answer.with(header::LINK, &format!("<?format={format}&after={}>; rel=\"next\"", encoded(next)))
        }
        None => answer,
    })
}

/// As a value in a query.
fn encoded(id: &str) -> String {
    id.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
        out
    })
}

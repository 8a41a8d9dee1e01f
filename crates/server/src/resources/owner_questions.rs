//! *Is it you?*: what owners are asked about requests from addresses that are not registered, and what they say.

use super::shapes::SaidView;
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
use sumun_govern::owner::questions::Reply;
use sumun_store::tables::QUESTIONS;
use utoipa::ToSchema;

/// What a question is about.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct QuestionAboutView {
    /// The first request's event id.
    pub event: String,
    /// How many requests, at least.
    pub count: i64,
    /// Whether they were refused, and not only recorded.
    pub enforced: bool,
    /// What the first one's client calls itself.
    pub client: Option<String>,
    /// Number of the network, if known.
    pub asn: Option<u32>,
    /// Country of the network, if known.
    pub country: Option<String>,
    /// Why it closed unanswered, if not for want of time: `key_ended`.
    #[serde(default)]
    pub closed: Option<String>,
}

/// Where a question stands.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum QuestionStateWord {
    /// It waits for its answer.
    Open,
    /// It was answered.
    Answered,
    /// It waits for no answer any more, and nothing follows: nobody answered in time, or its key ended, which `about.closed` says.
    Lapsed,
}

/// What an owner says.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReplyWord {
    /// It was he: the address is registered.
    Me,
    /// It was not: the key ends at once, as leaked.
    NotMe,
}

/// A question.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct QuestionView {
    /// Its id.
    pub question: String,
    /// About which key.
    pub key: String,
    /// Of which account.
    pub account: String,
    /// Which address.
    pub address: String,
    /// Where it stands.
    pub state: QuestionStateWord,
    /// When the first request was seen.
    #[schema(format = DateTime)]
    pub asked: String,
    /// When the last one counted was seen.
    #[schema(format = DateTime)]
    pub last_seen: String,
    /// When it closes unanswered.
    #[schema(format = DateTime)]
    pub until: String,
    /// What was said.
    pub answer: Option<ReplyWord>,
    /// When.
    #[schema(format = DateTime)]
    pub answered: Option<String>,
    /// What is known of the requests.
    #[serde(rename(deserialize = "body"))]
    pub about: QuestionAboutView,
    /// What is asked, in words.
    pub say: Vec<SaidView>,
    /// Version of the row.
    pub version: i64,
}

/// An answer.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerBody {
    /// Whether it was he.
    pub answer: ReplyWord,
}

pub(crate) const OF_KEY: Parameter =
    Parameter { name: "key", kind: Kind::Id, required: false, about: "Only about this key." };
const STATE: Parameter = Parameter {
    name: "state",
    kind: Kind::OneOf(&["open", "answered", "lapsed"]),
    required: false,
    about: "Only those in this state.",
};

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::QUESTION_LIST, "owners", "Is it you? · 본인 확인 질문 목록")
            .about("Customers see their own.")
            .query(&[OF_KEY, STATE])
            .lists::<QuestionView>(),
        async |asked: Asked| -> Result<_, Problem> {
            let wanted = (asked.query("key"), asked.query("state"));
            let found = asked
                .server
                .govern
                .questions(asked.actor()?, asked.page_of(&QUESTIONS).await?, wanted)
                .await?;
            let views = found.iter().map(view::<QuestionView>).collect::<Result<Vec<_>, _>>()?;
            Answer::ok(&page(views, asked.limit(), |last| last.question.clone()))
        },
    );
    api.add(
        operation(&access::QUESTION_GET, "owners", "One question · 본인 확인 질문 조회")
            .gives::<QuestionView>(StatusCode::OK, "The question.")
            .versioned(),
        async |asked: Asked| {
            let found = asked.server.govern.question(asked.actor()?, asked.path("question")?).await?;
            let shown: QuestionView = view(&found)?;
            Ok(Answer::ok(&shown)?.version(shown.version))
        },
    );
    api.add(
        operation(&access::QUESTION_ANSWER, "owners", "Answer · 본인 확인 답하기")
            .about(
                "Either answer takes a second factor. `me` registers the address by the rules of the segment; `not_me` ends the key \
                 at once, for ever, as leaked.",
            )
            .takes::<AnswerBody>()
            .writes::<QuestionView>(StatusCode::OK, "Answered."),
        async |asked: Asked| {
            let AnswerBody { answer } = asked.body()?;
            let reply = match answer {
                ReplyWord::Me => Reply::Me,
                ReplyWord::NotMe => Reply::NotMe,
            };
            let id = asked.path("question")?;
            let done = asked.server.govern.answer_question(asked.actor()?, id, reply, &asked.call).await?;
            written(StatusCode::OK, done, |question| view::<QuestionView>(&question))
        },
    );
}

//! Notices as their addressees read them, their word that they have, and objections followed to the end.

use super::owner_questions::OF_KEY;
use super::shapes::SaidView;
use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::parameter::{Kind, Parameter};
use crate::problem::Problem;
use crate::text::{Id, Reason};
use crate::view::{page, view};
use crate::written::written;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sumun_govern::notices::deliver::Confirmation;
use sumun_store::tables::{NOTICES, OBJECTIONS};
use utoipa::ToSchema;

/// A notice.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct NoticeView {
    /// Its id.
    pub notice: String,
    /// About which account.
    pub account: Option<String>,
    /// About which key.
    pub key: Option<String>,
    /// What it is about.
    #[schema(example = "measure.warn")]
    pub kind: String,
    /// `email`, `portal` or `webhook`.
    pub channel: String,
    /// `queued`, `sent`, `delivered`, `failed` or `acknowledged`.
    pub state: String,
    /// When it was written.
    #[schema(format = DateTime)]
    pub created: String,
    /// When its delivery was proved.
    #[schema(format = DateTime)]
    pub delivered: Option<String>,
    /// When it was acknowledged.
    #[schema(format = DateTime)]
    pub acknowledged: Option<String>,
    /// What it says.
    pub say: Vec<SaidView>,
    /// Version of the row.
    pub version: i64,
}

/// An objection, and how it stands.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ObjectionView {
    /// Its id.
    pub objection: String,
    /// About which key.
    pub key: Option<String>,
    /// Against which notice.
    pub notice: String,
    /// What was written.
    pub text: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// `received`, `in_review`, `upheld` or `not_upheld`.
    pub state: String,
    /// When it was decided.
    #[schema(format = DateTime)]
    pub decided: Option<String>,
    /// How it stands, in words.
    pub say: Vec<SaidView>,
    /// Version of the row.
    pub version: i64,
}

/// An objection to be made.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ObjectionBody {
    /// Against which notice.
    pub notice: Id,
    /// Why, in your own words; it goes into the case as it is.
    pub text: Reason,
}

/// What the exchange says of a notice that it took over.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmationBody {
    /// Whether it reached its addressee.
    pub delivered: bool,
    /// The proof, or the cause: a push service's receipt, a mail server's answer. No address.
    pub proof: Reason,
}

/// Which notice was confirmed.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ConfirmedView {
    /// Its id.
    pub notice: String,
}

const STATE: Parameter = Parameter {
    name: "state",
    kind: Kind::OneOf(&["queued", "sent", "delivered", "failed", "acknowledged"]),
    required: false,
    about: "Only those in this state.",
};

pub(crate) fn add(api: &mut Api) {
    notices(api);
    objections(api);
}

fn notices(api: &mut Api) {
    api.add(
        operation(&access::NOTICE_LIST, "owners", "Notices · 알림 목록")
            .about("Customers see their own.")
            .query(&[OF_KEY, STATE])
            .lists::<NoticeView>(),
        async |asked: Asked| -> Result<_, Problem> {
            let wanted = (asked.query("key"), asked.query("state"));
            let found =
                asked.server.govern.letters(asked.actor()?, asked.page_of(&NOTICES).await?, wanted).await?;
            let views = found.iter().map(view::<NoticeView>).collect::<Result<Vec<_>, _>>()?;
            Answer::ok(&page(views, asked.limit(), |last| last.notice.clone()))
        },
    );
    api.add(
        operation(&access::NOTICE_GET, "owners", "One notice · 알림 조회")
            .gives::<NoticeView>(StatusCode::OK, "The notice.")
            .versioned(),
        async |asked: Asked| {
            let found = asked.server.govern.letter(asked.actor()?, asked.path("notice")?).await?;
            let shown: NoticeView = view(&found)?;
            Ok(Answer::ok(&shown)?.version(shown.version))
        },
    );
    api.add(
        operation(&access::NOTICE_CONFIRM, "owners", "Say what came of a notice · 알림 전달 확인")
            .about("For the exchange's back end, which takes notices over from the file. A proved delivery is never taken back.")
            .takes::<ConfirmationBody>()
            .writes::<ConfirmedView>(StatusCode::OK, "Recorded."),
        async |asked: Asked| {
            let said: Confirmation = asked.body_as::<ConfirmationBody, _>()?;
            let id = asked.path("notice")?;
            let done = asked.server.govern.confirm_notice(asked.actor()?, id, &said, &asked.call).await?;
            written(StatusCode::OK, done, |notice| Ok(ConfirmedView { notice }))
        },
    );
    api.add(
        operation(&access::NOTICE_ACKNOWLEDGE, "owners", "Say that you have read it · 알림 확인")
            .about("The first time counts; saying so again changes nothing.")
            .writes::<NoticeView>(StatusCode::OK, "Acknowledged."),
        async |asked: Asked| {
            let id = asked.path("notice")?;
            let done = asked.server.govern.acknowledge(asked.actor()?, id, &asked.call).await?;
            written(StatusCode::OK, done, |notice| view::<NoticeView>(&notice))
        },
    );
}

const ABOUT_KEY: Parameter =
    Parameter { name: "key", kind: Kind::Id, required: false, about: "Only about this key." };

fn objections(api: &mut Api) {
    api.add(
        operation(&access::OBJECTION_LIST, "owners", "Objections · 이의 목록")
            .about("Customers see their own.")
            .query(&[ABOUT_KEY])
            .lists::<ObjectionView>(),
        async |asked: Asked| -> Result<_, Problem> {
            let found = asked
                .server
                .govern
                .objections(asked.actor()?, asked.page_of(&OBJECTIONS).await?, asked.query("key"))
                .await?;
            let views = found.iter().map(view::<ObjectionView>).collect::<Result<Vec<_>, _>>()?;
            Answer::ok(&page(views, asked.limit(), |last| last.objection.clone()))
        },
    );
    api.add(
        operation(&access::OBJECTION_GET, "owners", "One objection · 이의 조회")
            .gives::<ObjectionView>(StatusCode::OK, "The objection, and how it stands."),
        async |asked: Asked| {
            let found = asked.server.govern.objection(asked.actor()?, asked.path("objection")?).await?;
            Answer::ok(&view::<ObjectionView>(&found)?)
        },
    );
    api.add(
        operation(&access::OBJECTION_MAKE, "owners", "Object to a notice · 이의 제기")
            .about("It goes into the case behind the notice, and is followed here to its end.")
            .takes::<ObjectionBody>()
            .writes::<ObjectionView>(StatusCode::CREATED, "On file."),
        async |asked: Asked| {
            let ObjectionBody { notice, text } = asked.body()?;
            let (notice, text) = (notice.as_str(), text.as_str());
            let done = asked.server.govern.object(asked.actor()?, notice, text, &asked.call).await?;
            written(StatusCode::CREATED, done, |objection| view::<ObjectionView>(&objection))
        },
    );
}

//! Accepting an invite: a password first, then the first code of the second factor. Whoever holds the invite may.

use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::operation::operation;
use crate::problem::Problem;
use crate::resources::sessions::OpenedView;
use crate::resources::users::UserView;
use crate::text::{Code, Opaque, Password};
use crate::view::view;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sumun_govern::staff::{EnrolmentConfirm, EnrolmentRequest};
use utoipa::ToSchema;

/// An invite is accepted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnrolmentBody {
    /// The invite.
    pub invite: Opaque,
    /// The password.
    pub password: Password,
}

/// The second factor works.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnrolmentConfirmBody {
    /// The invite.
    pub invite: Opaque,
    /// What the authenticator shows.
    pub totp: Code,
}

/// What goes into the authenticator. Shown here and nowhere else.
#[derive(Serialize, ToSchema)]
pub(crate) struct EnrollingView {
    /// Who.
    pub user: String,
    /// `otpauth://…`, with the secret.
    pub otpauth: String,
}

/// Somebody who has enrolled, and is signed in by it: his code cannot be used a second time.
#[derive(Serialize, ToSchema)]
pub(crate) struct EnrolledView {
    /// Who.
    #[serde(flatten)]
    pub user: UserView,
    /// His first session; null if none could be opened, then he signs in with his next code.
    pub session: Option<OpenedView>,
}

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::ENROLMENT_CREATE, "users", "Accept an invite · 초대 수락")
            .about(
                "May be repeated until it is confirmed; each time the authenticator's secret is a new one.",
            )
            .takes::<EnrolmentBody>()
            .gives::<EnrollingView>(StatusCode::CREATED, "Put this into the authenticator, then confirm."),
        enrol,
    );
    api.add(
        operation(&access::ENROLMENT_CONFIRM, "users", "Confirm the second factor · 2차 인증 확인")
            .about("Who has shown a password and a first code is signed in: that code counts once.")
            .takes::<EnrolmentConfirmBody>()
            .gives::<EnrolledView>(StatusCode::OK, "Enrolled, and signed in."),
        confirm,
    );
}

async fn enrol(asked: Asked) -> Result<Answer, Problem> {
    let EnrolmentBody { invite, password } = asked.body()?;
    let request = EnrolmentRequest { invite: invite.into_string(), password: password.into_string() };
    let enrolling = asked.server.govern.enrol_user(&request).await?;
    let shown = EnrollingView { user: enrolling.user, otpauth: enrolling.otpauth.to_string() };
    Answer::json(StatusCode::CREATED, &shown)
}

async fn confirm(asked: Asked) -> Result<Answer, Problem> {
    let EnrolmentConfirmBody { invite, totp } = asked.body()?;
    let request = EnrolmentConfirm { invite: invite.into_string(), totp: totp.into_string() };
    let enrolled = asked.server.govern.confirm_enrolment(&request, asked.source).await?;
    let user: UserView = view(&enrolled.user)?;
    Answer::ok(&EnrolledView {
        user,
        session: enrolled.session.as_ref().map(|session| OpenedView::of(session, &asked.server)),
    })
}

//! Renewed verification: what is outstanding, the control test step by step, and the exchange's word on identity.

use super::key_actions::{IssuedView, RotateBody, issued};
use super::owner_questions::OF_KEY;
use super::shapes::SaidView;
use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::identity_callback;
use crate::operation::operation;
use crate::parameter::{Kind, Parameter};
use crate::problem::Problem;
use crate::text::Opaque;
use crate::view::{page, view};
use crate::written::written;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sumun_govern::Done;
use sumun_govern::govern::store_refusal;
use sumun_govern::keys::rotate::Rotation;
use sumun_store::tables::VERIFICATIONS;
use utoipa::ToSchema;

/// One step of a control test.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ControlStepView {
    /// `stop_and_start`, `code` or `rotate_and_watch`.
    pub kind: String,
    /// `hidden`, `running`, `passed` or `failed`.
    pub state: String,
    /// Why it failed.
    pub why: Option<String>,
    /// Commitment to its draw: hex SHA-256.
    pub commitment: String,
    /// Whoever does not know the draw passes at most once in so many.
    pub one_in: String,
    /// Its draw, once shown.
    pub draw: Option<Value>,
    /// The salt of its commitment, once shown.
    pub salt: Option<String>,
    /// Its present window: from.
    #[schema(format = DateTime)]
    pub from: Option<String>,
    /// Its present window: until.
    #[schema(format = DateTime)]
    pub until: Option<String>,
}

/// One control test.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ControlTestView {
    /// Which, from 1.
    pub number: u32,
    /// `open`, `passed`, `failed` or `void`.
    pub state: String,
    /// Commitment to all draws.
    pub commitment: String,
    /// By luck one in so many passes.
    pub one_in: String,
    /// When its draws were committed.
    #[schema(format = DateTime)]
    pub committed: String,
    /// When it ended.
    #[schema(format = DateTime)]
    pub ended: Option<String>,
    /// Its steps.
    pub steps: Vec<ControlStepView>,
}

/// A renewed verification.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct VerificationView {
    /// Its id.
    pub verification: String,
    /// Of which key; after a rotation on the way, the new one.
    pub key: String,
    /// Of which account.
    pub account: String,
    /// The case it belongs to; for those who look into suspicions.
    pub case_id: Option<String>,
    /// `open`, `proved`, `failed`, `timed_out` or `closed`.
    pub state: String,
    /// `outstanding`, `passed` or `failed`.
    pub identity: String,
    /// How the exchange verified it.
    pub method: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    pub identity_at: Option<String>,
    /// `outstanding`, `passed` or `failed`.
    pub control: String,
    /// When it was opened.
    #[schema(format = DateTime)]
    pub opened: String,
    /// When its time runs out.
    #[schema(format = DateTime)]
    pub until: Option<String>,
    /// Control tests that failed.
    pub failures: i64,
    /// Control tests, in order.
    pub tests: Vec<ControlTestView>,
    /// What to do now, by when, what is next, in words.
    pub say: Vec<SaidView>,
    /// Version of the row.
    pub version: i64,
}

/// What the exchange signs.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentityCallbackBody {
    /// A compact JWS, `EdDSA`, `typ` `sumun-identity+jwt`: `aud` (the venue's), `iat` (at most an hour ago), `jti` (used once), `sub` (the
    /// customer), `method` (a word), `result` (`passed` or `failed`); `key`, `account`, `at` (seconds since 1970) if it is about less than
    /// every open verification of the customer, or about another time than `iat`.
    pub callback: Opaque,
}

/// What it was about.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct IdentityNotedView {
    /// The verifications that noted it.
    pub verifications: Vec<String>,
}

const STATE: Parameter = Parameter {
    name: "state",
    kind: Kind::OneOf(&["open", "proved", "failed", "timed_out", "closed"]),
    required: false,
    about: "Only those in this state.",
};

fn one(
    status: StatusCode,
    done: Done<sumun_govern::owner::verification::VerificationView>,
) -> Result<Answer, Problem> {
    written(status, done, |found| view::<VerificationView>(&found))
}

pub(crate) fn add(api: &mut Api) {
    reading(api);
    api.add(
        operation(&access::VERIFICATION_TEST, "owners", "Start a control test · 통제권 확인 시작")
            .about("Takes a second factor. Its draws are committed to the record now and shown step by step.")
            .writes::<VerificationView>(StatusCode::CREATED, "Committed; nothing of it is shown yet."),
        async |asked: Asked| {
            let id = asked.path("verification")?;
            one(StatusCode::CREATED, asked.server.govern.start_test(asked.actor()?, id, &asked.call).await?)
        },
    );
    api.add(
        operation(&access::VERIFICATION_STEP, "owners", "Open the next step · 다음 단계 열기")
            .about("Takes a second factor. Time runs from this moment.")
            .writes::<VerificationView>(StatusCode::OK, "Shown: `say` says what to do, by when."),
        async |asked: Asked| {
            let id = asked.path("verification")?;
            one(StatusCode::OK, asked.server.govern.next_step(asked.actor()?, id, &asked.call).await?)
        },
    );
    api.add(
        operation(
            &access::VERIFICATION_ROTATE,
            "owners",
            "Rotate because a step asks for it · 확인을 위한 키 교체",
        )
        .about("The old key ends at once; the new secret is shown once, in this answer. Measures go along.")
        .takes::<RotateBody>()
        .writes::<IssuedView>(StatusCode::CREATED, "The new key."),
        async |asked: Asked| {
            let rotation: Rotation = asked.body_as::<RotateBody, _>()?;
            let id = asked.path("verification")?;
            let done =
                asked.server.govern.rotate_for_test(asked.actor()?, id, &rotation, &asked.call).await?;
            issued(StatusCode::CREATED, done)
        },
    );
    api.add(
        operation(
            &access::IDENTITY_CALLBACK,
            "owners",
            "The exchange's word on identity · 본인 확인 결과 통보",
        )
        .about("Signed by the exchange; nobody has to be signed in.")
        .takes::<IdentityCallbackBody>()
        .gives::<IdentityNotedView>(StatusCode::OK, "Noted."),
        identity,
    );
}

fn reading(api: &mut Api) {
    api.add(
        operation(&access::VERIFICATION_LIST, "owners", "Renewed verifications · 재확인 목록")
            .about("Customers see their own.")
            .query(&[OF_KEY, STATE])
            .lists::<VerificationView>(),
        async |asked: Asked| -> Result<_, Problem> {
            let wanted = (asked.query("key"), asked.query("state"));
            let found = asked
                .server
                .govern
                .verifications(asked.actor()?, asked.page_of(&VERIFICATIONS).await?, wanted)
                .await?;
            let views = found.iter().map(view::<VerificationView>).collect::<Result<Vec<_>, _>>()?;
            Answer::ok(&page(views, asked.limit(), |last| last.verification.clone()))
        },
    );
    api.add(
        operation(&access::VERIFICATION_GET, "owners", "One renewed verification · 재확인 조회")
            .gives::<VerificationView>(StatusCode::OK, "What is done, and what to do now.")
            .versioned(),
        async |asked: Asked| {
            let found = asked.server.govern.verification(asked.actor()?, asked.path("verification")?).await?;
            let shown: VerificationView = view(&found)?;
            Ok(Answer::ok(&shown)?.version(shown.version))
        },
    );
}

async fn identity(asked: Asked) -> Result<Answer, Problem> {
    let IdentityCallbackBody { callback } = asked.body()?;
    let refused = |detail: String| {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "callback_refused",
            format!("the callback is not accepted: {detail}"),
            "have the exchange sign a new one",
        )
        .with(http::header::WWW_AUTHENTICATE, "Bearer realm=\"sumun\"")
        .at("/callback")
    };
    let govern = &asked.server.govern;
    let venue = govern.venue();
    let exchange = &venue.exchange;
    let now = govern.world.now();
    let (word, until) =
        identity_callback::check(callback.as_str(), &exchange.assertion_keys, &exchange.audience, now)
            .map_err(|error| refused(error.to_string()))?;
    // Noted first and used up afterwards would let it count twice; a word lost in between is sent anew by the exchange.
    if !govern.store.use_once("identity", &word.evidence, until).await.map_err(store_refusal)? {
        return Err(refused("it was used before".to_owned()));
    }
    let verifications = govern.identity_told(&word).await?;
    Answer::ok(&IdentityNotedView { verifications })
}

//! Every no as a problem document (RFC 9457): what is wrong, what to do, and under which stable code.
//!
//! A handler returns a [`Problem`]; the outermost layer adds the request's id and writes it. Never here: a secret, a token,
//! or anything the store said that a stranger should not read.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use sumun_govern::{Refusal, RefusalKind};
use utoipa::ToSchema;

/// How long a step-up lasts, in seconds, where the venue's own time is not known. Five minutes: long enough to type a code and
/// repeat the request, short enough that a screen left alone does not decide.
const STEP_UP_AGE_S_DEFAULT: u32 = 300;

/// The error of RFC 9470.
const STEP_UP: &str = "insufficient_user_authentication";

/// A no, before the request's id is known.
#[derive(Clone, Debug)]
pub struct Problem {
    /// HTTP status.
    pub status: StatusCode,
    /// Stable word; part of the API.
    pub code: &'static str,
    /// What is wrong, with this request.
    pub detail: String,
    /// What to do about it.
    pub remedy: String,
    /// The field it is about: a JSON pointer into the body, or the parameter's name.
    pub pointer: Option<String>,
    /// Headers that belong to it.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

/// A problem document as it is sent.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "type": "urn:sumun:problem:unknown_field", "title": "Unknown field", "status": 422,
    "detail": "`/purpos` is not a field of this request", "code": "unknown_field",
    "remedy": "take it out, or use one of `account`, `purpose`", "pointer": "/purpos",
    "instance": "urn:sumun:request:5f0c9b1e7c0a4a33a1f0d2c4b6e8f001"
}))]
pub struct ProblemDocument {
    /// `urn:sumun:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code in words.
    pub title: String,
    /// HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What is wrong, with this request.
    pub detail: String,
    /// Stable word for programs.
    #[schema(pattern = "^[a-z0-9_]+$")]
    pub code: String,
    /// What to do about it.
    pub remedy: String,
    /// The field it is about: a JSON pointer into the body, or the parameter's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pointer: Option<String>,
    /// `urn:sumun:request:` and the request's id, which stands in the log too.
    pub instance: String,
}

impl Problem {
    /// A no.
    #[must_use]
    pub fn new(
        status: StatusCode,
        code: &'static str,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            remedy: remedy.into(),
            pointer: None,
            headers: Vec::new(),
        }
    }

    /// With this to do about it.
    #[must_use]
    pub(crate) fn with_remedy(mut self, remedy: &str) -> Self {
        remedy.clone_into(&mut self.remedy);
        self
    }

    /// About this field.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    /// With this header. One that cannot stand in a header is left out.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// 400: the request cannot be read.
    #[must_use]
    pub fn bad_request(code: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail, remedy)
    }

    /// 422: the request can be read, and says something it may not.
    #[must_use]
    pub fn invalid(code: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail, remedy)
    }

    /// 401: nobody known is asking.
    #[must_use]
    pub fn unauthenticated(detail: &str) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "not_signed_in",
            detail,
            "sign in at POST /v1/sessions (staff) or POST /v1/owner/sessions (customers) and send the token as \
             `Authorization: Bearer …`",
        )
        .with(header::WWW_AUTHENTICATE, "Bearer realm=\"sumun\"")
    }

    /// In the words of RFC 6750: there was a token, and it is not good.
    #[must_use]
    pub(crate) fn with_invalid_token(mut self) -> Self {
        self.headers.clear();
        self.with(header::WWW_AUTHENTICATE, "Bearer realm=\"sumun\", error=\"invalid_token\"")
    }

    /// Whether it asks for a second factor.
    pub(crate) fn is_step_up(&self) -> bool {
        let mut values = self.headers.iter().filter(|(name, _)| *name == header::WWW_AUTHENTICATE);
        values.any(|(_, value)| value.to_str().is_ok_and(|value| value.contains(STEP_UP)))
    }

    /// In the words of RFC 9470: a second factor shown within so many seconds is needed.
    pub(crate) fn with_step_up(mut self, age_s_max: u32) -> Self {
        self.headers.clear();
        let challenge = format!(
            "Bearer realm=\"sumun\", error=\"{STEP_UP}\", error_description=\"a fresh second factor is needed\", \
             acr_values=\"urn:sumun:acr:second_factor\", max_age=\"{age_s_max}\""
        );
        self.with(header::WWW_AUTHENTICATE, &challenge)
    }

    /// 403: known, and not allowed.
    #[must_use]
    pub fn forbidden(operation: &str, allowed: &str) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "role_missing",
            format!("none of your roles may do `{operation}`"),
            format!("ask someone with one of these roles: {allowed}"),
        )
    }

    /// 404: no such thing, or none this principal may see; both read the same.
    #[must_use]
    pub fn not_found(what: &str, id: &str) -> Self {
        let shown: String = id.chars().take(64).collect();
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            format!("there is no {what} `{shown}`, or none that you may see"),
            "check the id; a list of what you may see is one level up",
        )
    }

    /// 503: ours, and over in a moment.
    #[must_use]
    pub fn unavailable(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            code,
            detail,
            "repeat the request in a few seconds with the same `Idempotency-Key`; /readyz says what is missing",
        )
        .with(header::RETRY_AFTER, "2")
    }

    /// 503: ours, and the same however often it is asked. Says no time after which it would do better.
    #[must_use]
    pub fn fault(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            code,
            detail,
            "look up whether it was done, and report the request's id; repeating it changes nothing",
        )
    }

    /// The document, once the request's id is known.
    #[must_use]
    pub fn document(&self, request_id: &str) -> ProblemDocument {
        ProblemDocument {
            kind: format!("urn:sumun:problem:{}", self.code),
            title: title(self.code),
            status: self.status.as_u16(),
            detail: self.detail.clone(),
            code: self.code.to_owned(),
            remedy: self.remedy.clone(),
            pointer: self.pointer.clone(),
            instance: format!("urn:sumun:request:{request_id}"),
        }
    }

    /// The answer that is sent.
    #[must_use]
    pub fn into_answer(self, request_id: &str) -> Response {
        let body = serde_json::to_vec(&self.document(request_id)).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        for (name, value) in self.headers {
            headers.append(name, value);
        }
        response
    }
}

/// `key_state` → `Key state`.
fn title(code: &str) -> String {
    let words = code.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

impl IntoResponse for Problem {
    /// Carries the problem outwards; the outermost layer writes it.
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.kind {
            RefusalKind::Forbidden if matches!(refusal.code, "sign_in_failed" | "code_wrong") => {
                StatusCode::UNAUTHORIZED
            }
            RefusalKind::Forbidden if refusal.code == "too_many_attempts" => StatusCode::TOO_MANY_REQUESTS,
            RefusalKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            RefusalKind::Forbidden => StatusCode::FORBIDDEN,
            RefusalKind::NotFound => StatusCode::NOT_FOUND,
            RefusalKind::Conflict => StatusCode::CONFLICT,
            RefusalKind::Stale => StatusCode::PRECONDITION_FAILED,
            RefusalKind::StepUp => StatusCode::UNAUTHORIZED,
            RefusalKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        };
        let mut problem = Self::new(status, refusal.code, refusal.message, refusal.remedy);
        problem.pointer = refusal.pointer;
        if let Some(seconds) = refusal.retry_after_s {
            problem = problem.with(header::RETRY_AFTER, &seconds.to_string());
        }
        match refusal.kind {
            RefusalKind::StepUp => problem.with_step_up(STEP_UP_AGE_S_DEFAULT),
            _ if status == StatusCode::UNAUTHORIZED => {
                problem.with(header::WWW_AUTHENTICATE, "Bearer realm=\"sumun\"")
            }
            _ => problem,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_refusal_has_its_status() {
        use RefusalKind::{Conflict, Forbidden, Invalid, NotFound, Stale, StepUp, Unavailable};
        let status = |kind| Problem::from(Refusal::new(kind, "a_code", "m", "r")).status.as_u16();
        let all = [Invalid, Forbidden, NotFound, Conflict, Stale, StepUp, Unavailable].map(status);
        assert_eq!(all, [422, 403, 404, 409, 412, 401, 503]);
    }

    #[test]
    fn who_does_not_show_who_he_is_is_not_known_rather_than_not_allowed() {
        let status =
            |code| Problem::from(Refusal::new(RefusalKind::Forbidden, code, "m", "r")).status.as_u16();
        assert_eq!(["sign_in_failed", "code_wrong", "too_many_attempts"].map(status), [401, 401, 429]);
    }

    #[test]
    fn a_step_up_says_what_is_needed_in_the_words_of_rfc_9470() {
        let refusal = Refusal::new(RefusalKind::StepUp, "step_up_needed", "m", "r");
        let response = Problem::from(refusal).into_answer("00");
        let challenge = response.headers()[header::WWW_AUTHENTICATE].to_str().unwrap();
        insta::assert_snapshot!(challenge, @r#"Bearer realm="sumun", error="insufficient_user_authentication", error_description="a fresh second factor is needed", acr_values="urn:sumun:acr:second_factor", max_age="300""#);
    }

    #[test]
    fn a_document_reads_well() {
        let problem =
            Problem::invalid("unknown_field", "`/x` is not a field of this request", "take it out").at("/x");
        insta::assert_json_snapshot!(problem.document("5f0c"), @r#"
        {
          "type": "urn:sumun:problem:unknown_field",
          "title": "Unknown field",
          "status": 422,
          "detail": "`/x` is not a field of this request",
          "code": "unknown_field",
          "remedy": "take it out",
          "pointer": "/x",
          "instance": "urn:sumun:request:5f0c"
        }
        "#);
    }
}

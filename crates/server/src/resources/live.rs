//! What changes, as it changes: server-sent events for pages that are open. How they come to be: [`crate::live`].

use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::live;
use crate::operation::operation;
use crate::problem::Problem;
use http::{HeaderName, StatusCode};

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::LIVE, "service", "What changes, as it changes · 실시간 변경 알림")
            .about("Server-sent events: `event: changed` with `data: {\"kinds\": [\"cases\"], \"entries\": 42}`, at most two a second, and a comment every 15 s. What changed in the half minute before, in which a page read what it shows, is told at once. `kinds` are of: overview keys cases measures approvals signals notices questions verifications objections tasks policies gates users tokens ledger sessions venue addresses. Ends with the session.")
            .gives_other("text/event-stream", "The events.")
            .endless(),
        follow,
    );
}

async fn follow(mut asked: Asked) -> Result<Answer, Problem> {
    let signed_in = asked.signed_in.take().ok_or_else(|| Problem::unauthenticated("nobody is signed in"))?;
    let stream = live::follow(asked.server, signed_in)?;
    // A hop that gathers before it sends would make it anything but live.
    let unbuffered = HeaderName::from_static("x-accel-buffering");
    Ok(Answer::typed(StatusCode::OK, "text/event-stream", stream).with(unbuffered, "no"))
}

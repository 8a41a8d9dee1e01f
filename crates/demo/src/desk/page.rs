//! The desk's page, in Korean and English side by side: no script, anew every ten seconds.

use super::sections;
use crate::world::World;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use std::sync::Arc;

const STYLE: &str = include_str!("desk.css");

/// Something to say instead of the page.
pub(super) enum Note {
    /// The link was used.
    Used,
    /// There never was such a link.
    Unknown,
    /// Both codes that would be taken now were used here: in a moment there is another.
    NextCode,
    /// It did not work.
    Failed(String),
}

/// Text as HTML shows it, whatever stands in it.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(letter),
        }
    }
    out
}

/// One sentence in both languages.
pub(super) fn both([ko, en]: [&str; 2]) -> String {
    format!("<span lang=\"ko\">{}</span> <span lang=\"en\" class=\"en\">{}</span>", escaped(ko), escaped(en))
}

/// The address of the desk itself.
pub(super) fn home(world: &World) -> String {
    format!("http://127.0.0.1:{}/", world.ports.desk.port())
}

/// A whole page; made anew every so many seconds, if at all.
pub(super) fn stands(refresh_s: Option<u32>, body: &str) -> Html<String> {
    let refresh =
        refresh_s.map(|s| format!("<meta http-equiv=\"refresh\" content=\"{s}\">")).unwrap_or_default();
    Html(format!(
        "<!doctype html><html lang=\"ko\"><head><meta charset=\"utf-8\">{refresh}\
         <meta name=\"viewport\" content=\"width=device-width\"><title>시연 데스크 · Demo desk</title>\
         <link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"/desk.css\"></head><body><main>{body}</main></body></html>"
    ))
}

/// `GET /`.
pub(super) async fn desk(State(world): State<Arc<World>>) -> Response {
    stands(Some(10), &sections::all(&world).await).into_response()
}

/// `GET /desk.css`.
pub(super) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

/// It did not work, and why.
pub(super) fn fails(world: &World, error: &anyhow::Error) -> Response {
    note(world, StatusCode::BAD_GATEWAY, Note::Failed(format!("{error:#}")))
}

/// A page of one sentence.
pub(super) fn note(world: &World, status: StatusCode, note: Note) -> Response {
    let (refresh, said) = match note {
        Note::Used => (
            None,
            both([
                "이 로그인 링크는 이미 쓰였습니다. 링크는 한 번만 쓸 수 있습니다.",
                "This sign-in link has been used. A link works once.",
            ]),
        ),
        Note::Unknown => (None, both(["그런 로그인 링크는 없습니다.", "There is no such sign-in link."])),
        Note::NextCode => (
            Some(3),
            both([
                "인증번호는 한 번씩만 쓸 수 있습니다. 다음 번호를 기다려 곧 로그인합니다(30초 이내).",
                "A code works once. Waiting for the next one; you are signed in shortly (within 30 seconds).",
            ]),
        ),
        Note::Failed(why) => (
            None,
            both(["되지 않았습니다.", "That did not work."]) + &format!("<pre>{}</pre>", escaped(&why)),
        ),
    };
    let back = both(["새 링크는 데스크에 있습니다", "The desk has a new link"]);
    let body = format!(
        "<h1>{}</h1><p>{said}</p><p><a href=\"{}\">{back}</a></p>",
        both(["시연 데스크", "Demo desk"]),
        home(world)
    );
    (status, stands(refresh, &body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_was_written_elsewhere_becomes_markup() {
        assert_eq!(escaped("<b a=\"'\">&"), "&lt;b a=&quot;&#39;&quot;&gt;&amp;");
    }
}

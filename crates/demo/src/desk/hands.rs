//! What the watcher does with his own hands as the customer and as the exchange: stops and starts a program, sends a code, gives a
//! program its new secret, says whether an identity was verified.

use super::page::{both, escaped, fails, home, stands};
use crate::live;
use crate::world::World;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;

/// What is typed in.
#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    code: String,
    #[serde(default)]
    key: String,
    #[serde(default)]
    secret: String,
}

/// The place of a key of the customer who is played by hand.
fn place(world: &World, key: usize) -> Option<(usize, usize)> {
    let (owner, entered) = world.guided()?;
    (key < entered.keys.len()).then_some((owner.number - 1, key))
}

/// `POST /bot/N/switch/stop` and `…/start`.
pub(super) async fn switch(
    State(world): State<Arc<World>>,
    Path((key, word)): Path<(usize, String)>,
) -> Response {
    if let Some(key) = place(&world, key).and_then(|place| world.key(place)) {
        key.stop(word == "stop");
    }
    Redirect::to("/").into_response()
}

/// `POST /identity/KEY/passed` and `POST /identity/KEY/failed`.
pub(super) async fn identity(
    State(world): State<Arc<World>>,
    Path((key, word)): Path<(String, String)>,
) -> Response {
    let Some((owner, _)) = world.guided() else { return Redirect::to("/").into_response() };
    match live::identified(&world, owner, &key, word == "passed").await {
        Ok(()) => Redirect::to("/").into_response(),
        Err(error) => fails(&world, &error),
    }
}

/// `GET /bot/N`: what needs typing; this page is not made anew while somebody types.
pub(super) async fn bot(State(world): State<Arc<World>>, Path(key): Path<usize>) -> Response {
    let Some(live) = place(&world, key).and_then(|place| world.key(place)) else {
        return Redirect::to("/").into_response();
    };
    let application =
        world.guided().and_then(|(owner, _)| owner.keys.get(key)).map_or("", |key| key.application);
    let body = format!(
        "<h1>{title}</h1><p><code>{id}</code> · {application}</p>\
         <section><h2>{code_title}</h2><form method=\"post\" action=\"/bot/{key}/code\">\
         <label>{code} <input name=\"code\" required autocomplete=\"off\" placeholder=\"SUMUN-…\"></label> \
         <button>{send}</button></form></section>\
         <section><h2>{secret_title}</h2><form method=\"post\" action=\"/bot/{key}/secret\">\
         <label>{new_key} <input name=\"key\" required autocomplete=\"off\"></label> \
         <label>{new_secret} <input name=\"secret\" required autocomplete=\"off\"></label> \
         <button>{give}</button></form><p class=\"small\">{then}</p></section><p><a href=\"/\">{back}</a></p>",
        title = both(["봇에게 시킬 일", "Things for the bot to do"]),
        id = escaped(&live.issued().id),
        application = escaped(application),
        code_title = both(["직접 사용 확인 코드 보내기", "Send the code of the check"]),
        code = both(["고객 화면에 나온 코드", "the code from the owner's page"]),
        send = both(["등록된 주소에서 서명해 보내기", "send it, signed, from the registered address"]),
        secret_title = both(["새 시크릿 키 넣기", "Give it a new secret key"]),
        new_key = both(["새 키", "new key"]),
        new_secret = both(["새 시크릿 키", "new secret key"]),
        give = both(["봇에 넣기", "give it to the bot"]),
        then = both([
            "멈춘 봇은 시작할 때 새 키를 처음 씁니다. 재확인 중이면 고객 화면에 나온 시간에 시작하십시오.",
            "A stopped bot first uses it when it is started: during a re-verification, in the time that the owner's page names.",
        ]),
        back = both(["데스크로", "back to the desk"]),
    );
    stands(None, &body).into_response()
}

/// `POST /bot/N/code`.
pub(super) async fn code(
    State(world): State<Arc<World>>,
    Path(key): Path<usize>,
    Form(typed): Form<Typed>,
) -> Response {
    let Some(place) = place(&world, key) else { return Redirect::to("/").into_response() };
    match live::sends_code(&world, place, typed.code.trim()).await {
        Ok(status) => {
            let said = both(["보냈습니다. 게이트를 거친 응답:", "Sent. The answer through the gate:"]);
            let body = format!(
                "<h1>{said} {status}</h1><p><a href=\"{}\">{}</a></p>",
                home(&world),
                both(["데스크로", "back to the desk"])
            );
            stands(None, &body).into_response()
        }
        Err(error) => fails(&world, &error),
    }
}

/// `POST /bot/N/secret`.
pub(super) async fn secret(
    State(world): State<Arc<World>>,
    Path(key): Path<usize>,
    Form(typed): Form<Typed>,
) -> Response {
    if let Some(live) = place(&world, key).and_then(|place| world.key(place))
        && !typed.key.trim().is_empty()
        && !typed.secret.trim().is_empty()
    {
        live.becomes(typed.key.trim(), typed.secret.trim());
    }
    Redirect::to("/").into_response()
}

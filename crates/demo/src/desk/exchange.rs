//! The exchange's own page, as far as its customers need it here: where they sign in with a second factor and go on to their keys.
//!
//! The owner's page sends them here (`[owner] sign_in_url`, `identity_url`), as it would send them to the real one.

use super::page::{both, escaped, home, stands};
use super::sections::link;
use crate::links::{OWNER_HOST, Who};
use crate::world::World;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// Where it is, on the desk.
pub(crate) const PATH: &str = "/exchange";

/// `GET /exchange`.
pub(super) async fn page(State(world): State<Arc<World>>) -> Response {
    let Some((owner, _)) = world.guided() else { return stands(None, "").into_response() };
    let href = link(&world, &Who::Owner(owner.number - 1), OWNER_HOST);
    let body = format!(
        "<h1>{}</h1><p>{}</p><p><a href=\"{}\">{}</a></p><p class=\"small\">{}</p><p><a href=\"{}\">{}</a></p>",
        both(["시연 거래소", "The demo's exchange"]),
        both([
            "여기서는 거래소 앱이 하는 일을 대신합니다. 아래 링크는 방금 2차 인증을 마친 고객으로 ‘내 API 키’에 들어갑니다. 번호를 넣을 필요는 없습니다.",
            "This does what the exchange's app would. The link comes in to “My API keys” as the customer who has just shown his second factor. There is no code to type.",
        ]),
        escaped(&href),
        both(["2차 인증하고 ‘내 API 키’로", "Show the second factor and go to “My API keys”"]),
        escaped(&format!("{} ({})", owner.name, owner.customer())),
        escaped(&home(&world)),
        both([
            "본인 확인 버튼, 다른 고객, 편지함은 시연 데스크에 있습니다",
            "Buttons for identity, other customers and mailboxes stand on the demo's desk",
        ]),
    );
    stands(None, &body).into_response()
}

//! What the owner's page says of the venue around everything else.

use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::browsers::{Browsers, Front};
use crate::operation::operation;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// What every page for owners shows.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "venue": { "id": "example", "ko": "예시 거래소", "en": "Example Exchange" }, "banner": null,
    "sign_in_url": "https://exchange.example/keys", "identity_url": "https://exchange.example/identity",
    "check": { "program": "sumun", "ledger": "https://ledger.exchange.example", "vkey": "https://ledger.exchange.example/vkey" } }))]
pub(crate) struct OwnerFactsView {
    /// The venue.
    pub venue: OwnersVenueView,
    /// What the operator has everybody told, as in `[console] banner`.
    #[schema(required)]
    pub banner: Option<String>,
    /// Where customers sign in at the exchange, as in `[owner] sign_in_url`; null if there is no such address.
    #[schema(required)]
    pub sign_in_url: Option<String>,
    /// Where the exchange verifies who somebody is, as in `[owner] identity_url`; null if there is no such address.
    #[schema(required)]
    pub identity_url: Option<String>,
    /// What somebody needs who checks for himself, at a terminal, what he saved here.
    pub check: CheckView,
}

/// By which names a reader finds program and ledger.
#[derive(Serialize, ToSchema)]
pub(crate) struct CheckView {
    /// What he calls `sumun` by: for staff as in `[console] program`, for customers its bare name. Where it lies on our machines is no
    /// customer's business, and not where it lies on his.
    pub program: String,
    /// Where the published ledger is, as in `[console] ledger`: an address; for staff also a folder. Null if there is none to say.
    #[schema(required)]
    pub ledger: Option<String>,
    /// The ledger's verifier key, there; null: the file that he was handed.
    #[schema(required)]
    pub vkey: Option<String>,
}

/// Its bare name.
const PROGRAM: &str = "sumun";

impl CheckView {
    fn of(browsers: &Browsers, front: Front) -> Self {
        let inside = front == Front::Staff;
        let ledger = browsers.ledger.as_deref().map(|place| place.trim_end_matches('/'));
        let ledger = ledger.filter(|place| inside || place.contains("://"));
        let program = browsers.program.as_str();
        Self {
            program: if program.is_empty() || !inside { PROGRAM } else { program }.to_owned(),
            ledger: ledger.map(str::to_owned),
            vkey: ledger.map(|place| format!("{place}/vkey")),
        }
    }
}

/// The venue as its customers know it.
#[derive(Serialize, ToSchema)]
pub(crate) struct OwnersVenueView {
    /// Its id.
    pub id: String,
    /// Its name in Korean.
    pub ko: String,
    /// In English.
    pub en: String,
}

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(&access::OWNER_FACTS, "venue", "What the owner's page says of the venue · 고객 화면 안내")
            .about("Told to everybody: whoever is not signed in must learn where to go.")
            .gives::<OwnerFactsView>(StatusCode::OK, "The facts."),
        async |asked: Asked| {
            let (venue, browsers) = (asked.server.govern.venue(), &asked.server.browsers);
            Answer::ok(&OwnerFactsView {
                venue: OwnersVenueView {
                    id: venue.venue.clone(),
                    ko: venue.name.ko.clone(),
                    en: venue.name.en.clone(),
                },
                banner: browsers.banner.clone(),
                sign_in_url: browsers.sign_in_url.clone(),
                identity_url: browsers.identity_url.clone(),
                check: CheckView::of(browsers, asked.front),
            })
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_are_told_no_place_on_our_machines() {
        let browsers = Browsers {
            program: "/opt/made-up/sumun".to_owned(),
            ledger: Some("/srv/made-up/ledger/".to_owned()),
            ..Browsers::default()
        };
        let told = |browsers: &Browsers, front| {
            let CheckView { program, ledger, vkey } = CheckView::of(browsers, front);
            (program, ledger, vkey)
        };
        assert_eq!(told(&browsers, Front::Owner), ("sumun".to_owned(), None, None));
        assert_eq!(told(&browsers, Front::Staff).0, "/opt/made-up/sumun");
        assert_eq!(told(&browsers, Front::Staff).1.as_deref(), Some("/srv/made-up/ledger"));
        let public = Browsers { ledger: Some("https://ledger.example/".to_owned()), ..browsers };
        assert_eq!(told(&public, Front::Owner).2.as_deref(), Some("https://ledger.example/vkey"));
    }
}

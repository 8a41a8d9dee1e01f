//! What the owner's page says of the venue around everything else.

use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::browsers::Browsers;
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
    /// What he calls `sumun` by, as in `[console] program`.
    pub program: String,
    /// Where the published ledger is: an address, or a folder as he reaches it, as in `[console] ledger`; null if that is not said.
    #[schema(required)]
    pub ledger: Option<String>,
    /// The ledger's verifier key, there; null: the file that he was handed.
    #[schema(required)]
    pub vkey: Option<String>,
}

impl CheckView {
    fn of(browsers: &Browsers) -> Self {
        let ledger = browsers.ledger.as_deref().map(|place| place.trim_end_matches('/'));
        Self {
            program: Some(browsers.program.as_str())
                .filter(|name| !name.is_empty())
                .unwrap_or("sumun")
                .to_owned(),
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
                check: CheckView::of(browsers),
            })
        },
    );
}

//! Client programs: what they call themselves, how they sign.

use super::Draws;

/// How a token is signed: what the exchange recommends, and what most libraries do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signs {
    Hs512,
    Hs256,
}

/// A program as it shows on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) agent: &'static str,
    pub(crate) signs: Signs,
}

/// What home users run.
pub(super) const USUAL: [Client; 7] = [
    Client { agent: "python-requests/2.32.3", signs: Signs::Hs256 },
    Client { agent: "python-requests/2.31.0", signs: Signs::Hs512 },
    Client { agent: "ccxt/4.5.20", signs: Signs::Hs256 },
    Client { agent: "axios/1.13.1", signs: Signs::Hs512 },
    Client { agent: "okhttp/4.12.0", signs: Signs::Hs256 },
    Client { agent: "upbit-sdk/1.1.0 Python", signs: Signs::Hs512 },
    Client { agent: "node-fetch/3.3.2 (+https://github.com/node-fetch/node-fetch)", signs: Signs::Hs256 },
];
/// The approved vendor's.
pub(super) const VENDOR: Client = Client { agent: "TradeNest/3.4.1 (cloud)", signs: Signs::Hs512 };
/// What thieves and borrowers come with.
pub(super) const OTHERS: [Client; 3] = [
    Client { agent: "Go-http-client/1.1", signs: Signs::Hs256 },
    Client { agent: "Python/3.12 aiohttp/3.12.15", signs: Signs::Hs512 },
    Client { agent: "QuantHive-Engine/0.9.4", signs: Signs::Hs256 },
];

impl Client {
    /// One that home users run.
    pub(super) fn usual(draws: &mut Draws) -> Self {
        draws.pick(&USUAL).unwrap_or(VENDOR)
    }

    /// One that they do not.
    pub(super) fn other(draws: &mut Draws) -> Self {
        draws.pick(&OTHERS).unwrap_or(VENDOR)
    }
}

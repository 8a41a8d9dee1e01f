//! Upbit's HTTP face: one file per group of endpoints, and what they share.
//!
//! [`router`] is the exchange; [`control::router`] is for tests and is served on a listener of its own, so that it cannot be
//! reached through a gate. Every request is written down as it arrived, before anything else looks at it ([`record`]).

mod accounts;
mod auth;
pub mod control;
mod error;
pub mod front;
pub mod keys;
mod market_data;
mod order_view;
mod orders;
mod params;
pub mod record;
mod socket;
mod transfers;
mod view;

use crate::clock;
use crate::config::Accounts;
use crate::venue::{AccountIndex, Happening, Refusal, Venue};
use auth::Nonces;
use axum::Router;
use axum::middleware;
use axum::routing::{delete, get, post};
use error::ApiError;
use record::Requests;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast;

/// Happenings a slow WebSocket may lag behind before it is closed.
const HAPPENINGS_LAG_MAX: usize = 4_096;

/// Everything the handlers share.
pub struct Shared {
    accounts: Accounts,
    keys: BTreeMap<String, (AccountIndex, Option<String>)>,
    /// Keys it was told of later.
    issued: Mutex<BTreeMap<String, AccountIndex>>,
    verify: bool,
    /// Its own log of requests.
    access_log: Option<Mutex<std::fs::File>>,
    key_api: Mutex<keys::KeyApi>,
    venue: Mutex<Venue>,
    nonces: Mutex<Nonces>,
    requests: Mutex<Requests>,
    delay_ms: AtomicU64,
    happenings: broadcast::Sender<Arc<Happening>>,
    /// Fires once, when the server stops: WebSockets close themselves.
    stopping: broadcast::Sender<()>,
}

/// A lock whose holder cannot have left things half done: handlers do not panic, and if one did, tests should see its effects.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Sets up the venue these accounts trade on.
    ///
    /// # Errors
    /// [`Refusal`] if the seed orders break the venue's own limits.
    pub fn new(
        accounts: Accounts,
        verify: bool,
        access_log: Option<std::fs::File>,
    ) -> Result<Arc<Self>, Refusal> {
        let venue = accounts.venue(clock::now_ms())?;
        let keys = accounts
            .accounts
            .iter()
            .enumerate()
            .flat_map(|(index, account)| {
                account
                    .keys
                    .iter()
                    .map(move |key| (key.access_key.clone(), (AccountIndex(index), key.secret.clone())))
            })
            .collect();
        Ok(Arc::new(Self {
            accounts,
            keys,
            issued: Mutex::default(),
            verify,
            access_log: access_log.map(Mutex::new),
            key_api: Mutex::default(),
            venue: Mutex::new(venue),
            nonces: Mutex::default(),
            requests: Mutex::default(),
            delay_ms: AtomicU64::new(0),
            happenings: broadcast::Sender::new(HAPPENINGS_LAG_MAX),
            stopping: broadcast::Sender::new(1),
        }))
    }

    /// Takes note of a key that was issued since the start; false if there is no such account.
    fn issue(&self, account: &str, access_key: &str) -> bool {
        let Some(index) = self.accounts.accounts.iter().position(|known| known.name == account) else {
            return false;
        };
        locked(&self.issued).insert(access_key.to_owned(), AccountIndex(index));
        true
    }

    /// Tells every WebSocket to close.
    pub(crate) fn stop(&self) {
        // An error means that nobody listens.
        let _ = self.stopping.send(());
    }

    /// Puts the venue, the nonces and the request list back to how they started. WebSockets stay.
    fn reset(&self) -> Result<(), Refusal> {
        *locked(&self.venue) = self.accounts.venue(clock::now_ms())?;
        *locked(&self.nonces) = Nonces::default();
        *locked(&self.requests) = Requests::default();
        locked(&self.issued).clear();
        *locked(&self.key_api) = keys::KeyApi::default();
        self.delay_ms.store(0, std::sync::atomic::Ordering::Relaxed);
        Ok(())
    }

    fn tell(&self, happenings: Vec<Happening>) {
        for happening in happenings {
            // An error means that nobody listens.
            let _ = self.happenings.send(Arc::new(happening));
        }
    }
}

/// The exchange's routes.
pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/v1/market/all", get(market_data::markets))
        .route("/v1/ticker", get(market_data::ticker))
        .route("/v1/ticker/all", get(market_data::ticker_all))
        .route("/v1/orderbook", get(market_data::orderbook))
        .route("/v1/orderbook/instruments", get(market_data::instruments))
        .route("/v1/trades/ticks", get(market_data::trades))
        .route("/v1/candles/{unit}", get(market_data::candles))
        .route("/v1/candles/minutes/{minutes}", get(market_data::minute_candles))
        .route("/v1/accounts", get(accounts::balances))
        .route("/v1/api_keys", get(accounts::api_keys))
        .route("/v1/status/wallet", get(accounts::wallet_status))
        .route("/v1/orders/chance", get(orders::chance))
        .route("/v1/orders", get(orders::list).post(orders::create))
        .route("/v1/order", get(orders::get).delete(orders::cancel))
        .route("/v1/orders/open", get(orders::open).delete(orders::cancel_open))
        .route("/v1/orders/closed", get(orders::closed))
        .route("/v1/orders/uuids", get(orders::by_uuids).delete(orders::cancel_by_uuids))
        .route("/v1/orders/cancel_and_new", post(orders::cancel_and_new))
        .route("/v1/withdraws", get(transfers::withdrawals))
        .route("/v1/withdraw", get(transfers::withdrawal))
        .route("/v1/withdraws/chance", get(transfers::withdraw_chance))
        .route("/v1/withdraws/coin_addresses", get(transfers::withdraw_addresses))
        .route(
            "/v1/withdraws/coin",
            post(transfers::withdraw_coin).merge(delete(transfers::cancel_withdrawal)),
        )
        .route("/v1/withdraws/krw", post(transfers::withdraw_krw))
        .route("/v1/deposits", get(transfers::deposits))
        .route("/v1/deposit", get(transfers::deposit))
        .route("/v1/deposits/coin_addresses", get(transfers::deposit_addresses))
        .route("/v1/deposits/coin_address", get(transfers::deposit_address))
        .route("/v1/deposits/generate_coin_address", post(transfers::deposit_address))
        .route("/websocket/v1", get(socket::public))
        .route("/websocket/v1/private", get(socket::private))
        .fallback(|| async { ApiError::no_route() })
        .method_not_allowed_fallback(|| async { ApiError::no_route() })
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), record::every_request))
        .with_state(shared)
}

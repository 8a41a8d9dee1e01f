//! What the server holds, and its routes with everything that stands before and behind them.

use crate::api::{AnsweredBy, Api};
use crate::browsers::{Browsers, Front};
use crate::console_files::{Page, page_headers};
use crate::document;
use crate::events::Events;
use crate::gates::Gates;
use crate::live::Live;
use crate::metrics::{Metrics, RequestLabels};
use crate::news::News;
use crate::overview::Overviews;
use crate::owner_front;
use crate::problem::Problem;
use crate::readiness::{Looks, Waiting};
use crate::resources;
use crate::shadow::Shadow;
use crate::turns::{Turn, Turns};
use crate::verdicts::Verdicts;
use crate::writable::Writable;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::middleware::{self, Next};
use axum::response::Response;
use http::{HeaderName, HeaderValue, Request, header};
use std::path::PathBuf;
use std::sync::Arc;
use sumun_feed::SigningKey;
use sumun_govern::Govern;
use sumun_govern::staff::SignIns;
use sumun_model::Prefix;
use tokio::sync::watch;

/// Of each kind that costs the database much, so many at once: the rest of it is for whoever governs keys.
const COSTLY_AT_ONCE: usize = 2;

/// The control plane's front: one per process.
pub struct Server {
    /// The use cases.
    pub govern: Arc<Govern>,
    /// Signs the feed.
    pub feed_key: SigningKey,
    /// Where notices are written; none writes none.
    pub notices: Option<PathBuf>,
    /// Counters.
    pub metrics: Metrics,
    /// Hops whose `X-Forwarded-For` is believed.
    pub(crate) trusted_hops: Vec<Prefix>,
    /// Sends notices by mail; none leaves them to the file.
    pub(crate) mailer: Option<crate::tasks::notices::Mailer>,
    /// Where events go; none on a control plane that keeps no event log.
    pub(crate) events: Option<Events>,
    pub(crate) sign_ins: SignIns,
    pub(crate) gates: Gates,
    /// What readiness saw waiting when it last looked.
    pub(crate) waiting: Waiting,
    /// Whether the database takes writes.
    pub(crate) writable: Arc<Writable>,
    pub(crate) looks: Looks,
    /// What gates answered lately.
    pub(crate) verdicts: Verdicts,
    /// What would have been refused.
    pub shadow: Shadow,
    pub(crate) overviews: Overviews,
    /// What changed, for whoever follows.
    pub(crate) live: Live,
    /// Owners' exports being made: each asks the database some hundred times.
    pub(crate) exports: Turns,
    /// Policies being tried, each on up to twenty thousand keys.
    pub(crate) dry_runs: Turns,
    /// The record and the exchange are compared once at a time.
    pub(crate) reconciling: tokio::sync::Mutex<()>,
    /// Foreign forms to sign customers in, said once a minute.
    pub(crate) foreign_forms: News,
    /// How browsers are served.
    pub(crate) browsers: Browsers,
    pub(crate) document: Arc<str>,
    /// Tells streams to end.
    pub(crate) stopping: watch::Sender<bool>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").finish_non_exhaustive()
    }
}

impl Server {
    /// A front for these use cases.
    #[must_use]
    pub fn new(govern: Arc<Govern>, feed_key: SigningKey, notices: Option<PathBuf>) -> Self {
        let began = govern.world.now();
        Self {
            govern,
            feed_key,
            notices,
            metrics: Metrics::default(),
            trusted_hops: Vec::new(),
            mailer: None,
            events: None,
            sign_ins: SignIns::default(),
            gates: Gates::since(began),
            waiting: Waiting::default(),
            writable: Arc::default(),
            looks: Looks::default(),
            verdicts: Verdicts::since(began),
            shadow: Shadow::since(began),
            overviews: Overviews::default(),
            live: Live::default(),
            exports: Turns::of(COSTLY_AT_ONCE),
            dry_runs: Turns::of(COSTLY_AT_ONCE),
            reconciling: tokio::sync::Mutex::default(),
            foreign_forms: News::default(),
            browsers: Browsers::default(),
            document: openapi().into(),
            stopping: watch::Sender::new(false),
        }
    }

    /// Believing the `X-Forwarded-For` of these hops. Without any, a client is who holds the socket.
    #[must_use]
    pub fn trusting(mut self, hops: Vec<Prefix>) -> Self {
        self.trusted_hops = hops;
        self
    }

    /// Sending notices by mail.
    #[must_use]
    pub fn mailing(mut self, mailer: crate::tasks::notices::Mailer) -> Self {
        self.mailer = Some(mailer);
        self
    }

    /// Serving browsers in this way.
    #[must_use]
    pub fn with_browsers(mut self, browsers: Browsers) -> Self {
        self.browsers = browsers;
        self
    }

    /// Where nobody waits for a turn at what costs much, but is told at once.
    #[must_use]
    pub fn without_waiting(mut self) -> Self {
        let turns = || Turns::of(COSTLY_AT_ONCE).waiting(std::time::Duration::ZERO);
        (self.exports, self.dry_runs) = (turns(), turns());
        self
    }

    /// A turn at exports, as if this principal had one made: for tests of what others are told meanwhile.
    ///
    /// # Errors
    /// What he would be told.
    #[doc(hidden)]
    pub async fn turn_at_exports(&self, actor: &sumun_govern::Actor) -> Result<Turn<'_>, Problem> {
        self.exports.take(actor, "an export").await
    }

    /// Taking events into this log.
    #[must_use]
    pub fn taking(mut self, events: Events) -> Self {
        self.events = Some(events);
        self
    }
}

/// The OpenAPI document, as `/v1/openapi.json` and `docs/openapi.json` hold it.
#[must_use]
pub fn openapi() -> String {
    document::write(resources::all().operations())
}

/// The routes of the control plane's listener. What a connection brings beside the request comes in by [`crate::serve()`].
pub fn router(server: Arc<Server>) -> Router {
    routes(server, Front::Staff)
}

/// The routes of the owner's listener.
pub fn owner_router(server: Arc<Server>) -> Router {
    routes(server, Front::Owner)
}

fn routes(server: Arc<Server>, front: Front) -> Router {
    let api: Api = resources::all();
    let mut router = api.into_router(&server, front);
    if front == Front::Owner {
        let front = Arc::clone(&server);
        let arrives = move |request| owner_front::sign_in(Arc::clone(&front), request);
        router = router.route(owner_front::SIGN_IN, axum::routing::post(arrives));
    }
    router.layer(middleware::from_fn_with_state(server, finish))
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The headers of every answer of the API.
fn api_headers() -> [(HeaderName, HeaderValue); 5] {
    [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ]
    .map(|(name, value)| (name, HeaderValue::from_static(value)))
}

/// Before: an id. After: problem documents written, headers set, counted, logged. No header of the request is logged:
/// one of them is a credential.
async fn finish(State(server): State<Arc<Server>>, request: Request<Body>, next: Next) -> Response {
    let world = Arc::clone(&server.govern.world);
    let started = world.now();
    let mut id = [0; 16];
    world.draw(&mut id);
    let id: Arc<str> = hex::encode(id).into();
    let method = request.method().clone();
    let mut response = next.run(request).await;
    let answered_by = response.extensions().get::<AnsweredBy>().map_or("none", |by| by.0);
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let allow = response.headers_mut().remove(header::ALLOW);
        let code = problem.code;
        response = problem.into_answer(&id);
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
        tracing::debug!(request.id = %id, operation = answered_by, code, "Refused");
    }
    let page = response.extensions().get::<Page>().is_some();
    let headers = response.headers_mut();
    if page {
        headers.extend(page_headers());
    } else {
        headers.extend(api_headers());
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    let status = response.status().as_u16();
    let took_us = world.now().micros_since(started);
    server.metrics.requests.get_or_create(&RequestLabels { operation: answered_by, status }).inc();
    #[expect(clippy::cast_precision_loss, reason = "a duration of some seconds")]
    server.metrics.request_duration.observe(took_us.max(0) as f64 / 1e6);
    if status >= 500 {
        tracing::warn!(request.id = %id, operation = answered_by, status, took_us, "{method} could not be answered");
    } else {
        tracing::debug!(request.id = %id, operation = answered_by, status, took_us, "{method} answered");
    }
    response
}

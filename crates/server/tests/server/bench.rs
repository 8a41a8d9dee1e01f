//! A front over a control plane on an SQLite file of its own, with a clock the test moves, and somebody in every role.

use crate::events::MemoryLog;
pub(crate) use crate::world::START_US;
use crate::world::TestWorld;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use sumun_feed::{EnrolmentRequest, GateProof, SigningKey};
use sumun_govern::actor::SecondFactor;
use sumun_govern::approvals::{Answer, Decision};
use sumun_govern::staff::{OpenSession, TokenRequest};
use sumun_govern::{Actor, Call, Govern, Role, Venue, World, govern, venue};
use sumun_ledger::CheckpointSigner;
use sumun_model::{GateId, Timestamp};
use sumun_seal::{KeyEncryptionKey, Keyring};
use sumun_server::browsers::Browsers;
use sumun_server::events::{EventLog, Events};
use sumun_server::{Server, owner_router, router};
use sumun_store::tables::{GATES, USERS};
use sumun_store::{Expect, RowWrite, Store, StoreOptions};
use zeroize::Zeroizing;

/// The front of one test.
pub(crate) struct Bench {
    pub(crate) server: Arc<Server>,
    pub(crate) world: Arc<TestWorld>,
    pub(crate) events: Arc<MemoryLog>,
    pub(crate) gate_key: SigningKey,
    routes: TowerToHyperService<axum::Router>,
    /// Those of the owner's listener.
    owner_routes: TowerToHyperService<axum::Router>,
    nonce: AtomicU64,
    pub(crate) folder: tempfile::TempDir,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl Answered {
    /// The problem's code; empty if it is none.
    pub(crate) fn code(&self) -> &str {
        self.json.get("code").and_then(Value::as_str).unwrap_or_default()
    }

    /// Fails the test if it is another status.
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::trusting(&[]).await
    }

    /// With these hops in front of it.
    pub(crate) async fn trusting(hops: &[&str]) -> Self {
        Self::serving(hops, Browsers::default()).await
    }

    /// With these hops in front of it, and browsers served in this way.
    pub(crate) async fn serving(hops: &[&str], browsers: Browsers) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = TestWorld::new();
        let signer = CheckpointSigner::new(&[7; 32], "sumun.example/made-up").unwrap();
        let clock = {
            let world = Arc::clone(&world);
            Arc::new(move || world.now())
        };
        let url = format!("sqlite://{}", folder.path().join("sumun.db").display());
        let store = Store::open(StoreOptions::new(url, signer, clock, "test")).await.unwrap();
        let keyring = Keyring::of(KeyEncryptionKey::new(Zeroizing::new([9; 32])));
        let text = venue::EXAMPLE.replacen(
            "[exchange.assertion_keys]",
            &format!("[exchange.assertion_keys]\nk1 = \"{}\"", exchange_public()),
            1,
        );
        let venue = Venue::parse("venue.toml", &text).unwrap();
        let govern = Govern::new(store, keyring, Arc::clone(&world) as Arc<dyn World>, venue);
        let notices = Some(folder.path().join("notices.ndjson"));
        let server = Server::new(Arc::new(govern), SigningKey::from_seed(&[5; 32]), notices);
        let hops = hops.iter().map(|hop| hop.parse().unwrap()).collect();
        let events = Arc::new(MemoryLog::default());
        let taking = Events { log: Arc::clone(&events) as Arc<dyn EventLog>, count_unknown: false };
        let server = Arc::new(server.trusting(hops).taking(taking).with_browsers(browsers).without_waiting());
        let routes = TowerToHyperService::new(router(Arc::clone(&server)));
        let owner_routes = TowerToHyperService::new(owner_router(Arc::clone(&server)));
        let gate_key = SigningKey::from_seed(&[6; 32]);
        let bench =
            Self { server, world, events, gate_key, routes, owner_routes, nonce: AtomicU64::new(0), folder };
        bench.user("root-of-the-test", Role::SecurityAdmin).await;
        bench.user("other-of-the-test", Role::SecurityAdmin).await;
        bench
    }

    pub(crate) fn govern(&self) -> &Govern {
        &self.server.govern
    }

    /// As [`admin`], with a second factor shown now.
    fn admin(&self) -> Actor {
        let factor = SecondFactor { method: "totp".to_owned(), at: self.world.now() };
        Actor { second_factor: Some(factor), ..admin() }
    }

    pub(crate) fn pass_s(&self, seconds: i64) {
        self.pass_us(seconds * 1_000_000);
    }

    pub(crate) fn pass_us(&self, us: i64) {
        self.world.pass(us);
    }

    /// A member of staff in this role, signed in; the name is the role's, with a number.
    pub(crate) async fn staff(&self, role: Role, name: &str) -> String {
        self.user(name, role).await;
        self.session(&format!("user:{name}"), None, Vec::new()).await
    }

    /// A customer's person, signed in.
    pub(crate) async fn customer(&self, role: Role, customer: &str) -> String {
        self.session(&format!("customer:{customer}/P1"), Some(customer.to_owned()), vec![role]).await
    }

    async fn session(&self, principal: &str, customer: Option<String>, roles: Vec<Role>) -> String {
        let factor = SecondFactor { method: "totp".to_owned(), at: self.world.now() };
        let open = OpenSession {
            principal: principal.to_owned(),
            customer,
            roles,
            second_factor: Some(factor),
            from: None,
            reads: Vec::new(),
        };
        self.govern().open_session(open).await.unwrap().token.expose().to_owned()
    }

    /// A machine's token.
    pub(crate) async fn machine(&self, role: Role) -> String {
        let request = TokenRequest {
            name: "made up".to_owned(),
            roles: vec![role],
            expires: self.world.now().plus_micros(86_400_000_000),
        };
        let call = Call::default();
        let made = self.govern().make_token(&self.admin(), &request, &call).await.unwrap();
        let yes = Decision { decision: Answer::Approve, reason: None, looked_at: None };
        let other = Actor { principal: "user:other-of-the-test".to_owned(), ..self.admin() };
        self.govern().decide(&other, &made.value.approval, &yes, &call).await.unwrap();
        made.value.secret.unwrap().expose().to_owned()
    }

    /// Enrols the gate `g1`.
    pub(crate) async fn enrol(&self) {
        let gate = GateId::new("g1").unwrap();
        let invited = self.govern().invite_gate(&self.admin(), &gate, &Call::default()).await.unwrap();
        let invite = invited.value.invite.unwrap();
        let request = EnrolmentRequest::new(&self.gate_key, invite.expose(), self.world.now()).unwrap();
        self.govern().enrol_gate(&request, self.server.feed_key.public()).await.unwrap();
    }

    /// A gate in this state, without the rest of its life.
    pub(crate) async fn gate(&self, gate: &str, state: &str) {
        let image = json!({ "gate": gate, "state": state, "public_key": null, "invite": null, "invite_until_us": null,
            "invited_by": "test", "enrolled_us": START_US, "version": 1 });
        let mut change = govern::change("gate.test", self.world.now(), Map::new());
        let Value::Object(image) = image else { unreachable!() };
        change.writes.push(RowWrite { table: &GATES, expect: Expect::Absent, image });
        self.world.draw(&mut change.salt);
        self.govern().store.execute(change).await.unwrap();
    }

    /// The gate's signature of one request.
    pub(crate) fn proof(&self, request: &str) -> String {
        let proof = GateProof {
            gate: GateId::new("g1").unwrap(),
            venue: "example".to_owned(),
            request: request.to_owned(),
            at: self.world.now(),
            nonce: self.nonce.fetch_add(1, Ordering::SeqCst).to_string(),
        };
        proof.sign(&self.gate_key).unwrap()
    }

    async fn user(&self, name: &str, role: Role) {
        let image = json!({ "user": name, "name": "가상인", "email": null, "roles": [role], "state": "active", "credential": null,
            "invite": null, "invite_until_us": null, "invited_by": "test", "created_us": START_US, "version": 1 });
        let mut change = govern::change("user.test", self.world.now(), Map::new());
        let Value::Object(image) = image else { unreachable!() };
        change.writes.push(RowWrite { table: &USERS, expect: Expect::Absent, image });
        self.world.draw(&mut change.salt);
        self.govern().store.execute(change).await.unwrap();
    }

    /// Sends a request; writes get an idempotency key of their own.
    pub(crate) async fn send(&self, method: &str, path: &str, token: &str, body: Option<Value>) -> Answered {
        let key = format!("key-{:08}", self.nonce.fetch_add(1, Ordering::SeqCst));
        self.send_with(method, path, token, body, &[("idempotency-key", &key)]).await
    }

    /// Sends a request with these headers.
    pub(crate) async fn send_with(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answered {
        let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                axum::body::Body::from(body.to_string())
            }
            None => axum::body::Body::empty(),
        };
        self.send_raw(request.body(body).unwrap()).await
    }

    /// Sends a request as it is. Of a feed only the head is read.
    pub(crate) async fn send_raw(&self, request: Request<axum::body::Body>) -> Answered {
        Self::read(self.routes.call(request).await.unwrap()).await
    }

    /// Sends a request to the owner's listener.
    pub(crate) async fn send_to_owners(&self, request: Request<axum::body::Body>) -> Answered {
        Self::read(self.owner_routes.call(request).await.unwrap()).await
    }

    /// The lines of what changes as they come; nothing of them was read yet.
    pub(crate) async fn live(&self, token: &str) -> http::Response<axum::body::Body> {
        let request = Request::get("/v1/live").header("authorization", format!("Bearer {token}"));
        self.routes.call(request.body(axum::body::Body::empty()).unwrap()).await.unwrap()
    }

    async fn read(response: http::Response<axum::body::Body>) -> Answered {
        let (head, body) = response.into_parts();
        let endless = head
            .headers
            .get("content-type")
            .is_some_and(|kind| kind == "application/x-ndjson" || kind == "text/event-stream");
        let text = if endless {
            String::new()
        } else {
            String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap()
        };
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answered { status: head.status, headers: head.headers, text, json }
    }

    /// The lines of a feed as they come.
    pub(crate) async fn feed(&self, from: u64) -> axum::body::Body {
        self.feed_from(from, "").await
    }

    /// From a version on, with what it is.
    pub(crate) async fn feed_from(&self, from: u64, mark: &str) -> axum::body::Body {
        let proof = self.proof(sumun_feed::REQUEST_FEED);
        let request = Request::get(format!("/v1/feed?from={from}{mark}"))
            .header("authorization", format!("Bearer {proof}"))
            .body(axum::body::Body::empty())
            .unwrap();
        let response = self.routes.call(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.into_body()
    }
}

pub(crate) fn exchange_key() -> SigningKey {
    SigningKey::from_seed(&[3; 32])
}

fn exchange_public() -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(exchange_key().public().to_bytes())
}

/// A security administrator, for what a test needs to stand.
pub(crate) fn admin() -> Actor {
    Actor {
        principal: "user:root-of-the-test".to_owned(),
        roles: vec![Role::SecurityAdmin],
        customer: None,
        session: Some("S-test".to_owned()),
        second_factor: Some(SecondFactor { method: "totp".to_owned(), at: Timestamp::from_micros(START_US) }),
        rights: None,
    }
}

/// Whoever has this role, signed in as such principals sign in. Gates sign each request instead.
pub(crate) async fn token_of(bench: &Bench, role: Role) -> Option<String> {
    Some(match role {
        Role::Gate => return None,
        Role::ExchangeBackend => bench.machine(role).await,
        role if role.is_staff() => {
            bench.staff(role, &format!("the-{}", role.as_str().replace('_', "-"))).await
        }
        role => bench.customer(role, "C1").await,
    })
}

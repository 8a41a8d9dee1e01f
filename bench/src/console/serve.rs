//! The control plane over that record, in this process: store, use cases and routes as `sumun serve` puts them together.

use crate::clock::wall;
use anyhow::{Context, Result, ensure};
use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use sumun_feed::SigningKey;
use sumun_govern::actor::SecondFactor;
use sumun_govern::policies::SHIPPED;
use sumun_govern::policies::in_force::read;
use sumun_govern::staff::OpenSession;
use sumun_govern::{Govern, Venue, World, govern, venue};
use sumun_ledger::CheckpointSigner;
use sumun_model::Timestamp;
use sumun_seal::{KeyEncryptionKey, Keyring};
use sumun_server::{Server, router};
use sumun_store::tables::USERS;
use sumun_store::{Expect, RowWrite, Store, StoreOptions};
use zeroize::Zeroizing;

/// Who asks.
const USER: &str = "bench";

struct Outside;

impl World for Outside {
    fn now(&self) -> Timestamp {
        wall()
    }

    fn draw(&self, bytes: &mut [u8]) {
        // Without entropy nothing is secret; nothing here has to be.
        let _ = getrandom::fill(bytes);
    }
}

/// It, and somebody signed in.
pub struct Front {
    routes: TowerToHyperService<axum::Router>,
    token: String,
}

impl std::fmt::Debug for Front {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Front").finish_non_exhaustive()
    }
}

/// Where the record of a folder stands.
#[must_use]
pub fn url(folder: &Path) -> String {
    format!("sqlite://{}", folder.join("govern.db").display())
}

/// Opens the store, which makes or migrates the database.
///
/// # Errors
/// The store's.
pub async fn store(folder: &Path) -> Result<Store> {
    let signer =
        CheckpointSigner::new(&[0x5e; 32], "sumun.example/bench").context("a signer for the bench")?;
    Store::open(StoreOptions::new(url(folder), signer, Arc::new(wall), "bench")).await.context("the record")
}

impl Front {
    /// Opens it over a folder's record.
    ///
    /// # Errors
    /// The store's, or a sample that does not fit any more.
    pub async fn open(folder: &Path) -> Result<Self> {
        let keyring = Keyring::of(KeyEncryptionKey::new(Zeroizing::new([9; 32])));
        let venue = Venue::parse("venue.toml", venue::EXAMPLE)?;
        let govern = Govern::new(store(folder).await?, keyring, Arc::new(Outside), venue);
        govern
            .hold_policy(read(SHIPPED).map_err(|refusal| anyhow::anyhow!("the shipped policy: {refusal}"))?);
        sign_up(&govern).await?;
        let factor = SecondFactor { method: "totp".to_owned(), at: wall() };
        let open = OpenSession {
            principal: format!("user:{USER}"),
            customer: None,
            roles: Vec::new(),
            second_factor: Some(factor),
            from: None,
            reads: Vec::new(),
        };
        let opened =
            govern.open_session(open).await.map_err(|refusal| anyhow::anyhow!("signing in: {refusal}"))?;
        let token = opened.token.expose().to_owned();
        let server = Server::new(Arc::new(govern), SigningKey::from_seed(&[5; 32]), None);
        Ok(Self { routes: TowerToHyperService::new(router(Arc::new(server))), token })
    }

    /// Asks, and reads the whole answer; gives its bytes.
    ///
    /// # Errors
    /// Another status than 200.
    pub async fn get(&self, path: &str) -> Result<usize> {
        let request = Request::builder().uri(path).header("authorization", format!("Bearer {}", self.token));
        let answer = self.routes.call(request.body(Body::empty())?).await?;
        let status = answer.status();
        let bytes = answer.into_body().collect().await?.to_bytes();
        ensure!(status == 200, "{path} was answered {status}: {}", String::from_utf8_lossy(&bytes));
        Ok(bytes.len())
    }
}

/// Somebody of staff with every role that reads, once.
async fn sign_up(govern: &Govern) -> Result<()> {
    if govern.store.get(&USERS, USER).await?.is_some() {
        return Ok(());
    }
    let roles = ["analyst", "approver", "compliance_lead", "security_admin"];
    let Value::Object(image) = json!({ "user": USER, "name": "Made Up", "email": null, "roles": roles, "state": "active",
        "credential": null, "invite": null, "invite_until_us": null, "invited_by": "bench", "created_us": 0, "version": 1 })
    else {
        anyhow::bail!("a user is a row");
    };
    let mut change = govern::change("user.bench", wall(), serde_json::Map::new());
    change.writes.push(RowWrite { table: &USERS, expect: Expect::Absent, image });
    getrandom::fill(&mut change.salt).context("entropy")?;
    govern.store.execute(change).await?;
    Ok(())
}

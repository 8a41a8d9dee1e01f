//! Simulated owners: each looks at his page now and then and answers by what is true, or by what he covers for.

use super::control;
use super::pace::Pace;
use crate::cast::{Act, Character, Draws, Owner};
use crate::world::{Entered, World};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// Between two looks, in days.
const LOOK: f64 = 0.2;

/// Lives for the whole of the demo.
pub(super) async fn lives(world: Arc<World>, at: usize, pace: Pace) -> Result<()> {
    let (Some(owner), Some(entered)) = (world.cast.owners.get(at), world.entered.get(at)) else {
        return std::future::pending().await;
    };
    let mut draws = Draws::of_seed(world.seed ^ 0x0e17).child();
    let mut life = Life {
        world: &world,
        owner,
        entered,
        pace,
        seen: BTreeMap::new(),
        draws: Draws::of_seed(draws.below(u64::MAX) ^ at as u64),
        acts: owner.acts.clone(),
    };
    loop {
        let gap = life.draws.between(0.7, 1.3) * LOOK;
        tokio::time::sleep(pace.days(gap)).await;
        // What a look finds may be over when it is answered: refusals are an owner's everyday life.
        if let Err(error) = life.looks().await {
            world.notes.say(&format!("{}: {error:#}", owner.customer()));
        }
    }
}

struct Life<'a> {
    world: &'a World,
    owner: &'a Owner,
    entered: &'a Entered,
    pace: Pace,
    /// When he comes to something he has seen, by its id.
    seen: BTreeMap<String, f64>,
    draws: Draws,
    acts: Vec<(f64, Act)>,
}

impl Life<'_> {
    async fn looks(&mut self) -> Result<()> {
        self.does().await?;
        if matches!(self.owner.character, Character::Slow | Character::Guided) {
            return Ok(());
        }
        let token = self.token().await?;
        for question in self.world.rest.all(&token, "/v1/questions?state=open").await? {
            self.answers(&question).await?;
        }
        for notice in self.world.rest.all(&token, "/v1/notices").await? {
            self.reads(&notice).await?;
        }
        for verification in self.world.rest.all(&token, "/v1/verifications").await? {
            let id = verification["verification"].as_str().unwrap_or_default();
            if verification["state"] == "open" && self.comes_to(id, (0.3, 0.9)) {
                // A program must be seen to run before its stopping shows.
                let ready = self.comes_to(&format!("{id} test"), (2.4, 3.0));
                control::goes_on(self.world, self.owner, self.entered, (&verification, ready)).await?;
            }
        }
        Ok(())
    }

    async fn token(&self) -> Result<String> {
        self.entered.session.token(&self.world.rest, &self.world.exchange).await
    }

    /// Whether he comes to it now: some time after he could have seen it first.
    fn comes_to(&mut self, id: &str, (least, most): (f64, f64)) -> bool {
        let (today, after) = (self.pace.today(), self.draws.between(least, most));
        *self.seen.entry(id.to_owned()).or_insert(today + after) <= today
    }

    /// What he does by himself.
    async fn does(&mut self) -> Result<()> {
        let today = self.pace.today();
        let due: Vec<Act> =
            self.acts.extract_if(.., |(when, _)| *when <= today).map(|(_, act)| act).collect();
        for Act::Registers(key, address) in due {
            let key = self.entered.keys.get(key).context("no such key")?.issued();
            let path = format!("/v1/keys/{}/addresses", key.id);
            self.world
                .rest
                .post(&self.token().await?, &path, &json!({ "prefix": format!("{address}/32") }))
                .await?;
        }
        Ok(())
    }

    /// *Is it you?* He says what is so; who has lent his key says yes whoever asks. Of a key that is not among the played ones, a visitor
    /// signed in as this owner asked for it: that answer is the visitor's.
    async fn answers(&mut self, question: &Value) -> Result<()> {
        let Some(at) = self.entered.keys.iter().position(|key| question["key"] == key.issued().id.as_str())
        else {
            return Ok(());
        };
        let id = question["question"].as_str().unwrap_or_default();
        if !self.comes_to(id, (1.0, 2.4)) {
            return Ok(());
        }
        let address: Option<Ipv4Addr> = question["address"].as_str().and_then(|text| text.parse().ok());
        let mine =
            self.owner.keys.get(at).zip(address).is_some_and(|(key, address)| key.mine.contains(&address));
        let answer = if mine || self.owner.character == Character::Complicit { "me" } else { "not_me" };
        let path = format!("/v1/questions/{id}/answer");
        self.world.rest.post(&self.token().await?, &path, &json!({ "answer": answer })).await?;
        Ok(())
    }

    /// Most acknowledge what they were told; not all, and not at once.
    async fn reads(&mut self, notice: &Value) -> Result<()> {
        let id = notice["notice"].as_str().unwrap_or_default();
        if !notice["acknowledged"].is_null() || notice["kind"].as_str() != Some("measure.warn") {
            return Ok(());
        }
        // Who covers for a borrower does not look every day.
        let when = if self.owner.character == Character::Complicit { (4.0, 9.0) } else { (0.5, 2.0) };
        if self.comes_to(id, when) {
            let path = format!("/v1/notices/{id}/acknowledge");
            self.world.rest.must(Some(&self.token().await?), http::Method::POST, &path, None).await?;
        }
        Ok(())
    }
}

//! Notices leave: from the outbox to a file, and by mail where a relay is configured; at least once.
//!
//! The file always has the line first: what a relay refuses is there still. A notice by mail is *sent* once the relay took it
//! over, with the relay's answer as proof; without a relay it is sent once the file has it. A refusal for good, or
//! [`ATTEMPTS_MAX`] others, make it *failed*, which staff see.

mod file;
mod mail;

pub use mail::{MailError, MailOptions, Mailer};

use crate::server::Server;
use mail::NotSent;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use sumun_govern::notices::deliver::{Outcome, Ready};
use sumun_govern::{Refusal, RefusalKind};
use sumun_store::OutboxItem;

/// Topics that leave this way.
const TOPICS: &[&str] = &["notice"];
/// How long taken messages are ours, microseconds: writing a batch takes far less, and so long a refused letter waits.
const LEASE_US: i64 = 30_000_000;
/// Messages taken at once.
const BATCH: u32 = 100;
/// How often is looked for messages.
const EVERY: Duration = Duration::from_millis(250);
/// Tries at a relay that is away: half an hour.
const ATTEMPTS_MAX: i64 = 60;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Until the end.
pub(super) async fn run(server: Arc<Server>) {
    let Some(path) = server.notices.clone() else { return };
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut written = HashSet::new();
    loop {
        every.tick().await;
        for topic in TOPICS {
            if let Err(error) = send(&server, &path, topic, &mut written).await {
                tracing::warn!(error = &*error, topic, "Notices could not leave; trying again");
            }
        }
    }
}

/// `written` are letters that are in the file and wait for the relay: they are not written anew with every try.
async fn send(server: &Server, path: &Path, topic: &str, written: &mut HashSet<i64>) -> Result<(), Failure> {
    let store = &server.govern.store;
    loop {
        let items = store.outbox_take(topic, BATCH, server.govern.world.now(), LEASE_US).await?;
        if items.is_empty() {
            return Ok(());
        }
        let mut taken = Vec::with_capacity(items.len());
        for item in items {
            match ready(server, &item).await {
                Ok(ready) => taken.push((item, ready)),
                // Tried again with its lease; the others leave.
                Err(error) => tracing::error!(error = &*error, item = item.id, "A notice cannot be read"),
            }
        }
        let lines: Vec<(OutboxItem, Option<Value>)> = taken
            .iter()
            .filter(|(item, _)| !written.contains(&item.id))
            .map(|(item, ready)| (item.clone(), ready.as_ref().map(letter)))
            .collect();
        if !lines.is_empty() {
            file::append(path, &lines).await?;
            written.extend(lines.iter().map(|(item, _)| item.id));
        }
        for (item, ready) in taken {
            let settled = match &ready {
                Some(ready) => match deliver(server, &item, ready).await {
                    Ok(settled) => settled,
                    Err(error) => {
                        tracing::warn!(
                            error = &*error,
                            "What became of a notice could not be noted; trying again"
                        );
                        false
                    }
                },
                None => true,
            };
            if settled {
                store.outbox_done(item.id).await?;
                written.remove(&item.id);
                server.metrics.notices_sent.inc();
            }
        }
    }
}

/// The letter behind a message; none if it names no notice, or one that left already.
async fn ready(server: &Server, item: &OutboxItem) -> Result<Option<Ready>, Failure> {
    let Some(notice) = item.body.get("notice").and_then(Value::as_str) else { return Ok(None) };
    match server.govern.notice_ready(notice).await {
        Ok(ready) => Ok(ready),
        Err(Refusal { kind: RefusalKind::NotFound, .. }) => Ok(None),
        Err(refusal) => Err(refusal.to_string().into()),
    }
}

fn letter(ready: &Ready) -> Value {
    let persons: Vec<&str> = ready.to.iter().map(|to| to.person.as_str()).collect();
    json!({ "ko": ready.ko, "en": ready.en, "persons": persons })
}

/// Sends one letter; whether nothing more is to be done with it.
async fn deliver(server: &Server, item: &OutboxItem, ready: &Ready) -> Result<bool, Failure> {
    let outcome = match &server.mailer {
        None => Outcome::Sent("written to the file of notices".to_owned()),
        Some(_) if ready.to.is_empty() => {
            Outcome::Failed("nobody with a mail address is on record".to_owned())
        }
        Some(mailer) => match mailer.send(ready).await {
            Ok(answer) => Outcome::Sent(answer),
            Err(NotSent { again: true, cause }) if item.attempts < ATTEMPTS_MAX => {
                tracing::warn!(notice = ready.notice, cause, "A notice could not be mailed; trying again");
                return Ok(false);
            }
            Err(NotSent { cause, .. }) => Outcome::Failed(cause),
        },
    };
    if let Outcome::Failed(cause) = &outcome {
        tracing::error!(notice = ready.notice, cause, "Notice {} could not be delivered", ready.notice);
    }
    server
        .govern
        .notice_outcome(&ready.notice, item.attempts, &ready.to, &outcome)
        .await
        .map_err(|refusal| refusal.to_string())?;
    Ok(true)
}

//! One follower's stream: a line when something changed, a comment when nothing did, its end when the session ends.

use super::Changed;
use crate::authenticate::SignedIn;
use crate::problem::Problem;
use crate::server::Server;
use axum::body::Body;
use bytes::Bytes;
use serde_json::json;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use sumun_govern::Actor;
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// A comment so often, so that neither hops nor browsers take the line for dead.
const COMMENT: Duration = Duration::from_secs(15);
/// How often is asked whether the session still stands.
const ASK: Duration = Duration::from_secs(5);

/// One who follows, between two lines.
pub(crate) struct Follower {
    server: Arc<Server>,
    signed_in: SignedIn,
    changed: watch::Receiver<Changed>,
    stopping: watch::Receiver<bool>,
    /// The look whose changes he has been told of.
    told: u64,
    comment: Interval,
    ask: Interval,
    greeted: bool,
}

/// Why a follower was woken.
enum Woken {
    Changed,
    Ask,
}

/// The stream for whoever asks.
///
/// # Errors
/// He follows often enough already.
pub(crate) fn follow(server: Arc<Server>, signed_in: SignedIn) -> Result<Body, Problem> {
    server.live.enter(who(&signed_in.actor))?;
    let (changed, told) = server.live.begin();
    let every = |period| {
        let mut every = interval_at(Instant::now() + period, period);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        every
    };
    let follower = Follower {
        told,
        changed,
        stopping: server.stopping.subscribe(),
        comment: every(COMMENT),
        ask: every(ASK),
        greeted: false,
        signed_in,
        server,
    };
    Ok(Body::from_stream(futures_util::stream::unfold(follower, async |mut follower| {
        let line = follower.next().await?;
        Some((Ok::<_, Infallible>(line), follower))
    })))
}

/// By what his streams are counted.
fn who(actor: &Actor) -> &str {
    actor.session.as_deref().unwrap_or(&actor.principal)
}

impl Follower {
    /// What he is told next; nothing once it is over.
    async fn next(&mut self) -> Option<Bytes> {
        if !self.greeted {
            self.greeted = true;
            return Some(Bytes::from_static(b": following\nretry: 2000\n\n"));
        }
        loop {
            let woken = tokio::select! {
                biased;
                // An error means that the server is gone, and nobody would tell.
                () = async { let _ = self.stopping.wait_for(|stop| *stop).await; } => return None,
                _ = self.ask.tick() => Woken::Ask,
                changed = self.changed.changed() => changed.ok().map(|()| Woken::Changed)?,
                _ = self.comment.tick() => return Some(Bytes::from_static(b": nothing\n\n")),
            };
            match woken {
                Woken::Changed => return Some(self.changes()),
                Woken::Ask if self.stands().await => {}
                Woken::Ask => return None,
            }
        }
    }

    /// All that changed since he was last told.
    fn changes(&mut self) -> Bytes {
        let now = *self.changed.borrow_and_update();
        let kinds = now.since(self.told);
        self.told = now.look;
        let told = json!({ "kinds": kinds.names(), "entries": now.entries });
        Bytes::from(format!("event: changed\ndata: {told}\n\n"))
    }

    /// Whether he is still signed in, and may still follow.
    async fn stands(&self) -> bool {
        let SignedIn { session, machine, .. } = &self.signed_in;
        let found = match (session, machine) {
            (Some(token), _) => self.server.govern.session_unused(token).await,
            (None, Some(token)) => self.server.govern.machine(token).await,
            (None, None) => Ok(None),
        };
        // A database that does not answer ends nothing: it says nothing of him.
        found.map_or(true, |found| found.is_some_and(|actor| crate::access::LIVE.allows(&actor.roles)))
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.server.live.leave(who(&self.signed_in.actor));
    }
}

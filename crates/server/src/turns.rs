//! Taking turns at what costs the database much: so many at once in all, and one for each person.
//!
//! Who finds no turn waits for one a few seconds, those who came first before others, and is told then when to come again. So many wait and no
//! more; whoever waits holds nothing of the database.

use crate::problem::Problem;
use http::{StatusCode, header};
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use sumun_govern::Actor;
use tokio::sync::oneshot;

/// How soon to come again, in seconds: about as long as one takes.
const AGAIN_S: &str = "3";
/// Longest wait for a turn.
const WAIT: Duration = Duration::from_secs(5);
/// Most who wait, in all.
const WAITING_MAX: usize = 16;
/// Most that wait of one person: a page's next part, and one more.
const WAITING_OWN_MAX: usize = 2;

/// The turns at one operation.
#[derive(Debug)]
pub(crate) struct Turns {
    /// At once, in all.
    most: usize,
    wait: Duration,
    at: Mutex<Standing>,
}

#[derive(Debug, Default)]
struct Standing {
    /// Whose turn it is.
    taken: BTreeSet<String>,
    /// Who waits, the first to come first. None of them could have his turn: it is given as soon as there is one.
    waiting: VecDeque<Waiter>,
    /// How many have waited so far.
    waited: u64,
}

#[derive(Debug)]
struct Waiter {
    number: u64,
    who: String,
    tell: oneshot::Sender<()>,
}

/// A turn; over when dropped, also where whoever asked has gone.
#[derive(Debug)]
pub struct Turn<'t> {
    turns: &'t Turns,
    who: String,
}

/// A place in the queue; left when dropped, with the turn if it was given meanwhile.
struct Place<'t> {
    turns: &'t Turns,
    who: String,
    number: u64,
}

impl Turns {
    pub(crate) fn of(most: usize) -> Self {
        Self { most, wait: WAIT, at: Mutex::default() }
    }

    /// Waiting so long and no longer.
    pub(crate) fn waiting(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }

    fn at(&self) -> MutexGuard<'_, Standing> {
        self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A turn for whoever asks; `what` is what he has made, such as `an export`.
    ///
    /// # Errors
    /// 429 `under_way` while one of his own is being made, 503 `too_busy` while as many of others are, after having waited for it.
    pub(crate) async fn take(&self, actor: &Actor, what: &str) -> Result<Turn<'_>, Problem> {
        let who = &actor.principal;
        let (place, told) = {
            let mut at = self.at();
            if at.is_free(who, self.most) {
                at.taken.insert(who.clone());
                return Ok(Turn { turns: self, who: who.clone() });
            }
            let own = at.waiting.iter().filter(|waiter| waiter.who == *who).count();
            if own >= WAITING_OWN_MAX || at.waiting.len() >= WAITING_MAX {
                return Err(self.refused(at.taken.contains(who) || own > 0, what));
            }
            let (tell, told) = oneshot::channel();
            at.waited = at.waited.saturating_add(1);
            let number = at.waited;
            at.waiting.push_back(Waiter { number, who: who.clone(), tell });
            (Place { turns: self, who: who.clone(), number }, told)
        };
        let _ = tokio::time::timeout(self.wait, told).await;
        // Whether it was given is asked of the queue: it may have been at the last moment.
        if place.is_given() {
            return Ok(place.into_turn());
        }
        let own = self.at().taken.contains(who);
        Err(self.refused(own, what))
    }

    fn refused(&self, own: bool, what: &str) -> Problem {
        let problem = if own {
            let detail = format!("{what} of yours is being made");
            let remedy = format!("wait for its answer, or ask again in {AGAIN_S} seconds");
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "under_way", detail, remedy)
        } else {
            let detail = format!("{what} is being made for {} others", self.most);
            let remedy = format!("ask again in {AGAIN_S} seconds; nothing else waits for it");
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_busy", detail, remedy)
        };
        problem.with(header::RETRY_AFTER, AGAIN_S)
    }

    /// Ends a turn, and gives what is free to whoever waits.
    fn end(&self, who: &str) {
        let mut at = self.at();
        at.taken.remove(who);
        while let Some(index) = at.waiting.iter().position(|waiter| at.is_free(&waiter.who, self.most)) {
            let Some(Waiter { who, tell, .. }) = at.waiting.remove(index) else { break };
            at.taken.insert(who);
            // Who has gone leaves his place, and with it the turn, himself.
            let _ = tell.send(());
        }
    }
}

impl Standing {
    fn is_free(&self, who: &str, most: usize) -> bool {
        self.taken.len() < most && !self.taken.contains(who)
    }
}

impl<'t> Place<'t> {
    fn is_given(&self) -> bool {
        !self.turns.at().waiting.iter().any(|waiter| waiter.number == self.number)
    }

    fn into_turn(mut self) -> Turn<'t> {
        let (turns, who) = (self.turns, std::mem::take(&mut self.who));
        // Nothing is left to be undone by its end.
        self.number = 0;
        Turn { turns, who }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.number == 0 {
            return;
        }
        let mut at = self.turns.at();
        let waits = at.waiting.iter().position(|waiter| waiter.number == self.number);
        match waits {
            Some(index) => drop(at.waiting.remove(index)),
            None => {
                drop(at);
                self.turns.end(&self.who);
            }
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.end(&self.who);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn actor(name: &str) -> Actor {
        Actor {
            principal: name.to_owned(),
            roles: Vec::new(),
            customer: None,
            session: None,
            second_factor: None,
            rights: None,
        }
    }

    #[tokio::test]
    async fn one_for_each_and_so_many_in_all() {
        let turns = Turns::of(2).waiting(Duration::ZERO);
        let told = async |name: &str| match turns.take(&actor(name), "an export").await {
            Ok(_) => "taken".to_owned(),
            Err(no) => {
                format!("{} {}: {}; {} {:?}", no.status.as_u16(), no.code, no.detail, no.remedy, no.headers)
            }
        };
        let mina = turns.take(&actor("user:mina"), "an export").await.unwrap();
        let own = told("user:mina").await;
        let joon = turns.take(&actor("user:joon"), "an export").await.unwrap();
        let others = told("user:sora").await;
        insta::assert_snapshot!(format!("{own}\n{others}"), @r#"
        429 under_way: an export of yours is being made; wait for its answer, or ask again in 3 seconds [("retry-after", "3")]
        503 too_busy: an export is being made for 2 others; ask again in 3 seconds; nothing else waits for it [("retry-after", "3")]
        "#);
        drop(mina);
        assert_eq!(told("user:mina").await, "taken", "a turn ends when it is let go");
        assert!(told("user:joon").await.starts_with("429"));
        drop(joon);
        let at = turns.at();
        assert!(at.taken.is_empty() && at.waiting.is_empty(), "{at:?}");
    }

    #[tokio::test]
    async fn who_waits_is_given_the_next_turn_in_the_order_of_coming() {
        let turns = Turns::of(1).waiting(Duration::from_secs(3_600));
        let [mina, joon, sora, hana] = ["mina", "joon", "sora", "hana"].map(actor);
        let first = turns.take(&mina, "an export").await.unwrap();
        let mut again = Box::pin(turns.take(&mina, "an export"));
        let mut second = Box::pin(turns.take(&joon, "an export"));
        let mut gone = Box::pin(turns.take(&sora, "an export"));
        let mut last = Box::pin(turns.take(&hana, "an export"));
        for waits in [&mut again, &mut second, &mut gone, &mut last] {
            assert!(waits.now_or_never().is_none(), "nobody has a turn yet");
        }
        drop(first);
        let again = again.now_or_never().expect("whoever came first has it").unwrap();
        assert!((&mut second).now_or_never().is_none());
        drop(again);
        // Given, and left before it was taken: it goes on to the next.
        drop(second);
        drop(gone);
        let last = last.now_or_never().expect("nobody else waits").unwrap();
        drop(last);
        let at = turns.at();
        assert!(at.taken.is_empty() && at.waiting.is_empty(), "{at:?}");
    }

    #[tokio::test]
    async fn so_many_wait_and_no_more() {
        let turns = Turns::of(1).waiting(Duration::from_secs(3_600));
        let held = turns.take(&actor("mina"), "an export").await.unwrap();
        let names: Vec<Actor> = (0..WAITING_MAX + 1).map(|number| actor(&format!("u{number}"))).collect();
        let mut own: Vec<_> =
            (0..=WAITING_OWN_MAX).map(|_| Box::pin(turns.take(&names[0], "an export"))).collect();
        let codes: Vec<_> = own
            .iter_mut()
            .filter_map(|waits| waits.now_or_never())
            .map(|turn| turn.unwrap_err().code)
            .collect();
        assert_eq!(codes, ["under_way"], "he waits so often and no more");
        let mut others: Vec<_> =
            names[1..].iter().map(|who| Box::pin(turns.take(who, "an export"))).collect();
        let codes: Vec<_> = others
            .iter_mut()
            .filter_map(|waits| waits.now_or_never())
            .map(|turn| turn.unwrap_err().code)
            .collect();
        assert_eq!(codes, vec!["too_busy"; WAITING_OWN_MAX]);
        drop((own, others, held));
        assert!(turns.at().waiting.is_empty() && turns.at().taken.is_empty());
    }
}

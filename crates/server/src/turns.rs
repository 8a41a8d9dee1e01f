//! Taking turns at what costs the database much: so many at once in all, and one for each person.
//!
//! Nobody queues: who finds no turn is told at once when to come again, and holds no connection meanwhile.

use crate::problem::Problem;
use http::{StatusCode, header};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use sumun_govern::Actor;

/// How soon to come again, in seconds: about as long as one takes.
const AGAIN_S: &str = "3";

/// The turns at one operation.
#[derive(Debug)]
pub(crate) struct Turns {
    /// At once, in all.
    most: usize,
    /// Whose turn it is.
    taken: Mutex<BTreeSet<String>>,
}

/// A turn; over when dropped, also where whoever asked has gone.
#[derive(Debug)]
pub(crate) struct Turn<'t> {
    turns: &'t Turns,
    who: String,
}

impl Turns {
    pub(crate) fn of(most: usize) -> Self {
        Self { most, taken: Mutex::default() }
    }

    /// A turn for whoever asks; `what` is what he has made, such as `an export`.
    ///
    /// # Errors
    /// 429 `under_way` while one of his own is being made, 503 `too_busy` while as many of others are.
    pub(crate) fn take(&self, actor: &Actor, what: &str) -> Result<Turn<'_>, Problem> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let problem = if taken.contains(&actor.principal) {
            let detail = format!("{what} of yours is being made");
            let remedy = format!("wait for its answer, or ask again in {AGAIN_S} seconds");
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "under_way", detail, remedy)
        } else if taken.len() >= self.most {
            let detail = format!("{what} is being made for {} others", self.most);
            let remedy = format!("ask again in {AGAIN_S} seconds; nothing else waits for it");
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_busy", detail, remedy)
        } else {
            taken.insert(actor.principal.clone());
            return Ok(Turn { turns: self, who: actor.principal.clone() });
        };
        Err(problem.with(header::RETRY_AFTER, AGAIN_S))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.taken.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.who);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn one_for_each_and_so_many_in_all() {
        let turns = Turns::of(2);
        let told = |name: &str| match turns.take(&actor(name), "an export") {
            Ok(_) => "taken".to_owned(),
            Err(no) => {
                format!("{} {}: {}; {} {:?}", no.status.as_u16(), no.code, no.detail, no.remedy, no.headers)
            }
        };
        let mina = turns.take(&actor("user:mina"), "an export").unwrap();
        let own = told("user:mina");
        let joon = turns.take(&actor("user:joon"), "an export").unwrap();
        let others = told("user:sora");
        insta::assert_snapshot!(format!("{own}\n{others}"), @r#"
        429 under_way: an export of yours is being made; wait for its answer, or ask again in 3 seconds [("retry-after", "3")]
        503 too_busy: an export is being made for 2 others; ask again in 3 seconds; nothing else waits for it [("retry-after", "3")]
        "#);
        drop(mina);
        assert_eq!(told("user:mina"), "taken", "a turn ends when it is let go");
        assert!(told("user:joon").starts_with("429"));
        drop(joon);
        assert!(turns.taken.lock().unwrap().is_empty());
    }
}

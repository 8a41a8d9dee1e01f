//! Telling when no request decided before a change still awaits forwarding.
//!
//! A request takes a [`Token`] of the present epoch just before it is decided, and drops it when it was handed to the
//! exchange's connection or refused. [`Epochs::turn`] begins a new epoch; the future it returns is done when every
//! token of all epochs before is gone. A change of the key table made before the turn is seen by whoever takes a token
//! after it.

use arc_swap::ArcSwap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::oneshot;

/// One epoch; gone when its last token is, and those of all before.
#[derive(Debug)]
struct Epoch {
    /// The one after it, held: no epoch is gone before those before it.
    _next: OnceLock<Arc<Epoch>>,
    /// Dropped with it, which whoever waits is told of.
    _gone: oneshot::Sender<()>,
}

/// Held while a request is between decision and forwarding.
#[derive(Debug)]
pub struct Token {
    _epoch: Arc<Epoch>,
}

/// The present epoch.
#[derive(Debug)]
pub struct Epochs {
    now: ArcSwap<Epoch>,
    /// Told when the present epoch is gone. Serialises turns.
    gone: Mutex<oneshot::Receiver<()>>,
}

fn begin() -> (Arc<Epoch>, oneshot::Receiver<()>) {
    let (gone, told) = oneshot::channel();
    (Arc::new(Epoch { _next: OnceLock::new(), _gone: gone }), told)
}

impl Default for Epochs {
    fn default() -> Self {
        let (epoch, told) = begin();
        Self { now: ArcSwap::new(epoch), gone: Mutex::new(told) }
    }
}

impl Epochs {
    /// To be called just before deciding.
    #[must_use]
    pub fn enter(&self) -> Token {
        Token { _epoch: self.now.load_full() }
    }

    /// Begins a new epoch. The future is done when every token taken before is gone.
    pub fn turn(&self) -> impl Future<Output = ()> + Send + use<> {
        let (epoch, told) = begin();
        let mut gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        let told = std::mem::replace(&mut *gone, told);
        let before = self.now.swap(Arc::clone(&epoch));
        // Set once: turns are serialised, and an epoch is the present one only once.
        let _ = before._next.set(epoch);
        drop(gone);
        drop(before);
        async move {
            // An error: the epoch was dropped, which is what is waited for.
            let _ = told.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    fn done(future: Pin<&mut (impl Future<Output = ()> + ?Sized)>) -> bool {
        future.poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(())
    }

    #[test]
    fn a_turn_waits_for_what_was_before_it_and_for_nothing_after() {
        let epochs = Epochs::default();
        assert!(done(pin!(epochs.turn())));
        let before = epochs.enter();
        let mut turned = pin!(epochs.turn());
        let after = epochs.enter();
        assert!(!done(turned.as_mut()));
        drop(before);
        assert!(done(turned.as_mut()));
        drop(after);
    }

    #[test]
    fn a_later_turn_waits_for_tokens_of_every_epoch_before() {
        let epochs = Epochs::default();
        let oldest = epochs.enter();
        let mut first = pin!(epochs.turn());
        let mut second = pin!(epochs.turn());
        assert!(!done(first.as_mut()) && !done(second.as_mut()));
        drop(oldest);
        assert!(done(second.as_mut()) && done(first.as_mut()));
    }

    type Turn = Pin<Box<dyn Future<Output = ()> + Send>>;

    #[derive(Clone, Debug)]
    enum Op {
        Enter,
        Leave(usize),
        Turn,
    }

    proptest! {
        /// Against a list of (epoch, token): a turn is done exactly when no token of an epoch before it is left.
        #[test]
        fn turns_agree_with_a_list(ops in prop::collection::vec(prop_oneof![
            2 => Just(Op::Enter), 2 => any::<usize>().prop_map(Op::Leave), 1 => Just(Op::Turn)
        ], 0..60)) {
            let epochs = Epochs::default();
            let mut now = 0;
            let mut tokens: Vec<(usize, Token)> = Vec::new();
            let mut turns: Vec<(usize, Turn, bool)> = Vec::new();
            for op in ops {
                match op {
                    Op::Enter => tokens.push((now, epochs.enter())),
                    Op::Leave(at) if !tokens.is_empty() => { tokens.swap_remove(at % tokens.len()); }
                    Op::Leave(_) => {}
                    Op::Turn => { turns.push((now, Box::pin(epochs.turn()), false)); now += 1; }
                }
                for (epoch, turn, seen) in &mut turns {
                    let expected = tokens.iter().all(|(of, _)| of > epoch);
                    if !*seen {
                        *seen = done(turn.as_mut());
                    }
                    prop_assert_eq!(*seen, expected);
                }
            }
        }
    }
}

//! Where keys come from: a file, or the feed. Exactly one is in use.

use super::feed;
use super::keys::{KeySource, Looked};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use sumun_gate::Now;
use sumun_proxy::Proxy;
use sumun_proxy::admin::Note;
use tracing::info;

/// The source in use. Clones are the same one.
#[derive(Clone)]
pub(super) enum Source {
    /// `gate.keys_file`, looked at.
    File(Arc<Mutex<KeySource>>),
    /// `gate.feed.url`, followed.
    Feed(Arc<feed::Shared>),
}

/// A panic under this lock would be a fault in reading a file; the table it left is as good as the one before.
fn lock(source: &Mutex<KeySource>) -> MutexGuard<'_, KeySource> {
    source.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Source {
    /// An edit of a keys file of ordinary size takes effect at the very next request: each one looks first. Those that
    /// come while one brings the table in step wait for it, and find nothing left to do. What the feed says is applied
    /// as it comes.
    pub(super) fn look_before_deciding(&self, proxy: &Arc<Proxy>) {
        let Self::File(source) = self else { return };
        let glance = lock(source).glance();
        let source = Arc::clone(source);
        let weak = Arc::downgrade(proxy);
        proxy.look_before_deciding(Box::new(move |_| {
            if glance.differs()
                && let Some(proxy) = weak.upgrade()
            {
                let mut source = lock(&source);
                // Whoever held the lock may have done it.
                if glance.differs() && source.look(proxy.now()) == Looked::Changed {
                    drop(source);
                    proxy.recheck_streams();
                }
            }
        }));
    }

    /// Looks at the keys file, changed or not; closes the streams that a change refuses.
    pub(super) fn bring_in_step(&self, proxy: &Proxy) {
        let Self::File(source) = self else { return };
        let mut source = lock(source);
        // The instant is read with the lock in hand: the file may have been changed while it was waited for.
        let looked = source.look(proxy.now());
        drop(source);
        if looked == Looked::Changed {
            let cut = proxy.recheck_streams();
            if cut > 0 {
                info!("{cut} streams were closed by the change");
            }
        }
    }

    /// SIGHUP: a keys file is looked at; a feed needs no telling.
    pub(super) fn hang_up(&self, proxy: &Proxy) {
        match self {
            Self::File(_) => {
                info!("SIGHUP: looking at the keys file");
                self.bring_in_step(proxy);
            }
            Self::Feed(_) => {
                info!("SIGHUP: keys come from the feed, as they change; there is nothing to look at");
            }
        }
    }

    /// Notes on the disk until when the source was heard.
    pub(super) fn note_heard(&self, now: Now) {
        match self {
            Self::File(source) => lock(source).note_heard(now),
            Self::Feed(shared) => shared.note_heard(),
        }
    }

    /// What is amiss with it.
    pub(super) fn notes(&self) -> Vec<Note> {
        let plain = |text| Note { text, serious: false };
        match self {
            Self::File(source) => {
                let trouble = lock(source).trouble();
                let text = trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
                text.map(plain).into_iter().collect()
            }
            Self::Feed(shared) => {
                let [following, settling] = shared.trouble();
                let settling = settling.map(|text| Note { text, serious: true });
                following.map(plain).into_iter().chain(settling).collect()
            }
        }
    }
}

//! One-time links for signing in: a code for a person, used once.

use crate::rest::fresh_id;
use anyhow::Result;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most links kept; the oldest used ones are of no interest to anybody.
const LINKS_MAX: usize = 10_000;

/// The host of the owner's page.
pub(crate) const OWNER_HOST: &str = "owner.localhost";

/// Who comes in by a link.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    /// Somebody of staff, by name.
    Staff(String),
    /// An owner, by his place in the cast.
    Owner(usize),
}

/// How a link stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It may be used.
    Open(Who),
    /// It was.
    Used(Who),
}

/// All links.
#[derive(Default)]
pub(crate) struct Links(Mutex<BTreeMap<String, (Who, bool)>>);

impl Links {
    fn all(&self) -> MutexGuard<'_, BTreeMap<String, (Who, bool)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new one.
    pub(crate) fn make(&self, who: Who) -> Result<String> {
        let code = fresh_id()?;
        let mut all = self.all();
        if all.len() >= LINKS_MAX {
            all.retain(|_, (_, used)| !*used);
        }
        all.insert(code.clone(), (who, false));
        Ok(code)
    }

    /// An open one of his: the one there is, or a new one.
    pub(crate) fn open_for(&self, who: &Who) -> Result<String> {
        let found =
            self.all().iter().find(|(_, (of, used))| of == who && !*used).map(|(code, _)| code.clone());
        found.map_or_else(|| self.make(who.clone()), Ok)
    }

    /// How it stands; nothing if it never was.
    pub(crate) fn standing(&self, code: &str) -> Option<Standing> {
        let all = self.all();
        all.get(code)
            .map(|(who, used)| if *used { Standing::Used(who.clone()) } else { Standing::Open(who.clone()) })
    }

    /// It is used up by this.
    pub(crate) fn used(&self, code: &str) {
        if let Some((_, used)) = self.all().get_mut(code) {
            *used = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_used_once() {
        let links = Links::default();
        let mina = Who::Staff("mina".to_owned());
        let code = links.make(mina.clone()).unwrap();
        assert_eq!(links.open_for(&mina).unwrap(), code);
        assert_eq!(links.standing(&code), Some(Standing::Open(mina.clone())));
        links.used(&code);
        assert_eq!(links.standing(&code), Some(Standing::Used(mina.clone())));
        assert_ne!(links.open_for(&mina).unwrap(), code);
        assert_eq!(links.standing("made-up"), None);
    }
}

//! When each person first opened an approval here, so that how long somebody looked is the server's to say and not his browser's.
//!
//! The first look stands in the store beside the record, so that it is known at whichever process he decides. Of what was opened before
//! this process began and stands nowhere it is not said that nobody looked.

use crate::govern::{Govern, store_refusal};
use crate::refusal::Refusal;
use sumun_model::Timestamp;

impl Govern {
    /// This person opened this approval now. That it cannot be noted keeps nobody from reading it.
    pub(super) async fn look_opened(&self, approval: &str, principal: &str) {
        if let Err(error) = self.store.look_opened(approval, principal, self.world.now()).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                approval,
                "That an approval was opened could not be noted"
            );
        }
    }

    /// Since when he looked, of what he says: never from before he first opened it, and nothing where he did not open it at all.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn looked_since(
        &self,
        approval: &str,
        principal: &str,
        said: Timestamp,
    ) -> Result<Option<Timestamp>, Refusal> {
        let first = self.store.first_look(approval, principal).await.map_err(store_refusal)?;
        Ok(since(said, first, self.began))
    }
}

fn since(said: Timestamp, first: Option<Timestamp>, began: Timestamp) -> Option<Timestamp> {
    match first {
        Some(first) => Some(said.max(first)),
        None => (said < began).then_some(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_looked_longer_than_he_had_it_open() {
        let at = |s: i64| Timestamp::from_micros(s * 1_000_000);
        let (began, first) = (at(100), Some(at(200)));
        assert_eq!(since(at(150), first, began), Some(at(200)), "said to be longer than it was open");
        assert_eq!(since(at(250), first, began), Some(at(250)), "opened again later");
        assert_eq!(since(at(150), None, began), None, "never opened");
        assert_eq!(since(at(50), None, began), Some(at(50)), "before this process began");
    }
}

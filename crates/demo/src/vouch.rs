//! The exchange's word: who stands before it now, and whether it verified somebody's identity anew. Signed as an exchange would.

use crate::rest;
use anyhow::Result;
use sumun_sim::assertion::{AssertionKey, SEED_BYTES, Who, now_s};

/// The venue's `exchange.audience`, as `sumun init` writes it.
const AUDIENCE: &str = "example";
/// The name of its key in venue.toml.
const KID: &str = "demo";

/// The made-up exchange's own key.
pub(crate) struct Exchange(AssertionKey);

impl Exchange {
    /// A new one.
    pub(crate) fn new() -> Result<Self> {
        let mut seed = [0; SEED_BYTES];
        getrandom::fill(&mut seed)
            .map_err(|error| anyhow::anyhow!("the operating system gives no entropy: {error}"))?;
        Ok(Self(AssertionKey::from_seed(&seed)))
    }

    /// Its line in venue.toml.
    pub(crate) fn line(&self) -> String {
        format!("\"{KID}\" = \"{}\"", self.0.public())
    }

    /// This person of this customer has just signed in with it, with a second factor.
    pub(crate) fn assertion(&self, customer: &str, person: &str, role: &str) -> Result<String> {
        let who = Who {
            customer: customer.to_owned(),
            person: person.to_owned(),
            role: role.to_owned(),
            methods: vec!["totp".to_owned()],
        };
        Ok(self.0.assert(KID, AUDIENCE, &who, now_s(), &rest::fresh_id()?))
    }

    /// Whether it has verified this customer's identity for a key that is asked about.
    pub(crate) fn identity(&self, customer: &str, key: &str, passed: bool) -> Result<String> {
        Ok(self.0.identity(KID, AUDIENCE, (customer, key), passed, (now_s(), &rest::fresh_id()?)))
    }
}

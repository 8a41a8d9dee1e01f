//! What browsers are served with: addresses, what is told to everybody, and where the files come from.

/// How the two programs for browsers are served.
#[derive(Clone, Debug, Default)]
pub struct Browsers {
    /// Where staff's browsers reach the console, such as `https://console.exchange.example`; none: not said.
    pub staff_url: Option<String>,
    /// Where customers' browsers reach the owner's page.
    pub owner_url: Option<String>,
    /// Where customers sign in at the exchange, which sends them on to the owner's page.
    pub sign_in_url: Option<String>,
    /// Whose pages may sign customers in by a form, beside the owner's page itself: origins as browsers write them, such as
    /// `https://exchange.example`.
    pub sign_in_origins: Vec<String>,
    /// Where the exchange verifies who somebody is.
    pub identity_url: Option<String>,
    /// What everybody is told at the top of each page.
    pub banner: Option<String>,
    /// Where readers find the published ledger, its verifier key in it: an address, or a folder as they reach it.
    pub ledger: Option<String>,
    /// What readers call `sumun` by at a terminal; empty: by its name.
    pub program: String,
}

impl Browsers {
    /// Whether cookies go over TLS only.
    pub(crate) fn is_secure(&self, front: Front) -> bool {
        let url = match front {
            Front::Staff => &self.staff_url,
            Front::Owner => &self.owner_url,
        };
        url.as_ref().is_some_and(|url| url.to_ascii_lowercase().starts_with("https://"))
    }
}

/// Which listener a request came by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Front {
    /// The control plane's: staff, machines, gates, and the console.
    #[default]
    Staff,
    /// The owner's: customers' people and their page, and nobody else.
    Owner,
}

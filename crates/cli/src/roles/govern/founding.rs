//! The first entries of a record: the venue's facts, the first two administrators, the built-in gate, a policy.

use super::{Keyrings, OwnKeys, VenueFile, open, operator};
use crate::config::Config;
use crate::exit::Failed;
use sumun_govern::staff::UserInvite;
use zeroize::Zeroizing;

/// What was founded.
pub(crate) struct Founded {
    /// The ledger's verifier key.
    pub(crate) vkey: String,
    /// Entries written.
    pub(crate) entries: u64,
    /// User, invite, until when.
    pub(crate) invited: Vec<(String, Zeroizing<String>, String)>,
}

/// Makes the record in the configuration's data folder.
///
/// # Errors
/// Whatever kept it from being made; a database that has a record already among it.
pub(crate) async fn found(
    config: &Config,
    keys: &OwnKeys,
    keyrings: Keyrings,
    file: VenueFile,
    invites: &[UserInvite],
) -> anyhow::Result<Founded> {
    let govern = open(config, keys, keyrings, &file).await?;
    let founded = make(&govern, config, keys, file, invites).await;
    let head = govern.store.head();
    let vkey = govern.store.vkey().unwrap_or_default();
    govern.store.close().await;
    Ok(Founded { vkey, entries: head.size, invited: founded? })
}

async fn make(
    govern: &sumun_govern::Govern,
    config: &Config,
    keys: &OwnKeys,
    file: VenueFile,
    invites: &[UserInvite],
) -> anyhow::Result<Vec<(String, Zeroizing<String>, String)>> {
    if govern.store.head().size > 0 {
        return Err(Failed(
            "the database holds a record already; it is never made anew over an old one: name another with \
             `govern.database`"
                .to_owned(),
        )
        .into());
    }
    file.adopt(govern, config).await?;
    let invited = govern.found(&operator(), invites).await?;
    super::own_gate::enrol(govern, config, keys).await?;
    super::adopt_policy(govern, config).await?;
    Ok(invited
        .into_iter()
        .filter_map(|one| {
            let invite = Zeroizing::new(one.invite?.expose().to_owned());
            Some((one.user.user, invite, one.invite_until.to_string()))
        })
        .collect())
}

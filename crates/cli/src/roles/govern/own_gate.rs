//! The gate in this very process is enrolled as any other; only nobody has to carry its invite to it.

use super::OwnKeys;
use crate::config::Config;
use crate::enrolment::{Enrolment, read_key, write_key};
use crate::{clock, entropy};
use sumun_feed::{EnrolmentRequest, SigningKey};
use sumun_govern::gates::EMBEDDED_ACTOR;
use sumun_govern::{Actor, Call, Govern};

/// Enrols it, unless it is.
///
/// # Errors
/// A gate of this name is enrolled with another key, or a file cannot be written.
pub(crate) async fn enrol(govern: &Govern, config: &Config, keys: &OwnKeys) -> anyhow::Result<()> {
    if config.enrolment_file().exists() {
        return Ok(());
    }
    let path = config.gate_key_file();
    // One that is there is of an attempt that did not end.
    let key = if path.exists() {
        read_key(&path)?
    } else {
        let key = SigningKey::from_seed(&*entropy::draw::<32>()?);
        write_key(&path, &key)?;
        key
    };
    let actor = Actor {
        principal: EMBEDDED_ACTOR.to_owned(),
        roles: Vec::new(),
        customer: None,
        session: None,
        second_factor: None,
        rights: None,
    };
    let invited = govern.invite_gate(&actor, &config.gate.id, &Call::default()).await?;
    let invite = invited.value.invite.unwrap_or_default();
    let request = EnrolmentRequest::new(&key, invite.expose(), clock::now())?;
    let answer = govern.enrol_gate(&request, keys.feed.public()).await?;
    Enrolment::from(answer).save(config)?;
    Ok(())
}

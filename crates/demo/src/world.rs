//! Everything that the parts of a running demo share.

use crate::cast::{Cast, Owner};
use crate::enter::Issued;
use crate::links::Links;
use crate::owner::Session;
use crate::ports::Ports;
use crate::rest::Rest;
use crate::staff::Staff;
use crate::vouch::Exchange;
use std::path::PathBuf;

/// The world.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) day_s: f64,
    pub(crate) ports: Ports,
    pub(crate) folder: PathBuf,
    pub(crate) rest: Rest,
    pub(crate) staff: Staff,
    pub(crate) exchange: Exchange,
    pub(crate) cast: Cast,
    /// By the owner's place in the cast.
    pub(crate) entered: Vec<Entered>,
    pub(crate) links: Links,
}

/// An owner in the record.
pub(crate) struct Entered {
    pub(crate) session: Session,
    pub(crate) keys: Vec<Issued>,
}

impl World {
    /// Every owner with what he has.
    pub(crate) fn owners(&self) -> impl Iterator<Item = (&Owner, &Entered)> {
        self.cast.owners.iter().zip(&self.entered)
    }

    /// The one who is played by whoever sits before the demo.
    pub(crate) fn guided(&self) -> Option<(&Owner, &Entered)> {
        self.owners().find(|(owner, _)| owner.character == crate::cast::Character::Guided)
    }
}

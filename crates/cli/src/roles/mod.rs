//! Roles: what runs until it is stopped. One file each: it takes the configuration, wires the crates, waits.

pub(crate) mod actuator;
pub(crate) mod detect;
pub(crate) mod events;
pub mod gate;
pub mod govern;
pub mod serve;
pub mod tap;

//! Time and randomness, through one door.

use sumun_model::Timestamp;

/// What a use case needs of the world outside.
pub trait World: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Fills the bytes from the system's generator.
    fn draw(&self, bytes: &mut [u8]);
}

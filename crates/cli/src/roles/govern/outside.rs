//! Time and randomness for the control plane, from this process's rim.

use sumun_govern::World;
use sumun_model::Timestamp;

/// The world as it is.
#[derive(Debug)]
pub(crate) struct Outside;

impl World for Outside {
    fn now(&self) -> Timestamp {
        crate::clock::now()
    }

    fn draw(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            // Ids, salts and secrets come from here: nothing may go on with bytes that somebody could know.
            tracing::error!("The operating system gives no entropy: {error}; this process ends");
            std::process::exit(101);
        }
    }
}

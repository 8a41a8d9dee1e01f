//! The one place of this crate that draws entropy.

use crate::exit::Failed;
use zeroize::Zeroizing;

/// Fresh bytes from the operating system, zeroed on drop: they become a secret, a key or a nonce.
///
/// # Errors
/// The operating system gives none; nothing may go on without.
pub fn draw<const N: usize>() -> Result<Zeroizing<[u8; N]>, Failed> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice())
        .map_err(|source| Failed(format!("the operating system gives no entropy: {source}")))?;
    Ok(bytes)
}

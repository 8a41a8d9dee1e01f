//! Secrets at rest: an API secret is kept only under AEAD, bound to the id of its key.
//!
//! XChaCha20-Poly1305 under a [`KeyEncryptionKey`]. The text form ([`SealedSecret`]) names which
//! key-encryption key it needs; a [`Keyring`] holds the primary one, which seals, and older ones, which only
//! open. The id of the key and the version of the format are authenticated beside the secret, so a sealed secret
//! moved to another key's record does not open.
//!
//! Pure: the nonce is an argument, files and the environment are read by whoever calls. Never here: printing
//! what is held, in any error or `Debug`; entropy; IO. A secret leaves only as [`sumun_model::ApiSecret`].
//!
//! Start with [`Keyring::parse`], then [`Keyring::seal`], [`Keyring::open`], [`Keyring::reseal`].

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod kek;
mod keyring;
mod sealed;

pub use kek::{KEK_BYTES, KEK_TEXT_PREFIX, KekId, KeyEncryptionKey};
pub use keyring::{KEKS_MAX, Keyring, KeyringError, OpenError};
pub use sealed::{MalformedSeal, NONCE_BYTES, SEALED_TEXT_PREFIX, SealedSecret};

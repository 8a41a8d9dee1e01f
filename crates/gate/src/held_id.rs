//! A key's id as its entry holds it: in place, so that comparing it reads the entry's own cache line and no other.

use sumun_model::KeyId;

/// Longest id held in place, in bytes: the longest seen in the field is 44, and with tag and length this makes 48.
const IN_PLACE_BYTES_MAX: usize = 46;

/// An id, in place unless it is unusually long.
#[derive(Debug)]
pub(crate) enum HeldId {
    /// The first `length` bytes.
    InPlace { bytes: [u8; IN_PLACE_BYTES_MAX], length: u8 },
    /// Too long.
    Apart(KeyId),
}

impl HeldId {
    pub(crate) fn new(id: KeyId) -> Self {
        let text = id.as_str().as_bytes();
        let mut bytes = [0; IN_PLACE_BYTES_MAX];
        match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(place), Ok(length)) => {
                place.copy_from_slice(text);
                Self::InPlace { bytes, length }
            }
            _ => Self::Apart(id),
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::InPlace { bytes, length } => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Self::Apart(id) => id.as_str().as_bytes(),
        }
    }

    /// The id as a value of its own.
    pub(crate) fn to_key_id(&self) -> KeyId {
        match self {
            Self::InPlace { .. } => {
                let text = std::str::from_utf8(self.as_bytes()).unwrap_or_default();
                #[expect(clippy::expect_used, reason = "INVARIANT: the bytes are those of an id")]
                KeyId::new(text).expect("an id from an id's bytes")
            }
            Self::Apart(id) => id.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_every_length_are_held_as_they_are() {
        for length in 1..=sumun_model::id::ID_BYTES_MAX {
            let id = KeyId::new(&"k".repeat(length)).unwrap();
            let held = HeldId::new(id.clone());
            assert_eq!(held.as_bytes(), id.as_str().as_bytes());
            assert_eq!(held.to_key_id(), id);
            assert_eq!(matches!(held, HeldId::InPlace { .. }), length <= IN_PLACE_BYTES_MAX);
        }
        assert_eq!(size_of::<HeldId>(), 48);
    }
}

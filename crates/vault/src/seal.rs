//! Secrets that have to be read again, such as those that others sign with: sealed by ChaCha20-Poly1305 (RFC 8439) under a key
//! that is derived by HKDF-SHA256 (RFC 5869) from the key of the installation, which lies in a file and never in the database.

use ring::{aead, hkdf};

use crate::signing::SigningKey;

/// What sealed bytes begin with, so that another way of sealing can follow.
const VERSION: u8 = 1;
/// Bytes of a nonce. It is random: one key seals far fewer than the 2^32 secrets for which that is safe.
const NONCE: usize = aead::NONCE_LEN;
/// Another use of the same key derives another one.
const PURPOSE: &[&[u8]] = &[b"throughline sealing of stored secrets v1"];

/// Why sealed bytes cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this was sealed by another key, for another place, or was changed since")]
pub struct CannotOpen;

/// Seals and opens. Wiped with the program.
pub struct SealingKey(aead::LessSafeKey);

impl SealingKey {
    /// The sealing key of an installation, by the key it signs with.
    ///
    /// # Panics
    /// Never: the lengths are those of the algorithm.
    pub fn of(key: &SigningKey) -> Self {
        let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, b"throughline").extract(&key.seed());
        let derived = secret
            .expand(PURPOSE, &aead::CHACHA20_POLY1305)
            .map(aead::UnboundKey::from)
            .expect("a key of 32 bytes can be derived");
        Self(aead::LessSafeKey::new(derived))
    }

    /// `secret` sealed for `place`: it opens nowhere else, so that a sealed secret cannot be put where another belongs.
    ///
    /// # Panics
    /// When the operating system has no randomness to give, which is no state to go on in.
    pub fn seal(&self, place: &str, secret: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE] = crate::random();
        let mut text = secret.to_vec();
        let place = aead::Aad::from(place.as_bytes());
        self.0
            .seal_in_place_append_tag(aead::Nonce::assume_unique_for_key(nonce), place, &mut text)
            .expect("a secret is shorter than what can be sealed");
        [&[VERSION][..], &nonce, &text].concat()
    }

    /// What was sealed for `place`.
    ///
    /// # Errors
    /// When it was sealed by another key or for another place, or is damaged.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, CannotOpen> {
        let (version, rest) = sealed.split_first().ok_or(CannotOpen)?;
        let (nonce, text) = rest.split_at_checked(NONCE).ok_or(CannotOpen)?;
        if *version != VERSION {
            return Err(CannotOpen);
        }
        let nonce = aead::Nonce::try_assume_unique_for_key(nonce).map_err(|_| CannotOpen)?;
        let mut text = text.to_vec();
        let opened =
            self.0.open_in_place(nonce, aead::Aad::from(place.as_bytes()), &mut text).map_err(|_| CannotOpen)?;
        Ok(opened.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_for_its_key_and_its_place_only() {
        let key = SealingKey::of(&SigningKey::from_seed([7; 32]));
        let sealed = key.seal("connection 1", b"secret");
        assert_eq!(key.open("connection 1", &sealed), Ok(b"secret".to_vec()));
        assert_eq!(key.open("connection 2", &sealed), Err(CannotOpen));
        let other = SealingKey::of(&SigningKey::from_seed([8; 32]));
        assert_eq!(other.open("connection 1", &sealed), Err(CannotOpen));
        let again = SealingKey::of(&SigningKey::from_seed([7; 32]));
        assert_eq!(again.open("connection 1", &sealed), Ok(b"secret".to_vec()), "the same after a restart");
        assert_ne!(sealed, key.seal("connection 1", b"secret"), "nobody sees that two secrets are the same");
    }

    #[test]
    fn a_changed_or_shortened_byte_is_noticed() {
        let key = SealingKey::of(&SigningKey::from_seed([7; 32]));
        let sealed = key.seal("here", b"secret");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(key.open("here", &changed), Err(CannotOpen), "byte {at}");
            assert_eq!(key.open("here", &sealed[..at]), Err(CannotOpen), "{at} bytes");
        }
    }
}

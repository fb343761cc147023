//! Secrets: passwords are hashed, tokens are random and only their digest is kept; the key the installation signs with, and what it
//! signs: the heads of Merkle trees, as notes, and statements, in envelopes; secrets that have to be read again are sealed, and what others
//! sign with them is verified.

pub mod dsse;
pub mod merkle;
pub mod note;
mod password;
pub mod seal;
pub mod signing;
mod token;
pub mod webhook;

pub use password::{PasswordError, Passwords};
pub use token::{Token, TokenKind, digest};

/// Random bytes of the operating system.
///
/// # Panics
/// When it has none to give, which is no state to go on in.
pub fn random<const BYTES: usize>() -> [u8; BYTES] {
    use rand::TryRng as _;
    let mut bytes = [0; BYTES];
    rand::rngs::SysRng.try_fill_bytes(&mut bytes).expect("the operating system gives randomness");
    bytes
}

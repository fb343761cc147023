//! Secrets: passwords are hashed, tokens are random and only their digest is kept; the key the installation signs with, and what it
//! signs: the heads of Merkle trees, as notes.

pub mod merkle;
pub mod note;
mod password;
pub mod signing;
mod token;

pub use password::{PasswordError, Passwords};
pub use token::{Token, TokenKind, digest};

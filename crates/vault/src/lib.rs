//! Secrets: passwords are hashed, tokens are random and only their digest is kept; and the key the installation signs with.

mod password;
pub mod signing;
mod token;

pub use password::{PasswordError, Passwords};
pub use token::{Token, TokenKind, digest};

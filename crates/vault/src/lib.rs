//! Secrets: passwords are hashed, tokens are random and only their digest is kept.

mod password;
mod token;

pub use password::{PasswordError, Passwords};
pub use token::{Token, TokenKind, digest};

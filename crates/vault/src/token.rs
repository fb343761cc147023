//! Random tokens: 256 bits from the operating system, shown once, kept as their SHA-256 digest.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::TryRng as _;
use sha2::{Digest as _, Sha256};

/// What a token is for. The prefix lets people and secret scanners recognise it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A browser session, kept in a cookie.
    Session,
    /// An API token of a person, an agent or a service.
    Api,
}

impl TokenKind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Session => "tls_",
            Self::Api => "tlp_",
        }
    }

    /// The kind a token's text claims to be, by its prefix.
    pub fn of(text: &str) -> Option<Self> {
        [Self::Session, Self::Api].into_iter().find(|kind| text.starts_with(kind.prefix()))
    }
}

/// A token in the clear. It exists only while it is handed to its owner.
pub struct Token(String);

impl Token {
    /// A new token.
    ///
    /// # Panics
    /// When the operating system has no randomness to give, which is no state to go on in.
    pub fn generate(kind: TokenKind) -> Self {
        let mut bytes = [0_u8; 32];
        rand::rngs::SysRng.try_fill_bytes(&mut bytes).expect("the operating system gives randomness");
        Self(format!("{}{}", kind.prefix(), URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The text to hand over, once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The first characters, kept so that its owner can tell tokens apart.
    pub fn shown_prefix(&self) -> &str {
        &self.0[..12]
    }

    /// What is stored.
    pub fn digest(&self) -> [u8; 32] {
        digest(&self.0)
    }
}

/// The SHA-256 digest under which a token is looked up.
pub fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_tell_their_kind() {
        let (one, two) = (Token::generate(TokenKind::Api), Token::generate(TokenKind::Session));
        assert_ne!(one.reveal(), two.reveal());
        assert_eq!(TokenKind::of(one.reveal()), Some(TokenKind::Api));
        assert_eq!(TokenKind::of(two.reveal()), Some(TokenKind::Session));
        assert_eq!(TokenKind::of("hello"), None);
        assert_eq!(one.digest(), digest(one.reveal()));
    }
}

//! Whether a message of a repository server was signed with a secret that both sides know. Every comparison takes the same time
//! wherever the difference is.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::hmac;

/// What came in a message's headers to prove where it is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof<'a> {
    /// The HMAC-SHA256 of the body in hexadecimal digits, with or without `sha256=` before it: GitHub's `X-Hub-Signature-256`,
    /// Forgejo's and Gitea's headers.
    Hex(&'a str),
    /// The secret itself: GitLab's `X-Gitlab-Token`.
    Token(&'a str),
    /// A signature by the Standard Webhooks specification, as GitLab sends it where a signing token is set: HMAC-SHA256 over
    /// identifier, seconds and body with dots between them, in base64 after `v1,`; several stand apart by blanks.
    Standard {
        /// `webhook-id`
        id: &'a str,
        /// `webhook-timestamp`, in seconds since 1970.
        seconds: &'a str,
        /// `webhook-signature`
        signatures: &'a str,
    },
}

/// How far the clocks may differ where a signature covers the time, in seconds.
const TOLERANCE: i64 = 300;

impl Proof<'_> {
    /// Whether this proves that somebody who knows `secret` sent `body`; `now` is in seconds since 1970.
    pub fn holds(&self, secret: &str, body: &[u8], now: i64) -> bool {
        if secret.is_empty() {
            return false;
        }
        match *self {
            Self::Token(token) => {
                // Of equal length whatever came, so that not even the length is told.
                let key = hmac::Key::new(hmac::HMAC_SHA256, b"throughline compares tokens");
                hmac::verify(&key, token.as_bytes(), hmac::sign(&key, secret.as_bytes()).as_ref()).is_ok()
            }
            Self::Hex(text) => {
                let Some(tag) = hex(text.trim().trim_start_matches("sha256=")) else { return false };
                hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), body, &tag).is_ok()
            }
            Self::Standard { id, seconds, signatures } => {
                let Ok(sent) = seconds.trim().parse::<i64>() else { return false };
                if now.saturating_sub(sent).saturating_abs() > TOLERANCE {
                    return false;
                }
                let signed = [id.as_bytes(), b".", seconds.trim().as_bytes(), b".", body].concat();
                // The specification writes keys as `whsec_` and base64; a secret of another form is the key as it stands.
                let decoded = secret.strip_prefix("whsec_").and_then(|text| STANDARD.decode(text).ok());
                let key = hmac::Key::new(hmac::HMAC_SHA256, decoded.as_deref().unwrap_or(secret.as_bytes()));
                let tags = signatures.split(' ').filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
                tags.take(10).any(|tag| hmac::verify(&key, &signed, &tag).is_ok())
            }
        }
    }
}

/// A secret for a webhook: 256 random bits in the form of the Standard Webhooks specification, which every server takes.
///
/// # Panics
/// When the operating system has no randomness to give, which is no state to go on in.
pub fn new_secret() -> String {
    format!("whsec_{}", STANDARD.encode(crate::random::<32>()))
}

/// What a server would send in `X-Hub-Signature-256`, without `sha256=`: for tests, and for trying a connection out.
pub fn signature(secret: &str, body: &[u8]) -> String {
    use std::fmt::Write as _;
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), body);
    tag.as_ref().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    digits.chunks(2).map(|pair| Some((digit(pair[0])? << 4) | digit(pair[1])?)).collect()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example in GitHub's documentation of how to validate deliveries.
    #[test]
    fn the_signature_of_github_is_verified() {
        let (secret, body) = ("It's a Secret to Everybody", b"Hello, World!");
        let right = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert!(Proof::Hex(right).holds(secret, body, 0));
        assert!(Proof::Hex(&right.to_uppercase().replace("SHA256", "sha256")).holds(secret, body, 0));
        assert!(Proof::Hex(&signature(secret, body)).holds(secret, body, 0));
        for wrong in ["", "sha256=", &right[..70], "sha1=757107ea0eb2509fc211221cce984b8a37570b6d"] {
            assert!(!Proof::Hex(wrong).holds(secret, body, 0), "{wrong}");
        }
        assert!(!Proof::Hex(right).holds(secret, b"Hello, World?", 0));
        assert!(!Proof::Hex(right).holds("another", body, 0));
        assert!(!Proof::Hex(&signature("", body)).holds("", body, 0), "no secret is no proof");
    }

    #[test]
    fn a_token_is_the_secret_and_nothing_else() {
        assert!(Proof::Token("secret").holds("secret", b"x", 0));
        for wrong in ["", "secre", "secret ", "Secret"] {
            assert!(!Proof::Token(wrong).holds("secret", b"x", 0), "{wrong}");
        }
    }

    /// The example of the Standard Webhooks specification.
    #[test]
    fn a_standard_signature_is_verified_while_it_is_young() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let body = br#"{"test": 2432232314}"#;
        let signatures = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let proof =
            |signatures| Proof::Standard { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", seconds: "1614265330", signatures };
        assert!(proof(signatures).holds(secret, body, 1_614_265_330));
        let several = format!("v1,AAAA {signatures}");
        assert!(proof(&several).holds(secret, body, 1_614_265_400));
        assert!(!proof(signatures).holds(secret, body, 1_614_265_330 + 301), "it is too old");
        assert!(!proof(signatures).holds(secret, b"{}", 1_614_265_330));
        assert!(!proof("v1,").holds(secret, body, 1_614_265_330));
    }

    #[test]
    fn secrets_differ() {
        let (one, two) = (new_secret(), new_secret());
        assert_ne!(one, two);
        assert!(one.starts_with("whsec_") && one.len() > 40);
    }
}

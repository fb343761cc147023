//! Passwords, hashed with argon2id (RFC 9106). An unknown name costs the same time as a wrong password.

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash};

/// The shortest password taken, in characters (NIST SP 800-63B asks for at least 8; ASVS 5.0 6.2.1 likewise).
const SHORTEST: usize = 12;
/// The longest password taken, in bytes: hashing must stay bounded.
const LONGEST: usize = 1024;

/// Why a password is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than twelve characters.
    #[error("a password has at least {SHORTEST} characters; a short sentence works well")]
    TooShort,
    /// More than 1,024 bytes.
    #[error("a password has at most {LONGEST} bytes")]
    TooLong,
    /// One of the passwords everybody tries first, or made of what everybody knows of its owner.
    #[error("this password is among the first that anybody would try; choose another")]
    Guessable,
    /// The hashing itself failed.
    #[error("the password could not be hashed")]
    Hashing,
}

/// Hashes and verifies passwords. Work on these blocks a core for tens of milliseconds: call them off the event loop.
#[derive(Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    decoy: String,
}

impl Passwords {
    /// Hashing with 19 MiB of memory and two passes, OWASP's first recommendation for argon2id.
    ///
    /// # Panics
    /// Never: the parameters are constants that argon2 accepts.
    pub fn new() -> Self {
        Self::with_cost(19 * 1024, 2)
    }

    /// Cheap hashing for tests that sign in many times.
    pub fn cheap() -> Self {
        Self::with_cost(64, 1)
    }

    fn with_cost(memory_kib: u32, passes: u32) -> Self {
        let params = Params::new(memory_kib, passes, 1, None).expect("constant argon2 parameters are in range");
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = argon2.hash_password(b"nobody has this password").expect("hashing a constant works").to_string();
        Self { argon2, decoy }
    }

    /// The PHC string to store.
    ///
    /// # Errors
    /// When the password is too short, too long or among those that anybody tries first; `known` are the words
    /// everybody knows of its owner, such as name and address.
    pub fn hash(&self, password: &str, known: &[&str]) -> Result<String, PasswordError> {
        if password.chars().count() < SHORTEST {
            return Err(PasswordError::TooShort);
        }
        if password.len() > LONGEST {
            return Err(PasswordError::TooLong);
        }
        let folded = password.to_lowercase();
        let guessable = known.iter().any(|word| word.len() >= 4 && folded == word.to_lowercase())
            || COMMON.contains(&folded.as_str())
            || folded.chars().collect::<std::collections::BTreeSet<_>>().len() < 4;
        if guessable {
            return Err(PasswordError::Guessable);
        }
        let hash = self.argon2.hash_password(password.as_bytes()).map_err(|_| PasswordError::Hashing)?;
        Ok(hash.to_string())
    }

    /// Whether `password` belongs to `stored`. With no stored hash a decoy is verified, so that the answer takes as
    /// long for a name nobody has.
    pub fn verify(&self, password: &str, stored: Option<&str>) -> bool {
        if password.len() > LONGEST {
            return false;
        }
        let candidate = stored.unwrap_or(&self.decoy);
        let matches = PasswordHash::new(candidate)
            .is_ok_and(|hash| self.argon2.verify_password(password.as_bytes(), &hash).is_ok());
        matches && stored.is_some()
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

/// Frequent passwords of twelve characters and more.
const COMMON: [&str; 16] = [
    "password1234",
    "password12345",
    "123456789012",
    "1234567890123",
    "qwertyuiop12",
    "qwertyuiop123",
    "iloveyou1234",
    "administrator",
    "administrator1",
    "changeme1234",
    "letmein12345",
    "welcome12345",
    "passwordpassword",
    "correct horse battery staple",
    "correcthorsebatterystaple",
    "throughline1",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_verified_against_its_own_hash_only() {
        let passwords = Passwords::cheap();
        let stored = passwords.hash("a quiet morning in May", &[]).expect("long enough");
        assert!(stored.starts_with("$argon2id$"));
        assert!(passwords.verify("a quiet morning in May", Some(&stored)));
        assert!(!passwords.verify("a quiet morning in June", Some(&stored)));
    }

    #[test]
    fn nobody_has_the_decoy_password() {
        assert!(!Passwords::cheap().verify("nobody has this password", None));
    }

    #[test]
    fn guessable_passwords_are_refused_with_a_reason() {
        let passwords = Passwords::cheap();
        assert_eq!(passwords.hash("short", &[]), Err(PasswordError::TooShort));
        assert_eq!(passwords.hash("Password1234", &[]), Err(PasswordError::Guessable));
        assert_eq!(passwords.hash("aaaaaaaaaaaaaa", &[]), Err(PasswordError::Guessable));
        assert_eq!(passwords.hash("ada@example.org", &["ada@example.org"]), Err(PasswordError::Guessable));
        assert_eq!(passwords.hash(&"é".repeat(600), &[]), Err(PasswordError::TooLong));
    }
}

//! What the installation signs: Ed25519 (RFC 8032), with one key that lies in a file of its own. Public keys are written
//! as verifier keys of signed notes (<https://c2sp.org/signed-note>), `name+hash+key`, which other tools read too.

use std::{
    fmt, fs,
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
    str::FromStr,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, Signer as _, VerifyingKey};
use sha2::{Digest as _, Sha256};

/// The name of the installation's key, where nothing more exact is signed for.
const NAME: &str = "throughline";
/// What a key file begins with.
const PRIVATE: &str = "PRIVATE+KEY+";
/// The kind of key that signed notes know as Ed25519.
const ED25519: u8 = 1;
/// What stands before the 32 bytes of a public key in X.509's form (RFC 8410, section 4).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const PEM_BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const PEM_END: &str = "-----END PUBLIC KEY-----";

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The text is not a key, or not one of ours.
    #[error("this is no Ed25519 key in the form name+hash+key")]
    Unreadable,
    /// The hash in the text belongs to another name or key.
    #[error("the key does not fit the hash beside it: a character was lost or changed")]
    Damaged,
    /// Others on this machine may read the secret.
    #[error(
        "{0} can be read by others: take their rights away (chmod 600) and replace the key if they may have read it"
    )]
    Exposed(String),
    /// The key file cannot be read or written.
    #[error("the key file {path} cannot be read or written")]
    File {
        /// Which file.
        path: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// The secret half: signs. Wiped from memory when it is dropped.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// A new key.
    ///
    /// # Panics
    /// When the operating system has no randomness to give, which is no state to go on in.
    pub fn generate() -> Self {
        Self::from_seed(crate::random())
    }

    /// The key of these 32 bytes.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(&seed))
    }

    /// The key in the file `path`, which is made with a new key, for its owner alone, when it is not there. Of several that
    /// begin at the same moment, one makes it and all use it.
    ///
    /// # Errors
    /// When the file is no key, is open to others, or cannot be read or written.
    pub fn keep(path: &Path) -> Result<Self, KeyError> {
        match Self::load(path) {
            Err(KeyError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
            outcome => return outcome,
        }
        let fresh = path.with_extension(format!("new.{}", std::process::id()));
        let making = || {
            let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
            file.write_all(Self::generate().secret_text().as_bytes())?;
            file.sync_all()?;
            // A link never replaces a key that somebody else has made meanwhile.
            match fs::hard_link(&fresh, path) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
                _ => Ok(()),
            }
        };
        let made = making();
        let _ = fs::remove_file(&fresh);
        made.map_err(|source| KeyError::File { path: path.display().to_string(), source })?;
        Self::load(path)
    }

    /// The key in the file `path`.
    ///
    /// # Errors
    /// When the file is no key, is open to others, or cannot be read.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let reading = || Ok::<_, io::Error>((fs::metadata(path)?.permissions().mode(), fs::read_to_string(path)?));
        let (mode, text) = reading().map_err(|source| KeyError::File { path: path.display().to_string(), source })?;
        if mode & 0o077 != 0 {
            return Err(KeyError::Exposed(path.display().to_string()));
        }
        let public = text.trim().strip_prefix(PRIVATE).ok_or(KeyError::Unreadable)?;
        let (name, hash, seed) = parts(public)?;
        let key = Self::from_seed(seed);
        if key.public_key().hash(name) == hash { Ok(key) } else { Err(KeyError::Damaged) }
    }

    /// The text of the key file: the form in which signed notes keep a signer.
    fn secret_text(&self) -> String {
        let mut bytes = vec![ED25519];
        bytes.extend(self.0.to_bytes());
        format!("{PRIVATE}{NAME}+{}+{}\n", self.public_key().key_id(), STANDARD.encode(bytes))
    }

    /// The secret itself, from which keys for other uses are derived.
    pub(crate) fn seed(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// The signature of `message`.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SigningKey({})", self.public_key().key_id())
    }
}

/// The public half: verifies. Its text is `throughline+hash+key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// The key of these 32 bytes.
    ///
    /// # Errors
    /// When they are no point of the curve.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        VerifyingKey::from_bytes(bytes).map(Self).map_err(|_| KeyError::Unreadable)
    }

    /// The 32 bytes of the key.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Whether `signature` is one of `message` by this key. Strict: no key of small order, no second form of a signature.
    pub fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }

    /// The first four bytes of the SHA-256 of name and key, by which signed notes tell keys apart.
    pub fn hash(&self, name: &str) -> [u8; 4] {
        let mut digest = Sha256::new();
        digest.update(name.as_bytes());
        digest.update([b'\n', ED25519]);
        digest.update(self.to_bytes());
        let digest: [u8; 32] = digest.finalize().into();
        [digest[0], digest[1], digest[2], digest[3]]
    }

    /// Eight hexadecimal digits that name the key beside a signature.
    pub fn key_id(&self) -> String {
        hex(self.hash(NAME))
    }

    /// The key as the verifier of what is signed under `name`.
    pub fn named(&self, name: &str) -> String {
        let mut bytes = vec![ED25519];
        bytes.extend(self.to_bytes());
        format!("{name}+{}+{}", hex(self.hash(name)), STANDARD.encode(bytes))
    }

    /// The key as other programs take it, such as OpenSSL: PEM (RFC 7468) of the form in RFC 8410.
    pub fn to_pem(&self) -> String {
        let mut bytes = SPKI.to_vec();
        bytes.extend(self.to_bytes());
        format!("{PEM_BEGIN}\n{}\n{PEM_END}\n", STANDARD.encode(bytes))
    }

    /// Reads a key that [`PublicKey::to_pem`] or another program wrote.
    ///
    /// # Errors
    /// When it is no Ed25519 key in PEM.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let body = text.trim().strip_prefix(PEM_BEGIN).and_then(|rest| rest.strip_suffix(PEM_END));
        let body: String = body.ok_or(KeyError::Unreadable)?.split_whitespace().collect();
        let bytes = STANDARD.decode(body).map_err(|_| KeyError::Unreadable)?;
        let key = bytes.strip_prefix(&SPKI).and_then(|key| key.try_into().ok()).ok_or(KeyError::Unreadable)?;
        Self::from_bytes(key)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.named(NAME))
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    /// Reads `name+hash+key` of any name.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (name, hash, bytes) = parts(text.trim())?;
        let key = Self::from_bytes(&bytes)?;
        if key.hash(name) == hash { Ok(key) } else { Err(KeyError::Damaged) }
    }
}

/// Name, hash and the 32 bytes behind the kind of key. The last part may hold further plus signs: it is base64.
fn parts(text: &str) -> Result<(&str, [u8; 4], [u8; 32]), KeyError> {
    let mut fields = text.splitn(3, '+');
    let (Some(name), Some(hash), Some(key)) = (fields.next(), fields.next(), fields.next()) else {
        return Err(KeyError::Unreadable);
    };
    let is_hash = hash.len() == 8 && hash.bytes().all(|digit| digit.is_ascii_hexdigit());
    let hash = u32::from_str_radix(hash, 16).ok().filter(|_| is_hash).ok_or(KeyError::Unreadable)?;
    let bytes = STANDARD.decode(key).map_err(|_| KeyError::Unreadable)?;
    match bytes.split_first() {
        Some((&ED25519, key)) if !name.is_empty() => {
            Ok((name, hash.to_be_bytes(), key.try_into().map_err(|_| KeyError::Unreadable)?))
        }
        _ => Err(KeyError::Unreadable),
    }
}

fn hex(bytes: [u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_signature_holds_for_its_message_and_its_key_only() {
        let (key, other) = (SigningKey::generate(), SigningKey::generate());
        let signature = key.sign(b"the bridge is open");
        assert!(key.public_key().verifies(b"the bridge is open", &signature));
        assert!(!key.public_key().verifies(b"the bridge is shut", &signature));
        assert!(!other.public_key().verifies(b"the bridge is open", &signature));
    }

    /// RFC 8032, section 7.1, test 1.
    #[test]
    fn signatures_are_those_of_the_standard() {
        let bytes = |text: &str| -> Vec<u8> {
            (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
        };
        let seed = bytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        let key = SigningKey::from_seed(seed.try_into().unwrap());
        let public = bytes("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        assert_eq!(key.public_key().to_bytes().to_vec(), public);
        let signature = bytes(
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        );
        assert_eq!(key.sign(b"").to_vec(), signature);
    }

    #[test]
    fn a_public_key_is_read_back_and_a_lost_character_is_noticed() {
        let key = SigningKey::from_seed([7; 32]).public_key();
        let text = key.named("throughline/harbour/audit");
        assert_eq!(text.parse::<PublicKey>().unwrap(), key);
        assert_eq!(key.to_string().parse::<PublicKey>().unwrap(), key);
        assert!(key.to_string().starts_with(&format!("throughline+{}+", key.key_id())));
        assert!(matches!(text.replace("harbour", "harbor").parse::<PublicKey>(), Err(KeyError::Damaged)));
        for wrong in ["", "a+b", "a+00000000+AA==", "throughline", "+00000000+", "a+0000000+AQ=="] {
            assert!(wrong.parse::<PublicKey>().is_err(), "{wrong}");
        }
    }

    /// The public key of RFC 8410, section 10.1.
    #[test]
    fn a_public_key_is_written_for_other_programs_and_read_back() {
        let pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
        let key = PublicKey::from_pem(pem).unwrap();
        assert_eq!(key.to_bytes()[..4], [0x19, 0xbf, 0x44, 0x09]);
        assert_eq!(key.to_pem(), pem);
        assert!(PublicKey::from_pem(&pem.replace("MCow", "MCox")).is_err());
        assert!(PublicKey::from_pem("throughline+0+AA").is_err());
    }

    #[test]
    fn a_key_file_is_made_once_for_its_owner_alone() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("signing.key");
        let first = SigningKey::keep(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(SigningKey::keep(&path).unwrap().public_key(), first.public_key());
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1, "nothing is left beside it");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(SigningKey::keep(&path), Err(KeyError::Exposed(_))));
    }

    #[test]
    fn a_secret_is_not_printed() {
        let key = SigningKey::from_seed([9; 32]);
        assert_eq!(format!("{key:?}"), format!("SigningKey({})", key.public_key().key_id()));
    }
}

//! Signed notes (<https://c2sp.org/signed-note>) and, in them, checkpoints of a log (<https://c2sp.org/tlog-checkpoint>): a text and
//! the signatures under it, which people can read, mail and print, and other tools can check.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    merkle::Hash,
    signing::{PublicKey, SigningKey},
};

/// What a line with a signature begins with.
const DASH: &str = "\u{2014} ";

/// Why a note is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It is no signed note, or its text is no checkpoint.
    #[error("{0}")]
    Malformed(&'static str),
    /// Nobody who is known has signed it.
    #[error("{0} has not signed it")]
    Unsigned(String),
    /// A signature that should be of this key is of other words, or of another key with the same hash.
    #[error("the signature of {0} does not fit the text: one of them was changed")]
    Forged(String),
}

/// A note that was taken apart; nothing of it is checked until [`Note::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note<'a> {
    text: &'a str,
    signatures: Vec<Signed<'a>>,
}

/// One line under a note.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Signed<'a> {
    name: &'a str,
    /// The hash of name and key, and what this kind of key says with it.
    bytes: Vec<u8>,
}

/// Whether `text` can be signed: whole lines without control characters.
fn is_text(text: &str) -> bool {
    text.ends_with('\n') && !text.chars().any(|letter| letter.is_ascii_control() && letter != '\n')
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|letter: char| letter.is_whitespace() || letter == '+')
}

/// The note with this text, signed by `key` under `name`.
///
/// # Errors
/// When the text does not consist of whole lines, or the name has a space or a plus sign.
pub fn sign(text: &str, name: &str, key: &SigningKey) -> Result<String, NoteError> {
    if !is_text(text) {
        return Err(NoteError::Malformed("a note consists of whole lines without control characters"));
    }
    if !is_name(name) {
        return Err(NoteError::Malformed("the name of a signer has neither spaces nor plus signs and is not empty"));
    }
    let mut bytes = key.public_key().hash(name).to_vec();
    bytes.extend(key.sign(text.as_bytes()));
    Ok(format!("{text}\n{DASH}{name} {}\n", STANDARD.encode(bytes)))
}

impl<'a> Note<'a> {
    /// Takes a note apart.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(note: &'a str) -> Result<Self, NoteError> {
        // The text may have empty lines of its own: only the last one parts it from the signatures.
        let at =
            note.rfind("\n\n").ok_or(NoteError::Malformed("a signed note has an empty line before its signatures"))?;
        let (text, lines) = (&note[..=at], &note[at + 2..]);
        if !is_text(text) || !lines.ends_with('\n') {
            return Err(NoteError::Malformed("a note consists of whole lines without control characters"));
        }
        let read = |line: &'a str| {
            let (name, bytes) = line.strip_prefix(DASH)?.split_once(' ')?;
            let bytes = STANDARD.decode(bytes).ok().filter(|bytes| bytes.len() > 4)?;
            is_name(name).then_some(Signed { name, bytes })
        };
        let signatures = lines.lines().map(read).collect::<Option<Vec<_>>>();
        match signatures {
            Some(signatures) if !signatures.is_empty() => Ok(Self { text, signatures }),
            _ => Err(NoteError::Malformed("a line under a note is a dash, a name and a signature")),
        }
    }

    /// The text, if `key` has signed it under `name`. Signatures of others are left aside.
    ///
    /// # Errors
    /// When it has not, or has signed something else.
    pub fn verify(&self, name: &str, key: &PublicKey) -> Result<&'a str, NoteError> {
        let hash = key.hash(name);
        let mut known = self.signatures.iter().filter(|line| line.name == name && line.bytes[..4] == hash).peekable();
        if known.peek().is_none() {
            return Err(NoteError::Unsigned(key.named(name)));
        }
        let fits = |line: &Signed<'_>| {
            line.bytes[4..].try_into().is_ok_and(|signature| key.verifies(self.text.as_bytes(), signature))
        };
        if known.all(fits) { Ok(self.text) } else { Err(NoteError::Forged(key.named(name))) }
    }

    /// The text, though nobody has looked at the signatures.
    pub const fn unverified_text(&self) -> &'a str {
        self.text
    }
}

/// What a log says of itself: whose it is, how many entries it has and what their root is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log of all there are. It is the name its key signs under, too.
    pub origin: String,
    /// Entries.
    pub size: u64,
    /// The root of the Merkle tree over them.
    pub root: Hash,
    /// Further lines, which are signed with it.
    pub extensions: Vec<String>,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root));
        for line in &self.extensions {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// Reads the text of a checkpoint.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let broken = NoteError::Malformed("a checkpoint is an origin, a size and a root, each on its own line");
        let mut lines = text.strip_suffix('\n').ok_or_else(|| broken.clone())?.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(broken);
        };
        let number = size.parse::<u64>().ok().filter(|number| number.to_string() == size);
        let root = STANDARD.decode(root).ok().and_then(|root| Hash::try_from(root).ok());
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        match (number, root) {
            (Some(size), Some(root)) if !origin.is_empty() && extensions.iter().all(|line| !line.is_empty()) => {
                Ok(Self { origin: origin.to_owned(), size, root, extensions })
            }
            _ => Err(broken),
        }
    }

    /// The checkpoint as a note signed under its origin.
    ///
    /// # Errors
    /// When origin or extensions cannot be signed: an empty one, a control character.
    pub fn sign(&self, key: &SigningKey) -> Result<String, NoteError> {
        let text = self.text();
        // What is signed has to be read back as the same, or the signature would be under something else.
        if Self::parse(&text)? != *self {
            return Err(NoteError::Malformed("a line of a checkpoint must not hold a line break"));
        }
        sign(&text, &self.origin, key)
    }

    /// Opens a note that `key` must have signed under `origin`.
    ///
    /// # Errors
    /// When it has not, or the note is no checkpoint of this log.
    pub fn open(note: &str, origin: &str, key: &PublicKey) -> Result<Self, NoteError> {
        let checkpoint = Self::parse(Note::parse(note)?.verify(origin, key)?)?;
        if checkpoint.origin == origin {
            Ok(checkpoint)
        } else {
            Err(NoteError::Malformed("the checkpoint is one of another log"))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The example in the documentation of Go's `golang.org/x/mod/sumdb/note`, from which the format comes.
    const EXAMPLE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\
        \n\
        — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    const EXAMPLE_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            origin: "throughline/harbour/audit".into(),
            size: 815,
            root: [7; 32],
            extensions: vec!["sealed 2026-03-02T09:00:00Z".into()],
        }
    }

    #[test]
    fn a_note_that_others_signed_is_read() {
        let key: PublicKey = EXAMPLE_KEY.parse().unwrap();
        let text = Note::parse(EXAMPLE).unwrap().verify("PeterNeumann", &key).unwrap();
        assert!(text.ends_with("your problem is.\n"));
        let changed = EXAMPLE.replace("answer", "question");
        assert!(matches!(Note::parse(&changed).unwrap().verify("PeterNeumann", &key), Err(NoteError::Forged(_))));
    }

    #[test]
    fn a_checkpoint_is_believed_of_its_log_and_its_key_only() {
        let key = SigningKey::from_seed([3; 32]);
        let (made, public) = (checkpoint(), key.public_key());
        let note = made.sign(&key).unwrap();
        assert_eq!(Checkpoint::open(&note, &made.origin, &public).unwrap(), made);
        let stranger = SigningKey::from_seed([4; 32]).public_key();
        assert!(matches!(Checkpoint::open(&note, &made.origin, &stranger), Err(NoteError::Unsigned(_))));
        assert!(matches!(Checkpoint::open(&note, "throughline/quay/audit", &public), Err(NoteError::Unsigned(_))));
        for (from, to) in [("815", "816"), ("09:00", "10:00"), ("BwcH", "BwcI"), ("harbour", "harbor")] {
            let changed = note.replacen(from, to, 1);
            assert_eq!(
                Checkpoint::open(&changed, &made.origin, &public),
                Err(NoteError::Forged(public.named(&made.origin))),
                "{from}"
            );
        }
    }

    #[test]
    fn a_signature_of_somebody_else_beside_ours_does_no_harm() {
        let (key, other) = (SigningKey::from_seed([3; 32]), SigningKey::from_seed([4; 32]));
        let (made, text) = (checkpoint(), checkpoint().text());
        let witness = sign(&text, "witness.example", &other).unwrap();
        let both = made.sign(&key).unwrap() + &witness[text.len() + 1..];
        assert_eq!(Checkpoint::open(&both, &made.origin, &key.public_key()).unwrap(), made);
        assert!(Note::parse(&both).unwrap().verify("witness.example", &other.public_key()).is_ok());
    }

    #[test]
    fn what_is_no_note_or_no_checkpoint_is_refused() {
        let key = SigningKey::from_seed([3; 32]);
        let note = checkpoint().sign(&key).unwrap();
        for broken in
            ["", "\n\n", "text\n", &note[..note.len() - 1], &note.replace(DASH, "- "), &note.replace("\n\n", "\n")]
        {
            assert!(Note::parse(broken).is_err(), "{broken:?}");
        }
        for text in
            ["", "a\n1\n", "a\n01\nAAAA\n", "a\n1\nAAAA\n", "\n1\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n"]
        {
            assert!(Checkpoint::parse(text).is_err(), "{text:?}");
        }
        for (origin, line) in [("a b", "x"), ("a+b", "x"), ("", "x"), ("a", ""), ("a", "x\ny"), ("a", "x\u{7}")] {
            let unfit = Checkpoint { origin: origin.into(), extensions: vec![line.into()], ..checkpoint() };
            assert!(unfit.sign(&key).is_err(), "{origin:?} {line:?}");
        }
        assert!(sign("no line", "a", &key).is_err());
    }
}

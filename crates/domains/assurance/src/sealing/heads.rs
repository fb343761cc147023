//! The signed heads in files outside the database, one file for each organisation: whoever rewrites the database does not rewrite
//! them, and copies of them elsewhere nobody here rewrites. A file is signed notes one after another with an empty line between.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use kernel::Error;
use uuid::Uuid;
use vault::note::{Checkpoint, Note};

/// What parts a text from the signatures under it.
const SIGNATURES: &str = "\n\n\u{2014} ";
/// Bytes at the end of a file in which its last two heads surely lie: one takes some hundred.
const TAIL: u64 = 16 << 10;

/// Where the files are.
#[derive(Debug, Clone)]
pub struct Heads {
    directory: PathBuf,
}

/// The signed notes of a file's text, and where the last of them ends: a write that was cut off leaves part of a note behind it.
pub fn in_file(text: &str) -> (Vec<&str>, usize) {
    let (mut notes, mut at, mut whole) = (Vec::new(), 0, 0);
    // The text of a head has no empty line: the first ends the text, the second the signatures.
    while let Some(middle) = text[at..].find("\n\n") {
        let signatures = at + middle + 2;
        let (end, next) = match text[signatures..].find("\n\n") {
            Some(end) => (signatures + end + 1, signatures + end + 2),
            None if text.ends_with('\n') && text.len() > signatures => (text.len(), text.len()),
            None => break,
        };
        if Note::parse(&text[at..end]).is_err() {
            break;
        }
        notes.push(&text[at..end]);
        (at, whole) = (next, end);
    }
    (notes, whole)
}

impl Heads {
    /// The files in the data directory `data`.
    pub fn within(data: &Path) -> Self {
        Self { directory: data.join("audit-heads") }
    }

    /// The file of an organisation.
    pub fn file(&self, organization: Uuid) -> PathBuf {
        self.directory.join(format!("{organization}.txt"))
    }

    /// All heads in the file of an organisation, as they stand there, unchecked. Without a file there are none.
    ///
    /// # Errors
    /// When it cannot be read, or something in it is no head.
    pub async fn read(&self, organization: Uuid) -> Result<Vec<String>, Error> {
        let path = self.file(organization);
        let reading = move || match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            outcome => outcome,
        };
        let text = self.blocking(organization, "reading", reading).await?;
        Ok(in_file(&text).0.into_iter().map(str::to_owned).collect())
    }

    /// The last whole head in the file. Of a long file only the end is read.
    pub(super) async fn last(&self, organization: Uuid) -> Result<Option<Checkpoint>, Error> {
        let path = self.file(organization);
        let reading = move || match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            outcome => Ok(last(&mut outcome?)?.0),
        };
        self.blocking(organization, "reading", reading).await
    }

    /// Appends those of `notes` that are larger than what the file ends with, safe on disk. Several processes may do so at once.
    pub(super) async fn append(&self, organization: Uuid, notes: Vec<String>) -> Result<(), Error> {
        let (directory, path) = (self.directory.clone(), self.file(organization));
        let appending = move || {
            fs::create_dir_all(&directory)?;
            let mut file = OpenOptions::new().read(true).append(true).create(true).open(&path)?;
            file.lock()?;
            append(&mut file, &notes)?;
            // The name of a new file is in the directory.
            File::open(&directory)?.sync_all()
        };
        self.blocking(organization, "writing", appending).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        organization: Uuid,
        doing: &str,
        what: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let outcome = tokio::task::spawn_blocking(what).await.map_err(io::Error::other).flatten();
        let doing = || format!("{doing} the heads of the audit trail in {}", self.file(organization).display());
        outcome.map_err(|source| Error::Io { doing: doing(), source })
    }
}

fn unchecked(note: &str) -> Option<Checkpoint> {
    Note::parse(note).and_then(|note| Checkpoint::parse(note.unverified_text())).ok()
}

/// The last whole head of a file, and how much of the file the whole heads take.
fn last(file: &mut File) -> io::Result<(Option<Checkpoint>, u64)> {
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    // The tail may begin inside a letter or a note: its first whole note begins behind the signatures of another.
    let text = String::from_utf8_lossy(&bytes);
    let begin = text.rfind(SIGNATURES).and_then(|at| text[..at].rfind("\n\n")).map_or(0, |at| at + 2);
    let (notes, whole) = in_file(&text[begin..]);
    if let ([note], true) = (notes.as_slice(), begin + whole == text.len()) {
        return Ok((unchecked(note), length));
    }
    file.seek(SeekFrom::Start(0))?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let (notes, whole) = in_file(&text);
    // A write that was cut off left no whole signature; anything else somebody has put there, and it is evidence.
    if text[whole..].contains(SIGNATURES) && text.ends_with('\n') {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file holds something that is no signed head"));
    }
    Ok((notes.last().and_then(|note| unchecked(note)), whole as u64))
}

fn append(file: &mut File, notes: &[String]) -> io::Result<()> {
    let (known, whole) = last(file)?;
    let size = known.map_or(0, |head| head.size);
    let fresh: Vec<&str> =
        notes.iter().map(String::as_str).filter(|note| unchecked(note).is_some_and(|head| head.size > size)).collect();
    file.set_len(whole)?;
    let mut text = fresh.join("\n");
    if whole > 0 && !text.is_empty() {
        text.insert(0, '\n');
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use vault::signing::SigningKey;

    use super::*;

    fn head(size: u64) -> String {
        let extensions = vec![format!("sealed {size}"), "x".repeat(500)];
        let head = Checkpoint { origin: "throughline/test/audit".into(), size, root: [1; 32], extensions };
        head.sign(&SigningKey::from_seed([3; 32])).unwrap()
    }

    #[tokio::test]
    async fn heads_are_appended_once_and_read_back() {
        let place = tempfile::tempdir().unwrap();
        let (heads, organization) = (Heads::within(place.path()), Uuid::nil());
        assert!(heads.last(organization).await.unwrap().is_none());
        let all: Vec<String> = (1..40).map(head).collect();
        heads.append(organization, all[..3].to_vec()).await.unwrap();
        heads.append(organization, all[1..].to_vec()).await.unwrap();
        assert_eq!(heads.read(organization).await.unwrap(), all);
        assert_eq!(heads.last(organization).await.unwrap().unwrap().size, 39);
    }

    #[tokio::test]
    async fn a_head_that_was_cut_off_is_written_again_and_nothing_else_is_taken_away() {
        let place = tempfile::tempdir().unwrap();
        let (heads, organization) = (Heads::within(place.path()), Uuid::nil());
        heads.append(organization, vec![head(1), head(2), head(3)]).await.unwrap();
        let path = heads.file(organization);
        let whole = fs::read_to_string(&path).unwrap();
        let start = whole.len() - head(3).len();
        for cut in start..whole.len() {
            if !whole.is_char_boundary(cut) {
                continue;
            }
            fs::write(&path, &whole[..cut]).unwrap();
            heads.append(organization, vec![head(2), head(3)]).await.unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), whole, "cut at {cut}");
        }
        fs::write(&path, whole.replace("sealed 2", "sealed 7") + "\nscribbled\n\n\u{2014} nonsense\n").unwrap();
        assert!(heads.append(organization, vec![head(4)]).await.is_err());
    }
}

//! Files that an archive of ReqIF holds beside its document: pictures and other things that formatted text names.

use std::io::{Read, Seek};

use super::archive::{Archive, Member};
use super::media::media_type;
use crate::{Limits, ReadError};

/// A file out of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path in the archive, with `/` between its parts and none of them empty, `.` or `..`.
    pub name: String,
    /// What it is, told by its content.
    pub media_type: &'static str,
    /// The file, byte for byte.
    pub content: Vec<u8>,
}

/// The files of an archive, one at a time. It ends with the first that cannot be taken.
pub struct Files<R> {
    archive: Archive<R>,
    members: std::vec::IntoIter<Member>,
    document: String,
    most: u64,
}

/// The files beside the document of an archive. Whoever takes them one by one holds one of at most [`Limits::max_member_bytes`].
///
/// # Errors
/// When it is no archive, has no document, or names of it lead elsewhere.
pub fn files<R: Read + Seek>(inner: R, limits: &Limits) -> Result<Files<R>, ReadError> {
    let archive = Archive::open(inner, limits)?;
    let members = archive.members()?;
    let document = document_of(&members)?.name.clone();
    Ok(Files { archive, members: members.into_iter(), document, most: limits.max_member_bytes })
}

impl<R: Read + Seek> Iterator for Files<R> {
    type Item = Result<File, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let member = self.members.next()?;
            // The document counts too, so that the bound is one of the archive.
            let is_document = member.name == self.document;
            let mut content = Vec::new();
            let unpacked = match is_document {
                true => self.archive.unpack(&member, u64::MAX, &mut std::io::sink()),
                false => self.archive.unpack(&member, self.most, &mut content),
            };
            return Some(match unpacked {
                Ok(()) if is_document => continue,
                Ok(()) => Ok(File { media_type: media_type(&member.name, &content), name: member.name, content }),
                Err(error) => {
                    self.members = Vec::new().into_iter();
                    Err(error)
                }
            });
        }
    }
}

/// Whether somebody put the member there; `__MACOSX/` and `._` are what a file system keeps beside files.
pub(super) fn is_meant(member: &Member) -> bool {
    !member.name.starts_with("__MACOSX/") && !member.name.rsplit('/').next().unwrap_or("").starts_with("._")
}

/// The one document of an archive.
pub(super) fn document_of(members: &[Member]) -> Result<&Member, ReadError> {
    let ending = |end: &str| -> Vec<&Member> {
        members.iter().filter(|member| is_meant(member) && member.name.to_lowercase().ends_with(end)).collect()
    };
    let mut documents = ending(".reqif");
    if documents.is_empty() {
        documents = ending(".xml");
    }
    match documents.as_slice() {
        [] => Err(ReadError::at_line(1, "the archive holds no .reqif file")),
        [only] => Ok(only),
        several => Err(ReadError::at_line(
            1,
            format!("the archive holds {} ReqIF documents; send each as a file of its own", several.len()),
        )),
    }
}

/// The file of an archive that a document in it means by `place`, a reference as its text has it: from where the document lies. None: it
/// leads elsewhere.
#[must_use]
pub fn member_of(document: &str, place: &str) -> Option<String> {
    let place = decoded(place.trim())?.replace('\\', "/");
    // A scheme or a drive, or the root of something.
    if place.starts_with('/') || place.split('/').next().is_some_and(|first| first.contains(':')) {
        return None;
    }
    let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut path: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(place.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                path.pop()?;
            }
            part => path.push(part),
        }
    }
    (!path.is_empty()).then(|| path.join("/"))
}

/// Undoes `%20` and the like; a sign that means nothing stays.
fn decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digit = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        rest = match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high << 4 | low) as u8);
                &after[2..]
            }
            _ => {
                out.push(*first);
                after
            }
        };
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::archive::tests::packed;
    use super::*;

    fn taken(members: &[(&str, &[u8])], limits: &Limits) -> Result<Vec<File>, ReadError> {
        files(Cursor::new(packed(members)), limits)?.collect()
    }

    #[test]
    fn files_come_one_by_one_and_are_bounded() {
        let limits = Limits { max_member_bytes: 1_000, max_unpacked_bytes: 2_500, ..Limits::default() };
        let all = [
            ("d/a.reqif", b"<REQ-IF/>".as_slice()),
            ("d/", b""),
            ("d/b.png", b"\x89PNG\r\n\x1a\n"),
            ("c.xml", b"<a/>"),
        ];
        let found = taken(&all, &limits).expect("taken");
        let shown: Vec<_> =
            found.iter().map(|file| (file.name.as_str(), file.media_type, file.content.len())).collect();
        assert_eq!(shown, [("d/b.png", "image/png", 8), ("c.xml", "application/xml", 4)]);

        let refused = |members: &[(&str, &[u8])]| taken(members, &limits).expect_err("refused").reason;
        assert!(
            refused(&[("a.reqif", b"x"), ("big", &[0; 1_001])]).contains("`big` in the archive has more than the 1000")
        );
        let bomb = [("a.reqif", [0; 900].as_slice()), ("b", &[0; 900]), ("c", &[0; 900])];
        assert!(refused(&bomb).contains("more than this server unpacks"), "each is small, and together they are not");
        assert!(refused(&[("a.reqif", b"x"), ("../b", b"x")]).contains("leads out"));
        assert!(refused(&[("a.reqif", b"x"), ("B.REQIF", b"x")]).contains("2 ReqIF documents"));
        assert!(refused(&[("a.png", b"x")]).contains("no .reqif"));
        let few = Limits { max_members: 2, ..Limits::default() };
        assert!(taken(&[("a.reqif", b"x"), ("b", b"x"), ("c", b"x")], &few).is_err());
        // What was taken before the end is told; nothing comes behind an error.
        let mut two =
            files(Cursor::new(packed(&[("a.reqif", b"x"), ("b", &[0; 1_001]), ("c", b"x")])), &limits).expect("begun");
        assert!(two.next().is_some_and(|one| one.is_err()) && two.next().is_none());
    }

    /// What an archive says of the size of its members is not believed.
    #[test]
    fn declared_sizes_count_for_nothing() {
        let mut bytes = packed(&[("a.reqif", b"x"), ("b", &[7; 5_000])]);
        let size = 5_000_u32.to_le_bytes();
        let places: Vec<usize> = (0..bytes.len() - 4).filter(|at| bytes[*at..at + 4] == size).collect();
        assert!(!places.is_empty());
        for at in places {
            bytes[at..at + 4].copy_from_slice(&10_u32.to_le_bytes());
        }
        let limits = Limits { max_member_bytes: 1_000, ..Limits::default() };
        let found: Result<Vec<File>, ReadError> = files(Cursor::new(bytes), &limits).and_then(Iterator::collect);
        assert!(found.is_err(), "{found:?}");
    }

    #[test]
    fn references_lead_to_members_or_nowhere() {
        let cases = [
            ("a.reqif", "b.png", Some("b.png")),
            ("d/a.reqif", "./files/b%20c.png", Some("d/files/b c.png")),
            ("d/a.reqif", "..\\b.png", Some("b.png")),
            ("a.reqif", "100%.png", Some("100%.png")),
            ("a.reqif", "../b.png", None),
            ("d/a.reqif", "x/../../../b.png", None),
            ("a.reqif", "/b.png", None),
            ("a.reqif", "https://x.example/b.png", None),
            ("a.reqif", "data:image/png;base64,AAAA", None),
            ("a.reqif", "c:\\b.png", None),
            ("a.reqif", "%ff.png", None),
            ("a.reqif", "", None),
        ];
        for (document, place, member) in cases {
            assert_eq!(member_of(document, place).as_deref(), member, "{document} {place}");
        }
    }
}

//! Archives (ZIP) from strangers: how much is unpacked is bounded by what comes out, whatever an archive says of itself; names
//! of members are only compared, never used as paths.

use std::collections::HashSet;
use std::io::{Cursor, Read, Seek, Write};

use zip::ZipArchive;
use zip::write::SimpleFileOptions;

use crate::{Limits, ReadError};

/// Characters of a name at most.
const NAME: usize = 500;

/// An archive whose members come out one by one.
pub(crate) struct Archive<R> {
    zip: ZipArchive<R>,
    left: u64,
}

/// A file in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    at: usize,
    /// Its path in the archive, with `/` between its parts and none of them empty, `.` or `..`.
    pub(crate) name: String,
}

impl<R: Read + Seek> Archive<R> {
    pub(crate) fn open(inner: R, limits: &Limits) -> Result<Self, ReadError> {
        let zip = ZipArchive::new(inner)
            .map_err(|error| refused(format!("the archive cannot be read: {error}; pack it again")))?;
        if zip.len() > limits.max_members {
            return Err(refused(format!("the archive has more than {} members", limits.max_members)));
        }
        Ok(Self { zip, left: limits.max_unpacked_bytes })
    }

    /// Its files, in its order; folders are passed over.
    ///
    /// # Errors
    /// When a name is given twice, cannot be read, or leads out of the archive.
    pub(crate) fn members(&self) -> Result<Vec<Member>, ReadError> {
        let twice = |name: &str| {
            refused(format!("the archive has more than one member with the name `{}`; pack it again", shown(name)))
        };
        let mut members = Vec::new();
        let mut seen = HashSet::new();
        for (at, name) in self.zip.file_names().enumerate() {
            let name = name.map_err(|_| {
                refused("a member of the archive has a name that cannot be read; pack it again".to_owned())
            })?;
            if name.ends_with(['/', '\\']) {
                continue;
            }
            let name = inside(&name)?;
            if !seen.insert(name.clone()) {
                return Err(twice(&name));
            }
            members.push(Member { at, name });
        }
        // Of members with one name the library keeps the last, so which one they are is not known.
        match self.zip.has_duplicate_names() {
            true => Err(refused("the archive has more than one member with the same name; pack it again".to_owned())),
            false => Ok(members),
        }
    }

    /// A member, unpacked into `out`: at most `most` bytes of it.
    pub(crate) fn unpack(&mut self, member: &Member, most: u64, out: &mut impl Write) -> Result<(), ReadError> {
        let bad =
            |error: String| refused(format!("`{}` in the archive cannot be unpacked: {error}", shown(&member.name)));
        let file = self.zip.by_index(member.at).map_err(|error| bad(error.to_string()))?;
        let room = self.left.min(most).saturating_add(1);
        let read = std::io::copy(&mut file.take(room), out).map_err(|error| bad(error.to_string()))?;
        if read > most {
            return Err(refused(format!(
                "`{}` in the archive has more than the {most} bytes that are kept of one file; leave it out or make it smaller",
                shown(&member.name)
            )));
        }
        self.left = self.left.checked_sub(read).ok_or_else(|| {
            refused("the archive holds more than this server unpacks; send what is in it piece by piece".to_owned())
        })?;
        Ok(())
    }

    /// Unpacks everything once, keeping nothing, so that a library that trusts the archive may be handed it.
    pub(crate) fn weigh(mut self) -> Result<(), ReadError> {
        for at in 0..self.zip.len() {
            let name = String::from_utf8_lossy(self.zip.file_names_raw().nth(at).unwrap_or_default()).into_owned();
            self.unpack(&Member { at, name }, u64::MAX, &mut std::io::sink())?;
        }
        Ok(())
    }
}

/// A name as a path inside the archive. Some tools write `\`, and `./` in front.
fn inside(name: &str) -> Result<String, ReadError> {
    let path = name.replace('\\', "/");
    let leads_out = |what: &str| {
        refused(format!("the name `{}` in the archive {what}; name what is in it by paths below it", shown(name)))
    };
    let is_drive = path.as_bytes().get(1) == Some(&b':');
    if path.starts_with('/') || is_drive || path.split('/').any(|part| part == "..") {
        return Err(leads_out("leads out of it"));
    }
    if path.chars().any(char::is_control) {
        return Err(leads_out("holds control characters"));
    }
    let path: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let path = path.join("/");
    if path.is_empty() || path.chars().count() > NAME {
        return Err(leads_out("is empty or too long"));
    }
    Ok(path)
}

/// An archive that is being written, member by member.
pub struct Packer<W: Write + Seek> {
    zip: zip::ZipWriter<W>,
}

impl<W: Write + Seek> Packer<W> {
    /// An archive without members.
    pub fn new(inner: W) -> Self {
        Self { zip: zip::ZipWriter::new(inner) }
    }

    /// Adds a member. The same members give the same archive, byte for byte: no time is written.
    ///
    /// # Errors
    /// When the disk refuses, or there is a member of this name.
    pub fn add(&mut self, name: &str, content: &[u8]) -> std::io::Result<()> {
        self.zip.start_file(name, SimpleFileOptions::default())?;
        self.zip.write_all(content)
    }

    /// Writes the end; answers what was written to.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn finish(self) -> std::io::Result<W> {
        Ok(self.zip.finish()?)
    }
}

/// Reads a whole file of at most `most` bytes into memory.
pub(crate) fn whole(mut inner: impl Read, most: u64) -> Result<Cursor<Vec<u8>>, ReadError> {
    let mut bytes = Vec::new();
    inner
        .by_ref()
        .take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| refused(format!("the file could not be read further: {error}")))?;
    if bytes.len() as u64 > most {
        return Err(refused(format!(
            "the file is larger than the {most} bytes this server reads of one archive; split it"
        )));
    }
    Ok(Cursor::new(bytes))
}

fn refused(reason: String) -> ReadError {
    ReadError::at_line(1, reason)
}

fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(80).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An archive with these members.
    pub(crate) fn packed(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut packer = Packer::new(Cursor::new(Vec::new()));
        for (name, bytes) in members {
            packer.add(name, bytes).expect("written");
        }
        packer.finish().expect("an archive").into_inner()
    }

    #[test]
    fn what_comes_out_is_bounded() {
        let bytes = packed(&[("a", &[0; 100_000]), ("b", b"x")]);
        assert!(bytes.len() < 2_000);
        let limits = Limits { max_unpacked_bytes: 50_000, ..Limits::default() };
        let open = || Archive::open(Cursor::new(bytes.as_slice()), &limits).expect("opened");
        let unpacked = |at: usize, most: u64| {
            let mut archive = open();
            let member = archive.members().expect("named").remove(at);
            let mut out = Vec::new();
            archive.unpack(&member, most, &mut out).map(|()| out)
        };
        assert!(unpacked(0, u64::MAX).expect_err("refused").reason.contains("more than this server unpacks"));
        assert!(unpacked(0, 1_000).expect_err("refused").reason.contains("`a` in the archive has more than the 1000"));
        assert!(open().weigh().is_err());
        assert_eq!(unpacked(1, 1).expect("unpacked"), b"x");
        let few = Limits { max_members: 1, ..Limits::default() };
        assert!(Archive::open(Cursor::new(bytes.as_slice()), &few).is_err());
        assert!(Archive::open(Cursor::new(b"PK\x03\x04".as_slice()), &Limits::default()).is_err());
    }

    #[test]
    fn names_stay_inside() {
        let named = |names: &[&str]| {
            let members: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, b"x".as_slice())).collect();
            let archive = Archive::open(Cursor::new(packed(&members)), &Limits::default()).expect("opened");
            archive.members().map(|all| all.into_iter().map(|one| one.name).collect::<Vec<_>>())
        };
        assert_eq!(
            named(&["./a.png", "folder/", "b\\c.png", "d//e.png", "…f.png"]).expect("named"),
            ["a.png", "b/c.png", "d/e.png", "…f.png"]
        );
        for bad in ["../a", "a/../../b", "..\\a", "/etc/passwd", "\\\\host\\a", "C:\\a", "c:a", "a\nb", ".", "./"] {
            let found = named(&[bad]);
            let fine = bad == "./" && found.as_ref().is_ok_and(Vec::is_empty);
            assert!(found.is_err() || fine, "{bad:?}: {found:?}");
        }
        assert!(named(&[&"a".repeat(501)]).is_err());
        assert!(named(&["a/b", "a\\b"]).expect_err("refused").reason.contains("more than one member"));
    }
}

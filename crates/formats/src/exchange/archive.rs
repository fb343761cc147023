//! Archives (ZIP) from strangers: how much is unpacked is bounded by what comes out, whatever an archive says of itself; names
//! of members are only compared, never used as paths.

use std::io::{Cursor, Read, Seek};

use zip::ZipArchive;

use crate::{Limits, ReadError};

/// An archive whose members come out one by one.
pub(crate) struct Archive<R> {
    zip: ZipArchive<R>,
    left: u64,
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

    /// Names of its files, in its order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.zip
            .file_names()
            .filter_map(Result::ok)
            .filter(|name| !name.ends_with('/'))
            .map(|name| name.into_owned())
            .collect()
    }

    /// A member, unpacked.
    pub(crate) fn member(&mut self, name: &str) -> Result<Vec<u8>, ReadError> {
        let bad = |error: String| refused(format!("`{}` in the archive cannot be unpacked: {error}", shown(name)));
        let file = self.zip.by_name(name).map_err(|error| bad(error.to_string()))?;
        let mut bytes = Vec::new();
        let read = file.take(self.left + 1).read_to_end(&mut bytes).map_err(|error| bad(error.to_string()))? as u64;
        self.left = self.left.checked_sub(read).ok_or_else(|| {
            refused("the archive holds more than this server unpacks; send what is in it piece by piece".to_owned())
        })?;
        Ok(bytes)
    }

    /// Unpacks everything once, keeping nothing, so that a library that trusts the archive may be handed it.
    pub(crate) fn weigh(mut self) -> Result<(), ReadError> {
        for at in 0..self.zip.len() {
            let file =
                self.zip.by_index(at).map_err(|error| refused(format!("the archive cannot be unpacked: {error}")))?;
            let most = self.left;
            let read = std::io::copy(&mut file.take(most + 1), &mut std::io::sink())
                .map_err(|error| refused(format!("the archive cannot be unpacked: {error}")))?;
            self.left = most.checked_sub(read).ok_or_else(|| {
                refused("the archive holds more than this server unpacks; send what is in it piece by piece".to_owned())
            })?;
        }
        Ok(())
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
    use std::io::Write as _;

    use super::*;

    /// An archive with these members.
    pub(crate) fn packed(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in members {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).expect("begun");
            writer.write_all(bytes).expect("written");
        }
        writer.finish().expect("an archive").into_inner()
    }

    #[test]
    fn what_comes_out_is_bounded() {
        let bytes = packed(&[("a", &[0; 100_000]), ("b", b"x")]);
        assert!(bytes.len() < 2_000);
        let limits = Limits { max_unpacked_bytes: 50_000, ..Limits::default() };
        let open = || Archive::open(Cursor::new(bytes.as_slice()), &limits).expect("opened");
        assert!(open().member("a").expect_err("refused").reason.contains("more than this server unpacks"));
        assert!(open().weigh().is_err());
        assert_eq!(open().member("b").expect("unpacked"), b"x");
        let few = Limits { max_members: 1, ..Limits::default() };
        assert!(Archive::open(Cursor::new(bytes.as_slice()), &few).is_err());
        assert!(Archive::open(Cursor::new(b"PK\x03\x04".as_slice()), &Limits::default()).is_err());
    }
}

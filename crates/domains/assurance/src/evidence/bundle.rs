//! The bundle: a compressed archive (.tar.gz) of three files that any computer opens.

use std::io::{self, Cursor, Read, Write as _};

use flate2::{Compression, GzBuilder, bufread::GzDecoder};
use vault::{dsse::Envelope, signing::SigningKey};

use super::{
    DATA_FILE, PAGE_FILE, SIGNATURE_FILE,
    canonical::{self, CanonicalError},
    page,
    record::Evidence,
    statement::{PAYLOAD_TYPE, Statement},
};

/// The greatest file in a bundle that is read, in bytes: what is greater was not made by this program.
const MOST_BYTES: u64 = 512 << 20;
/// Files that are looked at: more than a bundle has, so that what was added can be named.
const MOST_FILES: usize = 20;

/// Why no bundle could be made.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The data have no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// The archive could not be written.
    #[error("the archive could not be written")]
    Archive(#[from] io::Error),
}

/// Makes the signed bundle of `evidence`: equal data, key and program make equal bytes.
///
/// # Errors
/// When the data have no canonical form.
pub fn make(evidence: &Evidence, key: &SigningKey) -> Result<Vec<u8>, BundleError> {
    let data = canonical::bytes(evidence)?;
    let page = page::render(evidence).into_bytes();
    let statement = canonical::bytes(&Statement::about(evidence, &data, &page)?)?;
    let signature = canonical::bytes(&Envelope::sign(PAYLOAD_TYPE, &statement, key))?;
    let at = u64::try_from(evidence.made.at.as_second()).unwrap_or_default();
    let folder = folder(evidence);
    let gzip = GzBuilder::new().write(Vec::new(), Compression::default());
    let mut archive = tar::Builder::new(gzip);
    for (name, bytes) in [(DATA_FILE, &data), (PAGE_FILE, &page), (SIGNATURE_FILE, &signature)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(at);
        archive.append_data(&mut header, format!("{folder}/{name}"), bytes.as_slice())?;
    }
    let mut gzip = archive.into_inner()?;
    gzip.flush()?;
    Ok(gzip.finish()?)
}

/// What a bundle is called as a file, without its ending.
pub fn folder(evidence: &Evidence) -> String {
    file_name(&evidence.project.slug, &evidence.about.name)
}

/// The same, of a project's short name and what the bundle is about.
pub fn file_name(slug: &str, about: &str) -> String {
    let plain = |text: &str| -> String {
        let letters =
            text.chars().map(|letter| if letter.is_ascii_alphanumeric() || letter == '.' { letter } else { '-' });
        let text: String = letters.collect();
        text.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-").to_lowercase()
    };
    let name = format!("{}-{}-evidence", plain(slug), plain(about).trim_matches('.'));
    name.chars()
        .rev()
        .take(90)
        .collect::<String>()
        .chars()
        .rev()
        .collect::<String>()
        .trim_start_matches(['-', '.'])
        .to_owned()
}

/// A bundle taken apart; nothing of it is believed yet.
#[derive(Debug, Default)]
pub struct Opened {
    /// The data.
    pub data: Option<Vec<u8>>,
    /// The page.
    pub page: Option<Vec<u8>>,
    /// The envelope.
    pub signature: Option<Vec<u8>>,
    /// What is there besides.
    pub besides: Vec<String>,
}

/// Takes a bundle apart.
///
/// # Errors
/// A sentence when it is no such archive, or one that would fill the memory.
pub fn open(bundle: &[u8]) -> Result<Opened, String> {
    let broken = |error: io::Error| format!("it is no whole .tar.gz archive: {error}");
    let mut opened = Opened::default();
    let mut rest = GzDecoder::new(Cursor::new(bundle));
    let mut archive = tar::Archive::new((&mut rest).take(2 * MOST_BYTES));
    for (at, entry) in archive.entries().map_err(broken)?.enumerate() {
        let entry = entry.map_err(broken)?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if at >= MOST_FILES || entry.size() > MOST_BYTES {
            return Err(format!("`{}` is more than a bundle holds", clip(&path)));
        }
        // Folders are how it was packed, and say nothing.
        if entry.header().entry_type().is_dir() {
            continue;
        }
        let name = path.rsplit('/').next().unwrap_or_default();
        let place = match name {
            DATA_FILE => &mut opened.data,
            PAGE_FILE => &mut opened.page,
            SIGNATURE_FILE => &mut opened.signature,
            _ => {
                opened.besides.push(clip(&path));
                continue;
            }
        };
        if place.is_some() || entry.header().entry_type() != tar::EntryType::Regular {
            opened.besides.push(clip(&path));
            continue;
        }
        let mut bytes = Vec::new();
        entry.take(MOST_BYTES).read_to_end(&mut bytes).map_err(broken)?;
        *place = Some(bytes);
    }
    let mut padding = Vec::new();
    rest.by_ref().take(MOST_BYTES).read_to_end(&mut padding).map_err(broken)?;
    let cursor = rest.into_inner();
    if padding.iter().any(|byte| *byte != 0) || usize::try_from(cursor.position()).is_ok_and(|at| at < bundle.len()) {
        opened.besides.push("bytes behind the end of the archive".into());
    }
    Ok(opened)
}

/// At most 120 letters, none of which moves a cursor.
fn clip(text: &str) -> String {
    text.chars().take(120).map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

//! Requirements and issues that other tools exchange. One neutral [`Record`] for all of them.
//!
//! Unlike reports, these files are held whole: records refer to each other, and hierarchy and links follow them. What is held is
//! bounded by [`Limits::max_exchange_bytes`] and [`Limits::max_records`]; archives by what comes out of them. Files that an archive
//! holds beside its document are handed over one by one.
//!
//! What the words of a tool mean is not the reader's business but a [`Profile`]'s: names of attributes and columns are guessed,
//! states, priorities and kinds are handed over as they are written.

mod archive;
mod assign;
mod asvs;
mod dom;
mod doorstop;
mod files;
mod issues;
mod markup;
mod media;
mod needs;
mod profile;
mod record;
pub mod reqif;
mod strictdoc;
mod table;
mod text;
pub(crate) mod yaml;

use std::collections::{BTreeSet, HashSet};
use std::io::{BufRead, Cursor, Seek};

pub use archive::Packer;
pub use files::{File, Files, files, member_of};
pub use profile::{Field, Profile, Treatment};
pub use record::{Attribute, Comment, Document, Link, Person, Record, RowError, Value};
pub use table::date;

pub(crate) use doorstop::MARKS as DOORSTOP_MARKS;
pub(crate) use table::first_rows;

use crate::{Format, Limits, ReadError};

/// Reads a file of requirements or issues. `name` is what the sender calls it; only Doorstop, whose items say their own name
/// nowhere else, makes use of it.
///
/// # Errors
/// When the file cannot be read as this format, or goes over a bound. Records that cannot be taken are no error but told in
/// [`Document::errors`].
pub fn read<R: BufRead + Seek>(
    format: Format,
    inner: R,
    name: &str,
    profile: &Profile,
    limits: &Limits,
) -> Result<Document, ReadError> {
    match format {
        Format::Reqif => reqif::read(inner, profile, limits),
        Format::Reqifz => packed(inner, profile, limits),
        Format::StrictDoc => strictdoc::read(inner, profile, limits),
        Format::SphinxNeeds => needs::read(inner, profile, limits),
        Format::Doorstop => doorstop::read(inner, name, profile, limits),
        Format::Asvs => asvs::read(inner, profile, limits),
        Format::Csv | Format::JiraCsv => table::read_csv(inner, profile, limits),
        Format::Xlsx => table::read_xlsx(inner, profile, limits),
        Format::Jira
        | Format::GithubIssues
        | Format::GitlabIssues
        | Format::Bugzilla
        | Format::BugzillaXml
        | Format::Redmine
        | Format::RedmineXml => issues::read(format, inner, profile, limits),
        other => Err(ReadError::at_line(1, format!("{} holds no requirements or issues", other.name()))),
    }
}

/// An archive of ReqIF: its one document. The files beside it are read by [`files`], one at a time.
fn packed<R: BufRead + Seek>(inner: R, profile: &Profile, limits: &Limits) -> Result<Document, ReadError> {
    let mut archive = archive::Archive::open(inner, limits)?;
    let members = archive.members()?;
    let member = files::document_of(&members)?;
    let mut bytes = Vec::new();
    archive.unpack(member, u64::MAX, &mut bytes)?;
    let mut document = reqif::read(Cursor::new(bytes), profile, limits)?;
    let attachments = members.iter().filter(|one| files::is_meant(one) && *one != member).count() as u64;
    document.count("members", members.len() as u64);
    if attachments > 0 {
        document.count("attachments", attachments);
    }
    let here: HashSet<&str> = members.iter().map(|one| one.name.as_str()).collect();
    let named: BTreeSet<String> = document
        .records
        .iter()
        .flat_map(|record| &record.attachments)
        .filter_map(|place| member_of(&member.name, place))
        .collect();
    let missing: Vec<&str> = named.iter().map(String::as_str).filter(|name| !here.contains(name)).collect();
    if let [first, ..] = missing.as_slice() {
        document.warnings.push(format!(
            "{} files that records name are not in the archive, such as `{}`",
            missing.len(),
            first.chars().take(80).collect::<String>()
        ));
    }
    document.member = Some(member.name.clone());
    Ok(document)
}

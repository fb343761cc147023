//! Requirements and issues that other tools exchange. One neutral [`Record`] for all of them.
//!
//! Unlike reports, these files are held whole: records refer to each other, and hierarchy and links follow them. What is held is
//! bounded by [`Limits::max_exchange_bytes`] and [`Limits::max_records`]; archives by what comes out of them.
//!
//! What the words of a tool mean is not the reader's business but a [`Profile`]'s: names of attributes and columns are guessed,
//! states, priorities and kinds are handed over as they are written.

mod archive;
mod assign;
mod asvs;
mod dom;
mod doorstop;
mod issues;
mod markup;
mod needs;
mod profile;
mod record;
pub mod reqif;
mod strictdoc;
mod table;
mod text;
pub(crate) mod yaml;

use std::io::{BufRead, Cursor, Seek};

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

/// An archive of ReqIF: every document in it, attachments by name. Documents of one archive may refer to each other.
fn packed<R: BufRead + Seek>(inner: R, profile: &Profile, limits: &Limits) -> Result<Document, ReadError> {
    let mut archive = archive::Archive::open(inner, limits)?;
    let names = archive.names();
    let is_ours =
        |name: &&String| !name.starts_with("__MACOSX/") && !name.rsplit('/').next().unwrap_or("").starts_with("._");
    let is_document = |name: &&String| {
        let lower = name.to_lowercase();
        lower.ends_with(".reqif") || lower.ends_with(".xml")
    };
    let documents: Vec<&String> = names.iter().filter(is_ours).filter(is_document).collect();
    let Some((first, others)) = documents.split_first() else {
        return Err(ReadError::at_line(1, "the archive holds no .reqif file"));
    };
    if !others.is_empty() {
        return Err(ReadError::at_line(
            1,
            format!("the archive holds {} ReqIF documents; send each as a file of its own", documents.len()),
        ));
    }
    let bytes = archive.member(first)?;
    let mut document = reqif::read(Cursor::new(bytes), profile, limits)?;
    let attachments = names.iter().filter(is_ours).filter(|name| name != first).count() as u64;
    document.count("members", names.len() as u64);
    if attachments > 0 {
        document.count("attachments", attachments);
        document.warnings.push(format!("{attachments} attachments are named by their records and were not kept"));
    }
    Ok(document)
}

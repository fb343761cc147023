//! Stores requirements and issues of other tools: made, or brought to what the file says, found again by what the tool calls them.
//!
//! All of a file or none: one record that cannot be taken refuses the file, and all such records are told at once. Nothing is
//! removed here because it is missing there, but for files of an archive. What the tool says beside what has a column here is kept with the reference to it.

mod compare;
mod files;
mod links;
mod profile;
mod store;
mod words;

pub use profile::check_mapping;

use std::collections::HashMap;

use formats::{
    Format, Limits,
    exchange::{self, Document, Record},
};
use kernel::{Ctx, Tx};
use uuid::Uuid;

use self::{
    compare::Fields,
    words::{Missing, Target, Words},
};
use super::{
    case::cut,
    format_name,
    job::{Job, RowError, Stop},
    source::Source,
    summary::Summary,
};

const MEMBERS: &str = include_str!("../../../sql/exchange_members.sql");

/// Records handed to the database at once.
const BATCH: usize = 2_000;

/// A record in our words.
struct Wanted {
    target: Target,
    /// What the other system calls it.
    external_id: String,
    /// Its key here, when it is one of ours.
    key: Option<String>,
    line: u64,
    fields: Fields,
    criteria: Vec<String>,
    record: Record,
    /// Place in the document, from 1.
    position: i32,
}

/// Stores what `source` holds.
///
/// # Errors
/// A rejection when the file cannot be read or holds records that cannot be taken; else whatever the database says.
pub(crate) async fn import(ctx: &Ctx, tx: &Tx, job: &Job, source: &Source, format: Format) -> Result<Summary, Stop> {
    let named = profile::of(tx, job, format).await?;
    let (name, mapping) = (job.file_name.clone(), named.mapping.clone());
    let read = source.read(move |file| exchange::read(format, file, &name, &mapping, &Limits::default())).await?;
    let mut document = read.map_err(Stop::unreadable)?;
    let mut summary = Summary::of(&job.file_name, format_name(format));
    summary.profile = named.name.clone();
    if summary.profile.is_none() {
        summary.profile = profile::keep_guess(tx, job, format, &document).await?;
    }
    // A trial keeps the profile, so that it can be put right before the file is taken.
    job.keep_so_far(tx).await?;
    refuse(&document)?;
    let members = members(tx, &document).await?;
    let mut words = Words { profile: &named.mapping, missing: Missing::default() };
    let records = std::mem::take(&mut document.records);
    let (headings, rest): (Vec<Record>, Vec<Record>) = records.into_iter().partition(|record| record.is_heading);
    let (left_out, taken): (Vec<Record>, Vec<Record>) = rest.into_iter().partition(|record| record.is_left_out);
    let above: HashMap<String, String> = headings
        .iter()
        .chain(&left_out)
        .filter_map(|record| Some((record.identifier.clone(), record.parent.clone()?)))
        .collect();
    let wanted: Vec<Wanted> = taken
        .into_iter()
        .zip(1..)
        .map(|(record, position)| Wanted::of(record, position, named.target, &mut words, &members))
        .collect();
    if !headings.is_empty() {
        summary.count("headings", 0, 0, headings.len() as u64);
    }
    if !left_out.is_empty() {
        summary.count("left_out", 0, 0, left_out.len() as u64);
    }
    let kept = store::Kept { document: &document, headings: &headings, system: &named.system, format };
    let (stored, kept) = store::store(ctx, tx, job, &kept, &wanted, &mut summary).await?;
    if format == Format::Reqifz
        && let Some(kept) = kept
    {
        files::store(ctx, tx, job, source, kept, &mut summary).await?;
    }
    links::store(tx, job, &named.system, &wanted, &stored, &above, &words, &mut summary).await?;
    for warning in document.warnings.iter().cloned().chain(words.missing.warnings()) {
        summary.warn(warning);
    }
    if let Some(warning) = strangers(&wanted, &members) {
        summary.warn(warning);
    }
    if document.replaced.count > 0 {
        summary.warn(format!("{} characters could not be shown and were replaced", document.replaced.count));
    }
    Ok(summary)
}

/// Refuses the file when there are records that cannot be taken.
fn refuse(document: &Document) -> Result<(), Stop> {
    if document.errors.is_empty() {
        return Ok(());
    }
    Err(Stop::Rows(
        document
            .errors
            .iter()
            .map(|error| {
                let field = error.field.as_deref().filter(|field| !field.is_empty());
                RowError {
                    line: Some(error.line).filter(|line| *line > 0),
                    record: error.record.clone(),
                    reason: field.map_or_else(|| error.reason.clone(), |field| format!("{field}: {}", error.reason)),
                }
            })
            .collect(),
    ))
}

/// Members behind the people that a document names.
async fn members(tx: &Tx, document: &Document) -> Result<HashMap<String, Uuid>, Stop> {
    let mut names: Vec<&str> = document
        .records
        .iter()
        .flat_map(|record| &record.people)
        .flat_map(|person| [person.email.as_deref(), person.name.as_deref()])
        .flatten()
        .collect();
    names.sort_unstable();
    names.dedup();
    let mut members = HashMap::new();
    for some in names.chunks(BATCH) {
        for row in tx.query(MEMBERS, &[&some]).await? {
            members.insert(row.try_get(0)?, row.try_get(1)?);
        }
    }
    Ok(members)
}

/// Owners who are no members here: their names are kept with their records.
fn strangers(wanted: &[Wanted], members: &HashMap<String, Uuid>) -> Option<String> {
    let mut names: Vec<&str> = wanted
        .iter()
        .filter(|one| one.fields[compare::OWNER].is_none())
        .flat_map(|one| one.record.people.iter().filter(|person| person.role == "owner"))
        .filter_map(|person| person.email.as_deref().or(person.name.as_deref()))
        .filter(|name| !members.contains_key(*name))
        .collect();
    names.sort_unstable();
    names.dedup();
    let first = names.iter().take(10).copied().collect::<Vec<_>>().join(", ");
    let more = if names.len() > 10 { " and others" } else { "" };
    (!names.is_empty()).then(|| {
        format!(
            "{} owners are not the address or name of exactly one member ({first}{more}); nobody was assigned",
            names.len()
        )
    })
}

/// `REQ-` or `DEF-` and a number without leading zeros.
fn own_key(target: Target, text: &str) -> Option<&str> {
    let prefix = if target == Target::Requirement { "REQ-" } else { "DEF-" };
    let number = text.strip_prefix(prefix)?;
    let well_formed = (1..=15).contains(&number.len())
        && !number.starts_with('0')
        && number.bytes().all(|byte| byte.is_ascii_digit());
    well_formed.then_some(text)
}

impl Wanted {
    fn of(
        record: Record,
        position: i32,
        usual: Target,
        words: &mut Words<'_>,
        members: &HashMap<String, Uuid>,
    ) -> Self {
        let target = match record.kind.as_deref().and_then(|kind| words.profile.treatment(kind)) {
            Some(exchange::Treatment::Requirement) => Target::Requirement,
            Some(exchange::Treatment::Defect) => Target::Defect,
            _ => usual,
        };
        let person = |role: &str| {
            let people = record.people.iter().filter(|person| person.role == role);
            let found = people.flat_map(|person| [person.email.as_deref(), person.name.as_deref()]).flatten();
            found.filter_map(|name| members.get(name)).next().map(Uuid::to_string)
        };
        let own = |text: Option<&'static str>| text.map(str::to_owned);
        let mut fields = Fields::default();
        fields[compare::TITLE] = Some(cut(&record.title, 500));
        fields[compare::DESCRIPTION] = Some(cut(record.text.trim(), 100_000)).filter(|text| !text.is_empty());
        fields[compare::STATUS] = own(words.status(target, record.status.as_deref()));
        fields[compare::PRIORITY] = own(words.priority(record.priority.as_deref()));
        fields[compare::OWNER] = person("owner");
        fields[compare::DUE] = record.due.as_deref().and_then(exchange::date).map(|day| day.to_string());
        if target == Target::Defect {
            let severity = record.severity.as_deref().or(record.priority.as_deref());
            fields[compare::SEVERITY] = own(words.severity(severity));
            fields[compare::KIND] = Some(words::defect_type(record.kind.as_deref()).to_owned());
            fields[compare::REPORTER] = person("reporter");
        }
        let key =
            record.key.as_deref().and_then(|key| own_key(target, key)).or_else(|| own_key(target, &record.identifier));
        Self {
            target,
            external_id: cut(&record.identifier, 500),
            key: key.map(str::to_owned),
            line: record.line,
            fields,
            criteria: record.criteria.iter().map(|text| cut(text, 20_000)).collect(),
            position,
            record,
        }
    }
}

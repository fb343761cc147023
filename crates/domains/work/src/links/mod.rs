//! Trace links made many at once: from JSON or CSV, by the keys people use, all of them or none.
//!
//! Every row is looked at before anything is stored, so that whoever made a list learns of all its faults at once, each with its line
//! and field. What is there already is left as it is: the same list again creates nothing.

mod ends;
mod rows;

use base::{FieldError, Problem};
use kernel::{Change, Collection, Create, Ctx, Error, Operation, Tx, authorise, permit, record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::{TRACE_LINKS, project};
use ends::{Ends, Meant};
use rows::Row;

/// Links of one call at most.
pub const LINKS_AT_ONCE: usize = 5000;

const SLUG: &str = "select slug from work.projects where id = $1 and deleted_at is null";
const PAIRS: &str = "
select source_type, link_type, target_type, description from reference.trace_link_pairs order by link_type, source_type, target_type";
const INSERT: &str = "
insert into work.trace_links (project_id, source_id, target_id, link_type, criterion_id, origin)
select distinct $1::uuid, l.source_id, l.target_id, l.link_type, l.criterion_id, $6::text
  from unnest($2::uuid[], $3::uuid[], $4::text[], $5::uuid[]) l (source_id, target_id, link_type, criterion_id)
on conflict do nothing";

/// A pair of kinds of records, and the type of link that may join them.
#[derive(Debug, Clone)]
pub struct LinkPair {
    /// The kind of record where the link starts, as the registry calls it.
    pub source: String,
    /// How the source stands to the target.
    pub link_type: String,
    /// The kind of record where it leads.
    pub target: String,
    /// What such a link says.
    pub says: String,
}

/// All pairs, type by type.
///
/// # Errors
/// When the query fails.
pub async fn link_pairs(tx: &Tx) -> Result<Vec<LinkPair>, Error> {
    let rows = tx.query(PAIRS, &[]).await?;
    rows.iter()
        .map(|row| {
            Ok(LinkPair {
                source: row.try_get(0)?,
                link_type: row.try_get(1)?,
                target: row.try_get(2)?,
                says: row.try_get(3)?,
            })
        })
        .collect()
}

/// Links to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Load {
    /// The project, by slug or identifier.
    project: String,
    /// Only look: answer what would be made and what is wrong, and store nothing.
    #[serde(default)]
    dry_run: bool,
    /// The links, or else `csv`.
    #[serde(default)]
    #[schemars(length(max = 5000))]
    links: Vec<Link>,
    /// The links as CSV (RFC 4180) with the columns `source`, `link_type`, `target` and `criterion` in any order; the second and
    /// the last may be left out.
    #[serde(default)]
    #[schemars(with = "String")]
    csv: Option<String>,
    /// Whether annotations in code named the keys.
    #[serde(default)]
    from_code: bool,
}

/// One link.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Link {
    /// Where it starts: a key, an identifier, the hash of a commit, or the name of a test.
    source: String,
    /// How the source stands to the target. Left out: what is usual between the two.
    #[serde(default)]
    #[schemars(with = "String")]
    link_type: Option<String>,
    /// Where it leads, in the same words; `REQ-12.3` is the third criterion of REQ-12.
    target: String,
    /// The criterion that is meant, by its place from 1.
    #[serde(default)]
    #[schemars(with = "i32")]
    criterion: Option<i32>,
}

/// What came of it.
#[derive(Debug, Serialize, JsonSchema)]
struct Loaded {
    /// What the audit trail calls this call; null when nothing was stored.
    id: Option<Uuid>,
    /// Whether it was only looked at.
    dry_run: bool,
    /// Links that are new, or would be.
    created: u64,
    /// Links that were there already, or twice in the list.
    unchanged: u64,
    /// What is wrong; empty unless it was only looked at, because faults are refused otherwise.
    errors: Vec<RowError>,
}

/// A fault.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct RowError {
    /// The line of the file, the head being 1; of a list, the place from 1.
    line: u64,
    /// The field.
    field: String,
    /// What is wrong with it, and what to do.
    detail: String,
}

async fn load(ctx: &Ctx, tx: &mut Tx, input: Load) -> Result<Loaded, Error> {
    permit::<Create>(ctx, &TRACE_LINKS)?;
    let project = place(ctx, tx, &input.project).await?;
    authorise::<Create, _>(ctx, Collection::of(&TRACE_LINKS, Some(project)))?;
    let is_file = input.csv.is_some();
    let (rows, mut errors) = match &input.csv {
        Some(text) if input.links.is_empty() => rows::of_csv(text)?,
        None if !input.links.is_empty() => (rows::of_links(&input.links), Vec::new()),
        _ => {
            let problem = Problem::invalid("Send the links either as a list or as CSV.");
            return Err(problem.field("/links", "is needed, unless `csv` is there").into());
        }
    };
    if rows.len() > LINKS_AT_ONCE {
        let detail = format!("must have at most {LINKS_AT_ONCE} links");
        let pointer = if is_file { "/csv" } else { "/links" };
        return Err(Problem::invalid("These are too many links; send them in parts.").field(pointer, detail).into());
    }
    let ends = Ends::of(ctx, tx, project, &rows).await?;
    let mut meant = Vec::with_capacity(rows.len());
    for row in &rows {
        match ends.meant(tx, row).await? {
            Ok(link) => meant.push((row, link)),
            Err(mut faults) => errors.append(&mut faults),
        }
    }
    errors.sort_by_key(|error| error.line);
    if !errors.is_empty() && !input.dry_run {
        return Err(refusal(&errors, is_file).into());
    }
    errors.truncate(1000);
    let origin = match (input.from_code, is_file) {
        (true, _) => "code",
        (false, true) => "import",
        (false, false) => "manual",
    };
    let created = store(tx, project, &meant, origin, input.dry_run).await?;
    let unchanged = meant.len() as u64 - created;
    if input.dry_run {
        return Ok(Loaded { id: None, dry_run: true, created, unchanged, errors });
    }
    let id = ctx.new_id();
    let links: Vec<String> = meant.iter().map(|(row, link)| link.words(row)).collect();
    let change = Change {
        event: "trace_link.loaded",
        resource_type: "trace_link",
        resource_id: id.to_string(),
        resource_name: Some(format!("{} links", meant.len())),
        project: Some(project),
        old: None,
        new: Some(json!({"created": created, "unchanged": unchanged, "origin": origin, "links": links})),
    };
    record(ctx, tx, &change).await?;
    Ok(Loaded { id: Some(id), dry_run: false, created, unchanged, errors })
}

/// The project that a caller names, once they may read it.
async fn place(ctx: &Ctx, tx: &Tx, named: &str) -> Result<Uuid, Error> {
    let slug: Option<String> = match Uuid::try_parse(named) {
        Ok(id) => tx.query_opt(SLUG, &[&id]).await?.map(|row| row.try_get(0)).transpose()?,
        Err(_) => None,
    };
    Ok(project::find(ctx, tx, slug.as_deref().unwrap_or(named)).await?.id)
}

/// Stores the links, or finds out how many would be new.
async fn store(tx: &mut Tx, project: Uuid, meant: &[(&Row, Meant)], origin: &str, dry_run: bool) -> Result<u64, Error> {
    if meant.is_empty() {
        return Ok(0);
    }
    let sources: Vec<Uuid> = meant.iter().map(|(_, link)| link.source).collect();
    let targets: Vec<Uuid> = meant.iter().map(|(_, link)| link.target).collect();
    let types: Vec<&str> = meant.iter().map(|(_, link)| link.link_type.as_str()).collect();
    let criteria: Vec<Option<Uuid>> = meant.iter().map(|(_, link)| link.criterion).collect();
    let recorded = tx.recorded();
    if dry_run {
        tx.savepoint().await?;
    }
    let created = tx.execute(INSERT, &[&project, &sources, &targets, &types, &criteria, &origin]).await;
    if dry_run {
        tx.undo(recorded).await?;
    }
    created
}

/// All faults as one answer. Pointers lead to the row in what was sent; of a file, to the line.
fn refusal(errors: &[RowError], is_file: bool) -> Problem {
    let fields = errors
        .iter()
        .map(|error| match is_file {
            true => FieldError {
                pointer: format!("/csv/{}/{}", error.line, error.field),
                detail: format!("line {}: {}", error.line, error.detail),
            },
            false => FieldError {
                pointer: format!("/links/{}/{}", error.line.saturating_sub(1), error.field),
                detail: error.detail.clone(),
            },
        })
        .collect();
    let mut problem = Problem::of_fields(fields);
    let count = errors.len();
    problem.detail = match count {
        1 => format!("Nothing was linked: {}", problem.detail),
        _ => format!("Nothing was linked: {count} fields need mending."),
    };
    problem
}

/// Making many.
pub(crate) fn loading() -> Operation {
    Operation::on_collection::<Create, Load, Loaded, _>(
        "trace-links",
        "load",
        "Links records by their keys, from a list or CSV: all of them or none, or only looks whether they could be.",
        |ctx, tx, input| Box::pin(load(ctx, tx, input)),
    )
}

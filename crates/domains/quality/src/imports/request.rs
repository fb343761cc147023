//! The request: files that arrived are queued, in the transaction that acknowledges them.

use base::Problem;
use kernel::{Allowed, Change, Collection, Create, Ctx, Error, Operation, Tx, authorise, record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{IMPORTED, build::resolve_build, format_name};
use crate::IMPORTS;

const FIND_PROJECT: &str = include_str!("../../sql/find_project.sql");
const FIND_PROFILE: &str = include_str!("../../sql/find_profile.sql");
const INSERT_IMPORTS: &str = include_str!("../../sql/insert_imports.sql");

/// Files to import.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewImport {
    /// The project the files belong to: its slug or identifier.
    #[schemars(length(min = 1, max = 200))]
    pub project: String,
    /// The build that was tested: its number (`7` or `#7`), commit hash (whole, or its first 7 digits or more), version
    /// or identifier. A number, whole hash or version that no build has makes one.
    #[serde(default)]
    #[schemars(length(max = 200))]
    pub build: Option<String>,
    /// What the files must be recognised as; any format this server reads when nothing is said.
    #[serde(default)]
    pub format: Option<String>,
    /// Where the tests ran, in the sender's words.
    #[serde(default)]
    #[schemars(length(max = 500))]
    pub environment: Option<String>,
    /// Which part of a run that was split.
    #[serde(default)]
    #[schemars(length(max = 200))]
    pub shard: Option<String>,
    /// How the words of another tool become ours: name or identifier of a profile. Without one, the profile that has the name
    /// of the file, else what names of columns and attributes suggest. Of requirements and issues only.
    #[serde(default)]
    #[schemars(length(max = 200))]
    pub profile: Option<String>,
    /// `true`: the files are only tried. What would become of each is told by its import; nothing of them is stored.
    #[serde(default)]
    pub dry_run: Option<String>,
    /// What scanners looked at, for reports of findings: they speak for this, whatever they declare themselves. What an earlier report of the same
    /// tool and scope had and this one does not repeat is fixed; nothing else is.
    #[serde(default)]
    #[schemars(length(max = 500))]
    pub scope: Option<String>,
    /// The files.
    #[schemars(length(min = 1))]
    pub files: Vec<SpooledFile>,
}

/// A file that has arrived and waits on the server's disk.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpooledFile {
    /// As the sender calls it.
    pub name: String,
    /// Where the door put it.
    pub path: String,
    /// Bytes.
    pub size: i64,
    /// SHA-256 of the content, in hexadecimal digits.
    pub sha256: String,
}

/// The acknowledgement.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Queued {
    /// One import a file, in the order they were sent.
    pub imports: Vec<QueuedFile>,
    /// Where to ask how they are doing.
    pub href: String,
}

/// A file that waits for its import.
#[derive(Debug, Serialize, JsonSchema)]
pub struct QueuedFile {
    /// The import.
    pub id: Uuid,
    /// The file as the sender calls it.
    pub file_name: String,
    /// `queued`.
    pub status: &'static str,
}

/// `POST /v1/imports`
pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::on_collection::<Create, NewImport, Queued, _>(
            "imports",
            "create",
            "Takes in files; what becomes of each is told by its import.",
            |ctx, tx, input| Box::pin(queue(ctx, tx, input)),
        )
        .with_files()
        .answering(202),
    ]
}

/// What the sender asked for beside the files, kept with each import until it runs.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Wishes {
    pub(crate) environment: Option<String>,
    pub(crate) shard: Option<String>,
    pub(crate) format: Option<String>,
    #[serde(default)]
    pub(crate) profile: Option<String>,
    #[serde(default)]
    pub(crate) dry_run: bool,
    pub(crate) scope: Option<String>,
}

async fn queue(ctx: &Ctx, tx: &mut Tx, input: NewImport) -> Result<Queued, Error> {
    let id = Uuid::try_parse(&input.project).ok();
    let row = tx.query_opt(FIND_PROJECT, &[&id, &input.project]).await?;
    let Some(row) = row else {
        return Err(Problem::invalid(format!("There is no project `{}` that you may see.", input.project))
            .field("/project", "must be the slug or identifier of a project")
            .into());
    };
    let project: Uuid = row.try_get(0)?;
    let place = Collection { resource: &IMPORTS, project: Some(project) };
    let allowed: Allowed<Collection, Create> = authorise(ctx, place)?;
    let wishes = wishes(&input)?;
    if input.files.is_empty() {
        return Err(Problem::invalid("Send at least one file.").field("/files", "must not be empty").into());
    }
    if wishes.dry_run && input.build.as_deref().is_some_and(|text| !text.trim().is_empty()) {
        return Err(Problem::invalid("What is only tried tells of no build.")
            .field("/build", "leave it out, or do not ask for a dry run")
            .into());
    }
    if let Some(profile) = &wishes.profile {
        let id = Uuid::try_parse(profile).ok();
        if tx.query_opt(FIND_PROFILE, &[&project, &id, profile]).await?.is_none() {
            return Err(Problem::invalid(format!("There is no import profile `{profile}` in this project."))
                .field("/profile", "must be the name or identifier of a profile of the project")
                .into());
        }
    }
    let build = match input.build.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        Some(reference) => Some(resolve_build(ctx, tx, &allowed, reference).await?),
        None => None,
    };
    let build_id = build.as_ref().map(|build| build.id);
    let ids: Vec<Uuid> = input.files.iter().map(|_| ctx.new_id()).collect();
    insert(ctx, tx, project, build_id, &wishes, &ids, &input.files).await?;

    let names: Vec<&str> = input.files.iter().take(20).map(|file| file.name.as_str()).collect();
    let change = Change {
        event: "import.created",
        resource_type: "import",
        resource_id: ids[0].to_string(),
        resource_name: Some(input.files[0].name.clone()),
        project: Some(project),
        old: None,
        new: Some(json!({
            "files": input.files.len(),
            "file_names": names,
            "build_id": build_id,
            "build_created": build.is_some_and(|build| build.is_new),
            "environment": wishes.environment,
            "shard": wishes.shard,
            "profile": wishes.profile,
            "dry_run": wishes.dry_run,
            "scope": wishes.scope,
        })),
    };
    record(ctx, tx, &change).await?;
    let queued = |(id, file): (&Uuid, SpooledFile)| QueuedFile { id: *id, file_name: file.name, status: "queued" };
    let href = match ids.as_slice() {
        [only] => format!("/v1/imports/{only}"),
        _ => "/v1/imports".to_owned(),
    };
    Ok(Queued { imports: ids.iter().zip(input.files).map(queued).collect(), href })
}

fn wishes(input: &NewImport) -> Result<Wishes, Error> {
    let given =
        |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let dry_run = match given(&input.dry_run).as_deref() {
        None | Some("false" | "no" | "0") => false,
        Some("true" | "yes" | "1" | "on") => true,
        Some(_) => {
            return Err(Problem::invalid("Whether to try only cannot be read.")
                .field("/dry_run", "must be true or false")
                .into());
        }
    };
    let wishes = Wishes {
        environment: given(&input.environment),
        shard: given(&input.shard),
        format: given(&input.format),
        profile: given(&input.profile),
        dry_run,
        scope: given(&input.scope),
    };
    let long = |text: &Option<String>, most: usize| text.as_ref().is_some_and(|text| text.chars().count() > most);
    if long(&wishes.environment, 500) {
        return Err(Problem::invalid("The environment is too long.")
            .field("/environment", "at most 500 characters")
            .into());
    }
    if long(&wishes.shard, 200) {
        return Err(Problem::invalid("The shard is too long.").field("/shard", "at most 200 characters").into());
    }
    if long(&wishes.scope, 500) {
        return Err(Problem::invalid("The scope is too long.").field("/scope", "at most 500 characters").into());
    }
    let known = IMPORTED.map(format_name);
    if let Some(format) = wishes.format.as_deref().filter(|format| !known.contains(format)) {
        let all = known.join(", ");
        return Err(Problem::invalid(format!("`{format}` is not a format this server reads."))
            .field("/format", format!("must be one of {all}"))
            .into());
    }
    Ok(wishes)
}

async fn insert(
    ctx: &Ctx,
    tx: &Tx,
    project: Uuid,
    build: Option<Uuid>,
    wishes: &Wishes,
    ids: &[Uuid],
    files: &[SpooledFile],
) -> Result<(), Error> {
    let mut hashes = Vec::with_capacity(files.len());
    for (at, file) in files.iter().enumerate() {
        let hash = digest(&file.sha256).ok_or_else(|| {
            Error::from(
                Problem::invalid("The digest of a file cannot be read.")
                    .field(format!("/files/{at}/sha256"), "must be 64 hexadecimal digits"),
            )
        })?;
        hashes.push(hash);
    }
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    let sizes: Vec<i64> = files.iter().map(|file| file.size).collect();
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let wishes = serde_json::to_value(wishes).map_err(|error| Error::Broken(error.to_string()))?;
    tx.execute(
        INSERT_IMPORTS,
        &[&project, &build, &ctx.principal.user_id, &wishes, &ids, &names, &hashes, &sizes, &paths],
    )
    .await?;
    Ok(())
}

fn digest(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    (0..32).map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).ok()).collect()
}

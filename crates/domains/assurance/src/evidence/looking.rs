//! The bundles that were made: lists for pages, and the bundle itself, piece by piece.

use base::{Problem, ProblemKind};
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use jiff::Timestamp;
use kernel::{Action, Allowed, Ctx, Error, Export, Exported, Read, Record, Tx, authorise, permit_in};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::{EVIDENCE_BUNDLES, bundle};

const LIST: &str = include_str!("../../sql/evidence/bundles.sql");
const SIZE: &str = "select size_bytes from security.evidence_bundles where id = $1";
const PIECE: &str = "select substring(content from $2 for $3) from security.evidence_bundles where id = $1";
const NAMED: &str = "
select p.slug, b.name from security.evidence_bundles b join work.projects p on p.id = b.project_id where b.id = $1";

const WHOLE: &str = "select content from security.evidence_bundles where id = $1";

/// Pages that are read at once in a process: a bundle is in memory meanwhile.
static READERS: Semaphore = Semaphore::const_new(4);
/// Bytes read at once.
const PIECE_BYTES: i32 = 256 << 10;

/// The media type of a bundle.
pub const BUNDLE_TYPE: &str = "application/gzip";

/// Whose bundles are listed.
#[derive(Debug, Clone, Copy)]
pub enum EvidenceOf {
    /// Everything in the project.
    Project,
    /// One build, whatever a bundle was made for.
    Build(Uuid),
    /// One release.
    Release(Uuid),
}

/// A bundle as pages list it.
#[derive(Debug, Clone)]
pub struct BundleLine {
    /// Its identifier.
    pub id: Uuid,
    /// What it is about, in words.
    pub name: String,
    /// The number of the build it is about, for who may read that.
    pub build: Option<i32>,
    /// The baseline it takes from what was required, for who may read that.
    pub baseline: Option<(Uuid, String)>,
    /// Criteria, and those of them that were proven.
    pub criteria: (i32, i32),
    /// What was open.
    pub open: i32,
    /// How large it is, in bytes.
    pub size: i64,
    /// SHA-256 of the bundle, in hexadecimal.
    pub sha256: String,
    /// The public key of its signature.
    pub public_key: String,
    /// When it was made.
    pub at: Timestamp,
    /// By whom; none: the system.
    pub by: Option<String>,
    /// What kind of principal that is, as stored.
    pub by_kind: Option<String>,
}

/// At most `rows` bundles of a project that the actor may read, newest first, made before `before`.
///
/// # Errors
/// 403 when they may read none there.
pub async fn bundles(
    ctx: &Ctx,
    tx: &Tx,
    project: Uuid,
    of: EvidenceOf,
    before: Option<Uuid>,
    rows: i64,
) -> Result<Vec<BundleLine>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &EVIDENCE_BUNDLES, project)?;
    let (build, release) = match of {
        EvidenceOf::Project => (None, None),
        EvidenceOf::Build(id) => (Some(id), None),
        EvidenceOf::Release(id) => (None, Some(id)),
    };
    let found = allowed.query(ctx, tx, LIST, &[&project, &build, &release, &before, &rows]).await?;
    found
        .iter()
        .map(|row| {
            let baseline: Option<Uuid> = row.try_get(3)?;
            Ok(BundleLine {
                id: row.try_get(0)?,
                name: row.try_get(1)?,
                build: row.try_get(2)?,
                baseline: baseline.zip(row.try_get(4)?),
                criteria: (row.try_get(5)?, row.try_get(6)?),
                open: row.try_get(7)?,
                size: row.try_get(8)?,
                sha256: row.try_get(9)?,
                public_key: row.try_get(10)?,
                at: row.try_get(11)?,
                by: row.try_get(12)?,
                by_kind: row.try_get(13)?,
            })
        })
        .collect()
}

/// The bundle with this identifier.
///
/// # Errors
/// 404 when there is none or the actor may not read it, 403 when they may not do `A`.
pub async fn find_bundle<A: Action>(ctx: &Ctx, tx: &Tx, id: &str) -> Result<Allowed<Record, A>, Error> {
    let found = Record::find(tx, ctx.catalogue().served(&EVIDENCE_BUNDLES)?, id, false).await?;
    authorise(ctx, found)
}

/// What a bundle is saved as, and how large it is.
///
/// # Errors
/// When it is gone.
pub async fn bundle_name<A: Action>(tx: &Tx, found: &Allowed<Record, A>) -> Result<(String, i64), Error> {
    let id = found.uuid()?;
    let row = tx.query_one(NAMED, &[&id]).await?;
    let name = bundle::file_name(row.try_get(0)?, row.try_get(1)?);
    Ok((format!("{name}.tar.gz"), tx.query_one(SIZE, &[&id]).await?.try_get(0)?))
}

/// Writes down that a bundle is taken away, before it is.
///
/// # Errors
/// When the row cannot be written; the bundle must not be handed out then.
pub async fn bundle_taken(ctx: &Ctx, found: &Allowed<Record, Export>) -> Result<(), Error> {
    let file = Exported {
        resource_type: found.resource.permission,
        what: "evidence-bundle",
        format: "tar.gz",
        project: found.project,
        record: Some(&found.id),
        filter: &[],
        rows: None,
    };
    kernel::exported(ctx, &file).await
}

/// The bundle, piece by piece. Each is read in a transaction of its own, so that a slow reader keeps no connection; a bundle never changes,
/// so they fit together.
pub fn bundle_pieces(
    ctx: Ctx,
    found: Allowed<Record, Export>,
    size: i64,
) -> impl Stream<Item = Result<Bytes, Error>> + Send + 'static {
    stream::try_unfold((ctx, found, 0_i64), move |(ctx, found, from)| async move {
        if from >= size {
            return Ok(None);
        }
        let tx = ctx.begin_read().await?;
        let piece = piece(&tx, &found, from).await?;
        tx.commit().await?;
        if piece.is_empty() {
            return Err(Error::Broken("a bundle of evidence is shorter than it is said to be".into()));
        }
        let next = from + i64::try_from(piece.len()).unwrap_or(i64::MAX);
        Ok(Some((Bytes::from(piece), (ctx, found, next))))
    })
}

async fn piece(tx: &Tx, found: &Allowed<Record, Export>, from: i64) -> Result<Vec<u8>, Error> {
    let start = i32::try_from(from + 1).unwrap_or(i32::MAX);
    let row = tx.query_opt(PIECE, &[&found.uuid()?, &start, &PIECE_BYTES]).await?;
    Ok(row.ok_or_else(|| Problem::not_found("evidence bundle"))?.try_get(0)?)
}

/// The readable page of a bundle.
///
/// # Errors
/// 404 when it is gone, 503 when as many are being read as there can be.
pub async fn bundle_page(tx: &Tx, found: &Allowed<Record, Read>) -> Result<Vec<u8>, Error> {
    let busy =
        || Problem::new(ProblemKind::Unavailable, "Others are reading evidence; try again in a moment.").retry_after(2);
    let _room = READERS.try_acquire().map_err(|_| busy())?;
    let row = tx.query_opt(WHOLE, &[&found.uuid()?]).await?.ok_or_else(|| Problem::not_found("evidence bundle"))?;
    let content: Vec<u8> = row.try_get(0)?;
    let opened = tokio::task::spawn_blocking(move || bundle::open(&content)).await;
    let opened = opened.map_err(|error| Error::Broken(format!("reading a bundle: {error}")))?;
    let page = opened.map_err(|why| Error::Broken(format!("a bundle that is kept cannot be read: {why}")))?.page;
    page.ok_or_else(|| Error::Broken("a bundle that is kept has no page".into()))
}

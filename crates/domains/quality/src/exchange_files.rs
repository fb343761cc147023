//! Files that came in an archive beside a document of requirements: which of them a record names, and what is in them.

use base::Problem;
use bytes::Bytes;
use formats::exchange::member_of;
use futures_util::{Stream, stream};
use kernel::{Allowed, Ctx, Error, Exported, Place, Read, Record, Tx, authorise};
use serde_json::Value;
use uuid::Uuid;

use crate::EXCHANGE_FILES;

const PLACES: &str = include_str!("../sql/exchange_named_places.sql");
const BY_NAME: &str = include_str!("../sql/exchange_files_by_name.sql");
const ONE: &str = include_str!("../sql/exchange_file.sql");
const PIECE: &str = include_str!("../sql/exchange_file_piece.sql");

/// Bytes read at once.
const PIECE_BYTES: i32 = 256 << 10;

/// What browsers show without running anything. A drawing (SVG) is none of these: it can hold script.
const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// A file that the actor may read. It is made by [`exchange_file`] and [`files_named_by`] alone, which ask whether they may.
#[derive(Debug, Clone)]
pub struct ExchangeFile {
    id: Uuid,
    project: Uuid,
    name: String,
    media_type: String,
    size: i64,
    sha256: Vec<u8>,
}

impl ExchangeFile {
    fn of(row: &tokio_postgres::Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.try_get(0)?,
            project: row.try_get(1)?,
            name: row.try_get(2)?,
            media_type: row.try_get(3)?,
            size: row.try_get(4)?,
            sha256: row.try_get(5)?,
        })
    }

    /// Its identifier.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// What it is called, without its folder.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }

    /// What it is, as its content told when it came.
    #[must_use]
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> i64 {
        self.size
    }

    /// Whether it is a picture that a page may show.
    #[must_use]
    pub fn is_picture(&self) -> bool {
        PICTURES.contains(&self.media_type.as_str())
    }

    /// What tells this content from any other.
    #[must_use]
    pub fn version(&self) -> String {
        self.sha256.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The file with this identifier.
///
/// # Errors
/// 404 when there is none or the actor may not read the requirements of its project.
pub async fn exchange_file(ctx: &Ctx, tx: &Tx, id: &str) -> Result<ExchangeFile, Error> {
    let found = Record::find(tx, ctx.catalogue().served(&EXCHANGE_FILES)?, id, false).await?;
    let allowed: Allowed<Record, Read> = authorise(ctx, found)?;
    let row = tx.query_opt(ONE, &[&allowed.uuid()?]).await?.ok_or_else(|| Problem::not_found("exchange file"))?;
    ExchangeFile::of(&row)
}

/// The files that the text of a record names, in its order, out of the document it came in. `id` is that of `record`, which the actor
/// may read, and with it what belongs to it.
///
/// # Errors
/// When the database refuses.
pub async fn files_named_by<T: Place>(
    tx: &Tx,
    record: &Allowed<T, Read>,
    id: Uuid,
) -> Result<Vec<ExchangeFile>, Error> {
    let project = record.project();
    let mut files: Vec<ExchangeFile> = Vec::new();
    for row in tx.query(PLACES, &[&project, &id]).await? {
        let (document, member, places): (Uuid, String, Value) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let places = places.as_array().into_iter().flatten().filter_map(Value::as_str);
        let names: Vec<String> = places.filter_map(|place| member_of(&member, place)).collect();
        let mut found = Vec::new();
        for row in tx.query(BY_NAME, &[&project, &document, &names]).await? {
            found.push(ExchangeFile::of(&row)?);
        }
        found.sort_by_key(|file| names.iter().position(|name| *name == file.name));
        files.extend(found);
    }
    Ok(files)
}

/// Writes down that a file is taken away, before it is. A picture that a page shows is read, not taken away.
///
/// # Errors
/// When the row cannot be written; the file must not be handed out then.
pub async fn exchange_file_taken(ctx: &Ctx, file: &ExchangeFile) -> Result<(), Error> {
    let id = file.id.to_string();
    let taken = Exported {
        resource_type: EXCHANGE_FILES.permission,
        what: "exchange-file",
        format: &file.media_type,
        project: Some(file.project),
        record: Some(&id),
        filter: &[],
        rows: None,
    };
    kernel::exported(ctx, &taken).await
}

/// The file, piece by piece. Each is read in a transaction of its own, so that a slow reader keeps no connection; one that is replaced
/// meanwhile breaks off instead of being mixed.
pub fn exchange_file_pieces(ctx: Ctx, file: ExchangeFile) -> impl Stream<Item = Result<Bytes, Error>> + Send + 'static {
    stream::try_unfold((ctx, file, 0_i64), |(ctx, file, from)| async move {
        if from >= file.size {
            return Ok(None);
        }
        let start = i32::try_from(from + 1).unwrap_or(i32::MAX);
        let tx = ctx.begin_read().await?;
        let row = tx.query_opt(PIECE, &[&file.id, &file.sha256, &start, &PIECE_BYTES]).await?;
        let piece: Vec<u8> = row.map_or_else(|| Ok(Vec::new()), |row| row.try_get(0))?;
        tx.commit().await?;
        if piece.is_empty() {
            return Err(Error::Broken("a file was replaced while it was handed out".into()));
        }
        let next = from + i64::try_from(piece.len()).unwrap_or(i64::MAX);
        Ok(Some((Bytes::from(piece), (ctx, file, next))))
    })
}

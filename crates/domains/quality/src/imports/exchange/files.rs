//! Files of an archive, kept with the document they came beside: new ones made, changed ones replaced, those that the archive no longer
//! holds removed. One at a time is held in memory.

use std::collections::HashMap;

use formats::{
    Limits,
    exchange::{self, File},
};
use kernel::{Ctx, Tx};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::super::{
    job::{Job, Stop},
    source::Source,
    summary::Summary,
};

const KNOWN: &str = include_str!("../../../sql/exchange_known_files.sql");
const INSERT: &str = include_str!("../../../sql/exchange_insert_file.sql");
const UPDATE: &str = include_str!("../../../sql/exchange_update_file.sql");
const REMOVE: &str = include_str!("../../../sql/exchange_remove_files.sql");
const SUM: &str = include_str!("../../../sql/exchange_sum_files.sql");

/// A file that is kept.
struct Kept {
    id: Uuid,
    media_type: String,
    sha256: Vec<u8>,
}

/// Keeps what the archive holds beside its document.
pub(super) async fn store(
    ctx: &Ctx,
    tx: &Tx,
    job: &Job,
    source: &Source,
    document: Uuid,
    summary: &mut Summary,
) -> Result<(), Stop> {
    let mut known: HashMap<String, Kept> = HashMap::new();
    for row in tx.query(KNOWN, &[&job.project, &document]).await? {
        let kept = Kept { id: row.try_get(0)?, media_type: row.try_get(2)?, sha256: row.try_get(3)? };
        known.insert(row.try_get(1)?, kept);
    }
    let mut files = source.stream(|archive, hand_over: &dyn Fn(Result<File, _>) -> bool| {
        match exchange::files(archive, &Limits::default()) {
            Ok(mut files) => while files.next().is_some_and(hand_over) {},
            Err(error) => {
                hand_over(Err(error));
            }
        }
    });
    let (mut made, mut changed, mut same) = (0, 0, 0);
    while let Some(file) = files.recv().await {
        let file = file.map_err(Stop::unreadable)?;
        let sha256 = Sha256::digest(&file.content).to_vec();
        match known.remove(&file.name) {
            Some(kept) if kept.sha256 == sha256 && kept.media_type == file.media_type => same += 1,
            Some(kept) => {
                tx.execute(UPDATE, &[&job.project, &kept.id, &file.media_type, &sha256, &file.content]).await?;
                changed += 1;
            }
            None => {
                let id = ctx.new_id();
                let row: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
                    [&id, &job.project, &document, &file.name, &file.media_type, &sha256, &file.content];
                tx.execute(INSERT, &row).await?;
                made += 1;
            }
        }
    }
    if made + changed + same > 0 {
        summary.count("files", made, changed, same);
    }
    let gone: Vec<Uuid> = known.into_values().map(|kept| kept.id).collect();
    if !gone.is_empty() {
        let removed = tx.execute(REMOVE, &[&job.project, &gone]).await?;
        summary.count("removed_files", 0, removed, 0);
    }
    tx.execute(SUM, &[&job.project, &document]).await?;
    Ok(())
}

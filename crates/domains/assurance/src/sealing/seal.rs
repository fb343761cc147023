//! Giving leaves to the rows of the trail that have none, and signing the new head.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use kernel::{Ctx, Error, Kernel, Tx};
use uuid::Uuid;
use vault::{
    merkle::{Frontier, Hash, Node},
    note::Checkpoint,
};

use super::{
    Heads, Keys, base64,
    entry::{FORM, Texts},
    number, origin, size, tree, unsound,
};

/// Rows of one seal at most.
const BATCH: usize = 8192;
/// A row that appears so long after its identifier was made did not come by an honest transaction: none runs so long.
pub const LATE: SignedDuration = SignedDuration::from_hours(2);

const ALONE: &str =
    "select pg_advisory_xact_lock(hashtextextended('throughline seal ' || platform.current_organization()::text, 0))";
const ROWS: &str = "select a.id from audit.audit_logs a where a.id >= $1 order by a.id limit $2";
const WITH_LEAF: &str =
    "select l.audit_log_id from unnest($1::uuid[]) as w (id) join audit.leaves l on l.audit_log_id = w.id";
const LAST: &str =
    "select tree_size, root, checkpoint, newest_audit_log_id from audit.seals order by tree_size desc limit 1";
const OF_SIZE: &str = "select root from audit.seals where tree_size = $1";
const AFTER: &str = "select checkpoint from audit.seals where tree_size > $1 order by tree_size";
const KEEP_LEAVES: &str = "
insert into audit.leaves (leaf_index, audit_log_id, form, leaf_hash, payload_hash, payload_salt)
select $1::bigint + l.at - 1, l.id, $2::smallint, l.hash, l.payload, l.salt
  from unnest($3::uuid[], $4::bytea[], $5::bytea[], $6::bytea[]) with ordinality as l (id, hash, payload, salt, at)";
const KEEP_NODES: &str = "
insert into audit.tree_nodes (level, node_index, node_hash)
select * from unnest($1::smallint[], $2::bigint[], $3::bytea[])";
const KEEP_SEAL: &str = "
insert into audit.seals (id, tree_size, root, previous_tree_size, previous_root, newest_audit_log_id, checkpoint, sealed_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)";

/// What a sealing did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sealed {
    /// Rows that were given a leaf.
    pub rows: u64,
    /// Heads that were signed.
    pub heads: u64,
}

/// The organisations whose trail has rows newer than their last seal, or all.
///
/// # Errors
/// When the database does not answer.
pub async fn to_seal(kernel: &Kernel, all: bool) -> Result<Vec<Uuid>, Error> {
    let rows = kernel.store.query_outside("select audit.organizations_to_seal($1)", &[&all]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Seals the rows of an organisation that have no leaf: those that are not older than `reach` before the last seal's newest, or
/// all. `ctx` has to see every project. Where another process is sealing, it is waited for, and if that takes long, nothing is
/// done. Rows that a transaction has written and not yet committed are sealed when they are seen, behind those that were committed
/// before them: the place of a leaf is the order of sealing.
///
/// # Errors
/// When the tree does not lead to the last head, or the last head is not signed by one of `keys`, or the heads outside the
/// database are ahead of it or different: then somebody has tampered with it, or an older state was restored, and nothing is signed.
pub async fn seal(ctx: &Ctx, heads: &Heads, keys: &Keys, reach: Option<SignedDuration>) -> Result<Sealed, Error> {
    let mut sealed = Sealed::default();
    let mut from = None;
    loop {
        let mut tx = ctx.begin_patiently().await?;
        match tx.query_one(ALONE, &[]).await {
            Err(error) if error.is_busy() => return Ok(sealed),
            outcome => outcome?,
        };
        let (last, tree) = last_head(ctx, &tx, heads, keys).await?;
        let since = from.or_else(|| {
            // A clock that was ahead must not hide what comes after it.
            let newest = last.as_ref().map(|last| time_of(last.newest).min(ctx.now()))?;
            reach.map(|reach| base::id_at(newest.checked_sub(reach).unwrap_or(Timestamp::UNIX_EPOCH)))
        });
        let Some(batch) = Batch::read(&tx, since.unwrap_or_default()).await? else {
            tx.commit().await?;
            return Ok(sealed);
        };
        let newest = last.as_ref().map_or(batch.newest(), |last| last.newest.max(batch.newest()));
        from = Some(batch.newest());
        sealed.rows += batch.ids.len() as u64;
        sealed.heads += 1;
        let is_full = batch.is_full;
        batch.keep(ctx, &mut tx, tree, newest).await?;
        tx.commit().await?;
        copy_out(ctx, heads).await?;
        if !is_full {
            return Ok(sealed);
        }
    }
}

struct Last {
    newest: Uuid,
}

/// The last head and the tree it stands on, which must belong together and to what is known outside the database.
async fn last_head(ctx: &Ctx, tx: &Tx, heads: &Heads, keys: &Keys) -> Result<(Option<Last>, Frontier), Error> {
    let organization = ctx.organization_id();
    let outside = heads.last(organization).await?;
    let Some(row) = tx.query_opt(LAST, &[]).await? else {
        return match outside {
            None => Ok((None, Frontier::default())),
            Some(head) => Err(behind(heads, organization, head.size, 0)),
        };
    };
    let (length, root): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
    let head = keys.open(organization, row.try_get(2)?).map_err(|error| {
        unsound(&format!("the last seal of the audit trail, of {length} rows, is not to be believed, so nothing is signed on top of it"), &error)
    })?;
    let tree = tree::frontier(tx, &(0..size(length))).await?;
    if base64(&tree.root()) != root || base64(&head.root) != root || head.size != size(length) {
        return Err(Error::Broken(format!(
            "the leaves of the audit trail do not lead to its last seal, of {length} rows, so nothing is signed on top of them: run `throughline audit verify`"
        )));
    }
    if let Some(outside) = outside {
        let known = tx.query_opt(OF_SIZE, &[&number(outside.size)]).await?.map(|row| row.try_get(0)).transpose()?;
        match known {
            None if outside.size > head.size => return Err(behind(heads, organization, outside.size, head.size)),
            known if known != Some(base64(&outside.root)) => {
                return Err(Error::Broken(format!(
                    "{} has another head for {} rows of the audit trail than the database, so nothing is signed: run `throughline audit verify`",
                    heads.file(organization).display(),
                    outside.size
                )));
            }
            _ => {}
        }
    }
    Ok((Some(Last { newest: row.try_get(3)? }), tree))
}

fn behind(heads: &Heads, organization: Uuid, outside: u64, inside: u64) -> Error {
    let file = heads.file(organization);
    Error::Broken(format!(
        "{} knows {outside} sealed rows of the audit trail and the database {inside}: rows were cut off, or an older state was restored. \
         Nothing is signed until `throughline audit verify` was read and, after a restore, the file was put aside.",
        file.display()
    ))
}

/// The time in an identifier, by the millisecond.
pub(super) fn time_of(id: Uuid) -> Timestamp {
    let milliseconds = i64::try_from(id.as_u128() >> 80).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::MAX)
}

/// Rows that are about to be sealed, in the order of their identifiers.
struct Batch {
    ids: Vec<Uuid>,
    leaves: Vec<Hash>,
    payloads: Vec<Hash>,
    salts: Vec<Vec<u8>>,
    /// Whether more may follow.
    is_full: bool,
}

impl Batch {
    /// The next rows without a leaf, from an identifier on. Looked for page by page: one statement over a long trail could take any
    /// time.
    async fn read(tx: &Tx, mut from: Uuid) -> Result<Option<Self>, Error> {
        loop {
            let rows = tx.query(ROWS, &[&from, &number(BATCH as u64)]).await?;
            let ids = rows.iter().map(|row| Ok(row.try_get(0)?)).collect::<Result<Vec<Uuid>, Error>>()?;
            let sealed = tx.query(WITH_LEAF, &[&ids]).await?;
            let sealed = sealed.iter().map(|row| Ok(row.try_get(0)?)).collect::<Result<HashSet<Uuid>, Error>>()?;
            let is_full = ids.len() == BATCH;
            let last = ids.last().copied();
            let ids: Vec<Uuid> = ids.into_iter().filter(|id| !sealed.contains(id)).collect();
            match last {
                Some(last) if ids.is_empty() && is_full => from = last,
                _ if ids.is_empty() => return Ok(None),
                _ => return Self::of(tx, &ids, is_full).await.map(Some),
            }
        }
    }

    async fn of(tx: &Tx, ids: &[Uuid], is_full: bool) -> Result<Self, Error> {
        let sql = format!(
            "select a.id, {} from unnest($1::uuid[]) as w (id) join audit.audit_logs a on a.id = w.id order by a.id",
            Texts::selected()
        );
        let mut batch = Self { ids: Vec::new(), leaves: Vec::new(), payloads: Vec::new(), salts: Vec::new(), is_full };
        for row in tx.query(&sql, &[&ids]).await? {
            let texts = Texts::read(&row, 1)?;
            let salt = vault::random::<16>();
            let payload = texts.payload_hash(&salt);
            batch.ids.push(row.try_get(0)?);
            batch.leaves.push(texts.leaf(&payload));
            batch.payloads.push(payload);
            batch.salts.push(salt.to_vec());
        }
        Ok(batch)
    }

    fn newest(&self) -> Uuid {
        self.ids.last().copied().unwrap_or_default()
    }

    /// Stores leaves, nodes and the signed head.
    async fn keep(self, ctx: &Ctx, tx: &mut Tx, mut tree: Frontier, newest: Uuid) -> Result<(), Error> {
        let (before, before_root) = (tree.size(), tree.root());
        let mut nodes: Vec<Node> = Vec::new();
        for leaf in &self.leaves {
            let keep = |node: Node| {
                if node.level > 0 && node.level.is_multiple_of(tree::STRIDE) {
                    nodes.push(node);
                }
            };
            tree.push(0, *leaf, keep);
        }
        let slices = |hashes: &[Hash]| hashes.iter().map(|hash| hash.to_vec()).collect::<Vec<_>>();
        let (leaves, payloads) = (slices(&self.leaves), slices(&self.payloads));
        tx.execute(KEEP_LEAVES, &[&number(before), &FORM, &self.ids, &leaves, &payloads, &self.salts]).await?;
        if !nodes.is_empty() {
            let levels: Vec<i16> = nodes.iter().map(|node| i16::try_from(node.level).unwrap_or(i16::MAX)).collect();
            let indexes: Vec<i64> = nodes.iter().map(|node| number(node.index)).collect();
            let hashes: Vec<Vec<u8>> = nodes.iter().map(|node| node.hash.to_vec()).collect();
            tx.execute(KEEP_NODES, &[&levels, &indexes, &hashes]).await?;
        }
        // As PostgreSQL keeps it, so that what is signed and what is stored say the same.
        let now = Timestamp::from_microsecond(ctx.now().as_microsecond()).unwrap_or_default();
        let head = Checkpoint {
            origin: origin(ctx.organization_id()),
            size: tree.size(),
            root: tree.root(),
            extensions: vec![format!("sealed {now}"), format!("after {before} {}", base64(&before_root))],
        };
        let note = head
            .sign(ctx.kernel.signing_key()?)
            .map_err(|error| unsound("a head of the audit trail could not be signed", &error))?;
        let (root, before_root) = (base64(&head.root), base64(&before_root));
        tx.execute(
            KEEP_SEAL,
            &[&ctx.new_id(), &number(head.size), &root, &number(before), &before_root, &newest, &note, &now],
        )
        .await?;
        Ok(())
    }
}

/// Copies the heads that the file outside the database does not have yet.
async fn copy_out(ctx: &Ctx, heads: &Heads) -> Result<(), Error> {
    let known = heads.last(ctx.organization_id()).await?.map_or(0, |head| head.size);
    let tx = ctx.begin_read().await?;
    let rows = tx.query(AFTER, &[&number(known)]).await?;
    tx.commit().await?;
    let notes = rows.iter().map(|row| Ok(row.try_get(0)?)).collect::<Result<Vec<String>, Error>>()?;
    if notes.is_empty() { Ok(()) } else { heads.append(ctx.organization_id(), notes).await }
}

//! Proofs for others: that a row is in the trail, and that the trail only grew. Both can be checked with the published method
//! (RFC 9162, section 2.1) and the public key alone.

use std::ops::Range;

use base::Problem;
use kernel::{Ctx, Error, Tx};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vault::{
    merkle::{Hash, consistency_spans, inclusion_spans, leaf_hash, verify_consistency, verify_inclusion},
    note::Checkpoint,
};

use super::{Keys, base64, entry::Texts, from_base64, hash, number, origin, size, tree};

const LEAF: &str = "select leaf_index, leaf_hash, payload_hash, payload_salt from audit.leaves where audit_log_id = $1";
const LATEST: &str = "select tree_size, checkpoint from audit.seals order by tree_size desc limit 1";
const OF_SIZE: &str = "select tree_size, checkpoint from audit.seals where tree_size = $1";

/// That a row is in the trail under a signed head.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Inclusion {
    /// The row.
    pub audit_log_id: Uuid,
    /// The words of the row that were hashed; JSON, with a hash in place of what may be dropped. None: the row itself was archived,
    /// and whoever has it in the archive has its words.
    pub entry: Option<String>,
    /// SHA-256 of a nought and the entry, in base64.
    pub leaf_hash: String,
    /// Its place in the tree, from nought.
    pub leaf_index: u64,
    /// The rows under the head.
    pub tree_size: u64,
    /// The hashes that lead from the leaf to the root, in base64, the nearest first.
    pub hashes: Vec<String>,
    /// The signed head.
    pub checkpoint: String,
    /// The public key of the signature, as a verifier key of signed notes.
    pub key: String,
}

/// What stands behind the hash of what may be dropped. It tells of people: for those who may read them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Payload {
    /// The 16 bytes before it, in base64.
    pub salt: String,
    /// Its words; JSON.
    pub words: String,
}

/// That the trail under an older head is the beginning of that under a younger.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Consistency {
    /// The rows under the older head.
    pub from: u64,
    /// The rows under the younger head.
    pub to: u64,
    /// The hashes of the proof, in base64.
    pub hashes: Vec<String>,
    /// The older head, signed.
    pub from_checkpoint: String,
    /// The younger head, signed.
    pub to_checkpoint: String,
    /// The public key of the signatures.
    pub key: String,
}

/// A head: its size and the signed note.
async fn head(tx: &Tx, of: Option<u64>) -> Result<Option<(u64, String)>, Error> {
    let row = match of {
        Some(of) => tx.query_opt(OF_SIZE, &[&number(of)]).await?,
        None => tx.query_opt(LATEST, &[]).await?,
    };
    row.map(|row| Ok((size(row.try_get(0)?), row.try_get(1)?))).transpose()
}

async fn roots(tx: &Tx, spans: Option<Vec<Range<u64>>>) -> Result<Vec<String>, Error> {
    let mut roots = Vec::new();
    for span in spans.unwrap_or_default() {
        roots.push(base64(&tree::frontier(tx, &span).await?.root()));
    }
    Ok(roots)
}

fn key(ctx: &Ctx) -> Result<String, Error> {
    Ok(ctx.kernel.signing_key()?.public_key().named(&origin(ctx.organization_id())))
}

/// Proves that a row is in the trail, under its latest head. The caller has made sure that the row may be read.
///
/// # Errors
/// 409 when it is not sealed yet.
pub async fn prove(ctx: &Ctx, tx: &Tx, row: Uuid) -> Result<(Inclusion, Option<Payload>), Error> {
    let waits = || Problem::conflict("This row of the trail is not sealed yet; the server seals every few seconds.");
    let leaf = tx.query_opt(LEAF, &[&row]).await?.ok_or_else(waits)?;
    let (index, payload_hash) = (size(leaf.try_get(0)?), hash(leaf.try_get(2)?)?);
    let (tree_size, checkpoint) = head(tx, None).await?.filter(|(size, _)| index < *size).ok_or_else(waits)?;
    let sql = format!("select {} from audit.audit_logs a where a.id = $1", Texts::selected());
    let texts = tx.query_opt(&sql, &[&row]).await?.map(|found| Texts::read(&found, 0)).transpose()?;
    let salt: Option<Vec<u8>> = leaf.try_get(3)?;
    let payload =
        texts.as_ref().zip(salt).map(|(texts, salt)| Payload { salt: base64(&salt), words: texts.payload_words() });
    let proof = Inclusion {
        audit_log_id: row,
        entry: texts.map(|texts| texts.entry(&payload_hash)),
        leaf_hash: base64(&hash(leaf.try_get(1)?)?),
        leaf_index: index,
        tree_size,
        hashes: roots(tx, inclusion_spans(index, tree_size)).await?,
        checkpoint,
        key: key(ctx)?,
    };
    Ok((proof, payload))
}

/// Proves that the trail under the head of `from` rows is the beginning of that under the head of `to`, or the latest.
///
/// # Errors
/// 404 when there is no head of such a size, 422 when they stand the wrong way round.
pub async fn prove_consistency(ctx: &Ctx, tx: &Tx, from: u64, to: Option<u64>) -> Result<Consistency, Error> {
    let missing = |size: u64| Problem::not_found(format!("signed head of {size} rows"));
    let (from, from_checkpoint) = head(tx, Some(from)).await?.ok_or_else(|| missing(from))?;
    let (to, to_checkpoint) = head(tx, to).await?.ok_or_else(|| missing(to.unwrap_or_default()))?;
    if from > to {
        return Err(Problem::invalid("The older head has fewer rows than the younger: exchange the two sizes.").into());
    }
    let hashes = roots(tx, consistency_spans(from, to)).await?;
    Ok(Consistency { from, to, hashes, from_checkpoint, to_checkpoint, key: key(ctx)? })
}

/// Hashes in base64, of which none may be broken.
fn hashes(texts: &[String]) -> Option<Vec<Hash>> {
    texts.iter().map(|text| from_base64(text)).collect()
}

fn opened(keys: &Keys, organization: Uuid, note: &str, size: u64) -> Result<Checkpoint, String> {
    let head = keys.open(organization, note).map_err(|error| format!("the head is not to be believed: {error}"))?;
    if head.size == size { Ok(head) } else { Err(format!("the head is one of {} rows, not of {size}", head.size)) }
}

impl Inclusion {
    /// Checks the proof with nothing but the keys. Answers the head it leads to.
    ///
    /// # Errors
    /// A sentence that says what does not fit.
    pub fn check(&self, organization: Uuid, keys: &Keys) -> Result<Checkpoint, String> {
        let head = opened(keys, organization, &self.checkpoint, self.tree_size)?;
        let leaf = from_base64(&self.leaf_hash).ok_or("the leaf's hash is none")?;
        if let Some(entry) = &self.entry {
            if leaf_hash(entry.as_bytes()) != leaf {
                return Err("the row is not what was sealed: its words lead to another leaf".into());
            }
            let words: serde_json::Value = serde_json::from_str(entry).map_err(|error| error.to_string())?;
            if words["row"]["id"] != self.audit_log_id.to_string()
                || words["row"]["organization_id"] != organization.to_string()
            {
                return Err("the words are those of another row".into());
            }
        }
        let proof = hashes(&self.hashes).ok_or("a hash of the proof is none")?;
        verify_inclusion(self.leaf_index, self.tree_size, &leaf, &proof, &head.root)
            .map_err(|error| error.to_string())?;
        Ok(head)
    }
}

impl Consistency {
    /// Checks the proof with nothing but the keys.
    ///
    /// # Errors
    /// A sentence that says what does not fit.
    pub fn check(&self, organization: Uuid, keys: &Keys) -> Result<(), String> {
        let older = opened(keys, organization, &self.from_checkpoint, self.from)?;
        let younger = opened(keys, organization, &self.to_checkpoint, self.to)?;
        let proof = hashes(&self.hashes).ok_or("a hash of the proof is none")?;
        verify_consistency((older.size, &older.root), (younger.size, &younger.root), &proof)
            .map_err(|error| error.to_string())
    }
}

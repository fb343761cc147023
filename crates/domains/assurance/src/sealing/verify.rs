//! Looking at a whole trail: rows against leaves, leaves against heads, heads against signatures, against each other and against
//! those outside the database. Reads everything once, in pages, in one snapshot.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    ops::Bound,
};

use jiff::Timestamp;
use kernel::{Ctx, Error, Tx};
use uuid::Uuid;
use vault::merkle::{Frontier, Hash, Node};

use super::{
    Keys, Kind, LATE, Verdict, base64, entry::Texts, finding::Finding, hash, number, retired::Retired, seal::time_of,
    size, tree,
};

/// Rows of a page.
const PAGE: i64 = 4096;
/// Rows that do not fit their leaves are compared with each other's leaves up to this many: were they exchanged?
const EXCHANGED: usize = 200;

const SEALS: &str = "
select tree_size, root, previous_tree_size, previous_root, checkpoint, sealed_at, newest_audit_log_id from audit.seals
 where tree_size > $1 order by tree_size limit $2";
const NODES: &str = "
select n.level, n.node_index, n.node_hash from unnest($1::smallint[], $2::bigint[]) as w (level, node_index)
  join audit.tree_nodes n on n.level = w.level and n.node_index = w.node_index";
// Rows and leaves are fetched side by side and put together here: a join of two large tables, of which PostgreSQL may know little yet, can
// take any time.
const LEAVES: &str = "
select leaf_index, audit_log_id, leaf_hash, payload_hash, payload_salt from audit.leaves
 where leaf_index >= $1 order by leaf_index limit $2";
const ROWS: &str = "select a.id from audit.audit_logs a where a.id > $1 order by a.id limit $2";
const WITH_LEAF: &str =
    "select l.audit_log_id from unnest($1::uuid[]) as w (id) join audit.leaves l on l.audit_log_id = w.id";
const SAID_SO: &str = "
select a.resource_id from audit.audit_logs a
 where a.resource_type = 'audit_log' and a.resource_id = any($1) and a.event_type = 'audit_log.payload_dropped'";

struct Seal {
    size: u64,
    root: String,
    previous: (u64, String),
    note: String,
    sealed_at: Timestamp,
    newest: Uuid,
}

/// A row that does not fit its leaf.
struct Odd {
    row: Uuid,
    index: u64,
    seal: Option<u64>,
    what: &'static str,
    texts: Texts,
    leaf: Hash,
    payload: Hash,
    salt: Option<Vec<u8>>,
}

struct Look<'a> {
    organization: Uuid,
    keys: &'a Keys,
    outside: BTreeMap<u64, Hash>,
    verdict: Verdict,
    seals: VecDeque<Seal>,
    /// The heads that were passed: size, root and time of the last two.
    passed: (u64, String),
    passed_at: Option<Timestamp>,
    tree: Frontier,
    /// Set when the leaves no longer lead to the heads: then no later head can be held against them.
    lost: bool,
    last_in_seal: Option<(Uuid, u64)>,
    newest: Uuid,
    nodes: Vec<Node>,
    odd: Vec<Odd>,
    dropped: Vec<(Uuid, u64)>,
}

/// Looks at the trail of an organisation. `outside` are heads from outside the database, as signed notes: the file of the
/// installation's own, and copies kept elsewhere. `ctx` has to see every project.
///
/// # Errors
/// When the database cannot be read; what is wrong with the trail is in the answer.
pub async fn verify(ctx: &Ctx, keys: &Keys, outside: &[String]) -> Result<Verdict, Error> {
    let tx = ctx.begin_read().await?;
    tx.batch("set transaction isolation level repeatable read").await?;
    let mut look = Look {
        organization: ctx.organization_id(),
        keys,
        outside: BTreeMap::new(),
        verdict: Verdict::default(),
        seals: VecDeque::new(),
        passed: (0, base64(&Frontier::default().root())),
        passed_at: None,
        tree: Frontier::default(),
        lost: false,
        last_in_seal: None,
        newest: Uuid::nil(),
        nodes: Vec::new(),
        odd: Vec::new(),
        dropped: Vec::new(),
    };
    look.read_outside(outside);
    look.leaves(&tx, &Retired::read(&tx, ctx.now()).await?).await?;
    look.name_the_odd();
    look.dropped_with_a_word(&tx).await?;
    look.rows_without_leaf(&tx).await?;
    look.beyond_the_end();
    tx.commit().await?;
    Ok(look.verdict)
}

impl Look<'_> {
    fn find(
        &mut self,
        kind: Kind,
        row: Option<Uuid>,
        leaf_index: Option<u64>,
        seal: Option<u64>,
        what: impl Into<String>,
    ) {
        self.verdict.find(Finding { kind, audit_log_id: row, leaf_index, seal, what: what.into() });
    }

    fn read_outside(&mut self, notes: &[String]) {
        for note in notes {
            match self.keys.open(self.organization, note) {
                Ok(head) => {
                    self.verdict.outside += 1;
                    if self.outside.insert(head.size, head.root).is_some_and(|other| other != head.root) {
                        let what = "two heads outside the database, both signed, have this size and different roots";
                        self.find(Kind::Forged, None, None, Some(head.size), what);
                    }
                }
                Err(error) => {
                    let what = format!("a head outside the database is not to be believed: {error}");
                    self.find(Kind::Forged, None, None, None, what);
                }
            }
        }
    }

    /// Every leaf with its row, in the order of the tree.
    async fn leaves(&mut self, tx: &Tx, retired: &Retired) -> Result<(), Error> {
        let sql = format!(
            "select a.id, {} from unnest($1::uuid[]) as w (id) join audit.audit_logs a on a.id = w.id",
            Texts::selected()
        );
        let mut next = 0_u64;
        loop {
            let leaves = tx.query(LEAVES, &[&number(next), &PAGE]).await?;
            let ids = leaves.iter().map(|leaf| Ok(leaf.try_get(1)?)).collect::<Result<Vec<Uuid>, Error>>()?;
            let mut rows = HashMap::with_capacity(ids.len());
            for row in tx.query(&sql, &[&ids]).await? {
                rows.insert(row.try_get::<_, Uuid>(0)?, Texts::read(&row, 1)?);
            }
            for (leaf, id) in leaves.iter().zip(ids) {
                let index = size(leaf.try_get(0)?);
                self.more_seals(tx).await?;
                if index != next {
                    self.gap(tx, next, index).await?;
                }
                self.leaf(leaf, index, rows.remove(&id), retired)?;
                next = index + 1;
            }
            self.compare_nodes(tx).await?;
            if leaves.is_empty() {
                break;
            }
        }
        self.more_seals(tx).await?;
        while !self.seals.is_empty() {
            // Heads over more leaves than there are.
            let end = self.seals.back().map_or(next, |seal| seal.size);
            self.gap(tx, next, end).await?;
            next = next.max(end);
            self.more_seals(tx).await?;
        }
        Ok(())
    }

    async fn more_seals(&mut self, tx: &Tx) -> Result<(), Error> {
        if !self.seals.is_empty() {
            return Ok(());
        }
        for row in tx.query(SEALS, &[&number(self.passed.0), &PAGE]).await? {
            self.seals.push_back(Seal {
                size: size(row.try_get(0)?),
                root: row.try_get(1)?,
                previous: (size(row.try_get(2)?), row.try_get(3)?),
                note: row.try_get(4)?,
                sealed_at: row.try_get(5)?,
                newest: row.try_get(6)?,
            });
        }
        Ok(())
    }

    /// Leaves that are not there.
    async fn gap(&mut self, tx: &Tx, from: u64, until: u64) -> Result<(), Error> {
        if until <= from {
            return self.pass_seals(tx, until).await;
        }
        self.lost = true;
        let seal = self.seals.iter().find(|seal| seal.size > from).map(|seal| seal.size);
        let is_end = self.seals.back().is_none_or(|seal| until >= seal.size);
        let (kind, place) = if is_end { (Kind::Truncated, "at the end") } else { (Kind::Removed, "between others") };
        let what = match until - from {
            1 => format!("the leaf {from} is gone, {place}"),
            gone => format!("{gone} leaves from {from} to {} are gone, {place}", until - 1),
        };
        self.find(kind, None, Some(from), seal, what);
        self.pass_seals(tx, until).await
    }

    async fn pass_seals(&mut self, tx: &Tx, until: u64) -> Result<(), Error> {
        while self.seals.front().is_some_and(|seal| seal.size <= until) {
            self.pass_seal();
            self.more_seals(tx).await?;
        }
        Ok(())
    }

    fn leaf(
        &mut self,
        row: &tokio_postgres::Row,
        index: u64,
        texts: Option<Texts>,
        retired: &Retired,
    ) -> Result<(), Error> {
        let (id, leaf, payload): (Uuid, _, _) = (row.try_get(1)?, hash(row.try_get(2)?)?, hash(row.try_get(3)?)?);
        let salt: Option<Vec<u8>> = row.try_get(4)?;
        let Some(seal) = self.seals.front().map(|seal| seal.size) else {
            let what = "a leaf that no signed head covers: nobody but the sealer writes leaves, and always with a head";
            self.find(Kind::Inserted, Some(id), Some(index), None, what);
            return Ok(());
        };
        self.verdict.sealed += 1;
        self.newest = self.newest.max(id);
        if let Some((before, at)) = self.last_in_seal.replace((id, index))
            && before >= id
        {
            let what = format!("it stands behind row {before} at {at}, though the sealer goes by identifier");
            self.find(Kind::Reordered, Some(id), Some(index), Some(seal), what);
        }
        if let Some(before) = self.passed_at
            && time_of(id) < before.checked_sub(LATE).unwrap_or(Timestamp::MIN)
        {
            let what = format!(
                "its identifier says {}, but it was not there when the head before it was signed at {before}",
                time_of(id)
            );
            self.find(Kind::Inserted, Some(id), Some(index), Some(seal), what);
        }
        if let Some(texts) = texts {
            self.hold(Odd { row: id, index, seal: Some(seal), what: "", texts, leaf, payload, salt });
        } else if retired.has(time_of(id)) {
            self.verdict.archived += 1;
        } else {
            let what = "the row is gone, and retention has not archived it";
            self.find(Kind::Removed, Some(id), Some(index), Some(seal), what);
        }
        let nodes = &mut self.nodes;
        self.tree.push(0, leaf, |node| {
            if node.level > 0 && node.level.is_multiple_of(tree::STRIDE) {
                nodes.push(node);
            }
        });
        if index + 1 == seal {
            self.pass_seal();
        }
        Ok(())
    }

    /// Holds a row against its leaf.
    fn hold(&mut self, mut row: Odd) {
        let is_kept = row.texts.leaf(&row.payload) == row.leaf;
        let is_payload = row.salt.as_ref().is_some_and(|salt| row.texts.payload_hash(salt) == row.payload);
        row.what = match (is_kept, is_payload, &row.salt) {
            (true, true, _) => return,
            (true, false, None) if row.texts.is_dropped() => {
                self.dropped.push((row.row, row.index));
                return;
            }
            (true, false, None) => {
                "what was dropped from the row is there again, and nothing shows that it is the same"
            }
            (true, false, Some(_)) if row.texts.is_dropped() => {
                "its values, names, address and free text were taken out past audit.drop_payload"
            }
            (true, false, Some(_)) => "its values, names, address or free text are not what was sealed",
            (false, ..) => "it is not the row that was sealed",
        };
        self.odd.push(row);
    }

    /// The next head: against its signature, the head before it, the leaves up to it, and the head of its size outside.
    fn pass_seal(&mut self) {
        let Some(seal) = self.seals.pop_front() else { return };
        self.verdict.seals += 1;
        let begins = self.passed.0;
        if seal.previous != self.passed {
            let what = format!(
                "it says that it follows a head of {} rows, but the one before it has {} rows{}",
                seal.previous.0,
                begins,
                if seal.previous.0 == begins { " and another root" } else { "" }
            );
            self.find(Kind::Forged, None, None, Some(seal.size), what);
        }
        match self.keys.open(self.organization, &seal.note) {
            Ok(head) => {
                let says =
                    [format!("sealed {}", seal.sealed_at), format!("after {} {}", seal.previous.0, seal.previous.1)];
                if head.size != seal.size || base64(&head.root) != seal.root || head.extensions != says {
                    let what = "its columns say something else than what was signed";
                    self.find(Kind::Forged, None, None, Some(seal.size), what);
                }
            }
            Err(error) => self.find(Kind::Forged, None, None, Some(seal.size), error.to_string()),
        }
        if !self.lost && seal.newest != self.newest {
            let what = "it names another row as its newest, so the sealer would look for rows from a wrong place on";
            self.find(Kind::Forged, None, None, Some(seal.size), what);
        }
        if !self.lost {
            let root = base64(&self.tree.root());
            let outside = self.outside.get(&seal.size).map(|root| base64(root));
            if root != seal.root {
                self.lost = true;
                let what = format!(
                    "its {} leaves from {begins} to {} do not lead to its root: at least one of them is not what was sealed",
                    seal.size - begins,
                    seal.size - 1
                );
                self.find(Kind::Changed, None, Some(begins), Some(seal.size), what);
            }
            if outside.is_some_and(|outside| outside != root) {
                self.lost = true;
                let what = format!(
                    "the head outside the database has another root: the rows up to {} were rewritten",
                    seal.size - 1
                );
                self.find(Kind::Changed, None, None, Some(seal.size), what);
            }
        } else if self.outside.get(&seal.size).is_some_and(|outside| base64(outside) != seal.root) {
            self.find(Kind::Forged, None, None, Some(seal.size), "the head outside the database has another root");
        }
        // Heads outside for sizes that the database has no head for.
        let between = (Bound::Excluded(begins), Bound::Excluded(seal.size));
        let unknown: Vec<u64> = self.outside.range(between).map(|(size, _)| *size).collect();
        for size in unknown {
            let what = format!("outside the database lies a signed head of {size} rows that it does not have");
            self.find(Kind::Forged, None, None, Some(size), what);
        }
        self.passed = (seal.size, seal.root);
        self.passed_at = Some(seal.sealed_at);
        self.last_in_seal = None;
    }

    async fn compare_nodes(&mut self, tx: &Tx) -> Result<(), Error> {
        let nodes = std::mem::take(&mut self.nodes);
        if nodes.is_empty() || self.lost {
            return Ok(());
        }
        let levels: Vec<i16> = nodes.iter().map(|node| i16::try_from(node.level).unwrap_or(i16::MAX)).collect();
        let indexes: Vec<i64> = nodes.iter().map(|node| number(node.index)).collect();
        let mut kept = BTreeMap::new();
        for row in tx.query(NODES, &[&levels, &indexes]).await? {
            let key: (i16, i64) = (row.try_get(0)?, row.try_get(1)?);
            kept.insert(key, hash(row.try_get(2)?)?);
        }
        for ((level, index), node) in levels.into_iter().zip(indexes).zip(nodes) {
            if kept.get(&(level, index)) != Some(&node.hash) && (node.index + 1) << node.level <= self.passed.0 {
                let what = format!("the node {index} on level {level} does not follow from the leaves under it");
                self.find(Kind::Changed, None, Some(node.index << node.level), None, what);
            }
        }
        Ok(())
    }

    /// Names the rows that do not fit their leaves: two that fit each other's were exchanged.
    fn name_the_odd(&mut self) {
        let odd = std::mem::take(&mut self.odd);
        let exchanged = |one: &Odd, other: &Odd| {
            let texts = one.texts.with_id(other.row);
            other.salt.as_ref().is_some_and(|salt| texts.payload_hash(salt) == other.payload)
                && texts.leaf(&other.payload) == other.leaf
        };
        for (at, one) in odd.iter().enumerate() {
            let partner = (odd.len() <= EXCHANGED)
                .then(|| odd.iter().enumerate().find(|(other, row)| *other != at && exchanged(one, row)))
                .flatten();
            match partner {
                Some((_, other)) => {
                    let what = format!("it holds what row {} at {} held: they were exchanged", other.row, other.index);
                    self.find(Kind::Reordered, Some(one.row), Some(one.index), one.seal, what);
                }
                None => self.find(Kind::Changed, Some(one.row), Some(one.index), one.seal, one.what),
            }
        }
    }

    /// A payload may be gone if a row of the trail says who dropped it and why.
    async fn dropped_with_a_word(&mut self, tx: &Tx) -> Result<(), Error> {
        for page in std::mem::take(&mut self.dropped).chunks(1000) {
            let ids: Vec<String> = page.iter().map(|(id, _)| id.to_string()).collect();
            let rows = tx.query(SAID_SO, &[&ids]).await?;
            let said = rows.iter().map(|row| Ok(row.try_get(0)?)).collect::<Result<Vec<String>, Error>>()?;
            for ((row, index), id) in page.iter().zip(&ids) {
                if said.contains(id) {
                    self.verdict.dropped += 1;
                } else {
                    let what = "its payload is gone, and no row of the trail says who dropped it and why";
                    self.find(Kind::Changed, Some(*row), Some(*index), None, what);
                }
            }
        }
        Ok(())
    }

    /// Rows without a leaf: they wait to be sealed, or were put into a time that is sealed already.
    async fn rows_without_leaf(&mut self, tx: &Tx) -> Result<(), Error> {
        let settled = self.passed_at.and_then(|at| at.checked_sub(LATE).ok());
        let mut after = Uuid::nil();
        loop {
            let rows = tx.query(ROWS, &[&after, &PAGE]).await?;
            let ids = rows.iter().map(|row| Ok(row.try_get(0)?)).collect::<Result<Vec<Uuid>, Error>>()?;
            let Some(last) = ids.last() else { return Ok(()) };
            after = *last;
            let sealed = tx.query(WITH_LEAF, &[&ids]).await?;
            let sealed = sealed.iter().map(|row| Ok(row.try_get(0)?)).collect::<Result<HashSet<Uuid>, Error>>()?;
            for id in ids.into_iter().filter(|id| !sealed.contains(id)) {
                if settled.is_some_and(|settled| time_of(id) < settled) {
                    let what = format!("its identifier says {}, and no seal of that time has it", time_of(id));
                    self.find(Kind::Inserted, Some(id), None, None, what);
                } else {
                    self.verdict.waiting += 1;
                }
            }
        }
    }

    /// Heads outside that are larger than the last one here.
    fn beyond_the_end(&mut self) {
        let here = self.passed.0;
        if let Some((outside, _)) = self.outside.last_key_value()
            && *outside > here
        {
            let outside = *outside;
            let what = format!(
                "outside the database lies a signed head of {outside} rows, and the database ends at {here}: the rows from {here} to {} \
                 were cut off, or an older state was restored",
                outside - 1
            );
            self.find(Kind::Truncated, None, Some(here), Some(outside), what);
        }
    }
}

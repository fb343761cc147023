//! The tree in its tables: the leaves, and of the nodes above them every eighth level.

use std::ops::Range;

use kernel::{Error, Tx};
use vault::merkle::Frontier;

use super::{hash, number};

/// Levels that are kept are multiples of this: one node for 256 leaves.
pub(super) const STRIDE: u32 = 8;
const HIGHEST: u32 = 56;

const LEAVES: &str =
    "select leaf_hash from audit.leaves where leaf_index >= $1 and leaf_index < $2 order by leaf_index";
const NODES: &str = "select node_hash from audit.tree_nodes where level = $3 and node_index >= $1 and node_index < $2 order by node_index";

/// The leaves of a subtree as kept nodes and, at its end, single leaves: level, and which of that level.
fn pieces(span: &Range<u64>) -> Vec<(u32, Range<u64>)> {
    let (mut pieces, mut at) = (Vec::new(), span.start);
    for level in (0..=HIGHEST).rev().step_by(STRIDE as usize) {
        let until = (span.end >> level) << level;
        if until > at && at.trailing_zeros() >= level {
            pieces.push((level, at >> level..until >> level));
            at = until;
        }
    }
    pieces
}

/// The tree over the leaves of `span`, which is a subtree or begins at the first leaf. Reads some hundred hashes at most.
pub(super) async fn frontier(tx: &Tx, span: &Range<u64>) -> Result<Frontier, Error> {
    let mut frontier = Frontier::default();
    for (level, indexes) in pieces(span) {
        let (from, until) = (number(indexes.start), number(indexes.end));
        let rows = match i16::try_from(level) {
            Ok(level) if level > 0 => tx.query(NODES, &[&from, &until, &level]).await?,
            _ => tx.query(LEAVES, &[&from, &until]).await?,
        };
        if rows.len() as u64 != indexes.end - indexes.start {
            let what = if level == 0 { "leaves" } else { "nodes" };
            return Err(Error::Broken(format!(
                "of the {what} of the audit trail from {} to {} on level {level}, {} are there: run `throughline audit verify`",
                indexes.start,
                indexes.end - 1,
                rows.len()
            )));
        }
        for row in rows {
            frontier.push(level, hash(row.try_get(0)?)?, |_| {});
        }
    }
    Ok(frontier)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_read_in_few_pieces() {
        assert_eq!(pieces(&(0..5)), [(0, 0..5)]);
        assert_eq!(pieces(&(0..300)), [(8, 0..1), (0, 256..300)]);
        assert_eq!(pieces(&(256..512)), [(8, 1..2)]);
        assert_eq!(pieces(&(128..256)), [(0, 128..256)]);
        assert_eq!(pieces(&(0..(1 << 16) + 257)), [(16, 0..1), (8, 256..257), (0, 65792..65793)]);
        assert!(pieces(&(0..0)).is_empty());
    }
}

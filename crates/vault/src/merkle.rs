//! Merkle trees after RFC 6962, section 2.1: what is in a list, that it is in the list, and that the list only grew.
//!
//! A tree is known by its size and its root. An [inclusion proof](verify_inclusion) shows that a leaf is in it, a
//! [consistency proof](verify_consistency) that an older tree is its beginning; both have a hash for each level at most. Proofs are
//! told as spans of leaves, so that whoever keeps the leaves, in memory or in a table, only has to know the hash of a span.
//! Checking follows RFC 9162, sections 2.1.3.2 and 2.1.4.2, and for subtrees the draft on Merkle tree certificates
//! (<https://datatracker.ietf.org/doc/draft-ietf-plants-merkle-tree-certs/>, section 4).

use std::ops::Range;

use sha2::{Digest as _, Sha256};

/// A SHA-256.
pub type Hash = [u8; 32];

/// Why a proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// There is no such leaf, tree or subtree.
    #[error("the proof is about a leaf or a tree that cannot be: look at index and sizes")]
    Place,
    /// It has too few or too many hashes for what it is about.
    #[error("the proof has the wrong number of hashes")]
    Length,
    /// It leads to another root.
    #[error("the proof leads to another root")]
    Root,
}

/// The hash of an entry: prefixed, so that no entry can pass for an inner node.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new_with_prefix([0]).chain_update(entry).finalize().into()
}

/// The hash of an inner node over its two children.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new_with_prefix([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root over leaves that are all at hand. Of none, the hash of nothing.
pub fn root(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::default();
    leaves.iter().for_each(|leaf| frontier.append(*leaf));
    frontier.root()
}

/// The right edge of a tree: all one needs to append to it. The roots of its complete subtrees, the largest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

/// An inner node or leaf: the root over the leaves from `index << level` to `(index + 1) << level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// How many levels above the leaves.
    pub level: u32,
    /// Which one of its level, from the left.
    pub index: u64,
    /// Its hash.
    pub hash: Hash,
}

impl Frontier {
    /// How many leaves there are.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf by its hash.
    pub fn append(&mut self, leaf: Hash) {
        self.push(0, leaf, |_| {});
    }

    /// Appends a complete subtree of `1 << level` leaves by its root; `completed` hears of it and of every node above it that
    /// it completes, from below.
    ///
    /// # Panics
    /// When the size is no multiple of the leaves of the subtree: then it would be no subtree of this tree.
    pub fn push(&mut self, level: u32, root: Hash, mut completed: impl FnMut(Node)) {
        assert!(self.size.trailing_zeros() >= level, "a subtree of level {level} cannot begin at leaf {}", self.size);
        let mut node = Node { level, index: self.size >> level, hash: root };
        self.size += 1 << level;
        completed(node);
        while node.index & 1 == 1 {
            let left = self.peaks.pop().expect("a node with an odd index has a left neighbour");
            node = Node { level: node.level + 1, index: node.index >> 1, hash: node_hash(&left, &node.hash) };
            completed(node);
        }
        self.peaks.push(node.hash);
    }

    /// The root. Of no leaves, the hash of nothing.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev().copied();
        let Some(last) = peaks.next() else { return Sha256::digest([]).into() };
        peaks.fold(last, |right, left| node_hash(&left, &right))
    }
}

/// The largest power of two below `size`, which is at least 2: how many leaves lie to the left.
const fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// The spans of leaves whose roots prove that leaf `index` is in the tree of `size` leaves, nearest first. None: it is not.
pub fn inclusion_spans(index: u64, size: u64) -> Option<Vec<Range<u64>>> {
    if index >= size {
        return None;
    }
    let (mut spans, mut within) = (Vec::new(), 0..size);
    while within.end - within.start > 1 {
        let middle = within.start + split(within.end - within.start);
        if index < middle {
            spans.push(middle..within.end);
            within.end = middle;
        } else {
            spans.push(within.start..middle);
            within.start = middle;
        }
    }
    spans.reverse();
    Some(spans)
}

/// The spans of leaves whose roots prove that the tree of `old` leaves is the beginning of that of `size`, deepest first. None:
/// there is nothing to prove, because the old tree is empty or larger.
pub fn consistency_spans(old: u64, size: u64) -> Option<Vec<Range<u64>>> {
    if old == 0 || old > size {
        return None;
    }
    let (mut spans, mut within) = (Vec::new(), 0..size);
    while within.end != old {
        let middle = within.start + split(within.end - within.start);
        if old <= middle {
            spans.push(middle..within.end);
            within.end = middle;
        } else {
            spans.push(within.start..middle);
            within.start = middle;
        }
    }
    // Whoever checks knows the root of the old tree already; anything smaller has to be told.
    if within.start > 0 {
        spans.push(within);
    }
    spans.reverse();
    Some(spans)
}

fn of(leaves: &[Hash], spans: Vec<Range<u64>>) -> Vec<Hash> {
    let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX);
    spans.into_iter().map(|span| root(&leaves[at(span.start)..at(span.end)])).collect()
}

/// Proves that leaf `index` is in the tree over `leaves`. None: it is not.
pub fn inclusion_proof(leaves: &[Hash], index: u64) -> Option<Vec<Hash>> {
    inclusion_spans(index, leaves.len() as u64).map(|spans| of(leaves, spans))
}

/// Proves that the tree over the first `old` leaves is the beginning of that over `leaves`. None: there is nothing to prove.
pub fn consistency_proof(leaves: &[Hash], old: u64) -> Option<Vec<Hash>> {
    consistency_spans(old, leaves.len() as u64).map(|spans| of(leaves, spans))
}

/// Checks that `leaf` is leaf `index` of the tree of `size` leaves with this root.
///
/// # Errors
/// Why it is not shown.
pub fn verify_inclusion(index: u64, size: u64, leaf: &Hash, proof: &[Hash], root: &Hash) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Place);
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for other in proof {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(other, &hash);
            // A last node without a right neighbour rises until it has a left one.
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            hash = node_hash(&hash, other);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    match (last, hash == *root) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Root),
        _ => Err(ProofError::Length),
    }
}

/// Checks that the tree of `old` leaves is the beginning of that of `size` leaves. Of an empty tree nothing can be shown: everything
/// begins with it.
///
/// # Errors
/// Why it is not shown.
pub fn verify_consistency(
    (old, old_root): (u64, &Hash),
    (size, root): (u64, &Hash),
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old == 0 {
        return Err(ProofError::Place);
    }
    verify_subtree(0..old, old_root, (size, root), proof)
}

/// Whether the leaves of a span can have a root of their own in a larger tree: it begins at a multiple of the power of two that
/// holds it.
pub fn is_subtree(span: &Range<u64>) -> bool {
    let Some(width) = span.end.checked_sub(span.start).filter(|width| *width > 0) else { return false };
    width.checked_next_power_of_two().is_some_and(|power| span.start.is_multiple_of(power))
}

/// Checks that `leaf` is leaf `index` of the tree over the leaves of `span`.
///
/// # Errors
/// Why it is not shown.
pub fn verify_subtree_inclusion(
    index: u64,
    span: Range<u64>,
    leaf: &Hash,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if !is_subtree(&span) || !span.contains(&index) {
        return Err(ProofError::Place);
    }
    verify_inclusion(index - span.start, span.end - span.start, leaf, proof, root)
}

/// Checks that the tree over the leaves of `span` is part of the tree of `size` leaves. A span of no leaves is part of every tree.
///
/// # Errors
/// Why it is not shown.
pub fn verify_subtree(
    span: Range<u64>,
    span_root: &Hash,
    (size, root): (u64, &Hash),
    proof: &[Hash],
) -> Result<(), ProofError> {
    if span.start == span.end && span.end <= size {
        return match (proof.is_empty(), *span_root == Frontier::default().root()) {
            (true, true) => Ok(()),
            (true, false) => Err(ProofError::Root),
            (false, _) => Err(ProofError::Length),
        };
    }
    if !is_subtree(&span) || span.end > size {
        return Err(ProofError::Place);
    }
    let (mut first, mut last, mut end) = (span.start, span.end - 1, size - 1);
    // A complete subtree, or one at the end of the tree, is a node of the tree: climb to it.
    while first != last && (last == end || last & 1 == 1) {
        (first, last, end) = (first >> 1, last >> 1, end >> 1);
    }
    let mut proof = proof.iter();
    let start = if first == last { span_root } else { proof.next().ok_or(ProofError::Length)? };
    let (mut inner, mut outer) = (*start, *start);
    for other in proof {
        if end == 0 {
            return Err(ProofError::Length);
        }
        if last & 1 == 1 || last == end {
            if first < last {
                inner = node_hash(other, &inner);
            }
            outer = node_hash(other, &outer);
            while last & 1 == 0 && last != 0 {
                (first, last, end) = (first >> 1, last >> 1, end >> 1);
            }
        } else {
            outer = node_hash(&outer, other);
        }
        (first, last, end) = (first >> 1, last >> 1, end >> 1);
    }
    match (end, inner == *span_root && outer == *root) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Root),
        _ => Err(ProofError::Length),
    }
}

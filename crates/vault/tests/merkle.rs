//! Merkle trees held to the vectors of transparency-dev/merkle (Apache-2.0), and to themselves at every size.
//!
//! The vectors lie outside the repository; `THROUGHLINE_SAMPLES` names another place. Without them the test says so and passes: it
//! belongs to the machines that have the samples.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::{fs::File, io::Read as _, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use vault::merkle::{self, Frontier, Hash};

/// A hash of a vector. Where some have words, the hash of the words stands for them, equal where they are equal.
fn hash(value: &Value) -> Hash {
    let bytes = STANDARD.decode(value.as_str().unwrap_or_default()).unwrap();
    Hash::try_from(bytes.as_slice()).unwrap_or_else(|_| Sha256::digest(&bytes).into())
}

/// Whether there is a hash at all: what is none cannot even be handed over.
fn is_hash(value: &Value) -> bool {
    STANDARD.decode(value.as_str().unwrap_or_default()).unwrap().len() == 32
}

fn proof(vector: &Value) -> Vec<Hash> {
    vector["proof"].as_array().map_or_else(Vec::new, |hashes| hashes.iter().map(hash).collect())
}

/// Whether a proof of a vector is believed.
fn believed(path: &str, vector: &Value) -> bool {
    let number = |name: &str| vector[name].as_u64().unwrap();
    let proof = proof(vector);
    if path.contains("inclusion/") && !(is_hash(&vector["leafHash"]) && is_hash(&vector["root"])) {
        return false;
    }
    if path.contains("/subtreeconsistency/") {
        merkle::verify_subtree(
            number("start")..number("end"),
            &hash(&vector["root1"]),
            (number("size"), &hash(&vector["root2"])),
            &proof,
        )
        .is_ok()
    } else if path.contains("/consistency/") {
        merkle::verify_consistency(
            (number("size1"), &hash(&vector["root1"])),
            (number("size2"), &hash(&vector["root2"])),
            &proof,
        )
        .is_ok()
    } else if path.contains("/subtreeinclusion/") {
        let span = number("start")..number("end");
        let leaf = hash(&vector["leafHash"]);
        merkle::verify_subtree_inclusion(number("leafIdx"), span, &leaf, &proof, &hash(&vector["root"])).is_ok()
    } else {
        let leaf = hash(&vector["leafHash"]);
        merkle::verify_inclusion(number("leafIdx"), number("treeSize"), &leaf, &proof, &hash(&vector["root"])).is_ok()
    }
}

#[test]
fn proofs_are_believed_and_refused_as_in_the_vectors() {
    let place = std::env::var_os("THROUGHLINE_SAMPLES")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples"), PathBuf::from);
    let Ok(file) = File::open(place.join("authz/merkle_testdata.tar.gz")) else {
        eprintln!("no vectors at {}: set THROUGHLINE_SAMPLES to run this test", place.display());
        return;
    };
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    let (mut checked, mut good, mut wrong) = (0, 0, Vec::new());
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().display().to_string();
        if !path.ends_with(".json") {
            continue;
        }
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        let vector: Value = serde_json::from_str(&text).unwrap();
        let expected = !vector["wantErr"].as_bool().unwrap();
        checked += 1;
        good += u32::from(expected);
        if believed(&path, &vector) != expected {
            wrong.push(path);
        }
    }
    assert_eq!((checked, wrong), (518, Vec::<String>::new()));
    assert!(good > 10, "{good} of the vectors are to be believed");
}

/// Leaf hashes of the numbers from nought.
fn leaves(size: u64) -> Vec<Hash> {
    (0..size).map(|number| merkle::leaf_hash(&number.to_be_bytes())).collect()
}

/// The definition in RFC 6962, section 2.1, word for word.
fn defined(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [leaf] => *leaf,
        _ => {
            let half = leaves.len().next_power_of_two() / 2;
            merkle::node_hash(&defined(&leaves[..half]), &defined(&leaves[half..]))
        }
    }
}

#[test]
fn a_tree_that_grows_has_the_root_of_the_definition_at_every_size() {
    let all = leaves(130);
    let mut growing = Frontier::default();
    for size in 0..=all.len() {
        assert_eq!(growing.root(), defined(&all[..size]), "{size} leaves");
        assert_eq!(merkle::root(&all[..size]), growing.root());
        if let Some(leaf) = all.get(size) {
            growing.append(*leaf);
        }
    }
}

#[test]
fn whole_subtrees_can_be_appended_in_place_of_their_leaves() {
    let all = leaves(213);
    let mut nodes = Vec::new();
    let mut growing = Frontier::default();
    all.iter().for_each(|leaf| growing.push(0, *leaf, |node| nodes.push(node)));
    for level in 0..8 {
        let mut other = Frontier::default();
        for node in nodes.iter().filter(|node| node.level == level) {
            assert_eq!(node.index, other.size() >> level);
            other.push(level, node.hash, |_| {});
        }
        let rest = usize::try_from(other.size()).unwrap();
        all[rest..].iter().for_each(|leaf| other.append(*leaf));
        assert_eq!(other, growing, "from level {level}");
    }
}

#[test]
fn every_leaf_is_shown_to_be_in_its_tree_and_nowhere_else() {
    for size in 1..40_u64 {
        let all = leaves(size);
        let root = merkle::root(&all);
        for (index, leaf) in (0..).zip(&all) {
            let proof = merkle::inclusion_proof(&all, index).unwrap();
            assert_eq!(merkle::verify_inclusion(index, size, leaf, &proof, &root), Ok(()), "{index} of {size}");
            let elsewhere = (index + 1) % size;
            if elsewhere != index {
                assert!(merkle::verify_inclusion(elsewhere, size, leaf, &proof, &root).is_err());
            }
            assert!(merkle::verify_inclusion(index, size, &[0; 32], &proof, &root).is_err());
        }
        assert_eq!(merkle::inclusion_proof(&all, size), None);
    }
}

#[test]
fn every_tree_is_shown_to_be_the_beginning_of_those_after_it() {
    for size in 1..40_u64 {
        let all = leaves(size);
        let root = merkle::root(&all);
        for old in 1..=size {
            let old_root = merkle::root(&all[..usize::try_from(old).unwrap()]);
            let proof = merkle::consistency_proof(&all, old).unwrap();
            assert_eq!(merkle::verify_consistency((old, &old_root), (size, &root), &proof), Ok(()), "{old} of {size}");
            assert!(merkle::verify_consistency((old, &[0; 32]), (size, &root), &proof).is_err());
            assert!(merkle::verify_consistency((old, &old_root), (size, &[0; 32]), &proof).is_err());
        }
        assert_eq!(merkle::consistency_proof(&all, 0), None);
    }
}

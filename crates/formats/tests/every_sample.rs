//! Every file of the collection of samples: what it is told to be, or why it is not. A reader that begins to take what another one
//! should, or a file that nobody explains, is noticed here.
//!
//! The samples lie outside the repository; `THROUGHLINE_SAMPLES` names another place. Without them the test says so and passes.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use formats::{Limits, Recognised, api, recognise};
use serde_json::Value;

fn place() -> Option<PathBuf> {
    let place = std::env::var_os("THROUGHLINE_SAMPLES")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples"), PathBuf::from);
    if !place.join("FACTS.json").exists() {
        eprintln!("no samples at {}: nothing was checked", place.display());
        return None;
    }
    Some(place)
}

fn files(under: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(under).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// What a file is told to be; of one that is not known, the beginning of the reason, up to what this server reads.
fn told(path: &Path) -> String {
    match recognise(&fs::read(path).unwrap()) {
        Recognised::Format(format) => format.name().to_owned(),
        Recognised::Unknown(reason) => {
            let own = reason.split("; this server reads").next().unwrap();
            assert!(own.len() > 15, "{}: {reason}", path.display());
            format!("unknown: {own}")
        }
    }
}

/// Proves REQ-66.1 with the samples.
#[test]
fn every_file_of_the_collection_is_recognised_or_told_why_not() {
    let Some(place) = place() else { return };
    let mut all = Vec::new();
    files(&place, &mut all);
    let mut counted: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for path in &all {
        let within = path.strip_prefix(&place).unwrap();
        if within.components().count() < 2 || within.ends_with("PROVENANCE.txt") {
            continue;
        }
        let category = within.iter().next().unwrap().to_string_lossy().into_owned();
        *counted.entry(category).or_default().entry(told(path)).or_default() += 1;
    }
    for (category, kinds) in &counted {
        for (kind, files) in kinds {
            eprintln!("{category}: {files} {kind}");
        }
    }
    let known = |category: &str| -> usize {
        counted[category].iter().filter(|(kind, _)| !kind.starts_with("unknown")).map(|(_, files)| files).sum()
    };
    let unknown = |category: &str, because: &str| -> usize {
        counted[category].iter().filter(|(kind, _)| kind.contains(because)).map(|(_, files)| files).sum()
    };
    let total = |category: &str| -> usize { counted[category].values().sum() };
    // Every file of these is read, but for those that are none of their format, which the tests of the category name.
    for (category, refused) in
        [("coverage", 0), ("sarif", 0), ("openapi", 0), ("cyclonedx", 1), ("vuln-other", 1), ("testresults-other", 1)]
    {
        assert_eq!(total(category) - known(category), refused, "{category}: {:?}", counted[category]);
    }
    // Messages of webhooks come in by their own way; those about an issue hold one that can be imported as well.
    let webhooks = unknown("webhooks", "the message of a webhook");
    assert_eq!(webhooks + known("webhooks"), total("webhooks"), "{:?}", counted["webhooks"]);
    assert_eq!(unknown("issues", "holds no issues"), 6, "{:?}", counted["issues"]);
    assert_eq!(unknown("documents", "PDF"), 6, "{:?}", counted["documents"]);
    assert_eq!(unknown("authz", "gzip"), 3, "{:?}", counted["authz"]);
}

/// What the collection says of its descriptions of interfaces holds.
#[test]
fn every_description_of_an_interface_has_exactly_its_operations() {
    let Some(place) = place() else { return };
    let facts: Vec<Value> = serde_json::from_slice(&fs::read(place.join("FACTS.json")).unwrap()).unwrap();
    let mut seen = 0;
    for fact in facts.iter().filter(|fact| fact["cat"] == "openapi") {
        let name = fact["file"].as_str().unwrap();
        let bytes = fs::read(place.join(name)).unwrap();
        let read = api::read(&bytes[..], &Limits::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let known = &fact["f"];
        let text = |member: &str| known[member].as_str().unwrap_or_else(|| panic!("{name}: no {member}"));
        let number = |member: &str| known[member].as_u64().unwrap_or_else(|| panic!("{name}: no {member}"));
        assert_eq!((read.specification.as_str(), read.title.as_str()), (text("openapi"), text("title")), "{name}");
        assert_eq!(read.version.as_deref(), Some(text("version")), "{name}");
        assert_eq!(
            (read.paths, read.operations.len() as u64, read.schemas),
            (number("paths"), number("operations"), number("schemas")),
            "{name}"
        );
        assert!(read.errors.is_empty() && read.warnings.is_empty(), "{name}: {:?} {:?}", read.errors, read.warnings);
        // Its answers without a body have no media type; every other one is JSON.
        let types: std::collections::BTreeSet<&String> = read
            .operations
            .iter()
            .flat_map(|one| one.request_media_types.iter().chain(&one.response_media_types))
            .collect();
        assert_eq!(types.into_iter().collect::<Vec<_>>(), ["application/json"], "{name}");
        seen += 1;
    }
    assert!(seen > 0, "the facts name no description of an interface");
}

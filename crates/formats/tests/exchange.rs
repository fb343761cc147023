//! Requirements and issues of real tools, held to what is known about each file, and ReqIF held to what it was before it was read
//! and written again. Without the samples (`THROUGHLINE_SAMPLES` names their place) the tests say so and pass.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

use formats::exchange::reqif::{Outgoing, Writer};
use formats::exchange::{Document, File, Packer, Profile, Record, files, read};
use formats::{Format, Limits, Recognised, recognise};
use serde_json::Value;

/// The samples of a category: name, what is known, content.
fn samples(category: &str) -> Vec<(String, Value, Vec<u8>)> {
    let place = std::env::var_os("THROUGHLINE_SAMPLES")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples"), PathBuf::from);
    let Ok(facts) = fs::read(place.join("FACTS.json")) else {
        eprintln!("no samples at {}: nothing is checked", place.display());
        return Vec::new();
    };
    let facts: Vec<Value> = serde_json::from_slice(&facts).unwrap();
    facts
        .into_iter()
        .filter(|fact| fact["cat"] == category)
        .map(|fact| {
            let name = fact["file"].as_str().unwrap().to_owned();
            let bytes = fs::read(place.join(&name)).unwrap();
            (name, fact["f"].clone(), bytes)
        })
        .collect()
}

fn document(format: Format, name: &str, bytes: &[u8]) -> Document {
    let profile = Profile::default();
    read(format, Cursor::new(bytes), name, &profile, &Limits::default())
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The totals that the facts name, of nothing as 0.
fn compare(wrong: &mut Vec<String>, name: &str, facts: &Value, what: &str, counted: u64) {
    let known = facts[what].as_u64().unwrap_or(0);
    if known != counted {
        wrong.push(format!("{name}: {what} is {counted}, known {known}"));
    }
}

/// Proves REQ-65.1 with the samples.
#[test]
fn every_reqif_file_gives_exactly_what_is_known_and_comes_back_as_it_was() {
    let mut wrong = Vec::new();
    for (name, facts, bytes) in samples("requirements/reqif") {
        if bytes.is_empty() {
            assert!(matches!(recognise(&bytes), Recognised::Unknown(reason) if reason.contains("empty")), "{name}");
            continue;
        }
        if name.ends_with(".reqifz") {
            assert_eq!(recognise(&bytes), Recognised::Format(Format::Reqifz), "{name}");
            let document = document(Format::Reqifz, &name, &bytes);
            compare(&mut wrong, &name, &facts, "sample.reqif:spec-object", document.totals["spec-object"]);
            compare(&mut wrong, &name, &facts, "sample.reqif:specification", document.totals["specification"]);
            let members = facts["members"].as_str().unwrap().split('|').count() as u64;
            assert_eq!((document.totals["members"], document.totals["attachments"]), (members, 1), "{name}");
            let kept = files(Cursor::new(bytes.as_slice()), &Limits::default()).unwrap();
            let kept: Vec<File> = kept.map(|file| file.unwrap_or_else(|error| panic!("{name}: {error}"))).collect();
            assert_eq!(kept.len() as u64, members - 1, "{name}");
            let mut packer = Packer::new(Cursor::new(Vec::new()));
            packer.add(document.member.as_deref().unwrap(), written(&document).as_bytes()).unwrap();
            kept.iter().for_each(|file| packer.add(&file.name, &file.content).unwrap());
            let again = packer.finish().unwrap().into_inner();
            let read: Result<Vec<File>, _> =
                files(Cursor::new(again.as_slice()), &Limits::default()).unwrap().collect();
            assert_eq!(read.unwrap(), kept, "{name}");
            let again = self::document(Format::Reqifz, &name, &again);
            assert_eq!(again.totals, document.totals, "{name}");
            assert_eq!(without_lines(again), without_lines(document), "{name}");
            continue;
        }
        assert_eq!(recognise(&bytes), Recognised::Format(Format::Reqif), "{name}");
        let first = document(Format::Reqif, &name, &bytes);
        for (what, fact) in facts.as_object().unwrap() {
            if !matches!(what.as_str(), "encoding" | "title" | "req-if-tool-id" | "source-tool-id" | "creation-time") {
                assert!(fact.is_u64() || fact.is_null(), "{name}: {what}");
                compare(&mut wrong, &name, &facts, what, first.totals.get(what).copied().unwrap_or(0));
            }
        }
        assert_eq!(first.title.as_deref(), facts["title"].as_str(), "{name}");
        assert_eq!(first.records.len() as u64, facts["spec-object"].as_u64().unwrap_or(0), "{name}");
        let again = document(Format::Reqif, &name, written(&first).as_bytes());
        assert_eq!(again.totals, first.totals, "{name}");
        assert_eq!(without_lines(again), without_lines(first), "{name}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn written(document: &Document) -> String {
    let mut writer = Writer::new(Vec::new(), document.frame.clone(), false, "", "").unwrap();
    for record in &document.records {
        let source = record.source.clone().unwrap();
        writer.object(&Outgoing::Kept { source, changes: Vec::new(), changed_at: String::new() }).unwrap();
    }
    String::from_utf8(writer.finish(&[], &HashMap::new()).unwrap()).unwrap()
}

/// Records and frame; where in the file they stood does not count.
fn without_lines(mut document: Document) -> Document {
    document.records.iter_mut().for_each(|record| record.line = 0);
    document
}

#[test]
fn every_needs_file_gives_exactly_the_known_needs() {
    let mut wrong = Vec::new();
    for (name, facts, bytes) in samples("requirements/sphinx-needs") {
        assert_eq!(recognise(&bytes), Recognised::Format(Format::SphinxNeeds), "{name}");
        let document = document(Format::SphinxNeeds, &name, &bytes);
        let version =
            facts["current_version"].as_str().map_or_else(|| facts["current_version"].to_string(), str::to_owned);
        compare(&mut wrong, &name, &facts, &format!("needs[{version}]"), document.totals["needs"]);
        assert_eq!(document.title.as_deref(), facts["project"].as_str(), "{name}");
        let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
        document
            .records
            .iter()
            .filter_map(|one| one.kind.as_deref())
            .for_each(|kind| *kinds.entry(kind).or_default() += 1);
        let kinds: Vec<String> = kinds.iter().map(|(kind, many)| format!("{kind}:{many}")).collect();
        assert_eq!(Some(kinds.join(",").as_str()), facts[format!("types[{version}]")].as_str(), "{name}");
        let links = document.records.iter().flat_map(|one| &one.links).filter(|link| link.kind == "links").count();
        compare(&mut wrong, &name, &facts, &format!("links[{version}]"), links as u64);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn strictdoc_texts_and_workbooks_give_exactly_what_is_known() {
    let mut wrong = Vec::new();
    for (name, facts, bytes) in samples("requirements/strictdoc") {
        if name.ends_with(".xlsx") {
            assert_eq!(recognise(&bytes), Recognised::Format(Format::Xlsx), "{name}");
            let document = document(Format::Xlsx, &name, &bytes);
            let sheet = document.title.clone().unwrap();
            let size = facts[format!("sheet {sheet}")].as_str().unwrap().split_once('x').unwrap();
            assert_eq!(document.records.len() + 1, size.0.parse::<usize>().unwrap(), "{name}");
            assert_eq!(document.columns.len(), size.1.parse::<usize>().unwrap(), "{name}: {:?}", document.columns);
            assert!(document.errors.is_empty(), "{name}: {:?}", document.errors);
            assert!(document.records.iter().any(|one| one.parent.is_some()), "{name}");
            continue;
        }
        assert_eq!(recognise(&bytes), Recognised::Format(Format::StrictDoc), "{name}");
        let document = document(Format::StrictDoc, &name, &bytes);
        let nodes = ["DOCUMENT", "GRAMMAR", "REQUIREMENT", "SECTION", "TEXT"];
        let nodes: Vec<String> =
            nodes.iter().filter_map(|node| Some(format!("{node}:{}", document.totals.get(*node)?))).collect();
        assert_eq!(Some(nodes.join(",").as_str()), facts["nodes"].as_str(), "{name}");
        compare(&mut wrong, &name, &facts, "UIDs", document.totals["UID"]);
        compare(&mut wrong, &name, &facts, "parent_relations", document.totals["Parent relations"]);
        compare(&mut wrong, &name, &facts, "statements", document.totals["STATEMENT"]);
        assert!(document.errors.is_empty(), "{name}: {:?}", document.errors);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn issues_of_jira_give_exactly_what_is_known() {
    let mut wrong = Vec::new();
    for (name, facts, bytes) in samples("issues/jira-csv") {
        assert_eq!(recognise(&bytes), Recognised::Format(Format::JiraCsv), "{name}");
        let document = document(Format::JiraCsv, &name, &bytes);
        compare(&mut wrong, &name, &facts, "records(without header)", document.totals["rows"]);
        compare(&mut wrong, &name, &facts, "columns", document.columns.len() as u64);
        let taken = document.records.len()
            + document.errors.iter().filter(|one| one.field.as_deref() != Some("identifier")).count();
        assert_eq!(taken as u64, document.totals["rows"], "{name}: {:?}", document.errors.first());
    }
    for (name, facts, bytes) in samples("issues/jira-json") {
        let Some(issues) = facts["issues"].as_u64() else {
            // Lists of states, priorities and the like are no issues.
            assert!(matches!(recognise(&bytes), Recognised::Unknown(_)), "{name}");
            continue;
        };
        assert_eq!(recognise(&bytes), Recognised::Format(Format::Jira), "{name}");
        let document = document(Format::Jira, &name, &bytes);
        assert_eq!(document.records.len() as u64, issues, "{name}");
        let joined =
            |of: fn(&Record) -> Option<&str>| document.records.iter().filter_map(of).collect::<Vec<_>>().join(",");
        assert_eq!(Some(joined(|one| Some(&one.identifier)).as_str()), facts["keys"].as_str(), "{name}");
        assert_eq!(
            Some(format!("{}:{issues}", joined(|one| one.status.as_deref())).as_str()),
            facts["statuses"].as_str(),
            "{name}"
        );
        assert_eq!(
            Some(format!("{}:{issues}", joined(|one| one.kind.as_deref())).as_str()),
            facts["types"].as_str(),
            "{name}"
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

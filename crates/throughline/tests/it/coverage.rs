//! Holds `docs/coverage` to the facts: every place is a column of the migrated database, everything that is called built names a test, a command or
//! a file that is there, and nothing that the documents name is left out. The documents lie outside the repository; `THROUGHLINE_SPEC` names their
//! place. Without them the two tests that need them say so and pass.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::world;

const STATES: [&str; 3] = ["built", "planned", "answered differently"];
const ISSUES: [&str; 6] = ["3", "4", "5", "6", "7", "later"];
/// Tables that hold something the documents name and that callers never see as they are.
const NOT_SERVED: [(&str, &str); 3] = [
    ("identity.user_credentials", "nobody reads secrets, not even as hashes"),
    ("identity.user_profiles", "what people tell about themselves comes with pages to tell it on"),
    ("platform.entities", "the registry behind links, comments, tags and search"),
];
/// A promise is said in one short sentence.
const SHORT: usize = 160;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The lines of a table below its heading, cell by cell.
fn table<const N: usize>(path: &Path, heading: &str) -> Vec<[String; N]> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some(heading), "{}", path.display());
    lines
        .map(|line| {
            let cells: Vec<String> = line.split('\t').map(str::to_owned).collect();
            cells.try_into().unwrap_or_else(|_| panic!("{}: not {N} cells: {line}", path.display()))
        })
        .collect()
}

fn columns() -> Vec<[String; 5]> {
    table(&root().join("docs/coverage/columns.tsv"), "document\ttable\tcolumn\tplace\thow")
}

fn promises() -> Vec<[String; 7]> {
    let heading = "id\tdocument\tpromise\tstate\tissue\tshown by\tnote";
    table(&root().join("docs/coverage/promises.tsv"), heading)
}

/// A table that came with the documents, or nothing where they are not to be had.
fn of_the_documents(name: &str) -> Option<String> {
    let place = std::env::var_os("THROUGHLINE_SPEC").map_or_else(|| root().join("../shared/spec"), PathBuf::from);
    let text = fs::read_to_string(place.join(name)).ok();
    if text.is_none() {
        eprintln!("no {name} at {}: nothing was checked", place.display());
    }
    text
}

/// Proves REQ-47.1.
#[tokio::test]
async fn every_place_is_a_column_of_the_schema() {
    let world = world().await;
    let client = world.superuser().await.unwrap();
    let sql = "select table_schema || '.' || table_name || '.' || column_name from information_schema.columns";
    let there: BTreeSet<String> = client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    let mut faults = Vec::new();
    let mut dropped = 0;
    for [document, table, column, place, how] in columns() {
        let name = format!("{document} {table}.{column}");
        if how.is_empty() {
            faults.push(format!("{name}: how it is kept is not said"));
        }
        if place == "–" {
            dropped += 1;
            if !how.starts_with("dropped: ") {
                faults.push(format!("{name} has no place and no reason"));
            }
            continue;
        }
        faults.extend(
            place.split(' ').filter(|place| !there.contains(*place)).map(|place| format!("{name}: no column {place}")),
        );
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(dropped, 2, "only what is never changed has no moment of its last change");
}

/// What the documents name can be read and written by callers, or the table says here why not. The walks then try each.
#[test]
fn what_the_documents_name_is_served() {
    let served: BTreeSet<&str> = throughline::resources().map(|resource| resource.table).collect();
    let lines = columns();
    let places = lines.iter().flat_map(|[.., place, _]| place.split(' ')).filter_map(|place| place.rsplit_once('.'));
    let hidden: BTreeSet<&str> = places.map(|(table, _)| table).filter(|table| !served.contains(table)).collect();
    let excused: BTreeSet<&str> = NOT_SERVED.iter().map(|(table, _)| *table).collect();
    assert_eq!(hidden, excused, "declare a resource, or give a reason; a reason that is no longer needed goes");
}

/// With the documents: no column is left out, and none is made up.
#[test]
fn every_column_of_the_documents_has_its_line() {
    let Some(text) = of_the_documents("mapping.tsv") else { return };
    let wanted: BTreeSet<(String, String, String)> = text
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            (cells[0].to_owned(), cells[2].to_owned(), cells[3].to_owned())
        })
        .collect();
    let lines = columns();
    let found: BTreeSet<_> =
        lines.iter().map(|[document, table, column, ..]| (document.clone(), table.clone(), column.clone())).collect();
    assert_eq!(found.len(), lines.len(), "a column stands twice");
    let missing: Vec<_> = wanted.difference(&found).collect();
    let strange: Vec<_> = found.difference(&wanted).collect();
    assert!(missing.is_empty() && strange.is_empty(), "missing: {missing:#?}\nin no document: {strange:#?}");
}

/// The tests of the workspace as `place::file::function`; the place is the crate's directory, or `it` for the tests of the whole application.
fn tests() -> BTreeSet<String> {
    fn files(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    let mut names = BTreeSet::new();
    let mut sources = Vec::new();
    let root = root().canonicalize().unwrap();
    files(&root.join("crates"), &mut sources);
    sources.push(root.join("xtask/src/check.rs"));
    for source in sources {
        let parts: Vec<&str> = source.strip_prefix(&root).unwrap().iter().filter_map(|part| part.to_str()).collect();
        let home = parts.iter().position(|part| *part == "src" || *part == "tests").unwrap_or(1);
        let stem = source.file_stem().unwrap().to_str().unwrap();
        let file = if stem == "mod" { parts[parts.len() - 2] } else { stem };
        let place = if parts.contains(&"it") { "it" } else { parts[home - 1] };
        let mut is_test = false;
        for line in fs::read_to_string(&source).unwrap().lines().map(str::trim) {
            if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                is_test = true;
            } else if let Some((_, rest)) = line.split_once("fn ").filter(|_| is_test) {
                names.insert(format!("{place}::{file}::{}", rest.split(['(', '<']).next().unwrap_or_default()));
                is_test = false;
            }
        }
    }
    names
}

/// Whether something that shows a promise is there: a test, a command, or a file of the repository.
fn is_there(name: &str, tests: &BTreeSet<String>) -> bool {
    if name.contains("::") {
        return tests.contains(name);
    }
    if let Some(words) = name.strip_prefix("throughline ") {
        let asked =
            Command::new(env!("CARGO_BIN_EXE_throughline")).args(words.split(' ')).arg("--help").output().unwrap();
        return asked.status.success();
    }
    name.split(' ').next().is_some_and(|path| root().join(path).exists())
}

/// Proves REQ-47.2.
#[test]
fn nothing_is_called_built_without_what_shows_it() {
    let tests = tests();
    assert!(tests.len() > 250, "only {} tests were found", tests.len());
    for made_up in ["it::coverage::everything_is_fine", "throughline fly", "docs/nowhere.md", "script/nothing P1"] {
        assert!(!is_there(made_up, &tests), "{made_up} is taken for something that is there");
    }
    let (mut faults, mut seen, mut asked) = (Vec::new(), BTreeSet::new(), BTreeMap::new());
    for [id, document, promise, state, issue, shown_by, note] in promises() {
        let mut fault = |what: &str| faults.push(format!("{id}: {what}"));
        if !seen.insert(id.clone()) {
            fault("it stands twice");
        }
        if !id.starts_with(&format!("{document}-")) {
            fault("the document is another than the identifier says");
        }
        if promise.chars().count() > SHORT || !promise.ends_with('.') {
            fault("the promise is no short sentence");
        }
        let fits = match state.as_str() {
            "built" => issue.is_empty() && !shown_by.is_empty(),
            "planned" => ISSUES.contains(&issue.as_str()) && shown_by.is_empty() && !note.is_empty(),
            _ => STATES.contains(&state.as_str()) && issue.is_empty() && !note.is_empty(),
        };
        if !fits {
            fault("built needs what shows it, planned an issue and what is missing, answered differently a reason");
        }
        for name in shown_by.split("; ").filter(|name| !name.is_empty()) {
            if !*asked.entry(name.to_owned()).or_insert_with(|| is_there(name, &tests)) {
                fault(&format!("there is no {name}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What the page on security says is defended is shown by tests that exist.
#[test]
fn the_threat_model_names_what_is_there() {
    let tests = tests();
    let text = fs::read_to_string(root().join("docs/security/threat-model.md")).unwrap();
    let of_ours = |name: &&str| ["it::", "web::", "shared::"].iter().any(|home| name.starts_with(home));
    let named: BTreeSet<&str> =
        text.split('`').skip(1).step_by(2).filter(of_ours).filter(|name| !name.ends_with('…')).collect();
    assert!(named.len() > 50, "only {} tests are named", named.len());
    let missing: Vec<_> = named.iter().filter(|name| !tests.contains(**name)).collect();
    assert!(missing.is_empty(), "docs/security/threat-model.md names what is not there: {missing:#?}");
}

/// With the documents: every promise has its line, in words of our own.
#[test]
fn every_promise_of_the_documents_has_its_line() {
    let Some(text) = of_the_documents("promises.tsv") else { return };
    let theirs: BTreeMap<&str, &str> = text
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            (cells[0], cells[2])
        })
        .collect();
    let ours = promises();
    let found: BTreeSet<&str> = ours.iter().map(|[id, ..]| id.as_str()).collect();
    let wanted: BTreeSet<&str> = theirs.keys().copied().collect();
    assert_eq!(found, wanted);
    let plain = |text: &str| text.to_lowercase().replace(|letter: char| !letter.is_alphanumeric(), " ");
    for [id, _, promise, ..] in &ours {
        let (mine, original) = (plain(promise), plain(theirs[id.as_str()]));
        assert!(!original.contains(mine.trim()), "{id} repeats its document: {promise}");
    }
}

/// Every word of the glossary says where it lives, and it does.
#[tokio::test]
async fn the_glossary_names_tables_that_exist() {
    let world = world().await;
    let client = world.superuser().await.unwrap();
    let sql = "select table_schema || '.' || table_name from information_schema.tables";
    let there: BTreeSet<String> = client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    let schemas: BTreeSet<&str> = there.iter().filter_map(|name| name.split('.').next()).collect();
    let text = fs::read_to_string(root().join("docs/glossary.md")).unwrap();
    let mut faults = Vec::new();
    let mut words = 0;
    for line in text.lines().filter(|line| line.starts_with("| **")) {
        words += 1;
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [word, meaning, lives] = cells[..] else { panic!("three cells: {line}") };
        if meaning.len() < 20 {
            faults.push(format!("{word} is not explained"));
        }
        let named: Vec<&str> = lives.split('`').skip(1).step_by(2).collect();
        if named.is_empty() {
            faults.push(format!("{word} lives nowhere"));
        }
        faults
            .extend(named.iter().filter(|name| !there.contains(**name)).map(|name| format!("{word}: no table {name}")));
    }
    assert!(words > 60, "only {words} words");
    // What the other pages name in the same form has to be there as well.
    for page in ["modeling.md", "audit-policy.md", "ingestion.md", "backup-and-recovery.md"] {
        let text = fs::read_to_string(root().join("docs").join(page)).unwrap();
        for name in text.split('`').skip(1).step_by(2) {
            let is_name = name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_' || letter == '.');
            let parts: Vec<&str> = name.split('.').collect();
            if is_name && parts.len() == 2 && schemas.contains(parts[0]) && !there.contains(name) {
                faults.push(format!("docs/{page}: no table {name}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

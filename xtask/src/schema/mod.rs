//! `cargo xtask schema`: documents and drawings of the database, from the database itself (decision 0009).

mod database;
mod diagram;
mod entity;
mod mermaid;
mod pages;
mod words;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
};

mod model;

use crate::Failure;
use model::Schema;

/// Where the documents are.
const HOME: &str = "docs/schema";
/// What to do about stale ones.
const REMEDY: &str = "run `cargo xtask schema` and commit docs/schema";

/// Writes docs/schema from the migrations, or compares it.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Write nothing; fail when a document is not what the migrations say.
    #[arg(long)]
    check: bool,
}

/// Every document, by its name below [`HOME`].
type Documents = BTreeMap<PathBuf, String>;

/// Does what the arguments say.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let documents = documents(&database::read(&root)?);
    let home = root.join(HOME);
    if arguments.check {
        let faults = stale(&documents, &present(&home)?);
        for fault in &faults {
            println!("{HOME}/{fault}");
        }
        if faults.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        println!("the documents do not say what the migrations do: {REMEDY}");
        return Ok(ExitCode::FAILURE);
    }
    for (name, _) in present(&home)?.iter().filter(|(name, _)| !documents.contains_key(*name)) {
        std::fs::remove_file(home.join(name))?;
    }
    for (name, text) in &documents {
        let path = home.join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(&home))?;
        std::fs::write(path, text)?;
    }
    println!("{} documents in {HOME}", documents.len());
    Ok(ExitCode::SUCCESS)
}

fn documents(schemas: &[Schema]) -> Documents {
    let mut documents = Documents::from([
        ("README.md".into(), pages::index(schemas)),
        ("overview.svg".into(), diagram::draw(&diagram::overview(schemas))),
        ("overview.mmd".into(), mermaid::overview(schemas)),
    ]);
    for schema in schemas.iter().filter(|schema| !schema.tables.is_empty()) {
        documents.insert(format!("{}.md", schema.name).into(), pages::domain(schemas, schema));
        documents.insert(format!("{}.svg", schema.name).into(), diagram::draw(&diagram::domain(schema)));
        documents.insert(format!("{}.mmd", schema.name).into(), mermaid::domain(schema));
        for table in &schema.tables {
            documents.insert(
                Path::new(&schema.name).join(format!("{}.md", table.name)),
                entity::page(schemas, schema, table),
            );
        }
    }
    documents
}

/// What is there now.
fn present(home: &Path) -> Result<Documents, Failure> {
    let mut found = Documents::new();
    let mut directories = vec![PathBuf::new()];
    while let Some(directory) = directories.pop() {
        let entries = match std::fs::read_dir(home.join(&directory)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error.into()),
        };
        for entry in entries {
            let entry = entry?;
            let name = directory.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                directories.push(name);
            } else {
                found.insert(name, std::fs::read_to_string(entry.path())?);
            }
        }
    }
    Ok(found)
}

/// What differs, a line each.
fn stale(wanted: &Documents, present: &Documents) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, text) in wanted {
        match present.get(name) {
            None => faults.push(format!("{} is missing", name.display())),
            Some(found) if found != text => {
                let line = 1 + text.lines().zip(found.lines()).take_while(|(a, b)| a == b).count();
                faults.push(format!("{}:{line} is stale", name.display()));
            }
            Some(_) => {}
        }
    }
    let left = present.keys().filter(|name| !wanted.contains_key(*name));
    faults.extend(left.map(|name| format!("{} describes nothing that exists", name.display())));
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(of: &[(&str, &str)]) -> Documents {
        of.iter().map(|(name, text)| (PathBuf::from(name), (*text).to_owned())).collect()
    }

    #[test]
    fn what_is_missing_changed_or_left_over_is_named() {
        let wanted = documents(&[("a.md", "one\ntwo\n"), ("b.md", "same\n"), ("c/d.md", "new\n")]);
        let present = documents(&[("a.md", "one\n2\n"), ("b.md", "same\n"), ("old.svg", "gone\n")]);
        assert_eq!(
            stale(&wanted, &present),
            ["a.md:2 is stale", "c/d.md is missing", "old.svg describes nothing that exists"]
        );
        assert_eq!(stale(&wanted, &wanted), Vec::<String>::new());
    }
}

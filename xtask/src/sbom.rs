//! What the program is made of, as a CycloneDX document (ECMA-424): every package of other people that is compiled into it, with
//! its licence, the digest of its source and what it needs itself. Two runs over the same `Cargo.lock` write the same bytes.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use clap::Args;
use serde_json::{Value, json};

use crate::Failure;

/// The version of CycloneDX that is written.
const VERSION: &str = "1.6";
/// The package that becomes the program.
const PROGRAM: &str = "throughline";

/// Where to.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The file to write; standard output when none is named.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The target the program is built for; this machine's own when none is named. Others need other packages.
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
}

/// Writes the document.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let text = document(arguments.target.as_deref())?;
    match &arguments.out {
        Some(path) => {
            if let Some(above) = path.parent() {
                std::fs::create_dir_all(above)?;
            }
            std::fs::write(path, text)?;
        }
        None => std::io::stdout().write_all(text.as_bytes())?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The document as text.
pub(crate) fn document(target: Option<&str>) -> Result<String, Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = match target {
        Some(named) => named.to_owned(),
        None => host()?,
    };
    let output = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()))
        .args(["metadata", "--locked", "--format-version", "1", "--filter-platform", &target])
        .current_dir(&root)
        .output()?;
    if !output.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let digests = digests(&std::fs::read_to_string(root.join("Cargo.lock"))?);
    Ok(format!("{:#}\n", of(&metadata, &digests, &target)?))
}

/// The target of this machine.
fn host() -> Result<String, Failure> {
    let output = Command::new("rustc").arg("-vV").output()?;
    let said = String::from_utf8(output.stdout)?;
    let host =
        said.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc does not say what this machine is")?;
    Ok(host.to_owned())
}

/// The SHA-256 of each package's source, by name and version, as `Cargo.lock` has it.
fn digests(lock: &str) -> BTreeMap<(String, String), String> {
    lock.split("[[package]]")
        .filter_map(|package| {
            let value = |name: &str| {
                let begin = format!("{name} = \"");
                package.lines().find_map(|line| line.strip_prefix(&begin)?.strip_suffix('"')).map(str::to_owned)
            };
            Some(((value("name")?, value("version")?), value("checksum")?))
        })
        .collect()
}

fn of(metadata: &Value, digests: &BTreeMap<(String, String), String>, target: &str) -> Result<Value, Failure> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages: BTreeMap<String, Value> =
        list(&metadata["packages"]).into_iter().map(|package| (text(&package["id"]), package)).collect();
    let needs: BTreeMap<String, Vec<String>> = list(&metadata["resolve"]["nodes"])
        .iter()
        .map(|node| {
            let compiled_in =
                |dependency: &&Value| list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
            let needed = list(&node["deps"]).iter().filter(compiled_in).map(|one| text(&one["pkg"])).collect();
            (text(&node["id"]), needed)
        })
        .collect();
    let root = packages
        .iter()
        .find(|(_, package)| package["name"] == PROGRAM && package["source"].is_null())
        .map(|(id, _)| id.clone())
        .ok_or("the workspace has no package that becomes the program")?;

    let mut reached = BTreeSet::from([root.clone()]);
    let mut next = VecDeque::from([root.clone()]);
    while let Some(id) = next.pop_front() {
        for needed in needs.get(&id).into_iter().flatten() {
            if reached.insert(needed.clone()) {
                next.push_back(needed.clone());
            }
        }
    }
    // Rooms of this house are the program itself; what they need, it needs.
    let is_ours = |id: &String| packages.get(id).is_some_and(|package| package["source"].is_null());
    let reference = |id: &String| -> String {
        packages.get(id).map_or_else(String::new, |package| {
            format!("pkg:cargo/{}@{}", text(&package["name"]), text(&package["version"]))
        })
    };
    let mut components: Vec<Value> = reached
        .iter()
        .filter(|id| !is_ours(id))
        .filter_map(|id| packages.get(id).map(|package| (id, package)))
        .map(|(id, package)| component(package, &reference(id), digests))
        .collect();
    components.push(json!({
        "type": "library", "bom-ref": "pkg:npm/lucide-static@1.62.0", "name": "lucide-static", "version": "1.62.0",
        "description": "The icons of the pages", "purl": "pkg:npm/lucide-static@1.62.0",
        "licenses": [{"license": {"id": "ISC"}}, {"license": {"id": "MIT"}}],
    }));
    components.sort_by_key(|component| text(&component["bom-ref"]));

    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for id in &reached {
        let from = if is_ours(id) { reference(&root) } else { reference(id) };
        let to = needs.get(id).into_iter().flatten().filter(|needed| !is_ours(needed)).map(reference);
        edges.entry(from).or_default().extend(to);
    }
    edges.entry(reference(&root)).or_default().insert("pkg:npm/lucide-static@1.62.0".into());
    let package = packages.get(&root).ok_or("the program is no package")?;
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": VERSION,
        "version": 1,
        "metadata": {
            "component": {
                "type": "application", "bom-ref": reference(&root), "name": PROGRAM, "version": package["version"],
                "purl": reference(&root), "licenses": [{"license": {"id": package["license"]}}],
                "properties": [{"name": "cargo:target", "value": target}],
            },
        },
        "components": components,
        "dependencies": edges.iter().map(|(from, to)| json!({"ref": from, "dependsOn": to})).collect::<Vec<_>>(),
    }))
}

fn component(package: &Value, reference: &str, digests: &BTreeMap<(String, String), String>) -> Value {
    let text = |name: &str| package[name].as_str().unwrap_or_default().to_owned();
    let mut component = json!({
        "type": "library",
        "bom-ref": reference,
        "name": text("name"),
        "version": text("version"),
        "purl": reference,
        "scope": "required",
    });
    if !text("description").is_empty() {
        component["description"] = text("description").trim().into();
    }
    if !text("license").is_empty() {
        // Older manifests write a slash for a choice.
        component["licenses"] = json!([{"expression": text("license").replace('/', " OR ")}]);
    }
    if let Some(digest) = digests.get(&(text("name"), text("version"))) {
        component["hashes"] = json!([{"alg": "SHA-256", "content": digest}]);
    }
    component
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use formats::{
        Limits,
        cyclonedx::{Event, Reader},
    };

    use super::*;

    /// Throughline reads what it says of itself.
    #[test]
    fn our_own_reader_reads_what_we_are_made_of() {
        let document = document(Some("x86_64-unknown-linux-gnu")).unwrap();
        assert_eq!(
            document,
            super::document(Some("x86_64-unknown-linux-gnu")).unwrap(),
            "the same lock gives the same bytes"
        );
        let mut subject = None;
        let mut parts = BTreeMap::new();
        let mut finished = false;
        for event in Reader::new(document.as_bytes(), Limits::default()) {
            match event.unwrap() {
                Event::Component(component) if component.is_subject => subject = Some(component),
                Event::Component(component) => drop(parts.insert(component.name.clone(), component)),
                Event::Vulnerability(_) | Event::Finding(_) => {
                    panic!("it says what is there, not what is wrong with it")
                }
                Event::Finished(_) => finished = true,
            }
        }
        assert!(finished, "it is whole");
        let subject = subject.unwrap();
        assert_eq!((subject.name.as_str(), subject.kind.as_str()), (PROGRAM, "application"));
        for name in ["axum", "rustls", "ring", "tokio-postgres", "ed25519-dalek", "lucide-static"] {
            let part = parts.get(name).unwrap_or_else(|| panic!("{name} is missing"));
            assert!(part.version.is_some() && part.purl.is_some() && !part.licences.is_empty(), "{part:?}");
        }
        for name in ["kernel", "testkit", "rcgen", "proptest", "schannel", PROGRAM] {
            assert!(!parts.contains_key(name), "{name} is ours, for tests alone, or for another system");
        }
        assert!(parts.len() > 100, "only {} parts", parts.len());
        let bare: Vec<_> = parts.values().filter(|part| part.licences.is_empty()).map(|part| &part.name).collect();
        assert!(bare.is_empty(), "without a licence: {bare:?}");
    }
}

//! `throughline link`: links from annotations in code. A test is found by its name; what implements is linked from the commit that brought the line.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use clap::Args;
use serde_json::{Value, json};

use crate::{
    annotations::{self, About},
    failure::Failure,
    remote::{Refusal, Remote, Server},
};

/// Links of one request.
const AT_ONCE: usize = 2000;
/// Files that are larger are no code that people write.
const BYTES: u64 = 2 << 20;
/// Directories that hold what others wrote, or what was built.
const PASSED_OVER: [&str; 4] = ["target", "node_modules", "vendor", "__pycache__"];

/// What to read, and where the links belong.
#[derive(Debug, Args)]
pub(crate) struct LinkArguments {
    /// Files and directories with code.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The project, by its short name in addresses.
    #[arg(long, value_name = "PROJECT")]
    project: String,
    /// Only look: say what would be linked, and store nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    remote: Remote,
}

/// A link that an annotation asks for.
struct Wanted {
    /// Where it says so: file and line.
    place: String,
    source: String,
    link_type: &'static str,
    target: String,
}

/// Runs the command: 0 also when some annotations name nothing that is there; 4 when one may not link.
///
/// # Errors
/// When a path cannot be read or the server cannot be reached.
pub(crate) async fn run(data: &Path, arguments: LinkArguments, json: bool) -> Result<ExitCode, Failure> {
    let mut files = Vec::new();
    for path in &arguments.paths {
        gather(path, &mut files)?;
    }
    let (mut wanted, mut left_out) = (Vec::new(), Vec::new());
    for file in &files {
        read(file, &mut wanted, &mut left_out);
    }
    let linked = async {
        let server = Server::of(data, &arguments.remote)?;
        let (mut created, mut unchanged) = (0, 0);
        for part in wanted.chunks(AT_ONCE) {
            let (new, old) = load(&server, &arguments, part, &mut left_out).await?;
            created += new;
            unchanged += old;
        }
        Ok((created, unchanged))
    };
    let (created, unchanged) = match linked.await {
        Ok(counts) => counts,
        Err(refusal) => return Refusal::tell(refusal),
    };
    // Two keys above a test that is not known are one thing to say.
    left_out.dedup();
    if json {
        let left_out: Vec<Value> = left_out.iter().map(|(at, why)| json!({"place": at, "reason": why})).collect();
        println!(
            "{}",
            json!({"dry_run": arguments.dry_run, "files": files.len(), "created": created, "unchanged": unchanged, "left_out": left_out})
        );
    } else {
        let would = if arguments.dry_run { "would be made" } else { "made" };
        println!("{created} links {would}, {unchanged} were there already, from {} files", files.len());
        for (place, why) in &left_out {
            println!("  {place}: {why}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Has the server look first, so that what names nothing stops none of the others.
async fn load(
    server: &Server,
    arguments: &LinkArguments,
    part: &[Wanted],
    left_out: &mut Vec<(String, String)>,
) -> Result<(u64, u64), Refusal> {
    let ask = async |wanted: &[&Wanted], dry_run: bool| {
        let links: Vec<Value> = wanted
            .iter()
            .map(|one| json!({"source": one.source, "link_type": one.link_type, "target": one.target}))
            .collect();
        let body = json!({"project": arguments.project, "dry_run": dry_run, "from_code": true, "links": links});
        server
            .post("/v1/trace-links/load", |request| {
                request.header("content-type", "application/json").body(body.to_string())
            })
            .await
    };
    let all: Vec<&Wanted> = part.iter().collect();
    let looked = ask(&all, true).await?;
    let mut wrong = Vec::new();
    for error in looked["errors"].as_array().into_iter().flatten() {
        let at = usize::try_from(error["line"].as_u64().unwrap_or(0)).unwrap_or(0).saturating_sub(1);
        if let Some(one) = part.get(at) {
            wrong.push(at);
            left_out.push((one.place.clone(), error["detail"].as_str().unwrap_or_default().to_owned()));
        }
    }
    let count = |answer: &Value, name: &str| answer[name].as_u64().unwrap_or_default();
    let good: Vec<&Wanted> =
        part.iter().enumerate().filter(|(at, _)| !wrong.contains(at)).map(|(_, one)| one).collect();
    if arguments.dry_run || good.is_empty() {
        return Ok((count(&looked, "created"), count(&looked, "unchanged")));
    }
    let done = ask(&good, false).await?;
    Ok((count(&done, "created"), count(&done, "unchanged")))
}

/// The files under a path, in order.
fn gather(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if path.is_file() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut entries = fs::read_dir(path)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (name, kind) = (entry.file_name().to_string_lossy().into_owned(), entry.file_type()?);
        if name.starts_with('.') {
            continue;
        }
        if kind.is_dir() && !PASSED_OVER.contains(&name.as_str()) {
            gather(&entry.path(), files)?;
        } else if kind.is_file() && entry.metadata()?.len() <= BYTES {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// What a file asks for. One that is no text has no annotations.
fn read(file: &Path, wanted: &mut Vec<Wanted>, left_out: &mut Vec<(String, String)>) {
    let Ok(text) = fs::read_to_string(file) else { return };
    for annotation in annotations::read(&text) {
        let place = format!("{}:{}", file.display(), annotation.line);
        let source = match annotation.about {
            About::Test(name) => Ok(name),
            About::Nothing => Err("no test follows this annotation".to_owned()),
            About::Line => commit_of(file, annotation.line),
        };
        match source {
            Ok(source) => {
                wanted.push(Wanted { place, source, link_type: annotation.link_type, target: annotation.target });
            }
            Err(why) => left_out.push((place, why)),
        }
    }
}

/// The commit that brought a line, as git tells it.
fn commit_of(file: &Path, line: usize) -> Result<String, String> {
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = file.file_name().unwrap_or_default();
    let output = Command::new("git")
        .arg("-C")
        .arg(directory)
        .args(["blame", "--porcelain", "-L", &format!("{line},{line}"), "--"])
        .arg(name)
        .output()
        .map_err(|error| format!("git cannot be asked which commit brought this line: {error}"))?;
    let told = String::from_utf8_lossy(&output.stdout);
    match told.split_whitespace().next() {
        Some(hash) if output.status.success() && hash.chars().any(|digit| digit != '0') => Ok(hash.to_owned()),
        Some(_) if output.status.success() => Err("this line is not committed yet".to_owned()),
        _ => Err("git does not know which commit brought this line".to_owned()),
    }
}

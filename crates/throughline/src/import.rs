//! `throughline import`: hands files to a server, waits for them and says what became of each.
//!
//! The program is a client here like any other: it sends the files to `POST /v1/imports` as they are read from the disk, and
//! asks `GET /v1/imports/{id}` until each has ended. Sending the same files again is harmless.

use std::{
    collections::BTreeMap,
    io::{IsTerminal as _, Read as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::Args;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use reqwest::multipart;
use serde_json::{Map, Value, json};

use crate::{
    failure::Failure,
    remote::{Refusal, Remote, Server},
};

/// Files sent with one request at most, well under what a server takes.
const BATCH_FILES: usize = 200;
/// Bytes sent with one request, about; a larger file goes alone.
const BATCH_BYTES: u64 = 256 << 20;
/// How long between two questions: short at first, because most files take no time.
const PAUSES: [u64; 6] = [20, 40, 80, 160, 250, 400];

/// What to import, and into what.
#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// Files or directories; a directory is searched for reports, and `-` is standard input.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The project: its slug or identifier. May be left out where there is only one.
    #[arg(long, env = "THROUGHLINE_PROJECT", value_name = "KEY")]
    project: Option<String>,
    /// The build that was tested: its number, commit hash, version or identifier.
    #[arg(long, value_name = "REF")]
    build: Option<String>,
    /// Insist on a format: junit, nunit, trx, xunit, ctest, robot, go-test, mocha, rspec, dart, bazel, jenkins, jenkins-tests, cobertura,
    /// lcov, jacoco, sarif, cyclonedx, spdx, osv, osv-scanner, openvex, csaf, trivy, grype, gitlab, requirement, reqif, reqifz, strictdoc,
    /// sphinx-needs, doorstop, asvs, csv, xlsx, jira, jira-csv, github-issues, gitlab-issues, bugzilla, bugzilla-xml, redmine, redmine-xml
    /// or openapi.
    #[arg(long, value_name = "F")]
    format: Option<String>,
    /// How the words of another tool become ours: name or identifier of an import profile of the project.
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Only try: say what would be created, changed and refused, field by field, and store nothing.
    #[arg(long)]
    dry_run: bool,
    /// Where the tests ran, in your words.
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// What scanners looked at: reports of findings speak for this, whatever they declare themselves.
    #[arg(long, value_name = "NAME")]
    scope: Option<String>,
    #[command(flatten)]
    remote: Remote,
}

/// Runs the command. The answer is 0 when every file was taken, 1 when one was refused, 2 when the command line or what was
/// asked for is wrong, 4 when the caller is not signed in or may not do this.
///
/// # Errors
/// When the server cannot be reached or a file cannot be read.
pub(crate) async fn run(data: &Path, arguments: ImportArguments, json: bool) -> Result<ExitCode, Failure> {
    let sent = async {
        let files = find(&arguments.paths).map_err(Refusal::usage)?;
        let server = Server::of(data, &arguments.remote)?;
        send_all(&server, &arguments, files).await
    };
    match sent.await {
        Ok(summaries) => {
            let rejected = summaries.iter().any(|one| one["status"] == "rejected");
            print(&summaries, json)?;
            Ok(ExitCode::from(u8::from(rejected)))
        }
        Err(refusal) => refusal.tell(),
    }
}

/// A file to send.
struct File {
    name: String,
    content: Content,
    size: u64,
}

enum Content {
    Path(PathBuf),
    Bytes(Vec<u8>),
}

/// The files behind the paths, directories searched without what is hidden, in the order of their names.
fn find(paths: &[PathBuf]) -> Result<Vec<File>, String> {
    let mut found = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            let mut bytes = Vec::new();
            std::io::stdin()
                .read_to_end(&mut bytes)
                .map_err(|error| format!("standard input cannot be read: {error}"))?;
            found.push(File {
                name: "standard input".into(),
                size: bytes.len() as u64,
                content: Content::Bytes(bytes),
            });
            continue;
        }
        let facts = std::fs::metadata(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        if facts.is_dir() {
            walk(path, &mut found).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        } else {
            found.push(File::at(path, facts.len()));
        }
    }
    match found.is_empty() {
        true => Err("no file was found there".into()),
        false => Ok(found),
    }
}

impl File {
    fn at(path: &Path, size: u64) -> Self {
        Self { name: path.display().to_string(), content: Content::Path(path.to_owned()), size }
    }
}

fn walk(directory: &Path, found: &mut Vec<File>) -> std::io::Result<()> {
    let mut entries = std::fs::read_dir(directory)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type()?;
        // A link could lead back up and round again.
        if entry.file_name().to_string_lossy().starts_with('.') || kind.is_symlink() {
            continue;
        }
        if kind.is_dir() {
            walk(&entry.path(), found)?;
        } else {
            found.push(File::at(&entry.path(), entry.metadata()?.len()));
        }
    }
    Ok(())
}

/// The only project there is.
async fn only_project(server: &Server) -> Result<String, Refusal> {
    let page = server.get("/v1/projects?limit=2").await?;
    match page["data"].as_array().map(Vec::as_slice) {
        Some([only]) => Ok(only["id"].as_str().unwrap_or_default().to_owned()),
        Some([]) => Err(Refusal::usage("there is no project yet; create one first")),
        _ => Err(Refusal::usage("there are several projects; name one with --project")),
    }
}

async fn send_all(server: &Server, arguments: &ImportArguments, files: Vec<File>) -> Result<Vec<Value>, Refusal> {
    let project = match &arguments.project {
        Some(project) => project.clone(),
        None => only_project(server).await?,
    };
    let bars = MultiProgress::new();
    if !std::io::stderr().is_terminal() {
        bars.set_draw_target(indicatif::ProgressDrawTarget::hidden());
    }
    let sending = bars.add(bar(files.iter().map(|file| file.size).sum(), "sending"));
    let taking = bars.add(bar(files.iter().map(|file| file.size).sum(), "importing"));
    let mut summaries = Vec::with_capacity(files.len());
    for batch in batches(files) {
        let sizes: Vec<u64> = batch.iter().map(|file| file.size).collect();
        let form = form(arguments, &project, batch, &sending).await?;
        let queued = server.post("/v1/imports", |request| request.multipart(form)).await?;
        let before = taking.position();
        let mut done = 0;
        for (one, size) in queued["imports"].as_array().into_iter().flatten().zip(sizes) {
            let id = one["id"].as_str().unwrap_or_default();
            let ended = wait(server, id, |read| taking.set_position(before + done + read.min(size))).await?;
            done += size;
            taking.set_position(before + done);
            summaries.push(ended);
        }
    }
    sending.finish_and_clear();
    taking.finish_and_clear();
    Ok(summaries)
}

fn bar(bytes: u64, what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:>9} {wide_bar} {bytes}/{total_bytes} {eta}");
    ProgressBar::new(bytes).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())).with_message(what)
}

/// Requests of bounded size. Requirements go by name order, so those that depend on each other usually travel together.
fn batches(files: Vec<File>) -> Vec<Vec<File>> {
    let mut batches: Vec<Vec<File>> = Vec::new();
    let mut bytes = 0;
    for file in files {
        bytes += file.size;
        match batches.last_mut() {
            Some(batch) if batch.len() < BATCH_FILES && bytes <= BATCH_BYTES => batch.push(file),
            _ => {
                bytes = file.size;
                batches.push(vec![file]);
            }
        }
    }
    batches
}

async fn form(
    arguments: &ImportArguments,
    project: &str,
    batch: Vec<File>,
    sending: &ProgressBar,
) -> Result<multipart::Form, Refusal> {
    let mut form = multipart::Form::new().text("project", project.to_owned());
    let fields = [
        ("build", &arguments.build),
        ("format", &arguments.format),
        ("environment", &arguments.environment),
        ("scope", &arguments.scope),
    ];
    if let Some(profile) = &arguments.profile {
        form = form.text("profile", profile.clone());
    }
    if arguments.dry_run {
        form = form.text("dry_run", "true");
    }
    for (name, value) in fields {
        if let Some(value) = value {
            form = form.text(name, value.clone());
        }
    }
    for file in batch {
        let part = match file.content {
            Content::Bytes(bytes) => {
                sending.inc(bytes.len() as u64);
                multipart::Part::bytes(bytes)
            }
            Content::Path(path) => {
                let open = tokio::fs::File::open(&path).await;
                let open = open.map_err(|error| Failure::new(format!("{} cannot be read: {error}", path.display())));
                let reader = sending.wrap_async_read(open.map_err(Refusal::Failed)?);
                let body = reqwest::Body::wrap_stream(tokio_util::io::ReaderStream::with_capacity(reader, 64 << 10));
                multipart::Part::stream_with_length(body, file.size)
            }
        };
        form = form.part("file", part.file_name(file.name));
    }
    Ok(form)
}

/// Asks until the import has ended, and gives its summary.
async fn wait(server: &Server, id: &str, progress: impl Fn(u64)) -> Result<Value, Refusal> {
    let mut pauses = PAUSES.into_iter();
    let mut pause = 0;
    loop {
        let import = server.get(&format!("/v1/imports/{id}")).await?;
        let import = import.get("data").unwrap_or(&import);
        progress(import["bytes_read"].as_u64().unwrap_or(0));
        if matches!(import["status"].as_str(), Some("completed" | "failed")) {
            return Ok(import["summary"].clone());
        }
        pause = pauses.next().unwrap_or(pause);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
}

/// Sums by kind over all files.
fn totals(summaries: &[Value]) -> Value {
    let mut totals = Map::new();
    for part in ["recognised", "outcomes", "created", "updated", "unchanged"] {
        let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
        for (kind, count) in summaries.iter().filter_map(|one| one[part].as_object()).flatten() {
            *sums.entry(kind).or_default() += count.as_u64().unwrap_or(0);
        }
        totals.insert(part.into(), json!(sums));
    }
    let of = |status: &str| summaries.iter().filter(|one| one["status"] == status).count();
    let mut files = json!({"imported": of("imported"), "unchanged": of("unchanged"), "rejected": of("rejected")});
    if of("tried") > 0 {
        files["tried"] = json!(of("tried"));
    }
    totals.insert("files".into(), files);
    Value::Object(totals)
}

fn print(summaries: &[Value], json: bool) -> Result<(), Failure> {
    let totals = totals(summaries);
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&json!({"files": summaries, "totals": totals}))?)?;
        return Ok(());
    }
    let width = summaries.iter().filter_map(|one| one["path"].as_str()).map(|path| path.chars().count()).max();
    let width = width.unwrap_or(4).clamp(4, 60);
    for one in summaries {
        let path = one["path"].as_str().unwrap_or_default();
        let skipped = path.chars().count().saturating_sub(width);
        let path: String = path.chars().skip(skipped).collect();
        let format = one["format"].as_str().unwrap_or("-");
        let status = one["status"].as_str().unwrap_or("-");
        writeln!(out, "{path:<width$}  {format:<11}  {status:<9}  {}", told(one))?;
        for change in one["changes"].as_array().into_iter().flatten() {
            writeln!(out, "{:<width$}  {}", "", changed(change))?;
        }
        if one["status"] == "rejected" {
            for more in one["rejected"].as_array().into_iter().flatten().skip(1) {
                let line = more["line"].as_u64().map(|line| format!("line {line}: ")).unwrap_or_default();
                writeln!(out, "{:<width$}  {line}{}", "", more["reason"].as_str().unwrap_or_default())?;
            }
        }
        for warning in one["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            writeln!(out, "{:<width$}  note: {warning}", "")?;
        }
    }
    let files = &totals["files"];
    if let Some(tried) = files["tried"].as_u64() {
        write!(out, "\n{tried} only tried: nothing of them was stored. ")?;
    }
    writeln!(
        out,
        "\n{} imported, {} unchanged, {} rejected. {}",
        files["imported"],
        files["unchanged"],
        files["rejected"],
        counts(&totals["created"], "new")
    )?;
    Ok(())
}

/// What became, or would become, of one record, field by field.
fn changed(change: &Value) -> String {
    let text = |value: &Value| value.as_str().map(|text| text.chars().take(60).collect::<String>().replace('\n', " "));
    let fields: Vec<String> = change["fields"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|_| change["what"] != "created")
        .map(|field| {
            let (from, to) = (text(&field["from"]), text(&field["to"]));
            let shown = |text: Option<String>| text.map_or_else(|| "nothing".to_owned(), |text| format!("`{text}`"));
            format!("{}: {} -> {}", field["field"].as_str().unwrap_or_default(), shown(from), shown(to))
        })
        .collect();
    let (what, record) = (change["what"].as_str().unwrap_or_default(), change["record"].as_str().unwrap_or_default());
    let title = text(&change["title"]).unwrap_or_default();
    if fields.is_empty() {
        format!("{what} {record}: {title}")
    } else {
        format!("{what} {record}: {}", fields.join("; "))
    }
}

/// What became of one file, in a line.
fn told(one: &Value) -> String {
    if one["status"] == "rejected" {
        let line = one["rejected"][0]["line"].as_u64().map(|line| format!("line {line}: ")).unwrap_or_default();
        return format!("{line}{}", one["reason"].as_str().unwrap_or_default());
    }
    let mut parts = Vec::new();
    if let Some(outcomes) = one["outcomes"].as_object() {
        let said: Vec<String> = ["passed", "failed", "error", "skipped"]
            .iter()
            .filter_map(|name| Some((name, outcomes.get(*name)?.as_u64()?)))
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| format!("{count} {name}"))
            .collect();
        parts.push(if said.is_empty() { "no cases".to_owned() } else { said.join(", ") });
    }
    if let (Some(covered), Some(total)) =
        (one["coverage"]["lines_covered"].as_u64(), one["coverage"]["lines_total"].as_u64())
    {
        parts.push(format!("{covered} of {total} lines"));
    }
    for (what, word) in [("created", "new"), ("updated", "changed")] {
        let said = counts(&one[what], word);
        if !said.is_empty() {
            parts.push(said);
        }
    }
    parts.join("; ")
}

fn counts(counts: &Value, word: &str) -> String {
    let said: Vec<String> = counts
        .as_object()
        .into_iter()
        .flatten()
        .map(|(kind, count)| format!("{count} {word} {}", kind.replace('_', " ")))
        .collect();
    said.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_searched_in_order_without_what_is_hidden() {
        let place = tempfile::tempdir().expect("a directory");
        for name in ["b.xml", "a.xml", ".hidden.xml", "deep/c.info", ".git/d.xml"] {
            let path = place.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, "12345").expect("written");
        }
        let found = find(&[place.path().to_owned()]).expect("found");
        let names: Vec<_> = found.iter().map(|file| file.name.rsplit('/').next().unwrap_or_default()).collect();
        assert_eq!(names, ["a.xml", "b.xml", "c.info"]);
        assert!(found.iter().all(|file| file.size == 5));
        assert!(find(&[place.path().join("missing")]).is_err());
        assert!(find(&[place.path().join(".git/none")]).is_err());
    }

    #[test]
    fn batches_are_bounded_by_files_and_bytes() {
        let file = |size| File { name: "f".into(), content: Content::Bytes(Vec::new()), size };
        let sizes = |files: Vec<u64>| -> Vec<usize> {
            batches(files.into_iter().map(file).collect()).iter().map(Vec::len).collect()
        };
        assert_eq!(sizes(vec![1; 401]), [200, 200, 1]);
        assert_eq!(sizes(vec![1, BATCH_BYTES, 1, 2]), [1, 1, 2]);
    }

    #[test]
    fn totals_are_sums_and_name_what_was_refused() {
        let summaries = [
            json!({"path": "a", "status": "imported", "recognised": {"test_cases": 2}, "created": {"test_cases": 2}, "updated": {}, "unchanged": {}, "outcomes": {"passed": 1, "failed": 1}}),
            json!({"path": "b", "status": "rejected", "recognised": {}, "created": {}, "updated": {}, "unchanged": {}, "reason": "it is empty", "rejected": [{"line": 1, "reason": "it is empty"}]}),
        ];
        let totals = totals(&summaries);
        assert_eq!(totals["recognised"]["test_cases"], 2);
        assert_eq!(totals["files"], json!({"imported": 1, "unchanged": 0, "rejected": 1}));
        assert_eq!(told(&summaries[0]), "1 passed, 1 failed; 2 new test cases");
        assert_eq!(told(&summaries[1]), "line 1: it is empty");
    }
}

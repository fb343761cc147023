//! `throughline evidence`: makes the signed evidence of a release, fetches it, and checks it with nothing but the public key.

use std::{
    fs::{self, File},
    io::{BufWriter, Read as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use assurance::evidence::{self, Verdict};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use vault::signing::PublicKey;

use crate::{
    failure::Failure,
    remote::{Refusal, Remote, Server},
    sealing::known_key,
    which,
};

/// The largest bundle that is read, in bytes.
const MOST_BYTES: u64 = 1 << 30;

/// What to do with evidence.
#[derive(Debug, Subcommand)]
pub(crate) enum EvidenceCommand {
    /// Make a signed bundle: what was required, what proves it, what is open, what was deployed where.
    Make(MakeArguments),
    /// Fetch a bundle that was made, byte for byte.
    Get {
        /// The bundle's identifier.
        bundle: Uuid,
        /// Where to save it; in this directory under its own identifier when nothing is said.
        #[arg(long, short, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        remote: Remote,
    },
    /// Print the public key of the installation in the data directory, to give to those who check.
    Key {
        /// As PEM, for other programs such as OpenSSL.
        #[arg(long)]
        pem: bool,
    },
    /// Check a bundle, without any server, database or network, and name what was altered. Exit code 0: nothing was, 1: something was.
    Verify {
        /// The bundle.
        bundle: PathBuf,
        /// The public key of the installation that made it: as `throughline evidence key` prints it, or a file that holds it, PEM too.
        /// That of the installation in the data directory when nothing is said. May be given several times.
        #[arg(long, value_name = "KEY")]
        key: Vec<String>,
        /// A file that should be one of the artefacts or reports in the bundle. May be given several times.
        #[arg(long, value_name = "FILE")]
        file: Vec<PathBuf>,
    },
}

/// What to make evidence for.
#[derive(Debug, Args)]
pub(crate) struct MakeArguments {
    /// The project: its slug or identifier. May be left out where there is only one.
    #[arg(long, env = "THROUGHLINE_PROJECT", value_name = "KEY")]
    project: Option<String>,
    #[command(flatten)]
    subject: SubjectArguments,
    /// The baseline that says what was required: its name or identifier. Without it, what the project says now.
    #[arg(long, value_name = "NAME")]
    baseline: Option<String>,
    /// Where to save the bundle; in this directory under its own identifier when nothing is said.
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    remote: Remote,
}

/// One thing.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct SubjectArguments {
    /// The release: its version or identifier.
    #[arg(long, value_name = "VERSION")]
    release: Option<String>,
    /// The build: its number, full commit hash, version or identifier.
    #[arg(long, value_name = "REF")]
    build: Option<String>,
    /// The deployment: its identifier.
    #[arg(long, value_name = "ID")]
    deployment: Option<Uuid>,
}

/// Runs the command.
///
/// # Errors
/// When a file or the server cannot be reached.
pub(crate) async fn run(data: &Path, what: EvidenceCommand, json: bool) -> Result<ExitCode, Failure> {
    let outcome = match what {
        EvidenceCommand::Key { pem } => return key(data, pem),
        EvidenceCommand::Verify { bundle, key, file } => return verify(data, &bundle, &key, &file, json),
        EvidenceCommand::Make(arguments) => make(data, &arguments, json).await,
        EvidenceCommand::Get { bundle, out, remote } => get(data, bundle, out, &remote, json).await,
    };
    match outcome {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(refusal) => refusal.tell(),
    }
}

async fn make(data: &Path, arguments: &MakeArguments, json: bool) -> Result<(), Refusal> {
    let server = Server::of(data, &arguments.remote)?;
    let project = arguments.project.as_deref();
    let subject = &arguments.subject;
    let mut body = match (&subject.release, &subject.build, subject.deployment) {
        (Some(release), ..) => json!({"release_id": named(&server, project, "releases", "version", release).await?}),
        (_, Some(build), _) => json!({"build_id": which::build(&server, project, build).await?}),
        (_, _, deployment) => json!({"deployment_id": deployment}),
    };
    if let Some(baseline) = &arguments.baseline {
        body["baseline_id"] = json!(named(&server, project, "baselines", "name", baseline).await?);
    }
    let text = body.to_string();
    let with = |request: reqwest::RequestBuilder| request.header("content-type", "application/json").body(text);
    let made = server.post("/v1/evidence-bundles", with).await?;
    let id = made["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_default();
    let path = save(&server, id, arguments.out.clone()).await?;
    if json {
        println!("{}", json!({"bundle": made, "file": path}));
    } else {
        println!(
            "{}: {} of {} criteria proven, {} open; saved as {}",
            text_of(&made["name"]),
            made["proven_count"],
            made["criteria_count"],
            made["open_count"],
            path.display()
        );
        println!("SHA-256 {}", text_of(&made["content_sha256"]));
        println!(
            "check it with: throughline evidence verify {} --key '{}'",
            path.display(),
            text_of(&made["public_key"])
        );
    }
    Ok(())
}

async fn named(
    server: &Server,
    project: Option<&str>,
    collection: &str,
    column: &str,
    says: &str,
) -> Result<String, Refusal> {
    if Uuid::try_parse(says).is_ok() {
        return Ok(says.to_owned());
    }
    let project = which::project(server, project).await?;
    let found = which::one_of(server, collection, &project, (column, says), "").await?;
    let what = collection.trim_end_matches('s');
    found.ok_or_else(|| Refusal::usage(format!("there is no {what} `{says}` in this project that you may read")))
}

async fn get(data: &Path, bundle: Uuid, out: Option<PathBuf>, remote: &Remote, json: bool) -> Result<(), Refusal> {
    let path = save(&Server::of(data, remote)?, bundle, out).await?;
    if json {
        println!("{}", json!({"file": path}));
    } else {
        println!("saved as {}", path.display());
    }
    Ok(())
}

/// Saves a bundle whole or not at all.
async fn save(server: &Server, bundle: Uuid, out: Option<PathBuf>) -> Result<PathBuf, Refusal> {
    let path = out.unwrap_or_else(|| PathBuf::from(format!("evidence-{bundle}.tar.gz")));
    let beside = path.with_extension(format!("part.{}", std::process::id()));
    let saving = async {
        let mut file = BufWriter::new(File::create(&beside)?);
        server.save(&format!("/v1/evidence-bundles/{bundle}/content"), &mut file).await?;
        file.flush()?;
        fs::rename(&beside, &path)?;
        Ok(())
    };
    let outcome: Result<(), Refusal> = saving.await;
    if outcome.is_err() {
        let _ = fs::remove_file(&beside);
    }
    outcome.map(|()| path)
}

fn key(data: &Path, pem: bool) -> Result<ExitCode, Failure> {
    let key = known_key(data)?.ok_or_else(|| {
        Failure::new("there is no signing key here: name the data directory of the installation with --data")
    })?;
    let key = key.public_key();
    print!("{}", if pem { key.to_pem() } else { format!("{key}\n") });
    Ok(ExitCode::SUCCESS)
}

/// A key as it was given: the text itself, or a file that holds it.
fn read_key(given: &str) -> Result<PublicKey, Failure> {
    if let Ok(key) = given.parse() {
        return Ok(key);
    }
    let wrong = |why: String| Failure::new(format!("--key {given}: {why}"));
    let text = fs::read_to_string(given)
        .map_err(|error| wrong(format!("it is neither a public key (name+hash+key) nor a file with one: {error}")))?;
    text.parse().or_else(|_| PublicKey::from_pem(&text)).map_err(|error| wrong(error.to_string()))
}

fn read_whole(path: &Path) -> Result<Vec<u8>, Failure> {
    let unread = |error: &dyn std::fmt::Display| Failure::new(format!("{} cannot be read: {error}", path.display()));
    let size = fs::metadata(path).map_err(|error| unread(&error))?.len();
    if size > MOST_BYTES {
        return Err(Failure::new(format!("{} is larger than any bundle", path.display())));
    }
    fs::read(path).map_err(|error| unread(&error))
}

fn sha256_of(path: &Path) -> Result<String, Failure> {
    let mut digest = Sha256::new();
    let mut hashing = || {
        let (mut file, mut piece) = (File::open(path)?, vec![0; 64 << 10]);
        loop {
            match file.read(&mut piece)? {
                0 => return Ok::<_, std::io::Error>(()),
                size => digest.update(&piece[..size]),
            }
        }
    };
    hashing().map_err(|error| Failure::new(format!("{} cannot be read: {error}", path.display())))?;
    Ok(evidence::canonical::hex(&digest.finalize()))
}

fn verify(data: &Path, bundle: &Path, given: &[String], files: &[PathBuf], json: bool) -> Result<ExitCode, Failure> {
    let keys = match given {
        [] => known_key(data)?.map(|key| vec![key.public_key()]).ok_or_else(|| {
            Failure::new("name the public key of the installation that made the bundle with --key; get it from somebody you trust")
        })?,
        given => given.iter().map(|given| read_key(given)).collect::<Result<_, _>>()?,
    };
    let bytes = read_whole(bundle)?;
    let verdict = evidence::verify(&bytes, &keys);
    let named = evidence::files_named(&bytes);
    let mut looked_for = Vec::new();
    for path in files {
        let digest = sha256_of(path)?;
        let found = named.iter().find(|(known, _)| *known == digest).map(|(_, what)| what.clone());
        looked_for.push((path, digest, found));
    }
    let is_sound = verdict.is_sound() && looked_for.iter().all(|(_, _, found)| found.is_some());
    if json {
        let files: Vec<Value> = looked_for
            .iter()
            .map(|(path, digest, found)| json!({"file": path, "sha256": digest, "is": found}))
            .collect();
        println!("{}", json!({"ok": is_sound, "verdict": verdict, "files": files}));
    } else {
        print!("{}", told(&verdict));
        for (path, digest, found) in &looked_for {
            match found {
                Some(what) => println!("{} is {what}", path.display()),
                None => println!("{} is nothing that the bundle names (SHA-256 {digest})", path.display()),
            }
        }
    }
    Ok(ExitCode::from(u8::from(!is_sound)))
}

/// The verdict, a line for each thing that was altered.
fn told(verdict: &Verdict) -> String {
    let mut text = String::new();
    if let (Some(about), Some(made)) = (&verdict.about, &verdict.made) {
        text += &format!("{about}, made {made}\n");
    }
    match &verdict.signed_by {
        Some(key) => text += &format!("signed by {key}\n"),
        None => text += "signed by nobody who is believed\n",
    }
    if verdict.is_sound() {
        text += &format!("{} records and parts are those that were signed", verdict.records);
        text += match verdict.page_is_of_the_data {
            true => "; the page, worked out anew, says the same\n",
            false => "; the page is the one that was signed, in the form of another version\n",
        };
        if let Some(rows) = verdict.trail_rows {
            text += &format!("the audit trail had {rows} rows under its signed head\n");
        }
        return text + "everything is as it was signed\n";
    }
    for one in &verdict.alterations {
        let place = if one.what.is_empty() { one.file.clone() } else { format!("{}, {}", one.file, one.what) };
        text += &format!("{:<10}  {place}: {}\n", one.kind.to_uppercase(), one.detail);
    }
    text + "this is not what was signed\n"
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

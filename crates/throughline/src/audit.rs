//! `throughline audit`: is the audit trail what was sealed, and proofs of it for others.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use assurance::sealing::{self, Consistency, Heads, Inclusion, Keys, Payload, Verdict};
use clap::Subcommand;
use cluster::{Database, Role};
use kernel::{Ctx, Kernel};
use serde::Serialize;
use uuid::Uuid;
use vault::signing::PublicKey;

use crate::{
    administration::{self, Command},
    database,
    failure::Failure,
    sealing::{Sealing, known_key, known_key_in},
    server, within,
};

/// What to ask of the trail.
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Hold every row against its seal, and the seals against their signatures and the heads outside the database, and name what was
    /// changed, removed, inserted, moved or cut off. Exit code 1: something was.
    Verify {
        /// Only this organisation: its slug or identifier.
        #[arg(long, value_name = "NAME")]
        organization: Option<String>,
        /// Compare with a copy of the heads that was kept elsewhere, besides those in the data directory. May be given several times.
        #[arg(long, value_name = "FILE")]
        heads: Vec<PathBuf>,
        /// A public key whose signatures are believed, besides that of this installation. May be given several times.
        #[arg(long, value_name = "KEY")]
        key: Vec<PublicKey>,
    },
    /// Print the proof that a row is in the trail, as JSON.
    Prove {
        /// The identifier of the row.
        row: Uuid,
    },
    /// Print the proof that the trail only grew between two heads, as JSON.
    Consistency {
        /// How many rows the older head has.
        #[arg(long, value_name = "ROWS")]
        from: u64,
        /// How many rows the younger head has; the latest when nothing is said.
        #[arg(long, value_name = "ROWS")]
        to: Option<u64>,
        /// Which organisation, where there are several: its slug or identifier.
        #[arg(long, value_name = "NAME")]
        organization: Option<String>,
    },
    /// Print every signed head, to keep elsewhere.
    Export {
        /// Which organisation, where there are several: its slug or identifier.
        #[arg(long, value_name = "NAME")]
        organization: Option<String>,
    },
    /// Check a proof that `prove` or `consistency` printed, or the API gave, without any database. Exit code 1: it proves nothing.
    Check {
        /// The file with the proof.
        file: PathBuf,
        /// The public key of the installation; that of this one when nothing is said. May be given several times.
        #[arg(long, value_name = "KEY")]
        key: Vec<PublicKey>,
    },
}

/// Runs the command.
pub(crate) async fn run(data: &Path, what: Audit, json: bool) -> Result<ExitCode, Failure> {
    if let Audit::Check { file, key } = &what {
        return check(data, file, key);
    }
    let database = database::open_beside(data).await?;
    let called = match &what {
        Audit::Verify { .. } => {
            Some(("audit.verified", "throughline audit verify", "Held the trail against its seals"))
        }
        Audit::Export { .. } => {
            Some(("audit.heads_exported", "throughline audit export", "Took the signed heads away"))
        }
        Audit::Prove { .. } | Audit::Consistency { .. } | Audit::Check { .. } => None,
    };
    let outcome = ask(&database, data, what, json).await;
    if let Some((event, called, said)) = called {
        let unsound = || "something is not as it was sealed; the command named it".to_owned();
        let error = match &outcome {
            Ok(code) => (*code != ExitCode::SUCCESS).then(unsound),
            Err(failure) => Some(failure.to_string()),
        };
        let besides = serde_json::json!({});
        administration::note(&database, Command { event, called, said, risk: "medium", error, besides }).await;
    }
    database.stop().await;
    outcome
}

async fn ask(database: &Database, data: &Path, what: Audit, json: bool) -> Result<ExitCode, Failure> {
    let kernel = server::kernel(database.way(Role::Application)).await?;
    let kernel = Arc::new(match known_key(data)? {
        Some(key) => kernel.with_signing_key(key),
        None => kernel,
    });
    match what {
        Audit::Verify { organization, heads, key } => {
            let keys = believed(data, &key)?;
            let mut copies = Vec::new();
            for file in &heads {
                let text = std::fs::read_to_string(file)
                    .map_err(|error| Failure::new(format!("{} cannot be read: {error}", file.display())))?;
                copies.extend(sealing::in_file(&text).0.into_iter().map(str::to_owned));
            }
            verify(&kernel, data, organization.as_deref(), &keys, &copies, json).await
        }
        Audit::Prove { row } => {
            for (ctx, _) in organizations(&kernel, None).await? {
                let tx = ctx.begin_read().await?;
                let is_here =
                    tx.query_opt("select 1 from audit.leaves where audit_log_id = $1", &[&row]).await?.is_some();
                if is_here {
                    let (proof, payload) = sealing::prove(&ctx, &tx, row).await?;
                    println!("{}", serde_json::to_string_pretty(&Proof { proof, payload })?);
                    return Ok(ExitCode::SUCCESS);
                }
            }
            Err(Failure::new(format!("no organisation's trail has a sealed row {row}")))
        }
        Audit::Consistency { from, to, organization } => {
            let ctx = one(&kernel, organization.as_deref()).await?;
            let proof = sealing::prove_consistency(&ctx, &ctx.begin_read().await?, from, to).await?;
            println!("{}", serde_json::to_string_pretty(&proof)?);
            Ok(ExitCode::SUCCESS)
        }
        Audit::Export { organization } => {
            let ctx = one(&kernel, organization.as_deref()).await?;
            let tx = ctx.begin_read().await?;
            let rows = tx.query("select checkpoint from audit.seals order by tree_size", &[]).await?;
            let notes: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
            std::io::stdout().write_all(notes.join("\n").as_bytes())?;
            Ok(ExitCode::SUCCESS)
        }
        Audit::Check { .. } => Ok(ExitCode::SUCCESS),
    }
}

/// A proof with what stands behind the hash of its payload.
#[derive(Serialize)]
struct Proof {
    #[serde(flatten)]
    proof: Inclusion,
    payload: Option<Payload>,
}

/// The keys of this installation and those that were named.
fn believed(data: &Path, named: &[PublicKey]) -> Result<Keys, Failure> {
    let own = known_key(data)?.map(|key| Sealing::new(data, &key)).transpose()?.map(|sealing| sealing.keys);
    let mut named = named.iter();
    let Some(mut keys) = own.or_else(|| named.next().copied().map(Keys::of)) else {
        return Err(Failure::new(
            "there is no signing key here, so no signature can be believed: name the public key of the installation with --key",
        ));
    };
    named.for_each(|key| keys.add(*key));
    Ok(keys)
}

/// The server itself in each organisation, or in the one of this slug or identifier, with the slug.
async fn organizations(kernel: &Arc<Kernel>, only: Option<&str>) -> Result<Vec<(Ctx, String)>, Failure> {
    let mut all = Vec::new();
    for id in sealing::to_seal(kernel, true).await? {
        let ctx = within::organization(kernel, id, "throughline audit");
        let sql = "select slug from identity.organizations where id = platform.current_organization()";
        let tx = ctx.begin_read().await?;
        let slug: String = tx.query_one(sql, &[]).await?.try_get(0)?;
        tx.commit().await?;
        if only.is_none_or(|only| only == slug || only == id.to_string()) {
            all.push((ctx, slug));
        }
    }
    match only {
        Some(only) if all.is_empty() => Err(Failure::new(format!("there is no organisation {only}"))),
        _ => Ok(all),
    }
}

async fn one(kernel: &Arc<Kernel>, only: Option<&str>) -> Result<Ctx, Failure> {
    let mut all = organizations(kernel, only).await?;
    match (all.pop(), all.is_empty()) {
        (Some((ctx, _)), true) => Ok(ctx),
        _ => Err(Failure::new("there are several organisations: name one with --organization")),
    }
}

async fn verify(
    kernel: &Arc<Kernel>,
    data: &Path,
    only: Option<&str>,
    keys: &Keys,
    copies: &[String],
    json: bool,
) -> Result<ExitCode, Failure> {
    let verdicts = verdicts(kernel, data, only, keys, copies).await?;
    let is_sound = verdicts.iter().all(|(_, verdict)| verdict.is_sound());
    if json {
        let all: Vec<_> = verdicts
            .iter()
            .map(|(slug, verdict)| serde_json::json!({"organization": slug, "ok": verdict.is_sound(), "verdict": verdict}))
            .collect();
        println!("{}", serde_json::json!({"ok": is_sound, "organizations": all}));
    } else {
        verdicts.iter().for_each(|(slug, verdict)| print(slug, verdict));
    }
    Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

async fn verdicts(
    kernel: &Arc<Kernel>,
    data: &Path,
    only: Option<&str>,
    keys: &Keys,
    copies: &[String],
) -> Result<Vec<(String, Verdict)>, Failure> {
    let own = Heads::within(data);
    let mut verdicts = Vec::new();
    for (ctx, slug) in organizations(kernel, only).await? {
        let organization = ctx.organization_id();
        let mut outside = own.read(organization).await?;
        // A copy may hold the heads of several organisations.
        let prefix = sealing::origin(organization) + "\n";
        outside.extend(copies.iter().filter(|note| note.starts_with(&prefix)).cloned());
        verdicts.push((slug, sealing::verify(&ctx, keys, &outside).await?));
    }
    Ok(verdicts)
}

/// How many sealed rows of a restored database were held against their seals, and what is wrong with them; `None` where no
/// server has sealed anything yet.
pub(crate) async fn examine(database: &Database, data: &Path) -> Result<Option<(u64, Vec<String>)>, Failure> {
    let Some(key) = known_key_in(data)? else { return Ok(None) };
    let keys = Sealing::new(data, &key)?.keys;
    let kernel = Arc::new(server::kernel(database.way(Role::Application)).await?.with_signing_key(key));
    let verdicts = verdicts(&kernel, data, None, &keys, &[]).await?;
    let rows = verdicts.iter().map(|(_, verdict)| verdict.sealed).sum();
    let told = |(slug, verdict): &(String, Verdict)| {
        verdict.findings.iter().map(|finding| format!("{slug}: {finding}")).collect::<Vec<_>>()
    };
    Ok(Some((rows, verdicts.iter().flat_map(told).collect())))
}

fn print(slug: &str, verdict: &Verdict) {
    println!(
        "{slug}: {} rows under {} signed heads, {} heads outside the database; {} rows wait to be sealed, {} payloads were dropped, {} rows \
         are archived",
        verdict.sealed, verdict.seals, verdict.outside, verdict.waiting, verdict.dropped, verdict.archived
    );
    if verdict.is_sound() {
        println!("  everything is as it was sealed");
    }
    for finding in &verdict.findings {
        println!("  {finding}");
    }
    if verdict.found > verdict.findings.len() as u64 {
        println!("  … and {} more", verdict.found - verdict.findings.len() as u64);
    }
}

/// Checks a proof in a file.
fn check(data: &Path, file: &Path, named: &[PublicKey]) -> Result<ExitCode, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::new(format!("{} cannot be read: {error}", file.display())))?;
    let keys = match named {
        [] => believed(data, &[])?,
        [first, rest @ ..] => {
            let mut keys = Keys::of(*first);
            rest.iter().for_each(|key| keys.add(*key));
            keys
        }
    };
    let outcome = if let Ok(proof) = serde_json::from_str::<Inclusion>(&text) {
        whose(&proof.checkpoint).and_then(|organization| proof.check(organization, &keys)).map(|head| {
            format!(
                "row {} is number {} of the {} rows under this head",
                proof.audit_log_id, proof.leaf_index, head.size
            )
        })
    } else {
        let proof: Consistency = serde_json::from_str(&text)
            .map_err(|_| Failure::new(format!("{} holds no proof that this program prints", file.display())))?;
        whose(&proof.to_checkpoint)
            .and_then(|organization| proof.check(organization, &keys))
            .map(|()| format!("the first {} of the {} rows are those under the older head", proof.from, proof.to))
    };
    match outcome {
        Ok(what) => {
            println!("proven: {what}");
            Ok(ExitCode::SUCCESS)
        }
        Err(why) => {
            println!("not proven: {why}");
            Ok(ExitCode::from(1))
        }
    }
}

/// The organisation of a head, by the name of its log; the signature is checked under this name.
fn whose(note: &str) -> Result<Uuid, String> {
    let named = note
        .lines()
        .next()
        .and_then(|origin| origin.strip_prefix("throughline/")?.strip_suffix("/audit")?.parse().ok());
    named.ok_or_else(|| "the head is not one of an audit trail".into())
}

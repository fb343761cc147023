//! `throughline export`: what is recorded, in a format that other tools read.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, ValueEnum};

use crate::{
    failure::Failure,
    remote::{Refusal, Remote, Server, escaped},
    which,
};

/// What to export.
#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// What, and in which format.
    #[arg(value_enum, value_name = "WHAT")]
    what: What,
    /// The project: its slug or identifier. May be left out where there is only one.
    #[arg(long, env = "THROUGHLINE_PROJECT", value_name = "KEY")]
    project: Option<String>,
    /// The build: its number, full commit hash, version or identifier. Of `junit` and `cyclonedx`.
    #[arg(long, value_name = "REF", required_if_eq_any([("what", "junit"), ("what", "cyclonedx")]))]
    build: Option<String>,
    /// Write properties of cases too, which are beyond the schema that other tools hold reports to. Of `junit`.
    #[arg(long)]
    properties: bool,
    /// The file to write; standard output when none is named.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    remote: Remote,
}

/// What can be exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Test results of a build as JUnit XML.
    Junit,
    /// Components of a build as CycloneDX 1.6 with what is known of vulnerabilities (VEX).
    Cyclonedx,
    /// Requirements of a project as ReqIF.
    Reqif,
    /// The same in an archive, with the pictures and other files that came with them.
    Reqifz,
}

/// Runs the command: 0 when it was written, 4 when one may not.
///
/// # Errors
/// When the server cannot be reached, or the file cannot be written.
pub(crate) async fn run(data: &Path, arguments: ExportArguments) -> Result<ExitCode, Failure> {
    let asked = async {
        let server = Server::of(data, &arguments.remote)?;
        let project = arguments.project.as_deref();
        let address = match (arguments.what, &arguments.build) {
            (What::Reqif | What::Reqifz, _) => {
                let id = which::project(&server, project).await?;
                let project = server.get(&format!("/v1/projects/{}", escaped(&id))).await?;
                let form = if arguments.what == What::Reqifz { "reqifz" } else { "reqif" };
                format!("/v1/requirements/{form}?project={}", escaped(project["slug"].as_str().unwrap_or_default()))
            }
            (what, build) => {
                let build = which::build(&server, project, build.as_deref().unwrap_or_default()).await?;
                match what {
                    What::Cyclonedx => format!("/v1/builds/{build}/cyclonedx"),
                    _ if arguments.properties => format!("/v1/builds/{build}/junit?properties=true"),
                    _ => format!("/v1/builds/{build}/junit"),
                }
            }
        };
        save(&server, &address, arguments.output.as_deref()).await
    };
    match asked.await {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(refusal) => Refusal::tell(refusal),
    }
}

/// Writes what is behind an address. Half of a file is never left under the name of a whole one.
async fn save(server: &Server, address: &str, output: Option<&Path>) -> Result<(), Refusal> {
    let Some(path) = output else {
        let mut out = std::io::stdout();
        server.save(address, &mut out).await?;
        return Ok(out.flush()?);
    };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let beside = path.with_file_name(name);
    let written = async {
        let mut file = std::fs::File::create(&beside)?;
        server.save(address, &mut file).await?;
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        Ok(())
    };
    let written: Result<(), Refusal> = written.await;
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}

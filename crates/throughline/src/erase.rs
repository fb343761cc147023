//! `throughline erase`: take everything that names a person out of the organisation, for good.

use std::{io::Write as _, path::Path, process::ExitCode};

use clap::Args;
use serde_json::{Value, json};

use crate::{
    failure::Failure,
    remote::{Refusal, Remote, Server},
};

/// Whom, and why.
#[derive(Debug, Args)]
pub(crate) struct EraseArguments {
    /// The person, by identifier.
    #[arg(value_name = "PERSON")]
    person: uuid::Uuid,
    /// Why, in at least ten characters and without naming them: it is kept for as long as the trail.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Do it without asking again.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    remote: Remote,
}

/// Runs the command: 0 when it is done, 1 when whoever was asked said no or it was refused.
///
/// # Errors
/// When the server cannot be reached.
pub(crate) async fn run(data: &Path, arguments: EraseArguments, json: bool) -> Result<ExitCode, Failure> {
    if !arguments.yes && !is_meant(&arguments)? {
        return Ok(ExitCode::from(1));
    }
    let asked = async {
        let server = Server::of(data, &arguments.remote)?;
        let body = json!({"reason": arguments.reason}).to_string();
        let request =
            |request: reqwest::RequestBuilder| request.header("content-type", "application/json").body(body.clone());
        server.post(&format!("/v1/users/{}/erase", arguments.person), request).await
    };
    let answer: Value = match asked.await {
        Ok(answer) => answer,
        Err(refusal) => return Refusal::tell(refusal),
    };
    if json {
        println!("{answer}");
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "erased {}; {} agents of theirs ended",
        answer["user_id"].as_str().unwrap_or_default(),
        answer["agents_ended"]
    );
    for part in answer["erased"].as_array().into_iter().flatten() {
        println!("  {:>8}  {}", part["rows"], part["what"].as_str().unwrap_or_default());
    }
    println!("kept:");
    for part in answer["kept"].as_array().into_iter().flatten() {
        let (what, because) = (part["what"].as_str().unwrap_or_default(), part["because"].as_str().unwrap_or_default());
        println!("  {what}: {because}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks whether it is meant: there is no way back.
fn is_meant(arguments: &EraseArguments) -> Result<bool, Failure> {
    print!(
        "What names {} goes for good, and nothing brings it back; what is kept, such as private documents and backups, is told afterwards. \
         Type `erase` to go on: ",
        arguments.person
    );
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim() == "erase")
}

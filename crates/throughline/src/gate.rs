//! `throughline gate`: whether a build fulfils the rules of its project, for a pipeline to go on or to stop.

use std::{
    io::{IsTerminal as _, Write as _},
    path::Path,
    process::ExitCode,
};

use clap::Args;
use serde_json::Value;

use crate::{
    failure::Failure,
    remote::{Refusal, Remote, Server},
    which,
};

/// Exit code when nobody could tell. A pipeline must not take that for a build that fails its rules.
const CANNOT_TELL: u8 = 2;

/// Which build.
#[derive(Debug, Args)]
pub(crate) struct GateArguments {
    /// The project: its slug or identifier. May be left out where there is only one.
    #[arg(long, env = "THROUGHLINE_PROJECT", value_name = "KEY")]
    project: Option<String>,
    /// The build: its number, full commit hash, version or identifier.
    #[arg(long, value_name = "REF")]
    build: String,
    #[command(flatten)]
    remote: Remote,
}

/// Runs the command: 0 when every rule in force is met, 1 when one is not, 2 when nobody could tell.
///
/// # Errors
/// When the answer cannot be written.
pub(crate) async fn run(data: &Path, arguments: GateArguments, json: bool) -> Result<ExitCode, Failure> {
    let asked = async {
        let server = Server::of(data, &arguments.remote)?;
        let build = which::build(&server, arguments.project.as_deref(), &arguments.build).await?;
        let request = |request: reqwest::RequestBuilder| request.header("content-type", "application/json").body("{}");
        server.post(&format!("/v1/builds/{build}/gate"), request).await
    };
    let answer: Value = match asked.await {
        Ok(answer) => answer,
        Err(refusal) => {
            let message = match refusal {
                Refusal::Told { message, .. } => message,
                Refusal::Failed(failure) => failure.to_string(),
            };
            let _ = writeln!(std::io::stderr(), "throughline: {message}");
            return Ok(ExitCode::from(CANNOT_TELL));
        }
    };
    if json {
        println!("{answer}");
    } else {
        print!("{}", table(&answer, std::io::stdout().is_terminal()));
    }
    Ok(ExitCode::from(u8::from(answer["passed"] != true)))
}

/// A line for each rule, and one for all.
fn table(answer: &Value, coloured: bool) -> String {
    let mut text = String::new();
    for rule in answer["rules"].as_array().into_iter().flatten() {
        let (word, colour) = match (rule["passed"] == true, rule["in_force"] == true) {
            (true, true) => ("passed", "32"),
            (false, true) => ("FAILED", "31"),
            (true, false) => ("would pass", "90"),
            (false, false) => ("would fail", "33"),
        };
        let name = rule["rule"].as_str().unwrap_or_default().replace('_', " ");
        let word = format!("{word:<10}");
        let word = if coloured { format!("\u{1b}[{colour}m{word}\u{1b}[0m") } else { word };
        text += &format!("{word}  {name:<20} {}\n", rule["reason"].as_str().unwrap_or_default());
    }
    let verdict = if answer["passed"] == true { "passes" } else { "does not pass" };
    text + &format!("build {} {verdict}\n", answer["build_number"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_table_has_a_line_for_each_rule_and_a_verdict() {
        let answer = json!({"build_number": 7, "passed": false, "rules": [
            {"rule": "failing_tests", "passed": false, "in_force": true, "reason": "1 failing test, 0 allowed: TC-1 pays."},
            {"rule": "open_defects", "passed": true, "in_force": true, "reason": "0 open defects."},
            {"rule": "new_vulnerabilities", "passed": false, "in_force": false, "reason": "Not scanned."},
        ]});
        let expected = "FAILED      failing tests        1 failing test, 0 allowed: TC-1 pays.\n\
                        passed      open defects         0 open defects.\n\
                        would fail  new vulnerabilities  Not scanned.\n\
                        build 7 does not pass\n";
        assert_eq!(table(&answer, false), expected);
    }
}

//! `throughline exposure`: where a vulnerability runs.

use std::{path::Path, process::ExitCode};

use clap::Args;
use serde_json::Value;

use crate::{
    failure::Failure,
    remote::{Refusal, Remote, Server, escaped},
};

/// The question.
#[derive(Debug, Args)]
pub(crate) struct ExposureArguments {
    /// What the vulnerability is called, such as CVE-2024-3094.
    #[arg(value_name = "IDENTIFIER")]
    identifier: String,
    #[command(flatten)]
    remote: Remote,
}

/// Runs the command: 0 when it is not in production, 1 when it is or may be, 4 when one may not ask.
///
/// # Errors
/// When the server cannot be reached.
pub(crate) async fn run(data: &Path, arguments: ExposureArguments, json: bool) -> Result<ExitCode, Failure> {
    let asked = async {
        let server = Server::of(data, &arguments.remote)?;
        server.get(&format!("/v1/findings/exposure?identifier={}", escaped(&arguments.identifier))).await
    };
    let answer: Value = match asked.await {
        Ok(answer) => answer,
        Err(refusal) => return Refusal::tell(refusal),
    };
    if json {
        println!("{answer}");
    } else {
        for line in lines(&answer) {
            println!("{line}");
        }
    }
    let is_there = ["is_in_production", "is_perhaps_in_production"].iter().any(|name| answer[name] == true);
    Ok(ExitCode::from(u8::from(is_there)))
}

fn lines(answer: &Value) -> Vec<String> {
    let list = |name: &str| answer[name].as_array().cloned().unwrap_or_default();
    let (identifier, running) = (text(&answer["identifier"]), list("running"));
    let known = answer["statements"].as_i64().unwrap_or(0) + answer["findings"].as_i64().unwrap_or(0);
    let mut all = vec![match (answer["is_in_production"] == true, running.is_empty(), known) {
        (true, ..) => format!("{identifier} is in production"),
        _ if answer["is_perhaps_in_production"] == true => format!("{identifier} may be in production"),
        (_, false, _) => format!("{identifier} is not in production, or does no harm there"),
        (_, _, 0) => format!("{identifier}: no document that you may see says anything about it"),
        _ => format!("{identifier} runs nowhere that you may see"),
    }];
    let names: Vec<&str> = answer["aliases"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if !names.is_empty() {
        all.push(format!("  also called {}", names.join(", ")));
    }
    for one in &running {
        let mut line = format!(
            "  {}: {} {} in {}, {}",
            text(&one["tier"]),
            or(&one["service"], &one["project_name"]),
            or(&one["version"], &one["build_number"]),
            text(&one["environment"]),
            component(one)
        );
        line.push_str(&format!("; owner {}", or(&one["owner"], &Value::from("nobody"))));
        if let Some(team) = one["team"].as_str() {
            line.push_str(&format!(", team {team}"));
        }
        if one["state"] != "open" {
            line.push_str(&format!("; {}", text(&one["state"]).replace('_', " ")));
            if let Some(who) = one["stated_by"].as_str() {
                line.push_str(&format!(" says {who}"));
            }
        }
        if one["is_unsure"] == true {
            line.push_str("; not sure whether this version is meant");
        }
        all.push(line);
        all.extend(at_risk(one));
    }
    for one in list("built") {
        all.push(format!(
            "  runs nowhere: {} build {}, {}",
            text(&one["project_name"]),
            one["build_number"],
            component(&one)
        ));
    }
    match answer["ranges_not_compared"].as_i64() {
        Some(ranges) if ranges > 0 => all.push(format!("  {ranges} ranges of versions cannot be compared")),
        _ => {}
    }
    if answer["is_cut"] == true {
        all.push("  there is more than is told here".to_owned());
    }
    all
}

/// The requirements that are at risk in a place, each with its tests.
fn at_risk(one: &Value) -> Vec<String> {
    let requirements = one["requirements"].as_array().cloned().unwrap_or_default();
    let mut all: Vec<String> = requirements
        .iter()
        .map(|requirement| {
            let tests: Vec<String> = requirement["tests"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|test| format!("{} {}", text(&test["key"]), text(&test["status"])))
                .collect();
            let tests = if tests.is_empty() { "no test ran in this build".to_owned() } else { tests.join(", ") };
            format!("    at risk: {} {} ({tests})", text(&requirement["key"]), text(&requirement["title"]))
        })
        .collect();
    let more = one["requirements_count"].as_i64().unwrap_or(0) - requirements.len() as i64;
    if more > 0 {
        all.push(format!("    and {more} more requirements"));
    }
    all
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn or(value: &Value, other: &Value) -> String {
    if value.is_null() { text(other) } else { text(value) }
}

fn component(one: &Value) -> String {
    let version = one["component_version"].as_str().map(|version| format!(" {version}")).unwrap_or_default();
    format!("{}{version}", text(&one["component"]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_answer_names_service_environment_version_and_owner() {
        let answer = json!({
            "identifier": "CVE-1", "statements": 2, "findings": 0, "is_in_production": true, "aliases": ["GHSA-1"],
            "ranges_not_compared": 1, "is_cut": false, "built": [],
            "running": [{"tier": "production", "service": null, "project_name": "Pay", "version": "1.2", "environment": "eu", "component": "xz",
                "component_version": "5.6.0", "owner": "Ada", "team": null, "state": "open", "is_unsure": true, "requirements_count": 2,
                "requirements": [{"key": "REQ-1", "title": "Pays", "tests": [{"key": "TC-1", "name": "pays", "status": "passed"}], "tests_count": 1}]}],
        });
        assert_eq!(
            lines(&answer),
            [
                "CVE-1 is in production",
                "  also called GHSA-1",
                "  production: Pay 1.2 in eu, xz 5.6.0; owner Ada; not sure whether this version is meant",
                "    at risk: REQ-1 Pays (TC-1 passed)",
                "    and 1 more requirements",
                "  1 ranges of versions cannot be compared"
            ]
        );
        assert_eq!(escaped("CVE 1/ä"), "CVE%201%2F%C3%A4");
    }
}

//! `throughline check`: may somebody do something to something, and why.

use std::{path::Path, process::ExitCode};

use clap::Args;
use serde_json::{Value, json};

use crate::{
    failure::Failure,
    remote::{Refusal, Remote, Server},
};

/// The question.
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// Who: an identifier, an address of e-mail, a user name, or `me`.
    #[arg(value_name = "PRINCIPAL")]
    principal: String,
    /// What they would do, such as `update` or `approve`.
    #[arg(value_name = "ACTION")]
    action: String,
    /// To what: `requirement:REQ-42`, `deployments:<identifier>`, or `build` or `build:*` for all there are.
    #[arg(value_name = "RESOURCE")]
    resource: String,
    /// Only in this project, for a question about all there are: its identifier.
    #[arg(long, value_name = "ID")]
    project: Option<String>,
    /// Show every grant that was looked at, with the conditions and the values they saw.
    #[arg(long)]
    explain: bool,
    /// As if they held this role besides: its name, or `name@PROJECT` for one project. May be given several times.
    #[arg(long, value_name = "ROLE")]
    with: Vec<String>,
    /// As if this grant, by its identifier, were not there. May be given several times.
    #[arg(long, value_name = "ID")]
    without: Vec<String>,
    /// At this time (RFC 3339) instead of now.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// From this address.
    #[arg(long, value_name = "ADDRESS")]
    from: Option<String>,
    #[command(flatten)]
    remote: Remote,
}

/// Runs the command: 0 for yes, 1 for no, 2 for a question that makes no sense, 4 for one that may not be asked.
///
/// # Errors
/// When the server cannot be reached.
pub(crate) async fn run(data: &Path, arguments: CheckArguments, json: bool) -> Result<ExitCode, Failure> {
    let asked = async {
        let server = Server::of(data, &arguments.remote)?;
        let question = question(&arguments);
        let request = |request: reqwest::RequestBuilder| {
            request.header("content-type", "application/json").body(question.to_string())
        };
        server.post("/v1/access/evaluation", request).await
    };
    let answer: Value = match asked.await {
        Ok(answer) => answer,
        Err(refusal) => return Refusal::tell(refusal),
    };
    if json {
        println!("{answer}");
    } else {
        print(&answer, &arguments);
    }
    Ok(ExitCode::from(u8::from(answer["decision"] != true)))
}

fn question(arguments: &CheckArguments) -> Value {
    let (kind, id) = arguments.resource.split_once(':').unwrap_or((&arguments.resource, "*"));
    let with: Vec<Value> = arguments
        .with
        .iter()
        .map(|role| match role.split_once('@') {
            Some((role, project)) => json!({"role": role, "project": project}),
            None => json!({"role": role}),
        })
        .collect();
    let mut properties = json!({});
    if let Some(project) = &arguments.project {
        properties["project"] = json!(project);
    }
    json!({
        "subject": {"type": "user", "id": arguments.principal},
        "action": {"name": arguments.action},
        "resource": {"type": kind, "id": id, "properties": properties},
        "context": {
            "explain": arguments.explain,
            "time": arguments.at,
            "address": arguments.from,
            "what_if": {"with": with, "without": arguments.without},
        },
    })
}

fn print(answer: &Value, arguments: &CheckArguments) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let context = &answer["context"];
    let word = if answer["decision"] == true { "yes" } else { "no" };
    println!(
        "{word}: {} {} {}: {}",
        arguments.principal,
        arguments.action,
        arguments.resource,
        text(&context["reason"])
    );
    if let Some(until) = context["until"].as_str() {
        println!("     until {until}");
    }
    for one in context["explanation"]["considered"].as_array().into_iter().flatten() {
        let roles: Vec<&str> = one["roles"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let held = if roles.is_empty() { "given in person".to_owned() } else { roles.join(" → ") };
        let mark = if one["allows"] == true { "+" } else { "-" };
        println!("  {mark} {held}: {} ({}, {})", text(&one["permission"]), text(&one["place"]), text(&one["grant"]));
        println!("      {}", text(&one["outcome"]));
        for condition in one["conditions"].as_array().into_iter().flatten() {
            trace(condition, 6);
        }
    }
    if context["explanation"]["person"].is_object() {
        println!("  the person they act for: {}", text(&context["explanation"]["person"]["reason"]));
    }
}

/// A condition and its parts, each with what it saw.
fn trace(part: &Value, depth: usize) {
    let saw: Vec<String> = part["saw"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| {
            format!(
                "{} = {}",
                one["attribute"].as_str().unwrap_or_default(),
                one["value"].as_str().unwrap_or("not known")
            )
        })
        .collect();
    let seen = if saw.is_empty() { String::new() } else { format!("  [{}]", saw.join(", ")) };
    let (truth, expression) =
        (part["truth"].as_str().unwrap_or_default(), part["expression"].as_str().unwrap_or_default());
    println!("{:depth$}{truth}: {expression}{seen}", "");
    for inner in part["parts"].as_array().into_iter().flatten() {
        trace(inner, depth + 2);
    }
}

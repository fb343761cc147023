//! `throughline undo`: takes back what was done, once it has told what that would be.

use std::{
    fmt::Write as _,
    io::{BufRead as _, IsTerminal as _, Write as _},
    path::Path,
    process::ExitCode,
};

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    failure::Failure,
    remote::{Refusal, Remote, Server},
};

/// Changes that are told one by one, unless all are asked for; whatever stands in the way is always told.
const TOLD: usize = 20;

/// What to take back, and how.
#[derive(Debug, Args)]
pub(crate) struct UndoArguments {
    #[command(subcommand)]
    what: What,
    /// Do it without asking.
    #[arg(long, short, global = true)]
    yes: bool,
    /// Leave as it is what was changed since or cannot be undone, and undo the rest; otherwise nothing is undone then.
    #[arg(long, global = true)]
    skip: bool,
    /// Why. Kept with every change that is made.
    #[arg(long, global = true, value_name = "TEXT")]
    reason: Option<String>,
    /// Tell every change, not only the first.
    #[arg(long, global = true)]
    all: bool,
    #[command(flatten)]
    remote: Remote,
}

/// Which changes.
#[derive(Debug, Subcommand)]
enum What {
    /// Single changes, by their rows of the audit trail, as histories name them.
    Change {
        /// The identifiers.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<Uuid>,
    },
    /// What one transaction changed.
    Set {
        /// The change set.
        #[arg(value_name = "ID")]
        id: Uuid,
    },
    /// All that one run of an agent did, as it named it with `X-Agent-Run`.
    Run {
        /// The run.
        #[arg(value_name = "ID")]
        id: Uuid,
    },
    /// All that one request did.
    Request {
        /// What the server answered as `X-Request-Id`.
        #[arg(value_name = "ID")]
        id: String,
    },
    /// All that somebody did in a time.
    Actor {
        /// The person, agent or service.
        #[arg(value_name = "ID")]
        id: Uuid,
        /// From when on (RFC 3339).
        #[arg(long, value_name = "TIME")]
        from: String,
        /// Until when (RFC 3339); now when nothing is said.
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
    },
}

impl What {
    fn question(&self) -> Value {
        match self {
            Self::Change { ids } => json!({"changes": ids}),
            Self::Set { id } => json!({"change_set": id}),
            Self::Run { id } => json!({"agent_run": id}),
            Self::Request { id } => json!({"request": id}),
            Self::Actor { id, from, until } => {
                let until = until.clone().unwrap_or_else(|| jiff::Timestamp::now().to_string());
                json!({"actor": id, "from": from, "until": until})
            }
        }
    }
}

/// Runs the command: 0 when all of it is undone, or was told because nobody said yes; 1 when something stands in the way.
///
/// # Errors
/// When the server cannot be reached.
pub(crate) async fn run(data: &Path, arguments: UndoArguments, json: bool) -> Result<ExitCode, Failure> {
    match tried(data, &arguments, json).await {
        Ok(code) => Ok(code),
        Err(refusal) => Refusal::tell(refusal),
    }
}

async fn tried(data: &Path, arguments: &UndoArguments, json: bool) -> Result<ExitCode, Refusal> {
    let server = Server::of(data, &arguments.remote)?;
    let mut question = arguments.what.question();
    question["conflicts"] = json!(if arguments.skip { "skip" } else { "refuse" });
    if let Some(reason) = &arguments.reason {
        question["reason"] = json!(reason);
    }
    let ask = |question: &Value| {
        let body = question.to_string();
        let request = |request: reqwest::RequestBuilder| request.header("content-type", "application/json").body(body);
        server.post("/v1/change-sets/undo", request)
    };
    let mut refused = None;
    if arguments.yes {
        match ask(&question).await {
            Ok(done) => {
                tell(&done, json);
                return Ok(ExitCode::SUCCESS);
            }
            Err(refusal) => refused = Some(refusal),
        }
    }
    // What stands in the way is told in full; whatever else was refused is told as it is.
    question["dry_run"] = json!(true);
    let forecast = ask(&question).await?;
    let count = |answer: &Value, name: &str| answer[name].as_u64().unwrap_or_default();
    let in_the_way = ["conflicts", "impossible", "forbidden"].iter().map(|name| count(&forecast, name)).sum::<u64>();
    let is_stopped = in_the_way > 0 && !arguments.skip;
    if let Some(refusal) = refused.filter(|_| !is_stopped) {
        return Err(refusal);
    }
    if !json {
        print!("{}", table(&forecast, arguments.all));
    }
    if is_stopped {
        if json {
            println!("{forecast}");
        } else {
            let _ = writeln!(
                std::io::stderr(),
                "Nothing was undone. With --skip these stay as they are and the rest is undone."
            );
        }
        return Ok(ExitCode::from(1));
    }
    let may = !json
        && count(&forecast, "undone") > 0
        && std::io::stdin().is_terminal()
        && agrees(count(&forecast, "undone"))?;
    if !may {
        if json {
            println!("{forecast}");
        } else {
            let _ = writeln!(std::io::stderr(), "Nothing was undone yet. Say --yes to do it.");
        }
        return Ok(ExitCode::SUCCESS);
    }
    question["dry_run"] = json!(false);
    tell(&ask(&question).await?, json);
    Ok(ExitCode::SUCCESS)
}

fn tell(done: &Value, json: bool) {
    if json {
        println!("{done}");
    } else {
        println!("{}", summary(done));
    }
}

fn agrees(changes: u64) -> Result<bool, std::io::Error> {
    let mut terminal = std::io::stderr();
    write!(terminal, "Undo {changes} changes? [y/N] ")?;
    terminal.flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A line for each change that is told, and one for all.
fn table(answer: &Value, all: bool) -> String {
    let mut out = String::new();
    let changes = answer["changes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_odd = |change: &Value| matches!(text(&change["outcome"]), "conflict" | "impossible" | "forbidden");
    let (odd, plain): (Vec<&Value>, Vec<&Value>) = changes.iter().partition(|change| is_odd(change));
    let told = if all { plain.len() } else { plain.len().min(TOLD) };
    for change in odd.iter().chain(plain.iter().take(told)) {
        let word = match text(&change["outcome"]) {
            "undone" => match text(&change["way"]) {
                "put_back" => "put back",
                "delete" => "delete",
                "restore" => "restore",
                _ => "make again",
            },
            "nothing_to_do" => "as it was",
            "conflict" => "CONFLICT",
            "impossible" => "IMPOSSIBLE",
            _ => "NOT ALLOWED",
        };
        let what = change["resource"].as_str().unwrap_or_else(|| text(&change["event"])).replace('-', " ");
        let name = change["name"].as_str().unwrap_or_else(|| text(&change["record"]));
        let who = match change["on_behalf_of"].as_str() {
            Some(person) => format!("{} for {person}", text(&change["by"])),
            None => change["by"].as_str().unwrap_or("the system").to_owned(),
        };
        let _ = writeln!(out, "{word:<11}  {what} “{name}”, {who}, {}", text(&change["at"]));
        for field in change["fields"].as_array().into_iter().flatten().filter(|_| text(&change["way"]) == "put_back") {
            let _ = writeln!(
                out,
                "             {}: {} → {}",
                text(&field["field"]),
                said(&field["from"]),
                said(&field["to"])
            );
        }
        for one in change["disputes"].as_array().into_iter().flatten() {
            let who = one["by"].as_str().unwrap_or("something that leaves no row for each change");
            let _ = writeln!(
                out,
                "             {} was {} and is now {}, by {who} {}",
                text(&one["field"]),
                said(&one["expected"]),
                said(&one["found"]),
                text(&one["at"])
            );
        }
        if let Some(reason) = change["reason"].as_str() {
            let _ = writeln!(out, "             {reason}");
        }
    }
    if told < plain.len() {
        let _ = writeln!(out, "… and {} more; --all tells each", plain.len() - told);
    }
    let _ = writeln!(out, "{}", summary(answer));
    out
}

/// At most 60 characters of a value.
fn said(value: &Value) -> String {
    let Some(text) = value.as_str() else { return "nothing".to_owned() };
    let mut shown: String = text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(60).is_some() {
        shown.push('…');
    }
    format!("“{shown}”")
}

fn summary(answer: &Value) -> String {
    let would = if answer["dry_run"] == true { " would be" } else { "" };
    let mut text = format!("{}{would} undone", answer["undone"]);
    for (name, words) in [
        ("nothing_to_do", "were as before already"),
        ("conflicts", "were changed since"),
        ("impossible", "cannot be undone"),
        ("forbidden", "are not yours to undo"),
    ] {
        if answer[name].as_u64().is_some_and(|count| count > 0) {
            let _ = write!(text, ", {} {words}", answer[name]);
        }
    }
    if let Some(set) = answer["id"].as_str() {
        let _ = write!(text, "; take that back with `throughline undo set {set}`");
    }
    if answer["is_partial"] == true {
        text.push_str("; only what you may read was looked at");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_tells_what_is_in_the_way_first_and_counts_the_rest() {
        let plain = json!({"outcome": "undone", "way": "put_back", "resource": "requirements", "name": "Pay", "by": "bot", "on_behalf_of": "Ada",
            "at": "2026-11-29T10:00:00Z", "fields": [{"field": "title", "from": "Pay", "to": null}], "disputes": []});
        let odd = json!({"outcome": "conflict", "way": "put_back", "resource": "test-cases", "name": "T", "by": "bot", "at": "2026-11-29T10:00:01Z",
            "fields": [], "disputes": [{"field": "name", "expected": "T", "found": "U", "by": "Mira", "at": "2026-11-29T11:00:00Z"}]});
        let mut changes = vec![plain; TOLD + 2];
        changes.push(odd);
        let answer = json!({"dry_run": true, "undone": TOLD + 2, "conflicts": 1, "nothing_to_do": 0, "impossible": 0, "forbidden": 0,
            "is_partial": false, "id": null, "changes": changes});
        let told = table(&answer, false);
        assert!(told.starts_with("CONFLICT     test cases “T”, bot, 2026-11-29T10:00:01Z\n             name was “T” and is now “U”, by Mira 2026-11-29T11:00:00Z\n"), "{told}");
        assert!(told.contains("put back     requirements “Pay”, bot for Ada, 2026-11-29T10:00:00Z\n             title: “Pay” → nothing\n"), "{told}");
        assert!(told.ends_with("… and 2 more; --all tells each\n22 would be undone, 1 were changed since\n"), "{told}");
        assert_eq!(table(&answer, true).lines().count(), 2 + 2 * (TOLD + 2) + 1);
    }
}

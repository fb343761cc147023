//! Makes `docs/coverage.md` from `docs/coverage/promises.tsv` and `columns.tsv`: what the documents promise, and how far each promise is kept.
//! That the named tests and places exist is checked by `crates/throughline/tests/it/coverage.rs`, which has a database.

use std::{fmt::Write as _, fs, path::Path, process::ExitCode};

use crate::Failure;

/// The documents, by the number that every promise begins with.
const DOCUMENTS: [(&str, &str, &str); 5] = [
    (
        "000",
        "AI agent platform",
        "organisations, requirements, tests, builds and deployments; volumes, backup, encryption, quality of the data",
    ),
    ("001", "ProjectPulse", "projects and their reference lists, decisions, documents, history with a way back"),
    ("002", "ProManage", "tenants, documents with versions, change control, tasks, search, dashboards, maintenance"),
    (
        "003",
        "Enterprise AI",
        "access decisions, sign-in, models and conversations, analytics, classification, keys, compliance, services",
    ),
    (
        "004",
        "Microservices schema",
        "services, deployments, configuration, metrics; reversible migrations and a drawing",
    ),
];

/// The states, as they stand in the table and as a heading.
const STATES: [(&str, &str); 3] =
    [("built", "Built"), ("planned", "Planned"), ("answered differently", "Answered differently")];

const PAGE: &str = "docs/coverage.md";

/// How to make the page.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only say whether the page is what the tables make of it.
    #[arg(long)]
    check: bool,
}

/// One line of `promises.tsv`.
struct Promise<'a> {
    id: &'a str,
    document: &'a str,
    sentence: &'a str,
    state: &'a str,
    issue: &'a str,
    shown_by: &'a str,
    note: &'a str,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let promises = fs::read_to_string(root.join("docs/coverage/promises.tsv"))?;
    let columns = fs::read_to_string(root.join("docs/coverage/columns.tsv"))?;
    let page = page(&read(&promises)?, &columns);
    let there = fs::read_to_string(root.join(PAGE)).unwrap_or_default();
    if there == page {
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.check {
        println!("{PAGE} is not what docs/coverage/*.tsv make of it: run `cargo xtask coverage` and commit the page");
        return Ok(ExitCode::FAILURE);
    }
    fs::write(root.join(PAGE), page)?;
    Ok(ExitCode::SUCCESS)
}

fn read(text: &str) -> Result<Vec<Promise<'_>>, Failure> {
    text.lines()
        .enumerate()
        .skip(1)
        .map(|(at, line)| {
            let cells: Vec<&str> = line.split('\t').collect();
            let [id, document, sentence, state, issue, shown_by, note] = cells[..] else {
                return Err(format!("docs/coverage/promises.tsv:{}: {} cells instead of 7", at + 1, cells.len()).into());
            };
            if STATES.iter().all(|(known, _)| *known != state) {
                return Err(format!("docs/coverage/promises.tsv:{}: `{state}` is no state", at + 1).into());
            }
            Ok(Promise { id, document, sentence, state, issue, shown_by, note })
        })
        .collect()
}

fn page(promises: &[Promise<'_>], columns: &str) -> String {
    let mut page = String::from(
        "# What was promised, and what is kept\n\n\
         Five documents describe the product. Their promises overlap; each stands here once for each document that makes it, in our words, with the\n\
         document's identifier. **Built** means that something in this repository shows it: a test, a command, a page. **Planned** names the issue it\n\
         comes with and what is missing; *later* is the model gateway, the server for agents, the store for documents, the pages for all of it, and\n\
         running on more than one machine. **Answered differently** says why another way was taken.\n\n\
         This page is made from [coverage/promises.tsv](coverage/promises.tsv) by `cargo xtask coverage`; a test refuses a name of a test or file that does not exist.\n\n",
    );
    counts(&mut page, promises);
    places(&mut page, columns);
    for (number, name, about) in DOCUMENTS {
        let _ = write!(page, "\n## {number} {name}\n\nAbout {about}.\n");
        for (state, heading) in STATES {
            let found: Vec<_> =
                promises.iter().filter(|promise| promise.document == number && promise.state == state).collect();
            if !found.is_empty() {
                let _ = write!(page, "\n### {heading} ({})\n\n", found.len());
                found.iter().for_each(|promise| line(&mut page, promise));
            }
        }
    }
    page
}

/// How many promises are in which state, by document, and how many wait for which issue.
fn counts(page: &mut String, promises: &[Promise<'_>]) {
    let count = |document: &str, state: &str| {
        promises.iter().filter(|promise| promise.document.starts_with(document) && promise.state == state).count()
    };
    page.push_str("| Document | Promises | Built | Planned | Answered differently |\n|---|--:|--:|--:|--:|\n");
    let all = [("", "**All**", "")];
    for (number, name, _) in DOCUMENTS.iter().chain(&all) {
        let [built, planned, differently] = STATES.map(|(state, _)| count(number, state));
        let sum = built + planned + differently;
        let _ =
            writeln!(page, "| {} | {sum} | {built} | {planned} | {differently} |", format!("{number} {name}").trim());
    }
    page.push_str("\nWhat is planned comes with these issues:\n\n| Issue | Promises |\n|---|--:|\n");
    for (issue, about) in [
        ("3", "whole model, search, dashboards, history, retention, monitoring, quality of the data"),
        ("4", "access decisions"),
        ("5", "traceability"),
        ("6", "imports of everything, webhooks"),
        ("7", "audit, hardening, backup"),
        ("later", "gateway, agents, store for documents, pages, several machines"),
    ] {
        let found = promises.iter().filter(|promise| promise.issue == issue).count();
        if found > 0 {
            let _ = writeln!(page, "| {issue}: {about} | {found} |");
        }
    }
}

/// Where the columns went, in one paragraph.
fn places(page: &mut String, columns: &str) {
    let hows: Vec<&str> = columns.lines().skip(1).filter_map(|line| line.rsplit('\t').next()).collect();
    let count = |word: &str| hows.iter().filter(|how| how.starts_with(word)).count();
    let (same, dropped) = (count("as it is"), count("dropped"));
    let _ = write!(
        page,
        "\nThe documents name {} columns. [coverage/columns.tsv](coverage/columns.tsv) gives the place of each in the schema: {same} are there as they are, \
         {} elsewhere, renamed or in another form, and {dropped} are left out with a reason.\n",
        hows.len(),
        hows.len() - same - dropped
    );
}

fn line(page: &mut String, promise: &Promise<'_>) {
    let _ = write!(page, "- {}", promise.sentence);
    match promise.issue {
        "" => {}
        "later" => page.push_str(" *Later.*"),
        issue => {
            let _ = write!(page, " *Issue {issue}.*");
        }
    }
    if !promise.note.is_empty() {
        let _ = write!(page, " {}", promise.note);
    }
    let _ = write!(page, " `{}`", promise.id);
    if !promise.shown_by.is_empty() {
        let shown: Vec<String> = promise.shown_by.split("; ").map(|name| format!("`{name}`")).collect();
        let _ = write!(page, "<br>shown by {}", shown.join(", "));
    }
    page.push('\n');
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const TABLE: &str = "id\tdocument\tpromise\tstate\tissue\tshown by\tnote\n\
        000-A\t000\tIt floats.\tbuilt\t\tit::water::it_floats; script/test\t\n\
        000-B\t000\tIt flies.\tplanned\t7\t\tWings are missing.\n\
        004-C\t004\tIt dives.\tanswered differently\t\t\tThe lake is shallow.\n";

    #[test]
    fn every_promise_stands_under_its_document_and_state() {
        let page = page(
            &read(TABLE).expect("a table"),
            "document\ttable\tcolumn\tplace\thow\n000\ta\tb\tc\tas it is\n000\ta\tb\tc\trenamed\n",
        );
        assert!(page.contains("| **All** | 3 | 1 | 1 | 1 |"), "{page}");
        assert!(
            page.contains("### Built (1)\n\n- It floats. `000-A`<br>shown by `it::water::it_floats`, `script/test`\n"),
            "{page}"
        );
        assert!(page.contains("- It flies. *Issue 7.* Wings are missing. `000-B`\n"), "{page}");
        assert!(page.contains("The documents name 2 columns."), "{page}");
    }

    #[test]
    fn a_line_that_is_no_promise_is_refused_with_its_number() {
        let error = |line: &str| {
            read(&format!("{}\n{line}", TABLE.lines().next().expect("a heading"))).err().expect("a refusal").to_string()
        };
        assert!(error("000-A\t000").contains("promises.tsv:2: 2 cells"));
        assert!(error("000-A\t000\tIt floats.\tsoon\t\t\t").contains("`soon` is no state"));
    }
}

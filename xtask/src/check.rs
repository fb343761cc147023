//! The rules that no compiler knows: which crate may use which, how long a file may be, and what is never left behind.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

use serde_json::Value;

/// The longest file, in lines. A longer one holds more than one idea.
const LONGEST: usize = 700;
/// Endings of files that people write and read.
const WRITTEN: [&str; 8] = ["rs", "sql", "sh", "py", "js", "mjs", "ts", "css"];
/// Macros that mark unfinished work, spelt so that this file does not find itself.
const LEFTOVERS: [&str; 3] = [concat!("to", "do!("), concat!("d", "bg!("), concat!("unimple", "mented!(")];
/// Begins a mark in a query whose rows are narrowed to what may be read, spelt so that this file does not find itself.
const MARK: &str = concat!("/* read", "able ");
/// The ways of a transaction to run a query, none of which narrows anything.
const PLAIN: [&str; 5] = [".query(", ".query_opt(", ".query_one(", ".execute(", ".stream("];
/// The crate that only tests may use, and that may use everything.
const TESTKIT: &str = "testkit";

/// What a crate may use, from the block ```` ```arrows ```` of ARCHITECTURE.md.
type Arrows = BTreeMap<String, BTreeSet<String>>;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Every fault that is found, a sentence each.
pub(crate) fn run() -> Outcome<Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let arrows = read_arrows(&std::fs::read_to_string(root.join("ARCHITECTURE.md"))?)?;
    let metadata: Value = serde_json::from_slice(&output(
        &root,
        &std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()),
        &["metadata", "--no-deps", "--format-version", "1"],
    )?)?;
    let mut faults = crossed(&metadata, &arrows);
    let mut marked = BTreeSet::new();
    let mut programs = Vec::new();
    let listed = output(&root, "git", &["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
    for name in String::from_utf8(listed)?.split_terminator('\0') {
        let written = Path::new(name).extension().is_some_and(|ending| WRITTEN.iter().any(|known| ending == *known));
        // A file that was deleted and not yet committed is still listed.
        if written && let Ok(text) = std::fs::read_to_string(root.join(name)) {
            faults.extend(untidy(name, &text));
            if name.ends_with(".sql") && text.contains(MARK) {
                marked.insert(name.to_owned());
            }
            if name.ends_with(".rs") && !name.contains("/tests/") {
                programs.push((name.to_owned(), text));
            }
        }
    }
    faults.extend(programs.iter().flat_map(|(name, text)| widened(name, text, &marked)));
    Ok(faults)
}

/// Queries with marks that a program runs past what puts something in their place: `tx.query(LIST, …)`, also by way of a
/// text that is made from one.
fn widened(name: &str, text: &str, marked: &BTreeSet<String>) -> Vec<String> {
    let home = name.split_once("src/").map_or("", |(home, _)| home);
    let mut names: Vec<&str> = text
        .lines()
        .filter_map(|line| {
            let (head, file) = line.trim().strip_prefix("const ")?.split_once(": &str = include_str!(\"")?;
            let file = file.split('"').next()?.trim_start_matches("../");
            marked.contains(&format!("{home}{file}")).then_some(head)
        })
        .collect();
    let derived: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("let ")?.split_once(" = format!("))
        .filter(|(_, made)| names.iter().any(|name| says(made, name)))
        .map(|(head, _)| head)
        .collect();
    names.extend(derived);
    let mut faults = Vec::new();
    for (at, _) in PLAIN.iter().flat_map(|way| text.match_indices(way)) {
        let Some(inside) = text[at..].split_once('(').map(|(_, rest)| inside(rest)) else { continue };
        // What narrows takes the context first.
        if inside.trim_start().starts_with("ctx,") || inside.trim_start().starts_with("&ctx,") {
            continue;
        }
        let line = text[..at].lines().count();
        faults.extend(names.iter().filter(|name| says(inside, name)).map(|query| {
            format!(
                "{name}:{line}: `{query}` marks what may be read, and this shows all of it: run it by `Allowed::query` or \
                 `kernel::query_readable`"
            )
        }));
    }
    faults
}

/// What stands before the parenthesis that closes.
fn inside(rest: &str) -> &str {
    let mut open = 1;
    let end = rest.find(|c| {
        open += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        open == 0
    });
    end.map_or(rest, |end| &rest[..end])
}

/// Whether a name stands in a text as a word.
fn says(text: &str, name: &str) -> bool {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == name)
}

fn output(root: &Path, program: &str, arguments: &[&str]) -> Outcome<Vec<u8>> {
    let output = Command::new(program).args(arguments).current_dir(root).output()?;
    if !output.status.success() {
        return Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(output.stdout)
}

fn read_arrows(text: &str) -> Outcome<Arrows> {
    let block = text
        .split_once("```arrows\n")
        .and_then(|(_, rest)| rest.split_once("```"))
        .ok_or("ARCHITECTURE.md has no block ```arrows")?
        .0;
    block
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            let (from, to) = line.split_once("->").ok_or_else(|| format!("`{line}` is no arrow"))?;
            Ok((from.trim().to_owned(), to.split_whitespace().map(str::to_owned).collect()))
        })
        .collect()
}

/// Uses that ARCHITECTURE.md does not allow, crates it does not name, and names that are no crate.
fn crossed(metadata: &Value, arrows: &Arrows) -> Vec<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages = list(&metadata["packages"]);
    let crates: BTreeSet<String> = packages.iter().map(|package| text(&package["name"])).collect();
    let mut faults = Vec::new();
    for package in &packages {
        let name = text(&package["name"]);
        if name == TESTKIT {
            continue;
        }
        let Some(allowed) = arrows.get(&name) else {
            faults.push(format!("ARCHITECTURE.md does not say what `{name}` may use: add a line to its arrows"));
            continue;
        };
        for dependency in list(&package["dependencies"]) {
            let (used, kind) = (text(&dependency["name"]), text(&dependency["kind"]));
            // Tests may set any scene.
            if crates.contains(&used) && kind != "dev" && !allowed.contains(&used) {
                faults.push(if used == TESTKIT {
                    format!("`{name}` uses `{TESTKIT}` outside of its tests: make it a dev-dependency")
                } else {
                    format!("`{name}` uses `{used}`, and ARCHITECTURE.md has no arrow from one to the other")
                });
            }
        }
    }
    let named = arrows.keys().chain(arrows.values().flatten()).collect::<BTreeSet<_>>();
    faults.extend(
        named
            .into_iter()
            .filter(|name| !crates.contains(*name))
            .map(|name| format!("the arrows of ARCHITECTURE.md name `{name}`, which is no crate of this workspace")),
    );
    faults
}

/// What is wrong with one file.
fn untidy(name: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let lines = text.lines().count();
    if lines > LONGEST {
        faults.push(format!(
            "{name} has {lines} lines, and {LONGEST} are the most: give its second idea a file of its own"
        ));
    }
    if name.ends_with(".rs") {
        for (at, line) in text.lines().enumerate() {
            for leftover in LEFTOVERS.iter().filter(|leftover| line.contains(**leftover)) {
                faults.push(format!("{name}:{}: `{})` was left behind", at + 1, leftover));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn arrows(text: &str) -> Arrows {
        read_arrows(&format!("# Rooms\n\n```arrows\n{text}```\n")).expect("arrows")
    }

    fn package(name: &str, uses: &[(&str, Option<&str>)]) -> Value {
        let uses: Vec<Value> = uses.iter().map(|(name, kind)| json!({"name": name, "kind": kind})).collect();
        json!({"name": name, "dependencies": uses})
    }

    #[test]
    fn an_arrow_that_is_not_drawn_is_a_fault() {
        let drawn = arrows("base ->\nkernel -> base\n");
        let fits = json!({"packages": [package("base", &[]), package("kernel", &[("base", None), ("serde", None)])]});
        assert_eq!(crossed(&fits, &drawn), Vec::<String>::new());
        let back = json!({"packages": [package("base", &[("kernel", None)]), package("kernel", &[])]});
        assert_eq!(
            crossed(&back, &drawn),
            ["`base` uses `kernel`, and ARCHITECTURE.md has no arrow from one to the other"]
        );
    }

    #[test]
    fn tests_may_use_what_the_crate_may_not() {
        let drawn = arrows("base ->\n");
        let dev =
            json!({"packages": [package("base", &[("testkit", Some("dev"))]), package("testkit", &[("base", None)])]});
        assert_eq!(crossed(&dev, &drawn), Vec::<String>::new());
        let plain = json!({"packages": [package("base", &[("testkit", None)]), package("testkit", &[])]});
        assert!(crossed(&plain, &drawn)[0].contains("dev-dependency"));
    }

    #[test]
    fn a_crate_and_its_line_come_and_go_together() {
        let new = json!({"packages": [package("base", &[]), package("queue", &[])]});
        assert!(crossed(&new, &arrows("base ->\n"))[0].contains("what `queue` may use"));
        let gone = json!({"packages": [package("base", &[])]});
        assert!(crossed(&gone, &arrows("base ->\nqueue -> base\n"))[0].contains("no crate"));
        assert!(read_arrows("no block").is_err());
        assert!(read_arrows("```arrows\nbase kernel\n```").is_err());
    }

    #[test]
    fn a_query_that_marks_what_may_be_read_is_never_run_plain() {
        let marked = BTreeSet::from(["work/sql/list.sql".to_owned()]);
        let program = |run: &str| {
            let head = "const LIST: &str = include_str!(\"../sql/list.sql\");\nconst FIND: &str = include_str!(\"../sql/find.sql\");\n";
            widened("work/src/a.rs", &format!("{head}{run}"), &marked)
        };
        for fine in [
            "allowed.query(ctx, tx, LIST, &[&rows])",
            "kernel::query_readable(ctx, tx, None, LIST, &[])",
            "tx.query(FIND, &[&one(LISTED)])",
            "let sql = format!(\"{FIND} limit 1\");\ntx.query(&sql, &[])",
        ] {
            assert_eq!(program(fine), Vec::<String>::new(), "{fine}");
        }
        for wide in [
            "tx.query(LIST, &[&rows])",
            "tx\n    .query_opt(\n        LIST,\n    )",
            "tx.query(&format!(\"{LIST} and x = (1)\"), &[])",
            "let count = format!(\"select count(*) from ({LIST}) t\");\ntx.query_one(&count, &[])",
        ] {
            assert_eq!(program(wide).len(), 1, "{wide}");
        }
    }

    #[test]
    fn long_files_and_leftovers_are_found() {
        assert!(untidy("a.rs", &"x\n".repeat(LONGEST)).is_empty());
        assert_eq!(untidy("a.sql", &"x\n".repeat(LONGEST + 1)).len(), 1);
        assert_eq!(untidy("a.rs", &format!("fn f() {{ {}\"later\") }}", LEFTOVERS[0])).len(), 1);
    }
}

//! The page about conditions, and JsonLogic's own suites held to what we take of them.
//!
//! The suites lie outside the repository; `THROUGHLINE_SAMPLES` names another place. Without them the test says so and
//! passes: it belongs to the machines that have the samples. `UPDATE_GOLDEN=1` writes the page anew.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt::Write as _,
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
};

use authz::condition::{Condition, ConditionError, Facts, OPERATORS, REFUSED, Truth, Type, Value, Vocabulary};
use serde_json::{Value as Json, json};

const PAGE: &str = "../../docs/conditions.md";

#[test]
fn every_example_of_the_page_is_a_condition() {
    for operator in OPERATORS {
        let example: Json = serde_json::from_str(operator.example).unwrap();
        // A value is no condition by itself.
        let document = match operator.name {
            "var" | "hour_of" | "weekday_of" => json!({">=": [example, 6]}),
            _ => example,
        };
        let parsed = Condition::parse(&document, &Examples);
        assert!(parsed.is_ok(), "{}: {document}: {parsed:?}", operator.name);
    }
}

/// The attributes of the examples.
struct Examples;

impl Vocabulary for Examples {
    fn type_of(&self, name: &str) -> Option<Type> {
        match name.rsplit_once('.')?.1 {
            "risk" => Some(Type::Number),
            "time" => Some(Type::Time),
            "address" => Some(Type::Address),
            name if name.starts_with("is_") => Some(Type::Bool),
            name if name.ends_with("_id") => Some(Type::Id),
            _ => Some(Type::Text),
        }
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

#[test]
fn the_page_says_which_operators_there_are_and_what_of_jsonlogic_is_taken() {
    block("operators", &operators());
    if let Some(cases) = cases() {
        block("suites", &suites(&cases));
    }
}

fn operators() -> String {
    let mut table = String::from("| Operator | For example | It says |\n|---|---|---|\n");
    for operator in OPERATORS {
        let ours = if operator.of_jsonlogic { "" } else { " (our own)" };
        writeln!(table, "| `{}`{ours} | `{}` | {} |", operator.name, operator.example, operator.meaning).unwrap();
    }
    table
}

/// Runs every case.
fn suites(cases: &[Json]) -> String {
    let (mut agreed, mut refused_alike, mut wrong) = (0, 0, Vec::new());
    let mut skipped: BTreeMap<String, u32> = BTreeMap::new();
    for case in cases {
        match held(case) {
            Outcome::Agreed => agreed += 1,
            Outcome::RefusedAlike => refused_alike += 1,
            Outcome::Skipped(reason) => *skipped.entry(reason).or_default() += 1,
            Outcome::Differs(truth) => wrong.push(format!("{truth:?} for {case}")),
        }
    }
    assert!(wrong.is_empty(), "{} of the cases that map differ:\n{}", wrong.len(), wrong.join("\n"));

    let mut table = format!(
        "Where a case has a value for its result, the test asks whether the rule equals it, branch by branch for an `if`.\n\
         Of {} cases {agreed} map and give the same answer, and none gives another. {refused_alike} more are an error\n\
         in JsonLogic when they run, and are refused here when they are written. The other {} ask for what is not taken:\n\n\
         | Cases | What they ask for |\n|---:|---|\n",
        cases.len(),
        skipped.values().sum::<u32>()
    );
    let mut reasons: Vec<_> = skipped.into_iter().collect();
    reasons.sort_by(|(left, fewer), (right, more)| more.cmp(fewer).then(left.cmp(right)));
    for (reason, count) in reasons {
        writeln!(table, "| {count} | {reason} |").unwrap();
    }
    table
}

enum Outcome {
    Agreed,
    RefusedAlike,
    Skipped(String),
    Differs(Truth),
}

fn held(case: &Json) -> Outcome {
    let data = Data { data: case["data"].clone() };
    let is_error = case.get("error").is_some();
    if !case["rule"].is_object() && !case["rule"].is_boolean() {
        return Outcome::Skipped("the rule is a value that is handed back as it is".to_owned());
    }
    let (document, expected) = match case.get("result") {
        Some(Json::Bool(expected)) => (case["rule"].clone(), *expected),
        // What is missing is a list there, and whether something is, here.
        Some(Json::Array(missing)) => (case["rule"].clone(), !missing.is_empty()),
        Some(other) => (equals(&case["rule"], other), true),
        None => (case["rule"].clone(), true),
    };
    match Condition::parse(&document, &data) {
        Ok(condition) => {
            let truth = condition.evaluate(&data);
            let folded = condition.given(&data).evaluate(&Data { data: Json::Null });
            if truth == Truth::from(expected) && folded == truth && !is_error {
                Outcome::Agreed
            } else {
                Outcome::Differs(truth)
            }
        }
        Err(error) => match (reason(&error), is_error) {
            (reason, true) if !reason.starts_with('`') => Outcome::RefusedAlike,
            (reason, _) => Outcome::Skipped(reason),
        },
    }
}

/// That the rule gives this result, as a condition. Two literals are compared here, so that a branch of an `if` may be
/// of any type.
fn equals(rule: &Json, result: &Json) -> Json {
    match rule {
        Json::Object(object) => match object.get("if").or_else(|| object.get("?:")) {
            Some(Json::Array(parts)) if parts.len() > 1 => {
                let is_last = |at: usize| at + 1 == parts.len() && parts.len() % 2 == 1;
                let branch = |(at, part): (usize, &Json)| {
                    if at % 2 == 1 || is_last(at) { equals(part, result) } else { part.clone() }
                };
                let mut parts: Vec<Json> = parts.iter().enumerate().map(branch).collect();
                if parts.len().is_multiple_of(2) {
                    parts.push(json!(result.is_null()));
                }
                json!({"if": parts})
            }
            _ => json!({"==": [rule, result]}),
        },
        Json::Array(_) => json!({"==": [rule, result]}),
        literal => json!(literal == result),
    }
}

/// The kind of reason for which a case is refused.
fn reason(error: &ConditionError) -> String {
    let reason = error.reason.as_str();
    if let Some((_, why)) = REFUSED.iter().find(|(name, why)| reason == format!("`{name}`: {why}")) {
        let same: Vec<String> =
            REFUSED.iter().filter(|(_, other)| other == why).map(|(name, _)| format!("`{name}`")).collect();
        return format!("{}: {why}", same.join(" "));
    }
    const TYPES: &str = "two types are compared: JsonLogic converts one of them, or says that they differ";
    const NAMES: &str = "data is taken whole, by its position, or by a name that is computed";
    const KINDS: [(&str, &str); 11] = [
        (
            "null",
            "null stands for a value: JsonLogic takes it for 0 or for false; here only an attribute is compared with null",
        ),
        ("neither true nor false", "something else is taken for true or false: an empty text, zero, a list"),
        ("the name of an attribute", NAMES),
        ("there is no attribute", NAMES),
        ("is compared here", TYPES),
        ("is expected, and here is", TYPES),
        ("texts have no order", "texts are ordered: databases sort them by language"),
        ("only numbers and times", "true and false are ordered"),
        ("arguments, and here are", "more or fewer arguments than are taken"),
        ("exactly one key", "an object is a value"),
        ("a list", "a list is a value"),
    ];
    KINDS
        .iter()
        .find(|(part, _)| reason.contains(part))
        .map_or_else(|| panic!("a reason that the page does not know: {error}"), |(_, kind)| (*kind).to_owned())
}

/// Every case of every suite; none without the samples.
fn cases() -> Option<Vec<Json>> {
    let place = std::env::var_os("THROUGHLINE_SAMPLES")
        .map(PathBuf::from)
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples"));
    let Ok(file) = File::open(place.join("authz/jsonlogic_suites.tar.gz")) else {
        eprintln!("no suites of JsonLogic at {}: nothing was checked", place.display());
        return None;
    };
    let mut cases = Vec::new();
    for entry in tar::Archive::new(flate2::read::GzDecoder::new(file)).entries().unwrap() {
        let mut entry = entry.unwrap();
        if entry.path().unwrap().extension().is_some_and(|ending| ending == "json") {
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            let suite: Vec<Json> = serde_json::from_str(&text).unwrap();
            // Texts between the cases are headings.
            cases.extend(suite.into_iter().filter(Json::is_object));
        }
    }
    assert!(cases.len() > 1_000, "only {} cases were found", cases.len());
    Some(cases)
}

/// The data of a case, as vocabulary and as facts.
struct Data {
    data: Json,
}

impl Data {
    fn find(&self, name: &str) -> Option<&Json> {
        name.split('.').try_fold(&self.data, |at, step| match at {
            Json::Array(list) => list.get(step.parse::<usize>().ok()?),
            Json::Object(object) => object.get(step),
            _ => None,
        })
    }
}

impl Vocabulary for Data {
    fn type_of(&self, name: &str) -> Option<Type> {
        match self.find(name) {
            _ if name.is_empty() => None,
            Some(Json::Number(_)) => Some(Type::Number),
            Some(Json::Bool(_)) => Some(Type::Bool),
            Some(Json::Array(_)) => Some(Type::Texts),
            _ => Some(Type::Text),
        }
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Facts for Data {
    fn value(&self, name: &str) -> Option<Cow<'_, Value>> {
        let value = match self.find(name)? {
            Json::String(text) => Value::Text(text.clone()),
            Json::Number(number) => Value::Number(number.to_string().parse().ok()?),
            Json::Bool(truth) => Value::Bool(*truth),
            Json::Array(list) => {
                Value::Texts(list.iter().map(|text| text.as_str().map(str::to_owned)).collect::<Option<_>>()?)
            }
            Json::Null | Json::Object(_) => return None,
        };
        Some(Cow::Owned(value))
    }
}

/// Holds what stands on the page between two marks to what is so, or puts it there.
fn block(name: &str, now: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = fs::read_to_string(&path).unwrap();
    let (start, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let (before, rest) = page.split_once(&start).unwrap();
    let (written, after) = rest.split_once(&end).unwrap();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, format!("{before}{start}{now}{end}{after}")).unwrap();
        return;
    }
    assert!(
        written == now,
        "docs/conditions.md is not up to date about its {name}: run this test with UPDATE_GOLDEN=1 and look at what \
         changed. It should say:\n{now}"
    );
}

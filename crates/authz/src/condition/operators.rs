//! The operators that are taken, and of JsonLogic's others why not.

/// An operator as it is explained to whoever writes a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator {
    /// The key in the document.
    pub name: &'static str,
    /// How it is written.
    pub example: &'static str,
    /// When it is true.
    pub meaning: &'static str,
    /// Whether JsonLogic has it; the others are our own.
    pub of_jsonlogic: bool,
}

const fn taken(name: &'static str, example: &'static str, meaning: &'static str) -> Operator {
    Operator { name, example, meaning, of_jsonlogic: true }
}

const fn own(name: &'static str, example: &'static str, meaning: &'static str) -> Operator {
    Operator { name, example, meaning, of_jsonlogic: false }
}

/// Every operator, in the order in which one would explain them.
pub const OPERATORS: [Operator; 23] = [
    taken(
        "var",
        r#"{"var": ["resource.risk", 0]}"#,
        "the value of an attribute; the second element stands in when it is missing",
    ),
    taken(
        "==",
        r#"{"==": [{"var": "resource.status"}, "open"]}"#,
        "both are equal; beside `null`: the attribute is missing",
    ),
    taken("===", r#"{"===": [{"var": "resource.status"}, "open"]}"#, "the same as `==`: nothing is ever converted"),
    taken(
        "!=",
        r#"{"!=": [{"var": "resource.owner_id"}, null]}"#,
        "both have values that differ; beside `null`: the attribute is there",
    ),
    taken("!==", r#"{"!==": [{"var": "resource.status"}, "closed"]}"#, "the same as `!=`"),
    taken(
        "<",
        r#"{"<": [0, {"var": "resource.risk"}, 5]}"#,
        "numbers or times in this order; three mean: the one in the middle lies between",
    ),
    taken("<=", r#"{"<=": [0, {"var": "resource.risk"}, 5]}"#, "the same, equal allowed"),
    taken(">", r#"{">": [{"var": "resource.risk"}, 5]}"#, "the first number or time is the greater"),
    taken(">=", r#"{">=": [{"var": "environment.time"}, "2026-11-28T09:30:00Z"]}"#, "the same, equal allowed"),
    taken("and", r#"{"and": [{"var": "resource.is_public"}, {"var": "subject.is_active"}]}"#, "all hold"),
    taken("or", r#"{"or": [{"var": "resource.is_public"}, {"var": "subject.is_active"}]}"#, "one holds"),
    taken("!", r#"{"!": {"var": "resource.is_public"}}"#, "it does not hold"),
    taken("!!", r#"{"!!": {"var": "resource.is_public"}}"#, "it holds"),
    taken(
        "if",
        r#"{"if": [{"var": "resource.is_public"}, true, {"var": "subject.is_active"}]}"#,
        "the second where the first holds, else the third; two more each time make an `else if`, and the last is for none of them",
    ),
    taken(
        "?:",
        r#"{"?:": [{"var": "resource.is_public"}, true, {"var": "subject.is_active"}]}"#,
        "the same as `if` with three",
    ),
    taken(
        "in",
        r#"{"in": [{"var": "resource.status"}, ["open", "new"]]}"#,
        "an element of a list; a text in a set of texts; a part of a text",
    ),
    taken("missing", r#"{"missing": ["resource.owner_id", "subject.email"]}"#, "one of these attributes is missing"),
    taken(
        "missing_some",
        r#"{"missing_some": [1, ["subject.email", "subject.phone"]]}"#,
        "fewer than so many of these attributes are there",
    ),
    own(
        "starts_with",
        r#"{"starts_with": [{"var": "resource.key"}, "REQ-"]}"#,
        "the first text begins with the second",
    ),
    own(
        "ends_with",
        r#"{"ends_with": [{"var": "subject.email"}, "@example.com"]}"#,
        "the first text ends with the second",
    ),
    own(
        "in_network",
        r#"{"in_network": [{"var": "environment.address"}, ["10.0.0.0/8", "fd00::/8"]]}"#,
        "the address lies in the network, or in one of them",
    ),
    own(
        "hour_of",
        r#"{"hour_of": [{"var": "environment.time"}, "Europe/Berlin"]}"#,
        "a number: the hour in that time zone, 0 to 23",
    ),
    own(
        "weekday_of",
        r#"{"weekday_of": [{"var": "environment.time"}, "Europe/Berlin"]}"#,
        "a number: the day of the week in that time zone, 1 for Monday to 7 for Sunday",
    ),
];

const ARITHMETIC: &str =
    "arithmetic is not taken: sums and products round and overflow differently here and in PostgreSQL";
const LISTS: &str = "nothing is done for each element of a list: write `in`";
const TEXTS: &str = "no new text is made: compare with `==`, `starts_with`, `ends_with` or `in`";
const ERRORS: &str = "a condition is true, false or unknown and never fails, so there is nothing to raise or to catch";

/// Operators of JsonLogic and of its common extensions that are refused, with the reason.
pub const REFUSED: [(&str, &str); 26] = [
    ("+", ARITHMETIC),
    ("-", ARITHMETIC),
    ("*", ARITHMETIC),
    ("/", ARITHMETIC),
    ("%", ARITHMETIC),
    ("min", ARITHMETIC),
    ("max", ARITHMETIC),
    ("abs", ARITHMETIC),
    ("ceil", ARITHMETIC),
    ("floor", ARITHMETIC),
    ("map", LISTS),
    ("filter", LISTS),
    ("reduce", LISTS),
    ("all", LISTS),
    ("some", LISTS),
    ("none", LISTS),
    ("merge", LISTS),
    ("cat", TEXTS),
    ("substr", TEXTS),
    ("length", TEXTS),
    ("val", "attributes are read by their names alone: write `var`"),
    ("exists", "that an attribute is there is written `!=` beside `null`"),
    ("??", "what stands in for something missing is the second element of `var`"),
    ("log", "a condition writes nothing"),
    ("throw", ERRORS),
    ("try", ERRORS),
];

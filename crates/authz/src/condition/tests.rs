//! The rules of conditions, one a test. That SQL keeps them too is for `tests/agree`.
#![allow(clippy::unwrap_used)]

use std::{borrow::Cow, collections::BTreeMap};

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{Condition, ConditionError, Facts, SqlPlace, Truth, Type, Value, Vocabulary};

/// By the last word of the name: `resource.size` is a number wherever it stands.
struct Words;

impl Vocabulary for Words {
    fn type_of(&self, attribute: &str) -> Option<Type> {
        let (place, name) = attribute.split_once('.')?;
        if !["subject", "resource", "action", "environment"].contains(&place) {
            return None;
        }
        Some(match name {
            "status" | "email" | "name" => Type::Text,
            "size" | "limit" => Type::Number,
            "is_public" => Type::Bool,
            "time" | "created_at" => Type::Time,
            "id" | "owner_id" => Type::Id,
            "address" => Type::Address,
            "teams" | "tags" => Type::Texts,
            _ => return None,
        })
    }

    fn names(&self) -> Vec<String> {
        vec!["resource.status".to_owned(), "subject.email".to_owned()]
    }
}

#[derive(Default)]
struct Known(BTreeMap<&'static str, Value>);

impl Facts for Known {
    fn value(&self, attribute: &str) -> Option<Cow<'_, Value>> {
        self.0.get(attribute).map(Cow::Borrowed)
    }
}

fn known<const N: usize>(values: [(&'static str, Value); N]) -> Known {
    Known(BTreeMap::from(values))
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn texts(texts: &[&str]) -> Value {
    Value::Texts(texts.iter().map(|text| (*text).to_owned()).collect())
}

fn parse(document: Json) -> Condition {
    Condition::parse(&document, &Words).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(document: Json) -> ConditionError {
    Condition::parse(&document, &Words).unwrap_err()
}

fn truth<const N: usize>(document: Json, values: [(&'static str, Value); N]) -> Truth {
    parse(document).evaluate(&known(values))
}

#[derive(Default)]
struct Columns(Vec<Value>);

impl SqlPlace for Columns {
    fn column(&mut self, attribute: &str, _: Type) -> Option<String> {
        attribute.strip_prefix("resource.").filter(|name| *name != "email").map(|name| format!("t.{name}"))
    }

    fn parameter(&mut self, value: &Value) -> String {
        self.0.push(value.clone());
        format!("${}::{}", self.0.len(), value.type_of().sql())
    }
}

#[test]
fn nothing_asked_always_holds() {
    let always = parse(json!({}));
    assert!(always.is_always() && !always.is_never());
    assert_eq!(always, Condition::default());
    assert_eq!(always.evaluate(&Known::default()), Truth::True);
    assert_eq!(always.clone().and(always.clone()), always);
    assert!(parse(json!(true)).is_always());
    let public = parse(json!({"var": "resource.is_public"}));
    assert_eq!(always.and(public.clone()), public);
}

#[test]
fn what_is_missing_makes_a_comparison_and_its_opposite_unknown() {
    let draft = json!({"==": [{"var": "resource.status"}, "draft"]});
    assert_eq!(truth(draft.clone(), []), Truth::Unknown);
    assert_eq!(truth(json!({"!": draft}), []), Truth::Unknown);
    assert_eq!(truth(json!({"!=": [{"var": "resource.status"}, "draft"]}), []), Truth::Unknown);
    assert_eq!(truth(json!({"and": [draft, false]}), []), Truth::False);
    assert_eq!(truth(json!({"or": [draft, true]}), []), Truth::True);
    assert_eq!(truth(json!({"if": [draft, true, true]}), []), Truth::Unknown);
}

#[test]
fn whether_something_is_missing_is_always_known() {
    let is_null = json!({"==": [{"var": "resource.owner_id"}, null]});
    assert_eq!(truth(is_null.clone(), []), Truth::True);
    assert_eq!(truth(json!({"!": is_null}), []), Truth::False);
    let one_of_two = json!({"missing_some": [1, ["subject.email", "subject.name"]]});
    assert_eq!(truth(one_of_two.clone(), []), Truth::True);
    assert_eq!(truth(one_of_two, [("subject.name", text("Ada"))]), Truth::False);
    let both = json!({"missing": ["subject.email", "subject.name"]});
    assert_eq!(truth(both, [("subject.name", text("Ada"))]), Truth::True);
}

#[test]
fn a_default_stands_in_for_what_is_missing() {
    let small = json!({"<": [{"var": ["resource.size", 0]}, 10]});
    assert_eq!(truth(small.clone(), []), Truth::True);
    assert_eq!(truth(small, [("resource.size", Value::Number(10.into()))]), Truth::False);
}

#[test]
fn numbers_are_exact_and_lie_between_two_others() {
    let between = json!({"<": [0.1, {"var": "resource.size"}, 0.3]});
    assert_eq!(truth(between.clone(), [("resource.size", Value::Number("0.30".parse().unwrap()))]), Truth::False);
    assert_eq!(truth(between, [("resource.size", Value::Number("0.2999999999999999".parse().unwrap()))]), Truth::True);
    for uncertain in ["0.1234567890123456", "1e-29", "1e29", "18446744073709551617"] {
        let document: Json =
            serde_json::from_str(&format!(r#"{{"<": [{{"var": "resource.size"}}, {uncertain}]}}"#)).unwrap();
        assert_eq!(refused(document).pointer, "/</1", "{uncertain}");
    }
}

#[test]
fn a_value_of_another_type_than_promised_and_a_text_with_a_nul_are_missing() {
    let document = json!({"!=": [{"var": "subject.email"}, "a@example.com"]});
    assert_eq!(truth(document.clone(), [("subject.email", Value::Bool(true))]), Truth::Unknown);
    assert_eq!(truth(document, [("subject.email", text("a\0"))]), Truth::Unknown);
}

#[test]
fn an_address_of_ipv4_that_came_over_ipv6_is_in_its_network() {
    let office = json!({"in_network": [{"var": "environment.address"}, ["10.0.0.0/8", "fd00::/8"]]});
    let from = |address: &str| [("environment.address", Value::Address(address.parse().unwrap()))];
    assert_eq!(truth(office.clone(), from("::ffff:10.1.2.3")), Truth::True);
    assert_eq!(truth(office.clone(), from("fd00::1")), Truth::True);
    assert_eq!(truth(office, from("192.0.2.1")), Truth::False);
}

#[test]
fn the_hour_and_the_weekday_are_those_of_a_place() {
    let at = |time: &str| [("environment.time", Value::Time(time.parse().unwrap()))];
    let hour = |hour: u8| json!({"==": [{"hour_of": [{"var": "environment.time"}, "Europe/Berlin"]}, hour]});
    // Summer, winter, and a Saturday that is still Friday in Greenwich.
    assert_eq!(truth(hour(10), at("2026-07-01T08:15:00Z")), Truth::True);
    assert_eq!(truth(hour(9), at("2026-12-01T08:15:00Z")), Truth::True);
    let saturday = json!({"==": [{"weekday_of": [{"var": "environment.time"}, "Europe/Berlin"]}, 6]});
    assert_eq!(truth(saturday, at("2026-11-27T23:30:00Z")), Truth::True);
    assert_eq!(truth(hour(9), []), Truth::Unknown);
}

#[test]
fn a_refusal_names_its_place() {
    let deep = (0..33).fold(json!(true), |inside, _| json!({"!": [inside]}));
    let deepest = format!("{}/!", "/!/0".repeat(32));
    let wide = json!({"and": vec![json!({"==": [1, 1]}); 200]});
    let at = |document: Json| {
        let error = refused(document);
        (error.pointer, error.reason)
    };
    for (document, pointer, reason) in [
        (
            json!({"and": [true, {"==": [{"var": "resource.statsu"}, "x"]}]}),
            "/and/1/==/0/var",
            "did you mean `resource.status`?",
        ),
        (json!({"or": [{"equals": [1, 1]}]}), "/or/0/equals", "there is no operator"),
        (json!({"starts_wth": [1, 1]}), "/starts_wth", "did you mean `starts_with`?"),
        (json!({"==": [{"+": [1, 1]}, 2]}), "/==/0/+", "arithmetic"),
        (json!({"a~/b": 1}), "/a~0~1b", "there is no operator"),
        (json!({"==": [{"var": "resource.status"}, 5]}), "/==/1", "5 is a number, and a text is compared here"),
        (
            json!({"==": [{"var": "resource.status"}, {"var": "resource.size"}]}),
            "/==",
            "a text is compared with a number",
        ),
        (json!({"==": [{"var": "resource.owner_id"}, "me"]}), "/==/1", "UUID"),
        (json!({"<": [{"var": "resource.created_at"}, "2026-11-28"]}), "/</1", "RFC 3339"),
        (json!({"<": [{"var": "resource.created_at"}, "2026-11-28T00:00:00.1234567Z"]}), "/</1", "microsecond"),
        (json!({"<": [{"var": "resource.status"}, "x"]}), "/<", "no order"),
        (json!({">": [1, 2, 3]}), "/>", "takes 2 arguments, and here are 3"),
        (json!({"==": [{"var": "subject.teams"}, {"var": "resource.tags"}]}), "/==", "write `in`"),
        (json!({"==": [{"var": ["resource.size", 0]}, null]}), "/==/0", "never missing"),
        (json!({"in": [{"var": "resource.status"}, ["a", 1]]}), "/in/1/1", "1 is a number"),
        (json!({"in": [{"var": "resource.status"}, ["a\0"]]}), "/in/1/0", "NUL"),
        (json!({"in": [{"var": "resource.status"}, vec!["a"; 1001]]}), "/in/1", "1000 are the most"),
        (json!({"==": [{"var": "resource.status"}, "a".repeat(1001)]}), "/==/1", "1000 are the most"),
        (json!({"in_network": [{"var": "environment.address"}, ["10.0.0.0/33"]]}), "/in_network/1/0", "10.0.0.0/8"),
        (
            json!({"==": [{"hour_of": [{"var": "resource.created_at"}, "UTC"]}, 1]}),
            "/==/0/hour_of/0",
            "environment.time",
        ),
        (json!({"==": [{"hour_of": [{"var": "environment.time"}, "Mars/Base"]}, 1]}), "/==/0/hour_of/1", "time zone"),
        (json!({"if": [true, false]}), "/if", "at least 3"),
        (json!({"if": [true, true, false, true]}), "/if", "one argument is left out"),
        (json!({"missing_some": [3, ["subject.email"]]}), "/missing_some/0", "1 to 1"),
        (json!({"var": "resource.status"}), "", "a text is neither true nor false"),
        (json!({"and": [true], "or": [true]}), "", "exactly one key"),
        (json!("yes"), "", "a condition is expected"),
        (deep, &deepest, "more than 32"),
        (wide, "/and/166/==/0", "more than 500"),
    ] {
        let (found, said) = at(document.clone());
        assert_eq!(found, pointer, "{said}");
        assert!(said.contains(reason), "{document}: {said}");
    }
}

#[test]
fn given_the_subject_only_the_resource_is_left() {
    let condition = parse(json!({"and": [
        {"==": [{"var": "resource.owner_id"}, {"var": "subject.id"}]},
        {"==": [{"var": "subject.email"}, "ada@example.com"]},
        {"or": [{"var": "subject.is_public"}, {"in": [{"var": "resource.status"}, {"var": "subject.teams"}]}]}
    ]}));
    assert_eq!(
        condition.attributes().collect::<Vec<_>>(),
        ["resource.owner_id", "resource.status", "subject.email", "subject.id", "subject.is_public", "subject.teams"]
    );
    let ada = known([
        ("subject.id", Value::Id(uuid::Uuid::from_u128(1))),
        ("subject.email", text("ada@example.com")),
        ("subject.teams", texts(&["red"])),
        ("subject.is_public", Value::Bool(false)),
    ]);
    let remains = condition.given(&ada);
    assert_eq!(remains.attributes().collect::<Vec<_>>(), ["resource.owner_id", "resource.status"]);
    let mut place = Columns::default();
    assert_eq!(remains.sql(&mut place).unwrap(), "((t.owner_id = $1::uuid) and (t.status = any($2::text[])))");
    assert_eq!(place.0, [Value::Id(uuid::Uuid::from_u128(1)), texts(&["red"])]);

    assert!(condition.given(&known([("subject.email", text("eve@example.com"))])).is_never());
    assert!(condition.given(&Known::default()).is_never(), "what is missing denies");
    let error = condition.sql(&mut Columns::default()).unwrap_err();
    assert_eq!(error.attribute, "subject.id");
}

#[test]
fn sql_holds_no_value_and_is_the_same_for_all() {
    let condition = |status: &str, size: u32| {
        parse(json!({"if": [
            {"in": [{"var": "resource.status"}, [status, "x"]]},
            {"<=": [1, {"var": ["resource.size", size]}, 5]},
            {"!": [{"starts_with": [{"var": "resource.name"}, status]}]}
        ]}))
    };
    let mut place = Columns::default();
    let sql = condition("'; drop table t; --", 1).sql(&mut place).unwrap();
    assert_eq!(sql, condition("other", 2).sql(&mut Columns::default()).unwrap());
    assert_eq!(
        sql,
        "(case (t.status = any($1::text[])) when true then \
         (($2::numeric <= coalesce(t.size, $3::numeric)) and (coalesce(t.size, $4::numeric) <= $5::numeric)) \
         when false then (not starts_with(t.name, $6::text)) end)"
    );
}

#[test]
fn a_list_is_one_parameter_however_long() {
    let ids = |count: u128| (1..=count).map(|id| json!(uuid::Uuid::from_u128(id))).collect::<Vec<_>>();
    let sql = |ids: Vec<Json>| {
        parse(json!({"in": [{"var": "resource.owner_id"}, ids]})).sql(&mut Columns::default()).unwrap()
    };
    assert_eq!(sql(ids(3)), "(t.owner_id = any(($1::text[])::uuid[]))");
    assert_eq!(sql(ids(3)), sql(ids(1000)));
}

#[test]
fn threads_share_conditions() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&Condition::default());
}

#[test]
fn what_a_table_has_no_column_for_is_null() {
    let condition = parse(json!({"==": [{"var": "resource.email"}, {"var": "resource.name"}]}));
    assert_eq!(condition.sql(&mut Columns::default()).unwrap(), "(null::text = t.name)");
}

#[test]
fn a_trace_says_what_was_seen_and_what_was_missing() {
    let condition = parse(json!({"and": [
        {"==": [{"var": "resource.status"}, "draft"]},
        {"in": [{"var": "subject.name"}, ["Ada", "Bob"]]},
        {"missing_some": [1, ["subject.email", "subject.id"]]}
    ]}));
    let trace =
        condition.trace(&known([("resource.status", text("closed")), ("subject.id", Value::Id(uuid::Uuid::nil()))]));
    assert_eq!((trace.expression.as_str(), trace.truth), ("all of these hold", Truth::False));
    let parts: Vec<_> = trace.parts.iter().map(|part| (part.expression.as_str(), part.truth)).collect();
    assert_eq!(
        parts,
        [
            ("resource.status is \"draft\"", Truth::False),
            ("subject.name is one of \"Ada\", \"Bob\"", Truth::Unknown),
            ("fewer than 1 of subject.email, subject.id are there", Truth::False),
        ]
    );
    assert_eq!(trace.parts[0].saw, [("resource.status".to_owned(), Some(text("closed")))]);
    assert_eq!(trace.missing(), ["subject.email", "subject.name"]);
}

/// Any JSON, with the words of the language in it more often than chance would have them.
fn any_json() -> impl Strategy<Value = Json> {
    let words = prop::sample::select(
        super::OPERATORS
            .iter()
            .map(|operator| operator.name)
            .chain(["subject.email", "resource.size", "environment.time"])
            .collect::<Vec<_>>(),
    );
    let key = prop_oneof![4 => words.clone().prop_map(str::to_owned), 1 => any::<String>()];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        any::<String>().prop_map(Json::from),
        words.prop_map(Json::from),
    ];
    leaf.prop_recursive(8, 64, 4, move |part| {
        prop_oneof![
            1 => prop::collection::vec(part.clone(), 0..4).prop_map(Json::Array),
            4 => (key.clone(), prop::collection::vec(part.clone(), 0..4)).prop_map(|(key, list)| json!({ key: list })),
            1 => prop::collection::btree_map(key.clone(), part, 0..3).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is sent, the answer is a condition or a place in the document.
    #[test]
    fn reading_never_panics(document in any_json()) {
        match Condition::parse(&document, &Words) {
            Ok(condition) => {
                let facts = Known::default();
                prop_assert_eq!(condition.trace(&facts).truth, condition.given(&facts).evaluate(&facts));
            }
            Err(error) => prop_assert!(document.pointer(&error.pointer).is_some(), "no such place: {}", error),
        }
    }
}

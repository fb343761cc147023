//! Random conditions, as the JSON that people write, and random things to ask them of.

use authz::condition::{Type, Value};
use proptest::{prelude::*, sample::select, strategy::Union};
use serde_json::{Value as Json, json};

use crate::world::{ATTRIBUTES, Known};

/// Few and similar values, so that they meet; with all that PostgreSQL might read in another way.
const TEXTS: [&str; 13] = ["a", "b", "ab", "", "abc", "A", "a%_", "\\", "'", "ä", "a\u{308}", "日本", "本"];
const NUMBERS: [&str; 10] = [
    "0",
    "1",
    "2",
    "-1",
    "1.0",
    "0.1",
    "2.50",
    "79228162514264337593543950335",
    "-0.0000000000000000000000000001",
    "7922816251426433759354395033.5",
];
/// Numbers as they may be written, some of them equal to those above.
const WRITTEN: [&str; 8] = ["0", "1", "-0.0", "1.0", "0.1", "2.5", "12", "1e3"];
const TIMES: [&str; 5] = [
    "2026-11-27T23:30:00Z",
    "2026-11-28T00:30:00.000001Z",
    "2026-11-28T09:30:00Z",
    "2026-11-29T09:30:00Z",
    "1969-12-31T23:59:59.999999Z",
];
const IDS: [&str; 3] = [
    "01939b66-0000-7000-8000-000000000001",
    "01939b66-0000-7000-8000-000000000002",
    "f1939b66-0000-7000-8000-000000000003",
];
const ADDRESSES: [&str; 5] = ["10.0.0.1", "10.1.2.3", "192.168.0.1", "fd00::1", "::ffff:10.0.0.1"];
const NETWORKS: [&str; 6] = ["10.0.0.0/8", "10.1.2.3/32", "10.0.0.0/12", "fd00::/8", "0.0.0.0/0", "::/0"];
const ZONES: [&str; 3] = ["UTC", "Europe/Berlin", "Asia/Kathmandu"];
const SCALARS: [Type; 5] = [Type::Text, Type::Number, Type::Time, Type::Id, Type::Address];

fn value(ty: Type) -> BoxedStrategy<Value> {
    match ty {
        Type::Text => select(&TEXTS[..]).prop_map(|text| Value::Text(text.to_owned())).boxed(),
        Type::Number => select(&NUMBERS[..]).prop_map(|text| Value::Number(text.parse().unwrap())).boxed(),
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Time => select(&TIMES[..]).prop_map(|text| Value::Time(text.parse().unwrap())).boxed(),
        Type::Id => select(&IDS[..]).prop_map(|text| Value::Id(text.parse().unwrap())).boxed(),
        Type::Address => select(&ADDRESSES[..]).prop_map(|text| Value::Address(text.parse().unwrap())).boxed(),
        Type::Texts => {
            prop::collection::vec(select(&TEXTS[..]).prop_map(str::to_owned), 0..4).prop_map(Value::Texts).boxed()
        }
    }
}

/// What only reaches a condition from outside the database.
fn odd(ty: Type) -> BoxedStrategy<Value> {
    match ty {
        Type::Text => Just(Value::Text("a\0".to_owned())).boxed(),
        Type::Texts => Just(Value::Texts(vec!["a".to_owned(), "\0".to_owned()])).boxed(),
        // PostgreSQL alone would round them.
        Type::Time => select(&["2026-11-28T00:30:00.000001999Z", "2026-11-28T09:29:59.999999999Z"][..])
            .prop_map(|text| Value::Time(text.parse().unwrap()))
            .boxed(),
        // Not what the vocabulary promised.
        _ => Just(Value::Text("1".to_owned())).boxed(),
    }
}

fn some_of(of_resource: bool) -> BoxedStrategy<Known> {
    let mut strategy = Just(Known(Default::default())).boxed();
    for (name, ty, column) in ATTRIBUTES {
        if name.starts_with("resource.") != of_resource || (of_resource && column.is_empty()) {
            continue;
        }
        let present = if of_resource { value(ty) } else { prop_oneof![3 => value(ty), 1 => odd(ty)].boxed() };
        strategy = (strategy, prop::option::weighted(0.7, present))
            .prop_map(move |(mut known, value)| {
                known.0.extend(value.map(|value| (name, value)));
                known
            })
            .boxed();
    }
    strategy
}

/// Subject and environment.
pub(crate) fn known() -> BoxedStrategy<Known> {
    some_of(false)
}

/// A row of the table.
pub(crate) fn row() -> BoxedStrategy<Known> {
    some_of(true)
}

fn name(ty: Type) -> BoxedStrategy<&'static str> {
    let names: Vec<_> = ATTRIBUTES.iter().filter(|(_, known, _)| *known == ty).map(|(name, ..)| *name).collect();
    select(names).boxed()
}

fn literal(ty: Type) -> BoxedStrategy<Json> {
    match ty {
        Type::Text => select(&TEXTS[..]).prop_map(Json::from).boxed(),
        Type::Number => select(&WRITTEN[..]).prop_map(|text| serde_json::from_str(text).unwrap()).boxed(),
        Type::Bool => any::<bool>().prop_map(Json::from).boxed(),
        Type::Time => select(&TIMES[..]).prop_map(Json::from).boxed(),
        Type::Id => select(&IDS[..]).prop_map(Json::from).boxed(),
        Type::Address => select(&ADDRESSES[..]).prop_map(Json::from).boxed(),
        Type::Texts => list(Type::Text),
    }
}

fn list(ty: Type) -> BoxedStrategy<Json> {
    prop::collection::vec(literal(ty), 0..12).prop_map(Json::Array).boxed()
}

fn attribute(ty: Type) -> BoxedStrategy<Json> {
    let with_default = (name(ty), literal(ty)).prop_map(|(name, default)| json!({ "var": [name, default] }));
    prop_oneof![3 => name(ty).prop_map(|name| json!({ "var": name })), 1 => with_default].boxed()
}

fn operand(ty: Type) -> BoxedStrategy<Json> {
    let mut ways = vec![(3, attribute(ty)), (2, literal(ty))];
    if ty == Type::Number {
        let clock = (select(&["hour_of", "weekday_of"][..]), select(&ZONES[..]));
        let clock = clock.prop_map(|(part, zone)| json!({ part: [{ "var": "environment.time" }, zone] }));
        ways.push((1, clock.boxed()));
    }
    Union::new_weighted(ways).boxed()
}

fn equality() -> impl Strategy<Value = Json> {
    let operator = select(&["==", "!=", "===", "!=="][..]);
    let sides = select(&SCALARS[..]).prop_flat_map(|ty| (attribute(ty), operand(ty)));
    (operator, sides, any::<bool>()).prop_map(|(operator, (left, right), turned)| {
        if turned { json!({ operator: [right, left] }) } else { json!({ operator: [left, right] }) }
    })
}

fn order() -> impl Strategy<Value = Json> {
    let types = select(&[Type::Number, Type::Time][..]);
    let sides = types.prop_flat_map(|ty| (operand(ty), attribute(ty), operand(ty)));
    (select(&["<", "<=", ">", ">="][..]), sides, 0..3).prop_map(
        |(operator, (left, middle, right), shape)| match shape {
            0 => json!({ operator: [left, middle] }),
            1 => json!({ operator: [middle, right] }),
            _ if operator.starts_with('>') => json!({ operator: [middle, left] }),
            _ => json!({ operator: [left, middle, right] }),
        },
    )
}

fn leaf() -> BoxedStrategy<Json> {
    let scalar = || select(&SCALARS[..]);
    let any_name = || select(ATTRIBUTES.iter().map(|(name, ..)| *name).collect::<Vec<_>>());
    let names = || prop::collection::vec(any_name(), 1..5);
    let is_null = (select(&["==", "!="][..]), any_name());
    let texts = (select(&["in", "starts_with", "ends_with"][..]), operand(Type::Text), operand(Type::Text));
    let networks = prop_oneof![
        select(&NETWORKS[..]).prop_map(Json::from),
        prop::collection::vec(select(&NETWORKS[..]), 0..4).prop_map(Json::from)
    ];
    prop_oneof![
        1 => any::<bool>().prop_map(Json::from),
        2 => attribute(Type::Bool),
        6 => equality(),
        4 => order(),
        2 => is_null.prop_map(|(operator, name)| json!({ operator: [{ "var": name }, null] })),
        3 => scalar().prop_flat_map(|ty| (attribute(ty), list(ty))).prop_map(|(var, list)| json!({ "in": [var, list] })),
        3 => (operand(Type::Text), attribute(Type::Texts)).prop_map(|(text, set)| json!({ "in": [text, set] })),
        3 => texts.prop_map(|(operator, text, part)| json!({ operator: [text, part] })),
        2 => (attribute(Type::Address), networks).prop_map(|(var, networks)| json!({ "in_network": [var, networks] })),
        1 => names().prop_map(|names| json!({ "missing": names })),
        1 => (names(), any::<prop::sample::Index>()).prop_map(|(names, needed)| {
            let needed = needed.index(names.len()) + 1;
            json!({ "missing_some": [needed, names] })
        }),
    ]
    .boxed()
}

/// A condition that is well formed.
pub(crate) fn condition() -> impl Strategy<Value = Json> {
    leaf().prop_recursive(5, 40, 4, |part| {
        let parts = prop::collection::vec(part.clone(), 1..4);
        prop_oneof![
            3 => (select(&["and", "or"][..]), parts).prop_map(|(operator, parts)| json!({ operator: parts })),
            2 => part.clone().prop_map(|part| json!({ "!": [part] })),
            1 => part.clone().prop_map(|part| json!({ "!!": [part] })),
            1 => (select(&["==", "!="][..]), part.clone(), part.clone())
                .prop_map(|(operator, left, right)| json!({ operator: [left, right] })),
            2 => prop::collection::vec(part, 5).prop_flat_map(|parts| {
                select(&[3_usize, 5][..]).prop_map(move |count| json!({ "if": parts[..count] }))
            }),
        ]
    })
}

//! Cerbos's query plans: what is left of a policy for the resources of a kind, as trees of operators, and what they say of one
//! resource.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::cel::{EACH, Expr, SETS, Why};

/// What is known of one resource; a null is missing.
pub(crate) type Row = BTreeMap<String, Json>;

pub(crate) const ARITHMETIC: Why =
    "`sum` and other arithmetic: sums round and overflow differently here and in PostgreSQL";

/// A plan as the expression that it came from.
///
/// # Errors
/// The reason, when it asks for what our conditions do not have.
pub(crate) fn expression(node: &Json) -> Result<Expr, Why> {
    if let Some(name) = node["variable"].as_str() {
        return Ok(Expr::Name(name.split('.').map(str::to_owned).collect()));
    }
    let Some(operator) = node["expression"]["operator"].as_str() else {
        return Ok(match &node["value"] {
            Json::Array(list) => Expr::List(list.iter().cloned().map(Expr::Literal).collect()),
            value => Expr::Literal(value.clone()),
        });
    };
    let two = match operator {
        "not" => return Ok(Expr::Not(Box::new(expression(&node["expression"]["operands"][0])?))),
        "and" => "and",
        "or" => "or",
        "eq" => "==",
        "ne" => "!=",
        "lt" => "<",
        "gt" => ">",
        "in" => "in",
        "sum" => return Err(ARITHMETIC),
        "hasIntersection" => return Err(SETS),
        _ => return Err(EACH),
    };
    let operands = node["expression"]["operands"].as_array().into_iter().flatten();
    let all = operands.map(expression).collect::<Result<Vec<_>, _>>()?;
    let joined = all.into_iter().reduce(|left, right| Expr::Two(two, Box::new([left, right])));
    joined.ok_or("an operator without operands")
}

/// Whether a plan lets a resource through.
pub(crate) fn holds(plan: &Json, row: &Row) -> bool {
    match plan["kind"].as_str() {
        Some("KIND_ALWAYS_ALLOWED") => true,
        Some("KIND_ALWAYS_DENIED") => false,
        _ => value(&plan["condition"], row) == Json::Bool(true),
    }
}

fn value(node: &Json, row: &Row) -> Json {
    if let Some(name) = node["variable"].as_str() {
        return row.get(&attribute(name)).cloned().unwrap_or_default();
    }
    let Some(operator) = node["expression"]["operator"].as_str() else { return node["value"].clone() };
    let all: Vec<Json> =
        node["expression"]["operands"].as_array().into_iter().flatten().map(|one| value(one, row)).collect();
    let is_true = |one: &Json| *one == Json::Bool(true);
    Json::Bool(match (operator, all.as_slice()) {
        ("and", all) => all.iter().all(is_true),
        ("or", all) => all.iter().any(is_true),
        ("not", [one]) => !is_true(one),
        ("eq", [left, right]) => left == right,
        ("ne", [left, right]) => left != right,
        ("lt", [left, right]) => left.as_f64() < right.as_f64(),
        ("in", [one, Json::Array(list)]) => list.contains(one),
        _ => panic!("the operator `{operator}` of a plan is not understood"),
    })
}

/// Every attribute that a plan names with a value to compare it with.
pub(crate) fn named(node: &Json, found: &mut Vec<(String, Json)>) {
    let operands: Vec<&Json> = node["expression"]["operands"].as_array().into_iter().flatten().collect();
    if let [one, other] = operands.as_slice() {
        for (name, value) in [(one, other), (other, one)] {
            if let (Some(name), Some(value)) = (name["variable"].as_str(), value.get("value")) {
                let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
                found.extend(values.into_iter().map(|value| (attribute(name), value)));
            }
        }
    }
    operands.into_iter().for_each(|one| named(one, found));
}

/// What we call an attribute of a resource.
pub(crate) fn attribute(name: &str) -> String {
    let last = name.strip_prefix("request.resource.").or_else(|| name.strip_prefix("R.")).unwrap_or(name);
    format!("resource.{}", last.strip_prefix("attr.").unwrap_or(last))
}

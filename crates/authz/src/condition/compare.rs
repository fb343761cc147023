//! The part of parsing that compares: where types meet.

use std::sync::Arc;

use ipnet::IpNet;
use jiff::tz::TimeZone;
use serde_json::Value as Json;

use super::{
    expression::{ClockPart, Comparison, Leaf, Term, Test, TextTest, Truth},
    literal,
    parse::{Call, Operand, Parser, as_test},
    place::{ConditionError, Place},
    value::{Type, Value},
};

type Parsed<T> = Result<T, ConditionError>;

impl Parser<'_> {
    pub(super) fn var<'j>(&mut self, call: Call<'_, 'j>) -> Parsed<Operand<'j>> {
        call.expect(1..=2)?;
        let Json::String(name) = &call.arguments[0] else {
            return Err(call.at(0).refuse("`var` takes the name of an attribute, written out"));
        };
        let attribute = self.attribute(name, &call.at(0))?;
        let default = match call.arguments.get(1) {
            None | Some(Json::Null) => None,
            Some(json) => Some(literal::value_as(attribute.ty, json).map_err(|reason| call.at(1).refuse(reason))?),
        };
        let is_flag = attribute.ty == Type::Bool;
        let term = Term::Attribute { attribute, default };
        Ok(if is_flag { Operand::Flag(term) } else { Operand::Term(term) })
    }

    pub(super) fn clock(&mut self, call: Call<'_, '_>) -> Parsed<Term> {
        call.expect(2..=2)?;
        let part = if call.name == "hour_of" { ClockPart::Hour } else { ClockPart::Weekday };
        let time = match self.operand(&call.arguments[0], &call.at(0))? {
            Operand::Term(Term::Attribute { attribute, default: None })
                if attribute.ty == Type::Time && !attribute.is_of_resource() =>
            {
                attribute
            }
            _ => {
                let reason = format!("`{}` is asked of a time that no table holds: `environment.time`", call.name);
                return Err(call.at(0).refuse(reason));
            }
        };
        let Json::String(name) = &call.arguments[1] else {
            return Err(call.at(1).refuse("a time zone is named, such as `Europe/Berlin`"));
        };
        let zone = literal::checked(name).ok().and_then(|name| TimeZone::get(name).ok()).ok_or_else(|| {
            call.at(1).refuse("there is no time zone of that name; one is written like `Europe/Berlin` or `UTC`")
        })?;
        Ok(Term::Clock { part, time, zone })
    }

    pub(super) fn different(&mut self, call: Call<'_, '_>) -> Parsed<Test> {
        Ok(match self.equal(call)? {
            Test::Leaf(Leaf::Compare { left, right, .. }) => {
                Test::Leaf(Leaf::Compare { comparison: Comparison::Different, left, right })
            }
            equal => Test::Not(Box::new(equal)),
        })
    }

    pub(super) fn equal(&mut self, call: Call<'_, '_>) -> Parsed<Test> {
        call.expect(2..=2)?;
        let left = self.operand(&call.arguments[0], &call.at(0))?;
        let right = self.operand(&call.arguments[1], &call.at(1))?;
        match (left, right) {
            (Operand::Null, other) => is_missing(other, &call.at(1)),
            (other, Operand::Null) => is_missing(other, &call.at(0)),
            (left, right) if is_boolean(&left) && is_boolean(&right) => match (as_test(left), as_test(right)) {
                (Some(left), Some(right)) => Ok(Test::Same(Box::new([left, right]))),
                _ => Err(call.place.refuse("a condition is compared with a condition")),
            },
            (left, right) => {
                let (left, right) = paired(call, 0, left, right)?;
                if left.type_of() == Type::Texts {
                    return Err(call.place.refuse("a set of texts is not compared as a whole: write `in`"));
                }
                Ok(Test::Leaf(Leaf::Compare { comparison: Comparison::Equal, left, right }))
            }
        }
    }

    /// A comparison of neighbours: of two, or where `most` allows it of three.
    pub(super) fn ordered(&mut self, call: Call<'_, '_>, comparison: Comparison, most: usize) -> Parsed<Test> {
        call.expect(2..=most)?;
        let mut tests = Vec::new();
        for index in 1..call.arguments.len() {
            let left = self.operand(&call.arguments[index - 1], &call.at(index - 1))?;
            let right = self.operand(&call.arguments[index], &call.at(index))?;
            let (left, right) = paired(call, index - 1, left, right)?;
            let reason = match left.type_of() {
                Type::Number | Type::Time => None,
                Type::Text => Some("texts have no order here: databases sort them by language"),
                _ => Some("only numbers and times have an order"),
            };
            if let Some(reason) = reason {
                return Err(call.place.refuse(reason));
            }
            tests.push(Test::Leaf(Leaf::Compare { comparison, left, right }));
        }
        Ok(if tests.len() == 1 { tests.remove(0) } else { Test::All(tests) })
    }

    pub(super) fn is_in(&mut self, call: Call<'_, '_>) -> Parsed<Test> {
        call.expect(2..=2)?;
        let element = self.operand(&call.arguments[0], &call.at(0))?;
        match self.operand(&call.arguments[1], &call.at(1))? {
            Operand::List(list) => listed(call, element, list),
            Operand::Term(set) if set.type_of() == Type::Texts => {
                let element = term_of(Type::Text, element, &call.at(0))?;
                Ok(Test::Leaf(Leaf::Member { element, set }))
            }
            text => {
                let text = term_of(Type::Text, text, &call.at(1))?;
                let part = term_of(Type::Text, element, &call.at(0))?;
                Ok(Test::Leaf(Leaf::Text { test: TextTest::Contains, text, part }))
            }
        }
    }

    pub(super) fn text(&mut self, call: Call<'_, '_>, test: TextTest) -> Parsed<Test> {
        call.expect(2..=2)?;
        let text = self.operand(&call.arguments[0], &call.at(0))?;
        let text = term_of(Type::Text, text, &call.at(0))?;
        let part = self.operand(&call.arguments[1], &call.at(1))?;
        let part = term_of(Type::Text, part, &call.at(1))?;
        Ok(Test::Leaf(Leaf::Text { test, text, part }))
    }

    pub(super) fn network(&mut self, call: Call<'_, '_>) -> Parsed<Test> {
        call.expect(2..=2)?;
        let address = self.operand(&call.arguments[0], &call.at(0))?;
        let address = term_of(Type::Address, address, &call.at(0))?;
        let second = call.at(1);
        let networks = match self.operand(&call.arguments[1], &second)? {
            Operand::List(list) => {
                literal::length_of_list(list).map_err(|reason| second.refuse(reason))?;
                list.iter().enumerate().map(|(at, json)| network(json, &second.index(at))).collect::<Parsed<_>>()?
            }
            _ => Arc::from([network(&call.arguments[1], &second)?]),
        };
        Ok(Test::Leaf(Leaf::Network { address, networks }))
    }
}

fn network(json: &Json, place: &Place<'_>) -> Parsed<IpNet> {
    json.as_str()
        .and_then(|text| text.parse::<IpNet>().ok())
        .map(|network| network.trunc())
        .ok_or_else(|| place.refuse("a network is expected, written like `10.0.0.0/8` or `fd00::/8`"))
}

fn is_boolean(operand: &Operand<'_>) -> bool {
    matches!(operand, Operand::Test(_) | Operand::Flag(_) | Operand::Literal(Json::Bool(_)))
}

/// Whether an attribute is missing: the only question that null can be asked.
fn is_missing(operand: Operand<'_>, place: &Place<'_>) -> Parsed<Test> {
    match operand {
        Operand::Term(Term::Attribute { attribute, default: None })
        | Operand::Flag(Term::Attribute { attribute, default: None }) => {
            Ok(Test::Leaf(Leaf::Fewer { needed: 1, attributes: vec![attribute] }))
        }
        Operand::Null => Ok(Test::Constant(Truth::True)),
        Operand::Term(Term::Attribute { .. }) | Operand::Flag(_) => {
            Err(place.refuse("an attribute with something to stand in for it is never missing"))
        }
        _ => Err(place.refuse("only an attribute is compared with null")),
    }
}

/// Two neighbours, of which the first is argument `first`, as terms of one type. A literal takes the type of its neighbour.
fn paired(call: Call<'_, '_>, first: usize, left: Operand<'_>, right: Operand<'_>) -> Parsed<(Term, Term)> {
    let (at_left, at_right) = (call.at(first), call.at(first + 1));
    match (left, right) {
        (Operand::Term(left), Operand::Term(right)) => {
            if left.type_of() != right.type_of() {
                let (left, right) = (left.type_of().noun(), right.type_of().noun());
                return Err(call.place.refuse(format!("{left} is compared with {right}, and nothing is converted")));
            }
            Ok((left, right))
        }
        (Operand::Term(left), right) => {
            let right = term_of(left.type_of(), right, &at_right)?;
            Ok((left, right))
        }
        (left, Operand::Term(right)) => Ok((term_of(right.type_of(), left, &at_left)?, right)),
        (Operand::Literal(left), right) => {
            let left = literal::value(left).map_err(|reason| at_left.refuse(reason))?;
            let right = term_of(left.type_of(), right, &at_right)?;
            Ok((Term::Literal(left), right))
        }
        (left, _) => {
            let reason = format!("{} is not compared with `{}`", left.noun(), call.name);
            Err(at_left.refuse(reason))
        }
    }
}

/// The operand as a term of `ty`.
fn term_of(ty: Type, operand: Operand<'_>, place: &Place<'_>) -> Parsed<Term> {
    match operand {
        Operand::Term(term) if term.type_of() == ty => Ok(term),
        Operand::Literal(json) => literal::value_as(ty, json).map(Term::Literal).map_err(|reason| place.refuse(reason)),
        other => Err(place.refuse(format!("{} is expected, and here is {}", ty.noun(), other.noun()))),
    }
}

fn listed(call: Call<'_, '_>, element: Operand<'_>, list: &[Json]) -> Parsed<Test> {
    let (first, second) = (call.at(0), call.at(1));
    literal::length_of_list(list).map_err(|reason| second.refuse(reason))?;
    let element = match element {
        Operand::Term(term) if term.type_of() != Type::Texts => term,
        Operand::Literal(json) => Term::Literal(literal::value(json).map_err(|reason| first.refuse(reason))?),
        other => return Err(first.refuse(format!("{} is not looked for in a list", other.noun()))),
    };
    let ty = element.type_of();
    let values = list
        .iter()
        .enumerate()
        .map(|(at, json)| literal::value_as(ty, json).map_err(|reason| second.index(at).refuse(reason)));
    let mut list = values.collect::<Parsed<Vec<Value>>>()?;
    list.sort_by(|left, right| left.order(right).unwrap_or(std::cmp::Ordering::Equal));
    list.dedup_by(|left, right| left.order(right).is_some_and(std::cmp::Ordering::is_eq));
    Ok(Test::Leaf(Leaf::Listed { element, list: list.into() }))
}

//! Evaluating a condition: Kleene's three-valued logic, as SQL has it.

use std::{borrow::Cow, cmp::Ordering};

use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use super::{
    expression::{Attribute, ClockPart, Comparison, Leaf, Term, Test, TextTest, Truth},
    value::{Facts, Value},
};

impl Attribute {
    /// Its value as a condition sees it, which is as PostgreSQL would hold it.
    pub(super) fn value<'f>(&self, facts: &'f dyn Facts) -> Option<Cow<'f, Value>> {
        let value = facts.value(&self.name).filter(|value| value.type_of() == self.ty)?;
        match value.as_ref() {
            // A listener on both families names IPv4 clients `::ffff:10.0.0.1`; what a table holds is left as it is.
            Value::Address(address) if !self.is_of_resource() => {
                Some(Cow::Owned(Value::Address(address.to_canonical())))
            }
            _ => Value::as_stored(value),
        }
    }
}

impl Term {
    pub(super) fn value<'f>(&'f self, facts: &'f dyn Facts) -> Option<Cow<'f, Value>> {
        match self {
            Self::Attribute { attribute, default } => {
                attribute.value(facts).or_else(|| default.as_ref().map(Cow::Borrowed))
            }
            Self::Literal(value) => Some(Cow::Borrowed(value)),
            Self::Nothing(_) => None,
            Self::Clock { part, time, zone } => {
                let time = time.value(facts)?;
                part.of(&time, zone).map(Cow::Owned)
            }
        }
    }
}

impl ClockPart {
    fn of(self, time: &Value, zone: &TimeZone) -> Option<Value> {
        let Value::Time(time) = time else { return None };
        let local = zone.to_datetime(*time);
        let number = match self {
            Self::Hour => local.hour(),
            Self::Weekday => local.weekday().to_monday_one_offset(),
        };
        Some(Value::Number(Decimal::from(number)))
    }
}

impl Comparison {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Different => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }
}

impl TextTest {
    fn holds(self, text: &str, part: &str) -> bool {
        match self {
            Self::Contains => text.contains(part),
            Self::StartsWith => text.starts_with(part),
            Self::EndsWith => text.ends_with(part),
        }
    }
}

impl Leaf {
    pub(super) fn evaluate(&self, facts: &dyn Facts) -> Truth {
        match self {
            Self::Fewer { needed, attributes } => {
                let present = attributes.iter().filter(|attribute| attribute.value(facts).is_some()).count();
                Truth::from(present < *needed)
            }
            _ => Truth::of(self.known(facts)),
        }
    }

    /// None when it depends on something missing.
    fn known(&self, facts: &dyn Facts) -> Option<bool> {
        match self {
            Self::Flag(term) => match term.value(facts)?.as_ref() {
                Value::Bool(truth) => Some(*truth),
                _ => None,
            },
            Self::Compare { comparison, left, right } => {
                Some(comparison.holds(left.value(facts)?.order(right.value(facts)?.as_ref())?))
            }
            // Nothing is in an empty list, not even what is missing.
            Self::Listed { list, .. } if list.is_empty() => Some(false),
            Self::Network { networks, .. } if networks.is_empty() => Some(false),
            Self::Listed { element, list } => {
                let element = element.value(facts)?;
                let found = list.binary_search_by(|listed| listed.order(&element).unwrap_or(Ordering::Less));
                Some(found.is_ok())
            }
            Self::Member { element, set } => {
                let set = set.value(facts)?;
                let Value::Texts(texts) = set.as_ref() else { return None };
                if texts.is_empty() {
                    return Some(false);
                }
                let element = element.value(facts)?;
                let Value::Text(element) = element.as_ref() else { return None };
                Some(texts.contains(element))
            }
            Self::Text { test, text, part } => match (text.value(facts)?.as_ref(), part.value(facts)?.as_ref()) {
                (Value::Text(text), Value::Text(part)) => Some(test.holds(text, part)),
                _ => None,
            },
            Self::Network { address, networks } => match address.value(facts)?.as_ref() {
                Value::Address(address) => Some(networks.iter().any(|network| network.contains(address))),
                _ => None,
            },
            Self::Fewer { .. } => None,
        }
    }
}

impl Test {
    pub(super) fn evaluate(&self, facts: &dyn Facts) -> Truth {
        match self {
            Self::Constant(truth) => *truth,
            Self::Leaf(leaf) => leaf.evaluate(facts),
            Self::Not(part) => part.evaluate(facts).not(),
            Self::All(parts) => until(Truth::False, parts, facts),
            Self::Any(parts) => until(Truth::True, parts, facts),
            Self::If(parts) => {
                let [condition, then, otherwise] = parts.as_ref();
                match condition.evaluate(facts) {
                    Truth::True => then.evaluate(facts),
                    Truth::False => otherwise.evaluate(facts),
                    Truth::Unknown => Truth::Unknown,
                }
            }
            Self::Same(parts) => same(parts[0].evaluate(facts), parts[1].evaluate(facts)),
        }
    }
}

/// `decisive` as soon as one part is; else unknown when one part is; else the opposite.
fn until(decisive: Truth, parts: &[Test], facts: &dyn Facts) -> Truth {
    let mut outcome = decisive.not();
    for part in parts {
        match part.evaluate(facts) {
            truth if truth == decisive => return decisive,
            Truth::Unknown => outcome = Truth::Unknown,
            _ => {}
        }
    }
    outcome
}

/// Whether two truths are known and equal.
pub(super) fn same(left: Truth, right: Truth) -> Truth {
    match (left, right) {
        (Truth::Unknown, _) | (_, Truth::Unknown) => Truth::Unknown,
        _ => Truth::from(left == right),
    }
}

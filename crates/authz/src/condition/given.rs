//! Partial evaluation: what remains of a condition once everything but the resource is known.

use std::borrow::Cow;

use super::{
    evaluate::same,
    expression::{Leaf, Term, Test, Truth},
    value::{Facts, Value},
};

impl Test {
    /// The test that is true, false and unknown for the same resources, and reads nothing else.
    pub(super) fn given(&self, facts: &dyn Facts) -> Self {
        match self {
            Self::Constant(_) => self.clone(),
            Self::Leaf(leaf) => leaf.given(facts),
            Self::Not(part) => negated(part.given(facts)),
            Self::All(parts) => combined(Truth::False, parts, facts),
            Self::Any(parts) => combined(Truth::True, parts, facts),
            Self::If(parts) => {
                let [condition, then, otherwise] = parts.as_ref();
                match condition.given(facts) {
                    Self::Constant(Truth::True) => then.given(facts),
                    Self::Constant(Truth::False) => otherwise.given(facts),
                    Self::Constant(Truth::Unknown) => Self::Constant(Truth::Unknown),
                    condition => Self::If(Box::new([condition, then.given(facts), otherwise.given(facts)])),
                }
            }
            Self::Same(parts) => match (parts[0].given(facts), parts[1].given(facts)) {
                (Self::Constant(left), Self::Constant(right)) => Self::Constant(same(left, right)),
                (Self::Constant(known), other) | (other, Self::Constant(known)) => match known {
                    Truth::True => other,
                    Truth::False => negated(other),
                    Truth::Unknown => Self::Constant(Truth::Unknown),
                },
                (left, right) => Self::Same(Box::new([left, right])),
            },
        }
    }
}

fn negated(part: Test) -> Test {
    match part {
        Test::Constant(truth) => Test::Constant(truth.not()),
        Test::Not(part) => *part,
        part => Test::Not(Box::new(part)),
    }
}

/// All of the parts when false decides, any of them when true does.
fn combined(decisive: Truth, parts: &[Test], facts: &dyn Facts) -> Test {
    let mut left = Vec::new();
    let mut unknown = false;
    for part in parts {
        match part.given(facts) {
            Test::Constant(truth) if truth == decisive => return Test::Constant(decisive),
            Test::Constant(Truth::Unknown) => unknown = true,
            Test::Constant(_) => {}
            Test::All(parts) if decisive == Truth::False => left.extend(parts),
            Test::Any(parts) if decisive == Truth::True => left.extend(parts),
            part => left.push(part),
        }
    }
    // Parts of parts may have brought theirs along; one says it.
    let before = left.len();
    left.retain(|part| !matches!(part, Test::Constant(_)));
    unknown |= left.len() < before;
    if unknown {
        left.push(Test::Constant(Truth::Unknown));
    }
    match left.len() {
        0 => Test::Constant(decisive.not()),
        1 => left.remove(0),
        _ if decisive == Truth::False => Test::All(left),
        _ => Test::Any(left),
    }
}

impl Leaf {
    fn given(&self, facts: &dyn Facts) -> Test {
        if let Self::Fewer { needed, attributes } = self {
            let (columns, known): (Vec<_>, Vec<_>) =
                attributes.iter().cloned().partition(|attribute| attribute.is_of_resource());
            let present = known.iter().filter(|attribute| attribute.value(facts).is_some()).count();
            return match needed.saturating_sub(present) {
                0 => Test::Constant(Truth::False),
                needed if needed > columns.len() => Test::Constant(Truth::True),
                needed => Test::Leaf(Self::Fewer { needed, attributes: columns }),
            };
        }
        if !self.attributes().any(|attribute| attribute.is_of_resource()) {
            return Test::Constant(self.evaluate(facts));
        }
        let leaf = self.with_terms(|term| match term.attribute() {
            Some(attribute) if !attribute.is_of_resource() => {
                term.value(facts).map_or(Term::Nothing(term.type_of()), |value| Term::Literal(Cow::into_owned(value)))
            }
            _ => term.clone(),
        });
        let nothing = leaf.terms().any(|term| matches!(term, Term::Nothing(_)));
        match leaf {
            // A text that is missing is not in an empty set, and the set is the resource's.
            Self::Member { element: Term::Nothing(_), .. } => Test::Leaf(leaf),
            Self::Member { set: Term::Literal(Value::Texts(texts)), .. } if texts.is_empty() => {
                Test::Constant(Truth::False)
            }
            Self::Listed { list, .. } if list.is_empty() => Test::Constant(Truth::False),
            Self::Network { networks, .. } if networks.is_empty() => Test::Constant(Truth::False),
            _ if nothing => Test::Constant(Truth::Unknown),
            leaf => Test::Leaf(leaf),
        }
    }
}

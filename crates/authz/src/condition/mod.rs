//! Conditions: when a grant counts, as JSON over subject, resource, action and environment.
//!
//! The language is a strict, typed subset of JsonLogic (<https://jsonlogic.com>), so that one condition means the same
//! in two worlds: [`Condition::evaluate`] decides about one thing here, and [`Condition::sql`] about the rows of a table
//! in PostgreSQL. What does not translate is refused when it is written. `docs/conditions.md` is the page for people.

mod compare;
mod evaluate;
mod expression;
mod given;
mod literal;
mod operators;
mod parse;
mod place;
mod sql;
mod suggest;
#[cfg(test)]
mod tests;
mod trace;
mod value;

use std::collections::BTreeSet;

use expression::Test;
pub use expression::Truth;
pub use operators::{OPERATORS, Operator, REFUSED};
pub use place::ConditionError;
pub use sql::{NotOfResource, SqlPlace};
pub use trace::Trace;
pub use value::{Facts, Type, Value, Vocabulary};

/// Something that is true, false or unknown of a subject that does an action to a resource in an environment.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    test: Test,
}

/// The condition that always holds.
impl Default for Condition {
    fn default() -> Self {
        Self { test: Test::Constant(Truth::True) }
    }
}

impl Condition {
    /// Reads a condition; `{}` is the one that always holds.
    ///
    /// # Errors
    /// When the document is not JSON of this language, names an attribute that is not in the vocabulary, compares two
    /// types, or is too large. The error says where.
    pub fn parse(document: &serde_json::Value, vocabulary: &dyn Vocabulary) -> Result<Self, ConditionError> {
        parse::parse(document, vocabulary).map(|test| Self { test })
    }

    /// Whether it holds whatever is asked.
    pub fn is_always(&self) -> bool {
        self.test == Test::Constant(Truth::True)
    }

    /// Whether it can be seen that it holds for nothing that may be asked: no row needs to be looked at.
    pub fn is_never(&self) -> bool {
        let never = |test: &Test| matches!(test, Test::Constant(Truth::False | Truth::Unknown));
        match &self.test {
            Test::All(parts) => parts.iter().any(never),
            test => never(test),
        }
    }

    /// Holds where both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let test = match (self.test, other.test) {
            (Test::Constant(Truth::True), test) | (test, Test::Constant(Truth::True)) => test,
            (left, right) => Test::All(vec![left, right]),
        };
        Self { test }
    }

    /// The conditions that all have to hold for it to hold; none for the one that always does.
    pub fn parts(&self) -> Vec<Self> {
        fn collect(test: &Test, parts: &mut Vec<Condition>) {
            match test {
                Test::Constant(Truth::True) => {}
                Test::All(tests) => tests.iter().for_each(|test| collect(test, parts)),
                test => parts.push(Condition { test: test.clone() }),
            }
        }
        let mut parts = Vec::new();
        collect(&self.test, &mut parts);
        parts
    }

    /// Whether it can be seen that `other` holds wherever this holds: each part of the other is a part of this.
    pub fn implies(&self, other: &Self) -> bool {
        let own = self.parts();
        other.parts().iter().all(|part| own.contains(part))
    }

    /// The names of what it reads, each once, sorted.
    pub fn attributes(&self) -> impl Iterator<Item = &str> {
        let mut attributes = Vec::new();
        self.test.collect_attributes(&mut attributes);
        attributes.into_iter().map(|attribute| &*attribute.name).collect::<BTreeSet<_>>().into_iter()
    }

    /// Whether it holds. Unknown, when that depends on something missing.
    pub fn evaluate(&self, facts: &dyn Facts) -> Truth {
        self.test.evaluate(facts)
    }

    /// The same for people: every part with what it saw and what came of it.
    pub fn trace(&self, facts: &dyn Facts) -> Trace {
        self.test.trace(facts)
    }

    /// What remains to be asked of a resource: everything else is replaced by its value, and folded. For every resource
    /// it is true, false and unknown where this condition is.
    #[must_use]
    pub fn given(&self, facts: &dyn Facts) -> Self {
        Self { test: self.test.given(facts) }
    }

    /// A boolean expression in SQL, in parentheses where it needs them: true, false and null for the rows of which the
    /// condition is true, false and unknown. The same condition gives the same text, whatever its values are.
    ///
    /// # Errors
    /// When it reads what no table has; see [`Condition::given`].
    pub fn sql(&self, place: &mut dyn SqlPlace) -> Result<String, NotOfResource> {
        self.test.sql(place)
    }
}

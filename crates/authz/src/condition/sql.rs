//! A condition as a predicate in SQL.
//!
//! Values are parameters and never part of the text, so the text is the same for every value and a prepared statement
//! serves them all. No part of it can fail while it runs.

use super::{
    expression::{Attribute, Comparison, Leaf, Term, Test, TextTest, Truth},
    value::{Type, Value},
};

/// Where a predicate will stand.
pub trait SqlPlace {
    /// An expression in SQL whose value is that of the attribute and of the type [`Type::sql`] names or one that
    /// PostgreSQL compares with it exactly: `t.status`, or `t.size` of type `bigint` for a number; in parentheses when it
    /// is more than a column or a call. None: the table has no such column, and every row counts as missing it.
    ///
    /// What the column holds and what [`super::Facts`] say about the same row must be the same value. So these are not
    /// columns to offer: texts with a nondeterministic collation, `real` and `double precision`, numerics that do not
    /// fit a [`rust_decimal::Decimal`], and arrays of more than one dimension.
    fn column(&mut self, attribute: &str, ty: Type) -> Option<String>;

    /// Adds a parameter and returns its placeholder with a cast to [`Type::sql`], such as `$3::numeric`.
    fn parameter(&mut self, value: &Value) -> String;
}

/// The condition still reads something that no table has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{attribute}` is not an attribute of a resource: say what it is with `given` before asking for SQL")]
pub struct NotOfResource {
    /// What it reads.
    pub attribute: String,
}

impl Test {
    pub(super) fn sql(&self, place: &mut dyn SqlPlace) -> Result<String, NotOfResource> {
        Ok(match self {
            Self::Constant(Truth::True) => "true".to_owned(),
            Self::Constant(Truth::False) => "false".to_owned(),
            Self::Constant(Truth::Unknown) => "null::boolean".to_owned(),
            Self::Leaf(leaf) => leaf.sql(place)?,
            Self::Not(part) => format!("(not {})", part.sql(place)?),
            Self::All(parts) => joined(" and ", parts, place)?,
            Self::Any(parts) => joined(" or ", parts, place)?,
            Self::If(parts) => {
                let [condition, then, otherwise] = parts.as_ref();
                let (condition, then, otherwise) = (condition.sql(place)?, then.sql(place)?, otherwise.sql(place)?);
                format!("(case {condition} when true then {then} when false then {otherwise} end)")
            }
            Self::Same(parts) => format!("({} = {})", parts[0].sql(place)?, parts[1].sql(place)?),
        })
    }
}

fn joined(word: &str, parts: &[Test], place: &mut dyn SqlPlace) -> Result<String, NotOfResource> {
    let parts = parts.iter().map(|part| part.sql(place)).collect::<Result<Vec<_>, _>>()?;
    Ok(format!("({})", parts.join(word)))
}

impl Leaf {
    fn sql(&self, place: &mut dyn SqlPlace) -> Result<String, NotOfResource> {
        Ok(match self {
            Self::Flag(term) => term.sql(place)?,
            Self::Compare { comparison, left, right } => {
                format!("({} {} {})", left.sql(place)?, comparison.sql(), right.sql(place)?)
            }
            Self::Listed { element, list } => {
                let ty = element.type_of();
                let element = element.sql(place)?;
                let texts = place.parameter(&Value::Texts(list.iter().map(bare).collect()));
                match ty {
                    Type::Text => format!("({element} = any({texts}))"),
                    ty => format!("({element} = any(({texts})::{}[]))", ty.sql()),
                }
            }
            Self::Member { element, set } => {
                let element = element.sql(place)?;
                // An element that is null says nothing about the others.
                let set = match set {
                    Term::Literal(_) => set.sql(place)?,
                    _ => format!("array_remove({}, null)", set.sql(place)?),
                };
                format!("({element} = any({set}))")
            }
            Self::Text { test, text, part } => {
                let (text, part) = (text.sql(place)?, part.sql(place)?);
                match test {
                    TextTest::Contains => format!("(strpos({text}, {part}) > 0)"),
                    TextTest::StartsWith => format!("starts_with({text}, {part})"),
                    TextTest::EndsWith => format!("(right({text}, length({part})) = {part})"),
                }
            }
            Self::Network { address, networks } => {
                let address = address.sql(place)?;
                let texts = place.parameter(&Value::Texts(networks.iter().map(ToString::to_string).collect()));
                format!("({address} <<= any(({texts})::inet[]))")
            }
            Self::Fewer { needed, attributes } => {
                let columns = attributes.iter().map(|attribute| attribute.sql(place)).collect::<Result<Vec<_>, _>>()?;
                match columns.as_slice() {
                    [column] if *needed == 1 => format!("({column} is null)"),
                    // Numbers of the condition's own shape, never of a value.
                    columns => format!("(num_nonnulls({}) < {needed})", columns.join(", ")),
                }
            }
        })
    }
}

impl Term {
    fn sql(&self, place: &mut dyn SqlPlace) -> Result<String, NotOfResource> {
        match self {
            Self::Attribute { attribute, default: None } => attribute.sql(place),
            Self::Attribute { attribute, default: Some(default) } => {
                let column = attribute.sql(place)?;
                Ok(format!("coalesce({column}, {})", place.parameter(default)))
            }
            Self::Literal(value) => Ok(place.parameter(value)),
            Self::Nothing(ty) => Ok(format!("null::{}", ty.sql())),
            Self::Clock { time, .. } => Err(NotOfResource { attribute: time.name.to_string() }),
        }
    }
}

impl Attribute {
    fn sql(&self, place: &mut dyn SqlPlace) -> Result<String, NotOfResource> {
        if !self.is_of_resource() {
            return Err(NotOfResource { attribute: self.name.to_string() });
        }
        let Some(column) = place.column(&self.name, self.ty) else {
            return Ok(format!("null::{}", self.ty.sql()));
        };
        Ok(match self.ty {
            // The address alone: inet may hold the width of a network besides.
            Type::Address => format!("host({column})::inet"),
            _ => column,
        })
    }
}

impl Comparison {
    fn sql(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Different => "<>",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        }
    }
}

/// The text that PostgreSQL reads back as the value. Sets are not elements of lists.
fn bare(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        value => value.to_string(),
    }
}

//! Filters of a list: `filter[field]=…`, `filter[field][operator]=…`.

use crate::{
    input,
    param::Param,
    schema::{Column, ColumnType},
};

/// How a column is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal; null counts as not equal.
    Ne,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// One of a comma-separated list.
    In,
    /// Contains the text, whatever the case.
    Contains,
    /// Starts with the text.
    StartsWith,
    /// `null` or `not_null`.
    Is,
}

impl Operator {
    /// Every operator with its name in addresses.
    pub const ALL: [(&'static str, Self); 10] = [
        ("eq", Self::Eq),
        ("ne", Self::Ne),
        ("lt", Self::Lt),
        ("lte", Self::Lte),
        ("gt", Self::Gt),
        ("gte", Self::Gte),
        ("in", Self::In),
        ("contains", Self::Contains),
        ("starts_with", Self::StartsWith),
        ("is", Self::Is),
    ];

    /// The operator of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, operator)| *operator)
    }

    /// Whether it makes sense on a column.
    pub fn suits(self, column: &Column) -> bool {
        match self {
            Self::Is => true,
            Self::Eq | Self::Ne | Self::In => column.kind.is_ordered() || column.kind == ColumnType::Inet,
            Self::Lt | Self::Lte | Self::Gt | Self::Gte => {
                column.kind.is_ordered() && !matches!(column.kind, ColumnType::Bool | ColumnType::Uuid)
                    || column.kind == ColumnType::Uuid && column.name == "id"
            }
            Self::Contains | Self::StartsWith => column.kind == ColumnType::Text,
        }
    }
}

/// The SQL condition of one filter; its value is appended to `params`.
pub(crate) fn condition(
    column: &Column,
    operator: Operator,
    text: &str,
    params: &mut Vec<Param>,
) -> Result<String, String> {
    let name = format!("t.{}", column.name);
    let cast = column.kind.cast();
    let mut push = |param: Param| {
        params.push(param);
        format!("${}", params.len())
    };
    let one = || {
        let param = input::from_text(column.kind, text)?;
        if let (Some(values), Param::Text(text)) = (&column.check.values, &param)
            && !values.contains(text)
        {
            return Err(format!("must be one of {}", values.join(", ")));
        }
        Ok(param)
    };
    Ok(match operator {
        Operator::Eq => format!("{name} = {}{cast}", push(one()?)),
        Operator::Ne => format!("{name} is distinct from {}{cast}", push(one()?)),
        Operator::Lt => format!("{name} < {}{cast}", push(one()?)),
        Operator::Lte => format!("{name} <= {}{cast}", push(one()?)),
        Operator::Gt => format!("{name} > {}{cast}", push(one()?)),
        Operator::Gte => format!("{name} >= {}{cast}", push(one()?)),
        Operator::In => {
            let parts: Vec<&str> = text.split(',').collect();
            if parts.len() > 100 {
                return Err("must name at most 100 values".into());
            }
            let mut places = Vec::with_capacity(parts.len());
            for part in parts {
                places.push(format!("{}{cast}", push(input::from_text(column.kind, part.trim())?)));
            }
            format!("{name} in ({})", places.join(", "))
        }
        Operator::Contains => format!("{name} ilike '%' || {} || '%'", push(pattern(text)?)),
        Operator::StartsWith => format!("starts_with({name}, {})", push(input::from_text(ColumnType::Text, text)?)),
        Operator::Is => match text {
            "null" => format!("{name} is null"),
            "not_null" => format!("{name} is not null"),
            _ => return Err("must be `null` or `not_null`".into()),
        },
    })
}

/// Text to look for with `ilike`, its wildcards made plain.
pub(crate) fn pattern(text: &str) -> Result<Param, String> {
    match input::from_text(ColumnType::Text, text)? {
        Param::Text(text) => Ok(Param::Text(text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))),
        other => Ok(other),
    }
}

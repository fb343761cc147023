//! Where something is allowed, as a condition over the rows of a table.

use authz::{
    Filter, Reach,
    condition::{SqlPlace, Type, Value},
};

use crate::{Ctx, Error, catalogue::Served, param::Param, vocabulary::column_sql};

/// The condition on rows of `served` under the alias `t` that holds for those that `reach` reaches; `None` when that is all
/// of them.
pub(crate) fn condition(served: &Served, reach: &Reach, params: &mut Vec<Param>) -> Result<Option<String>, Error> {
    let parts = match reach {
        Reach::Everything => return Ok(None),
        Reach::Nothing => return Ok(Some("false".to_owned())),
        Reach::Parts(parts) => parts,
    };
    let mut ways = Vec::with_capacity(parts.len());
    for part in parts {
        let filters = part.filters.iter().map(|filter| one(served, filter, params)).collect::<Result<Vec<_>, _>>()?;
        ways.push(filters.join(" and "));
    }
    Ok(Some(match ways.as_slice() {
        [only] => format!("({only})"),
        _ => format!("(({}))", ways.join(") or (")),
    }))
}

/// The conditions on rows of `served` for the actor of `ctx`: what `reach` reaches or is their own, and what tells of kinds
/// they may read.
pub(crate) fn conditions(
    ctx: &Ctx,
    served: &Served,
    reach: &Reach,
    params: &mut Vec<Param>,
) -> Result<Vec<String>, Error> {
    let mut conditions = Vec::new();
    if let Some(column) = served.resource.tells_of {
        params.push(Param::Texts(ctx.readable_types()));
        conditions.push(format!("t.{column} = any(${})", params.len()));
    }
    if let Some(reached) = condition(served, reach, params)? {
        conditions.push(match (served.resource.owner, ctx.own()) {
            (Some(column), Some(own)) => {
                params.push(Param::Uuid(own));
                format!("({reached} or t.{column} = ${})", params.len())
            }
            _ => reached,
        });
    }
    Ok(conditions)
}

fn one(served: &Served, filter: &Filter, params: &mut Vec<Param>) -> Result<String, Error> {
    let mut equal = |columns: &[Option<&str>], value: Param, form: &str| {
        // A parameter that stands nowhere would have no type, and PostgreSQL would refuse the statement.
        if columns.iter().all(Option::is_none) {
            return "false".to_owned();
        }
        params.push(value);
        let value = form.replace('$', &format!("${}", params.len()));
        let found: Vec<String> = columns.iter().flatten().map(|column| format!("t.{column} = {value}")).collect();
        format!("({})", found.join(" or "))
    };
    Ok(match filter {
        Filter::Projects(projects) => {
            equal(&[served.project_column()], Param::Uuids(projects.clone()), "any($::uuid[])")
        }
        Filter::Records(records) => {
            equal(&[served.own_id(), served.part_of], Param::Uuids(records.clone()), "any($::uuid[])")
        }
        Filter::Own(person) => equal(&[served.mine_column()], Param::Uuid(*person), "$::uuid"),
        Filter::When(condition) => {
            let text =
                condition.sql(&mut Columns { served, params }).map_err(|error| Error::Broken(error.to_string()))?;
            format!("({text}) is true")
        }
    })
}

/// Columns of a served table, and parameters behind those of the statement.
struct Columns<'a> {
    served: &'a Served,
    params: &'a mut Vec<Param>,
}

impl SqlPlace for Columns<'_> {
    fn column(&mut self, attribute: &str, ty: Type) -> Option<String> {
        column_sql(self.served, attribute, ty)
    }

    fn parameter(&mut self, value: &Value) -> String {
        // Decimals and addresses travel as text.
        let (param, cast) = match value {
            Value::Text(text) => (Param::Text(text.clone()), "::text"),
            Value::Number(number) => (Param::Text(number.to_string()), "::text::numeric"),
            Value::Bool(flag) => (Param::Bool(*flag), "::boolean"),
            Value::Time(time) => (Param::Time(*time), "::timestamptz"),
            Value::Id(id) => (Param::Uuid(*id), "::uuid"),
            Value::Address(address) => (Param::Text(address.to_string()), "::text::inet"),
            Value::Texts(texts) => (Param::Texts(texts.clone()), "::text[]"),
        };
        self.params.push(param);
        format!("${}{cast}", self.params.len())
    }
}

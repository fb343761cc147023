//! What may be read in one project, for the named queries of pages: such a query says in its text whose rows it reads, and
//! for somebody who may read only some of them the condition that lists have is put there.

use std::fmt::Write as _;

use authz::Reach;
use base::Problem;
use postgres_types::ToSql;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{Action, Allowed, Ctx, Error, Resource, Tx, access::proven, param::Param, reach};

/// Begins a mark in a named query, such as `/* readable defects d.id */ true`: the records of a resource, and what
/// identifies one of them in the query. Whoever may read all of them in the project gets the query as it is written.
const MARK: &str = "/* readable ";
const END: &str = " */ true";

/// Some records of a resource in a project: those that the actor's grants reach.
#[derive(Debug, Clone)]
pub struct Within {
    /// The declared resource.
    pub resource: &'static Resource,
    /// The project.
    pub project: Uuid,
}

impl Allowed<Within, crate::Read> {
    /// Runs a named query about this project, held to what the actor may read wherever the query marks it.
    ///
    /// # Errors
    /// When a mark names no resource, or PostgreSQL refuses the query.
    pub async fn query(
        &self,
        ctx: &Ctx,
        tx: &Tx,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Error> {
        let (sql, more) = held(ctx, self.project, sql, params.len())?;
        let params: Vec<_> = params.iter().copied().chain(more.iter().map(Param::as_sql)).collect();
        tx.query(&sql, &params).await
    }
}

/// Proves that the actor may do `A` to some records of `resource` in `project`, if there are any that fit.
///
/// # Errors
/// 403 when no grant of theirs reaches into the project.
pub fn permit_in<A: Action>(
    ctx: &Ctx,
    resource: &'static Resource,
    project: Uuid,
) -> Result<Allowed<Within, A>, Error> {
    let reach = ctx.reach(resource.permission, resource.needs(A::NAME));
    let own = resource.owner.is_some() && ctx.own().is_some();
    if !own && !reach.touches(Some(project)) {
        let reason = ctx.why_not(resource.permission, resource.needs(A::NAME), Some(project));
        return Err(
            Problem::forbidden(format!("You may not {} {}: {reason}.", A::NAME, resource.plural_words())).into()
        );
    }
    Ok(proven(Within { resource, project }))
}

/// A query with its marks replaced, and the parameters that stand behind the `given` ones.
fn held(ctx: &Ctx, project: Uuid, sql: &str, given: usize) -> Result<(String, Vec<Param>), Error> {
    let mut params = vec![Param::Null; given];
    let mut pieces = sql.split(MARK);
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let fault = || Error::Broken(format!("a query marks what may be read and nobody can tell what: {sql}"));
        let (mark, rest) = piece.split_once(END).ok_or_else(fault)?;
        let (name, record) = mark.split_once(' ').ok_or_else(fault)?;
        let served = ctx.catalogue().get(name).ok_or_else(fault)?;
        let reach = ctx.reach(served.resource.permission, "read");
        match reach.whole_projects() {
            None => text.push_str("true"),
            Some(whole) if whole.contains(&project) => text.push_str("true"),
            Some(_) if reach == Reach::Nothing && served.resource.owner.is_none() => text.push_str("false"),
            Some(_) => {
                let (key, table) = (served.own_id().ok_or_else(fault)?, served.resource.table);
                let conditions = reach::conditions(ctx, served, &reach, &mut params)?.join(" and ");
                params.push(Param::Uuid(project));
                let column = served.project_column().ok_or_else(fault)?;
                let at = params.len();
                let _ = write!(
                    text,
                    "{record} in (select t.{key} from {table} t where t.{column} = ${at} and {conditions})"
                );
            }
        }
        text.push_str(rest);
    }
    Ok((text, params.split_off(given)))
}

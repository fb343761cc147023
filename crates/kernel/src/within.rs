//! What may be read in one project, for the named queries of pages: such a query says in its text whose rows it reads, and
//! for somebody who may read only some of them the condition that lists have is put there.

use std::fmt::Write as _;

use authz::Reach;
use base::Problem;
use postgres_types::ToSql;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{
    Action, Allowed, Ctx, Error, Place, Read, Resource, Tx,
    access::{proven, refused_all},
    param::Param,
    reach,
};

/// Begins a mark in a named query, such as `/* readable defects d.id */ true`: the records of a resource, and what
/// identifies one of them in the query. Whoever may read all of them in the project gets the query as it is written.
pub(crate) const MARK: &str = "/* readable ";
const END: &str = " */ true";

/// Some records of a resource in a project: those that the actor's grants reach.
#[derive(Debug, Clone)]
pub struct Within {
    /// The declared resource.
    pub resource: &'static Resource,
    /// The project.
    pub project: Uuid,
}

impl Place for Within {
    fn resource_type(&self) -> &'static str {
        self.resource.permission
    }

    fn project(&self) -> Option<Uuid> {
        Some(self.project)
    }

    fn called(&self) -> String {
        self.resource.plural_words()
    }

    fn is_hidden_from_strangers(&self) -> bool {
        false
    }

    fn needs(&self, action: &'static str) -> &'static str {
        self.resource.needs(action)
    }
}

impl<T: Place, A: Action> Allowed<T, A> {
    /// Runs a named query about the project of what is allowed. Wherever the query marks whose rows it reads, it is held to
    /// those that the actor may read; to those of the kind that is allowed, with the action that is.
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
        let project = self.project();
        let this = (self.resource_type(), self.needs(A::NAME));
        let (sql, more) = held(ctx, project.as_ref().map(std::slice::from_ref), this, sql, params.len())?;
        run(tx, &sql, params, &more).await
    }
}

/// Runs a named query about some projects, or wherever there is something, held to what the actor may read as
/// [`Allowed::query`] is. For what is shown to anybody as far as they may read it.
///
/// # Errors
/// As [`Allowed::query`].
pub async fn query_readable(
    ctx: &Ctx,
    tx: &Tx,
    projects: Option<&[Uuid]>,
    sql: &str,
    params: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, Error> {
    let (sql, more) = held(ctx, projects, ("", Read::NAME), sql, params.len())?;
    run(tx, &sql, params, &more).await
}

async fn run(tx: &Tx, sql: &str, params: &[&(dyn ToSql + Sync)], more: &[Param]) -> Result<Vec<Row>, Error> {
    let params: Vec<_> = params.iter().copied().chain(more.iter().map(Param::as_sql)).collect();
    tx.query(sql, &params).await
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
        return Err(Problem::forbidden(format!("You may not {} {}: {reason}.", A::NAME, resource.plural_words()))
            .refusing(refused_all(resource, A::NAME, Some(project)))
            .into());
    }
    Ok(proven(Within { resource, project }))
}

/// A query with its marks replaced, and the parameters that stand behind the `given` ones. Marks of the kind of `this` are
/// held to its action, all others to reading.
fn held(
    ctx: &Ctx,
    projects: Option<&[Uuid]>,
    this: (&str, &str),
    sql: &str,
    given: usize,
) -> Result<(String, Vec<Param>), Error> {
    let mut params = vec![Param::Null; given];
    let mut pieces = sql.split(MARK);
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let fault = || Error::Broken(format!("a query marks what may be read and nobody can tell what: {sql}"));
        let (mark, rest) = piece.split_once(END).ok_or_else(fault)?;
        let (name, record) = mark.split_once(' ').ok_or_else(fault)?;
        let served = ctx.catalogue().get(name).ok_or_else(fault)?;
        let kind = served.resource.permission;
        let reach = ctx.reach(kind, if kind == this.0 { this.1 } else { Read::NAME });
        let is_whole = reach.whole_projects().is_none_or(|whole| {
            projects.is_some_and(|projects| projects.iter().all(|project| whole.contains(project)))
        });
        if is_whole {
            text.push_str("true");
        } else if reach == Reach::Nothing && served.resource.owner.is_none() {
            text.push_str("false");
        } else {
            let key = served.own_id().ok_or_else(fault)?;
            let mut conditions = reach::conditions(ctx, served, &reach, &mut params)?;
            if let (Some(projects), Some(column)) = (projects, served.project_column()) {
                params.push(Param::Uuids(projects.to_vec()));
                conditions.push(format!("t.{column} = any(${}::uuid[])", params.len()));
            }
            let (table, conditions) = (served.resource.table, conditions.join(" and "));
            let _ = write!(text, "{record} in (select t.{key} from {table} t where {conditions})");
        }
        text.push_str(rest);
    }
    Ok((text, params.split_off(given)))
}

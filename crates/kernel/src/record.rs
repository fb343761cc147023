//! A record that was found, with what a decision about it needs.

use std::borrow::Cow;

use authz::{
    Grants, Target,
    condition::{Facts, Type, Value},
};
use base::{Problem, Refused};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{
    Ctx, Error, Place, Resource,
    access::clip,
    catalogue::Served,
    param::Param,
    store::Tx,
    vocabulary::{column_sql, fact_sql, type_in, value_at},
};

/// One record that exists in this organisation and that row security lets the actor see.
#[derive(Debug, Clone)]
pub struct Record {
    /// The declared resource.
    pub resource: &'static Resource,
    /// The values of its key columns, in order; a single identifier for most.
    pub key: Vec<Param>,
    /// Its identifier as callers write it.
    pub id: String,
    /// The project it belongs to.
    pub project: Option<Uuid>,
    /// The person it belongs to, where the resource declares one.
    pub owner: Option<Uuid>,
    /// The optimistic lock, as the ETag carries it.
    pub version: String,
    /// Its status, where the resource declares moves.
    pub status: Option<String>,
    /// Whether it is soft-deleted.
    pub deleted: bool,
    /// Its title, for the audit trail.
    pub title: Option<String>,
    /// The name of its project when that is in the bin; known of records found to be written.
    pub project_in_bin: Option<String>,
    /// What only some grants ask for.
    pub besides: Besides,
}

impl Record {
    /// The identifier, for resources whose key is one UUID.
    ///
    /// # Errors
    /// When the resource has another kind of key.
    pub fn uuid(&self) -> Result<Uuid, Error> {
        match self.key.as_slice() {
            [Param::Uuid(id)] => Ok(*id),
            _ => Err(Error::Broken(format!("{} has no single identifier", self.resource.name))),
        }
    }

    /// Finds a record by its identifier or human key, and locks it when `lock` is set and rows of its table change.
    ///
    /// # Errors
    /// 404 when there is none, or row security hides it.
    pub async fn find(tx: &Tx, served: &Served, id: &str, lock: bool) -> Result<Self, Error> {
        let missing = || missing(served, id);
        let (condition, params) = served.locate(id).ok_or_else(missing)?;
        let asked = Asked::of(served, &tx.principal().grants);
        let sql = format!(
            "select {key}, {version}, {status}, {project}, {deleted}, {title}, {owner}, {bin}{besides} from {table} t where {condition}{limit}{lock}",
            key = served.key_text(),
            version = served.version_sql(),
            status = served.status_sql(),
            project = served.project_sql(),
            deleted = served.deleted_sql(),
            title = served.title_sql(),
            owner = served.owner_sql(),
            bin = served.bin_sql(),
            besides = asked.columns,
            table = served.resource.table,
            limit = " limit 2",
            lock = if lock && served.table.lockable { " for no key update" } else { "" },
        );
        let refs: Vec<_> = params.iter().map(Param::as_sql).collect();
        let rows = tx.query(&sql, &refs).await?;
        let [row] = rows.as_slice() else {
            return match rows.first() {
                None => Err(missing()),
                Some(_) => Err(Problem::conflict(format!(
                    "Several projects have a {} {}; name the project too, as in `project-slug:{}`.",
                    served.resource.words(),
                    clip(id),
                    clip(id)
                ))
                .into()),
            };
        };
        let id: String = row.try_get(0)?;
        let (_, key) = served.locate(&id).ok_or_else(missing)?;
        Ok(Self {
            resource: served.resource,
            key,
            id,
            version: row.try_get(1)?,
            status: row.try_get(2)?,
            project: row.try_get(3)?,
            deleted: row.try_get(4)?,
            title: row.try_get(5)?,
            owner: row.try_get(6)?,
            project_in_bin: row.try_get(7)?,
            besides: asked.read(row, 8)?,
        })
    }
}

/// The problem that there is no such record. It may be there and hidden by row security, which the audit trail finds out.
pub(crate) fn missing(served: &Served, id: &str) -> Error {
    let refused = Refused {
        action: "read".to_owned(),
        resource_type: served.resource.permission.to_owned(),
        record: Some(clip(id)),
        project: None,
        is_there: false,
    };
    Problem::not_found(format!("{} `{}`", served.resource.words(), clip(id))).refusing(refused).into()
}

impl Place for Record {
    fn resource_type(&self) -> &'static str {
        self.resource.permission
    }

    fn project(&self) -> Option<Uuid> {
        self.project
    }

    fn target(&self) -> Target<'_> {
        Target {
            project: self.project,
            record: self.besides.id,
            part_of: self.besides.part_of,
            external: None,
            owner: self.besides.mine,
            facts: Some(&self.besides),
        }
    }

    fn record(&self) -> Option<&str> {
        Some(&self.id)
    }

    fn called(&self) -> String {
        format!("{} `{}`", self.resource.words(), clip(&self.id))
    }

    fn is_hidden_from_strangers(&self) -> bool {
        true
    }

    fn needs(&self, action: &'static str) -> &'static str {
        self.resource.needs(action)
    }

    fn project_in_bin(&self) -> Option<&str> {
        self.project_in_bin.as_deref()
    }

    fn belongs_to_actor(&self, ctx: &Ctx) -> bool {
        self.owner.is_some() && self.owner == ctx.own()
    }
}

/// What is known of a record because some grant of the actor asks for it. Nothing for those who hold all they hold for a
/// whole organisation or project.
#[derive(Debug, Clone, Default)]
pub struct Besides {
    pub(crate) id: Option<Uuid>,
    pub(crate) part_of: Option<Uuid>,
    pub(crate) mine: Option<Uuid>,
    facts: Vec<(String, Value)>,
}

impl Facts for Besides {
    fn value(&self, attribute: &str) -> Option<Cow<'_, Value>> {
        self.facts.iter().find(|(name, _)| name == attribute).map(|(_, value)| Cow::Borrowed(value))
    }
}

/// What has to be selected with a record so that grants can be held against it.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// To be put behind a select list.
    pub(crate) columns: String,
    attributes: Vec<(String, Type)>,
}

impl Asked {
    /// What `grants` ask of rows of `served`.
    pub(crate) fn of(served: &Served, grants: &Grants) -> Self {
        if grants.is_plain() {
            return Self::default();
        }
        let column = |name: Option<&str>| name.map_or("null::uuid".to_owned(), |name| format!("t.{name}"));
        let mut columns = [served.own_id(), served.part_of, served.mine_column()].map(column).to_vec();
        let mut attributes = Vec::new();
        for name in grants.reads() {
            if let Some(kind) = type_in(served, name)
                && let Some(sql) = column_sql(served, name, kind)
            {
                columns.push(fact_sql(&sql, kind));
                attributes.push((name.to_owned(), kind));
            }
        }
        Self { columns: format!(", {}", columns.join(", ")), attributes }
    }

    /// What a row says, of which these columns begin at `first`.
    pub(crate) fn read(&self, row: &Row, first: usize) -> Result<Besides, Error> {
        if self.columns.is_empty() {
            return Ok(Besides::default());
        }
        let mut facts = Vec::new();
        for (at, (name, kind)) in self.attributes.iter().enumerate() {
            if let Some(value) = value_at(row, first + 3 + at, *kind)? {
                facts.push((name.clone(), value));
            }
        }
        Ok(Besides { id: row.try_get(first)?, part_of: row.try_get(first + 1)?, mine: row.try_get(first + 2)?, facts })
    }
}

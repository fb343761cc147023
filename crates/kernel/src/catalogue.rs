//! The catalogue: declarations joined with the schema. A declaration that does not fit the schema refuses to start
//! and names the difference.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use uuid::Uuid;

use crate::{
    About, Error, Operation, Resource, Rights, Schema, Subject, Table, Verb,
    encode::Row,
    param::Param,
    schema::{Column, ColumnType},
    select::Selection,
    vocabulary::{Vocabularies, Words},
};

/// A declaration that does not fit the schema.
#[derive(Debug, thiserror::Error)]
#[error("the declarations and the database disagree; mend one of them:\n{}", .0.join("\n"))]
pub struct CatalogueError(pub Vec<String>);

/// Where a served record finds its project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProjectLink {
    /// It belongs to the organisation, not to a project.
    None,
    /// In its column `project_id`.
    Column,
    /// It is a project.
    Itself,
}

/// A relation that `include=` can follow.
#[derive(Debug, Clone)]
pub enum Relation {
    /// A column here names one record there.
    One {
        /// The column.
        column: String,
        /// The resource there.
        resource: &'static str,
    },
    /// A column there names a record here.
    Many {
        /// The resource there.
        resource: &'static str,
        /// The column there.
        column: String,
    },
}

/// A declared resource with its table.
#[derive(Debug)]
pub struct Served {
    /// The declaration.
    pub resource: &'static Resource,
    /// The table as PostgreSQL describes it.
    pub table: Table,
    /// Where the project is found.
    pub project: ProjectLink,
    /// The relations that can be included, by name.
    pub relations: BTreeMap<String, Relation>,
    /// The column that names the record of the same permission type that a row is part of.
    pub(crate) part_of: Option<&'static str>,
    whole: OnceLock<Whole>,
}

/// What reading a record as a whole takes: the same for every request, so it is made once.
#[derive(Debug)]
pub(crate) struct Whole {
    /// What is selected: the shown columns, and behind them version, project, bin and owner.
    pub(crate) columns: String,
    /// How many columns come before the version.
    pub(crate) width: usize,
    /// How the shown columns become JSON.
    pub(crate) encoder: Row,
}

/// Columns that belong to the machinery and are not shown.
const UNSEEN: [&str; 2] = ["organization_id", "search_vector"];

impl Served {
    fn new(resource: &'static Resource, table: Table) -> Self {
        let project = match (resource.table, table.has("project_id")) {
            ("work.projects", _) => ProjectLink::Itself,
            (_, true) => ProjectLink::Column,
            (_, false) => ProjectLink::None,
        };
        Self { resource, table, project, relations: BTreeMap::new(), part_of: None, whole: OnceLock::new() }
    }

    /// The columns callers may see, in order.
    pub fn visible(&self) -> impl Iterator<Item = &Column> {
        self.table.columns.iter().filter(|column| self.is_visible(column))
    }

    /// Columns that callers may see and whose classification asks that reading them is logged.
    pub(crate) fn logged(&self) -> impl Iterator<Item = &str> {
        self.visible()
            .map(|column| column.name.as_str())
            .filter(|name| self.table.logged.iter().any(|logged| logged == name))
    }

    /// Whether callers may see a column.
    pub fn is_visible(&self, column: &Column) -> bool {
        column.kind != ColumnType::Tsvector
            && !UNSEEN.contains(&column.name.as_str())
            && !self.resource.hidden.contains(&column.name.as_str())
    }

    /// What reading a record as a whole takes.
    pub(crate) fn whole(&self) -> &Whole {
        self.whole.get_or_init(|| {
            let selection = Selection::whole(self);
            let columns = format!(
                "{}, {}, {}, {}, {}",
                selection.sql(),
                self.version_sql(),
                self.project_sql(),
                self.deleted_sql(),
                self.owner_sql(),
            );
            Whole { columns, width: selection.width(), encoder: selection.encoder() }
        })
    }

    /// The columns shown in lists.
    pub fn listed(&self) -> impl Iterator<Item = &Column> {
        self.visible().filter(|column| !self.resource.detail.contains(&column.name.as_str()))
    }

    /// The visible column of that name.
    pub fn visible_column(&self, name: &str) -> Option<&Column> {
        self.table.column(name).filter(|column| self.is_visible(column))
    }

    /// Whether records carry a row version.
    pub fn has_version(&self) -> bool {
        self.table.has("row_version")
    }

    /// Whether records are deleted softly.
    pub fn is_soft(&self) -> bool {
        self.table.has("deleted_at")
    }

    /// Whether rows belong to an organisation.
    pub fn is_tenant(&self) -> bool {
        self.table.has("organization_id")
    }

    /// Whether the key is made of several columns, so that an `id` is composed.
    pub fn has_composed_id(&self) -> bool {
        self.resource.key != ["id"]
    }

    pub(crate) fn key_text(&self) -> String {
        let parts: Vec<String> = self.resource.key.iter().map(|column| format!("t.{column}::text")).collect();
        parts.join(" || '~' || ")
    }

    pub(crate) fn version_sql(&self) -> &'static str {
        if self.has_version() { "t.row_version::text" } else { "t.xmin::text" }
    }

    pub(crate) fn status_sql(&self) -> String {
        self.resource.status.as_ref().map_or("null::text".into(), |status| format!("t.{}", status.column))
    }

    pub(crate) fn project_sql(&self) -> &'static str {
        match self.project {
            ProjectLink::None => "null::uuid",
            ProjectLink::Column => "t.project_id",
            ProjectLink::Itself => "t.id",
        }
    }

    /// The column by which rows are limited to projects.
    pub(crate) fn project_column(&self) -> Option<&'static str> {
        match self.project {
            ProjectLink::None => None,
            ProjectLink::Column => Some("project_id"),
            ProjectLink::Itself => Some("id"),
        }
    }

    pub(crate) fn deleted_sql(&self) -> &'static str {
        if self.is_soft() { "t.deleted_at is not null" } else { "false" }
    }

    /// The name of the project when it is in the bin. A project itself can be restored, so it is none of these.
    pub(crate) fn bin_sql(&self) -> &'static str {
        match self.project {
            ProjectLink::Column => {
                "(select p.name from work.projects p where p.id = t.project_id and p.deleted_at is not null)"
            }
            ProjectLink::None | ProjectLink::Itself => "null::text",
        }
    }

    pub(crate) fn owner_sql(&self) -> String {
        self.resource.owner.map_or("null::uuid".into(), |column| format!("t.{column}"))
    }

    /// The identifier, where the key is one.
    pub(crate) fn own_id(&self) -> Option<&'static str> {
        let [key] = self.resource.key else { return None };
        self.table.column(key).is_some_and(|column| column.kind == ColumnType::Uuid).then_some(*key)
    }

    /// The column of the person whom a permission for one's own things asks for: the declared owner, or who made it.
    pub(crate) fn mine_column(&self) -> Option<&'static str> {
        self.resource.owner.or_else(|| self.table.has("created_by").then_some("created_by"))
    }

    pub(crate) fn title_sql(&self) -> String {
        format!("t.{}::text", self.resource.title)
    }

    /// The condition and parameters that find a record by what a caller wrote: an identifier, a human key such as
    /// `REQ-42`, or a human key with its project's slug, `payments:REQ-42`. `None` when it is none of these.
    pub(crate) fn locate(&self, id: &str) -> Option<(String, Vec<Param>)> {
        let by_key = || {
            let params = self
                .resource
                .key
                .iter()
                .zip(id.split('~'))
                .map(|(column, text)| match self.table.column(column)?.kind {
                    ColumnType::Uuid => Uuid::try_parse(text).ok().map(Param::Uuid),
                    ColumnType::Text => (!text.contains('\0')).then(|| Param::Text(text.to_owned())),
                    _ => None,
                })
                .collect::<Option<Vec<_>>>()?;
            (params.len() == self.resource.key.len() && id.split('~').count() == params.len()).then(|| {
                let parts: Vec<String> = self
                    .resource
                    .key
                    .iter()
                    .enumerate()
                    .map(|(at, column)| format!("t.{column} = ${}", at + 1))
                    .collect();
                (parts.join(" and "), params)
            })
        };
        let by_human_key = || {
            let prefix = self.resource.human_key?;
            let (project, key) = match id.rsplit_once(':') {
                Some((project, key)) => (Some(project), key),
                None => (None, id),
            };
            let number = key.strip_prefix(prefix)?.strip_prefix('-')?;
            if number.is_empty() || number.len() > 18 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let key = Param::Text(key.to_owned());
            match project {
                None => Some(("t.key = $1".to_owned(), vec![key])),
                Some(slug) if !slug.contains('\0') => Some((
                    "t.key = $1 and t.project_id = (select p.id from work.projects p where p.slug = $2 \
                     and p.deleted_at is null)"
                        .to_owned(),
                    vec![key, Param::Text(slug.to_owned())],
                )),
                Some(_) => None,
            }
        };
        by_key().or_else(by_human_key)
    }
}

/// All that is served.
pub struct Catalogue {
    served: BTreeMap<&'static str, Served>,
    operations: Vec<Arc<Operation>>,
    schema: Schema,
    vocabularies: Vocabularies,
}

impl Catalogue {
    /// Joins the declarations with the schema.
    ///
    /// # Errors
    /// When a declaration names a table, column, state or parent that is not there: all differences at once.
    pub fn new(
        resources: impl IntoIterator<Item = &'static Resource>,
        operations: Vec<Operation>,
        schema: Schema,
    ) -> Result<Self, CatalogueError> {
        let mut faults = Vec::new();
        let mut served = BTreeMap::new();
        for resource in resources {
            let Some(table) = schema.table(resource.table) else {
                faults.push(format!("{}: there is no table {}", resource.name, resource.table));
                continue;
            };
            if served.insert(resource.name, Served::new(resource, table.clone())).is_some() {
                faults.push(format!("{} is declared twice", resource.name));
            }
        }
        for one in served.values() {
            check(one, &served, &mut faults);
        }
        for operation in &operations {
            if let Some(resource) = operation.subject.resource()
                && !served.contains_key(resource)
            {
                faults.push(format!("operation {}: no resource is called {resource}", operation.name));
            }
        }
        if !faults.is_empty() {
            return Err(CatalogueError(faults));
        }
        let kinds: BTreeMap<&str, &str> =
            served.values().map(|one| (one.resource.name, one.resource.permission)).collect();
        let relations: Vec<_> = served.values().map(|one| (one.resource.name, relations(one, &served))).collect();
        for (name, relations) in relations {
            if let Some(one) = served.get_mut(name) {
                one.relations = relations;
            }
        }
        for one in served.values_mut() {
            one.part_of = part_of(one.resource, &kinds);
        }
        let vocabularies = Vocabularies::of(served.values());
        Ok(Self { served, operations: operations.into_iter().map(Arc::new).collect(), schema, vocabularies })
    }

    /// The served resource of that name.
    pub fn get(&self, name: &str) -> Option<&Served> {
        self.served.get(name)
    }

    /// The served form of a declaration.
    ///
    /// # Errors
    /// When the declaration was not given to [`Catalogue::new`].
    pub fn served(&self, resource: &Resource) -> Result<&Served, crate::Error> {
        self.get(resource.name).ok_or_else(|| crate::Error::Broken(format!("{} is not served", resource.name)))
    }

    /// Everything served, by name.
    pub fn resources(&self) -> impl Iterator<Item = &Served> {
        self.served.values()
    }

    /// Every operation.
    pub fn operations(&self) -> impl Iterator<Item = &Arc<Operation>> {
        self.operations.iter()
    }

    /// The operation of this name on a subject.
    ///
    /// # Errors
    /// When it is not declared, which is a mistake of whoever asks.
    pub fn operation(&self, subject: Subject, name: &str) -> Result<&Arc<Operation>, Error> {
        let found = self.operations().find(|operation| operation.subject == subject && operation.name == name);
        found.ok_or_else(|| Error::Broken(format!("{subject:?} has no operation {name}")))
    }

    /// What conditions on things of a permission type may ask for.
    pub fn words_of(&self, kind: &str) -> Words<'_> {
        self.vocabularies.of_kind(kind)
    }

    /// What conditions may ask for that are about no kind of thing in particular.
    pub fn words_of_context(&self) -> Words<'_> {
        self.vocabularies.of_context()
    }

    /// The schema.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The resource that serves a table.
    pub(crate) fn of_table(&self, table: &str) -> Option<&Served> {
        self.served.values().find(|served| served.resource.table == table)
    }
}

/// The column that names a parent of the same permission type: what is held for the parent holds for its parts.
fn part_of(resource: &'static Resource, kinds: &BTreeMap<&str, &str>) -> Option<&'static str> {
    let (column, parent) = resource.parent?;
    (kinds.get(parent) == Some(&resource.permission)).then_some(column)
}

fn check(one: &Served, all: &BTreeMap<&'static str, Served>, faults: &mut Vec<String>) {
    let resource = one.resource;
    let mut need = |column: &str, role: &str| {
        if !one.table.has(column) {
            faults.push(format!("{}: {role} `{column}` is not a column of {}", resource.name, resource.table));
        }
    };
    need(resource.title, "the title");
    for column in resource.key {
        need(column, "the key");
    }
    for column in resource.writable.iter().chain(resource.create_only) {
        need(column, "the writable");
    }
    for column in resource
        .filled
        .iter()
        .chain(&resource.owner)
        .chain(&resource.confers)
        .chain(&resource.tells_of)
        .chain(&resource.searched)
    {
        need(column, "the");
    }
    for (column, about) in resource.conditions {
        need(column, "the condition");
        if let About::Type(kind) | About::Permission(kind) = about {
            need(kind, "what a condition is about");
        }
    }
    if let Some(Rights::Member(column)) = resource.rights {
        need(column, "the member");
    }
    for (column, ..) in resource.guarded {
        need(column, "the guarded");
    }
    for column in resource.hidden.iter().chain(resource.detail).chain(resource.personal) {
        need(column, "the");
    }
    for column in resource.expected {
        need(column, "the expected");
    }
    if resource.human_key.is_some() {
        need("key", "the human key");
    }
    if let Some(status) = &resource.status {
        need(status.column, "the status");
        for (_, column) in status.stamps {
            need(column, "the stamp");
        }
        let allowed =
            one.table.column(status.column).and_then(|column| column.check.values.clone()).unwrap_or_default();
        let named =
            status.moves.iter().flat_map(|(from, to)| std::iter::once(from).chain(*to)).chain(status.initial).copied();
        for state in named {
            if !allowed.iter().any(|value| value == state) {
                faults.push(format!("{}: the database does not allow the state `{state}`", resource.name));
            }
        }
    }
    for column in resource.writable.iter().chain(resource.create_only) {
        if one.table.column(column).is_some_and(|column| column.generated) {
            faults.push(format!("{}: `{column}` is computed and cannot be written", resource.name));
        }
    }
    for column in one.visible().filter(|column| column.kind == ColumnType::Other) {
        faults.push(format!("{}: `{}` has a type that cannot be served; hide it", resource.name, column.name));
    }
    if resource.offers(Verb::Restore) && !one.is_soft() {
        faults.push(format!(
            "{}: nothing can be restored, because {} keeps no deleted_at",
            resource.name, resource.table
        ));
    }
    if let Some((column, parent)) = resource.parent {
        need_parent(resource, column, parent, all, one, faults);
    }
}

fn need_parent(
    resource: &Resource,
    column: &str,
    parent: &str,
    all: &BTreeMap<&'static str, Served>,
    one: &Served,
    faults: &mut Vec<String>,
) {
    match all.get(parent) {
        None => faults.push(format!("{}: the parent {parent} is not declared", resource.name)),
        Some(parent) => {
            // A view that serves a table has the table's name behind `v_`.
            let behind = parent.resource.table.replacen(".v_", ".", 1);
            if one.table.reference(column).is_none_or(|key| key.target != parent.resource.table && key.target != behind)
            {
                faults.push(format!("{}: `{column}` does not refer to {}", resource.name, parent.resource.table));
            }
        }
    }
}

fn relations(one: &Served, all: &BTreeMap<&'static str, Served>) -> BTreeMap<String, Relation> {
    let mut relations = BTreeMap::new();
    for key in &one.table.foreign_keys {
        let Some(column) = key.columns.last().filter(|column| one.visible_column(column).is_some()) else { continue };
        let target_column = key.target_columns.last().map(String::as_str);
        let there = all
            .values()
            .find(|there| there.resource.table == key.target && there.resource.key.last().copied() == target_column);
        if let Some(there) = there {
            let name = column.strip_suffix("_id").unwrap_or(column).to_owned();
            relations.insert(name, Relation::One { column: column.clone(), resource: there.resource.name });
        }
    }
    if one.resource.key != ["id"] {
        return relations;
    }
    for there in all.values().filter(|there| there.resource.offers(Verb::List)) {
        let mut columns: Vec<&String> = there
            .table
            .foreign_keys
            .iter()
            .filter(|key| key.target == one.resource.table && key.target_columns.last().is_some_and(|c| c == "id"))
            .filter_map(|key| key.columns.last())
            .filter(|column| there.visible_column(column).is_some())
            .collect();
        columns.dedup();
        for column in &columns {
            let name = match columns.len() {
                1 => there.resource.name.to_owned(),
                _ => format!("{}.{column}", there.resource.name),
            };
            let column = (*column).clone();
            relations.entry(name).or_insert(Relation::Many { resource: there.resource.name, column });
        }
    }
    relations
}

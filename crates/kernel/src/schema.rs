//! The schema as PostgreSQL describes it: tables, columns, keys, rules and comments. Read once at start.

use std::collections::{BTreeMap, HashMap};

use crate::{Error, facts, store::Store};

/// The type of a column, as far as serving needs to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// `uuid`
    Uuid,
    /// `text`, `character varying`
    Text,
    /// `character(n)`
    Char(u16),
    /// `smallint`
    Int2,
    /// `integer`
    Int4,
    /// `bigint`
    Int8,
    /// `numeric(precision, scale)`; zero precision is unconstrained
    Numeric(u16, u16),
    /// `double precision`
    Float8,
    /// `boolean`
    Bool,
    /// `timestamptz`
    Timestamptz,
    /// `date`
    Date,
    /// `jsonb`
    Jsonb,
    /// `text[]`
    TextArray,
    /// `uuid[]`
    UuidArray,
    /// `inet`
    Inet,
    /// `bytea`
    Bytea,
    /// `tsvector`: never served
    Tsvector,
    /// Any other type: a table that has one can be declared with that column hidden
    Other,
}

impl ColumnType {
    fn of(name: &str, modifier: i32) -> Self {
        let modifier = u32::try_from(modifier - 4).ok();
        match name {
            "uuid" => Self::Uuid,
            "text" | "varchar" | "name" => Self::Text,
            "bpchar" => Self::Char(modifier.and_then(|length| u16::try_from(length).ok()).unwrap_or(1)),
            "int2" => Self::Int2,
            "int4" => Self::Int4,
            "int8" => Self::Int8,
            "numeric" => {
                let modifier = modifier.unwrap_or(0);
                Self::Numeric((modifier >> 16) as u16, (modifier & 0x7ff) as u16)
            }
            "float8" => Self::Float8,
            "bool" => Self::Bool,
            "timestamptz" => Self::Timestamptz,
            "date" => Self::Date,
            "jsonb" => Self::Jsonb,
            "_text" => Self::TextArray,
            "_uuid" => Self::UuidArray,
            "inet" => Self::Inet,
            "bytea" => Self::Bytea,
            "tsvector" => Self::Tsvector,
            _ => Self::Other,
        }
    }

    /// The cast a placeholder of this type needs, because its value travels as text.
    pub const fn cast(self) -> &'static str {
        match self {
            Self::Numeric(..) => "::text::numeric",
            Self::Inet => "::text::inet",
            Self::Char(_) => "::text::bpchar",
            _ => "",
        }
    }

    /// What PostgreSQL calls it.
    pub const fn sql_name(self) -> &'static str {
        match self {
            Self::Uuid => "uuid",
            Self::Text => "text",
            Self::Char(_) => "character",
            Self::Int2 => "smallint",
            Self::Int4 => "integer",
            Self::Int8 => "bigint",
            Self::Numeric(..) => "numeric",
            Self::Float8 => "double precision",
            Self::Bool => "boolean",
            Self::Timestamptz => "timestamptz",
            Self::Date => "date",
            Self::Jsonb => "jsonb",
            Self::TextArray => "text[]",
            Self::UuidArray => "uuid[]",
            Self::Inet => "inet",
            Self::Bytea => "bytea",
            Self::Tsvector => "tsvector",
            Self::Other => "other",
        }
    }

    /// Whether values can be compared and sorted in a list.
    pub const fn is_ordered(self) -> bool {
        !matches!(
            self,
            Self::Jsonb | Self::TextArray | Self::UuidArray | Self::Bytea | Self::Tsvector | Self::Inet | Self::Other
        )
    }
}

/// A column and what its rules say.
#[derive(Debug, Clone)]
pub struct Column {
    /// The name.
    pub name: String,
    /// The type.
    pub kind: ColumnType,
    /// Whether null is allowed.
    pub nullable: bool,
    /// Whether the database fills it when nothing is given.
    pub has_default: bool,
    /// Whether it is computed and cannot be written.
    pub generated: bool,
    /// The comment.
    pub comment: String,
    /// What its CHECK constraints say, as far as they can be read.
    pub check: Check,
}

/// What CHECK constraints say about one column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Check {
    /// The only values allowed.
    pub values: Option<Vec<String>>,
    /// Characters at least.
    pub min_length: Option<u32>,
    /// Characters at most.
    pub max_length: Option<u32>,
    /// The smallest number.
    pub minimum: Option<f64>,
    /// The largest number.
    pub maximum: Option<f64>,
    /// The POSIX regular expression it must match.
    pub pattern: Option<String>,
}

/// A foreign key.
#[derive(Debug, Clone)]
pub struct ForeignKey {
    /// The constraint's name.
    pub name: String,
    /// The referring columns.
    pub columns: Vec<String>,
    /// The table referred to.
    pub target: String,
    /// The columns referred to.
    pub target_columns: Vec<String>,
}

/// What a constraint protects, for turning its violation into a sentence.
#[derive(Debug, Clone)]
pub struct Constraint {
    /// `u`, `p`, `f`, `c`, `x`, as in `pg_constraint.contype`; `i` for a unique index.
    pub kind: char,
    /// Its columns.
    pub columns: Vec<String>,
    /// Its definition.
    pub definition: String,
    /// Its comment, a sentence for people where the definition does not speak for itself.
    pub comment: Option<String>,
    /// The table a foreign key refers to.
    pub target: Option<String>,
}

/// A table.
#[derive(Debug, Clone)]
pub struct Table {
    /// The name, with its schema.
    pub name: String,
    /// The comment.
    pub comment: String,
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// The primary key.
    pub primary_key: Vec<String>,
    /// The foreign keys.
    pub foreign_keys: Vec<ForeignKey>,
    /// Constraints and unique indexes by name.
    pub constraints: HashMap<String, Constraint>,
    /// Whether the role that serves may change rows: PostgreSQL lets nobody else lock one.
    pub lockable: bool,
    /// Whether it is a view, which holds no rows of its own.
    pub is_view: bool,
    /// Whether row security hides some of its rows by more than organisation and project: what is known of a row elsewhere, such
    /// as in the trail, must then not be shown without the row.
    pub has_own_policy: bool,
    /// Columns whose classification asks that reading them is logged.
    pub logged: Vec<String>,
}

impl Table {
    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Whether there is a column of that name.
    pub fn has(&self, name: &str) -> bool {
        self.column(name).is_some()
    }

    /// The table a column refers to, where a foreign key starts with it or ends in it.
    pub fn reference(&self, column: &str) -> Option<&ForeignKey> {
        self.foreign_keys.iter().find(|key| key.columns.last().is_some_and(|last| last == column))
    }
}

/// All tables and views that the application role may see, by name. A view that is served has a column `row_version`.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    /// By name with schema.
    pub tables: BTreeMap<String, Table>,
}

const COLUMNS: &str = "
select n.nspname || '.' || c.relname, coalesce(obj_description(c.oid, 'pg_class'), ''), a.attname::text, t.typname::text,
       a.atttypmod, not a.attnotnull, a.atthasdef and a.attgenerated = '', a.attgenerated <> '',
       coalesce(col_description(c.oid, a.attnum), ''), has_any_column_privilege(c.oid, 'update'), c.relkind = 'v',
       exists (select from pg_policy p where p.polrelid = c.oid
                  and p.polname not in ('open', 'tenant_isolation', 'project_access', 'sign_in', 'search'))
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_type t on t.oid = a.atttypid
 where c.relkind in ('r', 'p', 'v') and not c.relispartition
   and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_'
 order by 1, a.attnum";

/// Columns whose classification asks that reading them is logged. Read when the program starts, as the schema is.
const LOGGED: &str = "
select e.table_name, e.column_name
  from security.data_elements e join security.data_classifications k on k.id = e.classification_id
 where e.is_active and k.access_logging_required order by 1, 2";

const CONSTRAINTS: &str = "
select n.nspname || '.' || c.relname, k.conname::text, k.contype::text,
       array(select a.attname::text from unnest(k.conkey) with ordinality u(num, pos)
               join pg_attribute a on a.attrelid = c.oid and a.attnum = u.num order by u.pos),
       pg_get_constraintdef(k.oid), obj_description(k.oid, 'pg_constraint'),
       fn.nspname || '.' || f.relname,
       array(select a.attname::text from unnest(k.confkey) with ordinality u(num, pos)
               join pg_attribute a on a.attrelid = f.oid and a.attnum = u.num order by u.pos)
  from pg_constraint k
  join pg_class c on c.oid = k.conrelid and not c.relispartition
  join pg_namespace n on n.oid = c.relnamespace
  left join pg_class f on f.oid = k.confrelid
  left join pg_namespace fn on fn.oid = f.relnamespace
 where k.conparentid = 0 and n.nspname not in ('pg_catalog', 'information_schema')
 union all
select n.nspname || '.' || c.relname, i.relname::text, 'i',
       array(select a.attname::text from unnest(x.indkey::int2[]) with ordinality u(num, pos)
               join pg_attribute a on a.attrelid = c.oid and a.attnum = u.num order by u.pos),
       pg_get_indexdef(i.oid), obj_description(i.oid, 'pg_class'), null, '{}'
  from pg_index x
  join pg_class i on i.oid = x.indexrelid
  join pg_class c on c.oid = x.indrelid and not c.relispartition
  join pg_namespace n on n.oid = c.relnamespace
 where x.indisunique and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
   and not exists (select from pg_constraint k where k.conindid = i.oid and k.contype in ('p', 'u', 'x'))";

impl Schema {
    /// Reads the schema.
    ///
    /// # Errors
    /// When a query fails.
    pub async fn read(store: &Store) -> Result<Self, Error> {
        let mut schema = Self::default();
        for row in store.query_outside(COLUMNS, &[]).await? {
            let name: String = row.try_get(0)?;
            let (column, type_name): (String, String) = (row.try_get(2)?, row.try_get(3)?);
            let kind = ColumnType::of(&type_name, row.try_get(4)?);
            let comment: String = row.try_get(1)?;
            let (lockable, is_view, has_own_policy): (bool, bool, bool) =
                (row.try_get(9)?, row.try_get(10)?, row.try_get(11)?);
            let table = schema.tables.entry(name.clone()).or_insert_with(|| Table {
                name,
                comment,
                columns: Vec::new(),
                primary_key: Vec::new(),
                foreign_keys: Vec::new(),
                constraints: HashMap::new(),
                lockable,
                is_view,
                has_own_policy,
                logged: Vec::new(),
            });
            table.columns.push(Column {
                name: column,
                kind,
                nullable: row.try_get(5)?,
                has_default: row.try_get(6)?,
                generated: row.try_get(7)?,
                comment: row.try_get(8)?,
                check: Check::default(),
            });
        }
        for row in store.query_outside(CONSTRAINTS, &[]).await? {
            let table: String = row.try_get(0)?;
            let Some(table) = schema.tables.get_mut(&table) else { continue };
            let name: String = row.try_get(1)?;
            let kind: String = row.try_get(2)?;
            let constraint = Constraint {
                kind: kind.chars().next().unwrap_or(' '),
                columns: row.try_get(3)?,
                definition: row.try_get(4)?,
                comment: row.try_get(5)?,
                target: row.try_get(6)?,
            };
            match (constraint.kind, &constraint.target) {
                ('p', _) => table.primary_key.clone_from(&constraint.columns),
                ('f', Some(target)) => table.foreign_keys.push(ForeignKey {
                    name: name.clone(),
                    columns: constraint.columns.clone(),
                    target: target.clone(),
                    target_columns: row.try_get(7)?,
                }),
                ('c', _) => facts::learn(&mut table.columns, &constraint.definition),
                _ => {}
            }
            table.constraints.insert(name, constraint);
        }
        for row in store.query_outside(LOGGED, &[]).await? {
            let (table, column): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            if let Some(table) = schema.tables.get_mut(&table) {
                table.logged.push(column);
            }
        }
        Ok(schema)
    }

    /// The table of that name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.get(name)
    }

    /// The declared table behind what PostgreSQL names in an error: a partition, `results_2026m11`, stands for its whole.
    pub(crate) fn whole(&self, table: String) -> String {
        match table.rsplit_once('_') {
            Some((whole, _)) if !self.tables.contains_key(&table) && self.tables.contains_key(whole) => {
                whole.to_owned()
            }
            _ => table,
        }
    }

    /// The constraint of that name on that table.
    pub(crate) fn constraint(&self, table: &str, name: &str) -> Option<&Constraint> {
        self.tables.get(table)?.constraints.get(name)
    }
}

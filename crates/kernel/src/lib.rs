//! The kernel: who is asking ([`Ctx`]), the tenant transaction ([`Tx`]), the proof of permission ([`Allowed`]), the
//! audit and outbox rows that every change leaves, and the catalogue of resources and operations with the SQL that
//! serves them.
//!
//! Three locks. SQL runs only on a [`Tx`], and only [`Ctx::begin`] and [`Ctx::read`] make one, bound to one
//! organisation. What touches one thing takes [`Allowed<T, A>`], and only [`authorise`] makes one. Row security in
//! PostgreSQL stands behind both.

mod access;
mod audit;
mod bulk;
mod catalogue;
mod conditions;
mod confer;
mod ctx;
mod difference;
mod encode;
mod error;
mod export;
mod facts;
mod filter;
mod guard;
mod history;
mod idempotency;
mod input;
mod list;
mod narrow;
mod operation;
mod param;
mod past;
mod policy;
mod reach;
mod reached;
mod read;
mod record;
mod resource;
mod rights;
mod schema;
mod search;
mod select;
mod store;
mod tally;
mod trail;
mod troubles;
mod undo;
mod violation;
mod vocabulary;
mod within;
mod workbook;
mod write;

pub use access::{
    Action, Allowed, Collection, Create, Delete, Export, Place, Read, Restore, Update, authorise, permit,
};
pub use audit::{Change, record};
pub use bulk::{BulkAction, BulkItem, BulkRequest, bulk};
pub use catalogue::{Catalogue, CatalogueError, Relation, Served};
pub use conditions::check_condition;
pub use confer::{may_approve, may_ask, may_confer, may_confer_on, may_give_in_person, terms_of};
pub use ctx::{Credential, Ctx, Kernel, Principal, PrincipalKind, Request};
pub use difference::{FieldDifference, ListDifference, RecordDifference, difference, list_difference};
pub use encode::{RawJson, Row as EncodedRow, write_string};
pub use error::Error;
pub use export::{ExportFormat, ExportStream, export, write_row};
pub use filter::Operator;
pub use history::history;
pub use idempotency::{Answer, Idempotency};
pub use list::{Page, list};
pub use operation::{Call, Input, Operation, Subject, schema_of};
pub use param::Param;
pub use policy::{load_grants, load_holdings, load_roles, rule};
pub use reached::{Reached, reached};
pub use read::read;
pub use record::{Besides, Record};
pub use resource::{About, Resource, Rights, StatusMoves, Verb};
pub use rights::may_admit;
pub use schema::{Check, Column, ColumnType, ForeignKey, Schema, Table};
pub use search::{
    DEEPEST, FacetValue, LONGEST, Piece, ProjectName, SearchHit, SearchQuery, SearchResults, projects_named, search,
    searched_types,
};
pub use select::{Deleted, ListQuery};
pub use store::{PoolOptions, Store, StoreStatus, Tx};
pub use tally::{COUNTED, tally};
pub use trail::{Exported, Note, exported, note, refused};
pub use troubles::Troubled;
pub use undo::{Conflicts, Dispute, Outcome, UndoRequest, Undoing, Undone, UndoneField, look, undo};
pub use vocabulary::Words;
pub use within::{Within, permit_in, query_readable};
pub use workbook::{Cell, WORKBOOK_TYPE, Workbook};
pub use write::{Written, create, delete, restore, update};

/// Declares an action type for [`Allowed`]: `action!(pub Approve = "approve")`.
#[macro_export]
macro_rules! action {
    ($(#[$meta:meta])* pub $name:ident = $text:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;
        impl $crate::Action for $name {
            const NAME: &'static str = $text;
        }
    };
}

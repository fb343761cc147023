//! What PostgreSQL refuses becomes a sentence that a person understands, naming the field.

use base::{Problem, ProblemKind};
use tokio_postgres::error::{DbError, SqlState};

use crate::{Catalogue, Error, input::pointer, schema::Constraint};

/// Columns that carry the tenant or the place and say nothing about the caller's mistake.
const CARRIERS: [&str; 2] = ["organization_id", "project_id"];
/// The time of storing, with which others are compared: nobody can send another.
const STORED: &str = "created_at";

impl Catalogue {
    /// What to tell the caller. Whatever is our own fault is told as such, without detail; the door logs it.
    pub fn explain(&self, error: &Error) -> Problem {
        match error {
            Error::Problem(problem) => (**problem).clone(),
            Error::Postgres(error) => match error.as_db_error() {
                Some(db) => self.explain_refusal(db),
                None if error.is_closed()
                    || std::error::Error::source(error).is_some_and(|cause| cause.is::<std::io::Error>()) =>
                {
                    unavailable("The database is not reachable just now.")
                }
                None => internal(),
            },
            Error::Pool(_) => unavailable("The server is busy or its database is not reachable just now."),
            Error::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                unavailable("There is no room left on the server's disk just now.")
            }
            Error::Io { .. } | Error::Broken(_) => internal(),
        }
    }

    fn explain_refusal(&self, db: &DbError) -> Problem {
        let table =
            self.schema().whole(format!("{}.{}", db.schema().unwrap_or_default(), db.table().unwrap_or_default()));
        let constraint = db.constraint().and_then(|name| self.schema().constraint(&table, name));
        match db.code() {
            code if *code == SqlState::UNIQUE_VIOLATION => self.taken(&table, constraint),
            // From release 18 on PostgreSQL has a code of its own for what `on delete restrict` holds back.
            code if *code == SqlState::FOREIGN_KEY_VIOLATION || *code == SqlState::RESTRICT_VIOLATION => {
                self.dangling(db.message(), constraint, &table)
            }
            code if *code == SqlState::CHECK_VIOLATION => broken_rule(db, constraint),
            code if *code == SqlState::NOT_NULL_VIOLATION => {
                let column = db.column().unwrap_or("a field");
                Problem::invalid(format!("`{column}` is required.")).field(pointer(column), "is required")
            }
            code if *code == SqlState::STRING_DATA_RIGHT_TRUNCATION => Problem::invalid("A text is too long."),
            code if *code == SqlState::NUMERIC_VALUE_OUT_OF_RANGE
                || *code == SqlState::DATETIME_FIELD_OVERFLOW
                || *code == SqlState::INVALID_DATETIME_FORMAT
                || *code == SqlState::INVALID_TEXT_REPRESENTATION
                || *code == SqlState::CHARACTER_NOT_IN_REPERTOIRE
                || *code == SqlState::UNTRANSLATABLE_CHARACTER
                || *code == SqlState::PROGRAM_LIMIT_EXCEEDED =>
            {
                Problem::invalid("A value is outside of what can be stored.")
            }
            // Raised by our own triggers: the message is a sentence for people.
            code if code.code() == "TL403" => Problem::forbidden(db.message()),
            code if code.code() == "TL409" => Problem::conflict(db.message()),
            code if *code == SqlState::RAISE_EXCEPTION => match db.column() {
                Some(column) => Problem::invalid(db.message()).field(pointer(column), db.message()),
                None => Problem::invalid(db.message()),
            },
            code if *code == SqlState::INSUFFICIENT_PRIVILEGE => {
                Problem::forbidden("Row security refuses this: it would reach outside of what you may see.")
            }
            code if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED => {
                Problem::conflict("Another change got in the way; send the request again.").retry_after(1)
            }
            code if *code == SqlState::LOCK_NOT_AVAILABLE => {
                Problem::conflict("Another change holds this record; send the request again.").retry_after(1)
            }
            code if *code == SqlState::QUERY_CANCELED => {
                unavailable("This took too long and was stopped; narrow the filter or try again.")
            }
            code if code.code().starts_with("57P")
                || code.code().starts_with("53")
                || code.code().starts_with("08") =>
            {
                unavailable("The database is not able to serve just now.")
            }
            _ => internal(),
        }
    }

    fn words(&self, table: &str) -> String {
        self.of_table(table).map_or_else(
            || table.rsplit('.').next().unwrap_or("record").replace('_', " "),
            |served| served.resource.words(),
        )
    }

    fn taken(&self, table: &str, constraint: Option<&Constraint>) -> Problem {
        let what = self.words(table);
        let Some(constraint) = constraint else {
            return Problem::conflict(format!("There is such a {what} already."));
        };
        if let Some(sentence) = &constraint.comment {
            return Problem::conflict(sentence.clone());
        }
        let columns: Vec<&str> =
            constraint.columns.iter().map(String::as_str).filter(|column| !CARRIERS.contains(column)).collect();
        let mut problem = Problem::conflict(match columns.as_slice() {
            [] => format!("There is such a {what} already."),
            columns => format!("There is already a {what} with this {}.", columns.join(" and ")),
        });
        for column in columns {
            problem = problem.field(pointer(column), "is taken; choose another");
        }
        problem
    }

    fn dangling(&self, message: &str, constraint: Option<&Constraint>, table: &str) -> Problem {
        let Some(constraint) = constraint else {
            return Problem::conflict("Something it refers to is not there, or something still refers to it.");
        };
        if message.starts_with("update or delete") {
            return Problem::conflict(format!(
                "A {} still refers to it; change or remove that first.",
                self.words(table)
            ));
        }
        let target = constraint.target.as_deref().map_or("record".into(), |target| self.words(target));
        let column = constraint.columns.last().map_or("", String::as_str);
        Problem::invalid(format!("`{column}` names no {target} that is here."))
            .field(pointer(column), format!("names no {target} that is here"))
    }
}

fn broken_rule(db: &DbError, constraint: Option<&Constraint>) -> Problem {
    let Some(constraint) = constraint else {
        // A trigger may raise a check violation with a sentence of its own.
        return Problem::invalid(db.message());
    };
    let sentence = constraint.comment.clone().unwrap_or_else(|| match constraint.columns.as_slice() {
        [column] => format!("`{column}` has a value that is not allowed."),
        columns => format!("{} do not fit together.", columns.join(", ")),
    });
    constraint
        .columns
        .iter()
        .filter(|column| !CARRIERS.contains(&column.as_str()) && *column != STORED)
        .fold(Problem::new(ProblemKind::Invalid, sentence.clone()), |problem, column| {
            problem.field(pointer(column), sentence.clone())
        })
}

fn unavailable(detail: &str) -> Problem {
    Problem::new(ProblemKind::Unavailable, detail).retry_after(1)
}

fn internal() -> Problem {
    Problem::new(
        ProblemKind::Internal,
        "The server could not do this. It has been logged; quote the request identifier when you report it.",
    )
}

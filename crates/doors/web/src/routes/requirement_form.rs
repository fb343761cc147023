//! The fields of a requirement's form, and the columns behind them.

use serde_json::{Map, Value};

use super::form::Fields;
use crate::{components::FormErrors, views::requirement::EnteredEdit};

/// Form field and column, where they differ in name.
const COLUMNS: [(&str, &str); 5] = [
    ("title", "title"),
    ("description", "description"),
    ("priority", "priority_code"),
    ("owner", "assigned_to_user_id"),
    ("target", "target_date"),
];

/// What the form asks the kernel to change. A priority that is not chosen stays as it is.
pub(super) fn change(fields: &Fields) -> Map<String, Value> {
    COLUMNS
        .iter()
        .filter_map(|(field, column)| {
            let value = fields.object(&[field]).remove(*field)?;
            let empty = value.is_null();
            match *field {
                "priority" if empty => None,
                "title" if empty => Some(((*column).to_owned(), Value::String(String::new()))),
                _ => Some(((*column).to_owned(), value)),
            }
        })
        .collect()
}

/// The kernel's errors under the names of the form's fields.
pub(super) fn named(mut errors: FormErrors) -> FormErrors {
    for error in &mut errors.fields {
        for (field, column) in COLUMNS {
            if error.pointer == format!("/{column}") {
                error.pointer = format!("/{field}");
            }
        }
    }
    errors
}

/// What was entered, to be shown again.
pub(super) fn entered(fields: &Fields) -> EnteredEdit {
    let text = |name: &str| fields.text(name).replace("\r\n", "\n");
    EnteredEdit {
        title: text("title"),
        description: text("description"),
        criteria: text("criteria"),
        priority: text("priority"),
        owner: text("owner"),
        target: text("target"),
    }
}

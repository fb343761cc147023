//! The page of one table or view.

use std::{collections::BTreeMap, fmt::Write};

use super::{
    model::{Constraint, Right, Schema, Table},
    pages::MADE,
    words::{code, columns, command, listed, moment, months, on_delete, page_link, prose, serves, values},
};

/// The roles that are always answered for.
const ROLES: [(&str, &str); 3] =
    [("application_user", "serves requests"), ("readonly_user", "reports"), ("super_admin", "repairs by hand")];

/// Everything about one table.
pub(super) fn page(schemas: &[Schema], schema: &Schema, table: &Table) -> String {
    let mut text = format!(
        "{MADE}[The database](../README.md) / [{0}](../{0}.md)\n\n# {0}.{1}\n\n{2}\n",
        schema.name,
        table.name,
        table.comment.as_deref().map(prose).unwrap_or_default()
    );
    facts(&mut text, table);
    column_list(&mut text, table);
    if !table.is_view {
        keys(&mut text, table);
        references(&mut text, schema, table);
        referrers(&mut text, schemas, schema, table);
        checks(&mut text, table);
        indexes(&mut text, schema, table);
        policies(&mut text, table);
        triggers(&mut text, table);
    }
    rights(&mut text, table);
    text
}

fn facts(text: &mut String, table: &Table) {
    let mut lines = Vec::new();
    if let Some(classification) = &table.classification {
        lines.push(("Classification", prose(classification)));
    }
    if let Some(retention) = &table.retention {
        lines.push(("How long rows stay", prose(retention)));
    }
    if let Some(key) = &table.partition_key {
        let each = table.partition_months.map(|number| format!("; each partition holds {}", months(number)));
        lines.push(("Partitioned", format!("by {}{}", code(key), each.unwrap_or_default())));
    }
    if !table.is_view {
        lines.push((
            "Belongs to an organisation",
            match &table.exempt {
                None => "yes".into(),
                Some(reason) => format!("no: {}", prose(reason)),
            },
        ));
    }
    if !table.statistics.is_empty() {
        lines.push(("Maintained statistics", columns(&table.statistics)));
    }
    if table.owner != "owner" {
        lines.push(("Owned by", code(&table.owner)));
    }
    if !lines.is_empty() {
        text.push_str("\n| | |\n|---|---|\n");
        for (name, value) in lines {
            let _ = writeln!(text, "| {name} | {value} |");
        }
    }
}

fn column_list(text: &mut String, table: &Table) {
    text.push_str("\n## Columns\n\n| Column | Type | Null | Default | What it says |\n|---|---|---|---|---|\n");
    for column in &table.columns {
        let null = if table.is_view {
            ""
        } else if column.required {
            "no"
        } else {
            "yes"
        };
        let default = match (&column.generated, &column.default) {
            (Some(generated), _) => format!("generated: {}", code(generated)),
            (None, Some(default)) => code(default),
            (None, None) => String::new(),
        };
        let sensitive = column.sensitivity.as_ref().map(|kind| format!(" **Sensitive: {}.**", prose(kind)));
        let comment = column.comment.as_deref().map(prose).unwrap_or_default();
        let _ = writeln!(
            text,
            "| {} | {} | {null} | {default} | {comment}{} |",
            code(&column.name),
            column.kind,
            sensitive.unwrap_or_default()
        );
    }
}

fn keys(text: &mut String, table: &Table) {
    let all =
        |constraint: &Constraint| constraint.columns.iter().map(|column| code(column)).collect::<Vec<_>>().join(", ");
    text.push_str("\n## Keys\n\n");
    for constraint in table.constraints.iter().filter(|constraint| constraint.kind == "p") {
        let _ = writeln!(text, "- Primary key: {}", all(constraint));
    }
    for constraint in table.constraints.iter().filter(|constraint| constraint.kind == "u") {
        let said = constraint.comment.as_ref().map(|comment| format!(": {}", prose(comment)));
        let _ =
            writeln!(text, "- Unique: {} ({}){}", all(constraint), code(&constraint.name), said.unwrap_or_default());
    }
    for constraint in table.constraints.iter().filter(|constraint| constraint.kind == "x") {
        let said = constraint.comment.as_ref().map(|comment| format!(": {}", prose(comment)));
        let _ = writeln!(
            text,
            "- Excludes: {} ({}){}",
            code(&constraint.definition),
            code(&constraint.name),
            said.unwrap_or_default()
        );
    }
}

fn references(text: &mut String, schema: &Schema, table: &Table) {
    if table.references().next().is_none() {
        return;
    }
    text.push_str("\n## Refers to\n\n| Columns | Table | When that row is deleted, this row |\n|---|---|---|\n");
    for reference in table.references() {
        let _ = writeln!(
            text,
            "| {} | {} | {} |",
            reference.constraint.columns.iter().map(|column| code(column)).collect::<Vec<_>>().join(", "),
            page_link(schema, &reference.target.schema, &reference.target.table),
            on_delete(&reference)
        );
    }
}

fn referrers(text: &mut String, schemas: &[Schema], schema: &Schema, table: &Table) {
    // Hundreds of tables name the organisation; the list of all tables says that better.
    let mut lines = Vec::new();
    let mut tenants = 0;
    for other in schemas {
        for from in &other.tables {
            for reference in from.references() {
                if reference.target.schema != schema.name || reference.target.table != table.name {
                    continue;
                }
                if reference.is_tenancy() {
                    tenants += 1;
                    continue;
                }
                let own: Vec<String> = reference.own_columns().into_iter().map(str::to_owned).collect();
                lines.push(format!("| {} | {} |", page_link(schema, &other.name, &from.name), columns(&own)));
            }
        }
    }
    if !lines.is_empty() || tenants > 0 {
        text.push_str("\n## Referred to by\n\n");
    }
    if tenants > 0 {
        let _ = writeln!(text, "{tenants} tables by their `organization_id`.\n");
    }
    if !lines.is_empty() {
        let _ = writeln!(text, "| Table | Columns |\n|---|---|\n{}", lines.join("\n"));
    }
}

fn checks(text: &mut String, table: &Table) {
    let mut lines = Vec::new();
    for check in table.constraints.iter().filter(|constraint| constraint.kind == "c") {
        let sentence = match (&check.comment, values(&check.definition), &check.columns[..]) {
            (Some(comment), _, _) => prose(comment),
            (None, Some(values), [column]) => {
                let values: Vec<String> = values.iter().map(|value| code(value)).collect();
                format!("{} must be {}", column.replace('_', " "), listed(&values, "or"))
            }
            _ => String::new(),
        };
        let rule = check.definition.trim_start_matches("CHECK ");
        lines.push(format!("| {} | {sentence} | {} |", code(&check.name), code(rule)));
    }
    if !lines.is_empty() {
        let _ =
            writeln!(text, "\n## Checks\n\n| Name | What people read | Rule |\n|---|---|---|\n{}", lines.join("\n"));
    }
}

fn indexes(text: &mut String, schema: &Schema, table: &Table) {
    if table.indexes.is_empty() {
        return;
    }
    text.push_str("\n## Indexes\n\n| Name | On | Where | What it serves |\n|---|---|---|---|\n");
    for index in &table.indexes {
        let mut on = index.columns.iter().map(|column| code(column)).collect::<Vec<_>>().join(", ");
        if !index.included.is_empty() {
            let _ = write!(on, " with {}", columns(&index.included));
        }
        if index.method != "btree" {
            let _ = write!(on, " ({})", index.method);
        }
        let condition = index.condition.as_deref().map(code).unwrap_or_default();
        let _ = writeln!(text, "| {} | {on} | {condition} | {} |", code(&index.name), serves(schema, table, index));
    }
}

fn policies(text: &mut String, table: &Table) {
    text.push_str("\n## Row security\n\n");
    text.push_str(match (table.row_security, table.row_security_forced) {
        (true, true) => "Forced: it holds for the owner too.\n",
        (true, false) => "On, but not for the owner.\n",
        (false, _) => "Off: the rights below are all there is.\n",
    });
    if table.policies.is_empty() {
        return;
    }
    text.push_str("\n| Policy | For | Role | Rows that are seen | Rows that are accepted |\n|---|---|---|---|---|\n");
    for policy in &table.policies {
        let roles = if policy.roles.is_empty() { "everybody".into() } else { policy.roles.join(", ") };
        let kind = if policy.restrictive { "always required" } else { "opens" };
        let comment = policy.comment.as_ref().map(|comment| format!(": {}", prose(comment)));
        let (shows, accepts) = (policy.shows.as_deref().unwrap_or(""), policy.accepts.as_deref());
        let rule = |rule: &str| match rule {
            "" => String::new(),
            "true" => "all".into(),
            rule => code(rule),
        };
        let accepts = if accepts == Some(shows) { "the same".into() } else { accepts.map_or_else(String::new, rule) };
        let _ = writeln!(
            text,
            "| {} ({kind}){} | {} | {roles} | {} | {accepts} |",
            code(&policy.name),
            comment.unwrap_or_default(),
            command(policy),
            rule(shows)
        );
    }
}

fn triggers(text: &mut String, table: &Table) {
    if table.triggers.is_empty() {
        return;
    }
    text.push_str("\n## Triggers\n\n| Trigger | When | Function | What it does |\n|---|---|---|---|\n");
    for trigger in &table.triggers {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            code(&trigger.name),
            moment(trigger),
            code(&trigger.function),
            trigger.comment.as_deref().map(prose).unwrap_or_default()
        );
    }
}

fn rights(text: &mut String, table: &Table) {
    let mut by_role: BTreeMap<&str, Vec<&Right>> = BTreeMap::new();
    for right in &table.rights {
        by_role.entry(&right.role).or_default().push(right);
    }
    text.push_str("\n## Rights\n\n| Role | May |\n|---|---|\n");
    let others: Vec<&str> =
        by_role.keys().copied().filter(|role| ROLES.iter().all(|(known, _)| known != role)).collect();
    for (role, purpose) in ROLES.iter().copied().chain(others.into_iter().map(|role| (role, ""))) {
        let may: Vec<String> = by_role.get(role).into_iter().flatten().map(|right| granted(table, right)).collect();
        let may = if may.is_empty() { "nothing".to_owned() } else { may.join(", ") };
        let purpose = if purpose.is_empty() { String::new() } else { format!(" ({purpose})") };
        let _ = writeln!(text, "| {}{purpose} | {may} |", code(role));
    }
}

/// One right, and on which columns when not on all: whichever list is shorter is given.
fn granted(table: &Table, right: &Right) -> String {
    if right.whole {
        return right.privilege.clone();
    }
    let missing: Vec<&String> =
        table.columns.iter().map(|column| &column.name).filter(|name| !right.columns.contains(name)).collect();
    let every = |names: &[&String]| names.iter().map(|name| code(name)).collect::<Vec<_>>().join(", ");
    if missing.is_empty() {
        right.privilege.clone()
    } else if missing.len() < right.columns.len() {
        format!("{} all but {}", right.privilege, every(&missing))
    } else {
        format!("{} only {}", right.privilege, every(&right.columns.iter().collect::<Vec<_>>()))
    }
}

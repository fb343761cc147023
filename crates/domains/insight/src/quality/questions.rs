//! What is asked. A question is a statement that answers with one row: how many were looked at, how many were not as they
//! should be, and the first of those.

use kernel::{Catalogue, Column, ColumnType, Served, Table};

use super::Metric;

/// One thing to ask.
pub(super) struct Question {
    pub(super) metric: Metric,
    pub(super) check: String,
    pub(super) resource: String,
    pub(super) sql: String,
    pub(super) advice: String,
}

/// Moments that must not lie in the future, because they tell of something that happened.
const PAST: [&str; 19] = [
    "created_at",
    "started_at",
    "completed_at",
    "finished_at",
    "executed_at",
    "committed_at",
    "deployed_at",
    "decided_at",
    "submitted_at",
    "implemented_at",
    "resolved_at",
    "verified_at",
    "discovered_at",
    "acknowledged_at",
    "remediated_at",
    "last_run_at",
    "observed_at",
    "joined_at",
    "completed_date",
];

/// Columns of which the first must not be later than the second.
const IN_ORDER: [(&str, &str); 11] = [
    ("start_date", "target_date"),
    ("start_date", "completed_date"),
    ("starts_on", "ends_on"),
    ("started_at", "completed_at"),
    ("started_at", "finished_at"),
    ("valid_from", "valid_until"),
    ("requested_at", "decided_at"),
    ("submitted_at", "decided_at"),
    ("discovered_at", "acknowledged_at"),
    ("discovered_at", "remediated_at"),
    ("resolved_at", "verified_at"),
];

/// Columns that name any record of the registry, without a foreign key that would hold them to it.
const POINTERS: [&str; 3] = ["entity_id", "source_id", "target_id"];

/// What the catalogue does not tell: one file each.
const FIXED: [(Metric, &str, &str, &str, &str); 10] = [
    (
        Metric::Accuracy,
        "counts of a test case differ from its results",
        "test-cases",
        include_str!("../../sql/quality/test_case_counts.sql"),
        "a trigger was off or rows were changed by hand; count them again from quality.test_results",
    ),
    (
        Metric::Accuracy,
        "counts of a build differ from its results",
        "builds",
        include_str!("../../sql/quality/build_counts.sql"),
        "a trigger was off or rows were changed by hand; count them again from quality.test_results",
    ),
    (
        Metric::Consistency,
        "the time a task says was spent differs from its entries",
        "tasks",
        include_str!("../../sql/quality/logged_minutes.sql"),
        "add the minutes of work.time_entries up again",
    ),
    (
        Metric::Consistency,
        "results by day differ from the results",
        "",
        include_str!("../../sql/quality/rollups.sql"),
        "add the results of that day up again into analytics.rollup_results_daily",
    ),
    (
        Metric::Consistency,
        "the evidence kept for a requirement differs from a recount",
        "requirements",
        include_str!("../../sql/quality/evidence.sql"),
        "run work.refresh_evidence() for the requirements of that organisation",
    ),
    (
        Metric::Consistency,
        "rows lie in a default partition",
        "",
        include_str!("../../sql/quality/default_partitions.sql"),
        "make their partition with platform.ensure_partition() and move them there",
    ),
    (
        Metric::Timeliness,
        "active tests that have not run for 30 days",
        "test-cases",
        include_str!("../../sql/quality/stale_tests.sql"),
        "run them, or set them to deprecated or disabled",
    ),
    (
        Metric::Timeliness,
        "requirements in progress unchanged for 60 days",
        "requirements",
        include_str!("../../sql/quality/stale_requirements.sql"),
        "complete them, or move them back to approved",
    ),
    (
        Metric::Timeliness,
        "imports that have waited or run for more than an hour",
        "imports",
        include_str!("../../sql/quality/stuck_imports.sql"),
        "look into the server's log; imports that were cut off resume when a server starts",
    ),
    (
        Metric::Timeliness,
        "instances not seen for ten minutes",
        "service-instances",
        include_str!("../../sql/quality/unseen_instances.sql"),
        "see whether they run, or set them to inactive",
    ),
];

/// Everything that is asked of one organisation. Of the tables in `partitioned`, which only grow, the last thirty days.
pub(super) fn questions(catalogue: &Catalogue, partitioned: &[String]) -> Vec<Question> {
    let mut all = Vec::new();
    for served in catalogue.resources().filter(|served| served.is_tenant() && !served.table.is_view) {
        let asked = Asked { served, recent: partitioned.iter().any(|name| *name == served.resource.table) };
        all.extend(asked.filled());
        for column in &served.table.columns {
            all.extend(asked.form_of(column));
        }
        for (early, late) in IN_ORDER {
            all.extend(asked.order_of(early, late));
        }
    }
    all.extend(registered(catalogue));
    all.extend(catalogue.schema().tables.values().flat_map(pointers));
    all.extend(FIXED.into_iter().map(|(metric, check, resource, sql, advice)| Question {
        metric,
        check: check.to_owned(),
        resource: resource.to_owned(),
        sql: sql.to_owned(),
        advice: advice.to_owned(),
    }));
    all
}

struct Asked<'a> {
    served: &'a Served,
    recent: bool,
}

impl Asked<'_> {
    /// What names a row to a person.
    fn label(&self) -> String {
        if self.served.table.has("key") {
            return "t.key".to_owned();
        }
        let parts: Vec<String> = self.served.resource.key.iter().map(|column| format!("t.{column}::text")).collect();
        parts.join(" || '~' || ")
    }

    fn rows(&self) -> String {
        let mut conditions = Vec::new();
        if self.served.is_soft() {
            conditions.push("t.deleted_at is null");
        }
        if self.recent && self.served.table.has("id") {
            conditions.push("t.id >= platform.uuid_v7_floor(now() - interval '30 days')");
        }
        let conditions = if conditions.is_empty() { "true".to_owned() } else { conditions.join(" and ") };
        format!("from {} t where {conditions}", self.served.resource.table)
    }

    fn question(&self, metric: Metric, check: String, bad: &str, advice: &str) -> Question {
        let (label, rows) = (self.label(), self.rows());
        Question {
            metric,
            check,
            resource: self.served.resource.name.to_owned(),
            sql: format!(
                "select count(*), count(*) filter (where {bad}), \
                 coalesce((array_agg({label} order by {label}) filter (where {bad}))[1:5], '{{}}') {rows}"
            ),
            advice: advice.to_owned(),
        }
    }

    /// How many of the fields that ought to be filled are: those of the declaration and those that are required.
    fn filled(&self) -> Option<Question> {
        let expected = self.served.resource.expected;
        if expected.is_empty() {
            return None;
        }
        let mut columns: Vec<&str> = expected.iter().copied().chain(self.served.required()).collect();
        columns.sort_unstable();
        columns.dedup();
        let empty = |name: &&str| {
            let kind = self.served.table.column(name).map(|column| column.kind);
            match kind {
                Some(ColumnType::Text) => format!("coalesce(btrim(t.{name}), '') = ''"),
                _ => format!("t.{name} is null"),
            }
        };
        let count: Vec<String> = columns.iter().map(|name| format!("({})::int", empty(name))).collect();
        let (sum, width, label, rows) = (count.join(" + "), columns.len(), self.label(), self.rows());
        Some(Question {
            metric: Metric::Completeness,
            check: format!(
                "fields of {} that are empty, of {}",
                self.served.resource.plural_words(),
                columns.join(", ")
            ),
            resource: self.served.resource.name.to_owned(),
            sql: format!(
                "select count(*) * {width}, coalesce(sum({sum}), 0)::bigint, \
                 coalesce((array_agg({label} order by {label}) filter (where {sum} > 0))[1:5], '{{}}') {rows}"
            ),
            advice: "fill them in, or have whatever stores the records do it".to_owned(),
        })
    }

    /// What the name of a column promises about its values.
    fn form_of(&self, column: &Column) -> Option<Question> {
        let (name, words) = (column.name.as_str(), self.served.resource.plural_words());
        if column.generated {
            return None;
        }
        let is = |end: &str| name == end || name.ends_with(&format!("_{end}"));
        let (bad, check, advice) = match column.kind {
            // Images of containers are named without a scheme.
            ColumnType::Text if (is("url") || is("uri")) && name != "image_url" => (
                format!(
                    r"t.{name} !~ '^[A-Za-z][A-Za-z0-9+.-]*:[^[:space:]]+$|^[^[:space:]@/]+@[^[:space:]:]+:[^[:space:]]+$|^/[^[:space:]]*$'"
                ),
                format!("{name} of {words} is no address"),
                "write the whole address, with https://",
            ),
            ColumnType::Text if is("email") => (
                format!("t.{name} !~ '^[^@[:space:]]+@[^@[:space:]]+$'"),
                format!("{name} of {words} is no e-mail address"),
                "write one as name@example.org",
            ),
            ColumnType::Text if is("version") => (
                format!("t.{name} !~ '^[[:alnum:]][^[:space:]]*$'"),
                format!("{name} of {words} is no version"),
                "write it without spaces, such as 1.4.2",
            ),
            ColumnType::Timestamptz if PAST.contains(&name) => (
                format!("t.{name} > now() + interval '5 minutes'"),
                format!("{name} of {words} lies in the future"),
                "set the clock of the machine that reports it right, and send it again",
            ),
            ColumnType::Date if PAST.contains(&name) => (
                format!("t.{name} > current_date + 1"),
                format!("{name} of {words} lies in the future"),
                "write the day on which it happened",
            ),
            _ => return None,
        };
        Some(self.question(Metric::Accuracy, check, &format!("coalesce({bad}, false)"), advice))
    }

    fn order_of(&self, early: &str, late: &str) -> Option<Question> {
        let (from, to) = (self.served.table.column(early)?, self.served.table.column(late)?);
        if from.kind != to.kind {
            return None;
        }
        let check = format!("{late} of {} is before {early}", self.served.resource.plural_words());
        let bad = format!("coalesce(t.{early} > t.{late}, false)");
        Some(self.question(Metric::Accuracy, check, &bad, "one of the two is wrong: mend it"))
    }
}

/// Every record that can be linked and found stands in the registry as it is, and nothing else does.
fn registered(catalogue: &Catalogue) -> Vec<Question> {
    let kinds = catalogue
        .schema()
        .table("platform.entities")
        .and_then(|table| table.column("entity_type")?.check.values.clone())
        .unwrap_or_default();
    let mut all = Vec::new();
    for served in catalogue.resources().filter(|served| served.is_tenant() && served.resource.key == ["id"]) {
        let kind = served.resource.words().replace(' ', "_");
        if !kinds.contains(&kind) {
            continue;
        }
        let (table, words) = (served.resource.table, served.resource.plural_words());
        let bin = if served.is_soft() { "or (e.deleted_at is null) <> (t.deleted_at is null)" } else { "" };
        let project = if served.table.has("project_id") { "or e.project_id is distinct from t.project_id" } else { "" };
        let label = Asked { served, recent: false }.label();
        all.push(Question {
            metric: Metric::Consistency,
            check: format!("{words} that the registry does not know as they are"),
            resource: served.resource.name.to_owned(),
            sql: format!(
                "select count(*), count(*) filter (where x.off), coalesce((array_agg(x.label order by x.label) filter (where x.off))[1:5], '{{}}') \
                 from (select {label} as label, e.id is null {bin} {project} as off from {table} t \
                       left join platform.entities e on e.id = t.id and e.entity_type = '{kind}') x"
            ),
            advice: "a trigger was off: update the record, or register it by hand in platform.entities".to_owned(),
        });
        all.push(Question {
            metric: Metric::Consistency,
            check: format!("{words} in the registry that are gone"),
            resource: served.resource.name.to_owned(),
            sql: format!(
                "select count(*), count(*) filter (where t.id is null), \
                 coalesce((array_agg(e.title order by e.id) filter (where t.id is null))[1:5], '{{}}') \
                 from platform.entities e left join {table} t on t.id = e.id where e.entity_type = '{kind}'"
            ),
            advice: "a trigger was off: remove the row from platform.entities".to_owned(),
        });
    }
    all
}

/// References to any kind of record, which no foreign key can hold.
fn pointers(table: &Table) -> Vec<Question> {
    // The trail tells of what is gone, and that is its purpose.
    if table.is_view || table.name.starts_with("audit.") || !table.has("organization_id") {
        return Vec::new();
    }
    POINTERS
        .into_iter()
        .filter(|name| table.column(name).is_some_and(|column| column.kind == ColumnType::Uuid))
        .filter(|name| !table.foreign_keys.iter().any(|key| key.columns.iter().any(|column| column == name)))
        .map(|name| Question {
            metric: Metric::Consistency,
            check: format!("{name} of {} leads nowhere", table.name),
            resource: String::new(),
            sql: format!(
                "select count(*), count(*) filter (where e.id is null), \
                 coalesce((array_agg(t.{name}::text) filter (where e.id is null))[1:5], '{{}}') \
                 from {} t left join platform.entities e on e.id = t.{name} where t.{name} is not null",
                table.name
            ),
            advice: "remove the row, or let it lead to a record that is there".to_owned(),
        })
        .collect()
}

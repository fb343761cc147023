//! `throughline doctor`: looks at the database as its operator would, and says in sentences what to do.

mod watched;

use std::{path::Path, process::ExitCode};

use cluster::{
    Database, Role,
    migrate::{Migrator, Source},
};
use jiff::SignedDuration;
use serde::Serialize;
use tokio_postgres::Client;
use wire::Way;

use crate::{database, failure::Failure, settings};

/// What one look found.
#[derive(Debug, PartialEq, Serialize)]
struct Finding {
    /// What was looked at.
    check: &'static str,
    /// Whether it is as it should be.
    ok: bool,
    /// What was found, and what to do.
    message: String,
}

/// A question to the database: a row with a sentence for each thing that is wrong.
struct Question {
    check: &'static str,
    fine: &'static str,
    sql: &'static str,
}

const QUESTIONS: &[Question] = &[
    Question {
        check: "version",
        fine: "PostgreSQL is new enough",
        sql: "select format('PostgreSQL %s has known holes (CVE-2025-8713 shows one organisation statistics of another): update to at least 15.14, 16.10 or 17.6',
                            current_setting('server_version'))
                from (select current_setting('server_version_num')::int as v) s
               where v < 150014 or v between 160000 and 160009 or v between 170000 and 170005",
    },
    Question {
        check: "row security",
        fine: "every table of an organisation forces row security",
        sql: "select format('%s does not force row security: alter table %s enable row level security, force row level security', t, t)
                from (select c.oid::regclass::text as t from pg_class c join pg_namespace n on n.oid = c.relnamespace
                       join platform.table_facts f on f.table_schema = n.nspname and f.table_name = c.relname
                      where f.tenant_exempt_reason is null and not (c.relrowsecurity and c.relforcerowsecurity)) x order by 1",
    },
    Question {
        check: "roles",
        fine: "no role is stronger than it must be",
        sql: "select format('the role %s %s: alter role %s nosuperuser nobypassrls', r.role_name,
                            case when r.is_superuser then 'is a superuser' else 'bypasses row security' end, r.role_name)
                from (select distinct role_name, is_superuser, bypasses_row_security from platform.v_database_role_members) r
               where r.role_name in ('application_user', 'readonly_user', 'throughline_auth', 'throughline_partitions', 'throughline_statistics')
                 and (r.is_superuser or r.bypasses_row_security)",
    },
    Question {
        check: "partitions",
        fine: "the coming partitions are there, and nothing lies in a default partition",
        sql: "select format('%s.%s lacks a partition for %s: run `throughline maintain`', f.table_schema, f.table_name, m::date)
                from platform.table_facts f
               cross join unnest(platform.missing_partitions(f.table_schema || '.' || f.table_name,
                                 array[now(), (date_trunc('month', now(), 'UTC') at time zone 'UTC' + f.partition_interval) at time zone 'UTC'])) m
               where f.partition_interval is not null
              union all
              select format('%s.%s holds rows that no partition was made for: make one with platform.ensure_partition and move them there',
                            p.table_schema, p.partition_name)
                from platform.v_partitions p where p.is_default and p.has_rows",
    },
    Question {
        check: "transactions",
        fine: "no transaction is open for long",
        sql: "select format('%s (%s) has had a transaction open for %s seconds, which keeps dead rows alive: end that client', c.role_name,
                            coalesce(nullif(c.application_name, ''), 'unnamed'), round(c.longest_transaction_seconds))
                from platform.v_connections c where c.longest_transaction_seconds > 900",
    },
    Question {
        check: "locks",
        fine: "nobody waits long for a lock",
        sql: "select format('process %s has waited %s seconds for %s: see platform.v_lock_waits, and end the holder with pg_terminate_backend',
                            w.pid, round(w.waiting_seconds), w.blocked_by)
                from platform.v_lock_waits w where w.waiting_seconds > 10",
    },
    Question {
        check: "bloat",
        fine: "dead rows do not pile up",
        sql: "select format('%s.%s holds %s dead rows beside %s live ones: run `throughline maintain`', t.table_schema, t.table_name, t.dead_rows, t.estimated_rows)
                from platform.v_table_sizes t where t.dead_rows > 50000 and t.dead_rows > t.estimated_rows / 2",
    },
    Question {
        check: "unused indexes",
        fine: "no large index is unused",
        sql: "select format('the index %s of %s.%s takes %s and nobody has read it since %s: drop it if that stays so', i.index_name, i.table_schema,
                            i.table_name, pg_size_pretty(i.index_bytes), coalesce(i.counted_since::date::text, 'the database was made'))
                from platform.v_unused_indexes i where i.index_bytes > 1073741824 and i.counted_since < now() - interval '30 days'",
    },
    Question {
        check: "connections",
        fine: "there is room for more connections",
        sql: "select format('%s of %s connections are taken: raise max_connections, or put PgBouncer before the database', n, most)
                from (select (select sum(connections) from platform.v_connections) as n, current_setting('max_connections')::int as most) c
               where n > most * 0.9",
    },
    Question {
        check: "checksums",
        fine: "pages carry checksums",
        sql: "select 'pages carry no checksums, so a failing disk is not noticed: stop the server and run pg_checksums --enable'
               where current_setting('data_checksums') <> 'on'",
    },
    Question {
        check: "durability",
        fine: "what is committed is on disk",
        sql: "select format('%s is off: what was acknowledged may be lost; set it to on', name) from pg_settings
               where name in ('fsync', 'full_page_writes') and setting = 'off'
                  or name = 'synchronous_commit' and setting = 'off'",
    },
    Question {
        check: "security events",
        fine: "no severe security event is open, and no authority waits for word",
        sql: "select format('%s security events of severity %s are open: look at /security', sum(open_events), severity)
                from security.open_events(now()) where severity in ('critical', 'high') group by severity
              union all
              select format('of %s security events an authority should have been told within 72 hours and was not: look at /security', sum(overdue))
                from security.open_events(now()) having sum(overdue) > 0",
    },
    Question {
        check: "maintenance",
        fine: "maintenance runs",
        sql: "select format('maintenance last ran %s: run `throughline maintain` every day', coalesce(max(finished_at)::date::text, 'never'))
                from platform.operation_runs where kind = 'maintenance' and status = 'completed'
              having coalesce(max(finished_at), '-infinity') < now() - interval '3 days'
                 and (select min(applied_at) from platform.schema_migrations) < now() - interval '3 days'",
    },
];

/// `throughline doctor`
pub(crate) async fn run(data: &Path, json: bool) -> Result<ExitCode, Failure> {
    let database = database::open_beside(data).await?;
    let outcome = examine(&database, data).await;
    database.stop().await;
    let findings = outcome?;
    let wrong = findings.iter().filter(|finding| !finding.ok).count();
    if json {
        println!("{}", serde_json::json!({"ok": wrong == 0, "findings": findings}));
    } else {
        for finding in &findings {
            println!("{} {}: {}", if finding.ok { "ok  " } else { "!!  " }, finding.check, finding.message);
        }
    }
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

async fn examine(database: &Database, data: &Path) -> Result<Vec<Finding>, Failure> {
    let owner = database::owner(database)?;
    let mut findings = Vec::new();
    let status = Migrator::new(Source::embedded()?).status(&owner).await?;
    findings.push(Finding {
        check: "migrations",
        ok: status.pending() == 0,
        message: match status.pending() {
            0 => "the schema is the one this program expects".into(),
            pending => format!("{pending} steps are pending: run `throughline migrate up`"),
        },
    });
    let application = database.way(Role::Application);
    findings.push(match database::refuse_strong_roles(&application).await {
        Ok(()) => Finding { check: "application role", ok: true, message: "row security holds for it".into() },
        Err(failure) => Finding { check: "application role", ok: false, message: failure.to_string() },
    });
    findings.push(disk(database, data));
    findings.push(backups(database, &owner).await);
    if status.pending() == 0 {
        findings.extend(database::talk(&owner, ask).await?);
        findings.extend(watched::look(&owner, application, disk_of(database, data)).await?);
    }
    Ok(findings)
}

/// Asks every question. One that cannot be asked is a finding too.
async fn ask(client: &Client) -> Result<Vec<Finding>, Failure> {
    let mut findings = vec![clock(client).await?];
    for question in QUESTIONS {
        let found = client.query(question.sql, &[]).await;
        match found {
            Ok(rows) if rows.is_empty() => {
                findings.push(Finding { check: question.check, ok: true, message: question.fine.into() });
            }
            Ok(rows) => findings.extend(rows.iter().map(|row| Finding {
                check: question.check,
                ok: false,
                message: row.get(0),
            })),
            Err(error) => findings.push(Finding {
                check: question.check,
                ok: false,
                message: format!("could not be looked at: {}", Failure::from(error)),
            }),
        }
    }
    Ok(findings)
}

/// Identifiers carry the time of this machine, and rows that of the database's.
async fn clock(client: &Client) -> Result<Finding, Failure> {
    let before = jiff::Timestamp::now();
    let row = client.query_one("select (extract(epoch from clock_timestamp()) * 1000)::float8", &[]).await?;
    let after = jiff::Timestamp::now();
    let there: f64 = row.get(0);
    let here = (before.as_millisecond() + after.as_millisecond()) as f64 / 2.0;
    let apart = (there - here).abs() / 1000.0;
    let ok = apart < 2.0;
    Ok(Finding {
        check: "clock",
        ok,
        message: if ok {
            "this machine and the database agree on the time".into()
        } else {
            format!(
                "the clocks of this machine and of the database are {apart:.1} seconds apart: run an NTP client on both"
            )
        },
    })
}

/// The disk below a directory, in bytes.
pub(crate) struct Room {
    /// What whoever is not root may still use.
    pub(crate) free: u64,
    /// All of it.
    pub(crate) whole: u64,
}

#[allow(clippy::unnecessary_cast, reason = "these numbers are not 64 bits wide on every system")]
pub(crate) fn room(data: &Path) -> Result<Room, nix::Error> {
    let disk = nix::sys::statvfs::statvfs(data)?;
    let block = disk.fragment_size() as u64;
    Ok(Room { free: disk.blocks_available() as u64 * block, whole: disk.blocks() as u64 * block })
}

/// The directory whose disk the database fills; that of a database elsewhere cannot be seen from here.
pub(crate) fn disk_of<'a>(database: &Database, data: &'a Path) -> Option<&'a Path> {
    (!matches!(database, Database::External(_))).then_some(data)
}

/// Room on the disk of the embedded database; that of another machine cannot be seen from here.
fn disk(database: &Database, data: &Path) -> Finding {
    let check = "disk";
    if matches!(database, Database::External(_)) {
        return Finding { check, ok: true, message: "the database is elsewhere; watch the disk there".into() };
    }
    match room(data) {
        Ok(Room { free, whole }) => {
            let share = 100 * free / whole.max(1);
            let ok = free > 1 << 30 && share >= 5;
            let told = format!("{} GiB ({share} %) are free below {}", free >> 30, data.display());
            Finding { check, ok, message: if ok { told } else { format!("only {told}: make room before it is full") } }
        }
        Err(error) => Finding { check, ok: false, message: format!("{} cannot be looked at: {error}", data.display()) },
    }
}

/// How old the newest backup may be: one a day, and some time to make it.
const FULL_AGE: SignedDuration = SignedDuration::from_hours(26);
/// How far behind the archive of the log may be while a server runs.
const LOG_AGE: SignedDuration = SignedDuration::from_mins(5);

/// Whether the embedded database is backed up, as the place where backups are kept says.
async fn backups(database: &Database, owner: &Way) -> Finding {
    let check = "backups";
    if matches!(database, Database::External(_)) {
        return Finding { check, ok: true, message: "the database is elsewhere, and so are its backups".into() };
    }
    match look_at_backups(matches!(database, Database::Beside(_)), owner).await {
        Ok((ok, message)) => Finding { check, ok, message },
        Err(failure) => Finding { check, ok: false, message: format!("cannot be looked at: {failure}") },
    }
}

async fn look_at_backups(serves: bool, owner: &Way) -> Result<(bool, String), Failure> {
    let now = jiff::Timestamp::now();
    let Some(place) = settings::said("backup_repository") else {
        let sql = "select coalesce(min(applied_at) < now() - interval '3 days', false) from platform.schema_migrations";
        let is_old: bool = database::talk(owner, async |client| Ok(client.query_one(sql, &[]).await?.get(0))).await?;
        let message = "no backups are made: name a place with backup_repository, and a key with backup_key";
        return Ok((!is_old, message.into()));
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    match settings::said("backup_key") {
        None => return Ok((false, "backup_key names no key, so no backups are made".into())),
        Some(file) => drop(backup::Key::read(Path::new(&file))?),
    }
    let repository = backup::Repository::open(&place, false)?;
    let Some(newest) = backup::Manifest::all(&repository).await?.pop() else {
        return Ok((false, format!("there is no backup in {place}: run `throughline backup`")));
    };
    let since = |moment| now.duration_since(moment);
    if since(newest.finished_at) > FULL_AGE {
        let message = format!("the newest backup in {place} is from {}: see the server's log", newest.finished_at);
        return Ok((false, message));
    }
    let reaches = backup::Head::newest(&repository).await?.map(|head| head.confirmed_at);
    let told = reaches.map_or_else(|| "nowhere".to_owned(), |reaches| reaches.to_string());
    if serves && reaches.is_none_or(|reaches| since(reaches) > LOG_AGE) {
        let message = format!("the log is stored in {place} up to {told} and not since: see the server's log");
        return Ok((false, message));
    }
    Ok((true, format!("the newest is {} in {place}, and the log is stored up to {told}", newest.label)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use tokio_postgres::NoTls;

    use super::*;

    async fn answers(client: &Client, check: &str) -> usize {
        let question = QUESTIONS.iter().find(|question| question.check == check).unwrap();
        client.query(question.sql, &[]).await.unwrap().len()
    }

    /// A question that finds nothing on a broken database would say that all is well.
    #[tokio::test]
    async fn each_question_finds_its_fault_and_a_new_database_has_none() {
        let database = testkit::Database::fresh().await.unwrap();
        let mut config = database.superuser_config().clone();
        let (client, connection) = config.dbname(&database.name).connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        let drop_partition = "do $$ begin execute format('drop table audit.audit_logs_%s',
            platform.partition_suffix(now(), interval '1 month')); end $$";
        let cases = [
            ("row security", "alter table work.requirements no force row level security"),
            ("roles", "alter role readonly_user bypassrls"),
            ("partitions", drop_partition),
            (
                "security events",
                "with o as (insert into identity.organizations (name, slug) values ('o', 'o') returning id)
                 insert into security.security_events (organization_id, event_type, severity, title) select id, 'test.seen', 'high', 'seen' from o",
            ),
            ("maintenance", "update platform.schema_migrations set applied_at = now() - interval '9 days'"),
        ];
        for (check, breaking) in cases {
            assert_eq!(answers(&client, check).await, 0, "{check} on a new database");
            client.batch_execute(&format!("begin; {breaking}")).await.unwrap();
            assert!(answers(&client, check).await > 0, "{check} does not notice: {breaking}");
            client.batch_execute("rollback").await.unwrap();
        }
        // The server of the tests waits for no disk; what else is asked has nothing to find there.
        assert!(answers(&client, "durability").await > 0);
        for question in QUESTIONS.iter().filter(|question| !["durability", "connections"].contains(&question.check)) {
            assert_eq!(answers(&client, question.check).await, 0, "{}", question.check);
        }
    }
}

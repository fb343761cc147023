//! Proves that every undo undoes: up, down to nothing, and up again on a scratch database, with equal schema dumps.

use super::error::{MigrateError, While};
use super::run::{Migrator, Session, Target};
use std::path::Path;
use std::process::Stdio;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// How many differing lines are shown.
const SHOWN: usize = 20;

/// What a successful verification went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// How many steps were applied, undone and applied again.
    pub steps: usize,
    /// How many lines the normalised dump of the whole schema has.
    pub dump_lines: usize,
}

impl Migrator {
    /// Runs up, down and up on a scratch database that is dropped afterwards, and compares dumps: nothing may be left
    /// after going down, and the second way up must lead to the same schema as the first.
    ///
    /// `admin` makes and drops the scratch database (a superuser, or a role with CREATEDB that is a member of the owner);
    /// `owner` migrates it, and its `dbname` is replaced; `pg_dump` must not be older than the server; where there is none, the
    /// catalogue is compared instead.
    ///
    /// # Errors
    /// [`MigrateError::Different`] shows the first differing lines; the others are those of [`Migrator::up`].
    pub async fn verify(&self, admin: &Config, owner: &Config, pg_dump: &Path) -> Result<Verified, MigrateError> {
        let scratch = format!("throughline_verify_{:016x}", rand::random::<u64>());
        let session = Session::open(admin).await?;
        let owner_name = owner.get_user().unwrap_or_default().replace('"', "\"\"");
        let create = format!("create database {scratch} owner \"{owner_name}\" template template0");
        session.client.batch_execute(&create).await.when("make a scratch database; may this role create databases?")?;
        let mut config = owner.clone();
        config.dbname(&scratch);
        let result = self.there_and_back(&config, pg_dump).await;
        let drop = format!("drop database if exists {scratch} with (force)");
        let dropped = session.client.batch_execute(&drop).await.when("drop the scratch database");
        session.close().await;
        let verified = result?;
        dropped.map(|()| verified)
    }

    async fn there_and_back(&self, config: &Config, pg_dump: &Path) -> Result<Verified, MigrateError> {
        let quiet = &mut |_: super::Event<'_>| {};
        // Going up to nothing makes the migrator's own table, so that it is in every dump.
        self.up(config, Target::To(0), quiet).await?;
        let nothing = dump(config, pg_dump).await?;
        let steps = self.up(config, Target::Next, quiet).await?;
        let first = dump(config, pg_dump).await?;
        self.down(config, Target::To(0), quiet).await?;
        same(
            "the undo files leave something behind, or remove what they did not make",
            &nothing,
            &dump(config, pg_dump).await?,
        )?;
        self.up(config, Target::Next, quiet).await?;
        same("the schema differs after up, down and up", &first, &dump(config, pg_dump).await?)?;
        Ok(Verified { steps, dump_lines: first.len() })
    }
}

/// The schema as the catalogue tells it, for installations that have the server and no `pg_dump`.
async fn describe(config: &Config) -> Result<Vec<String>, MigrateError> {
    let session = Session::open(config).await?;
    let rows = session.client.query(include_str!("describe.sql"), &[]).await.when("describe the schema");
    session.close().await;
    Ok(rows?.iter().map(|row| row.get(0)).collect())
}

/// The schema as `pg_dump` writes it, without comments, empty lines, and the random words that recent releases put around
/// a dump.
async fn dump(config: &Config, pg_dump: &Path) -> Result<Vec<String>, MigrateError> {
    if !pg_dump.exists() {
        return describe(config).await;
    }
    let failed = |message: String| MigrateError::Dump { program: pg_dump.to_path_buf(), message };
    let mut command = tokio::process::Command::new(pg_dump);
    command.args(["--schema-only", "--no-password"]).stdin(Stdio::null()).kill_on_drop(true);
    match config.get_hosts().first() {
        Some(Host::Tcp(host)) => command.env("PGHOST", host),
        Some(Host::Unix(path)) => command.env("PGHOST", path),
        None => command.env_remove("PGHOST"),
    };
    if let Some(port) = config.get_ports().first() {
        command.env("PGPORT", port.to_string());
    }
    if let Some(user) = config.get_user() {
        command.env("PGUSER", user);
    }
    if let Some(password) = config.get_password() {
        // In the environment, not in the arguments: those are readable for every user of the machine.
        command.env("PGPASSWORD", String::from_utf8_lossy(password).into_owned());
    }
    if let Some(name) = config.get_dbname() {
        command.env("PGDATABASE", name);
    }
    let output = command.output().await.map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    Ok(normalise(&String::from_utf8_lossy(&output.stdout)))
}

fn normalise(dump: &str) -> Vec<String> {
    let meaningful = |line: &&str| {
        !(line.is_empty()
            || line.starts_with("--")
            || line.starts_with("\\restrict")
            || line.starts_with("\\unrestrict"))
    };
    dump.lines().map(str::trim_end).filter(meaningful).map(str::to_owned).collect()
}

/// Compares two dumps, and shows what is only in one of them.
fn same(what: &'static str, before: &[String], after: &[String]) -> Result<(), MigrateError> {
    if before == after {
        return Ok(());
    }
    let prefix = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let suffix = before[prefix..].iter().rev().zip(after[prefix..].iter().rev()).take_while(|(a, b)| a == b).count();
    let between = |lines: &[String]| lines[prefix..lines.len() - suffix].to_vec();
    let (before, after) = (between(before), between(after));
    // Lines that both have in between say nothing, unless their order is all that differs.
    let alone = |lines: &[String], others: &[String]| -> Vec<String> {
        lines.iter().filter(|line| !others.contains(line)).cloned().collect()
    };
    let (gone, new) = (alone(&before, &after), alone(&after, &before));
    let (gone, new) = if gone.is_empty() && new.is_empty() { (before, after) } else { (gone, new) };
    let only = |mark: char, lines: &[String]| -> Vec<String> {
        lines.iter().take(SHOWN / 2).map(|line| format!("{mark} {line}")).collect()
    };
    Err(MigrateError::Different { what, differences: [only('-', &gone), only('+', &new)].concat() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[&str]) -> Vec<String> {
        text.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn comments_and_random_words_do_not_count() {
        let dump = "--\n-- Name: a\n--\n\n\\restrict Xy1\nCREATE TABLE a (  \n);\n\\unrestrict Xy1\n";
        assert_eq!(normalise(dump), lines(&["CREATE TABLE a (", ");"]));
    }

    #[test]
    fn the_first_differing_lines_are_shown_with_their_side() {
        let error = same("the schema differs", &lines(&["a", "b", "c", "d"]), &lines(&["a", "x", "d"]));
        let message = error.expect_err("they differ").to_string();
        assert_eq!(message, "the schema differs; first differences (`-` before, `+` after):\n- b\n- c\n+ x");
        let spread = same("the schema differs", &lines(&["b", "d"]), &lines(&["a", "b", "c", "d"]));
        assert!(spread.expect_err("they differ").to_string().ends_with("\n+ a\n+ c"), "what is in both is not shown");
        let turned = same("the schema differs", &lines(&["a", "b"]), &lines(&["b", "a"]));
        assert!(turned.expect_err("they differ").to_string().ends_with("\n- a\n- b\n+ b\n+ a"), "the order counts");
    }
}

//! PostgreSQL's own load generator with the same transaction: the opening settings, the query and the COMMIT in one pipeline of
//! prepared statements, as the application's role under row security. Nothing that goes through a network can be much faster.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::process::Command;

use crate::{Failure, instance::Instance};

/// What a transaction may do.
#[derive(Debug, Clone, Copy)]
pub enum Mode {
    /// Only read.
    Read,
    /// Write as well.
    Write,
}

/// A script for one query.
pub struct Script {
    file: PathBuf,
    values: Vec<String>,
}

impl Script {
    /// Writes the script. `query` may use `:n`, a number from 1 to `rows` that is new for every transaction, and `:p1`, `:p2` and so on
    /// for `values`; all of them reach the server as parameters.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(
        directory: &Path,
        name: &str,
        instance: &Instance,
        (mode, query): (Mode, &str),
        values: &[String],
        rows: u64,
    ) -> Result<Self, Failure> {
        let path = directory.join(format!("{name}.pgbench"));
        let mode = match mode {
            Mode::Read => "read only",
            Mode::Write => "read write",
        };
        let text = format!(
            "\\set n random(1, {rows})\n\\startpipeline\nbegin transaction {mode};\n\
             set local app.current_organization_id = '{}';\nset local app.current_user_id = '{}';\n\
             set local app.project_access = 'all';\n{query};\ncommit;\n\\endpipeline\n",
            instance.organization, instance.user
        );
        std::fs::write(&path, text)?;
        Ok(Self { file: path, values: values.to_vec() })
    }

    /// Runs it; gives transactions a second and their number.
    ///
    /// # Errors
    /// When pgbench is missing or a transaction failed.
    pub async fn run(&self, instance: &Instance, connections: usize, time: Duration) -> Result<(f64, u64), Failure> {
        let output = Command::new("pgbench")
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
            .arg(format!("--client={connections}"))
            .arg(format!("--time={}", time.as_secs().max(1)))
            .arg("--file")
            .arg(&self.file)
            .args(self.values.iter().enumerate().map(|(at, value)| format!("--define=p{}={value}", at + 1)))
            .arg(&instance.application_url)
            .output()
            .await
            .map_err(|error| format!("pgbench cannot be run: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let figure = |name: &str| {
            text.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse::<f64>().ok())
        };
        match (figure("tps = "), figure("number of transactions actually processed: ")) {
            (Some(rate), Some(count)) if output.status.success() => Ok((rate, count as u64)),
            _ => Err(format!("pgbench failed:\n{text}{}", String::from_utf8_lossy(&output.stderr)).into()),
        }
    }
}

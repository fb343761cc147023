//! Scratch workspaces that are generated, built and timed.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::children_ms;

type Failure = Box<dyn Error + Send + Sync>;

/// A directory under the system's temporary one; removed when dropped.
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes an empty directory whose name holds `name` and the process identifier.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn new(name: &str) -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("throughline-{name}-{}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    /// A path inside.
    #[must_use]
    pub fn at(&self, inside: &str) -> PathBuf {
        self.0.join(inside)
    }

    /// Writes a file, making the directories above it.
    ///
    /// # Errors
    /// When the file or a directory cannot be written.
    pub fn write(&self, inside: &str, contents: &str) -> Result<(), Failure> {
        let path = self.at(inside);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        Ok(fs::write(path, contents)?)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A scratch directory that stays behind harms nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Processor seconds that a command takes in a directory, its children included.
///
/// Processor time rather than time on the clock: a build on a shared machine otherwise measures the neighbours.
///
/// # Errors
/// When the command cannot be started or fails; the message holds the end of what it printed.
pub fn timed(directory: &Path, program: &str, arguments: &[&str]) -> Result<f64, Failure> {
    let before = children_ms()?;
    let output = Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .env("CARGO_TARGET_DIR", directory.join("target"))
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run {program}: {error}"))?;
    if output.status.success() {
        return Ok((children_ms()? - before) / 1_000.0);
    }
    let printed = String::from_utf8_lossy(&output.stderr).into_owned()
        + &String::from_utf8_lossy(&output.stdout);
    let end: Vec<&str> = printed.lines().rev().take(40).collect();
    Err(format!(
        "{program} {} failed:\n{}",
        arguments.join(" "),
        end.into_iter().rev().collect::<Vec<_>>().join("\n")
    )
    .into())
}

/// Processor seconds of `cargo build` from nothing: the target directory is removed first.
///
/// # Errors
/// When the build fails.
pub fn clean_build(directory: &Path) -> Result<f64, Failure> {
    let target = directory.join("target");
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    build(directory)
}

/// Processor seconds of `cargo build` on top of what is there.
///
/// # Errors
/// When the build fails.
pub fn build(directory: &Path) -> Result<f64, Failure> {
    timed(directory, "cargo", &["build", "--quiet"])
}

//! Coverage of the same run, by the compiler's own instrumentation of our crates and of nothing else.
//!
//! Cargo calls this program instead of the compiler for crates of the workspace (`RUSTC_WORKSPACE_WRAPPER`), so dependencies stay as they
//! are built and nothing of them is counted. LLVM's tools must be of the version that the compiler was built with.

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use serde_json::Value;

use crate::Failure;

/// Set for the compiler's stand-in only.
const STANDING_IN: &str = "THROUGHLINE_INSTRUMENT";

/// Runs the compiler with instrumentation when cargo calls this program as its stand-in; None otherwise.
pub(crate) fn stand_in_for_compiler() -> Option<ExitCode> {
    env::var_os(STANDING_IN)?;
    let mut arguments = env::args_os().skip(1);
    let compiler = arguments.next().filter(|name| Path::new(name).file_stem().is_some_and(|stem| stem == "rustc"))?;
    let status = Command::new(compiler).args(arguments).args(["-C", "instrument-coverage"]).status();
    let code = status.ok().and_then(|status| status.code()).and_then(|code| u8::try_from(code).ok());
    Some(ExitCode::from(code.unwrap_or(1)))
}

/// What is needed to measure.
pub(crate) struct Measuring {
    profdata: PathBuf,
    cov: PathBuf,
    profiles: PathBuf,
    stand_in: PathBuf,
}

/// What was measured.
pub(crate) struct Covered {
    /// The report in lcov's format.
    pub(crate) lcov: String,
    /// Lines that can be reached.
    pub(crate) lines: u64,
    /// Of these, reached.
    pub(crate) reached: u64,
}

impl Measuring {
    /// Looks for LLVM's tools and makes room for profiles.
    pub(crate) fn new(target: &Path) -> Result<Self, Failure> {
        let version = output(Command::new("rustc").arg("-vV"))?;
        let field = |name: &str| version.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim();
        let (host, llvm) = (field("host:"), field("LLVM version:"));
        let major = llvm.split('.').next().unwrap_or_default();
        let sysroot = PathBuf::from(output(Command::new("rustc").args(["--print", "sysroot"]))?.trim());
        let tool = |name: &str| {
            let places = [
                sysroot.join(format!("lib/rustlib/{host}/bin/{name}")),
                format!("/usr/lib/llvm-{major}/bin/{name}").into(),
            ];
            places.into_iter().find(|place| place.is_file()).ok_or_else(|| {
                format!("there is no {name} of LLVM {major}; install llvm-{major} or `rustup component add llvm-tools`")
            })
        };
        let measuring = Self {
            profdata: tool("llvm-profdata")?,
            cov: tool("llvm-cov")?,
            profiles: target.join("coverage"),
            stand_in: target.join("instrumenting-rustc"),
        };
        // A copy, because cargo builds this very program anew during the run.
        fs::copy(env::current_exe()?, &measuring.stand_in)?;
        if measuring.profiles.exists() {
            fs::remove_dir_all(&measuring.profiles)?;
        }
        fs::create_dir_all(&measuring.profiles)?;
        Ok(measuring)
    }

    /// Lets a command of cargo build and run with instrumentation.
    pub(crate) fn apply(&self, command: &mut Command) {
        command
            .env("RUSTC_WORKSPACE_WRAPPER", &self.stand_in)
            .env(STANDING_IN, "yes")
            // A few files that are merged as programs end, rather than one for each of a thousand processes.
            .env("LLVM_PROFILE_FILE", self.profiles.join("%8m.profraw"));
    }

    /// Puts together what the programs of the run have written.
    pub(crate) fn report(&self, root: &Path) -> Result<Covered, Failure> {
        let merged = self.profiles.join("merged.profdata");
        let mut profiles = Vec::new();
        for entry in fs::read_dir(&self.profiles)? {
            profiles.push(entry?.path());
        }
        profiles.retain(|path| path.extension().is_some_and(|extension| extension == "profraw"));
        // A program that was killed may leave half a profile.
        output(
            Command::new(&self.profdata)
                .args(["merge", "--sparse", "--failure-mode=all", "-o"])
                .arg(&merged)
                .args(profiles),
        )?;
        let mut command = Command::new(&self.cov);
        command.args([
            "export",
            "--format=lcov",
            "--ignore-filename-regex=(/\\.cargo/|/rustc/|/target/|/tests/|/examples/|/tests\\.rs)",
        ]);
        command.arg(format!("--instr-profile={}", merged.display()));
        for (at, program) in self.programs(root)?.iter().enumerate() {
            if at > 0 {
                command.arg("--object");
            }
            command.arg(program);
        }
        let tests_from = |path: &str| {
            let text = fs::read_to_string(root.join(path)).unwrap_or_default();
            text.lines().position(|line| line == "#[cfg(test)]").map_or(usize::MAX, |before| before + 1)
        };
        Ok(tidy(&output(&mut command)?, root, tests_from))
    }

    /// The programs that ran.
    fn programs(&self, root: &Path) -> Result<Vec<PathBuf>, Failure> {
        let mut command = Command::new("cargo");
        command.args([
            "nextest",
            "list",
            "--workspace",
            "--locked",
            "--list-type",
            "binaries-only",
            "--message-format",
            "json",
        ]);
        self.apply(command.current_dir(root));
        let list: Value = serde_json::from_str(&output(&mut command)?)?;
        let tests = list["rust-binaries"].as_object().into_iter().flat_map(|all| all.values());
        let mut programs: Vec<PathBuf> =
            tests.filter_map(|one| one["binary-path"].as_str()).map(PathBuf::from).collect();
        let target = list["rust-build-meta"]["target-directory"].as_str().unwrap_or_default();
        let others = list["rust-build-meta"]["non-test-binaries"].as_object().into_iter().flat_map(|all| all.values());
        for one in others.filter_map(Value::as_array).flatten().filter(|one| one["kind"] == "bin-exe") {
            programs.push(Path::new(target).join(one["path"].as_str().unwrap_or_default()));
        }
        programs.sort();
        programs.dedup();
        Ok(programs)
    }
}

/// Keeps what the report says of lines in our own crates, under names within the repository. Tests come last in a file: lines from
/// there on are no lines that tests could reach or miss.
fn tidy(lcov: &str, root: &Path, tests_from: impl Fn(&str) -> usize) -> Covered {
    let prefix = format!("SF:{}/crates/", root.display());
    let (mut out, mut lines, mut reached) = (String::new(), 0, 0);
    for record in lcov.split("end_of_record\n") {
        let Some(path) = record.lines().find_map(|line| line.strip_prefix(&prefix)) else { continue };
        let path = format!("crates/{path}");
        let end = tests_from(&path);
        let is_counted = |line: &&str| {
            let number =
                line.strip_prefix("DA:").and_then(|rest| rest.split(',').next()).and_then(|text| text.parse().ok());
            number.is_some_and(|number: usize| number < end)
        };
        let counted: Vec<&str> = record.lines().filter(is_counted).collect();
        let hit = counted.iter().filter(|line| !line.ends_with(",0")).count();
        let _ = write!(out, "SF:{path}\n{}\nLF:{}\nLH:{hit}\nend_of_record\n", counted.join("\n"), counted.len());
        lines += counted.len() as u64;
        reached += hit as u64;
    }
    Covered { lcov: out, lines, reached }
}

fn output(command: &mut Command) -> Result<String, Failure> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{name} cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_lines_are_kept() {
        let lcov = "SF:/w/crates/a/src/lib.rs\nFN:1,f\nFNDA:3,f\nDA:1,3\nDA:2,0\nDA:7,1\nBRF:0\nLF:9\nLH:9\nend_of_record\n\
                    SF:/elsewhere/b.rs\nDA:1,1\nend_of_record\n";
        let covered = tidy(lcov, Path::new("/w"), |_| 7);
        assert_eq!(covered.lcov, "SF:crates/a/src/lib.rs\nDA:1,3\nDA:2,0\nLF:2\nLH:1\nend_of_record\n");
        assert_eq!((covered.lines, covered.reached), (2, 1));
    }
}

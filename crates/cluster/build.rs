//! Puts the files of `migrations/` into the binary. A build script rather than a macro, because only a build script can
//! tell cargo that a *new* file in the directory makes the old binary stale.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let migrations = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../../migrations");
    println!("cargo:rerun-if-changed={}", migrations.display());
    let mut files: Vec<PathBuf> = match std::fs::read_dir(&migrations) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    files.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
    files.sort();
    let mut code = String::from("&[\n");
    for file in files {
        let name = file.file_name().and_then(|name| name.to_str()).ok_or("a migration's name is not UTF-8")?;
        writeln!(code, "    ({name:?}, include_str!({:?})),", file.canonicalize()?)?;
    }
    code.push_str("]\n");
    std::fs::write(Path::new(&std::env::var("OUT_DIR")?).join("migrations.rs"), code)?;
    Ok(())
}

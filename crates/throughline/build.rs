//! Puts Throughline's own record into the program: the requirements of `docs/requirements/` and what `cargo xtask demo` keeps in
//! `demo/`. A build script rather than a macro, because only a build script can tell cargo that a *new* file makes the old
//! program stale.

use std::{
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// Where the files are, and how their names end.
const PLACES: [(&str, &str); 4] =
    [("docs/requirements", "md"), ("demo", "json"), ("demo/junit", "xml"), ("demo/coverage", "info")];

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../..");
    let mut code = String::from("&[\n");
    for (directory, extension) in PLACES {
        let place = root.join(directory);
        println!("cargo:rerun-if-changed={}", place.display());
        for file in files(&place, extension)? {
            let name = file.file_name().and_then(|name| name.to_str()).ok_or("a file's name is not UTF-8")?;
            writeln!(code, "    (\"{directory}/{name}\", include_bytes!({:?})),", file.canonicalize()?)?;
        }
    }
    code.push_str("]\n");
    fs::write(Path::new(&std::env::var("OUT_DIR")?).join("record.rs"), code)?;
    Ok(())
}

fn files(directory: &Path, extension: &str) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut files = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    files.retain(|path| path.extension().is_some_and(|found| found == extension));
    files.sort();
    Ok(files)
}

//! What lies beside the database and has to be kept with it: the signing key, the heads of the audit trail, the local sign-in,
//! settings, uploads that wait.

use crate::error::{Doing as _, Error};
use std::{
    io::Write,
    path::{Path, PathBuf},
};

/// Writes the files as one tar, and returns their names. `signing_key` is kept under its usual name wherever it lies. What
/// `left_out` names, and what is below it, is not kept; what is gone by the time it is read is not either.
pub(crate) fn write(
    data: &Path,
    signing_key: Option<&Path>,
    left_out: &[PathBuf],
    output: &mut dyn Write,
) -> Result<Vec<String>, Error> {
    let mut tar = tar::Builder::new(output);
    tar.follow_symlinks(false);
    let mut names = Vec::new();
    for path in cluster::other_files(data)? {
        add(&mut tar, data, &path, left_out, &mut names)?;
    }
    if let Some(key) = signing_key
        && !key.starts_with(data)
    {
        append(&mut tar, key, "signing.key", &mut names)?;
    }
    tar.finish().doing(|| "end the archive of the files beside the database".to_owned())?;
    Ok(names)
}

fn add(
    tar: &mut tar::Builder<&mut dyn Write>,
    data: &Path,
    path: &Path,
    left_out: &[PathBuf],
    names: &mut Vec<String>,
) -> Result<(), Error> {
    if left_out.iter().any(|left| path == left) {
        return Ok(());
    }
    let doing = || format!("look at {}", path.display());
    let metadata = match path.symlink_metadata() {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).doing(doing),
    };
    let name = path.strip_prefix(data).unwrap_or(path).to_string_lossy().into_owned();
    if !metadata.is_dir() {
        return append(tar, path, &name, names);
    }
    tar.append_dir(&name, path).doing(|| format!("keep {}", path.display()))?;
    let mut below: Vec<PathBuf> =
        std::fs::read_dir(path).doing(doing)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    below.sort();
    below.iter().try_for_each(|one| add(tar, data, one, left_out, names))
}

fn append(
    tar: &mut tar::Builder<&mut dyn Write>,
    path: &Path,
    name: &str,
    names: &mut Vec<String>,
) -> Result<(), Error> {
    match tar.append_path_with_name(path, name) {
        Ok(()) => names.push(name.to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).doing(|| format!("keep {}", path.display())),
    }
    Ok(())
}

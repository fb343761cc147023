//! The versions of the format.

/// Whether a version of the format is one that this crate knows how to read.
pub(super) fn check_version(version: &str) -> Result<(), String> {
    let minor = version.strip_prefix("1.").and_then(|minor| minor.parse::<u32>().ok());
    match minor {
        Some(0..=7) => Ok(()),
        _ => Err(format!(
            "it says it is CycloneDX `{}`; this server reads 1.0 to 1.7",
            version.chars().take(40).collect::<String>()
        )),
    }
}

//! Finds the repository that contains a folder.

use std::path::{Path, PathBuf};

/// The nearest folder above this one that is a repository.
pub(crate) fn enclosing_repository(folder: &Path) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    let mut above = folder.ancestors().skip(1);
    above
        .find(|folder| folder.join(".git").exists())
        .map(Path::to_owned)
}

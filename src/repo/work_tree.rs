//! The work tree: what is changed in it and not committed.

use git2::StatusOptions;

use super::error::{RepoError, git_error};
use super::repository::Repo;

impl Repo {
    /// The paths that differ from the current commit in the index or in the work tree, sorted. Without `paths` ignored
    /// files do not count; with them exactly these are looked at, and ignored files count as well.
    /// Submodules are left out. Empty for a bare repository and in memory alone; a virtual repository answers for the
    /// one below it. Paths that are not UTF-8 show `U+FFFD`.
    ///
    /// # Errors
    /// [`RepoError::Git`] if the index or the work tree cannot be read.
    pub fn uncommitted(&self, paths: Option<&[String]>) -> Result<Vec<String>, RepoError> {
        let Some(git) = self.disk().filter(|git| !git.is_bare()) else {
            return Ok(Vec::new());
        };
        let mut options = StatusOptions::new();
        options.exclude_submodules(true).include_unreadable(true);
        if let Some(paths) = paths {
            if paths.is_empty() {
                return Ok(Vec::new());
            }
            options.disable_pathspec_match(true);
            options.include_untracked(true).recurse_untracked_dirs(true);
            options.include_ignored(true).recurse_ignored_dirs(true);
            for path in paths {
                options.pathspec(path);
            }
        } else {
            options
                .include_untracked(true)
                .recurse_untracked_dirs(true)
                .include_ignored(false);
        }
        let operation = "compare the work tree with the current commit";
        let statuses = git
            .statuses(Some(&mut options))
            .map_err(git_error(operation))?;
        let mut found: Vec<String> = statuses
            .iter()
            .filter(|entry| !entry.status().is_empty())
            .map(|entry| String::from_utf8_lossy(entry.path_bytes()).into_owned())
            .collect();
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// Whether git ignores the path (from the top of the work tree). Never in a bare repository or in memory.
    ///
    /// # Errors
    /// [`RepoError::Git`] if the rules cannot be read.
    pub fn is_ignored(&self, path: &str) -> Result<bool, RepoError> {
        match self.disk().filter(|git| !git.is_bare()) {
            Some(git) => git
                .is_path_ignored(path)
                .map_err(git_error(format!("read the ignore rules for {path}"))),
            None => Ok(false),
        }
    }
}

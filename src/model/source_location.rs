//! A location: a file of the repository, a line, a column.

use std::fmt;
use std::sync::Arc;

pub(crate) use crate::yaml::Position;

/// A file's path inside the repository: relative, `/` between segments, never empty.
///
/// It is as git or the folder gave it. Whether a promotion may *write* there is another question:
/// [`RepoPath::refusal_to_write`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(Arc<str>);

impl RepoPath {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Why a promotion must not write to this path, or `None` if it may: paths that leave the repository, git's own
    /// files under any spelling that a file system maps to them, and `.github/` (R-3.7, A12).
    pub fn refusal_to_write(&self) -> Option<&'static str> {
        let path = self.as_str();
        if path.is_empty() || path.starts_with('/') || path.contains(['\\', '\0', ':']) {
            return Some("it is not a plain relative path");
        }
        if path.chars().any(char::is_control) {
            return Some("it contains a control character");
        }
        if path.split('/').count() > MAX_DEPTH {
            return Some("it is too deep");
        }
        for segment in path.split('/') {
            if segment.is_empty() || segment == "." || segment == ".." {
                return Some("it is not a plain relative path");
            }
            let folded = fold_segment(segment);
            if folded.starts_with(".git") || is_short_name_of_git(&folded) {
                return Some("git's and GitHub's own files must not be changed");
            }
        }
        None
    }
}

/// Folders within folders beyond which no real path goes.
const MAX_DEPTH: usize = 256;

/// NTFS calls `.git` also `GIT~1`, `.gitmodules` `GITMOD~1`, and after collisions `GI7EBA~1`: two letters, anything,
/// `~` and a digit.
fn is_short_name_of_git(segment: &str) -> bool {
    segment.starts_with("gi")
        && segment
            .split_once('~')
            .is_some_and(|(_, end)| end.starts_with(|first: char| first.is_ascii_digit()))
}

/// What a case-folding file system (NTFS drops trailing dots and blanks, HFS+ ignores some characters) makes of it.
fn fold_segment(segment: &str) -> String {
    let ignorable = |c: char| matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    let kept: String = segment.chars().filter(|c| !ignorable(*c)).collect();
    kept.trim_end_matches(['.', ' ']).to_lowercase()
}

impl From<&str> for RepoPath {
    fn from(path: &str) -> Self {
        Self(path.into())
    }
}

impl From<String> for RepoPath {
    fn from(path: String) -> Self {
        Self(path.into())
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl serde::Serialize for RepoPath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A point in a file: what every finding has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceLocation {
    /// The file.
    pub file: RepoPath,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl SourceLocation {
    /// The place in `file` at `at`.
    pub fn new(file: &RepoPath, at: Position) -> Self {
        Self {
            file: file.clone(),
            line: at.line,
            column: at.column,
        }
    }
}

impl fmt::Display for SourceLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_paths_may_be_written() {
        for path in [
            "a.yaml",
            "clusters/prod/podinfo.yaml",
            "gitops/x.yml",
            "a/.hidden/x.yaml",
            "digit/git.yaml",
        ] {
            assert_eq!(RepoPath::from(path).refusal_to_write(), None, "{path}");
        }
    }

    #[test]
    fn paths_that_leave_the_repository_or_are_gits_own_are_refused() {
        for path in [
            "",
            "/etc/passwd",
            "../x.yaml",
            "a/../x.yaml",
            "a//b.yaml",
            "./a.yaml",
            "a\\b.yaml",
            "c:x.yaml",
            "a\0.yaml",
            ".git/config",
            ".GIT/config",
            "a/.git/config",
            ".git./config",
            ".git /config",
            "GIT~1/config",
            ".g\u{200c}it/config",
            ".gitattributes",
            "a/.gitmodules",
            ".github/workflows/x.yml",
            ".GitHub/x.yaml",
        ] {
            assert!(
                RepoPath::from(path).refusal_to_write().is_some(),
                "{path:?}"
            );
        }
    }
}

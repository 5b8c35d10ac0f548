//! Merging two versions of a file against a third one, in memory.

use git2::{MergeFileInput, MergeFileOptions};

use super::error::{RepoError, git_error};
use super::repository::Repo;

/// Precedes each version while they are merged: git2 makes a slice of a null pointer if nothing comes of a merge.
const FIRST_LINE: &[u8] = b"# The first line of a file that is merged.\n";

impl Repo {
    /// The text that holds the changes from `base` to `ours` and those from `base` to `theirs`, as git merges the contents of one file.
    /// `None`: they conflict, or one of them is binary.
    ///
    /// Which lines belong together is a matter of the way in which they are compared, and servers may compare in another way than
    /// libgit2. So two ways have to give the same text, or it is a conflict.
    ///
    /// # Errors
    /// [`RepoError::Git`] if libgit2 fails.
    pub fn merge_texts(
        base: &[u8],
        ours: &[u8],
        theirs: &[u8],
    ) -> Result<Option<Vec<u8>>, RepoError> {
        // Hashing starts libgit2, which merging needs and does not do.
        Self::hash_blob(base)?;
        let by_default = merged(base, ours, theirs, false)?;
        let by_patience = merged(base, ours, theirs, true)?;
        Ok(by_default.filter(|text| by_patience.as_ref() == Some(text)))
    }
}

fn merged(
    base: &[u8],
    ours: &[u8],
    theirs: &[u8],
    patience: bool,
) -> Result<Option<Vec<u8>>, RepoError> {
    let contents = [base, ours, theirs].map(|content| [FIRST_LINE, content].concat());
    let [base, ours, theirs] = contents.each_ref().map(|content| {
        let mut input = MergeFileInput::new();
        input.content(content);
        input
    });
    let mut options = MergeFileOptions::new();
    options.patience(patience);
    let merged = git2::merge_file(&base, &ours, &theirs, Some(&mut options))
        .map_err(git_error("merge two versions of a file"))?;
    if !merged.is_automergeable() {
        return Ok(None);
    }
    Ok(merged
        .content()
        .strip_prefix(FIRST_LINE)
        .map(<[u8]>::to_vec))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merge(base: &str, ours: &str, theirs: &str) -> Option<String> {
        let merged = Repo::merge_texts(base.as_bytes(), ours.as_bytes(), theirs.as_bytes());
        merged.unwrap().map(|text| String::from_utf8(text).unwrap())
    }

    #[test]
    fn changes_of_different_lines_are_merged_and_of_the_same_line_conflict() {
        let base = "a: 1\nb: 1\nc: 1\nd: 1\n";
        for (ours, theirs, wanted) in [
            (
                "a: 2\nb: 1\nc: 1\nd: 1\n",
                "a: 1\nb: 1\nc: 1\nd: 3\n",
                Some("a: 2\nb: 1\nc: 1\nd: 3\n"),
            ),
            ("a: 2\nb: 1\nc: 1\nd: 1\n", "a: 3\nb: 1\nc: 1\nd: 1\n", None),
            // Next to each other is a conflict for git too.
            ("a: 2\nb: 1\nc: 1\nd: 1\n", "a: 1\nb: 3\nc: 1\nd: 1\n", None),
            // The same change on both sides.
            (
                "a: 2\nb: 1\nc: 1\nd: 1\n",
                "a: 2\nb: 1\nc: 1\nd: 3\n",
                Some("a: 2\nb: 1\nc: 1\nd: 3\n"),
            ),
            ("", "a: 1\nb: 1\nc: 1\nd: 3\n", None),
            (base, "", Some("")),
            (
                "a: 2\nb: 1\nc: 1\nd: 1\n",
                "a: 1\nb: 1\nc: 1\nd: 1",
                Some("a: 2\nb: 1\nc: 1\nd: 1"),
            ),
        ] {
            assert_eq!(
                merge(base, ours, theirs).as_deref(),
                wanted,
                "{ours}/{theirs}"
            );
            assert_eq!(
                merge(base, theirs, ours).as_deref(),
                wanted,
                "{theirs}/{ours}"
            );
        }
        assert_eq!(merge("", "a: 1\n", "b: 1\n"), None);
        assert_eq!(
            merge("a\0\n1\n2\n3\n", "b\0\n1\n2\n3\n", "a\0\n1\n2\n4\n"),
            None
        );
    }
}

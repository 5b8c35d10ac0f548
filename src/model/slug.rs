//! The name of a repository on the forge.

use std::fmt;
use std::str::FromStr;

use super::ids::IdError;

/// GitHub's own limit for a repository's name, in bytes; owners are shorter.
const MAX_PART_LENGTH: usize = 100;

/// `owner/name`, in lower case: GitHub ignores case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoSlug {
    text: String,
    slash: usize,
}

impl RepoSlug {
    /// The owner.
    pub fn owner(&self) -> &str {
        &self.text[..self.slash]
    }

    /// The repository's name without its owner.
    pub fn name(&self) -> &str {
        &self.text[self.slash + 1..]
    }

    /// `owner/name`.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for RepoSlug {
    type Err = IdError;

    /// Takes `owner/name` of letters, digits, `-`, `_` and `.`; neither part may be `.` or `..`.
    fn from_str(text: &str) -> Result<Self, IdError> {
        let error = || IdError::new(text, "a repository such as owner/name");
        let (owner, name) = text.split_once('/').ok_or_else(error)?;
        let fine = |part: &str| {
            !part.is_empty()
                && part.len() <= MAX_PART_LENGTH
                && part != "."
                && part != ".."
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        };
        if !fine(owner) || !fine(name) {
            return Err(error());
        }
        Ok(Self {
            text: text.to_ascii_lowercase(),
            slash: owner.len(),
        })
    }
}

impl fmt::Display for RepoSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_a_part_of_a_url_is_a_slug() {
        let slug: RepoSlug = "Acme/GitOps.x_y-z".parse().unwrap();
        assert_eq!((slug.owner(), slug.name()), ("acme", "gitops.x_y-z"));
        for bad in [
            "", "acme", "/x", "x/", "a/b/c", "a/..", "a b/c", "a/b?c", "a%2f/b",
        ] {
            assert!(bad.parse::<RepoSlug>().is_err(), "{bad}");
        }
    }
}

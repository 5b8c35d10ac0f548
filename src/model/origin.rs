//! The repository that a service takes git from.

use std::fmt;

use super::repo_url::RepoUrl;

/// The repository behind a `git.ref`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The repository that holds the manifests.
    Here,
    /// A local path, as the URL gives it; only commands without a forge read it.
    Local(String),
    /// Another repository.
    Remote(RepoUrl),
    /// A reference whose manifest is missing: kind, namespace and name decide whether two are the same place.
    Unknown {
        /// `kind`, by default `GitRepository`.
        kind: String,
        /// `namespace`, as the reference gives it.
        namespace: Option<String>,
        /// `name`.
        name: String,
    },
    /// Neither `git.url` nor `repositoryRef`.
    Unsaid,
    /// A URL that is not one.
    Unreadable(String),
}

impl Origin {
    /// Whether nothing is known of it but its name, so that a ref can only be compared as text.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown { .. } | Self::Unsaid)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here => f.write_str("this repository"),
            Self::Local(path) => write!(f, "{path}"),
            Self::Remote(url) => write!(f, "{url}"),
            Self::Unknown {
                kind,
                namespace,
                name,
            } => match namespace {
                Some(namespace) => write!(f, "{kind} {namespace}/{name}"),
                None => write!(f, "{kind} {name}"),
            },
            Self::Unsaid => f.write_str("an unnamed repository"),
            Self::Unreadable(_) => f.write_str("a repository whose URL cannot be parsed"),
        }
    }
}

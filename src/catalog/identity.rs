//! What makes a repository this one, and which repository a URL leads to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::model::origin::Origin;
use crate::model::repo_url::{Location, RepoUrl};

/// What makes a repository *this* one: the URLs of the remotes of the repository at hand.
#[derive(Clone, Debug, Default)]
pub struct RepositoryIdentity {
    /// The remotes' URLs.
    pub remotes: Vec<RepoUrl>,
    /// Remotes on the local disk, as full paths.
    pub local: Vec<PathBuf>,
    /// The folder from which relative local paths are taken, as a full path.
    pub root: PathBuf,
    /// Other repositories of which a clone is at hand, as full paths: they are read there.
    pub clones: BTreeMap<RepoUrl, PathBuf>,
}

impl RepositoryIdentity {
    fn is_here(&self, path: &Path) -> bool {
        path == self.root || self.local.iter().any(|remote| remote == path)
    }

    /// Which repository a URL leads to.
    pub(super) fn origin_of(&self, url: &str) -> Origin {
        match url.parse() {
            Ok(Location::Remote(remote)) if self.remotes.contains(&remote) => Origin::Here,
            Ok(Location::Remote(remote)) => match self.clones.get(&remote) {
                Some(clone) => Origin::Local(clone.to_string_lossy().into_owned()),
                None => Origin::Remote(remote),
            },
            Ok(Location::Local(path)) => {
                match Location::Local(path.clone()).relative_to(&self.root) {
                    Location::Local(full) if self.is_here(&full) => Origin::Here,
                    _ => Origin::Local(path.to_string_lossy().into_owned()),
                }
            }
            Err(error) => Origin::Unreadable(error.to_string()),
        }
    }
}

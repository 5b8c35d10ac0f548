//! Where a service takes git from: `git.url`, or the `GitRepository` behind `repositoryRef`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::resolve::Resolver;
use crate::model::origin::Origin;
use crate::model::reference::Kind;
use crate::model::repo_url::{Location, RepoUrl};
use crate::model::service::Service;

/// What makes a repository *this* one: the URLs of the remotes of the repository at hand.
#[derive(Clone, Debug, Default)]
pub struct Here {
    /// The remotes' URLs.
    pub remotes: Vec<RepoUrl>,
    /// Remotes on the local disk, as full paths.
    pub local: Vec<PathBuf>,
    /// The folder from which relative local paths are taken, as a full path.
    pub root: PathBuf,
    /// Other repositories of which a clone is at hand, as full paths: they are read there.
    pub clones: BTreeMap<RepoUrl, PathBuf>,
}

impl Here {
    fn is_here(&self, path: &Path) -> bool {
        path == self.root || self.local.iter().any(|remote| remote == path)
    }
}

/// Where the service takes git from; `None` where it has no `spec.git`.
pub fn origin_of(service: &Service, resolver: &Resolver<'_>, here: &Here) -> Option<Origin> {
    let git = service.git.as_ref()?;
    if let Some(url) = &git.url {
        return Some(of_url(url, here));
    }
    let Some(reference) = &service.repository else {
        return Some(Origin::Unsaid);
    };
    let mut found = resolver.repositories(&reference.name);
    Some(match (found.next(), found.next()) {
        (Some(repository), None) => match &repository.url {
            Some(url) => of_url(url, here),
            None => Origin::Unreadable(format!("{} has no spec.url", repository.place)),
        },
        (Some(one), Some(other)) => Origin::Unreadable(format!(
            "GitRepository {} stands twice: {} and {}",
            reference.name, one.place, other.place
        )),
        (None, _)
            if !resolver
                .broken_files_with(Kind::GitRepository, &reference.name)
                .is_empty() =>
        {
            let files = resolver.broken_files_with(Kind::GitRepository, &reference.name);
            let files: Vec<String> = files.iter().map(|file| file.to_string()).collect();
            Origin::Unreadable(format!(
                "GitRepository {} may stand in a file that could not be read: {}",
                reference.name,
                files.join(", ")
            ))
        }
        (None, _) => Origin::Unknown {
            kind: reference
                .kind
                .clone()
                .unwrap_or_else(|| "GitRepository".to_owned()),
            namespace: reference.namespace.clone(),
            name: reference.name.clone(),
        },
    })
}

fn of_url(url: &str, here: &Here) -> Origin {
    match url.parse() {
        Ok(Location::Remote(remote)) if here.remotes.contains(&remote) => Origin::Here,
        Ok(Location::Remote(remote)) => match here.clones.get(&remote) {
            Some(clone) => Origin::Local(clone.to_string_lossy().into_owned()),
            None => Origin::Remote(remote),
        },
        Ok(Location::Local(path)) => match Location::Local(path.clone()).relative_to(&here.root) {
            Location::Local(full) if here.is_here(&full) => Origin::Here,
            _ => Origin::Local(path.to_string_lossy().into_owned()),
        },
        Err(error) => Origin::Unreadable(error.to_string()),
    }
}

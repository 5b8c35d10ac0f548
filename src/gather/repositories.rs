//! The repositories whose commits can be asked for: this one, others of the forge, and those at a local path.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::remote::RemoteRepo;
use super::remotes::Remotes;
use crate::model::facts::RevisionQuery;
use crate::model::ids::CommitId;
use crate::model::policy::Policy;
use crate::repo::{ReadObjects, Repo};

/// How this repository is read.
pub(crate) enum RepositoryReader<'a> {
    /// From a clone alone.
    Clone(&'a Repo),
    /// Through the forge.
    Forge(&'a RemoteRepo),
}

impl RepositoryReader<'_> {
    /// As something to read.
    pub(crate) fn objects(&self) -> &dyn ReadObjects {
        match self {
            Self::Clone(repo) => *repo,
            Self::Forge(repo) => *repo,
        }
    }
}

/// The repositories that can be asked.
pub(crate) struct Repositories<'a> {
    /// This repository and the tip that is looked at; `None` for a plain folder.
    pub here: Option<(RepositoryReader<'a>, CommitId)>,
    /// Other repositories on GitHub, if there is one.
    pub remotes: Option<&'a Remotes>,
    /// The branch of that tip.
    pub branch: Option<&'a str>,
    /// The remote whose branches count as this repository's.
    pub remote: Option<&'a str>,
    /// The folder from which relative local paths are taken.
    pub root: PathBuf,
    /// The policy: which refs may be promoted.
    pub policy: &'a Policy,
    /// The files whose history is asked for if the targets for which a revision is asked differ.
    pub targets: BTreeMap<RevisionQuery, BTreeSet<String>>,
    /// Files in which any promotion writes: they never make a revision of this repository new.
    pub written: Vec<String>,
}

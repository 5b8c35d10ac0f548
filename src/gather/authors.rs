//! Who made what a promotion brings.
//!
//! For a git ref those are the people behind the commits that it brings. Any other value was set by a commit on the
//! base branch: the newest one that gave the source its value. If that commit is itself a landing, the person who set
//! the value at the landing's own source made it, and so on, as far back as it was only promoted.

mod refs;
mod values;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::commit_range::RevisionChange;
use super::lineage::Lineage;
use super::remote::{RemoteRepo, Tip};
use super::remotes::Remotes;
use crate::catalog::{RepositoryIdentity, resolve_pipelines};
use crate::model::authors::{ChangeAuthors, Changed, Makers};
use crate::model::catalog::Catalog;
use crate::model::change::Change;
use crate::model::facts::LastSet;
use crate::model::fetched::Fetched;
use crate::model::ids::CommitId;
use crate::model::policy::Policy;
use crate::model::resolved::ResolvedPipeline;
use crate::repo::{AskAll, RepoError};

/// What is asked about one promotion.
pub(crate) struct Carried<'a> {
    /// The pipeline's namespace.
    pub namespace: Option<&'a str>,
    /// The pipeline's name.
    pub pipeline: &'a str,
    /// The stage into which it goes.
    pub stage: &'a str,
    /// Its changes.
    pub changes: &'a [Change],
    /// Those of them that belong to a service of the stage, with what is known of their sources.
    pub bringing: &'a [RevisionChange<'a>],
    /// The commit on the base branch at which the sources hold what it brings.
    pub at: CommitId,
    /// It is a rollback to this landing.
    pub rollback: Option<CommitId>,
}

/// Everything needed to find out who made changes. What was read once is kept for later rounds.
pub(crate) struct AuthorsSearch<'a> {
    remotes: &'a Remotes,
    repo: &'a RemoteRepo,
    base: Tip,
    policy: &'a Policy,
    here: &'a RepositoryIdentity,
    lineage: Lineage<'a>,
    manifests: RefCell<HashMap<CommitId, Manifests>>,
}

/// The manifests of a commit, and what their references lead to.
#[derive(Clone)]
struct Manifests {
    catalog: Rc<Catalog>,
    resolved: Rc<Vec<ResolvedPipeline>>,
}

/// Why someone cannot be identified.
enum Untold {
    /// It could not be read, or not yet.
    Unread(String),
    /// The rule cannot be applied to it: a sentence that ends in what to do.
    Never(String),
}

impl Untold {
    /// From an error about who did something: `who set X`.
    fn of(error: &RepoError, who: &str) -> Self {
        match error {
            RepoError::TooFar { .. } | RepoError::Shallow { .. } => {
                Self::Never(format!("cannot identify {who}: {error}"))
            }
            _ => Self::Unread(format!("{who} could not be read: {error}")),
        }
    }

    /// From the history's answer about who did something: if the history is ambiguous, there is help.
    fn of_history(failed: LastSet, who: &str) -> Self {
        match failed {
            LastSet::Failed {
                why,
                help: Some(help),
            } => Self::Never(format!("cannot identify {who}: {why}; {help}")),
            LastSet::Failed { why, .. } => Self::Unread(format!("cannot identify {who}: {why}")),
            _ => Self::Unread(format!("{who} could not be read")),
        }
    }
}

impl From<RepoError> for Untold {
    fn from(error: RepoError) -> Self {
        Self::of(&error, "who made what is promoted")
    }
}

impl From<LastSet> for Untold {
    fn from(failed: LastSet) -> Self {
        Self::of_history(failed, "who made what is promoted")
    }
}

impl<'a> AuthorsSearch<'a> {
    /// At the tip of the base branch, whose manifests are known.
    pub(crate) fn new(
        remotes: &'a Remotes,
        (branch, tip): (&str, CommitId),
        policy: &'a Policy,
        here: &'a RepositoryIdentity,
        (catalog, resolved): (&'a Rc<Catalog>, &'a Rc<Vec<ResolvedPipeline>>),
    ) -> Self {
        let repo = remotes.here();
        let manifests = Manifests {
            catalog: Rc::clone(catalog),
            resolved: Rc::clone(resolved),
        };
        Self {
            remotes,
            repo,
            base: Tip {
                branch: branch.to_owned(),
                commit: tip,
            },
            policy,
            here,
            lineage: Lineage::new(repo, tip, policy, catalog, resolved),
            manifests: RefCell::new(HashMap::from([(tip, manifests)])),
        }
    }

    /// Everyone who made what a promotion brings; what cannot be determined is listed.
    ///
    /// # Errors
    /// In words, if something could not be read.
    pub(crate) fn of(&self, carried: &Carried<'_>) -> Fetched<ChangeAuthors> {
        let mut found = Found::default();
        for bringing in carried.bringing {
            if bringing.change.sets_git_ref() {
                let told = self.of_ref(bringing);
                found.take(told);
            }
        }
        self.of_values(carried, &mut found);
        match found.unread {
            Some(why) => Err(why),
            None => Ok(found.authors),
        }
    }

    /// The people behind commits of one branch that all come after `before`.
    fn people(
        &self,
        repo: &RemoteRepo,
        tip: &Tip,
        before: Option<&CommitId>,
        commits: &[(CommitId, Changed)],
    ) -> Result<Vec<ChangeAuthors>, Untold> {
        let mut asked = AskAll::new();
        let makers = commits
            .iter()
            .filter_map(|(commit, _)| asked.ask(repo.makers(commit)));
        let all: Vec<Rc<Makers>> = makers.collect();
        let all = asked.answered(all)?;
        let wants = all.iter().filter(|makers| makers.wants_pushes());
        let wants: Vec<CommitId> = wants.map(|makers| makers.commit).collect();
        let pushed = match wants.is_empty() {
            true => BTreeMap::new(),
            false => repo.pushers(tip, before, &wants)?,
        };
        let each = all.iter().zip(commits);
        Ok(each
            .map(|(makers, (commit, changed))| {
                let pushed = pushed.get(commit).map(Vec::as_slice).unwrap_or_default();
                ChangeAuthors::of(makers, pushed, &tip.branch, changed)
            })
            .collect())
    }

    fn manifests(&self, commit: &CommitId) -> Result<Manifests, Untold> {
        if let Some(known) = self.manifests.borrow().get(commit) {
            return Ok(known.clone());
        }
        let catalog = self.lineage.past.tree(commit)?;
        let resolved = Rc::new(resolve_pipelines(&catalog, self.here));
        let manifests = Manifests { catalog, resolved };
        self.manifests
            .borrow_mut()
            .insert(*commit, manifests.clone());
        Ok(manifests)
    }
}

/// What is known so far.
#[derive(Default)]
struct Found {
    authors: ChangeAuthors,
    unread: Option<String>,
}

impl Found {
    fn take(&mut self, told: Result<ChangeAuthors, Untold>) {
        match told {
            Ok(authors) => self.authors.add(authors),
            Err(Untold::Unread(why)) => self.unread = Some(why),
            Err(Untold::Never(why)) => {
                self.authors.untold.insert(why);
            }
        }
    }
}

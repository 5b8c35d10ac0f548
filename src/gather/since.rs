//! Since when services hold what they hold: the newest first-parent commit of the base that set a promoted value, the making
//! of the manifest included. For display only: nothing is ever decided by it.
//!
//! All services are looked for in one walk over all of their files. It is another one than the walk for who set a target last ([`super::history`]):
//! that one decides, and must neither wait for what is only displayed nor fail because of it, as it would if a folder on the way to another service
//! could not be read. The commits are read once for both: the repository keeps them.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use super::follow::{self, follow};
use super::landing::landing;
use super::lineage::{Lineage, Then, Trail};
use super::repositories::Repositories;
use crate::copy::values;
use crate::gather::lineage::naming::Followed;
use crate::model::catalog::Catalog;
use crate::model::facts::{LastSet, Slot, Values};
use crate::model::ids::CommitId;
use crate::model::resolved::ResolvedPipeline;
use crate::model::service::{Secret, Service};
use crate::model::status::{SetOnBase, Since};
use crate::repo::{Change, ReadObjects, RepoError};
use crate::yaml::Located;

/// A service about which is asked.
pub(crate) struct SinceOf<'a> {
    /// The service.
    pub service: &'a Service,
    /// Its `Secret`, if that may contain promoted keys.
    pub secret: Option<&'a Secret>,
    /// The promoted keys.
    pub keys: Vec<Located<String>>,
    /// The promoted values.
    pub slots: BTreeSet<Slot>,
    /// The commit that a moving ref of this repository resolves to now: what it brought is content too.
    pub follows: Option<CommitId>,
}

/// Answers for each service, in their order.
pub(crate) fn answer_since(
    asked: &[SinceOf<'_>],
    catalog: &Catalog,
    resolved: &[ResolvedPipeline],
    repositories: &Repositories<'_>,
) -> Vec<Since> {
    let Some((here, tip)) = &repositories.here else {
        return asked.iter().map(|_| Since::NoHistory).collect();
    };
    let repo = here.objects();
    let looking = Looking {
        repositories,
        repo,
        lineage: Lineage::new(repo, *tip, repositories.policy, catalog, resolved),
        set: RefCell::default(),
    };
    let begin = |asked| looking.begin(asked);
    let mut searches: Vec<Search<'_>> = asked.iter().map(begin).collect();
    follow(repo, *tip, &mut searches, &|search, change| {
        looking.step(search, change)
    });
    searches
        .into_iter()
        .map(|search| looking.newest(search))
        .collect()
}

/// One service on its way back through history.
struct Search<'a> {
    asked: &'a SinceOf<'a>,
    trail: Trail,
    answer: Option<Since>,
}

impl follow::Search for Search<'_> {
    fn files(&self) -> Vec<&str> {
        match self.answer {
            Some(_) => Vec::new(),
            None => self.trail.files(),
        }
    }

    fn fail(&mut self, error: &RepoError) {
        self.answer = Some(Since::Unknown(error.to_string()));
    }
}

struct Looking<'a> {
    repositories: &'a Repositories<'a>,
    repo: &'a dyn ReadObjects,
    lineage: Lineage<'a>,
    /// What is known of commits: many services are set by one.
    set: RefCell<HashMap<CommitId, Since>>,
}

impl Looking<'_> {
    fn begin<'s>(&self, asked: &'s SinceOf<'s>) -> Search<'s> {
        let service = Followed::service(asked.service);
        let secret = asked.secret.map(Followed::secret);
        Search {
            asked,
            trail: self.lineage.trail(Some(service), secret),
            answer: None,
        }
    }

    fn step(&self, search: &mut Search<'_>, change: &Change) -> Option<CommitId> {
        match self.try_step(search, change) {
            Ok(goes_on_at) => goes_on_at,
            Err(answer) => {
                search.answer = Some(Since::Unknown(answer.into_why()));
                None
            }
        }
    }

    /// The commit from which the search continues, if that is not simply the next one.
    fn try_step(
        &self,
        search: &mut Search<'_>,
        change: &Change,
    ) -> Result<Option<CommitId>, LastSet> {
        let stepped = self.lineage.step(&mut search.trail, change)?;
        let after = self.values(search, &stepped.after);
        let before = self.values(search, &stepped.before);
        let is_set = change.parent.is_none() || stepped.untold.is_some() || before != after;
        if is_set {
            search.answer = Some(self.set_by(&change.commit, change.parent.as_ref()));
            return Ok(None);
        }
        Ok(stepped.goes_on_at)
    }

    /// The promoted values at a commit; `None` if the service's manifest is not there.
    fn values(&self, search: &Search<'_>, then: &Then) -> Option<Values> {
        let asked = search.asked;
        let (service, secret) = (then.service.as_ref()?, then.secret.as_ref());
        let mut all = values(service, secret, &asked.keys, self.repositories.policy);
        all.retain(|slot, _| asked.slots.contains(slot));
        Some(all)
    }

    fn set_by(&self, commit: &CommitId, parent: Option<&CommitId>) -> Since {
        if let Some(known) = self.set.borrow().get(commit) {
            return known.clone();
        }
        let since = self
            .try_set_by(commit, parent)
            .map_or_else(|error| Since::Unknown(error.to_string()), Since::Set);
        self.set.borrow_mut().insert(*commit, since.clone());
        since
    }

    fn try_set_by(
        &self,
        commit: &CommitId,
        parent: Option<&CommitId>,
    ) -> Result<SetOnBase, RepoError> {
        let info = self.repo.commit_info(commit)?;
        let landed = match parent {
            Some(parent) => {
                landing(self.repo, &info, commit, parent, self.repositories.policy)?.is_some()
            }
            None => false,
        };
        Ok(SetOnBase {
            commit: *commit,
            at: Timestamp::from_second(info.committer_time.unix_seconds)
                .unwrap_or(Timestamp::UNIX_EPOCH),
            by: info.author_name,
            landed,
            pull: None,
        })
    }

    /// What set the manifest, or what the ref that it follows brought since.
    fn newest(&self, search: Search<'_>) -> Since {
        let manifest = search.answer.unwrap_or_else(|| {
            Since::Unknown(format!(
                "{} was not made by any commit on the base branch",
                search.asked.service.file
            ))
        });
        let Some(follows) = &search.asked.follows else {
            return manifest;
        };
        match (&manifest, self.set_by(follows, None)) {
            (Since::Set(own), Since::Set(brought)) if brought.at > own.at => Since::Set(brought),
            (Since::Set(_), Since::Unknown(why)) => Since::Unknown(why),
            _ => manifest,
        }
    }
}

//! Since when services hold what they hold: the newest first-parent commit of the base that set a promoted value, the making
//! of the manifest included. For display only: nothing is ever decided by it.
//!
//! All services are looked for in one walk over all of their files.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use super::follow::{self, follow};
use super::history::past::{Past, Wanted};
use super::landing::landing;
use super::revisions::Repositories;
use crate::copy::values;
use crate::model::facts::{LastSet, Slot, Values};
use crate::model::ids::CommitId;
use crate::model::service::{Secret, Service};
use crate::model::status::{SetOnBase, Since};
use crate::repo::{Change, ReadObjects, RepoError};
use crate::yaml::Located;

/// A service about which is asked.
pub struct SinceOf<'a> {
    /// The service.
    pub service: &'a Service,
    /// Its `Secret`, where promoted keys may lie in one.
    pub secret: Option<&'a Secret>,
    /// The promoted keys.
    pub keys: Vec<Located<String>>,
    /// The promoted values.
    pub slots: BTreeSet<Slot>,
    /// The commit for which a moving ref of this repository stands now: what it brought is content too.
    pub follows: Option<CommitId>,
}

/// Answers for each service, in their order.
pub fn answer_since(asked: &[SinceOf<'_>], repositories: &Repositories<'_>) -> Vec<Since> {
    let Some((here, tip)) = &repositories.here else {
        return asked.iter().map(|_| Since::NoHistory).collect();
    };
    let repo = here.objects();
    let looking = Looking {
        repositories,
        repo,
        past: Past::new(repo, repositories.policy),
        set: RefCell::default(),
    };
    let mut searches: Vec<Search<'_>> = asked.iter().map(Search::new).collect();
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
    service_file: Option<String>,
    secret_file: Option<String>,
    answer: Option<Since>,
}

impl<'a> Search<'a> {
    fn new(asked: &'a SinceOf<'a>) -> Self {
        Self {
            asked,
            service_file: Some(asked.service.file.to_string()),
            secret_file: asked.secret.map(|secret| secret.file.to_string()),
            answer: None,
        }
    }

    fn service(&self) -> Wanted<'a> {
        let service = self.asked.service;
        Wanted::new(&service.key, service.written_namespace.as_deref())
    }

    fn secret(&self) -> Option<Wanted<'a>> {
        let secret = self.asked.secret?;
        Some(Wanted::new(
            &secret.key,
            secret.written_namespace.as_deref(),
        ))
    }
}

impl follow::Search for Search<'_> {
    fn files(&self) -> Vec<&str> {
        let files = [&self.service_file, &self.secret_file];
        match self.answer {
            Some(_) => Vec::new(),
            None => files.into_iter().flatten().map(String::as_str).collect(),
        }
    }

    fn fail(&mut self, error: &RepoError) {
        self.answer = Some(Since::Unknown(error.to_string()));
    }
}

struct Looking<'a> {
    repositories: &'a Repositories<'a>,
    repo: &'a dyn ReadObjects,
    past: Past<'a>,
    /// What is known of commits: many services are set by one.
    set: RefCell<HashMap<CommitId, Since>>,
}

impl Looking<'_> {
    fn step(&self, search: &mut Search<'_>, change: &Change) -> Option<CommitId> {
        match self.try_step(search, change) {
            Ok(moved) => change.parent.filter(|_| moved),
            Err(answer) => {
                search.answer = Some(Since::Unknown(words_of(answer)));
                None
            }
        }
    }

    /// Whether the service's manifests came from other files, so that the search goes on there.
    fn try_step(&self, search: &mut Search<'_>, change: &Change) -> Result<bool, LastSet> {
        let set = |search: &mut Search<'_>| {
            search.answer = Some(self.set_by(&change.commit, change.parent.as_ref()));
            Ok(false)
        };
        let Some(parent) = change.parent else {
            return set(search);
        };
        let after = self.values_at(search, &change.commit)?;
        let mut moved = false;
        if after.is_some() && self.values_at(search, &parent)?.is_none() {
            match self
                .past
                .moved_from(&search.service(), &parent, &change.commit)?
            {
                None => return set(search),
                from => search.service_file = from,
            }
            moved = true;
        }
        if let (Some(wanted), Some(file)) = (search.secret(), &search.secret_file) {
            let there = |commit: &CommitId| self.past.secret(&wanted, file, commit);
            if there(&change.commit)?.is_some() && there(&parent)?.is_none() {
                search.secret_file = self.past.moved_from(&wanted, &parent, &change.commit)?;
                moved |= search.secret_file.is_some();
            }
        }
        if self.values_at(search, &parent)? == after {
            return Ok(moved);
        }
        set(search)
    }

    /// The promoted values as a commit has them; `None` where the service's manifest is not there.
    fn values_at(&self, search: &Search<'_>, commit: &CommitId) -> Result<Option<Values>, LastSet> {
        let asked = search.asked;
        let Some(file) = &search.service_file else {
            return Ok(None);
        };
        let Some(service) = self.past.service(&search.service(), file, commit)? else {
            return Ok(None);
        };
        let secret = match (search.secret(), &search.secret_file) {
            (Some(wanted), Some(file)) => self.past.secret(&wanted, file, commit)?,
            _ => None,
        };
        let mut all = values(
            &service,
            secret.as_ref(),
            &asked.keys,
            self.repositories.policy,
        );
        all.retain(|slot, _| asked.slots.contains(slot));
        Ok(Some(all))
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
                "{} was made by no commit of the base",
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

fn words_of(answer: LastSet) -> String {
    match answer {
        LastSet::Failed { why, .. } => why,
        _ => "its history could not be read".to_owned(),
    }
}

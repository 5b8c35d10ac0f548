//! What a manifest was before the commit at which its name appeared: the same manifest in another file, one that was deleted and comes back,
//! or a service under the name that the `Pipeline` had for it (semantics: when a promotion is due, 6).
//!
//! Everything that follows a service through history uses [`Lineage::step`]: who set it, since when, drift, rollbacks,
//! authors. It is a creation only if everything was searched and nothing precedes it. If several manifests may have
//! preceded it, or there is too much to search, it cannot be determined ([`Stepped::untold`]), and callers treat the
//! commit as one that set the service by hand.

mod appeared;
pub(super) mod naming;
mod preceding;
mod search;

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use super::follow::{Next, follow_one};
use super::history::past::Past;
use crate::model::catalog::Catalog;
use crate::model::facts::LastSet;
use crate::model::ids::CommitId;
use crate::model::policy::Policy;
use crate::model::reference::ManifestKey;
use crate::model::resolved::ResolvedPipeline;
use crate::model::service::{Secret, Service};
use crate::repo::{Change, ReadObjects};
use naming::Followed;
use preceding::Preceding;

pub(super) use naming::Entry;

/// A service and its `Secret` on their way back through history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Trail {
    /// `None` once its creation was passed.
    pub service: Option<Followed>,
    /// `None` if it has none, or its creation was passed.
    pub secret: Option<Followed>,
    /// The stages that contain the service today.
    entries: Vec<Entry>,
    /// The newer commit at which the service left the name that it has here, and the file that contained it then;
    /// `None` if that is its name today.
    left: Option<(CommitId, String)>,
}

impl Trail {
    /// The files that contain them at the point that was reached.
    pub(super) fn files(&self) -> Vec<&str> {
        let all = [&self.service, &self.secret].into_iter().flatten();
        all.map(|one| one.file.as_str()).collect()
    }
}

/// A service and its `Secret` at one commit; what is `None` was not there.
#[derive(Clone, Debug, Default)]
pub(super) struct Then {
    pub service: Option<Service>,
    pub secret: Option<Secret>,
}

/// What one commit did to what is followed.
pub(super) struct Stepped {
    /// At the commit.
    pub after: Then,
    /// Before it: at its first parent, or, if it was deleted and comes back, when it was there last.
    pub before: Then,
    /// The walk continues from this commit, because it continues in another file, under another name, or further back.
    pub goes_on_at: Option<CommitId>,
    /// Why it cannot be determined what preceded the service.
    pub untold: Option<String>,
}

/// The manifests of a repository on their way back.
pub(super) struct Lineage<'a> {
    repo: &'a dyn ReadObjects,
    tip: CommitId,
    catalog: &'a Catalog,
    resolved: &'a [ResolvedPipeline],
    pub past: Past<'a>,
    /// What was found out about services: many users ask the same.
    known: RefCell<HashMap<(Followed, CommitId), Rc<Preceding>>>,
    /// The stages that contain services today.
    entries: OnceCell<HashMap<ManifestKey, Vec<Entry>>>,
}

impl<'a> Lineage<'a> {
    /// `tip` is the commit of the catalog, from which every walk begins.
    pub(super) fn new(
        repo: &'a dyn ReadObjects,
        tip: CommitId,
        policy: &'a Policy,
        catalog: &'a Catalog,
        resolved: &'a [ResolvedPipeline],
    ) -> Self {
        Self {
            repo,
            tip,
            catalog,
            resolved,
            past: Past::new(repo, policy),
            known: RefCell::default(),
            entries: OnceCell::new(),
        }
    }

    /// The beginning of a trail.
    pub(super) fn trail(&self, service: Option<Followed>, secret: Option<Followed>) -> Trail {
        let entries = service.as_ref().map(|one| self.entries(&one.key));
        Trail {
            service,
            secret,
            entries: entries.unwrap_or_default(),
            left: None,
        }
    }

    /// Examines one commit that changed a file of the trail, and moves the trail on to what was before it.
    pub(super) fn step(&self, trail: &mut Trail, change: &Change) -> Result<Stepped, LastSet> {
        let after = self.at(trail, &change.commit)?;
        let Some(parent) = change.parent else {
            trail.service = None;
            trail.secret = None;
            return Ok(Stepped {
                after,
                before: Then::default(),
                goes_on_at: None,
                untold: None,
            });
        };
        let before = self.at(trail, &parent)?;
        let mut goes_on_at = None;
        let mut untold = None;
        if let (Some(now), None, Some(followed)) =
            (&after.service, &before.service, trail.service.clone())
        {
            trail.service = None;
            match &*self.preceding_service(&followed, now, trail, change, parent)? {
                Preceding::Was { manifest, at, left } => {
                    trail.service = Some(manifest.clone());
                    goes_on_at = Some(*at);
                    if let Some(left) = left {
                        trail.left = Some((*left, manifest.file.clone()));
                    }
                }
                Preceding::Nothing => {}
                Preceding::Untold(why) => untold = Some(why.clone()),
            }
        }
        if let (Some(followed), Some(_)) = (trail.secret.clone(), &after.secret) {
            // Where the service continues.
            let at = goes_on_at.unwrap_or(parent);
            let then = self.at(trail, &at)?;
            if then.secret.is_none() {
                let service = then.service.as_ref();
                trail.secret = None;
                match self.preceding_secret(&followed, service, &change.commit, &at)? {
                    Preceding::Was { manifest, at, .. } => {
                        trail.secret = Some(manifest);
                        goes_on_at = Some(at);
                    }
                    Preceding::Nothing => {}
                    Preceding::Untold(why) => untold = untold.or(Some(why)),
                }
            }
        }
        let before = match goes_on_at {
            Some(at) => self.at(trail, &at)?,
            None => before,
        };
        Ok(Stepped {
            after,
            before,
            goes_on_at,
            untold,
        })
    }

    /// What is followed, at a commit.
    pub(super) fn at(&self, trail: &Trail, commit: &CommitId) -> Result<Then, LastSet> {
        Ok(Then {
            service: match &trail.service {
                Some(one) => self.past.service(&one.wanted(), &one.file, commit)?,
                None => None,
            },
            secret: match &trail.secret {
                Some(one) => self.past.secret(&one.wanted(), &one.file, commit)?,
                None => None,
            },
        })
    }

    /// Walks a trail back from a commit. `each` gets one change of its files, with its effect, and says whether to
    /// stop. Ends at `until`, which changed the given file, with its content, and at the latest after about `most`
    /// commits.
    pub(super) fn walk(
        &self,
        trail: &mut Trail,
        from: CommitId,
        until: Option<(&CommitId, &str)>,
        most: usize,
        each: &mut dyn FnMut(&Change, &Stepped) -> Result<bool, LastSet>,
    ) -> Result<(), LastSet> {
        let files = |trail: &Trail| {
            let own = trail.files();
            let last = until.map(|(_, file)| file).filter(|_| !own.is_empty());
            own.into_iter().chain(last).map(str::to_owned).collect()
        };
        follow_one(
            self.repo,
            from,
            most,
            trail,
            &files,
            &mut |trail, change| {
                if until.is_some_and(|(last, _)| change.commit == *last) {
                    return Ok(Next::Stop);
                }
                let stepped = self.step(trail, change)?;
                Ok(match (each(change, &stepped)?, stepped.goes_on_at) {
                    (true, _) => Next::Stop,
                    (false, Some(at)) => Next::From(at),
                    (false, None) => Next::On,
                })
            },
        )
    }

    /// A service as it was at a commit that changed `file`, under whatever name it had then; `None` if it was made later.
    pub(super) fn service_then(
        &self,
        service: &Service,
        commit: &CommitId,
        file: &str,
    ) -> Result<Option<Service>, LastSet> {
        let mut trail = self.trail(Some(Followed::service(service)), None);
        let until = Some((commit, file));
        self.walk(&mut trail, self.tip, until, usize::MAX, &mut |_, _| {
            Ok(false)
        })?;
        Ok(self.at(&trail, commit)?.service)
    }

    fn preceding_service(
        &self,
        followed: &Followed,
        now: &Service,
        trail: &Trail,
        change: &Change,
        parent: CommitId,
    ) -> Result<Rc<Preceding>, LastSet> {
        let question = (followed.clone(), change.commit);
        if let Some(known) = self.known.borrow().get(&question) {
            return Ok(Rc::clone(known));
        }
        let found = self.look_for_preceding(followed, now, trail, &change.commit, &parent)?;
        let found = Rc::new(found);
        self.known.borrow_mut().insert(question, Rc::clone(&found));
        Ok(found)
    }
}

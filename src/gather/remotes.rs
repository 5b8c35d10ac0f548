//! The repositories of one GitHub that a run reads.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use futures_util::future::join_all;

use super::remote::RemoteRepo;
use crate::forge::Forge;
use crate::model::origin::Origin;
use crate::model::repo_url::RepoUrl;
use crate::model::slug::RepoSlug;

/// The repositories of one GitHub that a run reads, its own included.
pub(crate) struct Remotes {
    /// The host of the pages: `github.com`, or the server's.
    host: String,
    here: Rc<RemoteRepo>,
    others: RefCell<BTreeMap<RepoSlug, Rc<RemoteRepo>>>,
}

impl Remotes {
    /// Only the run's own, so far.
    pub(crate) fn new(host: impl Into<String>, here: RemoteRepo) -> Self {
        Self {
            host: host.into(),
            here: Rc::new(here),
            others: RefCell::default(),
        }
    }

    /// The host of the pages.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The run's own repository.
    pub(crate) fn here(&self) -> &RemoteRepo {
        &self.here
    }

    /// The origin of something; `None` if that is unknown, or on another host.
    pub(crate) fn at(&self, origin: &Origin) -> Option<Rc<RemoteRepo>> {
        match origin {
            Origin::Here => Some(Rc::clone(&self.here)),
            Origin::Remote(url) => self.of(url),
            _ => None,
        }
    }

    /// The repository at an address; `None` if that is on another host.
    pub(crate) fn of(&self, url: &RepoUrl) -> Option<Rc<RemoteRepo>> {
        if !url.host().eq_ignore_ascii_case(&self.host) {
            return None;
        }
        let slug: RepoSlug = url.slug()?.parse().ok()?;
        if slug == *self.here.slug() {
            return Some(Rc::clone(&self.here));
        }
        let mut others = self.others.borrow_mut();
        let repo = others
            .entry(slug.clone())
            .or_insert_with(|| Rc::new(RemoteRepo::new(slug, None)));
        Some(Rc::clone(repo))
    }

    /// Whether everything that was asked of any of them was answered.
    pub(crate) fn is_complete(&self) -> bool {
        let others = self.others.borrow();
        self.here.is_complete() && others.values().all(|repo| repo.is_complete())
    }

    /// Forgets what is noted and was not fetched yet, in all of them.
    pub(crate) fn forget_wanted(&self) {
        self.here.forget_wanted();
        for repo in self.others.borrow().values() {
            repo.forget_wanted();
        }
    }

    /// Forgets what others reported about commits, in all of them.
    pub(crate) fn invalidate_signals(&self) {
        self.here.invalidate_signals();
        for repo in self.others.borrow().values() {
            repo.invalidate_signals();
        }
    }

    /// Fetches everything that was noted in any of them, side by side; whether there was anything. Other repositories
    /// are read with `elsewhere`.
    pub(crate) async fn fetch(&self, forge: &Forge, elsewhere: &Forge) -> bool {
        let others: Vec<Rc<RemoteRepo>> = self.others.borrow().values().map(Rc::clone).collect();
        let rest = join_all(others.iter().map(|repo| async move {
            let forge = elsewhere.of(repo.slug().clone());
            repo.fetch(&forge).await
        }));
        let (here, rest) = tokio::join!(self.here.fetch(forge), rest);
        here || rest.contains(&true)
    }
}

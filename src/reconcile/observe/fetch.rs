//! Reads the repository, its manifests, revisions and history at one tip.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jiff::Timestamp;

use crate::error::{Exit, Failure};
use crate::evaluation::evaluate::{Evaluation, Manifests, ReadyAnswers};
use crate::evaluation::repository_state::RepositoryState;
use crate::gather::Depth;
use crate::model::actor::UserId;
use crate::model::evidence::Evidence;
use crate::model::pull::{Pull, Snapshot};
use crate::model::record::Record;
use crate::reconcile::observe::checkout::Checkout;
use crate::reconcile::observe::observation::Observation;
use crate::repo::{AskAll, ReadObjects};
use crate::session::Session;

impl Observation {
    /// The same manifests with a newer snapshot of the same tip: pull requests and what was reported about the sources
    /// are read again.
    pub(crate) async fn again(
        &self,
        session: &Session,
        snapshot: Snapshot,
    ) -> Result<Self, Failure> {
        let now = snapshot.now;
        let permissions = session.remotes.here().take_permissions();
        Ok(Self {
            ready: read_ready(session, &self.repository, &self.evaluation, now).await?,
            now,
            snapshot,
            closed: None,
            permissions,
            repository: Rc::clone(&self.repository),
            evaluation: Rc::clone(&self.evaluation),
        })
    }
}

/// Reads the snapshot, then the repository, its manifests, revisions and history at its tip.
pub(crate) async fn observe(session: &Session, depth: Depth) -> Result<Observation, Failure> {
    let snapshot = session.forge.snapshot().await?;
    observe_at(session, depth, snapshot, None).await
}

/// The same for a snapshot that was read already. `checkout` is used if it is at the snapshot's tip.
pub(crate) async fn observe_at(
    session: &Session,
    depth: Depth,
    snapshot: Snapshot,
    checkout: Option<Checkout>,
) -> Result<Observation, Failure> {
    let repo = session.remotes.here();
    repo.know_base(&snapshot.base, &snapshot.tip);
    repo.want_people(people(&snapshot));
    let tip = snapshot.tip.id;
    let (mut repository, manifests) = match checkout.and_then(|found| found.at(&snapshot.base, tip))
    {
        Some(read) => read,
        None => {
            let repository = session
                .fetch_until_complete(|| {
                    RepositoryState::of_forge(
                        &session.remotes,
                        &snapshot.base,
                        tip,
                        session.here.clone(),
                    )
                })
                .await?;
            let manifests = Manifests::of(&repository);
            (repository, manifests)
        }
    };
    repository.untrusted = session.untrusted(repository.policy.trusts()).await?;
    expect_builds(session, &snapshot, &repository, &manifests);
    let now = snapshot.now;
    let evaluation = session
        .fetch_until_complete(|| Evaluation::on_forge(&repository, &manifests, now, depth))
        .await?;
    policy_is_not_gone(session, &snapshot, &repository).await?;
    let ready = read_ready(session, &repository, &evaluation, now).await?;
    Ok(Observation {
        ready,
        snapshot,
        closed: None,
        permissions: repo.take_permissions(),
        repository: Rc::new(repository),
        evaluation: Rc::new(evaluation),
        now,
    })
}

/// Says that the builds of pull requests that people reviewed or labelled will be checked, and that they may land: the folders
/// that they were made from, and the history of what is promoted from there, are read together with what the evaluation asks for.
fn expect_builds(
    session: &Session,
    snapshot: &Snapshot,
    repository: &RepositoryState,
    manifests: &Manifests,
) {
    for branch in &snapshot.branches {
        let pulls = branch.pulls.iter();
        let mut ours = pulls.filter(|pull| pull.is_open() && pull.own && !pull.foreign);
        let ([parent], true) = (&branch.tip.parents[..], ours.any(Pull::was_spoken_about)) else {
            continue;
        };
        let Some(record) = Record::parse(&branch.tip.message) else {
            continue;
        };
        let here = session.remotes.here();
        here.expect_next(manifests.next_files(repository, &record.promotion()));
        if *parent != snapshot.tip.id {
            for file in manifests.files_of_stage(repository, &record.promotion()) {
                here.expect(parent, &file);
            }
        }
    }
}

/// Everyone who said or did something on a pull request of ours.
fn people(snapshot: &Snapshot) -> BTreeMap<UserId, String> {
    let pulls = snapshot.branches.iter().flat_map(|branch| &branch.pulls);
    let ours = pulls.filter(|pull| pull.own && !pull.foreign);
    let said = ours.filter_map(|pull| pull.said.as_deref());
    said.flat_map(Evidence::people).collect()
}

/// Reads again what was reported about the content of sources.
async fn read_ready(
    session: &Session,
    repository: &RepositoryState,
    evaluation: &Evaluation,
    now: Timestamp,
) -> Result<Option<Rc<ReadyAnswers>>, Failure> {
    session.remotes.invalidate_signals();
    let ready = session
        .fetch_until_complete(|| Ok(evaluation.read_ready(repository, now)))
        .await?;
    Ok(ready.map(Rc::new))
}

/// If the policy existed at the base of an open promotion and is gone now, that is an error: it would loosen every rule
/// at once.
async fn policy_is_not_gone(
    session: &Session,
    snapshot: &Snapshot,
    repository: &RepositoryState,
) -> Result<(), Failure> {
    if !repository.no_policy {
        return Ok(());
    }
    let bases: BTreeSet<_> = snapshot
        .branches
        .iter()
        .filter(|branch| {
            branch
                .pulls
                .iter()
                .any(|pull| pull.is_open() && pull.own && !pull.foreign)
        })
        .filter_map(|branch| branch.tip.parents.first().copied())
        .filter(|base| *base != snapshot.tip.id)
        .collect();
    let repo = session.remotes.here();
    let gone = session
        .fetch_until_complete(|| {
            let mut gone = None;
            let mut all = AskAll::new();
            for base in &bases {
                let entry = all.ask(repo.entry_at(base, crate::policy::DEFAULT_PATH));
                if entry.flatten().is_some() {
                    gone = Some(*base);
                }
            }
            Ok(all.answered(gone)?)
        })
        .await?;
    match gone {
        None => Ok(()),
        Some(base) => Err(Failure::new(
            Exit::Failed,
            format!(
                "{} is gone, but existed at {} when a promotion that is still open was created",
                crate::policy::DEFAULT_PATH,
                base.short()
            ),
        )
        .hint("restore it, or close the open promotions first: without it all rules would be the defaults")),
    }
}

//! Who set a target's promoted fields last, on the first-parent history of the base branch (semantics: when a promotion is due, 1).
//!
//! This comment argues how a service is followed through time. What follows from the answer is decided in `plan/due.rs`; nothing here decides.
//!
//! # The question
//!
//! A target differs from its source. Either the source has changed since the target was set: then a promotion is due.
//! Or a person has set the target since: then a promotion would undo a hotfix. The files at the tip look the same in
//! both cases; only history distinguishes them. So for each service that differs (and for no other) the newest commit
//! is searched that changed one of its promoted fields. [`LastSet`] is the answer:
//!
//! - `Set` by a landing: a landing brought every promoted field up to the source, so what differs now has changed at the source since.
//! - `Set` by hand: what the source was at that commit is read too (`SourceThen`). If it still is the same, the service is ahead of its source.
//! - `Never`: no commit changed a promoted field since the manifest was created, and the difference alone makes the service due.
//! - `NoHistory`: a plain folder. The difference alone makes it due.
//! - `Failed`: it could not be determined. Nothing is promoted until it can be.
//!
//! Promoted fields are those for which the source has a value now. A change counts if the manifest is there on both sides of the commit: adding a key
//! is a change, creating the manifest is not. History is walked along first parents, so a merge is one commit with all that it brought: what matters
//! is what the base branch held, not what a branch held before it was merged.
//!
//! # Following a service
//!
//! All searches share one walk over the files of all services (`follow.rs`). At a commit in which a name appears,
//! [`Lineage::step`] says what the manifest was before: the same manifest in another file; the same manifest in the
//! same file before it was deleted; the service that the `Pipeline` named for this stage before; or the one service
//! that disappears from the same file. The last two must also take git or the chart from the same place and run on the
//! same cluster. The pipeline and its stage are followed through renames as well. The search then continues from there,
//! and a service's `Secret` is followed with it. docs/history.md has the rules in full.
//!
//! Everything that follows a service uses this one step: due, since when, drift, rollbacks, the authors of changes. With a look-up by name in each of
//! them, every rename would forget a hotfix.
//!
//! # What counts as set by hand
//!
//! Every commit that changed a promoted field and is not a landing: an edit, a revert, another tool, a landing with one
//! more field in it. A commit that renames or restores a service and gives it another value counts too. So does a
//! commit for which it cannot be determined what preceded the service (`untold`: several services may have, or too much
//! would have to be read). Taking that for a creation would let a promotion undo a hotfix without asking; taken for a
//! hand edit, it costs a person one look.
//!
//! For a hand edit the source is read as it was in that commit, under the name that it had then. If another service was
//! the source, it is the one of today when it became the source (`source.rs`). What its git ref resolved to is known
//! for a commit ID, for a tag (what it means now), and for the base branch of this repository (the newest commit at
//! that point that changed a watched folder). In an unknown repository the text itself is compared. No one records
//! where any other branch was, so there the source counts as changed only if the hand edit moved the target forward and
//! the source now descends from that. If a person set the target after a rollback, the rollback is searched as well, so
//! that what it took back stays held.
//!
//! # Why commit messages are not believed
//!
//! Anyone who can push can write the trailers of a landing. If they were trusted, they would turn a hotfix into a
//! landing, and the next promotion would undo it; or the other way round, an edited landing would pass for its plan. So
//! a record only says what to compute: [`landing`] reads from the difference of the commit which values it set, and
//! computes the plan ID of these changes. If it is the one in the record, the commit did exactly what was approved
//! under that ID, whoever made it. A message may at most save a walk: if no commit that touched the files has the
//! record of a rollback, none of them was one. Author and date are shown to people.
//!
//! # Bounds
//!
//! - The walk for who set a target has no bound of its own. In a clone it ends where history does; in a run on GitHub it ends with an error after
//!   5,000 commits (`remote/walk.rs`), whatever the checkout holds.
//! - Beyond the commit in which a name appears, 500 commits
//!   ([`COMMITS_BEYOND`](crate::gather::lineage::naming::COMMITS_BEYOND)) are searched for a manifest that was deleted,
//!   and 200 files ([`FILES_BEYOND`](crate::gather::history::past::FILES_BEYOND)) for what preceded it. More files make
//!   it `untold`; a manifest that was deleted more than 500 commits ago counts as a new one. A `Pipeline` that named
//!   another service still further back is searched in 500 commits, too.
//! - A rollback before a hand edit is looked for in 500 commits.
//!
//! # What is an error
//!
//! It fails closed: if at some point of the way a manifest cannot be read, or two manifests could be meant, or a source that may be in a broken file
//! is not found, the answer is that it could not be determined, never that nothing was there. Otherwise a typo and its fix would make a hotfix look
//! like a creation. The error names the commit, and the way out: set the target by hand once, so that the search ends in a newer commit. A history
//! that ends because a clone is shallow is an error, too. A file that was a template then is such an error only if this manifest's name is in it.
//!
//! Through the forge, "not fetched yet" is an error like any other: the whole pass is thrown away, what it asked for is fetched, and it runs again
//! ([`super::remote`]). So whatever may have to be read is asked for before the first of it is missed.

pub(super) mod past;
mod past_file;
mod source;
pub(super) mod wanted;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use jiff::Timestamp;

use super::follow::{self, follow, unreadable};
use super::landing::landing;
use super::lineage::{self, Lineage, Then, Trail};
use super::repositories::Repositories;
use super::revisions::RevisionResolver;
use crate::copy::{Pair, values};
use crate::gather::lineage::naming::Followed;
use crate::model::facts::{Facts, LastSet, ServiceRef, SetAt, SetBy, Slot, Values};
use crate::model::fetched::Fetched;
use crate::model::ids::CommitId;
use crate::model::record::Record;
use crate::model::rollback::RolledBack;
use crate::model::service::Service;
use crate::repo::{Change, CommitInfo, ReadObjects, RepoError};

/// Answers the queries of one evaluation. Without a repository there is no history.
pub(crate) fn answer_history(
    facts: &Facts<'_>,
    queries: &[ServiceRef],
    repositories: &Repositories<'_>,
) -> Result<BTreeMap<ServiceRef, LastSet>> {
    let Some((here, tip)) = &repositories.here else {
        return Ok(queries
            .iter()
            .map(|query| (*query, LastSet::NoHistory))
            .collect());
    };
    if queries.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (repo, tip) = (here.objects(), *tip);
    let history = History {
        facts,
        repositories,
        repo,
        asked: RevisionResolver::here(repositories, here, tip)?,
        lineage: Lineage::new(repo, tip, facts.policy, facts.catalog, facts.resolved),
    };
    let mut searches: Vec<Search<'_>> = queries
        .iter()
        .filter_map(|query| history.search(*query))
        .collect();
    follow(repo, tip, &mut searches, &|search, change| {
        history.step(search, change)
    });
    Ok(searches
        .into_iter()
        .map(|search| (search.query, search.answer.unwrap_or(LastSet::Never)))
        .collect())
}

struct History<'a> {
    facts: &'a Facts<'a>,
    repositories: &'a Repositories<'a>,
    repo: &'a dyn ReadObjects,
    asked: RevisionResolver<'a>,
    lineage: Lineage<'a>,
}

/// One query on its way back through history.
struct Search<'a> {
    query: ServiceRef,
    pair: Pair<'a>,
    /// Slots that the source has now: the promoted fields.
    slots: BTreeSet<Slot>,
    trail: Trail,
    answer: Option<LastSet>,
}

impl follow::Search for Search<'_> {
    fn files(&self) -> Vec<&str> {
        match self.answer {
            Some(_) => Vec::new(),
            None => self.trail.files(),
        }
    }

    fn fail(&mut self, error: &RepoError) {
        self.answer = Some(unreadable(error));
    }
}

/// The commit that set a target, and the target there.
struct SetCommit<'s> {
    /// Its file then.
    files: &'s Trail,
    /// As it was; `None` if only its `Secret` was there.
    service: Option<&'s Service>,
    commit: &'s CommitId,
    parent: &'s CommitId,
}

/// The target at one side of a commit.
struct TargetThen {
    /// Values of the service itself; `None` if its manifest did not exist.
    service: Option<Values>,
    /// Keys in its `Secret`; `None` if that did not exist.
    secret: Option<Values>,
}

impl TargetThen {
    /// The promoted fields that differ in a manifest that exists on both sides. Adding a key counts, creating the
    /// manifest does not.
    fn changed_to(&self, after: &Self, slots: &BTreeSet<Slot>) -> BTreeSet<Slot> {
        let pairs = [
            (&self.service, &after.service),
            (&self.secret, &after.secret),
        ];
        let pairs = pairs
            .into_iter()
            .filter_map(|(before, after)| Some((before.as_ref()?, after.as_ref()?)));
        let changed = pairs.flat_map(|(before, after)| {
            let differs = move |slot: &&Slot| before.get(slot) != after.get(slot);
            slots.iter().filter(differs)
        });
        changed.cloned().collect()
    }
}

impl<'a> History<'a> {
    fn search(&self, query: ServiceRef) -> Option<Search<'a>> {
        let resolved = &self.facts.resolved[query.pipeline.0];
        let pair = Pair::of(
            self.facts.catalog,
            self.facts.policy,
            resolved,
            query.stage,
            query.service,
        )?;
        let revision = pair
            .revision_query()
            .and_then(|asked| self.facts.revisions.get(&asked));
        let slots = pair.compare(revision).taken.into_keys().collect();
        Some(Search {
            query,
            trail: self.lineage.trail(
                Some(Followed::service(pair.target)),
                pair.target_secret.map(Followed::secret),
            ),
            slots,
            pair,
            answer: None,
        })
    }

    /// Examines one commit that changed a file of a search. Returns the commit from which the search continues, if that
    /// is not simply the next one.
    fn step(&self, search: &mut Search<'a>, change: &Change) -> Option<CommitId> {
        match self.try_step(search, change) {
            Ok(goes_on_at) => goes_on_at,
            Err(answer) => {
                search.answer = Some(answer);
                None
            }
        }
    }

    fn try_step(
        &self,
        search: &mut Search<'a>,
        change: &Change,
    ) -> Result<Option<CommitId>, LastSet> {
        let files = search.trail.clone();
        let stepped = self.lineage.step(&mut search.trail, change)?;
        let Some(parent) = change.parent else {
            return Ok(None);
        };
        let target_ref = stepped.before.service.as_ref();
        let target_ref = target_ref.and_then(|service| service.git.as_ref()?.reference.text());
        let old = target_ref.map(str::to_owned);
        let then = stepped.after.service.clone();
        let after = self.values(search, stepped.after);
        let slots = match &stepped.untold {
            Some(_) => search.slots.clone(),
            None => {
                let before = self.values(search, stepped.before);
                before.changed_to(&after, &search.slots)
            }
        };
        if !slots.is_empty() {
            let there = SetCommit {
                files: &files,
                service: then.as_ref(),
                commit: &change.commit,
                parent: &parent,
            };
            let mut set = self.set_at(search, slots, &there, old.as_deref())?;
            set.untold = stepped.untold;
            search.answer = Some(LastSet::Set(Box::new(set)));
        }
        Ok(stepped.goes_on_at)
    }

    fn values(&self, search: &Search<'_>, Then { service, secret }: Then) -> TargetThen {
        let pair = &search.pair;
        let policy = self.facts.policy;
        TargetThen {
            service: service.map(|service| values(&service, None, pair.keys, policy)),
            secret: secret.map(|secret| {
                // Only the keys of the Secret, as if the service contained nothing.
                let mut bare = pair.target.clone();
                bare.configuration.entries.clear();
                let mut all = values(&bare, Some(&secret), pair.keys, policy);
                all.retain(|slot, _| matches!(slot, Slot::Key(_)));
                all
            }),
        }
    }

    fn set_at(
        &self,
        search: &Search<'_>,
        slots: BTreeSet<Slot>,
        there: &SetCommit<'_>,
        target_before: Option<&str>,
    ) -> Result<SetAt, LastSet> {
        let SetCommit { commit, parent, .. } = *there;
        let info = self
            .repo
            .commit_info(commit)
            .map_err(|error| unreadable(&error))?;
        if Record::parse(&info.message).is_some() {
            for file in there.files.files() {
                self.repo.expect(commit, file);
                self.repo.expect(parent, file);
            }
        }
        let landed = landing(self.repo, &info, commit, parent, self.facts.policy)
            .map_err(|error| unreadable(&error))?;
        let mut rolled_back = Ok(None);
        let by = match landed {
            Some((record, _)) => SetBy::Landing {
                at: committed(&info),
                along: (record.rollback.is_none() && record.emergency.is_none()).then(|| {
                    let mut edges = record.edges.clone();
                    edges.sort();
                    edges
                }),
                rollback: rolled_back_by(record, commit, &info),
            },
            None => {
                // Both are asked for before either is missed.
                let source = self.source_then(search, there, target_before);
                rolled_back = self.rolled_back_before(there);
                SetBy::Hand(source?)
            }
        };
        Ok(SetAt {
            commit: *commit,
            date: Timestamp::from_second(info.author_time.unix_seconds)
                .unwrap_or(Timestamp::UNIX_EPOCH),
            author: info.author_name,
            slots,
            by,
            rolled_back,
            untold: None,
        })
    }

    /// The rollback that landed last before a person set the target; `None` if something else did, or nothing within
    /// [`lineage::naming::COMMITS_BEYOND`] commits.
    fn rolled_back_before(&self, there: &SetCommit<'_>) -> Fetched<Option<RolledBack>> {
        let unread = |error: RepoError| unreadable(&error);
        let is_rollback = |message: &String| {
            Record::parse(message).is_some_and(|record| record.rollback.is_some())
        };
        let mut none = !there.files.files().is_empty();
        for file in there.files.files() {
            let all = self.repo.touches(there.parent, file);
            let all = all.map_err(|error| error.to_string())?;
            none &= all.is_some_and(|all| !all.iter().any(is_rollback));
        }
        if none {
            return Ok(None);
        }
        let mut trail = there.files.clone();
        let mut found = None;
        let looked = self.lineage.walk(
            &mut trail,
            *there.parent,
            None,
            lineage::naming::COMMITS_BEYOND,
            &mut |change, _| {
                let Some(parent) = change.parent else {
                    return Ok(true);
                };
                let info = self.repo.commit_info(&change.commit).map_err(unread)?;
                let landed = landing(self.repo, &info, &change.commit, &parent, self.facts.policy);
                match landed.map_err(unread)? {
                    Some((record, _)) => {
                        found = rolled_back_by(record, &change.commit, &info);
                        Ok(true)
                    }
                    None => Ok(false),
                }
            },
        );
        looked.map(|()| found).map_err(LastSet::into_why)
    }
}

/// When a commit was made, as its committer says.
fn committed(info: &CommitInfo) -> Timestamp {
    Timestamp::from_second(info.committer_time.unix_seconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn rolled_back_by(record: Record, commit: &CommitId, info: &CommitInfo) -> Option<RolledBack> {
    let (to, _) = record.rollback?;
    Some(RolledBack {
        commit: *commit,
        at: committed(info),
        to,
        by: record.requested_by,
        reason: record.reason,
    })
}

//! Who set a target's promoted fields last, on the first-parent history of the base (semantics: when a promotion is
//! due, 1).
//!
//! It fails closed: where a manifest cannot be read or told from another at some point of history, the answer is that
//! it could not be told, never that nothing was there.

pub(super) mod past;
mod source;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use jiff::Timestamp;

use super::follow::{self, follow};
use super::landing::landing;
use super::revisions::{Asked, Repositories};
use crate::copy::{Pair, values};
use crate::model::facts::{Facts, HistoryQuery, LastSet, SetAt, SetBy, Slot, Values};
use crate::model::ids::CommitId;
use crate::model::rollback::RolledBack;
use crate::model::service::{Secret, Service};
use crate::record::Record;
use crate::repo::{Change, ReadObjects, RepoError};
use past::{Past, Wanted};

/// Answers the queries of one evaluation. Without a repository there is no history.
pub fn answer_history(
    facts: &Facts<'_>,
    queries: &[HistoryQuery],
    repositories: &Repositories<'_>,
) -> Result<BTreeMap<HistoryQuery, LastSet>> {
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
        asked: Asked::here(repositories, here, tip)?,
        past: Past::new(repo, facts.policy),
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
    asked: Asked<'a>,
    past: Past<'a>,
}

/// One query on its way back through history.
struct Search<'a> {
    query: HistoryQuery,
    pair: Pair<'a>,
    /// Slots that the source has now: the promoted fields.
    slots: BTreeSet<Slot>,
    /// Where the target's manifest stood at the point that was reached; `None` once its creation was passed.
    service_file: Option<String>,
    /// Where its `Secret` stood.
    secret_file: Option<String>,
    answer: Option<LastSet>,
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
        self.answer = Some(unreadable(error));
    }
}

impl<'a> Search<'a> {
    fn service(&self) -> Wanted<'a> {
        let target = self.pair.target;
        Wanted::new(&target.key, target.written_namespace.as_deref())
    }

    fn secret(&self) -> Option<Wanted<'a>> {
        let secret = self.pair.target_secret?;
        Some(Wanted::new(
            &secret.key,
            secret.written_namespace.as_deref(),
        ))
    }
}

/// The target at one side of a commit.
struct TargetThen {
    /// Values of the service itself; `None` where its manifest was not there.
    service: Option<Values>,
    /// Keys in its `Secret`; `None` where that was not there.
    secret: Option<Values>,
}

impl TargetThen {
    /// The promoted fields that differ in a manifest that stands at both sides. Adding a key counts, creating the manifest
    /// does not.
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
    fn search(&self, query: HistoryQuery) -> Option<Search<'a>> {
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
            service_file: Some(pair.target.file.to_string()),
            secret_file: pair.target_secret.map(|secret| secret.file.to_string()),
            slots,
            pair,
            answer: None,
        })
    }

    /// Looks at one commit that changed a file of a search. The parent, where the manifest came from another file, so
    /// that the search goes on from there.
    fn step(&self, search: &mut Search<'a>, change: &Change) -> Option<CommitId> {
        match self.try_step(search, change) {
            Ok(moved) => change.parent.filter(|_| moved),
            Err(answer) => {
                search.answer = Some(answer);
                None
            }
        }
    }

    fn try_step(&self, search: &mut Search<'a>, change: &Change) -> Result<bool, LastSet> {
        let (service, secret) = self.target_at(search, &change.commit)?;
        let Some(parent) = change.parent else {
            search.service_file = None;
            search.secret_file = None;
            return Ok(false);
        };
        let after = self.values(search, service, secret);
        let (mut service, mut secret) = self.target_at(search, &parent)?;
        let mut moved = false;
        if service.is_none() && after.service.is_some() {
            let from = self
                .past
                .moved_from(&search.service(), &parent, &change.commit)?;
            moved |= from.is_some();
            search.service_file = from;
        }
        if secret.is_none() && after.secret.is_some() {
            let from = match search.secret() {
                Some(wanted) => self.past.moved_from(&wanted, &parent, &change.commit)?,
                None => None,
            };
            moved |= from.is_some();
            search.secret_file = from;
        }
        if moved {
            (service, secret) = self.target_at(search, &parent)?;
        }
        let target_ref = service.as_ref().and_then(|service| service.git.clone());
        let before = self.values(search, service, secret);
        let slots = before.changed_to(&after, &search.slots);
        if !slots.is_empty() {
            let old = target_ref.and_then(|git| git.reference.text().map(str::to_owned));
            let set = self.set_at(search, slots, &change.commit, &parent, old.as_deref())?;
            search.answer = Some(LastSet::Set(Box::new(set)));
        }
        Ok(moved)
    }

    /// The target's manifests at a commit, in the files that the search follows.
    fn target_at(
        &self,
        search: &Search<'_>,
        commit: &CommitId,
    ) -> Result<(Option<Service>, Option<Secret>), LastSet> {
        let service = match &search.service_file {
            Some(file) => self.past.service(&search.service(), file, commit)?,
            None => None,
        };
        let secret = match (&search.secret_file, search.secret()) {
            (Some(file), Some(wanted)) => self.past.secret(&wanted, file, commit)?,
            _ => None,
        };
        Ok((service, secret))
    }

    fn values(
        &self,
        search: &Search<'_>,
        service: Option<Service>,
        secret: Option<Secret>,
    ) -> TargetThen {
        let pair = &search.pair;
        let policy = self.facts.policy;
        TargetThen {
            service: service.map(|service| values(&service, None, pair.keys, policy)),
            secret: secret.map(|secret| {
                // The keys of the Secret alone, as if nothing stood in the service.
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
        commit: &CommitId,
        parent: &CommitId,
        target_before: Option<&str>,
    ) -> Result<SetAt, LastSet> {
        let info = self
            .repo
            .commit_info(commit)
            .map_err(|error| unreadable(&error))?;
        if Record::parse(&info.message).is_some() {
            let files = [&search.service_file, &search.secret_file];
            for file in files.into_iter().flatten() {
                self.repo.expect(commit, file);
                self.repo.expect(parent, file);
            }
        }
        let landed = landing(self.repo, &info, commit, parent, self.facts.policy)
            .map_err(|error| unreadable(&error))?;
        let at = Timestamp::from_second(info.committer_time.unix_seconds)
            .unwrap_or(Timestamp::UNIX_EPOCH);
        Ok(SetAt {
            commit: *commit,
            author: info.author_name,
            date: Timestamp::from_second(info.author_time.unix_seconds)
                .unwrap_or(Timestamp::UNIX_EPOCH),
            slots,
            by: match landed {
                Some((record, _)) => SetBy::Landing {
                    at,
                    along: (record.rollback.is_none() && record.emergency.is_none()).then(|| {
                        let mut edges = record.edges;
                        edges.sort();
                        edges
                    }),
                    rollback: record.rollback.map(|(to, _)| RolledBack {
                        commit: *commit,
                        at,
                        to,
                        by: record.requested_by,
                        reason: record.reason,
                    }),
                },
                None => SetBy::Hand(self.source_then(search, commit, target_before)?),
            },
        })
    }
}

fn unreadable(error: &RepoError) -> LastSet {
    LastSet::Failed {
        why: format!("its history could not be read: {error}"),
        help: None,
    }
}

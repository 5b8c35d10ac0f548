//! Who set a target's promoted fields last, on the first-parent history of the base (semantics: when a promotion is
//! due, 1).
//!
//! It fails closed: where a manifest cannot be read or told from another at some point of history, the answer is that
//! it could not be told, never that nothing was there.

pub(super) mod past;
mod source;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use anyhow::Result;
use jiff::Timestamp;

use super::landing::{Borne, borne_record, landed_plan};
use super::revisions::{Asked, Repositories};
use crate::copy::{Pair, values};
use crate::model::facts::{Facts, HistoryQuery, LastSet, SetAt, SetBy, Slot, Values};
use crate::model::ids::CommitId;
use crate::model::service::{Secret, Service};
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
    // Each round walks once for all files; a file that was moved is followed from there in the next one.
    let mut from = BTreeMap::from([(tip, (0..searches.len()).collect::<Vec<_>>())]);
    while let Some((start, members)) = from.pop_first() {
        for (member, moved_at) in history.walk(start, &mut searches, &members) {
            from.entry(moved_at).or_default().push(member);
        }
    }
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

impl<'a> Search<'a> {
    fn open(&self) -> bool {
        self.answer.is_none() && (self.service_file.is_some() || self.secret_file.is_some())
    }

    fn wants(&self, path: &str) -> bool {
        let files = [&self.service_file, &self.secret_file];
        self.open() && files.into_iter().flatten().any(|file| file == path)
    }

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
    /// Whether a promoted field differs in a manifest that stands at both sides. Adding a key counts, creating the
    /// manifest does not.
    fn changed_to(&self, after: &Self, slots: &BTreeSet<Slot>) -> bool {
        let differs = |before: &Option<Values>, after: &Option<Values>| match (before, after) {
            (Some(before), Some(after)) => {
                slots.iter().any(|slot| before.get(slot) != after.get(slot))
            }
            _ => false,
        };
        differs(&self.service, &after.service) || differs(&self.secret, &after.secret)
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

    /// Walks back from `start` for these searches. Answers which of them go on elsewhere, and from where.
    fn walk(
        &self,
        start: CommitId,
        searches: &mut [Search<'a>],
        members: &[usize],
    ) -> Vec<(usize, CommitId)> {
        let mut paths: Vec<String> = Vec::new();
        let mut waiting: HashMap<String, Vec<usize>> = HashMap::new();
        let mut own: HashMap<usize, Vec<String>> = HashMap::new();
        for member in members {
            let search = &searches[*member];
            let files: BTreeSet<&String> = [&search.service_file, &search.secret_file]
                .into_iter()
                .flatten()
                .collect();
            for file in files {
                let list = waiting.entry(file.clone()).or_default();
                if list.is_empty() {
                    paths.push(file.clone());
                }
                list.push(*member);
                own.entry(*member).or_default().push(file.clone());
            }
        }
        let mut elsewhere: Vec<(usize, CommitId)> = Vec::new();
        let mut gone: HashSet<usize> = HashSet::new();
        let walked = self.repo.walk_changes(&start, &paths, &mut |change| {
            let touched: BTreeSet<usize> = change
                .paths
                .iter()
                .flat_map(|path| &waiting[&paths[*path]])
                .copied()
                .filter(|member| searches[*member].open() && !gone.contains(member))
                .collect();
            let mut settled: BTreeSet<&String> =
                change.paths.iter().map(|path| &paths[*path]).collect();
            for member in touched {
                if let Some(parent) = self.step(&mut searches[member], change) {
                    elsewhere.push((member, parent));
                    gone.insert(member);
                }
                if !searches[member].open() || gone.contains(&member) {
                    settled.extend(own.get(&member).into_iter().flatten());
                }
            }
            let wanted = |path: &String| {
                waiting[path]
                    .iter()
                    .any(|member| !gone.contains(member) && searches[*member].wants(path))
            };
            let done: BTreeSet<&String> =
                settled.into_iter().filter(|path| !wanted(path)).collect();
            Ok((0..paths.len())
                .filter(|index| done.contains(&paths[*index]))
                .collect())
        });
        if let Err(error) = walked {
            for member in members {
                let search = &mut searches[*member];
                if search.open() && !gone.contains(member) {
                    search.answer = Some(unreadable(&error));
                }
            }
        }
        elsewhere
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
        if before.changed_to(&after, &search.slots) {
            let old = target_ref.and_then(|git| git.reference.text().map(str::to_owned));
            let set = self.set_at(search, &change.commit, &parent, old.as_deref())?;
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
        commit: &CommitId,
        parent: &CommitId,
        target_before: Option<&str>,
    ) -> Result<SetAt, LastSet> {
        let info = self
            .repo
            .commit_info(commit)
            .map_err(|error| unreadable(&error))?;
        let borne = borne_record(self.repo, &info).map_err(|error| unreadable(&error))?;
        let landed = match borne {
            Some(Borne { record, .. }) => {
                landed_plan(self.repo, commit, parent, &record, self.facts.policy)
                    .map_err(|error| unreadable(&error))?
                    .is_some()
            }
            None => false,
        };
        Ok(SetAt {
            commit: *commit,
            author: info.author_name,
            date: Timestamp::from_second(info.author_time.unix_seconds)
                .unwrap_or(Timestamp::UNIX_EPOCH),
            by: if landed {
                SetBy::Landing
            } else {
                SetBy::Hand(self.source_then(search, commit, target_before)?)
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

//! Who set a target's promoted fields last, on the first-parent history of the base (semantics: when a promotion is
//! due, 1).

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use jiff::Timestamp;

use super::landing::landed_plan;
use super::revisions::{Asked, Repositories};
use crate::catalog::{FileManifests, load, read_file};
use crate::copy::{Pair, is_full_id, values};
use crate::model::facts::{
    Facts, GitThen, HistoryQuery, LastSet, Revision, RevisionQuery, SetAt, SetBy, Slot, SourceThen,
    Values,
};
use crate::model::ids::CommitId;
use crate::model::origin::Origin;
use crate::model::reference::ManifestKey;
use crate::model::service::{Secret, Service};
use crate::record::Record;
use crate::repo::{BlobChange, Repo, RepoError};

/// Answers the queries of one evaluation. Without a repository there is no history.
pub fn answer_history(
    facts: &Facts<'_>,
    queries: &[HistoryQuery],
    repositories: &Repositories<'_>,
) -> Result<BTreeMap<HistoryQuery, LastSet>> {
    let Some((repo, tip)) = repositories.here else {
        return Ok(queries
            .iter()
            .map(|query| (*query, LastSet::NoHistory))
            .collect());
    };
    if queries.is_empty() {
        return Ok(BTreeMap::new());
    }
    let history = History {
        facts,
        repositories,
        repo,
        asked: Asked::here(repositories, repo, tip)?,
    };
    let mut open: Vec<Search<'_>> = queries
        .iter()
        .filter_map(|query| history.search(*query))
        .collect();
    let mut answers = BTreeMap::new();
    // Each round walks once for all files; a file that was moved is followed from there in the next one.
    let mut from = BTreeMap::from([(tip, (0..open.len()).collect::<Vec<_>>())]);
    while let Some((start, members)) = from.pop_first() {
        for (member, moved_at) in history.walk(start, &mut open, &members) {
            from.entry(moved_at).or_default().push(member);
        }
    }
    for search in open {
        let answer = search.answer.unwrap_or(LastSet::Never);
        answers.insert(search.query, answer);
    }
    Ok(answers)
}

struct History<'a> {
    facts: &'a Facts<'a>,
    repositories: &'a Repositories<'a>,
    repo: &'a Repo,
    asked: Asked<'a>,
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

impl Search<'_> {
    fn open(&self) -> bool {
        self.answer.is_none() && (self.service_file.is_some() || self.secret_file.is_some())
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
        let mut waiting: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for member in members {
            let search = &searches[*member];
            for file in [&search.service_file, &search.secret_file]
                .into_iter()
                .flatten()
            {
                let list = waiting.entry(file.clone()).or_default();
                if list.is_empty() {
                    paths.push(file.clone());
                }
                if !list.contains(member) {
                    list.push(*member);
                }
            }
        }
        let mut elsewhere = Vec::new();
        let walked = self.repo.walk_changes(&start, &paths, &mut |change| {
            for (index, blobs) in change.paths.iter().zip(&change.blobs) {
                let path = &paths[*index];
                for member in waiting.get(path).cloned().unwrap_or_default() {
                    let search = &mut searches[member];
                    if search.open() && !elsewhere.iter().any(|(moved, _)| *moved == member) {
                        let step = Step {
                            commit: change.commit,
                            parent: change.parent,
                            path,
                            blobs: *blobs,
                        };
                        if self.step(search, &step) {
                            elsewhere.extend(change.parent.map(|parent| (member, parent)));
                        }
                    }
                }
            }
            let done = |path: &String| {
                waiting.get(path).is_none_or(|members| {
                    members.iter().all(|member| {
                        let search = &searches[*member];
                        let wants = search.service_file.as_ref() == Some(path)
                            || search.secret_file.as_ref() == Some(path);
                        !search.open()
                            || !wants
                            || elsewhere.iter().any(|(moved, _)| moved == member)
                    })
                })
            };
            Ok((0..paths.len())
                .filter(|index| done(&paths[*index]))
                .collect())
        });
        if let Err(error) = walked {
            for member in members {
                let search = &mut searches[*member];
                if search.open() {
                    search.answer = Some(failed(&error));
                }
            }
        }
        elsewhere
    }

    /// Looks at one commit that changed a file of a search. True where the manifest came from another file, so that
    /// the search goes on from the parent.
    fn step(&self, search: &mut Search<'a>, step: &Step<'_>) -> bool {
        match self.try_step(search, step) {
            Ok(moved) => moved,
            Err(error) => {
                search.answer = Some(error);
                false
            }
        }
    }

    fn try_step(&self, search: &mut Search<'a>, step: &Step<'_>) -> Result<bool, LastSet> {
        let service_file = search.service_file.clone();
        let secret_file = search.secret_file.clone();
        let after = self.target_at(
            search,
            &step.commit,
            service_file.as_deref(),
            secret_file.as_deref(),
            step,
        )?;
        let Some(parent) = step.parent else {
            search.service_file = None;
            search.secret_file = None;
            return Ok(false);
        };
        let before = self.target_at(
            search,
            &parent,
            service_file.as_deref(),
            secret_file.as_deref(),
            step,
        )?;

        let mut moved = false;
        if service_file.as_deref() == Some(step.path)
            && before.service.is_none()
            && after.service.is_some()
        {
            search.service_file =
                self.moved_from(&search.pair.target.key, &parent, &step.commit)?;
            moved |= search.service_file.is_some();
        }
        if secret_file.as_deref() == Some(step.path)
            && before.secret.is_none()
            && after.secret.is_some()
        {
            let key = search.pair.target_secret.map(|secret| secret.key.clone());
            search.secret_file = match key {
                Some(key) => self.moved_from(&key, &parent, &step.commit)?,
                None => None,
            };
            moved |= search.secret_file.is_some();
        }
        let before = if moved {
            let (service, secret) = (search.service_file.clone(), search.secret_file.clone());
            self.target_at(search, &parent, service.as_deref(), secret.as_deref(), step)?
        } else {
            before
        };
        if before.changed_to(&after, &search.slots) {
            search.answer = Some(LastSet::Set(Box::new(self.set_at(
                search,
                &step.commit,
                &parent,
                &before,
            )?)));
        }
        Ok(moved)
    }

    /// The target as it was at a commit.
    fn target_at(
        &self,
        search: &Search<'_>,
        commit: &CommitId,
        service_file: Option<&str>,
        secret_file: Option<&str>,
        step: &Step<'_>,
    ) -> Result<TargetThen, LastSet> {
        let pair = &search.pair;
        let service = match service_file {
            Some(file) => self.service_at(&pair.target.key, file, commit, step)?,
            None => None,
        };
        let secret = match (secret_file, pair.target_secret) {
            (Some(file), Some(secret)) => self.secret_at(&secret.key, file, commit, step)?,
            _ => None,
        };
        let values_of = |service: Option<&Service>, secret: Option<&Secret>| match service {
            Some(service) => values(service, secret, pair.keys, self.facts.policy),
            None => Values::new(),
        };
        Ok(TargetThen {
            values: values_of(service.as_ref(), secret.as_ref()),
            secret_values: secret
                .as_ref()
                .map(|secret| values_of_secret(pair, secret, self.facts)),
            service,
            secret,
        })
    }

    fn service_at(
        &self,
        key: &ManifestKey,
        file: &str,
        commit: &CommitId,
        step: &Step<'_>,
    ) -> Result<Option<Service>, LastSet> {
        let found = self.file_at(file, commit, step)?;
        Ok(found.and_then(|found| {
            found
                .services
                .into_iter()
                .find(|service| service.key == *key)
        }))
    }

    fn secret_at(
        &self,
        key: &ManifestKey,
        file: &str,
        commit: &CommitId,
        step: &Step<'_>,
    ) -> Result<Option<Secret>, LastSet> {
        let found = self.file_at(file, commit, step)?;
        Ok(found.and_then(|found| found.secrets.into_iter().find(|secret| secret.key == *key)))
    }

    fn file_at(
        &self,
        file: &str,
        commit: &CommitId,
        step: &Step<'_>,
    ) -> Result<Option<FileManifests>, LastSet> {
        let known = (file == step.path).then(|| {
            if *commit == step.commit {
                step.blobs.new
            } else {
                step.blobs.old
            }
        });
        let bytes = match known {
            Some(None) => return Ok(None),
            Some(Some(blob)) => self.repo.blob(&blob).map_err(|error| failed(&error))?,
            None => match self
                .repo
                .blob_at(commit, file)
                .map_err(|error| failed(&error))?
            {
                Some((_, bytes)) => bytes,
                None => return Ok(None),
            },
        };
        match read_file(&file.into(), &bytes, self.facts.policy) {
            Ok(found) => Ok(Some(found)),
            Err(error) => Err(LastSet::Failed {
                why: format!(
                    "at {} {file}:{}:{} could not be read: {}",
                    commit.short(),
                    error.position.line,
                    error.position.column,
                    error.message
                ),
                help: Some("set the target by hand once, so that history does not have to be read past that commit".into()),
            }),
        }
    }

    /// The file in which a manifest stood before the commit that made it appear in another; `None` where that commit
    /// created it.
    fn moved_from(
        &self,
        key: &ManifestKey,
        parent: &CommitId,
        commit: &CommitId,
    ) -> Result<Option<String>, LastSet> {
        let changed = self
            .repo
            .changed_files(Some(parent), commit)
            .map_err(|error| failed(&error))?;
        for file in changed {
            let yaml = [".yaml", ".yml"]
                .iter()
                .any(|ending| file.path.ends_with(ending));
            let Some(old) = file.old.filter(|_| yaml) else {
                continue;
            };
            let bytes = self.repo.blob(&old).map_err(|error| failed(&error))?;
            // What cannot be read did not hold a manifest that anybody could promote.
            let Ok(found) = read_file(&file.path.as_str().into(), &bytes, self.facts.policy) else {
                continue;
            };
            let services = found.services.iter().map(|service| &service.key);
            if services
                .chain(found.secrets.iter().map(|secret| &secret.key))
                .any(|found| found == key)
            {
                return Ok(Some(file.path));
            }
        }
        Ok(None)
    }

    fn set_at(
        &self,
        search: &Search<'_>,
        commit: &CommitId,
        parent: &CommitId,
        before: &TargetThen,
    ) -> Result<SetAt, LastSet> {
        let info = self
            .repo
            .commit_info(commit)
            .map_err(|error| failed(&error))?;
        // A merge commit carries its record in the head that it merged.
        let mut record = Record::parse(&info.message);
        if record.is_none()
            && let [_, head] = info.parents[..]
        {
            let head = self
                .repo
                .commit_info(&head)
                .map_err(|error| failed(&error))?;
            record = Record::parse(&head.message);
        }
        let landed = match record {
            Some(record) => landed_plan(self.repo, commit, parent, &record, self.facts.policy)
                .map_err(|error| failed(&error))?
                .is_some(),
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
                SetBy::Hand(self.source_then(search, commit, before)?)
            },
        })
    }

    /// The source as it was when the target was set by hand.
    fn source_then(
        &self,
        search: &Search<'_>,
        commit: &CommitId,
        before: &TargetThen,
    ) -> Result<SourceThen, LastSet> {
        let pair = &search.pair;
        let nothing = SourceThen {
            values: Values::new(),
            git: GitThen::None,
        };
        let step = Step {
            commit: *commit,
            parent: None,
            path: "",
            blobs: BlobChange {
                old: None,
                new: None,
            },
        };
        let key = &pair.source.key;
        let source = match self.service_at(key, pair.source.file.as_str(), commit, &step)? {
            Some(source) => Some(source),
            None => self.somewhere_at(commit, |found| {
                found
                    .services
                    .iter()
                    .find(|service| service.key == *key)
                    .cloned()
            })?,
        };
        let Some(source) = source else {
            return Ok(nothing);
        };
        let secret = match pair.source_secret {
            Some(secret) => {
                match self.secret_at(&secret.key, secret.file.as_str(), commit, &step)? {
                    Some(found) => Some(found),
                    None => self.somewhere_at(commit, |found| {
                        found
                            .secrets
                            .iter()
                            .find(|other| other.key == secret.key)
                            .cloned()
                    })?,
                }
            }
            None => None,
        };
        let then = pair.with(&source, secret.as_ref());
        Ok(SourceThen {
            values: values(&source, secret.as_ref(), pair.keys, self.facts.policy),
            git: self.git_then(search, &then, commit, before),
        })
    }

    /// Looks for a manifest in the whole tree of a commit: it has moved since.
    fn somewhere_at<T>(
        &self,
        commit: &CommitId,
        find: impl Fn(&crate::model::catalog::Catalog) -> Option<T>,
    ) -> Result<Option<T>, LastSet> {
        let policy = self.facts.policy;
        let files =
            super::files_of_commit(self.repo, commit, policy).map_err(|error| LastSet::Failed {
                why: format!("{error:#}"),
                help: None,
            })?;
        Ok(find(&load(&files, policy)))
    }

    fn git_then(
        &self,
        search: &Search<'_>,
        then: &Pair<'_>,
        commit: &CommitId,
        before: &TargetThen,
    ) -> GitThen {
        let Some(value) = then.source_ref() else {
            return GitThen::None;
        };
        let text = value.text.clone();
        if then.literal() {
            return GitThen::Text(text);
        }
        if is_full_id(&text) {
            return text.parse().map_or(GitThen::Text(text), GitThen::Commit);
        }
        let now = search.pair.revision_query();
        let same_text = now.as_ref().is_some_and(|query| query.reference == text);
        if !same_text {
            // The manifest itself says something else today: it moved, whatever the two texts stand for.
            return GitThen::Text(text);
        }
        let base = self.repositories.branch;
        if then.source_origin == Some(&Origin::Here)
            && base.is_some_and(|base| is_branch(&text, base))
        {
            let query = RevisionQuery {
                origin: Origin::Here,
                reference: text,
                folders: then.watched(),
                leads: then.leads(),
                target: None,
            };
            let asked = self.asked.at(*commit);
            return match asked.answer(self.repo, &query) {
                Revision::Resolved(resolved) => GitThen::Commit(resolved.commit),
                // It did not hold these folders then: it has moved since.
                _ => GitThen::None,
            };
        }
        match now.and_then(|query| self.facts.revisions.get(&query)) {
            Some(Revision::Resolved(resolved)) if !resolved.moving => {
                GitThen::Commit(resolved.commit)
            }
            Some(Revision::Resolved(resolved)) => GitThen::Elsewhere {
                moved: self
                    .moved_forward(search, before, &resolved.commit)
                    .unwrap_or(false),
            },
            _ => GitThen::Elsewhere { moved: false },
        }
    }

    /// Whether the hand moved the target forward and the source descends from it; `None` where that cannot be told.
    fn moved_forward(
        &self,
        search: &Search<'_>,
        before: &TargetThen,
        source_now: &CommitId,
    ) -> Option<bool> {
        let old: CommitId = before.values.get(&Slot::GitRef)?.expose().parse().ok()?;
        let new = search.pair.target_commit()?;
        let elsewhere;
        let repo = match search.pair.source_origin? {
            Origin::Here => self.repo,
            Origin::Local(path) => {
                elsewhere = Repo::at(&self.repositories.root.join(path)).ok()??;
                &elsewhere
            }
            _ => return None,
        };
        let forward = old != new && repo.is_ancestor(&old, &new).ok()?;
        Some(forward && repo.is_ancestor(&new, source_now).ok()?)
    }
}

/// One commit that changed one file.
struct Step<'a> {
    commit: CommitId,
    parent: Option<CommitId>,
    path: &'a str,
    blobs: BlobChange,
}

/// The target at one side of a commit.
struct TargetThen {
    service: Option<Service>,
    secret: Option<Secret>,
    values: Values,
    secret_values: Option<Values>,
}

impl TargetThen {
    /// Whether a promoted field differs, in a manifest that stands at both sides. Adding a key counts, creating the
    /// manifest does not.
    fn changed_to(&self, after: &Self, slots: &BTreeSet<Slot>) -> bool {
        let differs = |before: &Values, after: &Values| {
            slots.iter().any(|slot| before.get(slot) != after.get(slot))
        };
        let services = self.service.is_some()
            && after.service.is_some()
            && differs(&self.values, &after.values);
        let secrets = match (&self.secret_values, &after.secret_values) {
            (Some(before), Some(after)) => differs(before, after),
            _ => false,
        };
        services || secrets
    }
}

/// The keys of a `Secret` alone, as if nothing stood in the service.
fn values_of_secret(pair: &Pair<'_>, secret: &Secret, facts: &Facts<'_>) -> Values {
    let mut bare = pair.target.clone();
    bare.configuration.entries.clear();
    let all = values(&bare, Some(secret), pair.keys, facts.policy);
    all.into_iter()
        .filter(|(slot, _)| matches!(slot, Slot::Key(_)))
        .collect()
}

fn is_branch(text: &str, base: &str) -> bool {
    text.strip_prefix("refs/heads/").unwrap_or(text) == base
}

fn failed(error: &RepoError) -> LastSet {
    LastSet::Failed {
        why: format!("its history could not be read: {error}"),
        help: None,
    }
}

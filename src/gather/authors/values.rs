//! The people behind a value: who set it where it was last set, followed through the landings that only promoted it.

mod search;

use std::collections::BTreeMap;

use base64::Engine;

use self::search::{Answer, Search, SetIn};
use super::{AuthorsSearch, Carried, Found, Manifests, Untold};
use crate::copy::{Pair, values};
use crate::gather::follow::follow;
use crate::gather::landing::{borne_record, landed_changes, landing};
use crate::gather::past_landings::slot_of;
use crate::model::authors::{ChangeAuthors, Changed};
use crate::model::change::{Change, Text};
use crate::model::facts::Slot;
use crate::model::ids::CommitId;
use crate::model::record::Record;
use crate::model::reference::{Kind, ManifestKey};
use crate::repo::ReadObjects;
use crate::yaml::FieldPath;
use search::shown;

/// The maximum number of landings through which a value is followed.
const LANDINGS: usize = 50;

/// A promotion into a stage, as its record or the planner names it.
struct Into<'a> {
    namespace: Option<&'a str>,
    pipeline: &'a str,
    stage: &'a str,
}

/// What is to be looked for, by the commit from which history is walked back.
type Open = BTreeMap<CommitId, Vec<Search>>;

impl AuthorsSearch<'_> {
    pub(super) fn of_values(&self, carried: &Carried<'_>, found: &mut Found) {
        let mut open = Open::new();
        for change in carried.changes {
            if !change.sets_git_ref() {
                let begun = self.begin(carried, change, &mut open);
                found.take(begun.map(|()| ChangeAuthors::default()));
            }
        }
        for _ in 0..LANDINGS {
            for (start, mut searches) in std::mem::take(&mut open) {
                let step =
                    &|search: &mut Search, change: &crate::repo::Change| self.step(search, change);
                follow(self.repo, start, &mut searches, step);
                for search in searches {
                    let told = self.follow_up(search, &mut open);
                    found.take(told);
                }
            }
            if open.is_empty() {
                return;
            }
        }
        for search in open.into_values().flatten() {
            found.authors.untold.insert(format!(
                "cannot identify who set {}: it came through more than {LANDINGS} landings; set it again",
                search.shown()
            ));
        }
    }

    /// The origin of a change's value.
    fn begin(&self, carried: &Carried<'_>, change: &Change, open: &mut Open) -> Result<(), Untold> {
        let into = Into {
            namespace: carried.namespace,
            pipeline: carried.pipeline,
            stage: carried.stage,
        };
        let slot = slot_of(&change.path, change.manifest.kind);
        let value = value_of(change);
        let (at, searches) = match &carried.rollback {
            Some(landing) => {
                let strange =
                    *landing != carried.at && !self.repo.is_ancestor(landing, &carried.at)?;
                let searches = match strange || self.landing(landing)?.is_none() {
                    true => Vec::new(),
                    false => {
                        self.held_by_target(landing, &into, &change.manifest, &slot, &value)?
                    }
                };
                (*landing, searches)
            }
            None => (
                carried.at,
                self.held_by_sources(&carried.at, &into, &change.manifest, &slot, &value)?,
            ),
        };
        let searches: Vec<Search> = searches.into_iter().filter(Search::holds).collect();
        if searches.is_empty() {
            return Err(Untold::Never(format!(
                "cannot identify who set {} of {}: its source does not hold that value any more; let a newer promotion replace this one",
                shown(&slot),
                change.manifest.name
            )));
        }
        open.entry(at).or_default().extend(searches);
        Ok(())
    }

    /// The people behind the commit that set a value; or, if that commit is a landing, what is to be looked for next.
    fn follow_up(&self, mut search: Search, open: &mut Open) -> Result<ChangeAuthors, Untold> {
        let (commit, parent) = match search.answer.take() {
            Some(Answer::Set(SetIn { commit, parent })) => (commit, parent),
            Some(Answer::Untold(untold)) => return Err(untold),
            None => {
                return Err(Untold::Never(format!(
                    "cannot identify who set {}: no commit on the base branch did; set it again",
                    search.shown()
                )));
            }
        };
        let info = self.repo.commit_info(&commit)?;
        let borne = borne_record(self.repo, &info)?;
        let mut followed = Followed::default();
        if let (Some(borne), Some(parent)) = (&borne, &parent) {
            followed = self.through(&search, &borne.record, &commit, parent)?;
        }
        let mut authors = ChangeAuthors::default();
        if !followed.exactly {
            let what = format!("{} ({})", search.shown(), commit.short());
            let asked = [(commit, Changed::Value(what.clone()))];
            let told = self.people(self.repo, &self.base, parent.as_ref(), &asked)?;
            told.into_iter().for_each(|one| authors.add(one));
            // A bot that carried something took it from somewhere.
            let nobody = authors.people.is_empty() && authors.untold.is_empty();
            if borne.is_some() && nobody && followed.searches.is_empty() {
                authors.untold.insert(format!(
                    "cannot identify who set {what}: that commit has the record of a promotion, but its source did not hold the value \
                     then; promote another value into that stage, or set it by hand"
                ));
            }
        }
        for (at, searches) in followed.searches {
            open.entry(at).or_default().extend(searches);
        }
        Ok(authors)
    }

    /// The source of a landing's value, if the landing's own difference proves its record.
    fn through(
        &self,
        search: &Search,
        record: &Record,
        commit: &CommitId,
        parent: &CommitId,
    ) -> Result<Followed, Untold> {
        let mut followed = Followed::default();
        let recomputed = landed_changes(self.repo, commit, parent, record, self.policy)?;
        if recomputed.proved().is_none() {
            return Ok(followed);
        }
        let into = Into {
            namespace: record.namespace.as_deref(),
            pipeline: &record.pipeline,
            stage: &record.stage,
        };
        let target = &search.service.key;
        let (slot, value) = (&search.slot, &search.value);
        let (at, searches) = match &record.rollback {
            None => (
                *parent,
                self.held_by_sources(parent, &into, target, slot, value)?,
            ),
            Some((landing, _)) => {
                let strange = landing != parent && !self.repo.is_ancestor(landing, parent)?;
                if strange || !self.wrote(landing, search)? {
                    return Ok(followed);
                }
                (
                    *landing,
                    self.held_by_target(landing, &into, target, slot, value)?,
                )
            }
        };
        let searches: Vec<Search> = searches.into_iter().filter(Search::holds).collect();
        if !searches.is_empty() {
            followed.exactly = true;
            followed.searches.push((at, searches));
        }
        Ok(followed)
    }

    /// Whether a commit is a landing that set what a search looks for.
    fn wrote(&self, landing: &CommitId, search: &Search) -> Result<bool, Untold> {
        let changes = self.landing(landing)?;
        Ok(changes.into_iter().flatten().any(|change| {
            search.is_in(&change.manifest)
                && slot_of(&change.path, change.manifest.kind) == search.slot
                && value_of(&change) == search.value
        }))
    }

    /// What a commit changed, if it is a landing.
    fn landing(&self, commit: &CommitId) -> Result<Option<Vec<Change>>, Untold> {
        let info = self.repo.commit_info(commit)?;
        let Some(parent) = info.parents.first() else {
            return Ok(None);
        };
        let landed = landing(self.repo, &info, commit, parent, self.policy)?;
        Ok(landed.map(|(_, changes)| changes))
    }

    /// The sources that the pipeline names at a commit for a manifest of the stage.
    fn held_by_sources(
        &self,
        at: &CommitId,
        into: &Into<'_>,
        manifest: &ManifestKey,
        slot: &Slot,
        value: &Text,
    ) -> Result<Vec<Search>, Untold> {
        let manifests = self.manifests(at)?;
        let pairs = self.pairs(&manifests, into, manifest);
        Ok(pairs
            .into_iter()
            .map(|(pair, pipeline)| {
                let mut stages = pipeline.stages_of(pair.source_id);
                let named = &manifests.catalog.pipeline(pipeline.id).stages;
                let stage = stages.next().and_then(|stage| named.get(stage));
                let held = values(pair.source, pair.source_secret, pair.keys, self.policy);
                Search::new(
                    &self.lineage,
                    (pair.source, pair.source_secret),
                    pair.keys,
                    stage.map(|stage| stage.name.value.to_string()),
                    (slot, value),
                    held.get(slot) == Some(value),
                )
            })
            .collect())
    }

    /// The stage's own service as it was at a commit.
    fn held_by_target(
        &self,
        at: &CommitId,
        into: &Into<'_>,
        manifest: &ManifestKey,
        slot: &Slot,
        value: &Text,
    ) -> Result<Vec<Search>, Untold> {
        let manifests = self.manifests(at)?;
        let pairs = self.pairs(&manifests, into, manifest);
        Ok(pairs
            .into_iter()
            .map(|(pair, _)| {
                let held = values(pair.target, pair.target_secret, pair.keys, self.policy);
                Search::new(
                    &self.lineage,
                    (pair.target, pair.target_secret),
                    pair.keys,
                    Some(into.stage.to_owned()),
                    (slot, value),
                    held.get(slot) == Some(value),
                )
            })
            .collect())
    }

    /// The services of a stage that have this manifest, with their sources.
    fn pairs<'m>(
        &'m self,
        manifests: &'m Manifests,
        into: &Into<'_>,
        manifest: &ManifestKey,
    ) -> Vec<(Pair<'m>, &'m crate::model::resolved::ResolvedPipeline)> {
        let catalog = &manifests.catalog;
        let mut found = Vec::new();
        for resolved in manifests.resolved.iter() {
            let pipeline = catalog.pipeline(resolved.id);
            if pipeline.name.as_str() != into.pipeline
                || pipeline.namespace.as_deref() != into.namespace
            {
                continue;
            }
            for (index, stage) in resolved.stages.iter().enumerate() {
                if pipeline.stages[index].name.as_str() != into.stage {
                    continue;
                }
                let pairs = (0..stage.services.len())
                    .filter_map(|entry| Pair::of(catalog, self.policy, resolved, index, entry));
                let has = |pair: &Pair<'_>| {
                    let secret = pair.target_secret.map(|secret| &secret.key);
                    pair.target.key == *manifest || secret == Some(manifest)
                };
                found.extend(pairs.filter(has).map(|pair| (pair, resolved)));
            }
        }
        found
    }
}

/// Where a landing leads the search.
#[derive(Default)]
struct Followed {
    /// It wrote exactly what its source held: only the person who made that counts.
    exactly: bool,
    searches: Vec<(CommitId, Vec<Search>)>,
}

/// A change's value as a source holds it: `data` of a `Secret` is written in base64.
fn value_of(change: &Change) -> Text {
    let data = FieldPath::keys(&["data"]);
    if change.manifest.kind == Kind::Secret && change.path.starts_with(&data) {
        let bytes = base64::engine::general_purpose::STANDARD.decode(change.new.expose());
        if let Some(text) = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
            return Text::Secret(text.into());
        }
    }
    change.new.clone()
}

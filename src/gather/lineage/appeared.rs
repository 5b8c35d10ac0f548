//! The names of a stage and its services before a commit, according to its pipeline.

use std::collections::HashMap;

use super::Lineage;
use super::naming::{
    Appeared, COMMITS_BEYOND, Changed, Entry, Followed, Name, Naming, StageThen, followed,
};
use crate::gather::follow::{Next, follow_one};
use crate::model::facts::LastSet;
use crate::model::ids::CommitId;
use crate::model::pipeline::{Pipeline, Stage};
use crate::model::reference::ManifestKey;
use crate::model::service::Service;
use crate::repo::Change;

impl<'a> Lineage<'a> {
    /// The stages that contain a service today.
    pub(super) fn entries(&self, service: &ManifestKey) -> Vec<Entry> {
        let index = self.entries.get_or_init(|| {
            let mut index: HashMap<ManifestKey, Vec<Entry>> = HashMap::new();
            for pipeline in self.resolved {
                for (stage, services) in pipeline.stages.iter().enumerate() {
                    let entry = Entry {
                        pipeline: pipeline.id,
                        stage,
                    };
                    for id in services
                        .services
                        .iter()
                        .filter_map(|one| one.service.found())
                    {
                        let key = self.catalog.service(id).key.clone();
                        index.entry(key).or_default().push(entry);
                    }
                }
            }
            index
        });
        index.get(service).cloned().unwrap_or_default()
    }

    fn naming(&self, entry: Entry) -> Naming {
        let pipeline = self.catalog.pipeline(entry.pipeline);
        Naming {
            stage: pipeline.stages[entry.stage].name.value.to_string(),
            pipeline: followed(pipeline),
        }
    }

    /// A stage at a commit; `None` if it was not there under that name, in that file.
    fn stage_at(&self, naming: &Naming, commit: &CommitId) -> Result<Option<StageThen>, LastSet> {
        let Followed { file, .. } = &naming.pipeline;
        let wanted = naming.pipeline.wanted();
        let Some(pipeline) = self.past.pipeline(&wanted, file, commit)? else {
            return Ok(None);
        };
        let stage = pipeline
            .stages
            .iter()
            .position(|stage| stage.name.value.as_str() == naming.stage);
        Ok(stage.map(|stage| StageThen { pipeline, stage }))
    }

    /// What a stage was before a commit that changed its pipeline's file.
    fn naming_before(
        &self,
        naming: &Naming,
        commit: &CommitId,
        parent: &CommitId,
    ) -> Result<Option<Naming>, LastSet> {
        let Some(now) = self.stage_at(naming, commit)? else {
            return Ok(None);
        };
        let file = &naming.pipeline.file;
        let wanted = naming.pipeline.wanted();
        let mut before = naming.clone();
        let old = match self.past.pipeline(&wanted, file, parent)? {
            Some(old) => old,
            None => match self.past.moved_from(&wanted, file, parent, commit)? {
                Some(from) => {
                    let old = self.past.pipeline(&wanted, &from, parent)?;
                    before.pipeline.file = from;
                    let Some(old) = old else {
                        return Ok(None);
                    };
                    old
                }
                None => {
                    let Some(old) = self.renamed_pipeline(&now, file, commit, parent)? else {
                        return Ok(None);
                    };
                    before.pipeline = followed(&old);
                    old
                }
            },
        };
        let has = |pipeline: &Pipeline, name: &str| {
            let mut stages = pipeline.stages.iter();
            stages.any(|stage| stage.name.value.as_str() == name)
        };
        if has(&old, &naming.stage) {
            return Ok(Some(before));
        }
        // The stage was renamed: the one that is gone and ran the same service, or else the only one that is gone.
        let gone: Vec<&Stage> = old
            .stages
            .iter()
            .filter(|stage| !has(&now.pipeline, stage.name.value.as_str()))
            .collect();
        let came = now
            .pipeline
            .stages
            .iter()
            .filter(|stage| !has(&old, stage.name.value.as_str()))
            .count();
        let shares = |stage: &&&Stage| {
            let mut services = stage.services.iter();
            let names = now.names();
            services.any(|one| names.contains(&Name::new(&one.reference, &old)))
        };
        let sharing: Vec<&&Stage> = gone.iter().filter(shares).collect();
        let stage = match (&sharing[..], &gone[..]) {
            ([one], _) => one,
            ([], [one]) if came == 1 => one,
            _ => return Ok(None),
        };
        before.stage = stage.name.value.to_string();
        Ok(Some(before))
    }

    /// The pipeline that had another name before a commit: the only one that disappears from the same file, or
    /// otherwise the only one of those that disappear from other files and ran a service of the stage.
    fn renamed_pipeline(
        &self,
        now: &StageThen,
        file: &str,
        commit: &CommitId,
        parent: &CommitId,
    ) -> Result<Option<Pipeline>, LastSet> {
        let gone = |file: &str| -> Result<Vec<Pipeline>, LastSet> {
            let after = self.past.pipelines(file, commit)?;
            let mut before = self.past.pipelines(file, parent)?;
            before.retain(|old| !after.iter().any(|new| new.key() == old.key()));
            Ok(before)
        };
        if let [only] = &gone(file)?[..] {
            return Ok(Some(only.clone()));
        }
        let names = now.names();
        let mut found = Vec::new();
        for other in self.past.replaced(parent, commit)? {
            let shares = |old: &Pipeline| {
                let mut services = old.stages.iter().flat_map(|stage| &stage.services);
                services.any(|one| names.contains(&Name::new(&one.reference, old)))
            };
            found.extend(gone(&other)?.into_iter().filter(shares));
        }
        Ok(match &found[..] {
            [only] => Some(only.clone()),
            _ => None,
        })
    }

    /// Walks back from a commit along the changes of a stage's pipeline. `each` looks at one of them, with the stage before and after it, and says
    /// whether to stop; nothing newer than the commit `left`. Ends at `until`, or after `most` commits. Answers what the stage was called at
    /// the end; `None` if it was made on the way.
    fn walk_naming(
        &self,
        naming: Naming,
        from: CommitId,
        (left, until): (Option<Changed<'_>>, Option<Changed<'_>>),
        most: usize,
        each: &mut dyn FnMut(&Change, Option<&StageThen>, &StageThen) -> bool,
    ) -> Result<Option<Naming>, LastSet> {
        let mut naming = Some(naming);
        let mut passed = left.is_none();
        let files = |naming: &Option<Naming>| {
            let own = naming.iter().map(|naming| naming.pipeline.file.as_str());
            let others = [left, until].into_iter().flatten().map(|(_, file)| file);
            let others = others.filter(|_| naming.is_some());
            own.chain(others).map(str::to_owned).collect()
        };
        let mut step = |naming: &mut Option<Naming>, change: &Change| {
            let is = |one: Option<Changed<'_>>| one.is_some_and(|(last, _)| change.commit == *last);
            let Some(current) = naming.take() else {
                return Ok(Next::Stop);
            };
            let mut look = |change: &Change, before: Option<&StageThen>, after: &StageThen| {
                passed && each(change, before, after)
            };
            let (before, stops) = self.naming_step(&current, change, &mut look)?;
            passed |= is(left);
            let moved = before
                .as_ref()
                .is_some_and(|before| before.pipeline.file != current.pipeline.file);
            *naming = before;
            Ok(match change.parent {
                _ if stops || is(until) => Next::Stop,
                Some(parent) if moved => Next::From(parent),
                _ => Next::On,
            })
        };
        follow_one(self.repo, from, most, &mut naming, &files, &mut step)?;
        Ok(naming)
    }

    fn naming_step(
        &self,
        naming: &Naming,
        change: &Change,
        each: &mut dyn FnMut(&Change, Option<&StageThen>, &StageThen) -> bool,
    ) -> Result<(Option<Naming>, bool), LastSet> {
        let Some(after) = self.stage_at(naming, &change.commit)? else {
            return Ok((None, false));
        };
        let Some(parent) = change.parent else {
            let stops = each(change, None, &after);
            return Ok((None, stops));
        };
        let before = self.naming_before(naming, &change.commit, &parent)?;
        let stage = match &before {
            Some(before) => self.stage_at(before, &parent)?,
            None => None,
        };
        let stops = each(change, stage.as_ref(), &after);
        Ok((before, stops))
    }

    /// A stage of today as it was at a commit, if it was there under the same name, in the same file.
    pub(super) fn stage_as_today(
        &self,
        entry: Entry,
        commit: &CommitId,
    ) -> Result<Option<StageThen>, LastSet> {
        self.stage_at(&self.naming(entry), commit)
    }

    /// The names that a stage had for services that this one replaced, whose own name appeared in `commit`: at the
    /// commit that exchanged the name, which may be before or after that one.
    pub(super) fn names_before(
        &self,
        entry: Entry,
        appeared: &Appeared<'_>,
    ) -> Result<Vec<Name>, LastSet> {
        let Appeared {
            service,
            file,
            commit,
            parent,
            left,
        } = *appeared;
        let today = self.naming(entry);
        let now = self.stage_at(&today, &self.tip)?;
        let then = self.stage_as_today(entry, parent)?;
        match (&then, &now) {
            // The stage ran nothing then that it does not run now, and did not at the commit.
            (Some(then), Some(now)) if !then.names_service(service) => {
                let at_commit = self.stage_as_today(entry, commit)?;
                let stays = |name: &Name| {
                    let mut since = at_commit.iter().chain([now]);
                    since.all(|stage| stage.names().contains(name))
                };
                if then.names().iter().all(stays) {
                    return Ok(Vec::new());
                }
            }
            // The stage was made, moved or renamed in this very commit.
            (None, _) => {
                if let Some(after) = self.stage_at(&today, commit)? {
                    let before = self.naming_before(&today, commit, parent)?;
                    let before = match before {
                        Some(before) => self.stage_at(&before, parent)?,
                        None => None,
                    };
                    return Ok(
                        before.map_or_else(Vec::new, |before| before.gave_way_to(&after, service))
                    );
                }
            }
            _ => {}
        }
        let mut found = None;
        let mut look = |_: &Change, before: Option<&StageThen>, after: &StageThen| {
            if let Some(before) = before
                && after.names_service(service)
                && !before.names_service(service)
            {
                found = Some(before.gave_way_to(after, service));
            }
            found.is_some()
        };
        let left = left.map(|(commit, file)| (commit, file.as_str()));
        let range = (left, Some((commit, file)));
        let reached = self.walk_naming(today, self.tip, range, usize::MAX, &mut look)?;
        if let Some(naming) = reached
            && let Some(stage) = self.stage_at(&naming, parent)?
            && stage.names_service(service)
        {
            self.walk_naming(naming, *parent, (None, None), COMMITS_BEYOND, &mut look)?;
        }
        Ok(found.unwrap_or_default())
    }

    /// A stage as it was at a commit that changed `file`; `None` if it was made later.
    pub(in crate::gather) fn stage_then(
        &self,
        entry: Entry,
        commit: &CommitId,
        file: &str,
    ) -> Result<Option<StageThen>, LastSet> {
        let today = self.naming(entry);
        if let Some(stage) = self.stage_at(&today, commit)? {
            return Ok(Some(stage));
        }
        let range = (None, Some((commit, file)));
        let stop = &mut |_: &Change, _: Option<&StageThen>, _: &StageThen| false;
        let reached = self.walk_naming(today, self.tip, range, usize::MAX, stop)?;
        match reached {
            Some(naming) => self.stage_at(&naming, commit),
            None => Ok(None),
        }
    }

    /// The newest commit, after one that changed `file`, at which a service became a source in a stage.
    pub(in crate::gather) fn became_source(
        &self,
        entry: Entry,
        source: &Service,
        since: &CommitId,
        file: &str,
    ) -> Result<Option<CommitId>, LastSet> {
        let mut found = None;
        let mut look = |change: &Change, before: Option<&StageThen>, after: &StageThen| {
            let took = before.is_some_and(|before| before.takes_from(source));
            if after.takes_from(source) && !took {
                found = Some(change.commit);
            }
            found.is_some()
        };
        let today = self.naming(entry);
        let range = (None, Some((since, file)));
        self.walk_naming(today, self.tip, range, usize::MAX, &mut look)?;
        Ok(found)
    }
}

//! Drafts for pipelines that only Plural's console moves: what Sluice needs in the place of `prAutomationRef`.
//!
//! They are shown with the position where they belong, and never written: the manifests are the reader's own.

use std::collections::BTreeSet;

use super::input::Input;
use super::manifest;
use super::overlay::{Effects, For, effects};
use super::subject::Subject;
use crate::catalog::Resolver;
use crate::model::ids::ServiceId;
use crate::model::pipeline::{Criteria, Pipeline};
use crate::model::resolved::{ResolvedPipeline, StageIndex};
use crate::model::source_location::RepoPath;
use crate::yaml::{FieldPath, Segment};

/// What to change by hand in a file that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ManifestDraft {
    /// The file.
    pub file: RepoPath,
    /// The line at which it goes in; `None`: anywhere.
    pub line: Option<u32>,
    /// What it is for.
    pub what: String,
    /// What to add there, ended by a line break; empty if there is nothing to add.
    pub text: String,
    /// Paths that `fields` of the policy has to name for it.
    pub fields: Vec<String>,
    /// What is not in it, and why.
    pub notes: Vec<String>,
}

/// One service of a stage that only the console moves.
struct Entry<'a> {
    pipeline: &'a Pipeline,
    resolved: &'a ResolvedPipeline,
    stage: StageIndex,
    service: usize,
    criteria: &'a Criteria,
}

/// Drafts for all such services.
pub(crate) fn draft(input: &Input<'_>, subjects: &[Subject<'_>]) -> Vec<ManifestDraft> {
    let mut drafts = Vec::new();
    for resolved in input.resolved {
        let pipeline = input.catalog.pipeline(resolved.id);
        for (stage, manifest) in pipeline.stages.iter().enumerate() {
            for (service, entry) in manifest.services.iter().enumerate() {
                let Some(criteria) = &entry.criteria else {
                    continue;
                };
                if criteria.source.is_none() && (criteria.pr_automation || criteria.ai) {
                    let entry = Entry {
                        pipeline,
                        resolved,
                        stage,
                        service,
                        criteria,
                    };
                    drafts.push(entry.draft(input, subjects));
                }
            }
        }
    }
    drafts
}

impl Entry<'_> {
    fn draft(&self, input: &Input<'_>, subjects: &[Subject<'_>]) -> ManifestDraft {
        let stage = &self.pipeline.stages[self.stage];
        let reference = &stage.services[self.service].reference;
        let mut draft = ManifestDraft {
            file: self.pipeline.file.clone(),
            line: Some(self.criteria.at.line),
            what: format!(
                "Pipeline {}, stage {}, service {}",
                self.pipeline.name, stage.name, reference.name
            ),
            text: String::new(),
            fields: Vec::new(),
            notes: Vec::new(),
        };
        let before: Vec<StageIndex> = self
            .resolved
            .edges_into(self.stage)
            .filter_map(|edge| self.resolved.edges[edge])
            .map(|(from, _)| from)
            .collect();
        if before.is_empty() {
            draft.notes.push(format!(
                "{} is a first stage: Sluice promotes nothing into it. Set its values by a commit (Renovate, your build); \
                 later stages follow",
                stage.name
            ));
            return draft;
        }
        let Some(target) = self.resolved.stages[self.stage].services[self.service]
            .service
            .found()
        else {
            draft.notes.push(
                "its serviceRef does not identify a single manifest: sluice validate shows what to do; then run this again".to_owned(),
            );
            return draft;
        };
        match self.source(input, subjects, target, &before) {
            Ok(source) => self.criteria_text(input, source, target, &mut draft),
            Err(why) => draft.notes.push(why),
        }
        draft
    }

    /// The service of the stages before that this one takes its values from.
    fn source(
        &self,
        input: &Input<'_>,
        subjects: &[Subject<'_>],
        target: ServiceId,
        before: &[StageIndex],
    ) -> Result<ServiceId, String> {
        let upstream: BTreeSet<ServiceId> = before
            .iter()
            .flat_map(|stage| &self.resolved.stages[*stage].services)
            .filter_map(|entry| entry.service.found())
            .collect();
        if upstream.contains(&target) {
            return Err(format!(
                "the previous stage runs this very service ({}): nothing can be copied from it to itself. Give each stage its \
                 own ServiceDeployment",
                super::pair::line(input.catalog.service(target))
            ));
        }
        let base = |id: ServiceId| &subjects[id.0].base;
        let like: Vec<ServiceId> = upstream
            .iter()
            .copied()
            .filter(|id| base(*id) == base(target))
            .collect();
        let alone = self.resolved.stages[self.stage].services.len() == 1;
        let upstream: Vec<ServiceId> = upstream.into_iter().collect();
        let found = match (&like[..], &upstream[..]) {
            ([one], _) => *one,
            ([], [one]) if alone => *one,
            ([], []) => {
                return Err("the previous stage has no service that can be found".to_owned());
            }
            ([], all) | (all, _) => {
                let names = super::pair::lines(all.iter().map(|id| input.catalog.service(*id)));
                return Err(format!(
                    "it cannot be determined which service it takes its values from: {names}"
                ));
            }
        };
        let resolver = Resolver::new(input.catalog);
        let origin = |id: ServiceId| resolver.origin_of(input.catalog.service(id), input.here);
        if origin(found) != origin(target) {
            return Err(format!(
                "it and {} take git from different places: a promotion would be refused as `repository-differs`",
                super::pair::line(input.catalog.service(found))
            ));
        }
        Ok(found)
    }

    fn criteria_text(
        &self,
        input: &Input<'_>,
        source: ServiceId,
        target: ServiceId,
        draft: &mut ManifestDraft,
    ) {
        let source = input.catalog.service(source);
        let target = input.catalog.service(target);
        let indent = (self.criteria.at.column as usize).saturating_sub(1);
        let blanks = " ".repeat(indent);
        draft.text = format!(
            "{blanks}serviceRef:\n{}",
            manifest::reference(source, source.key.namespace.as_deref(), indent + 2)
        );
        let effects = self.effects(input, target);
        let mut keys = Vec::new();
        for path in effects.paths {
            match what_is(&path) {
                Interpretation::Anyway => {}
                Interpretation::Key(key) => keys.push(key),
                Interpretation::Field => draft.fields.push(path.to_string()),
                Interpretation::Nothing => draft.notes.push(format!(
                    "it sets {path}, which Sluice never does: fields are under `spec`"
                )),
            }
        }
        if !keys.is_empty() {
            let keys = manifest::list(keys.iter().map(String::as_str));
            draft.text.push_str(&format!("{blanks}secrets: {keys}\n"));
        }
        draft.notes.extend(effects.notes);
        let other = match self.criteria.pr_automation {
            true => "prAutomationRef",
            false => "ai",
        };
        draft.notes.push(format!(
            "once Sluice promotes this stage, remove its `{other}`: otherwise both would open pull requests for one change"
        ));
    }

    fn effects(&self, input: &Input<'_>, target: &crate::model::service::Service) -> Effects {
        let stage = &self.pipeline.stages[self.stage];
        if !self.criteria.pr_automation {
            return Effects {
                paths: Vec::new(),
                notes: vec![
                    "it is unknown what an `ai` prompt changes: list the fields in the policy, if there are more than git \
                     ref and chart"
                        .to_owned(),
                ],
            };
        }
        let path: FieldPath = [
            Segment::Key("spec".to_owned()),
            Segment::Key("stages".to_owned()),
            Segment::Index(self.stage),
            Segment::Key("services".to_owned()),
            Segment::Index(self.service),
            Segment::Key("criteria".to_owned()),
            Segment::Key("prAutomationRef".to_owned()),
            Segment::Key("name".to_owned()),
        ]
        .into_iter()
        .collect();
        let name = input
            .sources
            .manifest(&self.pipeline.file, self.pipeline.at)
            .and_then(|manifest| manifest.text(&path));
        let Some(name) = name else {
            return Effects {
                paths: Vec::new(),
                notes: vec!["its `prAutomationRef` has no name".to_owned()],
            };
        };
        let slugs: Vec<String> = input
            .here
            .remotes
            .iter()
            .filter_map(|url| url.slug().map(str::to_owned))
            .collect();
        let of = For {
            stage: stage.name.as_str(),
            service: target,
            slugs: &slugs,
        };
        effects(input.sources, name, of)
    }
}

/// How a promotion copies a field.
enum Interpretation {
    /// It is copied in any case.
    Anyway,
    /// As a key of `criteria.secrets`.
    Key(String),
    /// As a path of `fields`.
    Field,
    /// Not at all.
    Nothing,
}

fn what_is(path: &FieldPath) -> Interpretation {
    for own in [
        ["spec", "git", "ref"],
        ["spec", "helm", "version"],
        ["spec", "helm", "chart"],
    ] {
        if *path == FieldPath::keys(&own) {
            return Interpretation::Anyway;
        }
    }
    let configuration = FieldPath::keys(&["spec", "configuration"]);
    if path.parent().as_ref() == Some(&configuration)
        && let Some(key) = path.last_key()
    {
        return Interpretation::Key(key.to_owned());
    }
    let spec = FieldPath::keys(&["spec"]);
    if path.starts_with(&spec) && !path.starts_with(&configuration) && *path != spec {
        return Interpretation::Field;
    }
    Interpretation::Nothing
}

//! A start from what a repository has: services that are the same thing in different environments become a `Pipeline`,
//! and what Plural's console did alone becomes a draft of what Sluice needs.
//!
//! Catalog in, proposal out. No I/O: the caller says which files exist already, and writes them.

pub(crate) mod drafts;
mod input;
pub(crate) mod json;
mod labels;
mod manifest;
mod overlay;
mod pair;
mod pattern;
mod pipelines;
mod policy;
mod proposal;
pub(crate) mod sources;
mod subject;
pub(crate) mod text;
mod unpaired;
mod values;
mod words;

use std::collections::BTreeMap;

use crate::model::catalog::Catalog;
use crate::model::ids::{PipelineId, ServiceId};
use crate::model::reference::Kind;
use crate::model::service::Service;
use input::in_pipelines;

pub(crate) use input::Input;
pub(crate) use pair::lines;
pub(crate) use proposal::{End, NewFile, POLICY_PATH, Pair, Proposal, WORKFLOW, WORKFLOW_PATH};
pub(crate) use unpaired::{Unpaired, Why};

use labels::Labels;
use pipelines::Planned;
use subject::Subject;
use values::Differing;

/// Looks for what belongs together, and proposes.
pub(crate) fn propose(input: &Input<'_>) -> Proposal {
    let subjects = subject::subjects(input.catalog, input.sources);
    let taken = in_pipelines(input);
    let mut proposal = Proposal::default();
    let mut taken_bases: BTreeMap<&str, String> = BTreeMap::new();
    let mut free: Vec<&Subject<'_>> = Vec::new();
    for subject in &subjects {
        match taken.get(&subject.id) {
            Some(pipeline) => {
                let pipeline = pipeline_place(input.catalog, *pipeline);
                let why = format!("already in {pipeline}");
                let left = Unpaired::of(subject.service, Why::InPipeline, why);
                proposal.unpaired.push(left);
                taken_bases.insert(&subject.base, pipeline);
            }
            None => match in_the_way(input, subject.service) {
                Some(why) => {
                    let left = Unpaired::of(subject.service, Why::Ambiguous, why);
                    proposal.unpaired.push(left);
                }
                None => free.push(subject),
            },
        }
    }
    let labels = Labels::of(input, &free, &taken);
    free.retain(|subject| match labels.refused.get(&subject.id) {
        None => true,
        Some(why) => {
            let left = Unpaired::of(subject.service, Why::Ambiguous, why.clone());
            proposal.unpaired.push(left);
            false
        }
    });
    let label = |id: ServiceId| labels.wanted.get(&id).cloned();
    let mut paired = pair::pair(&free, &taken_bases, input.catalog, input.here, &label);
    proposal.unpaired.append(&mut paired.unpaired);
    proposal
        .unpaired
        .sort_by(|a, b| (a.kind, &a.place, &a.service).cmp(&(b.kind, &b.place, &b.service)));

    let namespaces = labels.namespaces(input, &paired.families, &subjects);
    let planned = pipelines::plan(input, &labels, paired.families);
    for pipeline in &planned {
        proposal.pairs.extend(pairs(input, pipeline, &namespaces));
        proposal.files.push(NewFile {
            path: pipeline.path.clone(),
            content: manifest::text(input, pipeline, &namespaces),
            exists: false,
        });
    }
    proposal.drafts = drafts::draft(input, &subjects);
    let differing = Differing::of(input, &planned);
    propose_settings(input, &planned, &namespaces, &differing, &mut proposal);
    proposal.notes.extend(differing.note());
    proposal
}

/// Policy and workflow, if there are none; otherwise what is missing in them.
fn propose_settings(
    input: &Input<'_>,
    planned: &[Planned],
    namespaces: &labels::Namespaces,
    differing: &Differing,
    proposal: &mut Proposal,
) {
    // Without any pipeline they would have no subject.
    if planned.is_empty() && input.catalog.pipelines.is_empty() {
        return;
    }
    match input.policy {
        None => proposal.files.push(NewFile {
            path: POLICY_PATH.into(),
            content: policy::text(input, planned, namespaces, differing, &proposal.drafts),
            exists: false,
        }),
        Some(there) => {
            proposal
                .notes
                .push(format!("{POLICY_PATH} exists and is left unchanged."));
            proposal
                .drafts
                .extend(policy::missing(there, planned, &proposal.drafts));
        }
    }
    if input.workflow {
        proposal
            .notes
            .push("A workflow already runs Sluice; none is proposed.".to_owned());
    } else {
        proposal.files.push(NewFile {
            path: WORKFLOW_PATH.into(),
            content: workflow(input.branch),
            exists: false,
        });
    }
}

/// The workflow of the simple install, for this default branch.
fn workflow(branch: Option<&str>) -> String {
    match branch {
        Some(branch) => WORKFLOW.replace(
            "branches: [main]",
            &format!("branches: [{}]", manifest::scalar(branch)),
        ),
        None => WORKFLOW.to_owned(),
    }
}

/// Why a service that is not in a pipeline is left out in any case: no reference identifies it alone, or its pipeline
/// may be in a file that could not be read.
fn in_the_way(input: &Input<'_>, service: &Service) -> Option<String> {
    if let Some(why) = input.left_out.get(&service.place(service.at)) {
        return Some(why.clone());
    }
    let name = &service.key.name;
    let broken = input.catalog.unread.iter().find(|unread| {
        let holds = |word: &str| unread.may_hold(Kind::Pipeline, word);
        holds("Pipeline") && holds(name)
    })?;
    Some(format!(
        "its Pipeline may be in {}:{}, which cannot be read ({}): fix that file first",
        broken.file, broken.at.line, broken.why
    ))
}

/// `Pipeline podinfo (pipeline.yaml:1)`
fn pipeline_place(catalog: &Catalog, id: PipelineId) -> String {
    let pipeline = catalog.pipeline(id);
    format!(
        "Pipeline {} ({}:{})",
        pipeline.name, pipeline.file, pipeline.at.line
    )
}

fn pairs(input: &Input<'_>, pipeline: &Planned, namespaces: &labels::Namespaces) -> Vec<Pair> {
    let end = |stage: &str, id: ServiceId| {
        let service = input.catalog.service(id);
        End {
            stage: stage.to_owned(),
            service: service.key.name.clone(),
            namespace: namespaces.of(service),
            place: service.place(service.at),
        }
    };
    let mut pairs = Vec::new();
    for stage in &pipeline.stages {
        for entry in &stage.services {
            let Some((from, source)) = &entry.source else {
                continue;
            };
            pairs.push(Pair {
                name: entry.base.clone(),
                pipeline: pipeline.name.clone(),
                from: end(from, *source),
                to: end(&stage.name, entry.id),
            });
        }
    }
    pairs.sort_by(|a, b| a.name.cmp(&b.name));
    pairs
}

//! The policy as YAML text: a short start for a repository that has none, and what is missing in one that is there.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::drafts::ManifestDraft;
use super::input::Input;
use super::labels::Namespaces;
use super::manifest::{list, scalar};
use super::pipelines::{Planned, PlannedEdge};
use super::proposal::POLICY_PATH;
use super::values::Differing;
use crate::model::policy::{Policy, Trigger};
use crate::yaml::scalar::double_quoted;

/// What the policy says of a stage.
#[derive(Clone, Copy, Debug)]
enum StageLine {
    Auto,
    Require,
}

impl StageLine {
    fn text(self) -> &'static str {
        match self {
            Self::Auto => {
                "trigger: auto # no gate leads into it, so this triggers it; a `ready` rule on the previous stage would do so too"
            }
            Self::Require => {
                "require: [APPROVAL] # an edge into it without an approval is an error"
            }
        }
    }
}

/// The whole file.
pub(super) fn text(
    input: &Input<'_>,
    planned: &[Planned],
    namespaces: &Namespaces,
    differing: &Differing,
    drafts: &[ManifestDraft],
) -> String {
    let mut text = String::from(
        "# What the Pipelines have no field for. Everything but `version` is optional; `sluice schema` prints all of it.\n\
         version: 1\n",
    );
    let globs: Vec<(&str, &str)> = namespaces.iter().collect();
    if !globs.is_empty() {
        text.push_str(
            "\nmanifests:\n  # These name no namespace, and their names alone are not unique. If they are applied to other namespaces, change\n  \
             # those here and in the Pipeline.\n  namespaces:\n",
        );
        for (glob, namespace) in globs {
            let _ = writeln!(text, "    {}: {}", double_quoted(glob), scalar(namespace));
        }
    }
    let fields = fields(drafts);
    if !fields.is_empty() {
        let fields = list(fields.iter().map(String::as_str));
        let _ = writeln!(
            text,
            "\n# What the drafts for your pipelines promote in addition to git ref and chart; this applies to all pipelines:\n# fields: {fields}"
        );
    }
    let releases: Vec<&str> = differing.releases().collect();
    if !releases.is_empty() {
        let _ = writeln!(
            text,
            "\n# Helm values that differ between environments and look like a release; what is listed here is promoted, in all pipelines:\n# fields: {}",
            list(releases)
        );
    }
    let gates: BTreeSet<&str> = planned
        .iter()
        .flat_map(|pipeline| &pipeline.edges)
        .filter_map(|edge| edge.gate.as_deref())
        .collect();
    let gate = gates.first().copied().unwrap_or("approval-gate");
    let _ = write!(
        text,
        "\n# Who approves. By default: one person with write access, with a review or a label.\n\
         # people:\n#   release: [alice, bob]\n# gates:\n#   {}:\n#     approve: [{{ by: release, count: 2 }}]\n#     ways: [review]\n",
        scalar(gate)
    );
    stages(&mut text, input, planned);
    text
}

/// Entries apply to every pipeline with such a stage; if there are others, ours must not loosen theirs.
fn stages(text: &mut String, input: &Input<'_>, planned: &[Planned]) {
    if planned.is_empty() {
        return;
    }
    let write = |text: &mut String, indent: usize, lines: &[(&str, StageLine)]| {
        let blanks = " ".repeat(indent);
        for (stage, line) in lines {
            let _ = writeln!(
                text,
                "{blanks}{}:\n{blanks}  {}",
                scalar(stage),
                line.text()
            );
        }
    };
    if input.catalog.pipelines.is_empty() {
        let mut lines: Vec<_> = planned.iter().flat_map(lines).collect();
        let mut seen = BTreeSet::new();
        lines.retain(|(stage, _)| seen.insert(*stage));
        text.push_str("\nstages:\n");
        write(text, 2, &lines);
        return;
    }
    text.push_str("\npipelines:\n");
    for pipeline in planned {
        let _ = writeln!(text, "  {}:\n    stages:", scalar(&pipeline.name));
        write(text, 6, &lines(pipeline).collect::<Vec<_>>());
    }
}

fn lines(pipeline: &Planned) -> impl Iterator<Item = (&str, StageLine)> {
    let stages = pipeline.stages.iter();
    stages.filter_map(|stage| {
        let mut ways = pipeline.edges.iter().filter(|edge| edge.to == stage.name);
        let first = ways.next()?;
        if stage.production {
            return Some((&*stage.name, StageLine::Require));
        }
        let open = first.gate.is_none() && ways.all(|edge| edge.gate.is_none());
        open.then_some((&*stage.name, StageLine::Auto))
    })
}

/// The paths that drafts need under `fields`.
fn fields(drafts: &[ManifestDraft]) -> BTreeSet<String> {
    drafts
        .iter()
        .flat_map(|draft| draft.fields.clone())
        .collect()
}

/// What to add to a policy that is there.
pub(super) fn missing(
    policy: &Policy,
    planned: &[Planned],
    drafts: &[ManifestDraft],
) -> Vec<ManifestDraft> {
    let draft = |what: String, text: String, notes: Vec<String>| ManifestDraft {
        file: POLICY_PATH.into(),
        line: None,
        what,
        text,
        fields: Vec::new(),
        notes,
    };
    let mut missing = Vec::new();
    let known: BTreeSet<String> = policy
        .fields
        .iter()
        .map(|field| field.path().to_string())
        .collect();
    let new: Vec<String> = fields(drafts).difference(&known).cloned().collect();
    if !new.is_empty() {
        let all = policy.fields.iter().map(|field| field.path().to_string());
        let all: Vec<String> = all.chain(new).collect();
        missing.push(draft(
            "promote these fields too (for all pipelines)".to_owned(),
            format!("fields: {}\n", list(all.iter().map(String::as_str))),
            Vec::new(),
        ));
    }
    for pipeline in planned {
        let mut text = String::new();
        for edge in &pipeline.edges {
            if edge.gate.is_none() && !moves(policy, pipeline, edge) {
                let _ = writeln!(text, "      {}:\n        trigger: auto", scalar(&edge.to));
            }
        }
        if !text.is_empty() {
            let name = scalar(&pipeline.name);
            missing.push(draft(
                format!("trigger stages of {} that have no gate", pipeline.name),
                format!("pipelines:\n  {name}:\n    stages:\n{text}"),
                vec![
                    "or give the previous stage of each a `ready` rule; without either it is held, and every output says so"
                        .to_owned(),
                    "an entry here replaces the whole entry of the same name under `stages`".to_owned(),
                ],
            ));
        }
    }
    missing
}

/// Whether something triggers this edge's stage, or says that it must not be triggered automatically.
fn moves(policy: &Policy, pipeline: &Planned, edge: &PlannedEdge) -> bool {
    let rules = |stage: &str| policy.stage_rules(&pipeline.name.as_str().into(), &stage.into());
    let trigger = rules(&edge.to).trigger;
    let ready = rules(&edge.from).ready.is_some();
    ready || matches!(trigger, Some(Trigger::Auto | Trigger::Manual))
}

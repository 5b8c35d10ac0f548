//! The guard: the status `sluice` on a pull request that is not a promotion.
//!
//! A hand edit of what is promoted through a gate, or of the gate itself, bypasses that gate. It is not forbidden: the
//! status tells reviewers. Pure: fields before and after the merge go in, a verdict comes out.

use std::collections::BTreeMap;
use std::fmt;

use crate::copy::Pair;
use crate::model::catalog::Catalog;
use crate::model::code_owners;
use crate::model::guard::{
    Barrier, ChangedFile, FileThen, GateFile, Gated, GatedField, ManifestThen, Role,
};
use crate::model::ids::ServiceId;
use crate::model::name::GateName;
use crate::model::pipeline::{EdgeEnds, Pipeline};
use crate::model::policy::{ApproveLine, GateRule, Policy, Trigger, Voters};
use crate::model::reference::{Kind, ManifestKey};
use crate::model::resolved::{ResolvedPipeline, StageIndex};
use crate::model::source_location::RepoPath;
use crate::model::text::cut;
use crate::model::wire_words::NOT_A_PROMOTION;
use crate::yaml::FieldPath;

/// GitHub takes no longer description of a status.
const MAX_LENGTH: usize = 140;

/// What the guard says to one pull request. Those that are worse come later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GuardVerdict {
    /// It changes nothing that is promoted through a gate, and no gate.
    Harmless,
    /// It could not be read in this run, for this reason: an earlier verdict on the same commit remains valid.
    NotRead(String),
    /// It cannot be determined, for this reason.
    Unknown(String),
    /// It touches these, in order; never empty.
    Touches(Vec<Touch>),
}

/// One thing that a pull request touches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Touch {
    /// The file.
    pub file: RepoPath,
    /// What of it.
    pub what: Touched,
}

/// What is touched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Touched {
    /// The pull request's branch is named like a promotion's, but is not one.
    NamedLikePromotion,
    /// The policy.
    Policy,
    /// CODEOWNERS, which a rule depends on.
    CodeOwners,
    /// The workflow of a gate.
    Workflow(GateName),
    /// A manifest file that could not be understood afterwards, for this reason.
    Unreadable(String),
    /// Stages, edges, gates or criteria of a `Pipeline`; how.
    Pipeline(String, ChangeKind),
    /// A manifest with gated fields that does not exist before or after.
    Manifest(ManifestKey, ChangeKind, Barrier),
    /// One gated field of a manifest.
    Field(ManifestKey, FieldPath, GatedField),
}

/// What happens to something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// It was not in this file before.
    Added,
    /// It is no longer in this file.
    Removed,
    /// It is another.
    Changed,
}

impl GuardVerdict {
    /// The state of the status, in GitHub's word.
    pub fn state(&self) -> &'static str {
        match self {
            Self::Harmless => "success",
            Self::NotRead(_) | Self::Unknown(_) => "pending",
            Self::Touches(_) => "failure",
        }
    }

    /// The description of the status: one line that GitHub takes. `safe` makes foreign text harmless.
    pub fn description(&self, safe: impl Fn(&str) -> String) -> String {
        match self {
            Self::Harmless => NOT_A_PROMOTION.to_owned(),
            Self::NotRead(why) | Self::Unknown(why) => cut(&safe(why), MAX_LENGTH),
            Self::Touches(touches) => {
                let more = match touches.len() {
                    0 | 1 => String::new(),
                    many => format!(", and {} more", many - 1),
                };
                let Some(first) = touches.first() else {
                    return String::new();
                };
                let room = MAX_LENGTH - more.chars().count();
                let (file, what) = (safe(first.file.as_str()), safe(&first.what.to_string()));
                // The end of a path is more informative than its beginning.
                let spare = room.saturating_sub(what.chars().count() + 2).max(room / 3);
                cut(&format!("{}: {what}", tail(&file, spare)), room) + &more
            }
        }
    }
}

/// The last characters of a text, at most `most`.
fn tail(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().skip(length - most.saturating_sub(1)).collect();
    format!("…{kept}")
}

impl fmt::Display for Touched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NamedLikePromotion => f.write_str(
                "is named like a promotion's branch, but its head was not made by Sluice",
            ),
            Self::Policy => f.write_str("the policy decides what every gate requires"),
            Self::CodeOwners => f.write_str("decides who the code owners are that a gate requires"),
            Self::Workflow(gate) => write!(f, "is the workflow of the gate {gate}"),
            Self::Unreadable(why) => write!(f, "cannot be read after this: {why}"),
            Self::Pipeline(name, ChangeKind::Added) => write!(f, "adds the pipeline {name}"),
            Self::Pipeline(name, ChangeKind::Removed) => {
                write!(f, "removes the pipeline {name}")
            }
            Self::Pipeline(name, ChangeKind::Changed) => {
                write!(f, "changes stages, edges, gates or criteria of {name}")
            }
            Self::Manifest(key, how, barrier) => {
                let word = match how {
                    ChangeKind::Added => "added here",
                    ChangeKind::Removed => "removed",
                    ChangeKind::Changed => "changed",
                };
                write!(f, "{} is {word}, and is promoted {barrier}", key.name)
            }
            Self::Field(key, path, field) => match field.role {
                Role::Promoted => {
                    write!(f, "{path} of {} is promoted {}", key.name, field.barrier)
                }
                Role::LeadsToSecret => write!(
                    f,
                    "{path} of {} refers to keys that are promoted {}",
                    key.name, field.barrier
                ),
            },
        }
    }
}

impl fmt::Display for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gate(name) => write!(f, "through {name}"),
            Self::Ready(stage) => write!(f, "once {stage} is ready"),
            Self::Manual(stage) => write!(f, "into {stage} on request"),
        }
    }
}

/// The fields that some promotion may write into a stage behind a barrier.
pub fn gated(catalog: &Catalog, policy: &Policy, resolved: &[ResolvedPipeline]) -> Gated {
    let mut found = Gated::default();
    for pipeline in resolved {
        let manifest = catalog.pipeline(pipeline.id);
        for stage in 0..pipeline.stages.len() {
            let Some(barrier) = barrier(manifest, policy, pipeline, stage) else {
                continue;
            };
            for service in 0..pipeline.stages[stage].services.len() {
                let fields = fields(catalog, policy, pipeline, stage, service);
                for (key, path, role) in fields {
                    let barrier = barrier.clone();
                    found.add(key, path, GatedField { role, barrier });
                }
            }
        }
    }
    found
}

/// What protects a stage: a gate, a `ready` rule of a stage that leads to it, or a person who must request it.
fn barrier(
    manifest: &Pipeline,
    policy: &Policy,
    pipeline: &ResolvedPipeline,
    stage: StageIndex,
) -> Option<Barrier> {
    let edges: Vec<usize> = pipeline.edges_into(stage).collect();
    let gate = edges
        .iter()
        .flat_map(|edge| &manifest.edges[*edge].gates)
        .next();
    if let Some(gate) = gate {
        return Some(Barrier::Gate(gate.name.clone()));
    }
    for edge in &edges {
        if let EdgeEnds::Stages { from, .. } = &manifest.edges[*edge].ends
            && policy
                .stage_rules(&manifest.name, &from.value)
                .ready
                .is_some()
        {
            return Some(Barrier::Ready(from.value.clone()));
        }
    }
    let name = &manifest.stages[stage].name.value;
    let manual = policy.stage_rules(&manifest.name, name).trigger == Some(Trigger::Manual);
    (manual && !edges.is_empty()).then(|| Barrier::Manual(name.clone()))
}

type Field = (ManifestKey, FieldPath, Role);

/// The fields that promotions of a stage's service write.
fn fields(
    catalog: &Catalog,
    policy: &Policy,
    pipeline: &ResolvedPipeline,
    stage: StageIndex,
    service: usize,
) -> Vec<Field> {
    if let Some(pair) = Pair::of(catalog, policy, pipeline, stage, service) {
        let upstream = pipeline.edges_into(stage).any(|edge| {
            let from = pipeline.edges[edge].map(|(from, _)| from);
            from.is_some_and(|from| pipeline.stages_of(pair.source_id).any(|one| one == from))
        });
        if !upstream {
            return Vec::new();
        }
        let writes = pair.writes();
        let secret = writes
            .iter()
            .any(|write| write.manifest.kind == Kind::Secret);
        let lead = secret.then(|| {
            let path = FieldPath::keys(&["spec", "configurationRef"]);
            (pair.target.key.clone(), path, Role::LeadsToSecret)
        });
        return writes
            .into_iter()
            .map(|write| (write.manifest, write.path, Role::Promoted))
            .chain(lead)
            .collect();
    }
    let resolved = &pipeline.stages[stage].services[service];
    let criteria = &catalog.pipeline(pipeline.id).stages[stage].services[service].criteria;
    match (resolved.service.found(), &resolved.source, criteria) {
        // Its source cannot be found right now: whatever it may bring stays behind the gate.
        (Some(target), Some(_), Some(criteria)) => {
            let keys = criteria.secrets.iter().map(|key| key.value.as_str());
            everything(catalog, policy, target, keys)
        }
        _ => Vec::new(),
    }
}

/// Every field of a service that any source could bring.
fn everything<'a>(
    catalog: &Catalog,
    policy: &Policy,
    target: ServiceId,
    keys: impl Iterator<Item = &'a str>,
) -> Vec<Field> {
    let service = catalog.service(target);
    let mut paths = Vec::new();
    if service.git.is_some() {
        paths.push(FieldPath::keys(&["spec", "git", "ref"]));
    }
    if service.helm.is_some() {
        paths.push(FieldPath::keys(&["spec", "helm", "version"]));
        paths.push(FieldPath::keys(&["spec", "helm", "chart"]));
    }
    paths.extend(policy.fields.iter().map(|field| field.path().clone()));
    paths.extend(keys.map(|key| FieldPath::keys(&["spec", "configuration", key])));
    paths
        .into_iter()
        .map(|path| (service.key.clone(), path, Role::Promoted))
        .collect()
}

/// The files that decide about gates and are not manifests.
pub fn gate_files(policy: &Policy, policy_file: &RepoPath) -> BTreeMap<RepoPath, GateFile> {
    let of_pipelines = || policy.pipelines.iter().map(|(_, entry)| entry);
    let rules = || {
        let own = of_pipelines().flat_map(|entry| entry.gates.iter());
        policy.gates.iter().chain(own)
    };
    let mut files = BTreeMap::new();
    for (name, rule) in rules() {
        if let GateRule::Workflow { workflow, .. } = rule {
            let path = format!(".github/workflows/{}", workflow.value);
            files
                .entry(path.into())
                .or_insert(GateFile::Workflow(name.value.clone()));
        }
    }
    let stages = of_pipelines().flat_map(|entry| entry.stages.iter());
    let emergencies = policy
        .stages
        .iter()
        .chain(stages)
        .filter_map(|(_, stage)| stage.emergency.as_ref());
    let approvals = rules().filter_map(|(_, rule)| match rule {
        GateRule::Approval { approve, .. } => Some(approve),
        _ => None,
    });
    let mut lines = approvals
        .chain(emergencies.map(|emergency| &emergency.approve))
        .flatten();
    let owners = |line: &ApproveLine| matches!(line.by.value, Voters::CodeOwners);
    if lines.any(owners) {
        for path in code_owners::PATHS {
            files.insert(path.into(), GateFile::CodeOwners);
        }
    }
    files.insert(policy_file.clone(), GateFile::Policy);
    files
}

/// What of a merge is judged.
#[derive(Debug)]
pub struct Merge<'a> {
    /// The paths that it changes and that are gate files.
    pub gate_files: Vec<(&'a RepoPath, &'a GateFile)>,
    /// The manifest files that it changes.
    pub files: &'a [ChangedFile],
    /// What is gated at the base's tip.
    pub before: &'a Gated,
    /// What would be gated after it, if that can differ at all.
    pub after: Option<&'a Gated>,
}

/// Judges a merge of which everything is known.
pub fn judge(merge: &Merge<'_>) -> GuardVerdict {
    let mut touches: Vec<Touch> = Vec::new();
    for (path, file) in &merge.gate_files {
        let what = match file {
            GateFile::Policy => Touched::Policy,
            GateFile::CodeOwners => Touched::CodeOwners,
            GateFile::Workflow(gate) => Touched::Workflow(gate.clone()),
        };
        touches.push(Touch {
            file: (*path).clone(),
            what,
        });
    }
    for file in merge.files {
        let mut found = Vec::new();
        match &file.after {
            // Whatever it contained cannot be read: one entry for all of it.
            FileThen::Unreadable(why) => found.push(Touched::Unreadable(why.clone())),
            FileThen::Nothing | FileThen::Read(_) => {
                let (before, after) = (manifests_of(&file.before), manifests_of(&file.after));
                pipelines(before, after, &mut found);
                manifests(merge, before, after, &mut found);
            }
        }
        touches.extend(found.into_iter().map(|what| Touch {
            file: file.path.clone(),
            what,
        }));
    }
    touches.sort();
    if touches.is_empty() {
        GuardVerdict::Harmless
    } else {
        GuardVerdict::Touches(touches)
    }
}

fn manifests_of(then: &FileThen) -> &[ManifestThen] {
    match then {
        FileThen::Read(manifests) => manifests,
        FileThen::Nothing | FileThen::Unreadable(_) => &[],
    }
}

/// The manifests of one key, before and after, each in the order of its file.
#[derive(Default)]
struct Sides<'a> {
    old: Vec<&'a ManifestThen>,
    new: Vec<&'a ManifestThen>,
}

/// Goes over either list once: a file of a pull request may hold tens of thousands of manifests.
fn by_key<'a>(
    before: &'a [ManifestThen],
    after: &'a [ManifestThen],
) -> BTreeMap<&'a ManifestKey, Sides<'a>> {
    let mut found: BTreeMap<&ManifestKey, Sides<'_>> = BTreeMap::new();
    for one in before {
        found.entry(&one.key).or_default().old.push(one);
    }
    for one in after {
        found.entry(&one.key).or_default().new.push(one);
    }
    found
}

fn pipelines(before: &[ManifestThen], after: &[ManifestThen], found: &mut Vec<Touched>) {
    for (key, Sides { old, new }) in by_key(before, after) {
        if key.kind != Kind::Pipeline {
            continue;
        }
        let ways =
            |all: &[&ManifestThen]| -> Vec<_> { all.iter().map(|one| one.ways.clone()).collect() };
        let how = match (old.is_empty(), new.is_empty()) {
            (true, _) => ChangeKind::Added,
            (_, true) => ChangeKind::Removed,
            _ if ways(&old) == ways(&new) => continue,
            _ => ChangeKind::Changed,
        };
        found.push(Touched::Pipeline(key.name.clone(), how));
    }
}

fn manifests(
    merge: &Merge<'_>,
    before: &[ManifestThen],
    after: &[ManifestThen],
    found: &mut Vec<Touched>,
) {
    for (key, Sides { old, new }) in by_key(before, after) {
        // What was gated before counts first, because its barrier is the one that is bypassed.
        let mut fields: BTreeMap<&FieldPath, &GatedField> = BTreeMap::new();
        for (path, field) in [Some(merge.before), merge.after]
            .into_iter()
            .flatten()
            .flat_map(|gated| gated.of(key))
        {
            fields.entry(path).or_insert(field);
        }
        let Some(first) = fields.values().next() else {
            continue;
        };
        if old.len() != new.len() {
            let how = if old.len() < new.len() {
                ChangeKind::Added
            } else {
                ChangeKind::Removed
            };
            found.push(Touched::Manifest(key.clone(), how, first.barrier.clone()));
            continue;
        }
        for (path, field) in fields {
            let same = old
                .iter()
                .zip(&new)
                .all(|(old, new)| old.values.get(path) == new.values.get(path));
            if !same {
                found.push(Touched::Field(key.clone(), path.clone(), field.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests;

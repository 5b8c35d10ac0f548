//! The policy, `.github/sluice.yaml`: what the `Pipeline` resource has no field for.
//!
//! These types are its one definition: the parser, the JSON Schema and docs/policy.md all come from them, so a field's
//! comment is written for people who write a policy. What is parsed here is well-formed; whether the names in it exist,
//! and whether its rules can be met, is decided by the checks.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};

use super::gate::GateRule;
use super::named::{Named, Ruled};
use super::path::{Glob, Namespace, PromotedField};
use super::people::Voters;
use super::stage::StageEntry;
use super::time::{Freeze, Instant, Wait};
use crate::model::name::{GateName, PipelineName, StageName};
use crate::yaml::Located;

/// `.github/sluice.yaml`, read at the tip of the base branch and never from a pull request. Everything except `version` is
/// optional.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping such as `version: 1`")]
pub struct Policy {
    /// The version of this format: 1.
    pub version: FormatVersion,
    /// Which files contain manifests, and the namespaces of manifests that do not name one.
    #[serde(default)]
    pub manifests: Manifests,
    /// Groups of people, for `approve` and `reviewers`. With groups, no token needs to read an organisation's teams;
    /// a team inside a group requires an App's token.
    #[serde(default, deserialize_with = "super::people::groups")]
    #[schemars(with = "Named<super::people::GroupName, super::people::Members>")]
    pub people: Named<String, Vec<Located<String>>>,
    /// Fields of a `ServiceDeployment` that are promoted in addition to the git ref, the helm version and chart, and the keys that
    /// `criteria.secrets` names. Never under `spec.configuration`. A value keeps its type: a number stays a number and a string a
    /// string. A value that YAML parsers read differently (`12.10`, `yes`, `012`) is refused until it is quoted at the source.
    #[serde(default)]
    pub fields: Vec<Located<PromotedField>>,
    /// Branches and tags that promoted commits must be reachable from. Default: any.
    #[serde(default)]
    pub refs: Refs,
    /// `true` sets the status `sluice` on every pull request into the base branch, so that branch rules can require it: failure
    /// if it changes by hand a gate or anything that is promoted through one, pending if that cannot be determined, otherwise
    /// success. A tripwire for reviewers ([security.md](security.md)). Before you switch it off again, stop requiring the status.
    #[serde(default)]
    pub guard: bool,
    /// How a promotion gets onto the base branch.
    #[serde(default)]
    pub land: Land,
    /// The method of `land: merge`.
    #[serde(default)]
    pub merge: MergeMethod,
    /// `true`: commits that Sluice makes must have a signature that GitHub verifies.
    #[serde(default)]
    pub verified: bool,
    /// Limits of rollbacks.
    #[serde(default)]
    pub rollback: Rollback,
    /// Texts of pull requests and commits. `{{ pipeline }}`, `{{ stage }}`, `{{ sources }}`, `{{ services }}`,
    /// `{{ old }}`, `{{ new }}`, `{{ changes }}` and `{{ plan }}` are replaced by what is promoted.
    #[serde(default)]
    pub texts: Texts,
    /// Limits of one run.
    #[serde(default)]
    pub limits: Limits,
    /// Periods in which nothing is merged or committed. Pull requests are still opened.
    #[serde(default, deserialize_with = "freezes")]
    pub freeze: Vec<Freeze>,
    /// Holds. If several match, the most specific one is shown. A hold that names a service holds back only that service,
    /// and a hold without any name holds everything.
    #[serde(default)]
    pub holds: Vec<Located<Hold>>,
    /// Rules for gates by the gate's name, in every pipeline. The `Pipeline` gives the type of a gate, and the type decides which
    /// of these forms its rule has.
    #[serde(default)]
    pub gates: Named<GateName, GateRule>,
    /// Rules for stages by the stage's name, in every pipeline.
    #[serde(default)]
    pub stages: Named<StageName, StageEntry>,
    /// Rules for one pipeline by its name. An entry here under `gates` or `stages` replaces the whole top-level entry of the same
    /// name: repeat what should still apply.
    #[serde(default)]
    pub pipelines: Named<PipelineName, PipelineEntry>,
}

/// The version of the policy format; 1 is the only one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FormatVersion;

impl<'de> Deserialize<'de> for FormatVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            1 => Ok(Self),
            other => Err(D::Error::custom(format!(
                "version {other} is not known to this version of sluice; it reads version 1"
            ))),
        }
    }
}

impl JsonSchema for FormatVersion {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FormatVersion".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "const": 1 })
    }
}

/// Which files contain manifests.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with `exclude` and `namespaces`"
)]
pub struct Manifests {
    /// Files that are not read, such as kustomize patches, which look like second copies of a manifest. Every other
    /// `.yaml` and `.yml` file outside `.github/` is read.
    #[serde(default)]
    pub exclude: Vec<Located<Glob>>,
    /// Namespaces of manifests that do not name one, by file. The first glob that matches applies.
    #[serde(default)]
    pub namespaces: Named<Glob, Namespace>,
}

/// Branches and tags that promoted commits must be reachable from.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with `branches` and `tags`"
)]
pub struct Refs {
    /// Names of branches. Default: none if `tags` is given, otherwise all.
    #[serde(default, deserialize_with = "super::checked::optional_list")]
    #[schemars(length(min = 1))]
    pub branches: Option<Vec<Located<Glob>>>,
    /// Names of tags. Default: none if `branches` is given, otherwise all.
    #[serde(default, deserialize_with = "super::checked::optional_list")]
    #[schemars(length(min = 1))]
    pub tags: Option<Vec<Located<Glob>>>,
}

impl Refs {
    /// Whether every commit may be promoted.
    pub fn allow_all(&self) -> bool {
        self.branches.is_none() && self.tags.is_none()
    }

    /// Whether a commit may be reached through this branch.
    pub fn allows_branch(&self, name: &str) -> bool {
        Self::allows(self.branches.as_deref(), self.tags.is_some(), name)
    }

    /// Whether a commit may be reached through this tag.
    pub fn allows_tag(&self, name: &str) -> bool {
        Self::allows(self.tags.as_deref(), self.branches.is_some(), name)
    }

    fn allows(globs: Option<&[Located<Glob>]>, other_given: bool, name: &str) -> bool {
        match globs {
            Some(globs) => globs.iter().any(|glob| glob.matches(name)),
            None => !other_given,
        }
    }
}

/// How a promotion gets onto the base branch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Land {
    /// GitHub merges the pull request, and Sluice verifies the result.
    #[default]
    Merge,
    /// Sluice sets the base branch to exactly the commit that was evaluated; for an App that may update the branch.
    Exact,
}

/// The method of `land: merge`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MergeMethod {
    /// One commit.
    #[default]
    Squash,
    /// A merge commit.
    Merge,
}

/// Limits of rollbacks.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `age`")]
pub struct Rollback {
    /// How long ago a stage may last have held what it is rolled back to, such as `90d`.
    #[serde(
        default = "Rollback::default_age",
        deserialize_with = "super::checked::wait"
    )]
    #[schemars(extend("default" = "90d"))]
    pub age: Wait,
}

impl Rollback {
    fn default_age() -> Wait {
        Wait::days(90)
    }
}

impl Default for Rollback {
    fn default() -> Self {
        Self {
            age: Self::default_age(),
        }
    }
}

/// Texts of pull requests and commits.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with `title`, `subject` and `note`"
)]
pub struct Texts {
    /// The title of the pull request.
    #[serde(default, deserialize_with = "super::checked::optional_located_text")]
    #[schemars(length(min = 1))]
    pub title: Option<Located<String>>,
    /// The first line of the commit.
    #[serde(default, deserialize_with = "super::checked::optional_located_text")]
    #[schemars(length(min = 1))]
    pub subject: Option<Located<String>>,
    /// A note at the end of the pull request, such as a link to the runbook.
    #[serde(default, deserialize_with = "super::checked::optional_located_text")]
    #[schemars(length(min = 1))]
    pub note: Option<Located<String>>,
}

/// Limits of one run.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `open`")]
pub struct Limits {
    /// How many new promotions a run may open, and how many that replace older ones. Pipelines take turns, beginning at one
    /// that the base branch's tip determines. The rest stay due, are counted, and are opened by later runs.
    #[serde(default = "Limits::default_open")]
    pub open: u32,
}

impl Limits {
    fn default_open() -> u32 {
        10
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            open: Self::default_open(),
        }
    }
}

/// Reads `freeze`. A freeze needs a reason, because it stops people.
pub(super) fn freezes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Freeze>, D::Error> {
    struct Explained(Freeze);

    impl<'de> Deserialize<'de> for Explained {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let freeze = Freeze::deserialize(deserializer)?;
            if freeze.reason.trim().is_empty() {
                return Err(D::Error::custom("the `reason` of this freeze is empty"));
            }
            Ok(Self(freeze))
        }
    }

    let freezes: Vec<Explained> = Vec::deserialize(deserializer)?;
    Ok(freezes
        .into_iter()
        .map(|Explained(freeze)| freeze)
        .collect())
}

/// Something that is not promoted for now.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with `reason`, and what is held"
)]
pub struct Hold {
    /// Only this pipeline, by `metadata.name`.
    pub pipeline: Option<Located<PipelineName>>,
    /// Only stages of this name.
    pub stage: Option<Located<StageName>>,
    /// Only this service, by the `metadata.name` of its `ServiceDeployment`.
    pub service: Option<Located<String>>,
    /// Why; shown wherever the hold stops something.
    #[serde(deserialize_with = "super::checked::text")]
    #[schemars(length(min = 1))]
    pub reason: String,
    /// When it ends automatically, such as `2026-12-19T18:00:00+01:00`. Default: it stays until it is removed.
    pub until: Option<Instant>,
}

/// Rules for one pipeline.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with `watch`, `gates` and `stages`"
)]
pub struct PipelineEntry {
    /// Additional folders to watch: a commit that touches one counts as a new release.
    #[serde(default, deserialize_with = "super::path::folders")]
    #[schemars(with = "Vec<super::path::Folder>")]
    pub watch: Vec<Located<String>>,
    /// Rules for this pipeline's gates; the same forms as the top-level `gates`.
    #[serde(default)]
    pub gates: Named<GateName, GateRule>,
    /// Rules for this pipeline's stages; the same fields as the top-level `stages`.
    #[serde(default)]
    pub stages: Named<StageName, StageEntry>,
}

#[cfg(test)]
impl Policy {
    /// A policy for tests of modules that know only its types.
    pub(crate) fn sample(text: &str) -> Self {
        let stream = crate::yaml::Stream::parse(text.as_bytes(), &crate::yaml::Limits::default());
        let stream = stream.unwrap();
        let root = stream.documents()[0].root.unwrap();
        crate::yaml::de::from_node(&stream, root).unwrap()
    }
}

impl Policy {
    /// The rule for a gate: the pipeline's own entry, otherwise the general one. `None`: the default of its type.
    pub fn gate(&self, pipeline: &PipelineName, gate: &GateName) -> Option<Ruled<'_, GateRule>> {
        self.pipelines
            .get(pipeline)
            .and_then(|entry| entry.rule.gates.get(gate))
            .or_else(|| self.gates.get(gate))
    }

    /// The rule for a stage: the pipeline's own entry, otherwise the general one. `None`: the defaults.
    pub fn stage(
        &self,
        pipeline: &PipelineName,
        stage: &StageName,
    ) -> Option<Ruled<'_, StageEntry>> {
        self.pipelines
            .get(pipeline)
            .and_then(|entry| entry.rule.stages.get(stage))
            .or_else(|| self.stages.get(stage))
    }

    /// The rules for a stage: its entry, or the defaults if it has none.
    pub fn stage_rules(&self, pipeline: &PipelineName, stage: &StageName) -> &StageEntry {
        static DEFAULT: LazyLock<StageEntry> = LazyLock::new(StageEntry::default);
        self.stage(pipeline, stage)
            .map_or(&DEFAULT, |ruled| ruled.rule)
    }

    /// The people whose approval counts for a line of `approve`, by login in lower case; `None` if the policy alone
    /// does not determine them, or has no such group.
    pub fn people_of(&self, by: &Voters) -> Option<BTreeSet<String>> {
        match by {
            Voters::Person(login) => Some(BTreeSet::from([login.to_lowercase()])),
            Voters::Group(group) => {
                let members = self.people.get(group.as_str())?.rule;
                members
                    .iter()
                    .map(|member| (!member.contains('/')).then(|| member.to_lowercase()))
                    .collect()
            }
            Voters::Writers | Voters::CodeOwners | Voters::Team(_) => None,
        }
    }

    /// Folders that a pipeline watches in addition to those of its services.
    pub fn watch(&self, pipeline: &PipelineName) -> &[Located<String>] {
        self.pipelines
            .get(pipeline)
            .map_or(&[], |entry| &entry.rule.watch)
    }

    /// Whether the policy excludes a file.
    pub fn excludes(&self, path: &str) -> bool {
        self.manifests.exclude.iter().any(|glob| glob.matches(path))
    }

    /// The namespace of manifests in this file that do not name one.
    pub fn namespace_of(&self, path: &str) -> Option<&str> {
        self.manifests
            .namespaces
            .iter()
            .find(|(glob, _)| glob.matches(path))
            .map(|(_, namespace)| namespace.as_str())
    }
}

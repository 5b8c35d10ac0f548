//! The policy, `.github/sluice.yaml`: what the `Pipeline` resource has no field for.
//!
//! These types are its one definition: the parser, the JSON Schema and the documentation all come from them. What is
//! parsed here is well-formed; whether the names in it exist is for the checks to say.

mod gate;
mod named;
mod stage;
mod time;

pub use gate::{ApproveLine, CheckOf, Exclude, GateRule, Voters, Way};
pub use named::Named;
pub use stage::{
    Delivery, Emergency, EmergencySkip, Join, Ready, RequiredGate, RevisionMode, StageEntry,
    StatusOf, Trigger,
};
pub use time::{Closing, Freeze, Hours, Instant, OpeningTimes, Wait, Weekday, Zone};

use schemars::JsonSchema;
use serde::Deserialize;

use super::name::{GateName, PipelineName, StageName};
use crate::yaml::{FieldPath, Located};

/// `.github/sluice.yaml`, read at the base branch's tip. Everything but `version` is optional.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The version of this format.
    pub version: FormatVersion,
    /// Which files hold manifests, and the namespaces of those that carry none.
    #[serde(default)]
    pub manifests: Manifests,
    /// Groups of people for `approve` and `reviewers`: logins, or `organisation/team` (which needs an App token).
    #[serde(default)]
    pub people: Named<String, Vec<Located<String>>>,
    /// Paths that are promoted besides the git ref, the helm version and chart, and named secrets.
    #[serde(default)]
    pub fields: Vec<Located<PromotedField>>,
    /// From where promoted commits must be reachable. Default: every branch and tag.
    #[serde(default)]
    pub refs: Refs,
    /// Put the status `sluice` on every pull request to the base branch.
    #[serde(default)]
    pub guard: bool,
    /// How a promotion lands.
    #[serde(default)]
    pub land: Land,
    /// The method of `land: merge`.
    #[serde(default)]
    pub merge: MergeMethod,
    /// Commits must carry a verified signature.
    #[serde(default)]
    pub verified: bool,
    /// How far back a rollback may reach.
    #[serde(default)]
    pub rollback: Rollback,
    /// Texts of pull requests and commits.
    #[serde(default)]
    pub texts: Texts,
    /// Limits of one run.
    #[serde(default)]
    pub limits: Limits,
    /// Times in which nothing is merged or committed; proposals still open.
    #[serde(default)]
    pub freeze: Vec<Freeze>,
    /// Pipelines, stages and services that stay as they are.
    #[serde(default)]
    pub holds: Vec<Located<Hold>>,
    /// Rules by gate name; the `Pipeline` gives the type.
    #[serde(default)]
    pub gates: Named<GateName, GateRule>,
    /// Rules by stage name, in every pipeline.
    #[serde(default)]
    pub stages: Named<StageName, StageEntry>,
    /// Rules for one pipeline; an entry replaces the whole less specific one.
    #[serde(default)]
    pub pipelines: Named<PipelineName, PipelineEntry>,
}

/// The version of the policy format; 1 is the only one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FormatVersion;

impl<'de> Deserialize<'de> for FormatVersion {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            1 => Ok(Self),
            other => Err(serde::de::Error::custom(format!(
                "version {other} is not known to this version of sluice; it reads version 1"
            ))),
        }
    }
}

impl JsonSchema for FormatVersion {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FormatVersion".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "const": 1 })
    }
}

/// Which files hold manifests.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifests {
    /// Globs of files that are not read. `.github/` never is.
    #[serde(default)]
    pub exclude: Vec<Located<Glob>>,
    /// Glob → namespace, for manifests that carry none; the first that matches wins.
    #[serde(default)]
    pub namespaces: Named<Glob, String>,
}

/// A glob over repository paths: `*` stays within a folder, `**` crosses folders.
#[derive(Clone, Debug)]
pub struct Glob {
    text: String,
    matcher: globset::GlobMatcher,
}

impl Glob {
    /// Parses a glob of at most 1,000 characters.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.chars().count() > 1000 {
            return Err("a glob has at most 1,000 characters".to_owned());
        }
        let glob = globset::GlobBuilder::new(text)
            .literal_separator(true)
            .build()
            .map_err(|error| format!("`{text}` is not a glob: {}", error.kind()))?;
        Ok(Self {
            text: text.to_owned(),
            matcher: glob.compile_matcher(),
        })
    }

    /// Whether it matches a path.
    pub fn matches(&self, path: &str) -> bool {
        self.matcher.is_match(path)
    }

    /// The glob as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl<'de> Deserialize<'de> for Glob {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Glob {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Glob".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}

/// A path of `fields`: under `spec`, and not one that another rule copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromotedField(FieldPath);

impl PromotedField {
    /// The path.
    pub fn path(&self) -> &FieldPath {
        &self.0
    }
}

impl<'de> Deserialize<'de> for PromotedField {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let text = String::deserialize(deserializer)?;
        let path: FieldPath = text
            .parse()
            .map_err(|error| D::Error::custom(format!("`{text}` is not a path: {error}")))?;
        let under = |keys: &[&str]| path.starts_with(&FieldPath::keys(keys));
        if !under(&["spec"]) || path == FieldPath::keys(&["spec"]) {
            return Err(D::Error::custom(format!(
                "`{text}` is not a field under `spec`, such as spec.helm.values.image.tag"
            )));
        }
        if under(&["spec", "configuration"]) {
            return Err(D::Error::custom(
                "configuration is promoted by naming its keys in `criteria.secrets` of the Pipeline, never by `fields`",
            ));
        }
        for own in [
            ["spec", "git", "ref"],
            ["spec", "helm", "version"],
            ["spec", "helm", "chart"],
        ] {
            if under(&own) || FieldPath::keys(&own).starts_with(&path) {
                return Err(D::Error::custom(format!(
                    "`{text}` covers {}, which is promoted anyway",
                    own.join(".")
                )));
            }
        }
        Ok(Self(path))
    }
}

impl JsonSchema for PromotedField {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PromotedField".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^spec[.\\[]" })
    }
}

/// Branches and tags from which promoted commits must be reachable.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refs {
    /// Globs of branch names. Absent together with `tags`: all.
    #[serde(default)]
    pub branches: Option<Vec<Located<Glob>>>,
    /// Globs of tag names.
    #[serde(default)]
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

/// How a promotion lands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Land {
    /// By GitHub's merge, and verified after.
    #[default]
    Merge,
    /// By a compare-and-swap of the base branch; for an App that may update it.
    Exact,
}

/// The method of `land: merge`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MergeMethod {
    /// One commit.
    #[default]
    Squash,
    /// A merge commit.
    Merge,
}

/// Limits of a rollback.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rollback {
    /// The oldest landing that a rollback may go back to, such as `90d`.
    #[serde(default = "Rollback::default_age")]
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
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// Template of the pull request's title.
    pub title: Option<Located<String>>,
    /// Template of the commit's subject.
    pub subject: Option<Located<String>>,
    /// A note at the end of each pull request's body.
    pub note: Option<Located<String>>,
}

/// Limits of one run.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// New promotions that one run may open.
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

/// Something that stays as it is. The narrowest name wins; one that names a service leaves only that service out.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Only this pipeline.
    pub pipeline: Option<Located<PipelineName>>,
    /// Only stages of this name.
    pub stage: Option<Located<StageName>>,
    /// Only this service, by `metadata.name`.
    pub service: Option<Located<String>>,
    /// Why; shown wherever the hold stops something.
    pub reason: String,
    /// When it ends by itself (RFC 3339, with an offset).
    pub until: Option<Instant>,
}

/// Rules for one pipeline.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PipelineEntry {
    /// Folders outside the services' own that are part of what is released.
    #[serde(default)]
    pub watch: Vec<Located<String>>,
    /// Rules by gate name; each replaces the whole entry under the top-level `gates`.
    #[serde(default)]
    pub gates: Named<GateName, GateRule>,
    /// Rules by stage name; each replaces the whole entry under the top-level `stages`.
    #[serde(default)]
    pub stages: Named<StageName, StageEntry>,
}

/// An entry of the policy together with where it stands.
#[derive(Debug)]
pub struct Ruled<'a, T> {
    /// The rule.
    pub rule: &'a T,
    /// The place of its name in the policy file.
    pub at: crate::yaml::Position,
}

impl<T> Clone for Ruled<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Ruled<'_, T> {}

impl Policy {
    /// The rule for a gate: the pipeline's own entry, else the general one. `None`: the default of its type.
    pub fn gate(&self, pipeline: &PipelineName, gate: &GateName) -> Option<Ruled<'_, GateRule>> {
        self.pipelines
            .get(pipeline)
            .and_then(|entry| entry.rule.gates.get(gate))
            .or_else(|| self.gates.get(gate))
    }

    /// The rule for a stage: the pipeline's own entry, else the general one. `None`: the defaults.
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

    /// Folders that a pipeline watches besides its services' own.
    pub fn watch(&self, pipeline: &PipelineName) -> &[Located<String>] {
        self.pipelines
            .get(pipeline)
            .map_or(&[], |entry| &entry.rule.watch)
    }

    /// Whether a file is left unread by the policy.
    pub fn excludes(&self, path: &str) -> bool {
        self.manifests.exclude.iter().any(|glob| glob.matches(path))
    }

    /// The namespace of manifests in this file that carry none.
    pub fn namespace_of(&self, path: &str) -> Option<&str> {
        self.manifests
            .namespaces
            .iter()
            .find(|(glob, _)| glob.matches(path))
            .map(|(_, namespace)| namespace.as_str())
    }
}

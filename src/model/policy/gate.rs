//! Rules of the policy for a gate. Which fields belong together follows from the gate's type: approval, window, or
//! a workflow or check for jobs and sentinels.

use schemars::JsonSchema;
use serde::Deserialize;

use super::time::{Hours, Wait, Zone};
use crate::yaml::Located;

/// An entry under `gates`, parsed: exactly one kind of rule.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "GateFields")]
pub enum GateRule {
    /// For APPROVAL.
    Approval {
        /// Lines that must each be met; never empty.
        approve: Vec<ApproveLine>,
        /// How an approval may be given; never empty.
        ways: Vec<Way>,
        /// Who is left out besides author, pushers and requester.
        exclude: Vec<Exclude>,
    },
    /// For WINDOW.
    Window {
        /// Weekly hours; never empty.
        open: Vec<Hours>,
        /// The zone in which they are meant.
        zone: Zone,
    },
    /// For JOB and SENTINEL: a workflow on the base branch.
    Workflow {
        /// The workflow's file name under `.github/workflows/`.
        workflow: Located<String>,
        /// After how long an unfinished run counts as failed.
        timeout: Option<Wait>,
    },
    /// For JOB and SENTINEL: a check of one App.
    Check(CheckOf),
}

impl GateRule {
    /// The types of gate that this rule is for, in the words of the resource.
    pub fn meant_for(&self) -> &'static str {
        match self {
            Self::Approval { .. } => "APPROVAL",
            Self::Window { .. } => "WINDOW",
            Self::Workflow { .. } | Self::Check(_) => "JOB or SENTINEL",
        }
    }
}

impl JsonSchema for GateRule {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "GateRule".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        GateFields::json_schema(generator)
    }
}

/// A rule for one gate. Give the fields of its type: `approve`, `ways`, `exclude` for APPROVAL; `open`, `zone` for
/// WINDOW; `workflow`, `timeout` or `check` for JOB and SENTINEL.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GateFields {
    /// Who must approve; every line must be met.
    approve: Option<Vec<ApproveLine>>,
    /// How an approval may be given. Default: by review or label.
    ways: Option<Vec<Way>>,
    /// Who does not count, besides author, pushers and requester.
    exclude: Option<Vec<Exclude>>,
    /// Weekly hours such as `Mon-Thu 09:00-17:00`; the end is not included.
    open: Option<Vec<Hours>>,
    /// The IANA zone of `open`, such as `Europe/Berlin`.
    zone: Option<Zone>,
    /// A workflow on the base branch, run once per build.
    workflow: Option<Located<String>>,
    /// After how long an unfinished run counts as failed, such as `45m`.
    timeout: Option<Wait>,
    /// A check of one App.
    check: Option<CheckOf>,
}

impl TryFrom<GateFields> for GateRule {
    type Error = String;

    fn try_from(fields: GateFields) -> Result<Self, String> {
        let approval =
            fields.approve.is_some() || fields.ways.is_some() || fields.exclude.is_some();
        let window = fields.open.is_some() || fields.zone.is_some();
        let workflow = fields.workflow.is_some() || fields.timeout.is_some();
        let check = fields.check.is_some();
        match (approval, window, workflow, check) {
            (true, false, false, false) => Ok(Self::Approval {
                approve: some_of(fields.approve.unwrap_or_else(|| vec![ApproveLine::default()]), "approve")?,
                ways: some_of(fields.ways.unwrap_or_else(|| vec![Way::Review, Way::Label]), "ways")?,
                exclude: fields.exclude.unwrap_or_default(),
            }),
            (false, true, false, false) => match (fields.open, fields.zone) {
                (Some(open), Some(zone)) => Ok(Self::Window {
                    open: some_of(open, "open")?,
                    zone,
                }),
                (None, _) => Err("`zone` without `open`: give the weekly hours too".to_owned()),
                (_, None) => Err("`open` without `zone`: name an IANA zone such as Europe/Berlin".to_owned()),
            },
            (false, false, true, false) => match fields.workflow {
                Some(workflow) => Ok(Self::Workflow {
                    workflow,
                    timeout: fields.timeout,
                }),
                None => Err("`timeout` without `workflow`".to_owned()),
            },
            (false, false, false, true) => fields.check.map(Self::Check).ok_or_else(|| "`check` is empty".to_owned()),
            (false, false, false, false) => Err(
                "an entry says something: `approve`, `ways` or `exclude`; `open` and `zone`; `workflow`; or `check`".to_owned(),
            ),
            _ => Err(
                "fields of different gate types in one entry: keep to `approve`, `ways`, `exclude`, or `open`, `zone`, \
                 or `workflow`, `timeout`, or `check`"
                    .to_owned(),
            ),
        }
    }
}

fn some_of<T>(list: Vec<T>, name: &str) -> Result<Vec<T>, String> {
    if list.is_empty() {
        Err(format!(
            "`{name}` is empty, so the gate could never pass; leave it out for the default"
        ))
    } else {
        Ok(list)
    }
}

/// One line of `approve`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveLine {
    /// Who: `writers`, `code-owners`, a group of `people`, `organisation/team`, or one person as `@login`.
    pub by: Located<Voters>,
    /// How many different people.
    #[serde(default = "ApproveLine::one")]
    #[schemars(with = "u32", range(min = 1))]
    pub count: Located<std::num::NonZeroU32>,
}

impl ApproveLine {
    fn one() -> Located<std::num::NonZeroU32> {
        Located {
            value: std::num::NonZeroU32::MIN,
            at: crate::yaml::Position { line: 1, column: 1 },
        }
    }
}

impl Default for ApproveLine {
    /// One person with write.
    fn default() -> Self {
        Self {
            by: Located {
                value: Voters::Writers,
                at: crate::yaml::Position { line: 1, column: 1 },
            },
            count: Self::one(),
        }
    }
}

/// Whose approval counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Voters {
    /// Anyone with write.
    Writers,
    /// The code owners of the changed files.
    CodeOwners,
    /// A team, as `organisation/team`.
    Team(String),
    /// A single person.
    Person(String),
    /// A group of the policy's `people`.
    Group(String),
}

impl std::fmt::Display for Voters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Writers => f.write_str("anyone with write"),
            Self::CodeOwners => f.write_str("code owners"),
            Self::Team(team) | Self::Group(team) => f.write_str(team),
            Self::Person(login) => write!(f, "@{login}"),
        }
    }
}

impl<'de> Deserialize<'de> for Voters {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(match text.as_str() {
            "writers" => Self::Writers,
            "code-owners" => Self::CodeOwners,
            "" => return Err(serde::de::Error::custom("`by` is empty")),
            _ => match text.strip_prefix('@') {
                Some(login) => Self::Person(login.to_owned()),
                None if text.contains('/') => Self::Team(text),
                None => Self::Group(text),
            },
        })
    }
}

impl JsonSchema for Voters {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Voters".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}

/// How an approval may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// By an approving review.
    Review,
    /// By the gate's label.
    Label,
    /// By a workflow dispatch that names the plan.
    Dispatch,
}

/// Who does not count as approver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Exclude {
    /// The authors of the promoted commits.
    ChangeAuthors,
}

/// A check of one App.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckOf {
    /// The check run's name.
    pub name: String,
    /// The App's numeric id.
    pub app: u64,
}

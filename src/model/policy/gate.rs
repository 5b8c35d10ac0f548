//! The policy's rules for gates. The gate's type decides which fields belong together: approval, window, or
//! a workflow or check for jobs and sentinels.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::checked;
use super::people::Voters;
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
        ways: Vec<ApprovalChannel>,
        /// Who does not count, in addition to author, pushers and requester.
        exclude: Vec<Exclude>,
    },
    /// For WINDOW.
    Window {
        /// Weekly hours; never empty.
        open: Vec<Hours>,
        /// The time zone of these hours.
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

/// The forms of a rule: the type of gate, its purpose, its fields, and the required ones.
const FORMS: &[Form] = &[
    Form {
        kind: "APPROVAL",
        about: "People approve. Without an entry, a gate of this type needs one person with write access.",
        fields: &["approve", "ways", "exclude"],
        required: &[],
    },
    Form {
        kind: "WINDOW",
        about: "Open only at certain hours of the week. A freeze takes precedence.",
        fields: &["open", "zone"],
        required: &["open", "zone"],
    },
    Form {
        kind: "JOB or SENTINEL: a workflow",
        about: "A workflow of this repository must succeed. Also for gate types that this version does not know.",
        fields: &["workflow", "timeout"],
        required: &["workflow"],
    },
    Form {
        kind: "JOB or SENTINEL: a check",
        about: "An App must report a check as successful. Also for gate types that this version does not know.",
        fields: &["check"],
        required: &["check"],
    },
];

struct Form {
    kind: &'static str,
    about: &'static str,
    fields: &'static [&'static str],
    required: &'static [&'static str],
}

impl JsonSchema for GateRule {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "GateRule".into()
    }

    /// The fields of `GateFields`, divided among the forms.
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let fields = GateFields::json_schema(generator);
        let of_form = |form: &Form| {
            let properties: serde_json::Map<String, serde_json::Value> = form
                .fields
                .iter()
                .filter_map(|name| {
                    let field = fields.get("properties")?.get(name)?;
                    Some(((*name).to_owned(), field.clone()))
                })
                .collect();
            serde_json::json!({
                "title": form.kind,
                "description": form.about,
                "type": "object",
                "properties": properties,
                "required": form.required,
                "minProperties": 1,
                "additionalProperties": false,
            })
        };
        let forms: Vec<serde_json::Value> = FORMS.iter().map(of_form).collect();
        schemars::json_schema!({
            "description": fields.get("description"),
            "anyOf": forms,
        })
    }
}

/// The rule of one gate, in the form for the gate's type.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with the rule of this gate"
)]
struct GateFields {
    /// Whose approval is needed. Every line must be met; one person can count for several. Default: one person with write access.
    #[serde(default, deserialize_with = "checked::optional_list")]
    #[schemars(length(min = 1), extend("default" = [{ "by": "writers", "count": 1 }]))]
    approve: Option<Vec<ApproveLine>>,
    /// How approvals may be given. A label and a dispatch count as one approval each, reviews as one for each person.
    #[serde(default, deserialize_with = "checked::optional_list")]
    #[schemars(length(min = 1), extend("default" = ["review", "label"]))]
    ways: Option<Vec<ApprovalChannel>>,
    /// Who does not count, in addition to anyone who opened the pull request, pushed to it or requested the promotion.
    exclude: Option<Vec<Exclude>>,
    /// Weekly hours. The end is not included; an end that is not after the start is on the next day.
    #[serde(default, deserialize_with = "checked::optional_list")]
    #[schemars(length(min = 1))]
    open: Option<Vec<Hours>>,
    /// The IANA time zone of `open`, such as `Europe/Berlin`. Daylight saving time is respected.
    zone: Option<Zone>,
    /// The file name of a workflow under `.github/workflows/` on the base branch that has a `workflow_dispatch` trigger. It
    /// runs once for each build of a promotion.
    #[serde(default, deserialize_with = "workflow")]
    #[schemars(regex(pattern = r"^[^/\\]+[.]ya?ml$"))]
    workflow: Option<Located<String>>,
    /// How long a run may take before it counts as failed, such as `45m`.
    #[serde(default, deserialize_with = "checked::optional_wait")]
    timeout: Option<Wait>,
    /// A check of one App on the promotion's head.
    check: Option<CheckOf>,
}

fn workflow<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Located<String>>, D::Error> {
    let workflow: Option<Located<String>> = Option::deserialize(deserializer)?;
    let is_file = |name: &str| {
        let stem = name
            .strip_suffix(".yml")
            .or_else(|| name.strip_suffix(".yaml"));
        stem.is_some_and(|stem| !stem.is_empty()) && !name.contains(['/', '\\'])
    };
    match &workflow {
        Some(workflow) if !is_file(workflow) => Err(D::Error::custom(
            "give only the file name of the workflow, such as integration.yml for .github/workflows/integration.yml",
        )),
        _ => Ok(workflow),
    }
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
                approve: fields.approve.unwrap_or_else(|| vec![ApproveLine::default()]),
                ways: fields.ways.unwrap_or_else(|| vec![ApprovalChannel::Review, ApprovalChannel::Label]),
                exclude: fields.exclude.unwrap_or_default(),
            }),
            (false, true, false, false) => match (fields.open, fields.zone) {
                (Some(open), Some(zone)) => Ok(Self::Window { open, zone }),
                (None, _) => Err("`zone` without `open`: add the weekly hours".to_owned()),
                (_, None) => Err("`open` without `zone`: add an IANA time zone such as Europe/Berlin".to_owned()),
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
                "this entry is empty: add `approve`, `ways` or `exclude`; `open` and `zone`; `workflow`; or `check`".to_owned(),
            ),
            _ => Err(
                "this entry mixes fields of different gate types: use `approve`, `ways`, `exclude`, or `open`, `zone`, \
                 or `workflow`, `timeout`, or `check`"
                    .to_owned(),
            ),
        }
    }
}

/// A line of `approve`: how many approvals by which people.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a line such as `{ by: writers, count: 1 }`"
)]
pub struct ApproveLine {
    /// Who: `writers` (anyone with write access), `code-owners` (the owners of the changed files), a group of `people`, a team as
    /// `organisation/team`, or one person as `@login`.
    pub by: Located<Voters>,
    /// How many different people.
    #[serde(default = "ApproveLine::one")]
    #[schemars(with = "u32", range(min = 1), extend("default" = 1))]
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
    /// One person with write access.
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

/// How an approval may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ApprovalChannel {
    /// By an approving review of the pull request.
    Review,
    /// By the gate's label, `approve/STAGE/GATE`, on the pull request.
    Label,
    /// By running the workflow with `approve: true` and `plan` set to the current plan.
    Dispatch,
}

/// Who does not count as an approver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Exclude {
    /// Anyone who made the changes that are promoted: who wrote, committed, pushed or merged them.
    ChangeAuthors,
}

/// A check of one App.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping such as `{ name: e2e, app: 123456 }`"
)]
pub struct CheckOf {
    /// The name of the check run.
    #[serde(deserialize_with = "checked::text")]
    #[schemars(length(min = 1))]
    pub name: String,
    /// The numeric ID of the App that reports it. GitHub Actions (15368) is refused: anyone with write access could report
    /// any check with a workflow.
    #[serde(deserialize_with = "checked::app")]
    #[schemars(range(min = 1), extend("not" = { "const": checked::GITHUB_ACTIONS_APP }))]
    pub app: u64,
}

//! People: groups and their members, and whose approval counts. Logins and teams are checked for their form only;
//! only GitHub knows whether they exist.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};

use super::checked;
use super::named::Named;
use crate::yaml::Located;

const WRITERS: &str = "writers";
const CODE_OWNERS: &str = "code-owners";

/// Reads `people`.
pub(super) fn groups<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Named<String, Vec<Located<String>>>, D::Error> {
    let groups: Named<GroupName, Members> = Named::deserialize(deserializer)?;
    let member = |member: Located<Member>| member.map(|Member(text)| text);
    Ok(groups.map(
        |GroupName(name)| name,
        |Members(members)| members.into_iter().map(member).collect(),
    ))
}

/// Reads `reviewers`.
pub(super) fn reviewers<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Located<String>>, D::Error> {
    let reviewers: Vec<Located<Reviewer>> = Vec::deserialize(deserializer)?;
    Ok(reviewers
        .into_iter()
        .map(|reviewer| reviewer.map(|Reviewer(text)| text))
        .collect())
}

/// The name of a group, as `approve` and `reviewers` refer to it.
#[derive(Clone, Debug)]
pub(super) struct GroupName(String);

impl<'de> Deserialize<'de> for GroupName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let why = match text.as_str() {
            WRITERS => {
                "`writers` already means anyone with write access: give the group another name"
            }
            CODE_OWNERS => {
                "`code-owners` already means the owners of the changed files: give the group another name"
            }
            name if !is_group(name) => {
                "a group's name must not contain blanks or slashes, or begin with @: nothing could refer to it"
            }
            _ => return Ok(Self(text)),
        };
        Err(D::Error::custom(why))
    }
}

impl JsonSchema for GroupName {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "GroupName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The name of a group, as `approve` and `reviewers` refer to it.",
            "type": "string",
            "pattern": "^[^@/\\s][^/\\s]*$",
            "not": { "enum": [WRITERS, CODE_OWNERS] },
        })
    }
}

/// Members of a group; at least one.
#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(super) struct Members(
    #[serde(deserialize_with = "checked::list")]
    #[schemars(length(min = 1))]
    Vec<Located<Member>>,
);

/// A member of a group: a login such as `carol`, or a team such as `acme/payments-leads`, which only an App's token can
/// read.
#[derive(Clone, Debug)]
pub(super) struct Member(String);

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let checked = match text.strip_prefix('@') {
            Some(login) => Err(format!("members of a group are written without @: {login}")),
            None if text.contains('/') => team(&text),
            None => login(&text),
        };
        checked.map_err(D::Error::custom)?;
        Ok(Self(text))
    }
}

impl JsonSchema for Member {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Member".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A login such as `carol`, or a team such as `acme/payments-leads`, which only an App's token can read.",
            "type": "string",
            "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]*(/[A-Za-z0-9._-]+)?$",
        })
    }
}

/// A person or team that is asked to review.
pub(super) struct Reviewer(String);

impl<'de> Deserialize<'de> for Reviewer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match Voters::of(&text).map_err(D::Error::custom)? {
            Voters::Writers | Voters::CodeOwners => Err(D::Error::custom(format!(
                "`{text}` does not name anyone whom GitHub could ask to review: use a group, organisation/team or @login"
            ))),
            Voters::Team(_) | Voters::Person(_) | Voters::Group(_) => Ok(Self(text)),
        }
    }
}

impl JsonSchema for Reviewer {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Reviewer".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A group of `people`, a team as `organisation/team`, or one person as `@login`.",
            "type": "string",
            "pattern": NAMED,
            "not": { "enum": [WRITERS, CODE_OWNERS] },
        })
    }
}

/// Whose approval counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Voters {
    /// Anyone with write access.
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

/// A group, a team or a person as `by` and `reviewers` write them.
const NAMED: &str =
    "^(@[A-Za-z0-9][A-Za-z0-9_-]*|[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9._-]+|[^@/\\s][^/\\s]*)$";

impl Voters {
    fn of(text: &str) -> Result<Self, String> {
        Ok(match text {
            WRITERS => Self::Writers,
            CODE_OWNERS => Self::CodeOwners,
            _ => match text.strip_prefix('@') {
                Some(name) => {
                    login(name)?;
                    Self::Person(name.to_owned())
                }
                None if text.contains('/') => {
                    team(text)?;
                    Self::Team(text.to_owned())
                }
                None if is_group(text) => Self::Group(text.to_owned()),
                None => {
                    return Err(format!(
                        "`{text}` is not a group, organisation/team or @login"
                    ));
                }
            },
        })
    }
}

impl fmt::Display for Voters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Writers => f.write_str("anyone with write access"),
            Self::CodeOwners => f.write_str("code owners"),
            Self::Team(team) | Self::Group(team) => f.write_str(team),
            Self::Person(login) => write!(f, "@{login}"),
        }
    }
}

impl<'de> Deserialize<'de> for Voters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::of(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl JsonSchema for Voters {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Voters".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": NAMED })
    }
}

fn is_group(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('@')
        && !name.contains('/')
        && !name.chars().any(char::is_whitespace)
}

fn login(text: &str) -> Result<(), String> {
    if text.ends_with("[bot]") {
        return Err(format!("{text} is a bot: a bot's approval never counts"));
    }
    if is_word(text, "_-") && !text.starts_with(['_', '-']) {
        Ok(())
    } else {
        Err(format!(
            "`{text}` is not a valid login: use letters, digits and hyphens (a team is organisation/team)"
        ))
    }
}

fn team(text: &str) -> Result<(), String> {
    match text.split_once('/') {
        Some((organisation, slug)) if login(organisation).is_ok() && is_word(slug, "._-") => Ok(()),
        _ => Err(format!(
            "`{text}` is not a valid team: write organisation/team, such as acme/payments-leads"
        )),
    }
}

fn is_word(text: &str, also: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || also.contains(c))
}

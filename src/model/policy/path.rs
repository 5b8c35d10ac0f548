//! Paths of the policy: globs over files and refs, promoted fields, folders.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};

use crate::yaml::{FieldPath, Located};

/// A glob over repository paths: `*` stays within a folder, `**` crosses folders.
#[derive(Clone, Debug)]
pub struct Glob {
    text: String,
    matcher: globset::GlobMatcher,
}

impl Glob {
    /// Parses a glob of 1 to 1,000 characters.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("a glob must not be empty: it would match nothing".to_owned());
        }
        if text.chars().count() > 1000 {
            return Err("a glob must not be longer than 1,000 characters".to_owned());
        }
        let glob = globset::GlobBuilder::new(text)
            .literal_separator(true)
            .build()
            .map_err(|error| format!("`{text}` is not a valid glob: {}", error.kind()))?;
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
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl JsonSchema for Glob {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Glob".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A glob: `*` stays within a folder, `**` crosses folders.",
            "type": "string",
            "minLength": 1,
            "maxLength": 1000,
        })
    }
}

/// A path in `fields`: under `spec`, and not one that is promoted anyway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromotedField(FieldPath);

impl PromotedField {
    /// The path.
    pub fn path(&self) -> &FieldPath {
        &self.0
    }
}

impl<'de> Deserialize<'de> for PromotedField {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let path: FieldPath = text
            .parse()
            .map_err(|error| D::Error::custom(format!("`{text}` is not a valid path: {error}")))?;
        let under = |keys: &[&str]| path.starts_with(&FieldPath::keys(keys));
        if !under(&["spec"]) || path == FieldPath::keys(&["spec"]) {
            return Err(D::Error::custom(format!(
                "`{text}` is not a field under `spec`, such as spec.helm.values.image.tag"
            )));
        }
        if under(&["spec", "configuration"]) {
            return Err(D::Error::custom(
                "`fields` cannot promote configuration: name its keys in `criteria.secrets` of the Pipeline instead",
            ));
        }
        for own in [
            ["spec", "git", "ref"],
            ["spec", "helm", "version"],
            ["spec", "helm", "chart"],
        ] {
            if under(&own) || FieldPath::keys(&own).starts_with(&path) {
                return Err(D::Error::custom(format!(
                    "`{text}` covers {}, which is always promoted",
                    own.join(".")
                )));
            }
        }
        Ok(Self(path))
    }
}

impl JsonSchema for PromotedField {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PromotedField".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A path under `spec`, such as `spec.helm.values.image.tag`.",
            "type": "string",
            "pattern": "^spec[.\\[]",
            "not": { "pattern": "^spec[.]configuration($|[.\\[])" },
        })
    }
}

/// Reads `watch`.
pub(super) fn folders<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Located<String>>, D::Error> {
    let folders: Vec<Located<Folder>> = Vec::deserialize(deserializer)?;
    Ok(folders
        .into_iter()
        .map(|folder| folder.map(|Folder(text)| text))
        .collect())
}

/// A folder or file inside the repository.
pub(super) struct Folder(String);

impl<'de> Deserialize<'de> for Folder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() || text.contains('\\') || text.split('/').any(|part| part == "..") {
            return Err(D::Error::custom(
                "a watched folder must be a path from the top of the repository, such as charts/common",
            ));
        }
        Ok(Self(text))
    }
}

impl JsonSchema for Folder {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Folder".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A path from the top of the repository, such as `charts/common`.",
            "type": "string",
            "minLength": 1,
            "not": { "pattern": "(^|/)[.][.](/|$)|\\\\" },
        })
    }
}

/// A Kubernetes namespace.
#[derive(Clone, Debug)]
pub struct Namespace(String);

impl Namespace {
    /// The namespace as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Namespace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let is_label = (1..=63).contains(&text.len())
            && text.chars().all(fits)
            && !text.starts_with('-')
            && !text.ends_with('-');
        if is_label {
            Ok(Self(text))
        } else {
            Err(D::Error::custom(format!(
                "`{text}` is not a valid namespace: use at most 63 lower-case letters, digits and hyphens, without a hyphen at either end"
            )))
        }
    }
}

impl JsonSchema for Namespace {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Namespace".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A Kubernetes namespace.",
            "type": "string",
            "pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
        })
    }
}

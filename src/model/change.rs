//! A change: one field of one manifest, old and new.

use secrecy::{ExposeSecret, SecretString};

use super::ids::BlobId;
use super::plan_id::PlanChange;
use super::reference::{Kind, ManifestKey};
use super::source_location::{RepoPath, SourceLocation};
use crate::yaml::{Edit, FieldPath, Form, Note, Position};

/// A value on its way from a source to a target.
#[derive(Clone, Debug)]
pub enum Text {
    /// Shown wherever the change is shown.
    Plain(String),
    /// Never shown.
    Secret(SecretString),
}

impl Text {
    /// The value itself, for comparing and writing only.
    pub fn expose(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Secret(text) => text.expose_secret(),
        }
    }

    /// The value for people, unless it is secret.
    pub fn shown(&self) -> Option<&str> {
        match self {
            Self::Plain(text) => Some(text),
            Self::Secret(_) => None,
        }
    }
}

impl PartialEq for Text {
    /// By value, secret or not.
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Text {}

/// One field of one manifest that a promotion sets.
#[derive(Clone, Debug)]
pub struct Change {
    /// The manifest.
    pub manifest: ManifestKey,
    /// `metadata.namespace` as the file has it: what identifies the manifest for the editor.
    pub written_namespace: Option<String>,
    /// The file that holds it.
    pub file: RepoPath,
    /// The position of the old value, or the position at which the new one is added.
    pub at: Position,
    /// The field.
    pub path: FieldPath,
    /// The value now; `None` if there is none.
    pub old: Option<Text>,
    /// The value to be, as the file will hold it (base64 in `data` of a `Secret`).
    pub new: Text,
    /// How the new value is written.
    pub form: Form,
    /// Our comment behind it.
    pub note: Note,
    /// What people see besides old and new value, such as the branch that the commit is from.
    pub said: Option<String>,
    /// Present on a secret change: the ids of the files that hold the old and the new value.
    pub secret: Option<SecretFiles>,
}

/// The files that represent a secret's values in a plan ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretFiles {
    /// The target's file before the change; `None` never occurs for a file that exists.
    pub old: BlobId,
    /// The source's file.
    pub new: BlobId,
}

impl Change {
    /// The edit that makes it.
    pub fn edit(&self) -> Edit {
        Edit {
            object: self.manifest.identity(self.written_namespace.as_deref()),
            path: self.path.clone(),
            value: self.new.expose().to_owned(),
            form: self.form,
            note: self.note.clone(),
        }
    }

    /// Whether its values are kept hidden.
    pub fn is_secret(&self) -> bool {
        self.secret.is_some()
    }

    /// Whether it sets `spec.git.ref`: the only field whose values resolve to commits.
    pub fn sets_git_ref(&self) -> bool {
        self.path == FieldPath::keys(&["spec", "git", "ref"])
    }

    /// Whether it sets a version: of a chart, or a field named `version`, `tag` or `digest`. A service's configuration
    /// is never a version, whatever its name.
    pub fn sets_version(&self) -> bool {
        let chart = FieldPath::keys(&["spec", "helm", "chart"]);
        let configuration = FieldPath::keys(&["spec", "configuration"]);
        let named = matches!(self.path.last_key(), Some("version" | "tag" | "digest"));
        !self.is_secret()
            && self.manifest.kind == Kind::ServiceDeployment
            && !self.path.starts_with(&configuration)
            && (named || self.path == chart)
    }

    /// The position of the change.
    pub fn place(&self) -> SourceLocation {
        SourceLocation::new(&self.file, self.at)
    }

    /// What of it makes up the plan id.
    pub fn identity(&self) -> PlanChange {
        let (old, new) = match &self.secret {
            Some(files) => (
                self.old.as_ref().map(|_| files.old.to_string()),
                files.new.to_string(),
            ),
            None => (
                self.old.as_ref().map(|old| old.expose().to_owned()),
                self.new.expose().to_owned(),
            ),
        };
        PlanChange {
            kind: self.manifest.kind.as_str().to_owned(),
            namespace: self.manifest.namespace.clone(),
            name: self.manifest.name.clone(),
            path: self.path.to_string(),
            old,
            new,
        }
    }
}

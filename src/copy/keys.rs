//! Configuration keys named in `criteria.secrets`: where a value is found, and where it may be written.
//!
//! A value in a `Secret` is never written as plain text, and never shown.

use base64::Engine;
use secrecy::{ExposeSecret, SecretString};

use super::comparison::{Comparison, Problem, Write, not_a_scalar};
use super::pair::Pair;
use crate::model::change::{Change, SecretFiles, Text};
use crate::model::facts::Slot;
use crate::model::finding::Severity;
use crate::model::reference::ManifestKey;
use crate::model::service::{Field, Secret, SecretField, Service};
use crate::model::source_location::{RepoPath, SourceLocation};
use crate::yaml::{FieldPath, Located, Note, Position};

/// The two mappings of a `Secret`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    StringData,
    Data,
}

impl Part {
    fn key(self) -> &'static str {
        match self {
            Self::StringData => "stringData",
            Self::Data => "data",
        }
    }

    fn write(self, value: &SecretString) -> SecretString {
        match self {
            Self::StringData => value.clone(),
            Self::Data => base64::engine::general_purpose::STANDARD
                .encode(value.expose_secret())
                .into(),
        }
    }
}

/// Where a side has a key.
enum Found<'a> {
    Configuration(Field),
    Secret(&'a Secret, Part, &'a SecretField),
    Nowhere,
}

/// A value at the source.
struct SourceValue<'a> {
    text: Text,
    /// The file that holds it.
    file: &'a RepoPath,
    in_secret: bool,
}

fn find<'a>(service: &Service, secret: Option<&'a Secret>, key: &str) -> Found<'a> {
    match service.configuration.get(key) {
        Field::Absent { .. } => {}
        field => return Found::Configuration(field),
    }
    let Some(secret) = secret else {
        return Found::Nowhere;
    };
    // Kubernetes lets stringData win over data.
    for (part, entries) in [
        (Part::StringData, &secret.string_data),
        (Part::Data, &secret.data),
    ] {
        if let Some(field) = entries.entries.get(key) {
            return Found::Secret(secret, part, field);
        }
    }
    Found::Nowhere
}

/// The value of a key on one side, wherever it is stored; `None` if there is none or it cannot be used.
pub(super) fn value_of(service: &Service, secret: Option<&Secret>, key: &str) -> Option<Text> {
    match find(service, secret, key) {
        Found::Configuration(field) => field.text().map(|text| Text::Plain(text.to_owned())),
        Found::Secret(_, _, SecretField::Value { value, .. }) => Some(Text::Secret(value.clone())),
        _ => None,
    }
}

impl<'a> Pair<'a> {
    /// The field that copying this key may write; `None` if nothing would be written.
    pub(super) fn key_write(&self, key: &Located<String>) -> Option<Write> {
        let write = |manifest: &ManifestKey, place: SourceLocation, path: FieldPath| {
            Some(Write {
                manifest: manifest.clone(),
                place,
                path,
            })
        };
        let own = |field: &Field| {
            write(
                &self.target.key,
                self.target
                    .place(field.position().unwrap_or(self.target.at)),
                FieldPath::keys(&["spec", "configuration", key]),
            )
        };
        value_of(self.source, self.source_secret, key)?;
        match find(self.target, self.target_secret, key) {
            Found::Configuration(field) => own(&field),
            Found::Secret(secret, part, field) => write(
                &secret.key,
                secret.place(field.position()),
                FieldPath::keys(&[part.key(), key]),
            ),
            Found::Nowhere => match find(self.source, self.source_secret, key) {
                Found::Secret(..) => {
                    let secret = self.target_secret?;
                    let part = new_part(secret);
                    write(
                        &secret.key,
                        secret.place(secret.at),
                        FieldPath::keys(&[part.key(), key]),
                    )
                }
                _ => own(&self.target.configuration.get(key)),
            },
        }
    }

    pub(super) fn compare_key(&self, key: &Located<String>, into: &mut Comparison) {
        let Some(source) = self.source_value(key, into) else {
            return;
        };
        let target = find(self.target, self.target_secret, key);
        // A value is secret if it is in a Secret on either side.
        let taken = match &target {
            Found::Secret(..) => Text::Secret(source.text.expose().into()),
            _ => source.text.clone(),
        };
        into.taken.insert(Slot::Key(key.value.clone()), taken);
        match target {
            Found::Configuration(_) if source.in_secret => {
                let at = self
                    .target
                    .configuration
                    .get(key)
                    .position()
                    .unwrap_or(self.target.at);
                into.problems
                    .push(self.to_plaintext(key, self.target.place(at)));
            }
            Found::Configuration(field) => {
                self.set(
                    &["spec", "configuration", key],
                    &field,
                    source.text.expose(),
                    Note::Keep,
                    None,
                    into,
                );
            }
            Found::Secret(secret, part, field) => {
                self.set_secret(key, &source, secret, part, Some(field), into);
            }
            Found::Nowhere if source.in_secret => match self.target_secret {
                Some(secret) => self.set_secret(key, &source, secret, new_part(secret), None, into),
                // A reference that leads nowhere has its own finding.
                None if self.target.configuration_ref.is_some() => {}
                None => into
                    .problems
                    .push(self.to_plaintext(key, self.target.place(self.target.at))),
            },
            Found::Nowhere => match self.target.configuration.get(key) {
                Field::Absent { parent: None } => into.problems.push(Problem {
                    code: "target-not-editable",
                    severity: Severity::Error,
                    place: self.target.place(self.target.at),
                    message: format!(
                        "{} has no `spec.configuration` to add `{key}` to",
                        self.target.key.name,
                        key = key.value
                    ),
                    help: Some("add `configuration: {}` under its spec".to_owned()),
                }),
                field => self.set(
                    &["spec", "configuration", key],
                    &field,
                    source.text.expose(),
                    Note::Keep,
                    None,
                    into,
                ),
            },
        }
    }

    fn source_value(
        &self,
        key: &Located<String>,
        into: &mut Comparison,
    ) -> Option<SourceValue<'a>> {
        let problem = |code, severity, place, message: String, help: &str| Problem {
            code,
            severity,
            place,
            message,
            help: Some(help.to_owned()),
        };
        let name = &self.source.key.name;
        match find(self.source, self.source_secret, key) {
            Found::Configuration(Field::Value(value)) => Some(SourceValue {
                text: Text::Plain(value.text),
                file: &self.source.file,
                in_secret: false,
            }),
            Found::Configuration(Field::NotScalar(at)) => {
                into.problems.push(not_a_scalar(
                    self.source.place(at),
                    &FieldPath::keys(&["spec", "configuration", key]),
                    name,
                ));
                None
            }
            Found::Secret(secret, _, field) => {
                if secret.encrypted {
                    into.problems.push(encrypted(secret));
                    return None;
                }
                match field {
                    SecretField::Value { value, .. } => Some(SourceValue {
                        text: Text::Secret(value.clone()),
                        file: &secret.file,
                        in_secret: true,
                    }),
                    SecretField::Unusable { at, why } => {
                        into.problems.push(problem(
                            "target-not-editable",
                            Severity::Error,
                            secret.place(*at),
                            format!(
                                "`{}` of Secret {} cannot be copied: {why}",
                                key.value, secret.key.name
                            ),
                            "move the value to `stringData`, or fix its base64",
                        ));
                        None
                    }
                    SecretField::Empty(at) => {
                        into.problems.push(self.missing(key, secret.place(*at)));
                        None
                    }
                }
            }
            // A reference that leads nowhere has its own finding.
            Found::Nowhere
                if self.source.configuration_ref.is_some() && self.source_secret.is_none() =>
            {
                None
            }
            Found::Configuration(_) | Found::Nowhere => {
                let at = self.source.configuration.at.unwrap_or(self.source.at);
                into.problems.push(self.missing(key, self.source.place(at)));
                None
            }
        }
    }

    fn missing(&self, key: &Located<String>, place: SourceLocation) -> Problem {
        Problem {
            code: "secret-missing",
            severity: Severity::Warning,
            place,
            message: format!(
                "{} has no value for `{}`, which {} needs: nothing is copied for it",
                self.source.key.name, key.value, self.target.key.name
            ),
            help: Some(format!(
                "add `{}` under spec.configuration of {}, or to the Secret that its configurationRef names",
                key.value, self.source.key.name
            )),
        }
    }

    fn to_plaintext(&self, key: &Located<String>, place: SourceLocation) -> Problem {
        Problem {
            code: "secret-to-plaintext",
            severity: Severity::Error,
            place,
            message: format!(
                "`{}` of {} is in a Secret and would be written as plain text into {}",
                key.value, self.source.key.name, self.target.key.name
            ),
            help: Some(format!(
                "give {} a `configurationRef` to its own Secret, and keep `{}` there",
                self.target.key.name, key.value
            )),
        }
    }

    fn set_secret(
        &self,
        key: &Located<String>,
        source: &SourceValue<'_>,
        secret: &Secret,
        part: Part,
        field: Option<&SecretField>,
        into: &mut Comparison,
    ) {
        if secret.encrypted {
            into.problems.push(encrypted(secret));
            return;
        }
        let path = FieldPath::keys(&[part.key(), key]);
        let entries = match part {
            Part::StringData => &secret.string_data,
            Part::Data => &secret.data,
        };
        let (at, old): (Position, Option<Text>) = match field {
            Some(SecretField::Value { value, at }) => (*at, Some(Text::Secret(value.clone()))),
            Some(SecretField::Empty(at)) => (*at, None),
            Some(SecretField::Unusable { at, why }) => {
                into.problems.push(Problem {
                    code: "target-not-editable",
                    severity: Severity::Error,
                    place: secret.place(*at),
                    message: format!(
                        "`{}` of Secret {} cannot be compared: {why}",
                        key.value, secret.key.name
                    ),
                    help: Some("fix the value by hand once".to_owned()),
                });
                return;
            }
            None => match entries.at {
                Some(at) => (at, None),
                None => {
                    into.problems.push(Problem {
                        code: "target-not-editable",
                        severity: Severity::Error,
                        place: secret.place(secret.at),
                        message: format!(
                            "Secret {} has neither `stringData` nor `data`",
                            secret.key.name
                        ),
                        help: Some("add `stringData: {}`".to_owned()),
                    });
                    return;
                }
            },
        };
        if old.as_ref() == Some(&source.text) {
            return;
        }
        let value = SecretString::from(source.text.expose());
        let old_file = self.catalog.files.get(&secret.file).copied();
        let new_file = self.source_files.get(source.file).copied();
        let (Some(old_file), Some(new_file)) = (old_file, new_file) else {
            into.problems.push(Problem {
                code: "manifest-unreadable",
                severity: Severity::Error,
                place: secret.place(at),
                message: format!(
                    "the content of {} or {} has no ID, so no plan can name it",
                    secret.file, source.file
                ),
                help: None,
            });
            return;
        };
        into.changes.push(Change {
            manifest: secret.key.clone(),
            written_namespace: secret.written_namespace.clone(),
            file: secret.file.clone(),
            at,
            path,
            old,
            new: Text::Secret(part.write(&value)),
            form: crate::yaml::Form::Text,
            note: Note::Keep,
            said: None,
            secret: Some(SecretFiles {
                old: old_file,
                new: new_file,
            }),
        });
    }
}

/// Where a key goes that the target's `Secret` does not have.
fn new_part(secret: &Secret) -> Part {
    if secret.string_data.at.is_some() {
        Part::StringData
    } else {
        Part::Data
    }
}

fn encrypted(secret: &Secret) -> Problem {
    Problem {
        code: "secret-encrypted",
        severity: Severity::Error,
        place: secret.place(secret.at),
        message: format!(
            "Secret {} is encrypted with SOPS; promoting encrypted values is not supported yet, so it is left alone",
            secret.key.name
        ),
        help: Some("promote this key by hand, or remove it from `criteria.secrets`".to_owned()),
    }
}

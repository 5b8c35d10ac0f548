//! What a promotion may write, and what it would change: a pair compared.

use super::comparison::{Comparison, Problem, Write, not_a_scalar};
use super::keys::value_of;
use super::pair::Pair;
use super::version::{is_exact_version, is_full_id};
use crate::model::change::{Change, Text};
use crate::model::facts::{Revision, Slot, Values};
use crate::model::finding::Severity;
use crate::model::origin::Origin;
use crate::model::policy::{Policy, RevisionMode};
use crate::model::service::{Field, Secret, Service, Value};
use crate::yaml::scalar::PlainType;
use crate::yaml::{FieldPath, Form, Located, Note};

impl Pair<'_> {
    /// Every field that a promotion of this pair may write, whatever the values are now.
    pub fn writes(&self) -> Vec<Write> {
        let mut writes = Vec::new();
        let mut own = |keys: &[&str], field: &Field| {
            writes.push(Write {
                manifest: self.target.key.clone(),
                place: self
                    .target
                    .place(field.position().unwrap_or(self.target.at)),
                path: FieldPath::keys(keys),
            });
        };
        if self.source_ref().is_some()
            && let Some(git) = &self.target.git
        {
            own(&["spec", "git", "ref"], &git.reference);
        }
        if let (Some(source), Some(target)) = (&self.source.helm, &self.target.helm) {
            if source.version.value().is_some() {
                own(&["spec", "helm", "version"], &target.version);
            }
            if source.chart.value().is_some() {
                own(&["spec", "helm", "chart"], &target.chart);
            }
        }
        for ((path, source), target) in self
            .policy
            .fields
            .iter()
            .zip(&self.source.fields)
            .zip(&self.target.fields)
        {
            let reachable = !matches!(target, Field::Absent { parent: None });
            if source.value().is_some() && reachable {
                writes.push(Write {
                    manifest: self.target.key.clone(),
                    place: self
                        .target
                        .place(target.position().unwrap_or(self.target.at)),
                    path: path.path().clone(),
                });
            }
        }
        writes.extend(self.keys.iter().filter_map(|key| self.key_write(key)));
        writes
    }

    /// Compares the two. `revision` answers [`Pair::revision_query`].
    pub fn compare(&self, revision: Option<&Revision>) -> Comparison {
        let mut comparison = Comparison::default();
        self.compare_git(revision, &mut comparison);
        self.compare_helm(&mut comparison);
        for key in self.keys {
            self.compare_key(key, &mut comparison);
        }
        self.compare_fields(&mut comparison);
        comparison
    }

    fn compare_git(&self, revision: Option<&Revision>, into: &mut Comparison) {
        let (Some(source), Some(target)) = (&self.source.git, &self.target.git) else {
            return;
        };
        let path = ["spec", "git", "ref"];
        if let Field::NotScalar(at) = source.reference {
            let place = self.source.place(at);
            let path = FieldPath::keys(&path);
            into.problems
                .push(not_a_scalar(place, &path, &self.source.key.name));
            return;
        }
        let Some(value) = source.reference.value() else {
            return;
        };
        let place = self.source.place(value.at);
        if !self.same_origin() {
            let shown = |origin: Option<&Origin>| {
                origin.map_or_else(|| "nowhere".to_owned(), Origin::to_string)
            };
            into.problems.push(Problem {
                code: "repository-differs",
                severity: Severity::Error,
                place: self.target.place(target.reference.position().unwrap_or(self.target.at)),
                message: format!(
                    "{} takes git from {} and its source {} from {}: a ref would cross repositories",
                    self.target.key.name,
                    shown(self.target_origin),
                    self.source.key.name,
                    shown(self.source_origin),
                ),
                help: Some(
                    "use the same repository for both, by the same `git.url` or `repositoryRef`"
                        .to_owned(),
                ),
            });
            return;
        }
        let unresolved = |message: String, help: Option<String>| Problem {
            code: "revision-unresolved",
            severity: Severity::Error,
            place: place.clone(),
            message,
            help,
        };
        let resolved = match revision {
            _ if self.unknown_origin() => None,
            Some(Revision::Resolved(resolved)) => Some(resolved),
            Some(Revision::Unread) => {
                into.unread = true;
                return;
            }
            Some(Revision::Failed { why, help }) => {
                let name = &self.source.key.name;
                let message = format!("the revision `{}` of {name}: {why}", value.text);
                into.problems.push(unresolved(message, help.clone()));
                return;
            }
            None => {
                let name = &self.source.key.name;
                let message = format!("the revision `{}` of {name} was not looked up", value.text);
                into.problems.push(unresolved(message, None));
                return;
            }
        };
        let (new, note, said) = match resolved {
            Some(resolved) if self.mode == RevisionMode::Pin => {
                let commit = resolved.commit.to_string();
                let name = resolved.name.as_deref().or(value.note.as_deref());
                if resolved.same_as_target {
                    into.taken.insert(Slot::GitRef, Text::Plain(commit));
                    return;
                }
                (commit, passed_on(name), name.map(str::to_owned))
            }
            _ => {
                let holds_id = target.reference.text().is_some_and(is_full_id);
                if holds_id && !is_full_id(&value.text) {
                    let message = format!(
                        "{} holds a commit ID, and `{}` of {} would replace it: a commit ID is only ever replaced by \
                         another one",
                        self.target.key.name, value.text, self.source.key.name
                    );
                    let help = "add the GitRepository manifest or `git.url` so that it can be resolved, or set a commit ID \
                                in the source";
                    into.problems
                        .push(unresolved(message, Some(help.to_owned())));
                    return;
                }
                let note = if is_full_id(&value.text) {
                    passed_on(value.note.as_deref())
                } else {
                    Note::Remove
                };
                (value.text.clone(), note, None)
            }
        };
        into.taken.insert(Slot::GitRef, Text::Plain(new.clone()));
        self.set(&path, &target.reference, &new, note, said, into);
    }

    fn compare_helm(&self, into: &mut Comparison) {
        let (Some(source), Some(target)) = (&self.source.helm, &self.target.helm) else {
            return;
        };
        for (field, key) in [(&source.version, "version"), (&source.chart, "chart")] {
            if let Field::NotScalar(at) = field {
                let path = FieldPath::keys(&["spec", "helm", key]);
                let place = self.source.place(*at);
                into.problems
                    .push(not_a_scalar(place, &path, &self.source.key.name));
            }
        }
        if source.version.value().is_none() && source.chart.value().is_none() {
            return;
        }
        if !self.same_chart_origin() {
            into.problems.push(Problem {
                code: "repository-differs",
                severity: Severity::Error,
                place: self.target.place(target.version.position().unwrap_or(self.target.at)),
                message: format!(
                    "{} takes its chart from a different place than its source {}: a version would cross repositories",
                    self.target.key.name, self.source.key.name
                ),
                help: Some("use the same `url`, `repository` or `repositoryRef` for both charts".to_owned()),
            });
            return;
        }
        if let Some(version) = source.version.value() {
            // What both already have is not written, whatever it resolves to.
            let written = target.version.text() != Some(&version.text);
            if written && !is_exact_version(&version.text) {
                into.problems.push(Problem {
                    code: "revision-unresolved",
                    severity: Severity::Error,
                    place: self.source.place(version.at),
                    message: format!(
                        "the chart version `{}` of {} is a range, so it is undetermined what would be promoted",
                        version.text, self.source.key.name
                    ),
                    help: Some("pin the source to an exact version such as 6.5.3".to_owned()),
                });
                return;
            }
            into.taken
                .insert(Slot::HelmVersion, Text::Plain(version.text.clone()));
            self.set(
                &["spec", "helm", "version"],
                &target.version,
                &version.text,
                Note::Keep,
                None,
                into,
            );
        }
        if let Some(chart) = source.chart.value() {
            into.taken
                .insert(Slot::HelmChart, Text::Plain(chart.text.clone()));
            self.set(
                &["spec", "helm", "chart"],
                &target.chart,
                &chart.text,
                Note::Keep,
                None,
                into,
            );
        }
    }

    fn compare_fields(&self, into: &mut Comparison) {
        for ((path, source), target) in self
            .policy
            .fields
            .iter()
            .zip(&self.source.fields)
            .zip(&self.target.fields)
        {
            let path = path.path();
            match source {
                Field::Value(value) => {
                    if matches!(target, Field::Absent { parent: None }) {
                        into.skipped.push(format!(
                            "{path} of {}: there is no mapping to add it to",
                            self.target.key.name
                        ));
                        continue;
                    }
                    // What both hold already is not written, whatever it is.
                    if target.text() != Some(&value.text)
                        && let Some(problem) = self.type_problem(path, value, target)
                    {
                        into.problems.push(problem);
                        continue;
                    }
                    into.taken
                        .insert(Slot::Field(path.clone()), Text::Plain(value.text.clone()));
                    let before = into.changes.len();
                    self.set_path(path.clone(), target, &value.text, Note::Keep, None, into);
                    if value.kind != PlainType::Text
                        && let Some(change) = into.changes.get_mut(before)
                    {
                        change.form = Form::Bare;
                    }
                }
                Field::NotScalar(at) => into.problems.push(Problem {
                    code: "target-not-editable",
                    severity: Severity::Error,
                    place: self.source.place(*at),
                    message: format!(
                        "{path} of {} is not a scalar, so it cannot be copied",
                        self.source.key.name
                    ),
                    help: Some(
                        "list the fields below it individually under `fields` in the policy"
                            .to_owned(),
                    ),
                }),
                Field::Empty(_) | Field::Absent { .. } => {}
            }
        }
    }

    /// Why a further field cannot be copied as what it is: a value keeps its type, and every reader must find in it what the text says.
    fn type_problem(&self, path: &FieldPath, value: &Value, target: &Field) -> Option<Problem> {
        let problem = |place, message, help: &str| Problem {
            code: "target-not-editable",
            severity: Severity::Error,
            place,
            message,
            help: Some(help.to_owned()),
        };
        let (source_name, target_name) = (&self.source.key.name, &self.target.key.name);
        if value.kind == PlainType::Unclear {
            let message = format!(
                "{path} of {source_name} is `{}` without quotes, which YAML parsers read differently",
                value.text
            );
            let help = "quote it at the source if it is meant as a string, or write the number in its canonical form";
            return Some(problem(self.source.place(value.at), message, help));
        }
        let old = target.value().filter(|old| old.kind != value.kind)?;
        let message = format!(
            "{path} is {} at {source_name} and {} at {target_name}: a promoted value keeps its type",
            named(value.kind),
            named(old.kind)
        );
        Some(match value.kind {
            PlainType::Text => problem(
                self.target.place(old.at),
                message,
                "quote it in the target too",
            ),
            _ => problem(
                self.source.place(value.at),
                message,
                "quote it at the source, or remove the quotes in the target",
            ),
        })
    }

    pub(super) fn set(
        &self,
        keys: &[&str],
        target: &Field,
        new: &str,
        note: Note,
        said: Option<String>,
        into: &mut Comparison,
    ) {
        self.set_path(FieldPath::keys(keys), target, new, note, said, into);
    }

    fn set_path(
        &self,
        path: FieldPath,
        target: &Field,
        new: &str,
        note: Note,
        said: Option<String>,
        into: &mut Comparison,
    ) {
        if target.text() == Some(new) {
            return;
        }
        if let Field::NotScalar(at) = target {
            into.problems.push(not_a_scalar(
                self.target.place(*at),
                &path,
                &self.target.key.name,
            ));
            return;
        }
        into.changes.push(Change {
            manifest: self.target.key.clone(),
            written_namespace: self.target.written_namespace.clone(),
            file: self.target.file.clone(),
            at: target.position().unwrap_or(self.target.at),
            path,
            old: target.text().map(|text| Text::Plain(text.to_owned())),
            new: Text::Plain(new.to_owned()),
            form: crate::yaml::Form::Text,
            note,
            said,
            secret: None,
        });
    }
}

fn named(kind: PlainType) -> &'static str {
    match kind {
        PlainType::Text => "a string",
        PlainType::Boolean => "a boolean",
        PlainType::Number => "a number",
        PlainType::Unclear => "unquoted and ambiguous",
    }
}

/// The comment behind a commit ID: the name if there is one that fits on a line, otherwise no comment of ours.
fn passed_on(name: Option<&str>) -> Note {
    match name {
        Some(name) if !name.is_empty() && !name.chars().any(char::is_control) => {
            Note::Set(name.to_owned())
        }
        _ => Note::Remove,
    }
}

/// Values of a target or source by slot, for comparing two points of history. The git ref is its text.
pub(crate) fn values(
    service: &Service,
    secret: Option<&Secret>,
    keys: &[Located<String>],
    policy: &Policy,
) -> Values {
    let mut values = Values::new();
    let mut put = |slot: Slot, field: Option<&Field>| {
        if let Some(text) = field.and_then(Field::text) {
            values.insert(slot, Text::Plain(text.to_owned()));
        }
    };
    put(Slot::GitRef, service.git.as_ref().map(|git| &git.reference));
    put(
        Slot::HelmVersion,
        service.helm.as_ref().map(|helm| &helm.version),
    );
    put(
        Slot::HelmChart,
        service.helm.as_ref().map(|helm| &helm.chart),
    );
    for (path, field) in policy.fields.iter().zip(&service.fields) {
        put(Slot::Field(path.path().clone()), Some(field));
    }
    for key in keys {
        if let Some(text) = value_of(service, secret, key) {
            values.insert(Slot::Key(key.value.clone()), text);
        }
    }
    values
}

//! What a promotion copies from a source to a target (semantics: what a promotion copies). Pure.
//!
//! A [`Pair`] is one target and its source. From it follow the revision that has to be resolved, the fields that a
//! promotion may write, and, once the revision is known, the changes. Whether a promotion is *due* is not decided here.

mod keys;
mod past;
mod version;

pub use version::{is_exact_version, is_full_id, looks_like_tag};

use std::collections::BTreeMap;

use crate::model::catalog::{Catalog, ServiceId};
use crate::model::change::{Change, Text};
use crate::model::facts::{Revision, RevisionQuery, Slot, Values};
use crate::model::finding::Severity;
use crate::model::ids::BlobId;
use crate::model::origin::Origin;
use crate::model::place::{Place, RepoPath};
use crate::model::policy::{Policy, RevisionMode};
use crate::model::reference::ManifestKey;
use crate::model::resolved::{ResolvedPipeline, ResolvedService, StageIndex};
use crate::model::service::{Field, Secret, Service, Value};
use crate::yaml::scalar::PlainType;
use crate::yaml::{FieldPath, Form, Located, Note};

/// One target of a stage and the source that its criteria names, both found.
#[derive(Clone, Debug)]
pub struct Pair<'a> {
    catalog: &'a Catalog,
    policy: &'a Policy,
    /// Which service is the target.
    pub target_id: ServiceId,
    /// Which service is the source.
    pub source_id: ServiceId,
    /// The target.
    pub target: &'a Service,
    /// The source.
    pub source: &'a Service,
    /// The target's `Secret`, where keys are copied and it names one that is there.
    pub target_secret: Option<&'a Secret>,
    /// The source's `Secret`, where keys are copied and it names one that is there.
    pub source_secret: Option<&'a Secret>,
    /// Where the target takes git from.
    pub target_origin: Option<&'a Origin>,
    /// Where the source takes git from.
    pub source_origin: Option<&'a Origin>,
    /// `criteria.secrets`.
    pub keys: &'a [Located<String>],
    /// What is written as the git ref.
    pub mode: RevisionMode,
    /// The ids of the files at the source's side.
    source_files: &'a BTreeMap<RepoPath, BlobId>,
    watch: &'a [Located<String>],
}

/// What stands in the way of copying one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The code of the finding that it becomes.
    pub code: &'static str,
    /// Whether it stops the pipeline.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// A pair compared.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// What would have to change.
    pub changes: Vec<Change>,
    /// Values of the source as they would be written; the git ref as the commit that it stands for.
    pub taken: Values,
    /// What stands in the way.
    pub problems: Vec<Problem>,
    /// Fields that are not copied, and why.
    pub skipped: Vec<String>,
    /// The revision was not read, for want of a forge.
    pub unread: bool,
}

/// A field that a promotion may write, whatever the values are now.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Write {
    /// The manifest.
    pub manifest: ManifestKey,
    /// Where the manifest or field stands.
    pub place: Place,
    /// The field.
    pub path: FieldPath,
}

impl<'a> Pair<'a> {
    /// The pair of a stage's service; `None` where it has no source or a reference leads nowhere.
    pub fn of(
        catalog: &'a Catalog,
        policy: &'a Policy,
        pipeline: &'a ResolvedPipeline,
        stage: StageIndex,
        entry: usize,
    ) -> Option<Self> {
        let resolved: &ResolvedService = pipeline.stages[stage].services.get(entry)?;
        let manifest = catalog.pipeline(pipeline.id);
        let criteria = manifest.stages[stage].services[entry].criteria.as_ref()?;
        let target_id = resolved.service.found()?;
        let source_id = resolved.source.as_ref()?.found()?;
        let secret = |resolution: &Option<crate::model::resolved::Resolution<_>>| {
            resolution
                .as_ref()
                .and_then(|found| found.found())
                .map(|id| catalog.secret(id))
        };
        let stage_rule = policy.stage(&manifest.name, &manifest.stages[stage].name.value);
        Some(Self {
            catalog,
            policy,
            target_id,
            source_id,
            target: catalog.service(target_id),
            source: catalog.service(source_id),
            target_secret: secret(&resolved.target_secret),
            source_secret: secret(&resolved.source_secret),
            target_origin: resolved.target_origin.as_ref(),
            source_origin: resolved.source_origin.as_ref(),
            keys: &criteria.secrets,
            mode: stage_rule.map_or_else(RevisionMode::default, |ruled| ruled.rule.revision),
            source_files: &catalog.files,
            watch: policy.watch(&manifest.name),
        })
    }

    /// The pair at another point of history: the same question asked of other manifests.
    pub fn with<'b>(&self, source: &'b Service, source_secret: Option<&'b Secret>) -> Pair<'b>
    where
        'a: 'b,
    {
        Pair {
            source,
            source_secret,
            ..self.clone()
        }
    }

    /// The source's `git.ref`, where both sides take git and it has one.
    pub fn source_ref(&self) -> Option<&'a crate::model::service::Value> {
        self.target.git.as_ref()?;
        self.source.git.as_ref()?.reference.value()
    }

    /// Whether both sides take git from the same place.
    pub fn same_origin(&self) -> bool {
        self.source_origin == self.target_origin
    }

    /// Whether both sides take the chart from the same place.
    pub fn same_chart_origin(&self) -> bool {
        match (&self.source.helm, &self.target.helm) {
            (Some(source), Some(target)) => source.origin == target.origin,
            _ => true,
        }
    }

    /// Whether nothing is known of the repository but its name, so that a ref can only be compared and copied as text.
    pub fn unknown_origin(&self) -> bool {
        self.source_origin.is_none_or(Origin::is_unknown)
    }

    /// Whether the ref's text is what is written: in an unknown repository, or because the policy says so.
    pub fn literal(&self) -> bool {
        self.mode == RevisionMode::Literal || self.unknown_origin()
    }

    /// Folders whose content makes up what is released, sorted, as the manifests and `watch` name them; `""` is
    /// the whole repository.
    pub fn watched(&self) -> Vec<String> {
        let of = |service: &'a Service| {
            let own = service
                .git
                .as_ref()
                .map(|git| git.folder.as_deref().unwrap_or(""));
            own.into_iter()
                .chain(service.source_folders.iter().map(String::as_str))
        };
        let mut folders: Vec<String> = of(self.source)
            .chain(of(self.target))
            .chain(self.watch.iter().map(|folder| folder.as_str()))
            .map(normal_folder)
            .collect();
        folders.sort();
        folders.dedup();
        folders
    }

    /// Where values files lead that do not lie in the service's own folder, sorted; `None` leaves the repository.
    pub fn leads(&self) -> Vec<Option<String>> {
        let of = |service: &'a Service| {
            let folder = service
                .git
                .as_ref()
                .and_then(|git| git.folder.as_deref())
                .unwrap_or("");
            let files = service.helm.iter().flat_map(|helm| &helm.values_files);
            files
                .filter(|file| file.split('/').any(|segment| segment == ".."))
                .map(move |file| join(folder, file))
        };
        let mut leads: Vec<Option<String>> = of(self.source).chain(of(self.target)).collect();
        leads.sort();
        leads.dedup();
        leads
    }

    /// What has to be resolved before the pair can be compared; `None` where no ref is resolved.
    pub fn revision_query(&self) -> Option<RevisionQuery> {
        let value = self.source_ref()?;
        if !self.same_origin() || self.unknown_origin() {
            return None;
        }
        Some(RevisionQuery {
            origin: self.source_origin?.clone(),
            reference: value.text.clone(),
            folders: self.watched(),
            leads: self.leads(),
            target: self.target_commit(),
        })
    }

    /// What the target's own ref stands for, where its repository is known: whether it moves by itself.
    pub fn target_query(&self) -> Option<RevisionQuery> {
        let value = self.target.git.as_ref()?.reference.value()?;
        let origin = self.target_origin.filter(|origin| !origin.is_unknown())?;
        if is_full_id(&value.text) {
            return None;
        }
        Some(RevisionQuery {
            origin: origin.clone(),
            reference: value.text.clone(),
            folders: self.watched(),
            leads: self.leads(),
            target: None,
        })
    }

    /// The commit that the target holds now, if it holds one.
    pub fn target_commit(&self) -> Option<crate::model::ids::CommitId> {
        self.target.git.as_ref()?.reference.text()?.parse().ok()
    }

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
                    "let both take git from the same repository, by the same `git.url` or `repositoryRef`"
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
                        "{} holds a commit id, and `{}` of {} would replace it: a commit id is never replaced by \
                         anything but a commit id",
                        self.target.key.name, value.text, self.source.key.name
                    );
                    let help = "add the GitRepository manifest or `git.url` so that it can be resolved, or put a commit id \
                                into the source";
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
                    "{} takes its chart from another place than its source {}: a version would cross repositories",
                    self.target.key.name, self.source.key.name
                ),
                help: Some("let both take the chart from the same `url`, `repository` or `repositoryRef`".to_owned()),
            });
            return;
        }
        if let Some(version) = source.version.value() {
            // What both hold already is not written, whatever it stands for.
            let written = target.version.text() != Some(&version.text);
            if written && !is_exact_version(&version.text) {
                into.problems.push(Problem {
                    code: "revision-unresolved",
                    severity: Severity::Error,
                    place: self.source.place(version.at),
                    message: format!(
                        "the chart version `{}` of {} is a range, so nobody can say what would be promoted",
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
                            "{path} of {}: there is no mapping to put it into",
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
                        "name the fields below it one by one under `fields` of the policy"
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
                "{path} of {source_name} is `{}` without quotes, which one reader takes for something else than the next",
                value.text
            );
            let help =
                "quote it at the source, if a text is meant, or write the number as it is printed";
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
                "quote it at the source, or take the quotes away in the target",
            ),
        })
    }

    fn set(
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

fn not_a_scalar(place: Place, path: &FieldPath, name: &str) -> Problem {
    Problem {
        code: "target-not-editable",
        severity: Severity::Error,
        place,
        message: format!("{path} of {name} is not a single value, so it cannot be set"),
        help: None,
    }
}

fn named(kind: PlainType) -> &'static str {
    match kind {
        PlainType::Text => "a text",
        PlainType::Boolean => "a boolean",
        PlainType::Number => "a number",
        PlainType::Unclear => "without quotes and no text",
    }
}

/// The comment behind a commit id: the name where there is one that fits on a line, else none of ours.
fn passed_on(name: Option<&str>) -> Note {
    match name {
        Some(name) if !name.is_empty() && !name.chars().any(char::is_control) => {
            Note::Set(name.to_owned())
        }
        _ => Note::Remove,
    }
}

/// A path relative to a folder; `None` where it leaves the repository.
pub fn join(folder: &str, path: &str) -> Option<String> {
    let mut joined: Vec<&str> = folder
        .split('/')
        .filter(|segment| !segment.is_empty() && *segment != ".")
        .collect();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                joined.pop()?;
            }
            segment => joined.push(segment),
        }
    }
    Some(joined.join("/"))
}

/// A folder as git writes it: no leading `./` or `/`, no closing slash; `""` is the whole repository.
pub fn normal_folder(folder: &str) -> String {
    folder
        .split('/')
        .filter(|segment| !segment.is_empty() && *segment != ".")
        .collect::<Vec<_>>()
        .join("/")
}

/// Values of a target or source by slot, for comparing two points of history. The git ref is its text.
pub fn values(
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
        if let Some(text) = keys::value_of(service, secret, key) {
            values.insert(Slot::Key(key.value.clone()), text);
        }
    }
    values
}

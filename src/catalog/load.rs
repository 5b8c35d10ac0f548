//! Many files → one catalog.

use std::cell::LazyCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use memchr::memmem;
use rayon::prelude::*;

use super::encoding::{self, NoYaml};
use super::read::{FileManifests, FoundFinding, mentions_ours, read_file, unreadable};
use super::template::is_template;
use crate::model::catalog::{Catalog, MayHold, Unread, UnreadKind};
use crate::model::ids::BlobId;
use crate::model::policy::Policy;
use crate::model::source_location::{RepoPath, SourceLocation};
use crate::yaml::{Position, SyntaxError};

/// A file to be read.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Its path in the repository.
    pub path: RepoPath,
    /// The id of its content.
    pub blob: BlobId,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Whether a path is one that may hold manifests: YAML, outside `.github/`, not excluded by the policy.
pub(crate) fn wants_file(path: &str, policy: &Policy) -> bool {
    let yaml = [".yaml", ".yml"]
        .iter()
        .any(|ending| path.ends_with(ending));
    yaml && !path.starts_with(".github/") && !policy.excludes(path)
}

/// Reads all manifests of these files. The order of the files does not matter.
pub fn load(files: &[SourceFile], policy: &Policy) -> Catalog {
    load_with_links(files, &[], policy)
}

/// Reads all manifests of these files. Links with the names of manifest files are not followed, but reported if they
/// may contain what a reference does not find.
pub(crate) fn load_with_links(
    files: &[SourceFile],
    links: &[RepoPath],
    policy: &Policy,
) -> Catalog {
    let mut files: Vec<&SourceFile> = files.iter().collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut catalog = Catalog::default();
    for link in links {
        catalog.unread.push(Unread {
            file: link.clone(),
            at: Position::default(),
            why: "it is a link, and links are not followed".to_owned(),
            may_hold: MayHold::Ours,
            kind: UnreadKind::NoYaml,
            words: Arc::default(),
        });
    }
    let mut readable = Vec::with_capacity(files.len());
    for file in &files {
        match encoding::no_yaml(&file.bytes) {
            None => readable.push(*file),
            Some(found) => add_no_yaml(&mut catalog, file, found),
        }
    }
    let (ours, rest): (Vec<_>, Vec<_>) = readable
        .into_iter()
        .partition(|file| mentions_ours(&file.bytes));
    add(&mut catalog, read_all(&ours, policy), MayHold::Ours);

    // Secrets are read only if one could be needed: most repositories are full of them.
    let keys_copied = catalog
        .pipelines
        .iter()
        .flat_map(|pipeline| &pipeline.stages)
        .flat_map(|stage| &stage.services)
        .any(|service| {
            service
                .criteria
                .as_ref()
                .is_some_and(|criteria| !criteria.secrets.is_empty())
        });
    if keys_copied
        && catalog
            .services
            .iter()
            .any(|service| service.configuration_ref.is_some())
    {
        let secrets: Vec<_> = rest
            .into_iter()
            .filter(|file| mentions_secret(&file.bytes))
            .collect();
        add(&mut catalog, read_all(&secrets, policy), MayHold::Secret);
    }

    name_chart_origins(&mut catalog);
    catalog.files = files
        .into_iter()
        .map(|file| (file.path.clone(), file.blob))
        .collect();
    catalog
}

/// Whether it is an error that a file of ours cannot be parsed. A template is passed over. A limit is an error, and so is a file that is
/// simply broken: a pipeline must not vanish without a word.
pub(super) fn is_problem(error: &SyntaxError, templated: bool) -> bool {
    error.kind.is_limit() || !templated
}

fn mentions_secret(bytes: &[u8]) -> bool {
    memmem::find(bytes, b"Secret").is_some()
}

/// One file that was looked at.
struct FileOutcome<'a> {
    file: &'a SourceFile,
    outcome: Result<FileManifests, SyntaxError>,
}

fn read_all<'a>(files: &[&'a SourceFile], policy: &Policy) -> Vec<FileOutcome<'a>> {
    files
        .par_iter()
        .map(|file| FileOutcome {
            file,
            outcome: read_file(&file.path, &file.bytes, policy),
        })
        .collect()
}

fn kind_of(templated: bool) -> UnreadKind {
    match templated {
        true => UnreadKind::Template,
        false => UnreadKind::Broken,
    }
}

fn add(catalog: &mut Catalog, files: Vec<FileOutcome<'_>>, may_hold: MayHold) {
    // A file that only holds secrets concerns those who refer to one, and they name it.
    let concerns = may_hold == MayHold::Ours;
    for FileOutcome { file, outcome } in files {
        let words = LazyCell::new(|| Unread::words_of(&file.bytes));
        let unread = |at: Position, why: &str, kind: UnreadKind| Unread {
            file: file.path.clone(),
            at,
            why: why.to_owned(),
            may_hold,
            kind,
            words: Arc::clone(&words),
        };
        match outcome {
            Ok(mut found) => {
                catalog.pipelines.append(&mut found.pipelines);
                catalog.services.append(&mut found.services);
                catalog.secrets.append(&mut found.secrets);
                catalog.repositories.append(&mut found.repositories);
                catalog
                    .helm_repositories
                    .append(&mut found.helm_repositories);
                catalog.others.append(&mut found.others);
                for FoundFinding {
                    finding, templated, ..
                } in found.findings
                {
                    let at = Position {
                        line: finding.place.line,
                        column: finding.place.column,
                    };
                    let kind = kind_of(templated);
                    catalog.unread.push(unread(at, &finding.message, kind));
                    if concerns && !templated {
                        catalog.findings.push(finding);
                    }
                }
            }
            Err(error) => {
                let templated = is_template(&file.bytes, &error);
                let place = SourceLocation::new(&file.path, error.position);
                catalog
                    .unread
                    .push(unread(error.position, &error.message, kind_of(templated)));
                if concerns && is_problem(&error, templated) {
                    catalog.findings.push(unreadable(place, error.message).help(
                        "fix the file, or list it under `manifests.exclude` in the policy if it is not meant for Sluice",
                    ));
                }
            }
        }
    }
}

/// Notes a file without any YAML in it. One that holds manifests of ours in another encoding is an error: a pipeline must not vanish without
/// a word.
fn add_no_yaml(catalog: &mut Catalog, file: &SourceFile, found: NoYaml) {
    let (may_hold, words) = match &found.text {
        None => (MayHold::Ours, Arc::default()),
        Some(text) if mentions_ours(text.as_bytes()) => {
            (MayHold::Ours, Unread::words_of(text.as_bytes()))
        }
        Some(text) if mentions_secret(text.as_bytes()) => {
            (MayHold::Secret, Unread::words_of(text.as_bytes()))
        }
        Some(_) => return,
    };
    let is_ours = found.text.is_some() && may_hold == MayHold::Ours;
    let kind = match is_ours {
        true => UnreadKind::Broken,
        false => UnreadKind::NoYaml,
    };
    catalog.unread.push(Unread {
        file: file.path.clone(),
        at: Position::default(),
        why: found.why.to_owned(),
        may_hold,
        kind,
        words,
    });
    if is_ours {
        let place = SourceLocation::new(&file.path, Position::default());
        let help =
            "save it as UTF-8; Windows PowerShell writes UTF-16 unless you give `-Encoding utf8`";
        catalog
            .findings
            .push(unreadable(place, found.why).help(help));
    }
}

/// Adds the URL of its `HelmRepository` to a chart's origin, if that manifest exists here: two references may lead to
/// one place, and one name to two. A reference that does not name its kind may refer to a `GitRepository` instead.
fn name_chart_origins(catalog: &mut Catalog) {
    let mut urls: HashMap<(Option<&str>, &str), Option<&str>> = HashMap::new();
    for repository in &catalog.helm_repositories {
        let key = (
            repository.key.namespace.as_deref(),
            repository.key.name.as_str(),
        );
        urls.insert(key, repository.url.as_deref());
    }
    let git: HashSet<&str> = catalog
        .repositories
        .iter()
        .map(|repository| repository.name.as_str())
        .collect();
    for service in &mut catalog.services {
        let Some(helm) = &mut service.helm else {
            continue;
        };
        let Some((namespace, name)) = &helm.origin.repository_ref else {
            continue;
        };
        let exact = urls.get(&(namespace.as_deref(), name.as_str()));
        let url = exact
            .or_else(|| urls.get(&(None, name.as_str())))
            .copied()
            .flatten();
        if let Some(url) = url {
            helm.origin.url = Some(url.trim_end_matches('/').to_owned());
            helm.origin.repository_ref = None;
        } else if git.contains(name.as_str()) {
            helm.origin.git_repository = helm.origin.repository_ref.take().map(|(_, name)| name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::service::ChartOrigin;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile {
            path: path.into(),
            blob: "0".repeat(40).parse().unwrap(),
            bytes: text.as_bytes().to_vec(),
        }
    }

    const SERVICE: &str = "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata:\n  name: a\nspec: {}\n";

    #[test]
    fn only_yaml_outside_github_is_read() {
        let policy = Policy::default();
        assert!(wants_file("a.yaml", &policy) && wants_file("x/a.yml", &policy));
        for path in [".github/sluice.yaml", "a.json", "a.yaml.bak", "README.md"] {
            assert!(!wants_file(path, &policy), "{path}");
        }
    }

    #[test]
    fn a_template_is_passed_over_and_a_broken_manifest_is_named() {
        let catalog = load(
            &[
                file(
                    "chart/x.yaml",
                    &format!("{{{{- if .Values.on }}}}\n{SERVICE}{{{{- end }}}}\n"),
                ),
                file("broken.yaml", &format!("{SERVICE}  : [\n")),
                file("fine.yaml", SERVICE),
                file("other.yaml", "a: [\n"),
            ],
            &Policy::default(),
        );
        assert_eq!(catalog.services.len(), 1);
        let unread: Vec<_> = catalog
            .unread
            .iter()
            .map(|unread| unread.file.as_str())
            .collect();
        assert_eq!(unread, ["broken.yaml", "chart/x.yaml"]);
        let findings: Vec<_> = catalog
            .findings
            .iter()
            .map(|finding| finding.place.file.as_str())
            .collect();
        assert_eq!(findings, ["broken.yaml"]);
    }

    #[test]
    fn a_key_that_stands_twice_costs_that_document_and_no_other() {
        let twice = "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata:\n  name: b\n  name: c\nspec: {}\n";
        let catalog = load(
            &[file("a.yaml", &format!("{SERVICE}---\n{twice}"))],
            &Policy::default(),
        );
        assert_eq!(catalog.services.len(), 1);
        let finding = &catalog.findings[0];
        assert_eq!(
            (finding.code, finding.place.line),
            ("manifest-unreadable", 11)
        );
        assert!(
            finding.message.contains("duplicate key `name`"),
            "{}",
            finding.message
        );
    }

    #[test]
    fn a_chart_is_from_the_repository_of_the_kind_that_a_reference_means() {
        let of = |kind: &str, name: &str, spec: &str| {
            format!(
                "apiVersion: deployments.plural.sh/v1alpha1\nkind: {kind}\nmetadata: {name}\nspec: {spec}\n---\n"
            )
        };
        let chart = |reference: &str| {
            let spec = format!("{{helm: {{repositoryRef: {reference}}}}}");
            let all = [
                of(
                    "HelmRepository",
                    "{name: charts, namespace: infra}",
                    "{url: 'https://c.example/x/'}",
                ),
                of(
                    "GitRepository",
                    "{name: charts}",
                    "{url: 'https://g.example/a/b'}",
                ),
                of("ServiceDeployment", "{name: a, namespace: apps}", &spec),
            ];
            let catalog = load(&[file("all.yaml", &all.concat())], &Policy::default());
            catalog.services[0].helm.as_ref().unwrap().origin.clone()
        };
        let helm = ChartOrigin {
            url: Some("https://c.example/x".to_owned()),
            ..ChartOrigin::default()
        };
        let git = ChartOrigin {
            git_repository: Some("charts".to_owned()),
            ..ChartOrigin::default()
        };
        assert_eq!(chart("{name: charts, namespace: infra}"), helm);
        assert_eq!(
            chart("{kind: HelmRepository, name: charts, namespace: infra}"),
            helm
        );
        // There is no HelmRepository with that name in the service's own namespace.
        assert_eq!(chart("{name: charts}"), git);
        assert_eq!(
            chart("{kind: GitRepository, name: charts, namespace: infra}"),
            git
        );
        let elsewhere = chart("{kind: GitRepository, name: other}");
        assert_eq!(elsewhere.git_repository.as_deref(), Some("other"));
        let unknown = chart("{name: other}");
        assert_eq!(
            unknown.repository_ref,
            Some((Some("apps".to_owned()), "other".to_owned()))
        );
    }
}

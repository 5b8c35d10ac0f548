//! Many files → one catalog.

use memchr::memmem;
use rayon::prelude::*;

use super::read::{FileManifests, mentions_ours, read_file, unreadable};
use crate::model::catalog::{Catalog, MayHold, Unread};
use crate::model::ids::BlobId;
use crate::model::place::{Place, RepoPath};
use crate::model::policy::Policy;

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
pub fn wants_file(path: &str, policy: &Policy) -> bool {
    let yaml = [".yaml", ".yml"]
        .iter()
        .any(|ending| path.ends_with(ending));
    yaml && !path.starts_with(".github/") && !policy.excludes(path)
}

/// Reads all manifests of these files. The order of the files does not matter.
pub fn load(files: &[SourceFile], policy: &Policy) -> Catalog {
    let mut files: Vec<&SourceFile> = files.iter().collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let (ours, rest): (Vec<_>, Vec<_>) = files
        .iter()
        .copied()
        .partition(|file| mentions_ours(&file.bytes));
    let mut catalog = Catalog::default();
    add(&mut catalog, read_all(&ours, MayHold::Ours, policy));

    // Secrets are looked at only where one could be asked for: most repositories are full of them.
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
        add(&mut catalog, read_all(&secrets, MayHold::Secret, policy));
    }

    catalog.files = files
        .into_iter()
        .map(|file| (file.path.clone(), file.blob))
        .collect();
    catalog
}

fn mentions_secret(bytes: &[u8]) -> bool {
    memmem::find(bytes, b"Secret").is_some()
}

/// A template that is expanded by something else; its text is not YAML yet.
fn looks_like_template(bytes: &[u8]) -> bool {
    memmem::find(bytes, b"{{").is_some() || memmem::find(bytes, b"{%").is_some()
}

enum Outcome {
    Read(FileManifests),
    Unread { unread: Unread, limit: bool },
}

/// One file that was looked at.
struct Looked {
    outcome: Outcome,
    /// It may be a template, whose text is not YAML yet.
    templated: bool,
    may_hold: MayHold,
}

fn read_all(files: &[&SourceFile], may_hold: MayHold, policy: &Policy) -> Vec<Looked> {
    files
        .par_iter()
        .map(|file| {
            let outcome = match read_file(&file.path, &file.bytes, policy) {
                Ok(found) => Outcome::Read(found),
                Err(error) => Outcome::Unread {
                    unread: Unread {
                        file: file.path.clone(),
                        at: error.position,
                        why: error.message,
                        may_hold,
                    },
                    limit: error.kind.is_limit(),
                },
            };
            Looked {
                outcome,
                templated: looks_like_template(&file.bytes),
                may_hold,
            }
        })
        .collect()
}

fn add(catalog: &mut Catalog, files: Vec<Looked>) {
    for file in files {
        // A file that only holds secrets concerns those who refer to one, and they name it.
        let concerns = file.may_hold == MayHold::Ours;
        match file.outcome {
            Outcome::Read(mut found) => {
                catalog.pipelines.append(&mut found.pipelines);
                catalog.services.append(&mut found.services);
                catalog.secrets.append(&mut found.secrets);
                catalog.repositories.append(&mut found.repositories);
                catalog.others.append(&mut found.others);
                for finding in found.findings {
                    catalog.unread.push(Unread {
                        file: finding.place.file.clone(),
                        at: crate::yaml::Position {
                            line: finding.place.line,
                            column: finding.place.column,
                        },
                        why: finding.message.clone(),
                        may_hold: file.may_hold,
                    });
                    // What only looks like a manifest because a template happens to parse is nobody's mistake.
                    if concerns && !file.templated {
                        catalog.findings.push(finding);
                    }
                }
            }
            Outcome::Unread { unread, limit } => {
                // A template is passed over. A limit is an error that names the place, and so is a file that speaks of
                // Plural's group and is simply broken: a pipeline must not vanish without a word.
                if concerns && (limit || !file.templated) {
                    let finding =
                        unreadable(Place::new(&unread.file, unread.at), unread.why.clone());
                    catalog.findings.push(finding.help(
                        "mend the file, or name it under `manifests.exclude` of the policy if it is not meant for Sluice",
                    ));
                }
                catalog.unread.push(unread);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            finding.message.contains("`name` stands twice"),
            "{}",
            finding.message
        );
    }
}

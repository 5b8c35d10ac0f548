//! What is watched in addition to the folders that manifests name: what a kustomization or chart refers to outside them
//! (semantics: revisions).

use std::collections::BTreeSet;

use crate::copy::join;
use crate::model::facts::RevisionQuery;
use crate::model::ids::CommitId;
use crate::repo::{ReadObjects, RepoError};
use crate::yaml::{Limits, NodeKind, Stream};

/// The watched trees of one source and target at one commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Watched {
    /// Folders and files that were led to outside the named ones, sorted.
    pub outside: Vec<String>,
    /// Why it cannot be determined what else is read, so that everything is watched.
    pub everything: Option<String>,
}

/// Follows the kustomizations, charts and values files of a query at `commit` to wherever they lead.
pub(super) fn watched(
    repo: &dyn ReadObjects,
    commit: &CommitId,
    query: &RevisionQuery,
) -> Result<Watched, RepoError> {
    let mut found = Watched::default();
    let mut seen: BTreeSet<String> = query.folders.iter().cloned().collect();
    let mut waiting: Vec<String> = query.folders.clone();
    for lead in &query.values_files_outside {
        match lead {
            Some(file) => found.add(file.clone(), &mut seen, &mut waiting),
            None => {
                found.everything = Some("a values file is outside the repository".to_owned());
            }
        }
    }
    while let Some(folder) = waiting.pop() {
        for file in repo.files_below(commit, &folder, &is_leading)? {
            let bytes = repo.blob(&file.blob)?;
            let own = file.path.rsplit_once('/').map_or("", |(own, _)| own);
            match values_files_outside(&bytes, own) {
                Err(why) => found.everything = Some(format!("{} {why}", file.path)),
                Ok(targets) => {
                    for target in targets {
                        found.add(target, &mut seen, &mut waiting);
                    }
                }
            }
        }
    }
    found.outside.sort();
    Ok(found)
}

impl Watched {
    fn add(&mut self, target: String, seen: &mut BTreeSet<String>, waiting: &mut Vec<String>) {
        let inside = |folder: &String| folder.is_empty() || is_below(&target, folder);
        if !seen.iter().any(inside) {
            seen.insert(target.clone());
            self.outside.push(target.clone());
            waiting.push(target);
        }
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    path == folder
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/'))
}

/// Kustomizations and charts.
fn is_leading(path: &str) -> bool {
    matches!(
        path.rsplit('/').next().unwrap_or(path),
        "kustomization.yaml" | "kustomization.yml" | "Kustomization" | "Chart.yaml"
    )
}

/// Paths outside `own` that a kustomization or chart refers to. Everything that looks like a relative path upwards
/// counts, whatever its field: one too many only does unnecessary work.
fn values_files_outside(bytes: &[u8], own: &str) -> Result<Vec<String>, String> {
    let stream = Stream::parse(bytes, &Limits::default()).map_err(|error| {
        format!(
            "cannot be read ({}:{})",
            error.position.line, error.position.column
        )
    })?;
    let mut found = Vec::new();
    let mut open: Vec<_> = stream
        .documents()
        .iter()
        .filter_map(|document| document.root)
        .collect();
    while let Some(node) = open.pop() {
        let value = match stream.node(node).kind {
            NodeKind::Scalar { value, .. } => value,
            // In the order of the file: what is pushed last is looked at first.
            NodeKind::Sequence(items) => {
                open.extend(items.iter().rev());
                continue;
            }
            NodeKind::Mapping(pairs) => {
                open.extend(pairs.iter().rev().map(|pair| pair.value));
                continue;
            }
            NodeKind::Alias(_) => continue,
        };
        let text = value.strip_prefix("file://").unwrap_or(value);
        let upwards = text.starts_with("../")
            || text == ".."
            || text.contains("/../")
            || text.ends_with("/..");
        if !upwards || text.contains("://") || text.contains('\n') {
            continue;
        }
        match join(own, text) {
            Some(path) if is_below(&path, own) && !own.is_empty() => {}
            Some(path) => found.push(path),
            None => return Err(format!("refers to a path outside the repository: `{text}`")),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_upwards_is_followed_and_what_is_remote_is_not() {
        let text = "resources:\n- ../base\n- ./own.yaml\n- https://example.com/../x\n- deep/../own2.yaml\npatches:\n- path: ../../shared/p.yaml\n";
        assert_eq!(
            values_files_outside(text.as_bytes(), "apps/dev"),
            Ok(vec!["apps/base".to_owned(), "shared/p.yaml".to_owned()])
        );
        assert_eq!(
            values_files_outside(
                b"dependencies: [{ repository: 'file://../common' }]",
                "charts/api"
            ),
            Ok(vec!["charts/common".to_owned()])
        );
    }

    #[test]
    fn what_cannot_be_told_says_so() {
        assert!(values_files_outside(b"a: [", "apps").is_err());
        assert!(
            values_files_outside(b"resources: [../../x]", "apps")
                .unwrap_err()
                .contains("outside the repository")
        );
    }
}

//! What is watched besides the folders that manifests name: where a kustomization or chart leads outside them
//! (semantics: revisions).

use std::collections::BTreeSet;

use crate::copy::join;
use crate::model::facts::RevisionQuery;
use crate::model::ids::CommitId;
use crate::repo::{EntryId, ReadObjects, RepoError};
use crate::yaml::{Limits, NodeKind, Stream};

/// The watched trees of one source and target at one commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Watched {
    /// Folders and files that were led to outside the named ones, sorted.
    pub outside: Vec<String>,
    /// Why it cannot be told what else is read, so that everything is watched.
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
    for lead in &query.leads {
        match lead {
            Some(file) => found.add(file.clone(), &mut seen, &mut waiting),
            None => {
                found.everything = Some("a values file leads out of the repository".to_owned());
            }
        }
    }
    while let Some(folder) = waiting.pop() {
        for file in leading_files(repo, commit, &folder)? {
            let Some((_, bytes)) = repo.blob_at(commit, &file)? else {
                continue;
            };
            let own = file.rsplit_once('/').map_or("", |(own, _)| own);
            match leads(&bytes, own) {
                Err(why) => found.everything = Some(format!("{file} {why}")),
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

/// Kustomizations and charts at or below a folder.
fn leading_files(
    repo: &dyn ReadObjects,
    commit: &CommitId,
    folder: &str,
) -> Result<Vec<String>, RepoError> {
    if !matches!(repo.entry_at(commit, folder)?, Some(EntryId::Folder(_))) {
        return Ok(Vec::new());
    }
    let enter = |path: &str| is_below(path, folder) || is_below(folder, path) || folder.is_empty();
    let take = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        (folder.is_empty() || is_below(path, folder))
            && matches!(
                name,
                "kustomization.yaml" | "kustomization.yml" | "Kustomization" | "Chart.yaml"
            )
    };
    let listing = repo.files_in(commit, &enter, &take)?;
    Ok(listing.files.into_iter().map(|file| file.path).collect())
}

/// Paths outside `own` that a kustomization or chart speaks of. Everything that looks like a relative path upwards
/// counts, whatever field it stands in: one too many is only watched in vain.
fn leads(bytes: &[u8], own: &str) -> Result<Vec<String>, String> {
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
            None => return Err(format!("leads out of the repository with `{text}`")),
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
            leads(text.as_bytes(), "apps/dev"),
            Ok(vec!["apps/base".to_owned(), "shared/p.yaml".to_owned()])
        );
        assert_eq!(
            leads(
                b"dependencies: [{ repository: 'file://../common' }]",
                "charts/api"
            ),
            Ok(vec!["charts/common".to_owned()])
        );
    }

    #[test]
    fn what_cannot_be_told_says_so() {
        assert!(leads(b"a: [", "apps").is_err());
        assert!(
            leads(b"resources: [../../x]", "apps")
                .unwrap_err()
                .contains("leads out")
        );
    }
}

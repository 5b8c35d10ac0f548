//! The repository of the stand-in GitHub as a clone on disk: what commands without GitHub read.

use std::collections::HashSet;

use git2::{ObjectType, Oid, Repository};
use tempfile::TempDir;

use crate::site::Site;

/// Everything that the base leads to, written into a repository on disk.
pub fn clone_of(site: &Site) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let git = Repository::init(dir.path()).unwrap();
    let store = site.repo().edit(|repo| repo.store.clone());
    let tip = Oid::from_str(&site.repo().tip("main").unwrap()).unwrap();
    let odb = git.odb().unwrap();
    let mut open = vec![tip];
    let mut seen = HashSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let (kind, bytes) = store.read(id).unwrap();
        assert_eq!(odb.write(kind, &bytes).unwrap(), id);
        match kind {
            ObjectType::Commit => {
                let commit = store.info(id).unwrap();
                open.push(commit.tree);
                open.extend(commit.parents);
            }
            ObjectType::Tree => {
                let entries = store.entries(id, false).unwrap();
                open.extend(entries.iter().map(|entry| entry.oid));
            }
            _ => {}
        }
    }
    git.reference("refs/heads/main", tip, true, "clone")
        .unwrap();
    git.set_head("refs/heads/main").unwrap();
    git.checkout_head(Some(git2::build::CheckoutBuilder::new().force()))
        .unwrap();
    dir
}

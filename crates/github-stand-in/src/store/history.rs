//! The graph of commits: who descends from whom, and which commits changed a path.

use super::Store;
use git2::{Oid, Sort};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Store {
    /// Whether `ancestor` is `of` itself or one of its ancestors.
    pub fn is_ancestor(&self, ancestor: Oid, of: Oid) -> bool {
        ancestor == of
            || self
                .lock()
                .git
                .graph_descendant_of(of, ancestor)
                .unwrap_or(false)
    }

    /// The best common ancestor.
    pub fn merge_base(&self, one: Oid, two: Oid) -> Option<Oid> {
        self.lock().git.merge_base(one, two).ok()
    }

    /// Commits reachable from `head` but not from `base`, newest first.
    pub fn between(&self, base: Option<Oid>, head: Oid) -> Vec<Oid> {
        let inner = self.lock();
        let walk = || {
            let mut walk = inner.git.revwalk()?;
            walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME)?;
            walk.push(head)?;
            if let Some(base) = base {
                walk.hide(base)?;
            }
            walk.collect::<Result<Vec<Oid>, _>>()
        };
        walk().unwrap_or_default()
    }

    /// Commits that changed a path, newest first, as `git log -- path` finds them: a merge that is like one of its parents there is
    /// passed over, and only that parent is followed.
    pub fn history(&self, head: Oid, path: Option<&str>) -> Arc<Vec<Oid>> {
        let key = (head, path.unwrap_or_default().to_owned());
        if let Some(known) = self.lock().histories.get(&key) {
            return Arc::clone(known);
        }
        let all = self.between(None, head);
        let found = Arc::new(match key.1.as_str() {
            "" => all,
            path => self.history_of(head, all, path),
        });
        self.lock().histories.insert(key, Arc::clone(&found));
        found
    }

    fn history_of(&self, head: Oid, all: Vec<Oid>, path: &str) -> Vec<Oid> {
        let mut reached = BTreeSet::from([head]);
        let mut found = Vec::new();
        // Children come before their parents.
        for oid in all {
            let Some(commit) = reached.contains(&oid).then(|| self.info(oid)).flatten() else {
                continue;
            };
            let at = |tree: Oid| self.at(tree, path).map(|entry| (entry.oid, entry.mode));
            let here = at(commit.tree);
            let tree = |parent: &Oid| self.info(*parent).map(|parent| parent.tree);
            let same = |parent: &&Oid| tree(parent).is_some_and(|tree| at(tree) == here);
            match commit.parents.iter().find(same) {
                Some(parent) => {
                    reached.insert(*parent);
                }
                None => {
                    reached.extend(&commit.parents);
                    if !commit.parents.is_empty() || here.is_some() {
                        found.push(oid);
                    }
                }
            }
        }
        found
    }

    /// The commit with which `head` came onto the first-parent line that ends at `tip`: `head` itself, or the merge that brought it.
    pub fn landing(&self, head: Oid, tip: Oid) -> Oid {
        let mut landing = tip;
        while landing != head
            && let Some(commit) = self.info(landing)
            && let Some(parent) = commit.parents.first()
            && self.is_ancestor(head, *parent)
        {
            landing = *parent;
        }
        landing
    }
}

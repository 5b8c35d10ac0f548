//! A clone of depth 1, as `actions/checkout` leaves it on a runner: one commit with everything below it, marked as the boundary of a
//! shallow history, on a branch that follows `origin`. The work tree stays empty.

use super::place::{Place, Reach};
use git2::{Repository, RepositoryInitOptions};
use std::io::Write as _;
use std::path::Path;

impl<R: Reach> Place<R> {
    /// Clones the tip of a branch, and nothing of its history, into an empty folder. Gives the commit.
    pub fn checks_out(&self, branch: &str, folder: &Path) -> String {
        let (store, tip) = self.edit(|repo| (repo.store.clone(), repo.branch(branch).unwrap()));
        let mut options = RepositoryInitOptions::new();
        options.initial_head(branch).external_template(false);
        let clone = Repository::init_opts(folder, &options).unwrap();
        let pack = store.pack_of(tip);
        let objects = clone.odb().unwrap();
        let mut writer = objects.packwriter().unwrap();
        writer.write_all(&pack).unwrap();
        writer.commit().unwrap();
        std::fs::write(clone.path().join("shallow"), format!("{tip}\n")).unwrap();
        let url = format!("https://github.com/{}", self.slug);
        clone.remote("origin", &url).unwrap();
        for name in [
            format!("refs/remotes/origin/{branch}"),
            format!("refs/heads/{branch}"),
        ] {
            clone.reference(&name, tip, true, "checkout").unwrap();
        }
        tip.to_string()
    }
}

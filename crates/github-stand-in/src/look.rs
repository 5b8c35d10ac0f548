//! What a test sees of a repository after the deeds: short answers in the words of the API, for assertions.

use super::clock::stamp;
use super::place::{Place, Reach};
use super::view;
use super::world::World;
use serde_json::Value;

fn login(world: &World, who: Option<u64>) -> String {
    who.map_or_else(String::new, |who| world.user(who).login.clone())
}

impl<R: Reach> Place<R> {
    /// The tip of a branch; None if it does not exist.
    pub fn tip(&self, branch: &str) -> Option<String> {
        self.edit(|repo| repo.branch(branch).map(|oid| oid.to_string()))
    }

    /// Names of the branches with that prefix.
    pub fn branches(&self, prefix: &str) -> Vec<String> {
        self.edit(|repo| {
            repo.refs
                .keys()
                .filter_map(|name| name.strip_prefix("refs/heads/"))
                .filter(|name| name.starts_with(prefix))
                .map(str::to_owned)
                .collect()
        })
    }

    /// The text of a file at a revision; None if it does not exist.
    pub fn file(&self, revision: &str, path: &str) -> Option<String> {
        self.edit(|repo| {
            let commit = repo.store.info(repo.resolve(revision)?)?;
            let bytes = repo.store.bytes(repo.store.at(commit.tree, path)?.oid)?;
            Some(String::from_utf8_lossy(&bytes).into_owned())
        })
    }

    /// All files of a revision, by path.
    pub fn all_files(&self, revision: &str) -> Vec<(String, String)> {
        let paths: Vec<String> = self.edit(|repo| {
            let commit = repo.resolve(revision).and_then(|oid| repo.store.info(oid));
            let entries = repo.store.entries(commit.unwrap().tree, true).unwrap();
            let files = entries.into_iter().filter(|entry| entry.kind == "blob");
            files.map(|entry| entry.path).collect()
        });
        let text = |path: String| (self.file(revision, &path).unwrap(), path);
        paths
            .into_iter()
            .map(text)
            .map(|(text, path)| (path, text))
            .collect()
    }

    /// A pull request as REST shows it in lists.
    pub fn pull(&self, number: u64) -> Value {
        self.with(|world, id| view::pull::pull_short(world, id, &world.repo(id).pulls[&number]))
    }

    /// Numbers of the pull requests, only open ones if asked.
    pub fn pulls(&self, open: bool) -> Vec<u64> {
        self.edit(|repo| {
            repo.pulls
                .values()
                .filter(|pull| pull.open || !open)
                .map(|pull| pull.number)
                .collect()
        })
    }

    /// Numbers of the workflow runs, oldest first.
    pub fn runs(&self) -> Vec<u64> {
        self.edit(|repo| repo.runs.iter().map(|run| run.id).collect())
    }

    /// A workflow run as `GET actions/runs/{id}` shows it.
    pub fn run(&self, run: u64) -> Value {
        self.with(|world, id| {
            let found = world.repo(id).runs.iter().find(|one| one.id == run);
            view::run::run(world, id, found.unwrap())
        })
    }

    /// `OPEN`, `CLOSED` or `MERGED`.
    pub fn state(&self, number: u64) -> &'static str {
        self.edit(|repo| repo.pulls[&number].state())
    }

    /// The head of a pull request.
    pub fn head(&self, number: u64) -> String {
        self.edit(|repo| repo.pulls[&number].head_sha.to_string())
    }

    /// The body of a pull request.
    pub fn body(&self, number: u64) -> String {
        self.edit(|repo| repo.pulls[&number].body.clone().unwrap_or_default())
    }

    /// Names of the labels on a pull request, in the order in which the repository got them.
    pub fn labels(&self, number: u64) -> Vec<String> {
        self.edit(|repo| {
            let on = &repo.pulls[&number].labels;
            let labels = repo.labels.iter().filter(|label| on.contains(&label.id));
            labels.map(|label| label.name.clone()).collect()
        })
    }

    /// Who wrote which comment on a pull request, oldest first.
    pub fn comments(&self, number: u64) -> Vec<(String, String)> {
        self.with(|world, id| {
            let comments = world.repo(id).pulls[&number].comments.iter();
            comments
                .map(|one| (login(world, Some(one.user)), one.body.clone()))
                .collect()
        })
    }

    /// Who gave which review, with its present state and its commit, oldest first.
    pub fn reviews(&self, number: u64) -> Vec<(String, String, String)> {
        self.with(|world, id| {
            let reviews = world.repo(id).pulls[&number].reviews.iter();
            reviews
                .map(|one| {
                    let commit = one.commit.map(|oid| oid.to_string());
                    let who = login(world, one.user);
                    (who, one.state.clone(), commit.unwrap_or_default())
                })
                .collect()
        })
    }

    /// What happened to a pull request, by whom and when, oldest first: `labeled carol 2026-03-02T09:00:07Z`.
    pub fn events(&self, number: u64) -> Vec<String> {
        self.with(|world, id| {
            let events = world.repo(id).pulls[&number].events.iter();
            events
                .map(|one| {
                    let who = login(world, one.actor);
                    format!("{} {who} {}", one.what.word(), stamp(one.at))
                })
                .collect()
        })
    }

    /// The statuses of a commit as `context=state`, newest first, every report.
    pub fn statuses(&self, sha: &str) -> Vec<String> {
        self.edit(|repo| {
            let all = repo.statuses.iter().rev();
            all.filter(|one| one.sha.to_string() == sha)
                .map(|one| format!("{}={}", one.context, one.state))
                .collect()
        })
    }

    /// The message of a commit; empty if it does not exist.
    pub fn message(&self, revision: &str) -> String {
        self.edit(|repo| {
            let commit = repo.store.info(repo.resolve(revision)?)?;
            Some(commit.message)
        })
        .unwrap_or_default()
    }

    /// The parents of a commit.
    pub fn parents(&self, revision: &str) -> Vec<String> {
        self.edit(|repo| {
            let commit = repo.store.info(repo.resolve(revision)?)?;
            Some(commit.parents.iter().map(ToString::to_string).collect())
        })
        .unwrap_or_default()
    }

    /// Numbers of the pull requests in the merge queue, next to land first, each with the commit that would land.
    pub fn queue(&self) -> Vec<(u64, String)> {
        self.edit(|repo| {
            let entries = repo.queue.iter();
            entries
                .map(|one| (one.pull, one.head.to_string()))
                .collect()
        })
    }
}

//! What people do. A deed takes the same way as its REST call would, permissions and refusals included, only without the wire:
//! nothing is recorded, no fault or hook acts. A deed that GitHub refuses panics with its words; [`Person::tries`] gives the refusal
//! instead.

use super::call::{Call, read_query};
use super::merge;
use super::place::{Place, Reach};
use super::push::{push, puts};
use super::queue;
use super::refs;
use super::reply::{Body, Refusal};
use super::routes;
use super::session::Session;
use super::store::Person as Author;
use git2::Oid;
use serde_json::{Value, json};

/// Someone who does something in one repository.
pub struct Person<'p, R> {
    pub(super) place: &'p Place<R>,
    pub(super) session: Session,
}

impl<R: Reach> Person<'_, R> {
    /// Does a REST call without the wire; the path begins after `/repos/{owner}/{repo}`, with a query if wanted.
    pub fn tries(&self, method: &str, path: &str, body: Value) -> Result<Value, Refusal> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut call = Call {
            method: method.to_owned(),
            path: format!("/repos/{}{path}", self.place.slug),
            query: read_query(query),
            body,
            session: self.session.clone(),
            ..Call::default()
        };
        self.place.with(|world, _| {
            world.serial += 1;
            if routes::writes(method) {
                world.clock.tick();
            }
            Ok(match routes::answer(world, &mut call)?.body {
                Body::Json(value) => value,
                Body::List(rows) | Body::Wrapped(_, rows, _) => Value::Array(rows),
                Body::Raw(..) | Body::Empty => Value::Null,
            })
        })
    }

    /// The same for deeds that must work.
    pub fn does(&self, method: &str, path: &str, body: Value) -> Value {
        self.tries(method, path, body).unwrap_or_else(|refusal| {
            panic!("{method} {path}: {} {}", refusal.status, refusal.text())
        })
    }

    /// Commits and pushes; `free` skips rules, for setting up.
    pub(super) fn commits(
        &self,
        branch: &str,
        files: &[(&str, &str)],
        gone: &[&str],
        message: &str,
        free: bool,
    ) -> String {
        self.place.with(|world, id| {
            let mut edits = puts(&world.repo(id).store, files);
            edits.extend(gone.iter().map(|path| ((*path).to_owned(), None)));
            push(world, id, &self.session, branch, &edits, message, free)
                .unwrap_or_else(|refusal| panic!("push to {branch}: {}", refusal.message))
                .to_string()
        })
    }

    /// Pushes a commit with these files; a branch that does not exist starts at the default branch. Gives the commit.
    pub fn pushes(&self, branch: &str, files: &[(&str, &str)], message: &str) -> String {
        self.commits(branch, files, &[], message, false)
    }

    /// Pushes a commit that removes files.
    pub fn removes(&self, branch: &str, gone: &[&str], message: &str) -> String {
        self.commits(branch, &[], gone, message, false)
    }

    /// Force-pushes a branch to a commit.
    pub fn force_pushes(&self, branch: &str, sha: &str) {
        self.does(
            "PATCH",
            &format!("/git/refs/heads/{branch}"),
            json!({"sha": sha, "force": true}),
        );
    }

    /// Writes a commit object on top of a parent; no ref points to it yet.
    fn writes(
        &self,
        parent: Option<Oid>,
        files: &[(&str, &str)],
        message: &str,
        (name, email): (&str, &str),
    ) -> String {
        self.place.with(|world, id| {
            world.clock.tick();
            let repo = world.repo(id);
            let base = parent.and_then(|oid| repo.store.info(oid));
            let edits = puts(&repo.store, files);
            let tree = repo.store.tree(base.map(|one| one.tree), &edits).unwrap();
            let who = Author {
                name: name.to_owned(),
                email: email.to_owned(),
                at: world.now(),
            };
            let parents: Vec<Oid> = parent.into_iter().collect();
            let made = repo.store.commit(tree, &parents, message, &who, &who);
            made.unwrap().to_string()
        })
    }

    /// Amends a branch: force-pushes one commit with these files in place of its tip. Gives the commit.
    pub fn rewrites(&self, branch: &str, files: &[(&str, &str)], message: &str) -> String {
        let (below, name, email) = self.place.with(|world, id| {
            let repo = world.repo(id);
            let tip = repo.branch(branch).and_then(|oid| repo.store.info(oid));
            let me = world.user(self.session.actor().unwrap());
            let below = tip.unwrap().parents.first().copied();
            (below, me.name.clone(), me.email.clone())
        });
        let sha = self.writes(below, files, message, (&name, &email));
        self.force_pushes(branch, &sha);
        sha
    }

    /// Force-pushes one commit without a parent, with all files of the branch, of which these get this content: the history begins there. A
    /// person who sets a value in a manifest that is there sets it by hand, also if the manifest was deleted in between.
    pub fn begins_anew(&self, branch: &str, files: &[(&str, &str)]) -> String {
        let mut all = self.place.all_files(branch);
        all.retain(|(path, _)| !files.iter().any(|(new, _)| new == path));
        all.extend(
            files
                .iter()
                .map(|(path, text)| ((*path).to_owned(), (*text).to_owned())),
        );
        let all: Vec<(&str, &str)> = all
            .iter()
            .map(|(path, text)| (&path[..], &text[..]))
            .collect();
        let (name, email) = self.place.with(|world, _| {
            let me = world.user(self.session.actor().unwrap());
            (me.name.clone(), me.email.clone())
        });
        let sha = self.writes(None, &all, "Begin", (&name, &email));
        self.force_pushes(branch, &sha);
        sha
    }

    /// Pushes a commit whose author and committer are this name and address, as git lets anyone write. Returns the
    /// commit.
    pub fn pushes_as(
        &self,
        who: (&str, &str),
        branch: &str,
        files: &[(&str, &str)],
        message: &str,
    ) -> String {
        let tip = self.place.edit(|repo| repo.branch(branch));
        let start = self.place.edit(|repo| repo.branch(&repo.default_branch));
        let sha = self.writes(tip.or(start), files, message, who);
        if tip.is_some() {
            let path = format!("/git/refs/heads/{branch}");
            self.does("PATCH", &path, json!({"sha": sha}));
        } else {
            self.branches_off(branch, &sha);
        }
        sha
    }

    /// Makes a branch at a commit.
    pub fn branches_off(&self, branch: &str, sha: &str) {
        self.does(
            "POST",
            "/git/refs",
            json!({"ref": format!("refs/heads/{branch}"), "sha": sha}),
        );
    }

    /// Deletes a branch.
    pub fn deletes(&self, branch: &str) {
        self.does("DELETE", &format!("/git/refs/heads/{branch}"), Value::Null);
    }

    /// Makes a light tag.
    pub fn tags(&self, name: &str, sha: &str) {
        self.does(
            "POST",
            "/git/refs",
            json!({"ref": format!("refs/tags/{name}"), "sha": sha}),
        );
    }

    /// Makes an annotated tag; gives the tag object.
    pub fn annotates(&self, name: &str, sha: &str, message: &str) -> String {
        let body = json!({"tag": name, "object": sha, "type": "commit", "message": message});
        let tag = self.does("POST", "/git/tags", body)["sha"]
            .as_str()
            .unwrap()
            .to_owned();
        self.tags(name, &tag);
        tag
    }

    /// Opens a pull request (`head` may be `owner:branch`); gives its number.
    pub fn opens(&self, head: &str, base: &str, title: &str) -> u64 {
        let body = json!({"head": head, "base": base, "title": title});
        self.does("POST", "/pulls", body)["number"]
            .as_u64()
            .unwrap()
    }

    /// Forks the repository (unless there is a fork already), pushes these files to a branch of the fork and opens a pull request from it
    /// against the default branch; gives its number. The branch may have any name, that of a branch here included.
    pub fn opens_from_fork(&self, branch: &str, files: &[(&str, &str)], title: &str) -> u64 {
        let (me, base, fork) = self.place.with(|world, id| {
            let me = world.user(self.session.actor().unwrap()).login.clone();
            let repo = world.repo(id);
            let (base, name) = (repo.default_branch.clone(), repo.name.clone());
            let fork = world.repo_id(&me, &name);
            (me, base, fork)
        });
        let slug = match fork {
            Some(id) => self.place.with(|world, _| world.slug(id)),
            None => self.place.fork(&me),
        };
        self.place.with(|world, _| {
            world.place(&slug).by(&me).pushes(branch, files, title);
        });
        self.opens(&format!("{me}:{branch}"), &base, title)
    }

    fn reviews(&self, number: u64, event: &str, body: &str) -> u64 {
        let body = json!({"event": event, "body": body});
        self.does("POST", &format!("/pulls/{number}/reviews"), body)["id"]
            .as_u64()
            .unwrap()
    }

    /// Approves; gives the review's number.
    pub fn approves(&self, number: u64) -> u64 {
        self.reviews(number, "APPROVE", "")
    }

    /// Requests changes; gives the review's number.
    pub fn requests_changes(&self, number: u64) -> u64 {
        self.reviews(number, "REQUEST_CHANGES", "No.")
    }

    /// Reviews with a comment alone; gives the review's number.
    pub fn remarks(&self, number: u64) -> u64 {
        self.reviews(number, "COMMENT", "Hm.")
    }

    /// Dismisses a review.
    pub fn dismisses(&self, number: u64, review: u64) {
        self.does(
            "PUT",
            &format!("/pulls/{number}/reviews/{review}/dismissals"),
            json!({"message": "no longer"}),
        );
    }

    /// Asks people for their review.
    pub fn requests(&self, number: u64, logins: &[&str]) {
        let path = format!("/pulls/{number}/requested_reviewers");
        self.does("POST", &path, json!({"reviewers": logins}));
    }

    /// Adds a label.
    pub fn labels(&self, number: u64, name: &str) {
        self.does(
            "POST",
            &format!("/issues/{number}/labels"),
            json!({"labels": [name]}),
        );
    }

    /// Removes a label.
    pub fn unlabels(&self, number: u64, name: &str) {
        self.does(
            "DELETE",
            &format!("/issues/{number}/labels/{}", name.replace('/', "%2F")),
            Value::Null,
        );
    }

    /// Creates a label in the repository.
    pub fn creates_label(&self, name: &str) {
        self.does("POST", "/labels", json!({"name": name, "color": "00ff00"}));
    }

    /// Gives a label of the repository another name.
    pub fn renames_label(&self, from: &str, to: &str) {
        self.does(
            "PATCH",
            &format!("/labels/{}", from.replace('/', "%2F")),
            json!({"new_name": to}),
        );
    }

    /// Comments; gives the comment's number.
    pub fn comments(&self, number: u64, text: &str) -> u64 {
        self.does(
            "POST",
            &format!("/issues/{number}/comments"),
            json!({"body": text}),
        )["id"]
            .as_u64()
            .unwrap()
    }

    /// Rewrites a comment.
    pub fn edits_comment(&self, comment: u64, text: &str) {
        let path = format!("/issues/comments/{comment}");
        self.does("PATCH", &path, json!({"body": text}));
    }

    /// Rewrites the body of a pull request.
    pub fn edits_body(&self, number: u64, text: &str) {
        self.does("PATCH", &format!("/pulls/{number}"), json!({"body": text}));
    }

    /// Rewrites the title of a pull request.
    pub fn edits_title(&self, number: u64, text: &str) {
        self.does("PATCH", &format!("/pulls/{number}"), json!({"title": text}));
    }

    /// Brings the deleted head branch of a pull request back, by the button on its page.
    pub fn restores(&self, number: u64) {
        self.place.with(|world, id| {
            world.clock.tick();
            refs::restore_head(world, &self.session, id, number)
                .unwrap_or_else(|refusal| panic!("restore: {}", refusal.text()));
        });
    }

    /// Puts a pull request into the merge queue.
    pub fn enqueues(&self, number: u64) {
        self.place.with(|world, id| {
            world.clock.tick();
            queue::enqueue(world, &self.session, id, number, None)
                .unwrap_or_else(|refusal| panic!("enqueue: {}", refusal.text()));
        });
    }

    /// Merges by hand.
    pub fn merges(&self, number: u64, method: &str) -> String {
        let merged = self.does(
            "PUT",
            &format!("/pulls/{number}/merge"),
            json!({"merge_method": method}),
        );
        merged["sha"].as_str().unwrap().to_owned()
    }

    /// Closes without merging.
    pub fn closes(&self, number: u64) {
        self.does(
            "PATCH",
            &format!("/pulls/{number}"),
            json!({"state": "closed"}),
        );
    }

    /// Opens again.
    pub fn reopens(&self, number: u64) {
        self.does(
            "PATCH",
            &format!("/pulls/{number}"),
            json!({"state": "open"}),
        );
    }

    /// Moves to another base branch.
    pub fn retargets(&self, number: u64, base: &str) {
        self.does("PATCH", &format!("/pulls/{number}"), json!({"base": base}));
    }

    /// Sets a commit status.
    pub fn reports(&self, sha: &str, context: &str, state: &str) {
        self.does(
            "POST",
            &format!("/statuses/{sha}"),
            json!({"context": context, "state": state}),
        );
    }

    /// Makes a completed check run (only Apps can).
    pub fn checks(&self, sha: &str, name: &str, conclusion: &str) {
        self.does(
            "POST",
            "/check-runs",
            json!({"head_sha": sha, "name": name, "conclusion": conclusion}),
        );
    }

    /// Reports a deployment of a commit to an environment, with its state; gives the deployment's number.
    pub fn deploys(&self, sha: &str, environment: &str, state: &str) -> u64 {
        let body = json!({"ref": sha, "environment": environment, "auto_merge": false, "required_contexts": []});
        let id = self.does("POST", "/deployments", body)["id"]
            .as_u64()
            .unwrap();
        let path = format!("/deployments/{id}/statuses");
        self.does("POST", &path, json!({"state": state}));
        id
    }

    /// A run that an event of this person's starts, such as `push` or `schedule`, on a branch; gives its number.
    pub fn triggers(&self, workflow: &str, event: &'static str, branch: &str) -> u64 {
        self.place.with(|world, id| {
            world.clock.tick();
            let actor = self.session.actor().unwrap();
            super::rest::actions::start(world, id, workflow, event, branch, actor)
        })
    }

    /// Starts a run again: the actor stays, the triggering actor is this person.
    pub fn reruns(&self, run: u64) {
        self.does("POST", &format!("/actions/runs/{run}/rerun"), Value::Null);
    }

    /// Starts a workflow by hand; gives the run's number.
    pub fn dispatches(&self, workflow: &str, branch: &str, inputs: Value) -> u64 {
        let path = format!("/actions/workflows/{workflow}/dispatches");
        self.does("POST", &path, json!({"ref": branch, "inputs": inputs}));
        *self.place.runs().last().unwrap()
    }

    /// Arms auto-merge, or disarms it.
    pub fn auto_merge(&self, number: u64, on: bool) {
        self.place.with(|world, id| {
            world.clock.tick();
            merge::set_auto_merge(
                world,
                &self.session,
                id,
                number,
                on.then(|| "squash".to_owned()),
            )
            .unwrap_or_else(|refusal| panic!("{}", refusal.text()));
        });
    }
}

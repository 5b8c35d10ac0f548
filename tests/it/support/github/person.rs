//! What people do. A deed takes the same way as its REST call would, permissions and refusals included, only without the wire:
//! nothing is recorded, no fault or hook acts. A deed that GitHub refuses panics with its words; [`Person::tries`] gives the refusal
//! instead.

use super::access::Session;
use super::call::{Call, read_query};
use super::merge;
use super::refs;
use super::reply::{Body, Refusal};
use super::routes;
use super::scene::{Place, Reach};
use super::store::Edit;
use super::world::{RepoId, World};
use git2::Oid;
use serde_json::{Value, json};

/// Somebody who does something in one repository.
pub struct Person<'p, R> {
    pub(super) place: &'p Place<R>,
    pub(super) session: Session,
}

/// Commits edits to a branch and moves (or makes) it, as a push does. `free` skips rules, for setting up.
pub fn push(
    world: &mut World,
    id: RepoId,
    session: &Session,
    branch: &str,
    edits: &[Edit],
    message: &str,
    free: bool,
) -> Result<Oid, Refusal> {
    world.clock.tick();
    let by = refs::By::of(session);
    let who = merge::author(world, by.actor);
    let repo = world.repo(id);
    let parent = repo
        .branch(branch)
        .or_else(|| repo.branch(&repo.default_branch));
    let tree = parent
        .and_then(|oid| repo.store.info(oid))
        .map(|commit| commit.tree);
    let tree = repo
        .store
        .tree(tree, edits)
        .map_err(Refusal::unprocessable)?;
    let parents: Vec<Oid> = parent.into_iter().collect();
    let oid = repo
        .store
        .commit(tree, &parents, message, &who, &who)
        .map_err(Refusal::unprocessable)?;
    let name = format!("refs/heads/{branch}");
    let exists = repo.refs.contains_key(&name);
    match (free, exists) {
        (true, _) => refs::apply(
            world,
            by,
            id,
            &name,
            Some(oid),
            if exists { "push" } else { "branch_creation" },
        ),
        (false, true) => refs::update(world, session, id, &name, oid, false)?,
        (false, false) => refs::create(world, session, id, &name, oid)?,
    }
    Ok(oid)
}

impl<R: Reach> Person<'_, R> {
    /// Does a REST call without the wire; the path begins after `/repos/{owner}/{repo}`, with a query where wanted.
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
            let store = world.repo(id).store.clone();
            let puts = files.iter().map(|(path, text)| {
                (
                    (*path).to_owned(),
                    Some((0o100_644, store.blob(text.as_bytes()))),
                )
            });
            let edits: Vec<Edit> = puts
                .chain(gone.iter().map(|path| ((*path).to_owned(), None)))
                .collect();
            push(world, id, &self.session, branch, &edits, message, free)
                .unwrap_or_else(|refusal| panic!("push to {branch}: {}", refusal.message))
                .to_string()
        })
    }

    /// Pushes a commit with these files; a branch that does not exist starts at the default branch. Gives the commit.
    pub fn pushes(&self, branch: &str, files: &[(&str, &str)], message: &str) -> String {
        self.commits(branch, files, &[], message, false)
    }

    /// Pushes a commit that takes files away.
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

    /// Puts a label on.
    pub fn labels(&self, number: u64, name: &str) {
        self.does(
            "POST",
            &format!("/issues/{number}/labels"),
            json!({"labels": [name]}),
        );
    }

    /// Takes a label off.
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

//! What tests set up and what people do. A person's deeds take the same way as their REST calls would, permissions and refusals
//! included, only without the wire: nothing is recorded, no fault or hook acts. A deed that GitHub refuses panics with its words;
//! [`Person::tries`] gives the refusal instead.

use super::access::{Permissions, Role, Session, Token, TokenKind};
use super::call::{Call, read_query};
use super::merge;
use super::refs;
use super::reply::{Body, Refusal};
use super::repo::{Repo, Rule, Settings};
use super::routes;
use super::store::{Edit, Store};
use super::world::{App, AppId, Kind, Membership, Org, RepoId, Team, UserId, World};
use git2::Oid;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A way to the state: through the handle (locking for each deed), or directly from within a hook.
pub trait Reach {
    /// Looks at, or changes, the state.
    fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T;
}

impl Reach for Arc<Mutex<World>> {
    fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut super::lock(self))
    }
}

impl Reach for RefCell<&mut World> {
    fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.borrow_mut())
    }
}

/// One repository, to set up and to look at.
pub struct Place<R> {
    reach: R,
    slug: String,
}

/// Somebody who does something in one repository.
pub struct Person<'p, R> {
    place: &'p Place<R>,
    session: Session,
}

impl World {
    /// A repository, from within a hook; made empty and public where there is none.
    pub fn place(&mut self, slug: &str) -> Place<RefCell<&mut Self>> {
        Place::new(RefCell::new(self), slug)
    }

    /// An account, made where there is none; gives its number.
    pub fn ensure_account(&mut self, login: &str, kind: Kind) -> UserId {
        if let Some(id) = self.user_id(login) {
            return id;
        }
        let id = self.next_id();
        self.add_user(id, login, kind)
    }

    /// Makes an account an organisation and adds people to it.
    pub fn organisation(&mut self, login: &str, owners: &[&str], members: &[&str]) {
        let id = self.ensure_account(login, Kind::Organization);
        if let Some(account) = self.users.get_mut(&id) {
            account.kind = Kind::Organization;
        }
        let mut people = Vec::new();
        for (logins, owner) in [(members, false), (owners, true)] {
            people.extend(logins.iter().map(|login| (self.ensure_user(login), owner)));
        }
        self.orgs.entry(id).or_insert_with(Org::default).members.extend(people);
    }

    /// Puts somebody into a team, which is made where there is none.
    pub fn team(&mut self, org: &str, slug: &str, login: &str, membership: Membership) {
        self.organisation(org, &[], &[login]);
        let (id, who, number) = (self.user_id(org).unwrap(), self.ensure_user(login), self.next_id());
        let teams = &mut self.orgs.get_mut(&id).unwrap().teams;
        if !teams.iter().any(|team| team.slug == slug) {
            let (slug, members) = (slug.to_owned(), BTreeMap::new());
            teams.push(Team { id: number, slug, members });
        }
        let team = teams.iter_mut().find(|team| team.slug == slug).unwrap();
        team.members.insert(who, membership);
    }

    /// Issues a token.
    pub fn issue(&mut self, actor: UserId, kind: TokenKind) -> String {
        let prefix = match kind {
            TokenKind::Classic(_) => "ghp",
            TokenKind::FineGrained(..) => "github_pat",
            TokenKind::Workflow(..) | TokenKind::Installation(..) => "ghs",
        };
        let text = format!("{prefix}_{:036}", self.next_id());
        let token = Token { actor, kind, text: text.clone() };
        self.tokens.insert(text.clone(), token);
        text
    }

    /// A classic personal token.
    pub fn personal_token(&mut self, login: &str, scopes: &[&str]) -> String {
        let actor = self.ensure_user(login);
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        self.issue(actor, TokenKind::Classic(scopes))
    }

    /// The App with that number; made, with its account `<slug>[bot]`, where there is none.
    pub fn ensure_app(&mut self, id: AppId, slug: &str) -> AppId {
        if !self.apps.contains_key(&id) {
            let bot = self.ensure_account(&format!("{slug}[bot]"), Kind::Bot);
            let owner = self.ensure_account("app-owner", Kind::User);
            self.apps.insert(id, App { id, slug: slug.to_owned(), bot, owner });
        }
        id
    }

    fn ensure_repo(&mut self, slug: &str) -> RepoId {
        let (owner, name) = slug.split_once('/').unwrap();
        match self.repo_id(owner, name) {
            Some(id) => id,
            None => self.add_repo(owner, name, None),
        }
    }

    fn add_repo(&mut self, owner: &str, name: &str, fork_of: Option<RepoId>) -> RepoId {
        let (owner, id) = (self.ensure_user(owner), self.next_id());
        let store = fork_of.map_or_else(Store::default, |parent| self.repo(parent).store.clone());
        let created_at = self.now();
        self.repos.push(Repo {
            id,
            owner,
            name: name.to_owned(),
            private: false,
            fork_of,
            store,
            refs: BTreeMap::new(),
            default_branch: "main".to_owned(),
            roles: BTreeMap::new(),
            team_roles: BTreeMap::new(),
            settings: Settings::default(),
            rules: Vec::new(),
            labels: Vec::new(),
            activity: Vec::new(),
            statuses: Vec::new(),
            checks: Vec::new(),
            workflows: Vec::new(),
            runs: Vec::new(),
            deployments: Vec::new(),
            pulls: BTreeMap::new(),
            queue: Vec::new(),
            verified: BTreeSet::new(),
            merge_refusals: Vec::new(),
            last_number: 0,
            created_at,
        });
        self.repos.len() - 1
    }
}

fn permissions(text: &str) -> Permissions {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

impl<R: Reach> Place<R> {
    pub(super) fn new(reach: R, slug: &str) -> Self {
        reach.with(|world| world.ensure_repo(slug));
        Self { reach, slug: slug.to_owned() }
    }

    /// Looks at, or changes, the repository and everything around it.
    pub fn with<T>(&self, look: impl FnOnce(&mut World, RepoId) -> T) -> T {
        self.reach.with(|world| {
            let id = world.ensure_repo(&self.slug);
            look(world, id)
        })
    }

    /// Looks at, or changes, just the repository.
    pub fn edit<T>(&self, look: impl FnOnce(&mut Repo) -> T) -> T {
        self.with(|world, id| look(world.repo_mut(id)))
    }

    /// Hides it from those without a role.
    pub fn private(&self) -> &Self {
        self.edit(|repo| repo.private = true);
        self
    }

    /// Commits these files to a branch as its owner, on top of what is there; the first branch becomes the default branch.
    /// Gives the commit.
    pub fn files(&self, branch: &str, files: &[(&str, &str)]) -> String {
        let owner = self.with(|world, id| {
            let repo = world.repo_mut(id);
            if repo.refs.is_empty() {
                branch.clone_into(&mut repo.default_branch);
            }
            let owner = repo.owner;
            world.user(owner).login.clone()
        });
        self.by(&owner).commits(branch, files, &[], "Set up", true)
    }

    /// Commits a folder of fixtures, symbolic links and executable bits included.
    pub fn folder(&self, branch: &str, folder: &Path) -> String {
        fn collect(store: &Store, root: &Path, folder: &Path, edits: &mut Vec<Edit>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                let about = path.symlink_metadata().unwrap();
                if about.is_symlink() {
                    let target = std::fs::read_link(&path).unwrap();
                    edits.push((name, Some((0o120_000, store.blob(target.to_string_lossy().as_bytes())))));
                } else if about.is_dir() {
                    if name != ".git" {
                        collect(store, root, &path, edits);
                    }
                } else {
                    let mode = if executable(&about) { 0o100_755 } else { 0o100_644 };
                    edits.push((name, Some((mode, store.blob(&std::fs::read(&path).unwrap())))));
                }
            }
        }
        let store = self.edit(|repo| repo.store.clone());
        let mut edits = Vec::new();
        collect(&store, folder, folder, &mut edits);
        self.with(|world, id| {
            let owner = world.repo(id).owner;
            let session = world.session_of(owner);
            push(world, id, &session, branch, &edits, "Set up", true).unwrap();
            world.repo(id).branch(branch).unwrap().to_string()
        })
    }

    /// Takes over branches, tags and the default branch of a repository on disk; objects are read where they lie.
    pub fn from_git(&self, path: &Path) {
        let git = git2::Repository::open(path).unwrap();
        let store = self.edit(|repo| repo.store.clone());
        store.read_also(&git.commondir().join("objects"));
        let head = git.head().ok().and_then(|head| head.shorthand().ok().map(str::to_owned));
        self.with(|world, id| {
            if let Some(head) = head {
                world.repo_mut(id).default_branch = head;
            }
            let by = refs::By { actor: world.repo(id).owner, app: None };
            for reference in git.references().unwrap().flatten() {
                let Ok(name) = reference.name() else { continue };
                if let (true, Some(oid)) = (name.starts_with("refs/heads/") || name.starts_with("refs/tags/"), reference.target()) {
                    refs::apply(world, by, id, name, Some(oid), "branch_creation");
                }
            }
        });
    }

    /// Makes a fork under another owner; objects are shared, branches copied.
    pub fn fork(&self, owner: &str) -> String {
        self.with(|world, id| {
            let name = world.repo(id).name.clone();
            let fork = world.add_repo(owner, &name, Some(id));
            let parent = world.repo(id);
            let refs: Vec<_> = parent.refs.iter().filter(|(name, _)| !name.starts_with("refs/pull/")).map(|(name, oid)| (name.clone(), *oid)).collect();
            let default = parent.default_branch.clone();
            let fork_repo = world.repo_mut(fork);
            fork_repo.refs.extend(refs);
            fork_repo.default_branch = default;
            format!("{owner}/{name}")
        })
    }

    /// Gives somebody a role; the account is made where there is none.
    pub fn role(&self, login: &str, role: Role) -> &Self {
        self.with(|world, id| {
            let who = world.ensure_user(login);
            world.repo_mut(id).roles.insert(who, role);
        });
        self
    }

    /// Gives a team a role.
    pub fn team_role(&self, slug: &str, role: Role) -> &Self {
        self.with(|world, id| {
            let owner = world.repo(id).owner;
            let team = world.orgs[&owner].teams.iter().find(|team| team.slug == slug).unwrap().id;
            world.repo_mut(id).team_roles.insert(team, role);
        });
        self
    }

    /// Adds a branch rule.
    pub fn rule(&self, rule: Rule) -> &Self {
        self.edit(|repo| repo.rules.push(rule));
        self
    }

    /// Changes settings.
    pub fn settings(&self, set: impl FnOnce(&mut Settings)) -> &Self {
        self.edit(|repo| set(&mut repo.settings));
        self
    }

    /// A `GITHUB_TOKEN` of a workflow here, with a `permissions` block such as `contents:write, pull-requests:write`.
    pub fn workflow_token(&self, words: &str) -> String {
        let map = permissions(words);
        self.with(|world, id| world.issue(super::world::ACTIONS_BOT, TokenKind::Workflow(id, map)))
    }

    /// An installation token of an App for this repository alone.
    pub fn app_token(&self, app: AppId, slug: &str, words: &str) -> String {
        let map = permissions(words);
        self.with(|world, id| {
            let app = world.ensure_app(app, slug);
            world.issue(world.apps[&app].bot, TokenKind::Installation(app, vec![id], map))
        })
    }

    /// A fine-grained personal token for this repository alone.
    pub fn fine_grained_token(&self, login: &str, words: &str) -> String {
        let map = permissions(words);
        self.with(|world, id| {
            let actor = world.ensure_user(login);
            world.issue(actor, TokenKind::FineGrained(vec![id], map))
        })
    }

    /// The next merges are refused with these texts (405), however ready the pull request is.
    pub fn refuse_merges(&self, texts: &[&str]) {
        self.edit(|repo| repo.merge_refusals.extend(texts.iter().map(|text| (*text).to_owned())));
    }

    /// The tip of a branch; None where there is none.
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

    /// The text of a file at a revision; None where there is none.
    pub fn file(&self, revision: &str, path: &str) -> Option<String> {
        self.edit(|repo| {
            let commit = repo.store.info(repo.resolve(revision)?)?;
            let bytes = repo.store.bytes(repo.store.at(commit.tree, path)?.oid)?;
            Some(String::from_utf8_lossy(&bytes).into_owned())
        })
    }

    /// A pull request as REST shows it in lists.
    pub fn pull(&self, number: u64) -> Value {
        self.with(|world, id| super::view::pull::pull_short(world, id, &world.repo(id).pulls[&number]))
    }

    /// Numbers of the pull requests, open ones only where asked.
    pub fn pulls(&self, open: bool) -> Vec<u64> {
        self.edit(|repo| repo.pulls.values().filter(|pull| pull.open || !open).map(|pull| pull.number).collect())
    }

    /// Makes the activity log forget, as it does after a time: what is left are the newest lines.
    pub fn forget_activity(&self, keep: usize) {
        self.edit(|repo| {
            let gone = repo.activity.len().saturating_sub(keep);
            repo.activity.drain(..gone);
        });
    }

    /// Ends a workflow run.
    pub fn finish_run(&self, run: u64, conclusion: &str) {
        self.with(|world, id| {
            world.clock.tick();
            let now = world.now();
            let run = world.repo_mut(id).runs.iter_mut().find(|one| one.id == run).unwrap();
            "completed".clone_into(&mut run.status);
            run.conclusion = Some(conclusion.to_owned());
            run.updated_at = now;
        });
    }

    /// Numbers of the workflow runs, oldest first.
    pub fn runs(&self) -> Vec<u64> {
        self.edit(|repo| repo.runs.iter().map(|run| run.id).collect())
    }

    /// Lets the first pull request of the merge queue land.
    pub fn land_queue(&self) -> String {
        self.with(|world, id| {
            world.clock.tick();
            merge::land_queue(world, id).unwrap_or_else(|refusal| panic!("{}", refusal.message)).to_string()
        })
    }

    /// Somebody who acts here as on the web: with the role that they have.
    pub fn by(&self, login: &str) -> Person<'_, R> {
        let session = self.with(|world, _| {
            let who = world.ensure_user(login);
            world.session_of(who)
        });
        Person { place: self, session }
    }

    /// Whoever a token belongs to.
    pub fn with_token(&self, token: &str) -> Person<'_, R> {
        let session = self.with(|world, _| world.session(token).unwrap());
        Person { place: self, session }
    }
}

#[cfg(unix)]
fn executable(about: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    about.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn executable(_: &std::fs::Metadata) -> bool {
    false
}

/// Commits edits to a branch and moves (or makes) it, as a push does. `free` skips rules, for setting up.
fn push(
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
    let parent = repo.branch(branch).or_else(|| repo.branch(&repo.default_branch));
    let tree = parent.and_then(|oid| repo.store.info(oid)).map(|commit| commit.tree);
    let tree = repo.store.tree(tree, edits).map_err(Refusal::unprocessable)?;
    let parents: Vec<Oid> = parent.into_iter().collect();
    let oid = repo.store.commit(tree, &parents, message, &who, &who).map_err(Refusal::unprocessable)?;
    let name = format!("refs/heads/{branch}");
    let exists = repo.refs.contains_key(&name);
    match (free, exists) {
        (true, _) => refs::apply(world, by, id, &name, Some(oid), if exists { "push" } else { "branch_creation" }),
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
        self.tries(method, path, body)
            .unwrap_or_else(|refusal| panic!("{method} {path}: {} {}", refusal.status, refusal.text()))
    }

    fn commits(&self, branch: &str, files: &[(&str, &str)], gone: &[&str], message: &str, free: bool) -> String {
        self.place.with(|world, id| {
            let store = world.repo(id).store.clone();
            let puts = files.iter().map(|(path, text)| ((*path).to_owned(), Some((0o100_644, store.blob(text.as_bytes())))));
            let edits: Vec<Edit> = puts.chain(gone.iter().map(|path| ((*path).to_owned(), None))).collect();
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
        self.does("PATCH", &format!("/git/refs/heads/{branch}"), json!({"sha": sha, "force": true}));
    }

    /// Makes a branch at a commit.
    pub fn branches_off(&self, branch: &str, sha: &str) {
        self.does("POST", "/git/refs", json!({"ref": format!("refs/heads/{branch}"), "sha": sha}));
    }

    /// Deletes a branch.
    pub fn deletes(&self, branch: &str) {
        self.does("DELETE", &format!("/git/refs/heads/{branch}"), Value::Null);
    }

    /// Makes a light tag.
    pub fn tags(&self, name: &str, sha: &str) {
        self.does("POST", "/git/refs", json!({"ref": format!("refs/tags/{name}"), "sha": sha}));
    }

    /// Makes an annotated tag; gives the tag object.
    pub fn annotates(&self, name: &str, sha: &str, message: &str) -> String {
        let body = json!({"tag": name, "object": sha, "type": "commit", "message": message});
        let tag = self.does("POST", "/git/tags", body)["sha"].as_str().unwrap().to_owned();
        self.tags(name, &tag);
        tag
    }

    /// Opens a pull request (`head` may be `owner:branch`); gives its number.
    pub fn opens(&self, head: &str, base: &str, title: &str) -> u64 {
        let body = json!({"head": head, "base": base, "title": title});
        self.does("POST", "/pulls", body)["number"].as_u64().unwrap()
    }

    fn reviews(&self, number: u64, event: &str, body: &str) -> u64 {
        let body = json!({"event": event, "body": body});
        self.does("POST", &format!("/pulls/{number}/reviews"), body)["id"].as_u64().unwrap()
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
        self.does("PUT", &format!("/pulls/{number}/reviews/{review}/dismissals"), json!({"message": "no longer"}));
    }

    /// Puts a label on.
    pub fn labels(&self, number: u64, name: &str) {
        self.does("POST", &format!("/issues/{number}/labels"), json!({"labels": [name]}));
    }

    /// Takes a label off.
    pub fn unlabels(&self, number: u64, name: &str) {
        self.does("DELETE", &format!("/issues/{number}/labels/{}", name.replace('/', "%2F")), Value::Null);
    }

    /// Creates a label in the repository.
    pub fn creates_label(&self, name: &str) {
        self.does("POST", "/labels", json!({"name": name, "color": "00ff00"}));
    }

    /// Comments; gives the comment's number.
    pub fn comments(&self, number: u64, text: &str) -> u64 {
        self.does("POST", &format!("/issues/{number}/comments"), json!({"body": text}))["id"].as_u64().unwrap()
    }

    /// Merges by hand.
    pub fn merges(&self, number: u64, method: &str) -> String {
        let merged = self.does("PUT", &format!("/pulls/{number}/merge"), json!({"merge_method": method}));
        merged["sha"].as_str().unwrap().to_owned()
    }

    /// Closes without merging.
    pub fn closes(&self, number: u64) {
        self.does("PATCH", &format!("/pulls/{number}"), json!({"state": "closed"}));
    }

    /// Opens again.
    pub fn reopens(&self, number: u64) {
        self.does("PATCH", &format!("/pulls/{number}"), json!({"state": "open"}));
    }

    /// Moves to another base branch.
    pub fn retargets(&self, number: u64, base: &str) {
        self.does("PATCH", &format!("/pulls/{number}"), json!({"base": base}));
    }

    /// Sets a commit status.
    pub fn reports(&self, sha: &str, context: &str, state: &str) {
        self.does("POST", &format!("/statuses/{sha}"), json!({"context": context, "state": state}));
    }

    /// Makes a completed check run (only Apps can).
    pub fn checks(&self, sha: &str, name: &str, conclusion: &str) {
        self.does("POST", "/check-runs", json!({"head_sha": sha, "name": name, "conclusion": conclusion}));
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
            merge::set_auto_merge(world, &self.session, id, number, on.then(|| "squash".to_owned()))
                .unwrap_or_else(|refusal| panic!("{}", refusal.text()));
        });
    }
}

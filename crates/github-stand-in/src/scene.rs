//! One repository as tests set it up and look at it. What people do there is in [`super::person`].

use super::ids::AppId;
use super::person::Person;
use super::place::{Place, Reach};
use super::push::push;
use super::queue;
use super::ref_moves;
use super::repo::{Rule, Settings};
use super::session::{By, Permissions, Role, TokenKind};
use super::store::{Edit, Store};
use std::path::Path;

fn permissions(text: &str) -> Permissions {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

impl<R: Reach> Place<R> {
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
                let name = path
                    .strip_prefix(root)
                    .unwrap()
                    .to_string_lossy()
                    .into_owned();
                let about = path.symlink_metadata().unwrap();
                if about.is_symlink() {
                    let target = std::fs::read_link(&path).unwrap();
                    edits.push((
                        name,
                        Some((0o120_000, store.blob(target.to_string_lossy().as_bytes()))),
                    ));
                } else if about.is_dir() {
                    if name != ".git" {
                        collect(store, root, &path, edits);
                    }
                } else {
                    let mode = if executable(&about) {
                        0o100_755
                    } else {
                        0o100_644
                    };
                    edits.push((
                        name,
                        Some((mode, store.blob(&std::fs::read(&path).unwrap()))),
                    ));
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

    /// Takes branches, tags and the default branch from a repository on disk; its objects are read in place.
    pub fn git_repository(&self, path: &Path) {
        let git = git2::Repository::open(path).unwrap();
        let store = self.edit(|repo| repo.store.clone());
        store.read_also(&git.commondir().join("objects"));
        let head = git
            .head()
            .ok()
            .and_then(|head| head.shorthand().ok().map(str::to_owned));
        self.with(|world, id| {
            if let Some(head) = head {
                world.repo_mut(id).default_branch = head;
            }
            let by = By {
                actor: world.repo(id).owner,
                app: None,
            };
            for reference in git.references().unwrap().flatten() {
                let Ok(name) = reference.name() else { continue };
                if let (true, Some(oid)) = (
                    name.starts_with("refs/heads/") || name.starts_with("refs/tags/"),
                    reference.target(),
                ) {
                    ref_moves::apply(world, by, id, name, Some(oid), "branch_creation");
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
            let refs: Vec<_> = parent
                .refs
                .iter()
                .filter(|(name, _)| !name.starts_with("refs/pull/"))
                .map(|(name, oid)| (name.clone(), *oid))
                .collect();
            let (default, private) = (parent.default_branch.clone(), parent.private);
            let fork_repo = world.repo_mut(fork);
            fork_repo.private = private;
            fork_repo.refs.extend(refs);
            fork_repo.default_branch = default;
            format!("{owner}/{name}")
        })
    }

    /// Gives a person a role; the account is created if it does not exist.
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
            let team = world.orgs[&owner]
                .teams
                .iter()
                .find(|team| team.slug == slug)
                .unwrap()
                .id;
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
        self.with(|world, id| world.issue(super::ids::ACTIONS_BOT, TokenKind::Workflow(id, map)))
    }

    /// An installation token of an App for this repository alone.
    pub fn app_token(&self, app: AppId, slug: &str, words: &str) -> String {
        let map = permissions(words);
        self.with(|world, id| {
            let app = world.ensure_app(app, slug);
            world.issue(
                world.apps[&app].bot,
                TokenKind::Installation(app, vec![id], map),
            )
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
        self.edit(|repo| {
            repo.merge_refusals
                .extend(texts.iter().map(|text| (*text).to_owned()));
        });
    }

    /// Makes the activity log forget, as it does after a time: what is left are the newest lines.
    pub fn forget_activity(&self, keep: usize) {
        self.edit(|repo| {
            let gone = repo.activity.len().saturating_sub(keep);
            repo.activity.drain(..gone);
        });
    }

    /// Puts a workflow, by its file's name, into a state such as `disabled_manually` or `active`.
    pub fn set_workflow_state(&self, file: &str, state: &str) {
        self.edit(|repo| {
            let mut found = repo.workflows.iter_mut();
            let found = found.find(|one| one.path.rsplit('/').next() == Some(file));
            state.clone_into(&mut found.unwrap().state);
        });
    }

    /// A workflow run has started.
    pub fn start_run(&self, run: u64) {
        self.edit(|repo| {
            let found = repo.runs.iter_mut().find(|one| one.id == run);
            "in_progress".clone_into(&mut found.unwrap().status);
        });
    }

    /// The inputs that a dispatch gave a run, filled up with the defaults of its workflow.
    pub fn inputs(&self, run: u64) -> serde_json::Value {
        self.with(|world, id| {
            let mut runs = world.repo(id).runs.iter();
            runs.find(|one| one.id == run).unwrap().inputs.clone()
        })
    }

    /// Ends a workflow run.
    pub fn finish_run(&self, run: u64, conclusion: &str) {
        self.with(|world, id| {
            world.clock.tick();
            let now = world.now();
            let run = world
                .repo_mut(id)
                .runs
                .iter_mut()
                .find(|one| one.id == run)
                .unwrap();
            "completed".clone_into(&mut run.status);
            run.conclusion = Some(conclusion.to_owned());
            run.updated_at = now;
        });
    }

    /// Lets the first pull request of the merge queue land.
    pub fn land_queue(&self) -> String {
        self.with(|world, id| {
            world.clock.tick();
            queue::land(world, id)
                .unwrap_or_else(|refusal| panic!("{}", refusal.message))
                .to_string()
        })
    }

    /// Someone who acts here as on the web: with the role that they have.
    pub fn by(&self, login: &str) -> Person<'_, R> {
        let session = self.with(|world, _| {
            let who = world.ensure_user(login);
            world.session_of(who)
        });
        Person {
            place: self,
            session,
        }
    }

    /// An App, which acts with an installation token of these permissions for this repository.
    pub fn app(&self, app: AppId, slug: &str, words: &str) -> Person<'_, R> {
        self.with_token(&self.app_token(app, slug, words))
    }

    /// `github-actions[bot]`: a workflow here, which acts with a `GITHUB_TOKEN` of these permissions.
    pub fn workflow(&self, words: &str) -> Person<'_, R> {
        self.with_token(&self.workflow_token(words))
    }

    /// A token that can read this repository, and nothing else: of a machine account that has no other rights. For a
    /// private repository beside the one under test.
    pub fn reader_token(&self) -> String {
        self.role("reader", Role::Read);
        self.fine_grained_token("reader", "contents:read")
    }

    /// The account that a token belongs to.
    pub fn with_token(&self, token: &str) -> Person<'_, R> {
        let session = self.with(|world, _| world.session(token).unwrap());
        Person {
            place: self,
            session,
        }
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

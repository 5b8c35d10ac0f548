//! What one repository stores: refs, settings, branch rules, activity, statuses, checks, workflows, runs, deployments
//! and pull requests. Objects are in a [`Store`] that all forks of one network share, as on GitHub.

use super::ids::{AppId, RepoId, UserId};
use super::pull::Pull;
use super::session::{By, Role};
use super::store::Store;
use git2::Oid;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A label of a repository.
#[derive(Debug, Clone)]
pub struct Label {
    /// Its number.
    pub id: u64,
    /// Its name; compared without regard to case.
    pub name: String,
    /// Six hex digits.
    pub color: String,
    /// Its description.
    pub description: Option<String>,
    /// Names that it had before, oldest first.
    pub former: Vec<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its name, colour or description last changed.
    pub updated_at: Timestamp,
}

/// One line of the activity log.
#[derive(Debug, Clone)]
pub struct Activity {
    /// Its number.
    pub id: u64,
    /// Full ref.
    pub name: String,
    /// Tip before; zero when it was created.
    pub before: Oid,
    /// Tip after; zero when it was deleted.
    pub after: Oid,
    /// `push`, `force_push`, `branch_creation`, `branch_deletion`, `pr_merge` or `merge_queue_merge`.
    pub kind: &'static str,
    /// Who did it.
    pub actor: UserId,
    /// When.
    pub at: Timestamp,
    /// This many more reads do not show it.
    pub unseen_reads: u32,
}

/// A commit status.
#[derive(Debug, Clone)]
pub struct Status {
    /// Its number.
    pub id: u64,
    /// The commit.
    pub sha: Oid,
    /// `error`, `failure`, `pending` or `success`.
    pub state: String,
    /// Its name.
    pub context: String,
    /// Its text.
    pub description: Option<String>,
    /// What it points to.
    pub target_url: Option<String>,
    /// Who set it.
    pub creator: UserId,
    /// When.
    pub at: Timestamp,
}

/// A check run.
#[derive(Debug, Clone)]
pub struct CheckRun {
    /// Its number.
    pub id: u64,
    /// The suite that it belongs to.
    pub suite: u64,
    /// The commit.
    pub sha: Oid,
    /// Its name.
    pub name: String,
    /// `queued`, `in_progress` or `completed`.
    pub status: String,
    /// Its outcome, once completed.
    pub conclusion: Option<String>,
    /// The App that made it.
    pub app: AppId,
    /// The maker's own key.
    pub external_id: String,
    /// Title, summary and text.
    pub output: Value,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
}

/// A workflow file that the default branch has or had.
#[derive(Debug, Clone)]
pub struct Workflow {
    /// Its number.
    pub id: u64,
    /// `.github/workflows/x.yml`.
    pub path: String,
    /// Its `name:`.
    pub name: String,
    /// `active`, `disabled_manually`, `disabled_inactivity`, …
    pub state: String,
    /// When it was first seen.
    pub at: Timestamp,
}

/// A workflow run.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its number.
    pub id: u64,
    /// The workflow.
    pub workflow: u64,
    /// Its path, as the run shows it.
    pub path: String,
    /// Running number within the workflow.
    pub number: u64,
    /// Attempt, from 1.
    pub attempt: u64,
    /// What started it.
    pub event: String,
    /// Branch it runs on.
    pub head_branch: String,
    /// Commit it runs on.
    pub head_sha: Oid,
    /// The repository of that commit.
    pub head_repo: RepoId,
    /// The title people see.
    pub title: String,
    /// `queued`, `in_progress`, `completed`, …
    pub status: String,
    /// Outcome, once completed.
    pub conclusion: Option<String>,
    /// Who started the first attempt.
    pub actor: UserId,
    /// Who started this attempt.
    pub triggering_actor: UserId,
    /// The inputs of its dispatch.
    pub inputs: Value,
    /// How many lists of runs still miss it.
    pub unlisted: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A deployment.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// Its number.
    pub id: u64,
    /// The commit.
    pub sha: Oid,
    /// The ref as given.
    pub name: String,
    /// Its task.
    pub task: String,
    /// Its payload.
    pub payload: Value,
    /// The environment.
    pub environment: String,
    /// Its text.
    pub description: Option<String>,
    /// Who made it.
    pub creator: UserId,
    /// The App it was made through.
    pub app: Option<AppId>,
    /// When.
    pub at: Timestamp,
    /// Its statuses, oldest first.
    pub statuses: Vec<DeploymentStatus>,
}

/// A deployment's status.
#[derive(Debug, Clone)]
pub struct DeploymentStatus {
    /// Its number.
    pub id: u64,
    /// `success`, `failure`, …
    pub state: String,
    /// Its text.
    pub description: String,
    /// What it points to.
    pub log_url: String,
    /// Who set it.
    pub creator: UserId,
    /// The App it was made through.
    pub app: Option<AppId>,
    /// When.
    pub at: Timestamp,
}

/// Someone to whom a rule does not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bypass {
    /// An App.
    App(AppId),
    /// An account.
    User(UserId),
    /// Everyone with at least this role.
    Role(Role),
}

/// What holds for a branch, be it classic protection or a ruleset.
#[derive(Debug, Clone, Default)]
pub struct Rule {
    /// Branch name, or a prefix that ends in `*`.
    pub branch: String,
    /// A ruleset words its refusals differently from classic protection.
    pub ruleset: bool,
    /// Contexts that must succeed, each by this App only if one is given.
    pub statuses: Vec<(String, Option<AppId>)>,
    /// The head must contain the base tip (only bites with a context).
    pub strict: bool,
    /// Approving reviews needed; Some makes pull requests necessary.
    pub reviews: Option<usize>,
    /// A push dismisses approvals.
    pub dismiss_stale: bool,
    /// The last pusher's approval does not count.
    pub last_push_approval: bool,
    /// No merge commits.
    pub linear: bool,
    /// No one updates the branch except `bypass`.
    pub restrict: bool,
    /// Merges go through the queue.
    pub queue: bool,
    /// After this many minutes the queue evicts what its required contexts have not answered; None:
    /// [`Self::QUEUE_TIMEOUT_MINUTES`].
    pub queue_timeout_minutes: Option<i64>,
    /// Merge methods that are left.
    pub methods: Option<Vec<String>>,
    /// The branch may be force-pushed and deleted.
    pub allow_force: bool,
    /// To whom the rule does not apply.
    pub bypass: Vec<Bypass>,
}

impl Rule {
    /// How long a merge queue waits for required contexts unless the rule says otherwise.
    pub const QUEUE_TIMEOUT_MINUTES: i64 = 60;
}

/// Settings of a repository.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Merge commits may be made.
    pub merge: bool,
    /// Squash merges may be made.
    pub squash: bool,
    /// Rebase merges may be made.
    pub rebase: bool,
    /// `GITHUB_TOKEN` may open and approve pull requests.
    pub actions_may_create_pulls: bool,
    /// Head branches go when their pull request is merged.
    pub delete_branch: bool,
    /// Auto-merge may be switched on.
    pub auto_merge: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            merge: true,
            squash: true,
            rebase: true,
            actions_may_create_pulls: true,
            delete_branch: false,
            auto_merge: true,
        }
    }
}

/// A pull request that waits in the merge queue.
#[derive(Debug, Clone)]
pub struct QueueEntry {
    /// Its number.
    pub id: u64,
    /// The pull request.
    pub pull: u64,
    /// Branch it goes to.
    pub base: String,
    /// The commit on `gh-readonly-queue/…` that will land.
    pub head: Oid,
    /// What that commit builds on.
    pub on: Oid,
    /// The temporary branch (full ref).
    pub name: String,
    /// Who put it there.
    pub enqueuer: UserId,
    /// The App it was put there through.
    pub app: Option<AppId>,
    /// When.
    pub at: Timestamp,
    /// When its commit was built last.
    pub built_at: Timestamp,
}

impl QueueEntry {
    /// Who put it there, and through which App.
    pub fn by(&self) -> By {
        By {
            actor: self.enqueuer,
            app: self.app,
        }
    }
}

/// One repository.
#[derive(Clone)]
pub struct Repo {
    /// Its number in the API.
    pub id: u64,
    /// The account that owns it.
    pub owner: UserId,
    /// Its name.
    pub name: String,
    /// Hidden from those without a role.
    pub private: bool,
    /// The repository that this one was forked from.
    pub fork_of: Option<RepoId>,
    /// Objects; shared with every fork.
    pub store: Store,
    /// Full ref → object (a tag object for annotated tags).
    pub refs: BTreeMap<String, Oid>,
    /// Short name of the default branch.
    pub default_branch: String,
    /// Roles of single accounts.
    pub roles: BTreeMap<UserId, Role>,
    /// Roles of teams.
    pub team_roles: BTreeMap<u64, Role>,
    /// Settings.
    pub settings: Settings,
    /// Branch rules.
    pub rules: Vec<Rule>,
    /// Labels.
    pub labels: Vec<Label>,
    /// What happened to refs, oldest first.
    pub activity: Vec<Activity>,
    /// Commit statuses, oldest first.
    pub statuses: Vec<Status>,
    /// Check runs, oldest first.
    pub checks: Vec<CheckRun>,
    /// Workflows.
    pub workflows: Vec<Workflow>,
    /// Workflow runs, oldest first.
    pub runs: Vec<Run>,
    /// Deployments, oldest first.
    pub deployments: Vec<Deployment>,
    /// Pull requests by number.
    pub pulls: BTreeMap<u64, Pull>,
    /// The merge queue, next to land first.
    pub queue: Vec<QueueEntry>,
    /// Commits with a signature of GitHub's.
    pub verified: BTreeSet<Oid>,
    /// Texts with which the next merges are refused (405), however ready they are.
    pub merge_refusals: Vec<String>,
    /// Last number given to a pull request.
    pub last_number: u64,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Repo {
    /// The tip of a branch.
    pub fn branch(&self, name: &str) -> Option<Oid> {
        self.refs.get(&format!("refs/heads/{name}")).copied()
    }

    /// A label by name, without regard to case.
    pub fn label(&self, name: &str) -> Option<&Label> {
        self.labels
            .iter()
            .find(|label| label.name.eq_ignore_ascii_case(name))
    }

    /// The label that has this name now or had it before; the one that has it now comes first.
    pub fn label_once(&self, name: &str) -> Option<&Label> {
        let had = |label: &&Label| {
            let former = label.former.iter();
            former.clone().any(|one| one.eq_ignore_ascii_case(name))
        };
        self.label(name)
            .or_else(|| self.labels.iter().rev().find(had))
    }

    /// Numbers of the pull requests that GitHub associates with a commit: the merged ones that brought it and, as long as the default
    /// branch does not hold it, the open ones that would. Never one that was closed without merging.
    pub fn pulls_of_commit(&self, oid: Oid) -> Vec<u64> {
        let landed = self
            .branch(&self.default_branch)
            .is_some_and(|tip| self.store.is_ancestor(oid, tip));
        let holds = |pull: &Pull| {
            let from = self.store.merge_base(pull.base_sha, pull.head_sha);
            self.store.between(from, pull.head_sha).contains(&oid)
        };
        let associated = |pull: &&Pull| match &pull.merged {
            Some(merged) => merged.commit == oid || holds(pull),
            None => pull.open && !landed && holds(pull),
        };
        let found = self.pulls.values().filter(associated);
        found.map(|pull| pull.number).collect()
    }

    /// Resolves what GitHub takes for a revision: `HEAD`, a full ref, a branch, a tag, a full id or the beginning of one (7 or
    /// more digits); peeled to a commit.
    pub fn resolve(&self, text: &str) -> Option<Oid> {
        let named = if text == "HEAD" {
            self.branch(&self.default_branch)
        } else {
            ["", "refs/", "refs/heads/", "refs/tags/"]
                .iter()
                .find_map(|prefix| self.refs.get(&format!("{prefix}{text}")).copied())
        };
        let object = named.or_else(|| self.store.by_prefix(text))?;
        self.store.peel(object)
    }
}

//! How a repository is set up on the forge: what `doctor` looks at. Read, never written.
//!
//! What could not be read says why; nothing unread is ever mistaken for missing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::ids::CommitId;

/// Why something is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// The token may not read it; in GitHub's words.
    Forbidden(String),
    /// It does not exist, or is hidden from this token: the two look the same.
    Hidden,
    /// It could not be asked for, or the answer was not understood.
    Failed(String),
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forbidden(said) => write!(f, "the token may not read it: {said}"),
            Self::Hidden => f.write_str("it does not exist, or the token cannot see it"),
            Self::Failed(why) => f.write_str(why),
        }
    }
}

/// Something that was asked for, or why it is not known.
pub type SettingsAnswer<T> = Result<T, Unread>;

/// The repository itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// Its default branch, which is the base of every promotion.
    pub base: String,
    /// It is hidden from strangers. What is public can be read by any token.
    pub private: bool,
    /// It is archived.
    pub archived: bool,
    /// What the person behind the token may do. For a token without a person behind it GitHub says no to everything,
    /// whatever the token may do.
    pub role: PersonRole,
}

/// What a person may do in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PersonRole {
    /// Less than write.
    Less,
    /// Write, or maintain.
    Write,
    /// Administer.
    Admin,
}

/// Whose token it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The login, for display.
    pub login: String,
    /// The account's number; `None` if GitHub does not say it.
    pub id: Option<u64>,
    /// The kind of account behind it.
    pub kind: TokenKind,
}

/// The kind of account behind a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A workflow: `GITHUB_TOKEN`.
    Workflow,
    /// An App, by its slug.
    App(String),
    /// A person.
    Person,
}

/// An App as its public entry has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppEntry {
    /// Its numeric id.
    pub id: u64,
    /// Permission → `read`, `write` or `admin`, as the App requests them. An installation has no more, and less only
    /// until someone accepts.
    pub permissions: BTreeMap<String, String>,
}

/// A part of GitHub for which tokens have a permission of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Area {
    /// Branches, commits, merges.
    Contents,
    /// Pull requests, their reviews and labels.
    PullRequests,
    /// Labels, as far as they are created.
    Issues,
    /// Commit statuses.
    Statuses,
    /// Check runs.
    Checks,
    /// Workflow runs and dispatches.
    Actions,
    /// Deployments.
    Deployments,
}

impl Area {
    /// The key of a workflow's `permissions` block.
    pub fn key(self) -> &'static str {
        match self {
            Self::Contents => "contents",
            Self::PullRequests => "pull-requests",
            Self::Issues => "issues",
            Self::Statuses => "statuses",
            Self::Checks => "checks",
            Self::Actions => "actions",
            Self::Deployments => "deployments",
        }
    }
}

/// What the repository lets happen to pull requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merging {
    /// Squash merges are allowed.
    pub squash: bool,
    /// Merge commits are allowed.
    pub merge: bool,
    /// Auto-merge may be armed.
    pub auto: bool,
    /// The base branch has a merge queue.
    pub queue: bool,
    /// Its tip; `None` if the repository is empty.
    pub tip: Option<CommitId>,
}

/// One rule that holds for a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What it demands.
    pub kind: RuleKind,
    /// Its source.
    pub from: RuleFrom,
}

/// The source of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleFrom {
    /// A ruleset, by its number.
    Ruleset(u64),
    /// Classic branch protection; named are those whom this rule does not bind.
    Classic(Exempt),
}

/// Whom a rule of classic branch protection does not bind.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exempt {
    /// People, by login.
    pub people: BTreeSet<String>,
    /// Teams, by slug.
    pub teams: BTreeSet<String>,
    /// Apps, by slug.
    pub apps: BTreeSet<String>,
    /// Administrators of the repository.
    pub admins: bool,
}

/// What a rule demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleKind {
    /// No one may create a branch of this name.
    Creation,
    /// No one may update it.
    Update,
    /// No one may delete it.
    Deletion,
    /// No one may replace it by force.
    NoForce,
    /// No merge commits.
    LinearHistory,
    /// Every commit is signed.
    Signatures,
    /// Changes come by pull request.
    PullRequest {
        /// How many approving reviews.
        reviews: u64,
        /// A code owner must be among them.
        code_owners: bool,
        /// The methods by which it may be merged; `None`: all that the repository allows.
        methods: Option<BTreeSet<String>>,
    },
    /// Statuses and checks must be green.
    StatusChecks {
        /// The branch must hold the base's tip.
        strict: bool,
        /// Which.
        contexts: Vec<RequiredContext>,
        /// They are demanded of a new branch too.
        on_create: bool,
    },
    /// Merges go through a queue, by this method.
    MergeQueue(String),
    /// Deployments to these environments come first.
    Deployments(Vec<String>),
    /// Something else, in GitHub's word for it.
    Other(String),
}

/// A status or check that must be green.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredContext {
    /// Its name.
    pub name: String,
    /// The App that must report it; `None`: anyone.
    pub app: Option<u64>,
}

/// The statuses and checks that were reported on the heads of open promotions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reported {
    /// How many heads were looked at.
    pub heads: usize,
    /// The names of what was reported on at least one of them, in whatever state.
    pub names: BTreeSet<String>,
}

/// A ruleset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruleset {
    /// Its name; foreign text.
    pub name: String,
    /// Whether it binds this token.
    pub bypass: Bypass,
    /// Who may bypass it, as text; `None` if only an administrator can see it.
    pub actors: Option<Vec<String>>,
}

/// Whether a rule binds this token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bypass {
    /// It does not.
    Always,
    /// It does not apply when a pull request is merged.
    OnPulls,
    /// It does.
    Never,
    /// GitHub does not say.
    Unknown,
}

/// Classic branch protection of one branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classic {
    /// Its rules.
    pub rules: Vec<Rule>,
    /// Why there may be more: only an administrator may read the whole.
    pub unread: Option<Unread>,
}

/// What workflows may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkflowSetting {
    /// GitHub Actions may open and approve pull requests.
    pub may_open_pulls: bool,
}

/// A team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Team {
    /// How many active members it has.
    pub members: usize,
}

/// What a login of the policy is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Person {
    /// No one has that login.
    NotFound,
    /// It is an App or an organisation.
    NoPerson,
    /// May write.
    Write,
    /// May not.
    Less,
}

/// The calls that are left to the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// REST: left, of how many an hour.
    pub rest: (u64, u64),
    /// GraphQL points: left, of how many an hour.
    pub graphql: (u64, u64),
}

/// What is to be read about a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Parts that promotions touch, to be read once each.
    pub areas: BTreeSet<Area>,
    /// Teams, as `organisation/team`.
    pub teams: BTreeSet<String>,
    /// People, by login.
    pub people: BTreeSet<String>,
    /// A branch such as promotions have.
    pub promotion_branch: String,
}

/// What was read about a repository.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whose token it is.
    pub identity: SettingsAnswer<Identity>,
    /// The scopes of a classic personal token; `None` for every other.
    pub scopes: Option<BTreeSet<String>>,
    /// The App behind the token, if there is one.
    pub app: Option<SettingsAnswer<AppEntry>>,
    /// What came of reading each part.
    pub areas: BTreeMap<Area, SettingsAnswer<()>>,
    /// What pull requests may do.
    pub merging: SettingsAnswer<Merging>,
    /// The setting for workflows.
    pub workflows: SettingsAnswer<WorkflowSetting>,
    /// The rulesets' rules for the base branch.
    pub base_rules: SettingsAnswer<Vec<Rule>>,
    /// The rulesets' rules for branches of promotions.
    pub branch_rules: SettingsAnswer<Vec<Rule>>,
    /// The rulesets behind them.
    pub rulesets: BTreeMap<u64, SettingsAnswer<Ruleset>>,
    /// Classic protection of the base branch.
    pub classic: SettingsAnswer<Classic>,
    /// The statuses and checks on the heads of open promotions.
    pub reported: SettingsAnswer<Reported>,
    /// Labels that begin with `approve/` or `sluice/`.
    pub labels: SettingsAnswer<BTreeSet<String>>,
    /// The teams.
    pub teams: BTreeMap<String, SettingsAnswer<Team>>,
    /// The people.
    pub people: BTreeMap<String, SettingsAnswer<Person>>,
    /// Calls that are left.
    pub budget: SettingsAnswer<Budget>,
}

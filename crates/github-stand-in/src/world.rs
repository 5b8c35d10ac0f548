//! Everything the stand-in stores, apart from what belongs to one repository: accounts, organisations, teams, Apps,
//! tokens, the clock, the switches. Knows nothing of HTTP.

use super::clock::Clock;
use super::ids::{
    ACTIONS_APP, ACTIONS_BOT, AppId, GHOST, MERGE_QUEUE_BOT, RepoId, UserId, WEB_FLOW,
};
use super::repo::Repo;
use super::secondary_limit::Secondary;
use super::session::{Level, Role, Session, Token, TokenKind};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// What an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A person.
    User,
    /// An App's account.
    Bot,
    /// A placeholder of an import.
    Mannequin,
    /// An organisation.
    Organization,
}

impl Kind {
    /// The `type` member and the GraphQL type.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Bot => "Bot",
            Self::Mannequin => "Mannequin",
            Self::Organization => "Organization",
        }
    }
}

/// An account.
#[derive(Debug, Clone)]
pub struct User {
    /// Its number.
    pub id: UserId,
    /// Its name in URLs; a bot's ends in `[bot]`.
    pub login: String,
    /// What it is.
    pub kind: Kind,
    /// Display name.
    pub name: String,
    /// The address that maps commits to this account.
    pub email: String,
}

/// Membership in a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// In it.
    Active,
    /// Invited.
    Pending,
}

/// A team of an organisation.
#[derive(Debug, Clone)]
pub struct Team {
    /// Its number.
    pub id: u64,
    /// Its name in URLs.
    pub slug: String,
    /// Who is in it.
    pub members: BTreeMap<UserId, Membership>,
}

/// An organisation.
#[derive(Debug, Clone, Default)]
pub struct Org {
    /// Its members; true for owners.
    pub members: BTreeMap<UserId, bool>,
    /// Its teams.
    pub teams: Vec<Team>,
}

/// A GitHub App.
#[derive(Debug, Clone)]
pub struct App {
    /// Its number.
    pub id: AppId,
    /// Its name in URLs.
    pub slug: String,
    /// The account `<slug>[bot]`.
    pub bot: UserId,
    /// The account that owns it.
    pub owner: UserId,
}

/// What a rate-limit bucket holds.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    /// Calls (or points) used since the last reset.
    pub used: u64,
    /// When it starts again.
    pub reset: Timestamp,
}

/// Behaviours of the whole stand-in that a test may set.
#[derive(Debug, Clone)]
pub struct Switches {
    /// Every list, REST or GraphQL, comes in pages of at most this size.
    pub page: Option<usize>,
    /// How many reads see a pull request as not yet computed after its head or base moved.
    pub mergeable_after: u32,
    /// How many list reads miss a new pull request.
    pub listed_after: u32,
    /// How many lists of workflow runs miss a new run.
    pub runs_listed_after: u32,
    /// How many calls that only look see the old head of a pull request after a push (as does a review that names no commit).
    pub head_after: u32,
    /// How many reads of the activity log miss a new line.
    pub activity_after: u32,
    /// This many attempts to open a pull request do not find its head branch yet.
    pub unseen_heads: u32,
    /// This many calls of `createCommitOnBranch` on a branch that has not moved since it was created answer
    /// `STALE_DATA` though the branch points where the caller says (seen right after the branch was created).
    pub stale_branches: u32,
    /// GraphQL words the primary limit as it did until 2025 (else as it does since).
    pub rate_limited_as_before: bool,
    /// Recursive trees are cut after this many entries.
    pub tree_limit: usize,
    /// Recursive trees are cut once their entries take more bytes than this.
    pub tree_bytes: usize,
    /// `return_run_details` is known (else 422, as on older Enterprise Servers).
    pub run_details: bool,
    /// The path of a workflow run includes the ref that it ran on, as in GitHub's documentation:
    /// `.github/workflows/x.yml@main`.
    pub run_path_with_ref: bool,
    /// Commits of bots through the git data API are verified.
    pub verify_git_data: bool,
    /// Requests an hour for a personal or installation token.
    pub limit: u64,
    /// Requests an hour for a workflow token.
    pub workflow_limit: u64,
    /// The activity route exists (older Enterprise Servers lack it).
    pub activity: bool,
    /// GraphQL shows collaborators to those who can push (otherwise to no one, so that permissions have to be requested
    /// one by one).
    pub collaborators: bool,
    /// GraphQL knows `Ref.rules` (else an error, as on a server that is older than it).
    pub rules_of_refs: bool,
    /// `createCommitOnBranch` adds this to the message of a commit, as a repository may that asks for a sign-off.
    pub commit_trailer: Option<String>,
    /// Only this many fields at the root of a mutation are carried out. The others answer that something went wrong.
    pub first_mutations: Option<usize>,
    /// GraphQL gives up on a request with more variables than this, in the words of its proxy (GitHub publishes no such limit; what takes
    /// it longer than ten seconds ends so).
    pub heaviest: usize,
    /// `updateRefs` is known (else an error, as on a server that is older than it).
    pub update_refs: bool,
    /// A head that is pushed back onto its base closes the pull request (else it counts as merged; both have been seen on GitHub).
    pub empty_head_closes: bool,
    /// Whether a label's event shows the label as it is now, for GraphQL and for REST (else as it was set). What GitHub does is not known;
    /// both at once is what asks most of a client.
    pub label_events_follow: (bool, bool),
    /// The sentences that refuse to create a label are exchanged: `POST labels` says "You do not have permission to create labels on this
    /// repository." and labelling "Resource not accessible by integration".
    pub swap_label_refusals: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            page: None,
            mergeable_after: 0,
            listed_after: 0,
            runs_listed_after: 0,
            head_after: 0,
            activity_after: 0,
            unseen_heads: 0,
            stale_branches: 0,
            rate_limited_as_before: false,
            tree_limit: 100_000,
            tree_bytes: 7 << 20,
            run_details: true,
            run_path_with_ref: false,
            verify_git_data: true,
            limit: 5000,
            workflow_limit: 1000,
            activity: true,
            collaborators: true,
            rules_of_refs: true,
            commit_trailer: None,
            first_mutations: None,
            heaviest: usize::MAX,
            update_refs: true,
            empty_head_closes: false,
            label_events_follow: (true, true),
            swap_label_refusals: false,
        }
    }
}

/// The whole state.
#[derive(Clone)]
pub struct World {
    /// Time.
    pub clock: Clock,
    /// Behaviours.
    pub switches: Switches,
    /// Accounts by number.
    pub users: BTreeMap<UserId, User>,
    /// Organisations by account number.
    pub orgs: BTreeMap<UserId, Org>,
    /// Apps by number.
    pub apps: BTreeMap<AppId, App>,
    /// Tokens by text.
    pub tokens: HashMap<String, Token>,
    /// Repositories.
    pub repos: Vec<Repo>,
    /// Rate-limit buckets by whose they are and resource.
    pub buckets: HashMap<(String, &'static str), Bucket>,
    /// Secondary limits by whose they are, with their ends.
    pub slowed_down: HashMap<String, (Timestamp, Secondary)>,
    /// The address of the API, without a trailing slash; follows the request that is being answered.
    pub api: String,
    /// The address of pages for people.
    pub html: String,
    /// Counts requests, so that lags count reads and not fields.
    pub serial: u64,
    last_id: u64,
    last_account: u64,
}

impl Default for World {
    fn default() -> Self {
        let mut world = Self {
            clock: Clock::default(),
            switches: Switches::default(),
            users: BTreeMap::new(),
            orgs: BTreeMap::new(),
            apps: BTreeMap::new(),
            tokens: HashMap::new(),
            repos: Vec::new(),
            buckets: HashMap::new(),
            slowed_down: HashMap::new(),
            api: "http://127.0.0.1".to_owned(),
            html: "http://127.0.0.1".to_owned(),
            serial: 0,
            // Pull requests, reviews, comments, events and runs have long outgrown 32 bits; accounts and repositories have not.
            last_id: 5_000_000_000,
            last_account: 1000,
        };
        world.add_user(GHOST, "ghost", Kind::User);
        world.add_user(WEB_FLOW, "web-flow", Kind::User);
        if let Some(user) = world.users.get_mut(&WEB_FLOW) {
            "noreply@github.com".clone_into(&mut user.email);
            "GitHub Web Flow".clone_into(&mut user.name);
        }
        let github = world.add_user(9919, "github", Kind::Organization);
        world.add_user(ACTIONS_BOT, "github-actions[bot]", Kind::Bot);
        world.add_user(MERGE_QUEUE_BOT, "github-merge-queue[bot]", Kind::Bot);
        world.apps.insert(
            ACTIONS_APP,
            App {
                id: ACTIONS_APP,
                slug: "github-actions".to_owned(),
                bot: ACTIONS_BOT,
                owner: github,
            },
        );
        world
    }
}

impl World {
    /// A number that nothing else has; too large for 32 bits.
    pub fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// A number that nothing else has, for accounts, teams, repositories and workflows.
    pub fn next_small_id(&mut self) -> u64 {
        self.last_account += 1;
        self.last_account
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Puts an account down under a given number.
    pub fn add_user(&mut self, id: UserId, login: &str, kind: Kind) -> UserId {
        let plain = login.trim_end_matches("[bot]");
        let email = if kind == Kind::Bot {
            format!("{id}+{login}@users.noreply.github.com")
        } else {
            format!("{plain}@example.com")
        };
        let user = User {
            id,
            login: login.to_owned(),
            kind,
            name: if kind == Kind::Bot { login } else { plain }.to_owned(),
            email,
        };
        self.users.insert(id, user);
        if kind == Kind::Organization {
            self.orgs.insert(id, Org::default());
        }
        id
    }

    /// The account with that name, created as a person if it does not exist.
    pub fn ensure_user(&mut self, login: &str) -> UserId {
        match self.user_id(login) {
            Some(id) => id,
            None => {
                let id = self.next_small_id();
                self.add_user(id, login, Kind::User)
            }
        }
    }

    /// Looks an account up, without regard to case.
    pub fn user_id(&self, login: &str) -> Option<UserId> {
        self.users
            .values()
            .find(|user| user.login.eq_ignore_ascii_case(login))
            .map(|user| user.id)
    }

    /// The account with that number.
    pub fn user(&self, id: UserId) -> &User {
        &self.users[&id]
    }

    /// The account that a commit's address belongs to: by its own address, or by GitHub's `<number>+<login>@users.noreply.github.com`,
    /// whose number alone decides.
    pub fn user_by_email(&self, email: &str) -> Option<&User> {
        let numbered = email
            .strip_suffix("@users.noreply.github.com")
            .and_then(|local| local.split_once('+')?.0.parse::<UserId>().ok());
        numbered.and_then(|id| self.users.get(&id)).or_else(|| {
            self.users
                .values()
                .find(|user| user.email.eq_ignore_ascii_case(email))
        })
    }

    /// Looks a repository up by `owner` and `name`, without regard to case.
    pub fn repo_id(&self, owner: &str, name: &str) -> Option<RepoId> {
        self.repos.iter().position(|repo| {
            repo.name.eq_ignore_ascii_case(name)
                && self.users[&repo.owner].login.eq_ignore_ascii_case(owner)
        })
    }

    /// The repository of an owner in the network of forks to which another one belongs.
    pub fn in_network(&self, of: RepoId, owner: &str) -> Option<RepoId> {
        let root = |mut id: RepoId| {
            while let Some(parent) = self.repos[id].fork_of {
                id = parent;
            }
            id
        };
        (0..self.repos.len()).find(|id| {
            let login = &self.users[&self.repos[*id].owner].login;
            root(*id) == root(of) && login.eq_ignore_ascii_case(owner)
        })
    }

    /// The repository with that index.
    pub fn repo(&self, id: RepoId) -> &Repo {
        &self.repos[id]
    }

    /// The repository with that index, to change it.
    pub fn repo_mut(&mut self, id: RepoId) -> &mut Repo {
        &mut self.repos[id]
    }

    /// `owner/name` as the owner writes it.
    pub fn slug(&self, id: RepoId) -> String {
        format!(
            "{}/{}",
            self.users[&self.repos[id].owner].login, self.repos[id].name
        )
    }

    /// The role of an account in a repository: the best of owner, collaborator, teams and what everyone may do.
    pub fn role(&self, repo: RepoId, user: UserId) -> Role {
        let repo = &self.repos[repo];
        let mut best = if repo.private { Role::None } else { Role::Read };
        if repo.owner == user {
            return Role::Admin;
        }
        best = best.max(repo.roles.get(&user).copied().unwrap_or(Role::None));
        if let Some(org) = self.orgs.get(&repo.owner) {
            if org.members.get(&user) == Some(&true) {
                return Role::Admin;
            }
            for team in &org.teams {
                if team.members.get(&user) == Some(&Membership::Active) {
                    best = best.max(repo.team_roles.get(&team.id).copied().unwrap_or(Role::None));
                }
            }
        }
        best
    }

    /// Whether an account can push: people by role, bots if one of their tokens has `contents: write`.
    pub fn can_push(&self, repo: RepoId, user: UserId) -> bool {
        if self.users[&user].kind != Kind::Bot {
            return self.role(repo, user) >= Role::Write;
        }
        self.tokens.values().any(|token| {
            token.actor == user
                && Session {
                    token: Some(token.clone()),
                }
                .grants(repo, "contents", Level::Write)
        })
    }

    /// Lets one call that only looks pass, for heads that are seen late.
    pub fn pass_read(&mut self) {
        for pull in self
            .repos
            .iter_mut()
            .flat_map(|repo| repo.pulls.values_mut())
        {
            pull.lag = match pull.lag {
                Some((old, more)) if more > 1 => Some((old, more - 1)),
                _ => None,
            };
        }
    }

    /// Finds who a token belongs to.
    pub fn session(&self, token: &str) -> Option<Session> {
        self.tokens.get(token).map(|token| Session {
            token: Some(token.clone()),
        })
    }

    /// A session of a person, as if signed in on the web.
    pub fn session_of(&self, user: UserId) -> Session {
        let scopes = ["repo", "workflow", "read:org"];
        Session {
            token: Some(Token {
                actor: user,
                kind: TokenKind::Classic(scopes.map(str::to_owned).to_vec()),
                text: String::new(),
            }),
        }
    }

    /// The address for `api/<path>`.
    pub fn api_url(&self, path: &str) -> String {
        format!("{}{path}", self.api)
    }
}

//! A stand-in GitHub for tests: one stateful server over real HTTP on loopback.
//!
//! Owns: repositories with real git objects, people, Apps and tokens with their permissions, pull requests, reviews,
//! labels, statuses, checks, workflow runs, deployments, the merge queue, REST and GraphQL over one state, GitHub's
//! words of refusal, and what a test needs on top: faults, hooks, a recorder, a clock. Must not know: anything of
//! Sluice. Any wrong answer makes the tests lie, so answers are checked against GitHub's own published schemas (see
//! [`GitHub::check_with`]), and a GraphQL field that GitHub has but this does not model fails the test loudly instead
//! of answering null.
//!
//! ```ignore
//! let hub = GitHub::start().await;
//! let repo = hub.repo("acme/gitops");
//! repo.files("main", &[("app.yaml", "v: 1\n")]);
//! repo.role("carol", Role::Write);
//! let token = repo.workflow_token("contents:write, pull-requests:write");
//! let number = repo.by("carol").opens("change", "main", "A title");
//! repo.by("dave").approves(number);
//! ```
//!
//! It can also be started on its own: `cargo run -p github-stand-in`.
//!
//! # Who acts, and where to look
//!
//! `repo.by("carol")` is a person as on the web, `repo.app(id, slug, permissions)` an App, `repo.workflow(permissions)`
//! a workflow's `github-actions[bot]`, `repo.with_token(token)` the owner of a token; what they can do is [`Person`]'s.
//! From within a hook the same begins with `world.place("acme/gitops")`. The result is available from [`Place`]: `tip`,
//! `file`, `message`, `parents`, `state`, `head`, `labels`, `comments`, `reviews`, `events`, `statuses`, `queue`,
//! `run`. Such actions are not calls: they are not recorded.
//!
//! # Calls: counting, waiting, breaking
//!
//! - Every call has an index, from 1, in the order of arrival ([`Seen::index`]); [`GitHub::forget_calls`] starts again.
//! - [`GitHub::calls`], `lines`, `reads`, `writes`, `most_in_flight`: what came. [`GitHub::round_trips`]: how often a client waited in a
//!   row (give it a [`GitHub::latency`], which is waited for in real time); `waits` names the calls of such a row.
//! - [`GitHub::before`], `before_each_read`, `before_each_write`: someone does something just before a call is carried
//!   out.
//! - [`GitHub::fault`] with [`When`], `fault_at(index, …)`: a call goes wrong. A sweep runs a scenario once, counts its calls, and again
//!   for each index and each of [`Fault::every`]. `kill_at(index)` plays a client that was killed; `heal` lets the next one through.
//! - [`Switches`]: lags (of lists, of heads, of mergeability), small pages, small limits, older servers.
//!
//! # What it does not do
//!
//! - No git over HTTP (`git clone`, `git push`): a person's push is [`Person::pushes`], a runner's checkout [`Place::checks_out`].
//! - No plain issues, milestones, projects, discussions, comments on lines of a diff, releases, webhooks, search.
//! - Nothing runs: a workflow run stays queued until a test ends it ([`Place::finish_run`]). Runs are started by
//!   pushes, by what happens to pull requests (`pull_request`, `pull_request_review`), by the merge queue and by
//!   dispatches; other events start none, including `schedule` and `pull_request_target` ([`Person::triggers`] makes
//!   one). The filter `paths` and `[skip ci]` are ignored, and no run of a first pull request from outside waits for
//!   its approval. Actions are off in forks.
//! - App tokens are issued by the test, not by exchanging a signed JWT; `GET /app` always answers 401.
//! - CODEOWNERS is a file like any other: no review is required or requested because of it.
//! - Auto-merge can be enabled and seen, but nothing merges automatically, not even out of the merge queue
//!   ([`Place::land_queue`]). Queue groups contain one pull request each, on top of those ahead. Evictions do happen
//!   automatically.
//! - Renamed or transferred repositories do not redirect.
//! - A person's write without the role is answered 403; which of 403 and 404 GitHub takes differs by route and was not verified.
//! - Whether a pull request can be merged is known at the first read unless [`Switches::mergeable_after`] says otherwise; GitHub mostly
//!   needs a second one. `mergeable_state` knows no `has_hooks`.
//! - The GraphQL limits on nodes are left to the contract; `rateLimit.cost` is always 1, though the budget is used up by GitHub's formula.
//! - No secondary limit but as a fault ([`Fault::SecondaryLimit`]); once begun it is a state of its token, until its end by the clock.
//! - A squash names no co-authors. The issue of a pull request has the pull request's own number in the API.
//! - `PUT`/`DELETE contents`, `POST merges`, `PUT update-branch` and the header that names accepted permissions are not there.
//! - GraphQL answers Sluice's subset and what Debian's `gh` 2.23 asks for `pr list|view|diff|review|edit|comment|ready|close|reopen|
//!   merge|checks`, `label`, `run list`, `workflow run` and `api`; not `pr create|checkout|status`, which need git over HTTP or search.
//!
//! # What has not been seen on the real GitHub
//!
//! Most refusals are worded as GitHub's issue trackers quote them. These are guesses, so nothing should match on them:
//! "Changes have been requested.", "This branch must not contain merge commits." and the two about force-pushing and
//! deleting a protected branch as REST says them; every message of `updateRefs`; what `enqueuePullRequest` says about
//! drafts and conflicts; the reasons of a removal from the queue other than `failed_checks`, `manual` and `merged`;
//! "Pull request is not in the queue"; "Can't disable auto-merge for this pull request"; "does not appear to be a valid
//! cursor"; that `POST labels` refuses with "Resource not accessible by integration" ([`Switches::swap_label_refusals`]
//! uses the other sentence); "Required input 'x' not provided"; "Reference update failed" if a branch would be under
//! another's name; what a server that does not know `return_run_details` answers.
//!
//! Also guessed: the body with which GraphQL says the secondary limit in status 200 (that the status is 200 or 403 is documented), the number
//! that a limit's message gives the installation of a workflow token, and the refusal of a version of the API that is not known.
//!
//! Guesses about behaviour, each in the way that demands more of a client: a `databaseId` that 32 bits cannot hold is
//! null; a deleted head branch that is pushed again leaves no `head_ref_restored`; an approval survives closing and
//! reopening; a pending review belongs to the head at which it was begun; the event of a label that was renamed since
//! has the new name, in GraphQL and in REST; rulesets show nothing in `refUpdateRule`; what the workflow token added to
//! the merge queue starts no run when it lands either; a context of a roll-up that the token may not see is null among
//! the others.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    unreachable_pub,
    reason = "only tests and the program beside it use this; what goes wrong in here has to be loud"
)]

mod access;
mod api;
mod budget;
mod call;
mod checked;
mod checkout;
mod clock;
pub mod contract;
mod documents;
mod faults;
mod graphql;
mod ids;
mod look;
mod merge;
mod person;
mod place;
mod pull;
mod pull_events;
mod push;
mod queue;
mod record;
mod ref_moves;
mod refs;
mod reply;
mod repo;
mod rest;
mod routes;
mod rules;
mod runs;
mod scene;
mod secondary_limit;
mod server;
mod session;
mod setup;
mod signature;
mod store;
mod traffic;
mod view;
mod world;

pub use faults::{Fault, When};
pub use graphql::points;
pub use person::Person;
pub use place::{Place, Reach};
pub use queue::land as land_queue;
pub use record::{Operation, Seen};
pub use repo::{Bypass, Rule};
pub use secondary_limit::Secondary;
pub use session::{Level, Permissions, Role, TokenKind};
pub use world::{Kind, Membership, Switches, World};

use server::Desk;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Says what is wrong with an honest answer; nothing if it is fine.
pub type Contract = Arc<dyn Fn(&Seen) -> Vec<String> + Send + Sync>;

/// A running stand-in. Stops when dropped; that panics if the stand-in itself went wrong or broke the contract.
pub struct GitHub {
    world: Arc<Mutex<World>>,
    desk: Arc<Mutex<Desk>>,
    running: server::Running,
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl GitHub {
    /// Starts one on a free port. It answers on a thread of its own, so a test may block.
    pub async fn start() -> Self {
        Self::start_on(0).await
    }

    /// Starts one whose every answer is held to GitHub's published contract.
    pub async fn start_checked() -> Self {
        let hub = Self::start().await;
        hub.check_with(Arc::new(checked::check));
        hub
    }

    /// Starts one on that port of 127.0.0.1.
    #[allow(
        clippy::unused_async,
        reason = "starting may come to need waiting; the tests should not change then"
    )]
    pub async fn start_on(port: u16) -> Self {
        Self::start_with(port, World::default())
    }

    /// Another stand-in, on a port of its own, that begins with all that this one holds now, its clock included: a scene that is set up once,
    /// for many lives. Faults, hooks and recorded calls are not taken over; objects of git are shared, as in a network of forks.
    pub fn copy(&self) -> Self {
        let copy = Self::start_with(0, lock(&self.world).clone());
        let contract = lock(&self.desk).contract.clone();
        lock(&copy.desk).contract = contract;
        copy
    }

    fn start_with(port: u16, world: World) -> Self {
        let world = Arc::new(Mutex::new(world));
        let desk = Arc::new(Mutex::new(Desk::default()));
        let running = server::start(port, Arc::clone(&world), Arc::clone(&desk));
        let address = format!("http://{}", running.address);
        {
            let mut world = lock(&world);
            world.api.clone_from(&address);
            world.html = address;
        }
        Self {
            world,
            desk,
            running,
        }
    }

    /// `http://127.0.0.1:PORT`: fit for `GITHUB_API_URL` and, with `/graphql`, for `GITHUB_GRAPHQL_URL`.
    pub fn url(&self) -> String {
        format!("http://{}", self.running.address)
    }

    /// A repository, created empty and public if it does not exist.
    pub fn repo(&self, slug: &str) -> Place<Arc<Mutex<World>>> {
        Place::new(Arc::clone(&self.world), slug)
    }

    /// An account, created if it does not exist; returns its number.
    pub fn account(&self, login: &str, kind: Kind) -> u64 {
        lock(&self.world).ensure_account(login, kind)
    }

    /// Gives an account another login; its number stays. The old one is free for another account.
    pub fn rename(&self, from: &str, to: &str) {
        lock(&self.world).rename(from, to);
    }

    /// Deletes an account; what it did stays, without an author.
    pub fn delete_account(&self, login: &str) {
        lock(&self.world).delete_account(login);
    }

    /// An organisation with its owners and members, created if it does not exist.
    pub fn organisation(&self, login: &str, owners: &[&str], members: &[&str]) {
        lock(&self.world).organisation(login, owners, members);
    }

    /// Adds a person to a team, which is created if it does not exist.
    pub fn team(&self, org: &str, slug: &str, login: &str, membership: Membership) {
        lock(&self.world).team(org, slug, login, membership);
    }

    /// A classic personal token that acts as that person.
    pub fn personal_token(&self, login: &str, scopes: &[&str]) -> String {
        lock(&self.world).personal_token(login, scopes)
    }

    /// Looks at, or changes, the state directly. Do not call the handle again from within: use the `World` given.
    pub fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut lock(&self.world))
    }

    /// Sets behaviours.
    pub fn switch(&self, set: impl FnOnce(&mut Switches)) {
        set(&mut lock(&self.world).switches);
    }

    /// Sets the clock (RFC 3339).
    pub fn set_clock(&self, to: &str) {
        lock(&self.world).clock.set(to);
    }

    /// Moves the clock on.
    pub fn advance(&self, seconds: i64) {
        lock(&self.world).clock.advance(seconds);
    }

    /// What is used up of a token's hour: of `core`, or the points of `graphql`.
    pub fn used(&self, token: &str, resource: &'static str) -> u64 {
        let world = &mut lock(&self.world);
        let session = world.session(token).unwrap();
        budget::view(world, &session, resource)["used"]
            .as_u64()
            .unwrap()
    }

    /// From now on the clock also runs on its own, a second of it in this much real time: for clients that wait for a
    /// limit to end.
    pub fn run_clock(&self, second: std::time::Duration) {
        lock(&self.world).clock.run(second);
    }

    /// The clock's time.
    pub fn now(&self) -> jiff::Timestamp {
        lock(&self.world).now()
    }

    /// Holds every honest answer to a contract from now on.
    pub fn check_with(&self, contract: Contract) {
        lock(&self.desk).contract = Some(contract);
    }

    /// Takes out what the contract found so far, so that dropping the handle does not panic over it.
    pub fn violations(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.desk).violations)
    }
}

impl Drop for GitHub {
    fn drop(&mut self) {
        self.running.stop();
        let violations = self.violations();
        if !std::thread::panicking() && !violations.is_empty() {
            panic!("the stand-in GitHub went wrong:\n{}", violations.join("\n"));
        }
    }
}

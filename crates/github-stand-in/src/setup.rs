//! What is there before people act: accounts, organisations, teams, Apps, tokens, empty repositories.

use super::ids::{AppId, GHOST, RepoId, UserId};
use super::place::Place;
use super::pull::What;
use super::repo::{Repo, Settings};
use super::session::{Token, TokenKind};
use super::store::Store;
use super::world::{App, Kind, Membership, Team, World};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

impl World {
    /// A repository, from within a hook; created empty and public if it does not exist.
    pub fn place(&mut self, slug: &str) -> Place<RefCell<&mut Self>> {
        Place::new(RefCell::new(self), slug)
    }

    /// An account, created if it does not exist; returns its number.
    pub fn ensure_account(&mut self, login: &str, kind: Kind) -> UserId {
        if let Some(id) = self.user_id(login) {
            return id;
        }
        let id = self.next_small_id();
        self.add_user(id, login, kind)
    }

    /// Gives an account another login; its number stays. The old one is free for another account.
    pub fn rename(&mut self, from: &str, to: &str) {
        let id = self.user_id(from).unwrap();
        to.clone_into(&mut self.users.get_mut(&id).unwrap().login);
    }

    /// Deletes an account: its rights and tokens are removed, what it did stays. REST then shows the ghost where it
    /// must show an account.
    pub fn delete_account(&mut self, login: &str) {
        let id = self.user_id(login).unwrap();
        let gone = |who: &mut UserId| {
            if *who == id {
                *who = GHOST;
            }
        };
        let forget = |who: &mut Option<UserId>| *who = who.filter(|who| *who != id);
        for repo in &mut self.repos {
            repo.roles.remove(&id);
            repo.activity
                .iter_mut()
                .for_each(|one| gone(&mut one.actor));
            repo.statuses
                .iter_mut()
                .for_each(|one| gone(&mut one.creator));
            for run in &mut repo.runs {
                gone(&mut run.actor);
                gone(&mut run.triggering_actor);
            }
            for deployment in &mut repo.deployments {
                gone(&mut deployment.creator);
                let statuses = deployment.statuses.iter_mut();
                statuses.for_each(|one| gone(&mut one.creator));
            }
            repo.queue
                .iter_mut()
                .for_each(|one| gone(&mut one.enqueuer));
            for pull in repo.pulls.values_mut() {
                gone(&mut pull.author);
                gone(&mut pull.pusher);
                pull.requested.retain(|who| *who != id);
                pull.assignees.retain(|who| *who != id);
                pull.reviews
                    .iter_mut()
                    .for_each(|one| forget(&mut one.user));
                pull.comments.iter_mut().for_each(|one| gone(&mut one.user));
                for event in &mut pull.events {
                    forget(&mut event.actor);
                    if let What::ReviewRequested(who) | What::ReviewRequestRemoved(who) =
                        &mut event.what
                    {
                        gone(who);
                    }
                }
                pull.merged.iter_mut().for_each(|one| gone(&mut one.by));
                pull.auto_merge.iter_mut().for_each(|one| gone(&mut one.by));
                pull.edited.iter_mut().for_each(|one| gone(&mut one.0));
                forget(&mut pull.closed_by);
            }
        }
        for org in self.orgs.values_mut() {
            org.members.remove(&id);
            for team in &mut org.teams {
                team.members.remove(&id);
            }
        }
        self.tokens.retain(|_, token| token.actor != id);
        self.users.remove(&id);
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
        self.orgs.entry(id).or_default().members.extend(people);
    }

    /// Adds a person to a team, which is created if it does not exist.
    pub fn team(&mut self, org: &str, slug: &str, login: &str, membership: Membership) {
        self.organisation(org, &[], &[login]);
        let (id, who, number) = (
            self.user_id(org).unwrap(),
            self.ensure_user(login),
            self.next_small_id(),
        );
        let teams = &mut self.orgs.get_mut(&id).unwrap().teams;
        if !teams.iter().any(|team| team.slug == slug) {
            let (slug, members) = (slug.to_owned(), BTreeMap::new());
            teams.push(Team {
                id: number,
                slug,
                members,
            });
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
        let token = Token {
            actor,
            kind,
            text: text.clone(),
        };
        self.tokens.insert(text.clone(), token);
        text
    }

    /// A classic personal token.
    pub fn personal_token(&mut self, login: &str, scopes: &[&str]) -> String {
        let actor = self.ensure_user(login);
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        self.issue(actor, TokenKind::Classic(scopes))
    }

    /// The App with that number; created, with its account `<slug>[bot]`, if it does not exist.
    pub fn ensure_app(&mut self, id: AppId, slug: &str) -> AppId {
        if !self.apps.contains_key(&id) {
            let bot = self.ensure_account(&format!("{slug}[bot]"), Kind::Bot);
            let owner = self.ensure_account("app-owner", Kind::User);
            self.apps.insert(
                id,
                App {
                    id,
                    slug: slug.to_owned(),
                    bot,
                    owner,
                },
            );
        }
        id
    }

    /// The repository with that name, created empty and public if it does not exist.
    pub fn ensure_repo(&mut self, slug: &str) -> RepoId {
        let (owner, name) = slug.split_once('/').unwrap();
        match self.repo_id(owner, name) {
            Some(id) => id,
            None => self.add_repo(owner, name, None),
        }
    }

    /// Makes an empty repository; a fork shares its parent's objects.
    pub fn add_repo(&mut self, owner: &str, name: &str, fork_of: Option<RepoId>) -> RepoId {
        let (owner, id) = (self.ensure_user(owner), self.next_small_id());
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

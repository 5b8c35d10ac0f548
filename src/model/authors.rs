//! Who made a change: the people behind a commit as GitHub reports them, and which of them may not approve it.
//!
//! Anyone who can push can write any author and committer into a commit. So these lines alone never prove who made it:
//! who pushed or merged it must also be known.

use std::collections::{BTreeMap, BTreeSet};

use super::actor::{Actor, ActorKind, UserId};
use super::commit_range::Person;
use super::ids::{CommitId, PullNumber};

/// What GitHub reports about the people behind a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Makers {
    /// The commit.
    pub commit: CommitId,
    /// Its authors, those named as co-authors included.
    pub authors: Vec<Person>,
    /// It has more authors than were read.
    pub more_authors: bool,
    /// Its committer.
    pub committer: Option<Person>,
    /// Its committer is the one that GitHub uses for commits made on its pages. Anyone can write that.
    pub via_web: bool,
    /// The forge signed it.
    pub signed: bool,
    /// The merged pull request whose merge commit it is.
    pub merge: Option<Merge>,
}

/// The people behind a merged pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merge {
    /// Its number.
    pub number: PullNumber,
    /// Who opened it; `None` for a deleted account.
    pub opened_by: Option<Actor>,
    /// Who merged it; `None` if the forge does not say.
    pub merged_by: Option<Actor>,
    /// The authors of its commits.
    pub authors: Vec<Person>,
    /// It has more commits, or more authors, than were read.
    pub more: bool,
}

impl Makers {
    /// Whether the log of pushes is needed to find out who brought it in.
    pub fn wants_pushes(&self) -> bool {
        let merge = self.merge.as_ref();
        merge.is_none_or(|merge| merge.merged_by.is_none())
    }

    /// Whether its committer is GitHub, and not a name that someone wrote there.
    fn committed_by_forge(&self) -> bool {
        self.via_web && (self.signed || self.merge.is_some())
    }
}

/// What a commit changed, as reasons name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It is one of the commits that a git ref brings.
    Content,
    /// It set this value: `spec.helm.version of web-dev in dev (1a2b3c4)`.
    Value(String),
}

/// What a person did to a change.
#[derive(Clone, Copy)]
enum Deed {
    Wrote,
    Committed,
    Opened,
    Merged,
    Pushed,
}

impl Changed {
    fn by(&self, deed: Deed) -> String {
        match (self, deed) {
            (Self::Content, deed) => {
                let did = match deed {
                    Deed::Wrote => "wrote",
                    Deed::Committed => "committed",
                    Deed::Opened => "opened the pull request of",
                    Deed::Merged => "merged",
                    Deed::Pushed => "pushed",
                };
                format!("{did} one of the promoted commits")
            }
            (Self::Value(value), Deed::Wrote | Deed::Committed) => format!("changed {value}"),
            (Self::Value(value), Deed::Opened) => {
                format!("opened the pull request that changed {value}")
            }
            (Self::Value(value), Deed::Merged) => format!("merged the change of {value}"),
            (Self::Value(value), Deed::Pushed) => format!("pushed the change of {value}"),
        }
    }
}

/// The people who made what is promoted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeAuthors {
    /// What each of them did, such as `changed spec.helm.version of web-dev in dev (1a2b3c4)`.
    pub people: BTreeMap<UserId, String>,
    /// Who cannot be identified; each a sentence that ends with what to do.
    pub untold: BTreeSet<String>,
}

impl ChangeAuthors {
    /// The people behind one commit. `pushed`: who made the pushes to `branch` that brought it in, if [`Makers::wants_pushes`]; `None` for an
    /// account that is gone.
    pub fn of(makers: &Makers, pushed: &[Option<Actor>], branch: &str, changed: &Changed) -> Self {
        let mut found = Self::default();
        let commit = makers.commit.short();
        for person in &makers.authors {
            found.add_person(person, changed.by(Deed::Wrote), &commit);
        }
        if makers.more_authors {
            found.untold.insert(format!(
                "{commit} has more authors than are read: make the change again in a commit with fewer authors"
            ));
        }
        if let Some(committer) = &makers.committer
            && !makers.committed_by_forge()
        {
            found.add_person(committer, changed.by(Deed::Committed), &commit);
        }
        if let Some(merge) = &makers.merge {
            found.add_merge(merge, changed, &commit);
        }
        if makers.wants_pushes() {
            found.add_pushers(pushed, branch, changed, &commit);
        }
        found
    }

    /// Adds what was found elsewhere. What a person did first stays.
    pub fn add(&mut self, other: Self) {
        for (id, did) in other.people {
            self.people.entry(id).or_insert(did);
        }
        self.untold.extend(other.untold);
    }

    fn add_merge(&mut self, merge: &Merge, changed: &Changed, commit: &str) {
        let number = merge.number;
        match &merge.opened_by {
            Some(actor) => self.add_actor(actor, changed.by(Deed::Opened), commit),
            None => {
                self.untold.insert(format!(
                    "cannot identify who opened {number}, which brought {commit}: the account was deleted; make the change again"
                ));
            }
        }
        if let Some(actor) = &merge.merged_by {
            self.add_actor(actor, changed.by(Deed::Merged), commit);
        }
        for person in &merge.authors {
            self.add_person(person, changed.by(Deed::Wrote), commit);
        }
        if merge.more {
            self.untold.insert(format!(
                "{number}, which brought {commit}, has more commits than are read: make the change again in a smaller pull request"
            ));
        }
    }

    fn add_pushers(
        &mut self,
        pushed: &[Option<Actor>],
        branch: &str,
        changed: &Changed,
        commit: &str,
    ) {
        for actor in pushed.iter().flatten() {
            self.add_actor(actor, changed.by(Deed::Pushed), commit);
        }
        if pushed.is_empty() || pushed.contains(&None) {
            self.untold.insert(format!(
                "cannot identify who pushed or merged {commit}: it is not the merge commit of a pull request, and the log of pushes to {branch} \
                 does not list it; make the change again in a pull request that is squashed or merged"
            ));
        }
    }

    /// A person as a commit names them. Bots are ignored.
    fn add_person(&mut self, person: &Person, did: String, commit: &str) {
        if person.is_bot() {
            return;
        }
        match person.id {
            Some(id) => {
                self.people.entry(id).or_insert(did);
            }
            None => {
                self.untold.insert(format!(
                    "cannot identify {} <{}>, an author of {commit}: the email is not linked to a GitHub account; add it to its owner's account, or \
                     make the change again with another one",
                    person.name, person.email
                ));
            }
        }
    }

    /// Someone as the forge names them.
    fn add_actor(&mut self, actor: &Actor, did: String, commit: &str) {
        match (actor.person(), actor.kind) {
            (Some(id), _) => {
                self.people.entry(id).or_insert(did);
            }
            (None, ActorKind::Bot) => {}
            (None, ActorKind::User) if actor.id.is_some() => {}
            (None, _) => {
                self.untold.insert(format!(
                    "cannot identify {}, who brought {commit}; make the change again",
                    actor.login
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests;

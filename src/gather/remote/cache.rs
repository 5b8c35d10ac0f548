//! The caches of a repository that is read through the forge, beside that of its objects: what others say, and what
//! people may do. Unlike objects, neither is known for good.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::question::{SignalAnswer, SignalQuestion};
use crate::model::actor::UserId;
use crate::model::evidence::Permission;
use crate::model::fetched::Fetched;

/// What others say of commits and deployments: known until it is forgotten, before a landing.
#[derive(Default)]
pub(super) struct Signals {
    wanted: RefCell<BTreeSet<SignalQuestion>>,
    answers: RefCell<HashMap<SignalQuestion, Fetched<SignalAnswer>>>,
}

impl Signals {
    /// The answer, if it was fetched; else the question is noted.
    pub(super) fn ask(&self, question: SignalQuestion) -> Option<Fetched<SignalAnswer>> {
        let known = self.answers.borrow().get(&question).cloned();
        if known.is_none() {
            self.wanted.borrow_mut().insert(question);
        }
        known
    }

    /// What was noted; it is noted no longer.
    pub(super) fn take_wanted(&self) -> BTreeSet<SignalQuestion> {
        self.wanted.take()
    }

    pub(super) fn store(&self, answers: Vec<(SignalQuestion, Fetched<SignalAnswer>)>) {
        self.answers.borrow_mut().extend(answers);
    }

    pub(super) fn is_settled(&self) -> bool {
        self.wanted.borrow().is_empty()
    }

    /// Forgets every answer, so that all of it is asked for again.
    pub(super) fn forget(&self) {
        self.answers.take();
    }
}

/// What people may do: asked along with objects, and known until it is taken.
#[derive(Default)]
pub(super) struct Permissions {
    wanted: RefCell<BTreeMap<UserId, String>>,
    told: RefCell<BTreeMap<UserId, Permission>>,
}

impl Permissions {
    /// Notes people, by their logins.
    pub(super) fn want(&self, people: BTreeMap<UserId, String>) {
        self.wanted.borrow_mut().extend(people);
    }

    /// Who was noted; they are noted no longer.
    pub(super) fn take_wanted(&self) -> BTreeMap<UserId, String> {
        self.wanted.take()
    }

    pub(super) fn store(&self, person: UserId, permission: Permission) {
        self.told.borrow_mut().insert(person, permission);
    }

    pub(super) fn is_settled(&self) -> bool {
        self.wanted.borrow().is_empty()
    }

    /// What was answered since this was taken last.
    pub(super) fn take(&self) -> BTreeMap<UserId, Permission> {
        self.told.take()
    }
}

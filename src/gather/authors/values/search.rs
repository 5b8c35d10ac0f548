//! One value of one service on its way back through history, to the commit that set it.

use super::super::{AuthorsSearch, Untold};
use crate::copy::values;
use crate::gather::follow;
use crate::gather::lineage::naming::Followed;
use crate::gather::lineage::{Lineage, Then, Trail};
use crate::model::change::Text;
use crate::model::facts::Slot;
use crate::model::ids::CommitId;
use crate::model::reference::ManifestKey;
use crate::model::service::{Secret, Service};
use crate::repo::{Change, RepoError};
use crate::yaml::Located;

/// The commit that set a value.
pub(super) struct SetIn {
    pub commit: CommitId,
    /// Its first parent; `None` for the first commit of all.
    pub parent: Option<CommitId>,
}

pub(super) enum Answer {
    Set(SetIn),
    Untold(Untold),
}

pub(super) struct Search {
    /// As it was at the commit from which history is walked.
    pub service: Service,
    trail: Trail,
    keys: Vec<Located<String>>,
    /// The stage in which it runs.
    stage: Option<String>,
    pub slot: Slot,
    pub value: Text,
    holds: bool,
    pub answer: Option<Answer>,
}

/// The value at one point of history.
#[derive(Default)]
struct ValueThen {
    service: bool,
    value: Option<Text>,
    /// The `Secret` that holds it, by the service's reference.
    refers: Option<(Option<String>, String)>,
}

impl Search {
    /// `holds`: the service has the value at the commit from which history is walked.
    pub(super) fn new(
        lineage: &Lineage<'_>,
        (service, secret): (&Service, Option<&Secret>),
        keys: &[Located<String>],
        stage: Option<String>,
        (slot, value): (&Slot, &Text),
        holds: bool,
    ) -> Self {
        Self {
            service: service.clone(),
            trail: lineage.trail(
                Some(Followed::service(service)),
                secret.map(Followed::secret),
            ),
            keys: keys.to_vec(),
            stage,
            slot: slot.clone(),
            value: value.clone(),
            holds,
            answer: None,
        }
    }

    pub(super) fn holds(&self) -> bool {
        self.holds
    }

    /// Whether this manifest contains the value, or may contain it.
    pub(super) fn is_in(&self, manifest: &ManifestKey) -> bool {
        let own = [&self.trail.service, &self.trail.secret];
        own.into_iter().flatten().any(|one| one.key == *manifest)
    }

    /// `spec.helm.version of web-dev in dev`.
    pub(super) fn shown(&self) -> String {
        let of = format!("{} of {}", shown(&self.slot), self.service.key.name);
        match &self.stage {
            Some(stage) => format!("{of} in {stage}"),
            None => of,
        }
    }
}

impl follow::Search for Search {
    fn files(&self) -> Vec<&str> {
        match self.answer {
            Some(_) => Vec::new(),
            None => self.trail.files(),
        }
    }

    fn fail(&mut self, error: &RepoError) {
        let who = format!("who set {}", self.shown());
        self.answer = Some(Answer::Untold(Untold::of(error, &who)));
    }
}

impl AuthorsSearch<'_> {
    /// Examines one commit that changed a file of a search. Returns the commit from which the search continues, if that
    /// is not simply the next one.
    pub(super) fn step(&self, search: &mut Search, change: &Change) -> Option<CommitId> {
        let who = format!("who set {}", search.shown());
        let stepped = match self.lineage.step(&mut search.trail, change) {
            Ok(stepped) => stepped,
            Err(failed) => {
                search.answer = Some(Answer::Untold(Untold::of_history(failed, &who)));
                return None;
            }
        };
        if let Some(why) = stepped.untold {
            let why = format!("cannot identify {who}: {why}; set it again");
            search.answer = Some(Answer::Untold(Untold::Never(why)));
            return None;
        }
        let (after, before) = (
            self.value_then(search, &stepped.after),
            self.value_then(search, &stepped.before),
        );
        let made = change.parent.is_none() || (after.service && !before.service);
        if made || before.value != after.value || before.refers != after.refers {
            search.answer = Some(Answer::Set(SetIn {
                commit: change.commit,
                parent: change.parent,
            }));
            return None;
        }
        stepped.goes_on_at
    }

    fn value_then(&self, search: &Search, then: &Then) -> ValueThen {
        let Some(service) = &then.service else {
            return ValueThen::default();
        };
        let all = values(service, then.secret.as_ref(), &search.keys, self.policy);
        let value = all.get(&search.slot).cloned();
        let refers = match (&value, &service.configuration_ref) {
            (Some(Text::Secret(_)), Some(refers)) => {
                Some((refers.namespace.clone(), refers.name.clone()))
            }
            _ => None,
        };
        ValueThen {
            service: true,
            value,
            refers,
        }
    }
}

/// A field as people know it.
pub(super) fn shown(slot: &Slot) -> String {
    match (slot, slot.own_path()) {
        (Slot::Key(key), _) => key.clone(),
        (_, Some(path)) => path.to_string(),
        (_, None) => String::new(),
    }
}

//! One value of one service on its way back through history, to the commit that set it.

use super::super::{AskedOfAuthors, Untold};
use super::shown;
use crate::copy::values;
use crate::gather::follow;
use crate::gather::history::past::Wanted;
use crate::model::change::Text;
use crate::model::facts::{LastSet, Slot};
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
    pub service: Service,
    secret: Option<Secret>,
    keys: Vec<Located<String>>,
    /// The stage in which it runs.
    stage: Option<String>,
    pub slot: Slot,
    pub value: Text,
    holds: bool,
    service_file: Option<String>,
    secret_file: Option<String>,
    pub answer: Option<Answer>,
}

/// The value at one point of history.
#[derive(PartialEq)]
struct Standing {
    service: bool,
    secret: bool,
    value: Option<Text>,
    /// The `Secret` that holds it, by the service's reference.
    refers: Option<(Option<String>, String)>,
}

impl Search {
    /// `holds`: the service has the value at the commit from which history is walked.
    pub fn new(
        (service, secret): (&Service, Option<&Secret>),
        keys: &[Located<String>],
        stage: Option<String>,
        (slot, value): (&Slot, &Text),
        holds: bool,
    ) -> Self {
        Self {
            service: service.clone(),
            secret: secret.cloned(),
            keys: keys.to_vec(),
            stage,
            slot: slot.clone(),
            value: value.clone(),
            holds,
            service_file: Some(service.file.to_string()),
            secret_file: secret.map(|secret| secret.file.to_string()),
            answer: None,
        }
    }

    pub fn holds(&self) -> bool {
        self.holds
    }

    /// Whether the value stands in this manifest, or may.
    pub fn is_in(&self, manifest: &ManifestKey) -> bool {
        let secret = self.secret.as_ref().map(|secret| &secret.key);
        self.service.key == *manifest || secret == Some(manifest)
    }

    /// `spec.helm.version of web-dev in dev`.
    pub fn shown(&self) -> String {
        let of = format!("{} of {}", shown(&self.slot), self.service.key.name);
        match &self.stage {
            Some(stage) => format!("{of} in {stage}"),
            None => of,
        }
    }

    fn wanted(&self) -> Wanted<'_> {
        let service = &self.service;
        Wanted::new(&service.key, service.written_namespace.as_deref())
    }

    fn wanted_secret(&self) -> Option<Wanted<'_>> {
        let secret = self.secret.as_ref()?;
        Some(Wanted::new(
            &secret.key,
            secret.written_namespace.as_deref(),
        ))
    }
}

impl follow::Search for Search {
    fn files(&self) -> Vec<&str> {
        let files = [&self.service_file, &self.secret_file];
        match self.answer {
            Some(_) => Vec::new(),
            None => files.into_iter().flatten().map(String::as_str).collect(),
        }
    }

    fn fail(&mut self, error: &RepoError) {
        let who = format!("who set {}", self.shown());
        self.answer = Some(Answer::Untold(Untold::of(error, &who)));
    }
}

impl AskedOfAuthors<'_> {
    /// Looks at one commit that changed a file of a search. The parent, if a manifest came from another file, so that the search goes on
    /// from there.
    pub(super) fn step(&self, search: &mut Search, change: &Change) -> Option<CommitId> {
        match self.try_step(search, change) {
            Ok(moved) => change.parent.filter(|_| moved),
            Err(failed) => {
                let who = format!("who set {}", search.shown());
                search.answer = Some(Answer::Untold(Untold::of_history(failed, &who)));
                None
            }
        }
    }

    fn try_step(&self, search: &mut Search, change: &Change) -> Result<bool, LastSet> {
        let set = Answer::Set(SetIn {
            commit: change.commit,
            parent: change.parent,
        });
        let Some(parent) = change.parent else {
            search.answer = Some(set);
            return Ok(false);
        };
        let after = self.standing(search, &change.commit)?;
        let mut before = self.standing(search, &parent)?;
        let mut moved = false;
        if after.service && !before.service {
            let from = self
                .past
                .moved_from(&search.wanted(), &parent, &change.commit)?;
            if from.is_none() {
                search.answer = Some(set);
                return Ok(false);
            }
            search.service_file = from;
            moved = true;
        }
        if after.secret
            && !before.secret
            && let Some(wanted) = search.wanted_secret()
        {
            let from = self.past.moved_from(&wanted, &parent, &change.commit)?;
            moved |= from.is_some();
            search.secret_file = from.or_else(|| search.secret_file.take());
        }
        if moved {
            before = self.standing(search, &parent)?;
        }
        if before.value != after.value || before.refers != after.refers {
            search.answer = Some(set);
            return Ok(false);
        }
        Ok(moved)
    }

    fn standing(&self, search: &Search, commit: &CommitId) -> Result<Standing, LastSet> {
        let mut standing = Standing {
            service: false,
            secret: false,
            value: None,
            refers: None,
        };
        let service = match &search.service_file {
            Some(file) => self.past.service(&search.wanted(), file, commit)?,
            None => None,
        };
        let secret = match (search.wanted_secret(), &search.secret_file) {
            (Some(wanted), Some(file)) => self.past.secret(&wanted, file, commit)?,
            _ => None,
        };
        standing.secret = secret.is_some();
        if let Some(service) = service {
            standing.service = true;
            let all = values(&service, secret.as_ref(), &search.keys, self.policy);
            standing.value = all.get(&search.slot).cloned();
            if let (Some(Text::Secret(_)), Some(refers)) =
                (&standing.value, &service.configuration_ref)
            {
                standing.refers = Some((refers.namespace.clone(), refers.name.clone()));
            }
        }
        Ok(standing)
    }
}

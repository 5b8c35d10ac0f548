//! Whose approval a line counts, by name: groups, teams, code owners. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::actor::UserId;
use crate::model::code_owners::Owner;
use crate::model::evidence::Permission;
use crate::model::fetched::Fetched;
use crate::model::policy::{Policy, Voters};
use crate::model::roster::Roster;

/// Those whom one line asks: one set for most lines, one for every differently owned file for code owners.
pub(super) enum Eligible {
    /// Anyone with write access.
    Anyone,
    /// These people. Code owners: of each set at least one has to approve.
    Each(Vec<People>),
    /// No one can ever meet the line, and why.
    NoOne(String),
}

/// A closed set of people: of team members the ids are known, of others the logins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct People {
    ids: BTreeSet<UserId>,
    /// Login in lower case → as written.
    logins: BTreeMap<String, String>,
}

impl People {
    fn add(&mut self, login: &str) {
        self.logins.insert(login.to_lowercase(), login.to_owned());
    }

    pub(super) fn holds(&self, id: Option<UserId>, login: &str) -> bool {
        id.is_some_and(|id| self.ids.contains(&id))
            || self.logins.contains_key(&login.to_lowercase())
    }

    /// Their logins, as written.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.logins.values().map(String::as_str)
    }
}

/// Looks up whom a line asks.
pub(super) struct Register<'a> {
    pub policy: &'a Policy,
    pub roster: &'a Roster,
    /// The files that the plan changes.
    pub files: &'a BTreeSet<&'a str>,
}

impl Register<'_> {
    /// The people of a line; `Err` if they could not be read.
    pub(super) fn asked(&self, by: &Voters) -> Fetched<Eligible> {
        let mut people = People::default();
        match by {
            Voters::Writers => return Ok(Eligible::Anyone),
            Voters::CodeOwners => return self.code_owners(),
            Voters::Person(login) => people.add(login),
            Voters::Team(team) => self.team(team, &mut people)?,
            Voters::Group(group) => {
                let members = self.policy.people.get(group.as_str());
                let members =
                    members.ok_or_else(|| format!("`people` has no group named {group}"))?;
                for member in members.rule {
                    match member.contains('/') {
                        true => self.team(member, &mut people)?,
                        false => people.add(member.trim_start_matches('@')),
                    }
                }
            }
        }
        Ok(Eligible::Each(vec![people]))
    }

    fn team(&self, team: &str, people: &mut People) -> Fetched<()> {
        let members = match self.roster.teams.get(&team.to_lowercase()) {
            Some(found) => found.as_ref().map_err(Clone::clone)?,
            None => return Err(format!("the team {team} was not read")),
        };
        for (id, login) in members {
            people.ids.insert(*id);
            people.add(login);
        }
        Ok(())
    }

    fn code_owners(&self) -> Fetched<Eligible> {
        let owners = match &self.roster.code_owners {
            None => return Err("CODEOWNERS was not read".to_owned()),
            Some(Err(why)) => return Err(why.clone()),
            Some(Ok(None)) => {
                return Ok(Eligible::NoOne(
                    "there is no CODEOWNERS on the base branch".to_owned(),
                ));
            }
            Some(Ok(Some(owners))) => owners,
        };
        let mut sets: Vec<People> = Vec::new();
        for file in self.files {
            let of_file = owners.of(file).map_err(|error| error.to_string())?;
            if of_file.is_empty() {
                continue;
            }
            let mut people = People::default();
            for owner in of_file {
                match owner {
                    Owner::Person(login) => people.add(login),
                    Owner::Team(team) => self.team(team, &mut people)?,
                    Owner::Email(_) => {}
                }
            }
            if people == People::default() {
                return Ok(Eligible::NoOne(format!(
                    "none of the code owners of {file} can be identified: name them by login or team"
                )));
            }
            if !sets.contains(&people) {
                sets.push(people);
            }
        }
        match sets.is_empty() {
            true => Ok(Eligible::NoOne(
                "CODEOWNERS names no one for the files of this promotion".to_owned(),
            )),
            false => Ok(Eligible::Each(sets)),
        }
    }

    /// Those of a set who could still approve: not excluded, and with write access as far as is known.
    pub(super) fn able<'p>(
        &self,
        people: &'p People,
        excluded: &BTreeMap<UserId, String>,
    ) -> Vec<&'p str> {
        people
            .names()
            .filter(|login| {
                let known = self.roster.people.get(&login.to_lowercase());
                let (id, writes) = match known {
                    Some(Ok(Some(known))) => {
                        (Some(known.id), known.permission == Permission::Write)
                    }
                    Some(Ok(None)) => (None, false),
                    // What could not be looked up excludes no one from being named; approvals are looked up separately.
                    Some(Err(_)) | None => (None, true),
                };
                writes && id.is_none_or(|id| !excluded.contains_key(&id))
            })
            .collect()
    }
}

//! Teams and people whom the policy names: whether they are there, and what people may do.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use super::super::error::ForgeError;
use super::shapes::AccountShape;
use super::{Forge, segment, unread};
use crate::model::evidence::{Permission, UserId};
use crate::model::settings::{Asked, Person, Team, Unread};

impl Forge {
    /// A team, as `organisation/team`, and how many active members it has.
    pub(super) async fn team(&self, team: &str) -> Asked<Team> {
        let doing = format!("read the team {team}");
        let Some((organisation, slug)) = team.split_once('/') else {
            return Err(Unread::Failed("it is not organisation/team".to_owned()));
        };
        // A team that is not there, or hidden, has no list either: nobody in it is never said of one that is not read.
        let path = format!(
            "/orgs/{}/teams/{}/members?per_page=100",
            segment(organisation),
            segment(slug)
        );
        let members = self.get_all(path, &doing).await.map_err(unread)?;
        Ok(Team {
            members: members.len(),
        })
    }

    /// What each login is here.
    pub(super) async fn logins(
        &self,
        logins: &BTreeSet<String>,
    ) -> BTreeMap<String, Asked<Person>> {
        let looks = logins
            .iter()
            .map(|login| async move { (login.clone(), self.account(login).await) });
        let accounts: BTreeMap<String, Asked<Account>> =
            join_all(looks).await.into_iter().collect();
        let people: BTreeMap<UserId, String> = accounts
            .iter()
            .filter_map(|(login, account)| match account {
                Ok(Account::Person(id)) => Some((*id, login.clone())),
                _ => None,
            })
            .collect();
        let permissions = self.permissions(&people).await;
        accounts
            .into_iter()
            .map(|(login, account)| {
                let person = account.and_then(|account| match account {
                    Account::Nobody => Ok(Person::Nobody),
                    Account::NoPerson => Ok(Person::NoPerson),
                    Account::Person(id) => match permissions.get(&id) {
                        Some(Ok(Permission::Write)) => Ok(Person::Write),
                        Some(Ok(Permission::Triage | Permission::Less)) => Ok(Person::Less),
                        Some(Err(why)) => Err(Unread::Failed(why.clone())),
                        None => Err(Unread::Failed("it was not answered".to_owned())),
                    },
                });
                (login, person)
            })
            .collect()
    }

    async fn account(&self, login: &str) -> Asked<Account> {
        let doing = format!("look for {login}");
        match self.get(format!("/users/{}", segment(login)), &doing).await {
            Ok(answer) => {
                let found: AccountShape = answer.parse(&doing).map_err(unread)?;
                Ok(match found.kind.as_str() {
                    "User" => Account::Person(found.id),
                    _ => Account::NoPerson,
                })
            }
            // Accounts are public: one that is not found is not there.
            Err(ForgeError::NotFound { .. }) => Ok(Account::Nobody),
            Err(error) => Err(unread(error)),
        }
    }
}

enum Account {
    Nobody,
    NoPerson,
    Person(UserId),
}

//! Teams and people whom the policy names: whether they are there, and what people may do.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use super::{Forge, segment, unread};
use crate::model::actor::UserId;
use crate::model::evidence::Permission;
use crate::model::settings::{Person, SettingsAnswer, Team, Unread};

impl Forge {
    /// A team, as `organisation/team`, and how many active members it has.
    pub(super) async fn team(&self, team: &str) -> SettingsAnswer<Team> {
        let operation = format!("read the team {team}");
        let Some((organisation, slug)) = team.split_once('/') else {
            return Err(Unread::Failed("it is not organisation/team".to_owned()));
        };
        // A team that does not exist, or is hidden, has no list either: a team that cannot be read is never reported as
        // empty.
        let path = format!(
            "/orgs/{}/teams/{}/members?per_page=100",
            segment(organisation),
            segment(slug)
        );
        let members = self.get_all(path, &operation).await.map_err(unread)?;
        Ok(Team {
            members: members.len(),
        })
    }

    /// What each login is here.
    pub(super) async fn logins(
        &self,
        logins: &BTreeSet<String>,
    ) -> BTreeMap<String, SettingsAnswer<Person>> {
        let looks = logins
            .iter()
            .map(|login| async move { (login.clone(), self.account_named(login).await) });
        let accounts = join_all(looks).await;
        let people: BTreeMap<UserId, String> = accounts
            .iter()
            .filter_map(|(login, account)| {
                let account = account.as_ref().ok()?.as_ref()?;
                Some((account.person()?, login.clone()))
            })
            .collect();
        let permissions = self.permissions(&people).await;
        accounts
            .into_iter()
            .map(|(login, account)| {
                let person = account.map_err(unread).and_then(|account| match account {
                    None => Ok(Person::NotFound),
                    Some(account) => match account.person().map(|id| permissions.get(&id)) {
                        None => Ok(Person::NoPerson),
                        Some(Some(Ok(Permission::Write))) => Ok(Person::Write),
                        Some(Some(Ok(Permission::Triage | Permission::Less))) => Ok(Person::Less),
                        Some(Some(Err(why))) => Err(Unread::Failed(why.clone())),
                        Some(None) => Err(Unread::Failed("GitHub did not answer it".to_owned())),
                    },
                });
                (login, person)
            })
            .collect()
    }
}

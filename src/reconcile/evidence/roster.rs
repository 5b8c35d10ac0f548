//! The teams, people and code owners that approval rules name.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use crate::model::code_owners::{self, CodeOwners};
use crate::model::fetched::Fetched;
use crate::model::roster::Roster;
use crate::plan::Needs;
use crate::reconcile::observe::observation::Observation;
use crate::repo::{EntryId, ReadObjects};
use crate::session::Session;

/// Looks up the teams, people and code owners that rules need. Teams are read with the read token.
pub(crate) async fn roster(
    session: &Session,
    observation: &Observation,
    needs: &[&Needs],
) -> Roster {
    let mut teams: BTreeSet<String> = BTreeSet::new();
    let mut logins: BTreeSet<String> = BTreeSet::new();
    let mut owners = None;
    if needs.iter().any(|needs| needs.code_owners) {
        let found = code_owners(session, observation).await;
        if let Ok(Some(found)) = &found {
            for owner in found.named() {
                match owner {
                    code_owners::Owner::Person(login) => {
                        logins.insert(login.to_lowercase());
                    }
                    code_owners::Owner::Team(team) => {
                        teams.insert(team.to_lowercase());
                    }
                    code_owners::Owner::Email(_) => {}
                }
            }
        }
        owners = Some(found);
    }
    for needs in needs {
        teams.extend(needs.teams.iter().cloned());
        logins.extend(needs.logins.iter().cloned());
    }
    let reads = teams.into_iter().map(|team| async move {
        let members = session.elsewhere.team_members(&team).await;
        (team, members)
    });
    let teams: BTreeMap<_, _> = join_all(reads).await.into_iter().collect();
    for members in teams.values().flatten() {
        logins.extend(members.values().map(|login| login.to_lowercase()));
    }
    let people = match logins.is_empty() {
        true => BTreeMap::new(),
        false => session.forge.people(&logins).await,
    };
    Roster {
        teams,
        people,
        code_owners: owners,
    }
}

/// CODEOWNERS at the tip of the base branch: the first of GitHub's paths that holds one.
async fn code_owners(session: &Session, observation: &Observation) -> Fetched<Option<CodeOwners>> {
    let repo = session.remotes.here();
    let tip = observation.snapshot.tip.id;
    let found = session
        .fetch_until_complete(|| {
            for path in code_owners::PATHS {
                if let Some(EntryId::File(blob)) = repo.entry_at(&tip, path)? {
                    return Ok(Some((path, repo.blob(&blob)?)));
                }
            }
            Ok(None)
        })
        .await
        .map_err(|failure| format!("CODEOWNERS could not be read: {}", failure.message))?;
    match found {
        None => Ok(None),
        Some((path, bytes)) if bytes.len() > code_owners::MAX_BYTES => {
            Err(format!("{path} is larger than GitHub accepts"))
        }
        Some((path, bytes)) => match std::str::from_utf8(&bytes) {
            Ok(text) => Ok(Some(CodeOwners::parse(text))),
            Err(_) => Err(format!("{path} is not UTF-8")),
        },
    }
}

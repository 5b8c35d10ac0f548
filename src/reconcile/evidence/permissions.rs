//! What people may do in the repository, read if an approval, a hold, a veto or a request depends on it.

use std::collections::BTreeMap;

use crate::model::actor::UserId;
use crate::model::evidence::Permission;
use crate::model::fetched::Fetched;
use crate::reconcile::observe::observation::Observation;
use crate::session::Session;

/// What each person may do, by account ID.
pub(crate) type Permissions = BTreeMap<UserId, Fetched<Permission>>;

/// Reads what people may do, given with their logins. Permissions that the observation already has are not read again;
/// the others are read together.
pub(crate) async fn read(
    session: &Session,
    observation: &Observation,
    people: BTreeMap<UserId, String>,
) -> Permissions {
    let known = |id: &UserId| observation.permissions.get(id).copied();
    let (known_people, asked): (BTreeMap<UserId, String>, _) =
        people.into_iter().partition(|(id, _)| known(id).is_some());
    let mut found = session.forge.permissions(&asked).await;
    found.extend(
        known_people
            .keys()
            .filter_map(|id| Some((*id, Ok(known(id)?)))),
    );
    found
}

/// Reads what one person may do now, without using what the observation has.
pub(crate) async fn read_one(session: &Session, id: UserId, login: &str) -> Fetched<Permission> {
    let people = BTreeMap::from([(id, login.to_owned())]);
    let found = session.forge.permissions(&people).await.remove(&id);
    found.unwrap_or_else(|| Err(format!("the permissions of {login} were not read")))
}

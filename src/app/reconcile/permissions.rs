//! What people may do in the repository, read when a hold, a veto or a request depends on it.

use std::collections::BTreeMap;

use super::Seen;
use crate::app::session::Session;
use crate::model::actor::UserId;
use crate::model::evidence::Permission;
use crate::model::fetched::Fetched;

/// What each person may do, by account ID.
pub(super) type Permissions = BTreeMap<UserId, Fetched<Permission>>;

/// Reads what people may do, given with their logins. What came along with something else is not asked for again; one call for the rest.
pub(super) async fn read(
    session: &Session,
    seen: &Seen,
    people: BTreeMap<UserId, String>,
) -> Permissions {
    let known = |id: &UserId| seen.permissions.get(id).copied();
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

/// Reads what one person may do now, whatever was known before.
pub(super) async fn read_one(session: &Session, id: UserId, login: &str) -> Fetched<Permission> {
    let people = BTreeMap::from([(id, login.to_owned())]);
    let found = session.forge.permissions(&people).await.remove(&id);
    found.unwrap_or_else(|| Err(format!("what {login} may do was not read")))
}

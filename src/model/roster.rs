//! Who belongs to what: teams, people by login and code owners, as far as the rules of a run ask for them.

use std::collections::BTreeMap;

use super::actor::UserId;
use super::code_owners::CodeOwners;
use super::evidence::Permission;
use super::fetched::Fetched;

/// What was looked up once for all gates of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roster {
    /// Active members of teams by id, with their logins. The key is `organisation/team` in lower case.
    pub teams: BTreeMap<String, Fetched<BTreeMap<UserId, String>>>,
    /// People by login in lower case; `None` if no one with that login works here.
    pub people: BTreeMap<String, Fetched<Option<Known>>>,
    /// CODEOWNERS of the base branch: `None` if no rule needs it, `Some(Ok(None))` if there is no such file.
    pub code_owners: Option<Fetched<Option<CodeOwners>>>,
}

/// A person whom a rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The numeric id.
    pub id: UserId,
    /// What they may do here.
    pub permission: Permission,
}

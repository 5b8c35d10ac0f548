//! An open pull request whose evidence is read.

use crate::model::actor::{Actor, UserId};
use crate::model::authors::ChangeAuthors;
use crate::model::fetched::Fetched;
use crate::model::ids::CommitId;
use crate::model::pull::Pull;
use crate::plan::Needs;
use crate::reconcile::request::PromoteRequest;

/// What to read about an open pull request.
pub(crate) struct Question<'a> {
    /// The pull request.
    pub pull: &'a Pull,
    /// Who requested it, according to its record.
    pub requester: Option<UserId>,
    /// The person whose request approves it.
    pub dispatched: Option<Actor>,
    /// What its gates need.
    pub needs: &'a Needs,
    /// The commit that it was built on.
    pub built_on: Option<CommitId>,
    /// The authors of what it promotes, if a gate needs them.
    pub change_authors: Option<Fetched<ChangeAuthors>>,
}

/// The person whose request approves a plan.
pub(crate) fn approving(
    asked: Option<&PromoteRequest>,
    by: Option<&Actor>,
    plan: &crate::model::ids::PlanId,
) -> Option<Actor> {
    let asked = asked?;
    asked.approves(plan).then(|| by.cloned()).flatten()
}

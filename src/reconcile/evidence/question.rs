//! An open pull request to ask GitHub about.

use crate::model::authors::ChangeAuthors;
use crate::model::evidence::{Actor, Looked, UserId};
use crate::model::ids::CommitId;
use crate::model::pull::Pull;
use crate::plan::Needs;
use crate::reconcile::request::PromoteRequest;

/// An open pull request to ask about.
pub(crate) struct Question<'a> {
    pub pull: &'a Pull,
    /// Who asked for it, as its record says.
    pub requester: Option<UserId>,
    /// The person whose dispatch approves it.
    pub dispatched: Option<Actor>,
    /// What its gates ask for.
    pub needs: &'a Needs,
    /// The commit on which its build stands.
    pub built_on: Option<CommitId>,
    /// Who made what it carries, where a gate asks.
    pub change_authors: Option<Looked<ChangeAuthors>>,
}

/// Whether anything was said that could decide.
pub(crate) fn was_spoken_about(pull: &Pull) -> bool {
    pull.reviews > 0 || pull.unlabeled || pull.labels.iter().any(|label| approves(label))
}

pub(crate) fn approves(label: &str) -> bool {
    label.to_ascii_lowercase().starts_with("approve/")
}

/// The person whose dispatch approves a plan.
pub(crate) fn approving(
    asked: Option<&PromoteRequest>,
    by: Option<&Actor>,
    plan: &crate::model::ids::PlanId,
) -> Option<Actor> {
    let asked = asked?;
    asked.approves(plan).then(|| by.cloned()).flatten()
}

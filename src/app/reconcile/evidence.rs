//! Reading what was said about open pull requests: only where something was said.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::Asked;
use crate::app::session::Session;
use crate::model::evidence::{Actor, Evidence, Looked, UserId};
use crate::model::pull::{Pull, PullNumber};

/// An open pull request to ask about.
pub(super) struct Question<'a> {
    pub pull: &'a Pull,
    /// Who asked for it, as its record says.
    pub requester: Option<UserId>,
    /// The person whose dispatch approves it.
    pub dispatched: Option<Actor>,
}

/// Whether anything was said that could decide.
pub(super) fn was_spoken_about(pull: &Pull) -> bool {
    pull.reviews > 0
        || pull
            .labels
            .iter()
            .any(|label| label.to_ascii_lowercase().starts_with("approve/"))
}

/// Reads the evidence about pull requests side by side, and what the people in all of it may do in one call.
pub(super) async fn read(
    session: &Session,
    questions: &[Question<'_>],
) -> BTreeMap<PullNumber, Looked<Evidence>> {
    let reads = questions.iter().map(|question| async move {
        let found = session.forge.evidence(question.pull).await;
        let found = found.map(|evidence| Evidence {
            requester: question.requester,
            dispatched: question.dispatched.clone(),
            ..evidence
        });
        (
            question.pull.number,
            found.map_err(|error| error.to_string()),
        )
    });
    let mut found: BTreeMap<PullNumber, Looked<Evidence>> =
        join_all(reads).await.into_iter().collect();
    let people: BTreeMap<UserId, String> = found
        .values()
        .flatten()
        .flat_map(Evidence::people)
        .collect();
    let permissions = session.forge.permissions(&people).await;
    for evidence in found.values_mut().flatten() {
        evidence.permissions.clone_from(&permissions);
    }
    found
}

/// The person whose dispatch approves a plan.
pub(super) fn approving(
    asked: Option<&Asked>,
    by: Option<&Actor>,
    plan: &crate::model::ids::PlanId,
) -> Option<Actor> {
    let asked = asked?;
    (asked.approve && asked.plan.is_some() && asked.is_of(plan))
        .then(|| by.cloned())
        .flatten()
}

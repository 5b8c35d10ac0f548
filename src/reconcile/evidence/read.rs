//! Reads the evidence about open pull requests.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use crate::model::actor::UserId;
use crate::model::evidence::Evidence;
use crate::model::fetched::Fetched;
use crate::model::ids::PullNumber;
use crate::model::label::approves;
use crate::reconcile::evidence::question::Question;
use crate::reconcile::evidence::{jobs, permissions};
use crate::reconcile::observe::observation::Observation;
use crate::session::Session;

/// Reads the evidence about pull requests concurrently, then together what all people in it may do.
pub(crate) async fn read(
    session: &Session,
    observation: &Observation,
    questions: &[Question<'_>],
) -> BTreeMap<PullNumber, Fetched<Evidence>> {
    let reads = questions.iter().map(|question| async move {
        let (found, checks, jobs) = tokio::join!(
            session.forge.evidence(question.pull),
            checks(session, question),
            jobs::read(session, observation, question),
        );
        let mut found = found;
        if let Ok(evidence) = &mut found {
            compare_label_names(session, evidence).await;
        }
        let found = found.map(|evidence| Evidence {
            requester: question.requester,
            dispatched: question.dispatched.clone(),
            change_authors: question.change_authors.clone(),
            checks,
            jobs,
            ..evidence
        });
        (
            question.pull.number,
            found.map_err(|error| error.to_string()),
        )
    });
    let mut found: BTreeMap<PullNumber, Fetched<Evidence>> =
        join_all(reads).await.into_iter().collect();
    let people: BTreeMap<UserId, String> = found
        .values()
        .flatten()
        .flat_map(Evidence::people)
        .collect();
    let permissions = permissions::read(session, observation, people).await;
    for evidence in found.values_mut().flatten() {
        evidence.permissions.clone_from(&permissions);
    }
    found
}

/// If a label approves something, compares the label names in the events with those in REST: the label must not have
/// been renamed.
async fn compare_label_names(session: &Session, evidence: &mut Evidence) {
    if !evidence.labels.iter().any(|label| approves(label)) {
        return;
    }
    let Ok(events) = &mut evidence.label_events else {
        return;
    };
    if let Err(why) = session.compare_label_names(evidence.pull, events).await {
        evidence.label_events = Err(why);
    }
}

/// The checks that gates need, on exactly the head.
async fn checks(
    session: &Session,
    question: &Question<'_>,
) -> BTreeMap<crate::model::policy::CheckOf, Fetched<Vec<crate::model::signal::Signal>>> {
    let reads = question.needs.checks.iter().map(|check| async move {
        let signals = session.forge.check_runs(&question.pull.head, check).await;
        (check.clone(), signals.map_err(|error| error.to_string()))
    });
    join_all(reads).await.into_iter().collect()
}

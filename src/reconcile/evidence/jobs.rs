//! Reads what became of the workflows of gates.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use crate::model::actor::Actor;
use crate::model::fetched::Fetched;
use crate::model::signal::{Intent, JobEvidence, JobRun};
use crate::model::wire_words::{JOBS, parse_attempt};
use crate::reconcile::evidence::question::Question;
use crate::reconcile::observe::observation::Observation;
use crate::repo::ReadObjects;
use crate::session::Session;

/// Reads what is known about the workflows of a pull request's gates; `None` if its gates have none.
pub(crate) async fn read(
    session: &Session,
    observation: &Observation,
    question: &Question<'_>,
) -> Option<JobEvidence> {
    if question.needs.workflows.is_empty() {
        return None;
    }
    let own = session.own().await;
    let intents = intents(session, question, own.as_ref().ok()).await;
    let mut files: Vec<&String> = question
        .needs
        .workflows
        .iter()
        .map(|(_, file)| file)
        .collect();
    files.sort();
    files.dedup();
    let asked_for = intents.as_ref().is_ok_and(|intents| !intents.is_empty());
    let reads = files.into_iter().map(|file| async move {
        // If none was requested yet, none can have run.
        let runs = match asked_for {
            true => runs(session, observation, question, file).await,
            false => Ok(Vec::new()),
        };
        (file.clone(), runs)
    });
    let runs: BTreeMap<_, _> = join_all(reads).await.into_iter().collect();
    Some(JobEvidence { own, intents, runs })
}

/// What this account recorded on the head before it started workflows, by gate.
async fn intents(
    session: &Session,
    question: &Question<'_>,
    own: Option<&Actor>,
) -> Fetched<BTreeMap<String, Vec<Intent>>> {
    let all = session.forge.statuses(&question.pull.head).await;
    let all = all.map_err(|error| error.to_string())?;
    let own = own.and_then(|own| own.id);
    let mut found: BTreeMap<String, Vec<Intent>> = BTreeMap::new();
    for status in all {
        let Some(gate) = status.context.strip_prefix(JOBS) else {
            continue;
        };
        let attempt = parse_attempt(&status.description);
        if let (true, Some((attempt, refused))) = (own.is_some() && status.creator == own, attempt)
        {
            let refused = refused.filter(|_| status.state == "failure");
            found.entry(gate.to_owned()).or_default().push(Intent {
                attempt,
                at: status.signal.at,
                refused: refused.map(str::to_owned),
            });
        }
    }
    Ok(found)
}

/// The runs of a workflow since the pull request was opened whose title contains its head.
async fn runs(
    session: &Session,
    observation: &Observation,
    question: &Question<'_>,
    file: &str,
) -> Fetched<Vec<JobRun>> {
    let base = &observation.snapshot.base;
    let runs = session
        .forge
        .dispatched_runs(file, base, question.pull.created)
        .await;
    let mut runs = runs.map_err(|error| error.to_string())?;
    let head = question.pull.head.to_string();
    runs.retain(|run| run.title.to_ascii_lowercase().contains(&head));
    for run in &mut runs {
        run.on_base = on_base(session, observation, question, run).await;
    }
    Ok(runs)
}

/// Whether a run's commit is between the commit that the promotion was built on and the tip of the base.
async fn on_base(
    session: &Session,
    observation: &Observation,
    question: &Question<'_>,
    run: &JobRun,
) -> Fetched<bool> {
    let tip = observation.snapshot.tip.id;
    let Some(built_on) = question.built_on else {
        return Err("it is unknown on which commit it was built".to_owned());
    };
    if run.commit == tip {
        return Ok(true);
    }
    let repo = session.remotes.here();
    let found = session
        .fetch_until_complete(|| {
            let (before, after) = (
                repo.is_ancestor(&run.commit, &tip),
                repo.is_ancestor(&built_on, &run.commit),
            );
            Ok(before? && after?)
        })
        .await;
    found.map_err(|failure| failure.message)
}

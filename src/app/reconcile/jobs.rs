//! Workflows of gates: reading what became of those that were asked for, and asking for those that are due.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::json;

use super::evidence::Question;
use super::stages::Place;
use super::turn::{Done, Turn};
use super::{Memory, Seen};
use crate::app::session::Session;
use crate::execute::DeliveryError;
use crate::forge::ForgeError;
use crate::model::actor::Actor;
use crate::model::fetched::Fetched;
use crate::model::ids::{CommitId, PullNumber};
use crate::model::job::{INTENT, digest};
use crate::model::plan::GateReport;
use crate::model::signal::{Intent, JobEvidence, JobRun};
use crate::repo::ReadObjects;

/// Reads what is known of the workflows that a pull request's gates ask for; `None` where none does.
pub(super) async fn read(
    session: &Session,
    seen: &Seen,
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
        // Where nothing was asked for yet, nothing can have run.
        let runs = match asked_for {
            true => runs(session, seen, question, file).await,
            false => Ok(Vec::new()),
        };
        (file.clone(), runs)
    });
    let runs: BTreeMap<_, _> = join_all(reads).await.into_iter().collect();
    Some(JobEvidence { own, intents, runs })
}

/// What this account noted on the head before it started anything.
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
        let Some(gate) = status.context.strip_prefix(INTENT) else {
            continue;
        };
        let attempt = status
            .description
            .strip_prefix("attempt ")
            .and_then(|rest| rest.split([':', ' ']).next()?.parse().ok());
        if let (true, Some(attempt)) = (own.is_some() && status.creator == own, attempt) {
            let refused = status
                .description
                .split_once(": ")
                .map(|(_, why)| why.to_owned());
            found.entry(gate.to_owned()).or_default().push(Intent {
                attempt,
                at: status.signal.at,
                refused: refused.filter(|_| status.state == "failure"),
            });
        }
    }
    Ok(found)
}

/// Runs of a workflow since the pull request was opened whose title names its head.
async fn runs(
    session: &Session,
    seen: &Seen,
    question: &Question<'_>,
    file: &str,
) -> Fetched<Vec<JobRun>> {
    let base = &seen.snapshot.base;
    let runs = session
        .forge
        .dispatched_runs(file, base, question.pull.created)
        .await;
    let mut runs = runs.map_err(|error| error.to_string())?;
    let head = question.pull.head.to_string();
    runs.retain(|run| run.title.to_ascii_lowercase().contains(&head));
    for run in &mut runs {
        run.on_base = on_base(session, seen, question, run).await;
    }
    Ok(runs)
}

/// Whether a run's commit lies between the commit on which the promotion was built and the tip of the base.
async fn on_base(
    session: &Session,
    seen: &Seen,
    question: &Question<'_>,
    run: &JobRun,
) -> Fetched<bool> {
    let tip = seen.snapshot.tip.id;
    let Some(built_on) = question.built_on else {
        return Err("on which commit it was built is not known".to_owned());
    };
    if run.commit == tip {
        return Ok(true);
    }
    let repo = session.remotes.here();
    let found = session
        .settle(|| {
            let (before, after) = (
                repo.is_ancestor(&run.commit, &tip),
                repo.is_ancestor(&built_on, &run.commit),
            );
            Ok(before? && after?)
        })
        .await;
    found.map_err(|failure| failure.message)
}

/// Asks for the workflow of a gate: notes it on the head first, so that whatever happens then, it is asked for once.
pub(super) async fn start(
    turn: &Turn<'_>,
    place: Place,
    number: PullNumber,
    gate: usize,
    memory: &mut Memory,
) -> Result<Done, DeliveryError> {
    let Some(candidate) = turn.stages.candidate(place, number) else {
        return Ok(Done::Unchanged);
    };
    let report = candidate
        .judged
        .as_ref()
        .and_then(|judged| judged.gates.get(gate));
    let Some((report, start)) = report.and_then(|report| Some((report, report.start.as_ref()?)))
    else {
        return Ok(Done::Unchanged);
    };
    let head = candidate.pull.head;
    let digest = digest(&head, &report.name, &start.workflow, start.attempt);
    if !memory.started.insert(digest.clone()) {
        return Ok(Done::Unchanged);
    }
    let forge = &turn.session.forge;
    let context = format!("{INTENT}{}", report.name);
    let attempt = format!("attempt {}", start.attempt);
    let noted = forge.say(&head, &context, "pending", &attempt).await?;
    if !is_first(turn.session, &head, &context, &attempt, noted).await? {
        // Another run noted it before: that run starts it.
        return Ok(Done::Unchanged);
    }
    let (namespace, pipeline, stage) = turn.key(place);
    let about = json!({
        "repository": forge.slug().to_string(), "base": turn.seen.snapshot.base, "pull": number.0,
        "namespace": namespace, "pipeline": pipeline, "stage": stage, "gate": report.name.as_str(),
        "plan": candidate.proposal.plan.to_string(),
        "job": start.job.as_deref().and_then(|job| serde_json::from_str::<serde_json::Value>(job).ok()),
    });
    let inputs =
        json!({ "head": head.to_string(), "digest": digest, "promotion": about.to_string() });
    match forge
        .dispatch(&start.workflow, &turn.seen.snapshot.base, &inputs)
        .await
    {
        Ok(()) => Ok(Done::Unchanged),
        // Whether it was taken is not known: the next run looks for the run, and never starts a second one by itself.
        Err(error) if error.uncertain() => Err(error.into()),
        Err(
            error @ (ForgeError::Refused { .. }
            | ForgeError::NotFound { .. }
            | ForgeError::Forbidden { .. }),
        ) => {
            let why = refusal(report, &start.workflow, &error);
            let said = format!("{attempt}: {why}");
            forge.say(&head, &context, "failure", &said).await?;
            Err(DeliveryError::NotStarted(why))
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether a note is the first of this account for its attempt: of two runs at once only one starts the workflow.
async fn is_first(
    session: &Session,
    head: &CommitId,
    context: &str,
    attempt: &str,
    noted: u64,
) -> Result<bool, DeliveryError> {
    let own = session.own().await.ok().and_then(|own| own.id);
    for seconds in [1, 2, 4] {
        let all = session.forge.statuses(head).await?;
        let mut ours = all
            .iter()
            .filter(|status| {
                let same = status.context == context && status.description == attempt;
                same && own.is_some() && status.creator == own
            })
            .map(|status| status.signal.id);
        let listed: Vec<u64> = ours.by_ref().collect();
        if listed.contains(&noted) {
            return Ok(listed.iter().min() == Some(&noted));
        }
        // The list may lag behind.
        if !session.forge.wait(seconds).await {
            break;
        }
    }
    Ok(false)
}

fn refusal(report: &GateReport, workflow: &str, error: &ForgeError) -> String {
    match error {
        ForgeError::NotFound { .. } => format!(
            "{}: there is no workflow .github/workflows/{workflow} on the base branch",
            report.name
        ),
        ForgeError::Forbidden { .. } => {
            format!(
                "{}: the token may not start workflows; it needs actions: write",
                report.name
            )
        }
        other => format!("{}: {workflow} could not be started: {other}", report.name),
    }
}

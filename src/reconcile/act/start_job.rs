//! Starts the workflow of a gate. It is recorded on the head first, so that it is started at most once.

use serde_json::json;

use crate::execute::DeliveryError;
use crate::forge::{Backoff, ForgeError, Writer};
use crate::model::ids::{CommitId, PullNumber};
use crate::model::job::digest;
use crate::model::plan::GateReport;
use crate::model::promotion_index::PromotionIndex;
use crate::model::wire_words::{self, JOBS};
use crate::reconcile::round::Round;
use crate::reconcile::state::{Progress, RunState};
use crate::session::Session;

/// Records on the head that the workflow of a gate is started, then dispatches it: whatever happens in between, it is
/// dispatched at most once.
pub(crate) async fn start(
    round: &Round<'_>,
    writer: &Writer,
    place: PromotionIndex,
    number: PullNumber,
    gate: usize,
    run: &mut RunState,
) -> Result<Progress, DeliveryError> {
    let Some(candidate) = round.assessment.candidate(place, number) else {
        return Ok(Progress::Unchanged);
    };
    let report = candidate
        .reassessed
        .as_ref()
        .and_then(|reassessed| reassessed.gates.get(gate));
    let Some((report, start)) = report.and_then(|report| Some((report, report.start.as_ref()?)))
    else {
        return Ok(Progress::Unchanged);
    };
    let head = candidate.pull.head;
    let digest = digest(&head, &report.name, &start.workflow, start.attempt);
    if !run.started.insert(digest.clone()) {
        return Ok(Progress::Unchanged);
    }
    let forge = &round.session.forge;
    let context = format!("{JOBS}{}", report.name);
    let attempt = wire_words::attempt(start.attempt);
    let noted = writer.say(&head, &context, "pending", &attempt).await?;
    if !is_first(round.session, &head, &context, &attempt, noted).await? {
        // Another run recorded it first, and starts it.
        return Ok(Progress::Unchanged);
    }
    let key = round.key(place);
    let about = json!({
        "repository": forge.slug().to_string(), "base": round.observation.snapshot.base, "pull": number.0,
        "namespace": key.pipeline.namespace, "pipeline": key.pipeline.name.as_str(), "stage": key.stage.as_str(), "gate": report.name.as_str(),
        "plan": candidate.proposal.plan.to_string(),
        "job": start.job.as_deref().and_then(|job| serde_json::from_str::<serde_json::Value>(job).ok()),
    });
    let inputs =
        json!({ "head": head.to_string(), "digest": digest, "promotion": about.to_string() });
    match writer
        .dispatch(&start.workflow, &round.observation.snapshot.base, &inputs)
        .await
    {
        Ok(()) => Ok(Progress::Unchanged),
        // GitHub may have accepted it: the next run looks for the workflow's run, and never starts a second one
        // automatically.
        Err(error) if error.uncertain() => Err(error.into()),
        Err(
            error @ (ForgeError::Refused { .. }
            | ForgeError::NotFound { .. }
            | ForgeError::Forbidden { .. }),
        ) => {
            let why = refusal(report, &start.workflow, &error);
            let said = wire_words::refused_attempt(start.attempt, &why);
            writer.say(&head, &context, "failure", &said).await?;
            Err(DeliveryError::NotStarted(why))
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether a record is this account's first for its attempt: of two concurrent runs only one starts the workflow.
async fn is_first(
    session: &Session,
    head: &CommitId,
    context: &str,
    attempt: &str,
    noted: u64,
) -> Result<bool, DeliveryError> {
    let own = session.own().await.ok().and_then(|own| own.id);
    let mut looks = Backoff::doubling(1, 2);
    loop {
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
        if !session.forge.wait_for(&mut looks).await {
            return Ok(false);
        }
    }
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

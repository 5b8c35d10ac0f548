//! What a person's request means, and who made it. The person is read through the API, from the dispatched run or the
//! token, never from the environment (A19, A20).

use std::collections::BTreeSet;

use crate::error::{Exit, Failure};
use crate::gather;
use crate::model::actor::Actor;
use crate::model::evidence::Permission;
use crate::model::ids::{PipelineId, PlanId};
use crate::model::plan::Promotion;
use crate::model::plan_prefix::PlanPrefix;
use crate::model::resolved::StageIndex;
use crate::reconcile::evidence::permissions;
use crate::reconcile::observe::observation::Observation;
use crate::reconcile::request::{Mode, PromoteRequest, ResolvedRequest};
use crate::reconcile::rollbacks;
use crate::reconcile::round::Round;
use crate::session::Session;

/// Resolves the names of a request and the person who made it.
///
/// # Errors
/// The request cannot be carried out, or the person may not make it.
pub(crate) async fn resolve(
    session: &Session,
    asked: &PromoteRequest,
    observation: &Observation,
) -> Result<ResolvedRequest, Failure> {
    if asked.approve && asked.plan.is_none() {
        return Err(Failure::usage(
            "`approve` needs `plan`: say what you approve",
        ));
    }
    let (pipeline, stage) =
        crate::evaluation::find::find(&observation.evaluation, &asked.pipeline, &asked.to)?;
    if asked.emergency {
        emergency_is_allowed(asked, observation, pipeline, stage)?;
    }
    // An approval or a retry does not ask for anything other than the open rollback.
    let is_new = asked.rollback.is_none() && !asked.retry && (!asked.approve || asked.emergency);
    let (proposals, _) = gather::proposals(&observation.snapshot);
    if let Some((number, _)) =
        rollbacks::open_rollbacks(observation, &proposals).get(&(pipeline, stage))
        && is_new
    {
        return Err(Failure::usage(format!(
            "{number} rolls {} back, and nothing else is promoted into it until then",
            asked.to
        ))
        .hint("land it, or close it first"));
    }
    let by = match asked.run {
        Some(run) => dispatcher(session, run, observation).await?,
        // Without a dispatched run, as in a terminal, it is the owner of the token.
        None => session.forge.bearer().await?,
    };
    let by = Some(a_person_with_write(session, by).await?);
    let back_to = match &asked.rollback {
        Some(back) => {
            Some(rollbacks::landing(session, observation, (pipeline, stage), back).await?)
        }
        None => None,
    };
    Ok(ResolvedRequest {
        pipeline,
        stage,
        by,
        back_to,
    })
}

/// Whether the given digits identify exactly one of the stage's current plans. If the run may write, or approves, only
/// the whole plan ID does: two plans may begin with the same digits.
pub(crate) fn names_one_of(
    asked: &PromoteRequest,
    wanted: &PlanPrefix,
    plans: &BTreeSet<PlanId>,
    mode: &Mode,
) -> Result<(), Failure> {
    let list = |plans: &[&PlanId]| {
        let texts: Vec<String> = plans.iter().map(|plan| format!("`{plan}`")).collect();
        texts.join(" or ")
    };
    let fitting: Vec<&PlanId> = plans.iter().filter(|plan| wanted.fits(plan)).collect();
    let to = &asked.to;
    let (why, hint) = match fitting.as_slice() {
        [] if plans.is_empty() => (
            format!("nothing is due for {to} now, so there is no plan `{wanted}`"),
            "`sluice status` shows what the stage holds and why".to_owned(),
        ),
        [] => (
            format!(
                "the plan for {to} is {} now, not `{wanted}`",
                list(&plans.iter().collect::<Vec<_>>())
            ),
            "look at the pull request of that plan, then run again with its whole plan ID"
                .to_owned(),
        ),
        [_] if wanted.whole().is_some() => return Ok(()),
        [_] if mode.observes() && !asked.approve => return Ok(()),
        fitting => (
            format!(
                "`plan` is `{wanted}`, which is not a whole plan ID: other plans may begin with the same digits. For {to} it matches {}",
                list(fitting)
            ),
            "look at the pull request of that plan, then run again with all 64 digits as `plan`"
                .to_owned(),
        ),
    };
    Err(Failure::usage(why).hint(hint))
}

/// The policy says whether a stage may have emergencies, and each needs a reason.
fn emergency_is_allowed(
    asked: &PromoteRequest,
    observation: &Observation,
    pipeline: PipelineId,
    stage: StageIndex,
) -> Result<(), Failure> {
    if asked
        .reason
        .as_deref()
        .is_none_or(|why| why.trim().is_empty())
    {
        return Err(Failure::usage("an emergency needs a `reason`"));
    }
    let manifest = observation.evaluation.catalog.pipeline(pipeline);
    let rules = observation
        .repository
        .policy
        .stage_rules(&manifest.name, &manifest.stages[stage].name.value);
    if rules.emergency.is_none() {
        return Err(Failure::usage(format!("the policy has no `emergency` rule for {}", asked.to),
        )
        .hint(format!(
            "add `stages: {{ {}: {{ emergency: {{ approve: [{{ by: GROUP }}], skip: [window] }} }} }}` to .github/sluice.yaml, or promote without it",
            asked.to
        )));
    }
    Ok(())
}

fn refuse(why: String) -> Failure {
    Failure::new(Exit::Blocked, why).hint(
        "Actions → this workflow → Run workflow, on the default branch, as a person with write access",
    )
}

/// The account that dispatched a run.
async fn dispatcher(
    session: &Session,
    run: u64,
    observation: &Observation,
) -> Result<Actor, Failure> {
    let run = session.forge.workflow_run(run).await?;
    if run.event != "workflow_dispatch" {
        return Err(refuse(format!(
            "a promotion is requested with workflow_dispatch, but this run was started by {}",
            run.event
        )));
    }
    if run.branch.as_deref() != Some(observation.snapshot.base.as_str()) {
        return Err(refuse(format!(
            "this workflow was started on {}, not on {}",
            run.branch.as_deref().unwrap_or("no branch"),
            observation.snapshot.base
        )));
    }
    // Who started this attempt: if someone else re-runs it, it is that person's request.
    run.triggering
        .ok_or_else(|| refuse("it is unknown who started this run".to_owned()))
}

/// Only a person with write access may make a request: a bot's dispatch requests and approves nothing.
async fn a_person_with_write(session: &Session, actor: Actor) -> Result<Actor, Failure> {
    let Some(id) = actor.person() else {
        return Err(refuse(format!(
            "{} is not a person, and only a person may request this",
            actor.login
        )));
    };
    match permissions::read_one(session, id, &actor.login).await {
        Ok(Permission::Write) => Ok(actor),
        Ok(_) => Err(refuse(format!(
            "{} does not have write access to this repository",
            actor.login
        ))),
        Err(why) => Err(Failure::new(Exit::Failed, why)),
    }
}

/// If the request names a plan, it must be a current plan of the stage, or that of an open pull request.
pub(crate) fn plan_is_the_one_named(round: &Round<'_>) -> Result<(), Failure> {
    let (Some(asked), Some(stage)) = (&round.options.request, round.request) else {
        return Ok(());
    };
    let pipeline = &round.assessment.plan.pipelines[stage.pipeline.0];
    let into: Vec<&Promotion> = pipeline
        .promotions
        .iter()
        .filter(|promotion| promotion.index == stage.stage)
        .collect();
    if into.is_empty() {
        return Err(Failure::usage(format!(
            "no edge leads into {}, so nothing is ever promoted into it",
            asked.to
        )));
    }
    let Some(wanted) = &asked.plan else {
        return Ok(());
    };
    let place = (stage.pipeline, stage.stage);
    let due = into.iter().filter_map(|promotion| promotion.plan);
    let plans: BTreeSet<PlanId> = due.chain(round.assessment.standing_plans(place)).collect();
    names_one_of(asked, wanted, &plans, &round.options.mode)
}

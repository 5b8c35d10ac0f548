//! What a person asked for by a dispatch, and who that was: read from the run through the API, never from the
//! environment (A19, A20).

use std::collections::BTreeSet;

use super::{Seen, permissions};
use crate::app::session::Session;
use crate::error::{Exit, Failure};
use crate::gather::{self, GoBack};
use crate::model::actor::Actor;
use crate::model::evidence::Permission;
use crate::model::ids::{CommitId, PipelineId, PlanId};
use crate::model::plan_prefix::PlanPrefix;
use crate::model::resolved::StageIndex;

/// A stage that a person asked for.
#[derive(Clone, Debug, Default)]
pub(in crate::app) struct Asked {
    /// The pipeline, as NAME or NAMESPACE/NAME.
    pub pipeline: String,
    /// The stage.
    pub to: String,
    /// The source's values are taken even where the target was set by hand.
    pub take_source: bool,
    /// Only this plan. Where the run writes, all of its digits.
    pub plan: Option<PlanPrefix>,
    /// The dispatch approves it.
    pub approve: bool,
    /// Why.
    pub reason: Option<String>,
    /// It is an emergency: the stage's own rules for that hold.
    pub emergency: bool,
    /// Failed workflows of its gates are started again.
    pub retry: bool,
    /// The stage goes back to this.
    pub rollback: Option<GoBack>,
    /// The run that was dispatched, where there is one.
    pub run: Option<u64>,
}

/// The order, with its names looked up.
pub(super) struct AskedStage {
    pub pipeline: PipelineId,
    pub stage: StageIndex,
    /// Who asked.
    pub by: Option<Actor>,
    /// The landing that the stage is to go back to.
    pub back_to: Option<CommitId>,
}

impl Asked {
    /// Whether the dispatch approves this plan: only if it gives the whole plan ID.
    pub(super) fn approves(&self, plan: &PlanId) -> bool {
        self.approve && self.plan.as_ref().and_then(PlanPrefix::whole) == Some(*plan)
    }
}

/// Looks names and person up.
pub(super) async fn look_up(
    session: &Session,
    asked: &Asked,
    seen: &Seen,
) -> Result<AskedStage, Failure> {
    if asked.approve && asked.plan.is_none() {
        return Err(Failure::usage(
            "`approve` needs `plan`: what is approved must be said",
        ));
    }
    let (pipeline, stage) = crate::app::local::find(&seen.evaluation, &asked.pipeline, &asked.to)?;
    if asked.emergency {
        emergency_is_allowed(asked, seen, pipeline, stage)?;
    }
    // To approve it, and to start its jobs again, is no wish for something else.
    let anew = asked.rollback.is_none() && !asked.retry && (!asked.approve || asked.emergency);
    let (proposals, _) = gather::proposals(&seen.snapshot);
    if let Some((number, _)) = super::back::put_up(seen, &proposals).get(&(pipeline, stage))
        && anew
    {
        return Err(Failure::usage(format!(
            "{number} takes {} back, and it takes nothing else until then",
            asked.to
        ))
        .hint("land it, or close it first"));
    }
    let by = match asked.run {
        Some(run) => dispatcher(session, run, seen).await?,
        // At a terminal it is whoever the token belongs to.
        None => session.forge.bearer().await?,
    };
    let by = Some(a_person_with_write(session, by).await?);
    let back_to = match &asked.rollback {
        Some(back) => Some(super::back::landing(session, seen, (pipeline, stage), back).await?),
        None => None,
    };
    Ok(AskedStage {
        pipeline,
        stage,
        by,
        back_to,
    })
}

/// Whether the digits that were given name exactly one of the plans that a stage has now. Where the run may write, only the
/// whole plan ID names one: two plans may share the first digits.
pub(super) fn names_one_of(
    asked: &Asked,
    wanted: &PlanPrefix,
    plans: &BTreeSet<PlanId>,
    writes_nothing: bool,
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
            "look at the pull request of that plan, and run again with its whole plan ID"
                .to_owned(),
        ),
        [_] if wanted.whole().is_some() => return Ok(()),
        [_] if writes_nothing && !asked.approve => return Ok(()),
        fitting => (
            format!(
                "`plan` is `{wanted}`, and that is not a whole plan ID: other plans may begin with the same digits. For {to} it fits {}",
                list(fitting)
            ),
            "look at the pull request of that plan, and run again with all 64 digits as `plan`"
                .to_owned(),
        ),
    };
    Err(Failure::usage(why).hint(hint))
}

/// Only the policy says what an emergency may do, and nobody has one without saying why.
fn emergency_is_allowed(
    asked: &Asked,
    seen: &Seen,
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
    let manifest = seen.evaluation.catalog.pipeline(pipeline);
    let ruled = seen
        .world
        .policy
        .stage(&manifest.name, &manifest.stages[stage].name.value);
    if ruled.is_none_or(|ruled| ruled.rule.emergency.is_none()) {
        return Err(Failure::usage(format!("the policy gives {} no `emergency`", asked.to),
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
        "Actions → this workflow → Run workflow, on the default branch, as a person with write",
    )
}

/// Who dispatched a run.
async fn dispatcher(session: &Session, run: u64, seen: &Seen) -> Result<Actor, Failure> {
    let run = session.forge.workflow_run(run).await?;
    if run.event != "workflow_dispatch" {
        return Err(refuse(format!(
            "a promotion is asked for by workflow_dispatch, and this run was started by {}",
            run.event
        )));
    }
    if run.branch.as_deref() != Some(seen.snapshot.base.as_str()) {
        return Err(refuse(format!(
            "this workflow was started on {}, not on {}",
            run.branch.as_deref().unwrap_or("no branch"),
            seen.snapshot.base
        )));
    }
    // Who started this attempt; a re-run by somebody else is that person's asking.
    run.triggering
        .ok_or_else(|| refuse("nobody is known to have started this run".to_owned()))
}

/// Only a person with write may ask: a bot's dispatch requests and approves nothing.
async fn a_person_with_write(session: &Session, actor: Actor) -> Result<Actor, Failure> {
    let Some(id) = actor.person() else {
        return Err(refuse(format!(
            "{} is no person, and only a person may ask",
            actor.login
        )));
    };
    match permissions::read_one(session, id, &actor.login).await {
        Ok(Permission::Write) => Ok(actor),
        Ok(_) => Err(refuse(format!("{} has no write here", actor.login))),
        Err(why) => Err(Failure::new(Exit::Failed, why)),
    }
}

//! What a person asked for by a dispatch, and who that was: read from the run through the API, never from the
//! environment (A19, A20).

use super::Seen;
use crate::app::session::Session;
use crate::error::{Exit, Failure};
use crate::gather::{self, GoBack};
use crate::model::catalog::PipelineId;
use crate::model::evidence::{Actor, Permission};
use crate::model::ids::{CommitId, PlanId};
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
    /// Only this plan: twelve or more digits of its id.
    pub plan: Option<String>,
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
    /// Whether a plan is the one that was named.
    pub(super) fn is_of(&self, plan: &PlanId) -> bool {
        let full = plan.to_string();
        self.plan
            .as_deref()
            .is_none_or(|wanted| full.starts_with(&wanted.to_ascii_lowercase()))
    }
}

/// Looks names and person up.
pub(super) async fn look_up(
    session: &Session,
    asked: &Asked,
    seen: &Seen,
) -> Result<AskedStage, Failure> {
    let back_to_plan = match &asked.rollback {
        Some(GoBack::Plan(plan)) => Some(plan),
        _ => None,
    };
    if let Some(plan) = asked.plan.as_ref().or(back_to_plan) {
        let digits = plan.len() >= 12
            && plan.len() <= 64
            && plan.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !digits {
            return Err(Failure::new(Exit::Invalid, "`plan` is no plan id")
                .hint("give twelve or more of its digits, as branches, `sluice history` and `sluice plan --format json` show them"));
        }
    }
    if asked.approve && asked.plan.is_none() {
        return Err(Failure::new(
            Exit::Invalid,
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
        return Err(Failure::new(
            Exit::Invalid,
            format!(
                "{number} takes {} back, and it takes nothing else until then",
                asked.to
            ),
        )
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
        return Err(Failure::new(Exit::Invalid, "an emergency needs a `reason`"));
    }
    let manifest = seen.evaluation.catalog.pipeline(pipeline);
    let ruled = seen
        .world
        .policy
        .stage(&manifest.name, &manifest.stages[stage].name.value);
    if ruled.is_none_or(|ruled| ruled.rule.emergency.is_none()) {
        return Err(Failure::new(
            Exit::Invalid,
            format!("the policy gives {} no `emergency`", asked.to),
        )
        .hint(format!(
            "add `stages: {{ {}: {{ emergency: {{ approve: [{{ by: GROUP }}], skip: [window] }} }} }}` to .github/sluice.yaml, or promote without it",
            asked.to
        )));
    }
    Ok(())
}

fn refuse(why: String) -> Failure {
    Failure::new(Exit::Invalid, why).hint(
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
    let people = std::collections::BTreeMap::from([(id, actor.login.clone())]);
    match session.forge.permissions(&people).await.remove(&id) {
        Some(Ok(Permission::Write)) => Ok(actor),
        Some(Ok(_)) => Err(refuse(format!("{} has no write here", actor.login))),
        Some(Err(why)) => Err(Failure::new(Exit::Failed, why)),
        None => Err(Failure::new(
            Exit::Failed,
            format!("what {} may do was not read", actor.login),
        )),
    }
}

//! `status`: the state of every pipeline, for anyone who wants to know why something has not moved. It reads, and never
//! writes.
//!
//! It uses the evaluation, plan and decisions of a run, so that it cannot say anything other than what a run would do.

mod content;
mod standing;

use std::collections::{BTreeMap, BTreeSet};

use content::{Content, Member};
use jiff::Timestamp;

use super::call::Call;
use super::installed::installed;
use super::output::Output;
use crate::cli::{Format, StatusQuery};
use crate::error::{Exit, Failure};
use crate::evaluation::evaluate::{Evaluation, PlanInputs};
use crate::evaluation::find::find_pipeline;
use crate::evaluation::repository_state::{ReadFrom, RepositoryState};
use crate::gather::answer_since;
use crate::graph::StageGraph;
use crate::model::ids::{CommitId, PipelineId};
use crate::model::plan::{PipelinePlan, Plan};
use crate::model::promotion_index::PromotionIndex;
use crate::model::resolved::{Resolution, ResolvedService};
use crate::model::status::{
    PipelineStatus, ServiceStatus, SetOnBase, Since, StageStatus, Status, StatusKind,
};
use crate::reconcile::outcome::Outcome;
use crate::reconcile::request::RunOptions;
use crate::reconcile::status::{CurrentState, PromotionState, current_state};
use crate::report::status;
use crate::session::Session;

/// The status of what is on this machine.
pub(super) struct StatusOfPath {
    /// What was read.
    pub repository: RepositoryState,
    /// The status.
    pub status: Status,
    /// Notices for the reader.
    pub notices: Vec<String>,
    /// The exit code.
    pub exit: Exit,
}

/// Without GitHub: for a repository at its current commit, or for a folder.
pub(super) fn run(call: &Call, asked: StatusQuery) -> Result<Output, Failure> {
    refuse_short_json(&asked)?;
    let StatusQuery {
        freeze,
        pipeline,
        short,
        waiting,
        format: _,
    } = asked;
    let StatusOfPath {
        status: mut found,
        mut notices,
        exit,
        ..
    } = of_path(call, freeze, pipeline.as_deref())?;
    if call.json() && found.pipelines.is_empty() {
        notices.push(status::NO_PIPELINE.to_owned());
    }
    if waiting {
        found.only_waiting();
    }
    if call.json() {
        return Ok(Output {
            text: status::json(&found),
            notices,
            exit,
        });
    }
    Ok(Output {
        text: status::text(
            &found,
            &notices,
            &call.again.within("sluice validate"),
            short,
            call.style,
        ),
        notices: Vec::new(),
        exit,
    })
}

/// Reads the status of PATH.
pub(super) fn of_path(
    call: &Call,
    freeze: Option<String>,
    pipeline: Option<&str>,
) -> Result<StatusOfPath, Failure> {
    let repository = call.open(ReadFrom::Commit)?;
    let evaluation = Evaluation::of(&repository, call.now, true)?;
    let only = pipeline
        .map(|name| find_pipeline(&evaluation, name))
        .transpose()?;
    let inputs = PlanInputs {
        frozen: freeze.filter(|why| !why.is_empty()),
        ..PlanInputs::default()
    };
    let plan = evaluation.plan(&repository, call.now, &inputs);
    let exit = evaluation.exit(&plan);
    let seen = Seen {
        repository: &repository,
        evaluation: &evaluation,
        plan: &plan,
        now: call.now,
        only,
    };
    let since = seen.since();
    let all = plan.promotions();
    let active_pull = all
        .map(|(at, promotion)| (at, PromotionState::planned(promotion)))
        .collect();
    let name = repository
        .remote_slug()
        .unwrap_or_else(|| repository.name());
    let found = seen.status(name, &active_pull, &since);
    let mut notices = repository.notices.clone();
    notices.extend(crate::evaluation::passed_over::passed_over(&evaluation));
    Ok(StatusOfPath {
        repository,
        status: found,
        notices,
        exit,
    })
}

/// `--short` is for people: a document always holds everything.
///
/// # Errors
/// Both were asked for.
pub(super) fn refuse_short_json(asked: &StatusQuery) -> Result<(), Failure> {
    match asked.short && asked.format == Format::Json {
        true => Err(Failure::usage(
            "--short is for people: the document of --format json always contains every stage",
        )
        .hint("remove one of the two")),
        false => Ok(()),
    }
}

/// On GitHub: with the outcome of a run that writes nothing.
pub(super) async fn on_forge(
    session: &Session,
    options: &RunOptions,
) -> Result<(Outcome, Status), Failure> {
    let CurrentState {
        repository,
        evaluation,
        plan,
        now,
        only,
        active_pull,
        mut outcome,
    } = current_state(session, options).await?;
    let seen = Seen {
        repository: &repository,
        evaluation: &evaluation,
        plan: &plan,
        now,
        only,
    };
    let mut since = session.fetch_until_complete(|| Ok(seen.since())).await?;
    attach_pull_numbers(session, &mut since, &mut outcome).await;
    let name = session.forge.slug().to_string();
    let mut found = seen.status(name, &active_pull, &since);
    if let (Some(base), Some(tip)) = (&repository.branch, repository.tip) {
        found.installation = Some(installed(session, base, &tip, now).await);
    }
    outcome.calls = session.calls();
    outcome.remaining = session.forge.remaining();
    Ok((outcome, found))
}

/// Looks up through which pull requests landings came.
async fn attach_pull_numbers(
    session: &Session,
    since: &mut BTreeMap<Member, Since>,
    outcome: &mut Outcome,
) {
    let landed = |since: &Since| match since {
        Since::Set(set) if set.landed => Some(set.commit),
        _ => None,
    };
    let commits: BTreeSet<CommitId> = since.values().filter_map(landed).collect();
    let commits: Vec<CommitId> = commits.into_iter().collect();
    if commits.is_empty() {
        return;
    }
    let found = session.forge.pulls_of(&commits).await;
    if let Some(why) = found.iter().find_map(|one| one.as_ref().err()) {
        outcome.notices.push(format!(
            "it could not be read which pull requests set the stages: {why}"
        ));
    }
    let found: BTreeMap<CommitId, _> = commits
        .into_iter()
        .zip(found.into_iter().map(Result::unwrap_or_default))
        .collect();
    for since in since.values_mut() {
        if let Since::Set(set) = since {
            set.pull = found.get(&set.commit).copied().flatten();
        }
    }
}

/// What was read.
struct Seen<'a> {
    repository: &'a RepositoryState,
    evaluation: &'a Evaluation,
    plan: &'a Plan,
    now: Timestamp,
    only: Option<PipelineId>,
}

impl<'a> Seen<'a> {
    fn content(&self) -> Content<'a> {
        let wanted = |id: PipelineId| self.only.is_none_or(|only| only == id);
        Content::of(self.evaluation, &self.repository.policy, &wanted)
    }

    fn since(&self) -> BTreeMap<Member, Since> {
        let (members, asked) = self.content().asked();
        let repositories = self.evaluation.repositories(self.repository);
        let found = answer_since(
            &asked,
            &self.evaluation.catalog,
            &self.evaluation.resolved,
            &repositories,
        );
        members.into_iter().zip(found).collect()
    }

    fn status(
        &self,
        repository: String,
        active_pull: &BTreeMap<PromotionIndex, PromotionState>,
        since: &BTreeMap<Member, Since>,
    ) -> Status {
        let content = self.content();
        let mut pipelines: Vec<PipelineStatus> = self
            .plan
            .pipelines
            .iter()
            .enumerate()
            .filter(|(_, plan)| self.only.is_none_or(|only| only == plan.id))
            .map(|(index, plan)| self.pipeline(index, plan, &content, active_pull, since))
            .collect();
        pipelines.sort_by_key(|pipeline| pipeline.state);
        let mut counts = BTreeMap::new();
        let stages = pipelines.iter().flat_map(|pipeline| &pipeline.stages);
        for promotion in stages.flat_map(|stage| &stage.promotions) {
            *counts.entry(promotion.state).or_default() += 1;
        }
        Status {
            repository,
            base: self.repository.branch.clone(),
            tip: self.repository.tip,
            now: self.now,
            counts,
            pipelines,
            findings: self.evaluation.findings.clone(),
            installation: None,
        }
    }

    fn pipeline(
        &self,
        index: usize,
        plan: &PipelinePlan,
        content: &Content<'_>,
        active_pull: &BTreeMap<PromotionIndex, PromotionState>,
        since: &BTreeMap<Member, Since>,
    ) -> PipelineStatus {
        let manifest = self.evaluation.catalog.pipeline(plan.id);
        let resolved = &self.evaluation.resolved[plan.id.0];
        let order = StageGraph::of(resolved)
            .in_order()
            .unwrap_or_else(|| (0..resolved.stages.len()).collect());
        let stages: Vec<StageStatus> = order
            .into_iter()
            .map(|stage| {
                let into = plan.promotions.iter().enumerate();
                let promotions = into
                    .filter(|(_, promotion)| promotion.index == stage)
                    .filter_map(|(promotion, _)| {
                        active_pull.get(&PromotionIndex {
                            pipeline: index,
                            promotion,
                        })
                    })
                    .map(|stand| standing::of(stand.clone()))
                    .collect();
                let services = resolved.stages[stage].services.iter();
                StageStatus {
                    stage: manifest.stages[stage].name.value.clone(),
                    services: services
                        .clone()
                        .filter_map(|entry| self.service(plan.id, entry, since))
                        .collect(),
                    values: content.running(plan.id, stage),
                    takes: services.clone().any(|entry| entry.source.is_some()),
                    since: newest(
                        services.filter_map(|entry| since.get(&(plan.id, entry.service.found()?))),
                    ),
                    promotions,
                }
            })
            .collect();
        let worst = stages
            .iter()
            .flat_map(|stage| &stage.promotions)
            .map(|promotion| promotion.state)
            .min();
        PipelineStatus {
            namespace: manifest.namespace.clone(),
            name: manifest.name.to_string(),
            state: match plan.stopped {
                Some(_) => StatusKind::Error,
                None => worst.unwrap_or(StatusKind::InSync),
            },
            stopped: plan.stopped.clone(),
            stages,
        }
    }

    /// A service of a stage, if it was found.
    fn service(
        &self,
        pipeline: PipelineId,
        entry: &ResolvedService,
        since: &BTreeMap<Member, Since>,
    ) -> Option<ServiceStatus> {
        let name = |id| self.evaluation.catalog.service(id).key.name.clone();
        let found = entry.service.found()?;
        Some(ServiceStatus {
            service: name(found),
            source: entry.source.as_ref().and_then(Resolution::found).map(name),
            since: since
                .get(&(pipeline, found))
                .cloned()
                .unwrap_or_else(|| Since::Unknown("nothing of it is promoted".to_owned())),
        })
    }
}

/// The newest of a stage's services. If that of one service is not known, neither is the newest.
fn newest<'a>(all: impl Iterator<Item = &'a Since>) -> Since {
    let mut newest: Option<&SetOnBase> = None;
    for since in all {
        match since {
            Since::Set(set) if newest.is_none_or(|known| known.at < set.at) => newest = Some(set),
            Since::Set(_) => {}
            other => return other.clone(),
        }
    }
    match newest {
        Some(set) => Since::Set(set.clone()),
        None => Since::Unknown("none of its services was found".to_owned()),
    }
}

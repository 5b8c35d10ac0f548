//! One evaluation: catalog, references, revisions, checks, history, plan. Every command uses this one path.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;

use super::assumed;
use super::history_files::{expect_history, next_files, stage_files, targets};
use super::repository_state::RepositoryState;
use crate::catalog::{load_with_links, resolve_pipelines};
use crate::checks::{self, Compared, Context};
use crate::copy::Pair;
use crate::error::{Exit, Failure};
use crate::gather::{
    self, Depth, Repositories, RevisionChange, answer_history, answer_ready, answer_revisions,
    answer_ways,
};
use crate::model::catalog::Catalog;
use crate::model::change::Change;
use crate::model::commit_range::RangesByChange;
use crate::model::evidence::Evidence;
use crate::model::facts::{
    Approvals, Facts, LastSet, ReadyQuery, Revision, RevisionQuery, ServiceRef, Ways,
};
use crate::model::fetched::Fetched;
use crate::model::finding::{Finding, Severity};
use crate::model::ids::{PipelineId, PlanId};
use crate::model::plan::{Plan, State};
use crate::model::promotion_id::PromotionId;
use crate::model::promotion_index::PromotionIndex;
use crate::model::reference::ManifestKey;
use crate::model::resolved::{ResolvedPipeline, StageIndex};
use crate::model::rollback::Rollback;
use crate::model::roster::Roster;
use crate::model::signal::ContentEvidence;
use crate::model::verdict::Verdict;
use crate::plan;

/// Everything that was read and found, which a plan is made from.
pub(crate) struct Evaluation {
    /// The manifests.
    pub catalog: Rc<Catalog>,
    /// Their references, resolved; by `PipelineId`.
    pub resolved: Rc<Vec<ResolvedPipeline>>,
    /// What git refs resolve to.
    pub revisions: BTreeMap<RevisionQuery, Revision>,
    /// When promoted values were last set; empty without history.
    pub history: BTreeMap<ServiceRef, LastSet>,
    /// Whether revisions go forward or back, read only if no person has to approve; empty without history.
    pub ways: Ways,
    /// What the checks found.
    pub findings: Vec<Finding>,
    /// Pipelines that an error stops, with the reason.
    pub stopped: BTreeMap<PipelineId, Arc<str>>,
    /// In a simulation: the repositories for which a new commit is assumed.
    pub assumed: BTreeSet<String>,
}

/// The manifests of a commit, read once: what else is needed may take several rounds of fetching.
pub(crate) struct Manifests {
    catalog: Rc<Catalog>,
    resolved: Rc<Vec<ResolvedPipeline>>,
}

impl Manifests {
    /// Loads the manifests and resolves their references.
    pub(crate) fn of(repository: &RepositoryState) -> Self {
        let catalog = load_with_links(&repository.files, &repository.links, &repository.policy);
        let resolved = resolve_pipelines(&catalog, &repository.here);
        Self {
            catalog: Rc::new(catalog),
            resolved: Rc::new(resolved),
        }
    }

    /// The files that hold the targets of a stage.
    pub(crate) fn files_of_stage(
        &self,
        repository: &RepositoryState,
        stage: &PromotionId,
    ) -> BTreeSet<String> {
        stage_files(&self.catalog, &repository.policy, &self.resolved, stage)
    }

    /// The files whose history is asked for once a stage has landed.
    pub(crate) fn next_files(
        &self,
        repository: &RepositoryState,
        stage: &PromotionId,
    ) -> BTreeSet<String> {
        next_files(&self.catalog, &repository.policy, &self.resolved, stage)
    }
}

/// What is known about the content of sources.
pub(crate) type ReadyAnswers = BTreeMap<ReadyQuery, ContentEvidence>;

/// What may differ between two plans of one evaluation; each field becomes the field of [`Facts`] with its name.
#[derive(Clone, Debug, Default)]
pub(crate) struct PlanInputs {
    /// Without GitHub: the approvals that were given; `None` if no one was asked.
    pub approvals: Option<Approvals>,
    /// On GitHub, where gates are judged by the evidence about a pull request.
    pub on_forge: bool,
    /// Why this run may land nothing, if it was started with a freeze.
    pub frozen: Option<String>,
    /// A person requested the source's values even if the target was set by hand (`take: source`).
    pub take_source: bool,
    /// Stages that landed earlier in this run.
    pub landed: BTreeSet<(PipelineId, StageIndex)>,
    /// Stages that a person requested, so that `trigger: manual` moves: one in a run, any number in a simulation.
    pub asked: BTreeSet<(PipelineId, StageIndex)>,
    /// The person requested it as an emergency.
    pub emergency: bool,
    /// The person requested that failed jobs of the stage are started again.
    pub retry: bool,
    /// Teams, people and code owners, as far as the rules need them.
    pub roster: Roster,
    /// On GitHub, or in a simulation: what is known about the content of sources.
    pub ready: Option<Rc<ReadyAnswers>>,
    /// In a simulation: when each plan was proposed.
    pub proposed: BTreeMap<PlanId, Timestamp>,
    /// Stages that are rolled back, and what they go back to; `Err` if that could not be read.
    pub rollbacks: BTreeMap<(PipelineId, StageIndex), Fetched<Rollback>>,
}

impl Evaluation {
    /// Reads and checks everything. Without `with_history`, history is left out: only a plan needs it.
    pub(crate) fn of(
        repository: &RepositoryState,
        now: Timestamp,
        with_history: bool,
    ) -> Result<Self, Failure> {
        Self::read(
            repository,
            &Manifests::of(repository),
            now,
            with_history,
            Depth::Newest,
        )
    }

    /// Reads and checks everything on GitHub, as far back as `reading` says.
    pub(crate) fn on_forge(
        repository: &RepositoryState,
        manifests: &Manifests,
        now: Timestamp,
        reading: Depth,
    ) -> Result<Self, Failure> {
        Self::read(repository, manifests, now, true, reading)
    }

    fn read(
        repository: &RepositoryState,
        manifests: &Manifests,
        now: Timestamp,
        with_history: bool,
        reading: Depth,
    ) -> Result<Self, Failure> {
        let catalog = Rc::clone(&manifests.catalog);
        let resolved = Rc::clone(&manifests.resolved);
        let repositories = repositories(repository, &catalog, &resolved);
        let queries = plan::revision_queries(&catalog, &repository.policy, &resolved);
        // Only reads from GitHub are worth limiting: a local clone has everything.
        let depth = match repository.remotes {
            Some(_) => reading,
            None => Depth::Newest,
        };
        let mut revisions = answer_revisions(&repositories, queries, depth)?;
        if depth == Depth::WhereItDiffers {
            // If something else of a service differs, the newest commit of its source is needed after all.
            let differing = differing(repository, &catalog, &resolved, &revisions);
            revisions.extend(answer_revisions(&repositories, differing, Depth::Newest)?);
        }
        // A pipeline that has a revision which is still to be fetched counts as stopped below, and is asked nothing.
        if repositories
            .remotes
            .is_some_and(|remotes| !remotes.is_complete())
        {
            expect_history(repository, &catalog, &resolved, &repositories, &revisions);
        }
        let assumed = match repository.assumes {
            true => assumed::revisions(&mut revisions),
            false => BTreeSet::new(),
        };
        let mut findings = check(repository, &catalog, &resolved, &revisions, now);
        repository.add_lines(&catalog, &mut findings);
        for finding in &mut findings {
            if let Some(help) = &mut finding.help {
                *help = repository.again.within(help);
            }
        }
        let stopped = checks::stopped(&catalog, &findings);
        let mut evaluation = Self {
            catalog,
            resolved,
            revisions,
            history: BTreeMap::new(),
            ways: Ways::new(),
            findings,
            stopped,
            assumed,
        };
        if with_history {
            let inputs = PlanInputs::default();
            let facts = evaluation.facts(repository, now, &inputs);
            let queries = plan::history_queries(&facts);
            let history = answer_history(&facts, &queries, &repositories)?;
            evaluation.history = history;
            let queries = plan::way_queries(&evaluation.facts(repository, now, &inputs));
            evaluation.ways = answer_ways(&repositories, queries);
            if repository.assumes {
                assumed::ways(&mut evaluation.ways);
            }
        }
        Ok(evaluation)
    }

    /// Reads again what is known about the content of sources; `None` without GitHub.
    pub(crate) fn read_ready(
        &self,
        repository: &RepositoryState,
        now: Timestamp,
    ) -> Option<ReadyAnswers> {
        repository.remotes.as_ref()?;
        let inputs = PlanInputs::default();
        let facts = self.facts(repository, now, &inputs);
        let queries = plan::ready_queries(&facts);
        let repositories = self.repositories(repository);
        Some(answer_ready(&facts, &queries, &repositories))
    }

    /// The changes of a stage's services, with their index in `changes` and what is known about where they come from.
    /// Changes of anything else are left out.
    pub(crate) fn bringing<'a>(
        &'a self,
        repository: &'a RepositoryState,
        pipeline: PipelineId,
        stage: StageIndex,
        changes: &'a [Change],
    ) -> Vec<(usize, RevisionChange<'a>)> {
        let mut of: BTreeMap<&ManifestKey, Vec<usize>> = BTreeMap::new();
        for (at, change) in changes.iter().enumerate() {
            of.entry(&change.manifest).or_default().push(at);
        }
        let resolved = &self.resolved[pipeline.0];
        let services = 0..resolved.stages[stage].services.len();
        let pairs = services.filter_map(|service| {
            Pair::of(&self.catalog, &repository.policy, resolved, stage, service)
        });
        let mut found = Vec::new();
        for pair in pairs {
            let revision = pair
                .revision_query()
                .and_then(|query| self.revisions.get(&query));
            for at in of.get(&pair.target.key).into_iter().flatten() {
                let bringing = RevisionChange {
                    pair: pair.clone(),
                    revision,
                    change: &changes[*at],
                };
                found.push((*at, bringing));
            }
        }
        found
    }

    /// What the changes of a plan bring, according to the local clones.
    pub(crate) fn ranges_by_change(
        &self,
        repository: &RepositoryState,
        plan: &Plan,
    ) -> RangesByChange {
        let mut places = Vec::new();
        let mut asked = Vec::new();
        for (pipeline, entry) in plan.pipelines.iter().enumerate() {
            for (position, promotion) in entry.promotions.iter().enumerate() {
                if !promotion.changes.iter().any(Change::sets_git_ref) {
                    continue;
                }
                let changes = &promotion.changes;
                for (at, bringing) in self.bringing(repository, entry.id, promotion.index, changes)
                {
                    places.push((pipeline, position, at));
                    asked.push(bringing);
                }
            }
        }
        let ranges = gather::ranges_of_changes(&self.repositories(repository), &asked);
        let found = places.into_iter().zip(ranges);
        found
            .filter_map(|(place, ranges)| Some((place, ranges?)))
            .collect()
    }

    /// The repositories that can be read.
    pub(crate) fn repositories<'a>(&self, repository: &'a RepositoryState) -> Repositories<'a> {
        repositories(repository, &self.catalog, &self.resolved)
    }

    /// The planner's input.
    pub(crate) fn facts<'a>(
        &'a self,
        repository: &'a RepositoryState,
        now: Timestamp,
        inputs: &'a PlanInputs,
    ) -> Facts<'a> {
        Facts {
            catalog: &self.catalog,
            policy: &repository.policy,
            resolved: &self.resolved,
            stopped: &self.stopped,
            revisions: &self.revisions,
            history: &self.history,
            ways: &self.ways,
            approvals: inputs.approvals.clone(),
            on_forge: inputs.on_forge,
            frozen: inputs.frozen.clone(),
            take_source: inputs.take_source,
            now,
            // Without GitHub there is no repository name that two clones would agree on.
            repository: repository.slug.clone(),
            base: repository.branch.clone().unwrap_or_default(),
            landed: inputs.landed.clone(),
            asked: inputs.asked.clone(),
            emergency: inputs.emergency,
            retry: inputs.retry,
            roster: &inputs.roster,
            proposed: &inputs.proposed,
            ready: inputs.ready.as_deref(),
            rollbacks: &inputs.rollbacks,
        }
    }

    /// Makes the plan. Commands in its help texts get PATH and `--policy`.
    pub(crate) fn plan(
        &self,
        repository: &RepositoryState,
        now: Timestamp,
        inputs: &PlanInputs,
    ) -> Plan {
        let mut plan = plan::plan(&self.facts(repository, now, inputs));
        let promotions = plan
            .pipelines
            .iter_mut()
            .flat_map(|one| &mut one.promotions);
        for help in promotions.filter_map(|promotion| promotion.help.as_mut()) {
            *help = repository.again.within(help);
        }
        plan
    }

    /// Judges the gates of a plan of this evaluation again: by evidence and people that were read since.
    pub(crate) fn judge_gates(
        &self,
        repository: &RepositoryState,
        now: Timestamp,
        inputs: &PlanInputs,
        evidence: &BTreeMap<PromotionIndex, &Fetched<Evidence>>,
        plan: &mut Plan,
    ) {
        plan::judge_gates(&self.facts(repository, now, inputs), plan, evidence);
    }

    /// The exit code of a command that only reads.
    pub(crate) fn exit(&self, plan: &Plan) -> Exit {
        let finding = self
            .findings
            .iter()
            .any(|finding| finding.severity == Severity::Error);
        let unread = plan
            .pipelines
            .iter()
            .filter(|pipeline| pipeline.stopped.is_none())
            .flat_map(|pipeline| &pipeline.promotions)
            .any(|promotion| {
                let gates = &promotion.gates;
                promotion.state == State::Error
                    || gates
                        .iter()
                        .any(|gate| gate.judgement.verdict == Verdict::Error)
            });
        match (finding, unread) {
            (true, _) => Exit::Invalid,
            (false, true) => Exit::Failed,
            (false, false) => Exit::Done,
        }
    }
}

fn repositories<'a>(
    repository: &'a RepositoryState,
    catalog: &Catalog,
    resolved: &[ResolvedPipeline],
) -> Repositories<'a> {
    Repositories {
        here: repository.reading(),
        remotes: repository.remotes.as_deref(),
        branch: repository.branch.as_deref(),
        remote: repository.remote.as_deref(),
        root: repository.root.clone(),
        policy: &repository.policy,
        targets: targets(repository, catalog, resolved),
        written: written(repository, catalog, resolved),
    }
}

/// The files that any promotion writes.
fn written(
    repository: &RepositoryState,
    catalog: &Catalog,
    resolved: &[ResolvedPipeline],
) -> Vec<String> {
    let files: BTreeSet<String> = plan::pairs(catalog, &repository.policy, resolved)
        .flat_map(|(_, pair)| pair.writes())
        .map(|write| write.place.file.to_string())
        .collect();
    files.into_iter().collect()
}

/// The revisions of sources on a moving ref whose targets have the same commit, but differ in something else.
fn differing(
    repository: &RepositoryState,
    catalog: &Catalog,
    resolved: &[ResolvedPipeline],
    revisions: &BTreeMap<RevisionQuery, Revision>,
) -> BTreeSet<RevisionQuery> {
    plan::pairs(catalog, &repository.policy, resolved)
        .filter_map(|(_, pair)| {
            let query = pair.revision_query()?;
            let revision = revisions.get(&query)?;
            let at_rest = matches!(revision, Revision::Resolved(found) if found.moving && found.same_as_target);
            let differs = at_rest && !pair.compare(Some(revision)).changes.is_empty();
            differs.then_some(query)
        })
        .collect()
}

fn check(
    repository: &RepositoryState,
    catalog: &Catalog,
    resolved: &[ResolvedPipeline],
    revisions: &BTreeMap<RevisionQuery, Revision>,
    now: Timestamp,
) -> Vec<Finding> {
    let pairs = plan::pairs(catalog, &repository.policy, resolved)
        .map(|(place, pair)| Compared {
            pipeline: place.pipeline,
            stage: place.stage,
            service: place.service,
            comparison: pair.compare(
                pair.revision_query()
                    .and_then(|query| revisions.get(&query)),
            ),
            pair,
        })
        .collect();
    let context = Context {
        catalog,
        policy: &repository.policy,
        policy_file: &repository.policy_file,
        policy_finding: repository.policy_finding.as_ref(),
        here: &repository.here,
        resolved,
        revisions,
        pairs,
        bytes: &|path| repository.bytes(path),
        now,
        untrusted: &repository.untrusted,
    };
    checks::run(&context)
}

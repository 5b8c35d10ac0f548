//! One evaluation: catalog, references, revisions, checks, history, plan. The same path for every command.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;

use super::simulate::assumed;
use super::world::World;
use crate::catalog::{load_with_links, resolve_pipelines};
use crate::checks::{self, Compared, Context};
use crate::copy::Pair;
use crate::error::{Exit, Failure};
use crate::gather::{
    self, Bringing, Depth, Repositories, answer_history, answer_ready, answer_revisions,
    answer_ways,
};
use crate::model::brought::ToldOf;
use crate::model::catalog::Catalog;
use crate::model::change::Change;
use crate::model::evidence::Evidence;
use crate::model::facts::{
    Approvals, Facts, HistoryQuery, LastSet, ReadyQuery, Revision, RevisionQuery, Ways,
};
use crate::model::fetched::Fetched;
use crate::model::finding::{Finding, Severity};
use crate::model::ids::{PipelineId, PlanId};
use crate::model::plan::{Plan, State};
use crate::model::reference::ManifestKey;
use crate::model::resolved::{ResolvedPipeline, StageIndex};
use crate::model::rollback::Rollback;
use crate::model::roster::Roster;
use crate::model::signal::ContentEvidence;
use crate::model::verdict::Verdict;
use crate::plan;

/// Everything that was read and found; what a plan is made from.
pub(super) struct Evaluation {
    pub catalog: Rc<Catalog>,
    pub resolved: Rc<Vec<ResolvedPipeline>>,
    pub revisions: BTreeMap<RevisionQuery, Revision>,
    pub history: BTreeMap<HistoryQuery, LastSet>,
    pub ways: Ways,
    pub findings: Vec<Finding>,
    pub stopped: BTreeMap<PipelineId, Arc<str>>,
    /// In a simulation: the repositories of which a new commit is assumed.
    pub assumed: BTreeSet<String>,
}

/// The manifests of a commit, read once: everything else may have to be asked for in several rounds.
pub(super) struct Manifests {
    catalog: Rc<Catalog>,
    resolved: Rc<Vec<ResolvedPipeline>>,
}

impl Manifests {
    pub(super) fn of(world: &World) -> Self {
        let catalog = load_with_links(&world.files, &world.links, &world.policy);
        let resolved = resolve_pipelines(&catalog, &world.here);
        Self {
            catalog: Rc::new(catalog),
            resolved: Rc::new(resolved),
        }
    }
}

/// What is known about the content of sources.
pub(super) type ReadyAnswers = BTreeMap<ReadyQuery, ContentEvidence>;

/// What may differ between two plans of one evaluation.
#[derive(Clone, Debug, Default)]
pub(super) struct Ask {
    pub approvals: Option<Approvals>,
    pub evidence: Option<BTreeMap<PlanId, Fetched<Evidence>>>,
    pub frozen: Option<String>,
    pub take_source: bool,
    pub landed: BTreeSet<(PipelineId, StageIndex)>,
    pub asked: Option<(PipelineId, StageIndex)>,
    pub emergency: bool,
    pub retry: bool,
    pub roster: Roster,
    /// With a forge, or a simulated one: what is known about the content of sources.
    pub ready: Option<Rc<ReadyAnswers>>,
    /// In a simulation: when each plan was proposed.
    pub proposed: BTreeMap<PlanId, Timestamp>,
    /// Stages that go back.
    pub rollbacks: BTreeMap<(PipelineId, StageIndex), Fetched<Rollback>>,
}

impl Evaluation {
    /// Reads and checks everything. `history` is left out where nothing is planned.
    pub(super) fn of(world: &World, now: Timestamp, with_history: bool) -> Result<Self, Failure> {
        Self::read(
            world,
            &Manifests::of(world),
            now,
            with_history,
            Depth::Newest,
        )
    }

    /// Reads and checks everything on the forge, as far back as `reading` says.
    pub(super) fn on_forge(
        world: &World,
        manifests: &Manifests,
        now: Timestamp,
        reading: Depth,
    ) -> Result<Self, Failure> {
        Self::read(world, manifests, now, true, reading)
    }

    fn read(
        world: &World,
        manifests: &Manifests,
        now: Timestamp,
        with_history: bool,
        reading: Depth,
    ) -> Result<Self, Failure> {
        let catalog = Rc::clone(&manifests.catalog);
        let resolved = Rc::clone(&manifests.resolved);
        let repositories = repositories(world, &catalog, &resolved);
        let queries = plan::revision_queries(&catalog, &world.policy, &resolved);
        // Only the forge is asked no more than has to be: a clone at hand has all of it.
        let depth = match world.remotes {
            Some(_) => reading,
            None => Depth::Newest,
        };
        let mut revisions = answer_revisions(&repositories, queries, depth)?;
        if depth == Depth::WhereItDiffers {
            // Where something else of a service differs, what its source stands for is compared with what it stood for once.
            let differing = differing(world, &catalog, &resolved, &revisions);
            revisions.extend(answer_revisions(&repositories, differing, Depth::Newest)?);
        }
        let assumed = match world.assumes {
            true => assumed::revisions(&mut revisions),
            false => BTreeSet::new(),
        };
        let mut findings = check(world, &catalog, &resolved, &revisions, now);
        world.add_lines(&catalog, &mut findings);
        for finding in &mut findings {
            if let Some(help) = &mut finding.help {
                *help = world.again.within(help);
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
            let ask = Ask::default();
            let facts = evaluation.facts(world, now, &ask);
            let queries = plan::history_queries(&facts);
            let history = answer_history(&facts, &queries, &repositories)?;
            evaluation.history = history;
            let queries = plan::way_queries(&evaluation.facts(world, now, &ask));
            evaluation.ways = answer_ways(&repositories, queries);
            if world.assumes {
                assumed::ways(&mut evaluation.ways);
            }
        }
        Ok(evaluation)
    }

    /// What is known about the content of sources, read anew; `None` without a forge.
    pub(super) fn read_ready(&self, world: &World, now: Timestamp) -> Option<ReadyAnswers> {
        world.remotes.as_ref()?;
        let ask = Ask::default();
        let facts = self.facts(world, now, &ask);
        let queries = plan::ready_queries(&facts);
        let repositories = self.repositories(world);
        Some(answer_ready(&facts, &queries, &repositories))
    }

    /// The changes of a stage's services, by their places among these, with what is known of where they come from. A change
    /// of anything else is none of them.
    pub(super) fn bringing<'a>(
        &'a self,
        world: &'a World,
        pipeline: PipelineId,
        stage: StageIndex,
        changes: &'a [Change],
    ) -> Vec<(usize, Bringing<'a>)> {
        let mut of: BTreeMap<&ManifestKey, Vec<usize>> = BTreeMap::new();
        for (at, change) in changes.iter().enumerate() {
            of.entry(&change.manifest).or_default().push(at);
        }
        let resolved = &self.resolved[pipeline.0];
        let services = 0..resolved.stages[stage].services.len();
        let pairs = services
            .filter_map(|service| Pair::of(&self.catalog, &world.policy, resolved, stage, service));
        let mut found = Vec::new();
        for pair in pairs {
            let revision = pair
                .revision_query()
                .and_then(|query| self.revisions.get(&query));
            for at in of.get(&pair.target.key).into_iter().flatten() {
                let bringing = Bringing {
                    pair: pair.clone(),
                    revision,
                    change: &changes[*at],
                };
                found.push((*at, bringing));
            }
        }
        found
    }

    /// What the changes of a plan bring, as the clones at hand tell it.
    pub(super) fn told(&self, world: &World, plan: &Plan) -> ToldOf {
        let mut places = Vec::new();
        let mut asked = Vec::new();
        for (pipeline, entry) in plan.pipelines.iter().enumerate() {
            for (position, promotion) in entry.promotions.iter().enumerate() {
                if !promotion.changes.iter().any(Change::sets_git_ref) {
                    continue;
                }
                let changes = &promotion.changes;
                for (at, bringing) in self.bringing(world, entry.id, promotion.index, changes) {
                    places.push((pipeline, position, at));
                    asked.push(bringing);
                }
            }
        }
        let told = gather::told(&self.repositories(world), &asked);
        let found = places.into_iter().zip(told);
        found
            .filter_map(|(place, told)| Some((place, told?)))
            .collect()
    }

    /// The repositories that can be asked.
    pub(super) fn repositories<'a>(&self, world: &'a World) -> Repositories<'a> {
        repositories(world, &self.catalog, &self.resolved)
    }

    pub(super) fn facts<'a>(&'a self, world: &'a World, now: Timestamp, ask: &'a Ask) -> Facts<'a> {
        Facts {
            catalog: &self.catalog,
            policy: &world.policy,
            resolved: &self.resolved,
            stopped: &self.stopped,
            revisions: &self.revisions,
            history: &self.history,
            ways: &self.ways,
            approvals: ask.approvals.clone(),
            evidence: ask.evidence.clone(),
            frozen: ask.frozen.clone(),
            take_source: ask.take_source,
            now,
            // Without a forge there is no repository name that two clones would agree on.
            repository: world.repository.clone(),
            base: world.branch.clone().unwrap_or_default(),
            landed: ask.landed.clone(),
            asked: ask.asked,
            emergency: ask.emergency,
            retry: ask.retry,
            roster: &ask.roster,
            proposed: &ask.proposed,
            ready: ask.ready.as_deref(),
            rollbacks: &ask.rollbacks,
        }
    }

    /// Plans.
    pub(super) fn plan(&self, world: &World, now: Timestamp, ask: &Ask) -> Plan {
        let mut plan = plan::plan(&self.facts(world, now, ask));
        let promotions = plan
            .pipelines
            .iter_mut()
            .flat_map(|one| &mut one.promotions);
        for help in promotions.filter_map(|promotion| promotion.help.as_mut()) {
            *help = world.again.within(help);
        }
        plan
    }

    /// How a command that only reads ends.
    pub(super) fn exit(&self, plan: &Plan) -> Exit {
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
    world: &'a World,
    catalog: &Catalog,
    resolved: &[ResolvedPipeline],
) -> Repositories<'a> {
    Repositories {
        here: world.reading(),
        remotes: world.remotes.as_deref(),
        branch: world.branch.as_deref(),
        remote: world.remote.as_deref(),
        root: world.root.clone(),
        policy: &world.policy,
        targets: targets(world, catalog, resolved),
        written: written(world, catalog, resolved),
    }
}

/// Where the targets stand for which revisions are asked.
fn targets(
    world: &World,
    catalog: &Catalog,
    resolved: &[ResolvedPipeline],
) -> BTreeMap<RevisionQuery, BTreeSet<String>> {
    let mut files: BTreeMap<RevisionQuery, BTreeSet<String>> = BTreeMap::new();
    for (_, pair) in plan::pairs(catalog, &world.policy, resolved) {
        if let Some(query) = pair.revision_query() {
            let secret = pair.target_secret.map(|secret| secret.file.to_string());
            let own = [pair.target.file.to_string()].into_iter().chain(secret);
            files.entry(query).or_default().extend(own);
        }
    }
    files
}

/// Files in which any promotion writes.
fn written(world: &World, catalog: &Catalog, resolved: &[ResolvedPipeline]) -> Vec<String> {
    let files: BTreeSet<String> = plan::pairs(catalog, &world.policy, resolved)
        .flat_map(|(_, pair)| pair.writes())
        .map(|write| write.place.file.to_string())
        .collect();
    files.into_iter().collect()
}

/// The revisions of moving sources whose targets hold the same commit, and differ in something else.
fn differing(
    world: &World,
    catalog: &Catalog,
    resolved: &[ResolvedPipeline],
    revisions: &BTreeMap<RevisionQuery, Revision>,
) -> BTreeSet<RevisionQuery> {
    plan::pairs(catalog, &world.policy, resolved)
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
    world: &World,
    catalog: &Catalog,
    resolved: &[ResolvedPipeline],
    revisions: &BTreeMap<RevisionQuery, Revision>,
    now: Timestamp,
) -> Vec<Finding> {
    let pairs = plan::pairs(catalog, &world.policy, resolved)
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
        policy: &world.policy,
        policy_file: &world.policy_file,
        policy_finding: world.policy_finding.as_ref(),
        here: &world.here,
        resolved,
        revisions,
        pairs,
        bytes: &|path| world.bytes(path),
        now,
        untrusted: &world.untrusted,
    };
    checks::run(&context)
}

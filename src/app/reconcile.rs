//! `reconcile`, and `promote` on the forge: reads everything, does what is due, and looks again until nothing changes.
//!
//! The event that started the run only woke it up. One turn reads the state, decides about every stage, and carries the
//! decisions out: first what moves no base, then at most one landing, after which everything is read again.

mod ask;
mod back;
mod carry;
mod closed_holds;
mod evidence;
mod first_look;
mod guard;
mod hold;
mod jobs;
mod labels;
mod land;
mod look;
mod lost;
mod merged;
mod out_of_sight;
mod outcome;
mod permissions;
mod questions;
mod readiness;
mod report;
mod requester;
mod share;
mod stages;
mod texts;
mod tidy;
mod told;
mod turn;
mod unadopted;
mod verify;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};

use super::evaluate::{Evaluation, Manifests, ReadyAnswers};
use super::session::Session;
use super::world::World;
use crate::error::{Exit, Failure};
use crate::forge::{ClosedPage, Prefetch};
use crate::gather::Depth;
use crate::model::actor::UserId;
use crate::model::evidence::{Evidence, Permission};
use crate::model::ids::{PipelineId, PlanId, PullNumber};
use crate::model::pull::{ClosedPull, Snapshot};

pub(super) use ask::Asked;
use closed_holds::ClosedHolds;
use first_look::Checkout;
use labels::Labels;
pub(super) use look::{Look, Stand, look};
use lost::Lost;
pub(super) use outcome::{ByHand, Outcome, Row, RowKind};
use permissions::Permissions;
use readiness::BranchRules;
use share::OpenedHere;
use turn::{Done, Key, Turn};
use verify::Landing;

/// What a run was asked to do.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    /// Only this pipeline, as NAME or NAMESPACE/NAME.
    pub pipeline: Option<String>,
    /// Say what would be done, and write nothing.
    pub dry_run: bool,
    /// Land nothing, for this reason.
    pub freeze: Option<String>,
    /// A stage that a person asked for.
    pub asked: Option<Asked>,
}

/// How often a run looks again before it is taken to turn in circles.
const MOST_TURNS: usize = 200;

/// What is remembered from turn to turn.
#[derive(Default)]
struct Memory {
    /// Stages that landed in this run.
    landed: BTreeSet<Key>,
    /// Plans that landed in this run: one that comes back turns in circles.
    landed_plans: BTreeSet<PlanId>,
    /// Plans that were put up in this run.
    put_up: BTreeSet<PlanId>,
    /// Pipelines that are stopped for safety, with the reason.
    stopped: BTreeMap<(Option<String>, String), String>,
    /// What was opened in this run.
    opened: OpenedHere,
    /// Closed pull requests of ours, once they were asked for in this turn.
    closed: Option<Vec<ClosedPull>>,
    /// What holds promotions although it is closed, of those that would be opened or committed in this turn.
    closed_holds: Option<ClosedHolds>,
    /// What the people who closed them may do.
    closers: Permissions,
    /// A landing that has still to be seen on the base.
    landing: Option<Landing>,
    /// Stages at which something failed or waits: not tried again in this run.
    failed: BTreeSet<Key>,
    /// How often somebody else was faster.
    overtaken: BTreeMap<Key, u32>,
    /// Somebody else was faster in this very turn: a moment passes before the next look.
    pause: bool,
    /// Pull requests of branches that another run may have made were waited for.
    waited_for_branches: bool,
    /// How long was waited for merges that GitHub refused for a reason that passes, in seconds.
    waited_for_merges: u32,
    /// What GitHub's own rules ask of the base branch.
    branch_rules: BranchRules,
    /// Workflows that were started in this run, by their digests.
    started: BTreeSet<String>,
    /// What is known of the repository's labels.
    labels: Labels,
    /// What was lost that may be.
    lost: Lost,
    /// Labels that were taken off in this run because they count for nothing.
    unlabeled: BTreeSet<(PullNumber, String)>,
    /// How often the base moved while other pull requests were looked at.
    guarded_late: u32,
    /// Heads whose status was left at success were looked for.
    success_looked_for: bool,
    /// Pull requests that were taken out of the merge queue in this run.
    dequeued: BTreeSet<PullNumber>,
    /// What happened, for the report.
    outcome: Outcome,
}

impl Memory {
    /// Whether a plan has come back that landed in this run, or a stage's pipeline was stopped. Such a pipeline is not
    /// gone on with: something undoes what is landed.
    fn goes_in_circles(&mut self, key: &Key, plan: &PlanId, lands: bool) -> bool {
        let again = self.landed_plans.contains(plan) || (!lands && self.put_up.contains(plan));
        if again {
            let pipeline = (key.0.clone(), key.1.clone());
            self.stopped.entry(pipeline).or_insert_with(|| {
                format!(
                    "plan {} came back after it was carried out in this very run",
                    plan.shown()
                )
            });
        }
        self.is_stopped(key)
    }

    /// Whether the pipeline of a stage was stopped.
    fn is_stopped(&self, (namespace, name, _): &Key) -> bool {
        let pipeline = (namespace.clone(), name.clone());
        self.stopped.contains_key(&pipeline)
    }
}

/// What one turn read.
struct Seen {
    snapshot: Snapshot,
    /// The pull requests that were closed last, where they came along.
    closed: Option<ClosedPage>,
    /// What some people may do, as it came along.
    permissions: BTreeMap<UserId, Permission>,
    world: Rc<World>,
    evaluation: Rc<Evaluation>,
    /// What is known about the content of sources.
    ready: Option<Rc<ReadyAnswers>>,
    now: Timestamp,
}

impl Seen {
    /// The same manifests, with the pull requests, and what was said of the sources, as they are at a later look at the same
    /// tip.
    async fn again(&self, session: &Session, snapshot: Snapshot) -> Result<Self, Failure> {
        let now = snapshot.now;
        let permissions = session.remotes.here().take_permissions();
        Ok(Self {
            ready: read_ready(session, &self.world, &self.evaluation, now).await?,
            now,
            snapshot,
            closed: None,
            permissions,
            world: Rc::clone(&self.world),
            evaluation: Rc::clone(&self.evaluation),
        })
    }

    /// A pipeline's namespace and name.
    fn named(&self, id: PipelineId) -> (Option<String>, String) {
        let pipeline = self.evaluation.catalog.pipeline(id);
        (pipeline.namespace.clone(), pipeline.name.to_string())
    }
}

/// Reconciles.
pub(super) async fn reconcile(session: &Session, order: &Order) -> Result<Outcome, Failure> {
    let mut memory = Memory::default();
    let mut asked = None;
    for number in 0..MOST_TURNS {
        if std::mem::take(&mut memory.pause) {
            session.forge.wait(1).await;
        }
        let seen = match number {
            0 => see_first(session, Depth::WhereItDiffers).await?,
            _ => see(session, Depth::WhereItDiffers).await?,
        };
        // What was closed meanwhile is not put up again.
        memory.closed = None;
        if !verify::verify(session, &seen, &mut memory).await? {
            continue;
        }
        if let (0, Some(order)) = (number, &order.asked) {
            asked = Some(ask::look_up(session, order, &seen).await?);
        }
        let turn = Turn::new(session, order, asked.as_ref(), &seen, &memory, None).await?;
        if number == 0 {
            turn.plan_is_the_one_named()?;
        }
        let decisions = turn.decisions(&mut memory).await?;
        if let Done::Changed = turn.prepare(&decisions, &mut memory).await? {
            continue;
        }
        if let Done::Changed = land::land_one(&turn, &decisions, &mut memory).await? {
            continue;
        }
        turn.tidy(&decisions, &mut memory).await?;
        if let Done::Changed = guard::guard(&turn, &mut memory).await? {
            continue;
        }
        if let Some(notice) = memory.labels.notice() {
            memory.note(notice);
        }
        report::rows(&turn, &decisions, &mut memory);
        if let Some(asked) = &asked {
            report::not_remembered(&turn, asked, &decisions, &mut memory);
        }
        let mut outcome = memory.outcome;
        outcome.asked = asked.is_some();
        let told = told::told(session, &seen, &turn.stages, turn.writes_nothing()).await;
        outcome.finish(session, &seen, &turn.stages.plan, &told);
        return Ok(outcome);
    }
    Err(Failure::new(
        Exit::Blocked,
        format!("the state still changed after {MOST_TURNS} turns"),
    )
    .hint("somebody else is writing all the time, or two rules fight; the next run goes on"))
}

/// The first look of a run: as [`see`], with as much in its first call as the checkout lets expect.
async fn see_first(session: &Session, depth: Depth) -> Result<Seen, Failure> {
    let repo = session.remotes.here();
    let checkout = Checkout::read(session, depth);
    let along = Prefetch {
        wanted: repo.take_wanted(),
        closed: true,
    };
    session.remotes.forget_wanted();
    let (snapshot, told) = session.forge.snapshot_and(&along).await?;
    repo.store(&along.wanted, told.looked_up);
    // Their promotions are not opened again for a day at least, and why not depends on what they may do.
    let day_ago = snapshot.now - SignedDuration::from_hours(24);
    let closers = told.closed.iter().flat_map(|page| page.closers(day_ago));
    repo.want_people(closers.collect());
    Ok(Seen {
        closed: told.closed,
        ..seen(session, depth, snapshot, checkout).await?
    })
}

/// Reads the repository, its manifests, revisions and history.
async fn see(session: &Session, depth: Depth) -> Result<Seen, Failure> {
    let snapshot = session.forge.snapshot().await?;
    seen(session, depth, snapshot, None).await
}

async fn seen(
    session: &Session,
    depth: Depth,
    snapshot: Snapshot,
    checkout: Option<Checkout>,
) -> Result<Seen, Failure> {
    let repo = session.remotes.here();
    repo.know_base(&snapshot.base, &snapshot.tip);
    repo.want_people(people(&snapshot));
    let tip = snapshot.tip.id;
    let (mut world, manifests) = match checkout.and_then(|found| found.at(&snapshot.base, tip)) {
        Some(read) => read,
        None => {
            let world = session
                .settle(|| {
                    World::of_forge(&session.remotes, &snapshot.base, tip, session.here.clone())
                })
                .await?;
            let manifests = Manifests::of(&world);
            (world, manifests)
        }
    };
    world.untrusted = session.untrusted(world.policy.trusts()).await?;
    let now = snapshot.now;
    let evaluation = session
        .settle(|| Evaluation::on_forge(&world, &manifests, now, depth))
        .await?;
    policy_is_not_gone(session, &snapshot, &world).await?;
    let ready = read_ready(session, &world, &evaluation, now).await?;
    Ok(Seen {
        ready,
        snapshot,
        closed: None,
        permissions: repo.take_permissions(),
        world: Rc::new(world),
        evaluation: Rc::new(evaluation),
        now,
    })
}

/// Everybody who said or did something at an open promotion.
fn people(snapshot: &Snapshot) -> BTreeMap<UserId, String> {
    let pulls = snapshot.branches.iter().flat_map(|branch| &branch.pulls);
    let ours = pulls.filter(|pull| pull.own && !pull.foreign);
    let said = ours.filter_map(|pull| pull.said.as_deref());
    said.flat_map(Evidence::people).collect()
}

/// Reads anew what was said of the content of sources.
async fn read_ready(
    session: &Session,
    world: &World,
    evaluation: &Evaluation,
    now: Timestamp,
) -> Result<Option<Rc<ReadyAnswers>>, Failure> {
    session.remotes.forget_said();
    let ready = session
        .settle(|| Ok(evaluation.read_ready(world, now)))
        .await?;
    Ok(ready.map(Rc::new))
}

/// A policy that stood at the base of an open promotion and is gone now would loosen every rule at once.
async fn policy_is_not_gone(
    session: &Session,
    snapshot: &Snapshot,
    world: &World,
) -> Result<(), Failure> {
    use crate::repo::ReadObjects;
    if !world.no_policy {
        return Ok(());
    }
    let bases: BTreeSet<_> = snapshot
        .branches
        .iter()
        .filter(|branch| {
            branch
                .pulls
                .iter()
                .any(|pull| pull.is_open() && pull.own && !pull.foreign)
        })
        .filter_map(|branch| branch.tip.parents.first().copied())
        .filter(|base| *base != snapshot.tip.id)
        .collect();
    let repo = session.remotes.here();
    let gone = session
        .settle(|| {
            let mut gone = None;
            let mut missing = None;
            for base in &bases {
                match repo.entry_at(base, crate::policy::DEFAULT_PATH) {
                    Ok(Some(_)) => gone = Some(*base),
                    Ok(None) => {}
                    Err(error) => missing = Some(error),
                }
            }
            missing.map_or(Ok(gone), |error| Err(error.into()))
        })
        .await?;
    match gone {
        None => Ok(()),
        Some(base) => Err(Failure::new(
            Exit::Failed,
            format!(
                "{} is gone, and it stood at {} when a promotion was put up that is still open",
                crate::policy::DEFAULT_PATH,
                base.short()
            ),
        )
        .hint("put it back, or close the open promotions first: without it every rule would be the default one")),
    }
}

/// The promotions of one pipeline that the order speaks of.
fn is_ordered(order: &Order, namespace: Option<&str>, name: &str) -> bool {
    let wanted = order
        .pipeline
        .as_deref()
        .or(order.asked.as_ref().map(|asked| asked.pipeline.as_str()));
    match wanted.map(|wanted| {
        wanted
            .split_once('/')
            .map_or((None, wanted), |(ns, name)| (Some(ns), name))
    }) {
        None => true,
        Some((wanted_namespace, wanted)) => {
            wanted == name && (wanted_namespace.is_none() || wanted_namespace == namespace)
        }
    }
}

//! The stages of a turn: each promotion with the open pull requests that stand, or stood, for it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::ask::{Asked, AskedStage};
use super::carry::waits_for_people;
use super::closed_holds::ClosedHolds;
use super::permissions::Permissions;
use super::questions::{needs, questions};
use super::requester::{self, Requester};
use super::{Order, Seen, back, evidence, is_ordered};
use crate::app::evaluate::{Ask, ReadyAnswers};
use crate::app::session::Session;
use crate::error::Failure;
use crate::execute::{build_id, edited_files};
use crate::gather::{self, Wanted};
use crate::model::actor::UserId;
use crate::model::catalog::MayHold;
use crate::model::change::Change;
use crate::model::evidence::Evidence;
use crate::model::fetched::Fetched;
use crate::model::ids::{BlobId, PipelineId, PlanId, PullNumber};
use crate::model::label::HOLD;
use crate::model::place::RepoPath;
use crate::model::plan::{Plan, Promotion};
use crate::model::policy::Delivery;
use crate::model::proposal::{Build, Proposal};
use crate::model::pull::{Pull, is_author};
use crate::model::resolved::StageIndex;
use crate::plan::delivery::{Candidate, Stage};
use crate::plan::{Needs, Standing, label_hold, standing};
use crate::record::branch_folder;
use crate::repo::Repo;

/// A promotion by its place in the plan.
pub(super) type Place = (usize, usize);

/// Everything that a turn decides from.
pub(super) struct Stages {
    pub plan: Plan,
    /// Open pull requests by promotion.
    candidates: BTreeMap<Place, Vec<Candidate>>,
    /// Open pull requests of ours whose head holds no record of ours.
    without_record: BTreeMap<Place, Vec<Pull>>,
    /// Open pull requests of other accounts from branches under our names, by the stage that the name speaks of.
    foreign: BTreeMap<Place, Vec<Pull>>,
    /// All of these.
    pub all_foreign: Vec<Pull>,
    /// Branches with more pull requests than are read, each with the newest of them.
    unread_branches: BTreeMap<Place, (String, PullNumber)>,
    /// What holds promotions although it is closed, of those with an open pull request that nothing else holds.
    closed_holds: ClosedHolds,
    /// Proposals that belong to no promotion of the plan, with their open pull requests.
    pub stray: Vec<(Proposal, Pull)>,
    /// Proposals without an open pull request.
    pub resting: Vec<Proposal>,
    /// The people whose word counts in what was read, with their logins.
    pub people: BTreeMap<UserId, String>,
    /// What a person asked for whose base moved: its next build is asked for by the same person, for the same reason.
    pub carried: BTreeMap<Place, Proposal>,
}

/// What is remembered that bears on a plan.
pub(super) struct Recall<'a> {
    pub landed: &'a BTreeSet<(Option<String>, String, String)>,
    pub asked: Option<&'a AskedStage>,
    pub order: &'a Order,
    pub ready: Option<Rc<ReadyAnswers>>,
    /// The evidence of this pull request alone is read.
    pub only: Option<PullNumber>,
}

impl Recall<'_> {
    fn ask(&self, seen: &Seen, evidence: BTreeMap<PlanId, Fetched<Evidence>>) -> Ask {
        let mut landed: BTreeSet<(PipelineId, StageIndex)> = BTreeSet::new();
        for (index, resolved) in seen.evaluation.resolved.iter().enumerate() {
            let (namespace, name) = seen.named(resolved.id);
            let stages = &seen.evaluation.catalog.pipeline(resolved.id).stages;
            for (stage, entry) in stages.iter().enumerate() {
                let key = (
                    namespace.clone(),
                    name.clone(),
                    entry.name.value.to_string(),
                );
                if self.landed.contains(&key) {
                    landed.insert((PipelineId(index), stage));
                }
            }
        }
        let take_source = self
            .order
            .asked
            .as_ref()
            .is_some_and(|asked| asked.take_source);
        let said = |what: fn(&Asked) -> bool| self.order.asked.as_ref().is_some_and(what);
        Ask {
            evidence: Some(evidence),
            frozen: self.order.freeze.clone(),
            take_source,
            landed,
            asked: self.asked.map(|asked| (asked.pipeline, asked.stage)),
            emergency: said(|asked| asked.emergency),
            retry: said(|asked| asked.retry),
            ready: self.ready.clone(),
            ..Ask::default()
        }
    }
}

impl Stages {
    /// Reads everything that the decisions need: builds, evidence, and the plans that stand.
    pub(super) async fn of(
        session: &Session,
        seen: &Seen,
        recall: &Recall<'_>,
    ) -> Result<Self, Failure> {
        let (proposals, strange) = gather::proposals(&seen.snapshot);
        let base = &seen.snapshot.base;
        let rollbacks = back::rollbacks(session, seen, recall.asked, &proposals).await?;
        let first_ask = Ask {
            rollbacks: rollbacks.clone(),
            ..recall.ask(seen, BTreeMap::new())
        };
        let first = seen.evaluation.plan(&seen.world, seen.now, &first_ask);
        let mut by_place: BTreeMap<Place, Vec<(Proposal, Pull)>> = BTreeMap::new();
        let (mut stray, mut resting) = (Vec::new(), Vec::new());
        for proposal in proposals {
            let Some(pull) = proposal.open(base).cloned() else {
                resting.push(proposal);
                continue;
            };
            match place_of(seen, &first, &proposal) {
                Some(place) => by_place.entry(place).or_default().push((proposal, pull)),
                None => stray.push((proposal, pull)),
            }
        }
        let needs = needs(seen, &first, by_place.keys());
        let builds = builds(session, seen, recall, &first, &by_place, &needs).await?;
        let questions =
            questions(session, seen, recall, &first, &by_place, &builds, &needs).await?;
        let asking: Vec<&Needs> = by_place
            .iter()
            .filter(|(_, found)| {
                let asked =
                    |pull: &Pull| questions.iter().any(|one| one.pull.number == pull.number);
                found.iter().any(|(_, pull)| asked(pull))
            })
            .filter_map(|(place, _)| needs.get(place))
            .collect();
        let (evidence, roster) = tokio::join!(
            evidence::read(session, seen, &questions),
            evidence::roster(session, seen, &asking),
        );
        let by_plan = evidence_by_plan(&first, &by_place, &builds, &evidence);
        let ask = Ask {
            roster,
            rollbacks,
            ..recall.ask(seen, by_plan)
        };
        let mut plan = seen.evaluation.plan(&seen.world, seen.now, &ask);
        let mut carried = carried(&plan, &by_place, &builds);
        if let Some(asked) = recall.asked {
            // Whoever approves a rollback or starts its jobs again did not ask for it.
            let goes_back = |place: &Place| {
                let promotion = &plan.pipelines[place.0].promotions[place.1];
                promotion.rollback.is_some() && asked.back_to.is_none()
            };
            carried.retain(|place, _| goes_back(place));
        }
        for (place, proposal) in &carried {
            let facts = seen.evaluation.facts(&seen.world, seen.now, &ask);
            let promotion = &plan.pipelines[place.0].promotions[place.1];
            let asked_for = Standing {
                pipeline: plan.pipelines[place.0].id,
                stage: promotion.index,
                edges: proposal.edges.clone(),
                // Of a rollback, what it changes follows what stands there now.
                plan: promotion.plan.unwrap_or(proposal.plan),
                changes: promotion.changes.clone(),
                requested: true,
                emergency: proposal.emergency,
            };
            if let Some(judged) = standing(&facts, &asked_for) {
                plan.pipelines[place.0].promotions[place.1] = judged;
            }
        }
        if let Some(asked) = recall.asked {
            requester::judge_commits(session, seen, asked, &mut plan).await;
        }
        // Only what is not held by its own label asks for more.
        let free = |(proposal, pull): &(Proposal, Pull)| {
            let own = label_hold(pull, evidence.get(&pull.number));
            proposal.rollback.is_none() && own.is_free()
        };
        let of_free = by_place.iter().filter(|(_, found)| found.iter().any(free));
        let of_free: BTreeSet<Place> = of_free.map(|(place, _)| *place).collect();
        let closed_holds =
            ClosedHolds::read(session, seen, &plan, &of_free, Permissions::new()).await;
        let mut candidates: BTreeMap<Place, Vec<Candidate>> = BTreeMap::new();
        for (place, found) in by_place {
            for (proposal, pull) in found {
                let unread = || Build::Unreadable(format!("{} was not looked at", pull.number));
                let build = builds.get(&pull.number).cloned().unwrap_or_else(unread);
                let (mut judged, build) =
                    judged(session, seen, &plan, place, &ask, &proposal, &pull, build).await?;
                let mut outdated_request = false;
                if let (Some(id), Some(judged)) = (proposal.requested_by, &mut judged)
                    && judged.may_land()
                {
                    outdated_request = Requester::look_up(session, id).await.judge(judged);
                }
                let hold = label_hold(&pull, evidence.get(&pull.number));
                let hold = match proposal.rollback {
                    None => closed_holds.added_to(hold, seen, place, &proposal, &pull),
                    // What a person holds stays as it is beside a rollback.
                    Some(_) => hold,
                };
                candidates.entry(place).or_default().push(Candidate {
                    hold,
                    proposal,
                    pull,
                    build,
                    judged,
                    outdated_request,
                });
            }
        }
        let (own, all_foreign): (Vec<Pull>, Vec<Pull>) =
            strange.into_iter().partition(|pull| pull.own);
        let without_record = by_branch(seen, &plan, &own);
        let foreign = by_branch(seen, &plan, &all_foreign);
        let unread_branches = unread_branches(seen, &plan);
        Ok(Self {
            plan,
            candidates,
            without_record,
            foreign,
            all_foreign,
            unread_branches,
            closed_holds,
            stray,
            resting,
            people: evidence
                .values()
                .flatten()
                .flat_map(Evidence::people)
                .collect(),
            carried,
        })
    }

    /// The facts of one promotion; what was closed before is known only where it was asked for.
    pub(super) fn stage<'a>(&'a self, seen: &Seen, place: Place) -> Stage<'a> {
        let promotion = self.promotion(place);
        let pipeline = seen
            .evaluation
            .catalog
            .pipeline(self.plan.pipelines[place.0].id);
        let delivery = seen
            .world
            .policy
            .stage(&pipeline.name, &promotion.stage)
            .map_or(Delivery::default(), |ruled| ruled.rule.delivery);
        Stage {
            promotion,
            candidates: self.candidates.get(&place).cloned().unwrap_or_default(),
            without_record: self.without_record.get(&place).cloned().unwrap_or_default(),
            unread_branch: self.unread_branches.get(&place).cloned(),
            veto: None,
            closed_lately: None,
            all_read: all_read(seen),
            delivery,
            closed_hold: match promotion.rollback {
                None => self.closed_holds.of(place).map(|hold| hold.cloned()),
                // What a person holds stays as it is beside a rollback.
                Some(_) => Ok(None),
            },
            held_beside: self
                .stray
                .iter()
                .find(|(proposal, pull)| {
                    is_held(pull)
                        && proposal.namespace == pipeline.namespace
                        && proposal.pipeline == pipeline.name.as_str()
                        && proposal.stage == promotion.stage
                })
                .map(|(_, pull)| pull)
                .or_else(|| {
                    // A hold belongs to the stage, whoever opened what it is on.
                    let mut foreign = self.foreign.get(&place).into_iter().flatten();
                    foreign.find(|pull| is_held(pull))
                })
                .or_else(|| self.held_sibling(place))
                .map(|pull| pull.number),
            asks_emergency: false,
            asked: false,
            lifts_hold: false,
        }
    }

    /// A pull request by whose label another promotion into the same stage is held (`join: any`).
    fn held_sibling(&self, place: Place) -> Option<&Pull> {
        let index = self.promotion(place).index;
        let mut siblings = self.all_candidates().filter(|(other, _)| {
            *other != place && other.0 == place.0 && self.promotion(*other).index == index
        });
        let is_held = |candidate: &Candidate| {
            // What would undo a rollback is held for itself, as long as nobody else set its label.
            let events = candidate.pull.label_events.iter().flatten();
            let last_set = events.rev().find(|event| event.set && event.is_of(HOLD));
            let by_us = last_set
                .is_some_and(|event| is_author(event.by.as_ref(), candidate.pull.author.as_ref()));
            let for_itself = candidate.after_rollback().is_some() && by_us;
            !for_itself && candidate.hold.is_own()
        };
        siblings
            .find(|(_, candidate)| is_held(candidate))
            .map(|(_, candidate)| &candidate.pull)
    }

    /// Every open pull request of ours that belongs to a promotion.
    pub(super) fn all_candidates(&self) -> impl Iterator<Item = (Place, &Candidate)> {
        let all = self.candidates.iter();
        all.flat_map(|(place, found)| found.iter().map(|one| (*place, one)))
    }

    pub(super) fn promotion(&self, place: Place) -> &Promotion {
        &self.plan.pipelines[place.0].promotions[place.1]
    }

    /// An open pull request of a promotion.
    pub(super) fn candidate(&self, place: Place, number: PullNumber) -> Option<&Candidate> {
        self.candidates
            .get(&place)?
            .iter()
            .find(|candidate| candidate.pull.number == number)
    }

    /// The promotion that an open pull request belongs to.
    pub(super) fn place_of(&self, number: PullNumber) -> Option<Place> {
        let mut all = self.candidates.iter();
        let has = |found: &[Candidate]| found.iter().any(|one| one.pull.number == number);
        all.find_map(|(place, found)| has(found).then_some(*place))
    }

    /// A pull request of a promotion, whether it is one of ours or only named so.
    pub(super) fn pull(&self, place: Place, number: PullNumber) -> Option<&Pull> {
        let mut others = self.without_record.get(&place).into_iter().flatten();
        self.candidate(place, number)
            .map(|candidate| &candidate.pull)
            .or_else(|| others.find(|pull| pull.number == number))
    }

    /// The plans that stand in open pull requests.
    pub(super) fn standing_plans(
        &self,
        (pipeline, stage): (PipelineId, StageIndex),
    ) -> impl Iterator<Item = PlanId> + '_ {
        let into = self.candidates.iter().filter(move |(place, _)| {
            let planned = &self.plan.pipelines[place.0];
            planned.id == pipeline && planned.promotions[place.1].index == stage
        });
        into.flat_map(|(_, found)| found.iter().map(|candidate| candidate.proposal.plan))
    }

    /// All promotions that the order speaks of.
    pub(super) fn places<'a>(
        &'a self,
        seen: &'a Seen,
        order: &'a Order,
    ) -> impl Iterator<Item = Place> + 'a {
        self.plan
            .pipelines
            .iter()
            .enumerate()
            .flat_map(move |(index, pipeline)| {
                let (namespace, name) = seen.named(pipeline.id);
                let spoken_of = is_ordered(order, namespace.as_deref(), &name);
                pipeline
                    .promotions
                    .iter()
                    .enumerate()
                    .filter(move |(_, promotion)| {
                        let to = order.asked.as_ref().map(|asked| asked.to.as_str());
                        spoken_of && to.is_none_or(|to| to == promotion.stage.as_str())
                    })
                    .map(move |(position, _)| (index, position))
            })
    }
}

/// Proposals that a person asked for, of the plan that would be made now, whose base moved under them.
fn carried(
    plan: &Plan,
    by_place: &BTreeMap<Place, Vec<(Proposal, Pull)>>,
    builds: &BTreeMap<PullNumber, Build>,
) -> BTreeMap<Place, Proposal> {
    let mut found = BTreeMap::new();
    for (place, proposals) in by_place {
        let promotion = &plan.pipelines[place.0].promotions[place.1];
        let to = promotion.rollback.as_ref().map(|to| to.landing);
        let moved = proposals.iter().find(|(proposal, pull)| {
            let same_plan = promotion.plan == Some(proposal.plan);
            let base_moved = builds.get(&pull.number) == Some(&Build::BaseMoved);
            let goes_back = to.is_some() && proposal.rollback == to;
            proposal.requested_by.is_some()
                && ((same_plan && base_moved) || (goes_back && !same_plan))
        });
        if let Some((proposal, _)) = moved {
            found.insert(*place, proposal.clone());
        }
    }
    found
}

/// Whether a pull request that belongs to no promotion has to be left as it is: its label is on, or was taken off by nobody
/// knows whom.
pub(super) fn is_held(pull: &Pull) -> bool {
    !label_hold(pull, None).is_free()
}

/// Nothing in which a pipeline could stand went unread: absence is not deletion.
pub(super) fn all_read(seen: &Seen) -> bool {
    let unread = &seen.evaluation.catalog.unread;
    seen.world.policy_finding.is_none()
        && !unread
            .iter()
            .any(|file| file.is_broken() && file.may_hold == MayHold::Ours)
}

fn place_of(seen: &Seen, plan: &Plan, proposal: &Proposal) -> Option<Place> {
    plan.pipelines
        .iter()
        .enumerate()
        .find_map(|(index, pipeline)| {
            let (namespace, name) = seen.named(pipeline.id);
            if namespace != proposal.namespace || name != proposal.pipeline {
                return None;
            }
            let position = pipeline.promotions.iter().position(|promotion| {
                let mut edges = promotion.edges.clone();
                edges.sort();
                promotion.stage == proposal.stage && edges == proposal.edges
            })?;
            Some((index, position))
        })
}

/// Pull requests by the stage that the name of their branch speaks of.
fn by_branch(seen: &Seen, plan: &Plan, pulls: &[Pull]) -> BTreeMap<Place, Vec<Pull>> {
    let mut found: BTreeMap<Place, Vec<Pull>> = BTreeMap::new();
    for pull in pulls {
        for place in named_like(seen, plan, &pull.branch) {
            found.entry(place).or_default().push(pull.clone());
        }
    }
    found
}

fn unread_branches(seen: &Seen, plan: &Plan) -> BTreeMap<Place, (String, PullNumber)> {
    let mut found = BTreeMap::new();
    for branch in &seen.snapshot.branches {
        let Some(newest) = branch.pulls.first().filter(|_| branch.has_more_pulls) else {
            continue;
        };
        for place in named_like(seen, plan, &branch.name) {
            found
                .entry(place)
                .or_insert_with(|| (branch.name.clone(), newest.number));
        }
    }
    found
}

/// The promotions whose branches would be named like this one, whatever its head holds.
pub(super) fn named_like(seen: &Seen, plan: &Plan, branch: &str) -> Vec<Place> {
    let Some((folder, _)) = branch.rsplit_once('/') else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (index, pipeline) in plan.pipelines.iter().enumerate() {
        let (_, name) = seen.named(pipeline.id);
        for (position, promotion) in pipeline.promotions.iter().enumerate() {
            if folder == branch_folder(&name, promotion.stage.as_str()) {
                found.push((index, position));
            }
        }
    }
    found
}

/// The files of a plan with its edits made on the tip.
fn wanted_files(seen: &Seen, promotion: &Promotion) -> Option<BTreeMap<String, BlobId>> {
    let files = edited_files(&promotion.changes, |path| seen.world.bytes(path)).ok()?;
    files
        .iter()
        .map(|file| Some((file.path.to_string(), Repo::hash_blob(&file.after).ok()?)))
        .collect()
}

/// Whether the builds stand. One that can only wait for people, and that nobody has said anything about, is judged by its record alone: what
/// may land is proved by git objects, here and in the last look before it lands. A plan that would not be made now, and that nobody has
/// spoken about, is only looked at for a moved head: it gives way anyhow.
async fn builds(
    session: &Session,
    seen: &Seen,
    recall: &Recall<'_>,
    plan: &Plan,
    by_place: &BTreeMap<Place, Vec<(Proposal, Pull)>>,
    needs: &BTreeMap<Place, Needs>,
) -> Result<BTreeMap<PullNumber, Build>, Failure> {
    let repo = session.remotes.here();
    let approving = |proposal: &Proposal| {
        let by = recall.asked.and_then(|asked| asked.by.as_ref());
        evidence::approving(recall.order.asked.as_ref(), by, &proposal.plan).is_some()
    };
    session
        .settle(|| {
            let mut builds = BTreeMap::new();
            for (place, found) in by_place {
                let promotion = &plan.pipelines[place.0].promotions[place.1];
                let files = wanted_files(seen, promotion);
                for (proposal, pull) in found {
                    let current = promotion.plan == Some(proposal.plan);
                    let wanted = Wanted {
                        tip: seen.snapshot.tip.id,
                        tree: seen.snapshot.tip.tree,
                        files: files.as_ref().filter(|_| current),
                        policy: &seen.world.policy,
                    };
                    let spoken = evidence::was_spoken_about(pull) || approving(proposal);
                    let quiet = current
                        && !spoken
                        && !pull.base_force_pushed
                        && recall.only != Some(pull.number)
                        && needs.get(place).is_some_and(|needs| !needs.always())
                        && waits_for_people(promotion);
                    let by_record = || {
                        let blob = |path: &RepoPath| seen.world.file(path).map(|file| file.blob);
                        let build = build_id(&proposal.plan, &promotion.changes, blob);
                        gather::build_by_record(proposal, pull, &build)
                    };
                    let matters = current || spoken || proposal.requested_by.is_some();
                    let build = if let Some(build) = quiet.then(by_record).flatten() {
                        build
                    } else if matters {
                        gather::build(repo, proposal, pull, &wanted)
                            .unwrap_or_else(|error| Build::Unreadable(error.to_string()))
                    } else {
                        gather::moved(proposal, pull).unwrap_or(Build::BaseMoved)
                    };
                    builds.insert(pull.number, build);
                }
            }
            Ok(builds)
        })
        .await
}

/// Evidence by plan: where two pull requests put up one plan, of the one that would stand.
fn evidence_by_plan(
    plan: &Plan,
    by_place: &BTreeMap<Place, Vec<(Proposal, Pull)>>,
    builds: &BTreeMap<PullNumber, Build>,
    evidence: &BTreeMap<PullNumber, Fetched<Evidence>>,
) -> BTreeMap<PlanId, Fetched<Evidence>> {
    let of_its_kind = |place: &Place, proposal: &Proposal| {
        let promotion = &plan.pipelines[place.0].promotions[place.1];
        let to = promotion.rollback.as_ref().map(|to| to.landing);
        to.is_none() || proposal.rollback == to || promotion.plan != Some(proposal.plan)
    };
    // What was said to an ordinary promotion is not said to a rollback, though both change the same.
    let mut all: Vec<&(Proposal, Pull)> = by_place
        .iter()
        .flat_map(|(place, found)| found.iter().map(move |one| (place, one)))
        .filter(|(place, (proposal, _))| of_its_kind(place, proposal))
        .map(|(_, one)| one)
        .collect();
    all.sort_by_key(|(proposal, pull)| {
        (
            builds.get(&pull.number) != Some(&Build::Stands),
            proposal.requested_by.is_none(),
            pull.number,
        )
    });
    let mut found = BTreeMap::new();
    let mut decided = BTreeSet::new();
    for (proposal, pull) in all {
        if !decided.insert(proposal.plan) {
            continue;
        }
        if let Some(evidence) = evidence.get(&pull.number) {
            found.insert(proposal.plan, evidence.clone());
        }
    }
    found
}

/// The plan of an open pull request, judged now.
#[allow(
    clippy::too_many_arguments,
    reason = "one call; a struct would only be taken apart again"
)]
async fn judged(
    session: &Session,
    seen: &Seen,
    plan: &Plan,
    place: Place,
    ask: &Ask,
    proposal: &Proposal,
    pull: &Pull,
    build: Build,
) -> Result<(Option<Promotion>, Build), Failure> {
    let pipeline = &plan.pipelines[place.0];
    let promotion = &pipeline.promotions[place.1];
    let current = promotion.plan == Some(proposal.plan);
    // A stage that only a dispatch moves was asked for when this was put up.
    let asked_for = proposal.requested_by.is_some();
    // What is asked for as an emergency now is judged so only in a pull request that was put up as one.
    let ordinary = !ask.emergency || proposal.emergency;
    if current && !asked_for && ordinary {
        return Ok((Some(promotion.clone()), build));
    }
    if build != Build::Stands || !(current || evidence::was_spoken_about(pull) || asked_for) {
        return Ok((None, build));
    }
    let changes: Vec<Change> = if current {
        promotion.changes.clone()
    } else {
        let repo = session.remotes.here();
        let found = session
            .settle(|| Ok(gather::changes(repo, proposal, &seen.world.policy)))
            .await?;
        match found {
            Ok(Some(changes)) => changes,
            Ok(None) => {
                let why = "its content is not what its plan says".to_owned();
                return Ok((None, Build::HeadMoved(why)));
            }
            Err(error) => return Ok((None, Build::Unreadable(error.to_string()))),
        }
    };
    if !current && !within_its_stage(seen, pipeline.id, promotion.index, &changes) {
        let why = "it changes what no promotion of its stage changes".to_owned();
        return Ok((None, Build::HeadMoved(why)));
    }
    if !current {
        match evidence::promotable(session, seen, pipeline.id, promotion.index, &changes).await? {
            Ok(true) => {}
            // No branch or tag leads there any more: it stands no longer, and gives way.
            Ok(false) => return Ok((None, build)),
            Err(error) => return Ok((None, Build::Unreadable(error))),
        }
    }
    let standing_plan = Standing {
        pipeline: pipeline.id,
        stage: promotion.index,
        edges: proposal.edges.clone(),
        plan: proposal.plan,
        changes,
        requested: asked_for,
        emergency: proposal.emergency,
    };
    let judged = standing(
        &seen.evaluation.facts(&seen.world, seen.now, ask),
        &standing_plan,
    );
    Ok((judged, build))
}

/// Whether every change lies in a field that a promotion of this stage may write, by what the manifests say now: a plan that
/// was not worked out here is only believed that far.
fn within_its_stage(
    seen: &Seen,
    pipeline: PipelineId,
    stage: StageIndex,
    changes: &[Change],
) -> bool {
    let evaluation = &seen.evaluation;
    let may: BTreeSet<(String, String)> = crate::plan::pairs(
        &evaluation.catalog,
        &seen.world.policy,
        &evaluation.resolved,
    )
    .filter(|(place, _)| place.pipeline == pipeline && place.stage == stage)
    .flat_map(|(_, pair)| pair.writes())
    .map(|write| (write.manifest.to_string(), write.path.to_string()))
    .collect();
    changes
        .iter()
        .all(|change| may.contains(&(change.manifest.to_string(), change.path.to_string())))
}

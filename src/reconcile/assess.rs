//! What a round decides from: each promotion of the plan, with its open pull requests.

mod evidence_of_plans;
mod reassess;

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Failure;
use crate::evaluation::evaluate::PlanInputs;
use crate::gather;
use crate::model::actor::UserId;
use crate::model::evidence::Evidence;
use crate::model::ids::{PipelineId, PlanId, PullNumber};
use crate::model::label::HOLD;
use crate::model::plan::{Plan, Promotion};
use crate::model::promotion_index::PromotionIndex;
use crate::model::proposal::{Build, Proposal};
use crate::model::pull::{Pull, is_author};
use crate::model::resolved::StageIndex;
use crate::plan::delivery::{DeliveryInput, OpenPlan};
use crate::plan::{Needs, ProposedPlan, label_hold, reassess};
use crate::reconcile::assess::evidence_of_plans::{judged_by, reissued};
use crate::reconcile::assess::reassess::reassessed;
use crate::reconcile::evidence::permissions::Permissions;
use crate::reconcile::evidence::questions::{needs, questions};
use crate::reconcile::evidence::requester::{self, Requester};
use crate::reconcile::evidence::{read, roster};
use crate::reconcile::observe::observation::Observation;
use crate::reconcile::plan_context::PlanContext;
use crate::reconcile::proposals::build::builds;
use crate::reconcile::proposals::closed_holds::ClosedHolds;
use crate::reconcile::proposals::placed::{
    all_read, by_branch, is_held, place_of, unread_branches,
};
use crate::reconcile::request::RunOptions;
use crate::reconcile::rollbacks;
use crate::session::Session;

/// Everything that a round decides from.
pub(crate) struct Assessment {
    /// The plan of this round.
    pub plan: Plan,
    /// Open pull requests by promotion.
    pub(crate) open: BTreeMap<PromotionIndex, Vec<OpenPlan>>,
    /// Open pull requests of ours whose head has no record of ours.
    pub(crate) without_record: BTreeMap<PromotionIndex, Vec<Pull>>,
    /// Open pull requests of other accounts from branches under our names, by the promotions that the name fits.
    pub(crate) foreign: BTreeMap<PromotionIndex, Vec<Pull>>,
    /// All of these, also those whose name fits no promotion.
    pub all_foreign: Vec<Pull>,
    /// Branches with more pull requests than Sluice reads, each with the newest of them.
    pub(crate) unread_branches: BTreeMap<PromotionIndex, (String, PullNumber)>,
    /// Holds of closed pull requests, for promotions with an open pull request that nothing else holds.
    pub(crate) closed_holds: ClosedHolds,
    /// Proposals that belong to no promotion of the plan, with their open pull requests.
    pub orphaned: Vec<(Proposal, Pull)>,
    /// Proposals without an open pull request.
    pub without_open_pull: Vec<Proposal>,
    /// Requested proposals that need another build, which keeps their requester and reason.
    pub reissued: BTreeMap<PromotionIndex, Proposal>,
}

impl Assessment {
    /// Reads everything that the decisions need: builds, evidence, and the plans of open pull requests.
    pub(crate) async fn of(
        session: &Session,
        observation: &Observation,
        context: &PlanContext<'_>,
    ) -> Result<Self, Failure> {
        let (proposals, foreign) = gather::proposals(&observation.snapshot);
        let base = &observation.snapshot.base;
        let rollbacks =
            rollbacks::rollbacks(session, observation, context.request, &proposals).await?;
        let first_inputs = PlanInputs {
            rollbacks: rollbacks.clone(),
            ..context.plan_inputs(observation)
        };
        // Planned once for each observation: what is read below changes nothing but the verdicts of its gates.
        let mut planned =
            observation
                .evaluation
                .plan(&observation.repository, observation.now, &first_inputs);
        let mut by_place: BTreeMap<PromotionIndex, Vec<(Proposal, Pull)>> = BTreeMap::new();
        let (mut orphaned, mut without_open_pull) = (Vec::new(), Vec::new());
        for proposal in proposals {
            let Some(pull) = proposal.open(base).cloned() else {
                without_open_pull.push(proposal);
                continue;
            };
            match place_of(observation, &planned, &proposal) {
                Some(place) => by_place.entry(place).or_default().push((proposal, pull)),
                None => orphaned.push((proposal, pull)),
            }
        }
        let needs = needs(observation, &planned, by_place.keys());
        let builds = builds(session, observation, context, &planned, &by_place, &needs).await?;
        let questions = questions(
            session,
            observation,
            context,
            &planned,
            &by_place,
            &builds,
            &needs,
        )
        .await?;
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
            read::read(session, observation, &questions),
            roster::roster(session, observation, &asking),
        );
        let judged_by = judged_by(&planned, &by_place, &builds);
        let inputs = PlanInputs {
            roster,
            rollbacks,
            ..context.plan_inputs(observation)
        };
        observation.evaluation.judge_gates(
            &observation.repository,
            observation.now,
            &inputs,
            &judged_by
                .iter()
                .filter_map(|(place, number)| Some((*place, evidence.get(number)?)))
                .collect(),
            &mut planned,
        );
        let mut plan = planned.clone();
        let mut reissued = reissued(&plan, &by_place, &builds);
        if let Some(asked) = context.request {
            // A request that approves a rollback or retries its jobs does not replace the person who asked for it.
            let goes_back = |place: &PromotionIndex| {
                let promotion = plan.promotion(*place);
                promotion.rollback.is_some() && asked.back_to.is_none()
            };
            reissued.retain(|place, _| goes_back(place));
        }
        for (place, proposal) in &reissued {
            let facts =
                observation
                    .evaluation
                    .facts(&observation.repository, observation.now, &inputs);
            let promotion = plan.promotion(*place);
            let asked_for = ProposedPlan {
                pipeline: plan.pipeline_of(*place).id,
                stage: promotion.index,
                edges: proposal.edges.clone(),
                // The changes of a rollback depend on what the stage holds now.
                plan: promotion.plan.unwrap_or(proposal.plan),
                changes: promotion.changes.clone(),
                requested: true,
                emergency: proposal.emergency,
                evidence: judged_by
                    .get(place)
                    .and_then(|number| evidence.get(number))
                    .cloned(),
            };
            if let Some(reassessed) = reassess(&facts, &planned, &asked_for) {
                *plan.promotion_mut(*place) = reassessed;
            }
        }
        if let Some(asked) = context.request {
            requester::judge_commits(session, observation, asked, &mut plan).await;
        }
        // Closed pull requests are read only for what its own label does not hold.
        let free = |(proposal, pull): &(Proposal, Pull)| {
            let own = label_hold(pull, evidence.get(&pull.number));
            proposal.rollback.is_none() && own.is_free()
        };
        let of_free = by_place.iter().filter(|(_, found)| found.iter().any(free));
        let of_free: BTreeSet<PromotionIndex> = of_free.map(|(place, _)| *place).collect();
        let closed_holds =
            ClosedHolds::read(session, observation, &plan, &of_free, Permissions::new()).await;
        let mut open: BTreeMap<PromotionIndex, Vec<OpenPlan>> = BTreeMap::new();
        for (place, found) in by_place {
            for (proposal, pull) in found {
                let unread = || Build::Unreadable(format!("{} was not read", pull.number));
                let build = builds.get(&pull.number).cloned().unwrap_or_else(unread);
                let (mut reassessed, build) = reassessed(
                    session,
                    observation,
                    (&plan, &planned),
                    place,
                    &inputs,
                    &proposal,
                    &pull,
                    evidence.get(&pull.number),
                    judged_by.get(&place) == Some(&pull.number),
                    build,
                )
                .await?;
                let mut outdated_request = false;
                if let (Some(id), Some(reassessed)) = (proposal.requested_by, &mut reassessed)
                    && reassessed.may_land()
                {
                    outdated_request = Requester::look_up(session, id).await.judge(reassessed);
                }
                let hold = label_hold(&pull, evidence.get(&pull.number));
                let hold = match proposal.rollback {
                    None => closed_holds.added_to(hold, observation, place, &proposal, &pull),
                    // A rollback is not held by closed pull requests.
                    Some(_) => hold,
                };
                open.entry(place).or_default().push(OpenPlan {
                    hold,
                    proposal,
                    evidence: evidence.get(&pull.number).cloned(),
                    pull,
                    build,
                    reassessed,
                    outdated_request,
                });
            }
        }
        let (own, all_foreign): (Vec<Pull>, Vec<Pull>) =
            foreign.into_iter().partition(|pull| pull.own);
        let without_record = by_branch(observation, &plan, &own);
        let foreign = by_branch(observation, &plan, &all_foreign);
        let unread_branches = unread_branches(observation, &plan);
        Ok(Self {
            plan,
            open,
            without_record,
            foreign,
            all_foreign,
            unread_branches,
            closed_holds,
            orphaned,
            without_open_pull,
            reissued,
        })
    }

    /// The input of the decision about one promotion, without vetoes and the person's request:
    /// [`crate::reconcile::round::Round::delivery_input`] adds these.
    pub(crate) fn delivery_input<'a>(
        &'a self,
        observation: &Observation,
        place: PromotionIndex,
    ) -> DeliveryInput<'a> {
        let promotion = self.promotion(place);
        let pipeline = observation
            .evaluation
            .catalog
            .pipeline(self.plan.pipeline_of(place).id);
        let delivery = observation
            .repository
            .policy
            .stage_rules(&pipeline.name, &promotion.stage)
            .delivery;
        DeliveryInput {
            promotion,
            open: self.open.get(&place).cloned().unwrap_or_default(),
            without_record: self.without_record.get(&place).cloned().unwrap_or_default(),
            unread_branch: self.unread_branches.get(&place).cloned(),
            veto: None,
            closed_lately: None,
            all_read: all_read(observation),
            delivery,
            closed_hold: match promotion.rollback {
                None => self.closed_holds.of(place).map(|hold| hold.cloned()),
                // A rollback is not held by closed pull requests.
                Some(_) => Ok(None),
            },
            held_beside: self
                .orphaned
                .iter()
                .find(|(proposal, pull)| {
                    is_held(pull)
                        && proposal.namespace == pipeline.namespace
                        && proposal.pipeline == pipeline.name.as_str()
                        && proposal.stage == promotion.stage
                })
                .map(|(_, pull)| pull)
                .or_else(|| {
                    // A hold belongs to the stage, no matter who opened the pull request that has the label.
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

    /// A pull request whose label holds another promotion into the same stage (`join: any`).
    fn held_sibling(&self, place: PromotionIndex) -> Option<&Pull> {
        let index = self.promotion(place).index;
        let mut siblings = self.all_open().filter(|(other, _)| {
            *other != place
                && other.pipeline == place.pipeline
                && self.promotion(*other).index == index
        });
        let is_held = |candidate: &OpenPlan| {
            // What would undo a rollback holds only itself, unless someone else added the label.
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

    /// Every open pull request that belongs to a promotion, with that promotion.
    pub(crate) fn all_open(&self) -> impl Iterator<Item = (PromotionIndex, &OpenPlan)> {
        let all = self.open.iter();
        all.flat_map(|(place, found)| found.iter().map(|one| (*place, one)))
    }

    /// The people whose reviews and labels count in the evidence, with their logins.
    pub(crate) fn people(&self) -> BTreeMap<UserId, String> {
        let evidence = self
            .all_open()
            .filter_map(|(_, open)| open.evidence.as_ref());
        evidence.flatten().flat_map(Evidence::people).collect()
    }

    /// A promotion of the plan.
    pub(crate) fn promotion(&self, place: PromotionIndex) -> &Promotion {
        self.plan.promotion(place)
    }

    /// The open pull request of a promotion with this number.
    pub(crate) fn candidate(&self, place: PromotionIndex, number: PullNumber) -> Option<&OpenPlan> {
        self.open
            .get(&place)?
            .iter()
            .find(|candidate| candidate.pull.number == number)
    }

    /// The promotion that an open pull request belongs to.
    pub(crate) fn place_of(&self, number: PullNumber) -> Option<PromotionIndex> {
        let mut all = self.open.iter();
        let has = |found: &[OpenPlan]| found.iter().any(|one| one.pull.number == number);
        all.find_map(|(place, found)| has(found).then_some(*place))
    }

    /// A pull request of a promotion, whether its record or only its branch name says so.
    pub(crate) fn pull(&self, place: PromotionIndex, number: PullNumber) -> Option<&Pull> {
        let mut others = self.without_record.get(&place).into_iter().flatten();
        self.candidate(place, number)
            .map(|candidate| &candidate.pull)
            .or_else(|| others.find(|pull| pull.number == number))
    }

    /// The plans of open pull requests into a stage.
    pub(crate) fn standing_plans(
        &self,
        (pipeline, stage): (PipelineId, StageIndex),
    ) -> impl Iterator<Item = PlanId> + '_ {
        let into = self.open.iter().filter(move |(place, _)| {
            let planned = self.plan.pipeline_of(**place);
            planned.id == pipeline && planned.promotions[place.promotion].index == stage
        });
        into.flat_map(|(_, found)| found.iter().map(|candidate| candidate.proposal.plan))
    }

    /// All promotions that the run options include.
    pub(crate) fn places<'a>(
        &'a self,
        observation: &'a Observation,
        options: &'a RunOptions,
    ) -> impl Iterator<Item = PromotionIndex> + 'a {
        let to = options.request.as_ref().map(|asked| asked.to.as_str());
        let wanted = move |place: PromotionIndex, promotion: &Promotion| {
            let pipeline = observation.pipeline_key(self.plan.pipeline_of(place).id);
            options.includes(&pipeline) && to.is_none_or(|to| to == promotion.stage.as_str())
        };
        let all = self.plan.promotions();
        all.filter_map(move |(place, promotion)| wanted(place, promotion).then_some(place))
    }
}

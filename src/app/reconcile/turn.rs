//! One turn: decide about every stage, do what moves no base, then at most one landing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::ask::{self, AskedStage};
use super::closed_holds::ClosedHolds;
use super::outcome::{Row, RowKind};
use super::stages::{Place, Recall, Stages};
use super::{Memory, Order, Seen, labels, permissions, texts};
use crate::app::session::Session;
use crate::error::{Exit, Failure};
use crate::execute::{Delivery, DeliveryError, EditedFile, Target, edited_files, record};
use crate::forge::ForgeError;
use crate::model::actor::UserId;
use crate::model::evidence::Permission;
use crate::model::few::few;
use crate::model::ids::{PlanId, PullNumber};
use crate::model::label::HOLD;
use crate::model::place::RepoPath;
use crate::model::plan::Promotion;
use crate::model::proposal::Proposal;
use crate::model::pull::ClosedPull;
use crate::plan::delivery::{Act, Decision, Stage, decide};
use crate::record::Record;

/// What a stage is called everywhere: namespace, pipeline, stage.
pub(super) type Key = (Option<String>, String, String);

/// A turn over what was read.
pub(super) struct Turn<'a> {
    pub session: &'a Session,
    pub order: &'a Order,
    pub asked: Option<&'a AskedStage>,
    pub seen: &'a Seen,
    pub stages: Stages,
    /// It was made for one pull request: nothing is put up.
    only: bool,
}

/// What carrying something out came to.
pub(super) enum Done {
    /// Something changed: everything has to be read again.
    Changed,
    /// Nothing did.
    Unchanged,
}

impl<'a> Turn<'a> {
    /// Reads what the decisions need. `only` limits the evidence to one pull request.
    pub(super) async fn new(
        session: &'a Session,
        order: &'a Order,
        asked: Option<&'a AskedStage>,
        seen: &'a Seen,
        memory: &Memory,
        only: Option<PullNumber>,
    ) -> Result<Self, Failure> {
        let recall = Recall {
            landed: &memory.landed,
            asked,
            order,
            ready: seen.ready.clone(),
            only,
        };
        let stages = Stages::of(session, seen, &recall).await?;
        Ok(Self {
            session,
            order,
            asked,
            seen,
            stages,
            only: only.is_some(),
        })
    }

    pub(super) fn key(&self, place: Place) -> Key {
        let (namespace, name) = self.seen.named(self.stages.plan.pipelines[place.0].id);
        (
            namespace,
            name,
            self.stages.promotion(place).stage.to_string(),
        )
    }

    /// The pipeline as people name it.
    pub(super) fn pipeline(&self, place: Place) -> String {
        let (namespace, name, _) = self.key(place);
        namespace.map_or(name.clone(), |namespace| format!("{namespace}/{name}"))
    }

    pub(super) fn delivery(&self) -> Delivery<'_> {
        Delivery {
            forge: &self.session.forge,
            repo: self.session.remotes.here(),
            snapshot: &self.seen.snapshot,
            verified: self.seen.world.policy.verified,
        }
    }

    pub(super) fn writes_nothing(&self) -> bool {
        self.order.dry_run || self.session.forge.is_read_only()
    }

    /// Decides about every stage that the order speaks of. What was closed matters only where something would be put up, and is of this
    /// look or later then.
    pub(super) async fn decisions(
        &self,
        memory: &mut Memory,
    ) -> Result<BTreeMap<Place, Decision>, Failure> {
        self.note_unread_branches(memory);
        let all = |memory: &Memory| -> BTreeMap<Place, Decision> {
            let places = self.stages.places(self.seen, self.order);
            places
                .map(|place| (place, decide(&self.stage(place, memory))))
                .collect()
        };
        memory.closed_holds = None;
        let mut decisions = all(memory);
        if self.only {
            return Ok(decisions);
        }
        let opens = |act: &Act| matches!(act, Act::Open { .. });
        let any_opens = decisions.values().any(|one| one.acts.iter().any(opens));
        if any_opens && memory.closed.is_none() {
            let opening = decisions
                .iter()
                .filter(|(_, decision)| decision.acts.iter().any(opens));
            let opening: Vec<Place> = opening.map(|(place, _)| *place).collect();
            self.read_closed(&opening, memory).await?;
            decisions = all(memory);
        }
        let brings_in = |act: &Act| matches!(act, Act::Open { .. } | Act::Commit);
        let wanted = decisions
            .iter()
            .filter(|(_, decision)| decision.acts.iter().any(brings_in));
        let wanted: BTreeSet<Place> = wanted.map(|(place, _)| *place).collect();
        if wanted.is_empty() {
            return Ok(decisions);
        }
        let plan = &self.stages.plan;
        let known = memory.closers.clone();
        let holds = ClosedHolds::read(self.session, self.seen, plan, &wanted, known).await;
        memory.closed_holds = Some(holds);
        Ok(all(memory))
    }

    /// Names the branches that are not used because they have more pull requests than are read.
    fn note_unread_branches(&self, memory: &mut Memory) {
        let branches = self.seen.snapshot.branches.iter();
        let names: Vec<&str> = branches
            .filter(|branch| branch.has_more_pulls)
            .map(|branch| branch.name.as_str())
            .collect();
        if !names.is_empty() {
            memory.note(format!(
                "more pull requests than are read, so that nothing of them is used: {}; delete these branches",
                few(&names, ", ")
            ));
        }
    }

    /// Whether a person asks for this stage in this run.
    pub(super) fn is_asked(&self, place: Place) -> bool {
        let promotion = self.stages.promotion(place);
        self.asked.is_some_and(|asked| {
            asked.pipeline == self.stages.plan.pipelines[place.0].id
                && asked.stage == promotion.index
        })
    }

    pub(super) fn stage(&self, place: Place, memory: &Memory) -> Stage<'_> {
        let mut stage = self.stages.stage(self.seen, place);
        if let Some(holds) = &memory.closed_holds
            && stage.promotion.rollback.is_none()
            && matches!(stage.closed_hold, Ok(None))
        {
            stage.closed_hold = holds.of(place).map(|hold| hold.cloned());
        }
        let key = self.key(place);
        let asked = self.is_asked(place);
        // Whoever asks for it takes a closing back.
        if asked && !self.order.asked.as_ref().is_some_and(|asked| asked.retry) {
            stage.asks_emergency = self
                .order
                .asked
                .as_ref()
                .is_some_and(|asked| asked.emergency);
            stage.asked = true;
            stage.lifts_hold = !labels::exists(&self.seen.snapshot, HOLD);
            return stage;
        }
        // What a person asked for and is open was asked for after any closing of the same plan.
        if self.stages.carried.contains_key(&place) {
            return stage;
        }
        let Some(plan) = stage.promotion.plan else {
            return stage;
        };
        for pull in memory.closed.iter().flatten() {
            if !texts::branch_is_of_plan(&pull.branch, &key.1, &key.2, &plan) {
                continue;
            }
            // A later landing of the stage, a rollback too, ends what was said to the same plan before.
            if stage.promotion.landed.is_some_and(|at| pull.at <= at) {
                continue;
            }
            if pull.by_its_author() {
                continue;
            }
            let person = pull
                .by
                .as_ref()
                .and_then(|by| Some((by.person()?, by.login.clone())));
            let person = person.map(|(id, login)| (memory.closers.get(&id), login));
            match person {
                // Who was not, or could not be, looked up may have write access: nothing is opened against that.
                Some((Some(Ok(Permission::Write) | Err(_)) | None, login)) => {
                    stage.veto = Some((pull.number, login));
                }
                Some((Some(Ok(_)), _)) | None => {
                    let age = self.seen.now.duration_since(pull.at);
                    if age < SignedDuration::from_hours(24) {
                        stage.closed_lately = Some(pull.number);
                    }
                }
            }
        }
        stage
    }

    /// Reads which promotions were closed, and what the people may do who closed one of a plan that would be opened.
    async fn read_closed(&self, opening: &[Place], memory: &mut Memory) -> Result<(), Failure> {
        let of_ours = |pull: &ClosedPull| !pull.foreign && pull.branch.starts_with("sluice/");
        let closed = self
            .session
            .forge
            .closed_pulls(
                &self.seen.snapshot.base,
                self.seen.closed.clone(),
                |found| {
                    // Only our own count: anybody can close any number of others.
                    found.iter().filter(|pull| of_ours(pull)).count() >= CLOSED_ENOUGH
                },
            )
            .await?;
        if closed.more {
            memory.outcome.notices.push(format!(
                "only the last {CLOSED_ENOUGH} promotions that were closed unmerged were looked through: one that a person closed \
                 before them, and whose branch is gone, may come back"
            ));
        }
        // The branch of a closed promotion stays while its plan would be made, so that no list can hide its closing.
        let branches = self.seen.snapshot.branches.iter();
        let still_there =
            branches.flat_map(|branch| branch.pulls.iter().filter_map(ClosedPull::of));
        let mut ours: Vec<ClosedPull> = closed
            .pulls
            .into_iter()
            .chain(still_there)
            .filter(of_ours)
            .collect();
        ours.sort_by_key(|pull| pull.number);
        ours.dedup_by_key(|pull| pull.number);
        let plans: Vec<(Key, PlanId)> = opening
            .iter()
            .filter_map(|place| Some((self.key(*place), self.stages.promotion(*place).plan?)))
            .collect();
        let would_open = |pull: &&ClosedPull| {
            let mut plans = plans.iter();
            plans.any(|(key, plan)| texts::branch_is_of_plan(&pull.branch, &key.1, &key.2, plan))
        };
        let people: BTreeMap<UserId, String> = ours
            .iter()
            .filter(would_open)
            .filter_map(|pull| {
                let by = pull.by.as_ref()?;
                Some((by.person()?, by.login.clone()))
            })
            .collect();
        memory.closers = permissions::read(self.session, self.seen, people).await;
        memory.closed = Some(ours);
        Ok(())
    }

    /// Turns what became of an act into what it means for the run.
    pub(super) async fn came_to(
        &self,
        key: &Key,
        place: Place,
        result: Result<Done, DeliveryError>,
        memory: &mut Memory,
    ) -> Result<Done, Failure> {
        let error = match result {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let why = error.to_string();
        match error {
            // Somebody was faster: everything is looked at again, at most a few times.
            DeliveryError::Overtaken(_) => {
                let tries = memory.overtaken.entry(key.clone()).or_insert(0);
                *tries += 1;
                if *tries <= MAX_OVERTAKEN {
                    memory.pause = true;
                    return Ok(Done::Changed);
                }
                self.row(
                    place,
                    RowKind::Waiting,
                    &why,
                    Some("the next run goes on".to_owned()),
                    memory,
                );
            }
            DeliveryError::Refused(_) => {
                let next = "`sluice doctor` names the branch rules".to_owned();
                self.row(place, RowKind::Waiting, &why, Some(next), memory);
            }
            DeliveryError::CannotMake(_) => self.row(place, RowKind::Error, &why, None, memory),
            DeliveryError::NotStarted(_) => {
                let next = "correct the workflow, then run `command: retry`".to_owned();
                self.row(place, RowKind::Waiting, &why, Some(next), memory);
            }
            DeliveryError::SuccessLeft { pull, error, .. } => {
                let next = format!(
                    "merge nothing of {pull} by hand until a later run has set its status back, or close it"
                );
                // No further call is made in this run.
                if ends_the_run(&error) || self.session.rate_limited().is_some() {
                    return Err(Failure::new(Exit::Blocked, why).hint(next));
                }
                self.row(place, RowKind::Blocked, &why, Some(next), memory);
            }
            DeliveryError::Forge(error) if ends_the_run(&error) => return Err(error.into()),
            // One clear error, and no further write in this run.
            DeliveryError::Forge(error @ ForgeError::Forbidden { .. })
                if error.said("not accessible by") =>
            {
                self.session.forge.set_read_only();
                let failure = Failure::from(error);
                self.row(
                    place,
                    RowKind::Error,
                    &failure.message,
                    failure.hints.first().cloned(),
                    memory,
                );
            }
            DeliveryError::Forge(ForgeError::ReadOnly) => return Ok(Done::Unchanged),
            DeliveryError::Forge(_) | DeliveryError::Repo(_) => {
                self.row(
                    place,
                    RowKind::Error,
                    &why,
                    Some("the next run tries again".to_owned()),
                    memory,
                );
            }
        }
        memory.failed.insert(key.clone());
        Ok(Done::Unchanged)
    }

    /// What a write about one promotion came to: a failure is its row, and the run goes on. Whether it was done.
    pub(super) async fn wrote(
        &self,
        place: Place,
        result: Result<(), DeliveryError>,
        memory: &mut Memory,
    ) -> Result<bool, Failure> {
        let done = result.is_ok();
        let result = result.map(|()| Done::Unchanged);
        self.came_to(&self.key(place), place, result, memory)
            .await?;
        Ok(done)
    }

    /// The same about a promotion that is in no plan any more.
    pub(super) fn wrote_of(
        &self,
        proposal: &Proposal,
        result: Result<(), DeliveryError>,
        memory: &mut Memory,
    ) -> Result<bool, Failure> {
        let error = match result {
            Ok(()) => return Ok(true),
            Err(DeliveryError::Forge(ForgeError::ReadOnly)) => return Ok(false),
            Err(DeliveryError::Forge(error)) if ends_the_run(&error) => return Err(error.into()),
            Err(error) => error,
        };
        if let DeliveryError::Forge(error) = &error
            && error.said("not accessible by")
        {
            self.session.forge.set_read_only();
        }
        let next = "the next run tries again".to_owned();
        let row = self.row_of(proposal, RowKind::Error, error.to_string(), Some(next));
        memory.outcome.rows.push(row);
        Ok(false)
    }

    /// A row about a promotion that is in no plan any more.
    pub(super) fn row_of(
        &self,
        proposal: &Proposal,
        kind: RowKind,
        why: String,
        next: Option<String>,
    ) -> Row {
        Row {
            kind,
            pipeline: proposal.pipeline.clone(),
            from: Vec::new(),
            to: proposal.stage.to_string(),
            plan: Some(proposal.plan),
            pull: proposal
                .pull(&self.seen.snapshot.base)
                .map(|pull| pull.number),
            commit: None,
            emergency: None,
            why,
            next,
        }
    }

    pub(super) fn row(
        &self,
        place: Place,
        kind: RowKind,
        why: &str,
        next: Option<String>,
        memory: &mut Memory,
    ) {
        let promotion = self.stages.promotion(place);
        memory.outcome.rows.push(Row {
            kind,
            pipeline: self.pipeline(place),
            from: promotion
                .edges
                .iter()
                .map(|edge| edge.from.to_string())
                .collect(),
            to: promotion.stage.to_string(),
            plan: promotion.plan,
            pull: None,
            commit: None,
            emergency: self.emergency(place),
            why: why.to_owned(),
            next,
        });
    }

    /// Why this run's dispatch asks for it as an emergency, where it does.
    fn emergency(&self, place: Place) -> Option<String> {
        self.stages.promotion(place).emergency.as_ref()?;
        let now = self
            .order
            .asked
            .as_ref()
            .and_then(|asked| asked.reason.clone());
        let before = || {
            let proposal = self.stages.carried.get(&place)?;
            Record::parse(&proposal.branch.tip.message)?.reason
        };
        now.or_else(before)
    }

    /// The files of a promotion with its edits made on the tip.
    pub(super) fn files(&self, promotion: &Promotion) -> Result<Vec<EditedFile>, DeliveryError> {
        edited_files(&promotion.changes, |path| self.seen.world.bytes(path))
            .map_err(|refused| DeliveryError::CannotMake(refused.to_string()))
    }

    /// The record of a promotion of the plan.
    pub(super) fn record(&self, place: Place) -> Option<Record> {
        let pipeline = self
            .seen
            .evaluation
            .catalog
            .pipeline(self.stages.plan.pipelines[place.0].id);
        let promotion = self.stages.promotion(place);
        let asked = self.asked.filter(|asked| {
            asked.pipeline == self.stages.plan.pipelines[place.0].id
                && asked.stage == promotion.index
                && (promotion.rollback.is_none() || asked.back_to.is_some())
        });
        let carried = self
            .stages
            .carried
            .get(&place)
            .filter(|_| asked.is_none())
            .and_then(|proposal| Record::parse(&proposal.branch.tip.message));
        let (requested_by, reason) = match (asked, carried) {
            (Some(asked), _) => (
                asked.by.as_ref().and_then(|by| by.id),
                self.order
                    .asked
                    .as_ref()
                    .and_then(|asked| asked.reason.clone()),
            ),
            (None, Some(record)) => (record.requested_by, record.reason),
            (None, None) => (None, None),
        };
        let target = Target {
            repository: self.session.forge.slug().to_string(),
            base: self.seen.snapshot.base.clone(),
            requested_by,
            reason,
            emergency: promotion.emergency.as_ref().map(|emergency| {
                match emergency.skips.is_empty() {
                    true => "nothing".to_owned(),
                    false => emergency.skips.join("+"),
                }
            }),
        };
        let blob = |path: &RepoPath| self.seen.world.file(path).map(|file| file.blob);
        record(
            pipeline.namespace.as_deref(),
            pipeline.name.as_str(),
            promotion,
            &target,
            blob,
        )
    }

    /// A plan that was named must be the one that would be made.
    pub(super) fn plan_is_the_one_named(&self) -> Result<(), Failure> {
        let (Some(asked), Some(stage)) = (&self.order.asked, self.asked) else {
            return Ok(());
        };
        let pipeline = &self.stages.plan.pipelines[stage.pipeline.0];
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
        let plans: BTreeSet<PlanId> = due.chain(self.stages.standing_plans(place)).collect();
        ask::names_one_of(asked, wanted, &plans, self.writes_nothing())
    }
}

/// After this many times that somebody else was faster a stage waits for the next run.
const MAX_OVERTAKEN: u32 = 3;
/// Whether nothing more can be done after an error.
pub(super) fn ends_the_run(error: &ForgeError) -> bool {
    matches!(
        error,
        ForgeError::Stopped | ForgeError::RateLimited { .. } | ForgeError::Unauthorized(_)
    )
}

/// Of closed pull requests so many are looked through.
const CLOSED_ENOUGH: usize = 300;

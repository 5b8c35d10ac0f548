//! One turn: decide about every stage, do what moves no base, then at most one landing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::ask::AskedStage;
use super::outcome::{Row, RowKind};
use super::stages::{Place, Recall, Stages};
use super::texts;
use super::{Memory, Order, Seen};
use crate::app::session::Session;
use crate::error::{Exit, Failure};
use crate::execute::{
    Delivery, DeliveryError, Draft, EditedFile, TEMPORARY, Target, edited_files, record,
};
use crate::forge::ForgeError;
use crate::model::evidence::{Looked, Permission, UserId};
use crate::model::ids::PlanId;
use crate::model::place::RepoPath;
use crate::model::plan::Promotion;
use crate::model::pull::{Pull, PullNumber, PullState};
use crate::plan::delivery::{Act, Decision, Stage, decide};
use crate::record::Record;
use crate::render::Blocked;
use crate::render::comment::{self, Replaced};

/// What a stage is called everywhere: namespace, pipeline, stage.
pub(super) type Key = (Option<String>, String, String);

/// A turn over what was read.
pub(super) struct Turn<'a> {
    pub session: &'a Session,
    pub order: &'a Order,
    pub asked: Option<&'a AskedStage>,
    pub seen: &'a Seen,
    pub stages: Stages,
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
            only,
        };
        let stages = Stages::of(session, seen, &recall).await?;
        Ok(Self {
            session,
            order,
            asked,
            seen,
            stages,
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

    fn writes_nothing(&self) -> bool {
        self.order.dry_run || self.session.forge.is_read_only()
    }

    /// Decides about every stage that the order speaks of. Closed pull requests are looked for only where something
    /// would be put up.
    pub(super) async fn decisions(
        &self,
        memory: &mut Memory,
    ) -> Result<BTreeMap<Place, Decision>, Failure> {
        let all = |memory: &Memory| -> BTreeMap<Place, Decision> {
            let places = self.stages.places(self.seen, self.order);
            places
                .map(|place| (place, decide(&self.stage(place, memory))))
                .collect()
        };
        let decisions = all(memory);
        let opens = |decision: &Decision| {
            decision
                .acts
                .iter()
                .any(|act| matches!(act, Act::Open { .. }))
        };
        if memory.closed.is_some() || !decisions.values().any(opens) {
            return Ok(decisions);
        }
        self.read_closed(memory).await?;
        Ok(all(memory))
    }

    fn stage(&self, place: Place, memory: &Memory) -> Stage<'_> {
        let mut stage = self.stages.stage(self.seen, place);
        let key = self.key(place);
        let asked = self.asked.is_some_and(|asked| {
            asked.pipeline == self.stages.plan.pipelines[place.0].id
                && asked.stage == stage.promotion.index
        });
        // Whoever asks for it takes a closing back.
        if asked {
            return stage;
        }
        let Some(plan) = stage.promotion.plan else {
            return stage;
        };
        for pull in memory.closed.iter().flatten() {
            if !texts::branch_is_of_plan(&pull.branch, &key.1, &key.2, &plan) {
                continue;
            }
            let PullState::Closed { at, by } = &pull.state else {
                continue;
            };
            let own = pull.author.as_ref().and_then(|author| author.id);
            let who = by.as_ref().and_then(|by| by.id);
            if who.is_some() && who == own {
                continue;
            }
            let person = by
                .as_ref()
                .and_then(|by| Some((by.person()?, by.login.clone())));
            match person.and_then(|(id, login)| Some((memory.closers.get(&id)?, login))) {
                Some((Ok(Permission::Write), login)) => stage.veto = Some((pull.number, login)),
                // Who could not be looked up may have had write: nothing is put up against that.
                Some((Err(_), login)) => stage.veto = Some((pull.number, login)),
                Some((Ok(_), _)) | None => {
                    let age = self.seen.now.duration_since(*at);
                    if age < SignedDuration::from_hours(24) {
                        stage.closed_lately = Some(pull.number);
                    }
                }
            }
        }
        stage
    }

    /// Reads which promotions were closed, and what the people who closed them may do.
    async fn read_closed(&self, memory: &mut Memory) -> Result<(), Failure> {
        let closed = self
            .session
            .forge
            .closed_pulls(&self.seen.snapshot.base, |found| {
                found.len() >= CLOSED_ENOUGH
            })
            .await?;
        let ours: Vec<Pull> = closed
            .pulls
            .into_iter()
            .filter(|pull| !pull.foreign && pull.branch.starts_with("sluice/"))
            .collect();
        let people: BTreeMap<UserId, String> = ours
            .iter()
            .filter_map(|pull| match &pull.state {
                PullState::Closed { by: Some(by), .. } => Some((by.person()?, by.login.clone())),
                _ => None,
            })
            .collect();
        memory.closers = self.session.forge.permissions(&people).await;
        memory.closed = Some(ours);
        Ok(())
    }

    /// Does what moves no base; whether anything was done.
    pub(super) async fn prepare(
        &self,
        decisions: &BTreeMap<Place, Decision>,
        memory: &mut Memory,
    ) -> Result<Done, Failure> {
        if self.writes_nothing() {
            return Ok(Done::Unchanged);
        }
        let mut done = Done::Unchanged;
        for (place, decision) in decisions {
            for act in &decision.acts {
                let key = self.key(*place);
                if memory.failed.contains(&key) {
                    continue;
                }
                let result = match act {
                    Act::Open { replaces } => self.open(*place, replaces, memory).await,
                    Act::Close(number) => self.close(*place, *number, decision.stands).await,
                    Act::Block(number, why) => self.block(*place, *number, why).await,
                    Act::Land(_) | Act::LandWhenKnown(_) | Act::Commit => continue,
                };
                if let Done::Changed = self.came_to(&key, *place, result, memory).await? {
                    done = Done::Changed;
                }
            }
        }
        for (proposal, pull) in &self.stages.stray {
            // Its pipeline, stage or edges are gone; while something went unread, they may only be out of sight.
            if !super::stages::all_read(self.seen)
                || crate::gather::moved(proposal, pull).is_some()
                || !super::is_ordered(
                    self.order,
                    proposal.namespace.as_deref(),
                    &proposal.pipeline,
                )
            {
                continue;
            }
            let why = "Its pipeline, stage or edges are not there any more, so that nothing is left to promote.";
            self.delivery().close(pull, why).await.map_err(failure)?;
            done = Done::Changed;
        }
        Ok(done)
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
                if *tries <= 3 && self.session.forge.wait(1 << *tries).await {
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
            DeliveryError::ByRules(_) => {
                let next = "see the branch rules; sluice doctor names them".to_owned();
                self.row(place, RowKind::Waiting, &why, Some(next), memory);
            }
            DeliveryError::Forge(
                error @ (ForgeError::Stopped
                | ForgeError::RateLimited { .. }
                | ForgeError::Unauthorized(_)),
            ) => return Err(error.into()),
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
            why: why.to_owned(),
            next,
        });
    }

    /// The files of a promotion with its edits made on the tip.
    pub(super) fn files(&self, promotion: &Promotion) -> Result<Vec<EditedFile>, DeliveryError> {
        edited_files(&promotion.changes, |path| self.seen.world.bytes(path))
            .map_err(|refused| DeliveryError::ByRules(refused.to_string()))
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
        });
        let target = Target {
            repository: self.session.forge.slug().to_string(),
            base: self.seen.snapshot.base.clone(),
            requested_by: asked
                .and_then(|asked| asked.by.as_ref())
                .and_then(|by| by.id),
            reason: asked.and_then(|_| self.order.asked.as_ref()?.reason.clone()),
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

    async fn open(
        &self,
        place: Place,
        replaces: &[PullNumber],
        memory: &mut Memory,
    ) -> Result<Done, DeliveryError> {
        if memory.opened >= self.seen.world.policy.limits.open {
            return Ok(Done::Unchanged);
        }
        let promotion = self.stages.promotion(place);
        let (Some(record), Some(plan)) = (self.record(place), promotion.plan) else {
            return Ok(Done::Unchanged);
        };
        if memory.goes_in_circles(&self.key(place), &plan, false) {
            return Ok(Done::Unchanged);
        }
        let files = self.files(promotion)?;
        let written = texts::proposal(self, place, &record, replaces.first().copied());
        memory.outcome.notices.extend(written.problems);
        let (people, teams) = texts::reviewers(self, place, promotion);
        let labels = texts::labels(self, place, promotion);
        let used: BTreeSet<String> = memory
            .closed
            .iter()
            .flatten()
            .map(|pull| pull.branch.clone())
            .collect();
        let draft = Draft {
            record: &record,
            message: &written.message,
            title: &written.title,
            body: &written.body,
            files: &files,
            labels: &labels,
            reviewers: &people,
            teams: &teams,
            used: &used,
        };
        let delivery = self.delivery();
        let number = delivery.open(&draft).await?;
        memory.opened += 1;
        memory.put_up.insert(plan);
        let why = written.why;
        self.row(place, RowKind::Opened, &why, None, memory);
        if let Some(row) = memory.outcome.rows.last_mut() {
            row.pull = Some(number);
        }
        for old in replaces {
            if let Some(candidate) = self.stages.candidate(place, *old) {
                let why = replaced(number, &plan, &candidate.proposal.plan);
                delivery.close(&candidate.pull, &why).await?;
            }
        }
        Ok(Done::Changed)
    }

    async fn close(
        &self,
        place: Place,
        number: PullNumber,
        stands: Option<PullNumber>,
    ) -> Result<Done, DeliveryError> {
        let Some(candidate) = self.stages.candidate(place, number) else {
            return Ok(Done::Unchanged);
        };
        let standing = stands.and_then(|number| self.stages.candidate(place, number));
        let why = match standing {
            Some(other) => replaced(
                other.pull.number,
                &other.proposal.plan,
                &candidate.proposal.plan,
            ),
            None => format!(
                "Nothing is left to promote: {}.",
                crate::report::escape::prose(&self.stages.promotion(place).reason)
            ),
        };
        self.delivery().close(&candidate.pull, &why).await?;
        Ok(Done::Changed)
    }

    async fn block(
        &self,
        place: Place,
        number: PullNumber,
        why: &str,
    ) -> Result<Done, DeliveryError> {
        let Some(pull) = self.stages.pull(place, number) else {
            return Ok(Done::Unchanged);
        };
        let text = comment::blocked(
            &Blocked::Other(why),
            &self.pipeline(place),
            &self.key(place).2,
        );
        self.delivery().block(pull, &text).await?;
        Ok(Done::Unchanged)
    }

    /// What may be left undone: texts brought up to date, auto-merge disarmed, the queue left, branches cleaned up.
    pub(super) async fn tidy(
        &self,
        decisions: &BTreeMap<Place, Decision>,
        memory: &mut Memory,
    ) -> Result<(), Failure> {
        if self.writes_nothing() {
            return Ok(());
        }
        for (place, decision) in decisions {
            let Some(number) = decision.stands.filter(|_| decision.blocked.is_none()) else {
                continue;
            };
            let Some(candidate) = self.stages.candidate(*place, number) else {
                continue;
            };
            let pull = &candidate.pull;
            if pull.auto_merge {
                self.session.forge.disable_auto_merge(pull).await?;
                memory.outcome.notices.push(format!(
                    "auto-merge of {number} was armed and is disarmed: it would merge without looking at the gates"
                ));
            }
            if let Some(judged) = &candidate.judged {
                if pull.queued && !judged.may_land() {
                    self.session.forge.dequeue(pull).await?;
                    let why = "left the merge queue";
                    self.session
                        .forge
                        .set_status(&pull.head, false, why)
                        .await?;
                }
                let newer = self
                    .stages
                    .promotion(*place)
                    .plan
                    .filter(|plan| *plan != candidate.proposal.plan);
                let written = texts::description(self, *place, candidate, judged, newer);
                if texts::differs(&pull.body, &written.body) || pull.title != written.title {
                    self.session
                        .forge
                        .describe_pull(number, &written.title, &written.body)
                        .await?;
                }
                // A run that was cut off right after opening it made none.
                let labels = texts::labels(self, *place, judged);
                match self.delivery().make_labels(&labels).await {
                    Ok(()) => {}
                    Err(DeliveryError::Forge(
                        error @ (ForgeError::Refused { .. } | ForgeError::Forbidden { .. }),
                    )) => memory.outcome.notices.push(error.to_string()),
                    Err(error) => return Err(failure(error)),
                }
            }
        }
        // Temporary branches of lost runs; those of runs under way are younger.
        let day_ago = self.seen.now - SignedDuration::from_hours(24);
        for branch in &self.seen.snapshot.branches {
            if branch.name.starts_with(TEMPORARY)
                && branch.pulls.is_empty()
                && branch.tip.committed < day_ago
            {
                self.session
                    .forge
                    .delete_branch(&branch.name, &branch.tip.id)
                    .await?;
            }
        }
        for proposal in &self.stages.resting {
            let base = &self.seen.snapshot.base;
            let current = self
                .stages
                .plan
                .pipelines
                .iter()
                .flat_map(|pipeline| &pipeline.promotions);
            let stands = current
                .into_iter()
                .any(|promotion| promotion.plan == Some(proposal.plan));
            // The branch of a closed promotion stays while its plan would be made: it is what a veto is told by.
            let spent = proposal.merged(base) || (proposal.pull(base).is_some() && !stands);
            let at = proposal.pull(base).map(|pull| pull.head);
            if spent
                && at == Some(proposal.branch.tip.id)
                && super::stages::all_read(self.seen)
                && super::is_ordered(
                    self.order,
                    proposal.namespace.as_deref(),
                    &proposal.pipeline,
                )
            {
                let branch = &proposal.branch;
                self.session
                    .forge
                    .delete_branch(&branch.name, &branch.tip.id)
                    .await?;
            }
        }
        Ok(())
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
            return Err(Failure::new(
                Exit::Invalid,
                format!(
                    "no edge leads into {}, so nothing is ever promoted into it",
                    asked.to
                ),
            ));
        }
        let Some(wanted) = &asked.plan else {
            return Ok(());
        };
        let is_it = |plan: &crate::model::ids::PlanId| asked.is_of(plan);
        let standing = self.stages.standing_plans();
        if into
            .iter()
            .filter_map(|promotion| promotion.plan)
            .any(|plan| is_it(&plan))
            || standing.iter().any(is_it)
        {
            return Ok(());
        }
        let now = into
            .iter()
            .filter_map(|promotion| promotion.plan)
            .map(|plan| plan.named())
            .next();
        Err(Failure::new(
            Exit::Invalid,
            match now {
                Some(now) => format!("the plan for {} is {now} now, not {wanted}", asked.to),
                None => format!("there is no plan for {} now, so {wanted} is none", asked.to),
            },
        )
        .hint("look at what would be promoted now, and ask for that"))
    }
}

/// Of closed pull requests so many are looked through.
const CLOSED_ENOUGH: usize = 300;

/// What is said under a pull request that gives way to another one.
fn replaced(by: PullNumber, plan: &PlanId, old: &PlanId) -> String {
    let why = if plan == old {
        Replaced::BaseMoved
    } else {
        Replaced::Newer(*plan)
    };
    comment::replaced(by.0, why)
}

pub(super) fn failure(error: DeliveryError) -> Failure {
    match error {
        DeliveryError::Forge(error) => error.into(),
        DeliveryError::Repo(error) => error.into(),
        other => Failure::new(Exit::Failed, other.to_string()),
    }
}

/// What a look-up of people came to.
pub(super) type Closers = BTreeMap<UserId, Looked<Permission>>;

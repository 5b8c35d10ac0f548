//! One round of a run: what was observed and assessed, and what its acts share.

use crate::error::Failure;
use crate::execute::{DeliveryError, EditedFile, Target, edited_files, record};
use crate::model::ids::PullNumber;
use crate::model::life::LifeState;
use crate::model::plan::Promotion;
use crate::model::promotion_id::StageKey;
use crate::model::promotion_index::PromotionIndex;
use crate::model::proposal::Proposal;
use crate::model::record::Record;
use crate::model::source_location::RepoPath;
use crate::reconcile::assess::Assessment;
use crate::reconcile::observe::observation::Observation;
use crate::reconcile::outcome::Row;
use crate::reconcile::plan_context::PlanContext;
use crate::reconcile::request::{ResolvedRequest, RunOptions};
use crate::reconcile::state::RunState;
use crate::render;
use crate::session::Session;

/// What one round observed and assessed.
pub(crate) struct Round<'a> {
    /// Access to GitHub and to objects.
    pub session: &'a Session,
    /// What the run was asked to do.
    pub options: &'a RunOptions,
    /// The person's request, with its names resolved.
    pub request: Option<&'a ResolvedRequest>,
    /// What was read.
    pub observation: &'a Observation,
    /// What the decisions are made from.
    pub assessment: Assessment,
    /// It was assessed for one pull request: nothing is opened.
    pub(crate) only: bool,
}

impl<'a> Round<'a> {
    /// Reads what the decisions need. `only` limits the evidence to one pull request.
    pub(crate) async fn assess(
        session: &'a Session,
        options: &'a RunOptions,
        request: Option<&'a ResolvedRequest>,
        observation: &'a Observation,
        run: &RunState,
        only: Option<PullNumber>,
    ) -> Result<Self, Failure> {
        let context = PlanContext {
            landed: &run.landed,
            request,
            options,
            ready: observation.ready.clone(),
            only,
        };
        let assessment = Assessment::of(session, observation, &context).await?;
        Ok(Self {
            session,
            options,
            request,
            observation,
            assessment,
            only: only.is_some(),
        })
    }

    /// The stage of a promotion, with its pipeline.
    pub(crate) fn key(&self, place: PromotionIndex) -> StageKey {
        let plan = &self.assessment.plan;
        let pipeline = self.observation.pipeline_key(plan.pipeline_of(place).id);
        pipeline.stage(&plan.promotion(place).stage)
    }

    /// The pipeline of a promotion, as NAME or NAMESPACE/NAME.
    pub(crate) fn pipeline(&self, place: PromotionIndex) -> String {
        self.key(place).pipeline.to_string()
    }

    /// Whether a person requests this stage in this run.
    pub(crate) fn is_asked(&self, place: PromotionIndex) -> bool {
        let promotion = self.assessment.promotion(place);
        self.request.is_some_and(|asked| {
            asked.pipeline == self.assessment.plan.pipeline_of(place).id
                && asked.stage == promotion.index
        })
    }

    /// A row about a proposal whose promotion is no longer in the plan.
    pub(crate) fn row_of(
        &self,
        proposal: &Proposal,
        state: LifeState,
        why: String,
        next: Option<String>,
    ) -> Row {
        Row {
            plan: Some(proposal.plan),
            pull: proposal
                .pull(&self.observation.snapshot.base)
                .map(|pull| pull.number),
            why,
            next,
            ..Row::new(state, proposal.pipeline.clone(), proposal.stage.to_string())
        }
    }

    /// A row about a promotion of the plan, or of a plan judged again.
    pub(crate) fn row_for(
        &self,
        place: PromotionIndex,
        promotion: &Promotion,
        state: LifeState,
    ) -> Row {
        let edges = promotion.edges.iter();
        Row {
            from: edges.map(|edge| edge.from.to_string()).collect(),
            what: render::what(promotion),
            rollback: promotion.rollback.is_some(),
            plan: promotion.plan,
            ..Row::new(state, self.pipeline(place), promotion.stage.to_string())
        }
    }

    /// Adds a row about a promotion to the report.
    pub(crate) fn row(
        &self,
        place: PromotionIndex,
        state: LifeState,
        why: &str,
        next: Option<String>,
        run: &mut RunState,
    ) {
        let promotion = self.assessment.promotion(place);
        run.outcome.happened(Row {
            emergency: self.emergency(place),
            why: why.to_owned(),
            next,
            ..self.row_for(place, promotion, state)
        });
    }

    /// The reason of an emergency: that of this run's request, or else of the proposal that gets another build.
    fn emergency(&self, place: PromotionIndex) -> Option<String> {
        self.assessment.promotion(place).emergency.as_ref()?;
        let now = self
            .options
            .request
            .as_ref()
            .and_then(|asked| asked.reason.clone());
        let before = || {
            let proposal = self.assessment.reissued.get(&place)?;
            Record::parse(&proposal.branch.tip.message)?.reason
        };
        now.or_else(before)
    }

    /// The files of a promotion with its edits made on the tip.
    pub(crate) fn files(&self, promotion: &Promotion) -> Result<Vec<EditedFile>, DeliveryError> {
        edited_files(&promotion.changes, |path| {
            self.observation.repository.bytes(path)
        })
        .map_err(|refused| DeliveryError::CannotMake(refused.to_string()))
    }

    /// The record of a promotion of the plan, for its commit.
    pub(crate) fn record(&self, place: PromotionIndex) -> Option<Record> {
        let pipeline = self
            .observation
            .evaluation
            .catalog
            .pipeline(self.assessment.plan.pipeline_of(place).id);
        let promotion = self.assessment.promotion(place);
        let asked = self.request.filter(|asked| {
            asked.pipeline == self.assessment.plan.pipeline_of(place).id
                && asked.stage == promotion.index
                && (promotion.rollback.is_none() || asked.back_to.is_some())
        });
        let reissued = self
            .assessment
            .reissued
            .get(&place)
            .filter(|_| asked.is_none())
            .and_then(|proposal| Record::parse(&proposal.branch.tip.message));
        let (requested_by, reason) = match (asked, reissued) {
            (Some(asked), _) => (
                asked.by.as_ref().and_then(|by| by.id),
                self.options
                    .request
                    .as_ref()
                    .and_then(|asked| asked.reason.clone()),
            ),
            (None, Some(record)) => (record.requested_by, record.reason),
            (None, None) => (None, None),
        };
        let target = Target {
            repository: self.session.forge.slug().to_string(),
            base: self.observation.snapshot.base.clone(),
            requested_by,
            reason,
            emergency: promotion.emergency.as_ref().map(|emergency| {
                match emergency.skips.is_empty() {
                    true => "nothing".to_owned(),
                    false => emergency.skips.join("+"),
                }
            }),
        };
        let blob = |path: &RepoPath| self.observation.repository.file(path).map(|file| file.blob);
        record(
            pipeline.namespace.as_deref(),
            pipeline.name.as_str(),
            promotion,
            &target,
            blob,
        )
    }
}

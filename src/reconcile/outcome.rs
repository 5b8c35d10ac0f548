//! What a run did and found, for the summary, the outputs and the exit code.

use std::collections::BTreeSet;

use crate::error::Exit;
use crate::forge::Calls;
use crate::model::commit_range::RangesByChange;
use crate::model::finding::{Finding, Severity};
use crate::model::ids::{CommitId, PlanId, PullNumber};
use crate::model::life::LifeState;
use crate::model::pipeline::Pipeline;
use crate::model::plan::{Plan, SkippedService};
use crate::reconcile::observe::observation::Observation;
use crate::session::Session;

/// One promotion in the report.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Row {
    /// Its state.
    pub state: LifeState,
    /// The pipeline, as NAME or NAMESPACE/NAME.
    pub pipeline: String,
    /// The stages that it is promoted from.
    pub from: Vec<String>,
    /// The stage that it is promoted into.
    pub to: String,
    /// What it changes, in a few words; empty if that is not known.
    pub what: String,
    /// It is a rollback.
    pub rollback: bool,
    /// Its plan, if it has one.
    pub plan: Option<PlanId>,
    /// Its pull request, if it has one.
    pub pull: Option<PullNumber>,
    /// The commit on the base, if it landed.
    pub commit: Option<CommitId>,
    /// The reason of the emergency, if a person requested it as one.
    pub emergency: Option<String>,
    /// Why.
    pub why: String,
    /// What to do, or what comes next.
    pub next: Option<String>,
    /// An earlier run already reported that it is blocked, by the status of its head.
    #[serde(skip)]
    pub known: bool,
}

impl Row {
    /// A row about a stage, of which nothing else is known.
    pub(crate) fn new(state: LifeState, pipeline: String, to: String) -> Self {
        Self {
            state,
            pipeline,
            from: Vec::new(),
            to,
            what: String::new(),
            rollback: false,
            plan: None,
            pull: None,
            commit: None,
            emergency: None,
            why: String::new(),
            next: None,
            known: false,
        }
    }

    /// The row as one line; foreign text.
    fn line(&self) -> String {
        let word = self.state.word();
        let from = match self.from.is_empty() {
            true => String::new(),
            false => format!("{} → ", self.from.join(", ")),
        };
        let pull = self.pull.map(|number| format!(" {number}"));
        let commit = self.commit.map(|commit| format!(" as {}", commit.short()));
        let why = match self.why == word && self.emergency.is_none() {
            true => String::new(),
            false => format!(": {}{}", self.emergency(), self.why),
        };
        format!(
            "{word} {} {from}{}{}{}{why}",
            self.pipeline,
            self.to,
            pull.unwrap_or_default(),
            commit.unwrap_or_default(),
        )
    }

    /// The prefix of an emergency's text; empty if it is not one.
    pub(crate) fn emergency(&self) -> String {
        self.emergency
            .as_ref()
            .map_or_else(String::new, |why| format!("EMERGENCY ({why}): "))
    }
}

/// A pull request that this run closed because nothing is left to promote.
#[derive(Clone, Debug)]
pub(crate) struct Closed {
    /// The pipeline, as NAME or NAMESPACE/NAME.
    pub pipeline: String,
    /// The stage.
    pub stage: String,
    /// Its number.
    pub pull: PullNumber,
}

/// A service that was set by hand to something that its source does not have yet.
#[derive(Clone, Debug)]
pub(crate) struct ByHand {
    /// The pipeline.
    pub pipeline: String,
    /// The stage.
    pub stage: String,
    /// The service, and who set it.
    pub service: SkippedService,
    /// Whether the promotion of its stage overwrites that.
    pub taken_away: bool,
}

/// The result of a run.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Promotions with something to report: one row each.
    pub rows: Vec<Row>,
    /// Rows of the promotions for which a pull request was opened, whatever became of them afterwards.
    pub opened: Vec<Row>,
    /// Pull requests on whose head this run wrote a status of another kind: they were held, blocked or released.
    pub restated: BTreeSet<PullNumber>,
    /// Pull requests that this run closed without opening another one for their stage.
    pub closed: Vec<Closed>,
    /// A person requested one stage: then what is only due is reported too.
    pub asked: bool,
    /// Services that were set by hand to something that their sources do not have yet.
    pub ahead: Vec<ByHand>,
    /// How many stages have nothing to promote.
    pub in_sync: usize,
    /// How many stages are never promoted.
    pub not_moved: usize,
    /// All pipelines, as NAME or NAMESPACE/NAME.
    pub pipelines: Vec<String>,
    /// Findings about the manifests and the policy.
    pub findings: Vec<Finding>,
    /// The base branch and its tip at the end.
    pub base: Option<(String, CommitId)>,
    /// What else people should know.
    pub notices: Vec<String>,
    /// How many calls were made.
    pub calls: Calls,
    /// How many API requests are left, if known.
    pub remaining: Option<u64>,
    /// Why nothing was written, if the run was not allowed to write.
    pub read_only: Option<String>,
    /// The plan at the end, as `sluice plan --format json` shows it.
    pub plan: String,
    /// The pipelines that have a row.
    pub moving: Vec<Pipeline>,
    /// The exit code of a failure that no row shows.
    pub failed: Option<Exit>,
}

impl Outcome {
    /// Adds a row about something that has just happened, and tells those who watch the run.
    pub(crate) fn happened(&mut self, row: Row) {
        tracing::info!("{}", row.line());
        self.rows.push(row);
    }

    /// Adds what is only known at the end of a run.
    pub(crate) fn finish(
        &mut self,
        session: &Session,
        observation: &Observation,
        plan: &Plan,
        ranges: &RangesByChange,
    ) {
        let catalog = &observation.evaluation.catalog;
        self.plan = crate::report::json::plan(
            catalog,
            plan,
            ranges,
            Some(observation.snapshot.tip.id),
            &observation.evaluation.findings,
        );
        let moves = |pipeline: &&Pipeline| {
            let full = pipeline.pipeline_key().to_string();
            self.rows.iter().any(|row| row.pipeline == full)
        };
        self.moving = catalog.pipelines.iter().filter(moves).cloned().collect();
        self.base = Some((
            observation.snapshot.base.clone(),
            observation.snapshot.tip.id,
        ));
        self.findings.clone_from(&observation.evaluation.findings);
        self.calls = session.calls();
        self.remaining = session.forge.remaining();
        self.notices.extend(session.notices.iter().cloned());
        self.notices
            .extend(crate::evaluation::passed_over::passed_over(
                &observation.evaluation,
            ));
        self.pipelines = observation
            .evaluation
            .resolved
            .iter()
            .map(|resolved| observation.pipeline_key(resolved.id).to_string())
            .collect();
        self.keep_last_rows();
        self.rows
            .sort_by(|a, b| (a.state, &a.pipeline, &a.to).cmp(&(b.state, &b.pipeline, &b.to)));
    }

    /// If several rows are about one promotion, the last one is its state.
    fn keep_last_rows(&mut self) {
        let opened = |row: &&Row| row.state == LifeState::Opened;
        self.opened = self.rows.iter().filter(opened).cloned().collect();
        let key = |row: &Row| {
            let emergency = row.emergency.is_some();
            let (pipeline, from, to) = (row.pipeline.clone(), row.from.clone(), row.to.clone());
            (pipeline, from, to, row.plan, emergency)
        };
        let mut seen = BTreeSet::new();
        let mut kept: Vec<Row> = std::mem::take(&mut self.rows);
        kept.reverse();
        kept.retain(|row| seen.insert(key(row)));
        kept.reverse();
        self.rows = kept;
    }

    /// Whether a row is news: this run opened or landed it, or is the first one to say that it is held, blocked or released.
    pub(crate) fn is_news(&self, row: &Row) -> bool {
        let opened = self.opened.iter().map(|row| row.pull);
        match row.state {
            LifeState::Landed | LifeState::LandedPastGates | LifeState::Opened => true,
            LifeState::Blocked => !row.known,
            _ => row.pull.is_some_and(|number| {
                self.restated.contains(&number) || opened.flatten().any(|one| one == number)
            }),
        }
    }

    /// The exit code of the run: the highest that applies.
    pub(crate) fn exit(&self) -> Exit {
        let of_row = |row: &Row| match row.state {
            LifeState::Blocked if row.known => Exit::Done,
            LifeState::Blocked => Exit::Blocked,
            LifeState::Error => Exit::Failed,
            _ => Exit::Done,
        };
        let finding = self
            .findings
            .iter()
            .any(|finding| finding.severity == Severity::Error);
        self.rows
            .iter()
            .map(of_row)
            .chain(finding.then_some(Exit::Invalid))
            .chain(self.failed)
            .max()
            .unwrap_or(Exit::Done)
    }
}

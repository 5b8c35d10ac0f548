//! What a run did and found, for the summary, the outputs and the exit code.

use super::Seen;
use crate::app::session::Session;
use crate::error::Exit;
use crate::forge::Calls;
use crate::model::brought::ToldOf;
use crate::model::finding::{Finding, Severity};
use crate::model::ids::{CommitId, PlanId, PullNumber};
use crate::model::pipeline::Pipeline;
use crate::model::plan::{LeftOut, Plan};

/// What became of one promotion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::app) enum RowKind {
    /// A person has to do something first.
    Blocked,
    /// Something could not be read or done.
    Error,
    /// It landed in this run.
    Promoted,
    /// It was put up in this run.
    Opened,
    /// It waits for its gates.
    Waiting,
    /// A rule holds it.
    Held,
    /// It is due, and this run put up as many as it may.
    Due,
}

/// One promotion in the report.
#[derive(Clone, Debug, serde::Serialize)]
pub(in crate::app) struct Row {
    /// What became of it.
    pub kind: RowKind,
    /// The pipeline, as NAME or NAMESPACE/NAME.
    pub pipeline: String,
    /// The stages that it comes from.
    pub from: Vec<String>,
    /// The stage.
    pub to: String,
    /// The plan.
    pub plan: Option<PlanId>,
    /// Its pull request.
    pub pull: Option<PullNumber>,
    /// The commit on the base, where it landed.
    pub commit: Option<CommitId>,
    /// A person asked for it as an emergency, for this reason.
    pub emergency: Option<String>,
    /// Why.
    pub why: String,
    /// What to do, or what comes next.
    pub next: Option<String>,
}

impl Row {
    /// What is said first of an emergency; empty where it is none.
    pub(in crate::app) fn emergency(&self) -> String {
        self.emergency
            .as_ref()
            .map_or_else(String::new, |why| format!("EMERGENCY ({why}): "))
    }
}

/// A service that was set by hand to what its source has not caught up with.
#[derive(Clone, Debug)]
pub(in crate::app) struct ByHand {
    /// The pipeline.
    pub pipeline: String,
    /// The stage.
    pub stage: String,
    /// The service, and who set it.
    pub service: LeftOut,
    /// The promotion of its stage takes that away.
    pub taken_away: bool,
}

/// A run.
#[derive(Debug, Default)]
pub(in crate::app) struct Outcome {
    /// Promotions that something is to be said of.
    pub rows: Vec<Row>,
    /// A person asked for one stage: what is only due is said too.
    pub asked: bool,
    /// Services that were set by hand to what their sources have not caught up with.
    pub ahead: Vec<ByHand>,
    /// How many stages have nothing to promote.
    pub in_sync: usize,
    /// How many stages nothing ever promotes.
    pub not_moved: usize,
    /// All pipelines, as NAME or NAMESPACE/NAME.
    pub pipelines: Vec<String>,
    /// Findings of the checks.
    pub findings: Vec<Finding>,
    /// The base branch and its tip at the end.
    pub base: Option<(String, CommitId)>,
    /// Notices.
    pub notices: Vec<String>,
    /// How many calls were made.
    pub calls: Calls,
    /// How many calls GitHub still takes.
    pub remaining: Option<u64>,
    /// Why nothing was written, where nothing was to be.
    pub read_only: Option<String>,
    /// The plan at the end, as `sluice plan --format json` shows it.
    pub plan: String,
    /// The pipelines that have a row.
    pub moving: Vec<Pipeline>,
    /// Something went wrong that no row tells.
    pub failed: Option<Exit>,
}

impl Outcome {
    /// What belongs to the end of a run.
    pub(super) fn finish(&mut self, session: &Session, seen: &Seen, plan: &Plan, told: &ToldOf) {
        let catalog = &seen.evaluation.catalog;
        self.plan = crate::report::json::plan(
            catalog,
            plan,
            told,
            Some(seen.snapshot.tip.id),
            &seen.evaluation.findings,
        );
        let moves = |pipeline: &&Pipeline| {
            let name = &pipeline.name;
            let full = pipeline
                .namespace
                .as_ref()
                .map(|namespace| format!("{namespace}/{name}"));
            let full = full.unwrap_or_else(|| name.to_string());
            self.rows.iter().any(|row| row.pipeline == full)
        };
        self.moving = catalog.pipelines.iter().filter(moves).cloned().collect();
        self.base = Some((seen.snapshot.base.clone(), seen.snapshot.tip.id));
        self.findings.clone_from(&seen.evaluation.findings);
        self.calls = session.calls();
        self.remaining = session.forge.remaining();
        self.notices.extend(session.notices.iter().cloned());
        self.notices
            .extend(crate::app::plan::passed_over(&seen.evaluation));
        self.pipelines = seen
            .evaluation
            .resolved
            .iter()
            .map(|resolved| {
                let (namespace, name) = seen.named(resolved.id);
                namespace.map_or(name.clone(), |namespace| format!("{namespace}/{name}"))
            })
            .collect();
        self.rows
            .sort_by(|a, b| (a.kind, &a.pipeline, &a.to).cmp(&(b.kind, &b.pipeline, &b.to)));
    }

    /// How the run ends: the highest that applies.
    pub(in crate::app) fn exit(&self) -> Exit {
        let of_row = |row: &Row| match row.kind {
            RowKind::Blocked => Exit::Blocked,
            RowKind::Error => Exit::Failed,
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

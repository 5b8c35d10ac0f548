//! The commands that work on GitHub.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::output::Output;
use super::{board, status};
use crate::cli::{
    Dispatch, ForgeArgs, Format, OnGithub, ReconcileArgs, RetryArgs, RollbackArgs, StatusOnGithub,
    StatusQuery,
};
use crate::error::Failure;
use crate::forge::Patience;
use crate::gather::GoBack;
use crate::model::plan_prefix::PlanPrefix;
use crate::model::status::Status;
use crate::model::text::counted;
use crate::reconcile::outcome::{ByHand, Outcome, Row, RowKind};
use crate::reconcile::request::{Mode, PromoteRequest, RunOptions};
use crate::reconcile::run::reconcile;
use crate::report::escape::terminal;
use crate::report::findings;
use crate::report::style::Style;
use crate::report::{self, json};
use crate::runner::Environment;
use crate::session::{Needs, Session};

/// What a run on GitHub needs besides its arguments.
pub struct RunContext<'a> {
    /// The environment.
    pub environment: &'a Environment,
    /// How long it may wait.
    pub patience: Patience,
    /// Once set, nothing more is written.
    pub stop: Arc<AtomicBool>,
    /// Why the run must not write, if it must not.
    pub read_only: Option<String>,
    /// How much the repository takes on the forge, with its history, in kilobytes: if it is known.
    pub repository_size: Option<u64>,
}

/// Kilobytes of a repository whose files are all asked for at once if there is no checkout. GitHub gives up on a query after ten
/// seconds, and a few thousand files may take that long.
const SMALL: u64 = 2_000;

/// The result of a command on GitHub.
pub struct RunReport {
    /// What it did and found.
    pub(crate) outcome: Outcome,
    /// How long it took.
    pub(crate) took: Duration,
    /// The state of every pipeline, for `status`.
    status: Option<Status>,
    /// What `board` wrote, in one line.
    written: Option<String>,
    format: Format,
    style: Style,
}

/// Carries out a command on GitHub.
///
/// # Errors
/// [`Failure`] if the run as a whole could not be carried out. What went wrong with one promotion is in its report.
pub async fn execute(command: OnGithub, on: &RunContext<'_>) -> Result<RunReport, Failure> {
    let started = Instant::now();
    let looks = matches!(command, OnGithub::Status(_) | OnGithub::Board(..));
    let file = match &command {
        OnGithub::Board(_, file) => Some(file.clone()),
        _ => None,
    };
    let (args, options, format) = ordered(command, on)?;
    let needs = match args.dry_run {
        true => Needs::Reading,
        false => Needs::Writing,
    };
    let mut session = Session::open(
        &args,
        needs,
        on.environment,
        on.patience,
        Arc::clone(&on.stop),
    )?;
    session.is_small = on.repository_size.is_some_and(|size| size <= SMALL);
    if looks {
        session.forge.show_pulls_of_apps();
    }
    let (mut outcome, status) = match looks {
        true => {
            let (outcome, status) = status::on_forge(&session, &options).await?;
            (outcome, Some(status))
        }
        false => (reconcile(&session, &options).await?, None),
    };
    // What could not be read because of the limit may be in a row, in a notice, or nowhere.
    if let Some(limited) = session.rate_limited() {
        let failure = Failure::from(limited);
        outcome.failed = outcome.failed.max(Some(failure.exit));
        let mut words = vec![failure.message];
        words.extend(failure.hints);
        outcome.notices.push(words.join(": "));
    }
    let written = match (&status, file) {
        (Some(status), Some(file)) => Some(board::on_forge(
            &session,
            &args,
            &options,
            status,
            &outcome.notices,
            &file,
            on.environment,
        )?),
        _ => None,
    };
    Ok(RunReport {
        outcome,
        written,
        took: started.elapsed(),
        status,
        format,
        style: Style::default(),
    })
}

impl RunReport {
    /// The same report, for a terminal of this kind.
    pub(crate) fn styled(mut self, style: Style) -> Self {
        self.style = style;
        self
    }

    /// What the command prints, and its exit code.
    pub fn output(&self) -> Output {
        Output {
            text: match (self.format, &self.status) {
                (Format::Json, Some(status)) => report::status::json(status),
                (Format::Json, None) => json::document(&self.json()),
                (Format::Text, _) => self.text(),
            },
            notices: self.outcome.notices.clone(),
            exit: self.outcome.exit(),
        }
    }

    /// The plan at the end of the run as a JSON document: the Action's output `plan`.
    pub fn plan(&self) -> &str {
        &self.outcome.plan
    }

    /// The run as a JSON document.
    pub(crate) fn json(&self) -> serde_json::Value {
        let outcome = &self.outcome;
        serde_json::json!({
            "version": json::VERSION,
            "base": outcome.base.as_ref().map(|(name, _)| name),
            "tip": outcome.base.as_ref().map(|(_, tip)| tip),
            "read_only": outcome.read_only,
            "promotions": outcome.rows,
            "ahead": outcome.ahead.iter().map(ahead).collect::<Vec<_>>(),
            "in_sync": outcome.in_sync,
            "not_moved": outcome.not_moved,
            "pipelines": outcome.pipelines,
            "findings": json::findings(&outcome.findings),
            "requests": { "reads": outcome.calls.reads, "writes": outcome.calls.writes, "remaining": outcome.remaining },
        })
    }

    /// The run as text, one line per promotion, what needs a person first.
    pub(crate) fn text(&self) -> String {
        if let Some(written) = &self.written {
            return written.clone();
        }
        if let Some(status) = &self.status {
            return report::status::text(status, &[], "sluice validate", self.style);
        }
        let outcome = &self.outcome;
        let mut text = String::new();
        if let Some(why) = &outcome.read_only {
            let _ = writeln!(text, "{}\n", terminal(why));
        }
        for row in &outcome.rows {
            line(&mut text, row);
        }
        for ahead in &outcome.ahead {
            let _ = writeln!(
                text,
                "AHEAD     {} {}  {}: {}{}",
                terminal(&ahead.pipeline),
                terminal(&ahead.stage),
                terminal(&ahead.service.name),
                terminal(&ahead.service.reason),
                match ahead.taken_away {
                    true => "; the promotion overwrites it",
                    false => "",
                }
            );
        }
        if !outcome.findings.is_empty() {
            let _ = write!(
                text,
                "\n{}\n",
                findings::text(&outcome.findings, self.style)
            );
        }
        if outcome.rows.is_empty() && outcome.ahead.is_empty() {
            text.push_str("Nothing to do.\n");
        }
        let (base, tip) = match &outcome.base {
            Some((base, tip)) => (terminal(base), tip.short()),
            None => Default::default(),
        };
        let _ = writeln!(
            text,
            "\n{base} {tip}, {} in sync{}, {} ({} of them writes), {:.1} s",
            counted(outcome.in_sync, "stage"),
            match outcome.not_moved {
                0 => String::new(),
                number => format!(", {number} not moved"),
            },
            requests(outcome.calls.reads + outcome.calls.writes),
            outcome.calls.writes,
            self.took.as_secs_f64()
        );
        text
    }
}

fn ahead(ahead: &ByHand) -> serde_json::Value {
    let by = ahead.service.by.as_ref();
    serde_json::json!({
        "pipeline": ahead.pipeline, "stage": ahead.stage, "service": ahead.service.name,
        "commit": by.map(|by| by.commit), "author": by.map(|by| &by.author), "date": by.map(|by| by.date.to_string()),
        "taken_away": ahead.taken_away,
    })
}

fn requests(number: u64) -> String {
    counted(usize::try_from(number).unwrap_or(usize::MAX), "request")
}

fn line(text: &mut String, row: &Row) {
    let word = match row.kind {
        RowKind::Blocked => "BLOCKED",
        RowKind::Error => "ERROR",
        RowKind::Promoted => "PROMOTED",
        RowKind::Opened => "OPENED",
        RowKind::Waiting => "WAITS",
        RowKind::Held => "HELD",
        RowKind::Due => "DUE",
    };
    let pull = row
        .pull
        .map(|number| format!(" {number}"))
        .unwrap_or_default();
    let plan = row
        .plan
        .map(|plan| format!("  {}", plan.shown()))
        .unwrap_or_default();
    let commit = row
        .commit
        .map(|commit| format!(" as {}", commit.short()))
        .unwrap_or_default();
    let _ = writeln!(
        text,
        "{word:<9} {} {} → {}{pull}{plan}  {}{}{commit}",
        terminal(&row.pipeline),
        terminal(&row.from.join(", ")),
        terminal(&row.to),
        terminal(&row.emergency()),
        terminal(&row.why)
    );
    if let Some(next) = &row.next {
        let _ = writeln!(text, "          next: {}", terminal(next));
    }
}

fn ordered(
    command: OnGithub,
    on: &RunContext<'_>,
) -> Result<(ForgeArgs, RunOptions, Format), Failure> {
    match command {
        OnGithub::Status(of) | OnGithub::Board(of, _) => {
            let StatusOnGithub {
                repository,
                checkout,
                asked,
            } = of;
            let StatusQuery {
                freeze,
                pipeline,
                format,
            } = asked;
            let forge = ForgeArgs {
                repository,
                checkout,
                dry_run: true,
                freeze,
            };
            let options = RunOptions {
                pipeline,
                mode: Mode::Observes("status: nothing was written".to_owned()),
                freeze: forge.freeze.clone().filter(|why| !why.is_empty()),
                request: None,
            };
            Ok((forge, options, format))
        }
        OnGithub::Reconcile(ReconcileArgs {
            forge,
            pipeline,
            format,
        }) => {
            let options = RunOptions {
                pipeline,
                mode: mode(&forge, on),
                freeze: forge.freeze.clone().filter(|why| !why.is_empty()),
                request: None,
            };
            Ok((forge, options, format))
        }
        OnGithub::Promote(Dispatch {
            forge,
            pipeline,
            to,
            take,
            plan,
            approve,
            reason,
            emergency,
            format,
        }) => {
            let asked = PromoteRequest {
                pipeline,
                to,
                take_source: take.is_some(),
                plan: plan.map(|text| plan_prefix(&text)).transpose()?,
                approve,
                reason,
                emergency,
                run: run_of(on.environment)?,
                ..PromoteRequest::default()
            };
            let options = asks(&forge, asked, on);
            Ok((forge, options, format))
        }
        OnGithub::Retry(RetryArgs {
            forge,
            pipeline,
            to,
            reason,
            format,
        }) => {
            let asked = PromoteRequest {
                pipeline,
                to,
                reason,
                retry: true,
                run: run_of(on.environment)?,
                ..PromoteRequest::default()
            };
            let options = asks(&forge, asked, on);
            Ok((forge, options, format))
        }
        OnGithub::Rollback(RollbackArgs {
            forge,
            pipeline,
            to,
            plan,
            reason,
            emergency,
            format,
        }) => {
            let asked = PromoteRequest {
                pipeline,
                to,
                reason,
                emergency,
                rollback: Some(match plan {
                    Some(text) => GoBack::Plan(plan_prefix(&text)?),
                    None => GoBack::Last,
                }),
                run: run_of(on.environment)?,
                ..PromoteRequest::default()
            };
            let options = asks(&forge, asked, on);
            Ok((forge, options, format))
        }
    }
}

/// Whether a run may write: not if its event forbids it, nor in a dry run.
fn mode(forge: &ForgeArgs, on: &RunContext<'_>) -> Mode {
    match &on.read_only {
        Some(why) => Mode::Observes(why.clone()),
        None if forge.dry_run => Mode::Observes("dry run: nothing was written".to_owned()),
        None => Mode::Writes,
    }
}

/// The options of a run for a person's request.
fn asks(forge: &ForgeArgs, asked: PromoteRequest, on: &RunContext<'_>) -> RunOptions {
    RunOptions {
        pipeline: Some(asked.pipeline.clone()),
        mode: mode(forge, on),
        freeze: forge.freeze.clone().filter(|why| !why.is_empty()),
        request: Some(asked),
    }
}

/// A plan ID, or its first digits, as it was typed.
fn plan_prefix(text: &str) -> Result<PlanPrefix, Failure> {
    text.parse::<PlanPrefix>().map_err(|error| {
        Failure::usage(format!("`plan`: {error}")).hint(
            "copy the plan ID from the pull request, `sluice history` or `sluice plan --format json`",
        )
    })
}

/// The workflow run that this process is a step of, if it is one.
fn run_of(environment: &Environment) -> Result<Option<u64>, Failure> {
    let wrong = |_| Failure::usage("GITHUB_RUN_ID is not a number");
    let id = environment.get("GITHUB_RUN_ID");
    id.map(|id| id.parse().map_err(wrong)).transpose()
}

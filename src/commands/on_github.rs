//! The commands that work on GitHub.

mod options;

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use self::options::{Ordered, ordered};
use super::output::Output;
use super::run_workflow::{self, StartedWorkflow};
use super::{board, status};
use crate::cli::{BoardFile, Format, OnGithub, WorkflowArgs};
use crate::error::Failure;
use crate::forge::Patience;
use crate::model::finding::Finding;
use crate::model::life::LifeState;
use crate::model::status::Status;
use crate::model::text::counted;
use crate::reconcile::outcome::{ByHand, Outcome, Row};
use crate::reconcile::request::RunOptions;
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
    shows: Shows,
    format: Format,
    style: Style,
}

/// What a command on GitHub prints.
enum Shows {
    /// What a run did and found.
    Run,
    /// The state of every pipeline.
    Status { status: Box<Status>, short: bool },
    /// The line that says which page was written.
    Board(String),
    /// A workflow that was started.
    Started(Box<StartedWorkflow>),
}

/// What a command that only reads shows of the status.
enum Look {
    Status { short: bool, waiting: bool },
    Board(BoardFile),
}

/// Carries out a command on GitHub.
///
/// # Errors
/// [`Failure`] if the run as a whole could not be carried out. What went wrong with one promotion is in its report.
pub async fn execute(command: OnGithub, on: &RunContext<'_>) -> Result<RunReport, Failure> {
    let started = Instant::now();
    let look = match &command {
        OnGithub::Status(status) => {
            status::refuse_short_json(&status.asked)?;
            Some(Look::Status {
                short: status.asked.short,
                waiting: status.asked.waiting,
            })
        }
        OnGithub::Board(_, file) => Some(Look::Board(file.clone())),
        _ => None,
    };
    let Ordered {
        forge: args,
        options,
        by_workflow,
        format,
    } = ordered(command, on.environment, on.read_only.as_deref())?;
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
    if look.is_some() {
        session.forge.show_pulls_of_apps();
    }
    let (mut outcome, mut shows) = match look {
        Some(ref look) => {
            let (outcome, mut status) = status::on_forge(&session, &options).await?;
            let short = match look {
                Look::Status { short, waiting } => {
                    if *waiting {
                        status.only_waiting();
                    }
                    *short
                }
                Look::Board(_) => false,
            };
            let status = Box::new(status);
            (outcome, Shows::Status { status, short })
        }
        None => match start_workflow(&session, &options, &by_workflow, on).await? {
            Some(started) => {
                let outcome = Outcome {
                    notices: session.notices.clone(),
                    ..Outcome::default()
                };
                (outcome, Shows::Started(Box::new(started)))
            }
            None => (reconcile(&session, &options).await?, Shows::Run),
        },
    };
    // What could not be read because of the limit may be in a row, in a notice, or nowhere.
    if let Some(limited) = session.rate_limited() {
        let failure = Failure::from(limited);
        outcome.failed = outcome.failed.max(Some(failure.exit));
        let mut words = vec![failure.message];
        words.extend(failure.hints);
        outcome.notices.push(words.join(": "));
    }
    if let (Some(Look::Board(file)), Shows::Status { status, .. }) = (&look, &shows) {
        let line = board::on_forge(
            &session,
            &args,
            &options,
            status,
            &outcome.notices,
            file,
            on.environment,
        )?;
        shows = Shows::Board(line);
    }
    Ok(RunReport {
        outcome,
        took: started.elapsed(),
        shows,
        format,
        style: Style::default(),
    })
}

/// The workflow that was started for a person's request, if the request goes there.
async fn start_workflow(
    session: &Session,
    options: &RunOptions,
    how: &WorkflowArgs,
    on: &RunContext<'_>,
) -> Result<Option<StartedWorkflow>, Failure> {
    let Some(request) = &options.request else {
        return Ok(None);
    };
    let in_workflow = on.environment.is_runner() || request.run.is_some();
    let by = run_workflow::person_who_starts(session, options, in_workflow).await?;
    match by {
        Some(by) => {
            let started = run_workflow::run(session, options, request, &by, how).await?;
            Ok(Some(started))
        }
        None if how.workflow.is_some() || how.no_wait => Err(Failure::usage(
            "--workflow and --no-wait are for a person's token, which starts the installed workflow; this token acts itself",
        )
        .hint("leave them out")),
        None => Ok(None),
    }
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
            text: match (self.format, &self.shows) {
                (Format::Json, Shows::Status { status, .. }) => report::status::json(status),
                (Format::Json, Shows::Started(started)) => json::document(&started.json()),
                (Format::Json, Shows::Run) => json::document(&self.json()),
                (Format::Json, Shows::Board(_)) | (Format::Text, _) => self.text(),
            },
            notices: self.outcome.notices.clone(),
            exit: match &self.shows {
                Shows::Started(started) => started.exit().max(self.outcome.exit()),
                Shows::Status { .. } | Shows::Board(_) | Shows::Run => self.outcome.exit(),
            },
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
        self.text_with(&self.outcome.findings)
    }

    /// Whether it shows the state of the pipelines, and changed nothing.
    pub(crate) fn shows_status(&self) -> bool {
        matches!(self.shows, Shows::Status { .. })
    }

    /// The text for a log that shows findings in another way.
    pub(crate) fn log_text(&self) -> String {
        self.text_with(&[])
    }

    fn text_with(&self, shown: &[Finding]) -> String {
        match &self.shows {
            Shows::Status { status, short } => {
                return report::status::text(status, &[], "sluice validate", *short, self.style);
            }
            Shows::Board(line) => return line.clone(),
            Shows::Started(started) => return started.text(self.style),
            Shows::Run => {}
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
                "AHEAD      {} {}  {}: {}{}",
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
        if !shown.is_empty() {
            let _ = write!(text, "\n{}\n", findings::text(shown, self.style));
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
    let word = match row.state {
        LifeState::LandedPastGates => "PAST GATES".to_owned(),
        LifeState::Queued => "QUEUED".to_owned(),
        state => state.word().to_uppercase(),
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
        "{word:<10} {} {} → {}{pull}{plan}  {}{}{commit}",
        terminal(&row.pipeline),
        terminal(&row.from.join(", ")),
        terminal(&row.to),
        terminal(&row.emergency()),
        terminal(&row.why)
    );
    if let Some(next) = &row.next {
        let _ = writeln!(text, "           next: {}", terminal(next));
    }
}

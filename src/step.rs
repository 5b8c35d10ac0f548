//! A step of a workflow: the inputs become a command line, the outcome becomes log, annotations, outputs and summary.

use std::collections::BTreeSet;

use clap::Parser;

use crate::cli::{Cli, Mode};
use crate::commands::dispatch::execute;
use crate::commands::on_github::{RunContext, RunReport, execute as execute_on_github};
use crate::commands::output::Output;
use crate::commands::runtime::runtime;
use crate::error::{Exit, Failure};
use crate::forge::Patience;
use crate::model::ids::PullNumber;
use crate::model::life::{LifeState, OutputList};
use crate::reconcile::outcome::{Outcome, Row};
use crate::reconcile::wording::APPROVE;
use crate::render::{
    Ahead, ClosedPull, Link, Pull, RenderError, Row as SummaryRow, Summary, chat_message, printed,
};
use crate::report::style::Style;
use crate::runner::{
    Annotation, Environment, Files, InputError, Inputs, Level, Log, Moved, NeedsPerson, Outputs,
    Run, Stop, trace_to,
};
use crate::session::{leads_to_github, token_variables};

/// Runs the step, and writes all its results.
pub(crate) fn run(environment: &Environment, log: &Log) -> Exit {
    log.catch_panics();
    let files = Files::of(environment);
    let exit = match prepared(environment, log)
        .and_then(|inputs| carried_out(environment, &inputs, log))
    {
        Ok(done) => written(&done, &files, log),
        Err(failure) => {
            failed(&failure, &files, log);
            failure.exit
        }
    };
    log.finish();
    exit
}

/// The result of a step.
enum Done {
    /// A run on GitHub.
    Ran(Box<RunReport>, Box<Run>),
    /// Another command, by its name.
    Said(&'static str, Output),
}

/// Reads the inputs. Tokens are masked before anything else is written.
fn prepared(environment: &Environment, log: &Log) -> Result<Inputs, Failure> {
    mask_tokens(environment, log);
    trace_to(log, None);
    let inputs = Inputs::read(environment).map_err(|error: InputError| {
        Failure::usage(error.to_string()).hint("fix the step's `with:` inputs")
    })?;
    Ok(inputs)
}

/// Registers every value that may be a token.
pub(crate) fn mask_tokens(environment: &Environment, log: &Log) {
    let tokens: BTreeSet<&str> = token_variables()
        .filter_map(|name| environment.get(name))
        .collect();
    for token in tokens {
        log.mask(&token.to_owned().into());
    }
}

fn carried_out(environment: &Environment, inputs: &Inputs, log: &Log) -> Result<Done, Failure> {
    let run = Run::read(environment).map_err(|error| Failure::usage(error.to_string()))?;
    for notice in &run.notices {
        log.say(Level::Notice, notice);
    }
    let cli = Cli::try_parse_from(inputs.arguments()).map_err(|error| {
        // Only the first paragraph: the rest is about a command line.
        let text = error.to_string();
        let lines: Vec<&str> = text
            .lines()
            .map(str::trim)
            .take_while(|line| !line.is_empty())
            .collect();
        let said = lines.join(" ");
        Failure::usage(said.trim_start_matches("error: ")).hint("fix the step's `with:` inputs")
    })?;
    let command = match cli.command.clone().mode(|| leads_to_github(environment)) {
        Mode::OnGithub(command) => command,
        _ => {
            return execute(cli, jiff::Timestamp::now(), Style::default(), environment)
                .map(|output| Done::Said(inputs.command.as_str(), output));
        }
    };
    let stop = Stop::on_signals()?;
    let on = RunContext {
        environment,
        patience: Patience::default(),
        stop: stop.flag(),
        read_only: run.read_only.map(|why| why.as_str().to_owned()),
        repository_size: run.repository_size,
    };
    let runtime = runtime()?;
    let ran = runtime.block_on(execute_on_github(command, &on))?;
    Ok(Done::Ran(Box::new(ran), Box::new(run)))
}

fn failed(failure: &Failure, files: &Files, log: &Log) {
    let mut annotation = Annotation::new(Level::Error, failure.message.clone());
    annotation.help = failure.hints.first().cloned();
    log.annotate(annotation);
    for hint in failure.hints.iter().skip(1) {
        log.say(Level::Info, hint);
    }
    let mut text = format!(
        "### Sluice: nothing was done\n\n{}\n",
        crate::report::escape::prose(&failure.message)
    );
    for hint in &failure.hints {
        text.push_str(&format!(
            "\nTo go on: {}\n",
            crate::report::escape::prose(hint)
        ));
    }
    summarize(Ok(text), files, log);
}

/// Writes the summary; without one the step goes on.
fn summarize(markdown: Result<String, RenderError>, files: &Files, log: &Log) {
    let trouble = match markdown {
        Ok(text) => files
            .write_summary(&text, log)
            .map_err(|error| format!("the step summary could not be written: {error}")),
        Err(error) => Err(format!("the step summary could not be made: {error}")),
    };
    if let Err(trouble) = trouble {
        log.say(Level::Warning, &trouble);
    }
}

fn written(done: &Done, files: &Files, log: &Log) -> Exit {
    let (ran, run) = match done {
        Done::Said(command, output) => {
            for notice in &output.notices {
                log.say(Level::Notice, notice);
            }
            let _ = log.print(&output.text);
            summarize(Ok(printed(command, &output.text)), files, log);
            return output.exit;
        }
        Done::Ran(ran, run) => (ran, run),
    };
    let outcome = &ran.outcome;
    for notice in &outcome.notices {
        log.say(Level::Notice, notice);
    }
    // Each finding is an annotation, which the log shows too.
    let _ = log.print(&ran.log_text());
    annotate(outcome, log);
    let site = Site::of(run);
    let markdown = match ran.shows_status() {
        true => Ok(printed("status", &ran.text())),
        false => summary(ran, &site).markdown(),
    };
    summarize(markdown, files, log);
    let (values, too_long) = outputs(ran, &site).values();
    for name in too_long {
        log.say(
            Level::Warning,
            &format!("the output `{name}` is longer than GitHub accepts, and is null"),
        );
    }
    let random = Files::random();
    let wrote = random.and_then(|random| files.write_outputs(values, random, log));
    if let Err(error) = wrote {
        log.say(
            Level::Error,
            &format!("the outputs could not be written: {error}"),
        );
        return outcome.exit().max(Exit::Failed);
    }
    outcome.exit()
}

fn annotate(outcome: &Outcome, log: &Log) {
    for finding in &outcome.findings {
        log.annotate(Annotation::from(finding));
    }
    for row in &outcome.rows {
        let level = match row.state {
            LifeState::Blocked if row.known => Level::Warning,
            LifeState::Blocked | LifeState::Error => Level::Error,
            LifeState::NeedsPerson | LifeState::LandedPastGates => Level::Warning,
            _ => continue,
        };
        let pull = row
            .pull
            .map(|number| format!(" ({number})"))
            .unwrap_or_default();
        let mut annotation = Annotation::new(
            level,
            format!(
                "{} {} → {}{pull}: {}",
                row.pipeline,
                row.from.join(", "),
                row.to,
                row.why
            ),
        );
        annotation.help.clone_from(&row.next);
        log.annotate(annotation);
    }
}

/// The base address of links.
struct Site {
    /// OWNER/NAME; empty if it is not known.
    name: String,
    /// Its address.
    repository: Option<String>,
    /// The folder of Sluice's own documents.
    docs: Option<String>,
}

impl Site {
    fn of(run: &Run) -> Self {
        let server = run.server.as_str();
        let name = run.repository.as_ref().map(ToString::to_string);
        Self {
            name: name.unwrap_or_default(),
            docs: run.docs.clone(),
            repository: run
                .repository
                .as_ref()
                .map(|slug| format!("{}/{slug}", server.trim_end_matches('/'))),
        }
    }

    fn link(&self, rest: &str) -> Option<Link> {
        Link::parse(&format!("{}/{rest}", self.repository.as_ref()?))
    }

    fn pull(&self, number: PullNumber) -> Pull {
        Pull {
            number: number.0,
            link: self.link(&format!("pull/{}", number.0)),
        }
    }
}

fn summary_row<'a>(row: &'a Row, site: &Site) -> SummaryRow<'a> {
    SummaryRow {
        state: row.state,
        kind: match (&row.emergency, row.rollback) {
            (Some(_), true) => Some("emergency rollback"),
            (Some(_), false) => Some("emergency"),
            (None, true) => Some("rollback"),
            (None, false) => None,
        },
        pipeline: &row.pipeline,
        to: &row.to,
        what: &row.what,
        pull: row.pull.map(|number| site.pull(number)),
        why: format!("{}{}", row.emergency(), row.why),
        commit: row
            .commit
            .map(|commit| (commit, site.link(&format!("commit/{commit}")))),
        approve: match row.next.as_deref() {
            Some(APPROVE) => row
                .pull
                .and_then(|number| site.link(&format!("pull/{}/files", number.0))),
            _ => None,
        },
        next: row.next.clone().unwrap_or_default(),
    }
}

fn summary<'a>(ran: &'a RunReport, site: &Site) -> Summary<'a> {
    let outcome = &ran.outcome;
    let rows = outcome
        .rows
        .iter()
        .filter(|row| outcome.asked || row.state != LifeState::Due)
        .map(|row| summary_row(row, site))
        .collect();
    let ahead = outcome
        .ahead
        .iter()
        .filter_map(|ahead| {
            let by = ahead.service.by.as_ref()?;
            Some(Ahead {
                service: &ahead.service.name,
                stage: &ahead.stage,
                by,
                taken_away: ahead.taken_away,
                link: site.link(&format!("commit/{}", by.commit)),
            })
        })
        .collect();
    let (base, tip) = match &outcome.base {
        Some((base, tip)) => (base.as_str(), Some(*tip)),
        None => ("", None),
    };
    Summary {
        banner: outcome.read_only.as_deref(),
        rows,
        not_opened: outcome
            .rows
            .iter()
            .filter(|row| !outcome.asked && row.state == LifeState::Due)
            .count(),
        ahead,
        in_sync: outcome.in_sync,
        not_moved: outcome.not_moved,
        findings: &outcome.findings,
        files: tip.and_then(|tip| site.link(&format!("blob/{tip}/"))),
        moving: outcome.moving.iter().collect(),
        base,
        tip,
        pipelines: outcome.pipelines.len(),
        requests: usize::try_from(outcome.calls.reads + outcome.calls.writes).ok(),
        took: Some(ran.took),
        explained: site
            .docs
            .as_ref()
            .and_then(|docs| Link::parse(&format!("{docs}/prod-has-not-moved.md"))),
        notices: &outcome.notices,
    }
}

fn outputs(ran: &RunReport, site: &Site) -> Outputs {
    let outcome = &ran.outcome;
    let moved = |row: &Row| Moved {
        pipeline: row.pipeline.clone(),
        stage: row.to.clone(),
        plan: row.plan,
        pull: row.pull.map(|number| number.0),
    };
    let those = |list: OutputList| -> Vec<Moved> {
        let rows = outcome.rows.iter();
        rows.filter(|row| row.state.output() == list)
            .map(moved)
            .collect()
    };
    let needs_person = outcome
        .rows
        .iter()
        .filter(|row| row.state.output() == OutputList::Blocked)
        .map(|row| NeedsPerson {
            which: moved(row),
            state: row.state,
            why: format!("{}{}", row.emergency(), row.why),
            next: row.next.clone(),
            url: row
                .pull
                .and_then(|number| site.pull(number).link)
                .map(|link| link.as_str().to_owned()),
            new: outcome.is_news(row),
        })
        .collect();
    let mut matrix: Vec<String> = outcome
        .rows
        .iter()
        .map(|row| row.pipeline.clone())
        .collect();
    matrix.sort();
    matrix.dedup();
    Outputs {
        changed: outcome.calls.writes > 0,
        promoted: those(OutputList::Promoted),
        opened: outcome.opened.iter().map(moved).collect(),
        pending: those(OutputList::Pending),
        blocked: those(OutputList::Blocked),
        needs_person,
        message: message(outcome, site),
        matrix,
        plan: serde_json::from_str(&outcome.plan).unwrap_or_default(),
        report: ran.json(),
    }
}

/// What changed in this run, for a chat.
fn message(outcome: &Outcome, site: &Site) -> String {
    let rows = outcome.rows.iter().filter(|row| outcome.is_news(row));
    let rows: Vec<SummaryRow<'_>> = rows.map(|row| summary_row(row, site)).collect();
    let closed = outcome.closed.iter().map(|closed| ClosedPull {
        pipeline: &closed.pipeline,
        to: &closed.stage,
        pull: site.pull(closed.pull),
    });
    chat_message(
        &site.name,
        &rows.iter().collect::<Vec<_>>(),
        &closed.collect::<Vec<_>>(),
    )
}

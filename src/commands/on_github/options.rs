//! From the arguments of a command on GitHub to the options of a run.

use crate::cli::{
    Dispatch, ForgeArgs, Format, OnGithub, ReconcileArgs, RetryArgs, RollbackArgs, StatusOnGithub,
    StatusQuery, WorkflowArgs,
};
use crate::error::Failure;
use crate::gather::GoBack;
use crate::model::plan_prefix::PlanPrefix;
use crate::reconcile::request::{Mode, PromoteRequest, RunOptions};
use crate::runner::Environment;

/// A command as it is carried out.
pub(super) struct Ordered {
    pub(super) forge: ForgeArgs,
    pub(super) options: RunOptions,
    pub(super) by_workflow: WorkflowArgs,
    pub(super) format: Format,
}

/// The options of a command. `read_only`: why this run must not write, if it must not.
///
/// # Errors
/// A plan ID or the ID of this process's run is not valid.
pub(super) fn ordered(
    command: OnGithub,
    environment: &Environment,
    read_only: Option<&str>,
) -> Result<Ordered, Failure> {
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
                short: _,
                waiting: _,
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
                freeze: freeze_reason(&forge),
                request: None,
            };
            Ok(Ordered {
                forge,
                options,
                by_workflow: WorkflowArgs::default(),
                format,
            })
        }
        OnGithub::Reconcile(ReconcileArgs {
            forge,
            pipeline,
            format,
        }) => {
            let options = RunOptions {
                pipeline,
                mode: mode(&forge, read_only),
                freeze: freeze_reason(&forge),
                request: None,
            };
            Ok(Ordered {
                forge,
                options,
                by_workflow: WorkflowArgs::default(),
                format,
            })
        }
        OnGithub::Promote(Dispatch {
            forge,
            by_workflow,
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
                run: run_of(environment)?,
                ..PromoteRequest::default()
            };
            Ok(requested(forge, by_workflow, asked, format, read_only))
        }
        OnGithub::Retry(RetryArgs {
            forge,
            by_workflow,
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
                run: run_of(environment)?,
                ..PromoteRequest::default()
            };
            Ok(requested(forge, by_workflow, asked, format, read_only))
        }
        OnGithub::Rollback(RollbackArgs {
            forge,
            by_workflow,
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
                run: run_of(environment)?,
                ..PromoteRequest::default()
            };
            Ok(requested(forge, by_workflow, asked, format, read_only))
        }
    }
}

/// Whether a run may write: not if its event forbids it, nor in a dry run.
fn mode(forge: &ForgeArgs, read_only: Option<&str>) -> Mode {
    match read_only {
        Some(why) => Mode::Observes(why.to_owned()),
        None if forge.dry_run => Mode::Observes("dry run: nothing was written".to_owned()),
        None => Mode::Writes,
    }
}

/// Why nothing may land in this run; an empty reason is none.
fn freeze_reason(forge: &ForgeArgs) -> Option<String> {
    forge.freeze.clone().filter(|why| !why.is_empty())
}

/// A person's request as it is carried out.
fn requested(
    forge: ForgeArgs,
    by_workflow: WorkflowArgs,
    asked: PromoteRequest,
    format: Format,
    read_only: Option<&str>,
) -> Ordered {
    let options = RunOptions {
        pipeline: Some(asked.pipeline.clone()),
        mode: mode(&forge, read_only),
        freeze: freeze_reason(&forge),
        request: Some(asked),
    };
    Ordered {
        forge,
        options,
        by_workflow,
        format,
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

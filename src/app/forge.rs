//! The commands that work on the forge.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::Output;
use super::reconcile::{Asked, Order, Outcome, reconcile};
use super::session::{Environment, Session};
use crate::cli::{Command, ForgeArgs, Format};
use crate::error::{Exit, Failure};
use crate::forge::Patience;
use crate::report::json;

/// What a run on the forge takes besides its arguments.
pub struct OnForge<'a> {
    /// The environment, by name.
    pub environment: Environment<'a>,
    /// How long it may wait.
    pub patience: Patience,
    /// Set: nothing more is written.
    pub stop: Arc<AtomicBool>,
}

/// Carries out a command on the forge.
///
/// # Errors
/// [`Failure`] where the run as a whole could not be carried out; what went wrong with one promotion stands in its
/// report.
pub async fn execute(command: Command, on: &OnForge<'_>) -> Result<Output, Failure> {
    let (args, order, format) = ordered(command, on.environment)?;
    let session = Session::open(&args, on.environment, on.patience, Arc::clone(&on.stop))?;
    let outcome = reconcile(&session, &order).await?;
    Ok(printed(&outcome, format))
}

fn printed(outcome: &Outcome, format: Format) -> Output {
    let _ = format;
    Output {
        text: json::document(&serde_json::json!({
            "version": json::VERSION,
            "promotions": outcome.rows,
            "requests": { "reads": outcome.calls.reads, "writes": outcome.calls.writes },
        })),
        notices: outcome.notices.clone(),
        exit: outcome.exit(),
    }
}

fn ordered(
    command: Command,
    environment: Environment<'_>,
) -> Result<(ForgeArgs, Order, Format), Failure> {
    match command {
        Command::Reconcile {
            forge,
            pipeline,
            format,
        } => {
            let order = Order {
                pipeline,
                dry_run: forge.dry_run,
                freeze: forge.freeze.clone().filter(|why| !why.is_empty()),
                asked: None,
            };
            Ok((forge, order, format))
        }
        Command::Promote {
            common,
            forge,
            take,
            plan,
            approve,
            reason,
            pipeline,
            to,
            ..
        } => {
            if common.policy.is_some() {
                return Err(Failure::new(
                    Exit::Invalid,
                    "--policy is for commands without a forge: on GitHub the policy is the base branch's own",
                ));
            }
            let run = match environment("GITHUB_RUN_ID") {
                Some(id) => Some(
                    id.trim()
                        .parse()
                        .map_err(|_| Failure::new(Exit::Invalid, "GITHUB_RUN_ID is no number"))?,
                ),
                None => None,
            };
            let asked = Asked {
                pipeline: pipeline.clone(),
                to,
                take_source: take.is_some(),
                plan,
                approve,
                reason,
                run,
            };
            let order = Order {
                pipeline: Some(pipeline),
                dry_run: forge.dry_run,
                freeze: forge.freeze.clone().filter(|why| !why.is_empty()),
                asked: Some(asked),
            };
            Ok((forge, order, common.format))
        }
        _ => Err(Failure::new(
            Exit::Invalid,
            "this command does not work on the forge",
        )),
    }
}

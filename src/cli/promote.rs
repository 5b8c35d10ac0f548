//! The arguments of `promote`: on this machine, or as a dispatch on GitHub.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

use super::shared::{ForgeArgs, Format, PathArgs, TakeWhat, WorkflowArgs, parse_time};

/// What `promote` takes.
#[derive(Clone, Debug, Args)]
pub struct PromoteArgs {
    /// The pipeline, as NAME or NAMESPACE/NAME
    #[arg(long, value_name = "P")]
    pub(super) pipeline: String,
    /// The stage to promote into
    #[arg(long, value_name = "STAGE")]
    pub(super) to: String,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
    /// Commit to the current branch of the repository at PATH, without GitHub
    #[arg(long, conflicts_with_all = ["on_github", "dispatch", "by_workflow"])]
    pub(super) local: bool,
    #[command(flatten)]
    pub(super) by_commit: LocalArgs,
    #[command(flatten)]
    pub(super) forge: ForgeArgs,
    #[command(flatten)]
    pub(super) by_workflow: WorkflowArgs,
    #[command(flatten)]
    pub(super) dispatch: DispatchArgs,
}

/// What only `promote --local` takes.
#[derive(Clone, Debug, Args)]
#[group(id = "by_commit")]
pub(super) struct LocalArgs {
    /// With --local: a git repository (the top of its work tree, or a bare one) [default: this folder]
    #[arg(requires = "local")]
    pub(super) path: Option<PathBuf>,
    /// With --local: the policy [default: PATH/.github/sluice.yaml, which may be missing]
    #[arg(long, value_name = "FILE", requires = "local")]
    pub(super) policy: Option<PathBuf>,
    /// With --local: the time of the evaluation (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time, requires = "local")]
    pub(super) at: Option<Timestamp>,
    /// With --local: who approved; recorded as unverified; repeatable
    #[arg(long, value_name = "NAME", requires = "local")]
    pub(super) approved_by: Vec<String>,
}

/// What only a `promote` on GitHub takes.
#[derive(Clone, Debug, Args)]
#[group(id = "dispatch")]
pub(super) struct DispatchArgs {
    /// Take the source's values even if the target was set by hand
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(super) take: Option<TakeWhat>,
    /// Only this plan: its whole ID, 64 digits; with --dry-run, at least the first 12
    #[arg(long, value_name = "ID")]
    pub(super) plan: Option<String>,
    /// Approve --plan with this request, if the gate's rule lists `dispatch` under `ways`
    #[arg(long, requires = "plan")]
    pub(super) approve: bool,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: Option<String>,
    /// Use the policy's emergency rules of this stage; needs --reason
    #[arg(long, requires = "reason")]
    pub(super) emergency: bool,
}

/// One promotion by a commit in a local repository.
#[derive(Clone, Debug)]
pub struct LocalPromotion {
    /// What to read.
    pub place: PathArgs,
    /// The time of the evaluation.
    pub at: Option<Timestamp>,
    /// The pipeline.
    pub pipeline: String,
    /// The stage to promote into.
    pub to: String,
    /// Who approved.
    pub approved_by: Vec<String>,
    /// The output format.
    pub format: Format,
}

/// One promotion on GitHub, as a dispatch asks for it.
#[derive(Clone, Debug)]
pub struct Dispatch {
    /// The repository, and how to work on it.
    pub forge: ForgeArgs,
    /// How it reaches the installed workflow.
    pub by_workflow: WorkflowArgs,
    /// The pipeline.
    pub pipeline: String,
    /// The stage to promote into.
    pub to: String,
    /// Take the source's values even if the target was set by hand.
    pub take: Option<TakeWhat>,
    /// Only this plan.
    pub plan: Option<String>,
    /// The dispatch approves the plan.
    pub approve: bool,
    /// Why.
    pub reason: Option<String>,
    /// By the policy's rules for an emergency.
    pub emergency: bool,
    /// The output format.
    pub format: Format,
}

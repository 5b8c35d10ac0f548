//! The command line as a whole, and the mode that it asks for.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ColorChoice, Parser, Subcommand};
use jiff::Timestamp;

use super::promote::PromoteArgs;
use super::shared::{
    ForgeArgs, Format, PathArgs, WorkflowArgs, parse_date, parse_repo, parse_stage, parse_time,
};
use super::status::{BoardArgs, StatusArgs};

/// Release pipelines for GitOps repositories: what can be promoted, why the rest cannot, and exactly the right edit.
#[derive(Clone, Debug, Parser)]
#[command(name = "sluice", version, about, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Print a line for each request and each round to standard error; RUNNER_DEBUG=1 does the same
    #[arg(long, global = true, display_order = 1000)]
    pub verbose: bool,
    /// When to print in colour
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = ColorChoice::Auto, display_order = 1001)]
    pub color: ColorChoice,
}

const EXIT_CODES: &str = "\
Exit codes:
  0   done; gates may still be waiting
  1   something could not be read or written
  2   a finding of severity error
  3   stopped for safety
  64  wrong usage";

const ENVIRONMENT: &str = "\
Environment:
  SLUICE_TOKEN, INPUT_TOKEN, GITHUB_TOKEN   the token, never passed as an argument; the first one set is used
  GH_TOKEN                                  the token if none of these is set, for read-only commands outside GitHub Actions
  SLUICE_READ_TOKEN                         a read-only token for other repositories
  GITHUB_REPOSITORY                         the repository, as OWNER/NAME
  GITHUB_WORKSPACE                          a local clone to read from instead of the API
  GITHUB_API_URL, GITHUB_GRAPHQL_URL, GITHUB_SERVER_URL   the addresses of GitHub, if not github.com
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY, SSL_CERT_FILE        proxies and certificates
  NO_COLOR, CLICOLOR_FORCE                  never print in colour; always do, if --color is not given";

const COLOUR: &str = "\
Environment:
  NO_COLOR         never print in colour, if --color is not given
  CLICOLOR_FORCE   always print in colour, if --color is not given";

/// The commands.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Check manifests and policy on disk
    #[command(after_help = COLOUR)]
    Validate(ValidateArgs),
    /// Show what would be promoted, and why the rest would not be
    #[command(after_help = COLOUR)]
    Plan(PlanArgs),
    /// Run the pipelines to their end on a virtual repository
    #[command(after_help = COLOUR)]
    Simulate(SimulateArgs),
    /// Print the pipelines as a Mermaid chart
    Graph(GraphArgs),
    /// Show what each stage runs, which promotion into it waits, for whom and until when; read-only
    ///
    /// Reads GitHub with --repository, or if GITHUB_REPOSITORY is set and no option refers to PATH; otherwise reads PATH.
    #[command(after_help = ENVIRONMENT)]
    Status(StatusArgs),
    /// Write one HTML page: what waits and for whom, what each service runs in each stage, and what landed; read-only
    ///
    /// Reads what status reads, and the history of the clone at PATH or --checkout; without a clone it has no history.
    #[command(after_help = ENVIRONMENT)]
    Board(BoardArgs),
    /// Reconcile a repository on GitHub; this is what the Action runs
    #[command(after_help = ENVIRONMENT)]
    Reconcile(ReconcileArgs),
    /// Promote one stage: on GitHub, as Run workflow does, or with a local commit
    #[command(after_help = ENVIRONMENT)]
    Promote(PromoteArgs),
    /// Roll a stage back through the same gates; the rolled-back change is held until someone releases it
    #[command(after_help = ENVIRONMENT)]
    Rollback(RollbackArgs),
    /// Restart the workflows of a stage's gates that failed or timed out
    #[command(after_help = ENVIRONMENT)]
    Retry(RetryArgs),
    /// Report what to change on GitHub before the first promotion; read-only, except with --live
    #[command(after_help = ENVIRONMENT)]
    Doctor(DoctorArgs),
    /// Propose pipelines, a policy and a workflow for the services found here
    #[command(after_help = COLOUR)]
    Init(InitArgs),
    /// List what landed and which gates passed; --verify recomputes every landing and lists changes made any other way
    #[command(after_help = COLOUR)]
    History(HistoryArgs),
    /// Print the JSON Schema of the policy
    Schema(SchemaArgs),
}

/// What `validate` takes.
#[derive(Clone, Debug, Args)]
pub struct ValidateArgs {
    /// What to read.
    #[command(flatten)]
    pub place: PathArgs,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// The time of the evaluation (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub at: Option<Timestamp>,
    /// Write the fixes that are safe
    #[arg(long)]
    pub fix: bool,
}

/// What `plan` takes.
#[derive(Clone, Debug, Args)]
pub struct PlanArgs {
    /// What to read.
    #[command(flatten)]
    pub place: PathArgs,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// The time of the evaluation (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub at: Option<Timestamp>,
    /// Show a unified diff of every file that would change
    #[arg(long)]
    pub diff: bool,
    /// Show the line of the policy behind each answer
    #[arg(long)]
    pub why: bool,
}

/// What `simulate` takes.
#[derive(Clone, Debug, Args)]
pub struct SimulateArgs {
    /// What to read.
    #[command(flatten)]
    pub place: PathArgs,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// When the simulation begins (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub at: Option<Timestamp>,
    /// Approve every plan as soon as it is proposed, as this user; repeatable
    #[arg(long, value_name = "USER")]
    pub approve: Vec<String>,
    /// Write the files of the end state into this new or empty folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Read the repository at this address from a local clone; repeatable [default: assume one new commit in it]
    #[arg(long, value_name = "URL=PATH", value_parser = parse_repo)]
    pub repo: Vec<(String, PathBuf)>,
    /// Request this stage whenever something is due for it, as a person does by Run workflow; repeatable
    #[arg(long, value_name = "P/STAGE", value_parser = parse_stage)]
    pub promote: Vec<(String, String)>,
    /// Stop the clock at this time (RFC 3339) [default: a year after --at]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub until: Option<Timestamp>,
}

/// What `graph` takes.
#[derive(Clone, Debug, Args)]
pub struct GraphArgs {
    /// What to read.
    #[command(flatten)]
    pub place: PathArgs,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// What `reconcile` takes.
#[derive(Clone, Debug, Args)]
pub struct ReconcileArgs {
    /// The repository, and how to work on it.
    #[command(flatten)]
    pub forge: ForgeArgs,
    /// Only this pipeline, as NAME or NAMESPACE/NAME
    #[arg(long, value_name = "P")]
    pub pipeline: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// What `rollback` takes.
#[derive(Clone, Debug, Args)]
pub struct RollbackArgs {
    /// The repository, and how to work on it.
    #[command(flatten)]
    pub forge: ForgeArgs,
    /// How it reaches the installed workflow.
    #[command(flatten)]
    pub by_workflow: WorkflowArgs,
    /// The pipeline, as NAME or NAMESPACE/NAME
    #[arg(long, value_name = "P")]
    pub pipeline: String,
    /// The stage to roll back
    #[arg(long, value_name = "STAGE")]
    pub to: String,
    /// Roll back to the landing of this plan: its ID, or at least its first 12 digits [default: the landing before the current one]
    #[arg(long, value_name = "ID")]
    pub plan: Option<String>,
    /// Why; recorded, and shown to anyone who finds the stage held
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Use the policy's emergency rules of this stage; needs --reason
    #[arg(long, requires = "reason")]
    pub emergency: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// What `retry` takes.
#[derive(Clone, Debug, Args)]
pub struct RetryArgs {
    /// The repository, and how to work on it.
    #[command(flatten)]
    pub forge: ForgeArgs,
    /// How it reaches the installed workflow.
    #[command(flatten)]
    pub by_workflow: WorkflowArgs,
    /// The pipeline, as NAME or NAMESPACE/NAME
    #[arg(long, value_name = "P")]
    pub pipeline: String,
    /// The stage that waits for the workflows
    #[arg(long, value_name = "STAGE")]
    pub to: String,
    /// Why, for the log
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// What `doctor` takes.
#[derive(Clone, Debug, Args)]
pub struct DoctorArgs {
    /// Read policy and manifests from this folder or clone [default: the tip of the default branch]
    pub path: Option<PathBuf>,
    /// The repository [default: GITHUB_REPOSITORY, else the remote `origin` of the clone in this folder]
    #[arg(long, value_name = "OWNER/NAME")]
    pub repository: Option<String>,
    /// Test Sluice's assumptions about GitHub by writing to this scratch repository
    #[arg(long, value_name = "OWNER/SCRATCH", conflicts_with_all = ["path", "repository"])]
    pub live: Option<String>,
    /// The slug of a team in the scratch repository's organisation that --live may ask to review; its members are notified
    #[arg(long, value_name = "NAME", requires = "live")]
    pub team: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// What `init` takes.
#[derive(Clone, Debug, Args)]
pub struct InitArgs {
    /// The top of a repository, or a plain folder; files are read from disk [default: this folder]
    pub path: Option<PathBuf>,
    /// Save the proposed files; existing files are never overwritten
    #[arg(long)]
    pub write: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// What `history` takes.
#[derive(Clone, Debug, Args)]
pub struct HistoryArgs {
    /// What to read.
    #[command(flatten)]
    pub place: PathArgs,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Recompute every landing, and list every promoted field that was changed any other way
    #[arg(long)]
    pub verify: bool,
    /// Only this pipeline, as NAME or NAMESPACE/NAME; it need not exist any more
    #[arg(long, value_name = "P")]
    pub pipeline: Option<String>,
    /// Only this stage
    #[arg(long, value_name = "STAGE")]
    pub to: Option<String>,
    /// Leave out older landings, by commit date: 2026-11-20, or RFC 3339
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    pub since: Option<Timestamp>,
    /// List at most N landings; --verify checks all of them
    #[arg(long, value_name = "N")]
    pub limit: Option<NonZeroUsize>,
}

/// What `schema` takes.
#[derive(Clone, Debug, Args)]
pub struct SchemaArgs {
    /// Output format; with `json`, the schema is a member of the document that all commands print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn a_date_is_a_day_or_a_time() {
        let at = |text: &str| super::parse_date(text).ok().map(|at| at.to_string());
        let midnight = Some("2026-11-20T00:00:00Z".to_owned());
        assert_eq!(at("2026-11-20"), midnight);
        assert_eq!(at("2026-11-20T01:00:00+01:00"), midnight);
        for wrong in [
            "",
            "yesterday",
            "2026-13-01",
            "2026-11-20T01:00:00",
            "20261120",
        ] {
            assert_eq!(at(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_arguments_fit_together() {
        super::Cli::command().debug_assert();
    }
}

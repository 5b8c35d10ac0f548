//! The command line as a whole, and the mode that it asks for.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use jiff::Timestamp;

use super::promote::PromoteArgs;
use super::shared::{ForgeArgs, Format, PathArgs, parse_date, parse_repo, parse_time};
use super::status::StatusArgs;

/// Release pipelines for GitOps repositories: what may be promoted, why the rest may not, and exactly the right edit.
#[derive(Clone, Debug, Parser)]
#[command(name = "sluice", version, about, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Print a line for each request and each round to standard error; RUNNER_DEBUG=1 does the same
    #[arg(long, global = true, display_order = 1000)]
    pub verbose: bool,
}

const EXIT_CODES: &str = "\
Exit codes:
  0   done, waiting gates included
  1   something could not be read or written
  2   a finding of severity error
  3   blocked for safety
  64  wrong usage";

const ENVIRONMENT: &str = "\
Environment:
  SLUICE_TOKEN, INPUT_TOKEN, GITHUB_TOKEN   the token; the first that is set counts, and it is never an argument
  GH_TOKEN                                  the token if none of these is set, outside of GitHub Actions, for what only reads
  SLUICE_READ_TOKEN                         a token that only reads, for other repositories
  GITHUB_REPOSITORY                         the repository, as OWNER/NAME
  GITHUB_WORKSPACE                          a clone that saves calls
  GITHUB_API_URL, GITHUB_GRAPHQL_URL, GITHUB_SERVER_URL   where GitHub is, if not at github.com
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY, SSL_CERT_FILE        the way there
  NO_COLOR                                  no colour, whatever the terminal";

const COLOUR: &str = "\
Environment:
  NO_COLOR   no colour, whatever the terminal";

/// The commands.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Check manifests and policy on disk
    #[command(after_help = COLOUR)]
    Validate(ValidateArgs),
    /// Show what would be promoted, and why the rest would not
    #[command(after_help = COLOUR)]
    Plan(PlanArgs),
    /// Play the pipelines to their end on a virtual repository
    #[command(after_help = COLOUR)]
    Simulate(SimulateArgs),
    /// Print the pipelines as a Mermaid chart
    Graph(GraphArgs),
    /// Show what each stage runs, what waits in front of it, for whom and until when; reads only
    ///
    /// On GitHub with --repository, or if GITHUB_REPOSITORY is set and nothing says that PATH is meant; else PATH is looked at.
    #[command(after_help = ENVIRONMENT)]
    Status(StatusArgs),
    /// Reconcile a repository on GitHub: what the Action runs
    #[command(after_help = ENVIRONMENT)]
    Reconcile(ReconcileArgs),
    /// Promote one stage: on GitHub as a dispatch does, or by a local commit
    #[command(after_help = ENVIRONMENT)]
    Promote(PromoteArgs),
    /// Take a stage back to what it held before, through the same gates; what it leaves comes again only once somebody lets it
    #[command(after_help = ENVIRONMENT)]
    Rollback(RollbackArgs),
    /// Start the workflows of a stage's gates again that failed or ran out of time
    #[command(after_help = ENVIRONMENT)]
    Retry(RetryArgs),
    /// Say what to change on GitHub before the first promotion; reads only, except with --live
    #[command(after_help = ENVIRONMENT)]
    Doctor(DoctorArgs),
    /// Propose pipelines, policy and workflow for the services that are here
    #[command(after_help = COLOUR)]
    Init(InitArgs),
    /// List what landed and by which gates; --verify computes it all again, and names what came another way
    #[command(after_help = COLOUR)]
    History(HistoryArgs),
    /// Print the JSON Schema of the policy
    Schema(SchemaArgs),
}

/// What `validate` takes.
#[derive(Clone, Debug, Args)]
pub struct ValidateArgs {
    /// Where.
    #[command(flatten)]
    pub place: PathArgs,
    /// How to print
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
    /// Where.
    #[command(flatten)]
    pub place: PathArgs,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// The time of the evaluation (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub at: Option<Timestamp>,
    /// Show a unified diff of every file that would change
    #[arg(long)]
    pub diff: bool,
    /// Name the line of the policy behind each answer
    #[arg(long)]
    pub why: bool,
}

/// What `simulate` takes.
#[derive(Clone, Debug, Args)]
pub struct SimulateArgs {
    /// Where.
    #[command(flatten)]
    pub place: PathArgs,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// When the simulation begins (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub at: Option<Timestamp>,
    /// Approve every plan as it is proposed; may be given several times
    #[arg(long, value_name = "USER")]
    pub approve: Vec<String>,
    /// Write the files of the end state into this new or empty folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Read the repository at this address from a clone; may be given several times [default: one new commit of it is assumed]
    #[arg(long, value_name = "URL=PATH", value_parser = parse_repo)]
    pub repo: Vec<(String, PathBuf)>,
    /// Do not move the clock past this time (RFC 3339) [default: a year after --at]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub until: Option<Timestamp>,
}

/// What `graph` takes.
#[derive(Clone, Debug, Args)]
pub struct GraphArgs {
    /// Where.
    #[command(flatten)]
    pub place: PathArgs,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// What `reconcile` takes.
#[derive(Clone, Debug, Args)]
pub struct ReconcileArgs {
    /// Where and how.
    #[command(flatten)]
    pub forge: ForgeArgs,
    /// Only this pipeline, as NAME or NAMESPACE/NAME
    #[arg(long, value_name = "P")]
    pub pipeline: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// What `rollback` takes.
#[derive(Clone, Debug, Args)]
pub struct RollbackArgs {
    /// Where and how, on GitHub.
    #[command(flatten)]
    pub forge: ForgeArgs,
    /// The pipeline, as NAME or NAMESPACE/NAME
    #[arg(long, value_name = "P")]
    pub pipeline: String,
    /// The stage that goes back
    #[arg(long, value_name = "STAGE")]
    pub to: String,
    /// To what the landing of this plan brought: its ID, or 12 or more of its first digits [default: what it held last]
    #[arg(long, value_name = "ID")]
    pub plan: Option<String>,
    /// Why, for the record, and for whoever finds the stage held
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// By the policy's rules for an emergency of this stage; needs --reason
    #[arg(long, requires = "reason")]
    pub emergency: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// What `retry` takes.
#[derive(Clone, Debug, Args)]
pub struct RetryArgs {
    /// Where and how, on GitHub.
    #[command(flatten)]
    pub forge: ForgeArgs,
    /// The pipeline, as NAME or NAMESPACE/NAME
    #[arg(long, value_name = "P")]
    pub pipeline: String,
    /// The stage that waits for them
    #[arg(long, value_name = "STAGE")]
    pub to: String,
    /// Why, for the log
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// How to print
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
    /// Prove on this scratch repository, by writing to it, what is believed of GitHub
    #[arg(long, value_name = "OWNER/SCRATCH", conflicts_with_all = ["path", "repository"])]
    pub live: Option<String>,
    /// A team of the scratch repository's organisation, by its slug, that --live may ask to review: its members are notified
    #[arg(long, value_name = "NAME", requires = "live")]
    pub team: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// What `init` takes.
#[derive(Clone, Debug, Args)]
pub struct InitArgs {
    /// The top of a repository, or a plain folder; what is on disk is looked at [default: this folder]
    pub path: Option<PathBuf>,
    /// Save the proposed files; nothing that is there is ever overwritten
    #[arg(long)]
    pub write: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// What `history` takes.
#[derive(Clone, Debug, Args)]
pub struct HistoryArgs {
    /// Where.
    #[command(flatten)]
    pub place: PathArgs,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Compute every landing again, and name every promoted field that was changed another way
    #[arg(long)]
    pub verify: bool,
    /// Only this pipeline, as NAME or NAMESPACE/NAME; it may be gone by now
    #[arg(long, value_name = "P")]
    pub pipeline: Option<String>,
    /// Only this stage
    #[arg(long, value_name = "STAGE")]
    pub to: Option<String>,
    /// Leave out what is older, by the dates of commits: 2026-11-20, or RFC 3339
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    pub since: Option<Timestamp>,
    /// List at most so many landings; --verify looks at all of them
    #[arg(long, value_name = "N")]
    pub limit: Option<NonZeroUsize>,
}

/// What `schema` takes.
#[derive(Clone, Debug, Args)]
pub struct SchemaArgs {
    /// How to print: with `json` the schema is a member of the document that all commands print
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

//! The command line: parsing, and nothing but parsing.
//!
//! One set of arguments per mode: a mode accepts only what it reads.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;

/// Release pipelines for GitOps repositories: what may be promoted, why the rest may not, and exactly the right edit.
#[derive(Clone, Debug, Parser)]
#[command(name = "sluice", version, about, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
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

/// What is looked at, by every command that reads files of this machine.
#[derive(Clone, Debug, Default, Args)]
#[group(id = "on_disk")]
pub struct Place {
    /// A git repository (the top of its work tree, or a bare one) or a plain folder [default: this folder; in a folder without a
    /// Pipeline, the top of the repository that it lies in]
    pub path: Option<PathBuf>,
    /// The policy [default: PATH/.github/sluice.yaml, which may be missing]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
}

/// What every command takes that works on GitHub. The token comes from the environment, never from the command line.
#[derive(Clone, Debug, Default, Args)]
#[group(id = "on_github")]
pub struct ForgeArgs {
    /// The repository [default: GITHUB_REPOSITORY; with --dry-run, else the remote `origin` of the clone in this folder]
    #[arg(long, value_name = "OWNER/NAME")]
    pub repository: Option<String>,
    /// A clone that saves calls, where there is one [default: GITHUB_WORKSPACE]
    #[arg(long, value_name = "DIR")]
    pub checkout: Option<PathBuf>,
    /// Say what would be done, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Land nothing in this run, for this reason
    #[arg(long, value_name = "REASON")]
    pub freeze: Option<String>,
}

/// What `validate` takes.
#[derive(Clone, Debug, Args)]
pub struct ValidateArgs {
    /// Where.
    #[command(flatten)]
    pub place: Place,
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
    pub place: Place,
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
    pub place: Place,
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
    pub place: Place,
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
    pub place: Place,
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

/// What `status` takes.
#[derive(Clone, Debug, Args)]
pub struct StatusArgs {
    #[command(flatten)]
    place: Place,
    /// The time of the evaluation (RFC 3339); on GitHub it is the server's [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time, group = "on_disk")]
    at: Option<Timestamp>,
    /// The repository on GitHub [default: GITHUB_REPOSITORY; if there is a token, else the remote `origin` of the clone in this folder]
    #[arg(long, value_name = "OWNER/NAME", conflicts_with = "on_disk")]
    repository: Option<String>,
    /// A clone that saves calls to GitHub, where there is one [default: GITHUB_WORKSPACE]
    #[arg(long, value_name = "DIR", conflicts_with = "on_disk")]
    checkout: Option<PathBuf>,
    /// As it would be if nothing landed, for this reason
    #[arg(long, value_name = "REASON")]
    freeze: Option<String>,
    /// Only this pipeline, as NAME or NAMESPACE/NAME
    #[arg(long, value_name = "P")]
    pipeline: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// `status` of a repository or folder on this machine.
#[derive(Clone, Debug)]
pub struct StatusOnDisk {
    /// Where.
    pub place: Place,
    /// The time of the evaluation.
    pub at: Option<Timestamp>,
    /// What else was asked for.
    pub asked: AskedOfStatus,
}

/// `status` of a repository on GitHub.
#[derive(Clone, Debug)]
pub struct StatusOnGithub {
    /// The repository; `None`: that of the environment.
    pub repository: Option<String>,
    /// A clone that saves calls.
    pub checkout: Option<PathBuf>,
    /// What else was asked for.
    pub asked: AskedOfStatus,
}

/// What `status` takes wherever it looks.
#[derive(Clone, Debug)]
pub struct AskedOfStatus {
    /// As it would be if nothing landed, for this reason.
    pub freeze: Option<String>,
    /// Only this pipeline.
    pub pipeline: Option<String>,
    /// How to print.
    pub format: Format,
}

impl StatusArgs {
    fn mode(self, named: impl FnOnce() -> bool) -> Mode {
        let Self {
            place,
            at,
            repository,
            checkout,
            freeze,
            pipeline,
            format,
        } = self;
        let asked = AskedOfStatus {
            freeze,
            pipeline,
            format,
        };
        let on_disk = place.path.is_some() || place.policy.is_some() || at.is_some();
        let on_github = || repository.is_some() || checkout.is_some() || named();
        match !on_disk && on_github() {
            true => Mode::OnGithub(OnGithub::Status(StatusOnGithub {
                repository,
                checkout,
                asked,
            })),
            false => Mode::Status(StatusOnDisk { place, at, asked }),
        }
    }
}

/// What `promote` takes.
#[derive(Clone, Debug, Args)]
pub struct PromoteArgs {
    /// The pipeline, as NAME or NAMESPACE/NAME
    #[arg(long, value_name = "P")]
    pipeline: String,
    /// The stage to promote into
    #[arg(long, value_name = "STAGE")]
    to: String,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Commit to the current branch of the repository at PATH, without a forge
    #[arg(long, conflicts_with_all = ["on_github", "dispatch"])]
    local: bool,
    #[command(flatten)]
    by_commit: LocalArgs,
    #[command(flatten)]
    forge: ForgeArgs,
    #[command(flatten)]
    dispatch: DispatchArgs,
}

/// What only `promote --local` takes.
#[derive(Clone, Debug, Args)]
#[group(id = "by_commit")]
struct LocalArgs {
    /// With --local: a git repository (the top of its work tree, or a bare one) [default: this folder]
    #[arg(requires = "local")]
    path: Option<PathBuf>,
    /// With --local: the policy [default: PATH/.github/sluice.yaml, which may be missing]
    #[arg(long, value_name = "FILE", requires = "local")]
    policy: Option<PathBuf>,
    /// With --local: the time of the evaluation (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time, requires = "local")]
    at: Option<Timestamp>,
    /// With --local: who approved; recorded as unverified; may be given several times
    #[arg(long, value_name = "NAME", requires = "local")]
    approved_by: Vec<String>,
}

/// What only a `promote` on GitHub takes.
#[derive(Clone, Debug, Args)]
#[group(id = "dispatch")]
struct DispatchArgs {
    /// Take the source's values even where the target was set by hand
    #[arg(long, value_enum, value_name = "WHAT")]
    take: Option<TakeWhat>,
    /// Only this plan: its whole ID, 64 digits; with --dry-run 12 or more of the first
    #[arg(long, value_name = "ID")]
    plan: Option<String>,
    /// The dispatch approves --plan, where the gate's rule lists that way
    #[arg(long, requires = "plan")]
    approve: bool,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// By the policy's rules for an emergency of this stage; needs --reason
    #[arg(long, requires = "reason")]
    emergency: bool,
}

/// One promotion by a commit in a local repository.
#[derive(Clone, Debug)]
pub struct LocalPromotion {
    /// Where.
    pub place: Place,
    /// The time of the evaluation.
    pub at: Option<Timestamp>,
    /// The pipeline.
    pub pipeline: String,
    /// The stage to promote into.
    pub to: String,
    /// Who approved.
    pub approved_by: Vec<String>,
    /// How to print.
    pub format: Format,
}

/// One promotion on GitHub, as a dispatch asks for it.
#[derive(Clone, Debug)]
pub struct Dispatch {
    /// Where and how.
    pub forge: ForgeArgs,
    /// The pipeline.
    pub pipeline: String,
    /// The stage to promote into.
    pub to: String,
    /// Take the source's values even where the target was set by hand.
    pub take: Option<TakeWhat>,
    /// Only this plan.
    pub plan: Option<String>,
    /// The dispatch approves the plan.
    pub approve: bool,
    /// Why.
    pub reason: Option<String>,
    /// By the policy's rules for an emergency.
    pub emergency: bool,
    /// How to print.
    pub format: Format,
}

impl PromoteArgs {
    /// What belongs to the other way was refused in parsing.
    fn mode(self) -> Mode {
        let Self {
            pipeline,
            to,
            format,
            local,
            by_commit,
            forge,
            dispatch,
        } = self;
        match local {
            true => {
                let LocalArgs {
                    path,
                    policy,
                    at,
                    approved_by,
                } = by_commit;
                Mode::PromoteLocal(LocalPromotion {
                    place: Place { path, policy },
                    at,
                    pipeline,
                    to,
                    approved_by,
                    format,
                })
            }
            false => {
                let DispatchArgs {
                    take,
                    plan,
                    approve,
                    reason,
                    emergency,
                } = dispatch;
                Mode::OnGithub(OnGithub::Promote(Dispatch {
                    forge,
                    pipeline,
                    to,
                    take,
                    plan,
                    approve,
                    reason,
                    emergency,
                    format,
                }))
            }
        }
    }
}

/// A command, the way it goes: each with what it reads, and nothing else.
#[derive(Clone, Debug)]
pub enum Mode {
    /// On GitHub, by calls of its API.
    OnGithub(OnGithub),
    /// `validate`.
    Validate(ValidateArgs),
    /// `plan`.
    Plan(PlanArgs),
    /// `simulate`.
    Simulate(SimulateArgs),
    /// `graph`.
    Graph(GraphArgs),
    /// `status` of what is on this machine.
    Status(StatusOnDisk),
    /// `promote --local`.
    PromoteLocal(LocalPromotion),
    /// `doctor`.
    Doctor(DoctorArgs),
    /// `init`.
    Init(InitArgs),
    /// `history`.
    History(HistoryArgs),
    /// `schema`.
    Schema(SchemaArgs),
}

/// A command that works on GitHub.
#[derive(Clone, Debug)]
pub enum OnGithub {
    /// How every pipeline stands.
    Status(StatusOnGithub),
    /// Everything that is due.
    Reconcile(ReconcileArgs),
    /// One stage.
    Promote(Dispatch),
    /// One stage back to what it held.
    Rollback(RollbackArgs),
    /// The failed workflows of a stage's gates again.
    Retry(RetryArgs),
}

impl Command {
    /// The way it goes. `named`: whether something beside the command line leads what only reads to a repository on GitHub.
    pub fn mode(self, named: impl FnOnce() -> bool) -> Mode {
        match self {
            Self::Validate(args) => Mode::Validate(args),
            Self::Plan(args) => Mode::Plan(args),
            Self::Simulate(args) => Mode::Simulate(args),
            Self::Graph(args) => Mode::Graph(args),
            Self::Status(args) => args.mode(named),
            Self::Reconcile(args) => Mode::OnGithub(OnGithub::Reconcile(args)),
            Self::Promote(args) => args.mode(),
            Self::Rollback(args) => Mode::OnGithub(OnGithub::Rollback(args)),
            Self::Retry(args) => Mode::OnGithub(OnGithub::Retry(args)),
            Self::Doctor(args) => Mode::Doctor(args),
            Self::Init(args) => Mode::Init(args),
            Self::History(args) => Mode::History(args),
            Self::Schema(args) => Mode::Schema(args),
        }
    }
}

/// What a dispatch takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TakeWhat {
    /// The source's values.
    Source,
}

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// One JSON document
    Json,
}

fn parse_time(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| {
        "not a time such as 2026-12-19T18:00:00Z (RFC 3339, with its offset)".to_owned()
    })
}

/// An address holds no `=`; a path may.
fn parse_repo(text: &str) -> Result<(String, PathBuf), String> {
    let wrong = "not a repository and its clone, such as https://github.com/acme/web=../web";
    let (url, path) = text.split_once('=').ok_or(wrong)?;
    match url.is_empty() || path.is_empty() {
        true => Err(wrong.to_owned()),
        false => Ok((url.to_owned(), PathBuf::from(path))),
    }
}

/// A day begins at midnight UTC.
fn parse_date(text: &str) -> Result<Timestamp, String> {
    let day = text.parse::<jiff::civil::Date>().ok();
    let midnight = day
        .filter(|_| text.len() == "2026-11-20".len())
        .and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC).ok());
    match midnight {
        Some(midnight) => Ok(midnight.timestamp()),
        None => text.parse().map_err(|_| {
            "not a date such as 2026-11-20, or a time such as 2026-11-20T18:00:00Z".to_owned()
        }),
    }
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

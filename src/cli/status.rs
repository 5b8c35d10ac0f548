//! The arguments of `status` and `board`: of a folder, or of a repository on GitHub.

use std::path::PathBuf;

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::shared::{Format, PathArgs, parse_length, parse_time};

/// What `status` takes.
#[derive(Clone, Debug, Args)]
pub struct StatusArgs {
    #[command(flatten)]
    pub(super) of: StatusOfArgs,
    #[command(flatten)]
    pub(super) shown: StatusText,
}

/// How much of a status is shown, and as what.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct StatusText {
    /// One line for each pipeline
    #[arg(long)]
    pub(super) short: bool,
    /// Leave out pipelines in which nothing waits, is held or has gone wrong
    #[arg(long)]
    pub(super) waiting: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
}

impl StatusText {
    /// All of it, as a page shows it.
    pub(super) fn whole() -> Self {
        Self {
            short: false,
            waiting: false,
            format: Format::Text,
        }
    }
}

/// What `board` takes.
#[derive(Clone, Debug, Args)]
pub struct BoardArgs {
    #[command(flatten)]
    pub(super) of: StatusOfArgs,
    #[command(flatten)]
    pub(super) file: BoardFile,
}

/// The page that `board` writes.
#[derive(Clone, Debug, Args)]
pub struct BoardFile {
    /// The file to write; an existing one is replaced
    #[arg(long, value_name = "FILE")]
    pub html: PathBuf,
    /// How often the page is made: 30m, 1h, 1d. When it is older than three times this, it says so in red
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = parse_length)]
    pub interval: SignedDuration,
}

/// Whose status.
#[derive(Clone, Debug, Args)]
pub(super) struct StatusOfArgs {
    #[command(flatten)]
    pub(super) place: PathArgs,
    /// The time of the evaluation (RFC 3339); on GitHub, the server's time is used [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time, group = "on_disk")]
    pub(super) at: Option<Timestamp>,
    /// The repository on GitHub [default: GITHUB_REPOSITORY; if there is a token, else the remote `origin` of the clone in this folder]
    #[arg(long, value_name = "OWNER/NAME", conflicts_with = "on_disk")]
    pub(super) repository: Option<String>,
    /// Local clone to read from instead of the API [default: GITHUB_WORKSPACE]
    #[arg(long, value_name = "DIR", conflicts_with = "on_disk")]
    pub(super) checkout: Option<PathBuf>,
    /// Show the state as if nothing may land, for this reason
    #[arg(long, value_name = "REASON")]
    pub(super) freeze: Option<String>,
    /// Only this pipeline, as NAME or NAMESPACE/NAME
    #[arg(long, value_name = "P")]
    pub(super) pipeline: Option<String>,
}

/// `status` of a repository or folder on this machine.
#[derive(Clone, Debug)]
pub struct StatusOnDisk {
    /// What to read.
    pub place: PathArgs,
    /// The time of the evaluation.
    pub at: Option<Timestamp>,
    /// What else was asked for.
    pub asked: StatusQuery,
}

/// `status` of a repository on GitHub.
#[derive(Clone, Debug)]
pub struct StatusOnGithub {
    /// The repository; `None`: that of the environment.
    pub repository: Option<String>,
    /// A clone that saves calls.
    pub checkout: Option<PathBuf>,
    /// What else was asked for.
    pub asked: StatusQuery,
}

/// What `status` takes wherever it looks.
#[derive(Clone, Debug)]
pub struct StatusQuery {
    /// Show the state as if nothing may land, for this reason.
    pub freeze: Option<String>,
    /// Only this pipeline.
    pub pipeline: Option<String>,
    /// One line for each pipeline.
    pub short: bool,
    /// Only pipelines in which something waits.
    pub waiting: bool,
    /// The output format.
    pub format: Format,
}

//! Arguments and values that several commands share.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::{SignedDuration, Timestamp};

/// What is looked at, by every command that reads files of this machine.
#[derive(Clone, Debug, Default, Args)]
#[group(id = "on_disk")]
pub struct PathArgs {
    /// A git repository (the top of its work tree, or a bare one) or a plain folder [default: this folder; if it has no
    /// Pipeline, the top of the repository that contains it]
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
    /// Local clone to read from instead of the API [default: GITHUB_WORKSPACE]
    #[arg(long, value_name = "DIR")]
    pub checkout: Option<PathBuf>,
    /// Report what would be done, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Land nothing in this run, for this reason
    #[arg(long, value_name = "REASON")]
    pub freeze: Option<String>,
}

/// How a person's request reaches the installed workflow.
#[derive(Clone, Debug, Default, Args)]
#[group(id = "by_workflow")]
pub struct WorkflowArgs {
    /// With a person's token: the workflow to start, by the name of its file [default: the only one that runs Sluice and has the inputs `pipeline` and `to`]
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub workflow: Option<String>,
    /// With a person's token: start the workflow, and do not wait until its run ends
    #[arg(long, conflicts_with = "dry_run")]
    pub no_wait: bool,
}

/// What a dispatch takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TakeWhat {
    /// The source's values.
    Source,
}

/// The output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// One JSON document
    Json,
}

pub(super) fn parse_time(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| {
        "not a time such as 2026-12-19T18:00:00Z (RFC 3339, with its offset)".to_owned()
    })
}

/// A whole number of minutes, hours or days: from a minute to a year.
pub(super) fn parse_length(text: &str) -> Result<SignedDuration, String> {
    let wrong = || "not a time such as 30m, 1h or 1d".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let minutes: i64 = match unit {
        'm' => 1,
        'h' => 60,
        'd' => 24 * 60,
        _ => return Err(wrong()),
    };
    let digits = &text[..text.len() - 1];
    let plain = digits.len() <= 6 && digits.chars().all(|c| c.is_ascii_digit());
    let number: i64 = digits.parse().ok().filter(|_| plain).ok_or_else(wrong)?;
    match number * minutes {
        total @ 1..=525_600 => Ok(SignedDuration::from_mins(total)),
        _ => Err("not between a minute and a year".to_owned()),
    }
}

/// An address holds no `=`; a path may.
pub(super) fn parse_repo(text: &str) -> Result<(String, PathBuf), String> {
    let wrong = "not a repository and its clone, such as https://github.com/acme/web=../web";
    let (url, path) = text.split_once('=').ok_or(wrong)?;
    match url.is_empty() || path.is_empty() {
        true => Err(wrong.to_owned()),
        false => Ok((url.to_owned(), PathBuf::from(path))),
    }
}

/// A pipeline as NAME or NAMESPACE/NAME, and a stage, whose name holds no `/`.
pub(super) fn parse_stage(text: &str) -> Result<(String, String), String> {
    match text.rsplit_once('/') {
        Some((pipeline, stage)) if !pipeline.is_empty() && !stage.is_empty() => {
            Ok((pipeline.to_owned(), stage.to_owned()))
        }
        _ => Err("not a pipeline and a stage, such as shop/prod".to_owned()),
    }
}

/// A day begins at midnight UTC.
pub(super) fn parse_date(text: &str) -> Result<Timestamp, String> {
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

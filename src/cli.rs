//! The command line: parsing, and nothing but parsing.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;

/// Release pipelines for GitOps repositories: what may be promoted, why the rest may not, and exactly the right edit.
#[derive(Debug, Parser)]
#[command(name = "sluice", version, about, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check manifests and policy on disk
    Validate {
        /// Everything that all commands take.
        #[command(flatten)]
        common: Common,
        /// Write the fixes that are safe
        #[arg(long)]
        fix: bool,
    },
    /// Show what would be promoted, and why the rest would not
    Plan {
        /// Everything that all commands take.
        #[command(flatten)]
        common: Common,
        /// Show a unified diff of every file that would change
        #[arg(long)]
        diff: bool,
        /// Name the line of the policy behind each answer
        #[arg(long)]
        why: bool,
    },
    /// Play the pipelines to their end on a virtual repository
    Simulate {
        /// Everything that all commands take.
        #[command(flatten)]
        common: Common,
        /// Approve every plan as it is proposed; may be given several times
        #[arg(long, value_name = "USER")]
        approve: Vec<String>,
        /// Write the files of the end state into this new or empty folder
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Do not move the clock past this time (RFC 3339) [default: a year after --at]
        #[arg(long, value_name = "TIME", value_parser = parse_time)]
        until: Option<Timestamp>,
    },
    /// Print the pipelines as a Mermaid chart
    Graph {
        /// Everything that all commands take.
        #[command(flatten)]
        common: Common,
    },
    /// Show what each stage runs, what waits in front of it, for whom and until when; reads only
    Status {
        /// Everything that all commands take.
        #[command(flatten)]
        common: Common,
        /// Where and how, on GitHub: with --repository, else PATH is looked at.
        #[command(flatten)]
        forge: ForgeArgs,
        /// Only this pipeline, as NAME or NAMESPACE/NAME
        #[arg(long, value_name = "P")]
        pipeline: Option<String>,
    },
    /// Reconcile a repository on GitHub: what the Action runs
    Reconcile {
        /// Where and how.
        #[command(flatten)]
        forge: ForgeArgs,
        /// Only this pipeline, as NAME or NAMESPACE/NAME
        #[arg(long, value_name = "P")]
        pipeline: Option<String>,
        /// How to print
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Promote one stage: on GitHub as a dispatch does, or by a local commit
    Promote {
        /// Everything that all commands take.
        #[command(flatten)]
        common: Common,
        /// Commit to the current branch of the repository at PATH, without a forge
        #[arg(long, conflicts_with_all = ["repository", "checkout", "dry_run", "freeze"])]
        local: bool,
        /// Where and how, on GitHub.
        #[command(flatten)]
        forge: ForgeArgs,
        /// Take the source's values even where the target was set by hand
        #[arg(long, value_enum, value_name = "WHAT", conflicts_with = "local")]
        take: Option<TakeWhat>,
        /// Only this plan: its whole ID, 64 digits; with --dry-run 12 or more of the first
        #[arg(long, value_name = "ID", conflicts_with = "local")]
        plan: Option<String>,
        /// The dispatch approves --plan, where the gate's rule lists that way
        #[arg(long, conflicts_with = "local", requires = "plan")]
        approve: bool,
        /// Why, for the record
        #[arg(long, value_name = "TEXT", conflicts_with = "local")]
        reason: Option<String>,
        /// By the policy's rules for an emergency of this stage; needs --reason
        #[arg(long, conflicts_with = "local", requires = "reason")]
        emergency: bool,
        /// The pipeline, as NAME or NAMESPACE/NAME
        #[arg(long, value_name = "P")]
        pipeline: String,
        /// The stage to promote into
        #[arg(long, value_name = "STAGE")]
        to: String,
        /// Who approved; recorded as unverified; may be given several times
        #[arg(long, value_name = "NAME", requires = "local")]
        approved_by: Vec<String>,
    },
    /// Take a stage back to what it held before, through the same gates; what it leaves comes again only once somebody lets it
    Rollback {
        /// Where and how, on GitHub.
        #[command(flatten)]
        forge: ForgeArgs,
        /// The pipeline, as NAME or NAMESPACE/NAME
        #[arg(long, value_name = "P")]
        pipeline: String,
        /// The stage that goes back
        #[arg(long, value_name = "STAGE")]
        to: String,
        /// To what the landing of this plan brought: its ID, or 12 or more of its first digits [default: what it held last]
        #[arg(long, value_name = "ID")]
        plan: Option<String>,
        /// Why, for the record, and for whoever finds the stage held
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// By the policy's rules for an emergency of this stage; needs --reason
        #[arg(long, requires = "reason")]
        emergency: bool,
        /// How to print
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Start the workflows of a stage's gates again that failed or ran out of time
    Retry {
        /// Where and how, on GitHub.
        #[command(flatten)]
        forge: ForgeArgs,
        /// The pipeline, as NAME or NAMESPACE/NAME
        #[arg(long, value_name = "P")]
        pipeline: String,
        /// The stage that waits for them
        #[arg(long, value_name = "STAGE")]
        to: String,
        /// Why, for the log
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// How to print
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Say what to change on GitHub before the first promotion; reads only, except with --live
    Doctor {
        /// Read policy and manifests from this folder or clone [default: the tip of the default branch]
        path: Option<PathBuf>,
        /// The repository [default: GITHUB_REPOSITORY]
        #[arg(long, value_name = "OWNER/NAME")]
        repository: Option<String>,
        /// Prove on this scratch repository, by writing to it, what is believed of GitHub
        #[arg(long, value_name = "OWNER/SCRATCH", conflicts_with_all = ["path", "repository"])]
        live: Option<String>,
        /// A team of the scratch repository's organisation, by its slug, that --live may ask to review: its members are notified
        #[arg(long, value_name = "NAME", requires = "live")]
        team: Option<String>,
        /// How to print
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Propose pipelines, policy and workflow for the services that are here
    Init {
        /// The top of a repository, or a plain folder; what is on disk is looked at
        #[arg(default_value = ".")]
        path: PathBuf,
        /// Save the proposed files; nothing that is there is ever overwritten
        #[arg(long)]
        write: bool,
        /// How to print
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// List what landed and by which gates; --verify computes it all again, and names what came another way
    History {
        /// Everything that all commands take.
        #[command(flatten)]
        common: Common,
        /// Compute every landing again, and name every promoted field that was changed another way
        #[arg(long)]
        verify: bool,
        /// Only this pipeline, as NAME or NAMESPACE/NAME; it may be gone by now
        #[arg(long, value_name = "P")]
        pipeline: Option<String>,
        /// Only this stage
        #[arg(long, value_name = "STAGE")]
        to: Option<String>,
        /// Leave out what is older, by the dates of commits: 2026-11-20, or RFC 3339
        #[arg(long, value_name = "DATE", value_parser = parse_date)]
        since: Option<Timestamp>,
        /// List at most so many landings; --verify looks at all of them
        #[arg(long, value_name = "N")]
        limit: Option<NonZeroUsize>,
    },
    /// Print the JSON Schema of the policy
    Schema {
        /// Everything that all commands take.
        #[command(flatten)]
        common: Common,
    },
}

/// What every command takes.
#[derive(Clone, Debug, Args)]
pub struct Common {
    /// A git repository (the top of its work tree, or a bare one) or a plain folder
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// The policy [default: PATH/.github/sluice.yaml, which may be missing]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// The time of the evaluation (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub at: Option<Timestamp>,
}

/// What every command takes that works on GitHub. The token comes from the environment, never from the command line.
#[derive(Clone, Debug, Default, Args)]
pub struct ForgeArgs {
    /// The repository [default: GITHUB_REPOSITORY]
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

//! What others say of a commit: deployments, check runs, commit statuses, workflow runs. Only those by an account or App
//! that the policy names are kept, and every time is the server's own.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::actor::Actor;
use super::fetched::Fetched;
use super::ids::CommitId;

/// How something ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ended {
    /// It succeeded.
    Well,
    /// It did not, in GitHub's word.
    Badly(String),
    /// It has not ended.
    NotYet,
}

/// One report about a commit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signal {
    /// When the server recorded it.
    pub at: Timestamp,
    /// Its number, by which equal times are ordered.
    pub id: u64,
    /// How it ended.
    pub ended: Ended,
    /// Its page.
    pub url: Option<String>,
}

impl Signal {
    /// The newest of them that has ended, by time and number.
    pub fn newest(signals: &[Self]) -> Option<&Self> {
        let ended = signals
            .iter()
            .filter(|signal| signal.ended != Ended::NotYet);
        ended.max_by_key(|signal| (signal.at, signal.id))
    }
}

/// Something that was looked for. What is not known keeps a promotion waiting; what could not be read is an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Known<T> {
    /// This.
    Is(T),
    /// The forge does not say, and why.
    Unsaid(String),
    /// It could not be read.
    Failed(String),
}

impl<T> From<Fetched<T>> for Known<T> {
    fn from(looked: Fetched<T>) -> Self {
        match looked {
            Ok(found) => Self::Is(found),
            Err(why) => Self::Failed(why),
        }
    }
}

/// What is known about the content that a source holds now, as far as its `ready` rule asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ContentEvidence {
    /// The service, by its name.
    pub service: String,
    /// Since when the server has this very content there.
    pub since: Known<Timestamp>,
    /// Deployments of it.
    pub deployments: Known<Vec<Signal>>,
    /// Check runs about it.
    pub checks: Known<Vec<Signal>>,
    /// Commit statuses about it.
    pub statuses: Known<Vec<Signal>>,
}

/// That a run was asked for: a status of our own, written before the workflow was dispatched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Which attempt, from 1.
    pub attempt: u32,
    /// When.
    pub at: Timestamp,
    /// GitHub refused to start it, in these words.
    pub refused: Option<String>,
}

/// A run of a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRun {
    /// Its id.
    pub id: u64,
    /// Its title, as `run-name` gives it.
    pub title: String,
    /// Its page.
    pub url: String,
    /// The workflow's file, without the ref.
    pub path: String,
    /// What started it.
    pub event: String,
    /// The branch of the workflow.
    pub branch: Option<String>,
    /// The commit of the workflow.
    pub commit: CommitId,
    /// Whether that commit is on the base branch, at or after the commit on which the promotion was built.
    pub on_base: Fetched<bool>,
    /// It ran in the repository itself.
    pub here: bool,
    /// Who started it first.
    pub actor: Option<Actor>,
    /// Who started this attempt.
    pub triggering: Option<Actor>,
    /// When it was created.
    pub created: Timestamp,
    /// When it changed last.
    pub updated: Timestamp,
    /// How it ended.
    pub ended: Ended,
}

/// What is known about the jobs of one build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobEvidence {
    /// Who we are: only runs that this account started count.
    pub own: Fetched<Actor>,
    /// What was asked for, by the name of the gate.
    pub intents: Fetched<BTreeMap<String, Vec<Intent>>>,
    /// Runs of each workflow, by its file name.
    pub runs: BTreeMap<String, Fetched<Vec<JobRun>>>,
}

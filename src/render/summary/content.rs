//! What a step summary is made of.

use std::time::Duration;

use super::super::link::Link;
use crate::model::finding::Finding;
use crate::model::ids::CommitId;
use crate::model::life::LifeState;
use crate::model::pipeline::Pipeline;
use crate::model::plan::SkippedBy;

/// Everything that a summary is made of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Summary<'a> {
    /// One sentence above all: a dry run, a read-only run.
    pub banner: Option<&'a str>,
    /// The promotions that moved or could: they are sorted by their states, and counted in the heading.
    pub rows: Vec<Row<'a>>,
    /// How many are due beyond what one run opens.
    pub not_opened: usize,
    /// Services that someone set by hand after their source changed.
    pub ahead: Vec<Ahead<'a>>,
    /// How many stages are in sync.
    pub in_sync: usize,
    /// How many stages nothing promotes.
    pub not_moved: usize,
    /// What is wrong with manifests and policy.
    pub findings: &'a [Finding],
    /// The address of this commit's files: a path is added to it, such as
    /// `https://github.com/acme/gitops/blob/9be04d1/`.
    pub files: Option<Link>,
    /// The pipelines that move; drawn if they are at most five.
    pub moving: Vec<&'a Pipeline>,
    /// The base branch.
    pub base: &'a str,
    /// Its tip.
    pub tip: Option<CommitId>,
    /// How many pipelines there are.
    pub pipelines: usize,
    /// How many requests went to the forge.
    pub requests: Option<usize>,
    /// How long it took.
    pub took: Option<Duration>,
    /// The page that explains why a stage has not moved.
    pub explained: Option<Link>,
    /// What was passed over and the like.
    pub notices: &'a [String],
}

/// One promotion.
#[derive(Clone, Debug)]
pub(crate) struct Row<'a> {
    /// Its state.
    pub state: LifeState,
    /// That it is a rollback or an emergency, in words.
    pub kind: Option<&'a str>,
    /// The pipeline.
    pub pipeline: &'a str,
    /// The stage that it changes.
    pub to: &'a str,
    /// What it changes, in a few words: `1.4.0 → 1.5.0`.
    pub what: &'a str,
    /// Its pull request.
    pub pull: Option<Pull>,
    /// Why it is as it is, in a few words.
    pub why: String,
    /// The commit as which it landed.
    pub commit: Option<(CommitId, Option<Link>)>,
    /// The page on which people approve it, if that is what comes next.
    pub approve: Option<Link>,
    /// What happens next, and by whom.
    pub next: String,
}

/// A pull request that is pointed to.
#[derive(Clone, Debug)]
pub(crate) struct Pull {
    /// Its number in this repository.
    pub number: u64,
    /// Its page.
    pub link: Option<Link>,
}

/// A service that is ahead of its source.
#[derive(Clone, Debug)]
pub(crate) struct Ahead<'a> {
    /// The service.
    pub service: &'a str,
    /// Its stage.
    pub stage: &'a str,
    /// The commit that set it.
    pub by: &'a SkippedBy,
    /// Its source moved without it, so that the promotion of its stage overwrites it.
    pub taken_away: bool,
    /// The page of that commit.
    pub link: Option<Link>,
}

//! What history shows of promotions: landings as recorded in commits, and changes made any other way.
//!
//! A commit is a landing because its own difference gives its plan ID, whatever its words say. Secret values are
//! not held at all, so nothing that prints these types can show one.

use jiff::Timestamp;
use serde::Serialize;

use super::ids::{CommitId, PlanId};
use super::record::Record;
use super::reference::ManifestKey;
use super::source_location::RepoPath;
use super::wire_words::{BREAK, GATE_OPEN, GATE_PASSED, TRAILER, trailer};
use crate::yaml::FieldPath;

/// A landing: what it changed gives the plan ID of its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Landed {
    /// The commit on the base.
    pub commit: CommitId,
    /// Its committer date. The committer chooses it, so it is only for people to read.
    pub date: Timestamp,
    /// It has a second parent, the promotion's head.
    pub merge: bool,
    /// The pull request that its message names.
    pub pull: Option<u64>,
    /// What its trailers say. Its pipeline may be gone by now; reason and emergency are foreign text.
    pub record: Record,
    /// What it changed.
    pub changes: Vec<FieldChange>,
    /// What its message says about its gates; empty if nothing is recorded.
    pub gates: Vec<GateLine>,
}

/// One field of one manifest that a commit changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldChange {
    /// The manifest.
    pub manifest: ManifestKey,
    /// The file that held it then.
    pub file: RepoPath,
    /// The field.
    pub path: FieldPath,
    /// Before and after.
    pub values: ChangedValues,
}

/// The two sides of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ChangedValues {
    /// Shown; `None` if there was, or is, no value.
    Shown {
        /// Before.
        old: Option<String>,
        /// After.
        new: Option<String>,
    },
    /// In a `Secret`: that it changed is all that is known here.
    Secret,
}

/// What a landing's message says of one gate (`Sluice-Gate`). A record, never evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GateLine {
    /// The gate; `None` if the line can be read in more than one way.
    pub gate: Option<String>,
    /// Its verdict; `None` if the line can be read in more than one way.
    pub outcome: Option<GateOutcome>,
    /// The reason; the whole line if it cannot be split.
    pub evidence: String,
}

/// A gate's verdict right before a landing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum GateOutcome {
    /// It let the promotion through.
    Pass,
    /// It did not; a person merged past it.
    Open,
}

impl GateLine {
    /// All of a message, in its order.
    pub(crate) fn of_message(message: &str) -> Vec<Self> {
        let start = format!("{TRAILER}{}: ", trailer::GATE);
        let lines = message.lines();
        let lines = lines.filter_map(|line| line.strip_prefix(start.as_str()));
        lines.map(Self::parse).collect()
    }

    /// Names and reasons are foreign text, so a line that could be split in two places is not split at all.
    fn parse(line: &str) -> Self {
        let line = line.replace(BREAK, "");
        let passed = GATE_PASSED.map(|words| (words, GateOutcome::Pass));
        let open = GATE_OPEN.map(|words| (words, GateOutcome::Open));
        let mut splits = passed.into_iter().chain(open).flat_map(|(words, outcome)| {
            let at = line.match_indices(words);
            at.map(move |(at, _)| (at, at + words.len(), outcome))
        });
        match (splits.next(), splits.next()) {
            (Some((end, start, outcome)), None) if end > 0 => Self {
                gate: Some(line[..end].to_owned()),
                outcome: Some(outcome),
                evidence: line[start..].to_owned(),
            },
            _ => Self {
                gate: None,
                outcome: None,
                evidence: line,
            },
        }
    }
}

/// The pull request that a commit's message names in the way in which GitHub does: `… (#12)` at the end of the subject, or
/// `Merge pull request #12` at its beginning.
pub(crate) fn pull_of_message(message: &str) -> Option<u64> {
    let subject = message.lines().next()?.trim_end();
    let number = |text: &str| -> Option<u64> {
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| text.parse().ok()).flatten()
    };
    if let Some(rest) = subject.strip_prefix("Merge pull request #") {
        return number(rest.split(' ').next()?);
    }
    let (before, last) = subject.strip_suffix(')')?.rsplit_once("(#")?;
    let is_apart = before.is_empty() || before.ends_with(' ');
    number(last).filter(|_| is_apart)
}

/// Something that makes a history not clean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deviation {
    /// What it is.
    pub kind: DeviationKind,
    /// The commit.
    pub commit: CommitId,
    /// Its committer date.
    pub date: Timestamp,
    /// Its author's name; foreign text.
    pub author: String,
    /// The pull request that its message names.
    pub pull: Option<u64>,
    /// What its record claims.
    pub claim: Option<Claim>,
    /// Why it is one, if its kind is not enough.
    pub why: Option<String>,
    /// The promoted fields that it changed.
    pub changes: Vec<FieldChange>,
}

/// The ways in which a history is not clean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DeviationKind {
    /// A promoted field was changed by something other than a landing.
    Drift,
    /// The commit has a record whose plan does not match what the commit changed.
    FalseRecord,
    /// The commit has a record whose plan cannot be recomputed: its list elements can be named in more ways than are
    /// tried.
    NotRecomputable,
    /// A landing of its plan that changed more than its plan.
    MoreThanItsPlan,
}

impl DeviationKind {
    /// Its words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Drift => "drift",
            Self::FalseRecord => "false record",
            Self::NotRecomputable => "not recomputable",
            Self::MoreThanItsPlan => "more than its plan",
        }
    }
}

/// What a record says that a commit is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    /// The pipeline's namespace.
    pub namespace: Option<String>,
    /// The pipeline.
    pub pipeline: String,
    /// The stage.
    pub stage: String,
    /// The plan.
    pub plan: PlanId,
}

/// Something that could not be read, so that the history is never clean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unread {
    /// The commit, if there is one.
    pub commit: Option<CommitId>,
    /// What, and why.
    pub why: String,
}

/// Which landings, and which fields, are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Narrowed {
    /// The pipeline's namespace and name.
    pub pipeline: Option<(Option<String>, String)>,
    /// The stage.
    pub stage: Option<String>,
}

impl Narrowed {
    /// From `NAME` or `NAMESPACE/NAME`, and the stage.
    pub(crate) fn new(pipeline: Option<&str>, stage: Option<String>) -> Self {
        let pipeline = pipeline.map(|text| match text.split_once('/') {
            Some((namespace, name)) => (Some(namespace.to_owned()), name.to_owned()),
            None => (None, text.to_owned()),
        });
        Self { pipeline, stage }
    }

    /// Whether this stage of this pipeline is asked for.
    pub(crate) fn takes(&self, namespace: Option<&str>, pipeline: &str, stage: &str) -> bool {
        let of_pipeline = self.pipeline.as_ref().is_none_or(|(wanted, name)| {
            name == pipeline && (wanted.is_none() || wanted.as_deref() == namespace)
        });
        of_pipeline && self.stage.as_ref().is_none_or(|wanted| wanted == stage)
    }
}

/// What was read of a history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PastLandings {
    /// The landings that were asked for, newest first.
    pub landings: Vec<Landed>,
    /// How many commits were looked at, along first parents.
    pub commits: usize,
    /// How many commits are older than the date that was given, and were left out.
    pub older: usize,
    /// The commit at which a shallow clone ends.
    pub boundary: Option<CommitId>,
    /// What could not be read.
    pub unread: Vec<Unread>,
    /// What verification found, if it was requested.
    pub verified: Option<Verified>,
}

/// What verifying found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verified {
    /// What is not clean, newest first.
    pub deviations: Vec<Deviation>,
    /// How many landings were computed again, whatever the limit of the list.
    pub landings: usize,
    /// How many promoted fields were followed.
    pub fields: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_line_is_read_as_it_is_written_on_a_forge_and_locally() {
        let line = |text: &str| {
            let line = GateLine::parse(text);
            (line.gate, line.outcome, line.evidence)
        };
        let told = |gate: &str, outcome, evidence: &str| {
            (Some(gate.to_owned()), Some(outcome), evidence.to_owned())
        };
        for (text, wanted) in [
            (
                "prod-approval pass: approved by carol, dave",
                told(
                    "prod-approval",
                    GateOutcome::Pass,
                    "approved by carol, dave",
                ),
            ),
            (
                "office-hours open: opens Mon 09:00 Europe/Berlin",
                told(
                    "office-hours",
                    GateOutcome::Open,
                    "opens Mon 09:00 Europe/Berlin",
                ),
            ),
            (
                "release pass; approved by ann (given by hand, unverified)",
                told(
                    "release",
                    GateOutcome::Pass,
                    "approved by ann (given by hand, unverified)",
                ),
            ),
            (
                "release pending; waits for 1 approval",
                told("release", GateOutcome::Open, "waits for 1 approval"),
            ),
            (
                "release blocked; carol requests changes",
                told("release", GateOutcome::Open, "carol requests changes"),
            ),
            (
                "release error; reviews could not be read",
                told("release", GateOutcome::Open, "reviews could not be read"),
            ),
            (
                "two words pass: by @\u{200b}carol",
                told("two words", GateOutcome::Pass, "by @carol"),
            ),
        ] {
            assert_eq!(line(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_gate_line_that_can_be_read_in_two_ways_says_neither() {
        for text in [
            "x pass: carol open: nobody",
            "x pass; y open: nobody",
            " pass: nameless",
            "no words at all",
            "",
        ] {
            let line = GateLine::parse(text);
            assert_eq!((line.gate, line.outcome), (None, None), "{text}");
            assert_eq!(line.evidence, text);
        }
    }

    #[test]
    fn a_pull_request_is_named_at_the_end_of_a_squash_or_by_a_merge() {
        for (message, wanted) in [
            ("web → prod: 1.0 → 1.1 (#12)\n\nbody (#13)", Some(12)),
            ("Merge pull request #7 from acme/sluice/web\n\nx", Some(7)),
            ("Merge pull request #7", Some(7)),
            ("Revert \"a (#3)\" (#4)", Some(4)),
            ("(#3)", Some(3)),
            ("a(#12)", None),
            ("fixes #12", None),
            ("a (#12) b", None),
            ("a (#+12)", None),
            ("a (#)", None),
            ("a (#99999999999999999999999)", None),
            ("", None),
        ] {
            assert_eq!(pull_of_message(message), wanted, "{message}");
        }
    }

    #[test]
    fn a_name_without_a_namespace_takes_every_namespace() {
        let takes = |pipeline: Option<&str>, stage: Option<&str>| {
            Narrowed::new(pipeline, stage.map(str::to_owned)).takes(Some("apps"), "web", "prod")
        };
        assert!(
            takes(None, None) && takes(Some("web"), None) && takes(Some("apps/web"), Some("prod"))
        );
        assert!(
            !takes(Some("infra/web"), None) && !takes(Some("we"), None) && !takes(None, Some("qa"))
        );
    }
}

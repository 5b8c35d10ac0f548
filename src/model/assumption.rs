//! What the client believes of GitHub without a document that says so, one by one, and what came of proving it.
//!
//! `doctor --live` proves them on a scratch repository; docs/assumptions.md says which were proved so far.

use serde::Serialize;

/// One thing that is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// Its stable code.
    pub code: &'static str,
    /// What is believed.
    pub statement: &'static str,
    /// Why nobody can prove it with one token, where that is so.
    pub unprovable: Option<&'static str>,
}

const fn provable(code: &'static str, statement: &'static str) -> Assumption {
    Assumption {
        code,
        statement,
        unprovable: None,
    }
}

/// All of them, in the order in which they are proved.
pub const ASSUMPTIONS: &[Assumption] = &[
    provable("date-header", "Every answer carries the server's time."),
    provable("actions-app-id", "GitHub Actions is the App 15368."),
    provable(
        "permission-readable",
        "The token can read what a collaborator may do.",
    ),
    provable(
        "entry-mode",
        "The mode of a tree's entry is a decimal number: 33188 for an ordinary file.",
    ),
    provable(
        "dispatch-inputs",
        "A workflow's dispatch may carry ten inputs.",
    ),
    provable(
        "commit-verified",
        "A commit that an App or a workflow makes through the git data API is signed by GitHub.",
    ),
    provable(
        "ref-exists",
        "Creating a branch that is there is refused with “Reference already exists”.",
    ),
    provable(
        "history-file",
        "`file(path:)` on a commit of a history tells what stood there at that commit.",
    ),
    provable(
        "pull-none-between",
        "A pull request without a difference is refused with “No commits between”.",
    ),
    provable(
        "setting-refusal",
        "A workflow that may not open pull requests is told so: “not permitted to create or approve pull requests”.",
    ),
    provable(
        "pull-exists",
        "A second pull request from a branch is refused with “A pull request already exists”.",
    ),
    provable(
        "refs-by-prefix",
        "`refs(refPrefix: \"refs/heads/sluice/\")` finds a promotion's branch at once, with the pull requests from it.",
    ),
    provable(
        "ref-name-split",
        "A ref's `prefix` and `name` together are its full name, wherever it is split.",
    ),
    provable(
        "viewer-did-author",
        "`viewerDidAuthor` is true of a pull request that this token opened, be it a person's or an App's.",
    ),
    provable(
        "test-merge",
        "`potentialMergeCommit` appears by itself, with the base's tip and the head as parents.",
    ),
    provable(
        "timeline-types",
        "`timelineItems(itemTypes:)` lists events of these types and no others.",
    ),
    provable(
        "label-actor",
        "A label's event names who set it, with the numeric id.",
    ),
    provable(
        "review-commit",
        "A review names the head at which it was given.",
    ),
    provable(
        "merge-head-moved",
        "A merge whose `sha` is not the head is refused with “Head branch was modified” (409).",
    ),
    provable(
        "reopen-keeps-reviews",
        "Closing and reopening a pull request keeps its reviews.",
    ),
    provable(
        "activity-log",
        "The log of pushes knows who made a branch, and at which commit.",
    ),
    provable(
        "fast-forward-only",
        "Without `force`, a ref moves only forward: else “Update is not a fast forward”.",
    ),
    provable(
        "stale-update-refs",
        "`updateRefs` moves nothing where `beforeOid` is not where the ref stands.",
    ),
    provable(
        "create-by-update-refs",
        "To `updateRefs` a `beforeOid` of zeros means that the ref must not be there.",
    ),
    provable(
        "rename-by-update-refs",
        "One `updateRefs` makes a branch and deletes another in one step.",
    ),
    provable(
        "delete-by-update-refs",
        "To `updateRefs` an `afterOid` of zeros means that the ref goes, if it still stands at `beforeOid`.",
    ),
    provable(
        "stale-commit-on-branch",
        "`createCommitOnBranch` on another head than expected is refused with “Expected branch to point to”.",
    ),
    provable(
        "commit-on-branch-verified",
        "A commit made by `createCommitOnBranch` is signed by GitHub.",
    ),
    provable(
        "deleted-branch-closes",
        "Deleting a branch closes the pull request from it.",
    ),
    Assumption {
        code: "unknown-refusals",
        statement: "A refused merge in words that are not known here does not pass by itself.",
        unprovable: Some("GitHub's words of refusal are an open list"),
    },
    Assumption {
        code: "not-authorized",
        statement: "“You're not authorized to push to this branch” does not pass by itself.",
        unprovable: Some("it takes a second token that the branch is closed to"),
    },
    Assumption {
        code: "runs-wait",
        statement: "Workflows wait for a person on pull requests that a workflow's own token opened.",
        unprovable: Some("it takes a workflow and a person; servers differ by version"),
    },
    Assumption {
        code: "decision-code-owners",
        statement: "`reviewDecision` speaks of code owners only where a rule asks for them.",
        unprovable: Some("it takes a second person and a rule"),
    },
];

/// What came of proving an assumption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proved {
    /// It holds.
    Holds,
    /// It does not hold.
    DoesNotHold,
    /// It could not be told.
    Untold,
}

impl Proved {
    /// Its words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::DoesNotHold => "does not hold",
            Self::Untold => "not told",
        }
    }
}

/// One assumption and what came of proving it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Which.
    pub assumption: &'static Assumption,
    /// What came of it.
    pub proved: Proved,
    /// What was seen, or why nothing was; foreign text.
    pub seen: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_assumptions_have_one_code() {
        let codes: std::collections::BTreeSet<&str> =
            ASSUMPTIONS.iter().map(|one| one.code).collect();
        assert_eq!(codes.len(), ASSUMPTIONS.len());
    }
}

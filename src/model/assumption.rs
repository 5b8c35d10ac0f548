//! What the client believes of GitHub, one by one: where each belief comes from, what happens if it is wrong, and what came of trying it.
//!
//! `doctor --live` tries them on a scratch repository; docs/assumptions.md says which were proved so far.

use serde::Serialize;

/// One thing that is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// Its stable code.
    pub code: &'static str,
    /// What is believed; for [`Trial::EitherWay`] the question.
    pub statement: &'static str,
    /// Its source.
    pub source: Source,
    /// What happens if it is wrong, as one or two sentences.
    pub if_wrong: &'static str,
    /// How it is tried.
    pub trial: Trial,
}

/// The source of an assumption; the first is the most reliable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// GitHub's documentation or changelog says so.
    Documentation,
    /// The text of the published REST or GraphQL schema says so.
    Schema,
    /// Many other clients' code depends on it.
    Clients,
    /// Users report it.
    Reports,
    /// It is only remembered, or follows from how the rest behaves.
    Memory,
}

impl Source {
    /// Its words in docs/assumptions.md.
    pub fn words(self) -> &'static str {
        match self {
            Self::Documentation => "documentation",
            Self::Schema => "schema",
            Self::Clients => "many clients' code",
            Self::Reports => "users' reports",
            Self::Memory => "memory",
        }
    }
}

/// How a belief is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trial {
    /// One token on a scratch repository shows whether it holds.
    Run,
    /// One token shows how it is. Either answer is fine for Sluice, so it is reported and not judged.
    EitherWay,
    /// One token cannot show it; why.
    Cannot(&'static str),
}

/// All of them, in the order in which they are tried.
pub const ASSUMPTIONS: &[Assumption] = &[
    Assumption {
        code: "date-header",
        statement: "Every answer carries the server's time.",
        source: Source::Documentation,
        if_wrong: "Windows, soak times and freezes cannot be judged: gates that depend on time end in an error, and never pass.",
        trial: Trial::Run,
    },
    Assumption {
        code: "actions-app-id",
        statement: "GitHub Actions is the App 15368.",
        source: Source::Clients,
        if_wrong: "The policy could accept the App of GitHub Actions as a source of evidence, although anyone with write access can report in its name with a workflow; and `doctor` misjudges which required checks wait for a person.",
        trial: Trial::Run,
    },
    Assumption {
        code: "permission-readable",
        statement: "The token can read a collaborator's permission.",
        source: Source::Documentation,
        if_wrong: "Approvals cannot be counted: every APPROVAL gate is an error and stays closed.",
        trial: Trial::Run,
    },
    Assumption {
        code: "entry-mode",
        statement: "The mode of a tree's entry is a decimal number: 33188 for an ordinary file.",
        source: Source::Memory,
        if_wrong: "Files are mistaken for links or are not recognised: reading manifests ends in an error, and nothing is promoted.",
        trial: Trial::Run,
    },
    Assumption {
        code: "dispatch-inputs",
        statement: "A workflow dispatch may have ten inputs or more: 25 on github.com, 10 on an older Enterprise Server.",
        source: Source::Documentation,
        if_wrong: "The three inputs of a JOB gate and the nine of promote.yml are below both limits; if fewer are allowed, GitHub refuses the dispatch with a message.",
        trial: Trial::Run,
    },
    Assumption {
        code: "commit-verified",
        statement: "A commit that an App or a workflow makes through the git data API is signed by GitHub.",
        source: Source::Documentation,
        if_wrong: "With `verified: true` commits are made by `createCommitOnBranch` instead; without it, a rule that requires signatures refuses the merge with a message.",
        trial: Trial::Run,
    },
    Assumption {
        code: "ref-exists",
        statement: "Creating a branch that exists is refused with “Reference already exists”.",
        source: Source::Clients,
        if_wrong: "The refusal is an error of this one promotion, and Sluice does not check which run was faster; the next run finds the branch.",
        trial: Trial::Run,
    },
    Assumption {
        code: "history-file",
        statement: "`file(path:)` on a commit in a history returns the file as it was at that commit.",
        source: Source::Memory,
        if_wrong: "It would be determined wrongly who set a value last: a value set by hand could count as promoted. Checked by `history --verify`, which reads whole trees.",
        trial: Trial::Run,
    },
    Assumption {
        code: "pull-none-between",
        statement: "A pull request without a difference is refused with “No commits between”.",
        source: Source::Clients,
        if_wrong: "The refusal is an error of this one promotion, in GitHub's words; the next run determines again what is due.",
        trial: Trial::Run,
    },
    Assumption {
        code: "setting-refusal",
        statement: "A workflow that may not open pull requests is refused with “not permitted to create or approve pull requests”.",
        source: Source::Clients,
        if_wrong: "The summary shows GitHub's words, but not where the setting is.",
        trial: Trial::Run,
    },
    Assumption {
        code: "pull-exists",
        statement: "A second pull request from a branch is refused with “A pull request already exists”.",
        source: Source::Clients,
        if_wrong: "If an answer is lost, the promotion is an error of this run; the next run finds its pull request.",
        trial: Trial::Run,
    },
    Assumption {
        code: "refs-by-prefix",
        statement: "`refs(refPrefix: \"refs/heads/sluice/\")` immediately finds a promotion's branch, with the pull requests from it.",
        source: Source::Memory,
        if_wrong: "An open promotion is not seen, and opening it again is refused because its branch exists; nothing lands by mistake.",
        trial: Trial::Run,
    },
    Assumption {
        code: "ref-name-split",
        statement: "A ref's `prefix` and `name` together are its full name, wherever GitHub splits it.",
        source: Source::Schema,
        if_wrong: "Branches of promotions are mistaken for foreign ones, and left alone.",
        trial: Trial::Run,
    },
    Assumption {
        code: "viewer-did-author",
        statement: "`viewerDidAuthor` is true for a pull request that this token opened, whether it is a person's or an App's token.",
        source: Source::Memory,
        if_wrong: "Sluice mistakes its own pull requests for foreign ones: it lands none of them, and reports that.",
        trial: Trial::Run,
    },
    Assumption {
        code: "team-reviewer",
        statement: "Whether a team can be asked to review (expected: not with a workflow's own token).",
        source: Source::Reports,
        if_wrong: "No one is notified by the request. The gate counts the team's approvals anyway.",
        trial: Trial::EitherWay,
    },
    Assumption {
        code: "timeline-types",
        statement: "`timelineItems(itemTypes:)` lists all events of these types and no others.",
        source: Source::Memory,
        if_wrong: "Events of other types are ignored; if events of these types were missing, approvals by label would not count, and a hold would stay after its label was removed.",
        trial: Trial::Run,
    },
    Assumption {
        code: "label-created",
        statement: "Whether this token can create a label, separately and by adding it to a pull request (expected: only with `issues: write`).",
        source: Source::Reports,
        if_wrong: "Promotions open without labels that do not exist yet. Create them by hand; `sluice doctor` lists them.",
        trial: Trial::EitherWay,
    },
    Assumption {
        code: "label-actor",
        statement: "A label event names who added the label, with the numeric ID.",
        source: Source::Schema,
        if_wrong: "It is unknown who added it: an approval by label does not count.",
        trial: Trial::Run,
    },
    Assumption {
        code: "label-renamed",
        statement: "Whether a label event shows the label's name at that time or its present name, in GraphQL and in REST (expected: unknown).",
        source: Source::Memory,
        if_wrong: "If both show the present name, a person who can edit labels could turn another label into an approval by renaming it; the time at which the label was last changed reveals that.",
        trial: Trial::EitherWay,
    },
    Assumption {
        code: "review-commit",
        statement: "A review names the head for which it was given.",
        source: Source::Schema,
        if_wrong: "A review without a commit does not count, so approvals by review never count.",
        trial: Trial::Run,
    },
    Assumption {
        code: "merge-head-moved",
        statement: "A merge whose `sha` is not the head is refused with “Head branch was modified” (409).",
        source: Source::Documentation,
        if_wrong: "With different words it is a refusal like any other, and the next run tries again. If it were not refused, a head that no one approved could land: the base branch is verified after every merge.",
        trial: Trial::Run,
    },
    Assumption {
        code: "reopen-keeps-reviews",
        statement: "Closing and reopening a pull request keeps its reviews.",
        source: Source::Memory,
        if_wrong: "A reopened promotion needs its approvals again.",
        trial: Trial::Run,
    },
    Assumption {
        code: "activity-log",
        statement: "The log of pushes lists who created a branch, and at which commit.",
        source: Source::Memory,
        if_wrong: "If a head was replaced, it cannot be determined who pushed: approvals of that promotion are an error until it is opened again.",
        trial: Trial::Run,
    },
    Assumption {
        code: "fast-forward-only",
        statement: "Without `force`, a ref only moves forward; anything else is refused with “Update is not a fast forward”.",
        source: Source::Documentation,
        if_wrong: "`land: exact` could overwrite a push that happens at the same moment. Use `land: merge` until this is proved.",
        trial: Trial::Run,
    },
    Assumption {
        code: "stale-update-refs",
        statement: "`updateRefs` changes nothing if the ref is not at `beforeOid`.",
        source: Source::Schema,
        if_wrong: "A branch could be moved or deleted although someone had just pushed to it.",
        trial: Trial::Run,
    },
    Assumption {
        code: "create-by-update-refs",
        statement: "For `updateRefs`, a `beforeOid` of zeros means that the ref must not exist.",
        source: Source::Schema,
        if_wrong: "Opening a promotion could move a branch of the same name; its content is compared with the plan before anything lands.",
        trial: Trial::Run,
    },
    Assumption {
        code: "branch-with-commit",
        statement: "One document of `updateRefs` and `createCommitOnBranch` creates a branch and a signed commit on it; if the branch exists, it does neither.",
        source: Source::Schema,
        if_wrong: "Promotions are opened with tree, commit and branch by REST: two more writes for each.",
        trial: Trial::Run,
    },
    Assumption {
        code: "delete-by-update-refs",
        statement: "For `updateRefs`, an `afterOid` of zeros means that the ref is deleted, if it is still at `beforeOid`.",
        source: Source::Schema,
        if_wrong: "Branches of promotions stay after their landing, or are deleted with REST after a check.",
        trial: Trial::Run,
    },
    Assumption {
        code: "stale-commit-on-branch",
        statement: "`createCommitOnBranch` on a head other than expected is refused with “Expected branch to point to”.",
        source: Source::Schema,
        if_wrong: "With different words it is an error of this one promotion. If it were not refused, the commit would be on top of something else, and its tree would not be the plan's: it is not landed.",
        trial: Trial::Run,
    },
    Assumption {
        code: "commit-on-branch-verified",
        statement: "A commit made by `createCommitOnBranch` is signed by GitHub.",
        source: Source::Documentation,
        if_wrong: "With `verified: true` no promotion is opened, and its row says that the commit is not verified.",
        trial: Trial::Run,
    },
    Assumption {
        code: "test-merge-follows-base",
        statement: "Whether a test merge follows the base if only the base moves (expected: it does not).",
        source: Source::Documentation,
        if_wrong: "Nothing: the result of a merge is computed from git objects, not taken from the test merge.",
        trial: Trial::EitherWay,
    },
    Assumption {
        code: "deleted-branch-closes",
        statement: "Deleting a branch closes the pull request from it.",
        source: Source::Reports,
        if_wrong: "A pull request without a branch stays open until someone closes it; it cannot be merged.",
        trial: Trial::Run,
    },
    Assumption {
        code: "unknown-refusals",
        statement: "A merge refused with a message that Sluice does not know is not temporary.",
        source: Source::Reports,
        if_wrong: "A promotion that could have landed automatically waits for the next run.",
        trial: Trial::Cannot("the list of GitHub's refusals is open"),
    },
    Assumption {
        code: "not-authorized",
        statement: "“You're not authorized to push to this branch” is not temporary.",
        source: Source::Reports,
        if_wrong: "A promotion that could have landed automatically waits for the next run.",
        trial: Trial::Cannot("it takes a second token that may not push to the branch"),
    },
    Assumption {
        code: "runs-wait",
        statement: "Workflows wait for a person on pull requests that a workflow's own token opened.",
        source: Source::Documentation,
        if_wrong: "Required checks start automatically, and no one has to approve their runs: less to do than the documentation says.",
        trial: Trial::Cannot("it takes a workflow and a person; servers differ by version"),
    },
    Assumption {
        code: "decision-code-owners",
        statement: "`reviewDecision` considers code owners only if a rule requires them.",
        source: Source::Reports,
        if_wrong: "Nothing passes because of it: it is shown, and only ever makes a result stricter.",
        trial: Trial::Cannot("it takes a second person and a rule"),
    },
];

/// What came of trying an assumption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proved {
    /// It holds.
    Holds,
    /// It does not hold.
    DoesNotHold,
    /// How it is was seen; either answer is fine.
    Reported,
    /// It could not be determined.
    Untold,
}

impl Proved {
    /// Its words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::DoesNotHold => "does not hold",
            Self::Reported => "reported",
            Self::Untold => "undetermined",
        }
    }
}

/// One assumption and what came of trying it.
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

    #[test]
    fn only_a_question_can_be_answered_either_way() {
        for one in ASSUMPTIONS {
            let question = one.statement.starts_with("Whether ");
            assert_eq!(question, one.trial == Trial::EitherWay, "{}", one.code);
        }
    }
}

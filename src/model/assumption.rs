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
        if_wrong: "Windows, soak times and freezes cannot be judged: gates that go by time end in an error, and nothing passes them.",
        trial: Trial::Run,
    },
    Assumption {
        code: "actions-app-id",
        statement: "GitHub Actions is the App 15368.",
        source: Source::Clients,
        if_wrong: "The policy could name the App of GitHub Actions as a source of evidence, in whose name every writer's workflow reports; and `doctor` misjudges which required checks wait for a person.",
        trial: Trial::Run,
    },
    Assumption {
        code: "permission-readable",
        statement: "The token can read what a collaborator may do.",
        source: Source::Documentation,
        if_wrong: "Approvals cannot be counted: every APPROVAL gate is an error and stays shut.",
        trial: Trial::Run,
    },
    Assumption {
        code: "entry-mode",
        statement: "The mode of a tree's entry is a decimal number: 33188 for an ordinary file.",
        source: Source::Memory,
        if_wrong: "Files are taken for links or for nothing: reading manifests ends in an error, and nothing is promoted.",
        trial: Trial::Run,
    },
    Assumption {
        code: "dispatch-inputs",
        statement: "A workflow's dispatch may carry ten inputs or more: 25 on github.com, 10 on an older Enterprise Server.",
        source: Source::Documentation,
        if_wrong: "The three inputs of a JOB gate and the nine of promote.yml are below either number; with fewer allowed, the dispatch is refused in words.",
        trial: Trial::Run,
    },
    Assumption {
        code: "commit-verified",
        statement: "A commit that an App or a workflow makes through the git data API is signed by GitHub.",
        source: Source::Documentation,
        if_wrong: "With `verified: true` commits are made by `createCommitOnBranch` instead; without it, a rule that requires signatures refuses the merge in words.",
        trial: Trial::Run,
    },
    Assumption {
        code: "ref-exists",
        statement: "Creating a branch that is there is refused with “Reference already exists”.",
        source: Source::Clients,
        if_wrong: "The refusal is an error of this one promotion instead of a look at who was faster; the next run finds the branch.",
        trial: Trial::Run,
    },
    Assumption {
        code: "history-file",
        statement: "`file(path:)` on a commit of a history tells what stood there at that commit.",
        source: Source::Memory,
        if_wrong: "Who set a value last would be worked out wrongly: a value set by hand could count as promoted. Proved by `history --verify`, which reads whole trees.",
        trial: Trial::Run,
    },
    Assumption {
        code: "pull-none-between",
        statement: "A pull request without a difference is refused with “No commits between”.",
        source: Source::Clients,
        if_wrong: "The refusal is an error of this one promotion, in GitHub's words; the next run works out anew what is due.",
        trial: Trial::Run,
    },
    Assumption {
        code: "setting-refusal",
        statement: "A workflow that may not open pull requests is told so: “not permitted to create or approve pull requests”.",
        source: Source::Clients,
        if_wrong: "The summary shows GitHub's words, without the way to the setting.",
        trial: Trial::Run,
    },
    Assumption {
        code: "pull-exists",
        statement: "A second pull request from a branch is refused with “A pull request already exists”.",
        source: Source::Clients,
        if_wrong: "After a lost answer the promotion is an error of this run; the next one finds its pull request.",
        trial: Trial::Run,
    },
    Assumption {
        code: "refs-by-prefix",
        statement: "`refs(refPrefix: \"refs/heads/sluice/\")` finds a promotion's branch at once, with the pull requests from it.",
        source: Source::Memory,
        if_wrong: "An open promotion is not seen, and opening it again is refused because its branch is there; nothing lands by mistake.",
        trial: Trial::Run,
    },
    Assumption {
        code: "ref-name-split",
        statement: "A ref's `prefix` and `name` together are its full name, wherever it is split.",
        source: Source::Schema,
        if_wrong: "Branches of promotions are taken for foreign ones, and left alone.",
        trial: Trial::Run,
    },
    Assumption {
        code: "viewer-did-author",
        statement: "`viewerDidAuthor` is true of a pull request that this token opened, be it a person's or an App's.",
        source: Source::Memory,
        if_wrong: "Sluice takes its own pull requests for somebody else's: it lands none of them, and says so.",
        trial: Trial::Run,
    },
    Assumption {
        code: "team-reviewer",
        statement: "Whether a team can be asked to review (expected: not with a workflow's own token).",
        source: Source::Reports,
        if_wrong: "Nobody is notified by that request. The gate counts the team's approvals all the same.",
        trial: Trial::EitherWay,
    },
    Assumption {
        code: "timeline-types",
        statement: "`timelineItems(itemTypes:)` lists events of these types and no others.",
        source: Source::Memory,
        if_wrong: "Events of other types are ignored; if some of these were missing, approvals by label would not count, and a hold lifted by label would stay.",
        trial: Trial::Run,
    },
    Assumption {
        code: "label-created",
        statement: "Whether this token can create a label, by itself and by adding it to a pull request (expected: only with `issues: write`).",
        source: Source::Reports,
        if_wrong: "Promotions open without labels that do not exist yet. Create them by hand; `sluice doctor` lists them.",
        trial: Trial::EitherWay,
    },
    Assumption {
        code: "label-actor",
        statement: "A label's event names who set it, with the numeric id.",
        source: Source::Schema,
        if_wrong: "Nobody is known to have set it: an approval by label does not count.",
        trial: Trial::Run,
    },
    Assumption {
        code: "label-renamed",
        statement: "Whether a label's event shows the name that was set or the label's present name, in GraphQL and in REST (expected: nobody knows).",
        source: Source::Memory,
        if_wrong: "If both show the present name, a person who can edit labels could turn another label into an approval by renaming it; the time at which a label was last changed tells.",
        trial: Trial::EitherWay,
    },
    Assumption {
        code: "review-commit",
        statement: "A review names the head at which it was given.",
        source: Source::Schema,
        if_wrong: "Without a commit a review counts for nothing; every approval by review is missing.",
        trial: Trial::Run,
    },
    Assumption {
        code: "merge-head-moved",
        statement: "A merge whose `sha` is not the head is refused with “Head branch was modified” (409).",
        source: Source::Documentation,
        if_wrong: "In other words it is a refusal like any other, and the next run looks again. If it were not refused, a head that nobody approved could land: the base is looked at after every merge.",
        trial: Trial::Run,
    },
    Assumption {
        code: "reopen-keeps-reviews",
        statement: "Closing and reopening a pull request keeps its reviews.",
        source: Source::Memory,
        if_wrong: "A reopened promotion asks for its approvals again.",
        trial: Trial::Run,
    },
    Assumption {
        code: "activity-log",
        statement: "The log of pushes knows who made a branch, and at which commit.",
        source: Source::Memory,
        if_wrong: "Who pushed cannot be told where a head was replaced: approvals of that promotion are an error until it is opened anew.",
        trial: Trial::Run,
    },
    Assumption {
        code: "fast-forward-only",
        statement: "Without `force`, a ref moves only forward: else “Update is not a fast forward”.",
        source: Source::Documentation,
        if_wrong: "`land: exact` could overwrite what somebody pushed at the same moment. Use `land: merge` until it is settled.",
        trial: Trial::Run,
    },
    Assumption {
        code: "stale-update-refs",
        statement: "`updateRefs` moves nothing where `beforeOid` is not where the ref stands.",
        source: Source::Schema,
        if_wrong: "A branch that somebody pushed to could be moved or deleted with that push on it.",
        trial: Trial::Run,
    },
    Assumption {
        code: "create-by-update-refs",
        statement: "To `updateRefs` a `beforeOid` of zeros means that the ref must not be there.",
        source: Source::Schema,
        if_wrong: "Renaming a temporary branch to a promotion's could overwrite one of the same name; what is there is compared with the plan before anything lands.",
        trial: Trial::Run,
    },
    Assumption {
        code: "rename-by-update-refs",
        statement: "One `updateRefs` makes a branch and deletes another in one step.",
        source: Source::Schema,
        if_wrong: "A temporary branch stays behind, and is swept after a day.",
        trial: Trial::Run,
    },
    Assumption {
        code: "delete-by-update-refs",
        statement: "To `updateRefs` an `afterOid` of zeros means that the ref goes, if it still stands at `beforeOid`.",
        source: Source::Schema,
        if_wrong: "Branches of promotions stay after their landing, or are deleted by REST after a look.",
        trial: Trial::Run,
    },
    Assumption {
        code: "stale-commit-on-branch",
        statement: "`createCommitOnBranch` on another head than expected is refused with “Expected branch to point to”.",
        source: Source::Schema,
        if_wrong: "In other words it is an error of this one promotion. If it were not refused, the commit would lie on something else, and its tree would not be the plan's: it is not landed.",
        trial: Trial::Run,
    },
    Assumption {
        code: "commit-on-branch-verified",
        statement: "A commit made by `createCommitOnBranch` is signed by GitHub.",
        source: Source::Documentation,
        if_wrong: "With `verified: true` no promotion is opened, and the row says that the commit is not verified.",
        trial: Trial::Run,
    },
    Assumption {
        code: "test-merge-follows-base",
        statement: "Whether a test merge follows the base if only the base moves (expected: it does not).",
        source: Source::Documentation,
        if_wrong: "Nothing: what a merge would give is worked out from git objects, not taken from the test merge.",
        trial: Trial::EitherWay,
    },
    Assumption {
        code: "deleted-branch-closes",
        statement: "Deleting a branch closes the pull request from it.",
        source: Source::Reports,
        if_wrong: "A pull request without a branch stays open until somebody closes it; it cannot be merged.",
        trial: Trial::Run,
    },
    Assumption {
        code: "unknown-refusals",
        statement: "A refused merge in words that are not known here does not pass by itself.",
        source: Source::Reports,
        if_wrong: "A promotion that could have landed by itself waits for the next run.",
        trial: Trial::Cannot("GitHub's words of refusal are an open list"),
    },
    Assumption {
        code: "not-authorized",
        statement: "“You're not authorized to push to this branch” does not pass by itself.",
        source: Source::Reports,
        if_wrong: "A promotion that could have landed by itself waits for the next run.",
        trial: Trial::Cannot("it takes a second token that the branch is closed to"),
    },
    Assumption {
        code: "runs-wait",
        statement: "Workflows wait for a person on pull requests that a workflow's own token opened.",
        source: Source::Documentation,
        if_wrong: "Required checks start by themselves, and nobody has to let them run: less to do than the documents say.",
        trial: Trial::Cannot("it takes a workflow and a person; servers differ by version"),
    },
    Assumption {
        code: "decision-code-owners",
        statement: "`reviewDecision` speaks of code owners only where a rule asks for them.",
        source: Source::Reports,
        if_wrong: "Nothing passes by it: it is shown, and only ever makes a result stricter.",
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
            Self::Untold => "not told",
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

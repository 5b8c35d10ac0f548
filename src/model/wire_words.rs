//! The words that Sluice writes to GitHub or into git, and that a later run reads back.
//!
//! Sluice stores nothing anywhere else, so these words are its file format. They are in the commits, pull requests and
//! statuses of every repository that uses it, and an older or newer version may have written them. **None of them ever
//! changes.** To write something in a new way, add the new spelling and read the old one forever. The tests below have
//! each of them as it is on the wire; those lines are not edited either. What a whole pull request of an earlier version
//! looks like is in `fixtures/earlier`.
//!
//! Formats with a grammar of their own have their reader and writer elsewhere, and take their words from here: the
//! record of a landing ([`super::record`]), label names (`label.rs`), and refusals (`plan/attempt.rs`).

/// The context of the commit status on the heads of pull requests.
pub const STATUS: &str = "sluice";

/// The folder of all branches that Sluice makes. Two queries, in `forge/snapshot.rs` and `forge/settings.rs`, spell it
/// out.
pub const BRANCHES: &str = "sluice/";
/// The start of the names of temporary branches. What an interrupted run leaves behind is deleted after a day.
pub(crate) const TEMPORARY_BRANCHES: &str = "sluice/tmp-";
/// The start of the names of branches and labels that `doctor --live` makes and deletes.
pub(crate) const PROOFS: &str = "sluice/proof/";

/// The start of the names of all of Sluice's labels that approve nothing.
pub(crate) const LABELS: &str = "sluice/";
/// The label that holds a stage.
pub const HOLD: &str = "sluice/hold";
/// The label on a pull request that someone pushed to.
pub const BLOCKED: &str = "sluice/blocked";
/// The start of the names of labels that approve a gate.
pub(crate) const APPROVALS: &str = "approve/";

/// The end of a comment that says why a pull request was closed.
pub(crate) const CLOSED_COMMENT: &str = "<!-- sluice: closed -->";
/// The end of a comment that says why a pull request is blocked.
pub(crate) const BLOCKED_COMMENT: &str = "<!-- sluice: blocked -->";

/// The start of the trailers of commits, as in `Sluice-Plan: 66f61f…`.
pub(crate) const TRAILER: &str = "Sluice-";

/// Names of trailers, without the start that they share.
pub(crate) mod trailer {
    /// The pipeline.
    pub(crate) const PIPELINE: &str = "Pipeline";
    /// The stage.
    pub(crate) const STAGE: &str = "Stage";
    /// One edge.
    pub(crate) const EDGES: &str = "Edges";
    /// The plan ID.
    pub(crate) const PLAN: &str = "Plan";
    /// The build.
    pub(crate) const BUILD: &str = "Build";
    /// What one service takes from its source.
    pub(crate) const SOURCE: &str = "Source";
    /// The account that requested it.
    pub(crate) const REQUESTED_BY: &str = "Requested-By";
    /// Why it was requested.
    pub(crate) const REASON: &str = "Reason";
    /// What an emergency skips.
    pub(crate) const EMERGENCY: &str = "Emergency";
    /// What a rollback goes back to.
    pub(crate) const ROLLBACK: &str = "Rollback";
    /// The repository and its base branch.
    pub(crate) const REPOSITORY: &str = "Repository";
    /// One gate's verdict right before the landing.
    pub(crate) const GATE: &str = "Gate";
    /// The commits that a change of a git ref brings.
    pub(crate) const BRINGS: &str = "Brings";
}

/// What is between the name of a gate that passed and its reason. The first one is written; 0.1.0 wrote the other one in
/// commits of `promote --local`.
pub(crate) const GATE_PASSED: [&str; 2] = [" pass: ", " pass; "];
/// The same for a gate that did not pass.
pub(crate) const GATE_OPEN: [&str; 4] = [" open: ", " pending; ", " blocked; ", " error; "];

/// The zero-width space inside words of commit messages that GitHub would act on. It is not part of the text.
pub(crate) const BREAK: char = '\u{200b}';

/// The start of the context of the status that records that a gate's workflow was started. The gate's name follows.
pub(crate) const JOBS: &str = "sluice/job/";

/// The description of that status: which attempt it is.
pub(crate) fn attempt(number: u32) -> String {
    format!("attempt {number}")
}

/// The description if GitHub refused to start it.
pub(crate) fn refused_attempt(number: u32, why: &str) -> String {
    format!("{}: {why}", attempt(number))
}

/// Reads such a description: the attempt, and why it was refused.
pub(crate) fn parse_attempt(description: &str) -> Option<(u32, Option<&str>)> {
    let number = description.strip_prefix("attempt ")?;
    let number = number.split([':', ' ']).next()?.parse().ok()?;
    Some((number, description.split_once(": ").map(|(_, why)| why)))
}

/// What is between the description of the status `sluice` and the refused merges that it remembers:
/// `… · refused 3 · 0a1b2c3d`.
pub(crate) const REFUSED: &str = " · refused ";
/// What is between their number and the digest of what GitHub looked at.
pub(crate) const REFUSED_DIGEST: &str = " · ";

/// The start of that description once a merge was checked.
pub(crate) const CHECKED_MERGE: &str = "looked at after the merge";

/// The start of our comment behind a value in a manifest, after the `# `: `# sluice: v1.4.0`. The editor of `sluice-yaml`,
/// which knows nothing of Sluice, writes it (`edit/note.rs`).
pub(crate) const NOTE: &str = "sluice: ";

/// The description of that status on a pull request that the guard has nothing against.
pub(crate) const NOT_A_PROMOTION: &str = "not a promotion";

/// The pull request that a description of a pull request says it replaces. The template `render/pull_request.md.jinja`
/// writes it. Nothing depends on it, so the text is believed.
pub(crate) fn replaced_pull(body: &str) -> Option<u64> {
    let (_, rest) = body.rsplit_once("replaces #")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_what_they_always_were() {
        for (word, on_the_wire) in [
            (STATUS, "sluice"),
            (BRANCHES, "sluice/"),
            (TEMPORARY_BRANCHES, "sluice/tmp-"),
            (PROOFS, "sluice/proof/"),
            (NOTE, "sluice: "),
            (LABELS, "sluice/"),
            (HOLD, "sluice/hold"),
            (BLOCKED, "sluice/blocked"),
            (APPROVALS, "approve/"),
            (CLOSED_COMMENT, "<!-- sluice: closed -->"),
            (BLOCKED_COMMENT, "<!-- sluice: blocked -->"),
            (TRAILER, "Sluice-"),
            (trailer::PIPELINE, "Pipeline"),
            (trailer::STAGE, "Stage"),
            (trailer::EDGES, "Edges"),
            (trailer::PLAN, "Plan"),
            (trailer::BUILD, "Build"),
            (trailer::SOURCE, "Source"),
            (trailer::REQUESTED_BY, "Requested-By"),
            (trailer::REASON, "Reason"),
            (trailer::EMERGENCY, "Emergency"),
            (trailer::ROLLBACK, "Rollback"),
            (trailer::REPOSITORY, "Repository"),
            (trailer::GATE, "Gate"),
            (trailer::BRINGS, "Brings"),
            (JOBS, "sluice/job/"),
            (REFUSED, " · refused "),
            (REFUSED_DIGEST, " · "),
            (CHECKED_MERGE, "looked at after the merge"),
            (NOT_A_PROMOTION, "not a promotion"),
        ] {
            assert_eq!(word, on_the_wire);
        }
        assert_eq!(GATE_PASSED, [" pass: ", " pass; "]);
        assert_eq!(
            GATE_OPEN,
            [" open: ", " pending; ", " blocked; ", " error; "]
        );
        assert_eq!(u32::from(BREAK), 0x200b);
    }

    #[test]
    fn an_attempt_is_read_as_it_is_written() {
        assert_eq!(attempt(2), "attempt 2");
        assert_eq!(
            refused_attempt(2, "tests: no workflow"),
            "attempt 2: tests: no workflow"
        );
        for (description, read) in [
            ("attempt 1", Some((1, None))),
            ("attempt 12", Some((12, None))),
            (
                "attempt 1: tests: there is no workflow .github/workflows/ci.yml on the base branch",
                Some((
                    1,
                    Some("tests: there is no workflow .github/workflows/ci.yml on the base branch"),
                )),
            ),
            ("attempt 1 of 3", Some((1, None))),
            ("attempt", None),
            ("attempt one", None),
            ("Attempt 1", None),
            ("", None),
        ] {
            assert_eq!(parse_attempt(description), read, "{description}");
        }
    }

    #[test]
    fn a_description_names_the_pull_request_that_it_replaces() {
        for (body, number) in [
            (
                "<sub>plan `66f61f` · replaces #12 ·\nundo: *Run workflow → rollback*</sub>",
                Some(12),
            ),
            (
                "replaces #1, it says\n\n<sub>plan `66f61f` · replaces #7 ·",
                Some(7),
            ),
            ("<sub>plan `66f61f` ·\nundo: x</sub>", None),
            ("replaces #", None),
            ("", None),
        ] {
            assert_eq!(replaced_pull(body), number, "{body}");
        }
    }
}

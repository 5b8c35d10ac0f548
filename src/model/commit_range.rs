//! What a promotion brings: the commits between what a target holds and what it would hold.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use jiff::Timestamp;

use super::actor::UserId;
use super::address::WebAddress;
use super::change::Change;
use super::fetched::Fetched;
use super::ids::CommitId;
use super::slug::RepoSlug;
use super::text::cut;
use super::version::Version;

/// How the new commit or chart version relates to the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// It descends from it.
    Forward,
    /// The old one descends from it: a downgrade.
    Back,
    /// Neither does.
    Sideways,
}

impl Direction {
    /// Which way a change of a version goes. `None` for every other change, and if not both are versions of which one is the
    /// newer.
    pub fn of_versions(change: &Change) -> Option<Self> {
        if !change.sets_version() {
            return None;
        }
        let new = Version::parse_tag(change.new.expose())?;
        match new.order(&Version::parse_tag(change.old.as_ref()?.expose())?) {
            Ordering::Less => Some(Self::Back),
            Ordering::Greater => Some(Self::Forward),
            Ordering::Equal => None,
        }
    }
}

/// The warning for a change that does not go forward: by its commits if it sets a git ref, otherwise by its versions.
pub fn warning(change: &Change, brings: Option<&CommitRangeSummary>) -> Option<String> {
    match brings {
        Some(brings) => brings.warning(),
        None => (Direction::of_versions(change) == Some(Direction::Back))
            .then(|| "goes back to an older version".to_owned()),
    }
}

/// What one service of a promotion brings, as it is shown and recorded.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CommitRangeSummary {
    /// The service.
    pub service: String,
    /// `owner/name` on the same GitHub, if known.
    pub repository: Option<String>,
    /// The commit before.
    pub old: CommitId,
    /// The commit after.
    pub new: CommitId,
    /// How the two relate.
    pub way: Direction,
    /// How many commits it brings, or takes back if it goes back; at least this many if `cut`.
    pub total: usize,
    /// There are more than were looked through.
    pub cut: bool,
    /// The newest of them: first digits of the id, subject, author, pull request.
    pub listed: Vec<(String, String, String, Option<u64>)>,
}

/// At most this many commits of one service are listed.
pub const MAX_LISTED: usize = 20;

/// The maximum length of a subject or name, in characters.
const MAX_TEXT: usize = 100;

impl CommitRangeSummary {
    /// What is shown of the commits that a service brings.
    pub fn of(
        service: &str,
        repository: Option<String>,
        old: CommitId,
        new: CommitId,
        brought: &RangeCommits,
    ) -> Self {
        let listed = brought.commits.iter().take(MAX_LISTED).map(|commit| {
            let author = commit.authors.first();
            let name = author.map_or("", |author| author.login.as_deref().unwrap_or(&author.name));
            let subject = match without_pull(&commit.subject, commit.number) {
                "" => "(no subject)",
                subject => subject,
            };
            (
                commit.commit.short(),
                cut(subject, MAX_TEXT),
                cut(name, MAX_TEXT),
                commit.number,
            )
        });
        Self {
            service: service.to_owned(),
            repository,
            old,
            new,
            way: brought.way,
            total: brought.total,
            cut: brought.cut,
            listed: listed.collect(),
        }
    }

    /// Whether it describes this change. If the change writes a commit ID, that ID distinguishes services with the same
    /// name in two namespaces.
    pub fn is_of(&self, change: &Change) -> bool {
        let new = change.new.expose().parse::<CommitId>();
        change.sets_git_ref()
            && self.service == change.manifest.name
            && new.ok().is_none_or(|new| new == self.new)
    }

    /// `4 commits`, `500 commits and more`.
    pub fn count(&self) -> String {
        let more = if self.cut { " and more" } else { "" };
        match self.total {
            1 => format!("1 commit{more}"),
            number => format!("{number} commits{more}"),
        }
    }

    /// How many commits come; `None` if it goes back, because then none come.
    pub fn incoming_count(&self) -> Option<String> {
        (self.way != Direction::Back).then(|| self.count())
    }

    /// The warning if it does not go forward.
    pub fn warning(&self) -> Option<String> {
        match self.way {
            Direction::Forward => None,
            // Zero if the writer did not count.
            Direction::Back if self.total == 0 => {
                Some("goes back: the current value descends from it".to_owned())
            }
            Direction::Back => Some(format!(
                "goes back {}: the current value descends from it",
                self.count()
            )),
            Direction::Sideways => {
                Some("goes sideways: neither descends from the other".to_owned())
            }
        }
    }

    /// The page of the forge at this host that shows the commits: it compares an older commit with a newer one, and
    /// shows nothing the other way round.
    pub fn compare(&self, host: &str) -> Option<WebAddress> {
        let slug: RepoSlug = self.repository.as_ref()?.parse().ok()?;
        let (from, to) = match self.way {
            Direction::Back => (self.new, self.old),
            Direction::Forward | Direction::Sideways => (self.old, self.new),
        };
        let page = format!("https://{host}/{slug}/compare/{from}...{to}");
        page.parse().ok()
    }
}

/// A subject without GitHub's `(#412)` at its end, if the number is shown separately.
fn without_pull(subject: &str, number: Option<u64>) -> &str {
    let ending = number.map(|number| format!(" (#{number})"));
    ending
        .and_then(|ending| subject.strip_suffix(&ending))
        .filter(|rest| !rest.trim().is_empty())
        .unwrap_or(subject)
}

/// What was found out about a change of a git ref.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedRange {
    /// Its commits.
    pub summary: CommitRangeSummary,
    /// The page that compares the two, if the host is known.
    pub compare: Option<WebAddress>,
}

/// What the changes of a plan bring, by their indexes: pipeline, promotion, change. `None` for a change that sets no
/// git ref, has no value before, or resolves to the same commit as before.
pub type RangesByChange = BTreeMap<(usize, usize, usize), Fetched<LinkedRange>>;

/// Commits that touch what is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeCommits {
    /// How the new commit relates to the old one.
    pub way: Direction,
    /// The commits, newest first: those that only the new one has; if it goes back, those that only the old one has.
    /// From a clone only the newest [`MAX_LISTED`].
    pub commits: Vec<RangeCommit>,
    /// How many there are.
    pub total: usize,
    /// There are more than were looked through.
    pub cut: bool,
}

/// One commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeCommit {
    /// Its id.
    pub commit: CommitId,
    /// The first line of its message; foreign text.
    pub subject: String,
    /// Its committer date; for display and order only.
    pub at: Timestamp,
    /// Its authors, those named as co-authors included.
    pub authors: Vec<Person>,
    /// The pull request that brought it.
    pub number: Option<u64>,
}

/// Someone as a commit names them; all of it foreign text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The account's ID, if the email address belongs to one.
    pub id: Option<UserId>,
    /// The account's login.
    pub login: Option<String>,
    /// The name that the commit has.
    pub name: String,
    /// The address that the commit has.
    pub email: String,
}

impl RangeCommits {
    /// What a ref brings that is pinned to the commit it already points to.
    pub fn nothing() -> Self {
        Self {
            way: Direction::Forward,
            commits: Vec::new(),
            total: 0,
            cut: false,
        }
    }
}

impl Person {
    /// Whether the account is an App's: no person's login can end so.
    pub fn is_bot(&self) -> bool {
        let login = self.login.as_ref().filter(|_| self.id.is_some());
        login.is_some_and(|login| login.ends_with("[bot]"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::landed::pull_of_message;

    fn brings(way: Direction, subjects: &[&str]) -> CommitRangeSummary {
        let commit = |subject: &&str| RangeCommit {
            commit: "ab".repeat(20).parse().unwrap(),
            subject: (*subject).to_owned(),
            at: Timestamp::UNIX_EPOCH,
            authors: Vec::new(),
            number: pull_of_message(subject),
        };
        let brought = RangeCommits {
            way,
            commits: subjects.iter().map(commit).collect(),
            total: subjects.len(),
            cut: false,
        };
        let id = |digits: &str| digits.repeat(20).parse().unwrap();
        CommitRangeSummary::of("api", None, id("12"), id("34"), &brought)
    }

    #[test]
    fn a_number_is_told_once_and_a_long_text_is_cut() {
        let long = "x".repeat(101);
        let brings = brings(Direction::Forward, &["Fix (#4)", "(#5)", &long, ""]);
        let subjects: Vec<&str> = brings
            .listed
            .iter()
            .map(|(_, text, ..)| &text[..])
            .collect();
        let cut = format!("{}…", "x".repeat(99));
        assert_eq!(subjects, ["Fix", "(#5)", &cut, "(no subject)"]);
    }

    #[test]
    fn what_does_not_go_forward_says_so() {
        assert_eq!(brings(Direction::Forward, &["a"]).warning(), None);
        assert_eq!(
            brings(Direction::Forward, &["a"]).incoming_count().unwrap(),
            "1 commit"
        );
        let back = brings(Direction::Back, &["a", "b"]);
        assert_eq!(back.incoming_count(), None);
        assert_eq!(
            back.warning().unwrap(),
            "goes back 2 commits: the current value descends from it"
        );
        let sideways = brings(Direction::Sideways, &["a", "b"]);
        assert_eq!(sideways.incoming_count().unwrap(), "2 commits");
        assert!(sideways.warning().unwrap().starts_with("goes sideways"));
    }
}

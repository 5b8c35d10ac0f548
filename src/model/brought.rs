//! What a promotion brings: the commits between what a target holds and what it would hold.

use jiff::Timestamp;

use super::evidence::{ChangeAuthors, UserId};
use super::ids::CommitId;

/// How the new commit stands to the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// It descends from it.
    Forward,
    /// The old one descends from it: a downgrade.
    Back,
    /// Neither does.
    Sideways,
}

impl Way {
    /// What people are told where it is not forward.
    pub fn warning(self) -> Option<&'static str> {
        match self {
            Self::Forward => None,
            Self::Back => Some("goes back: what is there now descends from it"),
            Self::Sideways => Some("goes sideways: neither descends from the other"),
        }
    }
}

/// What one service of a promotion brings, as it is shown and recorded.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Brings {
    /// The service.
    pub service: String,
    /// `owner/name` on the same forge, where it is known.
    pub repository: Option<String>,
    /// The commit before.
    pub old: CommitId,
    /// The commit after.
    pub new: CommitId,
    /// How the two stand to each other.
    pub way: Way,
    /// How many commits there are; at least so many where `cut`.
    pub total: usize,
    /// There are more than were looked through.
    pub cut: bool,
    /// The newest of them: first digits of the id, subject, author, pull request.
    pub listed: Vec<(String, String, String, Option<u64>)>,
}

/// So many commits of one service are listed.
const LISTED: usize = 20;

/// A subject or name is cut at so many characters.
const TEXT: usize = 100;

impl Brings {
    /// What is shown of the commits that a service brings.
    pub fn of(
        service: &str,
        repository: Option<String>,
        old: CommitId,
        new: CommitId,
        brought: &Brought,
    ) -> Self {
        let cut = |text: &str| -> String { text.chars().take(TEXT).collect() };
        let listed = brought.commits.iter().take(LISTED).map(|commit| {
            let author = commit.authors.first();
            let name = author.map_or("", |author| author.login.as_deref().unwrap_or(&author.name));
            (
                commit.commit.short(),
                cut(&commit.subject),
                cut(name),
                commit.number,
            )
        });
        Self {
            service: service.to_owned(),
            repository,
            old,
            new,
            way: brought.way,
            total: brought.commits.len(),
            cut: brought.cut,
            listed: listed.collect(),
        }
    }

    /// `4 commits`, `500 commits and more`.
    pub fn count(&self) -> String {
        let more = if self.cut { " and more" } else { "" };
        match self.total {
            1 => format!("1 commit{more}"),
            number => format!("{number} commits{more}"),
        }
    }
}

/// Commits that touch what is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brought {
    /// How the new commit stands to the old one.
    pub way: Way,
    /// The commits, newest first.
    pub commits: Vec<BroughtCommit>,
    /// There are more than were looked through.
    pub cut: bool,
}

/// One commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BroughtCommit {
    /// Its id.
    pub commit: CommitId,
    /// The first line of its message; foreign text.
    pub subject: String,
    /// Its committer date; for display and order only.
    pub at: Timestamp,
    /// Its authors, those named as co-authors included.
    pub authors: Vec<Person>,
    /// Its committer.
    pub committer: Option<Person>,
    /// The pull request that brought it.
    pub number: Option<u64>,
}

/// Somebody as a commit names them; all of it foreign text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The account's id, where the address belongs to one.
    pub id: Option<UserId>,
    /// The account's login.
    pub login: Option<String>,
    /// The name that the commit has.
    pub name: String,
    /// The address that the commit has.
    pub email: String,
}

/// The account by which GitHub itself commits for people on its pages: its committer, never an author.
const WEB_FLOW: &str = "noreply@github.com";

impl Brought {
    /// Everyone who wrote one of the commits.
    pub fn authors(&self, into: &mut ChangeAuthors) {
        for commit in &self.commits {
            let committer = commit
                .committer
                .iter()
                .filter(|person| person.email != WEB_FLOW);
            for person in commit.authors.iter().chain(committer) {
                match (person.id, &person.login) {
                    (Some(id), login) => {
                        let login = login.clone().unwrap_or_else(|| person.name.clone());
                        into.people.insert(id, login);
                    }
                    (None, _) => {
                        into.unmapped
                            .insert(format!("{} <{}>", person.name, person.email));
                    }
                }
            }
        }
    }
}

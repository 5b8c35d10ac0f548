//! What a promotion brings: the commits between what a target holds and what it would hold.

use jiff::Timestamp;

use super::evidence::{ChangeAuthors, UserId};
use super::ids::CommitId;

/// How the new commit stands to the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// It descends from it.
    Forward,
    /// The old one descends from it: a downgrade.
    Back,
    /// Neither does.
    Sideways,
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

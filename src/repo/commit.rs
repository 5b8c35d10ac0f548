//! What a commit says about itself, and who commits.

use git2::Config;

use super::error::{RepoError, git_error};
use super::objects::{commit_id, header_lines, oid, tree_id};
use super::raw_commit::RawCommit;
use super::repository::Repo;
use crate::model::ids::{CommitId, TreeId};

/// A time as git records it. The author of a commit chooses it: it is for people to read, never evidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GitTime {
    /// Seconds since 1970-01-01 UTC.
    pub unix_seconds: i64,
    /// The writer's zone, in minutes east of UTC.
    pub offset_minutes: i32,
}

/// Who makes a commit, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// `user.name`.
    pub name: String,
    /// `user.email`.
    pub email: String,
    /// The time that the commit will carry.
    pub time: GitTime,
}

/// A commit's headers and message. All text is foreign; bytes that are not UTF-8 show as `U+FFFD`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitInfo {
    /// The author's name.
    pub author_name: String,
    /// The author's address.
    pub author_email: String,
    /// When the author says it was written.
    pub author_time: GitTime,
    /// When the committer says it was committed.
    pub committer_time: GitTime,
    /// The message's first paragraph on one line.
    pub subject: String,
    /// The whole message.
    pub message: String,
    /// All parents, the first one first; also if a shallow clone does not contain them.
    pub parents: Vec<CommitId>,
    /// The root folder.
    pub tree: TreeId,
}

impl CommitInfo {
    /// What a commit says by its whole object, `data`.
    pub(super) fn parse(raw: &RawCommit, data: &[u8]) -> Result<Self, RepoError> {
        let header = |key: &[u8]| {
            header_lines(data)
                .find_map(|line| line.strip_prefix(key))
                .unwrap_or_default()
        };
        let (author_name, author_email, author_time) = signature(header(b"author "));
        let (_, _, committer_time) = signature(header(b"committer "));
        let body = data
            .windows(2)
            .position(|pair| pair == b"\n\n")
            .map_or(data.len(), |end| end + 2);
        let message = String::from_utf8_lossy(&data[body..]).into_owned();
        let parents = raw.parents.iter().copied().map(commit_id);
        Ok(Self {
            author_name,
            author_email,
            author_time,
            committer_time,
            subject: subject(&message),
            message,
            parents: parents.collect::<Result<_, _>>()?,
            tree: tree_id(raw.tree)?,
        })
    }
}

impl Repo {
    /// What the commit says.
    ///
    /// # Errors
    /// [`RepoError::NotFound`] if it is not here, [`RepoError::Git`] if it is broken.
    pub fn commit_info(&self, commit: &CommitId) -> Result<CommitInfo, RepoError> {
        let objects = self.objects()?;
        let id = oid(commit.as_bytes(), || format!("the commit {commit}"))?;
        let (raw, data) = objects.whole_commit(id)?;
        CommitInfo::parse(&raw, &data)
    }

    /// Who commits here by git's configuration (`user.name`, `user.email`), at the given time.
    ///
    /// # Errors
    /// [`RepoError::Refused`] with the commands to run if either is not set.
    pub fn author_from_config(&self, unix_seconds: i64) -> Result<Author, RepoError> {
        let config = match self.disk() {
            Some(git) => git.config(),
            None => Config::open_default(),
        };
        let config = config.map_err(git_error("read git's configuration"))?;
        author_in(&config, unix_seconds)
    }
}

fn author_in(config: &Config, unix_seconds: i64) -> Result<Author, RepoError> {
    let get = |key: &str| {
        config
            .get_string(key)
            .ok()
            .filter(|value| !value.trim().is_empty())
    };
    let (Some(name), Some(email)) = (get("user.name"), get("user.email")) else {
        return Err(RepoError::refused(
            "git has no name and email for commits; run: git config --global user.name \"Your Name\" and: git config --global \
             user.email you@example.com",
        ));
    };
    Ok(Author {
        name,
        email,
        time: GitTime {
            unix_seconds,
            offset_minutes: 0,
        },
    })
}

/// `NAME <EMAIL> SECONDS ZONE`; what cannot be read is empty or 0.
fn signature(line: &[u8]) -> (String, String, GitTime) {
    let line = String::from_utf8_lossy(line);
    let (who, when) = line.rsplit_once('>').unwrap_or((&line, ""));
    let (name, email) = who.split_once('<').unwrap_or((who, ""));
    let mut words = when.split_ascii_whitespace();
    let unix_seconds = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
    let zone: i32 = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
    let time = GitTime {
        unix_seconds,
        offset_minutes: zone / 100 * 60 + zone % 100,
    };
    (name.trim().to_owned(), email.trim().to_owned(), time)
}

/// The first paragraph on one line, as git shows it.
fn subject(message: &str) -> String {
    let lines = message
        .lines()
        .map(str::trim)
        .skip_while(|line| line.is_empty());
    let paragraph: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
    paragraph.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_minutes_east_and_broken_signatures_are_empty() {
        let at = |line: &str| signature(line.as_bytes());
        let time = |unix_seconds, offset_minutes| GitTime {
            unix_seconds,
            offset_minutes,
        };
        assert_eq!(
            at("A B <a@b> 17 +0530"),
            ("A B".into(), "a@b".into(), time(17, 330))
        );
        assert_eq!(at("A <a@b> 17 -0330").2, time(17, -210));
        assert_eq!(at("nobody"), ("nobody".into(), String::new(), time(0, 0)));
        assert_eq!(at(""), (String::new(), String::new(), time(0, 0)));
    }

    #[test]
    fn the_subject_is_the_first_paragraph_on_one_line() {
        assert_eq!(subject("\n\none\n two\n\nbody\n"), "one two");
        assert_eq!(subject(""), "");
    }

    #[test]
    fn a_missing_identity_names_both_commands() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config");
        let mut config = Config::new().unwrap();
        config
            .add_file(&file, git2::ConfigLevel::Local, false)
            .unwrap();
        config.set_str("user.name", "Ada").unwrap();
        let why = author_in(&config, 5).unwrap_err().to_string();
        assert!(
            why.contains("git config --global user.name")
                && why.contains("user.email you@example.com"),
            "{why}"
        );
        config.set_str("user.email", "ada@example.com").unwrap();
        let author = author_in(&config, 5).unwrap();
        assert_eq!(
            (author.name.as_str(), author.email.as_str()),
            ("Ada", "ada@example.com")
        );
        assert_eq!(
            author.time,
            GitTime {
                unix_seconds: 5,
                offset_minutes: 0
            }
        );
    }
}

//! Branches and tags by name, and what a git ref of a manifest may mean.

use git2::{ErrorCode, ObjectType, Reference, Repository};

use super::error::{RepoError, git_error};
use super::objects::commit_id;
use super::repository::Repo;
use crate::model::ids::CommitId;

/// Everything that a name means here. More than one hit is ambiguous; the caller decides and says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RefHits {
    /// The tip of the local branch of that name.
    pub branch: Option<CommitId>,
    /// The tip of the named remote's branch of that name.
    pub remote_branch: Option<CommitId>,
    /// The commit that the tag of that name leads to, peeled.
    pub tag: Option<CommitId>,
    /// The commit whose full id the name is.
    pub commit: Option<CommitId>,
}

/// The tip of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchTip {
    /// The short name, without the remote's: `main`.
    pub name: String,
    /// The remote whose branch it is; `None` for a local one.
    pub remote: Option<String>,
    /// Its tip.
    pub commit: CommitId,
}

/// A tag, peeled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagTip {
    /// The short name: `v1.4.0`.
    pub name: String,
    /// The commit it leads to.
    pub commit: CommitId,
}

impl Repo {
    /// What `name` means: a branch, a branch of `remote` (none is searched if it is `None`), a tag or a full commit ID.
    /// `refs/heads/NAME` and `refs/tags/NAME` mean only that. No match at all is an empty answer.
    ///
    /// # Errors
    /// [`RepoError::Refused`] for names that git forbids or that must not be followed: a leading `-`, `HEAD`, `refs/`
    /// outside heads and tags (so `refs/pull/*`), `..`, control characters; and for one that leads to no commit.
    pub fn resolve(&self, name: &str, remote: Option<&str>) -> Result<RefHits, RepoError> {
        let wanted = WantedRef::parse(name)?;
        let mut hits = RefHits::default();
        if let WantedRef::Short(name) = wanted
            && matches!(name.len(), 40 | 64)
            && let Ok(id) = name.parse()
        {
            hits.commit = self.has_commit(&id).then_some(id);
        }
        let Some(git) = self.disk() else {
            return Ok(hits);
        };
        let look_up = |full: String| self.look_up(git, &full);
        if let WantedRef::Short(name) | WantedRef::Branch(name) = wanted {
            hits.branch = look_up(format!("refs/heads/{name}"))?;
            if let Some(remote) = remote {
                let full = format!("refs/remotes/{remote}/{name}");
                if !Reference::is_valid_name(&full) {
                    return Err(RepoError::refused(format!(
                        "{remote:?} is not the name of a remote"
                    )));
                }
                hits.remote_branch = look_up(full)?;
            }
        }
        if let WantedRef::Short(name) | WantedRef::Tag(name) = wanted {
            hits.tag = look_up(format!("refs/tags/{name}"))?;
        }
        Ok(hits)
    }

    /// All branches, local ones and those of every remote, sorted by full ref name. Symbolic ones
    /// (`refs/remotes/origin/HEAD`), names that are not UTF-8 and refs that lead to no commit here are left out.
    ///
    /// # Errors
    /// [`RepoError::Git`] if refs cannot be read.
    pub fn branches(&self) -> Result<Vec<BranchTip>, RepoError> {
        let Some(git) = self.disk() else {
            return Ok(Vec::new());
        };
        let remotes: Vec<String> = self
            .remotes()?
            .into_iter()
            .map(|remote| remote.name)
            .collect();
        let mut branches = Vec::new();
        for (name, commit) in self.peeled_refs(git, "refs/heads/")? {
            branches.push(BranchTip {
                name,
                remote: None,
                commit,
            });
        }
        for (name, commit) in self.peeled_refs(git, "refs/remotes/")? {
            // A remote's name may hold slashes: the longest configured one wins, else the first segment is it.
            let under =
                |remote: &str| Some(name.strip_prefix(remote)?.strip_prefix('/')?.to_owned());
            let configured = remotes
                .iter()
                .filter_map(|remote| Some((remote.clone(), under(remote)?)))
                .max_by_key(|(remote, _)| remote.len());
            let split = || {
                name.split_once('/')
                    .map(|(remote, name)| (remote.to_owned(), name.to_owned()))
            };
            if let Some((remote, name)) = configured.or_else(split) {
                let remote = Some(remote);
                branches.push(BranchTip {
                    name,
                    remote,
                    commit,
                });
            }
        }
        Ok(branches)
    }

    /// All tags that lead to a commit, peeled, sorted by name; names that are not UTF-8 are left out.
    ///
    /// # Errors
    /// [`RepoError::Git`] if refs cannot be read.
    pub fn tags(&self) -> Result<Vec<TagTip>, RepoError> {
        let Some(git) = self.disk() else {
            return Ok(Vec::new());
        };
        let tags = self.peeled_refs(git, "refs/tags/")?;
        Ok(tags
            .into_iter()
            .map(|(name, commit)| TagTip { name, commit })
            .collect())
    }

    fn peeled_refs(
        &self,
        git: &Repository,
        prefix: &str,
    ) -> Result<Vec<(String, CommitId)>, RepoError> {
        let operation = || format!("list {prefix}");
        let references = git
            .references_glob(&format!("{prefix}*"))
            .map_err(git_error(operation()))?;
        let mut found = Vec::new();
        for reference in references {
            let reference = reference.map_err(git_error(operation()))?;
            let Some(id) = reference.target() else {
                continue;
            };
            let Some(name) = reference
                .name()
                .ok()
                .and_then(|name| name.strip_prefix(prefix))
            else {
                continue;
            };
            if let Ok(commit) = self.peeled(git, name, id) {
                found.push((name.to_owned(), commit));
            }
        }
        found.sort();
        Ok(found)
    }

    fn look_up(&self, git: &Repository, full: &str) -> Result<Option<CommitId>, RepoError> {
        let reference = match git.find_reference(full) {
            Ok(reference) => reference,
            Err(error) if error.code() == ErrorCode::NotFound => return Ok(None),
            Err(error) => return Err(git_error(format!("read {full}"))(error)),
        };
        let direct = reference
            .resolve()
            .map_err(git_error(format!("read {full}")))?;
        let id = direct
            .target()
            .ok_or_else(|| RepoError::refused(format!("{full} points to nothing")))?;
        self.peeled(git, full, id).map(Some)
    }

    /// The commit that an object leads to, through any number of tags.
    pub(super) fn peeled(
        &self,
        git: &Repository,
        name: &str,
        id: git2::Oid,
    ) -> Result<CommitId, RepoError> {
        let object = git
            .find_object(id, None)
            .map_err(git_error(format!("read {id}, where {name} leads")))?;
        let commit = object.peel(ObjectType::Commit).map_err(|_| {
            RepoError::refused(format!(
                "{name} does not point to a commit, but to a {}",
                kind_of(&object)
            ))
        })?;
        commit_id(commit.id())
    }
}

fn kind_of(object: &git2::Object<'_>) -> &'static str {
    object
        .kind()
        .map_or("object of unknown type", |kind| kind.str())
}

/// A git ref as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WantedRef<'a> {
    /// Only a name: a branch, a tag or a full commit id.
    Short(&'a str),
    /// `refs/heads/NAME`.
    Branch(&'a str),
    /// `refs/tags/NAME`.
    Tag(&'a str),
}

impl<'a> WantedRef<'a> {
    /// Reads a ref.
    ///
    /// # Errors
    /// [`RepoError::Refused`] for names that git forbids or that must not be followed (A28).
    pub(crate) fn parse(name: &'a str) -> Result<Self, RepoError> {
        let refuse = |why: &str| {
            Err(RepoError::refused(format!(
                "the ref {name:?} is refused: {why}"
            )))
        };
        if name.starts_with('-') {
            return refuse("a leading - could be taken for an option");
        }
        if name == "HEAD" || name == "@" {
            return refuse(
                "it is a different commit in every clone; use a branch, a tag or a commit",
            );
        }
        let wanted = if let Some(branch) = name.strip_prefix("refs/heads/") {
            Self::Branch(branch)
        } else if let Some(tag) = name.strip_prefix("refs/tags/") {
            Self::Tag(tag)
        } else if name.starts_with("refs/") {
            return refuse(
                "only branches and tags are followed, and anyone can push to refs such as refs/pull/*",
            );
        } else {
            Self::Short(name)
        };
        let (Self::Short(short) | Self::Branch(short) | Self::Tag(short)) = wanted;
        if short.starts_with('-')
            || short == "HEAD"
            || !Reference::is_valid_name(&format!("refs/heads/{short}"))
        {
            return refuse("it is not a valid name for git");
        }
        Ok(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_are_taken_and_full_names_mean_one_thing() {
        for name in [
            "main",
            "release/1.4",
            "v1.4.0",
            "origin/main",
            "pull/1/head",
            "ümlaut",
        ] {
            assert_eq!(WantedRef::parse(name).unwrap(), WantedRef::Short(name));
        }
        assert_eq!(
            WantedRef::parse("refs/heads/a/b").unwrap(),
            WantedRef::Branch("a/b")
        );
        assert_eq!(
            WantedRef::parse("refs/tags/v1").unwrap(),
            WantedRef::Tag("v1")
        );
    }

    #[test]
    fn names_that_must_not_be_followed_are_refused_with_a_reason() {
        for name in [
            "",
            "-x",
            "--upload-pack=x",
            "refs/heads/-x",
            "refs/pull/1/head",
            "refs/pull/1/merge",
            "refs/remotes/origin/main",
            "refs/notes/commits",
            "refs/heads/",
            "HEAD",
            "refs/heads/HEAD",
            "@",
            "a..b",
            "a b",
            "a\nb",
            "a\0b",
            "a\u{7f}",
            "main~1",
            "main^{}",
            "main@{1}",
            "a:b",
            "a?",
            "a*",
            "a[",
            "a\\b",
            "a.lock",
            "a/.b",
            "/a",
            "a/",
            "a//b",
            "a.",
        ] {
            let error = WantedRef::parse(name).unwrap_err();
            assert!(matches!(error, RepoError::Refused { .. }), "{name:?}");
        }
    }
}

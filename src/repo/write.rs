//! Making a commit: new trees on top of the parent's, and nothing that could write outside of them.

use std::collections::{BTreeMap, btree_map};

use git2::{ObjectType, Oid, Signature, Time};

use super::commit::Author;
use super::error::RepoError;
use super::objects::{Objects, commit_id};
use super::repository::Repo;
use super::tree_entry::{Entry, mode};
use crate::model::ids::CommitId;
use crate::model::source_location::RepoPath;

impl Repo {
    /// Writes a commit that no ref names: the parent's tree (`None`: an empty one, and a root commit) with these files
    /// as they are given. Existing files keep their mode, new ones get 100644. Equal input makes an equal commit id.
    ///
    /// # Errors
    /// [`RepoError::Refused`] for a path that is given twice, leaves the repository, is git's or GitHub's own under any
    /// spelling, goes through or onto something that is not a plain file or folder, or an author or message that git
    /// cannot store. [`RepoError::NotFound`] if the parent is not here.
    pub fn write_commit(
        &self,
        parent: Option<&CommitId>,
        files: &[(String, Vec<u8>)],
        message: &str,
        author: &Author,
    ) -> Result<CommitId, RepoError> {
        let objects = self.objects()?;
        let parent = parent.map(|parent| objects.commit_of(parent)).transpose()?;
        let mut edits = Edits::default();
        for (path, bytes) in files {
            check_path(path)?;
            edits.add(path, path.split('/'), bytes)?;
        }
        let who = signature(author)?;
        if message.contains('\0') {
            return Err(RepoError::refused(
                "a commit message cannot contain a NUL character",
            ));
        }
        let root = parent.as_ref().map(|(_, commit)| commit.tree);
        // All is refused before anything is written.
        edits.check(&objects, root, "")?;
        let tree = edits.write(self, &objects, root)?;
        let mut commit = format!("tree {tree}\n");
        if let Some((parent, _)) = parent {
            commit.push_str(&format!("parent {parent}\n"));
        }
        commit.push_str(&format!("author {who}\ncommitter {who}\n\n{message}"));
        commit_id(self.put(ObjectType::Commit, commit.as_bytes())?)
    }
}

/// `NAME <EMAIL> SECONDS ZONE`, with git's own rules for names (libgit2 trims and refuses).
fn signature(author: &Author) -> Result<String, RepoError> {
    let refuse = |_| {
        RepoError::refused(format!(
            "git cannot store the author {:?} <{}>",
            author.name, author.email
        ))
    };
    let time = Time::new(author.time.unix_seconds, author.time.offset_minutes);
    let checked = Signature::new(&author.name, &author.email, &time).map_err(refuse)?;
    let (name, email) = (
        checked.name().map_err(refuse)?,
        checked.email().map_err(refuse)?,
    );
    if name.contains('\n') || email.contains('\n') || author.time.unix_seconds < 0 {
        return Err(refuse(git2::Error::from_str("line break")));
    }
    let offset = author.time.offset_minutes;
    let sign = if offset < 0 { '-' } else { '+' };
    let (hours, minutes) = (offset.abs() / 60, offset.abs() % 60);
    Ok(format!(
        "{name} <{email}> {} {sign}{hours:02}{minutes:02}",
        author.time.unix_seconds
    ))
}

fn check_path(path: &str) -> Result<(), RepoError> {
    let refuse = |why: &str| {
        Err(RepoError::refused(format!(
            "{path:?} must not be written: {why}"
        )))
    };
    if let Some(why) = RepoPath::from(path).refusal_to_write() {
        return refuse(why);
    }
    Ok(())
}

/// The files to write, as a tree of names.
#[derive(Default)]
struct Edits<'a> {
    entries: BTreeMap<&'a str, Edit<'a>>,
}

enum Edit<'a> {
    File(&'a [u8]),
    Folder(Edits<'a>),
}

impl<'a> Edits<'a> {
    fn add(
        &mut self,
        path: &str,
        mut segments: std::str::Split<'a, char>,
        bytes: &'a [u8],
    ) -> Result<(), RepoError> {
        let Some(name) = segments.next() else {
            return Ok(());
        };
        let is_last = segments.clone().next().is_none();
        match (self.entries.entry(name), is_last) {
            (btree_map::Entry::Vacant(free), true) => {
                free.insert(Edit::File(bytes));
                Ok(())
            }
            (btree_map::Entry::Vacant(free), false) => {
                let mut folder = Edits::default();
                folder.add(path, segments, bytes)?;
                free.insert(Edit::Folder(folder));
                Ok(())
            }
            (btree_map::Entry::Occupied(mut taken), false)
                if matches!(taken.get(), Edit::Folder(_)) =>
            {
                match taken.get_mut() {
                    Edit::Folder(folder) => folder.add(path, segments, bytes),
                    Edit::File(_) => Ok(()),
                }
            }
            _ => Err(RepoError::refused(format!(
                "{path:?} would be written twice, or as a file and a folder"
            ))),
        }
    }

    /// Refuses if anything but a plain file or folder is in the way.
    fn check(
        &self,
        objects: &Objects<'_>,
        tree: Option<Oid>,
        above: &str,
    ) -> Result<(), RepoError> {
        let there = entries_of(objects, tree)?;
        for (name, edit) in &self.entries {
            let path = format!("{above}{name}");
            let entry = there.get(name.as_bytes());
            let fits = match edit {
                Edit::File(_) => entry.is_none_or(|entry| entry.is_file()),
                Edit::Folder(_) => entry.is_none_or(|entry| entry.is_folder()),
            };
            if !fits {
                return Err(RepoError::refused(format!(
                    "{path:?} must not be written: it is a symbolic link, a submodule, or a folder where a file is \
                     wanted (or the other way round)"
                )));
            }
            if let Edit::Folder(folder) = edit {
                folder.check(objects, entry.map(|entry| entry.id), &format!("{path}/"))?;
            }
        }
        Ok(())
    }

    fn write(
        &self,
        repo: &Repo,
        objects: &Objects<'_>,
        tree: Option<Oid>,
    ) -> Result<Oid, RepoError> {
        let mut entries = entries_of(objects, tree)?;
        for (name, edit) in &self.entries {
            let there = entries.get(name.as_bytes()).copied();
            let entry = match edit {
                Edit::File(bytes) => Entry {
                    mode: there.map_or(mode::FILE, |entry| entry.mode),
                    id: repo.put(ObjectType::Blob, bytes)?,
                },
                Edit::Folder(folder) => {
                    Entry::folder(folder.write(repo, objects, there.map(|entry| entry.id))?)
                }
            };
            entries.insert(name.as_bytes().to_vec(), entry);
        }
        repo.put(ObjectType::Tree, &serialise(&entries))
    }
}

fn entries_of(
    objects: &Objects<'_>,
    tree: Option<Oid>,
) -> Result<BTreeMap<Vec<u8>, Entry>, RepoError> {
    match tree {
        Some(tree) => Ok(objects.sorted_tree(tree)?.into_iter().collect()),
        None => Ok(BTreeMap::new()),
    }
}

/// A tree object. git sorts folders as if their names ended in `/`.
fn serialise(entries: &BTreeMap<Vec<u8>, Entry>) -> Vec<u8> {
    let mut sorted: Vec<_> = entries.iter().collect();
    sorted.sort_by_cached_key(|(name, entry)| {
        let mut key = (*name).clone();
        if entry.is_folder() {
            key.push(b'/');
        }
        key
    });
    let mut data = Vec::new();
    for (name, entry) in sorted {
        data.extend(format!("{:o} ", entry.mode).into_bytes());
        data.extend_from_slice(name);
        data.push(0);
        data.extend_from_slice(entry.id.as_bytes());
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn gits_own_files_are_refused_under_every_spelling() {
        for path in [
            "a/../b",
            "/a",
            "a\\b",
            "a\0",
            "",
            "a//b",
            ".git/x",
            "a/.GIT",
            ".gitmodules",
            "x/.gitattributes",
            ".github/a",
            ".git. . /x",
            ".g\u{200d}it/x",
            "\u{feff}.git/x",
            ".git::$INDEX_ALLOCATION/x",
            "git~1",
            "GIT~1/config",
            "gitmod~1",
            "GITATT~2",
            "gi7eba~1",
            "gi7d29~9/x",
            "a\nb",
            "a\u{7f}",
            "c:/x",
        ] {
            assert!(
                matches!(check_path(path), Err(RepoError::Refused { .. })),
                "{path:?}"
            );
        }
        for path in [
            "a.yaml",
            "git/x.yaml",
            "gitops/prod.yaml",
            "digit~1",
            "a~1",
            "gi~x",
            ".hidden/x",
        ] {
            assert!(check_path(path).is_ok(), "{path:?}");
        }
    }

    #[test]
    fn a_zone_is_written_as_hours_and_minutes() {
        let at = |offset_minutes| {
            let time = super::super::commit::GitTime {
                unix_seconds: 7,
                offset_minutes,
            };
            signature(&Author {
                name: "A".into(),
                email: "a@b".into(),
                time,
            })
            .unwrap()
        };
        assert_eq!(at(330), "A <a@b> 7 +0530");
        assert_eq!(at(-210), "A <a@b> 7 -0330");
        assert_eq!(at(0), "A <a@b> 7 +0000");
    }

    proptest! {
        #[test]
        fn no_mixture_of_case_and_ignorable_characters_hides_dot_git(
            upper in proptest::collection::vec(any::<bool>(), 4),
            holes in proptest::collection::vec("[\u{200c}-\u{200f}\u{202a}-\u{202e}\u{206a}-\u{206f}\u{feff}]{0,2}", 5),
            end in "[. ]{0,3}",
        ) {
            let mut name = String::new();
            for (index, letter) in ".git".chars().enumerate() {
                name.push_str(&holes[index]);
                name.push(if upper[index] { letter.to_ascii_uppercase() } else { letter });
            }
            name.push_str(&holes[4]);
            name.push_str(&end);
            let path = format!("a/{name}/config");
            prop_assert!(check_path(&path).is_err());
        }

        #[test]
        fn any_path_is_answered(path in ".*") {
            let _ = check_path(&path);
        }
    }
}

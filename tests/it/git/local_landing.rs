//! Landing on the current branch: all of it, or nothing.

use std::fs;
use std::path::Path;

use sluice::model::ids::CommitId;
use sluice::repo::{Repo, RepoError};

use super::{assert_refused, author, files, strings};
use test_support::git::{TestRepo, git, listing, to_oid};

/// A checked-out repository and a commit, in no branch yet, that changes one file and adds another.
struct Landing {
    repo: TestRepo,
    base: CommitId,
    new: CommitId,
    paths: Vec<String>,
}

impl Landing {
    fn new() -> Self {
        Self::of(TestRepo::new())
    }

    fn of(repo: TestRepo) -> Self {
        repo.commit(
            "main",
            &[
                ("apps/prod.yaml", "1\n"),
                ("apps/dev.yaml", "1\n"),
                ("notes.txt", "1\n"),
            ],
        );
        let base = repo.on("main").executable("run.sh", "1\n").done();
        if !repo.git().is_bare() {
            repo.check_out("main");
        }
        let edits = files(&[
            ("apps/prod.yaml", "2\n"),
            ("new/folder/x.yaml", "1\n"),
            ("run.sh", "2\n"),
        ]);
        let new = repo
            .open()
            .write_commit(Some(&base), &edits, "Promote prod\n", &author())
            .unwrap();
        let paths = strings(&["apps/prod.yaml", "new/folder/x.yaml", "run.sh"]);
        Self {
            repo,
            base,
            new,
            paths,
        }
    }

    fn land(&self) -> Result<(), RepoError> {
        self.repo
            .open()
            .land_on_current_branch(&self.base, &self.new, &self.paths)
    }

    fn status(&self) -> String {
        git(
            self.repo.path(),
            &["status", "--porcelain", "--untracked-files=all"],
        )
    }

    /// Files, index and branch, without objects (a landing may leave none behind anyway) and time stamps.
    fn state(&self) -> Vec<(std::path::PathBuf, Option<Vec<u8>>)> {
        let all = listing(self.repo.path()).into_iter();
        all.map(|(path, (bytes, _))| (path, bytes)).collect()
    }

    /// Lands, which must fail, and must leave all bytes as they were.
    #[track_caller]
    fn fails(&self) -> RepoError {
        let (state, status) = (self.state(), self.status());
        let error = self.land().unwrap_err();
        let now = self.state();
        for (was, is) in state.iter().zip(&now) {
            assert_eq!(was.0, is.0);
            assert!(was == is, "{} differs", was.0.display());
        }
        assert_eq!(state.len(), now.len());
        assert_eq!(self.status(), status);
        error
    }

    #[track_caller]
    fn is_refused(&self, says: &str) {
        assert_refused(Err::<(), _>(self.fails()), says);
    }
}

#[test]
fn files_index_and_branch_move_together() {
    let landing = Landing::new();
    landing.land().unwrap();
    let repo = &landing.repo;
    assert_eq!(repo.tip("main"), Some(landing.new));
    assert_eq!(repo.read("apps/prod.yaml").unwrap(), "2\n");
    assert_eq!(repo.read("new/folder/x.yaml").unwrap(), "1\n");
    assert_eq!(repo.read("apps/dev.yaml").unwrap(), "1\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(repo.path().join("run.sh"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o111, 0o111);
    }
    assert_eq!(landing.status(), "");
    assert_eq!(repo.open().uncommitted(None).unwrap(), strings(&[]));
    let log = git(repo.path(), &["reflog", "-2", "--format=%H %gs"]);
    assert!(
        log.starts_with(&format!("{} sluice: Promote prod\n", landing.new)),
        "{log}"
    );
    assert_eq!(
        git(repo.path(), &["rev-parse", "main@{1}"]).trim(),
        landing.base.to_string()
    );
    git(repo.path(), &["fsck", "--strict"]);
}

#[test]
fn other_changes_staged_or_not_stay_what_they_are() {
    let landing = Landing::new();
    let repo = &landing.repo;
    repo.write("apps/dev.yaml", "staged\n");
    repo.stage("apps/dev.yaml");
    repo.write("notes.txt", "not staged\n");
    repo.write("untracked.txt", "x");
    let before = repo.open().uncommitted(None).unwrap();
    assert_eq!(
        before,
        strings(&["apps/dev.yaml", "notes.txt", "untracked.txt"])
    );
    landing.land().unwrap();
    assert_eq!(
        landing.status(),
        "M  apps/dev.yaml\n M notes.txt\n?? untracked.txt\n"
    );
    assert_eq!(repo.open().uncommitted(None).unwrap(), before);
    assert_eq!(repo.tip("main"), Some(landing.new));
}

#[test]
fn line_ends_are_those_of_the_configuration() {
    let repo = TestRepo::new();
    repo.configure("core.autocrlf", "true");
    let landing = Landing::of(repo);
    assert_eq!(landing.repo.read("apps/prod.yaml").unwrap(), "1\r\n");
    landing.land().unwrap();
    assert_eq!(landing.repo.read("apps/prod.yaml").unwrap(), "2\r\n");
    assert_eq!(
        landing
            .repo
            .open()
            .blob_at(&landing.new, "apps/prod.yaml")
            .unwrap()
            .unwrap()
            .1,
        b"2\n"
    );
    assert_eq!(landing.status(), "");
}

#[test]
fn a_bare_repository_only_moves_its_branch() {
    let landing = Landing::of(TestRepo::bare());
    landing.land().unwrap();
    assert_eq!(landing.repo.tip("main"), Some(landing.new));
    assert!(!landing.repo.path().join("apps").exists());
}

#[test]
fn a_linked_work_tree_lands_on_its_own_branch() {
    let landing = Landing::new();
    let repo = &landing.repo;
    repo.branch("other", &landing.base);
    let dir = tempfile::tempdir().unwrap();
    let linked = dir.path().join("linked");
    git(
        repo.path(),
        &["worktree", "add", "-q", linked.to_str().unwrap(), "other"],
    );
    let opened = Repo::at(&linked).unwrap().unwrap();
    opened
        .land_on_current_branch(&landing.base, &landing.new, &landing.paths)
        .unwrap();
    assert_eq!(
        (repo.tip("main"), repo.tip("other")),
        (Some(landing.base), Some(landing.new))
    );
    assert_eq!(
        fs::read_to_string(linked.join("apps/prod.yaml")).unwrap(),
        "2\n"
    );
    assert_eq!(repo.read("apps/prod.yaml").unwrap(), "1\n");
    assert_eq!(git(&linked, &["status", "--porcelain"]), "");
}

#[test]
fn a_branch_that_moved_meanwhile_is_not_touched() {
    let landing = Landing::new();
    let newer = landing.repo.commit("main", &[("other.txt", "1")]);
    landing.repo.check_out("main");
    match landing.fails() {
        RepoError::Moved {
            branch,
            expected,
            found,
        } => {
            assert_eq!(
                (branch.as_str(), expected, found),
                ("main", landing.base, Some(newer))
            );
        }
        other => panic!("{other:?}"),
    }
    let bare = Landing::of(TestRepo::bare());
    bare.repo.commit("main", &[("other.txt", "1")]);
    assert!(matches!(bare.land(), Err(RepoError::Moved { .. })));
}

#[test]
fn files_with_changes_of_their_own_are_named_and_nothing_is_written() {
    let landing = Landing::new();
    landing.repo.write("apps/prod.yaml", "mine\n");
    landing.repo.write("new/folder/x.yaml", "mine too\n");
    landing.is_refused("apps/prod.yaml, new/folder/x.yaml");
    assert_eq!(
        landing
            .repo
            .open()
            .uncommitted(Some(&landing.paths))
            .unwrap(),
        strings(&["apps/prod.yaml", "new/folder/x.yaml"])
    );
}

#[test]
fn staged_deleted_ignored_and_hidden_files_are_not_clean() {
    let staged = Landing::new();
    staged.repo.write("run.sh", "staged\n");
    staged.repo.stage("run.sh");
    staged.is_refused("run.sh");

    let deleted = Landing::new();
    fs::remove_file(deleted.repo.path().join("apps/prod.yaml")).unwrap();
    deleted.is_refused("apps/prod.yaml");

    let ignored = Landing::new();
    ignored.repo.write(".git/info/exclude", "new/\n");
    ignored.repo.write("new/folder/x.yaml", "mine\n");
    assert!(ignored.repo.open().is_ignored("new/folder/x.yaml").unwrap());
    assert!(!ignored.repo.open().is_ignored("apps/prod.yaml").unwrap());
    ignored.is_refused("new/folder/x.yaml");

    for flag in ["--assume-unchanged", "--skip-worktree"] {
        let hidden = Landing::new();
        git(
            hidden.repo.path(),
            &["update-index", flag, "apps/prod.yaml"],
        );
        hidden.repo.write("apps/prod.yaml", "mine\n");
        hidden.is_refused("apps/prod.yaml");
    }
}

#[test]
fn a_file_in_the_place_of_a_new_folder_is_not_lost() {
    let landing = Landing::new();
    landing.repo.write("new", "a file of mine\n");
    landing.fails();
    assert_eq!(landing.repo.read("new").unwrap(), "a file of mine\n");
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_a_folder_is_not_followed() {
    let elsewhere = tempfile::tempdir().unwrap();
    let landing = Landing::new();
    std::os::unix::fs::symlink(elsewhere.path(), landing.repo.path().join("new")).unwrap();
    let answer = landing.land();
    assert!(
        fs::read_dir(elsewhere.path()).unwrap().next().is_none(),
        "{answer:?}"
    );
    assert!(answer.is_err());
    assert_eq!(landing.repo.tip("main"), Some(landing.base));
}

#[test]
fn a_detached_head_a_merge_under_way_and_external_filters_are_refused() {
    let detached = Landing::new();
    detached
        .repo
        .git()
        .set_head_detached(to_oid(&detached.base))
        .unwrap();
    detached.is_refused("detached");

    let merging = Landing::new();
    merging
        .repo
        .write(".git/MERGE_HEAD", &format!("{}\n", merging.base));
    merging.is_refused("in progress");

    let filtered = Landing::new();
    filtered
        .repo
        .write(".git/info/attributes", "apps/** filter=lfs\n");
    filtered.is_refused("filter=lfs");
}

#[test]
fn only_the_commit_and_paths_that_were_planned_land() {
    let landing = Landing::new();
    let opened = landing.repo.open();
    let land = |new: &CommitId, paths: &[&str]| {
        opened.land_on_current_branch(&landing.base, new, &strings(paths))
    };
    assert_refused(land(&landing.new, &["apps/prod.yaml"]), "other files");
    assert_refused(
        land(
            &landing.new,
            &["apps/prod.yaml", "new/folder/x.yaml", "run.sh", "notes.txt"],
        ),
        "other files",
    );
    landing.repo.branch("side", &landing.base);
    let removal = landing.repo.on("side").remove("notes.txt").done();
    assert_refused(
        land(&removal, &["notes.txt"]),
        "more than write a file at notes.txt",
    );
    let far = landing.repo.commit("side", &[("notes.txt", "2")]);
    assert_refused(land(&far, &["notes.txt"]), "not a single commit on top");
    assert_eq!(landing.status(), "");
}

#[test]
fn locks_of_another_git_are_respected() {
    for lock in [".git/HEAD.lock", ".git/refs/heads/main.lock"] {
        let landing = Landing::new();
        landing.repo.write(lock, "");
        landing.is_refused("another git process has locked");
    }
    // The index is locked only when it is written, after the files: they are put back.
    let landing = Landing::new();
    landing.repo.write(".git/index.lock", "");
    assert!(matches!(landing.fails(), RepoError::Git { .. }));
}

#[test]
fn a_branch_that_cannot_be_moved_brings_files_and_index_back() {
    let landing = Landing::new();
    landing.repo.write("notes.txt", "staged\n");
    landing.repo.stage("notes.txt");
    // The reflog is appended to right before the branch moves; a folder in its place makes that fail.
    let log = landing.repo.path().join(".git/logs/refs/heads/main");
    let _ = fs::remove_file(&log);
    fs::create_dir_all(&log).unwrap();
    fs::write(log.join("x"), "").unwrap();
    assert!(
        matches!(landing.fails(), RepoError::Git { operation, .. } if operation == "move refs/heads/main")
    );
    assert_eq!(landing.status(), "M  notes.txt\n");
    fs::remove_dir_all(log).unwrap();
    landing.land().unwrap();
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_brings_the_others_back() {
    use std::os::unix::fs::PermissionsExt;
    let landing = Landing::new();
    let apps = landing.repo.path().join("apps");
    let set = |mode| fs::set_permissions(&apps, fs::Permissions::from_mode(mode)).unwrap();
    set(0o555);
    // Permissions do not stop root; then there is no failure to look at.
    if fs::write(apps.join("probe"), "").is_ok() {
        fs::remove_file(apps.join("probe")).unwrap();
    } else {
        landing.fails();
    }
    set(0o755);
}

#[test]
fn nothing_is_left_behind_in_the_git_folder() {
    let landing = Landing::new();
    landing.land().unwrap();
    let locks: Vec<_> = listing(&landing.repo.path().join(".git"))
        .into_keys()
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "lock")
        })
        .collect();
    assert_eq!(locks, Vec::<&Path>::new());
}

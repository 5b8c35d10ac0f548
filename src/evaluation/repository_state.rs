//! What a command works on: a repository at a commit, or a folder, with its manifest files and its policy.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::Context;

use super::path_arguments::PathArguments;
use crate::catalog::{RepositoryIdentity, SourceFile};
use crate::error::{Exit, Failure};
use crate::gather::{
    ManifestFiles, Remotes, RepositoryReader, files_at, files_of_commit, files_on_disk,
};
use crate::model::catalog::{Catalog, speaks_of_secrets};
use crate::model::finding::Finding;
use crate::model::ids::CommitId;
use crate::model::policy::{Policy, UntrustedAccount};
use crate::model::repo_url::Location;
use crate::model::source_line::SourceLines;
use crate::model::source_location::{Position, RepoPath, SourceLocation};
use crate::policy;
use crate::repo::{ReadObjects, Repo, enclosing_repository};

/// What a command works on.
pub(crate) struct RepositoryState {
    /// PATH.
    pub root: PathBuf,
    /// The repository, if PATH is one.
    pub repo: Option<Repo>,
    /// The commit that is read.
    pub tip: Option<CommitId>,
    /// The branch of that commit.
    pub branch: Option<String>,
    /// The remote whose branches count as this repository's.
    pub remote: Option<String>,
    /// What identifies this repository in references.
    pub here: RepositoryIdentity,
    /// The policy; the default one if there is none or it is not valid.
    pub policy: Policy,
    /// The policy's file, as findings name it.
    pub policy_file: RepoPath,
    /// The policy file's content, if there is one.
    pub policy_bytes: Option<Vec<u8>>,
    /// What is wrong with the policy, if it could not be read.
    pub policy_finding: Option<Finding>,
    /// The manifest files, by path.
    pub files: Vec<SourceFile>,
    /// Links that are named like manifest files.
    pub links: Vec<RepoPath>,
    /// Notices for the reader.
    pub notices: Vec<String>,
    /// In a simulation: what cannot be read of other repositories is assumed.
    pub assumes: bool,
    /// PATH and `--policy` as they were given, for commands in hints.
    pub again: PathArguments,
    /// PATH is a plain folder inside a repository.
    pub inside_repository: bool,
    /// The repositories on GitHub, if the command works there.
    pub remotes: Option<Rc<Remotes>>,
    /// Lower-case `owner/name`, or `""` without GitHub.
    pub slug: String,
    /// There is no policy at the tip.
    pub no_policy: bool,
    /// Accounts whose reports are not evidence; read only on GitHub, and only if the policy trusts reports of others.
    pub untrusted: Vec<UntrustedAccount>,
}

/// Which files are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadFrom {
    /// Those of the current commit, if there is a repository.
    Commit,
    /// Those on disk.
    Disk,
}

impl RepositoryState {
    /// Opens PATH. `policy` is the file given with `--policy`.
    ///
    /// # Errors
    /// PATH or the policy file could not be read. A policy that is not valid is not an error but `policy_finding`.
    pub(crate) fn open(
        root: &Path,
        policy: Option<&Path>,
        again: PathArguments,
        from: ReadFrom,
    ) -> Result<Self, Failure> {
        let missing = |error: std::io::Error| {
            Failure::usage(format!("{}: {error}", root.display()))
                .hint("give the path of a repository or folder")
        };
        if !std::fs::metadata(root).map_err(missing)?.is_dir() {
            return Err(Failure::usage(format!(
                "{} is not a folder",
                root.display()
            )));
        }
        let repo = Repo::at(root)?;
        if from == ReadFrom::Disk && repo.as_ref().is_some_and(Repo::is_bare) {
            return Err(Failure::usage("a bare repository has no files on disk")
                .hint("sluice plan reads its current commit"));
        }
        let mut repository = Self {
            root: root.to_owned(),
            repo,
            again,
            ..Self::empty()
        };
        repository.locate()?;
        repository.inside_repository =
            repository.repo.is_none() && enclosing_repository(root).is_some();
        repository.read_policy(policy, from)?;
        repository.read_files(from)?;
        Ok(repository)
    }

    /// The repository on GitHub at `tip`, if everything that is needed was fetched already.
    pub(crate) fn of_forge(
        remotes: &Rc<Remotes>,
        base: &str,
        tip: CommitId,
        here: RepositoryIdentity,
    ) -> Result<Self, Failure> {
        let repo = remotes.here();
        // The folders come first, all of them in one call unless a clone holds them.
        repo.prepare(&tip)?;
        let mut repository = Self {
            tip: Some(tip),
            branch: Some(base.to_owned()),
            here,
            remotes: Some(Rc::clone(remotes)),
            slug: repo.slug().to_string(),
            ..Self::empty()
        };
        let found = policy_at(repo, &tip)?;
        repository.take_policy(found);
        let found = files_at(repo, &tip, &repository.policy)?;
        repository.take_files(found);
        Ok(repository)
    }

    /// Nothing in the current folder, and no policy.
    fn empty() -> Self {
        Self {
            root: PathBuf::from("."),
            repo: None,
            tip: None,
            branch: None,
            remote: None,
            here: RepositoryIdentity::default(),
            policy: Policy::default(),
            policy_file: policy::DEFAULT_PATH.into(),
            policy_bytes: None,
            policy_finding: None,
            files: Vec::new(),
            links: Vec::new(),
            notices: Vec::new(),
            assumes: false,
            again: PathArguments::default(),
            inside_repository: false,
            remotes: None,
            slug: String::new(),
            no_policy: false,
            untrusted: Vec::new(),
        }
    }

    fn take_policy(&mut self, found: PolicyFile) {
        match found {
            PolicyFile::Absent => self.no_policy = true,
            PolicyFile::Content(bytes) => {
                match policy::parse(&self.policy_file, &bytes) {
                    Ok(policy) => self.policy = policy,
                    Err(finding) => self.policy_finding = Some(*finding),
                }
                self.policy_bytes = Some(bytes);
            }
            PolicyFile::Unreadable(why) => {
                self.policy_finding = Some(policy::unreadable(&self.policy_file, why));
            }
        }
    }

    /// How to read objects of this repository; `None` for a plain folder.
    pub(crate) fn reading(&self) -> Option<(RepositoryReader<'_>, CommitId)> {
        let tip = self.tip?;
        match (&self.remotes, &self.repo) {
            (Some(remotes), _) => Some((RepositoryReader::Forge(remotes.here()), tip)),
            (None, Some(repo)) => Some((RepositoryReader::Clone(repo), tip)),
            (None, None) => None,
        }
    }

    fn locate(&mut self) -> Result<(), Failure> {
        let Some(repo) = &self.repo else {
            return Ok(());
        };
        let head = repo.head()?;
        self.tip = head.commit;
        self.branch = head.branch;
        let remotes = repo.remotes()?;
        self.remote = remotes
            .iter()
            .find(|remote| remote.name == "origin")
            .or(remotes.first())
            .map(|remote| remote.name.clone());
        for url in remotes.into_iter().filter_map(|remote| remote.url) {
            match url {
                Location::Remote(url) => self.here.remotes.push(url),
                Location::Local(path) => self.here.local.push(path),
            }
        }
        self.here.root = self
            .root
            .canonicalize()
            .with_context(|| format!("reading {}", self.root.display()))?;
        Ok(())
    }

    fn read_policy(&mut self, given: Option<&Path>, from: ReadFrom) -> Result<(), Failure> {
        let found = match (given, &self.repo, self.tip) {
            (Some(path), _, _) => {
                self.policy_file = path.to_string_lossy().into_owned().into();
                let bytes = std::fs::read(path).map_err(|error| {
                    Failure::usage(format!("the policy {}: {error}", path.display()))
                })?;
                PolicyFile::Content(bytes)
            }
            (None, Some(repo), Some(tip)) if from == ReadFrom::Commit => policy_at(repo, &tip)?,
            (None, Some(_), None) if from == ReadFrom::Commit => PolicyFile::Absent,
            (None, _, _) => policy_on_disk(&self.root)?,
        };
        self.take_policy(found);
        Ok(())
    }

    fn read_files(&mut self, from: ReadFrom) -> Result<(), Failure> {
        let found = match (&self.repo, from) {
            (Some(repo), ReadFrom::Commit) => {
                let dirty = repo.uncommitted(None)?;
                if !dirty.is_empty() {
                    self.notices.push(format!(
                        "{} not committed and ignored: this reads the current commit",
                        match dirty.len() {
                            1 => "1 changed file is".to_owned(),
                            number => format!("{number} changed files are"),
                        }
                    ));
                }
                match self.tip {
                    Some(tip) => files_of_commit(repo, &tip, &self.policy)?,
                    None => {
                        self.notices
                            .push("the repository has no commit yet".to_owned());
                        ManifestFiles::default()
                    }
                }
            }
            (repo, _) => files_on_disk(&self.root, repo.as_ref(), &self.policy)?,
        };
        self.take_files(found);
        Ok(())
    }

    fn take_files(&mut self, found: ManifestFiles) {
        self.files = found.files;
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        self.links = found.links;
    }

    /// The bytes of a manifest file.
    pub(crate) fn bytes(&self, path: &RepoPath) -> Option<Vec<u8>> {
        self.file(path).map(|file| file.bytes.clone())
    }

    /// Adds the source lines to findings, if they may be shown: no line of a file that holds, or may hold, a `Secret`
    /// is ever shown.
    pub(crate) fn add_lines(&self, catalog: &Catalog, findings: &mut [Finding]) {
        let secrets = catalog.secrets.iter();
        let secrets: HashSet<&RepoPath> = secrets.map(|secret| &secret.file).collect();
        let lines_of = |path: &RepoPath| {
            if *path == self.policy_file {
                return SourceLines::of(self.policy_bytes.as_deref()?);
            }
            let bytes = &self.file(path)?.bytes;
            let hidden = secrets.contains(path) || speaks_of_secrets(bytes);
            (!hidden).then(|| SourceLines::of(bytes)).flatten()
        };
        let mut known: HashMap<RepoPath, Option<SourceLines<'_>>> = HashMap::new();
        for finding in findings {
            let SourceLocation { file, line, column } = &finding.place;
            if !known.contains_key(file) {
                known.insert(file.clone(), lines_of(file));
            }
            let lines = known.get(file).and_then(Option::as_ref);
            let (line, column) = (*line, *column);
            finding.line = lines.and_then(|lines| lines.at(Position { line, column }));
        }
    }

    /// A manifest file.
    pub(crate) fn file(&self, path: &RepoPath) -> Option<&SourceFile> {
        let index = self
            .files
            .binary_search_by(|file| file.path.cmp(path))
            .ok()?;
        self.files.get(index)
    }

    /// Replaces the content of an existing manifest file.
    pub(crate) fn put(&mut self, path: &RepoPath, bytes: Vec<u8>) -> Result<(), Failure> {
        let blob = Repo::hash_blob(&bytes)?;
        let index = self
            .files
            .binary_search_by(|file| file.path.cmp(path))
            .map_err(|_| Failure::new(Exit::Failed, format!("{path} does not exist")))?;
        self.files[index].bytes = bytes;
        self.files[index].blob = blob;
        Ok(())
    }

    /// `owner/name` of its first remote.
    pub(crate) fn remote_slug(&self) -> Option<String> {
        let url = self.here.remotes.first()?;
        url.slug().map(str::to_owned)
    }

    /// The name in the heading of a report.
    pub(crate) fn heading(&self) -> String {
        let name = self.remote_slug().unwrap_or_else(|| self.name());
        match (&self.repo, self.tip) {
            (Some(_), Some(tip)) => {
                let branch = self.branch.as_deref().unwrap_or("detached");
                format!("{name}  {branch} {}", tip.short())
            }
            (Some(_), None) => format!("{name}  no commit yet"),
            (None, _) => format!("{name}  a folder without history"),
        }
    }

    /// The last part of PATH.
    pub(crate) fn name(&self) -> String {
        let full = self
            .root
            .canonicalize()
            .unwrap_or_else(|_| self.root.clone());
        full.file_name().map_or_else(
            || self.root.display().to_string(),
            |name| name.to_string_lossy().into_owned(),
        )
    }
}

/// What there is at the policy's path. Only if truly nothing is there, there is no policy.
enum PolicyFile {
    Absent,
    Content(Vec<u8>),
    Unreadable(&'static str),
}

const OTHER_ENDING: &str = ".github/sluice.yml";
const READS_YAML: &str =
    "the policy must be .github/sluice.yaml; this repository has .github/sluice.yml";
const NO_FILE: &str = "it is not a regular file, and links are not followed";

fn policy_at(repo: &dyn ReadObjects, tip: &CommitId) -> Result<PolicyFile, Failure> {
    use crate::repo::EntryId;
    Ok(match repo.entry_at(tip, policy::DEFAULT_PATH)? {
        Some(EntryId::File(blob)) => PolicyFile::Content(repo.blob(&blob)?),
        Some(_) => PolicyFile::Unreadable(NO_FILE),
        None => match repo.entry_at(tip, ".github")? {
            None => PolicyFile::Absent,
            Some(EntryId::Folder(_)) if repo.entry_at(tip, OTHER_ENDING)?.is_some() => {
                PolicyFile::Unreadable(READS_YAML)
            }
            Some(EntryId::Folder(_)) => PolicyFile::Absent,
            Some(_) => PolicyFile::Unreadable(NO_FILE),
        },
    })
}

fn policy_on_disk(root: &Path) -> Result<PolicyFile, Failure> {
    let kind = |path: &str| match std::fs::symlink_metadata(root.join(path)) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(anyhow::Error::from(error).context(format!("reading {path}"))),
    };
    let Some(folder) = kind(".github")? else {
        return Ok(PolicyFile::Absent);
    };
    if !folder.is_dir() {
        return Ok(PolicyFile::Unreadable(NO_FILE));
    }
    Ok(match kind(policy::DEFAULT_PATH)? {
        Some(file) if file.is_file() => {
            let path = root.join(policy::DEFAULT_PATH);
            let bytes =
                std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
            PolicyFile::Content(bytes)
        }
        Some(_) => PolicyFile::Unreadable(NO_FILE),
        None if kind(OTHER_ENDING)?.is_some() => PolicyFile::Unreadable(READS_YAML),
        None => PolicyFile::Absent,
    })
}
